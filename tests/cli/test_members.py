"""`des info|ls|cat|meta|get|verify|repair`, as scripts and people use them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import HOSTILE
from tests.support.archives import ONE, TWO, Made, cases, des1, des2

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "an archive.des"
    path.write_bytes(des1(*TWO, Made(b"c#d.txt", b"\x1b[31mred\xff"), Made(b"a", b"newer")))
    return path


def case(name: str, folder: Path) -> Path:
    path = folder / f"{name}.des"
    path.write_bytes(cases()[name][1])
    return path


def test_info_tells_the_parts(cli: Callable[..., Result], archive: Path) -> None:
    result = cli("des", "info", archive, "--json")
    facts = json.loads(result.stdout)
    assert (facts["format"], facts["members"], facts["size"]) == ("DES v1", 4, archive.stat().st_size)
    assert facts["data"] == {"offset": 16, "size": 34}
    assert "members\t4" in cli("des", "info", archive).stdout
    assert f"1 request · {archive.stat().st_size} B of" in result.stderr


def test_ls_lists_in_the_order_of_the_index(cli: Callable[..., Result], archive: Path) -> None:
    rows = [json.loads(line) for line in cli("des", "ls", archive, "--jsonl").stdout.splitlines()]
    assert [row["name"] for row in rows] == ["a", "b", "c#d.txt", "a"]
    assert rows[0] == {"name": "a", "size": 10, "offset": 16, "flags": 0, "external": False}
    assert cli("des", "ls", archive, "--glob", "*.txt").stdout == "9\t36\t\tc#d.txt\n"
    assert cli("des", "ls", archive, "--glob", "nothing", "--json").stdout == "[]\n"


def test_cat_and_meta_of_a_member(program: Callable[..., subprocess.CompletedProcess[bytes]], archive: Path) -> None:
    assert program("des", "cat", f"{archive}#c#d.txt").stdout == b"\x1b[31mred\xff"
    last = program("des", "cat", f"{archive}#a")
    assert last.stdout == b"newer"
    assert b"2 members have this name: this is the last" in last.stderr
    assert json.loads(program("des", "meta", f"{archive}#b").stdout) == {"size": 10}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("cat", "{archive}#no such"), 3),
        (("cat", "{archive}"), 2),
        (("ls", "/no/such.des"), 3),
        (("ls", "{folder}"), 4),
        (("ls", "{cut}"), 5),
        (("cat", "{beyond}#a"), 5),
        (("meta", "{list}#a"), 5),
        (("get", "{archive}", "no*", "-o", "{folder}/out"), 3),
        (("repair", "{archive}", "-o", "{archive}"), 4),
        (("repair", "{cut}", "-o", "{folder}/new.des"), 5),
        (("repair", "{archive}", "-o", "{folder}/new.des", "--read-only"), 4),
        (("get", "{archive}", "-o", "{folder}/new", "--read-only"), 4),
    ],
)
def test_exit_codes(
    cli: Callable[..., Result], archive: Path, tmp_path: Path, arguments: tuple[str, ...], code: int
) -> None:
    names = {"archive": archive, "folder": tmp_path, "cut": case("cut-in-data", tmp_path)}
    names |= {"beyond": case("offset-huge", tmp_path), "list": case("meta-list", tmp_path)}
    before = sorted(tmp_path.rglob("*"))
    result = cli("des", *(argument.format(**names) for argument in arguments))
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1].startswith(("dmart-tui: ", "Error: "))
    assert sorted(tmp_path.rglob("*")) == before


def test_get_writes_and_tells(cli: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "x.des"
    path.write_bytes(des1(*TWO, Made(b"../out", b"evil"), Made(b"bad", b"x", offset=1 << 50)))
    folder = tmp_path / "to"
    result = cli("des", "get", path, "-o", folder)
    assert result.exit_code == 5
    assert {found.name: found.read_bytes() for found in folder.iterdir()} == {
        "a": ONE.content,
        "b": TWO[1].content,
        "..%2Fout": b"evil",
    }
    assert "../out: is called ..%2Fout" in result.stderr
    assert "bad: its place lies outside" in result.stderr
    assert "3 written, 1 failed" in result.stderr
    again = cli("des", "get", path, "[ab]", "-o", folder, "--jsonl")
    assert again.exit_code == 4
    assert [json.loads(line)["outcome"] for line in again.stdout.splitlines()] == ["exists", "exists"]
    assert cli("des", "get", path, "[ab]", "-o", folder, "--overwrite").exit_code == 0


def test_verify_reports_by_severity(cli: Callable[..., Result], archive: Path, tmp_path: Path) -> None:
    good = cli("des", "verify", case("good", tmp_path), "--contents")
    assert (good.exit_code, good.stdout) == (0, "")
    assert "2 members: nothing is wrong" in good.stderr
    noted = cli("des", "verify", case("data-gap", tmp_path))
    assert (noted.exit_code, noted.stdout.split("\t")[:2]) == (0, ["note", "unused"])
    found = cli("des", "verify", archive, "--json")
    assert found.exit_code == 1
    assert [(row["kind"], row["position"], row["name"]) for row in json.loads(found.stdout)] == [("duplicate", 3, "a")]
    assert cli("des", "verify", archive, "--severity", "error").stdout == ""
    assert cli("des", "verify", case("footer-version", tmp_path)).exit_code == 5


def test_repair_makes_an_archive_and_lists_what_is_lost(cli: Callable[..., Result], tmp_path: Path) -> None:
    whole = cli("des", "repair", case("cut-in-footer", tmp_path), "-o", tmp_path / "whole.des")
    assert (whole.exit_code, whole.stdout) == (0, "")
    assert "2 members kept, 0 lost" in whole.stderr
    assert cli("des", "cat", f"{tmp_path / 'whole.des'}#b").stdout == "abcdefghij"
    part = cli("des", "repair", case("encrypted", tmp_path), "-o", tmp_path / "part.des", "--json")
    assert part.exit_code == 1
    assert [loss["name"] for loss in json.loads(part.stdout)["lost"]] == ["a"]


def test_nothing_of_a_hostile_archive_reaches_the_screen(cli: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "evil.des"
    name = HOSTILE.encode()
    path.write_bytes(des1(Made(name, b"x", offset=1 << 50), Made(name, b"y", b'["\x1b"]'), Made(b"\xff" + name, b"z")))
    for arguments in (
        ("ls", path),
        ("verify", path, "--contents"),
        ("meta", f"{path}#{HOSTILE}"),
        ("cat", f"{path}#{HOSTILE}x"),
        ("get", path, "-o", tmp_path / "to"),
        ("repair", path, "-o", tmp_path / "new.des"),
    ):
        result = cli("des", *arguments)
        for text in (result.stdout, result.stderr):
            assert not set(text) & set("\x1b\x07\x9b\u202e")


def test_what_was_deleted_is_printed_only_when_asked_for(cli: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "a.des").write_bytes(des2(Made(b"x", b"secret")))
    told = {"tombstones": {"x": {"uid": "x", "deleted_by": "ann", "reason": "GDPR"}}}
    (tmp_path / "a.meta").write_text(json.dumps(told))
    assert "deleted" in cli("des", "ls", tmp_path / "a.des").stdout
    done = cli("des", "cat", f"{tmp_path}/a.des#x")
    assert (done.exit_code, done.stdout, "by ann: GDPR" in done.stderr) == (4, "", True)
    assert cli("des", "cat", f"{tmp_path}/a.des#x", "--deleted").stdout == "secret"
    cli("des", "get", tmp_path / "a.des", "-o", tmp_path / "out")
    assert not (tmp_path / "out/x").exists()
    cli("des", "get", tmp_path / "a.des", "-o", tmp_path / "out", "--deleted")
    assert (tmp_path / "out/x").read_text() == "secret"
