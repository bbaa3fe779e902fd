"""The event log of a space: the only record of what was created and deleted (D-MART layout, event log)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final

from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError, NotFound, UsageFault
from dmart_tui.core.secrets import mask, mask_change
from dmart_tui.core.spaces import layout
from dmart_tui.core.spaces.histories import Logged, line_problems, read_diff, read_time
from dmart_tui.core.spaces.jsonlines import BLOCK, Damage, Line, LineFile, Parsed
from dmart_tui.core.spaces.model import Problem
from dmart_tui.core.spaces.reading import Spaces

ATTACHED: Final = frozenset(
    (
        "comment", "reaction", "reply", "share", "media", "json", "lock", "alteration", "csv", "jsonl", "parquet",
        "sqlite", "duckdb", "data_asset", "relationship",
    )
)  # fmt: skip
"""Resource types that hang on an entry: their subpath ends with its name."""


@dataclass(slots=True, kw_only=True)
class Event(Logged):
    """One line of an event log."""

    request: str = ""
    """`create`, `update`, `delete`, `progress_ticket`, ..."""
    type: str = ""
    """Resource type of what it happened to."""
    resource: dict[str, Any] = field(default_factory=dict)
    """The locator as written."""
    attributes: dict[str, Any] = field(default_factory=dict)
    """As written, request data left out: of a create the new values, of an update the diff that `changes` reads."""

    @property
    def source(self) -> str:
        return "events"

    def masked(self, reveal: Collection[str] = ()) -> Event:
        """A copy with its secrets masked, except the keys named in `reveal`."""
        return replace(
            self,
            changes=tuple(mask_change(change, reveal) for change in self.changes),
            request_headers=mask(self.request_headers, reveal),
            attributes=mask(self.attributes, reveal),
            resource=mask(self.resource, reveal),
        )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def resource_address(resource: dict[str, Any], space: str) -> Address | None:
    """The address a locator names; None when its names cannot be ones.

    Args:
        space: where the locator stands, for one that names no space.
    """
    type_ = _text(resource.get("type") or resource.get("resource_type"))
    space = _text(resource.get("space_name")) or space
    branch = _text(resource.get("branch_name"))
    parts = [part for part in _text(resource.get("subpath")).split("/") if part]
    if branch and branch != "master":
        parts[:0] = [layout.BRANCHES, branch]
    name = _text(resource.get("shortname"))
    if type_ == "space":
        address = Address(space)
    elif type_ in ATTACHED:
        address = Address(space, tuple(parts), (type_, name))
    else:
        address = Address(space, (*parts, name))
    try:
        return address if Address.parse(str(address)) == address else None
    except UsageFault:
        return None


def event_of(space: Address, relative: str, file: LineFile, line: Line, parsed: Parsed) -> Event:
    """One object of a line as an event; a line that holds none as an event that says so."""
    damage = list(parsed.damage)
    event = Event(address=space, path=relative, file=file, index=line.index)
    if parsed.value is None:
        event.is_record = False
    else:
        _fill(event, parsed.value, damage)
    if damage:
        event.problems = line_problems(space, relative, file, line.index, damage)
    return event


def _fill(event: Event, value: dict[str, Any], damage: list[Damage]) -> None:
    event.timestamp, event.when = read_time(value, damage)
    event.owner = _text(value.get("user_shortname")) or _text(value.get("owner_shortname"))
    event.request = _text(value.get("request"))
    resource = value.get("resource")
    event.resource = resource if isinstance(resource, dict) else {}
    event.type = _text(event.resource.get("type") or event.resource.get("resource_type"))
    address = resource_address(event.resource, event.address.space)
    if address is None:
        damage.append(Damage("warning", "event-resource", "names nothing that can be found"))
    else:
        event.address = address
    attributes = value.get("attributes")
    if not isinstance(attributes, dict):
        attributes = {}
    for key in ("x_request_data", "request_headers"):
        for headers in (attributes.get(key), value.get(key)):
            if isinstance(headers, dict):
                event.request_headers = {**event.request_headers, **headers}
    event.attributes = {k: v for k, v in attributes.items() if k not in ("x_request_data", "request_headers")}
    if event.request != "create" and event.attributes:
        changes, _, odd = read_diff(event.attributes)
        event.changes = tuple(change for change in changes if change.key not in odd)


def events_path(spaces: Spaces, space: str) -> str:
    """Where the event log of a space is, if it has one."""
    return f"{layout.place(spaces.root, Address(space)).own_dm}/{layout.EVENTS}"


def unreadable_events(space: Address, relative: str, file: LineFile, error: DmartTuiError) -> Event:
    """The row that stands for the rest of a log that cannot be read."""
    problem = Problem("error", "events-unreadable", str(space), relative, f"the event log {error.message}")
    return Event(address=space, path=relative, problems=(problem,), file=file, index=0, is_record=False)


def read_events(
    spaces: Spaces,
    space: str,
    *,
    forwards: bool = False,
    skip: int = 0,
    limit: int | None = None,
    block: int = BLOCK,
) -> Iterator[Event]:
    """The events of a space, newest (last) first unless `forwards`; none when it keeps no log.

    Never raises for what is in the file; a line that holds no event is yielded with its problem.
    Memory: one block, or one line when that is larger.
    """
    return islice(_read(spaces, space, forwards, block), skip, None if limit is None else skip + limit)


def _read(spaces: Spaces, space: str, forwards: bool, block: int) -> Iterator[Event]:
    path = events_path(spaces, space)
    file, address, relative = LineFile(path, spaces.root, block=block), Address(space), spaces.relative(path)
    try:
        for line, parsed in file.objects(forwards=forwards):
            yield event_of(address, relative, file, line, parsed)
    except NotFound:
        return
    except DmartTuiError as error:
        yield unreadable_events(address, relative, file, error)
