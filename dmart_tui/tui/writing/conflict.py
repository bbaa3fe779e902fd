"""Somebody changed the same keys: what each was, is now, and was made of it here; one of them is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rich.segment import Segment

from dmart_tui.core.diffing import diff_json
from dmart_tui.core.secrets import mask_value
from dmart_tui.core.text import cell_width, fit, safe
from dmart_tui.core.units import format_time
from dmart_tui.core.viewing import format_path
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.changes.words import value_text
from dmart_tui.tui.screens.dialog import Dialog
from dmart_tui.tui.widgets.lines import LineView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from dmart_tui.core.merging import Clash
    from dmart_tui.core.writing import Conflicting, Document

_SIDES = (("mine", "m"), ("theirs", "t"), ("base", "b"))


def told(found: Conflicting | None) -> str:
    """What others changed under edits that are not saved, in a sentence or two; empty when they did not."""
    if found is None:
        return ""
    if not found.clashes:
        return "! Somebody changed other keys meanwhile. Saving takes them in."
    keys = ", ".join(".".join(clash.path) for clash in found.clashes[:3])
    return f"! Somebody changed {keys} too. Saving asks which stays."


def _words(clash: Clash, side: str, room: int) -> str:
    """A side of a clash in one line, secrets masked; of lists and objects what differs from before."""
    key = ".".join(clash.path)
    sides = {name: mask_value(key, getattr(clash, name)) for name, _ in _SIDES}
    base = sides["base"]
    others = [sides[name] for name in (("mine", "theirs") if side == "base" else (side,))]
    if not isinstance(base, dict | list) or any(type(other) is not type(base) for other in others):
        return value_text(sides[side], room)
    told: dict[str, None] = {}
    for change in (change for other in others for change in diff_json(base, other).changes):
        path = format_path(change.path)
        if side != "base":
            sign = {"added": "+ ", "removed": "− "}.get(change.kind, "")
            told[f"{sign}{safe(path)} {value_text(change.old if change.kind == 'removed' else change.new)}"] = None
        elif change.kind != "added":
            told[f"{safe(path)} {value_text(change.old)}"] = None
    return " · ".join(told) or value_text(sides[side], room)


class ClashList(LineView):
    """A clash in four lines: its key, then mine, theirs and what it was; the chosen one is marked."""

    class Activated(LineView.RowMessage):
        """Enter was pressed."""

    def __init__(self, clashes: Sequence[Clash]) -> None:
        super().__init__()
        self.clashes = clashes
        self.chosen = ["" for _ in clashes]

    def row_count(self) -> int:
        return len(self.clashes)

    def line_count(self) -> int:
        return 5 * len(self.clashes)

    def span(self, row: int) -> tuple[int, int]:
        return 5 * row, 5

    def row_at(self, line: int) -> tuple[int, int]:
        return divmod(line, 5)

    def draw(self, row: int, line: int, width: int) -> list[Segment]:
        clash = self.clashes[row]
        if line == 0:
            key = safe(".".join(clash.path)) or "the text"
            return [self.sign(row), Segment(fit(key, width - 1).rstrip(), self.style_of("strong"))]
        if line == 4:
            return []
        side, letter = _SIDES[line - 1]
        taken = self.chosen[row] == side
        mark = "●" if taken else "○"
        tone = "accent" if taken else "muted"
        label = {"mine": "mine", "theirs": "theirs", "base": "before"}[side]
        head = f"  {mark} {letter}  {label:7} "
        room = max(8, width - cell_width(head))
        words = fit(_words(clash, side, room), room).rstrip()
        return [Segment(head, self.style_of(tone)), Segment(words, self.style_of("" if taken else "muted"))]

    def choose(self, side: str) -> None:
        """Take a side of the clash under the cursor and go on to the next that is open."""
        self.chosen[self.cursor] = side
        self.looks_changed()
        left = [row for row, taken in enumerate(self.chosen) if not taken]
        if left:
            self.cursor = next((row for row in left if row > self.cursor), left[0])

    def action_activate(self) -> None:
        self.post_message(self.Activated(self))


class Conflict(Dialog[dict[tuple[str, ...], Any]]):
    """Answers with the value chosen for the path of each clash; None leaves everything as it is."""

    CONTEXT: ClassVar[str] = "conflict"
    BINDINGS = [*bindings("conflict"), *bindings("dialog")]
    DEFAULT_CSS = """
    Conflict > #box { max-width: 120; }
    """

    def __init__(self, document: Document, found: Conflicting) -> None:
        super().__init__(f"Changed meanwhile: {document.address}")
        self._list = ClashList(found.clashes)
        item = found.document.item
        self._when = format_time(item.updated_at) if item.updated_at else ""

    def inside(self) -> ComposeResult:
        yield self._list

    def on_mount(self) -> None:
        self._list.focus()
        self._tell()

    def why_not(self, action: str) -> str | None:
        if action == "dialog.accept" and not all(self._list.chosen):
            return "Choose for every key first: m mine, t theirs, b as it was before."
        return None

    def on_clash_list_activated(self) -> None:
        self.action_act("dialog.accept")

    def do_accept(self) -> None:
        sides = zip(self._list.clashes, self._list.chosen, strict=True)
        self.dismiss({clash.path: getattr(clash, side) for clash, side in sides})

    def do_mine(self) -> None:
        self._choose("mine")

    def do_theirs(self) -> None:
        self._choose("theirs")

    def do_base(self) -> None:
        self._choose("base")

    def do_all_mine(self) -> None:
        self._choose_all("mine")

    def do_all_theirs(self) -> None:
        self._choose_all("theirs")

    def _choose(self, side: str) -> None:
        self._list.choose(side)
        self._tell()

    def _choose_all(self, side: str) -> None:
        self._list.chosen = [side for _ in self._list.clashes]
        self._list.looks_changed()
        self._tell()

    def _tell(self) -> None:
        left = self._list.chosen.count("")
        when = f"theirs of {self._when} · " if self._when else ""
        self.say(f"{when}{left} to choose · m t b" if left else f"{when}enter goes on to the preview")
