"""Files packed into an archive come back the same, and nowhere else."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.archives.archive import Archive, open_archive
from dmart_tui.core.archives.source import open_source
from dmart_tui.core.archives.trees import LISTING, Root, member_name, pack_files, roots_of, true_path
from dmart_tui.core.archives.unpacking import Unpacked, unpack
from dmart_tui.core.archives.writer import Writer, checked_name
from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.errors import Damaged, Failed, NotFound, Refused
from tests.support import crashing

Tree = dict[str, tuple[str, int, int | None, bytes]]


def tree(root: Path) -> Tree:
    """All below a folder: kind, mode, time and content."""
    found: Tree = {}
    for folder, folders, files in os.walk(os.fsencode(root)):
        for name in folders + files:
            path = os.path.join(folder, name)  # noqa: PTH118 - names are bytes here
            status = os.lstat(path)
            mode = stat.S_IMODE(status.st_mode)
            key = os.fsdecode(os.path.relpath(path, os.fsencode(root)))
            if stat.S_ISLNK(status.st_mode):
                found[key] = "link", mode, None, os.readlink(path)  # noqa: PTH115
            elif stat.S_ISDIR(status.st_mode):
                found[key] = "folder", mode, status.st_mtime_ns, b""
            else:
                with open(path, "rb") as file:
                    found[key] = "file", mode, status.st_mtime_ns, file.read()
    return found


def fill(root: Path) -> None:
    """Files of many kinds: odd names, modes and times, empty, large, deep."""
    (root / "sp/.dm/hello").mkdir(parents=True)
    (root / "sp/.dm/hello/meta.content.json").write_text("{}")
    (root / "sp/.dm/hello/history.jsonl").write_bytes(b"")
    (root / "sp/empty").mkdir(mode=0o750)
    for name in ('a:b*c?"<>|', "100%", "%2F", "back\\slash", "line\nend", "مدونة", " ", "…", "-rf", "%listing.ndjson"):
        (root / "sp" / name).write_text(name)
    with open(os.fsencode(root) + b"/sp/caf\xe9", "wb") as file:
        file.write(b"latin")
    (root / "sp/large").write_bytes(os.urandom(3_000_000))
    (root / "sp/large").chmod(0o600)
    os.utime(root / "sp/.dm/hello/meta.content.json", ns=(1, 1_234_567_890_123_456_789))
    os.utime(root / "sp/empty", ns=(1, 987_654_321_000_000_001))


def opened(path: Path) -> Archive:
    return open_archive(open_source(str(path)))


def unpacked(path: Path, target: Path, **options: Any) -> Unpacked:
    with opened(path) as archive:
        return unpack(archive, str(target), **options)


@pytest.fixture
def original(tmp_path: Path) -> Path:
    root = tmp_path / "my spaces"
    fill(root)
    return root


def test_files_come_back_the_same(original: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.des"
    packed = pack_files(str(path), [Root(str(original), "sp")])
    assert (packed.files, packed.folders, packed.links) == (14, 4, 0)
    done = unpacked(path, tmp_path / "new place" / "deep")
    assert (done.files, done.same, done.left) == (14, 0, [])
    assert tree(tmp_path / "new place" / "deep") == tree(original)


def test_members_are_what_the_original_takes(original: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.des"
    pack_files(str(path), [Root(str(original), "sp")])
    with opened(path) as archive:
        names = [archive.name(position) for position in range(archive.count)]
        for name in names:
            checked_name(name)
        assert len(set(names)) == 15
        [position] = archive.find("sp%2F.dm%2Fhello%2Fmeta.content.json")
        meta = archive.meta(position)
        assert list(meta) == ["path", "mode", "mtime_ns", "size", "sha256"]
        assert meta["path"] == "sp/.dm/hello/meta.content.json"
        assert meta["mtime_ns"] == 1_234_567_890_123_456_789


@given(st.binary(min_size=1, max_size=40).filter(lambda raw: b"\0" not in raw))
def test_any_path_can_name_a_member(raw: bytes) -> None:
    path = os.fsdecode(raw)
    name = member_name(path)
    checked_name(name)
    plain = not any(part in ("", ".", "..") for part in path.split("/"))
    assert true_path(name) == (path if plain else None)
    assert name != LISTING


@pytest.mark.parametrize(
    "name",
    ["..", ".", "..%2Fx", "%2Fetc%2Fpasswd", "a%2F..%2Fb", "a%2F%2Fb", "a%2F", "a%00b", "%41", "%2f", "a%", LISTING],
)
def test_names_that_lead_nowhere(name: str) -> None:
    assert true_path(name) is None


def test_a_second_run_goes_on(original: Path, tmp_path: Path) -> None:
    path, target = tmp_path / "a.des", tmp_path / "new"
    pack_files(str(path), [Root(str(original), "sp")])
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        unpacked(path, target, cancel=cancel, progress=lambda files, _: cancel.cancel() if files == 5 else None)
    done = unpacked(path, target)
    assert (done.files, done.same) == (9, 5)
    assert {key: value[3] for key, value in tree(target).items()} == {
        key: value[3] for key, value in tree(original).items()
    }


def test_nothing_is_written_over(original: Path, tmp_path: Path) -> None:
    path, target = tmp_path / "a.des", tmp_path / "new"
    pack_files(str(path), [Root(str(original), "sp")])
    (target / "sp/.dm").mkdir(parents=True)
    (target / "sp/large").write_bytes(b"mine")
    (target / "sp/.dm/hello").write_bytes(b"a file where a folder should be")
    done = unpacked(path, target)
    assert {path for path, _ in done.left} == {
        "sp/large",
        "sp/.dm/hello",
        "sp/.dm/hello/meta.content.json",
        "sp/.dm/hello/history.jsonl",
    }
    assert done.files == 11
    assert (target / "sp/large").read_bytes() == b"mine"
    assert not [name for name in tree(target) if "des-part" in name]


def hostile(path: Path, members: list[tuple[str, bytes, dict[str, Any]]], listing: list[dict[str, Any]]) -> None:
    with Writer(str(path)) as writer:
        for name, content, meta in members:
            writer.add(name, content, meta)
        writer.add(LISTING, b"".join(json.dumps(line).encode() + b"\n" for line in listing))


@pytest.mark.parametrize(
    ("members", "listing"),
    [
        ([("..%2Fout", b"x", {}), ("%2Fout", b"x", {}), ("a%2F..%2F..%2Fout", b"x", {})], []),
        ([("x", b"x", {"path": "../out"})], []),
        ([("link%2Fout", b"x", {})], [{"link": "link", "to": ".."}, {"link": "link", "to": "/"}]),
        ([("link%2Fin", b"x", {})], [{"link": "link", "to": "x"}]),
        ([], [{"link": "../out", "to": "x"}, {"link": "/out", "to": "x"}, {"folder": "../out", "mode": 0}]),
        ([], [{"link": "a", "to": "b/../../out"}, {"link": "a/b", "to": "../../out"}, {"link": "c", "to": 7}]),
        ([], [{"folder": ["x"]}, {"folder": "x\0y"}, {"link": "a", "to": "x\0y"}, {}, {"folder": ""}]),
        ([], [{"folder": "\ud800"}, {"link": "\ud800", "to": "x"}, {"link": "a", "to": "\ud800"}]),
    ],
)
def test_nothing_leaves_the_target(
    members: list[tuple[str, bytes, dict[str, Any]]], listing: list[dict[str, Any]], tmp_path: Path
) -> None:
    folder = tmp_path / "outside"
    folder.mkdir()
    hostile(folder / "a.des", members, listing)
    before = tree(folder)
    for _ in range(2):
        unpacked(folder / "a.des", folder / "target", links="keep")
    assert {key: value[3] for key, value in tree(folder).items() if not key.startswith("target")} == {
        key: value[3] for key, value in before.items()
    }
    for path, found in tree(folder / "target").items():
        if found[0] == "link":
            assert os.path.realpath(folder / "target" / path).startswith(str(folder / "target"))


def test_a_link_that_is_there_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "target").mkdir()
    (tmp_path / "target/sp").symlink_to(tmp_path / "out")
    hostile(tmp_path / "a.des", [("sp%2Fx", b"x", {})], [{"folder": "sp/y"}])
    done = unpacked(tmp_path / "a.des", tmp_path / "target")
    assert [path for path, _ in done.left] == ["sp/x", "sp/y"]
    assert list((tmp_path / "out").iterdir()) == []


def test_modes_give_nobody_more(tmp_path: Path) -> None:
    hostile(tmp_path / "a.des", [("x", b"x", {"mode": 0o6755, "mtime_ns": "soon"}), ("y", b"y", {"mode": "all"})], [])
    unpacked(tmp_path / "a.des", tmp_path / "new")
    assert stat.S_IMODE((tmp_path / "new/x").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "new/y").stat().st_mode) == 0o644


def test_a_content_that_changed_on_its_way_is_left_out(original: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.des"
    pack_files(str(path), [Root(str(original), "sp/100%")])
    data = path.read_bytes()
    path.write_bytes(data.replace(b"100%", b"200%", 1))
    done = unpacked(path, tmp_path / "new")
    assert (done.files, [name for name, _ in done.left]) == (0, ["sp/100%"])
    assert [one for one, found in tree(tmp_path / "new").items() if found[0] == "file"] == []


def test_what_the_disk_did_not_keep_is_noticed(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finish = Writer.finish

    def flipping(writer: Writer) -> None:
        finish(writer)
        with open(writer.staged, "r+b") as file:
            file.seek(20)
            file.write(b"\xff")

    monkeypatch.setattr(Writer, "finish", flipping)
    with pytest.raises(Damaged):
        pack_files(str(tmp_path / "a.des"), [Root(str(original), "sp")])
    assert sorted(path.name for path in tmp_path.iterdir()) == [original.name]


def test_links_are_refused_or_kept(original: Path, tmp_path: Path) -> None:
    (original / "sp/link").symlink_to(".dm/hello")
    (original / "sp/up").symlink_to("../../elsewhere")
    path = tmp_path / "a.des"
    with pytest.raises(Refused, match="symlink"):
        pack_files(str(path), [Root(str(original), "sp")])
    assert not path.exists()
    assert pack_files(str(path), [Root(str(original), "sp")], links="keep").links == 2
    assert {name for name, _ in unpacked(path, tmp_path / "without").left} == {"sp/link", "sp/up"}
    done = unpacked(path, tmp_path / "with", links="keep")
    assert (done.links, [name for name, _ in done.left]) == (1, ["sp/up"])
    assert (tmp_path / "with/sp/link").readlink() == Path(".dm/hello")


def test_an_archive_does_not_pack_itself(original: Path) -> None:
    before = tree(original)
    with pytest.raises(Refused, match="inside"):
        pack_files(str(original / "sp/.dm/a.des"), [Root(str(original), "sp")])
    assert tree(original) == before


def test_a_pipe_is_not_packed(original: Path, tmp_path: Path) -> None:
    os.mkfifo(original / "sp/pipe")
    with pytest.raises(Refused, match="neither"):
        pack_files(str(tmp_path / "a.des"), [Root(str(original), "sp")])


def test_a_file_that_changes_meanwhile_is_not_packed(
    original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Writer.add

    def touching(writer: Writer, name: str, *args: Any) -> str:
        os.utime(original / "sp/large", ns=(1, 1))
        return add(writer, name, *args)

    monkeypatch.setattr(Writer, "add", touching)
    with pytest.raises(Failed, match="changed"):
        pack_files(str(tmp_path / "a.des"), [Root(str(original), "sp/large")])
    assert not (tmp_path / "a.des").exists()


def test_big_files_go_beside_and_come_back(original: Path, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    path = tmp_path / "store" / "a.des"
    pack_files(str(path), [Root(str(original), "sp")], big_file_threshold=1_000_000)
    assert (tmp_path / "store/_bigFiles/sp%2Flarge").stat().st_size == 3_000_000
    assert path.stat().st_size < 100_000
    unpacked(path, tmp_path / "new")
    assert tree(tmp_path / "new") == tree(original)


def test_paths_are_packed_under_their_names(original: Path, tmp_path: Path) -> None:
    found = roots_of([f"{original}/sp/", f"{original}/sp/large", f"{original}/sp"])
    assert found == [Root(str(original), "sp"), Root(f"{original}/sp", "large")]
    (tmp_path / "large").write_bytes(b"")
    with pytest.raises(Refused):
        roots_of([f"{original}/sp/large", f"{tmp_path}/large"])
    with pytest.raises(NotFound):
        roots_of([f"{original}/nothing"])


def test_killed_at_every_call_of_unpacking(tmp_path: Path) -> None:
    (tmp_path / "from/sp/a").mkdir(parents=True)
    for name in ("sp/one", "sp/a/two"):
        (tmp_path / "from" / name).write_text(name)
    pack_files(str(tmp_path / "a.des"), [Root(str(tmp_path / "from"), "sp")])

    def make(root: Path) -> None:
        root.mkdir(parents=True)

    def run(root: Path) -> None:
        unpacked(tmp_path / "a.des", root)

    def again(root: Path) -> None:
        for name in ("one", "a/two"):
            path = root / "sp" / name
            assert not path.exists() or path.read_text() == f"sp/{name}"
        run(root)
        for folder in (root / "sp", root / "sp/a"):  # made by the run that was killed: their modes are the usual ones
            folder.chmod(0o755)

    work = tmp_path / "work"
    work.mkdir()
    kills = crashing.survives(make, run, work, recovery=again)
    assert kills.lost == []
    assert kills.new >= 10
