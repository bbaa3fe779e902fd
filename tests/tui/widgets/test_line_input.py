from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from dmart_tui.tui.widgets.line_input import LineInput
from tests.support.panes import screen


class Line(App[None]):
    def __init__(self, value: str) -> None:
        super().__init__()
        self._value = value

    def compose(self) -> ComposeResult:
        yield LineInput(self._value, select_on_focus=False)


@pytest.mark.parametrize(
    ("value", "shown"), [("a\x1b[31mb", "a␛[31mb"), ("a\u202eb", "a\ufffdb"), ("\udcffx", "\ufffdx"), ("نان", "نان")]
)
async def test_what_is_typed_into_is_shown_safely_and_kept(value: str, shown: str) -> None:
    app = Line(value)
    async with app.run_test(size=(40, 3)) as pilot:
        await pilot.pause()
        assert screen(pilot).splitlines()[0].strip() == shown
        await pilot.press("end", "backspace", "z")
        assert app.query_one(LineInput).value == value[:-1] + "z"
