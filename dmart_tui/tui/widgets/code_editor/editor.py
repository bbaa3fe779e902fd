"""The editor whole: the text, the line that tells about it, and the bar to search with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.segment import Segment
from textual import on
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from dmart_tui.core.text import safe
from dmart_tui.tui.widgets.code_editor.area import CodeArea
from dmart_tui.tui.widgets.code_editor.bar import FindBar
from dmart_tui.tui.widgets.code_editor.buffer import Replacement, difference
from dmart_tui.tui.widgets.code_editor.diagnostics import SIGNS, Diagnostic, Diagnostics
from dmart_tui.tui.widgets.code_editor.finder import Finder
from dmart_tui.tui.widgets.lines import spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Self

    from textual import events
    from textual.app import ComposeResult
    from textual.geometry import Offset

    from dmart_tui.tui.widgets.code_editor.bar import Mode

MOST_BYTES: Final = 1024 * 1024
"""A larger text is shown, not edited."""


class Foot(Widget):
    """One line: what is wrong in the cursor's line on the left, place and state on the right."""

    DEFAULT_CSS = """
    Foot { height: 1; background: $panel; }
    Foot > .foot--error { color: $text-error; }
    Foot > .foot--warning { color: $text-warning; }
    Foot > .foot--information, Foot > .foot--state { color: $text-muted; }
    Foot:ansi > .foot--state { text-style: dim; }
    """
    COMPONENT_CLASSES = {"foot--error", "foot--warning", "foot--information", "foot--state"}

    def __init__(self) -> None:
        super().__init__()
        self._said = ("", "", "")

    def say(self, words: str, severity: str, state: str) -> None:
        """Show words (made safe already) on the left, the state on the right."""
        if (words, severity, state) != self._said:
            self._said = words, severity, state
            self.refresh()

    def render_line(self, y: int) -> Strip:
        words, severity, state = self._said
        left = (
            [Segment(f" {SIGNS[severity]} {words}", self.get_component_rich_style(f"foot--{severity}"))]
            if words
            else []
        )
        right = [Segment(f"{state} ", self.get_component_rich_style("foot--state"))]
        width = self.size.width
        return Strip(spread(left, right, width)).adjust_cell_length(width, self.rich_style)


class CodeEditor(Widget):
    """An editor of a text that comes back byte for byte, but for what was changed."""

    DEFAULT_CSS = """
    CodeEditor { layout: vertical; width: 1fr; height: 1fr; }
    CodeEditor > CodeArea { height: 1fr; }
    """

    class _Said(Message):
        def __init__(self, editor: CodeEditor) -> None:
            super().__init__()
            self.editor = editor

        @property
        def control(self) -> CodeEditor:
            return self.editor

    class Changed(_Said):
        """The text is another one; sent at every change, so a receiver waits until typing rests."""

    class CopyRequested(_Said):
        """A text was cut or copied; the app puts it on the clipboard."""

        def __init__(self, editor: CodeEditor, text: str) -> None:
            super().__init__(editor)
            self.text = text

    def __init__(
        self,
        text: str = "",
        *,
        language: str = "text",
        read_only: bool = False,
        id: str | None = None,  # noqa: A002 - as in Textual
        classes: str | None = None,
    ) -> None:
        """Make an editor.

        Args:
            text: what to edit; above 1 MB it is only shown.
            language: `json`, `markdown`, `python`, `html` or `sql` for colours, folding and help with typing; anything
                else is plain text.
        """
        super().__init__(id=id, classes=classes)
        self._wants_read_only = read_only
        self._area = CodeArea(text, language, read_only=read_only)
        self._foot = Foot()
        self._bar = FindBar()
        self._finder = Finder(self._area, self._bar)
        self._judge()

    def compose(self) -> ComposeResult:
        yield self._area
        yield self._bar
        yield self._foot

    # -- what it holds -----------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What is in the editor now; setting it loads another text, which cannot be undone."""
        return self._area.buffer.text

    @text.setter
    def text(self, text: str) -> None:
        self._area.load(text, self._area.language)
        self._judge()
        self._finder.edited()
        self._tell()

    @property
    def language(self) -> str:
        """As in the constructor."""
        return self._area.language

    @language.setter
    def language(self, language: str) -> None:
        self._area.set_language(language)
        self._tell()

    @property
    def read_only(self) -> bool:
        """Whether nothing can be changed, because that was wished or the text is too large."""
        return self._area.read_only

    @read_only.setter
    def read_only(self, read_only: bool) -> None:
        self._wants_read_only = read_only
        self._judge()
        self._tell()

    def _judge(self) -> None:
        self._area.read_only = self._wants_read_only or self._area.buffer.size > MOST_BYTES

    @property
    def modified(self) -> bool:
        """Whether it differs from what was loaded or last marked as saved."""
        return self._area.buffer.modified

    def mark_saved(self) -> None:
        """Call what is there now saved."""
        self._area.buffer.mark_saved()

    def replace_text(self, text: str) -> None:
        """Make it another text; the cursor stays at its words where they stay.

        One step that can be undone; of a text that is only shown the cursor stays on its line.
        """
        area = self._area
        if area.read_only:
            line, column = area.cursor
            self.text = text
            area.move_to((line, column))
        elif replacement := difference(area.buffer.lines, text.split("\n")):
            changes = area.buffer.edit([replacement], area.cursor)
            area.follow(changes, changes[0].moved(area.cursor), stay=True)
            self._finder.edited()
            self._tell()
            self.post_message(self.Changed(self))

    def set_diagnostics(self, items: Sequence[Diagnostic]) -> None:
        """Show what is wrong; it moves with the text until it is told anew."""
        self._area.show_diagnostics(Diagnostics(items))

    # -- where it is -------------------------------------------------------------------------------------

    @property
    def cursor(self) -> tuple[int, int]:
        """Line and column, both from 0."""
        return self._area.cursor

    def go_to(self, line: int, column: int = 0) -> None:
        """Put the cursor at the nearest place there is, unfolding what hides it."""
        self._area.move((line, column), reveal=True)

    @property
    def offset_in_text(self) -> int:
        """Where the cursor is, in characters from the beginning."""
        return self._offset(self._area.cursor)

    @property
    def selected(self) -> tuple[int, int] | None:
        """What is selected, in characters from the beginning; None: nothing."""
        found = self._area.selection
        return (self._offset(found[0]), self._offset(found[1])) if found else None

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of a character."""
        before = self.text[: max(0, offset)]
        return before.count("\n"), len(before) - before.rfind("\n") - 1

    def put(self, start: int, end: int, text: str) -> None:
        """Put a text in place of some characters, as one step that can be undone; the cursor goes to its end."""
        self._area.edit(Replacement(self.place(start), self.place(end), text))

    def mark_lines(self, start: int, end: int) -> None:
        """Put a bar beside the lines of some characters; beside none when both are the same."""
        lines = range(self.place(start)[0], self.place(end)[0] + 1) if end > start else range(0)
        self._area.show_bar(lines)

    def place_on_screen(self, offset: int) -> Offset:
        """Where a character is on the screen."""
        return self._area.content_region.offset + self._area.place_of(self.place(offset))

    def help_with(self, helper: Callable[[str], bool]) -> None:
        """Let `helper` see every key first; it returns whether it took it."""
        self._area.helper = helper

    @property
    def has_text_focus(self) -> bool:
        """Whether the text has the focus, and not the line to search with."""
        return self._area.has_focus

    def comment(self) -> None:
        """Make the lines of the selection comments, or text again."""
        self._area.action_comment()

    def _offset(self, at: tuple[int, int]) -> int:
        return sum(len(line) + 1 for line in self._area.buffer.lines[: at[0]]) + at[1]

    def focus(self, scroll_visible: bool = True, **_: Any) -> Self:
        """Give the text the focus."""
        self._area.focus(scroll_visible)
        return self

    # -- telling -----------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self._tell()

    def on_key(self, event: events.Key) -> None:
        """Escape closes the search before it means anything around the editor."""
        if event.key == "escape" and self._bar.mode is not None:
            event.stop()
            self._bar.leave()

    @on(CodeArea.Moved)
    def _moved(self, event: CodeArea.Moved) -> None:
        event.stop()
        self._tell()

    @on(CodeArea.Edited)
    def _edited(self, event: CodeArea.Edited) -> None:
        event.stop()
        self._finder.edited()
        self._tell()
        self.post_message(self.Changed(self))

    @on(CodeArea.Copied)
    def _copied(self, event: CodeArea.Copied) -> None:
        event.stop()
        self.post_message(self.CopyRequested(self, event.text))

    # -- searching ---------------------------------------------------------------------------------------

    @on(CodeArea.Asked)
    def _asked(self, event: CodeArea.Asked) -> None:
        event.stop()
        area = self._area
        self._finder.origin = area.selection[0] if area.selection else area.cursor
        words = area.buffer.slice(*area.selection) if area.selection and event.what != "line" else ""
        mode: Mode = "find" if area.read_only and event.what == "replace" else event.what
        self._bar.ask(mode, "" if "\n" in words else words)

    @on(FindBar.Wanted)
    def _wanted(self, event: FindBar.Wanted) -> None:
        event.stop()
        self._finder.typed()

    @on(FindBar.Stepped)
    @on(CodeArea.Stepped)
    def _stepped(self, event: FindBar.Stepped | CodeArea.Stepped) -> None:
        event.stop()
        self._finder.step(event.by)

    @on(FindBar.Replaced)
    def _replaced(self, event: FindBar.Replaced) -> None:
        event.stop()
        if event.every:
            self._finder.replace_all()
        else:
            self._finder.replace()

    @on(FindBar.LineWanted)
    def _line_wanted(self, event: FindBar.LineWanted) -> None:
        event.stop()
        self.go_to(event.line - 1, event.column - 1)

    @on(FindBar.Left)
    def _left(self, event: FindBar.Left) -> None:
        event.stop()
        self._finder.look()
        self._area.focus()

    def _tell(self) -> None:
        area = self._area
        row, column = area.cursor
        remarks = area.diagnostics.at(row)
        words, severity = (safe(remarks[0].message), remarks[0].severity) if remarks else ("", "")
        if len(remarks) > 1:
            words += f" (and {len(remarks) - 1} more)"
        too_large = "read-only above 1 MB" if area.buffer.size > MOST_BYTES else ""
        facts = (
            too_large or ("read-only" if area.read_only else ""),
            area.highlighter.why_plain() or "",
            "CRLF" if area.buffer.newline == "\r\n" else "",
            "wrap" if area.wrap else "",
            f"{row + 1}:{column + 1}",
        )
        self._foot.say(words, severity, " · ".join(fact for fact in facts if fact))
