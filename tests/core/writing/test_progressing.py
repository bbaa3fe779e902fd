"""Steps of tickets: what they change, what is told of them, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError, NotFound, Refused, UsageFault
from dmart_tui.core.spaces import Spaces, history
from dmart_tui.core.writing import Store, plan_progress, ways_on
from tests.core.writing.conftest import lines, loaded, meta, put

if TYPE_CHECKING:
    from pathlib import Path

CASE = Address("blog", ("cases", "one"))
FOLDER = "blog/cases/.dm/one"
WORKFLOW = {
    "name": "case",
    "initial_state": [{"name": "new", "roles": ["default"]}],
    "states": [
        {"state": "new", "name": "New", "next": [
            {"action": "start", "state": "working", "roles": ["agent"]},
            {"action": "reject", "state": "rejected", "roles": ["lead"], "resolution_required": True},
        ]},
        {"state": "working", "name": "Working", "next": [{"action": "finish", "state": "done", "roles": ["agent"]}]},
        {"state": "done", "name": "Done", "resolutions": ["fixed", {"key": "replaced", "en": "Replaced"}]},
        {"state": "rejected", "name": "Rejected", "resolutions": ["duplicate"]},
    ],
}  # fmt: skip


@pytest.fixture
def root(root: Path) -> Path:
    """With a ticket and its workflow."""
    put(root / "blog/workflows/case.json", WORKFLOW)
    put(root / "blog/cases/.dm/meta.folder.json", meta("cases"))
    ticket = meta("one", state="new", is_open=True, workflow_shortname="case", collaborators={"processed_by": "lana"})
    put(root / f"{FOLDER}/meta.ticket.json", ticket)
    return root


def test_a_step_changes_the_state_and_is_told_as_dmart_tells_it(store: Store, root: Path) -> None:
    before = loaded(root / f"{FOLDER}/meta.ticket.json")
    store.apply(plan_progress(store, CASE, "start"))
    after = loaded(root / f"{FOLDER}/meta.ticket.json")
    assert list(after) == list(before)
    assert after == {**before, "state": "working", "updated_at": "2026-11-21T12:30:01.000005"}
    (line,) = lines(root / f"{FOLDER}/history.jsonl")
    assert line["diff"] == {"state": {"old": "new", "new": "working"}}
    (event,) = lines(root / "blog/.dm/events.jsonl")
    assert (event["request"], event["resource"]["type"]) == ("progress_ticket", "ticket")
    assert event["attributes"]["state"] == {"old": "new", "new": "working"}


def test_a_step_with_a_resolution_and_a_comment_closes_the_ticket(store: Store, root: Path) -> None:
    store.apply(plan_progress(store, CASE, "start"))
    plan = plan_progress(store, CASE, "finish", resolution="replaced", comment="A new board")
    assert plan.notes == ("the ticket is closed by it",)
    store.apply(plan)
    ticket = loaded(root / f"{FOLDER}/meta.ticket.json")
    assert (ticket["state"], ticket["is_open"], ticket["resolution_reason"]) == ("done", False, "replaced")
    assert ticket["collaborators"] == {"processed_by": "lana"}
    assert lines(root / f"{FOLDER}/history.jsonl")[-1]["diff"] == {
        "state": {"old": "working", "new": "done"},
        "resolution_reason": {"old": "null", "new": "replaced"},
        "comment": {"old": "null", "new": "A new board"},
    }
    assert {change.kind for change in next(history(store.spaces, CASE)).changes} == {"event"}
    (said,) = store.spaces.attachments(store.spaces.load(CASE))
    assert (said.type, said.address.name[:12]) == ("comment", "c_2026112112")
    assert (said.text, said.meta["state"], said.owner) == ("A new board", "done", "ann")
    with pytest.raises(Refused, match="closed"):
        plan_progress(store, CASE, "start")
    assert ways_on(store, CASE) == []


def test_two_comments_of_one_second_get_two_names(store: Store, root: Path) -> None:
    put(root / f"{FOLDER}/attachments.comment/meta.c_20261121123001.json", meta("c_20261121123001", body="before"))
    store.apply(plan_progress(store, CASE, "start", comment="and now"))
    assert store.spaces.attachment(CASE.attached("comment", "c_20261121123001_2")).text == "and now"


def test_the_ways_on_say_who_may_take_them(store: Store) -> None:
    assert [(way.action, way.state, way.why_not) for way in ways_on(store, CASE)] == [
        ("start", "working", None),
        ("reject", "rejected", None),
    ]
    assert [bool(way.why_not) for way in ways_on(store, CASE, ["agent"])] == [False, True]


@pytest.mark.parametrize(
    ("address", "action", "options", "error"),
    [
        ("blog/cases/one", "finish", {}, Refused),
        ("blog/cases/one", "reject", {}, Refused),
        ("blog/cases/one", "reject", {"resolution": "fixed"}, Refused),
        ("blog/cases/one", "start", {"roles": ["lead"]}, Refused),
        ("blog/cases/none", "start", {}, NotFound),
        ("blog/posts/hello", "start", {}, UsageFault),
    ],
)
def test_steps_that_are_refused(
    store: Store, address: str, action: str, options: dict[str, Any], error: type[DmartTuiError]
) -> None:
    with pytest.raises(error):
        plan_progress(store, Address.parse(address), action, **options)


def test_a_ticket_without_its_workflow_cannot_go_on(store: Store, root: Path) -> None:
    (root / "blog/workflows/case.json").unlink()
    with pytest.raises(NotFound, match="no workflow case"):
        ways_on(store, CASE)
    put(root / f"{FOLDER}/meta.ticket.json", meta("one", state="new", is_open=True))
    with pytest.raises(UsageFault):
        ways_on(store, CASE)


def test_real_tickets_go_on_and_only_what_changes_changes(real_root: Path, tmp_path: Path) -> None:
    from shutil import copytree

    found = real_root / "startappz"
    if not found.is_dir():
        pytest.skip("no tickets in this folder")
    copytree(found, tmp_path / "startappz", symlinks=True)
    store = Store(Spaces(tmp_path), user="ann")
    done = 0
    for entry in list(store.spaces.walk(Address("startappz", ("tickets",)))):
        if entry.type != "ticket" or not entry.meta.get("is_open"):
            continue
        for way in ways_on(store, entry.address)[:1]:
            store.apply(plan_progress(store, entry.address, way.action, comment="on"))
            after = store.spaces.load(entry.address)
            keys = {key for key in after.meta if after.meta[key] != entry.meta.get(key)}
            assert keys - {"is_open"} <= {"state", "updated_at"}
            assert after.meta["state"] == way.state
            done += 1
    assert done


def test_a_step_with_its_comment_can_be_taken_back(store: Store, root: Path) -> None:
    before = loaded(root / f"{FOLDER}/meta.ticket.json")
    done = store.apply(plan_progress(store, CASE, "start", comment="too early"))
    store.apply(store.undo(done), anyway=True)
    assert loaded(root / f"{FOLDER}/meta.ticket.json") == {**before, "updated_at": "2026-11-21T12:30:03.000005"}
    assert not list(store.spaces.attachments(store.spaces.load(CASE)))
