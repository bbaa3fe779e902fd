"""`create` and `set`: entries made and changed key by key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import click

from dmart_tui.cli.completing import complete_address
from dmart_tui.cli.planning import run, writing_options
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.core.errors import Damaged, Failed, NotFound, Refused, UsageFault
from dmart_tui.core.merging import ABSENT, with_value
from dmart_tui.core.spaces import PAYLOAD_LIMIT, decode
from dmart_tui.core.units import format_size
from dmart_tui.core.writing import KEEP, FileBody, Members, plan_create, plan_set
from dmart_tui.core.writing.attaching import CONTENT_TYPES
from dmart_tui.core.writing.saving import BODY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dmart_tui.core.writing import Plan

Assignment = tuple[str, Any]

_ASSIGNMENT: Final = re.compile(r"(?P<key>[^=]+?)(?P<sign>:=|\+=|-=|=)(?P<value>.*)\Z", re.DOTALL)


def read_assignments(texts: Iterable[str]) -> list[Assignment]:
    """Assignments as typed; `ABSENT` for a key that goes.

    Raises:
        UsageFault: one of them is none, or holds no JSON where it should.
        NotFound, Failed: a file that holds a value cannot be read.
    """
    found: list[Assignment] = []
    for text in texts:
        match = _ASSIGNMENT.match(text)
        if match is None:
            if not text.endswith("-") or len(text) < 2:
                raise UsageFault(f"{text!r} changes no key", hint="KEY=TEXT, KEY:=JSON, KEY=@FILE, KEY+=MEMBER or KEY-")
            found.append((text[:-1], ABSENT))
            continue
        value = match["value"]
        given = read_file(value[1:]).decode("utf-8", "surrogateescape") if value.startswith("@") else value
        found.append((match["key"], _value(match["sign"], given, text)))
    return found


def _value(sign: str, given: str, text: str) -> Any:
    if sign == "+=":
        return Members(added=(given,))
    if sign == "-=":
        return Members(removed=(given,))
    if sign == "=":
        return given
    try:
        return decode(given.encode("utf-8", "surrogateescape"))
    except Damaged as error:
        raise UsageFault(f"{text!r} {error.message}", hint="a text is written KEY=TEXT or KEY:='\"TEXT\"'") from None


def read_file(name: str) -> bytes:
    """A file that a person named, `-` for what comes through stdin; at most 64 MB.

    Raises:
        NotFound, Refused, Failed.
    """
    try:
        with click.open_file(name, "rb") as file:
            data: bytes = file.read(PAYLOAD_LIMIT + 1)
    except FileNotFoundError:
        raise NotFound("no such file", address=name) from None
    except OSError as error:
        raise Failed(f"cannot be read: {error.strerror}", address=name) from None
    if len(data) > PAYLOAD_LIMIT:
        raise Refused(f"is over {format_size(PAYLOAD_LIMIT)}", address=name, hint="attach it")
    return data


def _json_or_bytes(name: str) -> Any:
    data = read_file(name)
    if not name.lower().endswith(".json"):
        return data
    try:
        return decode(data)
    except Damaged as error:
        raise Damaged(error.message, address=name) from None


from_option = click.option(
    "--from", "source", metavar="FILE", help="Take the whole payload from a file; - is standard input."
)


@click.command()
@click.argument("address", shell_complete=complete_address)
@click.argument("assignments", metavar="[KEY=VALUE]...", nargs=-1)
@click.option("--type", "kind", metavar="TYPE", default="content", show_default=True, help="The resource type.")
@click.option("--parents", is_flag=True, help="Also make the folders above that are missing.")
@from_option
@writing_options
@global_options
@pass_session
def create_command(
    session: Session,
    address: str,
    assignments: tuple[str, ...],
    kind: str,
    parents: bool,
    source: str | None,
    dry_run: bool,
    anyway: bool,
    mode: str | None,
) -> int:
    """Make what ADDRESS says; its last name may be `auto`.

    KEY=TEXT sets a key, KEY:=JSON one that is no text, KEY=@FILE one to what a file holds. Keys are those of the meta,
    with dots between their names; those of the payload begin with payload.body. Prints the address.
    """
    place = session.address(address)
    meta: dict[str, Any] = {}
    body = _file_body(source) if source else None
    for key, value in read_assignments(assignments):
        path = tuple(key.split("."))
        wanted = list(value.added) if isinstance(value, Members) else value
        if path[:2] != BODY:
            meta = with_value(meta, path, wanted)
        elif isinstance(body, FileBody):
            raise UsageFault(f"{key} cannot be set: the payload is a file that is no JSON", address=source or "")
        else:
            body = with_value(body, path[2:], wanted) if path[2:] else wanted

    return run(
        session,
        lambda: plan_create(session.store, place, kind, meta, body, parents=parents),
        dry_run,
        anyway,
        mode=mode,
    )


def _file_body(name: str) -> Any:
    body = _json_or_bytes(name)
    if not isinstance(body, bytes):
        return body
    extension = name.rpartition(".")[2].lower()
    if name == "-":
        try:
            return decode(body)
        except Damaged:
            return body.decode("utf-8", "replace")
    if extension not in CONTENT_TYPES:
        raise UsageFault("D-MART has no content type for such a file", address=name, hint="attach it to an entry")
    return FileBody(extension, CONTENT_TYPES[extension], body)


@click.command()
@click.argument("address", shell_complete=complete_address)
@click.argument("assignments", metavar="[KEY=VALUE]...", nargs=-1)
@click.option("--unset", "removed", metavar="KEY", multiple=True, help="Remove a key; may be given several times.")
@from_option
@writing_options
@global_options
@pass_session
def set_command(
    session: Session,
    address: str,
    assignments: tuple[str, ...],
    removed: tuple[str, ...],
    source: str | None,
    dry_run: bool,
    anyway: bool,
    mode: str | None,
) -> int:
    """Change keys of what stands at ADDRESS.

    KEY=TEXT sets a key, KEY:=JSON one that is no text, KEY=@FILE one to what a file holds; KEY+=MEMBER and KEY-=MEMBER
    change a list, KEY- removes a key. Keys are those of the meta, with dots between their names; those of the payload
    begin with payload.body. Prints what changed: address, key, kind, old and new as JSON.
    """
    place = session.address(address)
    found = read_assignments(assignments)
    if not found and not removed and source is None:
        raise UsageFault("nothing is to be changed", hint="KEY=TEXT, KEY:=JSON, KEY-, or --from FILE")
    body = KEEP if source is None else _json_or_bytes(source)

    def make() -> Plan:
        return plan_set(session.store, place, found, removed=removed, body=body)

    return run(session, make, dry_run, anyway, mode=mode)
