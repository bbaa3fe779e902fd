"""`cat`: all of one entry or attachment."""

from __future__ import annotations

import os
from codecs import getincrementaldecoder
from typing import TYPE_CHECKING, Any, Final

import click

from dmart_tui.cli.completing import complete_address
from dmart_tui.cli.output import Output, Reveal, Style, encode, pretty, reveal_option
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.core.errors import Damaged, UsageFault
from dmart_tui.core.files import open_regular
from dmart_tui.core.secrets import mask
from dmart_tui.core.spaces import PAYLOAD_LIMIT, Attachment, Entry, Item, Problem, entry_json, payload_value, translate
from dmart_tui.core.text import cell_width, safe
from dmart_tui.core.units import format_count, format_size, format_time, parse_time

if TYPE_CHECKING:
    from dmart_tui.core.spaces import Spaces

_BLOCK: Final = 1 << 20
_SHOWN: Final = 64 * 1024
"""Characters of a payload that a person is shown."""
_SHOWN_COMMENT: Final = 500

SIGNS: Final[dict[str, tuple[str, Style]]] = {"error": ("✗", "red"), "warning": ("!", "yellow"), "note": ("·", "dim")}
"""Severity -> its sign and style."""


def find_item(spaces: Spaces, session: Session, text: str) -> Entry | Attachment:
    """The entry or attachment at an address as typed; raises UsageFault, NotFound, Refused."""
    address = session.address(text)
    return spaces.attachment(address) if address.attachment else spaces.load(address)


@click.command()
@click.argument("address", shell_complete=complete_address)
@click.option("--json", "mode", flag_value="json", help="Print one JSON document.")
@click.option("--jsonl", "mode", flag_value="jsonl", help="The same on one line.")
@click.option("--meta", "part", flag_value="meta", help="Only the meta, as JSON.")
@click.option("--payload", "part", flag_value="payload", help="Only the payload: its bytes as they are, unmasked.")
@reveal_option
@global_options
@pass_session
def cat_command(session: Session, address: str, mode: str | None, part: str | None, reveal: tuple[str, ...]) -> None:
    """Show the entry or attachment at ADDRESS: its meta, payload, attachments and problems.

    Passwords, tokens and hashes are masked unless their key is named with --reveal.
    """
    spaces = session.spaces
    item = find_item(spaces, session, address)
    output = Output(session, mode)
    if part == "payload":
        if mode:
            raise UsageFault("--payload prints bytes as they are", hint="take it without --json")
        write_payload(spaces, item, output)
    elif part == "meta":
        _write_meta(item, output, reveal)
    elif mode:
        output.document(entry_json(spaces, item, reveal), one_line=mode == "jsonl")
    else:
        _show(spaces, item, output, session.settings.language, reveal)


def write_payload(spaces: Spaces, item: Item, output: Output) -> None:
    """The payload's bytes as they are, a megabyte at a time; a terminal gets them as safe text.

    Raises:
        NotFound: it has none, or its file is missing.
        Refused: a symlink leads out of the root.
    """
    if item.payload is None or item.payload.path is None:
        output.text(spaces.payload_bytes(item, PAYLOAD_LIMIT).decode("utf-8", "surrogateescape"))
        return
    descriptor = open_regular(item.payload.path, spaces.root)
    decoder = getincrementaldecoder("utf-8")("surrogateescape")
    try:
        while block := os.read(descriptor, _BLOCK):
            output.text(decoder.decode(block))
        output.text(decoder.decode(b"", final=True))
    finally:
        os.close(descriptor)


def _write_meta(item: Item, output: Output, reveal: Reveal) -> None:
    if not item.meta:
        problem = item.problems[0].detail if item.problems else "has no meta"
        raise Damaged(problem, address=str(item.address))
    output.document(mask(item.meta, reveal))


# -- for people ------------------------------------------------------------------------------------------


_FIRST: Final[tuple[str, ...]] = (
    "displayname", "description", "is_active", "state", "owner_shortname", "owner_group_shortname", "tags",
    "created_at", "updated_at", "slug", "uuid",
)  # fmt: skip


def _show(spaces: Spaces, item: Item, output: Output, language: str, reveal: Reveal) -> None:
    inactive = "" if item.is_active or not item.meta else "  inactive"
    title = output.styled(safe(str(item.address)), "bold")
    output.line(f"{title}  {output.styled(safe(item.type or '?'), 'dim')}{output.styled(inactive, 'yellow')}")
    meta = mask(item.meta, reveal)
    keys = [key for key in _FIRST if key in meta]
    keys += [key for key in meta if key not in _FIRST and key not in ("payload", "shortname")]
    width = max((cell_width(safe(key)) for key in keys), default=0)
    for key in keys:
        label = safe(key)
        padding = " " * (width - cell_width(label))
        output.line(f"  {output.styled(label, 'dim')}{padding}  {_value(key, meta[key], language)}")
    _show_payload(spaces, item, output, reveal)
    attachments = list(spaces.attachments(item)) if isinstance(item, Entry) else []
    _show_attachments(attachments, output, reveal)
    _show_problems([*item.problems, *(problem for found in attachments for problem in found.problems)], output)


def _value(key: str, value: Any, language: str) -> str:
    if value is None:
        return "∅"
    if key in ("displayname", "description") and (text := translate(value, language)):
        return safe(text)
    if key in ("created_at", "updated_at") and (when := parse_time(value)):
        return format_time(when, seconds=True)
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return safe(", ".join(value)) if value else "∅"
    return safe(encode(value).decode())


def _heading(output: Output, title: str, about: str) -> None:
    output.line()
    output.line(f"{output.styled(title, 'bold')}  {output.styled(about, 'dim')}")


def _show_payload(spaces: Spaces, item: Item, output: Output, reveal: Reveal) -> None:
    payload = item.payload
    if payload is None:
        return
    about = [safe(payload.content_type or "no content type")]
    if payload.schema:
        about.append(f"schema {safe(payload.schema)}")
    if payload.path is not None:
        about.append(f"{safe(spaces.relative(payload.path))}, {format_size(payload.size or 0)}")
    elif payload.inline:
        about.append("inline")
    _heading(output, "Payload", " · ".join(about))
    problems: list[Problem] = []
    value = mask(payload_value(spaces, item, problems), reveal)
    for problem in problems:
        output.line(f"  {safe(problem.detail)}")
    if value is None:
        if payload.path is not None and not problems:
            output.line("  not text: write its bytes with `cat --payload`")
        return
    text = value if isinstance(value, str) else pretty(value)
    for line in safe(text[:_SHOWN], lines=True).rstrip("\n").split("\n"):
        output.line(f"  {line}")
    if len(text) > _SHOWN:
        cut = f"{format_count(_SHOWN)} of {format_count(len(text))} characters: see all with `cat --payload`"
        output.line(output.styled(f"  … {cut}", "dim"))


def _show_attachments(attachments: list[Attachment], output: Output, reveal: Reveal) -> None:
    if not attachments:
        return
    _heading(output, "Attachments", format_count(len(attachments)))
    names = [safe(f"{found.type}/{found.address.name}") for found in attachments]
    width = max(map(cell_width, names))
    for name, found in zip(names, attachments, strict=True):
        size = format_size(found.payload.size) if found.payload and found.payload.size is not None else ""
        text = found.text[:_SHOWN_COMMENT] if found.type in ("comment", "reaction", "reply") else ""
        about = [found.owner, format_time(found.created_at), size, mask(text, reveal)]
        padding = " " * (width - cell_width(name))
        output.line(f"  {name}{padding}  {'  '.join(safe(part) for part in about if part)}")


def _show_problems(problems: list[Problem], output: Output) -> None:
    if not problems:
        return
    _heading(output, "Problems", format_count(len(problems)))
    for problem in problems:
        sign, style = SIGNS[problem.severity]
        output.line(f"  {output.styled(sign, style)} {safe(problem.kind)}  {safe(problem.detail)}")
