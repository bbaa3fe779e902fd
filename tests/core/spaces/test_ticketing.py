"""What may happen to a ticket, rule by rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dmart_tui.core.errors import Refused
from dmart_tui.core.spaces import Permissions, Spaces, Workflows, begin, parse_workflow, progress, transitions

FLOW = parse_workflow(
    {
        "initial_state": [
            {"name": "asked", "roles": ["default"]},
            {"name": "seen", "roles": ["clerk"]},
            {"name": "other", "roles": ["default"]},
        ],
        "states": [
            {
                "state": "asked",
                "next": [
                    {"action": "look", "state": "seen", "roles": ["clerk", "boss"]},
                    {"action": "end", "state": "done", "roles": ["boss"]},
                    {"action": "end", "state": "seen", "roles": ["clerk"]},
                    {"action": "lose", "state": "lost", "roles": ["logged_in"]},
                    {"action": "nowhere", "roles": ["clerk"]},
                    {"action": "nobody", "state": "seen"},
                ],
            },
            {
                "state": "seen",
                "next": [
                    {"action": "pay", "to": "paid", "roles": ["clerk"], "resolution_required": True},
                    {"action": "back", "state": "asked", "role": "clerk"},
                    {"action": "drop", "state": "stuck", "roles": ["clerk"], "resolution_required": True},
                ],
            },
            {"state": "paid", "resolutions": [{"key": "cash", "en": "Cash"}, {"key": "card"}]},
            {"state": "done", "resolutions": ["refused", "late"]},
            {"state": "stuck", "next": []},
        ],
    }
)


def test_the_ways_on() -> None:
    steps = transitions(FLOW, "asked", ["clerk", "logged_in"])
    assert [(step.action, step.state, step.is_open, step.why_not) for step in steps] == [
        ("look", "seen", True, None),
        ("end", "done", False, "end is for boss"),
        ("end", "seen", True, "another way with the action end stands before it"),
        ("lose", "lost", True, None),  # a state the workflow does not know is open
        ("nowhere", "", True, "nowhere leads to no state"),
        ("nobody", "seen", True, "nobody is for no role"),
    ]
    assert [[one.key for one in step.resolutions] for step in steps[:2]] == [[], ["refused", "late"]]
    assert transitions(FLOW, "lost", None) == []


def test_an_operator_is_stopped_by_no_role_but_by_everything_else() -> None:
    free = [step.action for step in transitions(FLOW, "asked", None) if step.why_not is None]
    assert free == ["look", "end", "lose", "nobody"]


@pytest.mark.parametrize(
    ("state", "action", "roles", "resolution", "changes"),
    [
        ("asked", "look", ["clerk"], None, {"state": "seen", "is_open": True}),
        ("asked", "look", None, None, {"state": "seen", "is_open": True}),
        ("asked", "end", ["boss"], None, {"state": "done", "is_open": False}),
        ("asked", "end", ["boss"], "late", {"state": "done", "is_open": False, "resolution_reason": "late"}),
        ("seen", "pay", ["clerk"], "cash", {"state": "paid", "is_open": False, "resolution_reason": "cash"}),
        ("seen", "back", ["clerk"], None, {"state": "asked", "is_open": True}),
        ("asked", "lose", ["logged_in"], None, {"state": "lost", "is_open": True}),
    ],
)
def test_progress(state: str, action: str, roles: list[str] | None, resolution: str | None, changes: Any) -> None:
    assert progress(FLOW, {"state": state, "is_open": True}, action, roles, resolution) == changes
    assert progress(FLOW, {"state": state}, action, roles, resolution) == changes


@pytest.mark.parametrize(
    ("meta", "action", "roles", "resolution", "said"),
    [
        ({"state": "asked", "is_open": False}, "look", None, None, "the ticket is closed, in the state asked"),
        ({"state": "gone"}, "look", None, None, "the ticket is in the state gone, which its workflow does not know"),
        ({"state": ["x"]}, "look", None, None, "the ticket is in the state ['x'], which its workflow does not know"),
        ({}, "look", None, None, "the ticket is in the state None, which its workflow does not know"),
        (
            {"state": "asked"}, "fly", None, None,
            "there is no fly from asked (from here: look, end, end, lose, nowhere, nobody)",
        ),
        ({"state": "stuck"}, "fly", None, None, "there is no fly from stuck (it is the end)"),
        ({"state": "paid"}, "fly", None, None, "there is no fly from paid (it is the end)"),
        ({"state": "asked"}, "look", [], None, "look is for clerk or boss"),
        ({"state": "asked"}, "end", ["clerk"], None, "end is for boss"),  # the second `end` is never looked at
        ({"state": "asked"}, "nowhere", None, None, "nowhere leads to no state"),
        ({"state": "seen"}, "pay", None, None, "pay needs a resolution (one of: cash, card)"),
        ({"state": "seen"}, "drop", None, None, "drop needs a resolution"),
        ({"state": "seen"}, "pay", None, "Cash", "paid does not know the resolution Cash (one of: cash, card)"),
        ({"state": "asked"}, "look", None, "cash", "seen does not know the resolution cash (it knows none)"),
        ({"state": "asked"}, "lose", None, "cash", "lost does not know the resolution cash (it knows none)"),
    ],
)  # fmt: skip
def test_what_is_refused(
    meta: dict[str, Any], action: str, roles: list[str] | None, resolution: str | None, said: str
) -> None:
    with pytest.raises(Refused) as refused:
        progress(FLOW, meta, action, roles, resolution)
    assert str(refused.value) == said


def test_where_a_ticket_begins() -> None:
    assert begin(FLOW, ["clerk"]) == {"state": "seen", "is_open": True}
    assert begin(FLOW, ["guest"]) == begin(FLOW, None) == {"state": "asked", "is_open": True}
    clerks = parse_workflow({"initial_state": [{"name": "seen", "roles": ["clerk"]}], "states": []})
    assert begin(clerks, None)["state"] == "seen"
    with pytest.raises(Refused, match="they begin in seen for clerk"):
        begin(clerks, ["guest"])
    with pytest.raises(Refused, match="it has no initial state"):
        begin(parse_workflow({"states": []}), None)


def test_a_case_of_the_demo_goes_its_way(demo_root: Path) -> None:
    spaces = Spaces(demo_root)
    flow = Workflows(spaces).get("support", "support_case")
    rights = Permissions(spaces)
    agent, lead = rights.of("haval").roles, rights.of("shilan").roles
    ticket = begin(flow, agent)
    for action, roles, resolution in (
        ("triage", agent, None),
        ("start", agent, None),
        ("resolve", agent, "solved"),
        ("close", lead, None),
    ):
        ticket |= progress(flow, ticket, action, roles, resolution)
    assert ticket == {"state": "closed", "is_open": False, "resolution_reason": "solved"}
    with pytest.raises(Refused, match="reject is for support_lead"):
        progress(flow, begin(flow, agent), "reject", agent)
