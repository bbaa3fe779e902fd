"""`attach`, `link` and `unlink`: what hangs on an entry, and what it points to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dmart_tui.cli.completing import complete_address
from dmart_tui.cli.editing import read_assignments
from dmart_tui.cli.planning import run, writing_options
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.core.errors import UsageFault
from dmart_tui.core.merging import ABSENT
from dmart_tui.core.writing import (
    FILE_TYPES,
    REACTIONS,
    Members,
    plan_attach,
    plan_comment,
    plan_link,
    plan_react,
    plan_replace,
    plan_reply,
    plan_unlink,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dmart_tui.core.writing import Plan


@click.command()
@click.argument("address", shell_complete=complete_address)
@click.argument("files", nargs=-1, type=click.Path(), metavar="[FILE]...")
@click.option("--type", "type_", metavar="T", help=f"One of {', '.join(FILE_TYPES)}; else what the extension says.")
@click.option("--name", metavar="N", help="Its name, for one file; else made from the name of the file.")
@click.option("--replace", is_flag=True, help="ADDRESS is an attachment, and FILE is its new content.")
@click.option("--comment", metavar="TEXT", help="Attach a comment instead of a file.")
@click.option("--state", metavar="S", help="The state that the comment speaks of.")
@click.option("--reply", metavar="TEXT", help="Attach a reply; ADDRESS may be the comment that it answers.")
@click.option("--reaction", metavar="KIND", help=f"Attach a reaction: {', '.join(REACTIONS)}.")
@writing_options
@global_options
@pass_session
def attach_command(
    session: Session,
    address: str,
    files: tuple[str, ...],
    type_: str | None,
    name: str | None,
    replace: bool,
    comment: str | None,
    state: str | None,
    reply: str | None,
    reaction: str | None,
    dry_run: bool,
    anyway: bool,
    mode: str | None,
) -> int:
    """Attach FILEs, a comment, a reply or a reaction to the entry or folder at ADDRESS.

    Files are copied whole or not at all, several as one change. What was attached is renamed with `mv` and removed with
    `rm`, as ENTRY#TYPE/NAME.
    """
    target = session.address(address)
    if [bool(files), comment is not None, reply is not None, reaction is not None].count(True) != 1:
        raise UsageFault("attach files, a comment, a reply or a reaction: one of them", address=address)
    if replace and (len(files) != 1 or type_ is not None or name is not None):
        raise UsageFault("--replace takes one file, and neither --type nor --name", address=address)

    def make() -> Plan:
        if comment is not None:
            return plan_comment(session.store, target, comment, state)
        if reply is not None:
            return plan_reply(session.store, target, reply)
        if reaction is not None:
            return plan_react(session.store, target, reaction)
        if replace:
            return plan_replace(session.store, target, files[0])
        return plan_attach(session.store, target, files, type=type_, name=name)

    return run(session, make, dry_run, anyway, mode=mode)


@click.command()
@click.argument("a", shell_complete=complete_address)
@click.argument("b", shell_complete=complete_address)
@click.argument("attributes", nargs=-1, metavar="[KEY=VALUE]...")
@writing_options
@global_options
@pass_session
def link_command(
    session: Session, a: str, b: str, attributes: tuple[str, ...], dry_run: bool, anyway: bool, mode: str | None
) -> int:
    """Let A point to B, with what the relationship says about itself: KEY=TEXT, KEY:=JSON or KEY=@FILE."""
    source, target, said = session.address(a), session.address(b), _attributes(attributes)
    return run(session, lambda: plan_link(session.store, source, target, said), dry_run, anyway, mode=mode)


@click.command()
@click.argument("a", shell_complete=complete_address)
@click.argument("b", shell_complete=complete_address)
@click.argument("attributes", nargs=-1, metavar="[KEY=VALUE]...")
@writing_options
@global_options
@pass_session
def unlink_command(
    session: Session, a: str, b: str, attributes: tuple[str, ...], dry_run: bool, anyway: bool, mode: str | None
) -> int:
    """Let A no longer point to B; with KEY=VALUE only by the relationships that say so about themselves."""
    source, target, said = session.address(a), session.address(b), _attributes(attributes)
    return run(session, lambda: plan_unlink(session.store, source, target, said), dry_run, anyway, mode=mode)


def _attributes(texts: Sequence[str]) -> dict[str, Any]:
    found = dict(read_assignments(texts))
    for key, value in found.items():
        if value is ABSENT or isinstance(value, Members):
            raise UsageFault(f"{key} is given no value", hint="KEY=TEXT, KEY:=JSON or KEY=@FILE")
    return found
