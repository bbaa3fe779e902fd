"""The text being edited: lines, changes, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

Position = tuple[int, int]
"""Line and column, both from 0; a column counts characters."""


class Replacement(NamedTuple):
    """A wish: what stands from `start` to `end` becomes `text`."""

    start: Position
    end: Position
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """What was done: `removed`, which stood from `start` to `end`, became `inserted`, which ends at `after`."""

    start: Position
    end: Position
    removed: str
    inserted: str
    after: Position

    @property
    def rows(self) -> int:
        """How many lines came (or, below 0, went)."""
        return self.after[0] - self.end[0]

    def moved(self, position: Position) -> Position:
        """Where a position is afterwards; one inside what was removed comes to the end of what was inserted."""
        if position <= self.start:
            return position
        if position < self.end:
            return self.after
        row, column = position
        return row + self.rows, column + (self.after[1] - self.end[1] if row == self.end[0] else 0)


@dataclass(slots=True)
class _Step:
    """Changes that are undone together."""

    number: int
    kind: str
    changes: list[Change]
    before: Position
    after: Position
    sealed: bool = False


class TextBuffer:
    """Lines without their `\\n`, so that joined they are the text again, byte for byte.

    Where the first line ends in CRLF, the CR of every line is out of a cursor's reach and new lines get one; elsewhere
    a CR is a character like any other. A change costs what it touches, plus moving the list of lines.
    """

    def __init__(self, text: str = "") -> None:
        self.load(text)

    def load(self, text: str) -> None:
        """Begin anew with another text."""
        self.lines = text.split("\n")
        self.newline = "\r\n" if len(self.lines) > 1 and self.lines[0].endswith("\r") else "\n"
        self.size = _size(text)
        """Bytes as UTF-8."""
        self._text: str | None = text
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        self._numbered = 0
        self._saved = 0

    @property
    def text(self) -> str:
        """All of it; joined once after a change."""
        if self._text is None:
            self._text = "\n".join(self.lines)
        return self._text

    @property
    def modified(self) -> bool:
        """Whether it differs from what was last loaded or saved, going by the steps done."""
        return self._state != self._saved

    @property
    def _state(self) -> int:
        return self._done[-1].number if self._done else 0

    def mark_saved(self) -> None:
        """Call what is now there saved."""
        self.seal()
        self._saved = self._state

    @property
    def end(self) -> Position:
        return len(self.lines) - 1, self.width(len(self.lines) - 1)

    def shown(self, row: int) -> str:
        """A line without the CR that belongs to its end."""
        return self.lines[row][: self.width(row)]

    def width(self, row: int) -> int:
        """The last column of a line that a cursor can be at."""
        line = self.lines[row]
        ending = self.newline == "\r\n" and row < len(self.lines) - 1 and line.endswith("\r")
        return len(line) - ending

    def clamp(self, position: Position) -> Position:
        """The nearest position that there is."""
        row = max(0, min(position[0], len(self.lines) - 1))
        return row, max(0, min(position[1], self.width(row)))

    def slice(self, start: Position, end: Position) -> str:
        """The text between two positions."""
        (top, left), (bottom, right) = start, end
        if top == bottom:
            return self.lines[top][left:right]
        return "\n".join((self.lines[top][left:], *self.lines[top + 1 : bottom], self.lines[bottom][:right]))

    def edit(self, replacements: Sequence[Replacement], before: Position, kind: str = "") -> list[Change]:
        """Make replacements as one step that can be undone.

        Args:
            replacements: apart from each other, the last in the text first.
            before: where undoing puts the cursor.
            kind: `type`, `erase` or `delete` may continue the step before, if that was of the same kind, next to it,
                and no word began.

        Returns:
            What was done, in this order.
        """
        changes = [self._replace(*replacement) for replacement in replacements]
        self._undone.clear()
        last = self._done[-1] if self._done else None
        if last and kind and last.kind == kind and not last.sealed and (merged := _merged(last, changes, kind)):
            last.changes = [merged]
            last.after = merged.after
        else:
            self._numbered += 1
            self._done.append(_Step(self._numbered, kind, changes, before, changes[-1].after))
        return changes

    def seal(self) -> None:
        """End the step: what is typed next is undone by itself."""
        if self._done:
            self._done[-1].sealed = True

    def undo(self) -> tuple[list[Change], Position] | None:
        """Take the last step back; what that changed and where the cursor was, None when nothing was done."""
        if not self._done:
            return None
        step = self._done.pop()
        self._undone.append(step)
        changes = [self._replace(change.start, change.after, change.removed) for change in reversed(step.changes)]
        return changes, step.before

    def redo(self) -> tuple[list[Change], Position] | None:
        """Do again what was last undone."""
        if not self._undone:
            return None
        step = self._undone.pop()
        step.sealed = True
        self._done.append(step)
        return [self._replace(one.start, one.end, one.inserted) for one in step.changes], step.after

    def _replace(self, start: Position, end: Position, text: str) -> Change:
        removed = self.slice(start, end)
        (top, left), (bottom, right) = start, end
        pieces = text.split("\n")
        after = end_of(start, text)
        tail = self.lines[bottom][right:]
        pieces[0] = self.lines[top][:left] + pieces[0]
        pieces[-1] += tail
        self.lines[top : bottom + 1] = pieces
        self.size += _size(text) - _size(removed)
        self._text = None
        return Change(start, end, removed, text, after)


def difference(old: Sequence[str], new: Sequence[str]) -> Replacement | None:
    """The one replacement that makes the lines `old` into the lines `new`; None when they are the same."""
    if old == new:
        return None
    shorter = min(len(old), len(new))
    top = next((row for row in range(shorter) if old[row] != new[row]), shorter - 1)
    left = _alike(old[top], new[top])
    rest = shorter - top - 1
    below = next((row for row in range(rest) if old[-1 - row] != new[-1 - row]), rest)
    last_old, last_new = old[len(old) - 1 - below], new[len(new) - 1 - below]
    right = _alike(last_old[::-1], last_new[::-1])
    old_end, new_end = len(old) - 1 - below, len(new) - 1 - below
    # On one line the same characters must not count for the beginning and for the end.
    spare = [len(line) - left for line, end in ((last_old, old_end), (last_new, new_end)) if end == top]
    right = min([right, *spare])
    piece = TextBuffer()
    piece.lines = list(new)
    inserted = piece.slice((top, left), (new_end, len(last_new) - right))
    return Replacement((top, left), (old_end, len(last_old) - right), inserted)


def end_of(start: Position, text: str) -> Position:
    """Where a text ends that begins at `start`."""
    rows = text.count("\n")
    return (start[0] + rows, len(text) - text.rfind("\n") - 1) if rows else (start[0], start[1] + len(text))


def _alike(one: str, other: str) -> int:
    """How many characters two lines begin with are the same."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def _merged(step: _Step, changes: list[Change], kind: str) -> Change | None:
    """A step's only change and the next one as one change, where a person would call them one."""
    if len(changes) != 1 or len(step.changes) != 1:
        return None
    old, new = step.changes[0], changes[0]
    if kind == "type":
        new_word = old.inserted[-1:].isspace() and not new.inserted.isspace()
        if new.start != old.after or new.removed or new_word or "\n" in old.inserted + new.inserted:
            return None
        return Change(old.start, old.end, old.removed, old.inserted + new.inserted, new.after)
    if old.inserted or new.inserted:
        return None
    if kind == "erase" and new.end == old.start:
        return Change(new.start, old.end, new.removed + old.removed, "", new.start)
    if kind == "delete" and new.start == old.start:
        removed = old.removed + new.removed
        return Change(old.start, end_of(old.start, removed), removed, "", old.start)
    return None


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
