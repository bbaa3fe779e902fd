"""The problems pane over the demo's damage: groups, filters, opening, stopping, and a hundred thousand problems."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.config import Settings
from dmart_tui.core.spaces import Problem
from dmart_tui.core.spaces.checks import KINDS, Check, Progress, Report
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.panes.problems import ProblemsPane
from dmart_tui.tui.panes.problems import pane as module
from dmart_tui.tui.panes.problems.findings import FIRST, REST, ROOT, Findings, FirstOf, Grouping, Wanted, place_of
from tests.support.panes import press, settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from textual.pilot import Pilot


@pytest.fixture
async def pilot(demo_root: Path) -> AsyncIterator[Pilot[None]]:
    app = DmartApp(Settings(watch=False, restore=False), demo_root)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        yield pilot


def problems(pilot: Pilot[None]) -> ProblemsPane:
    return pilot.app.query_one(ProblemsPane)


def shown(pilot: Pilot[None]) -> list[str]:
    rows = problems(pilot).rows
    lines = min(rows.row_count() or 1, rows.view_height)
    return ["".join(segment.text for segment in rows.render_line(y)).rstrip(" │") for y in range(lines)]


def said(pilot: Pilot[None], where: str) -> str:
    return str(pilot.app.query_one(f"#problems-{where}").visual)  # type: ignore[attr-defined]


def group_sizes(pilot: Pilot[None]) -> dict[str, int]:
    grouping = problems(pilot).grouping
    names = grouping.names()
    return {names.key(i): len(grouping.group(names.key(i))) for i in range(len(names))}


async def test_it_shows_what_the_check_finds_and_counts_what_it_saw(pilot: Pilot[None]) -> None:
    await press(pilot, "p")
    app: DmartApp = pilot.app  # type: ignore[assignment]
    check = Check(app.spaces)  # type: ignore[arg-type]
    expected = [found for found in check.run() if isinstance(found, Problem)]
    pane = problems(pilot)
    found = [pane.findings.problem(i) for i in range(len(pane.findings))]
    assert [(one.kind, one.address, one.path) for one in found] == [
        (one.kind, one.address, one.path) for one in expected
    ]
    assert sorted(group_sizes(pilot).items()) == sorted(
        {kind: sum(one.kind == kind for one in expected) for kind in {one.kind for one in expected}}.items()
    )
    worst = [KINDS[name].severity for name in group_sizes(pilot)]
    assert worst == sorted(worst, key=("error", "warning", "note").index)
    summary = said(pilot, "summary")
    assert f"✗ {check.report.severities['error']} errors" in summary
    assert f"{check.report.entries} entries · {check.report.attachments} attachments" in summary
    assert f"{check.report.history_lines + check.report.event_lines:,} log lines" in summary
    await pilot.resize_terminal(200, 50)
    await settle(pilot)
    assert f"{check.report.history_lines:,} history lines" in said(pilot, "summary")
    assert app.tasks.listed[-1].state == "done"


async def test_a_group_unfolds_and_the_cursor_is_explained(pilot: Pilot[None]) -> None:
    await press(pilot, "p")
    name = next(iter(group_sizes(pilot)))
    assert KINDS[name].meaning in said(pilot, "words")
    await press(pilot, "enter", "j")
    problem = problems(pilot).current
    assert problem is not None
    assert problem.kind == name
    assert problem.detail in said(pilot, "words")
    assert problem.path in said(pilot, "words")
    assert problem.address[-12:] in shown(pilot)[1]
    await press(pilot, "space")
    assert problems(pilot).rows.current == (name,)
    assert problems(pilot).rows.row_count() == len(group_sizes(pilot))


async def test_other_groups_keep_the_problem_under_the_cursor(pilot: Pilot[None]) -> None:
    await press(pilot, "p", "enter", "j")
    before = problems(pilot).current
    assert before is not None
    total = len(problems(pilot).findings)
    await press(pilot, "v")
    assert problems(pilot).current == before
    assert problems(pilot).rows.current[0] == place_of(before.address)
    assert sum(group_sizes(pilot).values()) == total
    await press(pilot, "v")
    assert list(group_sizes(pilot)) == ["error", "warning", "note"]
    assert problems(pilot).current == before


async def test_severities_and_words_narrow_the_list_and_escape_widens_it(pilot: Pilot[None]) -> None:
    await press(pilot, "p", "o")
    pane = problems(pilot)
    assert {KINDS[name].severity for name in group_sizes(pilot)} == {"error", "warning"}
    await press(pilot, "o")
    assert {KINDS[name].severity for name in group_sizes(pilot)} == {"error"}
    assert "errors only" in said(pilot, "summary")
    await press(pilot, "o", "slash", *"payload-missing", "enter")
    assert set(group_sizes(pilot)) == {"payload-missing"}
    assert f"{pane.grouping.shown} of {len(pane.findings)} shown" in said(pilot, "summary")
    await press(pilot, "slash", *"zzz", "enter")
    assert shown(pilot) == [" No problem matches. `/` changes the text, `o` the severity."]
    await press(pilot, "escape")
    assert pane.grouping.shown == len(pane.findings)
    assert pane.rows.has_focus


@pytest.mark.parametrize(
    ("kind", "address", "view"),
    [
        ("payload-missing", "a/b", "payload"),
        ("schema-violation", "a/b", "payload"),
        ("meta-unreadable", "a/b", "raw"),
        ("lines-glued", "a/b", "history"),
        ("owner-missing", "a/b", "overview"),
        ("payload-missing", "a/b#media/photo", "attachments"),
    ],
)
def test_each_kind_has_a_view_that_shows_it(kind: str, address: str, view: str) -> None:
    assert module.view_of(Problem("error", kind, address, "p", "d")) == view


async def test_enter_opens_the_entry(pilot: Pilot[None]) -> None:
    await press(pilot, "p")
    pane = problems(pilot)
    await pane.rows.open_folder(("owner-missing",))
    first = pane.grouping.group("owner-missing").key(0)
    await pane.rows.reveal(("owner-missing", first))
    problem = pane.current
    assert problem is not None
    await press(pilot, "enter")
    app: DmartApp = pilot.app  # type: ignore[assignment]
    document = app.workspace.current
    assert document is not None
    assert str(document.address) == problem.address
    assert document.state()["view"] == "overview"  # type: ignore[index]


async def test_a_problem_of_the_root_says_why_it_cannot_be_opened(pilot: Pilot[None]) -> None:
    await press(pilot, "p")
    pane = problems(pilot)
    pane.findings.add([Problem("note", "management-missing", "", "management", "none")])
    pane._show_more()
    await pane.rows.open_folder(("management-missing",))
    await pane.rows.reveal(("management-missing", str(len(pane.findings) - 1)))
    assert "root" in str(pane.why_not("problems.open"))
    assert pane.selection() == []


async def test_a_branch_is_checked_alone(pilot: Pilot[None]) -> None:
    app: DmartApp = pilot.app  # type: ignore[assignment]
    await app.open_tool("problems", Address("attic", ("payloads",)))
    await settle(pilot)
    pane = problems(pilot)
    found = [pane.findings.problem(i) for i in range(len(pane.findings))]
    assert found
    assert all(one.address.startswith("attic/payloads") for one in found)


async def test_copies_are_the_lines_of_the_command_line(pilot: Pilot[None]) -> None:
    await press(pilot, "p")
    pane = problems(pilot)
    copied: list[str] = []
    pilot.app.copy_text = copied.append  # type: ignore[attr-defined]
    name, size = next((name, size) for name, size in group_sizes(pilot).items() if size > 1)
    await pane.rows.reveal((name,))
    await press(pilot, "c", "enter", "j", "c")
    assert len(copied[0].splitlines()) == size
    assert copied[1] == copied[0].splitlines()[0]
    assert copied[1].split("\t")[:2] == [KINDS[name].severity, name]


class Slow:
    """A check that finds one problem and then goes on without an end."""

    def __init__(self, spaces: object, address: object, cancel: object) -> None:
        self.report = Report()

    def run(self) -> Iterator[Problem | Progress]:
        self.report.severities["error"] += 1
        yield Progress(256, "a")
        yield Problem("error", "payload-missing", "a/b", "a/.dm/b", "gone")
        pace = threading.Event()
        while not pace.wait(0.02):
            yield Progress(512, "a")


async def test_stopping_keeps_what_was_found(pilot: Pilot[None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Check", Slow)
    await pilot.press("p")
    app: DmartApp = pilot.app  # type: ignore[assignment]
    while not app.query(ProblemsPane) or not len(problems(pilot).findings):
        await pilot.pause()
    pane = problems(pilot)
    assert "checking" in said(pilot, "summary")
    assert "512 entries so far" in said(pilot, "summary")
    assert shown(pilot)[0].split()[-1] == "1"
    await press(pilot, "escape")
    assert not pane.running
    assert app.tasks.listed[-1].state == "stopped"
    assert "stopped" in said(pilot, "summary")
    assert group_sizes(pilot) == {"payload-missing": 1}
    assert pane.why_not("problems.stop") is not None


async def test_closing_the_document_stops_the_check(pilot: Pilot[None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Check", Slow)
    await pilot.press("p")
    app: DmartApp = pilot.app  # type: ignore[assignment]
    while not app.query(ProblemsPane) or not len(problems(pilot).findings):
        await pilot.pause()
    await press(pilot, "x")
    assert not app.query(ProblemsPane)
    assert app.tasks.listed[-1].state == "stopped"


async def test_nothing_wrong_is_said(tmp_path: Path) -> None:
    (tmp_path / "shop" / ".dm").mkdir(parents=True)
    (tmp_path / "shop" / ".dm" / "meta.space.json").write_text(
        '{"shortname": "shop", "is_active": true, "uuid": "8c0b0b6e-5f0c-4c8b-9d0a-1d1f4c7f1a11", '
        ' "owner_shortname": "o", "created_at": "2024-01-01T00:00:00", "updated_at": "2024-01-01T00:00:00"}'
    )
    app = DmartApp(Settings(watch=False, restore=False), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await app.open_tool("problems", Address("shop"))
        await settle(pilot)
        assert "✓ nothing is wrong: 1 entry checked" in said(pilot, "summary")
        assert problems(pilot).why_not("problems.open") is not None


async def test_worse_groups_come_above_and_only_a_moved_cursor_stays_with_its_group(pilot: Pilot[None]) -> None:
    await press(pilot, "p")
    pane = problems(pilot)
    assert pane.rows.cursor == 0
    found = len(pane.findings)
    await pane.rows.reveal(("relation-dangling",))
    pane.findings.add([Problem("error", "unreadable", "a/b", "p", "d")])
    pane._show_more()
    assert pane.rows.current == ("relation-dangling",)
    await press(pilot, "g")
    pane.findings.add([Problem("error", "meta-missing", "a/b", "p", "d")])
    pane._show_more()
    assert pane.rows.cursor == 0
    assert len(pane.findings) == found + 2


async def test_checking_again_forgets_what_was_repaired(pilot: Pilot[None]) -> None:
    await press(pilot, "p")
    pane = problems(pilot)
    before = len(pane.findings)
    pane.findings.add([Problem("error", "payload-missing", "a/b", "p", "d")])
    pilot.app.files_changed.publish(frozenset({"/x"}))  # type: ignore[attr-defined]
    await settle(pilot)
    assert "files changed since" in said(pilot, "summary")
    await press(pilot, "R")
    assert len(pane.findings) == before
    assert "files changed since" not in said(pilot, "summary")


def test_hostile_names_and_words_survive_packing_and_show_no_control() -> None:
    findings = Findings()
    hostile = Problem(
        "warning", "stray-file", "a/b\udc80\x1b[31m%23", "a/.dm/b\udc80\x1b[31m#", "\0 \ud800 \u202e // x"
    )
    findings.add([hostile])
    back = findings.problem(0)
    assert (back.address, back.path) == (hostile.address, hostile.path)
    assert "\0" not in back.detail
    assert "\u202e" not in back.detail
    assert back.detail.endswith(" // x")


def test_problems_without_address_or_path_survive_packing() -> None:
    findings = Findings()
    findings.add([Problem("note", "management-missing", "", "", "none")])
    assert findings.problem(0) == Problem("note", "management-missing", "", "", "none")


def test_places_are_the_folders_of_entries_and_owners() -> None:
    assert place_of("a/b/c") == "a/b"
    assert place_of("a/b/c#media/x") == "a/b"
    assert place_of("a") == "a"
    assert place_of("") == ROOT


def test_a_hundred_thousand_problems_take_little_memory() -> None:
    findings = Findings()
    detail = "the payload file photo.png is missing: restore it or correct payload.body"
    findings.add(
        Problem("error", "payload-missing", f"shop/folder_{i % 5000}/entry_{i}", f"shop/.dm/entry_{i}/m.json", detail)
        for i in range(100_000)
    )
    grouping = Grouping(findings, Wanted(by="place"))
    assert grouping.take(60_000)
    assert grouping.take(len(findings))
    assert grouping.shown == 100_000
    assert len(grouping.names()) == 5000
    assert findings._packed.nbytes < 200 * len(findings)
    group = grouping.group("shop/folder_7")
    assert group.index("5007") == 1
    assert group.index("5008") == -1


async def test_a_long_group_shows_its_first_problems_and_a_row_for_the_rest(pilot: Pilot[None]) -> None:
    await press(pilot, "p", "v", "v", "enter")
    size = group_sizes(pilot)["error"]
    pane = problems(pilot)
    assert size > FIRST + 1
    assert shown(pilot)[FIRST + 1].endswith(f"⋯ {size - FIRST} more")
    await press(pilot, *["j"] * (FIRST + 1))
    assert pane.current is None
    await press(pilot, "enter")
    assert pane.rows.row_count() == size + len(group_sizes(pilot))
    assert pane.rows.current == ("error", pane.grouping.group("error").key(FIRST))
    await press(pilot, "space", "space")
    assert pane.rows.row_count() == FIRST + 1 + len(group_sizes(pilot))


@pytest.mark.parametrize("more", [0, 1, 2])
def test_a_row_for_the_rest_never_stands_for_one_problem(more: int) -> None:
    findings = Findings()
    findings.add(Problem("error", "payload-missing", f"a/{number}", "p", "d") for number in range(FIRST + more))
    grouping = Grouping(findings, Wanted())
    grouping.take(len(findings))
    rows = FirstOf(grouping.group("payload-missing"))
    keys = [rows.key(index) for index in range(len(rows))]
    assert (keys[-1] == REST) == (more == 2)
    assert [rows.index(key) for key in keys] == list(range(len(rows)))
    assert rows.index(str(FIRST + 1)) == -1


def test_a_group_stays_as_it_was_while_more_is_found() -> None:
    findings = Findings()
    findings.add([Problem("error", "payload-missing", "a/b", "p", "d")])
    grouping = Grouping(findings, Wanted())
    grouping.take(1)
    before = grouping.group("payload-missing")
    findings.add([Problem("error", "payload-missing", "a/c", "p", "d")])
    assert grouping.take(2) == {"payload-missing"}
    assert len(before) == 1
    assert before.index("1") == -1
    assert len(grouping.group("payload-missing")) == 2
