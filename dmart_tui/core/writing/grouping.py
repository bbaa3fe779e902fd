"""Which plans of a batch may be one change of the journal: those of which none meddles with another."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from dmart_tui.core.address import Address
from dmart_tui.core.spaces.layout import MANAGEMENT
from dmart_tui.core.steps import Append, Copy, Discard, Move, Step, Write
from dmart_tui.core.writing.plan import touched
from dmart_tui.core.writing.rules import unique_fields

if TYPE_CHECKING:
    from dmart_tui.core.writing.plan import Plan
    from dmart_tui.core.writing.store import Store

MOST: Final = 64
"""Plans of a group."""
_BYTES: Final = 8_000_000
"""That a group writes, about; they are in memory until then. What is copied may be of any size, and ends a group."""
_RULING: Final = ("schema", "workflows")
"""Folders of a space that entries anywhere else are held to."""


class Group:
    """Plans that were all made before any of them is carried out, and are nevertheless what they would be one by one.

    So none is about what another one is about, or lies below or above it; none reads or writes a file that another one
    writes, lines at the end of a log excepted; and none changes what all others are held to.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._count = 0
        self._bytes = 0
        self._written = _Names()
        self._appended = _Names()
        self._about = _Names()
        self._unique: dict[Address | None, bool] = {}

    @property
    def full(self) -> bool:
        """Whether it is to be carried out."""
        return self._count >= MOST or self._bytes >= _BYTES

    def alone(self, address: Address) -> bool:
        """Whether a change there has to be made by itself: others depend on it, or it on them."""
        if address.space == MANAGEMENT or address.parts[:1] in ((), *((name,) for name in _RULING)):
            return True
        above = address.parent
        if above not in self._unique:
            self._unique[above] = bool(unique_fields(self._store, address))
        return self._unique[above]

    def takes(self, plan: Plan) -> bool:
        """Add a plan; False when it has to be made again, after the others were carried out."""
        about = list(dict.fromkeys((plan.address, *touched(plan.undo))))
        names = ["/".join(address.keys) for address in about]
        written = [path for step in plan.steps for path in _written(step)]
        appended = [step.path for step in plan.steps if isinstance(step, Append)]
        read = [expect.path for expect in plan.expects]
        if (
            any(map(self.alone, about))
            or self._about.meets(names)
            or self._written.meets((*written, *appended, *read))
            or self._appended.meets((*written, *read))
        ):
            return False
        self._count += 1
        self._bytes += sum(map(_size, plan.steps))
        self._about.add(names)
        self._written.add(written)
        self._appended.add(appended)
        return True


class _Names:
    """Paths, as those see them that ignore case and Unicode's normal forms."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._above: set[str] = set()

    def add(self, names: Iterable[str]) -> None:
        for name in map(_folded, names):
            self._names.add(name)
            self._above.update(_above(name))

    def meets(self, names: Iterable[str]) -> bool:
        """Whether one of these is one that is held, or lies above or below it."""
        return any(
            name in self._names or name in self._above or not self._names.isdisjoint(_above(name))
            for name in map(_folded, names)
        )


def _folded(name: str) -> str:
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name).casefold()


def _above(name: str) -> Iterator[str]:
    while name := name.rpartition("/")[0]:
        yield name


def _size(step: Step) -> int:
    return len(step.data) if isinstance(step, Write) else _BYTES if isinstance(step, Copy) else 0


def _written(step: Step) -> tuple[str, ...]:
    """Of directories only those that move: the others are made where they are missing, and removed when empty."""
    match step:
        case Move():
            return step.source, step.path
        case Write() | Copy() | Discard():
            return (step.path,)
        case _:
            return ()
