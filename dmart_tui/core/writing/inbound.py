"""What points to something, and making it point to another place."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.files import inside
from dmart_tui.core.spaces import Item, Reference, placed_references
from dmart_tui.core.spaces.layout import MANAGEMENT, same_name
from dmart_tui.core.spaces.relations import ATTACHED
from dmart_tui.core.writing.plan import Warned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.spaces import Spaces
    from dmart_tui.core.spaces.relations import Path
    from dmart_tui.core.writing.belonging import Belongings

EVERY: Final = 100
"""Entries between two tellings of the progress."""
TOLD: Final = 50
"""References that are told one by one."""
_LOCATORS: Final = ("relationship", "author", "subject")
_Place = tuple[tuple[str, ...], tuple[str, str] | None]
"""Keys of an address and its attachment."""


class Inbound(NamedTuple):
    """One reference to something."""

    address: Address
    """Whose meta holds it."""
    path: Path
    """Where in the meta: of a locator, or of a name."""
    reference: Reference
    item: Item
    """As read."""


def inbound(
    spaces: Spaces,
    *targets: Address,
    among: Iterable[Address] | None = None,
    cancel: CancelToken | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Inbound]:
    """Every reference in the root to something, or to what is below it or attached to it; from elsewhere or within.

    Reads the metas that the index of the root names, which is brought up to date first; all metas of the root where
    there is no index. Keeps none.

    Args:
        among: read only these; what is not there is passed over.
        progress: told the number of entries read so far.

    Raises:
        Cancelled: `cancel` was.
    """
    for item in _items(spaces, targets, cancel, progress) if among is None else _loaded(spaces, among):
        yield from pointing(item, targets)


def pointers(
    spaces: Spaces,
    targets: Iterable[Address],
    *,
    cancel: CancelToken | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[Address, list[Address]]:
    """What points to each of many things, or to what is below it or attached to it; nothing of what none points to.

    Costs, arguments and errors as `inbound`; all metas are read once, however many targets there are.
    """
    wanted: dict[_Place, list[Address]] = {}
    for target in (targets := list(targets)):
        wanted.setdefault((_normal(target.keys), target.attachment), []).append(target)
    found: dict[Address, dict[Address, None]] = {}
    for item in _items(spaces, targets, cancel, progress):
        for _, reference in placed_references(item):
            if isinstance(reference, Reference):
                for place in _places(reference):
                    for target in wanted.get(place, ()):
                        found.setdefault(target, {})[item.address] = None
    return {target: list(sources) for target, sources in found.items()}


def _items(
    spaces: Spaces,
    targets: Sequence[Address],
    cancel: CancelToken | None,
    progress: Callable[[int], None] | None,
) -> Iterator[Item]:
    """What may point to the targets: what does, by the index, else everything."""
    from dmart_tui.core.catalog import open_catalog, sources

    tell = (lambda told: progress(told.seen + told.read)) if progress is not None else None
    known = sources(open_catalog(spaces), targets, tell, cancel)
    if known is not None:
        yield from _loaded(spaces, known)
        return
    for number, entry in enumerate(spaces.walk()):
        if cancel is not None:
            cancel.check()
        if progress is not None and number % EVERY == 0:
            progress(number)
        yield entry
        yield from spaces.attachments(entry)


def _loaded(spaces: Spaces, addresses: Iterable[Address]) -> Iterator[Item]:
    for address in addresses:
        try:
            yield spaces.load(address) if address.attachment is None else spaces.attachment(address)
        except DmartTuiError:
            continue


def _places(reference: Reference) -> Iterator[_Place]:
    """Everything that `points_to` takes a reference to be to, by normal names."""
    found = reference.target
    for space in dict.fromkeys((found.space, MANAGEMENT if reference.role == "schema" else found.space)):
        keys = _normal((space, *found.parts))
        yield from ((keys[:length], None) for length in range(1, len(keys) + 1))
    if found.attachment is not None:
        yield _normal(found.keys), found.attachment


def _normal(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(unicodedata.normalize("NFC", name) for name in names)


def pointing(item: Item, targets: Sequence[Address]) -> Iterator[Inbound]:
    """The references of one item to any of the targets."""
    for path, reference in placed_references(item):
        if isinstance(reference, Reference) and any(points_to(reference, target) for target in targets):
            yield Inbound(item.address, path, reference, item)


def points_to(reference: Reference, target: Address) -> bool:
    """Whether a reference is to something, to what is below it or to what is attached to it."""
    found = reference.target
    if reference.role == "schema" and target.space == MANAGEMENT:
        found = Address(MANAGEMENT, found.parts)
    if target.attachment is not None and (
        found.attachment != target.attachment or len(found.parts) != len(target.parts)
    ):
        return False
    return len(found.keys) >= len(target.keys) and all(map(same_name, target.keys, found.keys))


def repointed(meta: dict[str, Any], found: Inbound, source: Address, target: Address) -> dict[str, Any] | None:
    """A meta in which one reference to `source`, or below it, leads to `target`.

    None when the reference cannot say so: an owner is named by shortname, and so cannot leave the folder of users.
    """
    path, reference, value = found.path, found.reference, _value_at(meta, found.path)
    now = moved(reference.target, source, target)
    if reference.role in _LOCATORS:
        return _object_with(meta, path, _located(value, reference, now, found.address.space))
    if reference.role == "space":
        renamed = {now.space if key == path[-1] else key: inner for key, inner in meta["subpaths"].items()}
        return {**meta, "subpaths": renamed}
    before = reference.target
    if reference.role == "schema":
        if now.parts[:-1] != before.parts[:-1] or (target.space != source.space and target.space != MANAGEMENT):
            return None
    elif now.keys[:-1] != before.keys[:-1]:
        return None
    if reference.role == "collaborator":
        people = {key: now.name if name == value else name for key, name in meta["collaborators"].items()}
        return {**meta, "collaborators": people}
    return _object_with(meta, path, now.name)


def moved(address: Address, source: Address, target: Address) -> Address:
    """Where something at or below `source`, or attached to it, is when that went to `target`."""
    below = address.parts[len(source.parts) :]
    return Address(target.space, (*target.parts, *below), target.attachment or address.attachment)


def _located(locator: dict[str, Any], reference: Reference, now: Address, space: str) -> dict[str, Any]:
    new = dict(locator)
    attached = now.attachment is not None and reference.type in ATTACHED
    above = now.parts if attached else now.parts[:-1]
    subpath = "/".join(above)
    before = locator.get("subpath")
    new["subpath"] = f"/{subpath}" if not subpath or (isinstance(before, str) and before.startswith("/")) else subpath
    new["shortname"] = now.attachment[1] if now.attachment is not None and attached else now.name
    if "space_name" in locator or now.space != space:
        new["space_name"] = now.space
    return new


def told(found: Sequence[Inbound], what: str = "points to it") -> tuple[tuple[Warned, ...], tuple[str, ...]]:
    """(warnings, notes) about references: the first are told one by one, the others counted."""
    warnings = [
        Warned("reference", (), f"{one.address} {what}: {'.'.join(map(str, one.path))}") for one in found[:TOLD]
    ]
    more = len(found) - TOLD
    return tuple(warnings), (f"{more} more references: {what}",) if more > 0 else ()


def from_elsewhere(found: Inbound, mine: Belongings) -> bool:
    """Whether a reference stands outside of what it is about."""
    return not any(inside(part, found.item.path) for part in mine.parts)


def _value_at(meta: Any, path: Path) -> Any:
    for step in path:
        meta = meta[step]
    return meta


def _object_with(meta: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """A copy with one value set; shares what is not on the way."""
    changed: dict[str, Any] = _with_value(meta, path, value)
    return changed


def _with_value(meta: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    copied = meta.copy()
    copied[path[0]] = _with_value(meta[path[0]], path[1:], value)
    return copied
