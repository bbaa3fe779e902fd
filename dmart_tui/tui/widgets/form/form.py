"""The form: what keys mean for the field under the cursor, told to the owner of the document."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from textual import on
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from dmart_tui.core.errors import UsageFault
from dmart_tui.core.forms import LONG, Field, Path, fields, label, parse, show, with_field
from dmart_tui.core.merging import ABSENT
from dmart_tui.core.text import safe
from dmart_tui.tui.widgets.form.cell import CellLine, Choices
from dmart_tui.tui.widgets.form.editing import Editing
from dmart_tui.tui.widgets.form.rows import FormRows
from dmart_tui.tui.widgets.lines import fit_segments

if TYPE_CHECKING:
    from textual.app import ComposeResult

Suggest = Callable[[Field, str], Sequence[str]]
"""Texts that could be meant by what is typed into a field; `path[-1]` is "" where a key is named."""
Check = Callable[[Path, Any], Sequence[str]]
"""What would be wrong at a path if it had a value."""

_OPEN_AT_FIRST: Final = 12
"""Members up to which an object or a list of the first two levels is open at first."""
_CONTAINERS: Final = frozenset({"object", "list", "translation"})
_FIXED: Final = "This cannot be changed here."


class HelpLine(Widget):
    """One dim line about the field under the cursor."""

    COMPONENT_CLASSES = {"help--text", "help--refusal"}
    DEFAULT_CSS = """
    HelpLine { height: 1; background: $panel; }
    HelpLine > .help--text { color: $text-muted; }
    HelpLine > .help--refusal { color: $text-warning; }
    HelpLine:ansi > .help--text { text-style: dim; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self._refusal = False

    def say(self, words: str, *, refusal: bool = False) -> None:
        """Show one sentence, not yet safe."""
        if (words, refusal) != (self.words, self._refusal):
            self.words, self._refusal = words, refusal
            self.refresh()

    def render_line(self, y: int) -> Strip:
        from rich.segment import Segment

        style = self.get_component_rich_style("help--refusal" if self._refusal else "help--text")
        width = self.size.width
        line = fit_segments([Segment(" " + safe(self.words), style)], width)
        return Strip(line).adjust_cell_length(width, self.rich_style)


class Form(Widget):
    """A form over a value and its schema. The owner holds the document: each edit is a message, answered with `load`.

    Shows an edit at once, and keeps the cursor and what is folded when it is loaded again.
    """

    DEFAULT_CSS = """
    Form { layers: base above; width: 1fr; height: 1fr; layout: vertical; }
    Form > FormRows { height: 1fr; }
    """

    class Edited(Message):
        """A person set a value; ABSENT takes it away. A place past the end of a list adds a member."""

        def __init__(self, form: Form, path: Path, value: Any) -> None:
            super().__init__()
            self.form = form
            self.path = path
            self.value = value

        @property
        def control(self) -> Form:
            return self.form

    class OpenText(Message):
        """A text is too long for a line: it is to be edited elsewhere, and `core.forms.parse` reads it back."""

        def __init__(self, form: Form, field: Field, text: str) -> None:
            super().__init__()
            self.form = form
            self.field = field
            self.path = field.path
            self.text = text

        @property
        def control(self) -> Form:
            return self.form

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - as in Textual
        super().__init__(id=id, classes=classes)
        self.value: Any = {}
        """The document as it is shown; not to be changed."""
        self._schema: Mapping[str, Any] | None = None
        self._violations: Mapping[Path, Sequence[str]] = {}
        self._suggest: Suggest | None = None
        self._check: Check | None = None
        self._read_only = False
        self._folds: dict[Path, bool] = {}
        self._wanted: Path | None = None
        self._editing: Editing | None = None
        self._rows = FormRows(empty="There is nothing to fill in.")
        self._line = CellLine()
        self._choices = Choices()
        self._help = HelpLine()

    def compose(self) -> ComposeResult:
        yield self._rows
        yield self._help
        yield self._line
        yield self._choices

    def load(
        self,
        schema: Mapping[str, Any] | None,
        value: Any,
        *,
        violations: Mapping[Path, Sequence[str]] | None = None,
        suggest: Suggest | None = None,
        check: Check | None = None,
        read_only: bool = False,
    ) -> None:
        """Show a value.

        Args:
            schema: a JSON Schema document; without one the value says what it is.
            value: kept, not copied and not changed.
            violations: sentences by the paths they are about.
            suggest: completes what is typed.
            check: tells what is wrong with a value while it is typed.
            read_only: nothing can be edited.
        """
        self._schema, self.value = schema, value
        self._violations = violations or {}
        self._suggest, self._check = suggest, check
        self._read_only = read_only
        if self._editing is not None:
            try:
                with_field(value, self._editing.field.path, None)
            except UsageFault:  # where it was to go is no longer there
                self._close()
        self._rebuild()

    @property
    def cursor_path(self) -> Path:
        """The path of the field under the cursor; empty without one."""
        field = self._rows.current
        return field.path if field is not None else ()

    def go_to(self, path: Path) -> None:
        """Put the cursor on a path, or on what is nearest above it, opening what it is folded into."""
        for length in range(1, len(path)):
            self._folds[path[:length]] = True
        self._wanted = path
        self._rebuild()

    def focus(self, scroll_visible: bool = True) -> Form:
        """Give the rows the focus."""
        self._rows.focus(scroll_visible)
        return self

    def _rebuild(self) -> None:
        shown = fields(self._schema, self.value, open=self._is_open)
        wanted, self._wanted = self._wanted, None
        if wanted is None and self._rows.current is not None:
            wanted = self._rows.current.path
        self._rows.show_fields(shown, self._violations, wanted)
        if self._editing is not None:
            self._place()

    def _is_open(self, path: Path) -> bool:
        known = self._folds.get(path)
        if known is not None:
            return known
        return len(path) <= 2 and len(self._at(path)) <= _OPEN_AT_FIRST

    def _at(self, path: Path) -> Any:
        value = self.value
        for part in path:
            value = value[part]
        return value

    def _fold(self, path: Path, is_open: bool) -> None:
        self._folds[path] = is_open
        self._rebuild()

    def on_resize(self) -> None:
        """The value under the cursor is somewhere else once the rows are measured anew."""
        if self._editing is not None:
            self.call_after_refresh(self._place)

    # -- what keys ask for --------------------------------------------------------------------------------------------

    @on(FormRows.Moved)
    def _tell(self, message: FormRows.Moved) -> None:
        message.stop()
        field = self._rows.current
        self._help.say(_about(field, self._read_only) if field is not None else "")

    @on(FormRows.Asked)
    def _asked(self, message: FormRows.Asked) -> None:
        message.stop()
        field = self._rows.current
        if field is None:
            return
        if message.verb in ("fold", "unfold") or (message.verb in ("toggle", "edit") and field.folds):
            at = self._rows.rows[self._rows.cursor].field
            self._fold(at.path, message.verb == "unfold" or (message.verb != "fold" and not at.open))
        elif self._read_only:
            self._help.say(_FIXED, refusal=True)
        else:
            refusal = self._do(message.verb, field)
            if refusal:
                self._help.say(refusal, refusal=True)

    def _do(self, verb: str, field: Field) -> str:
        """Do it, or say why not."""
        if verb == "add":
            return self._add(field)
        if field.read_only:
            return _FIXED
        match verb:
            case "toggle" | "edit":
                if verb == "toggle" and field.kind != "boolean":
                    return "Space toggles what is true or false, and folds."
                self._begin(field)
            case "remove":
                if not field.can_remove:
                    return "There is nothing to take away."
                self._put(field.path, ABSENT)
            case _:
                return self._move(field, -1 if verb == "earlier" else 1)
        return ""

    def _begin(self, field: Field) -> None:
        unset = field.value is ABSENT or field.value is None
        if unset and len(field.shapes) > 1:
            self._ask(Editing(field, "shape", field.shapes))
        elif field.kind == "boolean":
            self._put(field.path, field.value is not True)
        elif field.parts:
            self._rows.cursor += 1
        elif field.kind in _CONTAINERS:
            self._fill(field.shapes[0])
        else:
            self._type(field)

    def _type(self, field: Field, insert: int | None = None) -> None:
        """Edit a value that is no container, on its line or elsewhere."""
        text = show(field)
        if field.kind == "choice":
            self._ask(Editing(field, "choice", insert=insert))
        elif field.kind == "choices":
            members = field.value if isinstance(field.value, list) else []
            self._ask(Editing(field, "choices", insert=insert, marked=tuple(label(member) for member in members)))
        elif insert is None and (field.kind == "long" or len(text) > LONG):
            self.post_message(self.OpenText(self, field, text))
        else:
            self._ask(Editing(field, "text", initial=text, insert=insert))

    def _add(self, field: Field) -> str:
        insert: int | None = None
        kinds = field.adds
        if not kinds:
            kinds = field.beside
            if kinds and isinstance(field.path[-1], int):
                insert = field.path[-1] + 1
        if not kinds:
            if field.kind in _CONTAINERS and field.value is ABSENT and not field.read_only:
                self._begin(field)
                return ""
            return "Nothing can be added here."
        if kinds[0].path[-1] == "":
            self._ask(Editing(replace(kinds[0], kind="text", format=""), "key", kinds))
        elif len(kinds) > 1:
            self._ask(Editing(kinds[0], "shape", kinds, insert=insert))
        else:
            self._fill(kinds[0], insert)
        return ""

    def _fill(self, shape: Field, insert: int | None = None) -> None:
        """Make a new value of a kind: at once what starts empty, else what is typed."""
        if shape.kind in _CONTAINERS or shape.kind in ("boolean", "null"):
            self._put(shape.path, shape.value, insert)
        else:
            self._type(replace(shape, value=ABSENT), insert)

    def _move(self, field: Field, by: int) -> str:
        at = field.path[-1] if field.path else ""
        if not isinstance(at, int):
            return "Only members of a list can be moved."
        members = list(self._at(field.path[:-1]))
        if not 0 <= at + by < len(members):
            return "It is at the end already."
        members[at], members[at + by] = members[at + by], members[at]
        was, other = (self._folds.get((*field.path[:-1], place)) for place in (at, at + by))
        for place, known in ((at, other), (at + by, was)):
            if known is not None:
                self._folds[(*field.path[:-1], place)] = known
        self._tell_edit(field.path[:-1], members, (*field.path[:-1], at + by))
        return ""

    def _put(self, path: Path, value: Any, insert: int | None = None) -> None:
        if insert is not None:
            members = list(self._at(path[:-1]))
            members.insert(insert, value)
            path = (*path[:-1], insert)
        if isinstance(value, dict | list):
            self._folds[path] = True
        if insert is not None:
            self._tell_edit(path[:-1], members, path)
        else:
            self._tell_edit(path, value, path)

    def _tell_edit(self, path: Path, value: Any, wanted: Path) -> None:
        # Shown at once: the next key may come before the owner has answered this one.
        self.value = with_field(self.value, path, value)
        self._wanted = wanted
        self._rebuild()
        self.post_message(self.Edited(self, path, value))

    # -- editing in place ---------------------------------------------------------------------------------------------

    def _ask(self, editing: Editing) -> None:
        self._editing = editing
        self._line.marking = editing.mode == "choices"
        self._line.password = editing.field.secret
        self._line.placeholder = editing.prompt
        with self.prevent(Input.Changed):
            self._line.value = editing.initial
        self._line.cursor_position = len(editing.initial)
        self._offer()
        self._line.display = True
        self._place()
        self._line.focus()

    def _offer(self) -> None:
        """Show what the text could mean, and what is wrong with it."""
        editing = self._editing
        if editing is None:
            return
        text = self._line.value
        complaint = editing.complaint(text, self.value)
        if not complaint and editing.mode == "text" and text != editing.initial and self._check is not None:
            complaint = next(iter(self._check(editing.field.path, parse(editing.field, text))), "")
        known = self._suggest(editing.field, text) if self._suggest is not None and editing.completes else ()
        labels = editing.offers(text, known)
        self._choices.marks = editing.marked
        self._choices.show_labels(labels, complaint, editing.at(labels, text))
        editing.picked = False
        self._place()

    def _place(self) -> None:
        """Put the line over the value under the cursor, and the choices where there is room."""
        left, top, room = self._rows.value_cell()
        self._line.styles.offset = (left, max(0, top))
        self._line.styles.width = room
        width = min(max(16, self._choices.widest), max(16, self._rows.row_width - left))
        self._choices.fit_to(width)
        height = self._choices.height
        self._choices.display = bool(height)
        if height:
            below = self._rows.size.height - top - 1
            self._choices.styles.offset = (left, top + 1 if height <= below or below >= top else max(0, top - height))
            self._choices.styles.width = width
            self._choices.styles.height = height

    def _close(self) -> None:
        self._editing = None
        self._line.display = self._choices.display = False
        self._rows.focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._offer()

    @on(Choices.Taken)
    def _taken(self, event: Choices.Taken) -> None:
        event.stop()
        if self._editing is not None:
            self._editing.picked = True
            self._verb("mark" if self._editing.mode == "choices" else "accept")

    @on(CellLine.Asked)
    def _line_asked(self, message: CellLine.Asked) -> None:
        message.stop()
        self._verb(message.verb)

    def _verb(self, verb: str) -> None:
        editing = self._editing
        if editing is None:
            return
        match verb:
            case "cancel":
                self._close()
            case "accept":
                self._accept(editing)
            case "next" | "previous":
                step = 1 if verb == "next" else -1
                if self._choices.labels:
                    editing.picked = True
                    self._choices.cursor += step
                elif self._accept(editing):
                    self._rows.cursor += step
            case "take" if self._choices.labels and editing.mode in ("text", "key"):
                self._line.value = self._choices.labels[self._choices.cursor]
                self._line.cursor_position = len(self._line.value)
            case "take":
                self._accept(editing)
            case "mark" if self._choices.labels:
                editing.mark(self._choices.labels[self._choices.cursor])
                self._choices.marks = editing.marked
                self._choices.looks_changed()

    def _accept(self, editing: Editing) -> bool:
        """Take what was typed or picked; false when it cannot be and stays to be corrected."""
        labels = self._choices.labels
        text = self._line.value
        if labels and (editing.picked or editing.mode in ("choice", "shape")):
            text = labels[self._choices.cursor]
        try:
            shape, value = editing.result(text, self.value)
        except UsageFault as fault:
            self._choices.show_labels((), fault.message)
            self._place()
            return False
        self._close()
        if shape is not None and editing.mode == "key":
            kinds = editing.named(text)
            if len(kinds) > 1:
                self._ask(Editing(kinds[0], "shape", kinds))
            else:
                self._fill(kinds[0])
        elif shape is not None:
            self._fill(shape, editing.insert)
        elif value is not editing.field.value:
            self._put(editing.field.path, value, editing.insert)
        return True

    def on_descendant_blur(self) -> None:
        """Leaving the line takes what was typed, as far as it means something."""
        if self._editing is not None and self.app.app_focus and self.screen.focused is not self._line:
            editing, focused = self._editing, self.screen.focused
            if not self._accept(editing):
                self._close()
            if focused is not None:
                focused.focus()


def _about(field: Field, read_only: bool) -> str:
    """What the help line says of a field."""
    words = [".".join(map(str, field.path)), field.help]
    if field.required:
        words.append("required")
    if read_only or field.read_only:
        words.append("cannot be changed here")
    elif field.kind == "boolean":
        words.append("space toggles")
    elif field.kind in _CONTAINERS and field.value is ABSENT and not field.parts:
        words.append("enter begins it")
    elif field.can_add:
        words.append("a adds")
    return " · ".join(word for word in words if word)
