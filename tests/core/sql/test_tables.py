"""What is in a root and in open archives as tables: typed, masked, read when named, read anew when changed."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.archives.writer import Writer
from dmart_tui.core.catalog import open_catalog, stamps
from dmart_tui.core.errors import NotFound, Refused, UsageFault
from dmart_tui.core.historydb import Store
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.sql import Interrupted, Options, Session, SqlError
from dmart_tui.core.sql.tables import Tables, asset
from dmart_tui.core.sql.tables.definitions import STORE
from dmart_tui.core.sql.tables.files import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Ask = Callable[[str], list[tuple[Any, ...]]]

HASH = "$argon2id$v=19$m=1,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNo"
ITEM = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "count": {"type": "integer"},
        "price": {"type": ["number", "null"]},
        "on": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "date-time"},
        "address": {"type": "object", "properties": {"city": {"type": "string"}, "no": {"type": "integer"}}},
        "parts": {"type": "array", "items": {"$ref": "#/definitions/part"}},
        "any": {},
        "": {"type": "string"},
        "Count": {"type": "string"},
        "odd \"'": {"type": "boolean"},
    },
    "definitions": {"part": {"type": "object", "properties": {"sku": {"type": "string"}}}},
}
BODY = {
    "name": "Lamp", "count": 3, "price": 1.5, "on": "2024-02-29", "at": "2024-01-02T03:04:05+02:00",
    "address": {"city": "Erbil", "no": 7}, "parts": [{"sku": "a"}, {"sku": "b"}], "any": {"x": [1]}, "odd \"'": True,
}  # fmt: skip


def put(path: Path, document: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())


def entry(
    folder: Path, name: str, body: object = None, kind: str = "content", schema: str = "", **meta: object
) -> None:
    payload: dict[str, Any] = {"content_type": "json", "schema_shortname": schema or None, "body": f"{name}.json"}
    put(
        folder / f".dm/{name}/meta.{kind}.json",
        {"shortname": name, "owner_shortname": "ann", "payload": payload, **meta},
    )
    put(folder / f"{name}.json", body)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    top = tmp_path / "my spaces"
    put(top / "management/.dm/meta.space.json", {"shortname": "management"})
    entry(top / "management/users", "ann", {}, kind="user", password=HASH)
    put(top / "shop/.dm/meta.space.json", {"shortname": "shop"})
    entry(top / "shop/schema", "item", ITEM, kind="schema")
    entry(top / "shop/items", "lamp", BODY, schema="item", tags=["x", "y"], created_at="2024-01-02T03:04:05.5",
          displayname={"en": "A lamp"})  # fmt: skip
    entry(top / "shop/items", "odd", {"name": 5, "count": "many", "price": None, "at": "never"}, schema="item")
    put(top / "shop/items/.dm/lamp/attachments.comment/meta.one.json", {"shortname": "one", "body": "bright"})
    lines = [
        {"timestamp": "2024-01-02T03:04:05", "owner_shortname": "ann",
         "diff": {"slug": {"old": "null", "new": "a"}, "password": {"old": "hunter1", "new": "hunter2"}}},
        {"timestamp": "2024-01-03T03:04:05", "owner_shortname": "bob", "diff": {}},
    ]  # fmt: skip
    put(top / "shop/items/.dm/lamp/history.jsonl", b"not json\n" + "\n".join(map(json.dumps, lines)).encode())
    event = {
        "timestamp": "2024-01-02T03:04:05", "user_shortname": "ann", "request": "create",
        "resource": {"type": "content", "space_name": "shop", "subpath": "items", "shortname": "lamp"},
        "attributes": {"token": "hunter3"},
    }  # fmt: skip
    put(top / "shop/.dm/events.jsonl", event)
    return top


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path, database = tmp_path / "a shard.des", tmp_path / "inner.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE TABLE t AS SELECT range AS n FROM range(5000)")
        connection.execute(f"COPY (SELECT range AS n FROM range(100000)) TO '{tmp_path / 'inner.parquet'}'")
    with Writer(path) as writer:
        writer.add("2024-people.csv", b"name,age\nAda,36\nGrace,85\n", {"password": "hunter4"})
        writer.add("2024-more.csv", b"name,age\nMary,40\n")
        writer.add("inner.duckdb", database.read_bytes())
        writer.add("inner.parquet", (tmp_path / "inner.parquet").read_bytes())
    return path


@pytest.fixture
def tables(root: Path, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tables]:
    """Tables that look for changes each time, and trust the stamps of files made just now."""
    monkeypatch.setattr(stamps, "_SHORTLY", -1e9)
    monkeypatch.setattr("dmart_tui.core.sql.tables.tables._LEAST", 0)
    monkeypatch.setattr("dmart_tui.core.sql.tables.tables._REST", 0)
    spaces = Spaces(root)
    made = Tables(spaces, [str(archive)], catalog=open_catalog(spaces, tmp_path / "cache"))
    yield made
    made.close()


@pytest.fixture
def session(tables: Tables, root: Path, tmp_path: Path) -> Iterator[Session]:
    options = Options(state=tmp_path / "state", roots=(root,))
    with Session(options, (tables.filesystem,), before_run=tables) as made:
        tables.declare(made)
        yield made


@pytest.fixture
def ask(session: Session) -> Ask:
    def asked(text: str) -> list[tuple[Any, ...]]:
        result = session.run(text)
        try:
            return result.rows(0, 1000)
        finally:
            result.close()

    return asked


def test_entries_have_addresses_types_and_no_secrets(ask: Ask) -> None:
    assert ask(
        "SELECT address, title, tags[2], created_at::VARCHAR, displayname.en, payload->>'$.address.city'"
        " FROM spaces.entries WHERE shortname = 'lamp'"
    ) == [("shop/items/lamp", "A lamp", "y", "2024-01-02 03:04:05.5", "A lamp", "Erbil")]
    ((meta,),) = ask("SELECT meta FROM spaces.entries WHERE type = 'user'")
    assert "argon2" not in meta
    assert json.loads(meta)["password"] == "••••••"


def test_where_rows_are_kept_is_out_of_sight(session: Session, ask: Ask) -> None:
    ask("SELECT count(*) FROM spaces.entries, shop.item")
    for listing in ("SHOW ALL TABLES", "SHOW DATABASES", "FROM duckdb_tables()", "FROM information_schema.schemata"):
        assert STORE not in str(ask(listing)), listing
    assert not [one.name for one in session.databases() if one.name.startswith(STORE)]


def test_attachments_and_relationships(ask: Ask) -> None:
    assert ask("SELECT address, entry, type FROM spaces.attachments") == [
        ("shop/items/lamp#comment/one", "shop/items/lamp", "comment")
    ]
    assert ask(
        "SELECT role, target, target_exists FROM spaces.relationships WHERE address = 'shop/items/lamp' ORDER BY role"
    ) == [("owner", "management/users/ann", True), ("schema", "shop/schema/item", True)]


def test_a_schema_of_management_is_what_other_spaces_point_to(root: Path, ask: Ask) -> None:
    entry(root / "management/schema", "shared", {"properties": {"a": {"type": "integer"}}}, kind="schema")
    entry(root / "shop/items", "one", {"a": 1}, schema="shared")
    entry(root / "shop/items", "two", {}, schema="nowhere")
    assert ask(
        "SELECT address, target, target_space, target_exists FROM spaces.relationships WHERE role = 'schema'"
        " AND target_shortname <> 'item' ORDER BY address"
    ) == [
        ("shop/items/one", "management/schema/shared", "management", True),
        ("shop/items/two", "shop/schema/nowhere", "shop", False),
    ]
    assert ask("SELECT shortname, a FROM shop.shared") == [("one", 1)]


def test_history_has_a_row_for_each_key(ask: Ask) -> None:
    assert ask(
        "SELECT address, line, timestamp::VARCHAR, owner_shortname, key, change, old, new FROM spaces.history"
        " ORDER BY line, key DESC"
    ) == [
        ("shop/items/lamp", 2, "2024-01-02 03:04:05", "ann", "slug", "added", None, '"a"'),
        ("shop/items/lamp", 2, "2024-01-02 03:04:05", "ann", "password", "changed", '"••••••"', '"••••••"'),
        ("shop/items/lamp", 3, "2024-01-03 03:04:05", "bob", None, None, None, None),
    ]


def test_events(ask: Ask) -> None:
    assert ask("SELECT address, line, request, type, owner_shortname, attributes FROM spaces.events") == [
        ("shop/items/lamp", 1, "create", "content", "ann", '{"token":"••••••"}')
    ]


def test_a_schema_is_a_table_with_its_types(session: Session, ask: Ask) -> None:
    result = session.run('SELECT * EXCLUDE (payload) FROM "shop"."item" WHERE shortname = \'lamp\'')
    types = {column.name: column.type for column in result.columns}
    row = dict(zip(types, result.rows(0, 1)[0], strict=True))
    result.close()
    assert list(types)[:4] == ["address", "shortname", "subpath", "title"]
    assert {name: types[name] for name in ("name", "count", "price", "on", "at", "body_address", "parts", "any")} == {
        "name": "VARCHAR", "count": "BIGINT", "price": "DOUBLE", "on": "DATE", "at": "TIMESTAMP",
        "body_address": "STRUCT(city VARCHAR, \"no\" BIGINT)", "parts": "STRUCT(sku VARCHAR)[]", "any": "JSON",
    }  # fmt: skip
    assert (row["name"], row["count"], row["price"], row["odd \"'"]) == ("Lamp", 3, 1.5, True)
    assert (row["on"], row["at"], row["any"]) == ("2024-02-29", "2024-01-02 01:04:05", '{"x":[1]}')
    assert ask("SELECT body_address.city, parts[2].sku FROM shop.item WHERE count = 3") == [("Erbil", "b")]
    assert ask(
        "SELECT name, count, price, odd FROM (SELECT *, \"at\" AS odd FROM shop.main.item) WHERE shortname = 'odd'"
    ) == [("5", None, None, None)]


def test_a_schema_that_changes_changes_its_table(root: Path, ask: Ask) -> None:
    assert ask("SELECT count(name) FROM shop.item") == [(2,)]
    put(root / "shop/schema/item.json", {"type": "object", "properties": {"price": {"type": "number"}}})
    assert [row[0] for row in ask("DESCRIBE shop.item")][4] == "price"
    entry(root / "shop/schema", "late", {"type": "object", "properties": {"a": {"type": "boolean"}}}, kind="schema")
    entry(root / "shop/items", "newcomer", {"a": True}, schema="late")
    assert ask("SELECT shortname, a FROM shop.late") == [("newcomer", True)]


@pytest.mark.parametrize("document", [{"$ref": "#"}, [], True, {"properties": {"\ud800": {}, "x": {"$ref": "#"}}}])
def test_hostile_schemas_are_tables_all_the_same(root: Path, ask: Ask, document: object) -> None:
    entry(root / "shop/schema", "hostile", document, kind="schema")
    entry(root / "shop/items", "one", {"x": 1}, schema="hostile")
    if isinstance(document, list) or "\\ud800" in json.dumps(document):
        with pytest.raises(SqlError, match="hostile"):
            ask("SELECT * FROM shop.hostile")
    else:
        assert ask("SELECT shortname, payload FROM shop.hostile") == [("one", '{"x":1}')]


def test_only_what_is_named_is_read_and_again_only_when_files_changed(tables: Tables, root: Path, ask: Ask) -> None:
    assert ask("SELECT column_name FROM (DESCRIBE spaces.entries) LIMIT 1") == [("address",)]
    assert ask("SELECT 1") == [(1,)]
    assert set(tables.snapshots()) <= {"spaces.entries"}
    ask("SELECT * FROM spaces.events")
    assert "spaces.history" not in tables.snapshots()
    (first,) = ask("SELECT count(*) FROM spaces.entries")
    before = tables.snapshots()["spaces.entries"]
    assert ask("SELECT count(*) FROM spaces.entries AS a JOIN spaces.entries AS b USING (address)") == [first]
    after = tables.snapshots()["spaces.entries"]
    assert (after.seconds, after.time > before.time) == (before.seconds, True)
    ask("CREATE VIEW counted AS SELECT count(*) FROM spaces.entries")
    entry(root / "shop/items", "newcomer", {})
    assert ask("SELECT * FROM counted") == [(first[0] + 1,)]
    assert tables.snapshot_time is not None


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM spaces.entries",
        "UPDATE spaces.entries SET title = 'x'",
        "INSERT INTO spaces.entries (address) VALUES ('x')",
        "WITH gone AS (DELETE FROM shop.item RETURNING *) SELECT * FROM gone",
    ],
)
def test_the_tables_cannot_be_taken_for_the_data(session: Session, text: str) -> None:
    with pytest.raises(SqlError):
        session.run(text)


def test_a_transaction_reads_on_in_its_snapshot(session: Session, root: Path, ask: Ask) -> None:
    (before,) = ask("SELECT count(*) FROM spaces.entries")
    session.begin()
    assert ask("SELECT count(*) FROM spaces.entries") == [before]
    entry(root / "shop/items", "newcomer", {})
    assert ask("SELECT count(*) FROM spaces.entries") == [before]
    assert len(ask("SELECT * FROM spaces.events")) == 1
    with pytest.raises(SqlError, match="was not read when this transaction began"):
        ask("SELECT * FROM query_table('spaces.' || 'history')")
    session.rollback()
    assert len(ask("SELECT * FROM spaces.history")) == 3
    assert ask("SELECT count(*) FROM spaces.entries") == [(before[0] + 1,)]


def test_members_of_archives_are_rows_and_files(tables: Tables, ask: Ask) -> None:
    assert ask(
        "SELECT name, size, flags, meta->>'$.password', url FROM archives.\"a shard\" ORDER BY position LIMIT 1"
    ) == [("2024-people.csv", 25, 0, "••••••", "des://a shard/2024-people.csv")]
    assert ask("SELECT * FROM read_csv('des://a shard/2024-*.csv') ORDER BY age") == [
        ("Ada", 36), ("Mary", 40), ("Grace", 85),
    ]  # fmt: skip
    assert ask("SELECT count(*), sum(n) FROM 'des://a shard/inner.parquet'") == [(100_000, 4_999_950_000)]
    ask("ATTACH 'des://a shard/inner.duckdb' AS inside (READ_ONLY)")
    assert ask("SELECT count(*) FROM inside.t") == [(5000,)]
    with pytest.raises(SqlError):
        ask("DELETE FROM inside.t")
    assert ask("SELECT e.title FROM read_csv('des://a shard/*-p*.csv') AS p, spaces.entries AS e LIMIT 0") == []


def test_of_parquet_only_the_ranges_asked_for_are_read(
    archive: Path, tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = tmp_path / "wide.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT range AS n, sha256(range::VARCHAR) AS pad FROM range(50000)) TO '{wide}'")
    archive.unlink()
    with Writer(archive) as writer:
        writer.add("wide.parquet", wide.read_bytes())
    read: list[int] = []
    whole = Reading.read_at
    monkeypatch.setattr(
        Reading, "read_at", lambda self, start, length: read.append(length) or whole(self, start, length)
    )
    assert ask("SELECT sum(n) FROM 'des://a shard/wide.parquet'") == [(50_000 * 49_999 // 2,)]
    assert 0 < sum(read) < wide.stat().st_size / 3


def test_members_of_many_blocks_are_read_by_several_threads(archive: Path, ask: Ask) -> None:
    lines = b"".join(b'{"n": %d, "pad": "%s"}\n' % (n, b"x" * 90) for n in range(60_000))
    table = b"n\n" + b"".join(b"%d\n" % n for n in range(600_000))
    archive.unlink()
    with Writer(archive) as writer:
        for name, data in (("lines.ndjson", lines), ("table.csv", table)):
            writer.add(name, data)
    total = 60_000 * 59_999 // 2
    assert ask("SELECT count(*), sum(n) FROM read_ndjson('des://a shard/lines.ndjson')") == [(60_000, total)]
    assert ask("SELECT count(*), sum(n) FROM read_csv('des://a shard/table.csv')") == [(600_000, 179_999_700_000)]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_csv('des://other/x.csv')",
        "SELECT * FROM read_text('des://a shard/../../etc/passwd')",
        "SELECT * FROM read_text('des:///etc/passwd')",
        "COPY (SELECT 1) TO 'des://a shard/new.csv'",
        "ATTACH 'des://a shard/new.duckdb' AS made",
    ],
)
def test_nothing_but_open_archives_is_reached(session: Session, archive: Path, text: str) -> None:
    before = archive.read_bytes()
    with pytest.raises(SqlError):
        session.run(text)
    assert archive.read_bytes() == before


def test_an_archive_that_was_replaced_is_read_anew(archive: Path, ask: Ask) -> None:
    assert ask('SELECT count(*) FROM archives."a shard"') == [(4,)]
    assert ask("SELECT max(age) FROM read_csv('des://a shard/2024-people.csv')") == [(85,)]
    archive.unlink()
    with Writer(archive) as writer:
        writer.add("2024-people.csv", b"name,age\nAda,36\nGrace,86\n")
    assert ask("SELECT max(age) FROM read_csv('des://a shard/2024-people.csv')") == [(86,)]
    assert ask('SELECT name FROM archives."a shard"') == [("2024-people.csv",)]
    archive.unlink()
    with pytest.raises(NotFound):
        ask('SELECT name FROM archives."a shard"')


def test_filling_can_be_stopped_and_leaves_what_was_there(
    tables: Tables, root: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    (before,) = ask("SELECT count(*) FROM spaces.history")
    put(root / "shop/items/.dm/odd/history.jsonl", {"timestamp": "2024-01-02T03:04:05", "diff": {}})
    monkeypatch.setattr(tables, "_told", lambda text: tables.cancel())
    with pytest.raises(Interrupted):
        ask("SELECT count(*) FROM spaces.history")
    monkeypatch.undo()
    tables.cancel()
    assert ask("SELECT count(*) FROM spaces.history") == [(before[0] + 1,)]


def test_the_tables_are_there_again_when_the_engine_starts_anew(session: Session, tmp_path: Path, ask: Ask) -> None:
    (before,) = ask("SELECT count(*) FROM spaces.entries")
    session.create(tmp_path / "mine.duckdb", "mine")
    assert ask("SELECT count(*) FROM spaces.entries") == [before]
    ask("CREATE TABLE mine.kept AS SELECT address FROM spaces.entries")
    assert ask("SELECT count(*) FROM mine.kept") == [before]


def test_a_database_of_a_person_is_not_taken_for_a_space(
    session: Session, tables: Tables, root: Path, tmp_path: Path, ask: Ask
) -> None:
    put(root / "late/.dm/meta.space.json", {"shortname": "late"})
    session.create(tmp_path / "late.duckdb", "late")
    entry(root / "late/schema", "item", ITEM, kind="schema")
    tables.declare(session)
    with pytest.raises(SqlError, match="item"):
        ask("SELECT * FROM late.item")
    assert ask("SELECT count(*) FROM duckdb_views() WHERE database_name = 'late' AND NOT internal") == [(0,)]
    assert ask("SELECT count(*) FROM shop.item") == [(2,)]


def test_names_that_are_no_utf8_are_shown(root: Path, ask: Ask) -> None:
    folder = bytes(root / "shop/items/.dm") + b"/caf\xe9"
    os.mkdir(folder)  # noqa: PTH102 - the name is bytes
    with open(folder + b"/meta.content.json", "wb") as file:
        file.write(
            json.dumps(
                {
                    "shortname": "half \ud800",
                    "displayname": "{\ud83d",
                    "tags": ["\udc00"],
                    "collaborators": {"a": "\ud800"},
                }
            ).encode()
        )
    ((address, shown),) = ask("SELECT address, meta FROM spaces.entries WHERE address LIKE '%caf%'")
    assert address == "shop/items/caf�"
    assert "half" in shown


def test_a_space_named_as_a_database_has_another_name(root: Path, ask: Ask) -> None:
    for name in ("temp", "spaces", "main"):
        put(root / name / ".dm/meta.space.json", {"shortname": name})
        entry(root / f"{name}/schema", "entries", ITEM, kind="schema")
        entry(root / f"{name}/x", "thing", BODY, schema="entries")
    assert ask("SELECT count(*) FROM spaces.entries WHERE shortname = 'thing'") == [(3,)]
    assert ask("SELECT name FROM temp_.entries UNION ALL SELECT name FROM spaces_.entries") == [("Lamp",), ("Lamp",)]


def test_ranges_of_history_stores(root: Path, tmp_path: Path, ask: Ask) -> None:
    with Store.create(str(root / "days.hdb"), date_field="day") as store:
        store.append([{"id": n, "day": f"2024-03-{n:02}", "amount": n / 2} for n in range(1, 11)])
    assert ask("SELECT count(*), sum(amount) FROM historydb('days.hdb')") == [(10, 27.5)]
    assert ask("SELECT min(_day)::VARCHAR, max(day) FROM historydb('days.hdb', '2024-03-04', '2024-03-06')") == [
        ("2024-03-04", "2024-03-06")
    ]
    assert ask(f"SELECT count(*) FROM historydb('{root}/days.hdb', until := DATE '2024-03-02')") == [(2,)]
    with Store.open(str(root / "days.hdb"), write=True) as store:
        store.append([{"id": 11, "day": "2024-03-11", "amount": 1}])
    assert ask("SELECT count(*) FROM historydb('days.hdb')") == [(11,)]
    for number in range(10):
        assert ask(f"SELECT count(*) FROM historydb('days.hdb', '2024-03-{number + 1:02}')") == [(11 - number,)]
    Store.create(str(tmp_path / "outside.hdb")).close()
    for name, fault in (("../outside.hdb", Refused), (f"{tmp_path}/outside.hdb", Refused), ("no.hdb", NotFound)):
        with pytest.raises(fault):
            ask(f"SELECT * FROM historydb('{name}')")
    with pytest.raises(UsageFault, match="is no date"):
        ask("SELECT * FROM historydb('days.hdb', 'soon')")


@pytest.mark.parametrize(
    ("name", "kind", "begins"),
    [
        ("rows.csv", "csv", "SELECT * FROM read_csv('"),
        ("rows.jsonl", "jsonl", "SELECT * FROM read_ndjson('"),
        ("it's.parquet", "parquet", "SELECT * FROM read_parquet('"),
    ],
)
def test_data_of_entries_opens_in_a_statement(
    root: Path,
    tmp_path: Path,
    archive: Path,
    ask: Ask,
    name: str,
    kind: str,
    begins: str,
) -> None:
    folder = root / f"shop/items/.dm/lamp/attachments.{kind}"
    content = {"csv": b"n\n1\n2\n", "jsonl": b'{"n": 1}\n{"n": 2}\n'}.get(kind)
    put(folder / name, content or (tmp_path / "inner.parquet").read_bytes())
    put(folder / "meta.rows.json", {"shortname": "rows", "payload": {"content_type": kind, "body": name}})
    found = asset(Spaces(root), Address.parse(f"shop/items/lamp#{kind}/rows"))
    assert found.statement.startswith(begins)
    assert ask(f"{found.statement} LIMIT 1 OFFSET 1") in ([(1,)], [(2,)])


def test_a_database_of_an_entry_is_attached_and_sqlite_is_not(root: Path, tmp_path: Path, archive: Path) -> None:
    for kind, name in (("duckdb", "book.duckdb"), ("sqlite", "book.sqlite")):
        folder = root / f"shop/items/.dm/lamp/attachments.{kind}"
        put(folder / name, (tmp_path / "inner.duckdb").read_bytes())
        put(folder / "meta.2 Books.json", {"shortname": "2 Books", "payload": {"content_type": kind, "body": name}})
    found = asset(Spaces(root), Address.parse("shop/items/lamp#duckdb/2 Books"))
    assert (found.alias, found.path.name) == ("data_2_books", "book.duckdb")
    with pytest.raises(Refused, match="SQLite"):
        asset(Spaces(root), Address.parse("shop/items/lamp#sqlite/2 Books"))
    with pytest.raises(NotFound):
        asset(Spaces(root), Address.parse("shop/items/lamp#comment/one"))
