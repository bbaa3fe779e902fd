"""Widgets hear of their size, whoever asked for it first."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from dmart_tui.tui.screens.fitted import Fitted


class Probe(Widget):
    """Asks for its region before it is laid out."""

    DEFAULT_CSS = "Probe { height: 3; }"

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[int] = []

    def on_mount(self) -> None:
        self.call_later(self.ask)

    def ask(self) -> None:
        assert self.region.height == 3
        assert not self.heard

    def on_resize(self) -> None:
        self.heard.append(self.size.height)


class Probing(App[None]):
    """Something to scroll."""

    def get_default_screen(self) -> Fitted[None]:
        return Fitted(id="_default")

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static("line\n" * 200)


async def test_a_widget_hears_its_size_though_it_was_asked_for_after_a_scroll() -> None:
    app = Probing()
    async with app.run_test() as pilot:
        await pilot.pause()
        app.query_one(VerticalScroll).scroll_to(y=5, animate=False, immediate=True)
        await pilot.pause()
        probe = Probe()
        await app.query_one(VerticalScroll).mount(probe, before=0)
        await pilot.pause()
        assert probe.heard[-1:] == [3]
        probe.styles.height = 5
        await pilot.pause()
        assert probe.heard[-1] == 5
