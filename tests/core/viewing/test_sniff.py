from __future__ import annotations

import pytest

from dmart_tui.core.viewing import is_text, sniff

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.mark.parametrize(
    ("content_type", "name", "head", "expected"),
    [
        ("json", "a.json", b'{"a": 1}', ("json", "")),
        ("markdown", "a.md", b"# hi", ("markdown", "")),
        ("html", "a.html", b"<p>x</p>", ("code", "html")),
        ("text", "a.txt", b"x", ("text", "")),
        ("python", "a.py", b"x = 1", ("code", "python")),
        ("image", "a.png", PNG, ("image", "")),
        ("image", "a.jpeg", b"\xff\xd8\xff\xe0", ("image", "")),
        ("csv", "a.csv", b"a,b\n", ("table", "csv")),
        ("jsonl", "a.jsonl", b'{"a":1}\n', ("table", "jsonl")),
        ("parquet", "a.parquet", b"PAR1\x00\x01", ("table", "parquet")),
        ("sqlite", "a.bin", b"SQLite format 3\0", ("table", "sqlite")),
        ("duckdb", "a.duckdb", bytes(8) + b"DUCK" + bytes(9), ("table", "duckdb")),
        ("pdf", "a.pdf", b"%PDF-1.4", ("hex", "")),
        ("", "", b"", ("text", "")),
        ("", "noext", b' \n{"a": 1}', ("json", "")),
        ("", "noext", b"<!DOCTYPE html><p>", ("code", "html")),
        ("application/json; charset=utf-8", "body", b"1", ("json", "")),
        ("text/x-python", "f", b"x", ("code", "python")),
        ("image/svg+xml", "a.svg", b"<svg/>", ("code", "xml")),
    ],
)
def test_what_is_said_and_what_is_there_agree(
    content_type: str, name: str, head: bytes, expected: tuple[str, str]
) -> None:
    assert sniff(content_type, name, head) == expected


def test_bytes_win_over_what_is_said() -> None:
    assert sniff("json", "a.json", PNG).kind == "image"
    assert sniff("json", "a.json", b"\x00\x01\x02").kind == "hex"
    assert sniff("image", "a.png", b"not a picture").kind == "hex"
    assert sniff("text", "a.txt", b"\xff\xfe" * 20).kind == "hex"


def test_text_cut_inside_a_character_is_still_text() -> None:
    assert is_text("é".encode() * 3 + b"\xc3")
    assert is_text("漢".encode()[:2])
    assert not is_text(b"\xc3" * 9)
    assert not is_text(b"\x01\x02\x03\x04abc")
    assert is_text(b"a log with \x1b[31mcolour\x1b[0m and much more text around it" * 3)
