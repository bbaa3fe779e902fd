"""The overview of an entry: who, what, when, what it points to, and what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from textual import on

from dmart_tui.core import background, disk
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.secrets import mask
from dmart_tui.core.spaces import (
    Entry,
    Kind,
    Reference,
    Targets,
    Workflows,
    recorded_lock,
    references,
    translate,
)
from dmart_tui.core.units import format_count, format_size, format_time, parse_time
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.messages import Counted, OpenAddress
from dmart_tui.tui.views import EntryView
from dmart_tui.tui.widgets.field_list import Field, FieldList

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import ComposeResult

    from dmart_tui.core.locking import Lock
    from dmart_tui.core.spaces import Spaces
    from dmart_tui.tui.app import DmartApp

_TOLD_APART: Final = frozenset(
    (
        "shortname", "displayname", "description", "is_active", "owner_shortname", "owner_group_shortname", "uuid",
        "slug", "created_at", "updated_at", "tags", "payload", "relationships", "roles", "groups", "permissions", "acl",
        "state", "is_open", "workflow_shortname", "resolution_reason", "collaborators",
    )
)  # fmt: skip
"""Keys of a meta that the overview words itself; all others are listed as they are."""
_ROLES: Final = {
    "relationship": "relates to",
    "schema": "schema",
    "workflow": "workflow",
    "owner": "owner",
    "owner-group": "owner group",
    "role": "role",
    "group": "group",
    "permission": "permission",
    "collaborator": "collaborator",
    "acl-user": "may access",
    "subject": "about",
    "author": "author",
    "space": "opens",
}
_LONGEST_VALUE: Final = 2000
_MOST_REFERENCES: Final = 200
_PASSING_REFERENCES: Final = 3
_PASSING_VALUE: Final = 48
"""Cells of a value while the entry is only passed by: what follows a resting cursor shall send little."""


class OverviewPane(EntryView):
    """Fields of an entry; those that point somewhere can be opened."""

    CONTEXT = "overview"
    BINDINGS = bindings("overview")
    VIEW = "overview"
    TITLE = "Overview"

    def __init__(self) -> None:
        super().__init__()
        self.rows = FieldList(empty="reading…")
        self.entry: Entry | None = None
        self._first_row = 0

    def compose(self) -> ComposeResult:
        yield self.rows

    def on_mount(self) -> None:
        app = cast("DmartApp", self.app)
        app.looks_changed.subscribe(self, lambda _: self._again())

    async def show(self, entry: Entry) -> None:
        self.entry = entry
        app = cast("DmartApp", self.app)
        make = passing if self.brief else overview
        spaces = cast("Spaces", app.spaces)
        from dmart_tui.tui.writing.locking import lock_of

        desk = app.desk
        fields = await background.run(
            lambda: with_lock(
                list(make(spaces, entry, app.settings.language, secrets=app.show_secrets)),
                lock_of(desk, entry.address) if entry.kind is Kind.ENTRY else None,
                desk.user if desk is not None else "",
            )
        )
        if entry is not self.entry:
            return
        self.rows.set_fields(fields, one_line=_PASSING_VALUE if self.brief else 0)
        if self._first_row:
            self.rows.cursor, self._first_row = self._first_row, 0
        self.post_message(Counted("attachments", _attachment_count(entry)))

    def state(self) -> dict[str, object]:
        return {"row": self.rows.cursor}

    def restore(self, state: dict[str, object]) -> None:
        if isinstance(row := state.get("row"), int):
            self._first_row = row

    def _again(self) -> None:
        if self.entry is not None:
            cast("DmartApp", self.app).tasks.spawn(self.show(self.entry), group="overview")

    def why_not(self, action: str) -> str | None:
        field = self.rows.current
        if field is None or field.heading:
            return "The cursor is on nothing."
        if action == "overview.open" and field.target is None:
            return "This row points to nothing that can be opened."
        if action == "overview.unlink" and (field.target is None or len(field.target) < 3 or field.target[2] is None):
            return "This row is no relationship."
        return None

    def do_open(self) -> None:
        self.rows.action_activate()

    async def do_unlink(self) -> None:
        from dmart_tui.tui.writing.linking import take_away

        field, entry = self.rows.current, self.entry
        desk = cast("DmartApp", self.app).desk
        assert field is not None and entry is not None and desk is not None
        target, _, said = field.target
        await take_away(desk, entry.address, target, said)

    def do_copy_value(self) -> None:
        field = self.rows.current
        if field is not None:
            cast("DmartApp", self.app).copy_text(field.exact or field.value)

    @on(FieldList.Activated)
    def _activated(self, message: FieldList.Activated) -> None:
        message.stop()
        target: tuple[Any, ...] = message.field.target
        self.post_message(OpenAddress(target[0], view=target[1]))


def with_lock(fields: list[Field], lock: Lock | str | None, user: str) -> list[Field]:
    """The fields with the lock that is in force, in the place of what the history tells of locks."""
    if lock is None:
        return fields
    if isinstance(lock, str):
        found = Field("locked", f"not known: {lock}", "muted")
    else:
        until = f", until {format_time(lock.expires)}" if lock.expires else ""
        found = Field("locked", f"⊘ {lock}{until}", "accent" if lock.owner == user else "warning")
    kept = [field for field in fields if field.label != "locked"]
    at = next((row for row, field in enumerate(kept) if field.label == "active"), len(kept) - 1) + 1
    return [*kept[:at], found, *kept[at:]]


def overview(spaces: Spaces, entry: Entry, language: str, *, secrets: bool = False) -> Iterator[Field]:
    """The fields of an entry, most telling first; blocks: a stat or three a reference, one read for a ticket."""
    meta: dict[str, Any] = entry.meta if secrets else mask(entry.meta)
    yield from _head(spaces, entry, meta, language)
    yield from _translations(meta, language)
    yield from _pointers(spaces, entry, _MOST_REFERENCES)
    yield from _others(meta)
    yield Field(heading=True)
    yield Field("Where it is", heading=True)
    yield Field("address", str(entry.address))
    yield Field("file", spaces.relative(entry.path), exact=entry.path)
    if archive := disk.kept_at(entry.path):
        yield Field("kept in", f"{archive} (only read)")
    for key in ("uuid", "slug"):
        if meta.get(key):
            yield Field(key, str(meta[key]))


def passing(spaces: Spaces, entry: Entry, language: str, *, secrets: bool = False) -> Iterator[Field]:
    """The most telling fields, in the same rows for all entries; costs as `overview`."""
    meta = entry.meta if secrets else mask(entry.meta)
    head = list(_head(spaces, entry, meta, language))
    if head[1].heading:
        head.insert(1, Field(heading=True))
    yield from head
    yield from (field for field in _pointers(spaces, entry, _PASSING_REFERENCES) if not field.heading)


def _head(spaces: Spaces, entry: Entry, meta: dict[str, Any], language: str) -> Iterator[Field]:
    yield Field(entry.displayname(language), heading=True)
    description = translate(meta.get("description"), language)
    if description:
        yield Field("", description)
    yield Field(heading=True)
    yield from _problems(entry)
    yield Field("type", entry.type or "none: there is no meta", "" if entry.type else "warning")
    yield Field("shortname", entry.shortname)
    if entry.meta:
        yield Field("active", "yes" if entry.is_active else "no", "" if entry.is_active else "warning")
    if entry.type == "ticket":
        yield from _ticket(spaces, entry)
    if (lock := recorded_lock(spaces, entry)) is not None:
        yield Field("locked", f"by {lock.owner} at {format_time(lock.since)}, as its history tells", "warning")
    if entry.tags:
        yield Field("tags", " · ".join(entry.tags))
    if entry.meta:
        yield Field("created", _time(meta.get("created_at")), exact=str(meta.get("created_at", "")))
        yield Field("updated", _time(meta.get("updated_at")), exact=str(meta.get("updated_at", "")))
    yield from _payload(entry)
    if count := _attachment_count(entry):
        yield Field("attachments", format_count(count), target=(entry.address, "attachments"))


def _problems(entry: Entry) -> Iterator[Field]:
    for problem in entry.problems:
        sign = {"error": "✗", "warning": "!"}.get(problem.severity, "·")
        tone = "muted" if problem.severity == "note" else problem.severity
        yield Field(problem.severity, f"{sign} {problem.detail}", tone)


def _ticket(spaces: Spaces, entry: Entry) -> Iterator[Field]:
    state = str(entry.meta.get("state", ""))
    is_open = entry.meta.get("is_open")
    yield Field("state", f"{state} · {'open' if is_open else 'closed'}", "accent" if is_open else "muted")
    if reason := entry.meta.get("resolution_reason"):
        yield Field("resolution", str(reason))
    name = entry.meta.get("workflow_shortname")
    if isinstance(name, str) and name:
        try:
            workflow = Workflows(spaces).get(entry.address.space, name)
        except DmartTuiError:
            return
        known = workflow.states.get(state)
        if known is None:
            yield Field("next", f"the workflow {name} knows no state {state!r}", "error")
        elif known.transitions:
            ways = " · ".join(f"{way.action} → {way.state}" for way in known.transitions)
            yield Field("next", ways, "muted")


def _payload(entry: Entry) -> Iterator[Field]:
    payload = entry.payload
    if payload is None:
        return
    parts = [payload.content_type or "no content type"]
    if payload.path is not None:
        parts += [payload.path.rpartition("/")[2], format_size(payload.size or 0)]
    elif payload.inline:
        parts.append("in the meta")
    yield Field("payload", " · ".join(parts), target=(entry.address, "payload"))


def _translations(meta: dict[str, Any], language: str) -> Iterator[Field]:
    for key in ("displayname", "description"):
        texts = meta.get(key)
        if isinstance(texts, dict):
            shown = translate(texts, language)
            for code, text in texts.items():
                if isinstance(text, str) and text.strip() and text != shown:
                    yield Field(f"{'name' if key == 'displayname' else 'text'} ({code})", text)


def _pointers(spaces: Spaces, entry: Entry, most: int) -> Iterator[Field]:
    targets = Targets(spaces)
    shown = 0
    for pointer in references(entry):
        if shown == 0:
            yield Field(heading=True)
            yield Field("Points to", heading=True)
        if shown == most:
            yield Field("", "and more" if most < _MOST_REFERENCES else f"more than {most} references: see Raw", "muted")
            return
        shown += 1
        label = _ROLES[pointer.role]
        if not isinstance(pointer, Reference):
            yield Field(label, f"✗ {pointer.detail}", "error")
            continue
        kind = targets.type_of(pointer)
        said = (pointer.attributes or {}) if pointer.role == "relationship" else None
        note = "" if not pointer.attributes else f"  {_short(pointer.attributes)}"
        if kind is None:
            yield Field(label, f"! {pointer.target} is not there{note}", "warning", exact=str(pointer.target))
        else:
            yield Field(
                label, f"{pointer.target}{note}", target=(pointer.target, None, said), exact=str(pointer.target)
            )


def _others(meta: dict[str, Any]) -> Iterator[Field]:
    rest = [(key, value) for key, value in meta.items() if key not in _TOLD_APART and value not in (None, "", [], {})]
    if rest:
        yield Field(heading=True)
        yield Field("Other keys", heading=True)
    for key, value in rest:
        yield Field(str(key), _short(value))


def _time(value: Any) -> str:
    when = parse_time(value)
    return format_time(when, seconds=True) if when is not None or value is None else f"{value} (no time)"


def _short(value: Any) -> str:
    if isinstance(value, str):
        text = value
    else:
        import json

        text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _attachment_count(entry: Entry) -> int | None:
    count = 0
    for folder in entry.attachment_folders:
        try:
            with disk.scandir(f"{entry.folder}/{folder}") as found:
                count += sum(item.name.startswith("meta.") for item in found)
        except OSError:
            continue
    return count or None


__all__ = ["OverviewPane", "overview"]
