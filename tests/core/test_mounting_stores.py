"""A store of shards is seen where its files were, as a packed subtree is."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dmart_tui.core import disk, mounting
from dmart_tui.core.address import Address
from dmart_tui.core.archives import mounted_stores
from dmart_tui.core.archives.archive import open_archive
from dmart_tui.core.archives.stores import Store, files_of
from dmart_tui.core.archives.trees import Root
from dmart_tui.core.errors import DmartTuiError, NotFound, Refused
from dmart_tui.core.files import read_bounded
from dmart_tui.core.spaces import FOLDER, Spaces
from dmart_tui.core.steps import Write
from dmart_tui.core.writing import Store as Changes
from dmart_tui.core.writing import plan_trash
from dmart_tui.core.writing.packing import roots_at
from tests.core.test_mounting import copied, told

DAY, NEXT = date(2026, 11, 20), date(2026, 11, 21)


@pytest.fixture(autouse=True)
def nothing_stays_mounted() -> Iterator[None]:
    yield
    for one in list(disk._MOUNTS):
        disk.unmount(one.root)


def put(top: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text)


def added(store: Store, top: Path, files: dict[str, str], day: date = DAY) -> None:
    put(top, files)
    store.append(day, files_of([Root(str(top), path) for path in files]))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Files of a folder in four shards of a day."""
    made = Store(str(tmp_path / "store"), bits=2)
    added(made, tmp_path / "from", {f"sp/p/{name}.txt": f"the text of {name}" for name in "abcdefgh"})
    return made


@pytest.fixture
def root(tmp_path: Path) -> str:
    """A root with a space in which the folder of the store is missing."""
    put(tmp_path / "root", {"sp/.dm/meta.space.json": "{}"})
    return str(tmp_path / "root")


def test_readers_see_what_they_saw(demo_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounted_stores, "_OPEN", 3)
    spaces = copied(demo_root, tmp_path / "root")
    space = spaces.space_names()[0]
    name = next(name for name, flags in sorted(spaces.scan(Address(space))) if flags == FOLDER)
    address = Address(space, (name,))
    log = Path(spaces.root, space, ".dm/events.jsonl")
    events = log.read_bytes() if log.exists() else None
    before = told(spaces)
    store = Store(str(tmp_path / "store"), bits=3, layout="shard")
    store.append(DAY, files_of(roots_at(spaces, [address])))
    changes = Changes(spaces, user="ann")
    changes.apply(plan_trash(changes, address, references=False), anyway=True)
    if events is not None:
        log.write_bytes(events)
    mounting.mount(spaces.root, store.base, bits=3, layout="shard")
    assert told(spaces) == before
    mounting.attach(spaces.root)  # as the next program does
    assert told(spaces) == before
    with pytest.raises(Refused, match="mounted"):
        changes.journal.apply((Write(f"{spaces.root}/{space}/{name}/new.json", b"{}"),), title="a change")
    mounting.unmount(spaces.root, store.base)
    with pytest.raises(NotFound):
        spaces.load(address)


def test_a_file_is_looked_up_in_one_archive_a_day(
    root: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(store, tmp_path / "from", {f"sp/p/{name}.txt": "another day" for name in "qrstuvwx"}, NEXT)
    mounting.mount(root, store.base, bits=2)
    disk.unmount(root)
    mounting.attach(root)
    opened = []

    def counted(source: Any) -> Any:
        opened.append(source.label)
        return open_archive(source)

    monkeypatch.setattr(mounted_stores, "open_archive", counted)
    assert disk.isdir(f"{root}/sp/p")
    assert opened == []
    assert read_bounded(f"{root}/sp/p/a.txt", root, 100) == b"the text of a"
    assert opened == [store.place("sp%2Fp%2Fa.txt", day) for day in (NEXT, DAY)]
    assert len(list(disk.scandir(f"{root}/sp/p"))) == 16
    assert set(opened) == {path for day in store.days() for _, path in store.shards(day)}


def test_the_newest_day_is_seen_and_what_is_added_since(
    root: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mounted_stores, "_LOOK", 0)
    mounting.mount(root, store.base, bits=2)
    assert read_bounded(f"{root}/sp/p/a.txt", root, 100) == b"the text of a"
    assert not disk.exists(f"{root}/sp/p/new.txt")
    added(store, tmp_path / "from", {"sp/p/a.txt": "of today", "sp/p/new.txt": "new"}, NEXT)
    assert read_bounded(f"{root}/sp/p/a.txt", root, 100) == b"of today"
    assert sum(entry.name == "a.txt" for entry in disk.scandir(f"{root}/sp/p")) == 1
    assert read_bounded(f"{root}/sp/p/a.txt", root, 100) == b"of today"
    assert read_bounded(f"{root}/sp/p/new.txt", root, 100) == b"new"


def test_it_stands_where_the_root_has_nothing(root: str, store: Store, tmp_path: Path) -> None:
    added(store, tmp_path / "from", {"sp/q/.dm/x/meta.content.json": "{}", "sp/q/x.json": "{}", "other/y/z.json": "1"})
    put(Path(root), {"sp/q/.dm/meta.folder.json": "{}"})
    found = mounting.mount(root, store.base, bits=2)
    assert set(found.covers) == {"other", "sp/p", "sp/q/.dm/x", "sp/q/x.json"}
    assert [entry.name for entry in disk.scandir(f"{root}/other")] == ["y"]
    assert {entry.name for entry in disk.scandir(f"{root}/sp/q/.dm")} == {"meta.folder.json", "x"}


@pytest.mark.parametrize("what", ["there", "bits", "layout", "no files of spaces", "too many", "damaged", "no store"])
def test_what_is_not_mounted(
    root: str, store: Store, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if what == "there":
        put(Path(root), {"sp/p/a.txt": "mine"})
    elif what == "no files of spaces":
        added(store, tmp_path / "from", {"a.txt": "at the top"})
    elif what == "too many":
        monkeypatch.setattr(mounting, "_COVERS", 3)
        (Path(root) / "sp/p").mkdir()
    elif what == "damaged":
        Path(store.shards(DAY)[0][1]).write_bytes(b"no archive")
    elif what == "no store":
        (tmp_path / "store").rename(tmp_path / "moved")
        (tmp_path / "store").mkdir()
    with pytest.raises(DmartTuiError):
        mounting.mount(root, store.base, bits=3 if what == "bits" else 2, layout="shard" if what == "layout" else "hex")
    assert mounting.mounted(root) == []


def test_a_store_that_is_gone_or_damaged_is_told(root: str, store: Store, tmp_path: Path) -> None:
    mounting.mount(root, store.base, bits=2)
    mounting.attach(root)
    Path(store.place("sp%2Fp%2Fa.txt", DAY)).write_bytes(b"no archive")
    with pytest.raises(OSError, match="archive") as caught:
        disk.open_kept(f"{root}/sp/p/a.txt")
    assert caught.value.errno == errno.EIO
    (tmp_path / "store").rename(tmp_path / "moved")
    mounting.attach(root)
    with pytest.raises(OSError, match="no such store"):
        disk.open_kept(f"{root}/sp/p/b.txt")
    assert Spaces(root).space_names() == ["sp"]


def test_one_in_the_root_leads_nowhere_else(root: str, store: Store, tmp_path: Path) -> None:
    inner = Path(root) / ".stores/s"
    inner.parent.mkdir()
    Path(store.base).rename(inner)
    mounting.mount(root, str(inner), bits=2)
    shard = Path(Store(str(inner), bits=2).place("sp%2Fp%2Fa.txt", DAY))
    shard.rename(tmp_path / "outside.des")
    shard.symlink_to(tmp_path / "outside.des")
    mounting.attach(root)
    with pytest.raises(OSError, match="leads out of the root"):
        disk.open_kept(f"{root}/sp/p/a.txt")
