"""The company's spaces while they are made, and the one place of the demo that knows where a file goes."""

from __future__ import annotations

import os
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dmart_tui.core.demo.chance import Chance, epoch_ns, stamp
from dmart_tui.core.demo.drafts import Draft, Json, compact, plain, pretty

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# What the plugin that keeps the event log is called in a space's meta.
_LOGGING = "action_log"


class World:
    """Collects drafts, then writes them below one root."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.chance = Chance(seed)
        self.drafts: dict[tuple[str, str, str], Draft] = {}
        self.counts: Counter[str] = Counter()
        self.attachments = self.history_lines = self.event_lines = self.relationships = 0
        self._events: dict[str, list[tuple[datetime, bytes]]] = {}
        self._made: set[Path] = set()

    def space(self, shortname: str, owner: str, when: datetime, *, logged: bool = True, **fields: Any) -> Draft:
        """Begin a space."""
        plugins = ["redis_db_update", *([_LOGGING] if logged else [])]
        defaults: Json = {
            "root_registration_signature": "",
            "primary_website": "https://nalvand.example",
            "indexing_enabled": True,
            "capture_misses": False,
            "check_health": True,
            "languages": ["english", "arabic", "kurdish"],
            "icon": "",
            "mirrors": [],
            "hide_folders": [],
            "active_plugins": plugins,
        }
        if logged:
            self._events[shortname] = []
        return self.entry(shortname, "", shortname, "space", owner, when, **(defaults | fields))

    def folder(
        self,
        space: str,
        subpath: str,
        shortname: str,
        owner: str,
        when: datetime,
        *,
        columns: Sequence[str] = ("shortname", "displayname.en", "updated_at"),
        rendering: Json | None = None,
        **fields: Any,
    ) -> Draft:
        """Begin a folder with the payload that says how its children are listed."""
        body: Json = {
            "shortname_title": "Shortname",
            "index_attributes": [{"key": key, "name": _title(key)} for key in columns],
            "sort_by": "created_at",
            "sort_type": "descending",
            "allow_view": True,
            "allow_create": True,
            "allow_update": True,
            "allow_delete": False,
            "query": {"type": "search", "search": ""},
        }
        return self.entry(
            space,
            subpath,
            shortname,
            "folder",
            owner,
            when,
            body=body | (rendering or {}),
            schema="folder_rendering",
            **fields,
        )

    def entry(
        self,
        space: str,
        subpath: str,
        shortname: str,
        kind: str,
        owner: str,
        when: datetime,
        *,
        body: Json | bytes | str | None = None,
        schema: str | None = None,
        content_type: str = "json",
        extension: str = "",
        by_hand: bool = False,
        **fields: Any,
    ) -> Draft:
        """Begin an entry.

        Args:
            shortname: empty takes the first digits of the uuid, as D-MART does for `auto`.
            body: a dict (a JSON payload file), bytes (a payload file of `extension`), text (inline), or None.
            by_hand: indent the files, as people do who edit them.
            fields: further keys of the meta; None leaves a key out.
        """
        uuid = self.chance.uuid()
        shortname = shortname or uuid[:8]
        meta: Json = {"uuid": uuid, "shortname": shortname, "is_active": True, "tags": []}
        meta |= {"created_at": stamp(when), "updated_at": stamp(when), "owner_shortname": owner}
        suffix = extension or "json"
        if body is not None:
            payload: Json = {"content_type": content_type}
            if schema:
                payload["schema_shortname"] = schema
            if isinstance(body, str):
                payload["body"] = body
            else:
                payload |= {"checksum": "", "body": f"{shortname}.{suffix}"}
            meta["payload"] = payload
        meta |= {key: value for key, value in fields.items() if value is not None}
        draft = Draft(
            space,
            subpath,
            shortname,
            kind,
            meta,
            self.chance,
            self._record,
            None if isinstance(body, str) else body,
            suffix,
            pretty if by_hand else compact,
            pretty if by_hand else plain,
        )
        self.drafts[(space, subpath, shortname)] = draft
        attributes = draft.specific
        if body is not None:
            attributes["payload"] = meta["payload"] | ({"body": body} if isinstance(body, dict) else {})
        self._record(draft, when, owner, "create", attributes)
        return draft

    def at(self, space: str, subpath: str, shortname: str) -> Draft:
        """The draft of that name."""
        return self.drafts[(space, subpath, shortname)]

    def under(self, space: str, subpath: str) -> list[Draft]:
        """The entries (no folders) at or below a subpath, in the order they were made."""
        return [
            draft
            for draft in self.drafts.values()
            if draft.space == space
            and draft.type not in ("folder", "space")
            and f"{draft.subpath}/".startswith(f"{subpath}/")
        ]

    def deleted(self, space: str, locator: Json, who: str, when: datetime) -> None:
        """Log the deletion of something that is no longer there."""
        self._log(space, locator | {"uuid": self.chance.uuid()}, who, "delete", when, {})

    def write(self, path: Path, data: bytes, when: datetime) -> None:
        """Write one file with the time of the data."""
        if path.parent not in self._made:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(path.parent)
        path.write_bytes(data)
        written = epoch_ns(when)
        os.utime(path, ns=(written, written))

    def save(self, progress: Callable[[int], None]) -> None:
        """Write every draft and the event logs; `progress` gets the entries written so far."""
        for number, draft in enumerate(self.drafts.values(), 1):
            self.save_one(draft)
            progress(number)
        for space, events in self._events.items():
            events.sort(key=lambda event: event[0])
            self.event_lines += len(events)
            if events:
                path = self.root / space / ".dm" / "events.jsonl"
                self.write(path, b"\n".join(line for _when, line in events), events[-1][0])

    def save_one(self, draft: Draft) -> None:
        """Write one draft with its history and attachments."""
        space = self.root / draft.space
        parent = space / draft.subpath
        own = parent / ".dm" / draft.shortname
        if draft.type == "space":
            meta_file = space / ".dm" / "meta.space.json"
            own = space / ".dm"
        elif draft.type == "folder":
            meta_file = parent / draft.shortname / ".dm" / "meta.folder.json"
        else:
            meta_file = own / f"meta.{draft.type}.json"
        updated = datetime.fromisoformat(draft.meta["updated_at"])
        self.write(meta_file, draft.meta_bytes, updated)
        data = draft.payload_bytes
        if data is not None:
            self.write(parent / f"{draft.shortname}.{draft.extension}", data, updated)
        if draft.lines:
            self._save_lines(own, draft.lines)
        if draft.attachment_lines:
            self._save_lines(space / ".dm" / draft.subpath / draft.shortname, draft.attachment_lines)
        for item in draft.attachments:
            folder = own / (item.folder or f"attachments.{item.type}")
            attached = datetime.fromisoformat(item.meta["updated_at"])
            self.write(folder / f"meta.{item.shortname}.json", compact(item.meta), attached)
            if item.data is not None:
                self.write(folder / item.file, item.data, attached)
        self.counts[draft.type] += 1
        self.attachments += len(draft.attachments)
        self.relationships += len(draft.meta.get("relationships", ()))

    def _save_lines(self, directory: Path, lines: list[bytes]) -> None:
        self.history_lines += len(lines)
        last = datetime.fromisoformat(_written(lines[-1])[:26])
        self.write(directory / "history.jsonl", b"".join(line + b"\n" for line in lines), last)

    def _record(self, draft: Draft, when: datetime, who: str, request: str, attributes: Json) -> None:
        if draft.space in self._events:
            resource: Json = {
                "uuid": draft.meta["uuid"],
                "type": draft.type,
                "space_name": draft.space,
                "subpath": draft.subpath or "/",
                "shortname": draft.shortname,
                "schema_shortname": draft.meta.get("payload", {}).get("schema_shortname"),
                "displayname": draft.meta.get("displayname"),
                "tags": draft.meta["tags"],
            }
            self._log(draft.space, resource, who, request, when, attributes)

    def _log(self, space: str, resource: Json, who: str, request: str, when: datetime, attributes: Json) -> None:
        event = {"resource": resource, "user_shortname": who, "request": request}
        self._events[space].append((when, plain(event | {"timestamp": stamp(when), "attributes": attributes})))


def _title(key: str) -> str:
    return key.removeprefix("payload.body.").removesuffix(".en").replace("_", " ").replace(".", " ").capitalize()


def _written(line: bytes) -> str:
    start = line.index(b'"timestamp": "') + 14
    return line[start : line.index(b'"', start)].decode()
