"""Running the command line: in this process where that is enough, else the real program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from dmart_tui.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def cli() -> Callable[..., Result]:
    """Run the command line in this process; stdout is no terminal."""

    def run(*arguments: str | Path, **options: Any) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments], **options)

    return run


@pytest.fixture
def program(own_folders: Path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run the real program in a process of its own, in an empty folder unless `cwd` is given."""

    def run(*arguments: str | Path | bytes, **options: Any) -> subprocess.CompletedProcess[bytes]:
        options.setdefault("cwd", own_folders)
        return subprocess.run(
            [sys.executable, "-m", "dmart_tui", *arguments], capture_output=True, timeout=60, check=False, **options
        )

    return run


def put(path: Path | str | bytes, document: object) -> None:
    """Write a file, JSON unless it is bytes, and the folders above it."""
    name = os.fsencode(path)
    os.makedirs(os.path.dirname(name), exist_ok=True)  # noqa: PTH103, PTH120 - names may be bytes
    with open(name, "wb") as file:
        file.write(document if isinstance(document, bytes) else json.dumps(document).encode())


def meta(shortname: str, **others: object) -> dict[str, object]:
    """The least of a meta."""
    return {"shortname": shortname, "is_active": True, "owner_shortname": "dmart", "tags": []} | others


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small spaces folder in a path with spaces: posts with a history, a comment, one inactive, one broken."""
    top = tmp_path / "my spaces"
    put(top / "blog/.dm/meta.space.json", meta("blog", displayname={"en": "The Blog", "ar": "مدونة"}))
    put(top / "blog/posts/.dm/meta.folder.json", meta("posts"))
    put(
        top / "blog/posts/.dm/hello/meta.content.json",
        meta(
            "hello",
            displayname="Hello",
            created_at="2024-01-02T03:04:05.000006",
            updated_at="2024-02-03T04:05:06",
            payload={"content_type": "json", "schema_shortname": "post", "body": "hello.json"},
            password="$argon2id$v=19$m=1,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNo",
        ),
    )
    put(top / "blog/posts/hello.json", {"title": "Hello", "token": "sesame", "views": 3})
    put(
        top / "blog/posts/.dm/hello/attachments.comment/meta.first.json",
        meta("first", body="well said", created_at="2024-02-03T05:00:00"),
    )
    lines = [
        {"timestamp": "2024-01-10T00:00:00", "owner_shortname": "ann", "diff": {"slug": {"old": "a", "new": "b"}}},
        {"timestamp": "2024-01-20T00:00:00", "owner_shortname": "bob", "diff": {"tags": {"old": ["x"], "new": ["y"]}}},
        {"timestamp": "2024-02-03T04:05:06", "owner_shortname": "ann", "diff": {"slug": {"old": "b", "new": "c"}}},
    ]
    put(top / "blog/posts/.dm/hello/history.jsonl", "\n".join(map(json.dumps, lines)).encode())
    put(top / "blog/posts/.dm/draft/meta.content.json", meta("draft", is_active=False))
    put(top / "blog/posts/.dm/broken/meta.content.json", b'{"shortname": ')
    put(top / "blog/.dm/two/meta.content.json", meta("two"))
    put(top / "blog/.dm/two/meta.ticket.json", meta("two", state="open"))
    return top


HOSTILE = "a\x1b]0;owned\x07\x1b[31mb\tc\nd\u202ee\x9b[2J[bold]"


@pytest.fixture
def hostile_root(tmp_path: Path) -> Path:
    """Names, titles, payloads and histories made to move cursors, and a name that is no UTF-8."""
    top = tmp_path / "hostile"
    put(top / "evil/.dm/meta.space.json", meta("evil", displayname=HOSTILE))
    put(
        top / f"evil/.dm/{HOSTILE}/meta.content.json",
        meta(HOSTILE, displayname=HOSTILE, payload={"content_type": "text", "body": HOSTILE}, **{HOSTILE: HOSTILE}),
    )
    put(
        top / f"evil/.dm/{HOSTILE}/history.jsonl",
        {"timestamp": HOSTILE, "owner_shortname": HOSTILE, "diff": {HOSTILE: {"old": HOSTILE, "new": [HOSTILE]}}},
    )
    put(top / f"evil/.dm/{HOSTILE}/attachments.comment/meta.{HOSTILE}.json", meta(HOSTILE, body=HOSTILE))
    put(os.fsencode(top) + b"/evil/.dm/caf\xe9/meta.content.json", meta("cafe"))
    put(top / "evil/.dm/broken/meta.content.json", b"\x1b[2J")
    return top
