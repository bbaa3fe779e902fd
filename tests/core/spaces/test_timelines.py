"""The merged timeline: every line once, newest first, whatever number of files may stay in memory."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.address import Address
from dmart_tui.core.errors import NotFound
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.spaces.timelines import timeline


def line(minute: int, **more: object) -> str:
    when = f"2023-05-01T{minute // 60:02}:{minute % 60:02}:00"
    return json.dumps({"timestamp": when, "owner_shortname": "mia", "diff": {"m": {"old": minute, "new": 0}}, **more})


def event(minute: int, shortname: str, subpath: str = "/sales") -> str:
    what = {"type": "content", "space_name": "shop", "subpath": subpath, "shortname": shortname}
    return line(minute, resource=what, request="update", user_shortname="mia", attributes={})


def write(root: Path, files: dict[str, str]) -> Spaces:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Spaces(root)


@pytest.fixture
def spaces(tmp_path: Path) -> Spaces:
    return write(
        tmp_path,
        {
            "shop/.dm/meta.space.json": "{}",
            "shop/.dm/history.jsonl": line(10),
            "shop/.dm/events.jsonl": "\n".join([event(1, "deal"), event(9, "other", "/"), event(55, "deal")]),
            "shop/.dm/top/meta.content.json": "{}",
            "shop/.dm/top/history.jsonl": line(20),
            "shop/.dm/sales/history.jsonl": line(30),
            "shop/.dm/sales/deal/history.jsonl": line(40),
            "shop/sales/.dm/meta.folder.json": "{}",
            "shop/sales/.dm/history.jsonl": line(35),
            "shop/sales/.dm/deal/meta.content.json": "{}",
            "shop/sales/.dm/deal/history.jsonl": "\n".join([line(2), line(50)]) + "\n",
            "shop/sales/.dm/east/history.jsonl": line(45),
            "shop/sales/east/.dm/meta.folder.json": "{}",
            "shop/sales/east/.dm/x/meta.content.json": "{}",
            "shop/sales/east/.dm/x/meta.history.jsonl": line(3),
            "other/.dm/meta.space.json": "{}",
            "other/.dm/history.jsonl": line(60),
        },
    )


def told(spaces: Spaces, address: str | None = None, **options: int) -> list[tuple[int, str, str]]:
    where = Address.parse(address) if address else None
    return [
        (item.when.hour * 60 + item.when.minute if item.when else -1, str(item.address), item.source)
        for item in timeline(spaces, where, **options)
    ]


def test_a_root_in_one_stream_with_address_and_source(spaces: Spaces) -> None:
    assert told(spaces) == [
        (60, "other", "space"),
        (55, "shop/sales/deal", "events"),
        (50, "shop/sales/deal", "own"),
        (45, "shop/sales/east", "side-car"),
        (40, "shop/sales/deal", "attachments"),
        (35, "shop/sales", "folder"),
        (30, "shop/sales", "shared"),
        (20, "shop/top", "shared"),
        (10, "shop", "space"),
        (9, "shop/other", "events"),
        (3, "shop/sales/east/x", "stray"),
        (2, "shop/sales/deal", "own"),
        (1, "shop/sales/deal", "events"),
    ]


def test_a_subtree_holds_its_own_lines_and_events_only(spaces: Spaces) -> None:
    assert [minute for minute, _, _ in told(spaces, "shop/sales")] == [55, 50, 45, 40, 35, 30, 3, 2, 1]
    assert [minute for minute, _, _ in told(spaces, "shop/sales/east")] == [45, 3]
    assert [minute for minute, _, _ in told(spaces, "shop/sales/deal")] == [55, 50, 40, 2, 1]
    assert [minute for minute, _, _ in told(spaces, "shop/sales/deal#media/x")] == [40]


def test_events_can_be_left_out_and_the_rest_limited(spaces: Spaces) -> None:
    assert [minute for minute, _, _ in told(spaces, events=False, limit=3)] == [60, 50, 45]


def test_an_address_that_names_nothing(spaces: Spaces) -> None:
    with pytest.raises(NotFound):
        list(timeline(spaces, Address.parse("shop/nothing")))


def test_symlinked_directories_are_not_entered(spaces: Spaces) -> None:
    (Path(spaces.root) / "shop/again").symlink_to("sales")
    (Path(spaces.root) / "shop/.dm/loop").symlink_to(".")
    assert len(told(spaces)) == 13


def test_a_file_deleted_under_way_is_a_row_and_stops_nothing(spaces: Spaces) -> None:
    items = timeline(spaces, live=1)
    next(items)
    (Path(spaces.root) / "shop/.dm/top/history.jsonl").unlink()
    rest = list(items)
    assert [item.path for item in rest if not item.is_record] == ["shop/.dm/top/history.jsonl"]
    assert sum(item.is_record for item in rest) == 11


def test_progress_may_stop_it(spaces: Spaces) -> None:
    class Stop(Exception):
        pass

    def stop(_found: int) -> None:
        raise Stop

    with pytest.raises(Stop):
        next(timeline(spaces, progress=stop))


def test_no_descriptor_stays_open(spaces: Spaces) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    items = timeline(spaces)
    next(items)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


files = st.lists(st.lists(st.integers(0, 1000), max_size=6), max_size=6)


@given(files, st.integers(1, 4), st.booleans())
def test_every_line_comes_once_and_sorted_files_come_sorted(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[int]], live: int, glued: bool
) -> None:
    root = tmp_path_factory.mktemp("root")
    end = "" if glued else "\n"
    histories = {f"shop/s/.dm/e{n}/history.jsonl": end.join(map(line, minutes)) for n, minutes in enumerate(files)}
    spaces = write(root, {"shop/.dm/meta.space.json": "{}", **histories})
    minutes = [item.changes[0].old for item in timeline(spaces, live=live)]
    assert Counter(minutes) == Counter(minute for file in files for minute in file)
    spaces = write(
        root, {f"shop/s/.dm/e{n}/history.jsonl": end.join(map(line, sorted(m))) for n, m in enumerate(files)}
    )
    minutes = [item.changes[0].old for item in timeline(spaces, live=live)]
    assert minutes == sorted(minutes, reverse=True)


def test_real_data(real_root: Path) -> None:
    items = list(timeline(Spaces(real_root)))
    lines = Counter(item.source == "events" for item in items)
    assert lines == ({False: 195, True: 113} if real_root.name == "dmart_2023" else {})
    assert [problem for item in items for problem in item.problems] == []
    assert all(item.when and item.owner and item.is_record for item in items)
    assert all(item.changes for item in items if item.source != "events")
    when = [item.when for item in items if item.when]
    assert when == sorted(when, reverse=True)
