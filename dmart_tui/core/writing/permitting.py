"""What D-MART would refuse its user, and what somebody else works on: told of a plan before it is carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.address import Address
from dmart_tui.core.errors import Damaged, DmartTuiError
from dmart_tui.core.merging import ABSENT, differences, with_value
from dmart_tui.core.spaces import about, decode
from dmart_tui.core.spaces.layout import place
from dmart_tui.core.steps import Discard, Write
from dmart_tui.core.writing.plan import Added, Created, Edited, Moved, Trashed, Warned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dmart_tui.core.locking import Locks
    from dmart_tui.core.spaces import Item, Rights, Spaces
    from dmart_tui.core.writing.plan import Plan

_LOCKING: Final = {"lock": "lock", "extend": "lock", "unlock": "unlock", "cancel": "unlock"}
_GIVEN: Final = ("uuid", "shortname", "is_active", "owner_shortname", "created_at", "updated_at")
"""Keys that every new meta has, whoever makes it."""


def permission_warnings(spaces: Spaces, rights: Rights, plan: Plan) -> Iterator[Warned]:
    """A deliberate warning for each part of a plan that D-MART would refuse to this user.

    D-MART takes a move for a deletion and a creation, and a step of a ticket for an update. Costs a look at each entry
    that is changed.
    """
    for action, address, item, attributes in _asked(spaces, plan):
        type_ = item if isinstance(item, str) else item.type
        known: dict[str, Any] = {"owner": rights.user} if isinstance(item, str) else about(item)
        reason = rights.why_not(action, address, type_, attributes=attributes, **known)
        if reason is not None:
            yield Warned("permission", (), f"D-MART would refuse to {action} {address}: {reason}", deliberate=True)


def lock_warnings(locks: Locks, user: str, plan: Plan) -> Iterator[Warned]:
    """A deliberate warning for each entry below what a plan moves or throws away that somebody else has locked."""
    for address in _leaving(plan):
        if address.attachment is None:
            for below, lock in locks.below(address):
                if lock.owner != user:
                    yield Warned("lock", (), f"{lock}: {below}", deliberate=True)


def _asked(spaces: Spaces, plan: Plan) -> Iterator[tuple[str, Address, Item | str, dict[str, Any]]]:
    """(action, address, what stands there or the type that will, what is set) of each part of a plan."""
    for change in plan.changes:
        if change.key == "lock_type" and (item := _item(spaces, plan.address)) is not None:
            yield _LOCKING.get(str(change.new), "lock"), item.address, item, {}
    for one in plan.undo:
        match one:
            case Edited():
                if (item := _item(spaces, one.address)) is not None:
                    yield "update", item.address, item, _set_by(one)
            case Created() | Added():
                yield from _creations(spaces, plan, one.address)
            case Moved():
                if (item := _item(spaces, one.source)) is not None:
                    yield "delete", item.address, item, {}
                    yield "create", one.target, item.type, {}
            case Trashed():
                if (item := _item(spaces, one.address)) is not None:
                    yield "delete", item.address, item, {}
    if _for_ever(plan) and (item := _item(spaces, plan.address)) is not None:
        yield "delete", item.address, item, {}


def _creations(spaces: Spaces, plan: Plan, top: Address) -> Iterator[tuple[str, Address, str, dict[str, Any]]]:
    """What a plan makes from an address, the first missing folder maybe, down to its end."""
    if top.attachment is not None:
        yield "create", top, top.attachment[0], {}
        return
    end = plan.result or top
    for depth in range(len(top.parts), max(len(top.parts), len(end.parts)) + 1):
        address = top if depth == len(top.parts) else Address(end.space, end.parts[:depth])
        where = place(spaces.root, address)
        for step in plan.steps:
            folder, _, name = step.path.rpartition("/")
            if isinstance(step, Write) and folder in (where.own_dm, where.entry_folder):
                start, _, rest = name.partition(".")
                type_, _, suffix = rest.rpartition(".")
                if (start, suffix) == ("meta", "json"):
                    yield "create", address, type_, _without_given(step.data)


def _without_given(data: bytes) -> dict[str, Any]:
    meta = decode(data)
    return {key: value for key, value in meta.items() if key not in _GIVEN} if isinstance(meta, dict) else {}


def _set_by(edited: Edited) -> dict[str, Any]:
    """What an edit sets, nested as in a request."""
    found = _changed({}, (), *edited.meta)
    before, after = edited.body
    return found if after is None else _changed(found, ("payload", "body"), before or b"{}", after)


def _changed(found: dict[str, Any], above: tuple[str, ...], before: bytes, after: bytes) -> dict[str, Any]:
    try:
        changes = differences(decode(before), decode(after))
    except Damaged:  # a text
        return found
    for change in changes:
        if change.new is not ABSENT and change.path not in ((), ("updated_at",)):
            found = with_value(found, (*above, *change.path), change.new)
    return found


def _leaving(plan: Plan) -> Iterator[Address]:
    for one in plan.undo:
        if isinstance(one, Moved):
            yield one.source
        elif isinstance(one, Trashed):
            yield one.address
    if _for_ever(plan):
        yield plan.address


def _for_ever(plan: Plan) -> bool:
    return not plan.undo and any(isinstance(step, Discard) for step in plan.steps)


def _item(spaces: Spaces, address: Address) -> Item | None:
    try:
        item = spaces.attachment(address) if address.attachment is not None else spaces.load(address)
    except DmartTuiError:
        return None
    return item if item.type else None
