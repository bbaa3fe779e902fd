"""A workflow as a diagram: its states, the ways between them, where a ticket stands and where it may go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.segment import Segment

from dmart_tui.core.text import safe, wrap
from dmart_tui.tui.widgets.built_lines import BuiltLines
from dmart_tui.tui.widgets.diagram import Edge, Node, draw

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dmart_tui.core.spaces import Workflow
    from dmart_tui.core.spaces.ticketing import Step
    from dmart_tui.tui.widgets.built_lines import Styles
    from dmart_tui.tui.widgets.diagram import Drawing

HERE: Final = "●"
_LONGEST: Final = 24
"""Cells of a state's name in a diagram."""


def workflow_diagram(
    workflow: Workflow, width: int, *, at: str | None = None, steps: Iterable[Step] = (), chosen: Step | None = None
) -> Drawing:
    """Draw a workflow in at most `width` cells.

    Args:
        at: the state a ticket is in.
        steps: the ways on from there; those that may be taken stand out.
        chosen: the way that stands out most.
    """
    open_ways = [step.state for step in steps if step.why_not is None]
    keys = dict.fromkeys(state for state, _ in workflow.initial if state in workflow.states)
    keys |= dict.fromkeys(workflow.states)
    ways = [(state.key, way.state) for state in workflow.states.values() for way in state.transitions if way.state]
    keys |= dict.fromkeys(target for _, target in ways)
    if at is not None:
        keys.setdefault(at, None)
    nodes = []
    for key in keys:
        label = safe(key) if len(key) <= _LONGEST else f"{safe(key[:_LONGEST])}…"
        if key not in workflow.states:
            nodes.append(Node(key, f"{HERE if key == at else '✗'} {label}", "error"))
        elif key == at:
            nodes.append(Node(key, f"{HERE} {label}", "accent"))
        else:
            nodes.append(Node(key, label, "" if at is None or key in open_ways else "muted"))
    edges = []
    for source, target in ways:
        tone = "muted" if at is None else "guide"
        if source == at and target in open_ways:
            tone = "accent" if chosen is not None and chosen.state == target else ""
        edges.append(Edge(source, target, tone))
    return draw(nodes, edges, width)


def workflow_view(workflow: Workflow) -> BuiltLines:
    """A widget that shows a workflow whole."""
    return BuiltLines(lambda width, style: list(workflow_lines(workflow, width, style)))


def workflow_lines(workflow: Workflow, width: int, style: Styles) -> Iterator[list[Segment]]:
    """The diagram of a workflow, and below it each way with who may take it."""
    for line in workflow_diagram(workflow, width - 1).segments(style):
        yield [Segment(" "), *line]
    for problem in workflow.problems:
        yield [Segment(f" ! {safe(problem)}", style("warning"))]
    for state in workflow.states.values():
        yield []
        name = f"  {safe(state.name)}" if state.name != state.key else ""
        begins = [" or ".join(roles) for key, roles in workflow.initial if key == state.key]
        begin = f"  tickets of {safe(', '.join(begins))} begin here" if begins else ""
        end = "" if state.is_open else "  closed"
        yield [
            Segment(f" {safe(state.key)}", style("strong")),
            Segment(name, style("")),
            Segment(f"{begin}{end}", style("muted")),
        ]
        for way in state.transitions:
            needs = ", with a resolution" if way.resolution_required else ""
            words = f"{safe(way.action)} → {safe(way.state)}  {safe(' or '.join(way.roles) or 'nobody')}{needs}"
            yield from ([Segment(f"   {text}", style(""))] for text in wrap(words, max(8, width - 3)))
        if state.resolutions:
            words = f"resolutions: {', '.join(safe(one.key) for one in state.resolutions)}"
            yield from ([Segment(f"   {text}", style("muted"))] for text in wrap(words, max(8, width - 3)))


__all__ = ["HERE", "workflow_diagram", "workflow_lines", "workflow_view"]
