"""The doors of the sandbox: each way out of it is tried, and each is shut."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import duckdb
import pytest

from dmart_tui.core.errors import Refused, UsageFault
from dmart_tui.core.sql import SqlError
from dmart_tui.core.sql.filesystem import RootFiles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dmart_tui.core.sql import Session


@pytest.fixture
def outside(tmp_path: Path, opened: Path) -> Path:
    """A folder that is not open, with a secret; from the open one links lead there."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.csv").write_text("a\nsesame\n")
    (opened / "link.csv").symlink_to(folder / "secret.csv")
    (opened / "linked").symlink_to(folder)
    for name in ("in.db", "out.db"):
        with duckdb.connect(str((opened if name == "in.db" else folder) / name)) as made:
            made.execute("CREATE TABLE t AS SELECT 1 AS a")
    return folder


def snapshot(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in found if folder / "state" not in path.parents}


ESCAPES = [
    "SELECT * FROM '{outside}/secret.csv'",
    "SELECT * FROM read_text('{outside}/secret.csv')",
    "SELECT * FROM read_blob('file://{outside}/secret.csv')",
    "SELECT * FROM read_csv('files://{outside}/secret.csv')",
    "SELECT * FROM read_csv('{opened}/../outside/secret.csv')",
    "SELECT * FROM read_csv('files://{opened}/../outside/secret.csv')",
    "SELECT * FROM read_csv('../outside/secret.csv')",
    "SELECT * FROM '{opened}/link.csv'",
    "SELECT * FROM 'files://{opened}/link.csv'",
    "SELECT * FROM 'files://link.csv'",
    "SELECT * FROM read_csv('files://{opened}/linked/*.csv')",
    "SELECT * FROM read_text('files://{opened}/linked/secret.csv')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_text('files:///etc/passwd')",
    "SELECT * FROM read_text('files:///proc/self/environ')",
    "SELECT * FROM read_text('files://{opened}/*/../../outside/secret.csv')",
    "SELECT * FROM glob('files://{opened}/**/../../outside/*')",
    "SELECT * FROM glob('files://{opened}/../outs*/*')",
    "SELECT * FROM parquet_scan('http://localhost:1/x.parquet')",
    "SELECT * FROM 's3://bucket/x.parquet'",
    "ATTACH '{outside}/out.db' AS other",
    "ATTACH 'files://{outside}/out.db' AS other (READ_ONLY)",
    "ATTACH '{opened}/in.db' AS other",
    "ATTACH '{opened}/new.db' AS other",
    "ATTACH '{outside}/new.db' AS other",
    "COPY (SELECT 1) TO '{opened}/made.csv'",
    "COPY (SELECT 1) TO '{opened}/people.csv' (USE_TMP_FILE false)",
    "COPY (SELECT 1) TO 'files://{opened}/made.csv'",
    "COPY (SELECT 1) TO 'files://{opened}/people.csv' (USE_TMP_FILE false)",
    "COPY (SELECT 1 AS a) TO 'files://{opened}/parts' (PARTITION_BY a)",
    "COPY (SELECT 1 AS a) TO '{opened}/parts' (PARTITION_BY a, OVERWRITE)",
    "COPY (SELECT 1) TO '{outside}/made.csv'",
    "COPY (SELECT 1) TO '{opened}/in.db' (USE_TMP_FILE false)",
    "COPY (SELECT 1) TO '/dev/stdout'",
    "WITH x AS (COPY (SELECT 1) TO '{opened}/made.csv') SELECT 1",
    "WITH x AS (COPY (SELECT 1) TO '{outside}/made.csv') SELECT 1",
    "WITH x AS (COPY (SELECT 1) TO 'files://{opened}/made.csv') SELECT 1",
    "EXPORT DATABASE '{opened}/all'",
    "EXPORT DATABASE 'files://{opened}/all'",
    "IMPORT DATABASE '{outside}'",
    "INSTALL httpfs",
    "INSTALL '{opened}/x.duckdb_extension'",
    "LOAD httpfs",
    "LOAD '{opened}/x.duckdb_extension'",
    "FORCE INSTALL excel FROM community",
    "SET enable_external_access=true",
    "SET GLOBAL enable_external_access=true",
    "SET allowed_directories=['/']",
    "SET allowed_paths=['/etc/passwd']",
    "SET allowed_configs=['threads']",
    "SET lock_configuration=false",
    "RESET enable_external_access",
    "SET threads=64",
    "SET memory_limit='100GB'",
    "SET temp_directory='{outside}'",
    "SET extension_directory='{opened}'",
    "SET custom_extension_repository='{outside}'",
    "SET autoload_known_extensions=true",
    "SET python_enable_replacements=true",
    "SET secret_directory='{outside}'",
    "SET home_directory='{outside}'",
    "SET file_search_path='{outside}'",
    "SET log_query_path='{outside}/log'",
    "SET profiling_output='{outside}/profile.json'",
    "PRAGMA profiling_output='{outside}/profile.json'",
    "PRAGMA enable_profiling='json'",
    "PRAGMA log_query_path='{outside}/log'",
    "SET logging_storage='file'",
    "CALL enable_logging(storage='file', storage_path='{outside}/log')",
    "CALL enable_logging(storage='file', storage_config={{'path': '{opened}/log'}})",
    "CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "CREATE PERSISTENT SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "SELECT * FROM session",
    "SELECT getenv('HOME')",
]


@pytest.mark.parametrize("read_only", [False, True], ids=["", "read-only"])
def test_every_way_out_is_shut(make: Callable[..., Session], opened: Path, outside: Path, read_only: bool) -> None:
    session = make(read_only=read_only)
    before = snapshot(opened.parent)
    got_out = []
    for escape in ESCAPES:
        sql = escape.format(outside=outside, opened=opened)
        with suppress(SqlError):
            if session.run(sql).rows(0, 10):  # of files that are not there nothing is read, without an error
                got_out.append(sql)
        assert snapshot(opened.parent) == before, sql
        assert session.run("SELECT 1").rows(0, 1) == [(1,)]
    assert got_out == []


WRITES = [
    "INSERT INTO held.t VALUES (2)",
    "WITH d AS (DELETE FROM held.t RETURNING *) SELECT * FROM d",
    "WITH d AS (INSERT INTO held.t VALUES (2) RETURNING a) SELECT * FROM d",
    "WITH d AS (UPDATE held.t SET a = 2 RETURNING *) SELECT count(*) FROM d",
    "CREATE TABLE held.u AS SELECT 1",
    "DROP TABLE held.t",
    "ALTER TABLE held.t ADD COLUMN b INTEGER",
    "CREATE VIEW held.v AS SELECT 1",
    "TRUNCATE held.t",
    "COPY held.t FROM 'people.csv'",
    "COPY (SELECT 1) TO '{path}' (FORMAT csv, USE_TMP_FILE false)",
    "COPY (SELECT 1) TO '{path}.wal' (FORMAT csv, USE_TMP_FILE false)",
    "COPY (SELECT 1) TO 'files://{path}' (FORMAT csv, USE_TMP_FILE false)",
    "WITH x AS (COPY (SELECT 1) TO '{path}' (FORMAT csv, USE_TMP_FILE false)) SELECT 1",
    "ATTACH '{path}' AS again; INSERT INTO again.t VALUES (2)",
]


def test_a_database_attached_for_reading_is_only_read(session: Session, outside: Path) -> None:
    path = outside / "out.db"
    before = path.read_bytes()
    session.attach(path, "held")
    for sql in WRITES:
        assert session.run("FROM held.t").rows(0, 2) == [(1,)]
        with pytest.raises(SqlError):
            for result in session.run_all(sql.format(path=path)):
                result.rows(0, 10)
        assert path.read_bytes() == before, sql
    assert sorted(outside.iterdir()) == [path, outside / "secret.csv"]


def test_read_only_opens_and_makes_no_database(make: Callable[..., Session], opened: Path, outside: Path) -> None:
    session = make(read_only=True, exports=opened)
    with pytest.raises(Refused, match="writes nothing"):
        session.attach(opened / "in.db", "a", write=True)
    with pytest.raises(Refused, match="writes nothing"):
        session.create(opened / "new.db", "a")
    with pytest.raises(SqlError, match="disabled by configuration"):
        session.run(f"COPY (SELECT 1) TO '{opened}/made.csv'")


def test_copy_writes_to_the_folder_for_exports_and_nowhere_else(
    make: Callable[..., Session], tmp_path: Path, opened: Path
) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "way out").symlink_to(opened)
    session = make(exports=exports)
    assert session.run(f"COPY (SELECT 1 AS a) TO '{exports}/made.csv'").changed == 1
    assert (exports / "made.csv").read_text() == "a\n1\n"
    for name in ("../open folder/people.csv", "way out/people.csv", "way out/new.csv", "../exports 2.csv"):
        with pytest.raises(SqlError):
            session.run(f"COPY (SELECT 1) TO '{exports}/{name}' (USE_TMP_FILE false)")
    assert (opened / "people.csv").read_text().startswith("name,born")
    assert sorted(path.name for path in opened.iterdir()) == ["people.csv"]


def test_links_that_lead_in_circles_are_followed_once(opened: Path) -> None:
    """Those of `**` are not followed: two of them would make more names than can be looked at."""
    (opened / "a" / "b").mkdir(parents=True)
    (opened / "a" / "b" / "c.csv").write_text("n\n1\n")
    for name in ("one", "other"):
        (opened / name).symlink_to(".")
    for pattern, found in (
        ("**/*.csv", 2),
        ("a/**", 1),
        ("**/b/*", 1),
        ("*/b/c.csv", 1),
        ("o*/peo*", 1),
        ("[o]ne/x", 0),
    ):
        assert len(RootFiles([opened]).glob(pattern)) == found, pattern


def test_a_statement_that_is_refused_does_nothing(session: Session) -> None:
    """With EXPLAIN before it, which tells the place of an error, this one would be another."""
    with pytest.raises(SqlError):
        session.run("ANALYZE CREATE TABLE made AS SELECT 1")
    assert session.run("FROM duckdb_tables()").rows(0, 1) == []


@pytest.mark.parametrize("bracket", ["(", "[", "f("])
def test_brackets_without_end_take_no_memory(session: Session, bracket: str) -> None:
    with pytest.raises(UsageFault, match="deep"):
        session.run(f"SELECT {bracket * 30_000}")
    assert session.run(f"SELECT {'(' * 900}1{')' * 900}, '{'(' * 2000}'").rows(0, 1) == [(1, "(" * 2000)]


def test_the_folder_of_a_session_is_private_and_goes_with_it(make: Callable[..., Session], tmp_path: Path) -> None:
    session = make()
    session.run("CREATE TABLE t AS SELECT 1")
    (folder,) = (tmp_path / "state" / "sql").iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    gone = folder.with_name("session-999999999-x")
    gone.mkdir()
    make()
    assert not gone.exists()
    assert folder.exists()
    session.close()
    assert not folder.exists()


def test_memory_and_disk_are_bounded(make: Callable[..., Session]) -> None:
    session = make(memory_limit="60MB", spill_limit="1MB")
    with pytest.raises(SqlError, match=r"(?i)memory"):
        session.run("SELECT len(list(repeat('x', 1000) || i)) FROM range(200000) t(i)")
    assert session.run("SELECT 1").rows(0, 1) == [(1,)]


def test_nothing_is_made_in_the_current_folder(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    session.run("CREATE TEMP TABLE t AS SELECT i FROM range(1000000) t(i) ORDER BY hash(i)")
    assert sorted(tmp_path.iterdir()) == before
