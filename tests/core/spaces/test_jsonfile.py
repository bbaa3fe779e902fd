"""JSON as strangers wrote it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.errors import Damaged, Refused
from dmart_tui.core.spaces import decode, read_json


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"\xef\xbb\xbf{}", {}),
        (b'{"a": 1}\r\n', {"a": 1}),
        (b"[1, 2]", [1, 2]),
        ('{"ك": "ک"}'.encode(), {"ك": "ک"}),
        (b"1" * 400, int("1" * 400)),
        (b'{"a": 1, "a": 2}', {"a": 2}),
    ],
)
def test_what_is_read(raw: bytes, value: Any) -> None:
    assert decode(raw) == value


def test_what_json_itself_does_not_allow() -> None:
    assert math.isnan(decode(b'{"a": NaN}')["a"])


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"", "empty"),
        (b" \n\t", "empty"),
        (b"\0" * 4096, "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b'{"a": ', "line 1"),
        (b'{"a": 1}\n}', "line 2"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b"[" * 100_000, "deep"),
        (b"1" * 100_000, "number"),
    ],
)
def test_what_is_damaged_says_why(raw: bytes, word: str) -> None:
    with pytest.raises(Damaged, match=word):
        decode(raw)


@given(st.binary(max_size=60))
def test_bytes_are_a_value_or_damage(raw: bytes) -> None:
    try:
        decode(raw)
    except Damaged as error:
        assert error.message


def test_files_are_bounded(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text(json.dumps({"a": "b" * 100}))
    assert read_json(str(file), str(tmp_path)) == {"a": "b" * 100}
    with pytest.raises(Refused):
        read_json(str(file), str(tmp_path), 100)
