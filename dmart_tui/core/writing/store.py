"""A spaces folder opened for writing: plans carried out whole, and taken back.

Everything here blocks on the disk; from asyncio call it through `core.background`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

from dmart_tui.core.address import Address
from dmart_tui.core.config import acting_user
from dmart_tui.core.errors import Conflict, NotFound, Refused
from dmart_tui.core.journal import Journal
from dmart_tui.core.spaces.layout import MANAGEMENT
from dmart_tui.core.writing.plan import Added, Created, Edited, Moved, Plan, Trashed, Undo, joined, touched

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.config import Settings
    from dmart_tui.core.journal import Recovered
    from dmart_tui.core.locking import Locks
    from dmart_tui.core.spaces import Permissions, Rights, Schemas, Spaces, Workflows

LOCK_SECONDS: Final = 300
"""How long D-MART's own locks last by default."""


@dataclass(frozen=True, slots=True)
class Done:
    """A plan that was carried out."""

    plan: Plan
    when: datetime
    """Local time, naive as D-MART's."""


class Store:
    """Where changes of a spaces folder are carried out.

    Args:
        user: the shortname that changes are made as; histories name it.
        read_only: refuse every change; plans can still be made.
        locks: where locks are kept; None honours none.
        lock_seconds: how long a lock taken here lasts.
        now: the local time, naive as D-MART writes it.
    """

    def __init__(
        self,
        spaces: Spaces,
        *,
        user: str,
        read_only: bool = False,
        locks: Locks | None = None,
        lock_seconds: int = LOCK_SECONDS,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self.spaces = spaces
        self.user = user
        self.read_only = read_only
        self.locks = locks
        self.lock_seconds = lock_seconds
        self.now = now
        self.journal = Journal(spaces.root, read_only=read_only)

    @cached_property
    def schemas(self) -> Schemas:
        """The schemas that payloads are held to."""
        from dmart_tui.core.spaces import Schemas

        return Schemas(self.spaces)

    @cached_property
    def workflows(self) -> Workflows:
        """The workflows that tickets go through."""
        from dmart_tui.core.spaces import Workflows

        return Workflows(self.spaces)

    @cached_property
    def permissions(self) -> Permissions:
        """Who may do what, as far as it was asked; forgotten when the management space is changed through it."""
        from dmart_tui.core.spaces import Permissions

        return Permissions(self.spaces)

    def rights(self) -> Rights | None:
        """What who changes things may do; None for somebody who is no user of D-MART, whom nothing stops."""
        try:
            return self.permissions.of(self.user)
        except NotFound:
            return None

    def roles(self) -> frozenset[str] | None:
        """The roles of who changes things; None for somebody who is no user of D-MART, whom no role stops."""
        rights = self.rights()
        return None if rights is None else frozenset(rights.roles)

    def warned(self, plan: Plan) -> Plan:
        """A plan that warns of what D-MART would refuse this user, and of locks of others below what goes."""
        from dmart_tui.core.writing.permitting import lock_warnings, permission_warnings

        rights = self.rights() if plan.steps else None
        found = list(permission_warnings(self.spaces, rights, plan)) if rights is not None else []
        found += lock_warnings(self.locks, self.user, plan) if self.locks is not None else ()
        return replace(plan, warnings=tuple(dict.fromkeys((*plan.warnings, *found)))) if found else plan

    def check(self, plan: Plan, *, anyway: bool = False) -> Plan:
        """The plan as `warned`, if it can be carried out.

        Raises:
            Refused: the store is read-only, or a deliberate warning stands and not `anyway`.
        """
        if self.read_only:
            raise Refused("nothing is changed: the program runs read-only", address=str(plan.address))
        plan = self.warned(plan)
        standing = [warned.text for warned in plan.warnings if warned.deliberate]
        if standing and not anyway:
            raise Refused("; ".join(standing), address=str(plan.address), command="--anyway does it all the same")
        return plan

    def apply(
        self,
        plan: Plan,
        *,
        anyway: bool = False,
        cancel: CancelToken | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Done:
        """Carry out a plan, whole or not at all; one without steps does nothing.

        Args:
            anyway: also where a warning stands that asks for a deliberate yes.
            progress: told the bytes of each piece of a large file, as by `Journal.apply`.

        Raises:
            Refused: the store is read-only, a deliberate warning stands, or somebody else holds the lock.
            Conflict: something changed since the plan was made; make it again.
            Failed: the disk would not take it, and nothing was changed.
        """
        plan = self.check(plan, anyway=anyway)
        self.apply_together([plan], title=plan.title, cancel=cancel, progress=progress)
        return Done(plan, self.now())

    def apply_together(
        self,
        plans: Sequence[Plan],
        *,
        title: str,
        cancel: CancelToken | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Carry out plans that went through `check`, all or none; none of them may need what another one makes.

        Arguments and errors as `apply`.
        """
        for plan in plans:
            self._refuse_locked(plan)
        self.journal.apply(
            [step for plan in plans for step in plan.steps],
            title=title,
            expects=list(dict.fromkeys(expect for plan in plans for expect in plan.expects)),
            cancel=cancel,
            progress=progress,
        )
        if any(address.space == MANAGEMENT for plan in plans for address in (plan.address, *touched(plan.undo))):
            self.permissions.forget()

    def change(self, make: Callable[[], Plan], *, anyway: bool = False) -> Done:
        """Make a plan and carry it out; where others change the same at the same time it is made again, alone.

        Raises:
            Refused, Failed: as `apply`; what `make` raises.
        """
        try:
            return self.apply(make(), anyway=anyway)
        except Conflict:
            with self.journal.hold():
                return self.apply(make(), anyway=anyway)

    def undo(self, done: Done | Plan, *, everywhere: bool = True) -> Plan:
        """The plan that takes a change back, as a new change.

        Args:
            everywhere: look in the whole root for what points to something that moved and let it follow back; else
                only what followed it there does.

        Raises:
            Refused: what it changed was changed again since; the message names the keys.
            NotFound: what it made or moved is gone.
        """
        plan = done.plan if isinstance(done, Done) else done
        backwards = [self._undone(item, everywhere) for item in reversed(plan.undo)]
        return joined(f"Take back: {plan.title}", plan.result or plan.address, backwards)

    def recover(self) -> list[Recovered]:
        """Finish or undo what a program that crashed left; what was done, for a person to be told."""
        return self.journal.recover()

    def _refuse_locked(self, plan: Plan) -> None:
        """Refuse to change what somebody else has locked; the lock of an entry is that of its attachments too."""
        if self.locks is None or not plan.steps:
            return
        for address in dict.fromkeys(_locked_with(address) for address in (plan.address, *touched(plan.undo))):
            lock = self.locks.held(address)
            if lock is not None and lock.owner != self.user:
                raise Refused(str(lock), address=str(address), command="`unlock --force` takes it away")

    def _undone(self, item: Undo, everywhere: bool) -> Plan:
        match item:
            case Edited():
                from dmart_tui.core.writing.reverting import plan_unedit

                return plan_unedit(self, item)
            case Created():
                from dmart_tui.core.writing.trash import plan_trash

                return plan_trash(self, item.address, references=False)
            case Added():
                from dmart_tui.core.writing.reverting import plan_unadd

                return plan_unadd(self, item)
            case Moved():
                from dmart_tui.core.writing.moving import plan_move

                pointed = bool(item.rewritten)
                among = None if everywhere else _followers(item)
                return plan_move(self, item.target, item.source, rewrite=pointed, references=pointed, among=among)
            case Trashed():
                from dmart_tui.core.writing.trash import plan_restore

                return plan_restore(self, item.identity)


def _locked_with(address: Address) -> Address:
    """What is locked where an address is."""
    return Address(address.space, address.parts)


def _followers(item: Moved) -> list[Address]:
    """Where what was made to point to the new place can be: as it was called, or along with what moved."""
    from dmart_tui.core.writing.inbound import moved

    before = [edited.address for edited in item.rewritten]
    along = [
        moved(one, item.source, item.target) for one in before if one.keys[: len(item.source.keys)] == item.source.keys
    ]
    return [*before, *along]


def open_store(spaces: Spaces, settings: Settings, *, read_only: bool = False, outlive: bool = False) -> Store:
    """The store of a person's settings: who they act as, where locks are kept, and whether they may write at all.

    Args:
        read_only: refuse every change, whatever the settings say.
        outlive: locks taken stay when this process ends, for commands.
    """
    from dmart_tui.core.locking import open_locks

    return Store(
        spaces,
        user=acting_user(settings),
        read_only=read_only or settings.read_only,
        locks=open_locks(settings, spaces.root, outlive=outlive),
        lock_seconds=settings.lock_seconds,
    )
