"""What all commands that change something share: the plan shown, carried out, and what was left unfinished before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from dmart_tui.cli.changes import change_row, told
from dmart_tui.cli.output import Output, Style, counted, encode
from dmart_tui.core.steps import Append, Copy, Discard, MakeFolder, Move, RemoveFolder, Write
from dmart_tui.core.text import cell_width, safe
from dmart_tui.core.units import format_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dmart_tui.cli.session import Session
    from dmart_tui.core.steps import Step
    from dmart_tui.core.writing import Plan

F = TypeVar("F", bound="Callable[..., Any]")


def writing_options(function: F) -> F:
    """Add `--dry-run`, `--anyway` and `--json`; the command gets `dry_run`, `anyway` and `mode`."""
    options = (
        click.option("--dry-run", is_flag=True, help="Show what would happen, and change nothing."),
        click.option("--anyway", is_flag=True, help="Do it although a warning asks for a deliberate yes."),
        click.option("--json", "mode", flag_value="json", type=str, help="Print the plan as one JSON document."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def run(
    session: Session,
    plan: Plan | Callable[[], Plan],
    dry_run: bool = False,
    anyway: bool = False,
    *,
    mode: str | None = None,
) -> int:
    """Show a plan and carry it out; the exit code: 1 for a dry run of what would be refused.

    Args:
        plan: or what makes it; then it is made again where somebody else changed the same meanwhile.
        mode: `json` or None.

    Raises:
        Refused, Conflict, Failed: as `Store.apply`.
    """
    output = Output(session, mode)
    if dry_run:
        planned = session.store.warned(plan() if callable(plan) else plan)
        show(session, output, planned, done=False)
        return int(not anyway and any(warned.deliberate for warned in planned.warnings))
    store = session.store
    done = store.change(plan, anyway=anyway) if callable(plan) else store.apply(plan, anyway=anyway)
    show(session, output, done.plan, done=True)
    return 0


def show(session: Session, output: Output, plan: Plan, *, done: bool) -> None:
    """Print a plan; arguments as `plan_row`."""
    if output.mode != "text":
        output.document(plan_row(session, plan, done=done))
        return
    if output.terminal:
        _show_whole(session, output, plan, files=not done)
    elif done and plan.steps and not plan.changes:
        output.line(safe(str(plan.result or plan.address)))
    else:
        for row in map(change_row, plan.changes):
            cells = (
                str(plan.address),
                row["key"],
                row["kind"],
                *(encode(row[side]).decode() for side in ("old", "new")),
            )
            output.line("\t".join(map(safe, cells)))
    for warned in plan.warnings:
        session.say(f"{'!' if warned.deliberate else '·'} {warned.text}")
    if not output.terminal:
        for note in plan.notes:
            session.say(note)
    if not plan.steps:
        session.say("nothing changes")


def _show_whole(session: Session, output: Output, plan: Plan, *, files: bool) -> None:
    output.line(output.styled(safe(plan.title), "bold"))
    width = max((cell_width(safe(change.key)) for change in plan.changes), default=0)
    for change in plan.changes:
        key = safe(change.key)
        output.line(f"  {output.styled(key, 'dim')}{' ' * (width - cell_width(key))}  {told(change, output)}")
    for note in plan.notes:
        output.line(f"  {safe(note)}")
    if not files:
        return
    rows = [_step_row(session, step) for step in plan.steps]
    for row in rows[:_SHOWN]:
        size = format_size(row["bytes"]) if "bytes" in row else ""
        name = safe(row["path"] if "source" not in row else f"{row['source']} → {row['path']}")
        line = f"  {output.styled(row['action'].ljust(_WIDEST), _STYLES.get(row['action'], 'dim'))}  {name}  {size}"
        output.line(line.rstrip())
    if len(rows) > _SHOWN:
        output.line(f"  … and {counted(len(rows) - _SHOWN, 'step')} more")
    for written in plan.lines:
        output.line(f"  {output.styled(safe(written.decode('utf-8', 'replace')), 'dim')}")


_SHOWN: Final = 50
"""Steps shown to a person."""
_ACTIONS: Final = {
    MakeFolder: "make",
    Write: "write",
    Copy: "copy",
    Move: "move",
    RemoveFolder: "remove",
    Discard: "free",
    Append: "append",
}
_WIDEST: Final = max(map(len, _ACTIONS.values()))
_STYLES: Final[dict[str, Style]] = {"write": "green", "move": "yellow", "remove": "red", "free": "red"}


def _step_row(session: Session, step: Step) -> dict[str, Any]:
    """A step as JSON holds it; paths are relative to the root."""
    row: dict[str, Any] = {"action": _ACTIONS[type(step)], "path": session.spaces.relative(step.path)}
    match step:
        case Write():
            row["bytes"] = len(step.data)
        case Append():
            row["bytes"] = len(step.line)
        case Copy() | Move():
            row["source"] = session.spaces.relative(step.source)
    return row


def plan_row(session: Session, plan: Plan, *, done: bool) -> dict[str, Any]:
    """A plan as JSON holds it.

    Args:
        done: whether it was carried out.
    """
    return {
        "title": plan.title,
        "address": str(plan.address),
        "result": str(plan.result or plan.address),
        "done": done,
        "changes": [change_row(change) for change in plan.changes],
        "files": [_step_row(session, step) for step in plan.steps],
        "lines": [line.decode("utf-8", "replace") for line in plan.lines],
        "warnings": list(_warning_rows(plan)),
        "notes": list(plan.notes),
    }


def _warning_rows(plan: Plan) -> Iterator[dict[str, Any]]:
    for warned in plan.warnings:
        yield {
            "kind": warned.kind,
            "path": list(warned.path),
            "text": warned.text,
            "deliberate": warned.deliberate,
        }
