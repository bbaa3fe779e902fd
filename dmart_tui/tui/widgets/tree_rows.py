"""The rows of a tree of which only open folders are objects: row to folder and back by bisection."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable, Iterable, Iterator

Path = tuple[str, ...]
"""Keys from the first level down; `()` is the whole tree."""


class Children(Protocol):
    """What one folder holds; keys are unique in it, stay the same over a reload, and may be raw."""

    def __len__(self) -> int: ...
    def key(self, index: int, /) -> str: ...
    def expandable(self, index: int, /) -> bool: ...
    def index(self, key: str, /) -> int:
        """Where a key is, or -1."""
        ...


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One row as a renderer sees it."""

    path: Path
    """The row's own path; of a note, the path of the folder it stands in."""
    children: Children | None
    """The pack the row is in, with `index` in it; None for a note."""
    index: int
    depth: int
    expandable: bool = False
    open: bool = False
    loading: bool = False
    note: str = ""
    """Safe text in place of rows: loading, empty, or what went wrong."""
    marked: bool = False


class Node:
    """An open folder."""

    __slots__ = (
        "arrival",
        "children",
        "depth",
        "failure",
        "key",
        "loading",
        "nodes",
        "opened",
        "order",
        "parent",
        "position",
        "positions",
        "quiet",
        "rows",
        "starts",
        "stop",
    )

    def __init__(self, parent: Node | None, key: str, position: int) -> None:
        self.parent = parent
        self.key = key
        self.position = position
        self.depth: int = -1 if parent is None else parent.depth + 1
        self.children: Children | None = None
        self.order: array[int] | None = None
        self.opened: dict[str, Node] = {}
        self.nodes: list[Node] = []  # the opened ones that show, by position; the two lists beside go with it
        self.positions: list[int] = []
        self.starts: list[int] = []  # each one's own row, counted from this folder's first
        self.rows = 1  # rows below this folder's own
        self.loading = False
        self.quiet = False  # while its children have not come, no row says so
        self.failure = ""
        self.arrival = asyncio.Event()
        self.stop: Callable[[], None] | None = None

    @property
    def path(self) -> Path:
        return () if self.parent is None else (*self.parent.path, self.key)

    @property
    def count(self) -> int:
        if self.order is not None:
            return len(self.order)
        return 0 if self.children is None else len(self.children)

    @property
    def note(self) -> str:
        """The text of the only row of a folder that has no rows to show."""
        if self.failure:
            return self.failure
        if self.loading or self.children is None:
            return "loading…"
        return "no match" if len(self.children) else "empty"

    def index_at(self, position: int) -> int:
        return position if self.order is None else self.order[position]

    def position_of(self, key: str) -> int:
        """The position of a key among the rows that show, or -1."""
        index = -1 if self.children is None else self.children.index(key)
        if index < 0 or self.order is None:
            return index
        try:
            return self.order.index(index)
        except ValueError:
            return -1


class TreeRows:
    """A tree as a list of rows.

    Memory: one small object an open folder. `locate` takes a bisection a level; opening and closing O(open siblings)
    a level; `reorder` with an order O(rows of that folder).
    """

    def __init__(self, roots: Children | None = None) -> None:
        self.root = Node(None, "", 0)
        self.replace(self.root, roots)

    def __len__(self) -> int:
        return self.root.rows if self.root.count else 0

    def locate(self, row: int) -> tuple[Node, int, Node | None]:
        """The folder a row is in, its position there, and the row's own node when it is open."""
        node = self.root
        while True:
            slot = bisect_right(node.starts, row) - 1
            if slot < 0:
                return node, row, None
            child = node.nodes[slot]
            below = row - node.starts[slot]
            if below == 0:
                return node, child.position, child
            if below > child.rows:
                return node, child.position + below - child.rows, None
            node, row = child, below - 1

    def row(self, row: int, marks: set[Path] | frozenset[Path] = frozenset()) -> TreeRow:
        parent, position, node = self.locate(row)
        if not parent.count:
            return TreeRow(parent.path, None, -1, parent.depth + 1, note=parent.note)
        assert parent.children is not None
        index = parent.index_at(position)
        path = (*parent.path, parent.children.key(index))
        return TreeRow(
            path,
            parent.children,
            index,
            parent.depth + 1,
            expandable=node is not None or parent.children.expandable(index),
            open=node is not None,
            loading=node is not None and node.loading,
            marked=path in marks,
        )

    def node(self, path: Iterable[str]) -> Node | None:
        """The open folder at a path, or None; `()` is the invisible root."""
        node: Node | None = self.root
        for key in path:
            node = node.opened.get(key) if node is not None else None
        return node

    def row_of(self, path: Path) -> int:
        """The row of a path that shows, or -1."""
        parent = self.node(path[:-1]) if path else None
        position = -1 if parent is None else parent.position_of(path[-1])
        if parent is None or position < 0:
            return -1
        first = self._first_row(parent)
        return -1 if first < 0 else first + self._offset(parent, position)

    def nearest(self, path: Path, position: int) -> int:
        """The row of a path, or of what now stands where it stood, or of its closest folder that shows."""
        row = self.row_of(path)
        while row < 0 and path:
            parent = self.node(path[:-1])
            if parent is not None and (first := self._first_row(parent)) >= 0:
                return first + self._offset(parent, max(0, min(position, parent.count - 1)))
            path = path[:-1]
            row = self.row_of(path)
        return max(row, 0)

    def parent_row(self, row: int) -> int:
        """The row of the folder a row is in, or -1 on the first level."""
        parent = self.locate(row)[0]
        return self._first_row(parent) - 1

    def open(self, parent: Node, position: int, *, quiet: bool = False) -> Node:
        """Open the folder at a position; until `replace` gives it children it shows as loading, or no row if quiet."""
        assert parent.children is not None
        node = Node(parent, parent.children.key(parent.index_at(position)), position)
        node.quiet, node.rows = quiet, 0 if quiet else 1
        parent.opened[node.key] = node
        slot = bisect_left(parent.positions, position)
        parent.nodes.insert(slot, node)
        self._measure(parent)
        return node

    def close(self, node: Node) -> None:
        """Close a folder and forget all that was open in it."""
        parent = node.parent
        assert parent is not None
        self._forget(node)
        del parent.opened[node.key]
        parent.nodes = [child for child in parent.nodes if child is not node]
        self._measure(parent)

    def replace(self, node: Node, children: Children | None) -> None:
        """Give a folder its children; what was open in it stays so where the key is still there and still a folder."""
        node.children = children
        node.order = None
        node.quiet = False
        for key, child in list(node.opened.items()):
            index = -1 if children is None else children.index(key)
            if children is None or index < 0 or not children.expandable(index):
                self._forget(child)
                del node.opened[key]
            else:
                child.position = index
        self._place(node)

    def reorder(self, node: Node, order: array[int] | None) -> None:
        """Show a folder's children in this order, those not in it not at all; None shows all as they are."""
        node.order = order
        wanted = (
            {} if node.children is None else {node.children.index(key): child for key, child in node.opened.items()}
        )
        for child in node.opened.values():
            child.position = -1
        if order is None:
            for index, child in wanted.items():
                child.position = index
        elif wanted:
            for position, index in enumerate(order):
                if index in wanted:
                    wanted[index].position = position
        self._place(node)

    def open_paths(self) -> Iterator[Path]:
        """Every open folder, parents first."""
        waiting = [self.root]
        while waiting:
            for child in waiting.pop().opened.values():
                yield child.path
                waiting.append(child)

    def fail(self, node: Node, sentence: str) -> None:
        node.failure = sentence
        self.speak(node)

    def speak(self, node: Node) -> None:
        """Let a row say what a folder opened quietly is waiting for."""
        node.quiet = False
        self._measure(node)

    def _place(self, node: Node) -> None:
        node.nodes = sorted(
            (child for child in node.opened.values() if child.position >= 0), key=lambda child: child.position
        )
        self._measure(node)

    def _measure(self, node: Node | None) -> None:
        while node is not None:
            node.positions = [child.position for child in node.nodes]
            node.starts = []
            shift = 0
            for child in node.nodes:
                node.starts.append(child.position + shift)
                shift += child.rows
            node.rows = max(0 if node.quiet else 1, node.count) + shift
            node = node.parent

    def _offset(self, parent: Node, position: int) -> int:
        """Row of a position counted from the folder's first row."""
        slot = bisect_left(parent.positions, position)
        return position + (
            parent.starts[slot - 1] - parent.positions[slot - 1] + parent.nodes[slot - 1].rows if slot else 0
        )

    def _first_row(self, node: Node) -> int:
        """The row of a folder's first child, or -1 when a filter hides the folder."""
        row = 0
        while node.parent is not None:
            if node.position < 0:
                return -1
            row += self._offset(node.parent, node.position) + 1
            node = node.parent
        return row

    def _forget(self, node: Node) -> None:
        if node.stop is not None:
            node.stop()
        for child in node.opened.values():
            self._forget(child)
