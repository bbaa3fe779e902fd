"""What the parameters of a statement are given: a value and a type each, the last ones remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from textual import on
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from dmart_tui.core import background
from dmart_tui.core.secrets import is_secret
from dmart_tui.core.text import safe
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.screens.dialog import Dialog
from dmart_tui.tui.widgets.line_input import LineInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from dmart_tui.core.sql.sheets.parameters import Parameters, Remembered
    from dmart_tui.tui.app import DmartApp

TYPES: Final = (
    "VARCHAR",
    "BIGINT",
    "DOUBLE",
    "DECIMAL(18,3)",
    "BOOLEAN",
    "DATE",
    "TIMESTAMP",
    "TIMESTAMPTZ",
    "JSON",
    "NULL",
)
"""What a value can be given as; `NULL` needs none."""

Cast = "Callable[[str, str], object]"


class Values(Dialog["dict[str, object]"]):
    """Answers with the values by name; up and down choose among earlier ones.

    Args:
        names: of the parameters, in their order.
        earlier: the values each was given before, the last first.
        convert: makes a typed text and a type a value; raises a DmartTuiError with what is wrong. Blocks.
    """

    CONTEXT = "parameters"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("parameters"), *bindings("dialog")]
    TITLE_TEXT = "Values of the parameters"
    SMALL = True
    DEFAULT_CSS = """
    Values Horizontal { height: 1; }
    Values Horizontal > Static { width: 18; }
    Values Horizontal > LineInput { width: 1fr; margin: 0; }
    Values Horizontal > .type { width: 16; color: $text-muted; }
    """

    def __init__(
        self,
        names: Sequence[str],
        earlier: Mapping[str, Sequence[Remembered]],
        convert: Callable[[str, str], object],
        remember: Parameters,
    ) -> None:
        super().__init__()
        self._names = names
        self._earlier = earlier
        self._convert = convert
        self._remember = remember
        self._types = {name: _first_type(earlier.get(name, ())) for name in names}
        self._at = dict.fromkeys(names, 0)
        self._inputs = {name: _ValueLine(name, self._first(name)) for name in names}
        self._labels = {name: Static("", classes="type") for name in names}
        self._fault = Static("", classes="fault")

    def _first(self, name: str) -> str:
        earlier = self._earlier.get(name, ())
        return earlier[0].value if earlier else ""

    def inside(self) -> ComposeResult:
        for name in self._names:
            with Horizontal():
                yield Static(Content(safe(f"${name}")))
                yield self._inputs[name]
                yield self._labels[name]
        yield self._fault

    def on_mount(self) -> None:
        self._inputs[self._names[0]].focus()
        for name in self._names:
            self._tell(name)
        self.say("enter next · f5 run · ↑↓ earlier values · f2 type · esc")

    def _tell(self, name: str) -> None:
        self._labels[name].update(Content(" " + self._types[name]))

    def step(self, name: str, by: int) -> None:
        """Put an earlier value into the line."""
        earlier = self._earlier.get(name, ())
        if earlier:
            self._at[name] = (self._at[name] + by) % len(earlier)
            found = earlier[self._at[name]]
            self._inputs[name].value = found.value
            self._types[name] = found.type or TYPES[0]
            self._tell(name)

    def next_type(self, name: str) -> None:
        """Take the next type for it."""
        at = TYPES.index(self._types[name]) if self._types[name] in TYPES else -1
        self._types[name] = TYPES[(at + 1) % len(TYPES)]
        self._tell(name)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        at = self._names.index(cast("_ValueLine", event.input).parameter)
        if at + 1 < len(self._names):
            self._inputs[self._names[at + 1]].focus()
        else:
            self._accept()

    def do_take(self) -> None:
        self._accept()

    def _accept(self) -> None:
        cast("DmartApp", self.app).tasks.spawn(self._take(), group="parameters", exclusive=True)

    async def _take(self) -> None:
        from dmart_tui.core.errors import DmartTuiError

        values: dict[str, object] = {}
        for name in self._names:
            typed, type_ = self._inputs[name].value, self._types[name]
            try:
                values[name] = None if type_ == "NULL" else await background.run(self._convert, typed, type_)
            except DmartTuiError as error:
                self._fault.update(Content(safe(f"✗ ${name}: {error}")))
                self._inputs[name].focus()
                return
        for name in self._names:
            await background.run(self._remember.remember, name, self._inputs[name].value, self._types[name])
        self.dismiss(values)


class _ValueLine(LineInput):
    """The line of one parameter; what may be a secret is not shown."""

    def __init__(self, parameter: str, value: str) -> None:
        super().__init__(value, placeholder="a value", select_on_focus=True, password=is_secret(parameter))
        self.parameter = parameter

    def on_key(self, event: events.Key) -> None:
        dialog = cast("Values", self.screen)
        step: dict[str, Callable[[], Any]] = {
            "up": lambda: dialog.step(self.parameter, 1),
            "down": lambda: dialog.step(self.parameter, -1),
            "f2": lambda: dialog.next_type(self.parameter),
        }
        if event.key in step:
            event.stop()
            event.prevent_default()
            step[event.key]()


def _first_type(earlier: Sequence[Remembered]) -> str:
    return earlier[0].type or TYPES[0] if earlier else TYPES[0]
