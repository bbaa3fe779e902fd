"""Taking changes back: one that was just made, one that a history tells of, or all since a time."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.address import META_FOLDER
from dmart_tui.core.errors import NotFound, Refused, UsageFault
from dmart_tui.core.files import inside, read_bounded
from dmart_tui.core.merging import ABSENT, value_at, with_value
from dmart_tui.core.secrets import MARK
from dmart_tui.core.spaces import PAYLOAD_LIMIT, UNRECORDED, Entry, Missing, as_of, decode, history, resolve, whole
from dmart_tui.core.spaces.histories import member_token
from dmart_tui.core.steps import Discard, Expect, RemoveFolder
from dmart_tui.core.units import format_time
from dmart_tui.core.writing.conflicts import DERIVED, clash_error, conflicting
from dmart_tui.core.writing.documents import KEEP, Document, open_document
from dmart_tui.core.writing.plan import Added, Edited, Plan, Warned
from dmart_tui.core.writing.records import MASKED
from dmart_tui.core.writing.saving import BODY, plan_save

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from dmart_tui.core.address import Address
    from dmart_tui.core.spaces import Change, Record
    from dmart_tui.core.writing.store import Store

LEFT_ALONE: Final = frozenset({"lock_type", "comment", *(".".join(path) for path in DERIVED)})
"""Keys of diffs that are none of the entry, or follow from others."""


def plan_unedit(store: Store, edited: Edited) -> Plan:
    """Take an edit back where nobody changed the same since.

    Raises:
        Refused: the same keys were changed since; the message names them.
        NotFound, Damaged: as `open_document`.
    """
    now = open_document(store, edited.address)
    touched = edited.body != (None, None)
    if touched and now.body_kind == "binary" and now.body_path is not None:
        now = replace(now, body_data=read_bounded(now.body_path, store.spaces.root, PAYLOAD_LIMIT))
    after = _as_it_was(now, edited.meta[1], edited.body[1])
    before = _as_it_was(now, edited.meta[0], edited.body[0])
    body = (before.body_data if now.body_kind == "binary" else before.body) if touched else KEEP
    found = conflicting(after, before.meta, body, now)
    if found.clashes:
        raise clash_error(now, found.clashes)
    meta, merged = found.values
    return plan_save(store, now, meta, merged, title=f"Take back a change of {now.address}")


def plan_unadd(store: Store, added: Added) -> Plan:
    """Remove a file that was added, and the directories above it that are empty then.

    Raises:
        Refused: it is no file of the root.
    """
    root = store.spaces.root
    path = f"{root}/{added.path}"
    if not inside(root, os.path.realpath(path)):
        raise Refused("is no file of the root", address=added.path)
    folder, _, _ = path.rpartition("/")
    empty = [folder, folder.removesuffix(f"/{META_FOLDER}")]
    return Plan(
        f"Remove {added.path}",
        added.address,
        steps=(Discard(path), *(RemoveFolder(above) for above in dict.fromkeys(empty) if above != root)),
        expects=(Expect(path, added.digest),),
        notes=(f"{added.path} goes for ever",),
    )


def _as_it_was(now: Document, meta: bytes, data: bytes | None) -> Document:
    """A document with the bytes it had; its body stays when none are given."""
    body = now.body
    if data is not None:
        body = decode(data) if now.body_kind == "json" else data.decode() if now.body_kind == "text" else None
    return replace(now, meta=decode(meta), meta_data=meta, body=body, body_data=now.body_data if data is None else data)


def why_not_reverted(record: Record) -> str:
    """Why nothing of what a line tells can be taken back, as a sentence; empty when something may be."""
    if record.role == "attachments":
        return "No line says which attachment it changed."
    changes = [change for change in record.changes if change.key not in LEFT_ALONE]
    if not changes:
        return "This line changed no key of the entry."
    if all(change.old is UNRECORDED for change in changes):
        return "This line does not say what was before."
    return ""


def plan_revert(store: Store, record: Record) -> Plan:
    """Take back what a line of a history tells, as a new change; later changes of other keys stay.

    Lists get back the members that went and lose those that came. What cannot be known is left, and warned of.

    Raises:
        Refused: nothing of it can be taken back.
        NotFound, Damaged: as `open_document`.
    """
    document = open_document(store, record.address)
    if record.role == "attachments":
        raise Refused("no line says which attachment it changed", address=str(document.address))
    values = _Values(document)
    unknown: list[Warned] = []
    doubtful = record.role == "shared" and _has_attachments(store, document)
    if doubtful:
        unknown.append(Warned("loss", (), "the change may be one of an attachment: they share a history", True))
    for change in record.changes:
        if change.key in LEFT_ALONE:
            continue
        try:
            why = _revert(values, change)
        except UsageFault as error:
            why = error.message
        if why:
            unknown.append(Warned("loss", tuple(change.key.split(".")), f"{change.key} stays: {why}"))
    when = format_time(record.when, seconds=True) if record.when is not None else record.timestamp or "a line"
    title = f"Revert the change of {when} of {document.address}"
    plan = values.plan(store, title, unknown)
    if not plan.steps and len(unknown) > doubtful:
        raise Refused("; ".join(warned.text for warned in unknown), address=str(document.address))
    return plan


def _has_attachments(store: Store, document: Document) -> bool:
    item = document.item
    return not isinstance(item, Entry) or next(store.spaces.attachments(item), None) is not None


def _revert(values: _Values, change: Change) -> str:
    """Set one key back; why it cannot be, or nothing."""
    if change.old is UNRECORDED:
        return "the line does not say what was before"
    if change.old in (MASKED, MARK):
        return "it is a secret, and the history does not hold it"
    now = values.get(change.key)
    if change.kind != "list":
        values.set(change.key, ABSENT if isinstance(change.old, Missing) else change.old)
        later = now is not ABSENT and not isinstance(change.new, Missing) and now != change.new
        values.later += [change.key] if later else []
        return ""
    if not isinstance(now, list):
        return "it is no list any more"
    gone = [member_token(member) for member in change.added]
    left = []
    for member in now:
        if (token := member_token(member)) in gone:
            gone.remove(token)
        else:
            left.append(member)
    there = {member_token(member) for member in left}
    values.set(change.key, [*left, *(member for member in change.removed if member_token(member) not in there)])
    return ""


def plan_restore_to(store: Store, address: Address, when: datetime, keys: Collection[str] | None = None) -> Plan:
    """Make an entry what it was at a time, or only some of its keys.

    Args:
        when: aware.
        keys: dotted; None for all. What the history cannot tell for sure is warned of and needs a deliberate yes.

    Raises:
        Refused: it did not exist then.
        NotFound: there is nothing at the address, or it never had such a key.
    """
    document = open_document(store, address)
    body = document.body if document.body_kind == "json" else None
    version = as_of(document.item, body, history(store.spaces, document.address), when)
    if version.existed is False:
        raise Refused("it did not exist then", address=str(address))
    then, now = whole(version.meta, version.body), whole(document.meta, body)
    values = _Values(document)
    wanted = list(keys) if keys is not None else None
    if wanted is None:
        values.replace(version.meta, version.body)
    for key in wanted or ():
        path, _ = resolve(then if value_at(now, resolve(now, key)[0]) is ABSENT else now, key)
        value = value_at(then, path)
        if value is ABSENT and value_at(now, path) is ABSENT:
            raise NotFound(f"it has no key {key}, and had none then", address=str(address))
        values.set_path(path, value)
    unknown = [
        Warned("loss", tuple(key.split(".")), f"{key}: {reason}", deliberate=True)
        for key, reason in version.unknown.items()
        if key not in LEFT_ALONE and (wanted is None or any(_within(key, one) for one in wanted))
    ]
    return values.plan(store, f"Restore {document.address} to {format_time(when, seconds=True)}", unknown)


def _within(key: str, other: str) -> bool:
    return key == other or key.startswith(f"{other}.") or other.startswith(f"{key}.")


class _Values:
    """Keys of meta and body, set one by one the way diffs name them."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._separate = document.body_kind == "json"
        self.meta = document.meta
        self.body = document.body
        self.later: list[str] = []
        """Keys that somebody gave another value since."""

    def _path(self, key: str) -> tuple[str, ...]:
        return resolve(whole(self.meta, self.body if self._separate else None), key)[0]

    def get(self, key: str) -> Any:
        path = self._path(key)
        if self._separate and path[:2] == BODY and len(path) > 2:
            return value_at(self.body, path[2:])
        return value_at(self.meta, path)

    def set(self, key: str, value: Any) -> None:
        self.set_path(self._path(key), value)

    def set_path(self, path: tuple[str, ...], value: Any) -> None:
        if self._separate and path[:2] == BODY:
            self.body = with_value(self.body, path[2:], value) if path[2:] else value
        else:
            self.meta = with_value(self.meta, path, value)

    def replace(self, meta: dict[str, Any], body: Any) -> None:
        self.meta = meta
        if self._separate and body is not None:
            self.body = body

    def plan(self, store: Store, title: str, warnings: Iterable[Warned]) -> Plan:
        body = self.body if self._separate else KEEP
        plan = plan_save(store, self._document, self.meta, body, title=title)
        later = [
            Warned("loss", tuple(key.split(".")), f"{key} was changed again since, which is lost", deliberate=True)
            for key in self.later
        ]
        return replace(plan, warnings=(*warnings, *later, *plan.warnings))
