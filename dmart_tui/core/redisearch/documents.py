"""What D-MART keeps of an entry in Redis: a document of its meta, and one of its payload when a schema holds.

Passwords' hashes stand in the documents of users, as D-MART has them there: whoever shows a document masks it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError, NotFound
from dmart_tui.core.redisearch.indexes import META
from dmart_tui.core.spaces import FOLDER, Kind, Schemas, decode, query_policies
from dmart_tui.core.spaces.layout import BRANCHES, MANAGEMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dmart_tui.core.spaces import Attachment, Entry, Item, Spaces

PAYLOAD_LIMIT: Final = 16_000_000
"""Bytes of a payload that becomes a document; a larger one leaves its entry with the document of its meta."""
_ATTACHED_LIMIT: Final = 1_000_000
_TYPES: Final = frozenset(("content", "ticket", "schema", "notification", "post", "folder"))
_RIGHTS: Final = {"users": "user", "roles": "role", "groups": "group", "permissions": "permission"}
_OF_ATTACHMENTS: Final = (
    "shortname", "displayname", "description", "tags", "owner_shortname", "owner_group_shortname", "body", "state",
)  # fmt: skip
_DEEPEST: Final = 100
"""Nesting that RedisJSON takes, with some to spare."""


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON document and its key."""

    key: str
    address: Address
    schema: str
    """`meta`, or the schema of the payload."""
    value: dict[str, Any]


def indexed_spaces(spaces: Spaces) -> list[str]:
    """The spaces that D-MART indexes: those whose meta has `indexing_enabled`."""
    return [name for name in spaces.space_names() if space_meta(spaces, name).get("indexing_enabled") is True]


def is_indexed(entry: Entry) -> bool:
    """Whether D-MART's loader takes an entry: no spaces, and in the root of a space folders only."""
    parts = entry.address.parts
    if not entry.meta or entry.kind is Kind.SPACE or entry.link or parts[:1] == (BRANCHES,):
        return False
    if entry.type == "folder":
        return True
    if entry.address.space == MANAGEMENT and len(parts) == 2 and _RIGHTS.get(parts[0]) == entry.type:
        return True
    return len(parts) > 1 and entry.type in _TYPES


def key_of(space: str, branch: str, schema: str, subpath: str, shortname: str) -> str:
    """The key of a document; `branch` as `Server.branch` gives it."""
    return f"{space}{branch}:{schema}:{subpath}/{shortname}"


class Documents:
    """Makes the documents of entries; keeps compiled schemas, so one object serves a whole build."""

    def __init__(self, spaces: Spaces, branch: str = "") -> None:
        """Name the era.

        Args:
            branch: as `Server.branch` gives it.
        """
        self.spaces = spaces
        self.branch = branch
        self._schemas = Schemas(spaces)

    def at(self, address: Address) -> list[Document]:
        """The documents of what stands at an address now; none when nothing does."""
        try:
            return self.of(self.spaces.load(address))
        except DmartTuiError:
            return []

    def below(self, address: Address) -> Iterator[list[Document]]:
        """The documents of each entry at an address and below it; those of an entry come together."""
        for entry in self.spaces.walk(address):
            if found := self.of(entry):
                yield found

    def of_space(self, space: str) -> Iterator[Document]:
        """Every document of a space; of a key that two entries share the first one's. Keeps a hash a document."""
        seen: set[int] = set()
        for found in self.below(Address(space)):
            for document in found:
                if hash(document.key) not in seen:
                    seen.add(hash(document.key))
                    yield document

    def of(self, entry: Entry) -> list[Document]:
        """The documents of an entry: none when D-MART does not index it, else its meta's, and maybe its payload's."""
        if not is_indexed(entry):
            return []
        body = self._body(entry)
        value = self._meta_value(entry, body)
        meta = self._document(entry, META, entry.shortname, value)
        schema = entry.payload.schema if entry.payload else None
        if not schema or not isinstance(body, dict) or not _storable(meta):
            return [meta] if _storable(meta) else []
        if self._schemas.validate(entry.address.space, schema, body, 1).state != "valid":
            return [meta]
        name = str(entry.payload.body).partition(".")[0] if entry.payload else ""
        payload = self._document(
            entry, schema, name, {**body, **value, "shortname": name, "meta_doc_id": self._key(entry, META, name)}
        )
        return [meta, payload] if _storable(payload) else [meta]

    def own_schemas(self, space: str) -> Iterator[tuple[str, Any]]:
        """(name, document) of the schemas in a space's own folder; those that cannot be read are left out."""
        try:
            listed = sorted(name for name, flags in self.spaces.scan(Address(space, ("schema",))) if not flags & FOLDER)
        except DmartTuiError:
            return
        for name in listed:
            try:
                entry = self.spaces.load(Address(space, ("schema", name)))
            except DmartTuiError:
                continue
            if entry.type == "schema" and isinstance(document := self._body(entry), dict):
                yield name, document

    def _document(self, entry: Entry, schema: str, name: str, value: dict[str, Any]) -> Document:
        return Document(self._key(entry, schema, name), entry.address, schema, value)

    def _key(self, entry: Entry, schema: str, name: str) -> str:
        return key_of(entry.address.space, self.branch, schema, entry.address.subpath, name)

    def _meta_value(self, entry: Entry, body: Any) -> dict[str, Any]:
        schema = entry.payload.schema if entry.payload else None
        value: dict[str, Any] = {"shortname": entry.shortname, "is_active": False, "tags": []}
        value |= _without_none(entry.meta)
        value["query_policies"] = query_policies(entry)
        value["view_acl"] = _viewers(entry.meta.get("acl"))
        value["subpath"] = entry.address.subpath or "/"
        if self.branch:
            value["branch_name"] = self.branch[1:]
        value["resource_type"] = entry.type
        for name, when in (("created_at", entry.created_at), ("updated_at", entry.updated_at)):
            if when is None:
                value.pop(name, None)
            else:
                value[name] = when.timestamp()
        value["payload_doc_id"] = self._key(entry, schema, entry.shortname) if schema else None
        value["payload_string"] = self._words(entry, body)
        return value

    def _body(self, entry: Entry) -> Any:
        """The payload's JSON; None when it has none that can be read."""
        if entry.payload is None or entry.payload.content_type != "json" or not isinstance(entry.payload.body, str):
            return None
        return _json(self.spaces, entry, PAYLOAD_LIMIT)

    def _words(self, entry: Entry, body: Any) -> str:
        """The leaves of the payload and of the attachments; sorted, though D-MART has them in any order."""
        leaves = set(_leaves(body))
        for attachment in self.spaces.attachments(entry):
            leaves.update(_leaves(_attached(self.spaces, attachment)))
        leaves.discard("")
        return ",".join(sorted(leaves))


def _attached(spaces: Spaces, attachment: Attachment) -> list[Any]:
    """What of an attachment can be searched."""
    found = [attachment.meta.get(key) for key in _OF_ATTACHMENTS]
    payload = attachment.meta.get("payload")
    if isinstance(payload, dict):
        found.append({key: value for key, value in payload.items() if key != "body"})
        content = _json(spaces, attachment, _ATTACHED_LIMIT) if payload.get("content_type") == "json" else None
        found.append(payload.get("body") if content is None else content)
    return found


def _json(spaces: Spaces, item: Item, limit: int) -> Any:
    try:
        return decode(spaces.payload_bytes(item, limit))
    except DmartTuiError:
        return None


def space_meta(spaces: Spaces, space: str) -> dict[str, Any]:
    """The meta of a space; empty when there is none."""
    try:
        return spaces.load(Address(space)).meta
    except NotFound:
        return {}


def _viewers(acl: Any) -> list[str] | None:
    """The users whom an entry's own list lets see or find it."""
    found = []
    for one in acl if isinstance(acl, list) else ():
        if isinstance(one, dict) and isinstance(actions := one.get("allowed_actions"), list):
            user = one.get("user_shortname")
            if isinstance(user, str) and ("view" in actions or "query" in actions):
                found.append(user)
    return found if isinstance(acl, list) else None


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    return [_without_none(inner) for inner in value] if isinstance(value, list) else value


def _leaves(value: Any) -> Iterator[str]:
    """The texts, numbers and truths in a JSON value as Python writes them."""
    stack = [value]
    while stack:
        top = stack.pop()
        if isinstance(top, dict):
            stack.extend(top.values())
        elif isinstance(top, list):
            stack.extend(top)
        elif top is not None:
            yield str(top)


def _storable(document: Document) -> bool:
    """Whether RedisJSON takes it: its key is UTF-8, and it does not nest too deeply."""
    try:
        document.key.encode()
    except UnicodeEncodeError:
        return False
    level: list[Any] = [document.value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return True
    return False
