from __future__ import annotations

import pytest

from dmart_tui.core.secrets import MARK
from dmart_tui.core.sql import Column
from dmart_tui.core.sql.masking import masked

HASH = "$2b$12$" + "a" * 53


@pytest.mark.parametrize(
    ("name", "kind", "value", "found"),
    [
        ("password", "VARCHAR", "hunter2", MARK),
        ("api_key", "BLOB", b"\x00\x01", MARK.encode()),
        ("password", "VARCHAR", None, None),
        ("note", "VARCHAR", f"it is {HASH}", f"it is {MARK}"),
        ("note", "VARCHAR", "plain", "plain"),
        ("n", "INTEGER", 5, 5),
        ("payload", "JSON", '{"a": 1, "token": "abc"}', f'{{"a": 1, "token": "{MARK}"}}'),
        ("user", "STRUCT(name VARCHAR, password VARCHAR)", "{'name': x, 'password': y}", MARK),
        ("user", "STRUCT(name VARCHAR)", "{'name': x}", "{'name': x}"),
    ],
)
def test_secrets_are_masked_by_name_and_by_look(name: str, kind: str, value: object, found: object) -> None:
    assert masked(value, Column(name, kind)) == found
