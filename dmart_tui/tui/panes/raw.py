"""The files of an entry as they stand on the disk: its meta, payload, history, and whatever else lies there."""

from __future__ import annotations

import stat
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final, cast

from textual.content import Content
from textual.widgets import Static

from dmart_tui.core import background, disk
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.messages import Counted
from dmart_tui.tui.showing import Opened, ShowingActions, Viewer, open_file
from dmart_tui.tui.views import EntryView

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import ComposeResult

    from dmart_tui.core.spaces import Entry, Spaces

_MOST_FILES: Final = 500
_MOST_PROBLEMS: Final = 3


class RawPane(ShowingActions, EntryView):
    """Bytes and nothing made of them, but for secrets, which are masked."""

    CONTEXT = "raw"
    BINDINGS = bindings("raw")
    VIEW = "raw"
    TITLE = "Raw"
    DEFAULT_CSS = """
    RawPane { layout: vertical; }
    RawPane > .problems { height: auto; max-height: 6; padding: 0 1; display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.viewer = Viewer()
        self.entry: Entry | None = None
        self.files: list[str] = []
        """Absolute paths of what can be shown."""
        self.at = 0
        """Which of them is shown."""

    def compose(self) -> ComposeResult:
        yield Static("", classes="problems")
        yield self.viewer

    @property
    def _spaces(self) -> Spaces:
        return cast("Spaces", self._app.spaces)

    def on_mount(self) -> None:
        self._app.looks_changed.subscribe(self, lambda _: self._again())

    def take_focus(self) -> None:
        self.viewer.take_focus()

    async def show(self, entry: Entry) -> None:
        shown = self.files[self.at] if self.at < len(self.files) else ""
        self.entry = entry
        files = await background.run(lambda: list(islice(files_of(entry), _MOST_FILES)))
        if entry is not self.entry:
            return
        again = shown in files
        self.files, self.at = files, files.index(shown) if again else 0
        self._paint_problems()
        self.post_message(Counted(self.VIEW, len(files) if len(files) > 1 else None))
        await self._read(again=again)

    async def _read(self, *, again: bool = False) -> None:
        if not self.files:
            await self.viewer.say("There is not one file here any more.", "Refresh the tree.")
            return
        path = self.files[self.at]
        count = f"file {format_count(self.at + 1)} of {format_count(len(self.files))}"
        self.viewer.lead = [(count, "")] if len(self.files) > 1 else []
        await self.viewer.read(partial(self._open, path), again=again)

    def _open(self, path: str) -> Opened:
        opened = open_file(self._spaces, path, secrets=self._app.show_secrets)
        opened.name = self._spaces.relative(path)
        return opened

    def _again(self) -> None:
        if self.entry is not None:
            self._app.tasks.spawn(self._read(again=True), group="raw")

    def _paint_problems(self) -> None:
        problems = self.entry.problems if self.entry is not None else []
        lines: list[tuple[str, str]] = []
        for problem in problems[:_MOST_PROBLEMS]:
            sign, style = {"error": ("✗", "$text-error"), "warning": ("!", "$text-warning")}.get(
                problem.severity, ("·", "$text-muted")
            )
            lines += [("\n", ""), (f"{sign} {safe(problem.detail)}", style)]
        if len(problems) > _MOST_PROBLEMS:
            lines.append((f"\n{format_count(len(problems) - _MOST_PROBLEMS)} more in the overview", "$text-muted"))
        place = self.query_one(".problems", Static)
        place.display = bool(lines)
        place.update(Content.assemble(*lines[1:]))

    def state(self) -> dict[str, object]:
        name = self.files[self.at].rpartition("/")[2] if self.at < len(self.files) else ""
        return {"file": name, "row": self.viewer.row}

    def restore(self, state: dict[str, object]) -> None:
        if isinstance(row := state.get("row"), int):
            self.viewer.first_row = row

    # -- actions -----------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        if action in ("raw.next-file", "raw.previous-file"):
            return None if len(self.files) > 1 else "This entry has one file only."
        return super().why_not(action)

    async def do_next_file(self) -> None:
        await self._step(1)

    async def do_previous_file(self) -> None:
        await self._step(-1)

    async def _step(self, step: int) -> None:
        self.at = (self.at + step) % len(self.files)
        await self._read()


def files_of(entry: Entry) -> Iterator[str]:
    """The files that belong to an entry, its meta first; costs an lstat a name in its directory."""
    seen: set[str] = set()
    places = [entry.path]
    if entry.payload is not None and entry.payload.path is not None:
        places.append(entry.payload.path)
    home = entry.path.rpartition("/")[0]
    places += [f"{home}/{name}" for name in entry.metas]
    for path in places:
        if path not in seen and _is_file(path):
            seen.add(path)
            yield path
    for name in sorted(entry.files, key=lambda name: (not name.endswith(".jsonl"), name)):
        path = f"{entry.folder}/{name}"
        if path not in seen and _is_file(path):
            seen.add(path)
            yield path


def _is_file(path: str) -> bool:
    """Whether it is worth opening: a symlink is, for what it leads to is told when it is opened."""
    try:
        mode = disk.lstat(path).st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) or stat.S_ISLNK(mode)


__all__ = ["RawPane", "files_of"]
