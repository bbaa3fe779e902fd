"""Packing into archives from the interface: what stands in the tree, and files of this computer."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dmart_tui.core import background
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count, format_size
from dmart_tui.tui.archives import whole, why_not_filled, why_not_made
from dmart_tui.tui.screens.dialog import Choice, Prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dmart_tui.core.address import Address
    from dmart_tui.core.archives.trees import Packed, Root
    from dmart_tui.core.writing import Plan
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.tasks import Task
    from dmart_tui.tui.writing.desk import Desk

_TOLD_EVERY = 100


async def pack(desk: Desk) -> None:
    """Pack what is marked or under the cursor, and offer to let the archive stand in its place."""
    app = cast("DmartApp", desk.app)
    addresses = await background.run(app.selection)
    name = addresses[0].name if len(addresses) == 1 else "packed"
    what = str(addresses[0]) if len(addresses) == 1 else f"{format_count(len(addresses))} marked"
    target = await _asked_target(app, f"Pack {what}", str(Path.cwd() / f"{name}.des"))
    if target is None:
        return

    def roots() -> list[Root]:
        from dmart_tui.core.writing.packing import roots_at

        return roots_at(desk.store.spaces, addresses)

    async def done(packed: Packed) -> None:
        if len(addresses) == 1 and not desk.refusal_to_write:
            options = [
                ("l", "Leave everything as it is", False),
                ("m", "Move the files to the trash, and mount the archive in their place", True),
            ]
            if await app.ask(Choice("Packed", options, words=_told(packed, target))):
                await _put_in_place(desk, addresses[0], target)
        else:
            app.notify(_told(packed, target))

    _start(app, what, target, roots, 0o600, done)


async def pack_files_chosen(app: DmartApp, paths: Sequence[str], folder: str) -> None:
    """Pack files and folders of this computer into an archive that is asked for.

    Args:
        folder: that the archive is proposed in.
    """
    from dmart_tui.core.archives.trees import roots_of

    name = Path(paths[0]).stem if len(paths) == 1 else "packed"
    target = await _asked_target(app, f"Pack {_files(len(paths))}", f"{folder.rstrip('/')}/{name or 'packed'}.des")
    if target is not None:

        async def done(packed: Packed) -> None:
            app.notify(_told(packed, target))

        _start(app, _files(len(paths)), target, partial(roots_of, paths), 0o666, done)


async def append(app: DmartApp, paths: Sequence[str], base: str) -> None:
    """Add files of this computer to a day/shard store that is asked for; days are told by names, else today."""
    typed = await app.ask(
        Prompt(
            f"Append {_files(len(paths))}",
            words="The folder of the store: it has a folder a day, and in it an archive a shard.",
            text=base,
            check=partial(why_not_filled, app),
        )
    )
    if typed is None:
        return
    options = [("h", "0a.des", "hex"), ("s", "shard_10.des", "shard")]
    layout = await app.ask(Choice("How are its archives called?", options))
    if layout is not None:
        app.tasks.start(f"Append to {safe(Path(typed).name)}", partial(_append, app, paths, whole(typed), layout))


async def _append(app: DmartApp, paths: Sequence[str], base: str, layout: Any, task: Task) -> None:
    from datetime import date

    from dmart_tui.core.archives.naming import day_of
    from dmart_tui.core.archives.stores import Incoming, Store

    task.total, task.unit = len(paths), "files"
    days: dict[date, list[Incoming]] = {}
    for path in map(Path, paths):
        item = Incoming(path.name, partial(path.open, "rb"), {"source_path": str(path)})  # type: ignore[arg-type]
        days.setdefault(day_of(path.name) or date.today(), []).append(item)
    store = Store(base, layout=layout)
    added = same = 0
    for day, items in sorted(days.items()):
        before = added + same

        def progress(done: int, before: int = before) -> None:
            task.done = before + done

        done = await background.run(partial(store.append, day, items, cancel=task.cancel, progress=progress))
        added, same = added + done.added, same + done.same
    known = f", {format_count(same)} there already" if same else ""
    app.notify(f"{_files(added)} added to {base}{known}")


def _start(
    app: DmartApp, what: str, target: str, roots: Callable[[], Iterable[Root]], mode: int, done: Callable[[Packed], Any]
) -> None:
    async def work(task: Task) -> None:
        task.unit = "files"

        def progress(files: int, _size: int) -> None:
            task.done = files
            if not files % _TOLD_EVERY:
                app.call_later(app.tasks.tell, task)

        def make() -> Packed:
            if target.startswith("s3://"):
                from dmart_tui.core.archives.sending import pack_to_s3

                return pack_to_s3(target, list(roots()), app.settings, cancel=task.cancel, progress=progress)
            from dmart_tui.core.archives.trees import pack_files

            return pack_files(target, roots(), mode=mode, cancel=task.cancel, progress=progress)

        packed = await background.run(make)
        app.tasks.spawn(done(packed), group="packed")

    app.tasks.start(f"Pack {what}", work)


async def _asked_target(app: DmartApp, title: str, text: str) -> str | None:
    words = "The archive to make: a path, or s3://bucket/key. It is read back before it gets its name."
    typed = await app.ask(Prompt(title, words=words, text=text, check=partial(why_not_made, app)))
    return None if typed is None else whole(typed)


async def _put_in_place(desk: Desk, address: Address, target: str) -> None:
    """Move what was packed to the trash, if every file of it is in the archive as it is, and mount the archive."""
    from dmart_tui.core.mounting import mount
    from dmart_tui.core.writing import plan_trash
    from dmart_tui.core.writing.packing import refuse_unpacked

    app = cast("DmartApp", desk.app)

    def make() -> Plan:
        refuse_unpacked(desk.store.spaces, address, target, settings=app.settings)
        return plan_trash(desk.store, address)

    if await desk.propose(make) is not None:
        await background.run(mount, desk.store.spaces.root, target, app.settings)
        app.names = None
        await app.tree_pane.reload()
        app.notify(f"{address} is read from {safe(Path(target).name)} now.")


def _told(packed: Packed, target: str) -> str:
    links = f" and {format_count(packed.links)} links" if packed.links else ""
    return f"{_files(packed.files)}{links} of {format_size(packed.size)} in {target}, read back and found whole."


def _files(count: int) -> str:
    return f"{format_count(count)} file{'s' * (count != 1)}"
