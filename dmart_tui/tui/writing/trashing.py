"""Getting back from the trash and freeing the disk of it, from the interface."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, cast

from dmart_tui.core import background
from dmart_tui.core.address import Address
from dmart_tui.core.errors import Refused, UsageFault
from dmart_tui.core.units import format_count, format_size
from dmart_tui.tui.screens.dialog import Prompt, confirm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.writing import Plan, Purged, TrashItem, bulk
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.writing.desk import Desk
    from dmart_tui.tui.writing.working import Progress


async def restore(desk: Desk, item: TrashItem) -> None:
    """Propose to put something back; ask for another name where the place is taken."""
    try:
        plan = await background.run(_plan, desk, item)
    except Refused as error:
        if item.problem:
            raise
        await restore_as(desk, item, why=f"{error.address}: {error.message}. ")
    else:
        await desk.propose(lambda: plan)


async def restore_as(desk: Desk, item: TrashItem, *, why: str = "") -> None:
    """Ask for a name or place, and propose to put something back there.

    Args:
        why: a sentence why it cannot come back to where it was.
    """

    def fault(text: str) -> str | None:
        try:
            target = Address.parse(text)
        except UsageFault as error:
            return error.message
        return "The place is taken." if why and target == item.address else None

    app = cast("DmartApp", desk.app)
    words = f"{why}The name or place to give it: SPACE/sub/path/name"
    named = await app.ask(Prompt("Restore as", words=words, text=str(item.address), check=fault))
    if named is not None:
        await desk.propose(lambda: _plan(desk, item, Address.parse(named)))


def _plan(desk: Desk, item: TrashItem, to: Address | None = None) -> Plan:
    """A plan that names no result: the cursor of the tree stays, or its preview would cover the trash."""
    from dmart_tui.core.writing import plan_restore

    return replace(plan_restore(desk.store, item.identity, to=to), result=None)


async def restore_all(desk: Desk, items: Sequence[TrashItem]) -> None:
    """Put several things back, what stood higher first, as one change that can be taken back."""
    from dmart_tui.core.writing import bulk, plan_restore
    from dmart_tui.tui.writing.batches import outcome_of, report_of

    title = f"Restore {format_count(len(items))} from the trash"
    size = format_size(sum(item.size for item in items))
    app = cast("DmartApp", desk.app)
    if not await app.ask(
        confirm(title, f"{size} go back to where they were, never over what stands there.", "Restore")
    ):
        return
    placed = [(item.address, item) for item in items if item.address is not None]
    placed.sort(key=lambda pair: len(str(pair[0])))
    jobs = [bulk.Job(address, partial(plan_restore, desk.store, item.identity)) for address, item in placed]

    def run(cancel: CancelToken, progress: Progress) -> bulk.Report:
        return bulk.run(desk.store, title, jobs, total=len(jobs), cancel=cancel, progress=progress)

    await report_of(desk, title, run, lambda report: outcome_of(title, report), total=len(jobs))


async def purge_old(desk: Desk, items: Sequence[TrashItem]) -> None:
    """Ask for an age, and free the disk of what is in the trash for longer."""
    app = cast("DmartApp", desk.app)
    days = await app.ask(
        Prompt("Free older", words="Free what is in the trash for longer than so many days:", text="30", check=_no_days)
    )
    if days is None:
        return
    before = desk.store.now() - timedelta(days=int(days))
    old = [item for item in items if item.when <= before]
    if old:
        await purge(desk, old)
    else:
        app.notify(f"Nothing is in the trash for longer than {int(days)} days.")


async def purge(desk: Desk, items: Sequence[TrashItem]) -> None:
    """Ask, and free the disk of things in the trash."""
    from dmart_tui.core.writing import purge as free
    from dmart_tui.tui.writing.working import watched

    app = cast("DmartApp", desk.app)
    what = str(items[0].address or items[0].identity) if len(items) == 1 else f"{format_count(len(items))} things"
    words = f"{what}, {format_size(sum(item.size for item in items))}. Nothing brings this back."
    if not await app.ask(confirm("Free the disk for ever", words, "Free it for ever")):
        return

    def run(cancel: CancelToken, _: Progress) -> Purged:
        return free(desk.store, [item.identity for item in items], cancel=cancel)

    freed = await watched(app, f"Free {what}", run, unit="things")
    desk.changes.publish(None)
    if freed is not None:
        app.notify(f"✓ Freed {format_size(freed.size)}")


def _no_days(text: str) -> str | None:
    return None if text.isdecimal() and len(text) < 6 else "type a number of days"
