"""The index: what it holds is what the files say, whatever happened to them or to it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core import mounting
from dmart_tui.core.address import Address
from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.catalog import Catalog, building, following, normal, open_catalog, passing_catalog, reading, stamps
from dmart_tui.core.catalog.following import follow
from dmart_tui.core.catalog.reading import Name, Reader
from dmart_tui.core.errors import NotFound
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.writing.packing import pack_addresses
from tests.core.catalog.conftest import entry, found, fresh, held, put

if TYPE_CHECKING:
    from collections.abc import Callable

PYTHON = sys.executable
PROJECT = Path(__file__).parents[3]


def test_holds_what_is_there(catalog: Catalog) -> None:
    catalog.update()
    state = catalog.state
    assert state.complete and (state.entries, state.attachments) == (9, 1)
    assert found(catalog, "sunlight") == ["blog/posts/a"]
    assert found(catalog, "attachments: well") == ["blog/posts/a"]
    with closing(catalog.connect()) as connection:
        links = connection.execute("SELECT role, target FROM links WHERE role != 'owner'").fetchall()
        payload, names = connection.execute(
            "SELECT json_extract(payload, '$.title'), (SELECT displayname_ku FROM resources WHERE type = 'user')"
            " FROM resources WHERE shortname = 'a'"
        ).fetchone()
    assert links == [("relationship", "blog/posts/b")]
    assert (payload, names) == ("Sunlight", "ئان")


def test_every_entry_of_real_spaces(real_root: Path, tmp_path: Path) -> None:
    spaces = Spaces(real_root)
    catalog = open_catalog(spaces, tmp_path)
    catalog.update()
    walked = [one for one in spaces.walk() if one.type]
    attached = sum(1 for one in walked for _ in spaces.attachments(one))
    assert (catalog.state.entries, catalog.state.attachments) == (len(walked), attached)


def test_every_entry_of_the_demo(demo_root: Path, tmp_path: Path) -> None:
    catalog = open_catalog(Spaces(demo_root), tmp_path)
    catalog.update()
    walked = [str(one.address) for one in Spaces(demo_root).walk() if one.type]
    with closing(catalog.connect()) as connection:
        rows = connection.execute("SELECT place FROM resources WHERE kind != 'attachment'").fetchall()
    assert len(rows) == len(walked)
    assert {row[0] for row in rows} == set(map(normal, walked))


# -- bringing it up to date -------------------------------------------------------------------------------------------


def edit_meta(root: Path) -> None:
    entry(root / "blog/posts", "a", {"title": "Sunlight"}, displayname="Longer than before")


def edit_payload(root: Path) -> None:
    put(root / "blog/posts/b.json", {"title": "Thunder and lightning"})


def replace_payload(root: Path) -> None:
    put(root / "blog/posts/new.tmp", {"title": "Hail"})
    (root / "blog/posts/new.tmp").rename(root / "blog/posts/b.json")


def take_payload_away(root: Path) -> None:
    (root / "blog/posts/b.json").unlink()


def bring_missing_payload(root: Path) -> None:
    put(root / "blog/posts/lost.json", {"title": "Found"})


def add_entry(root: Path) -> None:
    entry(root / "blog/posts/old", "d", {"title": "Snow"})


def remove_entry(root: Path) -> None:
    shutil.rmtree(root / "blog/posts/.dm/b")


def attach(root: Path) -> None:
    put(root / "blog/posts/.dm/b/attachments.comment/meta.two.json", {"shortname": "two", "body": "indeed"})


def edit_attachment(root: Path) -> None:
    put(root / "blog/posts/.dm/a/attachments.comment/meta.one.json", {"shortname": "one", "body": "badly said"})


def detach(root: Path) -> None:
    shutil.rmtree(root / "blog/posts/.dm/a/attachments.comment")


def add_folder(root: Path) -> None:
    put(root / "blog/posts/new/deep/.dm/meta.folder.json", {"shortname": "deep"})
    entry(root / "blog/posts/new/deep", "e", {"title": "Frost"})


def remove_folder(root: Path) -> None:
    shutil.rmtree(root / "blog/posts/old")


def move_folder(root: Path) -> None:
    (root / "blog/posts/old").rename(root / "management/old")


def name_folder(root: Path) -> None:
    put(root / "blog/posts/.dm/meta.folder.json", {"shortname": "posts", "displayname": "All the posts"})


def folder_for_entry(root: Path) -> None:
    shutil.rmtree(root / "blog/posts/.dm/b")
    put(root / "blog/posts/b/.dm/meta.folder.json", {"shortname": "b"})


def second_meta(root: Path) -> None:
    put(root / "blog/posts/.dm/b/meta.ticket.json", {"shortname": "b", "state": "new"})


def break_meta(root: Path) -> None:
    put(root / "blog/posts/.dm/b/meta.content.json", b'{"shortname": ')


def record_change(root: Path) -> None:
    with (root / "blog/posts/.dm/a/history.jsonl").open("a") as file:
        file.write(json.dumps({"timestamp": "2024-05-02T10:00:00", "owner_shortname": "bob"}) + "\n")


def record_change_of_folder(root: Path) -> None:
    put(root / "blog/posts/.dm/history.jsonl", {"timestamp": "2024-05-02T10:00:00", "owner_shortname": "bob"})


def add_space(root: Path) -> None:
    put(root / "shop/.dm/meta.space.json", {"shortname": "shop"})
    entry(root / "shop", "first", {"title": "Counter"})


def remove_space(root: Path) -> None:
    shutil.rmtree(root / "management")


CHANGES = [
    edit_meta, edit_payload, replace_payload, take_payload_away, bring_missing_payload, add_entry, remove_entry, attach,
    edit_attachment, detach, add_folder, remove_folder, move_folder, name_folder, folder_for_entry, second_meta,
    break_meta, record_change, record_change_of_folder, add_space, remove_space,
]  # fmt: skip


def differing(before: dict[str, object], after: dict[str, object]) -> list[str]:
    """The paths that a watcher of the whole root would tell of."""
    return [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]


def looks(root: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for path in (root, *root.rglob("*")):
        status = path.stat()
        found[str(path)] = status.st_ino, status.st_mtime_ns, status.st_size
    return found


@pytest.mark.parametrize("told", [False, True], ids=["compared", "told"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_up_to_date_is_as_if_made_anew(
    catalog: Catalog, root: Path, tmp_path: Path, change: Callable[[Path], None], told: bool
) -> None:
    put(root / "blog/posts/.dm/lost/meta.content.json", {"payload": {"content_type": "json", "body": "lost.json"}})
    catalog.update()
    before, looked = held(catalog), looks(root)
    change(root)
    outcome = catalog.changed(differing(looked, looks(root))) if told else catalog.update()
    assert outcome is not None and outcome.read + outcome.removed < 6
    after = held(catalog)
    assert after != before
    assert after == fresh(catalog, tmp_path)
    assert catalog.stale() == 0


def test_what_is_unchanged_is_not_opened(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog.update()
    monkeypatch.setattr(Spaces, "child", None)
    outcome = catalog.update()
    assert outcome is not None and (outcome.read, outcome.seen, catalog.stale()) == (0, 9, 0)


def test_what_changed_while_it_was_read_is_read_again(root: Path, tmp_path: Path) -> None:
    catalog = open_catalog(Spaces(root), tmp_path / "cache")
    catalog.update()
    assert catalog.stale()  # files made a moment ago may change again without their times showing it
    assert catalog.update()


def test_changes_are_nothing_without_an_index(catalog: Catalog, root: Path) -> None:
    assert catalog.changed([str(root / "blog")]) is None
    assert not catalog.file.exists()
    with pytest.raises(NotFound):
        catalog.connect()


@pytest.mark.parametrize("path", ["", "blog/nothing/here", "no/space", ".dmart-tui/lock", "../outside"])
def test_paths_that_are_nothing_change_nothing(catalog: Catalog, root: Path, path: str) -> None:
    catalog.update()
    before = held(catalog)
    catalog.changed([f"{root}/{path}"])
    assert held(catalog) == before


def test_what_is_mounted_takes_part(catalog: Catalog, root: Path, tmp_path: Path) -> None:
    put(root / "blog/posts/first/.dm/meta.folder.json", {"shortname": "first"})
    catalog.update()
    before = held(catalog)
    archive = str(tmp_path / "posts.des")
    pack_addresses(catalog.spaces, [Address("blog", ("posts",))], archive, links="keep")
    shutil.rmtree(root / "blog/posts")
    mounting.mount(catalog.spaces.root, archive)
    try:
        catalog.update()
        assert held(catalog) == before
        again = catalog.update()
        assert again is not None and again.read == 0
    finally:
        mounting.unmount(catalog.spaces.root, archive)
    catalog.update()
    assert held(catalog) == fresh(catalog, tmp_path)
    assert not found(catalog, "sunlight")


# -- stopping ---------------------------------------------------------------------------------------------------------

BUILD = """
import os, signal, sys
from pathlib import Path
from dmart_tui.core.catalog import building, open_catalog, stamps
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.writing.packing import pack_addresses
from tests.core.catalog.conftest import entry, found, put
building._BATCH, building._TOLD, stamps._SHORTLY = 20, 10, -1e9
def told(progress):
    if len(sys.argv) > 3 and progress.seen + progress.read >= int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
print(open_catalog(Spaces(sys.argv[1]), Path(sys.argv[2])).update(told).read)
"""


def start_build(root: Path, cache: Path, *stop: str) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-c", BUILD, str(root), str(cache), *stop]
    return subprocess.Popen(argv, cwd=PROJECT, stdout=subprocess.PIPE)


@pytest.mark.parametrize("after", [30, 300])
def test_a_killed_build_goes_on_where_it_was(
    demo_root: Path, tmp_path: Path, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps, "_SHORTLY", -1e9)
    catalog = open_catalog(Spaces(demo_root), tmp_path / "cache")
    killed = start_build(demo_root, tmp_path / "cache", str(after))
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert not catalog.state.complete
    kept = catalog.state.entries
    assert 0 < kept <= after
    outcome = catalog.update()
    assert outcome is not None and catalog.state.complete
    assert outcome.read <= catalog.state.entries + 10 - kept
    assert held(catalog) == fresh(catalog, tmp_path)


def test_a_cancelled_build_keeps_what_it_has(catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dmart_tui.core.catalog.building._TOLD", 1)
    token = CancelToken()
    with pytest.raises(Cancelled):
        catalog.update(lambda progress: token.cancel() if progress.read == 4 else None, token)
    assert catalog.state.entries and not catalog.state.complete
    catalog.update()
    assert held(catalog) == fresh(catalog, tmp_path)


@pytest.mark.parametrize("interpreter", [PYTHON, "/bin/false", "/bin/cat", "/does/not/exist"])
def test_a_second_process_helps_or_is_done_without(
    demo_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interpreter: str
) -> None:
    catalog = open_catalog(Spaces(demo_root), tmp_path / "cache")
    expected = fresh(catalog, tmp_path)
    here: list[Name] = []
    read = Reader._read
    monkeypatch.setattr(reading, "WORTH", 1)
    monkeypatch.setattr(reading, "_CHUNK", 7)
    monkeypatch.setattr(sys, "executable", interpreter)
    monkeypatch.setattr(Reader, "_read", lambda *asked: (here.extend(asked[-1]), read(*asked))[1])
    outcome = catalog.update()
    assert held(catalog) == expected
    assert outcome is not None and (len(here) < outcome.read) == (interpreter == PYTHON)


@pytest.mark.parametrize("at", [1, 40, 150, 300, 450])
def test_what_a_cancel_keeps_hangs_together(
    demo_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    monkeypatch.setattr(reading, "WORTH", 1)
    monkeypatch.setattr(building, "_TOLD", 1)
    catalog, token = open_catalog(Spaces(demo_root), tmp_path / "cache"), CancelToken()
    with pytest.raises(Cancelled):
        catalog.update(lambda progress: token.cancel() if progress.read == at else None, token)
    with closing(catalog.connect()) as connection:
        assert connection.execute("SELECT name FROM units WHERE parent NOT IN (SELECT id FROM units)").fetchall() == [
            ("",)
        ]
    catalog.update()
    assert held(catalog) == fresh(catalog, tmp_path)


def test_no_module_of_the_current_folder_is_run(
    demo_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("dmart_tui", "msgspec", "pickle"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reading, "WORTH", 1)
    open_catalog(Spaces(demo_root), tmp_path / "cache").update()
    assert not (tmp_path / "run").exists()


# -- several processes ------------------------------------------------------------------------------------------------


def test_one_writes_and_others_read(catalog: Catalog, root: Path) -> None:
    catalog.update()
    with open(catalog.file.with_suffix(".lock"), "r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        edit_payload(root)
        assert catalog.state.writing
        assert catalog.update(wait=False) is None
        assert found(catalog, "rain") == ["blog/posts/b"]
        token = CancelToken()
        token.cancel()
        with pytest.raises(Cancelled):
            catalog.update(cancel=token)
    assert not catalog.state.writing
    catalog.update()
    assert found(catalog, "thunder") == ["blog/posts/b"]


def test_two_processes_share_the_work(demo_root: Path, tmp_path: Path) -> None:
    both = [start_build(demo_root, tmp_path / "cache") for _ in range(2)]
    read = sorted(int(one.communicate(timeout=120)[0]) for one in both)
    catalog = open_catalog(Spaces(demo_root), tmp_path / "cache")
    assert read[0] == 0 and read[1] >= catalog.state.entries
    assert held(catalog) == fresh(catalog, tmp_path)


# -- damage -----------------------------------------------------------------------------------------------------------


def scribbled(file: Path) -> None:
    with file.open("r+b") as opened:
        size = file.stat().st_size
        opened.seek(4096)
        opened.write(os.urandom(size - 4096))


def other_version(file: Path) -> None:
    import sqlite3

    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 99999")


DAMAGE: dict[str, Callable[[Path], object]] = {
    "scribbled": scribbled,
    "cut": lambda file: os.truncate(file, file.stat().st_size // 2),
    "empty": lambda file: os.truncate(file, 0),
    "no database": lambda file: file.write_bytes(b"hello" * 10_000),
    "other version": other_version,
    "gone": lambda file: file.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_index_is_built_again(
    catalog: Catalog, root: Path, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    catalog.update()
    for suffix in ("-wal", "-shm"):
        catalog.file.with_name(catalog.file.name + suffix).unlink(missing_ok=True)
    damage(catalog.file)
    assert catalog.state.entries >= 0
    catalog.update()
    assert held(catalog) == fresh(catalog, tmp_path)


def test_an_index_of_another_root_is_not_taken(catalog: Catalog, root: Path, tmp_path: Path) -> None:
    catalog.update()
    other = tmp_path / "other"
    put(other / "only/.dm/meta.space.json", {"shortname": "only"})
    theirs = Catalog(Spaces(other), catalog.file)
    assert not theirs.state.complete
    theirs.update()
    assert theirs.state.entries == 1


def test_dropping_it_loses_nothing(catalog: Catalog, tmp_path: Path) -> None:
    catalog.update()
    assert catalog.drop() and not catalog.drop()
    assert not catalog.state.complete
    catalog.update()
    assert held(catalog) == fresh(catalog, tmp_path)


def test_names_and_texts_that_are_no_utf8(catalog: Catalog, root: Path) -> None:
    name = os.fsdecode(b"bad\xff")
    put(root / f"blog/posts/.dm/{name}/meta.content.json", b'{"displayname": "half \\ud800 pair", "tags": ["\\udc00"]}')
    put(root / f"blog/{name}/.dm/meta.folder.json", {"displayname": "shelf"})
    catalog.update()
    assert set(found(catalog, "pair OR shelf")) == {f"blog/posts/{name}", f"blog/{name}"}
    edit_payload(root)
    outcome = catalog.update()
    assert outcome is not None and outcome.read == 1


# -- a moment's index, and one that follows ---------------------------------------------------------------------------


def test_a_passing_index_has_links_and_leaves_nothing(root: Path, tmp_path: Path) -> None:
    with passing_catalog(Spaces(root)) as catalog:
        folder = catalog.file.parent
        with closing(catalog.connect()) as connection:
            assert connection.execute("SELECT count(*) FROM links WHERE role = 'relationship'").fetchone() == (1,)
            assert connection.execute("SELECT count(*) FROM texts").fetchone() == (0,)
    assert not folder.exists()


@pytest.mark.parametrize("watches", [True, False], ids=["watched", "no watches left"])
def test_it_follows_what_changes(catalog: Catalog, root: Path, monkeypatch: pytest.MonkeyPatch, watches: bool) -> None:
    def none_left(*_: object, **__: object) -> None:
        raise OSError

    if not watches:
        monkeypatch.setattr(following, "changes", none_left)
        monkeypatch.setattr(following, "_UNTOLD", 0.05)
    stop, told = threading.Event(), threading.Semaphore(0)
    follower = threading.Thread(target=follow, args=(catalog, stop, lambda _: told.release()))
    follower.start()
    try:
        assert told.acquire(timeout=60)
        assert catalog.state.complete
        edit_payload(root)
        while not found(catalog, "thunder"):
            assert told.acquire(timeout=60)
    finally:
        stop.set()
        follower.join()
