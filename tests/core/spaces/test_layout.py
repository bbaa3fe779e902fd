"""Where things stand, and names that would lead elsewhere."""

from __future__ import annotations

from unicodedata import normalize

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.errors import UsageFault
from dmart_tui.core.spaces import layout


def test_places() -> None:
    place = layout.place("/r", Address("shop", ("a", "b")))
    assert (place.directory, place.own_dm, place.entry_folder) == ("/r/shop/a/b", "/r/shop/a/b/.dm", "/r/shop/a/.dm/b")
    assert layout.place("/r", Address("shop")).own_dm == "/r/shop/.dm"
    assert layout.attachment_history("/r", Address("shop", ("a", "b"))) == "/r/shop/.dm/a/b/history.jsonl"


@pytest.mark.parametrize("name", ["..", ".", "", ".dm", "a/b", "/etc", "a\0"])
def test_names_that_lead_elsewhere(name: str) -> None:
    with pytest.raises(UsageFault):
        layout.place("/r", Address("shop", (name, "x")))
    with pytest.raises(UsageFault):
        layout.place("/r", Address(name))


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", "/etc/passwd", "a\0b", "x" * 256, "ك" * 128])
def test_files_that_data_may_not_name(name: str) -> None:
    assert layout.child_path("/r", name) is None
    assert list(layout.schema_files("/r", "shop", f"a/{name}")) == []


def test_files_that_data_may_name() -> None:
    assert layout.child_path("/r", "a b.json") == "/r/a b.json"
    assert list(layout.schema_files("/r", "shop", "s")) == ["/r/management/schema/s.json", "/r/shop/schema/s.json"]
    assert list(layout.schema_files("/r", "management", "s")) == ["/r/management/schema/s.json"]


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("attachments.media", "media"),
        ("attachments.view.json", "json"),
        ("attachments.a.b.JSON", "json"),
        ("attachments.dataasset", "data_asset"),
        ("attachments.data_asset", "data_asset"),
        ("attachments", ""),
        ("attachment.media", ""),
    ],
)
def test_types_of_attachment_folders(folder: str, kind: str) -> None:
    assert layout.attachment_type(folder) == kind


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("meta.content.json", "content"),
        ("meta.plugin_wrapper.json", "plugin_wrapper"),
        ("meta.User.json", "User"),
        ("meta.history.jsonl", None),
        ("meta.history.json", None),
        ("meta.content.json.old", None),
        ("meta..json", None),
        ("xmeta.content.json", None),
    ],
)
def test_meta_files(file: str, kind: str | None) -> None:
    match = layout.META_FILE.match(file)
    assert (match[1] if match else None) == kind


def test_unicode_forms() -> None:
    composed, decomposed = normalize("NFC", "آب"), normalize("NFD", "آب")
    assert layout.spellings("ab") == ("ab",)
    assert layout.spellings(composed) == (composed, decomposed)
    assert layout.spellings(decomposed) == (decomposed, composed)
    assert layout.same_name(composed, decomposed)
    assert not layout.same_name("a", "A")


def test_a_name_that_no_disk_can_hold_leads_nowhere() -> None:
    with pytest.raises(UsageFault):
        layout.place("/root", Address("space", ("\ud800",)))
    assert layout.child_path("/root", "\ud800") is None
    assert layout.child_path("/spaces", "\udc9b") == "/spaces/\udc9b"
