"""`des pack`, `unpack`, `append-day`, `name` and `rm --packed-in`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import put
from tests.core.archives.test_writer import read_back
from tests.support.crashing import tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result


@pytest.fixture
def run(cli: Callable[..., Result], root: Path) -> Callable[..., Result]:
    def on_root(*arguments: Any, **options: Any) -> Result:
        return cli("--root", root, *arguments, **options)

    return on_root


def test_pack_and_unpack_a_folder(run: Callable[..., Result], root: Path, tmp_path: Path) -> None:
    archive, before = tmp_path / "posts.des", tree(root / "blog/posts")
    done = run("des", "pack", "-o", archive, "blog/posts", "--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["files"] == len([found for found in before.values() if found[1]])
    assert "read back and found whole" in done.stderr
    assert tree(root / "blog/posts") == before
    assert run("rm", "blog/posts", "--packed-in", archive).exit_code == 0
    assert run("ls", "blog/posts").exit_code == 3
    done = run("des", "unpack", archive, "-o", root)
    assert (done.exit_code, tree(root / "blog/posts")) == (0, before)
    assert "were there already" in run("des", "unpack", archive, "-o", root).stderr


def test_mount_and_unmount(run: Callable[..., Result], tmp_path: Path) -> None:
    archive = tmp_path / "posts.des"
    shown = run("cat", "blog/posts/hello", "--json").stdout
    history = run("history", "blog/posts/hello", "--json").stdout
    assert run("des", "pack", "-o", archive, "blog/posts").exit_code == 0
    refused = run("des", "mount", archive)
    assert (refused.exit_code, "--packed-in" in refused.stderr) == (4, True)
    assert run("rm", "blog/posts", "--packed-in", archive).exit_code == 0
    assert run("des", "mount", archive, "--read-only").exit_code == 4
    assert run("des", "mount", archive).exit_code == 0
    assert run("cat", "blog/posts/hello", "--json").stdout == shown
    assert run("history", "blog/posts/hello", "--json").stdout == history
    assert run("cat", "blog/posts/hello", "--payload").stdout.startswith("{")
    assert "blog/posts/hello" in run("find", "hello").stdout
    assert [row["archive"] for row in json.loads(run("des", "mounts", "--json").stdout)] == [str(archive)]
    refused = run("set", "blog/posts/hello", "slug=z")
    assert (refused.exit_code, "mounted" in refused.stderr) == (4, True)
    assert run("des", "unmount", archive).exit_code == 0
    assert run("cat", "blog/posts/hello").exit_code == 3
    assert run("des", "unmount", archive).exit_code == 3


def test_what_another_mounted_is_named_and_not_opened(run: Callable[..., Result], root: Path, tmp_path: Path) -> None:
    archive = tmp_path / "posts.des"
    assert run("des", "pack", "-o", archive, "blog/posts").exit_code == 0
    assert run("rm", "blog/posts", "--packed-in", archive).exit_code == 0
    put(root / ".dmart-tui/mounts.json", {"mounts": [{"archive": str(archive), "covers": {"blog/posts": True}}]})
    done = run("ls", "blog/posts")
    assert (done.exit_code, "not followed" in done.stderr) == (3, True)
    [row] = json.loads(run("des", "mounts", "--json").stdout)
    assert row["refused"]
    assert run("des", "mount", archive).exit_code == 0
    done = run("ls", "blog/posts")
    assert (done.exit_code, done.stderr) == (0, "")


def test_what_was_not_packed_is_not_removed(run: Callable[..., Result], root: Path, tmp_path: Path) -> None:
    assert run("des", "pack", "-o", tmp_path / "a.des", "blog/posts").exit_code == 0
    put(root / "blog/posts/hello.json", {"title": "Changed"})
    done = run("rm", "blog/posts", "--packed-in", tmp_path / "a.des")
    assert done.exit_code == 4
    assert "blog/posts/hello.json" in done.stderr
    assert run("ls", "blog/posts").exit_code == 0


def test_paths_and_addresses(run: Callable[..., Result], root: Path, tmp_path: Path) -> None:
    put(tmp_path / "some" / "notes.txt", b"notes")
    done = run("des", "pack", "-o", tmp_path / "a.des", "blog/posts/hello", tmp_path / "some")
    assert done.exit_code == 0, done.stderr
    names = [found.name for found in read_back(tmp_path / "a.des")]
    assert "some%2Fnotes.txt" in names
    assert "blog%2Fposts%2F.dm%2Fhello%2Fmeta.content.json" in names
    assert "blog%2Fposts%2Fhello.json" in names


def test_a_path_needs_no_root(cli: Callable[..., Result], tmp_path: Path) -> None:
    put(tmp_path / "notes.txt", b"notes")
    assert cli("des", "pack", "-o", tmp_path / "a.des", tmp_path / "notes.txt").exit_code == 0
    assert read_back(tmp_path / "a.des")[0].content == b"notes"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("des", "pack", "-o", "a.des", "nowhere/at/all"), 3),
        (("des", "pack", "-o", "a.des", "./nothing"), 3),
        (("des", "pack", "blog"), 2),
        (("--read-only", "des", "pack", "-o", "a.des", "blog"), 4),
        (("--read-only", "des", "append-day", "store", "x"), 4),
        (("des", "unpack", "missing.des", "-o", "x"), 3),
        (("des", "append-day", "store", "missing"), 3),
        (("des", "name", "--decode", "report.pdf"), 2),
        (("des", "name", "--prefix", "a_b"), 2),
        (("des", "name", "--node", "256"), 2),
    ],
)
def test_what_goes_wrong(
    run: Callable[..., Result], arguments: tuple[str, ...], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert run(*arguments).exit_code == code
    assert os.listdir(tmp_path / "here") == []  # noqa: PTH208


def test_nothing_is_written_over(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "a.des").write_bytes(b"mine")
    assert run("des", "pack", "-o", tmp_path / "a.des", "blog").exit_code == 4
    assert (tmp_path / "a.des").read_bytes() == b"mine"
    assert run("des", "pack", "-o", tmp_path / "b.des", "blog").exit_code == 0
    put(tmp_path / "new/blog/posts/hello.json", b"mine")
    done = run("des", "unpack", tmp_path / "b.des", "-o", tmp_path / "new", "--json")
    assert done.exit_code == 1
    assert [row["path"] for row in json.loads(done.stdout)["why"]] == ["blog/posts/hello.json"]
    assert (tmp_path / "new/blog/posts/hello.json").read_bytes() == b"mine"


def test_append_day(cli: Callable[..., Result], tmp_path: Path) -> None:
    for name in ("IMG_20250115_(FD323AFF0300_6B)", "IMG_20250115_(FD323AFF0301_6C).jpg", "deep/other.txt"):
        put(tmp_path / "in" / name, name.encode())
    store = tmp_path / "store"
    arguments = ("des", "append-day", store, tmp_path / "in", "--shard-bits", "4", "--jsonl")
    done = cli(*arguments, "--day", "2026-11-21")
    assert done.exit_code == 0, done.stderr
    assert {json.loads(line)["archive"].split("/")[-2] for line in done.stdout.splitlines()} == {"2026-11-21"}
    rows = {row["name"]: row["archive"] for row in map(json.loads, cli(*arguments).stdout.splitlines())}
    assert rows["IMG_20250115_(FD323AFF0300_6B)"] == f"{store}/2025-01-15/9.des"
    assert rows["IMG_20250115_(FD323AFF0301_6C).jpg"] == f"{store}/2025-01-15/f.des"
    assert "were there already" in cli(*arguments).stderr


def test_a_subtree_goes_into_a_store_and_comes_back(run: Callable[..., Result], root: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    arguments = ("des", "append-day", store, "blog/posts", "--shard-bits", "1", "--day", "2026-11-21", "--jsonl")
    done = run(*arguments)
    assert done.exit_code == 0, done.stderr
    rows = list(map(json.loads, done.stdout.splitlines()))
    assert {row["path"] for row in rows} >= {"blog/posts/hello.json", "blog/posts/.dm/hello/history.jsonl"}
    shards = sorted((store / "2026-11-21").iterdir())
    assert [path.name for path in shards] == ["0.des", "1.des"]
    assert {path.stat().st_mode & 0o077 for path in shards} == {0}
    assert "were there already" in run(*arguments).stderr
    for shard in shards:
        assert run("des", "unpack", shard, "-o", tmp_path / "back").exit_code == 0
    before, after = tree(root / "blog/posts"), tree(tmp_path / "back/blog/posts")
    assert {path: found[1] for path, found in after.items()} == {path: found[1] for path, found in before.items()}
    found = run("des", "find", store, rows[0]["name"], "--shard-bits", "1", "--day", "2026-11-21", "--json")
    [row] = json.loads(found.stdout)
    assert row["address"] == f"{rows[0]['archive']}#{rows[0]['name']}"
    assert run("des", "cat", row["address"]).stdout_bytes == (root / rows[0]["path"]).read_bytes()
    shown = run("cat", "blog/posts/hello").stdout
    assert run("rm", "blog/posts", "--yes").exit_code == 0
    assert run("cat", "blog/posts/hello").exit_code == 3
    mounted = run("des", "mount", store, "--shard-bits", "1")
    assert mounted.exit_code == 0, mounted.stderr
    assert run("cat", "blog/posts/hello").stdout == shown
    assert run("des", "unmount", store).exit_code == 0
    assert run("cat", "blog/posts/hello").exit_code == 3


def test_links_do_not_go_into_a_store(run: Callable[..., Result], root: Path, tmp_path: Path) -> None:
    (root / "blog/posts/link").symlink_to("hello.json")
    assert run("des", "append-day", tmp_path / "store", "blog/posts").exit_code == 4
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("report.pdf", "--day", "2026-11-21"), 3),
        (("report.pdf",), 2),
        (("DES_20261121_(FD2FB17B0700_5F)",), 3),
        (("report.pdf", "--day", "soon"), 2),
    ],
)
def test_what_is_not_in_a_store(
    cli: Callable[..., Result], arguments: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    assert cli("des", "find", tmp_path / "store", *arguments).exit_code == code


def test_append_day_gives_new_names(cli: Callable[..., Result], tmp_path: Path) -> None:
    put(tmp_path / "photo.jpg", b"x")
    done = cli("des", "append-day", tmp_path / "store", tmp_path / "photo.jpg", "--new-names", "IMG", "--json")
    [row] = json.loads(done.stdout)
    told = json.loads(cli("des", "name", "--decode", row["name"], "--json").stdout)
    assert (told["prefix"], told["suffix"], told["checksum"]) == ("IMG", ".jpg", "right")
    [found] = read_back(Path(row["archive"]))
    assert (found.content, found.meta["source_path"]) == (b"x", str(tmp_path / "photo.jpg"))
    assert row["archive"].split("/")[-2] == told["day"]


def test_names(cli: Callable[..., Result]) -> None:
    made = cli("des", "name", "-n", "300", "--prefix", "X1").stdout.split()
    assert len(set(made)) == 300
    assert json.loads(cli("des", "name", "-n", "2", "--json").stdout)[1].startswith("DES_")
    told = dict(line.split("\t") for line in cli("des", "name", "--decode", made[0]).stdout.splitlines())
    assert (told["prefix"], told["node"]) == ("X1", "0")
    assert cli("des", "name", "--decode", "DES_20250115_(FD3228020700_61)").exit_code == 1


def test_help_lists_the_subcommands(cli: Callable[..., Result]) -> None:
    shown = cli("des", "--help").stdout
    assert all(name in shown for name in ("pack", "unpack", "append-day", "name"))
