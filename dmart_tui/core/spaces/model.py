"""What a spaces folder holds, as read: entries, attachments, payloads, rows and problems."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal

from dmart_tui.core.address import Address
from dmart_tui.core.units import parse_time

Severity = Literal["error", "warning", "note"]


class Kind(StrEnum):
    """What an address turned out to be."""

    SPACE = "space"
    FOLDER = "folder"
    ENTRY = "entry"
    ATTACHMENT = "attachment"


RESOURCE_TYPES: Final = frozenset(
    (
        "user", "group", "folder", "schema", "content", "log", "acl", "comment", "media", "data_asset", "locator",
        "relationship", "alteration", "history", "space", "permission", "role", "ticket", "json", "lock", "post",
        "reaction", "reply", "share", "plugin_wrapper", "notification", "csv", "jsonl", "sqlite", "duckdb", "parquet",
        "branch",
    )
)  # fmt: skip
INLINE_TYPES: Final = frozenset({"text", "markdown", "html", "comment", "reaction"})
"""Content types whose body may stand in the meta itself."""

LANGUAGES: Final = {"english": "en", "arabic": "ar", "kurdish": "ku", "french": "fr", "turkish": "tr", "trukish": "tr"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something odd about data, kept beside it instead of raised."""

    severity: Severity
    kind: str
    """A stable kebab-case name, e.g. `meta-unreadable`."""
    address: str
    path: str
    """Relative to the root, as on disk."""
    detail: str
    """A sentence that says what is wrong and what to do."""


def translate(value: Any, language: str = "en") -> str:
    """The text of a translation in any shape D-MART wrote: a string, an object of languages (`kd` is Kurdish), nothing.

    Falls back to the first language that has a text; empty when none has.
    """
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return ""
    wanted = (language, "kd") if language == "ku" else (language,)
    for code in (*wanted, "en", *value):
        text = value.get(code)
        if isinstance(text, str) and text.strip():
            return text
    return ""


@dataclass(slots=True)
class Payload:
    """Where an entry's body is; reading it is `Spaces.payload_bytes`."""

    content_type: str
    schema: str | None
    body: Any
    """As it stands in the meta: a file name, inline text, an inline object, or None."""
    path: str | None = None
    """Absolute path of the file; None when the body is inline or its file is missing."""
    size: int | None = None
    """Bytes of the file."""
    checksum: str | None = None
    client_checksum: str | None = None

    @property
    def inline(self) -> bool:
        """Whether the body is in the meta itself."""
        return self.path is None and (
            isinstance(self.body, dict | list) or (isinstance(self.body, str) and self.content_type in INLINE_TYPES)
        )


@dataclass(slots=True)
class Item:
    """What entries and attachments share: a meta as read, its payload, its problems."""

    address: Address
    kind: Kind
    type: str
    """Resource type by the file's name (lower case); empty when there is no meta."""
    path: str
    """Absolute path of the meta file (of the directory when there is none)."""
    meta: dict[str, Any]
    """The decoded meta; empty when it could not be read."""
    raw: bytes
    """The meta's bytes as read."""
    payload: Payload | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def shortname(self) -> str:
        """The meta's own shortname, else the name on disk."""
        name = self.meta.get("shortname")
        return name if isinstance(name, str) and name else self.address.name

    @property
    def is_active(self) -> bool:
        return self.meta.get("is_active") is True

    @property
    def owner(self) -> str:
        owner = self.meta.get("owner_shortname")
        return owner if isinstance(owner, str) else ""

    @property
    def tags(self) -> list[str]:
        tags = self.meta.get("tags")
        return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []

    @property
    def created_at(self) -> datetime | None:
        return parse_time(self.meta.get("created_at"))

    @property
    def updated_at(self) -> datetime | None:
        return parse_time(self.meta.get("updated_at"))

    def displayname(self, language: str = "en") -> str:
        """The title: display name in `language`, else in any, else the shortname."""
        return translate(self.meta.get("displayname"), language) or self.shortname


@dataclass(slots=True)
class Entry(Item):
    """A space, a folder or an entry."""

    metas: tuple[str, ...] = ()
    """File names of all metas found in its directory; more than one is a problem."""
    folder: str = ""
    """Absolute directory that holds its attachments and history (for a folder: its side-car)."""
    attachment_folders: tuple[str, ...] = ()
    """Names of the `attachments.*` directories in `folder`."""
    files: tuple[str, ...] = ()
    """Names of everything else in `folder`: history.jsonl, strays."""
    link: bool = False
    """Its directory is a symlink (to somewhere below the root)."""


@dataclass(slots=True)
class Attachment(Item):
    """One attachment of an entry."""

    folder: str = ""
    """Absolute path of its `attachments.*` directory."""

    @property
    def text(self) -> str:
        """The text of a comment, reply or reaction, wherever its era kept it; empty for others."""
        body = self.meta.get("body")
        if isinstance(body, str):
            return body
        inner = self.payload.body if self.payload else None
        if isinstance(inner, dict):
            inner = inner.get("body", inner.get("type"))
        if isinstance(inner, str) and self.payload and self.payload.path is None:
            return inner
        kind = self.meta.get("type")
        return kind if isinstance(kind, str) else ""
