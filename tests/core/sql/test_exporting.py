"""Exports: every type in every format, and what happens to files when something goes wrong."""

from __future__ import annotations

import io
import json
import string
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.errors import Refused, UsageFault
from dmart_tui.core.sql import Options, Session, SqlError, literal
from dmart_tui.core.sql.exporting import FORMATS, export
from dmart_tui.core.sql.values import string as sql_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dmart_tui.core.sql.exporting import Format


class Typed(NamedTuple):
    """A type, and SQL that makes a value of it."""

    type: str
    sql: str


def _whole(kind: str, bits: int, *, signed: bool) -> st.SearchStrategy[Typed]:
    least, most = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return st.integers(least, most).map(lambda n: Typed(kind, f"'{n}'::{kind}"))


def _texts(kind: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Typed]:
    return values.map(lambda value: Typed(kind, f"{sql_text(str(value))}::{kind}"))


WORDS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\r"), max_size=8)
MOMENTS = st.datetimes()
PLAIN = st.one_of(
    st.booleans().map(lambda value: Typed("BOOLEAN", str(value).lower())),
    *(
        _whole(f"{'' if signed else 'U'}{kind}", bits, signed=signed)
        for kind, bits in (("TINYINT", 8), ("SMALLINT", 16), ("INTEGER", 32), ("BIGINT", 64), ("HUGEINT", 128))
        for signed in (True, False)
    ),
    st.integers(-(10**60), 10**60).map(lambda n: Typed("BIGNUM", f"'{n}'::BIGNUM")),
    st.integers(-(10**15), 10**15).map(lambda n: Typed("DECIMAL(18,3)", f"({n} / 1000)::DECIMAL(18,3)")),
    st.floats().map(lambda value: Typed("DOUBLE", f"'{value}'::DOUBLE")),
    st.floats(width=32).map(lambda value: Typed("FLOAT", f"'{value}'::FLOAT")),
    _texts("VARCHAR", WORDS),
    st.binary(max_size=6).map(lambda value: Typed("BLOB", f"from_hex('{value.hex()}')")),
    _texts("BIT", st.text("01", min_size=1, max_size=12)),
    _texts("DATE", st.dates()),
    _texts("DATE", st.sampled_from(["infinity", "-infinity", "290000-01-01 (BC)"])),
    _texts("TIME", st.times()),
    _texts("TIMESTAMP", MOMENTS),
    _texts("TIMESTAMP_S", MOMENTS.map(lambda moment: moment.replace(microsecond=0))),
    _texts("TIMESTAMP_MS", MOMENTS.map(lambda moment: moment.replace(microsecond=1000))),
    _texts("TIMESTAMP_NS", st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1))),
    _texts("TIMESTAMP WITH TIME ZONE", MOMENTS.map(lambda moment: f"{moment}+00")),
    _texts("TIME WITH TIME ZONE", st.times().map(lambda time: f"{time}+05:30")),
    _texts("INTERVAL", st.builds("{} months {} days {} microseconds".format, *[st.integers(-999, 999)] * 3)),
    _texts("UUID", st.uuids()),
    _texts("ENUM('a', 'b c')", st.sampled_from(["a", "b c"])),
    _texts("JSON", st.sampled_from(['{"a":[1,null]}', "[]", '"x"', "12"])),
    st.sampled_from([Typed('"NULL"', "NULL"), Typed("INTEGER", "NULL::INTEGER"), Typed("VARCHAR", "''")]),
)
SIMPLE_TEXT = st.text(string.ascii_letters, min_size=1, max_size=6).filter(lambda text: text.casefold() != "null")
NESTED = st.one_of(
    st.lists(st.one_of(st.none(), st.integers(-99, 99)), max_size=3).map(
        lambda v: Typed("INTEGER[]", f"{json.dumps(v).replace('null', 'NULL')}::INTEGER[]")
    ),
    st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda v: Typed("INTEGER[2]", f"array_value{v}::INTEGER[2]")),
    st.tuples(st.integers(0, 9), SIMPLE_TEXT).map(
        lambda v: Typed("STRUCT(a INTEGER, b STRUCT(c VARCHAR)[])", f"{{'a': {v[0]}, 'b': [{{'c': '{v[1]}'}}]}}")
    ),
    st.dictionaries(SIMPLE_TEXT, st.integers(0, 9), min_size=1, max_size=2).map(
        lambda v: Typed("MAP(VARCHAR, INTEGER)", f"MAP {{{', '.join(f'{key!r}: {n}' for key, n in v.items())}}}")
    ),
    st.one_of(st.integers(0, 9), SIMPLE_TEXT).map(
        lambda v: Typed(
            "UNION(n INTEGER, s VARCHAR)",
            f"union_value({'n' if isinstance(v, int) else 's'} := {v!r})::UNION(n INTEGER, s VARCHAR)",
        )
    ),
    st.integers(0, 9).map(lambda n: Typed("INTERVAL[]", f"[INTERVAL '{n} days']")),
    st.datetimes().map(lambda v: Typed("STRUCT(t TIMESTAMP WITH TIME ZONE)", f"{{'t': '{v}+00'::TIMESTAMPTZ}}")),
)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session for many examples."""
    folder = tmp_path_factory.mktemp("exports")
    with Session(Options(folder / "state", (folder,))) as session:
        session.run("SET TimeZone = 'UTC'")
        yield session


class _Stream:
    """An Arrow file as the engine reads it."""

    def __init__(self, data: bytes) -> None:
        from nanoarrow import c_array_stream
        from nanoarrow.ipc import InputStream

        self._stream = c_array_stream(InputStream.from_readable(io.BytesIO(data)))
        self._schema = self._stream.get_schema()

    def __arrow_c_schema__(self) -> object:
        return self._schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._stream.__arrow_c_stream__()


def read_back(form: Format, data: bytes, kind: str, folder: Path) -> str | None:
    """The text of the one value of a file, read as a type."""
    path = folder / f"back.{form}"
    path.write_bytes(data)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        value = "v"
        if "UNION" in kind and form in ("csv", "parquet", "arrow"):
            value = "v::JSON"
        if form == "arrow":
            connection.register("stream", _Stream(data))
            source = "stream"
        elif form == "parquet":
            source = f"read_parquet('{path}')"
        elif form == "csv":
            plainly = "header=true, all_varchar=true, allow_quoted_nulls=false"
            source = f"read_csv('{path}', {plainly}, delim=',', quote='\"', escape='\"')"
        else:
            whole = "array" if form == "json" else "newline_delimited"
            source = f"read_json('{path}', columns={{v: 'JSON'}}, format='{whole}')"
            if kind != "JSON" and not (kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))):
                value = "(v->>'$')"
        found: str | None = connection.execute(f"SELECT (CAST({value} AS {kind}))::VARCHAR FROM {source}").fetchall()[
            0
        ][0]
        return found


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "markdown"])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(value=st.one_of(PLAIN, NESTED))
def test_every_type_comes_back_from_every_format(bench: Session, tmp_path: Path, form: Format, value: Typed) -> None:
    with bench.run(f"SELECT ({value.sql}) AS v") as result:
        assert result.columns[0].type == value.type
        out = io.BytesIO()
        assert export(result, out, form) == 1
    expected = bench.run(f"SELECT ({value.sql})::VARCHAR").rows(0, 1)[0][0]
    assert read_back(form, out.getvalue(), value.type, tmp_path) == expected
    if form == "json":
        json.loads(out.getvalue(), parse_constant=pytest.fail)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(value=PLAIN)
def test_a_value_as_sql_makes_it_again(bench: Session, value: Typed) -> None:
    kind = value.type
    found = bench.run(f"SELECT ({value.sql}) AS v").rows(0, 1)[0][0]
    again = bench.run(f"SELECT {literal(found, kind)} AS v").rows(0, 1)[0][0]
    assert again == found or (found != found and again != again)


def test_markdown(bench: Session) -> None:
    out = io.BytesIO()
    export(bench.run("SELECT 'a|b\nc' AS \"x|y\", NULL AS n, '' AS e, 1.50 AS d"), out, "markdown")
    assert out.getvalue().decode().splitlines() == [
        "| x\\|y | n | e | d |",
        "| --- | --- | --- | ---: |",
        "| a\\|b<br>c | NULL |  | 1.50 |",
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_many_rows_in_their_order(bench: Session, form: Format) -> None:
    told: list[int] = []
    out = io.BytesIO()
    keep = form in ("markdown", "arrow")
    for kept in {keep, True}:
        out = io.BytesIO()
        query = (
            "SELECT 199999 - i AS v, 'row ' || i AS name FROM range(200000) t(i)"
            if not keep
            else "SELECT i AS v FROM range(5000) t(i)"
        )
        with bench.run(query, keep=kept) as result:
            rows = export(result, out, form, progress=told.append)
        assert rows == (5000 if keep else 200_000)
    assert told[-1] == len(out.getvalue())
    if form == "csv":
        lines = out.getvalue().splitlines()
        assert (lines[1], lines[-1], len(lines)) == (b"199999,row 0", b"0,row 199999", 200_001)


def test_names_that_stand_twice_get_a_number(bench: Session) -> None:
    out = io.BytesIO()
    export(bench.run("SELECT 1 AS a, 2 AS b, 3 AS A"), out, "csv")
    assert len(set(out.getvalue().decode().casefold().splitlines()[0].split(","))) == 3


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "markdown"])
def test_a_file_stays_as_it_was_when_the_statement_fails(bench: Session, tmp_path: Path, form: Format) -> None:
    target = tmp_path / f"kept.{form}"
    target.write_text("as it was")
    result = bench.run("SELECT CASE WHEN i < 4000000 THEN i ELSE error('too far') END AS a FROM range(5000000) t(i)")
    with pytest.raises(SqlError, match="too far"):
        export(result, target, form)
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    assert target.read_text() == "as it was"


@pytest.mark.parametrize("form", ["csv", "parquet", "arrow", "markdown"])
def test_an_export_can_be_stopped(bench: Session, tmp_path: Path, form: Format) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled), bench.run("SELECT i FROM range(100000) t(i)") as result:
        export(result, tmp_path / "stopped", form, cancel=cancel)
    assert list(tmp_path.iterdir()) == []


def test_what_was_stopped_is_not_taken_for_the_whole(bench: Session) -> None:
    result = bench.run("SELECT i FROM range(100000000000) t(i)")
    bench.run("SELECT 1")
    with pytest.raises(Refused, match="another statement ran"):
        export(result, io.BytesIO(), "csv")


def test_what_cannot_be_written_is_told(bench: Session) -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError), bench.run("SELECT i FROM range(100000) t(i)") as result:
        export(result, Full(), "csv")
    with pytest.raises(UsageFault, match="no rows"), bench.run("CREATE TABLE none (a INTEGER)") as result:
        export(result, io.BytesIO(), "csv")
