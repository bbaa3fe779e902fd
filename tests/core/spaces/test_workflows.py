"""Workflow documents in both dialects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dmart_tui.core.errors import Damaged, NotFound
from dmart_tui.core.spaces import Spaces, Workflows, parse_workflow

ENGINE: dict[str, Any] = {
    "name": "Return",
    "initial_state": [{"name": "asked", "roles": ["default"]}, {"name": "seen", "roles": ["clerk"]}],
    "states": [
        {"name": "Asked", "state": "asked", "next": [{"roles": ["clerk"], "action": "look", "state": "seen"}]},
        {"name": "Seen", "state": "seen", "next": [{"roles": ["clerk", "boss"], "action": "end", "state": "done"}]},
        {"name": "Done", "state": "done", "resolutions": ["paid", "refused"]},
    ],
}
OTHER: dict[str, Any] = {
    "initial_state": [{"name": "new", "roles": ["default"]}],
    "states": [
        {
            "state": "new",
            "next": [
                {"role": "boss", "action": "end", "to": "done", "resolution_required": True, "resolutions": ["late"]}
            ],
        },
        {"state": "done", "resolutions": [{"key": "paid", "en": "Paid", "ar": "مدفوع"}]},
    ],
}


def test_the_engine_dialect() -> None:
    workflow = parse_workflow(ENGINE)
    assert workflow.problems == ()
    assert list(workflow.states) == ["asked", "seen", "done"]
    way = workflow.states["seen"].transition("end")
    assert way is not None
    assert (way.state, way.roles) == ("done", ("clerk", "boss"))
    assert workflow.states["seen"].transition("fly") is None
    assert [one.key for one in workflow.states["done"].resolutions] == ["paid", "refused"]


def test_the_other_dialect() -> None:
    workflow = parse_workflow(OTHER)
    way = workflow.states["new"].transitions[0]
    assert (way.state, way.roles, way.resolution_required) == ("done", ("boss",), True)
    assert workflow.states["new"].resolutions[0].key == "late"
    assert workflow.states["done"].resolutions[0].labels["ar"] == "مدفوع"


def test_where_a_ticket_begins() -> None:
    workflow = parse_workflow(ENGINE)
    assert workflow.initial_state(["clerk"]) == "seen"
    assert workflow.initial_state(["guest"]) == "asked"
    assert parse_workflow({"states": []}).initial_state() is None


def test_a_state_is_open_where_it_has_a_next_and_where_it_is_unknown() -> None:
    workflow = parse_workflow({"states": [{"state": "end"}, {"state": "stuck", "next": []}]})
    assert [workflow.is_open(state) for state in ("end", "stuck", "nowhere")] == [False, True, True]


def test_what_is_odd_is_said() -> None:
    workflow = parse_workflow(
        {
            "initial_state": [{"name": "gone"}],
            "states": [{"state": "a", "next": [{"action": "go", "state": "b"}, 7]}, {"state": "a"}, {}, "x"],
        }
    )
    assert set(workflow.problems) == {
        "the state a is there twice",
        "a state has no name",
        "tickets begin in gone, which is no state",
        "a leads by go to b, which is no state",
    }


@pytest.mark.parametrize("document", [None, [], {}, {"states": {}}, "x"])
def test_what_is_no_workflow(document: Any) -> None:
    with pytest.raises(Damaged):
        parse_workflow(document)


def test_they_stand_in_the_space(tmp_path: Path) -> None:
    folder = tmp_path / "shop/workflows"
    folder.mkdir(parents=True)
    (folder / "return.json").write_text(json.dumps(ENGINE))
    (folder / "torn.json").write_text("{")
    workflows = Workflows(Spaces(tmp_path))
    found = workflows.get("shop", "return")
    assert found.name == "Return"
    assert workflows.get("shop", "return") is found
    for name in ("nothing", "../workflows/return"):
        with pytest.raises(NotFound):
            workflows.get("shop", name)
    with pytest.raises(Damaged):
        workflows.get("shop", "torn")
