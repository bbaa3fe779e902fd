"""What is wrong with payloads: bytes, checksums, schemas, workflows, tickets."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.errors import Damaged, DmartTuiError, NotFound, Refused
from dmart_tui.core.files import read_bounded, read_head
from dmart_tui.core.spaces.checks.metas import Fault
from dmart_tui.core.spaces.jsonfile import PAYLOAD_LIMIT, decode
from dmart_tui.core.spaces.model import Item, Kind, Payload
from dmart_tui.core.spaces.schemas import META_SCHEMA, Schema, Schemas, compile_schema, row_violations
from dmart_tui.core.spaces.workflows import Workflow, Workflows, parse_workflow

if TYPE_CHECKING:
    from dmart_tui.core.spaces.reading import Spaces

ASSET_LIMIT: Final = 1_000_000
"""Bytes of a CSV or JSONL data asset whose rows are held to the schema, at most 1,000 rows."""
_HEAD: Final = 64
_KEPT: Final = 1000

_CONTENT_TYPES: Final = frozenset(
    (
        "text", "markdown", "html", "json", "image", "python", "pdf", "audio", "video", "csv", "parquet", "jsonl",
        "duckdb", "sqlite", "comment", "reaction", "apk", "image_jpeg", "image_png", "image_svg", "image_gif",
        "image_webp", "xlsx", "docx",
    )
)  # fmt: skip
_IMAGES: Final[dict[str, tuple[bytes, ...]]] = {
    "jpeg": (b"\xff\xd8\xff",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "gif": (b"GIF8",),
    "webp": (b"RIFF",),
    "wsq": (b"\xff\xa0",),
}
_MAGIC: Final[dict[str, tuple[bytes, ...]]] = {
    "image": tuple(start for starts in _IMAGES.values() for start in starts),
    **{f"image_{name}": starts for name, starts in _IMAGES.items()},
    "pdf": (b"%PDF-",),
    "sqlite": (b"SQLite format 3\0",),
    "parquet": (b"PAR1",),
}


class Bodies:
    """Checks payloads; compiles each schema and parses each workflow once a run."""

    def __init__(self, spaces: Spaces) -> None:
        self._root = spaces.root
        self._schemas = Schemas(spaces)
        self._workflows = Workflows(spaces)
        self._schema: dict[tuple[str, str], Schema] = {}
        self._workflow: dict[tuple[str, str], Workflow | None] = {}

    def faults(self, item: Item) -> Iterator[Fault]:
        """What is wrong with the payload of an item: reads its file once, of media without checksum the head."""
        payload = item.payload
        if payload is not None:
            if payload.content_type and payload.content_type not in _CONTENT_TYPES:
                yield (
                    "content-type-unknown",
                    f"D-MART knows no content type {payload.content_type!r:.80}: correct the meta",
                )
            try:
                yield from self._payload(item, payload)
            except Refused as error:
                if payload.path is not None and os.path.islink(payload.path):  # noqa: PTH114 - text paths, see layout
                    if item.kind is Kind.ATTACHMENT:  # of others the directory they stand in tells
                        yield "symlink-escapes", "the payload is a symlink out of the root and not followed: copy it in"
                    return
                yield "payload-unchecked", f"the payload {error.message}, so nothing in it was checked"
            except DmartTuiError as error:
                yield "payload-unreadable", f"the payload {error.message}: restore it from a backup"
        if item.type == "ticket":
            yield from self._ticket(item)

    def _payload(self, item: Item, payload: Payload) -> Iterator[Fault]:
        kind = payload.content_type
        if payload.path is None:
            if isinstance(payload.body, dict | list):
                yield from _inline_checksum(payload)
                if kind == "json":
                    yield from self._document(item, payload, payload.body)
            return
        if payload.size == 0:
            yield "payload-empty", "the payload file is empty: restore it from a backup"
            return
        if kind == "json":
            data = read_bounded(payload.path, self._root, PAYLOAD_LIMIT)
            yield from _suffix(payload)
            if item.type == "log":
                yield from self._log(item, payload, data)
                return
            document = decode(data)
            yield from _checksums(payload, data, document)
            yield from self._document(item, payload, document)
        elif kind in ("csv", "jsonl"):
            yield from self._asset(item, payload, payload.path)
        elif payload.checksum:
            data = read_bounded(payload.path, self._root, PAYLOAD_LIMIT)
            yield from _first_bytes(payload, data[:_HEAD])
            yield from _checksums(payload, data, None)
        elif kind in _MAGIC:
            yield from _first_bytes(payload, read_head(payload.path, self._root, _HEAD))

    def _document(self, item: Item, payload: Payload, document: Any) -> Iterator[Fault]:
        if payload.schema and not (item.type == "schema" and item.address.name == META_SCHEMA):
            yield from self._held(item.address.space, payload.schema, document)
        if item.type == "schema":
            verdict = compile_schema(document).verdict
            if verdict is not None:
                kind = "schema-costly" if verdict.state == "costly" else "schema-broken"
                yield kind, f"{verdict.detail}: correct the schema"
        elif payload.schema == "workflow":
            yield from _workflow(document)

    def _held(self, space: str, name: str, document: Any) -> Iterator[Fault]:
        verdict = self._get_schema(space, name).validate(document, 20)
        if verdict.state == "invalid":
            first = "; ".join(
                f"{violation.where or 'the payload'}: {violation.message:.160}" for violation in verdict.violations[:3]
            )
            count = f"{len(verdict.violations)}{' or more' if verdict.more else ''}"
            yield "schema-violation", f"breaks the schema {name} in {count} places, correct the payload: {first}"
        elif verdict.state == "costly":
            yield "schema-costly", f"was not held to the schema {name}: {verdict.detail}"

    def _log(self, item: Item, payload: Payload, data: bytes) -> Iterator[Fault]:
        bad = 0
        for line in data.splitlines():
            try:
                if line.strip() and payload.schema:
                    yield from self._held(item.address.space, payload.schema, decode(line))
                elif line.strip():
                    decode(line)
            except Damaged:
                bad += 1
        if bad:
            yield "payload-unreadable", f"{bad} lines of the log are not JSON: correct or remove them"

    def _asset(self, item: Item, payload: Payload, path: str) -> Iterator[Fault]:
        if payload.checksum:
            yield from _checksums(payload, read_bounded(path, self._root, PAYLOAD_LIMIT), None)
        schema = self._get_schema(item.address.space, payload.schema) if payload.schema else compile_schema(True)
        if schema.verdict is not None:
            return
        data = read_head(path, self._root, ASSET_LIMIT)
        if len(data) == ASSET_LIMIT:
            data = data[: data.rfind(b"\n") + 1]
        found = row_violations(schema, payload.content_type, data)
        rows = [(number, next(group)[1]) for number, group in groupby(found, key=lambda row: row[0])]
        if rows:
            number, violation = rows[0]
            where = f"row {number}{f', {violation.where}' if violation.where else ''}"
            kind = "schema-violation" if payload.schema else "payload-unreadable"
            yield kind, f"{len(rows)} of the first rows are wrong, correct them: {where}: {violation.message:.160}"

    def _ticket(self, item: Item) -> Iterator[Fault]:
        state, name = item.meta.get("state"), item.meta.get("workflow_shortname")
        if not isinstance(state, str) or not isinstance(name, str) or not state or not name:
            return
        workflow = self._get_workflow(item.address.space, name)
        if workflow is None:
            return
        known = workflow.states.get(state)
        if known is None:
            yield "ticket-state", f"the workflow {name} has no state {state!r:.80}: correct the state or the workflow"
            return
        is_open = item.meta.get("is_open", True)
        if isinstance(is_open, bool) and is_open != known.is_open:
            word = "open" if known.is_open else "closed"
            yield "ticket-open", f"is_open is {str(is_open).lower()} and a ticket in {state} is {word}: correct is_open"
        reason = item.meta.get("resolution_reason")
        if reason and known.resolutions and all(reason != resolution.key for resolution in known.resolutions):
            yield "ticket-resolution", f"{state} offers no resolution {reason!r:.80}: choose one that it offers"

    def _get_schema(self, space: str, name: str) -> Schema:
        key = (space, name)
        if key not in self._schema:
            if len(self._schema) >= _KEPT:
                self._schema.clear()
            self._schema[key] = self._schemas.get(space, name)
        return self._schema[key]

    def _get_workflow(self, space: str, name: str) -> Workflow | None:
        key = (space, name)
        if key not in self._workflow:
            if len(self._workflow) >= _KEPT:
                self._workflow.clear()
            try:
                self._workflow[key] = self._workflows.get(space, name)
            except (NotFound, Damaged):
                self._workflow[key] = None
        return self._workflow[key]


def _workflow(document: Any) -> Iterator[Fault]:
    try:
        workflow = parse_workflow(document)
    except Damaged as error:
        yield "workflow-broken", f"{error.message}: correct the document"
        return
    if workflow.problems:
        yield "workflow-odd", f"{'; '.join(workflow.problems[:3])}: correct the document"


def _suffix(payload: Payload) -> Iterator[Fault]:
    if isinstance(payload.body, str) and not payload.body.endswith((".json", ".jsonl")):
        yield "payload-suffix", "the file of a JSON payload should end in .json: rename it and correct payload.body"


def _first_bytes(payload: Payload, head: bytes) -> Iterator[Fault]:
    starts = _MAGIC.get(payload.content_type)
    if starts is None or head.startswith(starts):
        return
    if payload.content_type == "image" and head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return
    yield "payload-type", f"the file does not begin like {payload.content_type}: correct the content type or the file"


def _digests(recorded: str, data: bytes) -> str | None:
    if len(recorded) == 40:
        return hashlib.sha1(data, usedforsecurity=False).hexdigest()
    if len(recorded) == 64:
        return hashlib.sha256(data).hexdigest()
    return None


def _checksums(payload: Payload, data: bytes, document: Any) -> Iterator[Fault]:
    """Compare what the meta recorded with the bytes, with the JSON as D-MART dumps it, and with the file's name."""
    recorded = (payload.checksum or "").removeprefix("sha1:").lower()
    of_bytes = _digests(recorded, data)
    if of_bytes is None:
        return
    if recorded != of_bytes and (document is None or recorded != _digests(recorded, _dumped(document))):
        name = payload.body if isinstance(payload.body, str) else ""
        if recorded == _digests(recorded, name.encode("utf-8", "surrogateescape")):
            yield "checksum-of-name", "the checksum is that of the file's name and says nothing about the payload"
            return
        yield "checksum-stale", "the payload changed after its checksum was taken: see whether the change was meant"
    client = (payload.client_checksum or "").removeprefix("sha1:").lower()
    if client and client != recorded:
        yield "checksum-client", "the client's checksum is another one: see whether the upload is complete"


def _inline_checksum(payload: Payload) -> Iterator[Fault]:
    if payload.checksum:
        yield from _checksums(payload, _dumped(payload.body), None)


def _dumped(document: Any) -> bytes:
    try:
        return json.dumps(document).encode()
    except (ValueError, RecursionError):
        return b""
