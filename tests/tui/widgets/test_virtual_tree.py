from __future__ import annotations

import asyncio
import sys
from array import array
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from textual.app import App, ComposeResult

from dmart_tui.core.packed import PackedNames
from dmart_tui.core.text import safe
from dmart_tui.tui.widgets.lines import fit_segments, spread
from dmart_tui.tui.widgets.tree_rows import Node, Path, TreeRow, TreeRows
from dmart_tui.tui.widgets.virtual_tree import VirtualTree

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from rich.style import Style
    from textual.message import Message

FOLDER = 1


class Kids:
    """Children over packed names; those that end in "/" are folders."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = PackedNames((name, name.endswith("/")) for name in names)

    def __len__(self) -> int:
        return len(self.names)

    def key(self, index: int) -> str:
        return self.names.name(index)

    def expandable(self, index: int) -> bool:
        return bool(self.names.flags(index) & FOLDER)

    def index(self, key: str) -> int:
        return self.names.index(key)


def render(row: TreeRow, width: int, style: Callable[[str], Style]) -> Iterable[Segment]:
    return spread([Segment(safe(row.path[-1]))], [Segment(f"#{row.index}", style("muted"))], width)


class Disk:
    """Folders by path; a folder may answer with several packs, one at a time as the test lets it."""

    def __init__(self, **folders: list[str] | Exception) -> None:
        self.folders: dict[Path, list[str] | Exception] = {
            tuple(f"{key}/" for key in path.split("__")): names for path, names in folders.items()
        }
        self.packs: dict[Path, asyncio.Queue[Kids | None]] = {}
        self.asked: list[Path] = []

    async def __call__(self, path: Path) -> AsyncIterator[Kids]:
        self.asked.append(path)
        if path in self.packs:
            while (pack := await self.packs[path].get()) is not None:
                yield pack
            return
        names = self.folders[path]
        if isinstance(names, Exception):
            raise names
        yield Kids(names)


class TreeApp(App[None]):
    def __init__(self, disk: Disk, roots: Iterable[str] = ("a/", "b/", "c")) -> None:
        super().__init__()
        self.said: list[Message] = []
        self.subject = VirtualTree(disk, render, Kids(roots), empty="Nothing is open.")

    def compose(self) -> ComposeResult:
        yield self.subject

    def on_virtual_tree_highlighted(self, message: VirtualTree.Highlighted) -> None:
        self.said.append(message)

    on_virtual_tree_activated = on_virtual_tree_highlighted
    on_virtual_tree_toggled = on_virtual_tree_highlighted
    on_virtual_tree_loaded = on_virtual_tree_highlighted

    def highlighted(self) -> list[Path]:
        return [message.path for message in self.said if isinstance(message, VirtualTree.Highlighted)]

    async def loaded(self) -> None:
        await self.workers.wait_for_complete()


def paths(tree: VirtualTree) -> list[str]:
    rows = (tree.row_info(row) for row in range(tree.row_count()))
    return ["".join(row.path) + row.note for row in rows]


def screen(tree: VirtualTree, lines: int) -> list[str]:
    return [tree.render_line(y).text.rstrip() for y in range(lines)]


# The rows against a model that lists everything


class Model:
    """A tree of names in nested dicts; an open folder is one whose path is in `opened`."""

    def __init__(self, wide: int) -> None:
        self.wide = wide
        self.opened: set[Path] = set()
        self.orders: dict[Path, list[int]] = {}

    def rows(self, path: Path = ()) -> list[Path]:
        found: list[Path] = []
        for index in self.orders.get(path, range(self.wide)):
            child = (*path, f"{index}/")
            found.append(child)
            if child in self.opened:
                found += self.rows(child) or [child]
        return found


@given(st.data(), st.integers(1, 6))
def test_rows_agree_with_a_model_that_lists_them_all(data: st.DataObject, wide: int) -> None:
    kids = Kids(f"{i}/" for i in range(wide))
    rows, model = TreeRows(kids), Model(wide)
    for _ in range(data.draw(st.integers(1, 12))):
        listed = model.rows()
        what = data.draw(st.sampled_from(["fold", "order"]))
        if what == "order":
            node = rows.node(data.draw(st.sampled_from([(), *sorted(model.opened)])))
            assert node is not None
            order = data.draw(st.lists(st.integers(0, wide - 1), unique=True, min_size=0 if node.path else 1))
            rows.reorder(node, array("I", order))
            model.orders[node.path] = order
        else:
            row = data.draw(st.integers(0, len(listed) - 1))
            parent, position, node = rows.locate(row)
            if node is not None:
                rows.close(node)
                for path in [path for path in model.opened if path[: len(node.path)] == node.path]:
                    model.opened.discard(path)
                    model.orders.pop(path, None)
            elif parent.count:
                opened = rows.open(parent, position)
                rows.replace(opened, kids)
                model.opened.add(opened.path)
        listed = model.rows()
        assert len(rows) == len(listed)
        infos = [rows.row(row) for row in range(len(rows))]
        assert [info.path for info in infos] == listed
        assert set(rows.open_paths()) == model.opened
        for row, info in enumerate(infos):
            if info.note:
                assert info.note == "no match"
                assert rows.row_of(info.path) == row - 1
            else:
                assert info.open == (info.path in model.opened)
                assert rows.row_of(info.path) == row
                assert rows.parent_row(row) == (rows.row_of(info.path[:-1]) if len(info.path) > 1 else -1)


def test_a_million_rows_cost_no_objects() -> None:
    kids = Kids(f"row-{i:07d}/" for i in range(1_000_000))
    rows = TreeRows(kids)
    for position in (0, 499_999, 999_999):
        node = rows.open(rows.root, position)
        rows.replace(node, kids)
    assert len(rows) == 4_000_000
    assert rows.row(1_500_000).path == ("row-0499999/", "row-0000000/")
    assert rows.row_of(("row-0999999/", "row-0000007/")) == 3_000_007
    held = sum(sys.getsizeof(getattr(rows.root, slot)) for slot in Node.__slots__)
    assert held < 4096


# The widget


async def test_opens_and_closes_with_the_keys_and_draws_what_is_seen() -> None:
    app = TreeApp(Disk(a=["x/", "y"], a__x=["deep"], b=[]))
    async with app.run_test(size=(25, 10)) as pilot:
        await pilot.press("l")
        await app.loaded()
        await pilot.press("right", "l")
        await app.loaded()
        await pilot.pause()
        assert screen(app.subject, 7) == [
            " ▾ a/                 #0",
            "›│ ▾ x/               #0",
            " │ │   deep           #0",
            " │   y                #1",
            " ▸ b/                 #1",
            "   c                  #2",
            "",
        ]
        await pilot.press("l", "h")
        assert app.subject.current == ("a/", "x/")
        await pilot.press("h", "h", "h")
        assert paths(app.subject) == ["a/", "b/", "c"]
        assert app.subject.cursor == 0


async def test_movement_keys_mean_what_they_mean_everywhere() -> None:
    app = TreeApp(Disk(), [f"row {i}" for i in range(1_000_000)])
    async with app.run_test(size=(30, 11)) as pilot:
        tree = app.subject
        for key, row in [
            ("j", 1), ("down", 2), ("k", 1), ("G", 999_999), ("up", 999_998), ("g", 0), ("end", 999_999), ("home", 0),
            ("pagedown", 10), ("ctrl+d", 15), ("ctrl+u", 10), ("pageup", 0), ("pageup", 0), ("k", 0),
        ]:  # fmt: skip
            await pilot.press(key)
            assert (key, tree.cursor) == (key, row)
            assert tree.scroll_offset.y <= row < tree.scroll_offset.y + 11
        await pilot.press("G")
        assert screen(tree, 11)[-1].startswith("›  row 999999")


async def test_a_folder_says_that_it_loads_that_it_is_empty_and_what_went_wrong() -> None:
    disk = Disk(a=PermissionError("no way \x1b[31m in"), b=[])
    disk.packs[("a/",)] = asyncio.Queue()
    app = TreeApp(disk)
    async with app.run_test(size=(30, 8)) as pilot:
        opening = asyncio.create_task(app.subject.open_folder(("a/",)))
        await asyncio.sleep(0)
        assert paths(app.subject) == ["a/", "b/", "c"]
        assert app.subject.row_info(0).open
        while len(app.subject.rows) == 3:  # until patience ends
            await pilot.pause(0.01)
        assert paths(app.subject) == ["a/", "a/loading…", "b/", "c"]
        assert app.subject.row_info(0).loading
        await pilot.press("h")
        assert not await opening
        await app.subject.open_folder(("b/",))
        assert paths(app.subject) == ["a/", "b/", "b/empty", "c"]
        del disk.packs[("a/",)]
        assert not await app.subject.open_folder(("a/",))
        assert paths(app.subject)[1] == "a/no way ␛[31m in"
        await pilot.pause()
        assert [str(m.error) for m in app.said if isinstance(m, VirtualTree.Loaded) and m.error] == [
            "no way \x1b[31m in"
        ]


async def test_closing_a_folder_stops_what_loads_it() -> None:
    disk = Disk()
    queue = disk.packs[("a/",)] = asyncio.Queue()
    app = TreeApp(disk)
    async with app.run_test() as pilot:
        await pilot.press("l", "h")
        queue.put_nowait(Kids(["late"]))
        await pilot.pause()
        assert paths(app.subject) == ["a/", "b/", "c"]
        assert not app.subject.workers


async def test_a_better_pack_keeps_the_cursor_and_what_is_open() -> None:
    disk = Disk(a__m=["in m"])
    queue = disk.packs[("a/",)] = asyncio.Queue()
    app = TreeApp(disk)
    async with app.run_test(size=(30, 12)) as pilot:
        await pilot.press("l")
        queue.put_nowait(Kids(["m/", "z"]))
        assert await app.subject.open_folder(("a/",))
        assert await app.subject.open_folder(("a/", "m/"))
        assert await app.subject.reveal(("a/", "m/", "in m"))
        said = len(app.highlighted())
        queue.put_nowait(Kids(["b", "c", "m/", "n", "z"]))
        queue.put_nowait(None)
        await app.loaded()
        await pilot.pause()
        assert paths(app.subject) == ["a/", "a/b", "a/c", "a/m/", "a/m/in m", "a/n", "a/z", "b/", "c"]
        assert app.subject.current == ("a/", "m/", "in m")
        assert app.highlighted()[said:] in ([], [("a/", "m/", "in m")])
        assert not app.subject.row_info(0).loading


async def test_a_live_change_keeps_the_line_of_the_screen_the_cursor_is_on() -> None:
    app = TreeApp(Disk(), [f"{i}" for i in range(100, 200)])
    async with app.run_test(size=(30, 10)):
        tree = app.subject
        await tree.reveal(("150",))
        line = tree.cursor - tree.scroll_offset.y
        tree.replace((), Kids(f"{i}" for i in range(60, 200)))
        assert tree.current == ("150",)
        assert tree.cursor - tree.scroll_offset.y == line
        tree.replace((), Kids(f"{i}" for i in range(60, 200) if i != 150))
        assert tree.current == ("151",)


async def test_a_folder_that_became_a_file_is_closed() -> None:
    app = TreeApp(Disk(a=["x"]))
    async with app.run_test():
        await app.subject.reveal(("a/", "x"))
        app.subject.replace((), Kids(["b/", "c"]))
        assert paths(app.subject) == ["b/", "c"]
        assert app.subject.current == ("b/",)
        app.subject.replace((), Kids([]))
        assert app.subject.current == ()
        assert screen(app.subject, 1) == [" Nothing is open."]


async def test_reveal_waits_for_the_pack_that_has_the_key() -> None:
    disk = Disk()
    queue = disk.packs[("a/",)] = asyncio.Queue()
    app = TreeApp(disk)
    async with app.run_test() as pilot:
        revealing = asyncio.ensure_future(app.subject.reveal(("a/", "z")))
        queue.put_nowait(Kids(["b"]))
        await pilot.pause()
        assert not revealing.done()
        queue.put_nowait(Kids(["b", "z"]))
        assert await revealing
        assert app.subject.current == ("a/", "z")
        queue.put_nowait(None)
        assert not await app.subject.reveal(("a/", "nowhere"))
        assert not await app.subject.reveal(("c", "x"))


async def test_reveal_gives_up_when_the_folder_is_closed_meanwhile() -> None:
    disk = Disk()
    disk.packs[("a/",)] = asyncio.Queue()
    app = TreeApp(disk)
    async with app.run_test() as pilot:
        revealing = asyncio.ensure_future(app.subject.reveal(("a/", "z")))
        await pilot.pause()
        app.subject.close_folder(("a/",))
        assert not await revealing


async def test_filter_and_sort_hide_and_order_rows_and_keep_folders_open() -> None:
    app = TreeApp(Disk(a=["x/", "y/", "z"], a__x=["1"], a__y=["2"]))
    async with app.run_test():
        tree = app.subject
        for path in [("a/",), ("a/", "x/"), ("a/", "y/")]:
            assert await tree.open_folder(path)
        assert await tree.reveal(("a/", "y/"))
        tree.set_order(("a/",), array("I", [2, 1]))
        assert paths(tree) == ["a/", "a/z", "a/y/", "a/y/2", "b/", "c"]
        assert tree.current == ("a/", "y/")
        assert not await tree.reveal(("a/", "x/", "1"))
        tree.set_order(("a/",), array("I"))
        assert paths(tree) == ["a/", "a/no match", "b/", "c"]
        tree.set_order(("a/",), None)
        assert paths(tree) == ["a/", "a/x/", "a/x/1", "a/y/", "a/y/2", "a/z", "b/", "c"]


async def test_marks_follow_their_rows() -> None:
    app = TreeApp(Disk(a=["x", "y"]))
    async with app.run_test(size=(20, 8)) as pilot:
        tree = app.subject
        await tree.open_folder(("a/",))
        tree.cursor = 1
        tree.action_mark()
        tree.cursor = 3
        tree.action_mark_range()
        assert tree.marks == {("a/", "x"), ("a/", "y"), ("b/",)}
        await pilot.pause()
        assert [line[0] for line in screen(tree, 5)] == [" ", "•", "•", "»", " "]
        tree.replace(("a/",), Kids(["w", "x", "y"]))
        assert [line[0] for line in screen(tree, 6)] == [" ", " ", "•", "•", "»", " "]
        tree.clear_marks()
        assert tree.marks == set()
        assert [line[0] for line in screen(tree, 6)] == [" ", " ", " ", " ", "›", " "]


async def test_state_comes_back_as_far_as_it_is_still_there() -> None:
    many = [f"n{i:03d}" for i in range(200)]
    app = TreeApp(Disk(a=["x/", *many], a__x=["1"], b=["gone/"], b__gone=["2"]))
    async with app.run_test(size=(30, 10)):
        for path in [("a/",), ("a/", "x/"), ("b/",), ("b/", "gone/")]:
            await app.subject.open_folder(path)
        await app.subject.reveal(("a/", "n120"))
        state = app.subject.state()
    again = TreeApp(Disk(a=["x/", *many], a__x=["1"], b=["here"]))
    async with again.run_test(size=(30, 10)):
        await again.subject.restore(state)
        assert set(again.subject.state().opened) == {("a/",), ("a/", "x/"), ("b/",)}
        assert again.subject.state().cursor == state.cursor
        assert again.subject.state().top == state.top


async def test_the_mouse_moves_toggles_and_activates() -> None:
    app = TreeApp(Disk(a=["x"]))
    async with app.run_test(size=(30, 10)) as pilot:
        await pilot.click(app.subject, offset=(5, 2))
        assert app.subject.current == ("c",)
        await pilot.click(app.subject, offset=(1, 0))
        await app.loaded()
        assert paths(app.subject) == ["a/", "a/x", "b/", "c"]
        await pilot.click(app.subject, offset=(6, 1), times=2)
        await pilot.pause()
        assert [m.path for m in app.said if isinstance(m, VirtualTree.Activated)] == [("a/", "x")]


async def test_rows_stand_on_the_background_of_the_tree_and_the_cursor_on_its_own() -> None:
    app = TreeApp(Disk())
    async with app.run_test(size=(30, 8)):

        def grounds(row: int) -> set[object]:
            return {segment.style and segment.style.bgcolor for segment in app.subject.render_line(row)}

        plain, cursor = grounds(1), grounds(0)
        assert plain == {app.subject.rich_style.bgcolor}
        assert len(cursor) == 1
        assert cursor != plain
        app.subject.blur()
        assert grounds(0) != plain


async def test_a_cursor_move_redraws_two_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    app = TreeApp(Disk(), [f"row {i}" for i in range(1000)])
    async with app.run_test(size=(30, 20)) as pilot:
        drawn: list[int] = []
        draw = app.subject.draw
        monkeypatch.setattr(app.subject, "draw", lambda row, line, width: drawn.append(row) or draw(row, line, width))
        await pilot.press("j")
        await pilot.pause()
        assert sorted(drawn) == [0, 1]


def test_right_text_gives_way_to_the_left() -> None:
    def text(segments: list[Segment]) -> str:
        return "".join(segment.text for segment in segments)

    assert text(spread([Segment("name")], [Segment("12 kB")], 12)) == "name   12 kB"
    assert text(spread([Segment("a long long name")], [Segment("12 kB")], 14, least=8)) == "a long…  12 kB"
    assert text(spread([Segment("a long long name")], [Segment("12 kB")], 12)) == "a long long…"
    assert text(fit_segments([Segment("abc"), Segment("def")], 3)) == "ab…"
    assert text(fit_segments([Segment("abc"), Segment("def")], 6)) == "abcdef"
