"""The tree pane: what a person does with spaces, folders and entries."""

from __future__ import annotations

from asyncio import wait
from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.segment import Segment
from rich.style import Style
from textual import on
from textual.content import Content

from dmart_tui.core import background
from dmart_tui.core.address import META_FOLDER, Address
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.icons import icon
from dmart_tui.tui.messages import Highlighted, OpenAddress, OpenTool
from dmart_tui.tui.panes.tree.arranging import ORDERS, arrange
from dmart_tui.tui.panes.tree.levels import FOLDER, LINK, WAY, Facts, FactStore, Level, read_levels, read_spaces
from dmart_tui.tui.views import TreeView
from dmart_tui.tui.widgets.lines import spread
from dmart_tui.tui.widgets.typed_line import TypedLine
from dmart_tui.tui.widgets.virtual_tree import TreeState, VirtualTree

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from textual import events
    from textual.app import ComposeResult

    from dmart_tui.core.spaces import Rights, Spaces
    from dmart_tui.tui.tasks import Task
    from dmart_tui.tui.widgets.tree_rows import Children, Path, TreeRow


_LINK_BADGE = ("→", "→", ">")
"""A badge in words, as a sign, and as a plain letter."""
_WAY_BADGE = ("way", "↳", "/")
_LOCKED_BADGE = ("locked", "⊘", "#")
_ARCHIVED_BADGE = ("archived", "▤", "=")
_OFF_BADGE = ("off", "○", "o")
_LEFTOVER_BADGE = ("leftover", "·", ".")
_ERROR_BADGE = ("✗", "✗", "x")
_WARNING_BADGE = ("!", "!", "!")
_MOST_UNFOLDED = 30
"""Folders that are unfolded when the tree shows what was found elsewhere."""
_AWAITED = 0.1
"""Seconds that the first frame waits for the spaces: a thread reads slowly beside it, and it would be drawn twice."""
_NO_SPACES = "No spaces. O opens one."
_AT_CURSOR = frozenset(f"tree.{verb}" for verb in ("open", "mark", "check", "timeline", "activity", "search", "toggle"))


class TreePane(TreeView):
    """Spaces, folders and entries as a tree; a meta is opened when its row is first seen."""

    BINDINGS = bindings("tree")
    DEFAULT_CSS = """
    TreePane { layout: vertical; }
    TreePane VirtualTree { height: 1fr; }
    TreePane.-viewed { border-title-color: $text-warning; border-subtitle-color: $text-warning; }
    """
    BORDER_TITLE: ClassVar[str] = "Spaces"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as in Textual
        super().__init__(id=id)
        self.orders: dict[Path, str] = {}
        """The order of a folder's rows where it is not by name."""
        self.needle = ""
        self.only: dict[Path, set[str]] | None = None
        """What of each folder stays where the tree shows what was found elsewhere."""
        self._found: list[Address] = []
        self._only_words = ""

    def compose(self) -> ComposeResult:
        self.rows = VirtualTree(self._load, self._draw, empty=_NO_SPACES)
        self.line = TypedLine(self._leave_line, placeholder="filter")
        yield self.rows

    async def on_mount(self) -> None:
        app = self._app
        app.looks_changed.subscribe(self, lambda _: self._looks_changed())
        app.files_changed.subscribe(self, self._files_changed)
        if app.spaces is None:
            return
        self.facts = FactStore(app.spaces, app.settings.language, self._facts_arrived, app.tasks.spawn)
        self._entitle()
        reading = app.tasks.spawn(self.reload(), group="tree-spaces")
        await wait([reading], timeout=_AWAITED)
        self.call_after_refresh(self._bring_line)

    @property
    def _spaces(self) -> Spaces:
        return cast("Spaces", self._app.spaces)

    @property
    def _viewing(self) -> Rights | None:
        desk = self._app.desk
        return None if desk is None else desk.viewing

    def take_focus(self) -> None:
        self.rows.focus()

    # -- what the app asks -------------------------------------------------------------------------------

    @property
    def current(self) -> Address | None:
        """What the cursor is on."""
        path = self.rows.current
        return Address.of_keys(path) if path else None

    def selection(self) -> list[Address]:
        """What is marked, else what the cursor is on."""
        if (marked := self.marked()) is not None:
            return marked()
        return [self.current] if self.current is not None else []

    def chosen(self) -> Address | None:
        return self.current

    def marked(self) -> Callable[[], list[Address]] | None:
        if not self.rows.marks:
            return None
        marks = frozenset(self.rows.marks)
        return lambda: [Address.of_keys(path) for path in sorted(marks)]

    def mark(self, addresses: Iterable[Address]) -> None:
        self.rows.marks.clear()
        self.rows.mark([address.keys for address in addresses])

    def matching(self) -> Callable[[], list[Address]] | None:
        if not self.needle:
            return None
        if self.only is not None:
            return lambda: self._found
        needle = self.needle
        nodes = [(path, self.rows.rows.node(path)) for path in [(), *self.rows.rows.open_paths()]]
        levels = [(path, cast("Level", node.children)) for path, node in nodes if node and node.children is not None]

        def matches() -> list[Address]:
            found = ((*path, level.names.name(row)) for path, level in levels for row in level.names.filter(needle))
            return [Address.of_keys(path) for path in sorted(found)]

        return matches

    async def show_only(self, addresses: Iterable[Address], words: str) -> None:
        self._found, self.only = list(addresses), {}
        for address in self._found:
            for depth, name in enumerate(address.keys):
                self.only.setdefault(address.keys[:depth], set()).add(name)
        self._only_words = words
        await self._bring_line()
        self.line.put(words)
        await self._filter(words)
        for path in sorted(self.only)[: _MOST_UNFOLDED + 1]:
            if path:
                await self.rows.reveal((*path, min(self.only[path])))
        self.rows.cursor = 0

    def opened(self) -> list[Address]:
        """The open spaces and folders: those whose changes show."""
        return [Address.of_keys(path) for path in self.rows.rows.open_paths()]

    async def reload(self) -> None:
        level, facts = await background.run(read_spaces, self._spaces, self._app.settings.language, self._viewing)
        self.facts.forget()
        self.facts.learn(facts)
        self.rows.replace((), level)
        for path in list(self.rows.rows.open_paths()):
            self.rows.reload(path)
        self._count()

    async def look_changed(self) -> None:
        self.rows.clear_marks()
        self._entitle()
        await self.reload()

    def _entitle(self) -> None:
        """The border's head: the root, and as whom it is looked at."""
        rights = self._viewing
        root = safe(self._spaces.root.rsplit("/", 1)[-1] or "/")
        self.border_title = Content(root if rights is None else f"as {safe(rights.user)} · {root}")
        self.set_class(rights is not None, "-viewed")

    async def locate(self, address: Address) -> None:
        if await self.rows.reveal(address.keys):
            return
        if self.needle:
            self.line.put("")
            await self._filter("")
            if await self.rows.reveal(address.keys):
                return
        if self._viewing is not None:
            self._app.notify(f"{self._viewing.user} does not see {address}: Q says why, Y shows all again.")

    def state(self) -> dict[str, object]:
        state = self.rows.state()
        return {
            "opened": [list(path) for path in state.opened],
            "cursor": list(state.cursor),
            "top": state.top,
            "orders": [[list(path), order] for path, order in self.orders.items()],
        }

    async def restore(self, state: dict[str, Any]) -> None:
        self.orders = {tuple(path): order for path, order in state.get("orders", []) if order in ORDERS}
        await self.rows.restore(
            TreeState(
                tuple(tuple(path) for path in state.get("opened", [])),
                tuple(state.get("cursor", [])),
                int(state.get("top", 0)),
            )
        )

    # -- reading -----------------------------------------------------------------------------------------

    async def _load(self, path: Path) -> AsyncIterator[Children]:
        try:
            read = background.stream(
                read_levels, self._spaces, Address.of_keys(path), self._app.settings.language, self._viewing, batch=1
            )
            async for steps in read:
                for step in steps:
                    if step is not None:
                        level, facts = step
                        self.facts.learn(facts)
                        yield level
        except DmartTuiError as error:
            # The row above names the place already, and its own row has room for the reason only.
            raise type(error)(error.message) from None

    @on(VirtualTree.Loaded)
    def _loaded(self, message: VirtualTree.Loaded) -> None:
        message.stop()
        self._count()
        if self.needle or message.path in self.orders:
            self._app.tasks.spawn(self._arrange([message.path]), group="tree-arrange")

    def _facts_arrived(self) -> None:
        if self.is_attached:
            self.rows.looks_changed()

    def _looks_changed(self) -> None:
        self.rows.looks_changed()

    def _files_changed(self, paths: Iterable[str]) -> None:
        """Read again what changed: facts of entries, and open folders in which names came or went."""
        folders: set[Path] = set()
        root = self._spaces.root
        for path in paths:
            if not path.startswith(root + "/"):
                continue
            names = path[len(root) + 1 :].split("/")
            if META_FOLDER in names:
                at = names.index(META_FOLDER)
                self.facts.forget([tuple(names[:at]), tuple(names[:at] + names[at + 1 : at + 2])])
                folders.add(tuple(names[:at]))
            else:
                stem = names[-1].partition(".")[0]
                self.facts.forget([tuple(names), (*names[:-1], stem)])
                folders.add(tuple(names[:-1]))
        if () in folders or any(len(folder) == 1 and self.rows.rows.node(folder) is None for folder in folders):
            self._app.tasks.spawn(self.reload(), group="tree-spaces", exclusive=True)
            return
        for folder in folders:
            self.rows.reload(folder)
        self.rows.looks_changed()

    # -- drawing -----------------------------------------------------------------------------------------

    def _draw(self, row: TreeRow, width: int, style: Callable[[str], Style]) -> list[Segment]:
        level = cast("Level", row.children)
        flags = level.names.flags(row.index)
        facts = self.facts.get(row.path, flags)
        muted = style("muted")
        kind = facts.type if facts is not None else "space" if row.depth == 0 else "folder" if flags & FOLDER else ""
        icons = self._app.settings.icons
        name = row.path[-1]
        if facts is None:
            return [Segment(f"{icon(kind, icons)} ", muted), Segment(safe(name), style(""))]
        title = facts.title if self._app.display_names else name
        plain = style("")
        if not facts.active or not facts.type or flags & WAY:
            plain = muted + Style(italic=True)
        tone = {"error": "error", "warning": "warning"}.get(facts.severity, "accent" if flags & FOLDER else "muted")
        left = [Segment(f"{icon(kind, icons)} ", style(tone)), Segment(safe(title), plain)]
        if self._app.display_names and title != name and width > 44:
            left.append(Segment(f"  {safe(name)}", muted))
        badges = self._badges(facts, flags, style, words=True)
        if sum(len(segment.text) for segment in (*left, *badges)) >= width:
            badges = self._badges(facts, flags, style, words=False)
        return spread(left, badges, width, least=8)

    def _badges(self, facts: Facts, flags: int, style: Callable[[str], Style], *, words: bool) -> list[Segment]:
        """What is odd about a row, in words or, where these leave no room, in signs."""
        column = 0 if words else 2 if self._app.settings.icons == "ascii" else 1
        shown = (
            (flags & WAY, _WAY_BADGE, "muted"),
            (flags & LINK, _LINK_BADGE, "muted"),
            (facts.archived, _ARCHIVED_BADGE, "muted"),
            (facts.locked, _LOCKED_BADGE, "warning"),
            (not facts.active, _OFF_BADGE, "muted"),
            (not facts.type, _LEFTOVER_BADGE, "muted"),
            (facts.severity == "error", _ERROR_BADGE, "error"),
            (facts.severity == "warning", _WARNING_BADGE, "warning"),
        )
        return [Segment(f"{badge[column]} ", style(tone)) for wanted, badge, tone in shown if wanted]

    def _count(self) -> None:
        """The border's foot: where the cursor's folder stands, what is marked, filtered or sorted."""
        path = self.rows.current
        node = self.rows.rows.node(path[:-1])
        parts = []
        if self.rows.marks:
            parts.append(f"{format_count(len(self.rows.marks))} marked")
        if node is not None and node.children is not None:
            total = len(node.children)
            parts.append(
                format_count(total) if node.count == total else f"{format_count(node.count)} of {format_count(total)}"
            )
            if hidden := cast("Level", node.children).hidden:
                parts.append(f"{format_count(hidden)} hidden")
        if path and (order := self.orders.get(path[:-1])):
            parts.append(f"by {order}")
        subtitle = " · ".join(parts)
        if self.border_subtitle != subtitle:
            self.border_subtitle = subtitle

    # -- messages of the tree ----------------------------------------------------------------------------

    @on(VirtualTree.Highlighted)
    def _highlighted(self, message: VirtualTree.Highlighted) -> None:
        message.stop()
        self._count()
        if not self.line.has_focus:  # while a filter is typed its rows are enough to send
            self._tell_current()

    def _tell_current(self) -> None:
        self.post_message(Highlighted(self.current))

    def _leave_line(self) -> None:
        self.rows.focus()
        self._tell_current()

    @on(VirtualTree.Activated)
    def _activated(self, message: VirtualTree.Activated) -> None:
        message.stop()
        self.post_message(OpenAddress(Address.of_keys(message.path)))

    @on(VirtualTree.MarksChanged)
    def _marks_changed(self, message: VirtualTree.MarksChanged) -> None:
        message.stop()
        self._count()

    @on(VirtualTree.Toggled)
    def _toggled(self, message: VirtualTree.Toggled) -> None:
        message.stop()
        self._app.checkpoint()

    # -- actions -----------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        if self._app.spaces is None:
            return "No root is open."
        if action in _AT_CURSOR and self.current is None:
            return "The cursor is on nothing."
        if action == "tree.unmark-all" and not self.rows.marks:
            return "Nothing is marked."
        return None

    def do_open(self) -> None:
        self.rows.action_activate()

    def do_toggle(self) -> None:
        self.rows.action_fold()

    def do_collapse_all(self) -> None:
        for path in [path for path in self.rows.rows.open_paths() if len(path) == 1]:
            self.rows.close_folder(path)

    def do_mark(self) -> None:
        self.rows.action_mark()

    def do_mark_range(self) -> None:
        self.rows.action_mark_range()

    def do_unmark_all(self) -> None:
        self.rows.clear_marks()

    async def do_sort(self) -> None:
        """Choose the order of the rows beside the cursor."""
        from dmart_tui.tui.screens.dialog import Choice

        parent = self.rows.current[:-1]
        options = [(letter, about, name) for name, (letter, about) in ORDERS.items()]
        at = list(ORDERS).index(self.orders.get(parent, "name"))
        order = await self._app.ask(Choice("Sort the rows beside the cursor", options, at=at))
        if order is None:
            return
        self.orders.pop(parent, None)
        if order != "name":
            self.orders[parent] = order
        await self._arrange([parent])

    def do_check(self) -> None:
        self.post_message(OpenTool("problems", self.current))

    def do_timeline(self) -> None:
        self.post_message(OpenTool("timeline", self.current))

    def do_activity(self) -> None:
        self.post_message(OpenTool("activity", self.current))

    def do_search(self) -> None:
        self.post_message(OpenTool("search", self.current))

    # -- filter and order --------------------------------------------------------------------------------

    async def do_filter(self) -> None:
        await self._bring_line()
        self.line.ask()

    async def _bring_line(self) -> None:
        """Mount the line once the first frame is out, of which its styles would take 5 ms."""
        if not self.line.is_attached:
            await self.mount(self.line)

    @on(TypedLine.Typed)
    def _typed(self, message: TypedLine.Typed) -> None:
        message.stop()
        self._app.tasks.spawn(self._filter(message.text), group="tree-filter", exclusive=True)

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape" and self.line.leave():
            event.stop()

    async def _filter(self, needle: str) -> None:
        self.needle = needle
        if needle != self._only_words:
            self.only = None
        self.rows.empty = "Nothing matches." if needle else _NO_SPACES
        paths = [(), *self.rows.rows.open_paths()]
        await self._arrange(sorted(paths, key=len, reverse=True))

    async def _arrange(self, paths: Iterable[Path]) -> None:
        """Order and filter open folders, innermost first: a folder with a match below stays."""
        for path in paths:
            node = self.rows.rows.node(path)
            if node is None or node.children is None:
                continue
            level = cast("Level", node.children)
            keep = [key for key, child in node.opened.items() if child.count] if self.needle else []
            order = self.orders.get(path, "name")
            if order == "name":
                only = self._only(path)
                found = await background.run(arrange, self._spaces, path, level, order, self.needle, keep, only=only)
                self._show_arranged(path, level, found)
            else:
                self._app.tasks.start(
                    f"Sort {safe(path[-1]) if path else 'the spaces'} by {order}",
                    lambda task, path=path, level=level, order=order, keep=keep: self._sort(  # type: ignore[misc]
                        task, path, level, order, keep
                    ),
                    group=f"sort {'/'.join(path)}",
                )
        self._count()

    async def _sort(self, task: Task, path: Path, level: Level, order: str, keep: list[str]) -> None:
        task.total, task.unit = len(level), "rows"

        def progress(done: int) -> None:
            task.cancel.check()
            task.done = done

        language, only = self._app.settings.language, self._only(path)
        found = await background.run(
            arrange, self._spaces, path, level, order, self.needle, keep, language, progress, only
        )
        self._show_arranged(path, level, found)
        self._count()

    def _only(self, path: Path) -> set[str] | None:
        return None if self.only is None else self.only.get(path, set())

    def _show_arranged(self, path: Path, level: Level, order: Any) -> None:
        node = self.rows.rows.node(path)
        if node is not None and node.children is level:
            self.rows.set_order(path, order)
