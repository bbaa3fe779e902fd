"""A parsed JSON value as rows that fold: an object for each unfolded container, none for the rest."""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from dmart_tui.core.text import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

ValueKind = Literal["string", "number", "bool", "null", "object", "array", "other"]
Step = str | int

MAX_UNFOLD: Final = 20_000
_SHOWN_CHARS: Final = 1_000
_PREVIEW_CHARS: Final = 64
_PREVIEW_STRING: Final = 24
_PLAIN_KEY: Final = re.compile(r"[^\W\d][\w-]*")
_STEP: Final = re.compile(r"\[(\d+)\]|\[(\"(?:[^\"\\]|\\.)*\")\]|\.?([^.\[\]]+)")


def format_path(steps: Iterable[Step]) -> str:
    """Write a path as `payload.items[3].price`; keys that are no plain words as `["a.b"]`."""
    parts: list[str] = []
    for step in steps:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif _PLAIN_KEY.fullmatch(step):
            parts.append(f".{step}" if parts else step)
        else:
            parts.append(f"[{json.dumps(step, ensure_ascii=False)}]")
    return "".join(parts)


def parse_path(path: str) -> tuple[Step, ...]:
    """Read what `format_path` writes; anything else gives steps that lead nowhere."""
    steps: list[Step] = []
    for match in _STEP.finditer(path):
        index, quoted, plain = match.groups()
        if index is not None:
            steps.append(int(index))
        else:
            steps.append(json.loads(quoted) if quoted is not None else plain)
    return tuple(steps)


def kind_of(value: object) -> ValueKind:
    """The JSON kind of a parsed value."""
    if isinstance(value, str):
        return "string"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else "other"


def scalar_text(value: object, limit: int = _SHOWN_CHARS) -> str:
    """A scalar as JSON writes it, safe to show, long strings cut with their length."""
    if isinstance(value, str):
        text = safe(json.dumps(value[:limit], ensure_ascii=False))
        return text if len(value) <= limit else f'{text[:-1]}…" ({len(value):,} characters)'
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int) and value.bit_length() > 4 * limit:
        return f"(a number of about {int(value.bit_length() * 0.30103) + 1:,} digits)"
    return safe(str(value))


def container_text(value: dict[str, Any] | list[Any]) -> str:
    """`{3 keys}` or `[12]`."""
    if isinstance(value, list):
        return f"[{len(value):,}]"
    return f"{{{len(value):,} key{'s' * (len(value) != 1)}}}"


def preview_text(value: dict[str, Any] | list[Any]) -> str:
    """What a folded container begins with, in at most about 64 characters."""
    parts: list[str] = []
    used = 0
    members = value.items() if isinstance(value, dict) else ((None, member) for member in value)
    for key, member in members:
        if isinstance(member, dict | list):
            text = (
                ("{…}" if isinstance(member, dict) else "[…]")
                if member
                else ("{}" if isinstance(member, dict) else "[]")
            )
        else:
            text = scalar_text(member, _PREVIEW_STRING)
        part = text if key is None else f"{safe(key[:_PREVIEW_STRING])}: {text}"
        if used + len(part) > _PREVIEW_CHARS:
            parts.append("…")
            break
        parts.append(part)
        used += len(part) + 2
    return ", ".join(parts)


class JsonRow(NamedTuple):
    """What stands on a row."""

    key: Step | None
    """The name or index in the container above; None for the root."""
    value: Any
    depth: int
    unfolded: bool


class _Node:
    """An unfolded container: its members, which of them are unfolded, how many rows it takes."""

    __slots__ = ("depth", "hidden", "keys", "open_at", "opened", "parent", "position", "rows", "value")

    def __init__(self, value: dict[str, Any] | list[Any], parent: _Node | None, position: int) -> None:
        self.value = value
        self.parent = parent
        self.position = position
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.keys: list[str] | None = list(value) if isinstance(value, dict) else None
        self.open_at: list[int] = []
        self.opened: list[_Node] = []
        self.hidden: list[int] = []
        """Rows that the members of `opened` up to each one take beyond their own."""
        self.rows = len(value)

    def key(self, position: int) -> Step:
        return position if self.keys is None else self.keys[position]

    def member(self, position: int) -> Any:
        return self.value[position] if isinstance(self.value, list) else self.value[self.keys[position]]  # type: ignore[index]

    def count(self) -> None:
        total = 0
        self.hidden = [total := total + node.rows for node in self.opened]
        self.rows = len(self.value) + total

    def child(self, position: int) -> _Node | None:
        at = bisect_left(self.open_at, position)
        return self.opened[at] if at < len(self.open_at) and self.open_at[at] == position else None

    def open(self, position: int) -> _Node:
        at = bisect_left(self.open_at, position)
        if at < len(self.open_at) and self.open_at[at] == position:
            return self.opened[at]
        node = _Node(self.member(position), self, position)
        self.open_at.insert(at, position)
        self.opened.insert(at, node)
        return node


class JsonRows:
    """The rows of a value, its members unfolded one level at first.

    A container that is not empty has no row of its own at the top: its members are the first rows. Memory is one node
    an unfolded container; a row is found in O(depth x log unfolded), a fold costs O(depth + unfolded siblings).
    """

    def __init__(self, value: object) -> None:
        self.value = value
        self.fold_all()

    @property
    def row_count(self) -> int:
        """Rows now shown."""
        return self._root.rows if self._root else 1

    def row(self, row: int) -> JsonRow:
        """What stands on `row`."""
        if self._root is None:
            return JsonRow(None, self.value, 0, False)
        node, position = self._locate(row)
        return JsonRow(node.key(position), node.member(position), node.depth, node.child(position) is not None)

    def path(self, row: int) -> tuple[Step, ...]:
        """The steps that lead to `row`."""
        if self._root is None:
            return ()
        node, position = self._locate(row)
        steps: list[Step] = [node.key(position)]
        while node.parent is not None:
            steps.append(node.parent.key(node.position))
            node = node.parent
        return tuple(reversed(steps))

    def parent(self, row: int) -> int | None:
        """The row of the container that holds `row`, if it has one."""
        if self._root is None:
            return None
        node, _ = self._locate(row)
        return None if node.parent is None else self._row_of(node.parent, node.position)

    def unfold(self, row: int) -> bool:
        """Show the members of the container on `row`; False when there are none or they are shown."""
        if self._root is None:
            return False
        node, position = self._locate(row)
        value = node.member(position)
        if not isinstance(value, dict | list) or not value or node.child(position):
            return False
        _recount(node.open(position))
        return True

    def fold(self, row: int) -> bool:
        """Hide the members of the container on `row`, forgetting what was unfolded in it."""
        if self._root is None:
            return False
        node, position = self._locate(row)
        at = bisect_left(node.open_at, position)
        if at >= len(node.open_at) or node.open_at[at] != position:
            return False
        del node.open_at[at], node.opened[at]
        _recount(node)
        return True

    def fold_all(self) -> None:
        """Back to the first level."""
        value = self.value
        self._root = _Node(value, None, 0) if isinstance(value, dict | list) and value else None

    def unfold_to(self, depth: int | None = None) -> bool:
        """Show `depth` levels, all of them for None; False when unfolding 20,000 containers was not enough."""
        if self._root is None:
            return True
        self.fold_all()
        made: list[_Node] = []
        queue = deque([self._root])
        complete = True
        while queue:
            node = queue.popleft()
            if depth is not None and node.depth + 1 >= depth:
                continue
            for position in range(len(node.value)):
                member = node.member(position)
                if not isinstance(member, dict | list) or not member:
                    continue
                if len(made) >= MAX_UNFOLD:
                    complete = False
                    break
                child = _Node(member, node, position)
                node.open_at.append(position)
                node.opened.append(child)
                made.append(child)
                queue.append(child)
        for node in reversed(made):
            node.count()
        self._root.count()
        return complete

    def reveal(self, steps: Sequence[Step]) -> int | None:
        """Unfold what is above a path and return its row; None when it leads nowhere."""
        node = self._root
        if node is None or not steps:
            return None if steps else 0
        positions: list[int] = []
        value: Any = self.value
        for step in steps:
            position = _position(value, step)
            if position is None:
                return None
            positions.append(position)
            value = value[step]
        for position in positions[:-1]:
            node = node.open(position)
        _recount(node)
        return self._row_of(node, positions[-1])

    def positions(self, row: int) -> list[int]:
        """Where `row` stands in each container above it: for `search`, before rows fold and unfold."""
        if self._root is None:
            return []
        node, position = self._locate(row)
        out = [position]
        while node.parent is not None:
            out.append(node.position)
            node = node.parent
        return out[::-1]

    def search(
        self,
        matches: Callable[[Step | None, Any], bool],
        here: list[int],
        *,
        backwards: bool = False,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> tuple[Step, ...] | None:
        """The path of the next member after (before) `here` that matches, folded or not, wrapping around.

        Visits every member of the value once at most; `matches` gets the key (None for list members) and the value.
        May run in a thread while rows fold and unfold; None when cancelled.
        """
        if self._root is None:
            return () if matches(None, self.value) else None
        first: list[int] | None = None
        last: list[int] | None = None
        stack: list[tuple[dict[str, Any] | list[Any], list[str] | None, int]] = [(self._root.value, self._root.keys, 0)]
        at: list[int] = []
        while stack:
            if cancelled():
                return None
            value, keys, position = stack.pop()
            del at[len(stack) :]
            if position == len(value):
                continue
            stack.append((value, keys, position + 1))
            key = None if keys is None else keys[position]
            member = value[position if key is None else key]  # type: ignore[index]
            at.append(position)
            if matches(key, member):
                if backwards:
                    if at < here:
                        first = list(at)
                    else:
                        last = list(at)
                elif at > here:
                    return self._steps(at)
                elif last is None:
                    last = list(at)
            if isinstance(member, dict | list) and member:
                stack.append((member, list(member) if isinstance(member, dict) else None, 0))
        found = first or last
        return None if found is None else self._steps(found)

    def _locate(self, row: int) -> tuple[_Node, int]:
        node = self._root
        assert node is not None
        while True:
            # Row r of a node is member m when m + (rows hidden in members opened before m) == r.
            low, high = 0, len(node.open_at)
            while low < high:
                middle = (low + high) // 2
                if node.open_at[middle] + (node.hidden[middle - 1] if middle else 0) <= row:
                    low = middle + 1
                else:
                    high = middle
            if not low:
                return node, row
            start = node.open_at[low - 1] + (node.hidden[low - 2] if low > 1 else 0)
            child = node.opened[low - 1]
            if row == start:
                return node, node.open_at[low - 1]
            if row > start + child.rows:
                return node, row - node.hidden[low - 1]
            node, row = child, row - start - 1

    def _row_of(self, node: _Node, position: int) -> int:
        row = position + _hidden_before(node, position)
        while node.parent is not None:
            row += 1 + node.position + _hidden_before(node.parent, node.position)
            node = node.parent
        return row

    def _steps(self, positions: list[int]) -> tuple[Step, ...]:
        value: Any = self.value
        steps: list[Step] = []
        for position in positions:
            step: Step = list(value)[position] if isinstance(value, dict) else position
            steps.append(step)
            value = value[step]
        return tuple(steps)


def _hidden_before(node: _Node, position: int) -> int:
    at = bisect_left(node.open_at, position)
    return node.hidden[at - 1] if at else 0


def _position(value: object, step: Step) -> int | None:
    if isinstance(value, dict):
        return list(value).index(step) if step in value else None
    return step if isinstance(value, list) and isinstance(step, int) and step < len(value) else None


def _recount(node: _Node | None) -> None:
    while node is not None:
        node.count()
        node = node.parent


class Annotations:
    """Words beside values, by path, and how many lie under a folded one."""

    def __init__(self, by_path: dict[str, str]) -> None:
        self._at = {parse_path(path): text for path, text in by_path.items()}
        self._sorted = sorted(map(_order, self._at))

    def at(self, steps: tuple[Step, ...]) -> str:
        """The words for this very value, or an empty text."""
        return self._at.get(steps, "")

    def below(self, steps: tuple[Step, ...]) -> int:
        """How many values inside this one have words."""
        order = _order(steps)
        return bisect_left(self._sorted, (*order, (2, 0, ""))) - bisect_right(self._sorted, order)

    def __bool__(self) -> bool:
        return bool(self._at)


def _order(steps: tuple[Step, ...]) -> tuple[tuple[int, int, str], ...]:
    return tuple((0, step, "") if isinstance(step, int) else (1, 0, step) for step in steps)
