"""Locking entries: the lock itself where locks are kept, and the lines that D-MART writes of it.

Whoever locks a ticket becomes the one who processes it. What a plan of these says is written only together with the
lock: `lock_entry` and `unlock_entry` do both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from dmart_tui.core.errors import Refused, UsageFault
from dmart_tui.core.merging import value_at, with_value
from dmart_tui.core.writing.documents import open_document
from dmart_tui.core.writing.plan import Plan, joined
from dmart_tui.core.writing.records import changes_of, history_steps, lines_of
from dmart_tui.core.writing.saving import plan_save

if TYPE_CHECKING:
    from dmart_tui.core.address import Address
    from dmart_tui.core.locking import Lock, Locks
    from dmart_tui.core.writing.documents import Document
    from dmart_tui.core.writing.store import Done, Store

_PROCESSED_BY: Final = ("collaborators", "processed_by")


def plan_lock(store: Store, address: Address, *, force: bool = False) -> Plan:
    """What `lock_entry` would write; a lock that is one's own is extended.

    Args:
        force: also where somebody else holds it.

    Raises:
        Refused: somebody else holds it.
        UsageFault: no locks are kept, or it is an attachment.
        NotFound, Damaged: as `open_document`.
    """
    document = _opened(store, address)
    held = _locks(store).held(document.address)
    own = held is not None and held.owner == store.user
    if held is not None and not own and not force:
        raise _refused(held, document)
    title = f"Lock {document.address}"
    line = _line(store, document, "extend" if own else "lock", title)
    if document.type != "ticket" or value_at(document.meta, _PROCESSED_BY) == store.user:
        return line
    processed = plan_save(store, document, with_value(document.meta, _PROCESSED_BY, store.user))
    return joined(title, document.address, [processed, line])


def plan_unlock(store: Store, address: Address, *, force: bool = False) -> Plan:
    """What `unlock_entry` would write: nothing where there is no lock; arguments and errors as `plan_lock`."""
    document = _opened(store, address)
    held = _locks(store).held(document.address)
    title = f"Unlock {document.address}"
    if held is None:
        return Plan(title, document.address, notes=("it is not locked",))
    if held.owner == store.user:
        return _line(store, document, "unlock", title)
    if not force:
        raise _refused(held, document)
    return _line(store, document, "cancel", title)


def lock_entry(store: Store, address: Address, *, force: bool = False, anyway: bool = False) -> Done:
    """Lock an entry for as long as the store says, and write that down.

    Args:
        force: as in `plan_lock`; errors too.
        anyway: as in `Store.apply`; errors too.
    """
    plan = store.check(plan_lock(store, address, force=force), anyway=anyway)
    locks = _locks(store)
    former = locks.held(plan.address)
    if force and former is not None and former.owner != store.user:
        locks.release(plan.address, store.user, force=True)
    locks.take(plan.address, store.user, store.lock_seconds)
    try:
        return store.apply(plan, anyway=anyway)
    except BaseException:
        if former is None or former.owner != store.user:
            locks.release(plan.address, store.user)
        raise


def unlock_entry(store: Store, address: Address, *, force: bool = False, anyway: bool = False) -> Done:
    """Give a lock back, and write that down; arguments and errors as `lock_entry`.

    The lock goes first: nobody may be kept out because a disk is full.
    """
    plan = store.check(plan_unlock(store, address, force=force), anyway=anyway)
    _locks(store).release(plan.address, store.user, force=force)
    return store.apply(plan, anyway=anyway)


def _opened(store: Store, address: Address) -> Document:
    if address.attachment is not None:
        raise UsageFault("an attachment cannot be locked", address=str(address), hint="lock what it hangs on")
    return open_document(store, address)


def _locks(store: Store) -> Locks:
    if store.locks is None:
        raise UsageFault("no locks are kept here")
    return store.locks


def _refused(held: Lock, document: Document) -> Refused:
    return Refused(str(held), address=str(document.address), command="--force takes it away")


def _line(store: Store, document: Document, new: Literal["lock", "extend", "unlock", "cancel"], title: str) -> Plan:
    found: dict[str, Any] = {"lock_type": {"old": "null", "new": new}}
    steps = history_steps(store, document.item, found, store.now())
    return Plan(
        title,
        document.address,
        steps=steps,
        expects=document.digests,
        changes=changes_of(found),
        lines=lines_of(steps),
    )
