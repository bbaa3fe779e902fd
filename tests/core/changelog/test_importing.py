"""Every line of a root comes into the store once, however often it is imported and whatever happened in between."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from dmart_tui.core import disk
from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.changelog import Imported, Progress, import_spaces, importing, store_of
from dmart_tui.core.changelog.memory import Memory
from dmart_tui.core.historydb import Store, WriterHeld, read_block
from dmart_tui.core.spaces import Spaces

OWN = "shop/sales/.dm/deal/history.jsonl"
EVENTS = "shop/.dm/events.jsonl"


def line(key: str, minute: int = 0, **more: object) -> str:
    when = f"2023-05-01T{minute // 60:02}:{minute % 60:02}:00"
    return json.dumps({"timestamp": when, "owner_shortname": "mia", "diff": {key: {"old": 1, "new": 2}}, **more})


def event(shortname: str, request: str = "create") -> str:
    what = {"type": "content", "space_name": "shop", "subpath": "/sales", "shortname": shortname}
    return json.dumps({"timestamp": "2023-05-02", "resource": what, "request": request, "user_shortname": "mia"})


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "spaces"
    write(
        root,
        {
            "shop/.dm/meta.space.json": "{}",
            "shop/.dm/history.jsonl": line("space") + "\n",
            EVENTS: event("deal") + "\n" + event("deal", "delete") + "\n",
            "shop/.dm/sales/history.jsonl": line("top"),
            "shop/sales/.dm/east/history.jsonl": line("side"),
            "shop/sales/east/.dm/meta.folder.json": "{}",
            "shop/sales/.dm/meta.folder.json": "{}",
            "shop/sales/.dm/deal/meta.ticket.json": "{}",
            OWN: line("a") + "\n" + line("b") + "\n",
            "shop/sales/.dm/deal/attachments.media/meta.pic.json": "{}",
            "shop/.dm/sales/deal/history.jsonl": line("attached") + "\n",
        },
    )
    return root


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "store.hdb"


def take(root: Path, store: Path) -> Imported:
    return import_spaces(Spaces(root), store)


def documents(store: Path) -> list[dict[str, Any]]:
    with Store.open(str(store)) as opened:
        return [document for ref in opened.blocks() for document in read_block(ref).documents()]


def keys(store: Path) -> Counter[str]:
    return Counter(document.get("key", document["request"]) for document in documents(store))


ALL = Counter(("space", "top", "side", "a", "b", "attached", "create", "delete"))


def test_all_histories_and_event_logs_are_taken_in(root: Path, store: Path) -> None:
    done = take(root, store)
    assert keys(store) == ALL
    assert (done.documents, done.files, done.damaged) == (8, 6, 0)
    types = {
        document["key"]: (document["type"], document["source"]) for document in documents(store) if "key" in document
    }
    assert types["a"] == ("ticket", "own")
    assert types["side"] == ("folder", "side-car")
    assert types["space"] == ("space", "space")
    assert types["attached"] == ("", "attachments")


def test_another_import_adds_nothing(root: Path, store: Path) -> None:
    take(root, store)
    again = take(root, store)
    assert (again.documents, again.read) == (0, 0)
    assert keys(store) == ALL


def test_only_new_lines_are_read(root: Path, store: Path) -> None:
    take(root, store)
    with (root / OWN).open("a") as file:
        file.write(line("c") + "\n")
    done = take(root, store)
    assert (done.documents, done.read) == (1, len(line("c")) + 1)
    assert keys(store) == ALL + Counter(("c",))


def test_a_line_that_is_still_being_written_waits(root: Path, store: Path) -> None:
    whole = line("c")
    with (root / OWN).open("a") as file:
        file.write(whole[:30])
    assert take(root, store).damaged == 0
    assert keys(store) == ALL
    with (root / OWN).open("a") as file:
        file.write(whole[30:] + "\n")
    take(root, store)
    assert keys(store) == ALL + Counter(("c",))


def test_a_file_written_anew_gives_what_the_store_has_not(root: Path, store: Path) -> None:
    take(root, store)
    (root / OWN).write_text("\n".join([line("first"), line("b"), line("last")]) + "\n")
    done = take(root, store)
    assert (done.documents, done.known) == (2, 1)
    assert keys(store) == ALL + Counter(("first", "last"))


def test_a_file_that_was_moved_is_read_on(root: Path, store: Path) -> None:
    take(root, store)
    (root / "shop/sales/.dm/deal").rename(root / "shop/sales/.dm/renamed")
    with (root / "shop/sales/.dm/renamed/history.jsonl").open("a") as file:
        file.write(line("c") + "\n")
    take(root, store)
    assert keys(store) == ALL + Counter(("c",))
    assert {document["entry"] for document in documents(store) if document.get("key") == "c"} == {"shop/sales/renamed"}


def test_files_without_inodes_are_told_apart(root: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are kept in archives: their status is made up."""
    for name in ("twin", "other"):
        write(root, {f"shop/sales/.dm/{name}/meta.content.json": "{}"})
    stat = disk.stat

    def made_up(path: str) -> os.stat_result:
        return os.stat_result((*stat(path)[:1], 0, *stat(path)[2:7], 0, 0, 0), {"st_mtime_ns": 0, "st_mtime": 0.0})

    monkeypatch.setattr(disk, "stat", made_up)
    write(root, {"shop/sales/.dm/twin/history.jsonl": line("c") + "\n"})
    take(root, store)
    write(root, {"shop/sales/.dm/other/history.jsonl": line("c") + "\n"})
    take(root, store)
    assert keys(store) == ALL + Counter(("c", "c"))


def test_a_copy_of_the_root_is_read_on(root: Path, store: Path) -> None:
    """Other inodes, the same content."""
    take(root, store)
    text = (root / OWN).read_text()
    (root / OWN).unlink()
    (root / OWN).write_text(text + line("c") + "\n")
    assert take(root, store).documents == 1


def test_without_its_memory_an_import_compares_ids(root: Path, store: Path) -> None:
    take(root, store)
    for file in (store / "imports").iterdir():
        file.unlink()
    done = take(root, store)
    assert (done.documents, done.known) == (0, 8)
    assert keys(store) == ALL


def test_a_crash_between_append_and_memory_doubles_nothing(
    root: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(root, store)
    with (root / OWN).open("a") as file:
        file.write(line("c") + "\n" + line("d") + "\n")

    keep = Memory.keep

    def crash(memory: Memory, *, whole: bool) -> None:
        if whole:
            raise KeyboardInterrupt
        keep(memory, whole=whole)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Memory, "keep", crash)
        take(root, store)
    assert keys(store) == ALL + Counter(("c", "d"))
    assert take(root, store).known == 2
    assert keys(store) == ALL + Counter(("c", "d"))


def test_an_import_that_is_stopped_goes_on_where_it_was(
    root: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 2)
    token = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.documents >= 2:
            token.cancel()

    with pytest.raises(Cancelled):
        import_spaces(Spaces(root), store, progress=stop, cancel=token)
    begun = sum(keys(store).values())
    assert 0 < begun < 8
    rest = take(root, store)
    assert (rest.documents, rest.known) == (8 - begun, 0)
    assert keys(store) == ALL


def test_what_is_damaged_is_counted_and_left_out(root: Path, store: Path) -> None:
    diff = {"old": 1, "new": 2}
    odd = [json.dumps({"diff": {"x": diff}}), json.dumps({"diff": {"y": diff}, "timestamp": "0001-01-01"})]
    (root / OWN).write_text("\n".join(["no json", "", line("a"), *odd]) + "\n")
    done = take(root, store)
    assert (done.damaged, done.undated) == (1, 2)
    written = {document.get("key"): document["ts"] for document in documents(store)}
    assert written["x"] == written["y"] == written["a"]  # the time of the line before


def test_only_one_writes_a_store(root: Path, store: Path) -> None:
    take(root, store)
    with Store.open(str(store), write=True), pytest.raises(WriterHeld):
        take(root, store)


def test_each_root_has_a_store_of_its_own(tmp_path: Path) -> None:
    one, other = store_of("/a", tmp_path), store_of("/b", tmp_path)
    assert one != other
    assert one.suffix == ".hdb"
