"""`cat`: an entry whole, in parts, masked."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from dmart_tui.core.secrets import MARK

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Cli = Callable[..., Result]
    Program = Callable[..., subprocess.CompletedProcess[bytes]]

HASH = "$argon2id$"


def test_json_has_the_shape_of_the_contract(cli: Cli, root: Path) -> None:
    document = json.loads(cli("--root", root, "cat", "blog/posts/hello", "--json").stdout)
    assert list(document) == ["address", "meta", "payload", "attachments", "problems"]
    assert document["address"] == "blog/posts/hello"
    assert document["meta"]["created_at"] == "2024-01-02T03:04:05.000006"
    assert document["payload"] == {"title": "Hello", "token": MARK, "views": 3}
    assert [found["address"] for found in document["attachments"]] == ["blog/posts/hello#comment/first"]
    assert document["attachments"][0]["meta"]["body"] == "well said"
    assert document["problems"] == []


def test_secrets_are_masked_in_every_form(cli: Cli, root: Path) -> None:
    for options in ((), ("--json",), ("--jsonl",), ("--meta",)):
        result = cli("--root", root, "cat", "blog/posts/hello", *options)
        assert MARK in result.stdout
        assert HASH not in result.stdout
        assert "sesame" not in result.stdout


def test_a_secret_shows_when_its_key_is_named(cli: Cli, root: Path) -> None:
    shown = json.loads(cli("--root", root, "cat", "blog/posts/hello", "--json", "--reveal", "password").stdout)
    assert shown["meta"]["password"].startswith(HASH)
    assert shown["payload"]["token"] == MARK


def test_meta_alone(cli: Cli, root: Path) -> None:
    assert json.loads(cli("--root", root, "cat", "blog/posts/hello", "--meta").stdout)["shortname"] == "hello"


def test_payload_is_the_bytes_of_the_file(program: Program, root: Path) -> None:
    result = program("--root", root, "cat", "blog/posts/hello", "--payload")
    assert result.stdout == (root / "blog/posts/hello.json").read_bytes()


def test_a_large_binary_payload_comes_whole(program: Program, root: Path) -> None:
    data = bytes(range(256)) * 20_000
    folder = root / "blog/.dm/film"
    folder.mkdir()
    (folder / "meta.content.json").write_text(
        json.dumps({"shortname": "film", "payload": {"content_type": "video", "body": "film.mp4"}})
    )
    (root / "blog/film.mp4").write_bytes(data)
    result = program("--root", root, "cat", "blog/film", "--payload")
    assert hashlib.sha256(result.stdout).digest() == hashlib.sha256(data).digest()
    document = json.loads(program("--root", root, "cat", "blog/film", "--json").stdout)
    assert document["payload"] is None
    assert b"not text" in program("--root", root, "cat", "blog/film").stdout


def test_an_attachment_has_an_address(cli: Cli, root: Path) -> None:
    document = json.loads(cli("--root", root, "cat", "blog/posts/hello#comment/first", "--json").stdout)
    assert document["meta"]["body"] == "well said"


def test_a_type_suffix_chooses_among_metas(cli: Cli, root: Path) -> None:
    document = json.loads(cli("--root", root, "cat", "blog/two.ticket", "--json").stdout)
    assert document["meta"]["state"] == "open"
    assert [problem["kind"] for problem in document["problems"]] == ["several-metas"]


def test_a_broken_meta_is_shown_with_its_problem(cli: Cli, root: Path) -> None:
    result = cli("--root", root, "cat", "blog/posts/broken", "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (document["meta"], document["problems"][0]["kind"]) == ({}, "meta-unreadable")
    assert set(document["problems"][0]) == {"severity", "kind", "address", "path", "detail"}


def test_only_the_meta_of_a_broken_meta_is_damage(cli: Cli, root: Path) -> None:
    result = cli("--root", root, "cat", "blog/posts/broken", "--meta")
    assert result.exit_code == 5
    assert result.stderr.startswith("dmart-tui: blog/posts/broken: ")
    assert result.stderr.count("\n") == 1


def test_text_shows_the_overview(cli: Cli, root: Path) -> None:
    lines = cli("--root", root, "cat", "blog/posts/hello").stdout.splitlines()
    assert lines[0] == "blog/posts/hello  content"
    assert "  displayname      Hello" in lines
    assert "  created_at       2024-01-02 03:04:05" in lines
    assert any(line.startswith("Payload  json · schema post · blog/posts/hello.json") for line in lines)
    assert any("comment/first" in line and "well said" in line for line in lines)


def test_a_payload_that_is_not_what_it_says_is_a_problem(cli: Cli, root: Path) -> None:
    (root / "blog/posts/hello.json").write_bytes(b"\xff{")
    document = json.loads(cli("--root", root, "cat", "blog/posts/hello", "--json").stdout)
    assert document["payload"] is None
    assert [problem["kind"] for problem in document["problems"]] == ["payload-unreadable"]


def test_a_missing_payload_is_not_found(cli: Cli, root: Path) -> None:
    assert cli("--root", root, "cat", "blog/posts/draft", "--payload").exit_code == 3
