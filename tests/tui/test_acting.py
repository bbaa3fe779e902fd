from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.errors import Failed, Refused
from dmart_tui.core.secrets import MARK
from dmart_tui.tui import outside, shell
from dmart_tui.tui.actions import ACTIONS, of_context
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.documents import EntryDocument
from dmart_tui.tui.screens.dialog import Choice
from tests.support.app import QUIET, bottom_line, make, notices, press, settle


class Lent(DmartApp):
    """An app whose terminal can be given away, as far as it can tell."""

    CSS_PATH = Path(shell.__file__).with_name("app.tcss")
    lent = 0

    @contextmanager
    def suspend(self) -> Iterator[None]:
        self.lent += 1
        yield


@pytest.fixture
def lent(demo_root: Path, monkeypatch: pytest.MonkeyPatch) -> Lent:
    from textual.drivers.headless_driver import HeadlessDriver

    monkeypatch.setattr(HeadlessDriver, "can_suspend", True)
    return Lent(replace(QUIET, pager="no-such-pager"), demo_root)


def program(folder: Path, script: str) -> str:
    """A program that runs a line of shell."""
    file = folder / "program"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return str(file)


async def test_every_action_that_can_be_asked_for_has_an_answer_at_the_start(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        for action in ACTIONS:
            reason = app.why_not_now(action.name)
            assert reason is None or reason.endswith("."), action.name


async def test_without_a_root_every_action_says_why_not_or_can_be_done() -> None:
    app = make(None)
    async with app.run_test() as pilot:
        await settle(pilot)
        reasons = {action.name: app.why_not_now(action.name) for action in of_context("app")}
        assert reasons["app.find"] == reasons["app.check"] == reasons["app.copy"] == "No spaces folder is open."
        assert reasons["app.theme"] is None
        assert reasons["app.quit"] is None


async def test_the_shell_runs_where_the_entry_is(lent: Lent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = tmp_path / "said"
    monkeypatch.setenv("SHELL", program(tmp_path, f'pwd > "{said}"'))
    async with lent.run_test() as pilot:
        await settle(pilot)
        await lent.open(Address("management", ("users",)))
        await settle(pilot)
        await pilot.press("exclamation_mark")
        await settle(pilot)
        assert said.read_text().strip().endswith("/management/users")
        assert lent.lent == 1


async def test_the_pager_gets_a_masked_copy_that_is_gone_afterwards(
    lent: Lent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tmp_path / "said"
    shower = program(tmp_path, f'{{ echo "$1"; cat "$1"; }} > "{said}"')
    lent.settings = replace(lent.settings, pager=shlex.quote(shower))
    async with lent.run_test() as pilot:
        await settle(pilot)
        await lent.open(Address("management", ("users", "dmart")))
        await settle(pilot)
        await press(pilot, "P")
        if isinstance(lent.screen, Choice):
            await press(pilot, "m")
        await settle(pilot)
        name, _, text = said.read_text().partition("\n")
        assert MARK in text
        assert not os.path.exists(name)  # noqa: ASYNC240, PTH110
        lent.do_secrets()
        await press(pilot, "P")
        if isinstance(lent.screen, Choice):
            await press(pilot, "m")
        await settle(pilot)
        name, _, text = said.read_text().partition("\n")
        assert MARK not in text
        assert os.path.exists(name)  # noqa: ASYNC240, PTH110


async def test_a_pager_that_is_not_there_is_told(lent: Lent) -> None:
    async with lent.run_test() as pilot:
        await settle(pilot)
        await lent.open(Address("docs"))
        await settle(pilot)
        await pilot.press("P")
        await settle(pilot)
        assert notices(lent)[-1].startswith("no-such-pager cannot be started")


async def test_a_terminal_that_cannot_be_given_away_is_said(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        for name in ("app.shell", "app.pager", "app.suspend"):
            assert app.why_not_now(name) == "This terminal cannot be given to another program."


def test_the_pager_is_the_setting_or_the_one_of_the_environment() -> None:
    assert outside.pager("bat -p", {"PAGER": "more"}) == ["bat", "-p"]
    assert outside.pager("", {"PAGER": "more -s"}) == ["more", "-s"]
    assert outside.pager("", {}) == ["less"]


def test_a_file_without_secrets_is_paged_itself(tmp_path: Path) -> None:
    file = tmp_path / "plain.json"
    file.write_text('{"a": 1}')
    assert outside.masked_copy(str(file), str(tmp_path), str(tmp_path)) == str(file)


def test_what_is_too_large_to_mask_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "large.json"
    with file.open("wb") as stream:
        os.truncate(stream.fileno(), outside.MASKED_LIMIT + 1)
    with pytest.raises(Refused, match="more than"):
        outside.masked_copy(str(file), str(tmp_path), str(tmp_path))


def test_a_command_that_does_not_start_is_a_failure(lent: Lent) -> None:
    with pytest.raises(Failed, match="cannot be started"):
        outside.run(lent, ["/no/such/program"])


async def test_views_are_turned_from_the_tree(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test(size=(160, 30)) as pilot:
        await settle(pilot)
        await app.workspace.preview(Address("docs"))
        assert app.tree_pane.has_focus_within
        await pilot.press("right_square_bracket")
        await settle(pilot)
        assert isinstance(app.workspace.current, EntryDocument)
        assert app.workspace.current.view == "payload"
        assert app.tree_pane.has_focus_within
        await pilot.press("1")
        await settle(pilot)
        assert app.workspace.current.view == "overview"
        await pilot.press("x")
        await settle(pilot)
        assert app.workspace.documents == []


async def test_the_bottom_line_hides_what_cannot_be_done(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test(size=(160, 30)) as pilot:
        await settle(pilot)
        await app.open(Address("docs"))
        await settle(pilot)
        assert "x Close" in bottom_line(app)
        await pilot.press("x")
        await settle(pilot)
        assert "x Close" not in bottom_line(app)
        assert "q Quit" in bottom_line(app)


async def test_the_bottom_line_tells_the_keys_of_a_dialog(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        before = bottom_line(app)
        assert before.startswith(" enter Open")
        await press(pilot, "colon")
        assert bottom_line(app).startswith(" enter Choose  esc Close  ")
        await press(pilot, "escape")
        assert bottom_line(app) == before
        await press(pilot, "A")
        assert " Filter" not in bottom_line(app)
        await press(pilot, "escape")
        await settle(pilot)
        assert bottom_line(app) == before


async def test_the_tree_is_hidden_and_comes_back_with_its_key(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("backslash")
        await pilot.pause()
        assert not app.tree_pane.display
        assert app.why_not_now("app.wider-tree") == "One pane has the whole screen."
        await pilot.press("0")
        await pilot.pause()
        assert app.tree_pane.has_focus_within
        await pilot.press("greater_than_sign")
        await pilot.pause()
        wide = app.tree_pane.outer_size.width
        await pilot.press("less_than_sign")
        await pilot.pause()
        assert app.tree_pane.outer_size.width < wide


async def test_a_smaller_screen_keeps_tree_document_and_hints(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test(size=(160, 45)) as pilot:
        await settle(pilot)
        await pilot.resize_terminal(60, 15)
        await pilot.pause()
        assert app.tree_pane.outer_size.width + app.workspace.outer_size.width == 60
        assert bottom_line(app).startswith(" enter Open")
        assert len(bottom_line(app)) == 60


async def test_escape_leads_from_a_document_back_to_the_tree(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await app.open(Address("docs"))
        await settle(pilot)
        await pilot.press("m")
        assert app.workspace.has_focus_within
        await pilot.press("escape")
        await pilot.pause()
        assert app.tree_pane.has_focus_within
        assert app.tree_pane.display
