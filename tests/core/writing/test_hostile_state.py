"""A state folder from somebody else: nothing in it leads out of the root, breaks the program or destroys anything."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from dmart_tui.core import readying
from dmart_tui.core.errors import Damaged, DmartTuiError, Failed, NotFound, Refused
from dmart_tui.core.journal import STATE_FOLDER
from dmart_tui.core.locking import file_locks
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.steps import Append, MakeFolder, Move, Write
from dmart_tui.core.writing import Store, plan_restore, plan_set, plan_trash, purge, trash_items
from dmart_tui.core.writing.batch_records import batches
from dmart_tui.core.writing.bulk import Job, run, undo
from tests.support.crashing import tree
from tests.support.operations import NOW, POST, blog
from tests.support.watching import look

if TYPE_CHECKING:
    from collections.abc import Callable

WHOLE: Final = {"title": "t\x1b[2J", "when": "2026-01-01T00:00:00", "temps": []}
DEEP: Final = b"[" * 100_000


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A blog that nobody changed yet."""
    blog(tmp_path / "root")
    root = tmp_path / "root"
    return Store(Spaces(root), user="ann", now=lambda: NOW, locks=file_locks(root / STATE_FOLDER))


@pytest.fixture
def root(store: Store) -> Path:
    return Path(store.spaces.root)


def change(store: Store) -> None:
    store.apply(plan_set(store, POST, [("slug", "x")]), anyway=True)


def throw_away(store: Store) -> None:
    store.apply(plan_trash(store, POST), anyway=True)


def lock(store: Store) -> None:
    assert store.locks is not None
    store.locks.take(POST, "ann")


def batch(store: Store) -> str:
    jobs = [Job(POST, lambda: plan_set(store, POST, [("slug", "y")]))]
    return run(store, "Set", jobs, anyway=True).batch


def take_back(store: Store) -> None:
    undo(store, batches(store)[0].identity)


# -- symlinks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [change, throw_away, lock, batch, purge, Store.recover], ids=lambda act: act.__name__)
@pytest.mark.parametrize("name", ["", "journal", "trash", "locks", "batches", "lock", "locks/.guard"])
def test_symlinks_lead_nowhere(
    store: Store, root: Path, tmp_path: Path, name: str, act: Callable[[Store], object]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link = root / STATE_FOLDER / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside)
    before = look(outside)
    try:
        act(store)
    except DmartTuiError as error:
        assert error.exit_code in (4, 6)
    assert look(outside) == before


@pytest.mark.parametrize("name", ["lock", "locks/.guard", "batches/20260101-000000-abcdef.jsonl"])
def test_a_pipe_stops_nobody(store: Store, root: Path, name: str) -> None:
    pipe = root / STATE_FOLDER / name
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    change(store)
    lock(store)
    assert batches(store) == []


# -- the journal ------------------------------------------------------------------------------------------------------


def interrupted(root: Path, intent: Any, steps: Any = None, name: str = "0123") -> Path:
    """A record of a change in the journal; JSON unless it is bytes."""
    folder = root / STATE_FOLDER / "journal" / name
    folder.mkdir(parents=True)
    for file, held in (("intent", intent), ("undo", steps)):
        if held is not None:
            (folder / file).write_bytes(held if isinstance(held, bytes) else json.dumps(held).encode())
    return folder


@pytest.mark.parametrize(
    ("intent", "steps"),
    [
        (b'{"title": ', None),
        (b"\0" * 100, None),
        (b"\xff\xfe", None),
        (DEEP, None),
        (b"null", None),
        ([1], None),
        ({"title": "t"}, None),
        (b'{"title": "t", "temps": [], "when": 1e400}', None),
        (b'{"n": ' + b"9" * 10_000 + b"}", None),
        (WHOLE, b"[{"),
        (WHOLE, DEEP),
        (WHOLE, [{"type": "Teleported", "path": "blog"}]),
    ],
    ids=range(12),
)
def test_a_damaged_record_is_told_and_changes_nothing(store: Store, root: Path, intent: Any, steps: Any) -> None:
    folder = interrupted(root, intent, steps)
    before = tree(root)
    assert len(store.journal.pending()) == 1
    for act in (change, Store.recover):
        with pytest.raises(Failed, match=r"damaged .*remove that folder"):
            act(store)
    assert tree(root) == before
    shutil.rmtree(folder)
    change(store)


@pytest.mark.parametrize(
    ("intent", "steps"),
    [
        (WHOLE | {"temps": ["\ud800"]}, []),
        (WHOLE | {"temps": ["a\0b"]}, []),
        (WHOLE | {"temps": ["."]}, []),
        (WHOLE | {"temps": ["blog"]}, []),
        (WHOLE | {"temps": ["blog/posts/.one.tmp-4567-1"]}, []),
        (WHOLE, [{"type": "RemovedFolder", "path": "blog/new", "mode": 448, "owner": [2**40, 0]}]),
        (WHOLE, [{"type": "Appended", "path": "blog/posts/one.json", "line": "AAAA", "ended": True, "size": -5}]),
    ],
    ids=range(7),
)
def test_a_record_of_an_enemy_destroys_nothing(store: Store, root: Path, intent: Any, steps: Any) -> None:
    interrupted(root, intent, steps)
    (root / "blog/posts/.one.tmp-4567-1").write_text("of another change")
    before = tree(root)
    with pytest.raises(Failed, match="cannot be undone"):
        change(store)
    shutil.rmtree(root / "blog/new", ignore_errors=True)
    assert tree(root) == before


@pytest.mark.parametrize("name", ["finished-0123", "undone-0123"])
@pytest.mark.parametrize("away", ["blog", "../outside", "blog/posts/one.json"])
def test_what_is_left_of_a_change_is_only_what_it_made(store: Store, root: Path, name: str, away: str) -> None:
    (root.parent / "outside").mkdir()
    interrupted(root, WHOLE | {"temps": [away]}, [], name)
    before = tree(root)
    with pytest.raises(Failed):
        change(store)
    assert tree(root) == before
    assert (root.parent / "outside").is_dir()


def test_a_journal_that_is_a_file(store: Store, root: Path) -> None:
    (root / STATE_FOLDER).mkdir()
    (root / STATE_FOLDER / "journal").write_text("")
    with pytest.raises(Failed, match="Not a directory"):
        change(store)


# -- the trash --------------------------------------------------------------------------------------------------------

MANIFEST: Final = {
    "address": "blog/lost",
    "kind": "entry",
    "type": "content",
    "displayname": "\x1b[2J",
    "when": "2026-01-01T00:00:00",
    "who": "\u202e",
    "size": 1,
    "entries": 1,
    "moves": [{"path": "blog/.dm/lost", "stored": "0"}],
    "meta": "blog/.dm/lost/meta.content.json",
}


def thrown_away(root: Path, manifest: Any) -> None:
    """Something in the trash; JSON unless it is bytes."""
    folder = root / STATE_FOLDER / "trash/20260101-000000-000000-abcdef"
    (folder / "0").mkdir(parents=True)
    (folder / "0/meta.content.json").write_text('{"shortname": "lost"}')
    data = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    (folder / "manifest.json").write_bytes(data)


@pytest.mark.parametrize(
    "manifest",
    [
        b"{",
        DEEP,
        b" " * 2_000_000,
        b'{"size": 1e400}',
        MANIFEST | {"address": "../lost"},
        MANIFEST | {"address": "blog/\0"},
        MANIFEST | {"address": "blog/\ud800"},
        MANIFEST | {"kind": "spaceship"},
        MANIFEST | {"moves": []},
        MANIFEST | {"moves": [{"path": "../lost", "stored": "0"}]},
        MANIFEST | {"moves": [{"path": "/etc/lost", "stored": "0"}]},
        MANIFEST | {"moves": [{"path": "blog/.dm/lost", "stored": "../../lock"}]},
        MANIFEST | {"moves": [{"path": "blog/posts", "stored": "0"}]},
        MANIFEST | {"moves": [{"path": ".dmart-tui/journal/9", "stored": "0"}]},
        MANIFEST | {"moves": [{"path": f"blog/.dm/{name}", "stored": "0"} for name in "ab"]},
    ],
    ids=range(15),
)
def test_a_manifest_of_an_enemy_restores_nothing_and_can_be_freed(store: Store, root: Path, manifest: Any) -> None:
    thrown_away(root, manifest)
    before = tree(root)
    [item] = trash_items(store)
    with pytest.raises(DmartTuiError):
        store.apply(plan_restore(store, item.identity), anyway=True)
    assert tree(root) == before
    assert purge(store).items == 1
    assert list(trash_items(store)) == []


def test_the_manifest_that_the_others_are_made_of_is_a_good_one(store: Store, root: Path) -> None:
    thrown_away(root, MANIFEST)
    [item] = trash_items(store)
    store.apply(plan_restore(store, item.identity), anyway=True)
    assert (root / "blog/.dm/lost/meta.content.json").exists()


def test_stray_files_in_the_trash_hide_nothing(store: Store, root: Path) -> None:
    throw_away(store)
    for name in ("Thumbs.db", "99999999"):
        (root / STATE_FOLDER / "trash" / name).write_text("")
    (root / STATE_FOLDER / "trash/dangling").symlink_to("nowhere")
    assert [item.problem for item in trash_items(store)] == [""]
    assert purge(store).items == 1


# -- records of batches -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "raised"),
    [(b"", Damaged), (DEEP, Damaged), (b"{}\n", Damaged), (b'{"title": 1}\n', Damaged), (None, Refused)],
    ids=["empty", "deep", "other", "types", "pipe"],
)
def test_a_damaged_batch_is_told(store: Store, root: Path, held: bytes | None, raised: type[DmartTuiError]) -> None:
    file = root / STATE_FOLDER / "batches/x.jsonl"
    file.parent.mkdir(parents=True)
    if held is None:
        os.mkfifo(file)
    else:
        file.write_bytes(held)
    assert batches(store) == []
    with pytest.raises(raised):
        undo(store, "x")
    with pytest.raises(NotFound):
        undo(store, "y")


@pytest.mark.parametrize("line", [b"{\n", DEEP + b"\n", b'{"title": "t", "address": {"space": ".."}, "undo": []}\n'])
def test_a_damaged_line_of_a_batch_is_no_success(store: Store, root: Path, line: bytes) -> None:
    identity = batch(store)
    file = root / STATE_FOLDER / f"batches/{identity}.jsonl"
    head = file.read_bytes().splitlines(keepends=True)[0]
    file.write_bytes(head + b"+\n" + line + b"+\n")
    report = undo(store, identity)
    assert (report.done, report.failed) == (0, 1)
    assert file.exists()


@pytest.mark.parametrize("names", [("..", "..", "etc"), (".dm",), ("posts", "")])
def test_a_batch_of_an_enemy_leads_nowhere(store: Store, root: Path, names: tuple[str, ...]) -> None:
    identity = batch(store)
    file = root / STATE_FOLDER / f"batches/{identity}.jsonl"
    head = file.read_bytes().splitlines(keepends=True)[0]
    address = {"space": "blog", "parts": names}
    made = {"title": "t", "address": address, "result": None, "undo": [["Created", {"address": address}]]}
    file.write_bytes(head + json.dumps(made).encode() + b"\n+\n")
    before = tree(root)
    report = undo(store, identity)
    assert (report.done, report.failed) == (0, 1)
    assert tree(root) == before


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [Move, Write, MakeFolder, Append], ids=lambda step: step.__name__)
def test_a_disk_that_takes_shorter_names_only_is_left_as_it_was(
    store: Store, root: Path, step: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readying, "NAME_LIMIT", 4000)  # as if this disk were of another kind than most
    path, before = f"{root}/blog/{'n' * 300}", tree(root)
    held = {Move: (f"{root}/blog/posts", path), Write: (path, b""), MakeFolder: (path,), Append: (path, b"")}
    with pytest.raises((Failed, Refused)):
        store.journal.apply([Write(f"{root}/blog/first", b""), step(*held[step])], title="test")
    assert tree(root) == before
    assert store.journal.pending() == []
    change(store)
