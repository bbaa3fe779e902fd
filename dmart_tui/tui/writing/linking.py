"""Links between entries, from the interface: making and taking away relationships, and what points somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from dmart_tui.core import background
from dmart_tui.core.address import Address
from dmart_tui.core.errors import UsageFault
from dmart_tui.core.spaces import BadReference, references
from dmart_tui.core.units import format_count
from dmart_tui.tui.changes.words import value_text
from dmart_tui.tui.screens.dialog import Row
from dmart_tui.tui.screens.find import Find
from dmart_tui.tui.writing.completing import Completed
from dmart_tui.tui.writing.picking import Pick
from dmart_tui.tui.writing.working import watched

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.spaces import Item, Reference
    from dmart_tui.core.writing import Inbound
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.writing.desk import Desk
    from dmart_tui.tui.writing.working import Progress

MOST: Final = 500
"""References to something that are listed."""
_WIDEST: Final = 60
_SAMPLE: Final = 40
"""Neighbours whose relationships are looked at for what is usual."""


async def link(desk: Desk, source: Address) -> None:
    """Find what to point to, ask what the relationship says about itself, and propose it."""
    from dmart_tui.core.writing import plan_link

    app = cast("DmartApp", desk.app)
    dialog = Find(desk.store.spaces, app.names, title=f"Link {source} to", does="links")
    target = await app.ask(dialog)
    app.names = dialog.names if dialog.complete else None
    if not isinstance(target, Address):
        return
    known = await background.run(_known_attributes, desk, source)

    def offer(text: str) -> list[Row]:
        before, comma, last = text.rpartition(",")
        start = f"{before}{comma} " if comma else ""
        return [Row(f"{start}{one}", one) for one in known if last.strip().lower() in one.lower()]

    said = await app.ask(
        Completed(
            f"Link to {target}",
            words="What the relationship says about itself, or nothing: role=author, quantity:=4",
            offer=offer,
            check=_fault,
        )
    )
    if said is not None:
        await desk.propose(lambda: plan_link(desk.store, source, target, _attributes(said)))


async def unlink(desk: Desk, source: Address) -> None:
    """Choose one of the relationships of an entry and propose to take it away."""
    app = cast("DmartApp", desk.app)
    found = await background.run(lambda: [one for one in references(_item(desk, source)) if _is_own(one)])
    rows = [Row(one, str(one.target), about=_about(one.attributes)) for one in cast("list[Reference]", found)]
    if not rows:
        app.notify("It has no relationships.")
        return
    chosen: Reference | None = await app.ask(Pick(f"Unlink {source} from", rows, words="enter takes it away"))
    if chosen is not None:
        await take_away(desk, source, chosen.target, chosen.attributes)


async def take_away(desk: Desk, source: Address, target: Address, attributes: Mapping[str, Any] | None) -> None:
    """Propose to take a relationship away."""
    from dmart_tui.core.writing import plan_unlink

    await desk.propose(lambda: plan_unlink(desk.store, source, target, attributes))


async def inbound(desk: Desk, target: Address) -> None:
    """Search the root for what points to something, list it, and open what is chosen."""
    from dmart_tui.core.writing.inbound import inbound as search

    app = cast("DmartApp", desk.app)

    def find(cancel: CancelToken, progress: Progress) -> list[Inbound]:
        found: list[Inbound] = []
        for one in search(desk.store.spaces, target, cancel=cancel, progress=lambda done: progress(done, None)):
            found.append(one)
            if len(found) > MOST:
                break
        return found

    found = await watched(app, f"What points to {target}", find)
    if found is None:
        return
    if not found:
        app.notify(f"Nothing in the root points to {target}.")
        return
    more = len(found) > MOST
    rows = [
        Row(one.address, str(one.address), lead=one.reference.role, about=_where(one, target)) for one in found[:MOST]
    ]
    count = f"the first {MOST}" if more else format_count(len(rows))
    chosen: Address | None = await app.ask(
        Pick(f"What points to {target}", rows, words=f"{count} · enter opens · esc closes")
    )
    if chosen is not None:
        await app.tree_pane.locate(chosen)
        await app.open(chosen)


def _where(one: Inbound, target: Address) -> str:
    """Where in the meta it stands, and what it points to where that is below the target."""
    below = "" if one.reference.target == target else f" → {one.reference.target}"
    return ".".join(map(str, one.path)) + below


def _item(desk: Desk, address: Address) -> Item:
    spaces = desk.store.spaces
    return spaces.load(address) if address.attachment is None else spaces.attachment(address)


def _is_own(one: Reference | BadReference) -> bool:
    return not isinstance(one, BadReference) and one.role == "relationship"


def _about(attributes: Mapping[str, Any] | None) -> str:
    return ", ".join(f"{key} {value_text(value, _WIDEST)}" for key, value in (attributes or {}).items())


def _known_attributes(desk: Desk, source: Address) -> list[str]:
    """What the relationships of the entry itself say about themselves, and those of its neighbours; a few metas."""
    from itertools import islice

    spaces = desk.store.spaces
    parent = Address(source.space, source.parts).parent
    items: list[Item] = [_item(desk, source)]
    if parent is not None:
        items += (spaces.load_child(parent, name, flags) for name, flags in islice(spaces.scan(parent), _SAMPLE))
    return list(dict.fromkeys(text for item in items for text in _said(item)))


def _said(item: Item) -> Iterator[str]:
    import json

    for one in references(item):
        if not isinstance(one, BadReference) and one.role == "relationship":
            for key, value in (one.attributes or {}).items():
                text = isinstance(value, str) and "," not in value
                yield f"{key}={value}" if text else f"{key}:={json.dumps(value, ensure_ascii=False)}"


def _attributes(text: str) -> dict[str, Any]:
    """What `KEY=TEXT, KEY:=JSON` says; a comma within JSON is one of the JSON.

    Raises:
        UsageFault: a part is neither.
    """
    from dmart_tui.core.writing.assignments import read_assignment

    found: dict[str, Any] = {}
    parts = text.split(",") if text.strip() else []
    while parts:
        part, parts = parts[0], parts[1:]
        while True:
            try:
                key, value = read_assignment(part.strip())
                break
            except UsageFault:
                if not parts or ":=" not in part:
                    raise
                part, parts = f"{part},{parts[0]}", parts[1:]
        if ":=" not in part and not isinstance(value, str):
            raise UsageFault(f"{part.strip()!r} gives no value", hint="KEY=TEXT or KEY:=JSON")
        found[key] = value
    return found


def _fault(text: str) -> str | None:
    try:
        _attributes(text)
    except UsageFault as error:
        return str(error)
    return None
