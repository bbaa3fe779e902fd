"""A tree that scrolls a million rows like ten: it draws what is seen and keeps objects for open folders only."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rich.segment import Segment

from dmart_tui.core.text import safe
from dmart_tui.tui.widgets.lines import LineView, fit_segments
from dmart_tui.tui.widgets.tree_rows import Children, Node, Path, TreeRow, TreeRows

if TYPE_CHECKING:
    from array import array
    from collections.abc import AsyncIterator, Callable, Iterable

    from rich.style import Style
    from textual.geometry import Offset

PATIENCE = 0.1
"""Seconds a folder may take before a row says that it is loading: most are there by then, and are drawn once."""


class Loader(Protocol):
    """Reads a folder: yields its children, once or in ever better packs (the first 500, then all of them sorted)."""

    def __call__(self, path: Path, /) -> AsyncIterator[Children]: ...


class RowRenderer(Protocol):
    """Draws the text of a row beside the tree's own sign, guides and arrow.

    Keys are raw: the renderer makes them safe. `style` gives theme styles by the names of `LineView.style_of`; the
    cursor is laid over what is returned. What is wider than `width` is cut with an ellipsis; `spread` aligns right.
    """

    def __call__(self, row: TreeRow, width: int, style: Callable[[str], Style], /) -> Iterable[Segment]: ...


@dataclass(frozen=True, slots=True)
class TreeState:
    """Where a tree stood, to be restored in another session."""

    opened: tuple[Path, ...] = ()
    cursor: Path = ()
    top: int = 0
    """The first row shown."""


class VirtualTree(LineView):
    """A tree of folders over `Children` packs, with several rows on its first level and no row for the root.

    Memory: one small object an open folder, one tuple a mark, and what the packs take.
    """

    class Highlighted(LineView.RowMessage):
        """The cursor came to another row, or another row came under the cursor."""

        def __init__(self, view: VirtualTree, path: Path) -> None:
            super().__init__(view)
            self.path = path

    class Activated(LineView.RowMessage):
        """Enter or a double click on a row."""

        def __init__(self, view: VirtualTree, path: Path) -> None:
            super().__init__(view)
            self.path = path

    class Toggled(LineView.RowMessage):
        """A folder was opened or closed."""

        def __init__(self, view: VirtualTree, path: Path, opened: bool) -> None:
            super().__init__(view)
            self.path = path
            self.opened = opened

    class Loaded(LineView.RowMessage):
        """The loader of an open folder is through, with an error or without; any order set before is gone."""

        def __init__(self, view: VirtualTree, path: Path, error: Exception | None) -> None:
            super().__init__(view)
            self.path = path
            self.error = error

    class MarksChanged(LineView.RowMessage):
        """Rows were marked or unmarked."""

    def __init__(
        self,
        loader: Loader,
        renderer: RowRenderer,
        roots: Children | None = None,
        *,
        arrows: tuple[str, str] = ("▸", "▾"),
        guide: str = "│",
        **options: str,
    ) -> None:
        """Make a tree.

        Args:
            loader: asked for the children of a folder each time it is opened.
            renderer: draws rows.
            roots: the first level.
            arrows: signs of a closed and of an open folder, one cell each.
            guide: the thin line under an open folder's arrow, one cell.
            options: those of `LineView`.
        """
        super().__init__(**options)
        self.rows = TreeRows(roots)
        self.marks: set[Path] = set()
        self._loader = loader
        self._renderer = renderer
        self._arrows = arrows
        self._guide = guide
        self._mark_from = -1

    def row_count(self) -> int:
        return len(self.rows)

    @property
    def current(self) -> Path:
        """The path the cursor is on; on a note, that of its folder; `()` when there are no rows."""
        return self.rows.row(self.cursor).path if len(self.rows) else ()

    def row_info(self, row: int) -> TreeRow:
        return self.rows.row(row, self.marks)

    # Changing what is open

    async def open_folder(self, path: Path) -> bool:
        """Open a folder and wait for the first of its children; false when it cannot be opened."""
        node = self._opened(path)
        if node is None:
            return False
        while node.children is None and node.loading:
            await node.arrival.wait()
        return node.children is not None

    def close_folder(self, path: Path) -> bool:
        """Close a folder, stop what loads it, forget what was open below; the cursor goes to it if it was inside."""
        node = self.rows.node(path) if path else None
        if node is None:
            return False
        self._change(lambda: self.rows.close(node))
        self.post_message(self.Toggled(self, path, False))
        return True

    def reload(self, path: Path) -> bool:
        """Ask the loader for an open folder again; what shows stays until the answer comes."""
        node = self.rows.node(path)
        if node is None:
            return False
        self._load(node)
        return True

    def replace(self, path: Path, children: Children) -> bool:
        """Give an open folder (or the first level, `()`) new children; cursor, marks and open folders stay by key."""
        node = self.rows.node(path)
        if node is None:
            return False
        self._change(lambda: self.rows.replace(node, children))
        return True

    def set_order(self, path: Path, order: array[int] | None) -> bool:
        """Sort or filter the rows of an open folder by a permutation (or part of one) of its children; None undoes it.

        Folders open in hidden rows stay open. New children come without an order.
        """
        node = self.rows.node(path)
        if node is None:
            return False
        self._change(lambda: self.rows.reorder(node, order))
        return True

    async def reveal(self, path: Path) -> bool:
        """Open every folder on the way to a path and put the cursor on it; false when it is not there or is hidden."""
        node = self.rows.root
        for depth, key in enumerate(path, 1):
            while (position := node.position_of(key)) < 0:
                if not node.loading:
                    return False
                await node.arrival.wait()
            if depth == len(path):
                break
            child = node.opened.get(key) or self._opened(path[:depth], node, position)
            if child is None:
                return False
            node = child
        row = self.rows.row_of(path)
        if row < 0:
            return False
        self.cursor = row
        return True

    def state(self) -> TreeState:
        """What is open, and where cursor and view are; O(open folders)."""
        return TreeState(tuple(self.rows.open_paths()), self.current, self.scroll_offset.y)

    async def restore(self, state: TreeState) -> None:
        """Open what was open, as far as it is still there, and put cursor and view back."""
        for path in state.opened:
            if self.rows.node(path[:-1]) is not None:
                await self.open_folder(path)
        if state.cursor:
            await self.reveal(state.cursor)
        self.jump_to(state.top)
        self.show_row(self.cursor)

    def _opened(self, path: Path, parent: Node | None = None, position: int = -1) -> Node | None:
        """The node of a folder, opened and loading if it was closed."""
        node = self.rows.node(path)
        if node is not None:
            return node
        parent = parent or self.rows.node(path[:-1])
        if parent is None or parent.children is None:
            return None
        if position < 0:
            position = parent.position_of(path[-1])
        if position < 0 or not parent.children.expandable(parent.index_at(position)):
            return None
        opened: list[Node] = []
        self._change(lambda: opened.append(self.rows.open(parent, position, quiet=True)))
        node = opened[0]
        self._load(node)

        def speak() -> None:
            if node.quiet:
                self._change(lambda: self.rows.speak(node))

        self.set_timer(PATIENCE, speak)
        self.post_message(self.Toggled(self, path, True))
        return node

    def _load(self, node: Node) -> None:
        if node.stop is not None:
            node.stop()
        node.loading = True
        worker = self.run_worker(self._read(node), group="tree", exit_on_error=False)

        def stop() -> None:
            worker.cancel()
            self._arrived(node, loading=False)

        node.stop = stop

    async def _read(self, node: Node) -> None:
        error: Exception | None = None
        try:
            async for children in self._loader(node.path):
                self._change(lambda pack=children: self.rows.replace(node, pack))  # type: ignore[misc]
                self._arrived(node, loading=True)
        except Exception as problem:  # whatever a loader raises is shown in its folder, not thrown at the event loop
            error = problem
        node.stop = None
        self._arrived(node, loading=False)
        sentence = "" if error is None or node.count else safe(str(error) or type(error).__name__)
        self._change(lambda: self.rows.fail(node, sentence))
        self.post_message(self.Loaded(self, node.path, error))

    def _arrived(self, node: Node, *, loading: bool) -> None:
        node.loading = loading
        node.arrival.set()
        node.arrival = asyncio.Event()

    def _change(self, change: Callable[[], object]) -> None:
        """Change rows, keeping the cursor on its path and on its line of the screen."""
        if not len(self.rows):
            change()
            self.rows_changed()
            self.cursor_moved()
            return
        before = self.rows.row(self.cursor)
        position = self.rows.locate(self.cursor)[1]
        top = self.scroll_offset.y
        seen = top <= self.cursor < top + self.view_height
        line = self.cursor - top
        change()
        row = self.rows.nearest(before.path, position)
        if before.note and self.rows.node(before.path) is not None:
            row += 1
        self.set_reactive(VirtualTree.cursor, self.validate_cursor(row))
        self.rows_changed()
        if seen:
            self.jump_to(self.cursor - line)
            self.show_row(self.cursor)
        if self.current != before.path:
            self.cursor_moved()

    # Marks

    def mark(self, paths: Iterable[Path], marked: bool = True) -> None:
        """Mark or unmark rows by path; memory is one tuple a marked row."""
        if marked:
            self.marks.update(paths)
        else:
            self.marks.difference_update(paths)
        self.looks_changed()
        self.post_message(self.MarksChanged(self))

    def clear_marks(self) -> None:
        self.mark(list(self.marks), False)

    def action_mark(self) -> None:
        """Mark or unmark the cursor's row and go to the next."""
        info = self.row_info(self.cursor)
        if not len(self.rows) or info.note:
            return
        self.mark([info.path], not info.marked)
        self._mark_from = self.cursor
        self.cursor += 1

    def action_mark_range(self) -> None:
        """Mark every row from the last one marked by hand to the cursor."""
        if not len(self.rows):
            return
        start = min(self._mark_from, len(self.rows) - 1) if self._mark_from >= 0 else self.cursor
        low, high = sorted((start, self.cursor))
        rows = (self.rows.row(row) for row in range(low, high + 1))
        self.mark(row.path for row in rows if not row.note)
        self._mark_from = self.cursor

    # Movement

    def cursor_moved(self) -> None:
        self.post_message(self.Highlighted(self, self.current))

    def action_right(self) -> None:
        """Open a folder, or go to the first row of an open one."""
        if not len(self.rows):
            return
        node = self.rows.locate(self.cursor)[2]
        if node is None:
            self.action_fold()
        elif node.rows:
            self.cursor += 1

    def action_left(self) -> None:
        """Close an open folder, or go to the folder the row is in."""
        if not len(self.rows):
            return
        info = self.rows.row(self.cursor)
        if info.open:
            self.close_folder(info.path)
        elif (row := self.rows.parent_row(self.cursor)) >= 0:
            self.cursor = row

    def action_fold(self) -> None:
        if not len(self.rows):
            return
        info = self.rows.row(self.cursor)
        if info.open:
            self.close_folder(info.path)
        elif info.expandable:
            self._opened(info.path)

    def action_activate(self) -> None:
        if len(self.rows) and not self.rows.row(self.cursor).note:
            self.post_message(self.Activated(self, self.current))

    def clicked(self, row: int, offset: Offset) -> bool:
        on_arrow = offset.x == 1 + 2 * self.rows.row(row).depth
        if on_arrow:
            self.action_fold()
        return on_arrow

    # Drawing

    def draw(self, row: int, line: int, width: int) -> list[Segment]:
        info = self.row_info(row)
        guide = self.style_of("guide")
        lead = [self.sign(row, info.marked), Segment(f"{self._guide} " * info.depth, guide)]
        width -= 1 + 2 * info.depth
        if info.note:
            style = self.style_of("error" if info.note not in ("loading…", "empty", "no match") else "muted")
            return [*lead, *fit_segments([Segment(info.note, style)], width)]
        arrow = self._arrows[info.open] if info.expandable else " "
        text = fit_segments(self._renderer(info, width - 2, self.style_of), width - 2)
        return [*lead, Segment(f"{arrow} ", self.style_of("muted")), *text]
