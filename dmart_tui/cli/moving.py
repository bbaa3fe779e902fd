"""`mv`, `rm` and `trash`: moving and renaming, throwing away and getting back."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import click

from dmart_tui.cli.completing import complete_address
from dmart_tui.cli.output import Column, Output, Progress, counted, output_options
from dmart_tui.cli.planning import run, writing_options
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.core.errors import NotFound
from dmart_tui.core.spaces import Kind
from dmart_tui.core.units import format_size
from dmart_tui.core.writing import plan_move, plan_restore, plan_trash, purge, trash_item, trash_items

if TYPE_CHECKING:
    from dmart_tui.core.address import Address
    from dmart_tui.core.writing import Plan, TrashItem

NO: Final = 1
"""Exit code of a question that was answered with no."""


@click.command()
@click.argument("source", metavar="A", shell_complete=complete_address)
@click.argument("target", metavar="B", shell_complete=complete_address)
@click.option("--rewrite", is_flag=True, help="Let what points to it point to the new place.")
@click.option("--parents", is_flag=True, help="Make the folders above B that are missing.")
@writing_options
@global_options
@pass_session
def mv_command(
    session: Session,
    source: str,
    target: str,
    rewrite: bool,
    parents: bool,
    dry_run: bool,
    anyway: bool,
    mode: str | None,
) -> int:
    """Move or rename A (an entry, a folder, an attachment, a space) to B, or into the folder B.

    All that belongs to it goes along; nothing is ever written over. What points to it is listed.
    """
    wanted = session.address(source)

    def make() -> Plan:
        with Progress("entries read") as progress:
            return plan_move(
                session.store,
                wanted,
                _into(session, wanted, session.address(target)),
                rewrite=rewrite,
                parents=parents,
                progress=progress.update,
            )

    return run(session, make, dry_run, anyway, mode=mode)


def _into(session: Session, source: Address, target: Address) -> Address:
    """The whole new address: a folder that is there already, or an entry for an attachment, is gone into."""
    if target.attachment is not None:
        return target
    if source.attachment is not None:
        return target.attached(*source.attachment)
    with suppress(NotFound):
        found = session.spaces.load(target)
        moved = session.spaces.load(source)
        if found.kind is not Kind.ENTRY and moved.kind is not Kind.SPACE and found.address != moved.address:
            return found.address.child(moved.address.name)
    return target


@click.command()
@click.argument("address", shell_complete=complete_address)
@click.option("--forever", is_flag=True, help="Free the disk at once; nothing takes that back.")
@click.option("--packed-in", metavar="A", help="Only if the archive A holds every file of it as it is.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@writing_options
@global_options
@pass_session
def rm_command(
    session: Session,
    address: str,
    forever: bool,
    packed_in: str | None,
    yes: bool,
    dry_run: bool,
    anyway: bool,
    mode: str | None,
) -> int:
    """Move what stands at ADDRESS to the trash, with all that belongs to it; `trash restore` puts it back.

    What points to it is listed.
    """
    target = session.address(address)

    def make() -> Plan:
        if packed_in is not None:
            from dmart_tui.core.writing.packing import refuse_unpacked

            refuse_unpacked(session.spaces, target, packed_in, settings=session.settings)
        return plan_trash(session.store, target, forever=forever)

    if not forever or dry_run or yes:
        return run(session, make, dry_run, anyway, mode=mode)
    plan = make()
    for said in (*plan.notes, *(warned.text for warned in plan.warnings)):
        session.say(said)
    if not _agreed(session, f"{plan.title}?"):
        return NO
    return run(session, plan, dry_run, anyway, mode=mode)


@click.group(invoke_without_command=True)
@output_options
@global_options
@click.pass_context
def trash_command(ctx: click.Context, mode: str | None) -> None:
    """List what is in the trash, newest first; restore it, or free the disk."""
    if ctx.invoked_subcommand is None:
        _list(ctx.ensure_object(Session), mode)


@trash_command.command("ls")
@output_options
@global_options
@pass_session
def ls(session: Session, mode: str | None) -> None:
    """List what is in the trash, newest first."""
    _list(session, mode)


@trash_command.command("restore")
@click.argument("identity", metavar="ID")
@click.option("--to", metavar="ADDRESS", help="Put it there instead of where it was.")
@writing_options
@global_options
@pass_session
def restore(session: Session, identity: str, to: str | None, dry_run: bool, anyway: bool, mode: str | None) -> int:
    """Put something from the trash back; never over what stands there by now."""
    target = None if to is None else session.address(to)
    return run(session, lambda: plan_restore(session.store, identity, to=target), dry_run, anyway, mode=mode)


@trash_command.command("empty")
@click.argument("identities", metavar="[ID]...", nargs=-1)
@click.option("--older-than", type=click.FloatRange(0), metavar="DAYS", help="Only what is there for longer.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would be freed, and free nothing.")
@global_options
@pass_session
def empty(
    session: Session, identities: tuple[str, ...], older_than: float | None, yes: bool, dry_run: bool
) -> int | None:
    """Free the disk of what is in the trash, or of these IDs; nothing takes that back."""
    store = session.store
    age = None if older_than is None else timedelta(days=older_than)
    items = [trash_item(store, name) for name in identities] if identities else list(trash_items(store))
    chosen = [item for item in items if age is None or item.when <= store.now() - age]
    if dry_run:
        _print(session, None, chosen)
    freed = f"{counted(len(chosen), 'item')}, {format_size(sum(item.size for item in chosen))}"
    if dry_run or not chosen:
        session.say(f"would free {freed}" if chosen else "nothing is to be freed")
        return None
    if not yes and not _agreed(session, f"Free {freed} for ever?"):
        return NO
    purge(store, [item.identity for item in chosen])
    session.say(f"freed {freed}")
    return None


def _agreed(session: Session, question: str) -> bool:
    from dmart_tui.core.text import safe

    return session.writes_refused or click.confirm(safe(question), err=True)


def _list(session: Session, mode: str | None) -> None:
    items = list(trash_items(session.store))
    _print(session, mode, items)
    if not items and mode is None:
        session.say("the trash is empty")


def _print(session: Session, mode: str | None, items: list[TrashItem]) -> None:
    output = Output(session, mode)
    output.rows(map(_row, items), _COLUMNS if output.terminal else _TABS)


def _row(item: TrashItem) -> dict[str, Any]:
    return {
        "id": item.identity,
        "address": str(item.address or ""),
        "type": item.type,
        "displayname": item.displayname,
        "when": item.when.isoformat(),
        "who": item.who,
        "entries": item.entries,
        "size": item.size,
        "problem": item.problem,
    }


_TABS: Final = tuple(
    Column(name, lambda row, name=name: str(row[name]))  # type: ignore[misc]
    for name in ("id", "when", "address", "type", "who", "entries", "size", "displayname", "problem")
)
_COLUMNS: Final = (
    Column("id", lambda row: row["id"], style="dim"),
    Column("when", lambda row: row["when"][:16].replace("T", " ")),
    Column("who", lambda row: row["who"]),
    Column("size", lambda row: format_size(row["size"]), right=True),
    Column("address", lambda row: row["address"] or row["problem"], style="bold"),
)
