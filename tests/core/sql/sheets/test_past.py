"""Query history: found again, pinned, compared, and without secrets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.errors import NotFound
from dmart_tui.core.sql.sheets import past as module
from dmart_tui.core.sql.sheets.past import Past, without_secrets

if TYPE_CHECKING:
    from pathlib import Path

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def past(tmp_path: Path) -> Past:
    return Past(tmp_path / "kept.sqlite3")


def test_runs_are_found_by_words_status_and_pin(past: Past) -> None:
    done = past.add("SELECT * FROM sales", started=WHEN, seconds=1.5, rows=10, databases=["shop"], parameters={"day"})
    failed = past.add("SELECT * FORM sales", started=WHEN, seconds=0.1, status="failed", error="syntax error at FORM")
    other = past.add("DELETE FROM x", started=WHEN, seconds=0.1, rows=3)
    assert [ran.id for ran in past.search("sales")] == [failed, done]
    assert [ran.id for ran in past.search("SYNTAX sales")] == [failed]
    assert [ran.id for ran in past.search(limit=1, offset=1)] == [failed]
    past.pin(done)
    assert [ran.id for ran in past.search(pinned=True)] == [done]
    ran = past.get(done)
    assert (ran.started, ran.databases, ran.parameters, ran.rows, ran.pinned) == (WHEN, ("shop",), ("day",), 10, True)
    facts = past.compare(done, other).facts
    assert facts[:2] == (("databases", ("shop",), ()), ("parameters", ("day",), ()))
    assert past.compare(done, failed).text.rows[0].kind == "changed"
    assert past.clear() == 2
    with pytest.raises(NotFound):
        past.get(other)


def test_the_oldest_go_first_but_never_what_is_pinned(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 3)
    first = past.add("first", started=WHEN, seconds=0)
    past.pin(first)
    for number in range(5):
        past.add(f"run {number}", started=WHEN, seconds=0)
    assert [ran.text for ran in past.search()] == ["run 4", "run 3", "run 2", "first"]


@pytest.mark.parametrize(
    "text",
    [
        "ATTACH 'x.db' (ENCRYPTION_KEY 'SESAME')",
        "CREATE SECRET (TYPE s3, KEY_ID 'a', SECRET 'SESAME')",
        "SELECT {'password': 'SESAME'}",
        "SELECT * FROM u WHERE \"api_key\" = 'SESAME'",
        "SET VARIABLE my_token = $$SESAME$$",
        "SELECT f(token := 'SES''SESAME')",
        "-- don't trip\nSELECT password = 'SESAME'",
        "SELECT password = 'SESAME",
        "SELECT '$2b$12$SESAMEabcdefghijklmnopqrstu'",
    ],
)
def test_secrets_never_enter_the_history(past: Past, tmp_path: Path, text: str) -> None:
    past.add(text, started=WHEN, seconds=0, status="failed", error=f"bad: {text}")
    (ran,) = past.search()
    assert "SESAME" not in ran.text + ran.error
    past.close()
    assert b"SESAME" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_other_texts_stay_as_they_are(past: Past) -> None:
    text = "SELECT 'it''s', \"col\" AS x, $$a$$, name = 'ann' -- don't\nFROM t WHERE d > $day"
    past.add(text, started=WHEN, seconds=0)
    assert past.search()[0].text == text


KEYS = st.sampled_from(("password", "API_KEY", "Token", '"secret"', "'accessKey'"))
SAID = st.sampled_from((" ", "=", " = ", ":=", " => ", ": "))
QUOTED = st.sampled_from(("'SESAME'", "'it''s SESAME'", "E'it\\'s SESAME'", "$$SESAME$$", "$t$ 'SESAME' $t$"))
AROUND = st.lists(
    st.sampled_from(("SELECT", "'it''s'", '"a""b"', "-- don't\n", "/* ' */", "$$ ' $$", "name = 'x'", ",", "E'\\''")),
    max_size=6,
)


@given(AROUND, KEYS, SAID, QUOTED, AROUND)
def test_a_secret_is_masked_whatever_stands_around_it(
    before: list[str], key: str, said: str, quoted: str, after: list[str]
) -> None:
    text = " ".join([*before, f"{key}{said}{quoted}", *after])
    masked = without_secrets(text)
    assert "SESAME" not in masked
    assert masked.startswith(" ".join(before))
    assert masked.endswith(" ".join(after))
    assert without_secrets(" ".join(before + after)) == " ".join(before + after)
