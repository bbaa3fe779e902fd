"""What may happen to a ticket: D-MART's rules on top of its workflow.

Roles are those of `Rights.roles`; None stands for an operator who works on the files and is no user of D-MART, whom no
role stops. D-MART asks for the right to `update` the fields that a change sets, not for `progress_ticket`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dmart_tui.core.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from dmart_tui.core.spaces.workflows import Resolution, Transition, Workflow


@dataclass(frozen=True, slots=True)
class Step:
    """One way on from a ticket's state."""

    action: str
    state: str
    """Where it leads."""
    roles: tuple[str, ...]
    """Who may take it."""
    resolutions: tuple[Resolution, ...]
    """The reasons that the state it leads to knows."""
    resolution_required: bool
    is_open: bool
    """Whether the ticket is open afterwards."""
    why_not: str | None
    """Why it cannot be taken, a sentence without a final stop; None when it can."""


def transitions(workflow: Workflow, state: str, roles: Collection[str] | None) -> list[Step]:
    """The ways on from a state, in the workflow's order; none from a state it does not know.

    Of several with one action D-MART sees the first.
    """
    known = workflow.states.get(state)
    steps: list[Step] = []
    for way in known.transitions if known else ():
        shadowed = any(step.action == way.action for step in steps)
        steps.append(_step(workflow, way, roles, shadowed=shadowed))
    return steps


def begin(workflow: Workflow, roles: Collection[str] | None) -> dict[str, Any]:
    """The fields of a new ticket: the first state for one of the roles, else the default one; open in any case.

    Raises:
        Refused: tickets of these roles begin nowhere.
    """
    state = workflow.initial_state(roles or ())
    if state is None and roles is None and workflow.initial:
        state = workflow.initial[0][0]
    if state is None:
        raise Refused("the workflow has no state in which tickets of these roles begin", hint=_of_all(workflow))
    return {"state": state, "is_open": True}


def progress(
    workflow: Workflow,
    meta: Mapping[str, Any],
    action: str,
    roles: Collection[str] | None,
    resolution: str | None = None,
) -> dict[str, Any]:
    """What an action changes in a ticket's meta: `state`, `is_open`, and `resolution_reason` when one is given.

    Raises:
        Refused: the ticket is closed or in an unknown state, the state has no such action, no role may take it, or
            the resolution is missing or unknown where it leads.
    """
    state = meta.get("state")
    if meta.get("is_open") is False:
        raise Refused(f"the ticket is closed, in the state {state}")
    if not isinstance(state, str) or state not in workflow.states:
        raise Refused(f"the ticket is in the state {state}, which its workflow does not know")
    steps = transitions(workflow, state, roles)
    step = next((one for one in steps if one.action == action), None)
    if step is None:
        ways = ", ".join(one.action for one in steps)
        raise Refused(f"there is no {action} from {state}", hint=f"from here: {ways}" if ways else "it is the end")
    if step.why_not:
        raise Refused(step.why_not)
    keys = [one.key for one in step.resolutions]
    if resolution is None:
        if step.resolution_required:
            raise Refused(f"{action} needs a resolution", hint=f"one of: {', '.join(keys)}" if keys else "")
        return {"state": step.state, "is_open": step.is_open}
    if resolution not in keys:
        known = f"one of: {', '.join(keys)}" if keys else "it knows none"
        raise Refused(f"{step.state} does not know the resolution {resolution}", hint=known)
    return {"state": step.state, "is_open": step.is_open, "resolution_reason": resolution}


def _step(workflow: Workflow, way: Transition, roles: Collection[str] | None, *, shadowed: bool) -> Step:
    why_not = None
    if shadowed:
        why_not = f"another way with the action {way.action} stands before it"
    elif not way.state:
        why_not = f"{way.action} leads to no state"
    elif roles is not None and not set(way.roles).intersection(roles):
        why_not = f"{way.action} is for {' or '.join(way.roles) or 'no role'}"
    target = workflow.states.get(way.state)
    return Step(
        way.action,
        way.state,
        way.roles,
        target.resolutions if target else (),
        way.resolution_required,
        workflow.is_open(way.state),
        why_not,
    )


def _of_all(workflow: Workflow) -> str:
    begins = [f"{state} for {' or '.join(roles)}" for state, roles in workflow.initial]
    return f"they begin in {', '.join(begins)}" if begins else "it has no initial state"
