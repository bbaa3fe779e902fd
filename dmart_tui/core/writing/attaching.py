"""Attachments that are files: where D-MART keeps them, what they are called, and their checksums.

A file becomes `attachments.<type>/<name>.<extension>` in the directory of its owner, with its meta beside it. Names are
made to follow D-MART's rules for shortnames; what a file is follows from its extension, as in D-MART. The history of
attachments tells of changes only: that one was made stands in the event log of the space, if it keeps one.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from dmart_tui.core.durable import Check, pieces
from dmart_tui.core.errors import Damaged, NotFound, Refused, UsageFault
from dmart_tui.core.files import open_regular, read_bounded
from dmart_tui.core.jsontext import encode, rewrite
from dmart_tui.core.spaces import PAYLOAD_LIMIT, Attachment, Entry, Kind, attachment_type, decode
from dmart_tui.core.spaces.layout import ATTACHMENT_META, child_path, meta_file
from dmart_tui.core.steps import NOTHING, Copy, Expect, MakeFolder, Move, Write, digest
from dmart_tui.core.units import format_size
from dmart_tui.core.writing.documents import open_document
from dmart_tui.core.writing.plan import Created, Plan, Warned, joined
from dmart_tui.core.writing.records import (
    changes_of,
    creation_attributes,
    diff,
    event_steps,
    history_steps,
    lines_of,
    stamp,
)
from dmart_tui.core.writing.rules import name_warnings
from dmart_tui.core.writing.saving import plan_save
from dmart_tui.core.writing.trash import plan_trash

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from dmart_tui.core.address import Address
    from dmart_tui.core.steps import Step
    from dmart_tui.core.writing.documents import Document
    from dmart_tui.core.writing.store import Store

_EXTENSIONS: Final = {
    "image": "png jpg jpeg gif webp svg wsq",
    "pdf": "pdf",
    "audio": "mp3 wav ogg m4a flac",
    "video": "mp4 webm mov mkv",
    "json": "json",
    "csv": "csv",
    "jsonl": "jsonl ndjson",
    "parquet": "parquet",
    "sqlite": "sqlite sqlite3 db db3 s3db sl3",
    "duckdb": "duckdb",
    "markdown": "md markdown",
    "html": "html htm",
    "python": "py",
    "text": "txt text log",
    "apk": "apk",
    "xlsx": "xlsx",
    "docx": "docx",
}
CONTENT_TYPES: Final = {extension: kind for kind, line in _EXTENSIONS.items() for extension in line.split()}
"""Extension of a file -> D-MART's content type."""
OF_CONTENT: Final = frozenset({"json", "csv", "jsonl", "parquet", "sqlite", "duckdb"})
"""Types of attachments that hold one content type, which is called the same."""
FILE_TYPES: Final = (*sorted(OF_CONTENT), "data_asset", "media")
"""Types of attachments that are files; `media` takes all of them."""
_NO_LETTERS: Final = re.compile("[^a-zA-Z\u0621-\u064a0-9\u0660-\u0669]+")
_ACCENTS: Final = re.compile("[\u0300-\u036f]")
_LONGEST: Final = 60
"""Characters of a name that is made from a file's: four less than D-MART takes, for a number to follow."""
_HEAD: Final = 4096

File = str | tuple[str, bytes]
"""The path of a file, or the name and the bytes of what is none."""


def _go_on(_: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class _Upload:
    """What is to be attached, read once."""

    name: str
    source: str
    """Real path of the file; empty for bytes."""
    data: bytes
    sha1: str
    digest: str
    size: int
    head: bytes

    @property
    def extension(self) -> str:
        return os.path.splitext(self.name)[1][1:].lower()  # noqa: PTH122 - names are text here

    def steps(self, path: str) -> tuple[Step, ...]:
        return (Copy(self.source, path),) if self.source else (Write(path, self.data),)

    def expects(self) -> tuple[Expect, ...]:
        return (Expect(self.source, self.digest),) if self.source else ()


def plan_attach(
    store: Store,
    owner: Address,
    files: Sequence[File],
    *,
    type: str | None = None,  # noqa: A002 - what D-MART calls it
    name: str | None = None,
    check: Check = _go_on,
) -> Plan:
    """Attach files to an entry or a folder, as one change.

    Args:
        type: one of `FILE_TYPES`; None takes what the extension says, else media.
        name: of the attachment, for one file; None makes one from the name of the file.
        check: told the bytes of each piece that was read; may raise to stop.

    Raises:
        UsageFault: the type does not take the file, or one name is given for several files.
        NotFound: no such owner or file.
        Refused: the name is taken, D-MART has no content type for the file, or the owner is a space, whose attachments
            D-MART does not find.

    Costs one read of each file.
    """
    if name is not None and len(files) != 1:
        raise UsageFault("one name is given for several files", address=str(owner), hint="attach them one by one")
    entry = open_owner(store, owner)
    when = store.now()
    plans = []
    taken: dict[str, set[str]] = {}
    for file in files:
        upload = _upload(file, check)
        content = _content_type(upload)
        kind = _kind(upload, content, type)
        names = taken.setdefault(kind, names_of(store, entry, kind))
        given = free_name(names, _stem(upload.name) or kind) if name is None else _given(names, kind, name)
        names.add(_folded(given))
        plans.append(_attached(store, entry, upload, kind, content, given, when))
    what = os.path.basename(files[0] if isinstance(files[0], str) else files[0][0]) if len(files) == 1 else ""  # noqa: PTH119
    return joined(f"Attach {what or f'{len(files)} files'} to {entry.address}", entry.address, plans)


def plan_replace(store: Store, address: Address, file: File, *, check: Check = _go_on) -> Plan:
    """Give an attachment another file; its name, and all else that its meta says, stay.

    A file of another kind, or one over 64 MB, goes beside, and the former one to the trash.

    Args:
        check: as for `plan_attach`.

    Raises:
        UsageFault: its type does not take the file, or its payload is no file.
        NotFound: no such attachment or file.
        Refused: D-MART has no content type for the file.
        Damaged: as `open_document`.
    """
    if address.attachment is None:
        raise UsageFault("is no attachment", address=str(address), hint="write it as ENTRY#TYPE/NAME")
    document = open_document(store, address)
    if document.body_path is None:
        raise UsageFault("its payload is no file", address=str(document.address), command="`set` changes what it says")
    upload = _upload(file, check)
    content = _content_type(upload)
    _kind(upload, content, document.type if document.type in FILE_TYPES else "media")
    title = f"Replace the file of {document.address}"
    same = document.body_path.lower().endswith(f".{upload.extension}")
    if same and upload.size <= PAYLOAD_LIMIT:
        data = read_bounded(upload.source, upload.source, PAYLOAD_LIMIT) if upload.source else upload.data
        plan = plan_save(store, document, document.meta, data, title=title)
    else:
        plan = _exchanged(store, document, upload, content, title)
    note = f"{upload.name}: {content}, {format_size(upload.size)}"
    return replace(plan, warnings=(*_warnings(upload, content), *plan.warnings), notes=(note, *plan.notes))


def _exchanged(store: Store, document: Document, upload: _Upload, content: str, title: str) -> Plan:
    """The former meta and file go to the trash, and others take their place."""
    assert isinstance(document.item, Attachment)
    body = f"{document.address.name}.{upload.extension or 'txt'}"
    path = child_path(document.item.folder, body)
    if path is None:
        raise UsageFault(f"{body!r} cannot be a name", address=str(document.address))
    gone = plan_trash(store, document.address, references=False)
    kept = [step for step in gone.steps if isinstance(step, MakeFolder | Write | Move)]
    when = store.now()
    new = {
        **document.meta,
        "updated_at": stamp(when, document.meta.get("updated_at")),
        "payload": {**document.meta["payload"], "content_type": content, "checksum": upload.sha1, "body": body},
    }
    found = diff(document.meta, new)
    lines = (
        *history_steps(store, document.item, found, when),
        *event_steps(store, document.address, document.type, new, "update", found, when),
    )
    free = () if any(isinstance(step, Move) and step.source == path for step in kept) else (Expect(path, NOTHING),)
    return Plan(
        title,
        document.address,
        steps=(*kept, *upload.steps(path), Write(document.meta_path, rewrite(document.meta_data, new)), *lines),
        expects=(*document.digests, *upload.expects(), *free),
        changes=changes_of(found),
        lines=lines_of(lines),
        notes=("the former file goes to the trash",),
    )


def open_owner(store: Store, address: Address) -> Entry:
    """The entry or folder that something is to be attached to.

    Raises:
        NotFound: nothing stands there, or it has no meta.
        Refused: it is a space, whose attachments D-MART does not find.
    """
    if address.attachment is not None:
        raise UsageFault("nothing can be attached to an attachment", address=str(address))
    entry = store.spaces.load(address)
    if entry.kind is Kind.SPACE:
        hint = "attach to a folder or an entry of it"
        raise Refused("D-MART finds no attachments of a space", address=str(entry.address), hint=hint)
    if not entry.raw:
        raise NotFound("has no meta, and nothing can be attached to it", address=str(entry.address))
    return entry


def plan_creation(
    store: Store,
    owner: Entry,
    type_: str,
    name: str,
    fields: Mapping[str, Any],
    *,
    when: datetime,
    title: str,
    upload: Sequence[Step] = (),
) -> Plan:
    """Make an attachment.

    Args:
        fields: what follows the fields that all metas have, in the order of D-MART's models.
        upload: the steps that make the file of its payload.
    """
    folder = attachment_folder(owner, type_)
    path = child_path(folder, meta_file(name))
    if path is None:
        raise UsageFault(f"{name!r} cannot be a name", address=str(owner.address))
    address = owner.address.attached(type_, name)
    time = stamp(when)
    meta = {
        "uuid": str(uuid4()),
        "shortname": name,
        "is_active": True,
        "tags": [],
        "created_at": time,
        "updated_at": time,
        "owner_shortname": store.user,
        **fields,
    }
    events = event_steps(store, address, type_, meta, "create", creation_attributes(meta, None), when)
    return Plan(
        title,
        owner.address,
        steps=(MakeFolder(folder), *upload, Write(path, encode(meta)), *events),
        expects=(Expect(owner.path, digest(owner.raw)), Expect(path, NOTHING)),
        lines=tuple(event.line for event in events),
        warnings=tuple(name_warnings(name)),
        undo=(Created(address),),
        result=address,
    )


def attachment_folder(owner: Entry, type_: str) -> str:
    """The directory that new attachments of a type go to."""
    folder = child_path(owner.folder, f"attachments.{type_}")
    assert folder is not None
    return folder


def names_of(store: Store, owner: Entry, type_: str) -> set[str]:
    """The names that new attachments of a type cannot have, in small letters: of others, and of files left there."""
    return {_folded(name) for name in _names(store, owner, type_)}


def _names(store: Store, owner: Entry, type_: str) -> Iterator[str]:
    for folder, name in store.spaces.attachment_names(owner):
        if attachment_type(folder) == type_:
            yield name
    try:
        files = os.listdir(attachment_folder(owner, type_))  # noqa: PTH208 - paths are text here
    except OSError:
        return
    for file in files:
        if not ATTACHMENT_META.match(file):
            yield file.rpartition(".")[0] or file


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def free_name(taken: set[str], name: str) -> str:
    """The name, with a number behind it where it is one of those taken, which `names_of` gives."""
    number, found = 1, name
    while _folded(found) in taken:
        number += 1
        found = f"{name}_{number}"
    return found


def _given(taken: set[str], kind: str, name: str) -> str:
    if _folded(name) in taken:
        raise Refused(f"the {kind} {name} is there already", hint="take another name, or replace its file")
    return name


def _stem(file: str) -> str:
    """The name of a file as a shortname: accents dropped, everything else that D-MART does not take an underscore."""
    stem = os.path.splitext(file)[0]  # noqa: PTH122 - names are text here
    plain = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", stem)))
    return _NO_LETTERS.sub("_", plain).strip("_")[:_LONGEST].rstrip("_")


def _upload(file: File, check: Check) -> _Upload:
    """Read what is to be attached, once, keeping nothing of a file but its first bytes."""
    if isinstance(file, tuple):
        name, data = file
        sha1 = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        return _Upload(name, "", data, sha1, digest(data), len(data), data[:_HEAD])
    source = os.path.realpath(file)
    descriptor = open_regular(source, source)
    one, two, size, head = hashlib.sha1(usedforsecurity=False), hashlib.sha256(), 0, b""
    with os.fdopen(descriptor, "rb", buffering=0):
        for block in pieces(descriptor, check):
            one.update(block)
            two.update(block)
            head = head or block[:_HEAD]
            size += len(block)
    return _Upload(os.path.basename(file), source, b"", one.hexdigest(), two.hexdigest(), size, head)  # noqa: PTH119


def _content_type(upload: _Upload) -> str:
    known = CONTENT_TYPES.get(upload.extension)
    if known is not None:
        return known
    if _is_text(upload.head):
        return "text"
    raise Refused(
        "D-MART has no content type for such a file", address=upload.source or upload.name,
        hint=f"it takes {', '.join(CONTENT_TYPES)} and text",
    )  # fmt: skip


def _is_text(head: bytes) -> bool:
    """Whether bytes are the beginning of a text in UTF-8; a character may be cut in two at their end."""
    try:
        head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3 or len(head) < _HEAD:
            return False
    return b"\0" not in head


def _kind(upload: _Upload, content: str, wanted: str | None) -> str:
    if wanted is None:
        return content if content in OF_CONTENT else "media"
    if wanted not in FILE_TYPES:
        raise UsageFault(f"{wanted} is no attachment that is a file", hint=f"take one of {', '.join(FILE_TYPES)}")
    if wanted in OF_CONTENT and wanted != content:
        raise UsageFault(f"{upload.name} is {content}, not {wanted}", hint=f"{content} goes as media")
    return wanted


def _attached(store: Store, owner: Entry, upload: _Upload, kind: str, content: str, name: str, when: datetime) -> Plan:
    body = f"{name}.{upload.extension or 'txt'}"
    path = child_path(attachment_folder(owner, kind), body)
    if path is None:
        raise UsageFault(f"{name!r} cannot be a name", address=str(owner.address))
    fields = {"payload": {"content_type": content, "checksum": upload.sha1, "body": body}}
    plan = plan_creation(store, owner, kind, name, fields, when=when, title="", upload=upload.steps(path))
    return replace(
        plan,
        expects=(*plan.expects, *upload.expects(), Expect(path, NOTHING)),
        warnings=(*plan.warnings, *_warnings(upload, content)),
        notes=(f"{upload.name} becomes {kind}/{name}: {content}, {format_size(upload.size)}",),
    )


def _warnings(upload: _Upload, content: str) -> Iterator[Warned]:
    if not upload.size:
        yield Warned("model", ("payload", "body"), f"{upload.name} is empty", deliberate=True)
    elif content == "json" and upload.size <= PAYLOAD_LIMIT:
        data = read_bounded(upload.source, upload.source, PAYLOAD_LIMIT) if upload.source else upload.data
        try:
            decode(data)
        except Damaged as error:
            yield Warned("model", ("payload", "body"), f"{upload.name} {error.message}", deliberate=True)
