"""Finding payloads: inline, beside, renamed, missing, leading elsewhere."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.errors import NotFound, Refused
from dmart_tui.core.spaces import Entry, Spaces


def load(root: Path, payload: Any, files: dict[str, bytes] | None = None) -> tuple[Spaces, Entry]:
    folder = root / "shop/f/.dm/x"
    folder.mkdir(parents=True)
    (folder / "meta.content.json").write_text(json.dumps({"payload": payload}))
    for name, data in (files or {}).items():
        (root / "shop/f" / name).write_bytes(data)
    spaces = Spaces(root)
    return spaces, spaces.load(Address("shop", ("f", "x")))


def kinds(entry: Entry) -> list[str]:
    return [problem.kind for problem in entry.problems]


def of(content_type: str, body: Any) -> dict[str, Any]:
    return {"content_type": content_type, "body": body}


def test_a_file_beside_the_entry(tmp_path: Path) -> None:
    spaces, entry = load(tmp_path, of("json", "x.json"), {"x.json": b"{}"})
    assert entry.payload is not None
    assert (entry.payload.size, entry.payload.inline, kinds(entry)) == (2, False, [])
    assert spaces.payload_bytes(entry, 2) == b"{}"
    with pytest.raises(Refused):
        spaces.payload_bytes(entry, 1)


@pytest.mark.parametrize(
    ("payload", "data"),
    [
        (of("markdown", "# Hello/../there\n"), b"# Hello/../there\n"),
        (of("text", "x" * 5000), b"x" * 5000),
        (of("json", {"a": 1}), b'{"a":1}'),
        (of("comment", {"body": "hi"}), b'{"body":"hi"}'),
        (of("html", "\udc80"), b"\x80"),
        (of("html", "\ud800"), b"\\ud800"),
        (of("json", {"a": "\ud800"}), b'{"a":"\\ud800"}'),
    ],
)
def test_inline_bodies(tmp_path: Path, payload: Any, data: bytes) -> None:
    spaces, entry = load(tmp_path, payload)
    assert entry.payload is not None
    assert (entry.payload.inline, kinds(entry)) == (True, [])
    assert spaces.payload_bytes(entry, 10_000) == data


def test_text_that_names_a_file_is_that_file(tmp_path: Path) -> None:
    spaces, entry = load(tmp_path, of("markdown", "x.md"), {"x.md": b"# Hello"})
    assert spaces.payload_bytes(entry, 100) == b"# Hello"


def test_an_upload_with_two_suffixes(tmp_path: Path) -> None:
    spaces, entry = load(tmp_path, of("python", "x.tar"), {"x.gz": b"zip", "xy.gz": b"no"})
    assert kinds(entry) == ["payload-renamed"]
    assert entry.problems[0].path == "shop/f/.dm/x/meta.content.json"
    assert spaces.payload_bytes(entry, 100) == b"zip"


def test_two_candidates_are_none(tmp_path: Path) -> None:
    spaces, entry = load(tmp_path, of("python", "x.tar"), {"x.gz": b"", "x.py": b""})
    assert kinds(entry) == ["payload-missing"]
    with pytest.raises(NotFound):
        spaces.payload_bytes(entry, 100)


@pytest.mark.parametrize("name", ["../secret.json", "/etc/passwd", "..", "a/b.json", "x\0.json"])
def test_names_that_lead_elsewhere_are_not_followed(tmp_path: Path, name: str) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/secret.json").write_text("{}")
    _, entry = load(tmp_path, of("json", name))
    assert entry.payload is not None
    assert (entry.payload.path, kinds(entry)) == (None, ["payload-name"])


@pytest.mark.parametrize("payload", [7, [], "x.json", of("json", 7), of("json", True)])
def test_payloads_of_any_shape(tmp_path: Path, payload: Any) -> None:
    assert kinds(load(tmp_path, payload)[1]) == ["payload-malformed"]


@pytest.mark.parametrize("payload", [None, {}, of("json", None), {"content_type": 7, "body": {}}])
def test_payloads_that_say_little(tmp_path: Path, payload: Any) -> None:
    assert kinds(load(tmp_path, payload)[1]) == []


def test_pipes_and_symlinks(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "shop/f").mkdir(parents=True)
    os.mkfifo(root / "shop/f/x.json")
    spaces, entry = load(root, of("json", "x.json"))
    assert kinds(entry) == ["payload-missing"]
    (root / "shop/f/x.json").unlink()
    (tmp_path / "secret").write_text("{}")
    (root / "shop/f/x.json").symlink_to(tmp_path / "secret")
    with pytest.raises(Refused):
        spaces.payload_bytes(spaces.load(entry.address), 100)
