"""Every operation that writes, for the tests that kill it, fill its disk and forbid it to write.

An operation added here is held to all of them.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from dmart_tui.core.address import Address
from dmart_tui.core.errors import Failed
from dmart_tui.core.journal import STATE_FOLDER, Journal
from dmart_tui.core.locking import file_locks
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.steps import Append, Copy, Discard, Expect, MakeFolder, Move, RemoveFolder, Write, digest
from dmart_tui.core.writing import (
    Plan,
    Store,
    lock_entry,
    plan_attach,
    plan_comment,
    plan_create,
    plan_link,
    plan_move,
    plan_progress,
    plan_react,
    plan_replace,
    plan_reply,
    plan_restore,
    plan_restore_to,
    plan_set,
    plan_trash,
    plan_unlink,
    purge,
    trash_items,
    unlock_entry,
)


@dataclass(frozen=True)
class Operation:
    """Something that a person does, on a folder made for it."""

    name: str
    make_root: Callable[[Path], None]
    run: Callable[[Path], None]
    quick: bool = False
    """Killed at every call in each run of the tests, not in the long ones only."""
    whole: bool = True
    """Whether a disk that refuses leaves nothing of it done; a batch does what it can."""

    def __str__(self) -> str:
        return self.name


NOW: Final = datetime(2026, 5, 17, 12, 30, 15, 123456)
OPERATIONS: Final[list[Operation]] = []


def operation(
    make_root: Callable[[Path], None], *, quick: bool = False, whole: bool = True
) -> Callable[[Callable[[Path], None]], Callable[[Path], None]]:
    """Register what a function does."""

    def register(run: Callable[[Path], None]) -> Callable[[Path], None]:
        OPERATIONS.append(Operation(run.__name__.strip("_"), make_root, run, quick, whole))
        return run

    return register


def put(path: Path, data: object) -> None:
    """Write a file, JSON unless it is bytes, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())


def plain(root: Path) -> None:
    """Files that are no D-MART's: for the journal itself."""
    put(root / "a/meta", b"old meta")
    (root / "a/meta").chmod(0o640)
    put(root / "a/body", b"old body")
    put(root / "a/history", b'{"n": 1}\n')
    put(root / "a/events", b'{"n": 1}')
    put(root / "b/deep/one", b"1")
    put(root / "b/deep/two", b"2")
    (root / "b/link").symlink_to("../a/body")
    (root / "empty").mkdir(mode=0o750)


@operation(plain, quick=True)
def _save(root: Path) -> None:
    Journal(str(root)).apply(
        [
            Write(f"{root}/a/body", b"new body" * 1000),
            Write(f"{root}/a/meta", b"new meta"),
            Append(f"{root}/a/history", b'{"n": 2}'),
            Append(f"{root}/a/events", b'{"n": 2}', ended=False),
        ],
        title="save",
        expects=[Expect(f"{root}/a/meta", digest(b"old meta")), Expect(f"{root}/a/none", digest(None))],
    )


@operation(plain, quick=True)
def _everything(root: Path) -> None:
    """Steps that need what the steps before them did."""
    Journal(str(root)).apply(
        [
            MakeFolder(f"{root}/c/d"),
            Move(f"{root}/b/deep", f"{root}/c/d/deep"),
            Write(f"{root}/c/d/deep/one", b"changed on the way"),
            Copy(f"{root}/a/body", f"{root}/c/copied"),
            Move(f"{root}/a/body", f"{root}/c/body"),
            Write(f"{root}/a/body", b"another of this name"),
            Append(f"{root}/c/log", b"first"),
            Append(f"{root}/c/log", b"second"),
            Discard(f"{root}/b"),
            RemoveFolder(f"{root}/empty"),
        ],
        title="everything",
    )


# -- entries ----------------------------------------------------------------------------------------------------------

POST: Final = Address("blog", ("posts", "one"))


def blog(root: Path) -> None:
    """A space that keeps an event log, with an entry whose payload and history are files."""
    common = {"is_active": True, "tags": [], "created_at": "2024-01-02T03:04:05", "updated_at": "2024-01-02T03:04:05"}
    put(root / "blog/.dm/meta.space.json", {"shortname": "blog", **common, "active_plugins": ["action_log"]})
    put(root / "blog/posts/.dm/meta.folder.json", {"shortname": "posts", **common})
    payload = {"content_type": "json", "checksum": "0" * 40, "body": "one.json"}
    put(root / "blog/posts/.dm/one/meta.content.json", {"shortname": "one", **common, "payload": payload})
    put(root / "blog/posts/one.json", {"title": "One"})
    line = {"timestamp": "2025-01-01T00:00:00", "owner_shortname": "bob", "diff": {"slug": {"old": "a", "new": "b"}}}
    put(root / "blog/posts/.dm/one/history.jsonl", json.dumps(line).encode() + b"\n")


@operation(blog)
def _create(root: Path) -> None:
    meta = {"uuid": "0b2d5e7e-7a57-4d6c-9d0b-5d7a4a1f0c11"}
    change(root, lambda store: plan_create(store, Address("blog", ("new", "two")), "content", meta, {}, parents=True))


@operation(blog, quick=True)
def _set(root: Path) -> None:
    change(root, lambda store: plan_set(store, POST, [("slug", "x"), ("payload.body.title", "Two")]))


@operation(blog)
def _restore_to(root: Path) -> None:
    change(root, lambda store: plan_restore_to(store, POST, datetime(2024, 6, 1, tzinfo=UTC), ["slug"]))


# -- attachments, links and tickets -----------------------------------------------------------------------------------

CASE: Final = Address("desk", ("cases", "one"))


def desk(root: Path) -> None:
    """A space that keeps an event log, with a ticket, its workflow, and a picture attached to it."""
    common = {"is_active": True, "tags": [], "created_at": "2024-01-02T03:04:05", "updated_at": "2024-01-02T03:04:05"}
    put(root / "desk/.dm/meta.space.json", {"shortname": "desk", **common, "active_plugins": ["action_log"]})
    put(root / "desk/cases/.dm/meta.folder.json", {"shortname": "cases", **common})
    ticket = {"shortname": "one", **common, "state": "new", "is_open": True, "workflow_shortname": "case"}
    put(root / "desk/cases/.dm/one/meta.ticket.json", ticket)
    payload = {"content_type": "image", "checksum": "0" * 40, "body": "photo.png"}
    put(
        root / "desk/cases/.dm/one/attachments.media/meta.photo.json",
        {"shortname": "photo", **common, "payload": payload},
    )
    put(root / "desk/cases/.dm/one/attachments.media/photo.png", b"\x89PNG\r\n\x1a\n")
    states = [{"state": "new", "next": [{"action": "end", "state": "done", "roles": []}]}, {"state": "done"}]
    put(root / "desk/workflows/case.json", {"initial_state": [], "states": states})


def change(root: Path, make: Callable[[Store], Plan]) -> None:
    """Make a plan and carry it out, always at the same time."""
    store = Store(Spaces(root), user="ann", now=lambda: NOW)
    store.apply(make(store), anyway=True)


@operation(desk)
def _attach(root: Path) -> None:
    files = [("one.png", b"\x89PNG\r\n\x1a\n"), ("two.csv", b"a\n1\n")]
    change(root, lambda store: plan_attach(store, CASE, files))


@operation(desk)
def _replace(root: Path) -> None:
    photo = CASE.attached("media", "photo")
    change(root, lambda store: plan_replace(store, photo, ("other.png", b"\x89PNG\r\n\x1a\nmore")))


@operation(desk)
def _link(root: Path) -> None:
    change(root, lambda store: plan_link(store, CASE, Address("desk"), {"role": "home"}))


@operation(desk)
def _progress(root: Path) -> None:
    change(root, lambda store: plan_progress(store, CASE, "end", comment="that is all"))


@operation(desk)
def _comment(root: Path) -> None:
    change(root, lambda store: plan_comment(store, CASE, "well said"))


@operation(desk)
def _reply(root: Path) -> None:
    change(root, lambda store: plan_reply(store, CASE.attached("media", "photo"), "seen"))


@operation(desk)
def _react(root: Path) -> None:
    change(root, lambda store: plan_react(store, CASE, "like"))


def linked(root: Path) -> None:
    """A desk whose ticket points to its space."""
    desk(root)
    change(root, lambda store: plan_link(store, CASE, Address("desk"), {}))


@operation(linked)
def _unlink(root: Path) -> None:
    change(root, lambda store: plan_unlink(store, CASE, Address("desk")))


def locking(root: Path) -> Store:
    """The store that keeps locks in files, as commands do."""
    locks = file_locks(root / STATE_FOLDER, outlive=True)
    return Store(Spaces(root), user="ann", now=lambda: NOW, locks=locks)


@operation(desk)
def _lock(root: Path) -> None:
    lock_entry(locking(root), CASE)


def locked(root: Path) -> None:
    """A desk whose ticket is locked."""
    desk(root)
    lock_entry(locking(root), CASE)


@operation(locked)
def _unlock(root: Path) -> None:
    unlock_entry(locking(root), CASE)


# -- imports and batches ----------------------------------------------------------------------------------------------

_FILES: Final = {
    "desk/.dm/meta.space.json": {"shortname": "desk"},
    "desk/cases/.dm/meta.folder.json": {"shortname": "cases"},
    "desk/cases/.dm/one/meta.content.json": {"shortname": "one", "payload": {"body": "one.json"}, "tags": []},
    "desk/cases/one.json": {"state": "new"},
    "desk/cases/.dm/one/attachments.media/meta.photo.json": {"shortname": "photo", "payload": {"body": "photo.png"}},
    "desk/cases/.dm/one/attachments.media/photo.png": "picture",
    "desk/cases/.dm/one/history.jsonl": {"uuid": "2"},
}


def with_zip(root: Path) -> None:
    """A space, and a zip that brings it an entry."""
    for name, value in list(_FILES.items())[:2]:
        put(root / name, value)
    with zipfile.ZipFile(root / "in.zip", "w") as archive:
        for name, value in _FILES.items():
            archive.writestr(name, json.dumps(value))


def with_zip_and_entry(root: Path) -> None:
    """The same, and the entry is there and says something else."""
    with_zip(root)
    put(root / "desk/cases/.dm/one/meta.content.json", {"shortname": "one", "payload": {"body": "one.json"}})
    put(root / "desk/cases/one.json", {"state": "old"})
    put(root / "desk/cases/.dm/one/history.jsonl", b'{"uuid": "1"}\n')


def _import(root: Path, on_existing: Literal["skip", "merge"]) -> None:
    from dmart_tui.core.spaces import Spaces
    from dmart_tui.core.writing import Store
    from dmart_tui.core.writing.interchange import import_zip, read_zip

    tempfile.tempdir = str(root.parent)  # what a killed import leaves there goes with the test
    with read_zip(root / "in.zip") as package:
        report = import_zip(Store(Spaces(root), user="ann", now=lambda: NOW), package, on_existing=on_existing).report
    if report.failed:
        raise Failed(report.failures[0].reason)


@operation(with_zip)
def _import_new(root: Path) -> None:
    _import(root, "skip")


@operation(with_zip_and_entry)
def _import_merged(root: Path) -> None:
    _import(root, "merge")


def with_zip_of_several(root: Path) -> None:
    """A space, and a zip that brings it three entries, of which one is there and says something else."""
    with_zip_and_entry(root)
    more = {f"desk/cases/.dm/{name}/meta.content.json": {"shortname": name} for name in ("two", "three")}
    with zipfile.ZipFile(root / "in.zip", "a") as archive:
        for name, value in more.items():
            archive.writestr(name, json.dumps(value))


@operation(with_zip_of_several, whole=False)
def _import_together(root: Path) -> None:
    _import(root, "merge")


@operation(with_zip_and_entry)
def _batch(root: Path) -> None:
    from dmart_tui.core.address import Address
    from dmart_tui.core.spaces import Spaces
    from dmart_tui.core.writing import Store, Tag
    from dmart_tui.core.writing.bulk import run
    from dmart_tui.core.writing.operations import jobs

    store = Store(Spaces(root), user="ann", now=lambda: NOW)
    report = run(store, "Tag", jobs(store, [Address("desk", ("cases", "one"))], Tag(add=["red"])), anyway=True)
    if report.failed:
        raise Failed(report.failures[0].reason)


def herd(root: Path) -> None:
    """Three entries of a folder: a body beside, one in the meta, and one that has a history."""
    put(root / "desk/.dm/meta.space.json", {"shortname": "desk", "active_plugins": ["action_log"]})
    put(root / "desk/cases/.dm/meta.folder.json", {"shortname": "cases"})
    payload = {"content_type": "json", "body": "one.json"}
    put(root / "desk/cases/.dm/one/meta.content.json", {"shortname": "one", "payload": payload})
    put(root / "desk/cases/one.json", {"state": "old"})
    put(root / "desk/cases/.dm/two/meta.content.json", {"shortname": "two", "payload": {"body": {"state": "old"}}})
    put(root / "desk/cases/.dm/three/meta.content.json", {"shortname": "three"})
    put(root / "desk/cases/.dm/three/history.jsonl", b'{"uuid": "1"}\n')


@operation(herd, whole=False)
def _batch_together(root: Path) -> None:
    from dmart_tui.core.writing import SetKeys
    from dmart_tui.core.writing.bulk import run
    from dmart_tui.core.writing.operations import jobs

    store = Store(Spaces(root), user="ann", now=lambda: NOW)
    addresses = [Address("desk", ("cases", name)) for name in ("one", "two", "three")]
    report = run(store, "Set", jobs(store, addresses, SetKeys([("payload.body.state", "new")])), anyway=True)
    assert report.done == 3


def forest(root: Path) -> None:
    """A desk with a body beside, histories of attachments, what points to the ticket, and something thrown away."""
    desk(root)
    payload = {"content_type": "json", "body": "cases.json"}
    put(root / "desk/cases/.dm/meta.folder.json", {"shortname": "cases", "payload": payload})
    put(root / "desk/cases.json", {"sort_by": "created_at"})
    put(root / "desk/.dm/cases/history.jsonl", {"uuid": "1"})
    put(root / "desk/.dm/cases/one/history.jsonl", {"uuid": "2"})
    put(root / "desk/cases/.dm/one/history.jsonl", {"uuid": "3"})
    related = {"type": "ticket", "space_name": "desk", "subpath": "cases", "shortname": "one"}
    put(root / "desk/cases/.dm/two/meta.content.json", {"shortname": "two", "relationships": [{"related_to": related}]})
    put(root / "other/.dm/meta.space.json", {"shortname": "other"})
    put(root / "other/.dm/lost/meta.content.json", {"shortname": "lost", "payload": {"body": "lost.json"}})
    put(root / "other/lost.json", {})
    change(root, lambda store: plan_trash(store, Address("other", ("lost",))))


CASES: Final = Address("desk", ("cases",))


@operation(forest, quick=True)
def _trash(root: Path) -> None:
    change(root, lambda store: plan_trash(store, CASES))


@operation(forest)
def _trash_attachment(root: Path) -> None:
    change(root, lambda store: plan_trash(store, CASES.child("one").attached("media", "photo")))


@operation(forest)
def _remove_for_ever(root: Path) -> None:
    change(root, lambda store: plan_trash(store, CASES, forever=True))


@operation(forest)
def _restore(root: Path) -> None:
    def back(store: Store) -> Plan:
        [item] = trash_items(store)
        return plan_restore(store, item.identity, to=Address("other", ("made", "anew", "found")))

    change(root, back)


@operation(forest)
def _purge(root: Path) -> None:
    purge(Store(Spaces(root), user="ann", now=lambda: NOW))


@operation(forest)
def _move_entry(root: Path) -> None:
    change(root, lambda store: plan_move(store, CASES.child("one"), Address("other", ("first",)), rewrite=True))


@operation(forest, quick=True)
def _move_folder(root: Path) -> None:
    target = Address("other", ("deep", "matters"))
    change(root, lambda store: plan_move(store, CASES, target, rewrite=True, parents=True))


@operation(forest)
def _move_attachment(root: Path) -> None:
    photo = CASES.child("one").attached("media", "photo")
    change(root, lambda store: plan_move(store, photo, CASES.child("two").attached("media", "picture")))


@operation(forest)
def _move_space(root: Path) -> None:
    change(root, lambda store: plan_move(store, Address("desk"), Address("bureau"), rewrite=True))


# -- taking back ------------------------------------------------------------------------------------------------------


def register_taking_back(name: str, make_root: Callable[[Path], None], make: Callable[[Store], Plan]) -> None:
    """Register what takes a change back; the change itself belongs to the old state."""
    done: list[Plan] = []

    def changed(root: Path) -> None:
        make_root(root)
        store = Store(Spaces(root), user="ann", now=lambda: NOW)
        done[:] = [store.apply(make(store), anyway=True).plan]

    OPERATIONS.append(
        Operation(f"take_back_{name}", changed, lambda root: change(root, lambda store: store.undo(done[0])))
    )


register_taking_back("set", blog, lambda store: plan_set(store, POST, [("slug", "x"), ("payload.body.title", "Two")]))
register_taking_back(
    "create", blog, lambda store: plan_create(store, Address("blog", ("new", "two")), "content", {}, {}, parents=True)
)
register_taking_back("progress", desk, lambda store: plan_progress(store, CASE, "end", comment="that is all"))
register_taking_back("trash", forest, lambda store: plan_trash(store, CASES))
register_taking_back(
    "move", forest, lambda store: plan_move(store, CASES, Address("other", ("matters",)), rewrite=True)
)
