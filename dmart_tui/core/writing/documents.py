"""One thing opened for editing, and what a change of it does to its files."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal

from dmart_tui.core.errors import Damaged, DmartTuiError, NotFound
from dmart_tui.core.files import read_bounded
from dmart_tui.core.spaces import PAYLOAD_LIMIT, Attachment, Item, Kind, decode
from dmart_tui.core.spaces.layout import child_path, place
from dmart_tui.core.steps import Expect, digest

if TYPE_CHECKING:
    from dmart_tui.core.address import Address
    from dmart_tui.core.writing.store import Store


class Keep(Enum):
    """What is given for a body that stays."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP
BodyKind = Literal["none", "inline-text", "inline-json", "json", "text", "binary"]
TEXTS: Final = frozenset({"text", "markdown", "html", "python", "csv", "jsonl", "json", ""})
"""Content types whose files are text, if they can be read as it."""


@dataclass(frozen=True, slots=True)
class Document:
    """An entry, folder, space or attachment as it was read; nothing in it may be changed in place."""

    address: Address
    """Spelled as on disk."""
    kind: Kind
    type: str
    item: Item
    meta: dict[str, Any]
    meta_data: bytes
    meta_path: str
    body: Any
    """A decoded JSON value, or text; None when there is none, it is no text, or its file is missing."""
    body_data: bytes | None
    """The bytes of its file, when it was read."""
    body_path: str | None
    """Where the file of the body is, or is to be when it is missing; None when the body is in the meta."""
    body_kind: BodyKind
    digests: tuple[Expect, ...]
    """What was read; a change is refused when it is no longer so."""


def open_document(store: Store, address: Address) -> Document:
    """Read what stands at an address for editing.

    A body is read when it is text of at most 64 MB; JSON that cannot be decoded is opened as the text it is.

    Raises:
        NotFound: nothing stands there, or it has no meta.
        Damaged: the meta is not JSON, or no object.
        Refused: a symlink on the way leads out of the root.
    """
    spaces = store.spaces
    item = spaces.attachment(address) if address.attachment else spaces.load(address)
    if not item.raw:
        if item.problems and item.problems[0].kind == "meta-unreadable":
            raise Damaged(item.problems[0].detail, address=str(item.address))
        raise NotFound("has no meta to edit", address=str(item.address), command=f"`create {address}` makes one")
    try:
        meta = decode(item.raw)
    except Damaged as error:
        raise Damaged(f"the meta {error.message}", address=str(item.address), hint="correct it by hand") from None
    if not isinstance(meta, dict):
        raise Damaged("the meta is not an object", address=str(item.address))
    body, data, path, kind = _body(store, item)
    digests = [Expect(item.path, digest(item.raw))]
    if path is not None and kind != "binary":
        digests.append(Expect(path, digest(data)))
    return Document(
        item.address, item.kind, item.type, item, meta, item.raw, item.path, body, data, path, kind, tuple(digests)
    )


def body_folder(store: Store, item: Item) -> str:
    """The directory that the file of a body is in."""
    if isinstance(item, Attachment):
        return item.folder
    where = place(store.spaces.root, item.address)
    return where.directory if item.kind is Kind.SPACE else where.parent


def _body(store: Store, item: Item) -> tuple[Any, bytes | None, str | None, BodyKind]:
    """(value, bytes, path, kind) of a body."""
    payload = item.payload
    if payload is None or payload.body in (None, ""):
        return None, None, None, "none"
    if payload.inline:
        return payload.body, None, None, "inline-text" if isinstance(payload.body, str) else "inline-json"
    path = payload.path or (
        child_path(body_folder(store, item), payload.body) if isinstance(payload.body, str) else None
    )
    if path is None:
        return None, None, None, "none"
    json = payload.content_type == "json" and not path.endswith(".jsonl")
    if payload.path is None:
        return None, None, path, "json" if json else "text" if payload.content_type in TEXTS else "binary"
    if payload.content_type not in TEXTS and not path.endswith(".svg"):
        return None, None, path, "binary"
    try:
        data = read_bounded(path, store.spaces.root, PAYLOAD_LIMIT)
    except NotFound:
        return None, None, path, "json" if json else "text"
    except DmartTuiError:
        return None, None, path, "binary"
    if json:
        try:
            return decode(data), data, path, "json"
        except Damaged:
            pass
    try:
        return data.decode(), data, path, "text"
    except UnicodeDecodeError:
        return None, None, path, "binary"
