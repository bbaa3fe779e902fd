"""Locking and unlocking entries, from the interface."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, cast

from dmart_tui.core import background
from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.units import format_time
from dmart_tui.tui.screens.dialog import confirm

if TYPE_CHECKING:
    from collections.abc import Callable

    from dmart_tui.core.locking import Lock, Locks
    from dmart_tui.core.writing import Done, Plan
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.writing.desk import Desk


def why_not_locked(desk: Desk, address: Address) -> str | None:
    """Why an address can be neither locked nor unlocked; None when it can."""
    if desk.refusal_to_write:
        return desk.refusal_to_write
    return "What is attached is locked with what it hangs on." if address.attachment is not None else None


async def lock(desk: Desk, address: Address) -> None:
    """Lock an entry, or go on with one's own lock; another's is taken away only after a deliberate yes."""
    from dmart_tui.core.writing import lock_entry, plan_lock

    store = desk.store
    force = await _broken(desk, address, "Take the lock over")
    if force is None:
        return
    done = await _carry_out(
        desk,
        lambda: plan_lock(store, address, force=force),
        lambda anyway: lock_entry(store, address, force=force, anyway=anyway),
    )
    held = await background.run(_locks(desk).held, address) if done is not None else None
    if held is not None:
        until = f" until {format_time(held.expires)}" if held.expires else ""
        desk.app.notify(f"✓ {address} is locked for {held.owner}{until}")


async def unlock(desk: Desk, address: Address) -> None:
    """Give a lock back; another's is taken away only after a deliberate yes."""
    from dmart_tui.core.writing import plan_unlock, unlock_entry

    store = desk.store
    if await background.run(_locks(desk).held, address) is None:
        desk.app.notify("It is not locked.")
        return
    force = await _broken(desk, address, "Break the lock")
    if force is None:
        return
    done = await _carry_out(
        desk,
        lambda: plan_unlock(store, address, force=force),
        lambda anyway: unlock_entry(store, address, force=force, anyway=anyway),
    )
    if done is not None:
        desk.app.notify(f"✓ {address} is not locked any more")


def lock_of(desk: Desk | None, address: Address) -> Lock | str | None:
    """The lock of an entry, or why it cannot be known; blocks."""
    if desk is None or desk.store.locks is None or address.attachment is not None:
        return None
    try:
        return desk.store.locks.held(address)
    except DmartTuiError as error:
        return error.message


def words_of_lock(desk: Desk, address: Address) -> str:
    """What an editor says of another's lock; empty when there is none. Blocks."""
    held = lock_of(desk, _owner(address))
    if isinstance(held, str):
        return f"! Whether it is locked is not known: {held}."
    if held is None or held.owner == desk.store.user:
        return ""
    return f"⊘ {held}. It cannot be saved meanwhile; A, Unlock breaks the lock."


class EditLock:
    """The lock of what an editor has open, where the settings ask for one."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.address: Address | None = None
        """What is locked."""

    def take(self, address: Address) -> bool:
        """Lock what is edited now, and give back what was before; whether the lock is a new one. Blocks.

        Raises:
            DmartTuiError: as `lock_entry`.
        """
        from dmart_tui.core.writing import lock_entry

        owner = _owner(address)
        if self.address == owner:
            self._locks.take(owner, self._desk.store.user, self._desk.store.lock_seconds)
            return False
        self.give_back()
        if self._locks.held(owner) is not None:  # who has it locked already keeps it afterwards
            return False
        lock_entry(self._desk.store, owner)
        self.address = owner
        return True

    def leave_for(self, address: Address) -> None:
        """Unlock what is locked, unless that is edited still; blocks."""
        if self.address != _owner(address):
            self.give_back()

    def give_back(self) -> None:
        """Unlock it, unless somebody took the lock away; blocks."""
        from dmart_tui.core.writing import unlock_entry

        if self.address is not None:
            address, self.address = self.address, None
            with suppress(DmartTuiError):
                unlock_entry(self._desk.store, address, anyway=True)

    @property
    def _locks(self) -> Locks:
        return _locks(self._desk)


def _owner(address: Address) -> Address:
    """What is locked for it."""
    return Address(address.space, address.parts)


async def _broken(desk: Desk, address: Address, yes: str) -> bool | None:
    """Whether another's lock is to be broken; None when that is not wanted."""
    held = await background.run(_locks(desk).held, address)
    if held is None or held.owner == desk.store.user:
        return False
    words = f"{held}. Who works on it is not told, and may lose what is not saved."
    return True if await cast("DmartApp", desk.app).ask(confirm(f"Locked: {address}", words, yes)) else None


async def _carry_out(desk: Desk, make: Callable[[], Plan], do: Callable[[bool], Done]) -> Done | None:
    """Do it at once, unless something needs a deliberate yes."""
    from dmart_tui.tui.writing.preview import Preview

    plan = desk.store.warned(await background.run(make))
    deliberate = any(warned.deliberate for warned in plan.warnings)
    if deliberate and not await cast("DmartApp", desk.app).ask(Preview(plan)):
        return None
    done = await background.run(do, deliberate)
    await desk.changed(done.plan)
    return done


def _locks(desk: Desk) -> Locks:
    return cast("Locks", desk.store.locks)
