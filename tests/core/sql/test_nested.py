from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.sql import Options, Session
from dmart_tui.core.sql.nested import as_json

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with Session(Options(tmp_path_factory.mktemp("state"))) as opened:
        yield opened


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("{'a': 1, 'b': 'it''s', 'c': NULL}", {"a": 1, "b": "it's", "c": None}),
        ("[1, NULL, 3]", [1, None, 3]),
        ("MAP {'x': [1, 2], 'y z': []}", {"x": [1, 2], "y z": []}),
        ("[{'day': DATE '2024-01-01'}]", [{"day": "2024-01-01"}]),
    ],
)
def test_nested_values_come_back_from_their_text(session: Session, sql: str, found: object) -> None:
    with session.run(f"SELECT {sql} AS v") as result:
        text, kind = result.rows(0, 1)[0][0], result.columns[0].type
    told = as_json(session, text, kind)
    assert told is not None
    assert json.loads(told) == found


@pytest.mark.parametrize(("text", "kind"), [("not nested", "INTEGER[]"), ("[1]", "NO SUCH TYPE"), ("[1]", "")])
def test_what_has_no_json_is_none(session: Session, text: str, kind: str) -> None:
    assert as_json(session, text, kind) is None
