"""Throwing away and getting back: the trash is a folder of the root's own state, and what is in it is whole."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dmart_tui.core.address import Address
from dmart_tui.core.errors import Damaged, DmartTuiError, Failed, NotFound, Refused
from dmart_tui.core.files import inside, read_bounded
from dmart_tui.core.spaces import META_LIMIT, Attachment, Kind, decode
from dmart_tui.core.steps import Discard, Expect, MakeFolder, Move, RemoveFolder, Step, Write, digest
from dmart_tui.core.units import format_size
from dmart_tui.core.writing.belonging import belongings, files_below, measured
from dmart_tui.core.writing.inbound import from_elsewhere, inbound, told
from dmart_tui.core.writing.plan import Created, Plan, Trashed, joined
from dmart_tui.core.writing.records import event_steps, lines_of

if TYPE_CHECKING:
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.writing.store import Store

TRASH: Final = "trash"
MANIFEST: Final = "manifest.json"
_LIMIT: Final = 1_000_000


class _Stored(msgspec.Struct):
    path: str
    """Where it was, relative to the root."""
    stored: str
    """Its name in the trash."""


class _Manifest(msgspec.Struct):
    address: str
    kind: Kind
    type: str
    displayname: str
    when: datetime
    who: str
    size: int
    entries: int
    moves: list[_Stored]
    meta: str = ""
    """Path of its meta, relative to the root; empty when it has none that can be read."""
    payload: str = ""
    format: int = 1


@dataclass(frozen=True, slots=True)
class TrashItem:
    """Something that was thrown away."""

    identity: str
    address: Address | None
    """Where it was; None when that is not known any more."""
    kind: Kind | None
    type: str
    displayname: str
    when: datetime
    """Naive local time."""
    who: str
    size: int
    """Bytes of all its files."""
    entries: int
    """How many entries, folders and attachments it is, itself among them."""
    problem: str = ""
    """Why it cannot be restored; empty when it can."""


@dataclass(frozen=True, slots=True)
class TrashFile:
    """A file of something in the trash."""

    path: str
    """Where it was, relative to the root; its place in the trash where that is not known."""
    stored: str
    """Where it is now."""
    size: int


@dataclass(frozen=True, slots=True)
class Purged:
    """What was freed."""

    items: int
    size: int


def plan_trash(
    store: Store,
    address: Address,
    *,
    references: bool = True,
    among: Iterable[Address] | None = None,
    forever: bool = False,
    cancel: CancelToken | None = None,
) -> Plan:
    """Move an entry, folder, space or attachment to the trash with all that belongs to it.

    Args:
        address: `NAME.TYPE` where several metas share a name; then only that one goes.
        references: warn of what points to it, for which all metas of the root are read.
        among: read only these for it.
        forever: free the disk instead; nothing takes that back.

    Raises:
        NotFound: nothing stands there.
        Refused: several metas share the name and the type is not said, or a symlink leads out of the root.
        Cancelled: `cancel` was.

    Costs a stat of each file that goes.
    """
    spaces = store.spaces
    mine = belongings(spaces, address)
    item, when = mine.item, store.now()
    size, entries = measured(mine.parts, cancel)
    identity = f"{when:%Y%m%d-%H%M%S-%f}-{os.urandom(3).hex()}"
    folder = _folder(store, identity)
    stored = [_Stored(spaces.relative(path), str(number)) for number, path in enumerate(mine.parts)]
    steps: list[Step] = []
    if forever:
        steps += [Discard(path) for path in mine.parts]
    else:
        told_of = (str(item.address), item.kind, item.type, item.displayname(), when, store.user, size, entries)
        meta = spaces.relative(item.path) if item.raw else ""
        manifest = _Manifest(*told_of, stored, meta, _relative(store, mine.payload))
        steps += [MakeFolder(folder), Write(f"{folder}/{MANIFEST}", _encoded(manifest))]
        steps += [Move(path, f"{folder}/{move.stored}") for path, move in zip(mine.parts, stored, strict=True)]
    if isinstance(item, Attachment):
        steps.append(RemoveFolder(item.folder))
    if item.kind is not Kind.SPACE:
        steps += event_steps(store, item.address, item.type, item.meta, "delete", {}, when)
    pointing = inbound(spaces, item.address, among=among, cancel=cancel) if references else ()
    warnings, notes = told([found for found in pointing if from_elsewhere(found, mine)])
    kept = (f"{_relative(store, mine.payload)} stays: it is another one's body too",) if mine.shared else ()
    return Plan(
        f"Remove {item.address} for ever" if forever else f"Move {item.address} to the trash",
        item.address,
        steps=tuple(steps),
        expects=(Expect(item.path, digest(item.raw)),) if item.raw else (),
        lines=lines_of(steps),
        warnings=warnings,
        undo=() if forever else (Trashed(item.address, identity),),
        notes=(_amount(size, entries), *kept, *notes),
    )


def trash_items(store: Store) -> Iterator[TrashItem]:
    """What is in the trash, newest first; one read an item. Damaged ones are among them."""
    try:
        names = sorted(os.listdir(_folder(store)), reverse=True)
    except FileNotFoundError:
        return
    except OSError as error:
        raise Failed(f"the trash cannot be read: {error.strerror}") from None
    for name in names:
        try:
            item = None if name.startswith(".") else trash_item(store, name)
        except (NotFound, FileNotFoundError):  # a stray file, or freed in this moment
            continue
        if item is not None:
            yield item


def trash_item(store: Store, identity: str) -> TrashItem:
    """One thing in the trash.

    Raises:
        NotFound: there is no such.
    """
    folder = _checked(store, identity)
    try:
        found = _manifest(store, identity)
        missing = [move.path for move in found.moves if not os.path.lexists(f"{folder}/{move.stored}")]
        problem = f"{missing[0]} is not in the trash any more" if missing else ""
        address = Address.parse(found.address)
    except DmartTuiError as error:
        when = datetime.fromtimestamp(os.stat(folder).st_mtime)
        size, entries = measured((folder,))
        return TrashItem(identity, None, None, "", identity, when, "", size, entries, error.message)
    return TrashItem(
        identity, address, found.kind, found.type, found.displayname, found.when, found.who, found.size, found.entries,
        problem,
    )  # fmt: skip


def trash_files(store: Store, identity: str) -> Iterator[TrashFile]:
    """The files of something in the trash, its meta and payload first; an lstat a file.

    Raises:
        NotFound: there is no such thing.
    """
    folder = _checked(store, identity)
    moves: list[_Stored] = []
    seen = {f"{folder}/{MANIFEST}"}
    try:
        found = _manifest(store, identity)
    except DmartTuiError:
        pass  # what is there is told all the same
    else:
        moves = found.moves
        for path in filter(None, (found.meta, found.payload)):
            stored = next((f"{folder}/{m.stored}{path[len(m.path) :]}" for m in moves if inside(m.path, path)), "")
            if os.path.lexists(stored):
                seen.add(stored)
                yield TrashFile(path, stored, _size(stored))
    places = {move.stored: move.path for move in moves}
    for stored in files_below(folder):
        if stored not in seen:
            first, slash, rest = stored[len(folder) + 1 :].partition("/")
            yield TrashFile(f"{places.get(first, first)}{slash}{rest}", stored, _size(stored))


def plan_restore(store: Store, identity: str, *, to: Address | None = None) -> Plan:
    """Put something from the trash back, or elsewhere; folders above that are missing are made.

    Args:
        to: the whole new address, last name included.

    Raises:
        NotFound: there is no such thing in the trash; the entry that an attachment hung on is gone.
        Refused: something stands where it was, or it is damaged.
    """
    from dmart_tui.core.writing.moving import parents_plan, renamed, route

    spaces, folder = store.spaces, _checked(store, identity)
    item = trash_item(store, identity)
    if item.address is None or item.problem or item.kind is None:
        raise Refused(f"cannot be restored: {item.problem}", address=identity)
    found, target = _manifest(store, identity), to or item.address
    parents = parents_plan(store, target, item.kind, parents=True)
    way = route(spaces, item.address, target, item.kind, f"{spaces.root}/{os.path.dirname(found.moves[0].path)}")
    steps: list[Step] = []
    data = b""
    for move in reversed(found.moves):
        path, stored = f"{spaces.root}/{move.path}", f"{folder}/{move.stored}"
        new = way.payload(path) if move.path == found.payload else way.path(path)
        if os.path.lexists(new):
            raise Refused("something stands there already", address=spaces.relative(new), hint="restore it elsewhere")
        steps += [MakeFolder(os.path.dirname(new)), Move(stored, new)]
        if move.path == found.meta or found.meta.startswith(f"{move.path}/"):
            data = _bytes(store, stored + found.meta[len(move.path) :])
    if target != item.address and data:
        payload = f"{spaces.root}/{found.payload}" if found.payload else None
        steps.append(Write(way.path(f"{spaces.root}/{found.meta}"), renamed(store, way, data, payload)))
    steps.append(Discard(folder))
    if item.kind is not Kind.SPACE:
        steps += event_steps(store, target, item.type, _object(data), "create", {}, store.now())
    plan = Plan(
        f"Restore {target}",
        target,
        steps=tuple(steps),
        undo=(Created(target),),
        result=target,
        notes=(_amount(item.size, item.entries),),
    )
    return replace(joined(plan.title, target, (parents, plan)), undo=plan.undo) if parents.steps else plan


def purge(
    store: Store,
    identities: Collection[str] | None = None,
    *,
    older_than: timedelta | None = None,
    cancel: CancelToken | None = None,
) -> Purged:
    """Free the disk of what is in the trash; nothing takes that back. Each thing goes whole or not at all.

    Args:
        identities: which; all when None.
        older_than: only what is in the trash for longer.

    Raises:
        NotFound: there is no such thing; those before it are gone.
        Refused: read-only.
        Cancelled: `cancel` was; those before are gone.
    """
    chosen = trash_items(store) if identities is None else (trash_item(store, identity) for identity in identities)
    before = None if older_than is None else store.now() - older_than
    items = size = 0
    with store.journal.hold():
        for item in list(chosen):
            if before is not None and item.when > before:
                continue
            title = f"Free {item.address or item.identity} from the trash"
            store.journal.apply([Discard(_folder(store, item.identity))], title=title, cancel=cancel)
            items, size = items + 1, size + item.size
    return Purged(items, size)


def _amount(size: int, entries: int) -> str:
    many = "" if entries == 1 else f"{entries} entries, folders and attachments, "
    return many + format_size(size)


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except OSError:  # freed meanwhile
        return 0


def _bytes(store: Store, path: str) -> bytes:
    try:
        return read_bounded(path, store.spaces.root, META_LIMIT)
    except NotFound:
        return b""


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = decode(data)
    except Damaged:
        return {}
    return found if isinstance(found, dict) else {}


def _folder(store: Store, *names: str) -> str:
    return "/".join((store.journal.folder, TRASH, *names))


def _checked(store: Store, identity: str) -> str:
    folder = _folder(store, identity)
    if not identity or identity.startswith(".") or "/" in identity or "\0" in identity or not os.path.isdir(folder):
        raise NotFound("is not in the trash", address=identity, command="`trash ls` lists what is")
    return folder


def _relative(store: Store, path: str | None) -> str:
    return "" if path is None else store.spaces.relative(path)


def _encoded(manifest: _Manifest) -> bytes:
    """As JSON that also holds names which are no UTF-8."""
    return json.dumps(msgspec.to_builtins(manifest), indent=2).encode("ascii") + b"\n"


def _manifest(store: Store, identity: str) -> _Manifest:
    path = _folder(store, identity, MANIFEST)
    try:
        found = msgspec.convert(json.loads(read_bounded(path, store.spaces.root, _LIMIT)), _Manifest)
    except NotFound:
        raise NotFound("its manifest is missing", address=identity) from None
    except (ValueError, RecursionError) as error:
        raise Refused(f"its manifest is damaged: {error}", address=identity) from None
    if not found.moves:
        raise Refused("its manifest is damaged: it names no files", address=identity)
    for name in (*(move.stored for move in found.moves), identity):
        if "/" in name or name in ("", ".", ".."):
            raise Refused("its manifest is damaged: it names files that are not its own", address=identity)
    return found
