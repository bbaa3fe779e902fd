"""Attaching files and words to entries, from the interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from dmart_tui.core import background
from dmart_tui.core.address import Address
from dmart_tui.core.browsing import facts_of
from dmart_tui.tui.screens.dialog import Choice
from dmart_tui.tui.writing.file_picker import FilePicker, here
from dmart_tui.tui.writing.large_files import FileWork
from dmart_tui.tui.writing.long_text import LongText

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dmart_tui.core.durable import Check
    from dmart_tui.core.writing import Done, Plan
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.writing.desk import Desk

_SIGNS: Final = {"like": "l", "dislike": "d", "love": "o", "care": "c", "laughing": "a", "sad": "s"}
"""The letters of the reactions."""


async def attach(desk: Desk, owner: Address) -> None:
    """Let files be chosen, propose to attach them, and show them."""
    from dmart_tui.core.writing import plan_attach

    files = await _chosen(desk, f"Attach to {owner}", several=True)
    await _show(desk, await _with_files(desk, files, lambda check: plan_attach(desk.store, owner, files, check=check)))


async def replace(desk: Desk, attachment: Address) -> None:
    """Let a file be chosen and propose to give it to an attachment."""
    from dmart_tui.core.writing import plan_replace

    files = await _chosen(desk, f"A new file for {attachment}", several=False)
    await _with_files(desk, files, lambda check: plan_replace(desk.store, attachment, files[0], check=check))


async def comment(desk: Desk, owner: Address) -> None:
    """Ask for a text, propose to attach it as a comment, and show it."""
    from dmart_tui.core.writing import plan_comment

    if text := await _written(desk, f"Comment on {owner}"):
        await _show(desk, await desk.propose(lambda: plan_comment(desk.store, owner, text)))


async def reply(desk: Desk, target: Address) -> None:
    """Ask for a text, propose it as the answer to an attachment, and show it."""
    from dmart_tui.core.writing import plan_reply

    if text := await _written(desk, f"Reply to {target}"):
        await _show(desk, await desk.propose(lambda: plan_reply(desk.store, target, text)))


async def react(desk: Desk, owner: Address) -> None:
    """Ask for a reaction, propose it, and show it."""
    from dmart_tui.core.writing import REACTIONS, plan_react

    options = [(_SIGNS[reaction], reaction, reaction) for reaction in REACTIONS]
    reaction = await _app(desk).ask(Choice(f"React to {owner}", options))
    if reaction is not None:
        await _show(desk, await desk.propose(lambda: plan_react(desk.store, owner, reaction)))


def why_not_attached(desk: Desk, at: Address) -> str | None:
    """Why nothing can be attached to what stands at an address, or to what that is attached to."""
    if not at.parts:
        return "D-MART finds no attachments of a space."
    return desk.refusal_to_write or None


def owner_of(at: Address) -> Address:
    """What something is attached to when the cursor is at an address: never an attachment."""
    return Address(at.space, at.parts)


def _app(desk: Desk) -> DmartApp:
    return cast("DmartApp", desk.app)


async def _chosen(desk: Desk, title: str, *, several: bool) -> list[str]:
    picker = FilePicker(title, desk.files_from or here(), several=several)
    files = await _app(desk).ask(picker)
    desk.files_from = picker.folder
    return files or []


async def _written(desk: Desk, title: str) -> str:
    text = await _app(desk).ask(LongText(title, "", language="markdown"))
    if text is not None and not text.strip():
        _app(desk).notify("Nothing was written.")
        return ""
    return text or ""


async def _with_files(desk: Desk, files: Sequence[str], make: Callable[[Check], Plan]) -> Done | None:
    if not files:
        return None
    sizes = await background.run(lambda: [facts_of(file).size or 0 for file in files])
    work = FileWork(_app(desk), sum(sizes))
    return await desk.propose(lambda: make(work.check), files=work)


async def _show(desk: Desk, done: Done | None) -> None:
    """Put the cursor on what was attached, in the view of the attachments."""
    if done is None or done.plan.result is None:
        return
    app = _app(desk)
    await app.open(owner_of(done.plan.result), "attachments")
    if app.workspace.view is not None:
        await app.workspace.view.reveal(done.plan.result)
