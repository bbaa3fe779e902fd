"""The text as it is worked on: what keys do to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from textual.actions import SkipAction
from textual.message import Message

from dmart_tui.tui.widgets.code_editor.brackets import indent_of, indent_unit, partner
from dmart_tui.tui.widgets.code_editor.buffer import Position, Replacement
from dmart_tui.tui.widgets.code_editor.keys import KEYS
from dmart_tui.tui.widgets.code_editor.shown import shown
from dmart_tui.tui.widgets.code_editor.typing_help import (
    CLOSES,
    closing,
    commented,
    is_empty_pair,
    new_line,
    outdented,
)
from dmart_tui.tui.widgets.code_editor.view import CodeView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events
    from textual.binding import BindingType

_WORD: Final = re.compile(r"\w+|[^\w\s]+")
_LINE_ENDS: Final = re.compile(r"\r\n|\r|\n")


class CodeArea(CodeView):
    """A `CodeView` that is typed in. Escape drops the selection, and is left to others when there is none."""

    BINDINGS: ClassVar[list[BindingType]] = KEYS
    copied: ClassVar[str] = ""
    """What was last cut or copied in any editor: a terminal does not tell what its clipboard holds."""

    class Edited(Message):
        """The text is another one."""

    class Copied(Message):
        """This text is wanted on the clipboard."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Asked(Message):
        """Something is to be typed first: what to find, what to put in its place, or the number of a line."""

        def __init__(self, what: Literal["find", "replace", "line"]) -> None:
            super().__init__()
            self.what = what

    class Stepped(Message):
        """The next match (`by` 1) or the previous one (-1) is wanted."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    def __init__(self, text: str, language: str, *, read_only: bool) -> None:
        super().__init__(text, language)
        self.read_only = read_only
        self.helper: Callable[[str], bool] = lambda key: False
        """Gets every key first; whether it took it."""

    # -- typing ------------------------------------------------------------------------------------------

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return not self.read_only and character is not None and character.isprintable()

    def on_key(self, event: events.Key) -> None:
        if self.helper(event.key):
            event.stop()
            event.prevent_default()
            return
        if self.read_only:
            return
        typed = event.character if event.is_printable else None
        if typed is None and event.key not in ("enter", "tab", "shift+tab"):
            return
        event.stop()
        event.prevent_default()
        if typed is not None:
            self.type(typed)
        elif event.key == "enter":
            self._new_line()
        else:
            self._indent(-1 if event.key == "shift+tab" else 1)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.insert(event.text)

    def edit(self, *replacements: Replacement, cursor: Position | None = None, kind: str = "") -> None:
        """Make replacements (the last in the text first) as one step, and put the cursor there, else at their end."""
        if not self.read_only:
            changes = self.buffer.edit(replacements, self.cursor, kind)
            self.follow(changes, changes[-1].after if cursor is None else cursor)
            self.post_message(self.Edited())

    def insert(self, text: str) -> None:
        """Put a text, its line ends made those of this one, in place of what is selected."""
        start, end = self.selection or (self.cursor, self.cursor)
        self.edit(Replacement(start, end, _LINE_ENDS.sub(lambda _: self.buffer.newline, text)))

    def type(self, typed: str) -> None:
        """Do what a typed character does."""
        start, end = self.selection or (self.cursor, self.cursor)
        kind = "type" if start == end else ""
        if self.language == "json":
            if start != end and typed in CLOSES:
                self.edit(Replacement(start, end, typed + self.buffer.slice(start, end) + CLOSES[typed]))
                return
            closer = closing(self.buffer, start, typed) if start == end else None
            if closer == "":
                self.move_to((start[0], start[1] + 1))
                return
            if closer:
                self.edit(Replacement(start, end, typed + closer), cursor=(start[0], start[1] + 1))
                return
        indent = outdented(self.buffer, start, typed, self.language) if start == end else None
        if indent is not None and indent != self.buffer.lines[start[0]][: start[1]]:
            self.edit(Replacement((start[0], 0), end, indent + typed))
        else:
            self.edit(Replacement(start, end, typed), kind=kind)

    def _new_line(self) -> None:
        start, end = self.selection or (self.cursor, self.cursor)
        text, after = new_line(self.buffer, start, self.language)
        kept = text[: len(text) - after]
        cursor = (start[0] + kept.count("\n"), len(kept) - kept.rfind("\n") - 1)
        self.edit(Replacement(start, end, text), cursor=cursor)

    def _indent(self, by: int) -> None:
        unit = indent_unit(self.buffer.lines, self.language)
        if self.selection is None and by > 0:
            width = self.cursor[1] % len(unit) if unit != "\t" else 0
            self.edit(Replacement(self.cursor, self.cursor, unit[width:]), kind="type")
            return
        start, end = self.selection or (self.cursor, self.cursor)
        last = end[0] - (end[1] == 0 and end[0] > start[0])
        wanted: list[Replacement] = []
        for row in range(last, start[0] - 1, -1):
            indent = indent_of(self.buffer.lines[row])
            if by > 0 and self.buffer.shown(row):
                wanted.append(Replacement((row, 0), (row, 0), unit))
            elif by < 0 and indent:
                gone = 1 if indent[0] == "\t" else min(len(unit), len(indent))
                wanted.append(Replacement((row, 0), (row, gone), ""))
        self._edit_lines(wanted)

    def _edit_lines(self, wanted: list[Replacement]) -> None:
        """Change lines of which the cursor and the selection stay where they are in the text."""
        if wanted:
            other_end, row = self.other_end, self.cursor[0]
            shift = {one.start[0]: len(one.text) - (one.end[1] - one.start[1]) for one in wanted}
            self.edit(*wanted, cursor=(row, max(0, self.cursor[1] + shift.get(row, 0))))
            if other_end is not None:
                self.other_end = (other_end[0], max(0, other_end[1] + shift.get(other_end[0], 0)))
                self.refresh()

    def action_comment(self) -> None:
        start, end = self.selection or (self.cursor, self.cursor)
        last = end[0] - (end[1] == 0 and end[0] > start[0])
        self._edit_lines(commented(self.buffer.lines, start[0], last, self.language))

    # -- taking away -------------------------------------------------------------------------------------

    def _take(self, to: Position, kind: str = "") -> None:
        if self.selection:
            self.edit(Replacement(*self.selection, ""))
        elif to != self.cursor:
            self.edit(Replacement(min(to, self.cursor), max(to, self.cursor), ""), kind=kind)

    def action_erase(self) -> None:
        row, column = self.cursor
        if not self.selection and self.language == "json" and is_empty_pair(self.buffer, self.cursor):
            self.edit(Replacement((row, column - 1), (row, column + 1), ""))
        else:
            self._take(self._before(self.cursor), "erase")

    def action_delete(self) -> None:
        self._take(self._after(self.cursor), "delete")

    def action_erase_word(self) -> None:
        self._take(self._word(-1))

    def action_erase_to_start(self) -> None:
        self._take((self.cursor[0], 0))

    def action_delete_to_end(self) -> None:
        row, column = self.cursor
        end = self.buffer.width(row)
        self._take((row, end) if column < end else self._after(self.cursor))

    def action_undo(self) -> None:
        if not self.read_only and (done := self.buffer.undo()):
            self.follow(*done)
            self.post_message(self.Edited())

    def action_redo(self) -> None:
        if not self.read_only and (done := self.buffer.redo()):
            self.follow(*done)
            self.post_message(self.Edited())

    # -- cut, copy, paste --------------------------------------------------------------------------------

    def _taken(self) -> tuple[Position, Position]:
        """What is selected, else the line."""
        row = self.cursor[0]
        last = row + 1 == len(self.buffer.lines)
        return self.selection or ((row, 0), (row, self.buffer.width(row)) if last else (row + 1, 0))

    def action_copy(self) -> None:
        if text := self.buffer.slice(*self._taken()):
            CodeArea.copied = text
            self.post_message(self.Copied(text))

    def action_cut(self) -> None:
        self.action_copy()
        if (taken := self._taken())[0] != taken[1]:
            self.edit(Replacement(*taken, ""))

    def action_paste(self) -> None:
        if text := CodeArea.copied or self.app.clipboard:
            self.insert(text)

    def action_select_all(self) -> None:
        self.move_to((0, 0))
        self.move(self.buffer.end, select=True)

    def action_deselect(self) -> None:
        if not self.selection:
            raise SkipAction
        self.move(self.cursor)

    # -- moving ------------------------------------------------------------------------------------------

    def move(self, to: Position, *, select: bool = False, reveal: bool = False) -> None:
        """Put the cursor somewhere; what is typed then is undone by itself."""
        self.buffer.seal()
        self.move_to(to, select=select, reveal=reveal)

    def _before(self, at: Position) -> Position:
        row, column = at
        if column:
            return row, shown(self.buffer.shown(row)).step(column, -1)
        return (row - 1, self.buffer.width(row - 1)) if row else at

    def _after(self, at: Position) -> Position:
        row, column = at
        if column < self.buffer.width(row):
            return row, shown(self.buffer.shown(row)).step(column, 1)
        return (row + 1, 0) if row + 1 < len(self.buffer.lines) else at

    def _word(self, by: int) -> Position:
        row, column = self.cursor
        words: Sequence[re.Match[str]] = list(_WORD.finditer(self.buffer.shown(row)))
        if by > 0:
            ends = (word.end() for word in words if word.end() > column)
            return (
                (row, next(ends))
                if column < self.buffer.width(row) and words and words[-1].end() > column
                else (self._after((row, self.buffer.width(row))))
            )
        starts = [word.start() for word in words if word.start() < column]
        return (row, starts[-1]) if starts else (row, 0) if column else self._before(self.cursor)

    def action_rows(self, by: int, select: bool = False) -> None:
        self.buffer.seal()
        self.move_rows(by, select=select)

    def action_page(self, by: int) -> None:
        self.buffer.seal()
        self.move_rows(by * max(1, self.view_height - 1))

    def action_step(self, by: int, select: bool = False) -> None:
        if self.selection and not select:
            self.move(self.selection[by > 0])
            return
        row, column = self.cursor
        if by < 0 and not column:
            above = self._rows.neighbour(row, -1)
            to = (above, self.buffer.width(above)) if above < row else self.cursor
        elif by > 0 and column == self.buffer.width(row):
            below = self._rows.neighbour(row, 1)
            to = (below, 0) if below > row else self.cursor
        else:
            to = self._after(self.cursor) if by > 0 else self._before(self.cursor)
        self.move(to, select=select)

    def action_word(self, by: int) -> None:
        row, _ = to = self._word(by)
        self.move(to if self._rows.header(row) == row else (self._rows.neighbour(self.cursor[0], 1), 0))

    def action_line_start(self, select: bool = False) -> None:
        row, column = self.cursor
        indent = len(indent_of(self.buffer.shown(row)))
        self.move((row, 0 if column == indent else indent), select=select)

    def action_line_end(self, select: bool = False) -> None:
        row = self.cursor[0]
        self.move((row, self.buffer.width(row)), select=select)

    def action_text_start(self) -> None:
        self.move((0, 0))

    def action_text_end(self) -> None:
        self.move(self.buffer.end)

    def action_bracket(self) -> None:
        row, column = self.cursor
        for at in ((row, column), (row, column - 1)):
            if at[1] >= 0 and (other := partner(self.buffer.lines, at, self.language, self.buffer.size + 1)):
                self.move(other, reveal=True)
                return

    def action_next_problem(self) -> None:
        if remark := self.diagnostics.beside(self.cursor[0], 1):
            self.move((remark.line, remark.column), reveal=True)

    # -- looks -------------------------------------------------------------------------------------------

    def action_fold(self) -> None:
        self.toggle_fold(self.cursor[0])

    def action_fold_all(self) -> None:
        self.fold_all()

    def action_unfold_all(self) -> None:
        self.unfold_all()

    def action_wrap(self) -> None:
        self.set_wrap(not self.wrap)

    def action_find(self) -> None:
        self.post_message(self.Asked("find"))

    def action_replace(self) -> None:
        self.post_message(self.Asked("replace"))

    def action_line(self) -> None:
        self.post_message(self.Asked("line"))

    def action_next_match(self) -> None:
        self.post_message(self.Stepped(1))

    def action_previous_match(self) -> None:
        self.post_message(self.Stepped(-1))
