"""Fuzzy find over names: every name of a root held compactly, matched in blocks, ranked, the best few kept."""

from __future__ import annotations

import heapq
import re
import unicodedata
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.spaces.reading import FOLDER, LINK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dmart_tui.core.spaces.reading import Spaces

_BLOCK: Final = 20_000
"""Names matched by one regular expression search over one string."""
_SEPARATORS: Final = frozenset("_-. /:@")

_MATCH: Final = 16
_GAP_START: Final = -3
_GAP_MORE: Final = -1
_BOUNDARY: Final = 8
_CAMEL: Final = 7
_CONSECUTIVE: Final = 4
_WHOLE: Final = 24
_IN_FOLDERS: Final = 4

_ARABIC: Final = str.maketrans(
    {
        "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ك": "ک", "ة": "ه", "ە": "ه", "ھ": "ه",
        "ؤ": "و", "ئ": "ي", "ـ": "",
    }
)  # fmt: skip


def fold(text: str, *, case: bool = False) -> str:
    """`text` as it is compared: composed, case folded, Arabic letter forms unified, vowel signs and tatweel dropped.

    Args:
        case: keep capitals.
    """
    if text.isascii():
        return text if case else text.lower()
    text = unicodedata.normalize("NFC", text)
    if not case:
        text = text.casefold()
    return "".join(char for char in text.translate(_ARABIC) if unicodedata.category(char) != "Mn")


@dataclass(frozen=True, slots=True)
class Hit:
    """One name found."""

    score: int
    """Higher is better; only comparable within one search."""
    address: Address
    flags: int
    """As `Spaces.scan` gives them."""

    @property
    def name(self) -> str:
        """The name on disk."""
        return self.address.name


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search."""

    hits: list[Hit]
    """The best, best first."""
    total: int
    """How many names match."""


class Pattern:
    """What is looked for: words that are all wanted; a capital makes it case sensitive.

    A word matches a name that holds its letters in order, or, for all words but one, the folders above the name.
    `a/b` wants `a` in the folders and `b` in the name.
    """

    def __init__(self, text: str) -> None:
        self.case = text != text.lower()
        self._words = [_Word(*fold(word, case=self.case).rpartition("/")[::2]) for word in text.split()]

    def __bool__(self) -> bool:
        return bool(self._words)

    def fold(self, text: str) -> str:
        """`text` as this pattern sees it."""
        return fold(text, case=self.case)

    def inside(self, folders: str) -> Words | None:
        """What is left to match in names below folded `folders`; None when no name there can match."""
        wanted: list[str] = []
        either: list[str] = []
        bonus = 0
        for word in self._words:
            above = score(word.folders, folders) if word.folders else 0
            if above is None:
                return None
            bonus += above // _IN_FOLDERS
            there = None if word.folders else score(word.name, folders)
            if there is not None:
                bonus += there // _IN_FOLDERS
                either.append(word.name)
            elif word.name:
                wanted.append(word.name)
        return Words(tuple(wanted), tuple(either), bonus)

    def positions(self, name: str) -> tuple[int, ...]:
        """The characters of `name` (as on disk) to emphasise; approximate where folding changed its length."""
        folded = self.fold(name)
        if len(folded) != len(name):
            return ()
        found: set[int] = set()
        for word in self._words:
            found.update(_places(word.name, folded) or ())
        return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class _Word:
    folders: str
    name: str


@dataclass(frozen=True, slots=True)
class Words:
    """Words to find in the names of one folder."""

    wanted: tuple[str, ...]
    """All of these."""
    either: tuple[str, ...]
    """Found above already; when nothing else is wanted, one of these must be in the name."""
    bonus: int

    def expression(self) -> re.Pattern[str]:
        """Finds, in names joined by NUL, a name that may match; its cost is linear in the text."""
        words = self.wanted[:1] or self.either
        return re.compile("|".join(map(_in_order, words)))

    def score(self, name: str) -> int | None:
        """How well a folded name matches; None when it does not."""
        total = self.bonus
        for word in self.wanted:
            found = score(word, name)
            if found is None:
                return None
            total += found
        extra = [found for word in self.either if (found := score(word, name)) is not None]
        if not self.wanted and self.either and not extra:
            return None
        return total + sum(extra)


def _in_order(word: str) -> str:
    first, *others = map(re.escape, word)
    return first + "".join(f"[^{char}\0]*{char}" for char in others)


def _places(word: str, name: str) -> list[int] | None:
    """Where `word`'s letters are in `name`: in one piece (at a boundary if it can be), else the shortest run."""
    if not word:
        return None
    whole = _piece(word, name)
    if whole >= 0:
        return list(range(whole, whole + len(word)))
    at = -1
    for char in word:
        at = name.find(char, at + 1)
        if at < 0:
            return None
    places = []
    at += 1
    for char in reversed(word):
        at = name.rfind(char, 0, at)
        places.append(at)
    return places[::-1]


def _piece(word: str, name: str) -> int:
    first = at = name.find(word)
    while at > 0 and name[at - 1] not in _SEPARATORS:
        at = name.find(word, at + 1)
    return at if at >= 0 else first


def score(word: str, name: str) -> int | None:
    """How well the letters of `word` sit in `name` (both folded); None when they are not there in order.

    As fzf counts: every letter, more for those in one piece and at the start of a part, less for gaps; more again for
    the whole name.
    """
    places = _places(word, name)
    if places is None:
        return None
    total = 0
    before = -1
    run = 0
    for nth, at in enumerate(places):
        total += _MATCH
        if at == 0 or name[at - 1] in _SEPARATORS:
            run = _BOUNDARY
        elif name[at].isupper() and name[at - 1].islower():
            run = _CAMEL
        elif nth and at == before + 1:
            run = max(run, _CONSECUTIVE)
        else:
            run = 0
        total += run * 2 if nth == 0 else run
        if nth and at > before + 1:
            total += _GAP_START + _GAP_MORE * min(at - before - 2, 20)
        before = at
    return total + _WHOLE if len(word) == len(name) else total


class Names:
    """Every name below an address, about 2 bytes a letter; made once and searched many times.

    Blocks while it grows (two scandirs a folder, no meta opened); searching needs no disk.
    """

    def __init__(self) -> None:
        self._blocks: list[_Block] = []
        self.count = 0

    def grow(self, spaces: Spaces, address: Address | None = None) -> Iterator[int]:
        """Read the names below an address (the root when None); yields the count so far after each block."""
        for block in _blocks(spaces, address):
            self._blocks.append(block)
            self.count += len(block.flags)
            yield self.count

    def find(self, pattern: Pattern, limit: int = 50, cancelled: Callable[[], bool] = lambda: False) -> Found:
        """The `limit` best names; stops early, with what it has, when `cancelled`."""
        best = _Best(limit)
        for block in self._blocks:
            if cancelled():
                break
            block.offer(pattern, best)
        return best.found()


def find_names(
    spaces: Spaces,
    pattern: str,
    address: Address | None = None,
    *,
    limit: int = 50,
    progress: Callable[[int], None] = lambda _: None,
) -> Found:
    """The best names below an address in one pass that keeps only them.

    Args:
        progress: called now and then with the number of names looked at.
    """
    wanted = Pattern(pattern)
    best = _Best(limit)
    count = 0
    for block in _blocks(spaces, address):
        block.offer(wanted, best)
        count += len(block.flags)
        progress(count)
    return best.found()


class _Best:
    """The greatest few of many hits; of equals those with the shorter path, then those found earlier."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._heap: list[tuple[int, int, int, Hit]] = []
        self.total = 0

    def offer(self, hit: Hit) -> None:
        """Keep the hit if it is among the best."""
        length = sum(map(len, hit.address.keys))
        item = (hit.score, -length, -self.total, hit)
        if len(self._heap) < self._limit:
            heapq.heappush(self._heap, item)
        else:
            heapq.heappushpop(self._heap, item)

    def wants(self, points: int) -> bool:
        """Whether a hit with so many points could be among the best."""
        return len(self._heap) < self._limit or points >= self._heap[0][0]

    def found(self) -> Found:
        """What was kept, best first, equals by name."""
        kept = sorted(self._heap, key=lambda item: (-item[0], -item[1], item[3].address.keys))
        return Found([hit for *_, hit in kept], self.total)


class _Block:
    """Some names of one folder, joined by NUL, which no name can hold."""

    __slots__ = ("flags", "folder", "names")

    def __init__(self, folder: tuple[str, ...], found: Iterable[tuple[str, int]]) -> None:
        pairs = list(found)
        self.folder = folder
        self.names = "\0".join(name for name, _ in pairs)
        self.flags = bytes(flags for _, flags in pairs)

    def offer(self, pattern: Pattern, best: _Best) -> None:
        words = pattern.inside(pattern.fold("/".join(self.folder))) if pattern else None
        if words is None:
            return
        if self.names.isascii():
            folded = pattern.fold(self.names)
        else:
            folded = "\0".join(map(pattern.fold, self.names.split("\0")))
        if not words.wanted and not words.either:
            self._offer_all(words, best)
            return
        expression = words.expression()
        originals: list[str] | None = None
        row = at = 0
        while match := expression.search(folded, at):
            start = folded.rfind("\0", 0, match.end()) + 1
            end = folded.find("\0", start)
            end = len(folded) if end < 0 else end
            row += folded.count("\0", at, start)
            points = words.score(folded[start:end])
            if points is not None:
                best.total += 1
                if best.wants(points):
                    originals = originals or self.names.split("\0")
                    best.offer(self._hit(points, originals[row], self.flags[row]))
            at = end

    def _offer_all(self, words: Words, best: _Best) -> None:
        for name, flags in zip(self.names.split("\0"), self.flags, strict=True):
            best.total += 1
            if best.wants(words.bonus):
                best.offer(self._hit(words.bonus, name, flags))

    def _hit(self, points: int, name: str, flags: int) -> Hit:
        return Hit(points, Address.of_keys((*self.folder, name)), flags)


def _blocks(spaces: Spaces, address: Address | None) -> Iterator[_Block]:
    """The names below an address, folder by folder, breadth first; what cannot be read is left out."""
    if address is None:
        names = spaces.space_names()
        if names:
            yield _Block((), ((name, FOLDER) for name in names))
        waiting = [Address(name) for name in reversed(names)]
    else:
        waiting = [address]
    while waiting:
        folder = waiting.pop()
        inner: list[Address] = []
        try:
            found = spaces.scan(folder)
            while part := list(islice(found, _BLOCK)):
                inner += (folder.child(name) for name, flags in part if flags & FOLDER and not flags & LINK)
                yield _Block(folder.keys, part)
        except DmartTuiError:
            continue
        finally:
            waiting += reversed(inner)
