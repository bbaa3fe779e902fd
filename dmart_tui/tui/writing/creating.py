"""Making something new, from the interface: what, by which name, and then the editor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from dmart_tui.core import background
from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError, UsageFault
from dmart_tui.core.spaces import Kind
from dmart_tui.tui.screens.dialog import Prompt, Row
from dmart_tui.tui.writing.picking import Pick

if TYPE_CHECKING:
    from dmart_tui.core.spaces import Entry, Spaces
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.writing.desk import Desk

TYPES: Final = {
    "content": "an entry with a payload",
    "folder": "a place for entries",
    "ticket": "an entry that moves through a workflow",
    "schema": "what payloads must look like",
    "user": "somebody who can log in",
    "group": "users that share roles",
    "role": "a bundle of permissions",
    "permission": "what may be done where",
    "notification": "a message",
    "post": "an article",
    "log": "lines that only grow",
    "space": "a new space beside this one",
}
_BY_FOLDER: Final = {
    "schema": "schema", "users": "user", "groups": "group", "roles": "role", "permissions": "permission",
}  # fmt: skip
"""The folders of the management space, and of schemas, that hold one type."""
_NAMED: Final = frozenset({"folder", "space", "schema", "user", "role", "group", "permission"})
"""What is called by its name elsewhere, so that none is made up."""


async def create(desk: Desk, at: Address) -> None:
    """Ask what to make beside or below an address, propose it, and open it for editing."""
    app = cast("DmartApp", desk.app)
    spaces = desk.store.spaces
    folder = await background.run(folder_at, spaces, at)
    rules = await background.run(rules_of, spaces, folder)
    types: Pick[str] = Pick(f"New in {folder.address}", type_rows(folder, rules))
    kind = await app.ask(types)
    if kind is None:
        return
    meta: dict[str, Any] = {}
    if kind in ("content", "ticket") and (schemas := names_in(rules, "content_schema_shortnames")):
        offered: Pick[str] = Pick(
            f"Schema of the new {kind}", [*(Row(name, name) for name in schemas), Row("", "no schema")]
        )
        chosen = await app.ask(offered)
        if chosen is None:
            return
        meta |= {"payload": {"content_type": "json", "schema_shortname": chosen}} if chosen else {}
    if kind == "ticket":
        workflows = names_in(rules, "workflow_shortnames") or await background.run(_workflows, spaces, folder.address)
        flows: Pick[str] = Pick("Workflow of the new ticket", [Row(name, name) for name in workflows])
        workflow = await app.ask(flows)
        if workflow is None:
            return
        meta["workflow_shortname"] = workflow
    place = None if kind == "space" else folder.address
    from dmart_tui.core.writing import AUTO, plan_create

    made_up = "" if kind in _NAMED else AUTO
    name = await app.ask(
        Prompt(
            f"New {kind}",
            words="Its shortname: letters, digits and _" + (". Left empty, one is made up." if made_up else "."),
            placeholder=made_up,
            check=lambda text: _fault(place, text or made_up),
        )
    )
    if name is None:
        return
    name = name or made_up
    address = _below(place, name)
    body: dict[str, Any] | None = {} if meta.get("payload") else None
    done = await desk.propose(lambda: plan_create(desk.store, address, kind, meta, body))
    if done is not None:
        made = done.plan.result or address
        await app.tree_pane.locate(made)
        await app.open(made, "edit")


def _below(folder: Address | None, name: str) -> Address:
    return Address.parse(name) if folder is None else folder.child(name)


def _fault(folder: Address | None, name: str) -> str | None:
    if "/" in name or "#" in name:
        return "A shortname has neither / nor #."
    try:
        Address.parse(name)
    except UsageFault as error:
        return error.message
    return None


def folder_at(spaces: Spaces, address: Address) -> Entry:
    """The folder or space an address is in, or is."""
    entry = spaces.load(Address(address.space, address.parts))
    if entry.kind in (Kind.SPACE, Kind.FOLDER):
        return entry
    return spaces.load(cast("Address", entry.address.parent))


def rules_of(spaces: Spaces, folder: Entry) -> dict[str, Any]:
    """What the folder's own payload says of what it holds; empty when it says nothing."""
    from dmart_tui.core.spaces import PAYLOAD_LIMIT, decode

    try:
        rules = decode(spaces.payload_bytes(folder, PAYLOAD_LIMIT))
    except DmartTuiError:
        return {}
    return rules if isinstance(rules, dict) else {}


def names_in(rules: dict[str, Any], key: str) -> list[str]:
    names = rules.get(key)
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def type_rows(folder: Entry, rules: dict[str, Any]) -> list[Row]:
    """The types, first those the folder is for."""
    first = [*names_in(rules, "content_resource_types"), _BY_FOLDER.get(folder.address.name, "")]
    order = dict.fromkeys((*(kind for kind in first if kind in TYPES), *TYPES))
    return [Row(kind, kind, about=TYPES[kind]) for kind in order]


def _workflows(spaces: Spaces, folder: Address) -> list[str]:
    try:
        return sorted(name for name, _ in spaces.scan(Address(folder.space, ("workflows",))))
    except DmartTuiError:
        return []
