"""Moving, renaming and throwing away, from the interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from dmart_tui.core.address import Address
from dmart_tui.core.errors import UsageFault
from dmart_tui.tui.screens.dialog import Choice, Prompt

if TYPE_CHECKING:
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.writing.desk import Desk


async def move(desk: Desk, source: Address) -> None:
    """Ask where to, say what points to it, and propose the move."""
    from dmart_tui.core.writing import plan_move

    app = cast("DmartApp", desk.app)

    def fault(text: str) -> str | None:
        try:
            target = Address.parse(text)
        except UsageFault as error:
            return error.message
        return "That is where it is." if target == source else None

    words = "Another name here, or another place: SPACE/sub/path/name"
    named = await app.ask(Prompt("Move or rename", words=words, text=str(source), check=fault))
    if named is None:
        return
    target = Address.parse(named)
    rewrite = await app.ask(what_points())
    if rewrite is not None:
        await desk.propose(lambda: plan_move(desk.store, source, target, rewrite=rewrite))


async def trash(desk: Desk, address: Address) -> None:
    """Propose to move something to the trash."""
    from dmart_tui.core.writing import plan_trash

    await desk.propose(lambda: plan_trash(desk.store, address))


def what_points() -> Choice[bool]:
    """Asks whether what points to something that moves shall follow."""
    return Choice(
        "What points to it",
        [("r", "Let it point to the new name", True), ("l", "Leave it as it is", False)],
        words="Relations and other references elsewhere may name it. The preview lists them.",
    )
