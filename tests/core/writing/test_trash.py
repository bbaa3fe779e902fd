"""Throwing away, getting back, freeing the disk."""

from __future__ import annotations

import json
import shutil
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.errors import NotFound, Refused
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.writing import Store, plan_restore, plan_trash, purge, trash_files, trash_items
from tests.core.writing.conftest import HELLO, NOW, lines, loaded, meta, put
from tests.support.crashing import Tree, tree

COMMENT = HELLO.attached("comment", "first")


def held(root: Path) -> Tree:
    """The tree without the trash, the event logs and the modes of directories, which are made anew."""
    return {
        name: (mode if stat.S_ISREG(mode) else stat.S_IFMT(mode), held)
        for name, (mode, held) in tree(root).items()
        if not name.startswith(".dmart-tui") and not name.endswith("/events.jsonl")
    }


def trash(store: Store, address: Address) -> str:
    """Throw something away; its name in the trash."""
    done = store.apply(plan_trash(store, address, references=False))
    return done.plan.undo[0].identity  # type: ignore[union-attr]


def linked(root: Path, name: str, related: dict[str, str]) -> None:
    put(
        root / f"blog/posts/.dm/{name}/meta.content.json",
        meta(name, relationships=[{"related_to": related, "attributes": {"kind": "see"}}]),
    )


TO_HELLO = {"type": "content", "space_name": "blog", "subpath": "posts", "shortname": "hello"}


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("blog/posts/hello", ["blog/posts/.dm/hello", "blog/posts/hello.json", "blog/.dm/posts/hello"]),
        ("blog/posts", ["blog/posts", "blog/.dm/posts"]),
        ("blog/posts/hello#comment/first", ["blog/posts/.dm/hello/attachments.comment"]),
        ("blog/posts/hello#media/cover", ["blog/posts/.dm/hello/attachments.media"]),
        ("blog", ["blog"]),
    ],
)
def test_all_that_belongs_goes_and_comes_back(root: Path, store: Store, text: str, gone: list[str]) -> None:
    put(root / "blog/posts/.dm/hello/history.jsonl", b'{"timestamp":"2024-01-01T00:00:00","diff":{}}\n')
    put(root / "blog/.dm/posts/hello/history.jsonl", b'{"timestamp":"2024-01-01T00:00:00","diff":{}}\n')
    put(root / "blog/.dm/posts/history.jsonl", b"")
    media = root / "blog/posts/.dm/hello/attachments.media"
    put(media / "meta.cover.json", meta("cover", payload={"content_type": "image_png", "body": "cover.png"}))
    put(media / "cover.png", b"png")
    before = held(root)
    identity = trash(store, Address.parse(text))
    after = held(root)
    assert not [name for name in after if any(name == part or name.startswith(f"{part}/") for part in gone)]
    assert {name for name in before if not any(name == part or name.startswith(f"{part}/") for part in gone)} == set(
        after
    )
    [item] = trash_items(store)
    assert (item.identity, str(item.address), item.who, item.problem) == (identity, text, "ann", "")
    assert item.size > 0
    store.apply(plan_restore(store, identity))
    assert held(root) == before
    assert list(trash_items(store)) == []


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("blog/posts/hello", ["blog/posts/.dm/hello/meta.content.json", "blog/posts/hello.json"]),
        ("blog/posts", ["blog/posts/.dm/meta.folder.json"]),
        ("blog", ["blog/.dm/meta.space.json"]),
    ],
)
def test_its_files_are_told_by_where_they_were(root: Path, store: Store, text: str, first: list[str]) -> None:
    before = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    identity = trash(store, Address.parse(text))
    files = list(trash_files(store, identity))
    after = {
        str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and ".dmart-tui" not in path.parts
    }
    assert [file.path for file in files][: len(first)] == first
    assert {file.path for file in files} == before - after
    assert all(Path(file.stored).stat().st_size == file.size for file in files)


def test_the_files_of_a_damaged_one_are_told_by_where_they_are(root: Path, store: Store) -> None:
    identity = trash(store, HELLO)
    (root / ".dmart-tui/trash" / identity / "manifest.json").write_text("{")
    assert "0/meta.content.json" in {file.path for file in trash_files(store, identity)}


def test_undo_and_redo(root: Path, store: Store) -> None:
    before = held(root)
    done = store.apply(plan_trash(store, HELLO))
    back = store.apply(store.undo(done))
    assert held(root) == before
    store.apply(store.undo(back))
    assert not (root / "blog/posts/hello.json").exists()
    assert len(list(trash_items(store))) == 1


def test_the_event_log_tells(root: Path, store: Store) -> None:
    identity = trash(store, HELLO)
    store.apply(plan_restore(store, identity))
    events = lines(root / "blog/.dm/events.jsonl")
    assert [(event["request"], event["resource"]["shortname"]) for event in events] == [
        ("delete", "hello"),
        ("create", "hello"),
    ]


def test_what_points_to_it_is_told(root: Path, store: Store) -> None:
    linked(root, "other", TO_HELLO)
    linked(root, "self", {**TO_HELLO, "shortname": "self"})
    plan = plan_trash(store, HELLO)
    assert [(warned.kind, warned.text) for warned in plan.warnings] == [
        ("reference", "blog/posts/other points to it: relationships.0.related_to")
    ]
    assert plan_trash(store, Address("blog", ("posts", "self"))).warnings == ()
    assert plan_trash(store, Address("blog", ("posts",))).warnings == ()
    assert [warned.text for warned in plan_trash(store, Address("blog", ("schema", "post"))).warnings] == [
        "blog/posts/hello points to it: payload.schema_shortname"
    ]


def test_one_of_two_that_share_a_name(root: Path, store: Store) -> None:
    put(root / "blog/.dm/two/meta.content.json", meta("two", payload={"content_type": "json", "body": "two.json"}))
    put(root / "blog/.dm/two/meta.ticket.json", meta("two", payload={"content_type": "json", "body": "two.json"}))
    put(root / "blog/.dm/two/history.jsonl", b"")
    put(root / "blog/two.json", {})
    with pytest.raises(Refused, match=r"two\.content, two\.ticket"):
        plan_trash(store, Address("blog", ("two",)))
    before = held(root)
    identity = trash(store, Address("blog", ("two.ticket",)))
    assert (root / "blog/two.json").exists()
    assert (root / "blog/.dm/two/history.jsonl").exists()
    assert not (root / "blog/.dm/two/meta.ticket.json").exists()
    store.apply(plan_restore(store, identity))
    assert held(root) == before


def test_an_entry_that_shares_its_name_with_a_folder(root: Path, store: Store) -> None:
    put(root / "blog/.dm/posts/meta.content.json", meta("posts"))
    put(root / "blog/.dm/posts/attachments.comment/meta.c.json", meta("c"))
    before = held(root)
    identity = trash(store, Address("blog", ("posts.content",)))
    assert (root / "blog/.dm/posts/attachments.comment/meta.c.json").exists()
    store.apply(plan_restore(store, identity))
    identity = trash(store, Address("blog", ("posts",)))
    assert (root / "blog/.dm/posts/meta.content.json").exists()
    store.apply(plan_restore(store, identity))
    assert held(root) == before


def test_a_body_that_another_one_names_stays(root: Path, store: Store) -> None:
    for name in ("one", "two"):
        described = {"content_type": "json", "body": "both.json"}
        put(root / f"blog/posts/.dm/{name}/meta.content.json", meta(name, payload=described))
    put(root / "blog/posts/both.json", {})
    plan = plan_trash(store, Address("blog", ("posts", "one")))
    assert "blog/posts/both.json stays: it is another one's body too" in plan.notes
    store.apply(plan)
    assert (root / "blog/posts/both.json").exists()
    store.apply(plan_trash(store, Address("blog", ("posts", "two"))))
    assert not (root / "blog/posts/both.json").exists()


def test_never_over_something(root: Path, store: Store) -> None:
    identity = trash(store, HELLO)
    put(root / "blog/posts/hello.json", {"theirs": True})
    with pytest.raises(Refused, match=r"blog/posts/hello\.json: something stands there"):
        plan_restore(store, identity)
    assert len(list(trash_items(store))) == 1


def test_restored_elsewhere_under_another_name(root: Path, store: Store) -> None:
    put(root / "blog/.dm/posts/hello/history.jsonl", b"{}\n")
    identity = trash(store, HELLO)
    there = Address("blog", ("archive", "2026", "greeting"))
    done = store.apply(plan_restore(store, identity, to=there))
    entry = store.spaces.load(there)
    assert entry.meta["shortname"] == "greeting"
    assert entry.payload is not None
    assert entry.payload.path == f"{store.spaces.root}/blog/archive/2026/greeting.json"
    assert (root / "blog/.dm/archive/2026/greeting/history.jsonl").exists()
    assert store.spaces.load(Address("blog", ("archive",))).meta["shortname"] == "archive"
    assert done.plan.result == there
    assert [str(one.address) for one in store.spaces.attachments(entry)] == ["blog/archive/2026/greeting#comment/first"]


def test_missing_folders_above_are_made_again(root: Path, store: Store) -> None:
    identity = trash(store, HELLO)
    shutil.rmtree(root / "blog/posts")
    store.apply(plan_restore(store, identity))
    assert store.spaces.load(HELLO).meta["shortname"] == "hello"
    assert store.spaces.load(Address("blog", ("posts",))).meta["shortname"] == "posts"


def test_an_attachment_does_not_come_back_without_its_entry(root: Path, store: Store) -> None:
    identity = trash(store, COMMENT)
    trash(store, HELLO)
    with pytest.raises(NotFound):
        plan_restore(store, identity)
    store.apply(plan_restore(store, identity, to=Address("blog", ("posts", "page")).attached("comment", "first")))
    assert loaded(root / "blog/posts/.dm/page/attachments.comment/meta.first.json")["shortname"] == "first"


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (None, "missing"),
        (b"", "damaged"),
        (b"[]", "damaged"),
        (b'{"address": 3}', "damaged"),
        (b"\xff", "damaged"),
        ("stored", "not in the trash any more"),
        ("escape", "damaged"),
    ],
    ids=repr,
)
def test_damaged_ones_are_listed_and_can_only_be_freed(
    root: Path, store: Store, damage: bytes | str | None, word: str
) -> None:
    identity = trash(store, HELLO)
    folder = root / ".dmart-tui/trash" / identity
    manifest = folder / "manifest.json"
    if damage is None:
        manifest.unlink()
    elif damage == "stored":
        shutil.rmtree(folder / "0")
    elif damage == "escape":
        found = loaded(manifest)
        found["moves"][0]["stored"] = "../../lock"
        manifest.write_text(json.dumps(found))
    else:
        assert isinstance(damage, bytes)
        manifest.write_bytes(damage)
    [item] = trash_items(store)
    assert word in item.problem
    with pytest.raises(Refused):
        plan_restore(store, identity)
    assert purge(store, [identity]).items == 1
    assert not folder.exists()


def test_newest_first_and_freed_by_age(root: Path, store: Store) -> None:
    trash(store, HELLO)
    times = [NOW - timedelta(days=1)]
    store.now = lambda: times[0]
    trash(store, Address("blog", ("posts", "page")))
    assert [item.address.name for item in trash_items(store) if item.address] == ["hello", "page"]
    store.now = lambda: NOW + timedelta(hours=1)
    assert purge(store, older_than=timedelta(hours=2)).items == 1
    assert [item.address.name for item in trash_items(store) if item.address] == ["hello"]
    freed = purge(store)
    assert freed.items == 1
    assert freed.size > 0
    assert list((root / ".dmart-tui/trash").iterdir()) == []


def test_for_ever(root: Path, store: Store) -> None:
    plan = plan_trash(store, HELLO, forever=True)
    assert plan.undo == ()
    store.apply(plan)
    assert not [name for name in tree(root) if "hello" in name]
    assert list(trash_items(store)) == []


@pytest.mark.parametrize("name", ["", ".", "..", "../journal", ".hidden", "none", "a\0b"])
def test_a_name_that_is_none(store: Store, name: str) -> None:
    with pytest.raises(NotFound):
        plan_restore(store, name)
    with pytest.raises(NotFound):
        purge(store, [name])


def test_read_only(root: Path, store: Store) -> None:
    trash(store, HELLO)
    before = tree(root)
    locked = Store(Spaces(root), user="ann", read_only=True)
    with pytest.raises(Refused):
        locked.apply(plan_trash(locked, Address("blog")))
    with pytest.raises(Refused):
        purge(locked)
    assert tree(root) == before


def test_the_state_folder_is_no_space(store: Store) -> None:
    trash(store, HELLO)
    with pytest.raises(NotFound):
        plan_trash(store, Address(".dmart-tui", ("trash",)))


def everything(root: Path) -> list[Address]:
    spaces = Spaces(root)
    found = []
    for entry in spaces.walk():
        several = len(entry.metas) > 1 or entry.address in found
        found.append(entry.address if not several else entry.address.parent.child(f"{entry.address.name}.{entry.type}"))  # type: ignore[union-attr]
        found += [attachment.address for attachment in spaces.attachments(entry)]
    return list(dict.fromkeys(found))


@pytest.mark.slow
def test_everything_in_the_demo_goes_and_comes_back(demo_root: Path, tmp_path: Path) -> None:
    there_and_back(demo_root, tmp_path / "spaces", every=7)


@pytest.mark.slow
def test_everything_in_real_data_goes_and_comes_back(real_root: Path, tmp_path: Path) -> None:
    there_and_back(real_root, tmp_path / "spaces", every=3)


def there_and_back(source: Path, root: Path, *, every: int) -> None:
    shutil.copytree(source, root, symlinks=True)
    store = Store(Spaces(root), user="ann")
    before = held(root)
    tried = 0
    for address in everything(root)[::every]:
        try:
            plan = plan_trash(store, address, references=False)
        except Refused:
            continue
        done = store.apply(plan)
        assert held(root) != before, address
        store.apply(store.undo(done))
        tried += 1
    assert held(root) == before
    assert tried >= 2
