"""The interchange zip: complete, byte for byte, and without what should not leave the house."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.errors import NotFound
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.writing.interchange import export_zip

if TYPE_CHECKING:
    from pathlib import Path

HASH = "$argon2id$v=19$m=1,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNo"


def write(path: Path, data: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A blog with all that an entry can have, and a user with a password."""
    top = tmp_path / "my spaces"
    write(top / "blog/.dm/meta.space.json", {"shortname": "blog", "tags": []})
    write(top / "blog/.dm/events.jsonl", b'{"request": "create", "attributes": {"password": "%s"}}' % HASH.encode())
    write(top / "blog/posts/.dm/meta.folder.json", {"shortname": "posts", "payload": {"body": "posts.json"}})
    write(top / "blog/posts.json", {"index_attributes": []})
    write(top / "blog/.dm/posts/history.jsonl", b'{"diff":{}}\n')
    write(
        top / "blog/posts/.dm/hello/meta.content.json",
        b'{"shortname":"hello","is_active":false,"ordinal":0,"slug":"","tags":[],"price":1.50,"title":"\\u0633",'
        b'"space_name":"blog","payload":{"content_type":"json","body":"hello.json"}}',
    )
    write(top / "blog/posts/hello.json", b'{"zero":0,  "no":false}')
    write(top / "blog/posts/.dm/hello/attachments.media/meta.cover.json", {"shortname": "cover", "tags": []})
    write(top / "blog/posts/.dm/hello/attachments.media/cover.png", b"\x89PNG\0")
    write(top / "blog/posts/.dm/hello/history.jsonl", b'{"a":1}\n{"b":2}')
    write(top / "blog/.dm/posts/hello/history.jsonl", b'{"c":3}\n')
    write(top / "blog/posts/.dm/other/meta.content.json", {"shortname": "other"})
    write(top / "blog/news/.dm/meta.folder.json", {"shortname": "news"})
    write(top / "management/.dm/meta.space.json", {"shortname": "management"})
    write(top / "management/groups/.dm/editors/meta.group.json", {"shortname": "editors", "roles": []})
    write(top / "management/users/.dm/ann/meta.user.json", {"shortname": "ann", "password": HASH, "tags": []})
    write(
        top / "management/users/.dm/ann/history.jsonl",
        b'{"diff": {"password": {"old": "null", "new": "%s"}, "email": {"old": "a", "new": "b"}}}\n' % HASH.encode(),
    )
    write(top / "management/users/.dm/ann/meta.user.json.old", {"password": HASH})
    write(top / "plugins/hook.py", b"")
    return top


def exported(root: Path, *addresses: str, **options: Any) -> dict[str, bytes]:
    target = io.BytesIO()
    export_zip(Spaces(root), [Address.parse(address) for address in addresses], target, **options)
    with zipfile.ZipFile(target) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_whole_root_is_complete(root: Path) -> None:
    found = exported(root, secrets=True)
    on_disk = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert found.keys() == on_disk - {"plugins/hook.py"}
    for name in ("blog/posts/hello.json", "blog/posts/.dm/hello/attachments.media/cover.png"):
        assert found[name] == (root / name).read_bytes()
    assert found["blog/posts/.dm/hello/history.jsonl"] == b'{"a":1}\n{"b":2}'


def test_a_meta_keeps_falsy_values_numbers_and_escapes_and_loses_what_its_path_tells(root: Path) -> None:
    text = exported(root)["blog/posts/.dm/hello/meta.content.json"].decode()
    assert text.startswith('{\n  "shortname": "hello",\n  "is_active": false,\n  "ordinal": 0,\n  "slug": "",')
    assert '"price": 1.50' in text
    assert '"\\u0633"' in text
    assert "space_name" not in text


def test_parents_are_first_and_the_same_data_gives_the_same_bytes(root: Path) -> None:
    names = list(exported(root))
    assert names[0] == "blog/.dm/meta.space.json"
    assert names.index("blog/posts/.dm/meta.folder.json") < names.index("blog/posts/hello.json")
    first, second = io.BytesIO(), io.BytesIO()
    export_zip(Spaces(root), [], first)
    export_zip(Spaces(root), [], second)
    assert first.getvalue() == second.getvalue()


@pytest.mark.parametrize(
    ("addresses", "here", "not_here"),
    [
        (
            ["blog/posts/hello"],
            [
                "blog/.dm/meta.space.json",
                "blog/posts/.dm/meta.folder.json",
                "blog/posts.json",
                "blog/posts/hello.json",
                "blog/.dm/posts/hello/history.jsonl",
            ],
            ["blog/posts/.dm/other/meta.content.json", "blog/.dm/posts/history.jsonl", "blog/.dm/events.jsonl"],
        ),
        (
            ["blog/posts", "blog/posts/hello"],
            ["blog/.dm/posts/history.jsonl", "blog/posts/.dm/other/meta.content.json", "blog/posts/hello.json"],
            ["blog/news/.dm/meta.folder.json", "management/.dm/meta.space.json"],
        ),
    ],
)
def test_a_part_of_a_root_comes_with_the_metas_above(
    root: Path, addresses: list[str], here: list[str], not_here: list[str]
) -> None:
    names = exported(root, *addresses)
    assert set(here) <= names.keys()
    assert not names.keys() & set(not_here)


def test_a_folder_without_itself_is_what_is_below(root: Path) -> None:
    names = exported(root, "blog/posts", include_self=False)
    assert "blog/posts/.dm/hello/meta.content.json" in names
    assert "blog/.dm/posts/hello/history.jsonl" in names
    assert not {"blog/posts/.dm/meta.folder.json", "blog/posts.json", "blog/.dm/posts/history.jsonl"} & names.keys()


def test_no_histories_on_request(root: Path) -> None:
    assert not [name for name in exported(root, histories=False) if name.endswith(".jsonl")]


def test_password_hashes_leave_only_when_asked_for(root: Path) -> None:
    found = exported(root)
    assert not [name for name, data in found.items() if HASH.encode() in data]
    assert json.loads(found["management/users/.dm/ann/meta.user.json"]) == {"shortname": "ann", "tags": []}
    line = json.loads(found["management/users/.dm/ann/history.jsonl"])
    assert line["diff"]["password"] == {"old": "null", "new": "********"}
    assert line["diff"]["email"] == {"old": "a", "new": "b"}
    assert HASH.encode() in exported(root, secrets=True)["management/users/.dm/ann/meta.user.json"]


def test_what_is_left_out_is_told(root: Path, tmp_path: Path) -> None:
    (root / "blog/posts/.dm/away").symlink_to(tmp_path)
    (root / "blog/loop").symlink_to("loop")
    (root / "blog/again").symlink_to("posts")
    write(root / "blog/.git/config", b"")
    write(root / "blog/posts/.dm/torn/meta.content.json", b'{"shortname"')
    report = export_zip(Spaces(root), [Address("blog")], io.BytesIO())
    assert report.findings.counts == {
        "symlink-escapes": 1, "unreadable": 1, "linked-folder": 1, "hidden": 1, "damaged": 1,
    }  # fmt: skip


def test_a_linked_entry_is_exported_as_what_it_links_to(root: Path) -> None:
    (root / "blog/news/.dm").mkdir(exist_ok=True)
    (root / "blog/news/.dm/hello").symlink_to("../../posts/.dm/hello")
    assert "blog/news/.dm/hello/meta.content.json" in exported(root, "blog")


@pytest.mark.parametrize("stop", ["error", "cancel"])
def test_what_stops_an_export_leaves_nothing(root: Path, tmp_path: Path, stop: str) -> None:
    target = tmp_path / "out" / "export.zip"
    token = CancelToken()

    def interrupt(done: int, total: int | None) -> None:
        if stop == "error":
            raise KeyboardInterrupt
        token.cancel()

    with pytest.raises((KeyboardInterrupt, Cancelled)):
        export_zip(Spaces(root), [], target, cancel=token, progress=interrupt)
    assert list(target.parent.iterdir()) == []


def test_an_address_where_nothing_is_is_not_found(root: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        export_zip(Spaces(root), [Address("blog", ("nobody",))], tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()
