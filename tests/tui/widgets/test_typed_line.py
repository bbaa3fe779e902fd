"""The line for filters and searches: when it tells, and where the focus goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import App
from textual.widgets import Static

from dmart_tui.tui.widgets.typed_line import REST, TypedLine

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.pilot import Pilot


class Sample(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def compose(self) -> ComposeResult:
        back = Static("rows", id="back")
        back.can_focus = True
        yield back
        yield TypedLine(back.focus)

    @on(TypedLine.Typed)
    def _typed(self, message: TypedLine.Typed) -> None:
        self.told.append(message.text)


def line(pilot: Pilot[None]) -> TypedLine:
    return pilot.app.query_one(TypedLine)


def focused(pilot: Pilot[None]) -> str | None:
    return pilot.app.focused.id if pilot.app.focused is not None else None


async def test_it_shows_when_asked_and_enter_tells_at_once_and_gives_the_focus_back() -> None:
    async with Sample().run_test() as pilot:
        assert not line(pilot).display
        line(pilot).ask()
        await pilot.press("a", "b", "enter")
        await pilot.pause()
        assert pilot.app.told[-1] == "ab"  # type: ignore[attr-defined]
        assert focused(pilot) == "back"
        assert line(pilot).display


async def test_typing_is_told_once_it_rests() -> None:
    async with Sample().run_test() as pilot:
        line(pilot).ask()
        await pilot.press("a", "b", "c")
        await pilot.pause(REST * 3)
        assert pilot.app.told[-1] == "abc"  # type: ignore[attr-defined]


async def test_escape_takes_it_away_and_the_other_keys_keep_it() -> None:
    async with Sample().run_test() as pilot:
        line(pilot).ask()
        await pilot.press("x", "enter")
        line(pilot).ask()
        await pilot.press("down")
        assert focused(pilot) == "back"
        assert line(pilot).told == "x"
        line(pilot).ask()
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.told == ["x", ""]  # type: ignore[attr-defined]
        assert not line(pilot).display
        assert not line(pilot).leave()


async def test_an_empty_enter_hides_it() -> None:
    async with Sample().run_test() as pilot:
        line(pilot).ask()
        await pilot.press("enter")
        assert not line(pilot).display
        assert pilot.app.told == []  # type: ignore[attr-defined]


async def test_what_came_about_another_way_shows_and_is_not_told() -> None:
    async with Sample().run_test() as pilot:
        line(pilot).put("owner:dana")
        await pilot.pause()
        assert line(pilot).display
        assert pilot.app.told == []  # type: ignore[attr-defined]
        line(pilot).put("")
        await pilot.pause()
        assert not line(pilot).display
        line(pilot).put("owner:dana")
        assert line(pilot).leave()
        await pilot.pause()
        assert pilot.app.told == [""]  # type: ignore[attr-defined]
