"""Moving and renaming: everything that belongs to a thing goes along, and what points to it may follow."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dmart_tui.core import jsontext
from dmart_tui.core.address import Address
from dmart_tui.core.errors import Damaged, DmartTuiError, NotFound, Refused, UsageFault
from dmart_tui.core.files import read_bounded
from dmart_tui.core.journal import STATE_FOLDER
from dmart_tui.core.spaces import PAYLOAD_LIMIT, Attachment, Entry, Item, Kind, decode
from dmart_tui.core.spaces.layout import HISTORY, MANAGEMENT, Place, attachment_type, place, schema_files, spellings
from dmart_tui.core.steps import Append, Copy, Discard, Expect, MakeFolder, Move, RemoveFolder, Step, Write, digest
from dmart_tui.core.undoable import respelled
from dmart_tui.core.units import format_size
from dmart_tui.core.writing.belonging import Belongings, Route, belongings, is_logs, logs_folder, measured
from dmart_tui.core.writing.documents import Document
from dmart_tui.core.writing.inbound import Inbound, inbound, repointed, told
from dmart_tui.core.writing.plan import Edited, Moved, Plan, Warned, joined
from dmart_tui.core.writing.records import changes_of, diff, stamp
from dmart_tui.core.writing.rules import name_warnings, reference_warnings, unique_warnings
from dmart_tui.core.writing.saving import plan_save

if TYPE_CHECKING:
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.spaces import Spaces
    from dmart_tui.core.writing.store import Store


def plan_move(
    store: Store,
    source: Address,
    target: Address,
    *,
    rewrite: bool | Collection[Address] = False,
    references: bool = True,
    among: Iterable[Address] | None = None,
    parents: bool = False,
    cancel: CancelToken | None = None,
    progress: Callable[[int], None] | None = None,
) -> Plan:
    """Move or rename an entry, a folder with all below it, an attachment, or a space.

    Metas change by the smallest edits: shortname, the name of the body's file when it follows, `updated_at`. As in
    D-MART a move leaves no line in history or event log; what is made to point to the new place has its own.

    Args:
        target: the whole new address, last name included.
        rewrite: let everything that points to it, or the items at these addresses only, point to the new place.
        references: warn of what points to it; that and `rewrite` read all metas of the root.
        among: read only these for what points to it.
        parents: also make the folders above the target that are missing.
        progress: told the number of entries read so far.

    Raises:
        UsageFault: the target cannot be a place for it.
        NotFound: nothing stands at the source, or the entry is missing that an attachment is to hang on.
        Refused: something stands at the target, a folder above it is missing, it would go into itself, several things
            share its name, or it is a symlink.
        Cancelled: `cancel` was.
    """
    spaces = store.spaces
    mine = belongings(spaces, source)
    item = mine.item
    _check(mine, target)
    above = parents_plan(store, target, item.kind, parents=parents)
    way = route(spaces, item.address, target, item.kind, getattr(item, "folder", ""))
    _check_free(spaces, way, mine)
    pointing: list[Inbound] = []
    if references or rewrite:
        pointing = list(inbound(spaces, item.address, among=among, cancel=cancel, progress=progress))
    follows = pointing if rewrite is True else [found for found in pointing if rewrite and found.address in rewrite]
    metas, unable = _repointed(follows, item.address, target)
    _, own = metas.pop(item.path, (item, item.meta))
    data = renamed(store, way, item.raw, mine.payload, own)
    steps = list(_steps(spaces, way, mine))
    if data != item.raw:
        steps.append(Write(way.path(item.path), data))
    if isinstance(item, Attachment):
        steps.append(RemoveFolder(item.folder))
    size, entries = measured(mine.parts, cancel)
    many = "" if entries == 1 else f"{entries} entries, folders and attachments, "
    left = [found for found in pointing if found not in follows]
    warnings, notes = told(left, "still points to the old place")
    warned, noted = told(unable, "cannot be made to point to the new place")
    following, more = told([found for found in follows if found not in unable], "will point to the new place")
    plan = Plan(
        f"Move {item.address} to {target}",
        item.address,
        steps=tuple(steps),
        expects=(Expect(item.path, digest(item.raw)),) if item.raw else (),
        changes=changes_of(diff(item.meta, _object(data))),
        warnings=(*_sense_warnings(store, item, target, known=not above.steps), *warnings, *warned),
        notes=(f"{many}{format_size(size)}", *(one.text for one in following), *more, *notes, *noted),
    )
    rewritten = [_repointing(store, way, *edit) for edit in metas.values()]
    whole = joined(plan.title, item.address, (above, plan, *rewritten))
    edited = tuple(undo for one in rewritten for undo in one.undo if isinstance(undo, Edited))
    return replace(whole, changes=plan.changes, undo=(Moved(item.address, target, edited),), result=target)


# -- what restoring from the trash shares -----------------------------------------------------------------------------


def parents_plan(store: Store, target: Address, kind: Kind, *, parents: bool) -> Plan:
    """Makes the folders above a target that are missing; without steps when there are none.

    Raises:
        NotFound: the space is missing, or the entry that an attachment is to hang on.
        Refused: a folder is missing and `parents` is not said, or an entry stands where a folder has to.
    """
    above = target.parent
    if kind is Kind.SPACE or above is None:
        return Plan("", target)
    try:
        found = store.spaces.load(above)
    except NotFound:
        if kind is Kind.ATTACHMENT or not above.parts:
            raise
        if not parents:
            raise Refused("there is no such folder", address=str(above), command="--parents makes it") from None
        from dmart_tui.core.writing.creating import plan_create

        return plan_create(store, above, "folder", parents=True)
    if kind is not Kind.ATTACHMENT and found.kind is Kind.ENTRY:
        raise Refused("is no folder", address=str(above))
    return Plan("", target)


def route(spaces: Spaces, source: Address, target: Address, kind: Kind, folder: str) -> Route:
    """The way from one address to another.

    Args:
        folder: of an attachment: the directory that it is in, or was.
    """
    if kind is not Kind.ATTACHMENT:
        return Route(spaces.root, source, target, kind)
    owner = spaces.load(Address(target.space, target.parts))
    name = os.path.basename(folder)
    alike = [other for other in owner.attachment_folders if attachment_type(other) == attachment_type(name)]
    if name not in alike:
        name = alike[0] if alike else name
    return Route(spaces.root, source, target, kind, (folder, f"{owner.folder}/{name}"))


def renamed(store: Store, way: Route, data: bytes, payload: str | None, meta: dict[str, Any] | None = None) -> bytes:
    """The meta of something as it stands at its new address; one that cannot be read stays as it is.

    Args:
        payload: the path of the file of its body before.
        meta: the value to begin with, when that changed too.
    """
    try:
        found = decode(data)
    except Damaged:
        return data
    if not isinstance(found, dict):
        return data
    new = dict(found if meta is None else meta)
    if way.source.name != way.target.name:
        new["shortname"] = way.target.name
    if payload is not None and (body := os.path.basename(way.payload(payload))) != os.path.basename(payload):
        new["payload"] = {**new["payload"], "body": body}
    new["updated_at"] = stamp(store.now(), found.get("updated_at"))
    return jsontext.rewrite(data, new)


# -- what is in the way -----------------------------------------------------------------------------------------------


def _check(mine: Belongings, target: Address) -> None:
    item, source = mine.item, mine.item.address
    if (source.attachment is None) != (target.attachment is None) or (item.kind is Kind.SPACE) != (
        not target.parts and target.attachment is None
    ):
        raise UsageFault(f"no {item.kind} can be there", address=str(target))
    if target.attachment is not None and source.attachment is not None and target.attachment[0] != source.attachment[0]:
        raise UsageFault("an attachment keeps its type", address=str(target))
    if target.space == STATE_FOLDER:
        raise UsageFault("cannot be a space", address=target.space)
    if target == source:
        raise Refused("that is where it is", address=str(source))
    if source == Address(MANAGEMENT):
        raise Refused("D-MART needs this space under this name", address=str(source))
    if item.kind is Kind.FOLDER and target.keys[: len(source.keys)] == source.keys:
        raise Refused("cannot be moved into itself", address=str(source))
    if isinstance(item, Entry) and item.link:
        raise Refused("is a symlink", address=str(source), hint="move what it leads to")
    alone = mine.meta is not None if item.kind is Kind.ENTRY else mine.home is None and _has_side_car(item)
    if item.kind is not Kind.ATTACHMENT and alone:
        raise Refused("something else shares its name", address=str(source), hint="give that another name first")


def _has_side_car(item: Item) -> bool:
    return isinstance(item, Entry) and item.kind is Kind.FOLDER and os.path.isdir(item.folder)


def _check_free(spaces: Spaces, way: Route, mine: Belongings) -> None:
    own = {*mine.parts, mine.payload}
    for path in _wanted(way, mine):
        folder, name = os.path.split(path)
        for spelled in spellings(name):
            there = f"{folder}/{spelled}"
            if there in own or not os.path.lexists(there):
                continue
            if any(part is not None and respelled(part, there) for part in own):
                continue
            raise Refused("something stands there already", address=spaces.relative(there))


def _wanted(way: Route, mine: Belongings) -> Iterator[str]:
    """The names that have to be free."""
    if mine.payload is not None:
        yield way.payload(mine.payload)
    if mine.meta is not None:
        yield way.path(mine.meta)
        return
    there = place(way.root, way.target)
    yield there.directory
    if way.kind is Kind.SPACE:
        return
    yield there.entry_folder
    if mine.logs is not None and len(way.target.parts) > 1:
        yield logs_folder(way.root, way.target)


def _sense_warnings(store: Store, item: Item, target: Address, *, known: bool) -> Iterator[Warned]:
    """What makes less sense at the new place; `known` is a folder that is there already."""
    source, spaces = item.address, store.spaces
    if item.kind is not Kind.ATTACHMENT and target.name != source.name:
        yield from name_warnings(target.name, space=item.kind is Kind.SPACE)
    body = f"{place(spaces.root, target).parent}/{target.name}.json"
    if item.kind in (Kind.ENTRY, Kind.FOLDER) and known and os.path.lexists(body):
        text = f"{spaces.relative(body)} is there: D-MART would take it for the body"
        yield Warned("name", ("shortname",), text, deliberate=True)
    schema = item.payload.schema if item.payload is not None else None
    if schema and target.space != source.space and item.kind is not Kind.SPACE:
        if not any(os.path.isfile(path) for path in schema_files(spaces.root, target.space, schema)):
            text = f"the space {target.space} has no schema {schema}"
            yield Warned("reference", ("payload", "schema_shortname"), text)
        yield from reference_warnings(store, target, item.meta, ("workflow_shortname",))
    if item.kind is Kind.ENTRY and known and target.parent != source.parent:
        yield from unique_warnings(store, target, item.meta, _body(spaces, item))


def _body(spaces: Spaces, item: Item) -> Any:
    if item.payload is None or item.payload.content_type != "json":
        return None
    try:
        return decode(spaces.payload_bytes(item, PAYLOAD_LIMIT))
    except DmartTuiError:
        return None


# -- the steps --------------------------------------------------------------------------------------------------------


def _steps(spaces: Spaces, way: Route, mine: Belongings) -> Iterator[Step]:
    """What moves, the body before the meta that names it."""
    if mine.payload is not None and (new := way.payload(mine.payload)) != mine.payload:
        yield MakeFolder(os.path.dirname(new))
        yield Copy(mine.payload, new) if mine.shared else Move(mine.payload, new)
    there = place(way.root, way.target)
    if mine.meta is not None:
        yield from _into(mine.meta, way.path(mine.meta))
    if mine.home is not None:
        yield from _into(mine.home, there.entry_folder)
    if way.kind is not Kind.SPACE:
        yield from _log_steps(spaces, way, mine, there)
    if mine.directory is not None:
        yield from _into(mine.directory, there.directory)


def _into(source: str, path: str) -> Iterator[Step]:
    if source != path:
        yield MakeFolder(os.path.dirname(path))
        yield Move(source, path)


def _log_steps(spaces: Spaces, way: Route, mine: Belongings, there: Place) -> Iterator[Step]:
    """The histories of attachments: at the root of a space in the side-car, further down in a tree of their own."""
    logs, at_root = logs_folder(way.root, way.target), len(way.target.parts) == 1
    if mine.logs is not None and not at_root:
        yield from _into(mine.logs, logs)
    elif mine.logs is not None:
        for name in sorted(os.listdir(mine.logs)):
            if name == HISTORY and mine.home is not None and os.path.isfile(f"{mine.home}/{HISTORY}"):
                yield Write(f"{logs}/{name}", b"".join(_lines(spaces, folder) for folder in (mine.home, mine.logs)))
            else:
                yield from _into(f"{mine.logs}/{name}", f"{logs}/{name}")
        yield Discard(mine.logs)
    elif mine.directory is not None and mine.home is not None and len(way.source.parts) == 1 and not at_root:
        for name in sorted(os.listdir(mine.home)):
            if is_logs(mine.home, name):
                yield from _into(f"{there.entry_folder}/{name}", f"{logs}/{name}")
    if mine.logs is not None:
        above = way.source.parts[:-1]
        yield from (
            RemoveFolder(logs_folder(way.root, replace(way.source, parts=above[:end])))
            for end in range(len(above), 0, -1)
        )


def _lines(spaces: Spaces, folder: str) -> bytes:
    data = read_bounded(f"{folder}/{HISTORY}", spaces.root, PAYLOAD_LIMIT)
    return data if not data or data.endswith(b"\n") else data + b"\n"


# -- what points to it ------------------------------------------------------------------------------------------------


def _repointed(
    follows: Sequence[Inbound], source: Address, target: Address
) -> tuple[dict[str, tuple[Item, dict[str, Any]]], list[Inbound]]:
    """(path of a meta -> its item and new value, references that cannot follow)."""
    metas: dict[str, tuple[Item, dict[str, Any]]] = {}
    unable = []
    for found in follows:
        item, meta = metas.get(found.item.path, (found.item, found.item.meta))
        new = repointed(meta, found, source, target)
        if new is None:
            unable.append(found)
        else:
            metas[item.path] = item, new
    return metas, unable


def _repointing(store: Store, way: Route, item: Item, meta: dict[str, Any]) -> Plan:
    """The plan that saves a meta, after the move; what goes along is at its new place by then."""
    expects = (Expect(item.path, digest(item.raw)),)
    document = Document(
        item.address, item.kind, item.type, item, item.meta, item.raw, item.path, None, None, None, "none", expects
    )
    plan = plan_save(store, document, meta)
    steps = tuple(
        replace(step, path=way.path(step.path)) if isinstance(step, Write | Append | MakeFolder) else step
        for step in plan.steps
    )
    return replace(plan, steps=steps, warnings=(), result=None)


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = decode(data) if data else {}
    except Damaged:
        return {}
    return found if isinstance(found, dict) else {}
