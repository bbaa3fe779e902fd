"""Entries in the making: a draft is changed step by step, and each step leaves the history line D-MART would have."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from typing import TYPE_CHECKING, Any, Final, Literal

from dmart_tui.core.demo.chance import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from dmart_tui.core.demo.chance import Chance

Json = dict[str, Any]
Dialect = Literal["2022", "2023", "2024", "export", "port"]

_MODEL: Final = (
    "uuid",
    "shortname",
    "slug",
    "is_active",
    "displayname",
    "description",
    "tags",
    "created_at",
    "updated_at",
    "owner_shortname",
    "owner_group_shortname",
    "payload",
    "relationships",
    "acl",
)
_ORDER: Final = {key: index for index, key in enumerate(_MODEL)}
# Recorded in a history line, kept in no meta: what a ticket's step said, and the lock.
_EVENT_KEYS: Final = frozenset({"comment", "lock_type"})

AGENTS: Final = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
    "nalvand-stock-sync/2.4",
)


def compact(value: Any) -> bytes:
    """JSON as the server writes metas: no spaces, text unescaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def plain(value: Any) -> bytes:
    """JSON as the server writes payloads and lines: one line, spaces after separators, text escaped."""
    return json.dumps(value).encode()


def pretty(value: Any) -> bytes:
    """JSON as people keep it in files edited by hand."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


@dataclass(slots=True)
class Attachment:
    """One attachment: its type, its meta and the bytes of its payload (None when the body is inline)."""

    type: str
    shortname: str
    meta: Json
    file: str = ""
    data: bytes | None = None
    folder: str = ""


@dataclass(slots=True)
class Draft:
    """A space, folder or entry being made.

    `body` is the dict of a JSON payload or the bytes of any other payload file; inline text stands in the meta.
    `lines` are history lines, `attachment_lines` those of all its attachments.
    """

    space: str
    subpath: str
    shortname: str
    type: str
    meta: Json
    chance: Chance
    record: Callable[[Draft, datetime, str, str, Json], None]
    body: Json | bytes | None = None
    extension: str = "json"
    dump: Callable[[Any], bytes] = compact
    payload_dump: Callable[[Any], bytes] = plain
    lines: list[bytes] = field(default_factory=list)
    attachment_lines: list[bytes] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)

    @property
    def payload_bytes(self) -> bytes | None:
        """The bytes of the payload file, None when there is none."""
        return self.payload_dump(self.body) if isinstance(self.body, dict) else self.body

    @property
    def meta_bytes(self) -> bytes:
        """The meta file, keys in the order of the model."""
        data = self.payload_bytes
        if data is not None and "checksum" in self.meta["payload"]:
            self.meta["payload"]["checksum"] = sha1(data).hexdigest()
        return self.dump(dict(sorted(self.meta.items(), key=lambda item: _ORDER.get(item[0], len(_ORDER)))))

    @property
    def specific(self) -> Json:
        """The fields only this type has."""
        return {key: value for key, value in self.meta.items() if key not in _ORDER}

    def locator(self) -> Json:
        """How a relationship names this draft."""
        return {
            "type": self.type,
            "space_name": self.space,
            "subpath": self.subpath or "/",
            "shortname": self.shortname,
        }

    def relate(self, target: Draft | Json, **attributes: Any) -> None:
        """Add a relationship; it leaves no history line, as relationships given at creation leave none."""
        locator = target if isinstance(target, dict) else target.locator()
        self.meta.setdefault("relationships", []).append({"related_to": locator, "attributes": attributes})

    def value(self, key: str) -> Any:
        """The present value of a flattened key, None when absent."""
        holder, last = self._holder(key, make=False)
        return holder.get(last) if holder is not None else None

    def change(
        self,
        when: datetime,
        who: str,
        changes: Mapping[str, Any],
        *,
        dialect: Dialect = "2024",
        request: str = "update",
    ) -> None:
        """Set flattened keys (None removes one) and write the history line and the event."""
        diff: dict[str, Any] = {}
        for key, new in changes.items():
            if key in _EVENT_KEYS:
                diff[key] = {"old": "null", "new": new}
                continue
            old = self.value(key)
            if old == new:
                continue
            diff[key] = _difference(old, new, whole_lists=dialect == "2022")
            holder, last = self._holder(key, make=True)
            assert holder is not None
            if new is None:
                holder.pop(last, None)
            else:
                holder[last] = new
        if set(diff) - _EVENT_KEYS:
            self.meta["updated_at"] = stamp(when)
        self.lines.append(history_line(self.chance, when, who, diff, dialect))
        if "lock_type" not in diff:
            self.record(self, when, who, request, diff)

    def attach(
        self,
        kind: str,
        shortname: str,
        who: str,
        when: datetime,
        *,
        payload: Json | None = None,
        data: bytes | None = None,
        folder: str = "",
        **fields: Any,
    ) -> Attachment:
        """Attach something; `payload.body` names the file when `data` is given."""
        meta: Json = {
            "uuid": self.chance.uuid(),
            "shortname": shortname,
            "is_active": True,
            **({"displayname": fields.pop("displayname")} if "displayname" in fields else {}),
            "tags": fields.pop("tags", []),
            "created_at": stamp(when),
            "updated_at": stamp(when),
            "owner_shortname": who,
        }
        file = ""
        if payload is not None:
            if data is not None:
                payload = {**payload, "checksum": sha1(data).hexdigest()}
                file = payload["body"]
            meta["payload"] = payload
        attachment = Attachment(kind, shortname, meta | fields, file, data, folder)
        self.attachments.append(attachment)
        return attachment

    def change_attachment(self, attachment: Attachment, when: datetime, who: str, changes: Mapping[str, Any]) -> None:
        """Change flattened keys of an attachment's meta; its line goes to the history all of them share."""
        diff = {}
        for key, new in changes.items():
            *parents, last = key.split(".")
            holder = attachment.meta
            for parent in parents:
                holder = holder.setdefault(parent, {})
            diff[key] = _difference(holder.get(last), new, whole_lists=False)
            holder[last] = new
        attachment.meta["updated_at"] = stamp(when)
        self.attachment_lines.append(history_line(self.chance, when, who, diff, "2024"))

    def _holder(self, key: str, *, make: bool) -> tuple[Json | None, str]:
        holder: Any = self.meta
        path = key
        if isinstance(self.body, dict) and key.startswith("payload.body."):
            holder, path = self.body, key.removeprefix("payload.body.")
        *parents, last = path.split(".")
        for parent in parents:
            if parent not in holder and not make:
                return None, last
            holder = holder.setdefault(parent, {})
        return holder, last


def _difference(old: Any, new: Any, *, whole_lists: bool) -> Json:
    if isinstance(old, list) and isinstance(new, list) and not whole_lists:
        return {"old": [m for m in old if m not in new], "new": [m for m in new if m not in old]}
    return {"old": "null" if old is None else old, "new": "null" if new is None else new}


def history_line(chance: Chance, when: datetime, who: str, diff: Json, dialect: Dialect) -> bytes:
    """One history record without its newline, as the versions of that year wrote it."""
    written = stamp(when)
    agent = AGENTS[-1] if who == "stock_bot" else chance.pick(AGENTS[:-1])
    headers = {
        "host": "dmart.nalvand.example",
        "user-agent": agent,
        "content-type": "application/json",
        "accept": "application/json",
        "x-forwarded-for": f"10.20.{chance.random.randint(0, 40)}.{chance.random.randint(2, 250)}",
    }
    head: Json = {"uuid": chance.uuid()}
    noise = {"created_at": written, "updated_at": written, "owner_shortname": who}
    if dialect == "2022":
        seen = {"user_agent": agent, "id_address": headers["x-forwarded-for"]}
        empty: Json = {"is_active": False, "displayname": None, "description": None, "tags": []}
        record = (
            head
            | {"shortname": "history.jsonl"}
            | empty
            | noise
            | {"owner_group_shortname": None, "payload": None, "timestamp": written}
            | {"diff": diff | {"x_request_data": seen}}
        )
    elif dialect == "2023":
        empty = {"slug": None, "is_active": False, "displayname": None, "description": None, "tags": []}
        rest = {"owner_group_shortname": None, "payload": None, "relationships": None, "acl": None}
        record = (
            head
            | {"shortname": "history"}
            | empty
            | noise
            | rest
            | {"timestamp": written, "request_headers": headers, "diff": diff}
        )
    elif dialect == "export":
        checksum = sha256(plain(diff)).hexdigest()
        record = {"timestamp": written, **head, "shortname": "history", "request_headers": headers}
        record |= {"diff": diff, "owner_shortname": who, "last_checksum_history": checksum}
    elif dialect == "port":
        record = head | {"shortname": "history", "owner_shortname": who, "timestamp": f"{written}0"}
        record |= {"request_headers": headers, "diff": diff}
    else:
        record = head | {"shortname": "history", "is_active": False, "tags": []} | noise
        record |= {"timestamp": written, "request_headers": headers, "diff": diff}
    return plain(record)
