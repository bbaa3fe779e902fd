"""Relationships: from the meta of one thing to whatever D-MART can name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.errors import Damaged, NotFound, Refused, UsageFault
from dmart_tui.core.merging import differences
from dmart_tui.core.spaces import Reference, references
from dmart_tui.core.spaces.layout import same_name
from dmart_tui.core.writing.documents import open_document
from dmart_tui.core.writing.plan import Warned
from dmart_tui.core.writing.saving import plan_save

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dmart_tui.core.address import Address
    from dmart_tui.core.spaces import Item
    from dmart_tui.core.writing.documents import Document
    from dmart_tui.core.writing.plan import Plan
    from dmart_tui.core.writing.store import Store

_KEY: Final = "relationships"


def plan_link(store: Store, source: Address, target: Address, attributes: Mapping[str, Any] | None = None) -> Plan:
    """Let one thing point to another.

    Args:
        attributes: what the relationship says about itself.

    A target that is not there is a deliberate warning.

    Raises:
        Refused: the same stands there already.
        NotFound, Damaged: as `open_document`; Damaged also when the relationships are no list.
    """
    document = open_document(store, source)
    said = dict(attributes or {})
    warnings: tuple[Warned, ...] = ()
    item = _found(store, target)
    if item is None:
        related = _relationship(target, target.attachment[0] if target.attachment else "content", said)
        warnings = (Warned("reference", (_KEY,), f"nothing stands at {target}", deliberate=True),)
    else:
        if _same(item.address, document.address):
            raise UsageFault("would point to itself", address=str(source))
        target, related = item.address, relationship(item, said)
    values = _values(document)
    for value, to in _targets(document, values):
        if _same(to, target) and not differences(value.get("attributes") or {}, said):
            raise Refused(f"points to {target} already", address=str(document.address))
    plan = plan_save(
        store, document, {**document.meta, _KEY: [*values, related]}, title=f"Link {document.address} to {target}"
    )
    return replace(plan, warnings=(*plan.warnings, *warnings))


def plan_unlink(store: Store, source: Address, target: Address, attributes: Mapping[str, Any] | None = None) -> Plan:
    """Take away all relationships from one thing to another.

    Args:
        attributes: only those that say this about themselves, and maybe more.

    Raises:
        NotFound: there is none; also as `open_document`.
        Damaged: the relationships are no list, or as `open_document`.
    """
    document = open_document(store, source)
    item = _found(store, target)
    target = target if item is None else item.address
    values = _values(document)
    wanted = dict(attributes or {})
    gone = {
        id(value)
        for value, to in _targets(document, values)
        if _same(to, target) and _says(value.get("attributes"), wanted)
    }
    if not gone:
        raise NotFound(f"does not point to {target}", address=str(document.address))
    left = [value for value in values if id(value) not in gone]
    return plan_save(store, document, {**document.meta, _KEY: left}, title=f"Unlink {document.address} from {target}")


def relationship(item: Item, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """A relationship to something, as D-MART 1.2 to 1.4 writes it."""
    return _relationship(item.address, item.type, attributes)


def _found(store: Store, address: Address) -> Item | None:
    try:
        item = store.spaces.attachment(address) if address.attachment else store.spaces.load(address)
    except NotFound:
        return None
    return item if item.type else None


def _relationship(target: Address, type_: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    locator = {
        "type": type_,
        "space_name": target.space,
        "subpath": target.subpath or "/",
        "shortname": target.name,
    }
    return {"related_to": locator, "attributes": dict(attributes)}


def _values(document: Document) -> list[Any]:
    values = document.meta.get(_KEY)
    if values is None:
        return []
    if not isinstance(values, list):
        raise Damaged("its relationships are no list", address=str(document.address), hint="correct its meta")
    return values


def _targets(document: Document, values: list[Any]) -> Iterator[tuple[dict[str, Any], Address]]:
    """Those of the relationships that can be understood, and where they lead."""
    for value, found in zip(values, references(document.item), strict=False):  # the relationships come first
        if isinstance(found, Reference):
            yield value, found.target


def _same(one: Address, other: Address) -> bool:
    attached, to = one.attachment or (), other.attachment or ()
    names = ((*one.keys, *attached), (*other.keys, *to))
    return len(names[0]) == len(names[1]) and len(attached) == len(to) and all(map(same_name, *names))


def _says(attributes: Any, wanted: Mapping[str, Any]) -> bool:
    if not isinstance(attributes, dict):
        return not wanted
    return all(key in attributes and not differences(attributes[key], value) for key, value in wanted.items())
