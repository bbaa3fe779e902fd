"""Steps of tickets through their workflow, as D-MART takes them.

The history line tells the state, the resolution and the comment, but not that the ticket was closed; the comment is an
attachment as well, named after the time. The payload and the collaborators stay.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dmart_tui.core.errors import UsageFault
from dmart_tui.core.jsontext import rewrite
from dmart_tui.core.spaces import Entry
from dmart_tui.core.spaces.ticketing import progress, transitions
from dmart_tui.core.steps import Write
from dmart_tui.core.writing.commenting import comment_on
from dmart_tui.core.writing.documents import open_document
from dmart_tui.core.writing.plan import Edited, Plan, joined
from dmart_tui.core.writing.records import changes_of, event_steps, history_steps, lines_of, stamp

if TYPE_CHECKING:
    from collections.abc import Collection

    from dmart_tui.core.address import Address
    from dmart_tui.core.spaces import Workflow
    from dmart_tui.core.spaces.ticketing import Step as WayOn
    from dmart_tui.core.writing.documents import Document
    from dmart_tui.core.writing.store import Store


def ways_on(store: Store, address: Address, roles: Collection[str] | None = None) -> list[WayOn]:
    """What may happen to a ticket, those included that `roles` may not do; nothing to a closed one.

    Raises:
        UsageFault: it is no ticket, or names no workflow.
        NotFound, Damaged: as `open_document`, and of its workflow.
    """
    document = open_document(store, address)
    workflow = _workflow(store, document)
    if document.meta.get("is_open") is False:
        return []
    return transitions(workflow, str(document.meta.get("state")), roles)


def plan_progress(
    store: Store,
    address: Address,
    action: str,
    *,
    resolution: str | None = None,
    comment: str | None = None,
    roles: Collection[str] | None = None,
) -> Plan:
    """Take a ticket one step further.

    Args:
        roles: of who takes it; None for who works on the files and whom no role stops.

    Raises:
        Refused: the ticket is closed, its state has no such action, no role may take it, or the resolution is missing
            or unknown where it leads.
        UsageFault, NotFound, Damaged: as `ways_on`.
    """
    document = open_document(store, address)
    fields = progress(_workflow(store, document), document.meta, action, roles, resolution)
    when = store.now()
    new = {**document.meta, **fields, "updated_at": stamp(when, document.meta.get("updated_at"))}
    found: dict[str, Any] = {
        key: {"old": _told(document.meta.get(key)), "new": _told(new[key])}
        for key in ("state", "resolution_reason")
        if key in fields and document.meta.get(key) != new[key]
    }
    if comment:
        found["comment"] = {"old": "null", "new": comment}
    data = rewrite(document.meta_data, new)
    lines = (
        *history_steps(store, document.item, found, when),
        *event_steps(store, document.address, document.type, new, "progress_ticket", found, when),
    )
    closes = document.meta.get("is_open") is not False and not fields["is_open"]
    step = Plan(
        f"Progress {document.address} to {fields['state']}",
        document.address,
        steps=(Write(document.meta_path, data), *lines),
        expects=document.digests,
        changes=changes_of(found),
        lines=lines_of(lines),
        undo=(Edited(document.address, (document.meta_data, data)),),
        notes=("the ticket is closed by it",) if closes else (),
    )
    if not comment:
        return step
    assert isinstance(document.item, Entry)
    said = comment_on(store, document.item, comment, fields["state"], f"c_{when:%Y%m%d%H%M%S}", when)
    return replace(joined(step.title, step.address, [said, step]), result=None)


def _workflow(store: Store, document: Document) -> Workflow:
    name = document.meta.get("workflow_shortname")
    if document.type != "ticket":
        raise UsageFault(f"is a {document.type}, not a ticket", address=str(document.address))
    if not isinstance(name, str) or not name:
        raise UsageFault("names no workflow", address=str(document.address), hint="set its workflow_shortname")
    return store.workflows.get(document.address.space, name)


def _told(value: Any) -> Any:
    return "null" if value is None else value
