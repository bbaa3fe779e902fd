"""Reading a spaces folder: what it costs, what it tolerates, and what it will not do."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.errors import NotFound, Refused
from dmart_tui.core.spaces import FOLDER, LINK, Item, Kind, Spaces


class Root:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.write("shop/.dm/meta.space.json", {})

    def write(self, path: str, content: Any) -> Path:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return file

    @property
    def spaces(self) -> Spaces:
        return Spaces(self.path)


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path / "a root")


def at(text: str) -> Address:
    return Address.parse(text)


def kinds(item: Item) -> list[str]:
    return [problem.kind for problem in item.problems]


def test_listing_costs_two_scandirs_and_opens_nothing(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(300):
        root.write(f"shop/f/.dm/n{number}/meta.content.json", {})
        root.write(f"shop/f/n{number}.json", {})
    root.write("shop/f/g/.dm/meta.folder.json", {})
    root.write("shop/f/.dm/g/history.jsonl", b"")
    spaces = root.spaces
    calls: Counter[str] = Counter()

    def counting(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def counted(*args: Any, **more: Any) -> Any:
            calls[name] += 1
            return real(*args, **more)

        return counted

    for name in ("scandir", "open", "stat", "lstat", "listdir"):
        monkeypatch.setattr(os, name, counting(name))
    names = list(spaces.scan(at("shop/f")))
    monkeypatch.undo()
    assert len(names) == 301
    assert names[0] == ("g", FOLDER)
    assert calls["scandir"] == 2
    assert calls["open"] == calls["listdir"] == 0
    assert calls["stat"] + calls["lstat"] <= 10  # the symlink check of the path, whatever the folder holds


def test_loading_a_space_does_not_list_its_entries(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    root.write("shop/.dm/apple/meta.content.json", {})
    root.write("shop/.dm/history.jsonl", b"")
    spaces = root.spaces
    monkeypatch.setattr(os, "scandir", lambda path: pytest.fail(f"{path} was listed"))
    assert spaces.load(at("shop")).files == ("history.jsonl",)


def test_spaces_have_a_meta(root: Root) -> None:
    root.write("plain/readme", b"")
    root.write(".hidden/.dm/meta.space.json", {})
    root.write("blog/.dm/meta.space.json", b"")
    assert root.spaces.space_names() == ["blog", "shop"]


@pytest.mark.parametrize(("name", "type_"), [("x", "content"), ("x.ticket", "ticket"), ("x.content", "content")])
def test_a_type_chooses_among_several_metas(root: Root, name: str, type_: str) -> None:
    root.write("shop/.dm/x/meta.ticket.json", {"state": "new"})
    root.write("shop/.dm/x/meta.content.json", {})
    entry = root.spaces.load(at(f"shop/{name}"))
    assert (entry.type, entry.address, kinds(entry)) == (type_, at("shop/x"), ["several-metas"])


def test_a_literal_name_comes_before_a_type(root: Root) -> None:
    root.write("shop/.dm/x/meta.ticket.json", {})
    root.write("shop/.dm/x.ticket/meta.content.json", {})
    assert root.spaces.load(at("shop/x.ticket")).type == "content"
    with pytest.raises(NotFound):
        root.spaces.load(at("shop/x.post"))


def test_unicode_forms_find_each_other(root: Root) -> None:
    composed, decomposed = normalize("NFC", "آلات"), normalize("NFD", "آلات")
    root.write(f"shop/.dm/{decomposed}/meta.content.json", {"shortname": composed})
    root.write(f"shop/f{decomposed}/.dm/meta.folder.json", {})
    assert root.spaces.load(Address("shop", (composed,))).address.name == decomposed
    assert root.spaces.load(Address("shop", (f"f{composed}",))).kind is Kind.FOLDER


def test_folders_and_their_side_cars(root: Root) -> None:
    root.write("shop/f/.dm/meta.folder.json", {"payload": {"content_type": "json", "body": "f.json"}})
    root.write("shop/f.json", {"index_attributes": []})
    root.write("shop/.dm/f/attachments.media/meta.a.json", {})
    root.write("shop/.dm/f/history.jsonl", b"")
    entry = root.spaces.load(at("shop/f"))
    assert (entry.kind, entry.type, kinds(entry)) == (Kind.FOLDER, "folder", [])
    assert entry.payload is not None
    assert entry.payload.path == str(root.path / "shop/f.json")
    assert [str(one.address) for one in root.spaces.attachments(entry)] == ["shop/f#media/a"]
    assert list(root.spaces.scan(at("shop"))) == [("f", FOLDER)]


def test_metas_that_are_no_files_do_not_block(root: Root) -> None:
    folder = root.path / "shop/.dm/pipe"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "meta.content.json")
    (root.path / "shop/.dm/dir/meta.content.json").mkdir(parents=True)
    for name in ("pipe", "dir"):
        assert kinds(root.spaces.load(at(f"shop/{name}"))) == ["meta-unreadable"]


def test_a_huge_meta_is_refused_and_hides_nobody(root: Root) -> None:
    with root.write("shop/.dm/huge/meta.content.json", b"").open("wb") as file:
        file.truncate(1_000_000_000)
    root.write("shop/.dm/small/meta.content.json", {"shortname": "small"})
    found = {str(entry.address): entry for entry in root.spaces.walk()}
    assert kinds(found["shop/huge"]) == ["meta-unreadable"]
    assert "1.0 GB" in found["shop/huge"].problems[0].detail
    assert found["shop/huge"].raw == b""
    assert kinds(found["shop/small"]) == []


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"null", b"\xff"])
def test_unreadable_metas_are_rows(root: Root, raw: bytes) -> None:
    root.write("shop/.dm/x/meta.content.json", raw)
    entry = root.spaces.load(at("shop/x"))
    assert (entry.meta, entry.raw, entry.shortname, kinds(entry)) == ({}, raw, "x", ["meta-unreadable"])
    assert entry.problems[0].path == "shop/.dm/x/meta.content.json"


def test_a_byte_order_mark_is_passed_over(root: Root) -> None:
    root.write("shop/.dm/x/meta.content.json", b'\xef\xbb\xbf{"shortname": "x",\r\n"is_active": true}')
    entry = root.spaces.load(at("shop/x"))
    assert (entry.is_active, kinds(entry)) == (True, [])


def test_symlinks_are_followed_once_and_never_out(root: Root, tmp_path: Path) -> None:
    (tmp_path / "out/.dm/secret").mkdir(parents=True)
    (tmp_path / "out/.dm/secret/meta.content.json").write_text("{}")
    root.write("shop/f/.dm/meta.folder.json", {})
    root.write("shop/f/.dm/x/meta.content.json", {})
    shop = root.path / "shop"
    (shop / "out").symlink_to(tmp_path / "out")
    (shop / "f/up").symlink_to("../../shop")
    (shop / "loop").symlink_to("loop")
    (shop / ".dm/alias").symlink_to("../f/.dm/x")
    spaces = root.spaces
    assert spaces.load(at("shop/alias")).link
    assert dict(spaces.scan(at("shop")))["alias"] == LINK
    for address in ("shop/out", "shop/out/secret"):
        with pytest.raises(Refused):
            spaces.load(at(address))
    with pytest.raises(Refused):
        list(spaces.scan(at("shop/out")))
    with pytest.raises(NotFound):
        spaces.load(at("shop/loop"))
    walked = {str(entry.address): entry for entry in spaces.walk()}
    assert walked.keys() == {"shop", "shop/alias", "shop/f", "shop/f/x", "shop/f/up", "shop/out"}
    assert kinds(walked["shop/out"]) == ["symlink-escapes"]
    assert walked["shop/f/up"].link


def test_a_root_that_is_a_symlink_is_a_root(root: Root, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root.path)
    assert Spaces(tmp_path / "link").space_names() == ["shop"]
    with pytest.raises(NotFound):
        Spaces(tmp_path / "nothing")


def test_orphans_and_directories_that_cannot_be_read(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    root.write("shop/.dm/gone/history.jsonl", b"")
    assert kinds(root.spaces.load(at("shop/gone"))) == ["orphan-side-car"]
    real = os.scandir

    def refusing(path: Any = ".") -> Any:
        if str(path).endswith("/gone"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert kinds(root.spaces.load(at("shop/gone"))) == ["unreadable"]


@pytest.mark.parametrize(
    ("meta_folder", "payload_folder"),
    [
        ("attachments.json", "attachments.json"),
        ("attachments.view.json", "attachments.view.json"),
        ("attachments.json", "attachments.view.json"),
    ],
)
def test_attachment_folders_of_every_era(root: Root, meta_folder: str, payload_folder: str) -> None:
    root.write("shop/.dm/x/meta.content.json", {})
    root.write(f"shop/.dm/x/{meta_folder}/meta.a.json", {"payload": {"content_type": "json", "body": "a.json"}})
    root.write(f"shop/.dm/x/{payload_folder}/a.json", {"k": 1})
    attachment = root.spaces.attachment(at("shop/x#json/a"))
    assert kinds(attachment) == []
    assert json.loads(root.spaces.payload_bytes(attachment, 100)) == {"k": 1}


def test_names_of_attachments_may_hold_dots(root: Root) -> None:
    root.write("shop/.dm/x/meta.content.json", {})
    root.write("shop/.dm/x/attachments.media/meta.Doc049.jpg.json", {})
    root.write("shop/.dm/x/attachments.dataasset/meta.d.json", b"{")
    found = {str(one.address): kinds(one) for one in root.spaces.attachments(root.spaces.load(at("shop/x")))}
    assert found == {"shop/x#media/Doc049.jpg": [], "shop/x#data_asset/d": ["meta-unreadable"]}
    with pytest.raises(NotFound):
        root.spaces.attachment(at("shop/x#media/none"))


def test_branches(root: Root) -> None:
    root.write("shop/branches/next/.dm/meta.branch.json", {"shortname": "next"})
    entry = root.spaces.load(at("shop/branches/next"))
    assert (entry.kind, entry.type, kinds(entry)) == (Kind.FOLDER, "branch", [])


def test_the_walk_yields_folders_before_what_is_in_them(root: Root) -> None:
    root.write("shop/f/.dm/meta.folder.json", {})
    root.write("shop/f/g/.dm/x/meta.content.json", {})
    root.write("shop/f/.dm/g/meta.content.json", {})
    root.write("shop/f/.dm/g/history.jsonl", b"")
    root.write("shop/f/.dm/y/meta.content.json", {})
    walked = [(str(entry.address), entry.type, entry.files) for entry in root.spaces.walk(at("shop/f"))]
    assert walked == [
        ("shop/f", "folder", ()),
        ("shop/f/y", "content", ()),
        ("shop/f/g", "folder", ("meta.content.json", "history.jsonl")),
        ("shop/f/g", "content", ()),
        ("shop/f/g/x", "content", ()),
    ]
