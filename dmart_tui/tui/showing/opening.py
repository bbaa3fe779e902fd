"""Opening content to be shown: what it is, how it can be shown, and what is wrong with it; blocks."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from dmart_tui.core.errors import Damaged, DmartTuiError, NotFound
from dmart_tui.core.files import open_regular
from dmart_tui.core.secrets import MARK, RunningMask, is_secret, mask, mask_raw, mask_value
from dmart_tui.core.spaces import (
    META_LIMIT,
    META_SCHEMA,
    Schemas,
    Violation,
    compile_schema,
    decode,
    parse_workflow,
    row_violations,
)
from dmart_tui.core.units import format_size
from dmart_tui.core.viewing import (
    MAX_MARKDOWN_BYTES,
    PAGE_LINES,
    SNIFF_BYTES,
    ByteSource,
    FileBytes,
    MaskedBytes,
    MemoryBytes,
    PagedText,
    Sniffed,
    TableFormat,
    TablePreview,
    is_text,
    preview_table,
    sniff,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from dmart_tui.core.spaces import Item, Spaces, Verdict, Workflow

Mode = Literal["tree", "rendered", "picture", "table", "diagram", "text", "hex"]

TREE_LIMIT: Final = 8_000_000
"""Bytes of JSON that are parsed to be shown as a tree."""
WORKFLOW_SCHEMA: Final = "workflow"
_MASKED_WHOLE: Final = 1_000_000
"""Bytes of text masked at once; of longer ones the lines that are shown."""
_MOST_BROKEN: Final = 50
_ROWS_READ: Final = 1_000_000
_TEXT: Final = Sniffed("text")


@dataclass(frozen=True, slots=True)
class Broken:
    """One place where content breaks its schema; nothing in it is safe to show yet."""

    path: tuple[str | int, ...]
    """Of a table the row comes first."""
    message: str


@dataclass(slots=True)
class Opened:
    """Content that is open: whoever has it closes it."""

    name: str
    source: ByteSource
    content_type: str = ""
    path: str = ""
    """Real path of the file; empty for what stands in a meta or is kept in an archive."""
    reopen: Callable[[], ByteSource] | None = None
    """Opens what is kept in an archive once more; its name is that of a file, though it has no path."""
    kind: Sniffed = _TEXT
    modes: tuple[Mode, ...] = ()
    """How it can be shown, what suits best first."""
    note: str = ""
    """What a person should know about how it is shown."""
    verdict: tuple[str, str] = ("", "")
    """(style, sentence) about its schema."""
    broken: tuple[Broken, ...] = ()
    value: Any = None
    """The decoded JSON; masked unless secrets show."""
    table: TablePreview = field(default_factory=TablePreview)
    workflow: Workflow | None = None
    """Where it is one."""
    secrets: bool = False
    """Whether secrets show."""
    masked: ByteSource | None = None
    """The text with its secrets masked, where it is short enough for that."""
    starred: ByteSource | None = None
    """The bytes with those of secrets masked, unless secrets show."""

    @property
    def size(self) -> int:
        """Bytes."""
        return self.source.size

    @property
    def file_name(self) -> str:
        """What a copy of it is called."""
        return self.name if self.path or self.reopen else "payload.txt"

    @property
    def facts(self) -> list[str]:
        """What it is, in a few words each; not safe to show yet."""
        return [*([self.content_type] if self.content_type else []), self.name, format_size(self.size)]

    @property
    def lexer(self) -> str:
        """A pygments name for its text."""
        kind, detail = self.kind
        if kind == "table":
            return "json" if detail == "jsonl" else ""
        return {"code": detail, "json": "json", "markdown": "markdown"}.get(kind, "")

    def text(self) -> PagedText:
        """Its lines, masked unless secrets show."""
        if self.secrets or self.masked is not None:
            return PagedText(self.masked or self.source)
        return PagedText(self.source, RunningMask(PAGE_LINES))

    def text_shown(self) -> ByteSource:
        """The bytes of its text, masked where that is short enough."""
        return self.masked or self.source

    def bytes_shown(self) -> ByteSource:
        """Its bytes, each where it is, those of secrets masked."""
        return self.starred or self.source

    def close(self) -> None:
        """Close the file; views of it show nothing more."""
        self.source.close()


def open_payload(spaces: Spaces, item: Item, *, secrets: bool = False) -> Opened:
    """Open the payload of an entry or attachment, decode it and hold it to its schema.

    Reads up to 8 MB of JSON, 1 MB of anything else.

    Raises:
        NotFound: there is none, or its file is missing; says what to do.
        Refused: its file is not one, or a symlink leads out of the root.
        Failed: the system would not open it.
    """
    payload = item.payload
    if payload is None:
        raise _absent(item)
    if payload.path is not None:
        path = payload.path
        descriptor = open_regular(path, spaces.root)
        source: ByteSource = FileBytes(fd=descriptor)
        opened = Opened(path.rpartition("/")[2], source, payload.content_type, _whence(path, descriptor))
    elif payload.inline:
        if isinstance(payload.body, str):
            data = spaces.payload_bytes(item, META_LIMIT)
        else:  # a lone surrogate stays the escape it was
            data = json.dumps(payload.body, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace")
        opened = Opened("in the meta", MemoryBytes(data), payload.content_type)
    else:
        raise _absent(item)
    opened.secrets = secrets
    try:
        raw = _prepare(opened)
        if payload.schema == WORKFLOW_SCHEMA:
            _as_workflow(opened)
        if payload.schema and not (item.type == "schema" and item.address.name == META_SCHEMA):
            _hold(spaces, item.address.space, payload.schema, opened, raw)
        elif item.type == "schema" and "tree" in opened.modes:
            fault = compile_schema(raw).verdict
            opened.verdict = ("error", f"✗ no usable schema: {fault.detail}") if fault else ("", "✓ a usable schema")
    except BaseException:
        opened.close()
        raise
    return opened


def open_meta(item: Item, *, secrets: bool = False) -> Opened:
    """Show the meta of an item where it has no payload."""
    opened = Opened("its meta", MemoryBytes(item.raw), "", item.path, secrets=secrets)
    _prepare(opened)
    return opened


def _whence(path: str, descriptor: int) -> str:
    """A path by which other libraries can open a file: of what is kept in an archive, that of its open descriptor."""
    real = os.path.realpath(path)
    return real if Path(real).exists() else f"/dev/fd/{descriptor}"


def open_file(spaces: Spaces, path: str, *, secrets: bool = False) -> Opened:
    """Open any file below the root as it stands: text or bytes, never decoded. Raises as `open_payload`."""
    opened = Opened(path.rpartition("/")[2], FileBytes(fd=open_regular(path, spaces.root)), "", path, secrets=secrets)
    head = opened.source.read(0, SNIFF_BYTES)
    opened.kind = sniff("", opened.name, head)
    _mask(opened, head)
    opened.modes = ("text", "hex") if is_text(head) else ("hex", "text")
    return opened


def open_stored(spaces: Spaces, path: str, name: str, *, secrets: bool = False) -> Opened:
    """Open any file below the root as what its name and its bytes say it is. Raises as `open_payload`."""
    descriptor = open_regular(path, spaces.root)
    opened = Opened(name, FileBytes(fd=descriptor), "", _whence(path, descriptor), secrets=secrets)
    try:
        _prepare(opened)
    except BaseException:
        opened.close()
        raise
    return opened


def open_bytes(
    source: ByteSource, reopen: Callable[[], ByteSource], name: str, *, path: str = "", secrets: bool = False
) -> Opened:
    """Open what is kept in an archive as what its name and its bytes say it is; closes `source` when that fails.

    Args:
        reopen: opens it once more, to be copied; reading that raises what goes wrong.
        path: by which other libraries can open the content, where they must.
    """
    opened = Opened(name, source, "", path, reopen=reopen, secrets=secrets)
    try:
        _prepare(opened)
    except BaseException:
        opened.close()
        raise
    return opened


def _absent(item: Item) -> DmartTuiError:
    """Why there is no payload, in the words of the item's own problems where they tell."""
    for problem in item.problems:
        if problem.kind.startswith("payload-"):
            what, _, todo = problem.detail.partition(": ")
            return NotFound(f"{what[:1].upper()}{what[1:]}.", hint=f"{todo[:1].upper()}{todo[1:]}." if todo else "")
    if not item.meta:
        return NotFound("Its meta cannot be read, so nothing tells where its payload is.")
    return NotFound(f"This {item.type or 'entry'} has no payload: its meta is all there is.")


def _prepare(opened: Opened) -> Any:
    """Find out what it is and how it can be shown; returns the decoded JSON as it is, unmasked."""
    head = opened.source.read(0, SNIFF_BYTES)
    opened.kind = sniff(opened.content_type, opened.name if opened.path or opened.reopen else "", head)
    textual = is_text(head) and opened.kind.kind != "image"
    _mask(opened, head)
    modes: list[Mode] = []
    value: Any = None
    match opened.kind.kind:
        case "json":
            value = _decode(opened, modes)
        case "markdown" if opened.size <= MAX_MARKDOWN_BYTES:
            modes.append("rendered")
        case "image":
            modes.append("picture")
        case "table":
            modes.append("table")
            opened.table = preview_table(cast("TableFormat", opened.kind.detail), opened.path, opened.source)
            if not opened.table.columns:
                opened.note = opened.table.note
    if textual:
        modes.append("text")
    modes.append("hex")
    if not opened.secrets and any(map(is_secret, opened.table.columns)):
        opened.table = _masked_table(opened.table)
        modes = ["table"]
        opened.note = "a column is secret: its text is not shown"
    opened.modes = tuple(modes)
    return value


def _decode(opened: Opened, modes: list[Mode]) -> Any:
    if opened.size > TREE_LIMIT:
        opened.note = f"too large for a tree (over {format_size(TREE_LIMIT)}): its text, a page at a time"
        return None
    try:
        value = decode(opened.source.read(0, opened.size))
    except Damaged as error:
        opened.note = f"✗ {error.message}"
        return None
    opened.value = value if opened.secrets else mask(value)
    modes.append("tree")
    return value


def _as_workflow(opened: Opened) -> None:
    """Let a workflow show as a diagram too."""
    try:
        opened.workflow = parse_workflow(opened.value)
    except Damaged:
        return
    opened.modes = (opened.modes[0], "diagram", *opened.modes[1:])


def _mask(opened: Opened, head: bytes) -> None:
    if opened.secrets:
        return
    opened.starred = MaskedBytes(opened.source)
    if is_text(head) and opened.size <= _MASKED_WHOLE:
        opened.masked = MemoryBytes(mask_raw(opened.source.read(0, opened.size)))


def _masked_table(table: TablePreview) -> TablePreview:
    rows = tuple(
        tuple(str(mask_value(name, cell)) for name, cell in zip(table.columns, row, strict=True)) for row in table.rows
    )
    return TablePreview(table.columns, rows, table.more, table.note)


def _hold(spaces: Spaces, space: str, name: str, opened: Opened, value: Any) -> None:
    """Hold the content to its schema."""
    schema = Schemas(spaces).get(space, name)
    if "tree" in opened.modes:
        verdict = schema.validate(value, _MOST_BROKEN)
        opened.broken = tuple(_broken(violation, value, secrets=opened.secrets) for violation in verdict.violations)
        opened.verdict = _worded(verdict, name)
    elif opened.kind.detail in ("csv", "jsonl"):
        if schema.verdict is not None:
            opened.verdict = _worded(schema.verdict, name)
            return
        data = opened.source.read(0, _ROWS_READ)
        if opened.size > len(data):
            data = data[: data.rfind(b"\n") + 1]
        broken: list[Broken] = []
        for number, violation in row_violations(schema, opened.kind.detail, data, len(opened.table.rows)):
            if len(broken) == _MOST_BROKEN:
                break
            found = _broken(violation, None, secrets=opened.secrets)
            broken.append(Broken((number - 1, *found.path), found.message))
        opened.broken = tuple(broken)
        more = len(broken) == _MOST_BROKEN
        opened.verdict = ("error", _violations(len(broken), more, name)) if broken else ("", f"✓ rows fit {name}")


def _violations(count: int, more: bool, name: str) -> str:
    return f"✗ {count}{'+' * more} violation{'s' * (count != 1 or more)} of {name}"


def _worded(verdict: Verdict, name: str) -> tuple[str, str]:
    match verdict.state:
        case "valid":
            return "", f"✓ fits {name}"
        case "invalid":
            return "error", _violations(len(verdict.violations), verdict.more, name)
        case "missing":
            return "warning", f"! schema {name} is missing"
        case "broken":
            return "warning", f"! schema {name} cannot be used: {verdict.detail}"
        case _:
            return "warning", f"! not held to {name}: {verdict.detail}"


def _broken(violation: Violation, value: Any, *, secrets: bool) -> Broken:
    """A violation in words that quote no secret."""
    message = violation.message
    if not secrets:
        if any(isinstance(part, str) and is_secret(part) for part in violation.path):
            message = f"{MARK} breaks {violation.keyword}"
        else:
            for part in violation.path:
                value = value[part] if value is not None else None
            message = f"breaks {violation.keyword}" if mask(value) != value else mask_raw(message)
    return Broken(violation.path, message)
