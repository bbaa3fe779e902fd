"""What the index holds of an entry or attachment: columns, tags, links and words, without secrets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec

from dmart_tui.core.address import Address
from dmart_tui.core.catalog.folding import folded, normal
from dmart_tui.core.catalog.problems import problem_rows
from dmart_tui.core.errors import Damaged, DmartTuiError, Refused
from dmart_tui.core.files import read_bounded, read_head
from dmart_tui.core.secrets import mask, mask_raw
from dmart_tui.core.spaces import (
    Attachment,
    BadReference,
    Entry,
    Item,
    Kind,
    Reference,
    Spaces,
    decode,
    implied_references,
    layout,
    payload_value,
    references,
)
from dmart_tui.core.units import parse_time

PAYLOAD_BOUND: Final = 1_000_000
"""Bytes of a payload that is taken whole, as JSON; of larger ones the first `TEXT_BOUND` are taken, as words."""
TEXT_BOUND: Final = 100_000
"""Characters of words taken from one payload, and from all attachments of an entry."""
_TEXTS: Final = frozenset(("text", "markdown", "html", "json", "csv", "jsonl", "python", "comment", "reaction"))
"""Content types that are read; others are pictures, tables and programs."""
_FACTS: Final = (
    "uuid", "slug", "owner_shortname", "msisdn", "email", "state", "workflow_shortname", "collaborators",
    "resolution_reason", "type", "priority", "reporter",
)  # fmt: skip
_TABLES: Final = ("units", "resources", "tags", "links", "faults", "histories", "lines", "texts")
_encoder: Final = msgspec.json.Encoder()

COLUMNS: Final = (
    "id", "unit", "attachment_parent", "address", "place", "kind", "type", "space", "subpath", "shortname", "uuid",
    "slug", "is_active", "owner", "owner_group", "created", "updated", "displayname_en", "displayname_ar",
    "displayname_ku", "description_en", "description_ar", "description_ku", "state", "is_open", "workflow",
    "resolution_reason", "priority", "reporter", "collaborators", "msisdn", "email", "schema", "content_type", "meta",
    "payload", "cut",
)  # fmt: skip
"""Of `resources`, in the order of `ItemRows.columns` (which begin with `address`)."""


Rows = dict[str, list[tuple[Any, ...]]]
"""Rows of the tables of the index, by their names."""


def no_rows() -> Rows:
    """A place for rows of every table."""
    return {table: [] for table in _TABLES}


class Words(NamedTuple):
    """The columns of `texts`."""

    shortname: str
    displayname: str
    description: str
    tags: str
    facts: str
    """The other things that D-MART's indexes let a bare word find: type, owner, state, who reported it, ..."""
    payload: str
    attachments: str


@dataclass(slots=True)
class ItemRows:
    """The rows of one entry or attachment."""

    columns: tuple[Any, ...]
    """Of `resources`, from `address` on."""
    tags: list[str]
    links: list[tuple[str | None, ...]]
    """Of `links`, from `role` on."""
    words: Words | None = None
    """None for an attachment, whose words are its entry's."""
    attachments: list[ItemRows] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    """Absolute paths of all that it was read from, and of a payload that is missing."""
    problems: list[tuple[str, ...]] = field(default_factory=list)
    """Of `faults`, from `severity` on."""


def entry_rows(spaces: Spaces, entry: Entry, *, nth: int = 0, texts: bool = True) -> ItemRows:
    """The rows of an entry or folder and its attachments; reads their payloads, no file further than `PAYLOAD_BOUND`.

    Args:
        nth: its number among the metas that share its directory.
        texts: take words and payloads; else metas alone.
    """
    address = str(entry.address)
    rows, meta, leaves = _item_rows(spaces, entry, f"{address}.{entry.type}" if nth else address, texts)
    attached: list[str] = []
    rows.files += (f"{entry.folder}/{folder}" for folder in entry.attachment_folders)
    for attachment in spaces.attachments(entry):
        inner, inner_meta, inner_leaves = _item_rows(spaces, attachment, str(attachment.address), texts)
        rows.attachments.append(inner)
        rows.files += inner.files
        rows.problems += inner.problems
        attached += (attachment.shortname, *_translations(inner_meta), *attachment.tags)
        attached += (mask(attachment.text), *inner_leaves)
    if texts:
        rows.words = Words(
            folded(entry.shortname),
            folded(" ".join(_texts_of(meta.get("displayname")))),
            folded(" ".join(_texts_of(meta.get("description")))),
            folded(" ".join(entry.tags)),
            _joined(_facts(entry, meta)),
            _joined(leaves),
            _joined(attached),
        )
    return rows


def _item_rows(spaces: Spaces, item: Item, address: str, texts: bool) -> tuple[ItemRows, dict[str, Any], list[str]]:
    meta: dict[str, Any] = mask(item.meta)
    payload, leaves, cut, unreadable = _payload(spaces, item) if texts else (None, [], False, "")
    found = list(references(item))
    if item.kind is Kind.FOLDER:
        found += implied_references(item, payload_value(spaces, item, []))
    bad = (one for one in found if isinstance(one, BadReference))
    where = item.address
    content = item.payload
    displayname, description = _languages(meta.get("displayname")), _languages(meta.get("description"))
    columns = (
        address,
        normal(str(where)),
        item.kind.value,
        item.type,
        where.space,
        where.subpath,
        item.shortname,
        _text(meta.get("uuid")),
        _text(meta.get("slug")),
        _truth(meta.get("is_active")),
        _text(meta.get("owner_shortname")),
        _text(meta.get("owner_group_shortname")),
        _time(meta.get("created_at")),
        _time(meta.get("updated_at")),
        *displayname,
        *description,
        _text(meta.get("state")),
        _truth(meta.get("is_open")),
        _text(meta.get("workflow_shortname")),
        _text(meta.get("resolution_reason")),
        _text(meta.get("priority")),
        _json(meta.get("reporter")),
        _json(meta.get("collaborators")),
        _text(meta.get("msisdn")),
        _text(meta.get("email")),
        content.schema if content else None,
        content.content_type or None if content else None,
        encoded(meta),
        payload,
        cut,
    )
    rows = ItemRows(columns, item.tags, list(_links(found)), files=_files(spaces, item))
    rows.problems = list(problem_rows(spaces, item, bad, unreadable))
    return rows, meta, leaves


def _files(spaces: Spaces, item: Item) -> list[str]:
    content = item.payload
    if content is None:
        return [item.path]
    if content.path is not None:
        return [item.path, content.path]
    place = layout.place(spaces.root, item.address)
    folder = item.folder if isinstance(item, Attachment) else place.parent if item.address.parts else place.directory
    missing = layout.child_path(folder, content.body) if isinstance(content.body, str) else None
    return [item.path, missing] if missing else [item.path]


def _payload(spaces: Spaces, item: Item) -> tuple[str | None, list[str], bool, str]:
    """A payload as masked JSON, its leaves as texts, whether some of it was left out, and why it cannot be read."""
    content = item.payload
    unreadable = ""
    if content is None:
        return None, [], False, ""
    try:
        if content.path is None:
            value = content.body if content.inline else None
        elif content.content_type not in _TEXTS:
            return None, [], False, ""
        elif content.size is not None and content.size > PAYLOAD_BOUND:
            head = read_head(content.path, spaces.root, TEXT_BOUND).decode("utf-8", "replace")
            return None, [mask_raw(head)], True, ""
        else:
            data = read_bounded(content.path, spaces.root, PAYLOAD_BOUND)
            try:
                value = decode(data) if content.content_type == "json" else data.decode("utf-8", "replace")
            except Damaged as error:
                value = data.decode("utf-8", "replace")
                unreadable = error.message if data and item.type != "log" else ""  # logs are JSON lines
    except Refused:
        return None, [], False, ""
    except DmartTuiError as error:
        return None, [], False, error.message
    if value is None:
        return None, [], False, ""
    value = mask_raw(value) if isinstance(value, str) else mask(value)
    leaves: list[str] = []
    _add_leaves(value, leaves)
    return encoded(value), leaves, sum(map(len, leaves)) > TEXT_BOUND, unreadable


def _add_leaves(value: Any, found: list[str], depth: int = 0) -> None:
    """Add the texts and numbers in a JSON value to a list, in its order."""
    if isinstance(value, str):
        if value:
            found.append(value)
    elif isinstance(value, dict | list):
        if depth < 100:
            for inner in value.values() if isinstance(value, dict) else value:
                _add_leaves(inner, found, depth + 1)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        found.append(str(value))


def _joined(texts: Iterable[str]) -> str:
    return folded("\n".join(filter(None, texts))[:TEXT_BOUND])


def _links(found: Iterable[Reference | BadReference]) -> Iterator[tuple[str | None, ...]]:
    for one in found:
        if isinstance(one, Reference):
            attributes = None if one.attributes is None else encoded(mask(one.attributes))
            yield one.role, *_target(one.target), one.type, attributes


@lru_cache(4096)
def _target(target: Address) -> tuple[str, str, str, str]:
    """Place, space, subpath and name; most entries refer to the same few owners and schemas."""
    return normal(str(target)), target.space, target.subpath, target.name


def _facts(entry: Entry, meta: dict[str, Any]) -> list[str]:
    content = entry.payload
    found = [entry.address.subpath, entry.type]
    if content is not None:
        found += (content.content_type, content.schema or "")
    for key in _FACTS:
        if key in meta:
            _add_leaves(meta[key], found)
    return found


def _languages(value: Any) -> tuple[str | None, str | None, str | None]:
    """English, Arabic, Kurdish; a text without a language counts as English."""
    if isinstance(value, dict):
        return _text(value.get("en")), _text(value.get("ar")), _text(value.get("ku")) or _text(value.get("kd"))
    return _text(value), None, None


def _texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for text in value.values() if isinstance(text, str))


def _translations(meta: dict[str, Any]) -> Iterator[str]:
    yield from _texts_of(meta.get("displayname"))
    yield from _texts_of(meta.get("description"))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _time(value: Any) -> float | None:
    when = parse_time(value)
    return when.timestamp() if when else None


def _json(value: Any) -> str | None:
    return encoded(value) if value else None


def encoded(value: Any) -> str:
    """JSON as text; what JSON cannot hold (NaN) is null, a half of a pair its escape."""
    try:
        return _encoder.encode(value).decode()
    except (UnicodeEncodeError, OverflowError):
        import json

        return json.dumps(json.loads(json.dumps(value), parse_constant=lambda _: None))
