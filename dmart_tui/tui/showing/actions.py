"""What can be done with shown content, the same in every pane that shows some."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from dmart_tui.core import background
from dmart_tui.core.files import inside, open_regular, write_atomic
from dmart_tui.core.text import safe
from dmart_tui.core.viewing import SNIFF_BYTES, FileBytes, MaskedBytes, is_text
from dmart_tui.tui import outside
from dmart_tui.tui.acting import Acting
from dmart_tui.tui.widgets.hex_view import HexView
from dmart_tui.tui.widgets.json_tree import JsonTree
from dmart_tui.tui.widgets.lines import LineView
from dmart_tui.tui.widgets.text_view import TextView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dmart_tui.core.viewing import ByteSource
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.showing.opening import Opened
    from dmart_tui.tui.showing.viewer import Viewer
    from dmart_tui.tui.tasks import Task

_PIECE: Final = 1024 * 1024


class ShowingActions(Acting):
    """The actions of a pane with a `Viewer`."""

    viewer: Viewer

    def why_not(self, action: str) -> str | None:
        return self.why_not_shown(action.partition(".")[2])

    def why_not_shown(self, verb: str) -> str | None:
        """The reason why something cannot be done with what is shown."""
        viewer, opened = self.viewer, self.viewer.opened
        if opened is None:
            return "Nothing is shown here."
        tree = isinstance(viewer.view, JsonTree)
        if verb in ("toggle", "expand-all", "collapse-all") and not tree:
            return "Only a tree of values folds."
        if verb == "mode" and len(opened.modes) < 2:
            return "There is no other way to show this."
        if verb == "wrap":
            text = viewer.view if isinstance(viewer.view, TextView) else None
            return "Only lines of text wrap." if text is None else text.why_not_wrapped()
        if verb in ("search", "next-match", "previous-match"):
            if not isinstance(viewer.view, LineView) or isinstance(viewer.view, HexView):
                return "This is no text to search in."
            if verb != "search" and not viewer.needle:
                return "Nothing was searched for yet."
        if verb in ("next-problem", "previous-problem") and not opened.broken:
            return "Nothing here breaks its schema." if opened.verdict[1] else "This is held to no schema."
        if verb == "outside":
            return outside.why_not_opened()
        if verb == "copy-value" and viewer.copied() is None:
            return "The cursor is on nothing that could be copied."
        return None

    def do_toggle(self) -> None:
        cast("JsonTree", self.viewer.view).action_activate()

    def do_expand_all(self) -> None:
        cast("JsonTree", self.viewer.view).action_unfold_all()

    def do_collapse_all(self) -> None:
        cast("JsonTree", self.viewer.view).action_fold_all()

    async def do_mode(self) -> None:
        await self.viewer.next_mode()

    def do_wrap(self) -> None:
        self.viewer.toggle_wrap()

    def do_search(self) -> None:
        self.viewer.ask_search()

    def do_next_match(self) -> None:
        self.viewer.find()

    def do_previous_match(self) -> None:
        self.viewer.find(backwards=True)

    async def do_next_problem(self) -> None:
        await self.viewer.go_to_problem(1)

    async def do_previous_problem(self) -> None:
        await self.viewer.go_to_problem(-1)

    def do_copy_value(self) -> None:
        cast("DmartApp", self.app).copy_text(self.viewer.copied() or "")

    async def do_save(self) -> None:
        """Ask where to and write a copy, the bytes as they are."""
        from dmart_tui.tui.screens.dialog import Prompt

        app = cast("DmartApp", self.app)
        opened = self.viewer.opened
        if opened is None:
            return
        root = _root(app)
        name = opened.file_name
        again = _reopening(opened, root)

        def check(text: str) -> str | None:
            return _why_not_there(text, root, read_only=app.settings.read_only)

        typed = await app.ask(
            Prompt(
                "Save a copy",
                words="The file to write; its bytes are those of the original, secrets included.",
                text=str(Path.cwd() / name.replace("/", "_")),
                check=check,
            )
        )
        if typed is None:
            return
        target = _target(typed)

        async def work(task: Task) -> None:
            def write() -> None:
                copied = again()
                try:
                    task.total, task.unit = copied.size, "bytes"
                    write_atomic(target, _pieces(copied, task))
                finally:
                    copied.close()

            await background.run(write)
            app.notify(f"Saved {target}")

        app.tasks.start(f"Save {safe(name)}", work)

    async def do_outside(self) -> None:
        """Open a copy of what is shown, its secrets masked as here, in the program that the system has for it."""
        app, opened = cast("DmartApp", self.app), self.viewer.opened
        if opened is None:
            return
        command, root = outside.opener(), _root(app)
        name, masked = opened.file_name, not opened.secrets
        again = _reopening(opened, root)

        def write(task: Task) -> str:
            copied = again()
            try:
                task.total, task.unit = copied.size, "bytes"
                text = is_text(copied.read(0, SNIFF_BYTES))
                return outside.copy_to_open(name, _pieces(MaskedBytes(copied) if masked and text else copied, task))
            finally:
                copied.close()

        async def work(task: Task) -> None:
            copy = await background.run(write, task)
            app.tasks.watch(outside.open_outside(command, copy))
            app.notify(f"A copy of {safe(name)} is opened outside; what is changed there stays there.")

        app.tasks.start(f"Open {safe(name)} outside", work)


def _reopening(opened: Opened, root: str) -> Callable[[], ByteSource]:
    """What opens it once more, to be closed by itself: what is shown may be left meanwhile."""
    path, source = opened.path, opened.source
    if opened.reopen is not None:
        return opened.reopen
    return (lambda: FileBytes(fd=open_regular(path, root))) if path else (lambda: source)


def _root(app: DmartApp) -> str:
    """The spaces folder; of what is kept in an archive there may be none."""
    return app.spaces.root if app.spaces is not None else ""


def _target(typed: str) -> Path:
    return Path(typed).expanduser().absolute()


def _pieces(source: ByteSource, task: Task) -> Iterator[bytes]:
    offset = 0
    while piece := source.read(offset, _PIECE):
        task.cancel.check()
        yield piece
        offset += len(piece)
        task.done = offset


def _why_not_there(text: str, root: str, *, read_only: bool) -> str | None:
    """Why a copy cannot be written to the path that was typed."""
    if not text.strip():
        return "type the path of a file"
    target = _target(text)
    if target.exists():
        return "there is such a file already: choose another name"
    if not target.parent.is_dir():
        return f"there is no folder {target.parent}"
    if read_only and root and inside(root, os.path.realpath(target)):
        return "the spaces folder is open read-only: choose a place outside of it"
    return None
