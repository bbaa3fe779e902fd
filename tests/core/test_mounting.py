"""A packed subtree is browsed, read and searched where its files were, and changed nowhere."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dmart_tui.core import disk, mounting
from dmart_tui.core.address import Address
from dmart_tui.core.archives import archive as archives_archive
from dmart_tui.core.archives import mounted as archives_mounted
from dmart_tui.core.archives.source import LocalSource
from dmart_tui.core.archives.trees import Root, pack_files
from dmart_tui.core.archives.writer import Writer
from dmart_tui.core.config import paths
from dmart_tui.core.errors import Damaged, DmartTuiError, Failed, NotFound, Refused
from dmart_tui.core.files import read_bounded
from dmart_tui.core.spaces import (
    FOLDER,
    Kind,
    Problem,
    Spaces,
    entry_json,
    find_names,
    history_places,
    layout,
    read_history,
    timeline,
)
from dmart_tui.core.spaces.checks import Check
from dmart_tui.core.steps import Discard, MakeFolder, Move, Write
from dmart_tui.core.writing import Store, plan_set, plan_trash
from dmart_tui.core.writing.packing import pack_addresses
from tests.support.crashing import tree


@pytest.fixture(autouse=True)
def nothing_stays_mounted() -> Iterator[None]:
    yield
    for one in list(disk._MOUNTS):
        disk.unmount(one.root)


def copied(root: Path, target: Path) -> Spaces:
    shutil.copytree(root, target, symlinks=True)
    return Spaces(target)


def told(spaces: Spaces) -> dict[str, Any]:
    """All that readers say of a root: entries with payloads, attachments, histories; problems, the timeline, names."""
    found: dict[str, Any] = {}
    for entry in spaces.walk():
        listed = sorted(name for name, _ in spaces.scan(entry.address)) if entry.kind is not Kind.ENTRY else []
        records = [str(record) for place in history_places(spaces, entry) for record in read_history(spaces, place)]
        payload = entry.payload
        found[f"{entry.address}.{entry.type} {entry.metas}"] = {
            **entry_json(spaces, entry, None),
            "bytes": read_bounded(payload.path, spaces.root, 1 << 24) if payload and payload.path else None,
            "size": payload.size if payload else None,
            "files": sorted(entry.files),
            "listed": listed,
            "history": records,
        }
    check = Check(spaces)
    problems = sorted(str(problem) for problem in check.run() if isinstance(problem, Problem))
    lines = sorted(str(item) for item in timeline(spaces, None, limit=100_000))
    hits = sorted(str(hit.address) for hit in find_names(spaces, "a", limit=100_000).hits)
    return found | {"problems": problems, "counts": check.report.as_dict(), "timeline": lines, "names": hits}


def packed_away(spaces: Spaces, address: Address, archive: Path) -> None:
    """Pack an address, trash it without a trace in the event log, and mount the archive in its place."""
    log = Path(spaces.root, address.space, ".dm/events.jsonl")
    events = log.read_bytes() if log.exists() else None
    pack_addresses(spaces, [address], str(archive), links="keep")
    store = Store(spaces, user="ann")
    store.apply(plan_trash(store, address, references=False), anyway=True)
    if events is None:
        log.unlink(missing_ok=True)
    elif log.exists():
        log.write_bytes(events)
    mounting.mount(spaces.root, str(archive))


@pytest.mark.parametrize("number", range(4))
def test_readers_see_what_they_saw(demo_root: Path, tmp_path: Path, number: int) -> None:
    spaces = copied(demo_root, tmp_path / "root")
    folders = [
        Address(space, (name,))
        for space in spaces.space_names()
        for name, flags in sorted(spaces.scan(Address(space)))
        if flags == FOLDER
    ]
    # Spread over the demo, with the folder that holds most files.
    address = folders[number * len(folders) // 4]
    before = told(spaces)
    packed_away(spaces, address, tmp_path / "a.des")
    assert not os.path.lexists(layout.place(spaces.root, address).directory)
    assert told(spaces) == before
    assert told(spaces) == before
    mounting.unmount(spaces.root, str(tmp_path / "a.des"))
    with pytest.raises(NotFound):
        spaces.load(address)


def test_real_spaces_are_read_in_archives(real_root: Path, tmp_path: Path) -> None:
    spaces = copied(real_root, tmp_path / "root")
    before = told(spaces)
    for number, space in enumerate(spaces.space_names()):
        packed_away(spaces, Address(space), tmp_path / f"{number}.des")
    assert [path.name for path in Path(spaces.root).iterdir() if not path.name.startswith(".")] == [
        path.name
        for path in real_root.iterdir()
        if not path.name.startswith(".") and not (path / ".dm/meta.space.json").exists()
    ]
    assert told(spaces) == before


@pytest.fixture
def small(tmp_path: Path) -> Spaces:
    """A root with one folder packed away into `tmp_path/a.des`."""
    root = tmp_path / "root"
    for path, text in {
        "sp/.dm/meta.space.json": "{}",
        "sp/p/.dm/meta.folder.json": "{}",
        "sp/p/n/.dm/meta.folder.json": '{"payload": {"content_type": "json", "body": "n.json"}}',
        "sp/p/n/.dm/x/meta.content.json": '{"payload": {"content_type": "text", "body": "x.txt"}}',
        "sp/p/n/x.txt": "the text of x",
        "sp/p/n/empty/.dm/meta.folder.json": "{}",
        "sp/p/.dm/n/attachments.comment/meta.one.json": '{"body": "well said"}',
        "sp/p/n.json": "[1]",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    spaces = Spaces(root)
    packed_away(spaces, Address("sp", ("p", "n")), tmp_path / "a.des")
    return spaces


def test_the_next_program_sees_it_too(small: Spaces, tmp_path: Path) -> None:
    disk.unmount(small.root)
    with pytest.raises(NotFound):
        small.load(Address("sp", ("p", "n")))
    mounting.attach(small.root)
    entry = small.load(Address("sp", ("p", "n", "x")))
    assert entry.payload is not None
    assert small.payload_bytes(entry, 100) == b"the text of x"
    [found] = mounting.mounted(small.root)
    assert (found.archive, found.covers) == (str(tmp_path / "a.des"), ("sp/p/.dm/n", "sp/p/n", "sp/p/n.json"))


@pytest.mark.parametrize(
    "steps",
    [
        (Write("sp/p/n/x.txt", b"changed"),),
        (Write("sp/p/n/new.txt", b"new"),),
        (MakeFolder("sp/p/n/deeper/still"),),
        (Write("sp/p/n.json", b"[2]"),),
        (Write("sp/p/.dm/n/history.jsonl", b""),),
        (Discard("sp/p/n"),),
        (Move("sp/p/n", "sp/p/m"),),
        (Move("sp/p/.dm/meta.folder.json", "sp/p/n/.dm/x/meta.ticket.json"),),
    ],
    ids=str,
)
def test_nothing_is_changed_in_it(small: Spaces, steps: tuple[Any, ...]) -> None:
    def absolute(path: str) -> str:
        return f"{small.root}/{path}"

    whole = tuple(
        replace(step, path=absolute(step.path), **({"source": absolute(step.source)} if isinstance(step, Move) else {}))
        for step in steps
    )
    before = tree(Path(small.root))
    with pytest.raises(Refused, match="mounted"):
        Store(small, user="ann").journal.apply(whole, title="a change")
    assert tree(Path(small.root)) == before


def test_plans_say_that_it_is_only_read(small: Spaces) -> None:
    store = Store(small, user="ann")
    address = Address("sp", ("p", "n"))
    with pytest.raises(Refused, match="mounted"):
        store.apply(plan_trash(store, address), anyway=True)
    with pytest.raises(Refused, match="mounted"):
        store.apply(plan_set(store, address.child("x"), [("slug", "y")]), anyway=True)


def test_beside_it_all_can_be_changed(small: Spaces) -> None:
    store = Store(small, user="ann")
    store.journal.apply((Write(f"{small.root}/sp/p/other.json", b"{}"),), title="beside")
    names = {entry.name for entry in disk.scandir(f"{small.root}/sp/p")}
    assert names == {".dm", "n", "n.json", "other.json"}


@pytest.mark.parametrize("what", ["there", "twice", "no packed tree", "missing", "damaged"])
def test_what_is_not_mounted(small: Spaces, what: str, tmp_path: Path) -> None:
    archive = tmp_path / "b.des"
    (tmp_path / "from/sp/p/other").mkdir(parents=True)
    (tmp_path / "from/sp/p/other/x").write_text("x")
    if what == "there":
        (Path(small.root) / "sp/p/other").mkdir()
        pack_files(str(archive), [Root(str(tmp_path / "from"), "sp/p/other")])
    elif what == "twice":
        archive = tmp_path / "a.des"
    elif what == "no packed tree":
        with Writer(str(archive)) as writer:
            writer.add("x", b"")
    elif what == "damaged":
        archive.write_bytes(b"no archive")
    before = mounting.mounted(small.root)
    with pytest.raises((Refused, NotFound, Damaged)):
        mounting.mount(small.root, str(archive))
    assert mounting.mounted(small.root) == before


def test_an_archive_that_is_gone_is_told_and_hides_nothing_else(small: Spaces, tmp_path: Path) -> None:
    disk.unmount(small.root)
    (tmp_path / "a.des").rename(tmp_path / "moved.des")
    mounting.attach(small.root)
    assert small.space_names() == ["sp"]
    assert [name for name, _ in small.scan(Address("sp"))] == ["p"]
    assert [name for name, _ in small.scan(Address("sp", ("p",)))] == ["n"]
    with pytest.raises(DmartTuiError):
        small.load(Address("sp", ("p", "n")))


def test_a_list_of_mounts_that_is_broken(small: Spaces) -> None:
    (Path(small.root) / ".dmart-tui/mounts.json").write_text("{")
    mounting.attach(small.root)
    assert small.space_names() == ["sp"]
    with pytest.raises(Damaged):
        mounting.mounted(small.root)


def forged(spaces: Spaces, **record: object) -> Path:
    """A list of mounts that somebody else wrote, and nothing mounted by ourselves."""
    shutil.rmtree(paths().state / "mounts", ignore_errors=True)
    path = Path(spaces.root) / ".dmart-tui/mounts.json"
    path.write_text(json.dumps({"mounts": [{"archive": "a.des"} | record], "format": 1}))
    return path


@pytest.mark.parametrize(
    "archive",
    [
        "s3://bucket/a.des",
        "s3://profile@bucket/a.des",
        "{tmp}/a.des",
        "../a.des",
        "sp/../../a.des",
        "link.des",
        "linked/a.des",
        "/etc/passwd",
        "nul\0",
        "",
    ],
)
def test_what_a_stranger_mounted_outside_of_the_root_is_not_opened(
    small: Spaces, archive: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(*_: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(mounting, "_open", opened)
    (Path(small.root) / "link.des").symlink_to(tmp_path / "a.des")
    (Path(small.root) / "linked").symlink_to(tmp_path)
    forged(small, archive=archive.format(tmp=tmp_path), covers={"sp/p/n": True})
    [found] = mounting.attach(small.root)
    assert "not followed" in found.note and "des mount" in found.note
    assert [name for name, _ in small.scan(Address("sp", ("p",)))] == []
    assert not disk.mounts(small.root)
    assert mounting.mounted(small.root) == [found]


def test_one_that_became_a_link_since_is_not_opened(small: Spaces, tmp_path: Path) -> None:
    inner = Path(small.root) / "a.des"
    shutil.copy(tmp_path / "a.des", inner)
    forged(small, covers={"sp/p/n": True})
    assert mounting.attach(small.root) == []
    inner.unlink()
    inner.symlink_to(tmp_path / "a.des")
    with pytest.raises(OSError, match="not in the root"):
        list(disk.scandir(f"{small.root}/sp/p/n"))


@pytest.mark.parametrize(
    "path", ["", ".", "..", "/etc", "sp/../..", "sp//p", ".dmart-tui", ".dmart-tui/trash/x", "a\0"]
)
def test_paths_that_cannot_be_are_not_covered(small: Spaces, path: str, tmp_path: Path) -> None:
    shutil.copy(tmp_path / "a.des", Path(small.root) / "a.des")
    forged(small, covers={"sp/p/n": True, path: True})
    [found] = mounting.attach(small.root)
    assert found.refused
    assert not disk.mounts(small.root)


def test_one_in_the_root_is_followed_by_all(small: Spaces, tmp_path: Path) -> None:
    shutil.copy(tmp_path / "a.des", Path(small.root) / "a.des")
    forged(small, covers={"sp/p/n": True})
    assert mounting.attach(small.root) == []
    assert small.load(Address("sp", ("p", "n", "x"))).payload is not None


def test_mounting_oneself_follows_what_another_mounted(small: Spaces, tmp_path: Path) -> None:
    forged(small, archive=str(tmp_path / "a.des"), covers={"sp/elsewhere": True})
    assert len(mounting.attach(small.root)) == 1
    mounting.mount(small.root, str(tmp_path / "a.des"))
    assert mounting.attach(small.root) == []
    assert small.load(Address("sp", ("p", "n", "x"))).payload is not None
    [found] = mounting.mounted(small.root)
    assert (found.refused, "sp/p/n" in found.covers) == ("", True)
    mounting.unmount(small.root, str(tmp_path / "a.des"))
    forged_again = Path(small.root) / ".dmart-tui/mounts.json"
    forged_again.write_text(json.dumps({"mounts": [{"archive": str(tmp_path / "a.des"), "covers": {"sp/p/n": True}}]}))
    assert len(mounting.attach(small.root)) == 1


@pytest.mark.parametrize("sound", [True, False])
def test_a_mount_hides_nothing_that_is_there(small: Spaces, sound: bool, tmp_path: Path) -> None:
    """An archive that has a file, a link or nothing readable where the disk has a folder."""
    real = Path(small.root) / "sp/real"
    (real / "deep").mkdir(parents=True)
    (real / "deep/file").write_text("on the disk")
    (real / "dangling").symlink_to("nothing")
    before, listed = tree(real), sorted(entry.name for entry in disk.scandir(str(real)))
    source = tmp_path / "from/sp/real"
    source.mkdir(parents=True)
    (source / "deep").symlink_to("other")
    (source / "dangling").write_text("in the archive")
    pack_files(f"{small.root}/b.des", [Root(str(tmp_path / "from"), "sp/real")], links="keep")
    if not sound:
        (Path(small.root) / "b.des").write_bytes(b"no archive")
    forged(small, archive="b.des", covers={"sp": True, "sp/real": True, "sp/real/deep": False})
    assert mounting.attach(small.root) == []
    assert sorted(entry.name for entry in disk.scandir(str(real))) == listed
    assert {name for name, _ in small.scan(Address("sp"))} == {"p", "real"}
    assert [folders for _, folders, _ in disk.walk(f"{small.root}/sp/real")] == [["deep"], []]
    assert read_bounded(f"{real}/deep/file", small.root, 100) == b"on the disk"
    assert not disk.exists(f"{real}/dangling")
    assert disk.isdir(f"{real}/deep")
    if sound:
        assert not disk.lexists(f"{real}/deep/none")
    else:
        with pytest.raises(Refused, match="mounted"):
            Store(small, user="ann").journal.apply((Write(f"{real}/new", b""),), title="a change")
    assert tree(real) == before


def packed_again(archive: Path, text: str, *, path: str = "sp/p/n", in_place: bool = False) -> None:
    """Another packed tree in the place of one."""
    source = archive.with_name(f"from {text}")
    (source / path / ".dm/x").mkdir(parents=True)
    (source / path / ".dm/x/meta.content.json").write_text('{"payload": {"content_type": "text", "body": "x.txt"}}')
    (source / path / "x.txt").write_text(text)
    roots = [Root(str(source), path)]
    if path == "sp/p/n":
        (source / "sp/p/.dm/n/attachments.comment").mkdir(parents=True)
        (source / "sp/p/n.json").write_text("[2]")
        roots += [Root(str(source), "sp/p/.dm/n"), Root(str(source), "sp/p/n.json")]
    new = archive.with_name(f"{text}.des")
    pack_files(str(new), roots)
    if in_place:
        archive.write_bytes(new.read_bytes())
    else:
        new.replace(archive)


@pytest.mark.parametrize("how", ["renamed", "written over", "told by a read only, as on S3"])
def test_a_replaced_archive_is_opened_anew(
    small: Spaces, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "S3" in how:
        monkeypatch.setattr(LocalSource, "was_replaced", lambda _: False)
        monkeypatch.setattr(archives_archive, "TAIL", 100)
        mounting.attach(small.root)
    path = f"{small.root}/sp/p/n/x.txt"
    listing = disk.scandir(f"{small.root}/sp/p/n")
    for text in ("another text",) if "S3" in how else ("another text", "a third one"):
        assert disk.isfile(path)
        packed_again(tmp_path / "a.des", text, in_place=how != "renamed")
        assert read_bounded(path, small.root, 100) == text.encode()
        assert disk.stat(path).st_size == len(text)
    assert {entry.name for entry in listing} == {".dm", "x.txt", "empty"}  # as it was when it was asked for
    assert {entry.name for entry in disk.scandir(f"{small.root}/sp/p/n")} == {".dm", "x.txt"}


@pytest.mark.parametrize("what", ["damaged", "gone", "something else"])
def test_an_archive_replaced_by_what_cannot_be_read(small: Spaces, what: str, tmp_path: Path) -> None:
    path = f"{small.root}/sp/p/n/x.txt"
    assert read_bounded(path, small.root, 100) == b"the text of x"
    if what == "damaged":
        (tmp_path / "a.des").write_bytes(b"no archive")
    elif what == "gone":
        (tmp_path / "a.des").unlink()
    else:
        packed_again(tmp_path / "a.des", "other", path="sp/q")
    with pytest.raises(Failed, match="/a"):
        read_bounded(path, small.root, 100)
    with pytest.raises(DmartTuiError):
        small.load(Address("sp", ("p", "n", "x")))
    assert small.space_names() == ["sp"]


def test_large_contents_and_many_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives_mounted, "_IN_MEMORY", 1000)
    monkeypatch.setattr(archives_mounted, "_HELD", 3)
    (tmp_path / "from/sp/big").mkdir(parents=True)
    for number in range(20):
        (tmp_path / f"from/sp/big/{number}").write_bytes(bytes([number]) * (number * 200))
    pack_files(str(tmp_path / "a.des"), [Root(str(tmp_path / "from"), "sp/big")])
    root = tmp_path / "root"
    (root / "sp").mkdir(parents=True)
    mounting.mount(str(root), str(tmp_path / "a.des"))
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0  # noqa: PTH112, PTH208
    for number in (*range(20), *reversed(range(20))):
        assert read_bounded(f"{root}/sp/big/{number}", str(root), 1 << 20) == bytes([number]) * (number * 200)
        assert disk.stat(f"{root}/sp/big/{number}").st_size == number * 200
    if before:
        assert len(os.listdir("/proc/self/fd")) <= before + 5  # noqa: PTH208


def test_kept_links_lead_to_files_and_not_out(tmp_path: Path) -> None:
    (tmp_path / "from/sp/links").mkdir(parents=True)
    (tmp_path / "from/sp/links/file").write_text("content")
    wanted = {
        "near": "file",
        "out": "../../../secret",
        "far": "/etc/passwd",
        "gone": "nothing",
        "over": "../door/secret",
    }
    for name, to in wanted.items():
        (tmp_path / "from/sp/links" / name).symlink_to(to)
    pack_files(str(tmp_path / "a.des"), [Root(str(tmp_path / "from"), "sp/links")], links="keep")
    root = tmp_path / "root"
    (root / "sp").mkdir(parents=True)
    (root / "sp/door").symlink_to(tmp_path)
    (tmp_path / "secret").write_text("secret")
    mounting.mount(str(root), str(tmp_path / "a.des"))
    assert read_bounded(f"{root}/sp/links/near", str(root), 100) == b"content"
    assert disk.islink(f"{root}/sp/links/near")
    for name in ("out", "far", "gone", "over"):
        assert disk.lexists(f"{root}/sp/links/{name}")
        assert not disk.exists(f"{root}/sp/links/{name}")
        with pytest.raises(DmartTuiError):
            read_bounded(f"{root}/sp/links/{name}", str(root), 100)
