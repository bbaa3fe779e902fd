"""The panes of a history store: questions in parts, their answers, and what the store is made of."""

from __future__ import annotations

import json
from contextlib import nullcontext
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nanoarrow import ArrayStream
from textual.widgets import Input

from dmart_tui.core.config import Settings
from dmart_tui.core.errors import UsageFault
from dmart_tui.core.historydb import Store
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.panes.activity import ActivityPane
from dmart_tui.tui.panes.store import QueryPane, StorePane
from dmart_tui.tui.panes.store.form import command, parts_from, parts_of, query_of, text_form
from dmart_tui.tui.tools import open_store_tool
from tests.support.panes import press, settle, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

KINDS = ("update", "delete", "create")


def fill(path: Path, *, seal: bool) -> None:
    with Store.create(str(path), date_field="day") as store:
        for batch in range(2):
            store.append(
                {"id": batch * 30 + at, "day": f"2024-01-{at % 20 + 1:02}", "kind": KINDS[at % 3], "amount": at}
                for at in range(30)
            )
        if seal:
            store.seal()


@pytest.fixture
async def pilot(tmp_path: Path) -> AsyncIterator[Pilot[None]]:
    fill(tmp_path / "sales.hdb", seal=False)
    app = DmartApp(Settings(watch=False, restore=False), None, archive=str(tmp_path / "sales.hdb"))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        yield pilot


@pytest.fixture
async def query(pilot: Pilot[None], tmp_path: Path) -> QueryPane:
    await open_store_tool(pilot.app, "store-query", str(tmp_path / "sales.hdb"))  # type: ignore[arg-type]
    await settle(pilot)
    return pilot.app.query_one(QueryPane)


def rows(pane: QueryPane) -> list[tuple[object, ...]]:
    assert pane.answer is not None
    return list(pane.answer.table.rows)


async def ask(pilot: Pilot[None], pane: QueryPane, **parts: str) -> None:
    pane.form.put(parts)
    pane.form.lines["where"].focus()
    await press(pilot, "enter")


async def test_parts_are_asked_and_shown_as_text(pilot: Pilot[None], query: QueryPane) -> None:
    await ask(pilot, query, first="2024-01-05", where="amount > 3", group="kind", reduce="n=Count()", order="-n")
    assert sorted(rows(query)) == [("create", 14), ("delete", 16), ("update", 14)]
    assert query.result.grid.source.known == 3
    assert text_form(query.form.parts).splitlines()[:2] == ["from 2024-01-05", "where amount > 3"]


async def test_documents_are_an_answer_too(pilot: Pilot[None], query: QueryPane) -> None:
    await ask(pilot, query, where="id < 2")
    assert list(query.result.grid.source.columns) == ["id", "day", "kind", "amount"]
    assert rows(query) == [(0, "2024-01-01", "update", 0), (1, "2024-01-02", "delete", 1)]


@pytest.mark.parametrize(
    "parts", [{"where": "amount >"}, {"where": "__import__('os')"}, {"reduce": "n=Nothing()"}, {"first": "soon"}]
)
async def test_what_cannot_be_asked_is_told(pilot: Pilot[None], query: QueryPane, parts: dict[str, str]) -> None:
    await ask(pilot, query, **parts)
    assert query.answer is None
    assert query.told.content.plain  # type: ignore[union-attr]


async def test_words_are_completed_while_typing(pilot: Pilot[None], query: QueryPane) -> None:
    line = query.form.lines["where"]
    line.focus()
    await press(pilot, *"am", "right")
    assert line.value == "amount"
    await press(pilot, "down", "down", *"x")
    assert query.form.parts["unique"] == "x"


async def test_a_query_is_kept_and_asked_again(pilot: Pilot[None], query: QueryPane) -> None:
    await ask(pilot, query, group="kind")
    await pilot.press("f4")
    await wait_for(pilot, "Keep the query")
    pilot.app.screen.query_one(Input).value = "by kind"
    await press(pilot, "enter")
    query.form.put({})
    query.answer = None
    await pilot.press("f3")
    await wait_for(pilot, "by kind")
    await press(pilot, "enter")
    assert query.form.parts["group"] == "kind"
    assert len(rows(query)) == 3


async def test_an_answer_is_drawn_and_written(pilot: Pilot[None], query: QueryPane, tmp_path: Path) -> None:
    await ask(pilot, query, group="kind", reduce="n=Count(), total=Sum(amount)")
    await press(pilot, "f7")
    assert [label for label, _ in query.chart.items] == ["create · 20", "delete · 20", "update · 20"]
    await pilot.press("f6")
    await wait_for(pilot, "Write the result")
    pilot.app.screen.query_one(Input).value = str(tmp_path / "out.json")
    await press(pilot, "enter")
    written = json.loads((tmp_path / "out.json").read_text())
    assert written[0] == {"kind": "create", "n": 20, "total": 310}


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
async def test_an_answer_is_written_for_data_tools(
    pilot: Pilot[None], query: QueryPane, tmp_path: Path, ending: str
) -> None:
    await ask(
        pilot,
        query,
        group="kind, none=F.none",
        reduce="n=Count(), mean=Mean(amount), days=TopK(day, 1)",
        where="id < 30",
    )
    await pilot.press("f6")
    await wait_for(pilot, "Write the result")
    target = tmp_path / f"out.{ending}"
    pilot.app.screen.query_one(Input).value = str(target)
    await press(pilot, "enter")
    with duckdb.connect() as connection:
        if ending == "arrow":
            connection.register("written", ArrayStream.from_path(target))
        source = f"'{target}'" if ending == "parquet" else "written"
        found = connection.execute(f"SELECT kind, none, n, mean, days::VARCHAR FROM {source} ORDER BY kind").fetchall()
    assert found[0] == ("create", None, 10, 15.5, '[["2024-01-01",1]]')
    assert len(found) == 3


async def test_a_person_chooses_how_queries_run(pilot: Pilot[None], query: QueryPane) -> None:
    await pilot.press("f8")
    await wait_for(pilot, "How queries run")
    pilot.app.screen.query_one(Input).value = "1 1000 3"
    await press(pilot, "enter")
    assert (query.knobs.workers, query.knobs.documents, query.knobs.nice) == (1, 1000, 3)
    await ask(pilot, query, group="kind")
    assert len(rows(query)) == 3


async def test_a_store_is_sealed_compacted_and_checked(pilot: Pilot[None], tmp_path: Path) -> None:
    where = str(tmp_path / "sales.hdb")
    await open_store_tool(pilot.app, "store", where)  # type: ignore[arg-type]
    await settle(pilot)
    pane = pilot.app.query_one(StorePane)
    assert pane.looked is not None
    assert pane.looked.info is not None
    assert (pane.looked.info.logged, len(pane.looked.info.segments)) == (60, 0)
    await press(pilot, "s")
    assert pane.looked.info is not None
    assert (pane.looked.info.logged, len(pane.looked.info.segments)) == (0, 1)
    assert pane.why_not("store.seal") is not None
    await press(pilot, "C", "V")
    assert pane.findings == []


async def test_a_damaged_store_is_told(pilot: Pilot[None], tmp_path: Path) -> None:
    (tmp_path / "broken.hdb").mkdir()
    (tmp_path / "broken.hdb/STORE.msgpack").write_bytes(b"\x1b[2J")
    for tool in ("store", "store-query", "store-activity"):
        await open_store_tool(pilot.app, tool, str(tmp_path / "broken.hdb"))  # type: ignore[arg-type]
        await settle(pilot)
    pane = pilot.app.query_one(StorePane)
    assert [field.tone for field in pane.fields.fields][-1] == "error"


async def test_a_store_is_opened_from_the_folder_that_it_is_in(pilot: Pilot[None], tmp_path: Path) -> None:
    await pilot.app.open_archive(f"{tmp_path}/", browse=True)  # type: ignore[attr-defined]
    await settle(pilot)
    await press(pilot, "g", "enter")
    assert pilot.app.query_one(ActivityPane).board.total == 60


@pytest.mark.parametrize(
    ("typed", "kept"), [("id", "id"), ("id, last", "id, last"), ("id, range, last", "id, last, range"), ("", "")]
)
def test_which_duplicate_stays_is_typed_after_the_key(typed: str, kept: str) -> None:
    assert parts_of(query_of({"unique": typed}))["unique"] == kept
    with pytest.raises(UsageFault):
        query_of({"unique": "id, sometimes"})


texts = st.sampled_from(["", "amount", "kind", "amount > 2", "kind == 'a b'"])


@given(st.fixed_dictionaries({"where": texts, "group": texts, "limit": st.sampled_from(["", "7", "x"])}))
def test_a_query_and_its_parts_are_the_same(parts: dict[str, str]) -> None:
    try:
        query = query_of(parts)
    except UsageFault:
        assert parts["limit"] == "x"
        return
    assert query_of(parts_of(query)).to_data() == query.to_data()


def test_the_command_can_be_pasted() -> None:
    parts = {"first": "2024-01-01", "where": "kind == 'a b'", "derive": "h=hour(), m=month()", "order": "-n"}
    told = command("/tmp/my store.hdb", parts)
    assert told.startswith("dmart-tui historydb query '/tmp/my store.hdb' --from=2024-01-01 --where=")
    assert "--derive='h=hour()' --derive='m=month()' --order=-n" in told


@given(
    st.dictionaries(
        st.sampled_from(["first", "where", "group", "reduce", "having", "order", "limit"]), st.text("a \"'=-\\")
    )
)
def test_a_command_is_taken_apart_again(parts: dict[str, str]) -> None:
    parts = {name: text.strip() for name, text in parts.items() if text.strip()}
    parts |= {"derive": "h=hour(), m=month()", "unique": "id, last, range"}
    assert parts_from(command("/tmp/my store.hdb", parts)) == parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", {}),
        ("--where 'a > 1' -n 5", {"where": "a > 1", "limit": "5"}),
        ("--unique id", {"unique": "id"}),
        ("--order -n", {"order": "-n"}),
        ("amount > 20", None),
        ("where amount > 20 --limit 3", None),
        ("dmart-tui historydb query s.hdb", {}),
        ("--where 'a", None),
        ("--where", None),
        ("--procs 4", None),
        ("--unique=id --keep=never", {"unique": "id, never"}),
    ],
)
def test_text_that_is_typed_becomes_parts(text: str, parts: dict[str, str] | None) -> None:
    with nullcontext() if parts is not None else pytest.raises(UsageFault):
        assert parts_from(text) == parts


async def test_a_query_is_typed_as_text(pilot: Pilot[None], query: QueryPane) -> None:
    await ask(pilot, query, where="id < 2")
    await pilot.press("f9")
    await wait_for(pilot, "Query as text")
    line = pilot.app.screen.query_one(Input)
    assert line.value == "--where='id < 2'"
    line.value += " --keep=never --unique=id"
    await pilot.press("enter")
    await wait_for(pilot, "never is not understood")
    line.value = "dmart-tui historydb query s.hdb --group=kind --order=-kind"
    await press(pilot, "enter")
    assert {part: text for part, text in query.form.parts.items() if text} == {"group": "kind", "order": "-kind"}
    assert [row[0] for row in rows(query)] == ["update", "delete", "create"]
