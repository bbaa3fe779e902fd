"""The words of an index: how they are found, and what is not among them."""

from __future__ import annotations

import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.catalog import Catalog, folded
from dmart_tui.core.catalog.rows import PAYLOAD_BOUND
from tests.core.catalog.conftest import HASH, entry, found, put

if TYPE_CHECKING:
    from pathlib import Path


# -- what must not be in it -------------------------------------------------------------------------------------------


def test_secrets_are_not_in_it(catalog: Catalog, root: Path) -> None:
    entry(root / "blog/posts", "s", {"nested": [{"api_key": "open-sesame"}], "text": f"see {HASH}"}, slug=HASH)
    put(root / "blog/posts/.dm/s/attachments.comment/meta.t.json", {"body": f"mine is {HASH}", "password": "abra"})
    put(root / "blog/posts/.dm/big/meta.content.json", {"payload": {"content_type": "json", "body": "big.json"}})
    put(root / "blog/posts/big.json", {"password": "cadabra", "filler": "x" * PAYLOAD_BOUND})
    catalog.update()
    data = b"".join(file.read_bytes() for file in catalog.file.parent.iterdir())
    assert not [secret for secret in (HASH, "sesame", "abra", "cadabra") if secret.encode() in data]


def test_only_its_user_may_read_it(catalog: Catalog) -> None:
    catalog.update()
    assert stat.S_IMODE(catalog.file.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in catalog.file.parent.iterdir()} == {0o600}


def test_of_huge_payloads_the_beginning_is_taken(catalog: Catalog, root: Path) -> None:
    put(root / "blog/posts/.dm/big/meta.content.json", {"payload": {"content_type": "json", "body": "big.json"}})
    put(root / "blog/posts/big.json", {"title": "beginning", "filler": "x " * PAYLOAD_BOUND, "last": "ending"})
    catalog.update()
    assert found(catalog, "beginning") == ["blog/posts/big"]
    assert not found(catalog, "ending")
    with closing(catalog.connect()) as connection:
        cut = "SELECT payload, cut FROM resources WHERE shortname = 'big'"
        assert connection.execute(cut).fetchone() == (None, 1)


# -- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("مُحَمَّد", "محمد"),
        ("محمد", "مُحَمَّد"),
        ("أحمد إبراهيم", "احمد"),
        ("مدرســة", "مدرسه"),
        ("كوردی", "كوردي"),
        ("ژینگەی کوردستان", "كوردستان"),
        ("السنة ٢٠٢٤", "2024"),
        ("CAFÉ Zürich", "cafe"),
        ("cafe\u0301", "café"),
        ("order_12-7", "order_12"),
        ("order_12-7", "7"),
        ("a@example.org", "example"),
    ],
)
def test_words_are_found_as_they_are_written(catalog: Catalog, root: Path, text: str, query: str) -> None:
    entry(root / "blog/posts", "w", {"text": text})
    catalog.update()
    assert found(catalog, f'"{folded(query)}"') == ["blog/posts/w"]


@pytest.mark.parametrize("query", ["order", "12"])
def test_an_underscore_holds_a_word_together(catalog: Catalog, root: Path, query: str) -> None:
    entry(root / "blog/posts", "w", {"text": "order_12-7"})
    catalog.update()
    assert not found(catalog, query)
