"""`progress`, `lock` and `unlock`: who works on an entry, and how far a ticket is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from dmart_tui.cli.completing import complete_address
from dmart_tui.cli.output import Column, Output
from dmart_tui.cli.planning import run, show, writing_options
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.core.writing import lock_entry, plan_lock, plan_progress, plan_unlock, unlock_entry, ways_on

if TYPE_CHECKING:
    from dmart_tui.core.spaces.ticketing import Step

_COLUMNS: Final = (
    Column("action", lambda row: row["action"], style="bold"),
    Column("leads to", lambda row: row["state"]),
    Column("roles", lambda row: ", ".join(row["roles"])),
    Column("resolutions", lambda row: ", ".join(row["resolutions"])),
    Column("", lambda row: row["why_not"] or ("" if row["is_open"] else "closes it"), style="dim"),
)


@click.command()
@click.argument("address", shell_complete=complete_address)
@click.argument("action", required=False)
@click.option("--resolution", metavar="R", help="Why it ends so: one that the state it leads to offers.")
@click.option("--comment", metavar="C", help="What is to be said about it.")
@click.option("--role", "roles", metavar="ROLE", multiple=True, help="Only what this role may do; several are united.")
@writing_options
@global_options
@pass_session
def progress_command(
    session: Session,
    address: str,
    action: str | None,
    resolution: str | None,
    comment: str | None,
    roles: tuple[str, ...],
    dry_run: bool,
    anyway: bool,
    mode: str | None,
) -> int:
    """Take the ticket at ADDRESS further by ACTION; without one, list the actions that its workflow offers.

    Who works on the files is held to no role unless --role names some.
    """
    target, held_to = session.address(address), roles or None
    if action is None:
        ways = ways_on(session.store, target, held_to)
        Output(session, mode).rows(map(_row, ways), _COLUMNS)
        if not ways:
            session.say("nothing leads on from here: the ticket is closed, or its state is the end")
        return 0
    return run(
        session,
        lambda: plan_progress(session.store, target, action, resolution=resolution, comment=comment, roles=held_to),
        dry_run,
        anyway,
        mode=mode,
    )


def _row(way: Step) -> dict[str, Any]:
    return {
        "action": way.action,
        "state": way.state,
        "roles": list(way.roles),
        "resolutions": [resolution.key for resolution in way.resolutions],
        "resolution_required": way.resolution_required,
        "is_open": way.is_open,
        "why_not": way.why_not,
    }


@click.command()
@click.argument("address", shell_complete=complete_address)
@click.option("--force", is_flag=True, help="Also when somebody else holds the lock.")
@writing_options
@global_options
@pass_session
def lock_command(session: Session, address: str, force: bool, dry_run: bool, anyway: bool, mode: str | None) -> int:
    """Lock the entry at ADDRESS for a while; one's own lock is extended.

    Where the settings name D-MART's Redis it is D-MART's own lock, else one that other dmart-tui honour.
    """
    store, target = session.store, session.address(address)
    if dry_run:
        return run(session, plan_lock(store, target, force=force), dry_run, anyway, mode=mode)
    show(session, Output(session, mode), lock_entry(store, target, force=force, anyway=anyway).plan, done=True)
    return 0


@click.command()
@click.argument("address", shell_complete=complete_address)
@click.option("--force", is_flag=True, help="Also when somebody else holds the lock.")
@writing_options
@global_options
@pass_session
def unlock_command(session: Session, address: str, force: bool, dry_run: bool, anyway: bool, mode: str | None) -> int:
    """Give back the lock of the entry at ADDRESS."""
    store, target = session.store, session.address(address)
    if dry_run:
        return run(session, plan_unlock(store, target, force=force), dry_run, anyway, mode=mode)
    show(session, Output(session, mode), unlock_entry(store, target, force=force, anyway=anyway).plan, done=True)
    return 0
