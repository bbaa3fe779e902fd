"""Databases: made, attached, copied, detached, and locked by other programs."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb
import pytest

from dmart_tui.core.errors import NotFound, Refused, UsageFault
from dmart_tui.core.sql import LockHeld, SqlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dmart_tui.core.sql import Session


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    path = tmp_path / "it's kept.db"
    with duckdb.connect(str(path)) as made:
        made.execute("CREATE TABLE t AS SELECT i AS a FROM range(3) t(i)")
    return path


@contextmanager
def held(path: Path, *, read_only: bool) -> Iterator[int]:
    """Another program that has a database open; its PID."""
    code = (
        "import duckdb, sys\n"
        f"held = duckdb.connect(sys.argv[1], read_only={read_only})\n"
        "print(1, flush=True)\nsys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"1\n"
        try:
            yield holder.pid
        finally:
            holder.communicate()


def names(session: Session) -> dict[str, tuple[str, bool]]:
    return {found.name: (found.path, found.read_only) for found in session.databases() if not found.internal}


def test_a_database_is_made_written_and_kept(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    session.create(path, "new")
    assert names(session) == {"new": (str(path), False), "scratch": ("", False)}
    session.run("CREATE TABLE new.t AS SELECT 1 AS a")
    session.detach("new")
    assert names(session) == {"scratch": ("", False)}
    with duckdb.connect(str(path)) as other:
        assert other.execute("FROM t").fetchall() == [(1,)]


def test_what_is_in_scratch_stays_when_another_is_opened_for_writing(
    session: Session, kept: Path, tmp_path: Path
) -> None:
    session.run("CREATE TABLE mine AS SELECT 5 AS a")
    session.run("CREATE MACRO twice(n) AS n * 2")
    before = session.generation
    session.attach(kept, "kept")
    assert session.generation == before
    session.create(tmp_path / "new.db", "new")
    assert session.generation != before
    assert session.run("SELECT twice(m.a), k.a FROM mine m, kept.t k WHERE k.a = 2").rows(0, 2) == [(10, 2)]
    assert set(names(session)) == {"kept", "new", "scratch"}


def test_databases_are_joined(session: Session, kept: Path, tmp_path: Path) -> None:
    session.create(tmp_path / "one.db", "one")
    session.attach(kept, "kept")
    assert session.run("CREATE TABLE one.main.t AS SELECT a FROM kept.main.t").changed == 3
    query = "SELECT count(*) FROM one.t JOIN kept.t USING (a)"
    with session.fork() as beside:
        assert beside.run(query).rows(0, 1) == session.run(query).rows(0, 1) == [(3,)]


@pytest.mark.parametrize("own", [False, True], ids=["of a session beside", "of its own"])
def test_a_result_outlives_the_engine_it_came_from(session: Session, tmp_path: Path, own: bool) -> None:
    with session.fork() as beside:
        result = (session if own else beside).run("SELECT i FROM range(100000000000) t(i)")
        session.create(tmp_path / "new.db", "new")
        assert (result.done, result.rows(5, 1)) == (True, [(5,)])
        assert beside.run("SELECT 1").rows(0, 1) == [(1,)]
        beside.begin()
        with pytest.raises(Refused, match="a transaction is open"):
            session.create(tmp_path / "newer.db", "newer")


@pytest.mark.parametrize("read_only", [False, True], ids=["writing", "reading"])
def test_another_program_that_holds_it_is_named(session: Session, kept: Path, read_only: bool) -> None:
    with held(kept, read_only=read_only) as pid:
        with pytest.raises(LockHeld) as caught:
            session.attach(kept, "kept", write=True)
        assert (caught.value.pid, f"(PID {pid})" in str(caught.value)) == (pid, True)
        if read_only:
            session.attach(kept, "kept")
            assert session.run("SELECT count(*) FROM kept.t").rows(0, 1) == [(3,)]
        else:
            with pytest.raises(LockHeld):
                session.attach(kept, "kept")
            session.attach_copy(kept, "kept")
            assert session.run("SELECT count(*) FROM kept.t").rows(0, 1) == [(3,)]
            with pytest.raises(SqlError, match="read-only"):
                session.run("DELETE FROM kept.t")
    assert session.run("SELECT 1").rows(0, 1) == [(1,)]


def test_nobody_writes_what_is_read_here(session: Session, kept: Path) -> None:
    session.attach(kept, "kept")
    code = "import duckdb, sys; duckdb.connect(sys.argv[1])"
    command = [sys.executable, "-c", code, str(kept)]
    assert b"lock" in subprocess.run(command, capture_output=True, check=False).stderr
    session.detach("kept")
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_two_sessions_of_one_process(make: Callable[..., Session], kept: Path) -> None:
    one, other = make(), make()
    one.attach(kept, "kept")
    other.attach(kept, "kept")
    assert one.run("FROM kept.t").count() == other.run("FROM kept.t").count() == 3
    other.detach("kept")
    with pytest.raises(LockHeld):
        other.attach(kept, "kept", write=True)
    one.detach("kept")
    other.attach(kept, "kept", write=True)
    assert other.run("INSERT INTO kept.t VALUES (9)").changed == 1


@pytest.mark.parametrize(
    "data", [b"", b"no database", b"SQLite format 3\0", None], ids=["empty", "text", "sqlite", "cut short"]
)
def test_what_is_no_database_is_told(session: Session, kept: Path, tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "odd.db"
    path.write_bytes(kept.read_bytes()[:20_000] if data is None else data)
    for write in (False, True):
        with pytest.raises(SqlError) as raised:
            session.attach(path, "odd", write=write)
        assert (str(raised.value), raised.value.exit_code) == (f"{path}: is no database of DuckDB, or is damaged", 5)


def test_what_cannot_be_attached(session: Session, kept: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_text("no database")
    session.attach(kept, "kept")
    for path, alias, error in (
        (tmp_path / "none.db", "a", NotFound),
        (tmp_path, "a", NotFound),
        (text, "a", SqlError),
        (kept, "KEPT", UsageFault),
        (kept, "scratch", UsageFault),
        (kept, "temp", UsageFault),
        (kept, "", UsageFault),
    ):
        for write in (False, True):
            with pytest.raises(error):
                session.attach(path, alias, write=write)
    with pytest.raises(Refused, match="there already"):
        session.create(text, "a")
    with pytest.raises(NotFound):
        session.create(tmp_path / "no folder" / "a.db", "a")
    with pytest.raises(UsageFault):
        session.detach("nothing")
    assert text.read_text() == "no database"
    assert session.run("SELECT count(*) FROM kept.t").rows(0, 1) == [(3,)]


def test_an_open_transaction_is_not_lost(session: Session, kept: Path) -> None:
    session.run("CREATE TABLE t (a INTEGER)")
    session.begin()
    session.run("INSERT INTO t VALUES (1)")
    with pytest.raises(Refused, match="a transaction is open"):
        session.attach(kept, "kept", write=True)
    session.commit()
    session.attach(kept, "kept", write=True)
    assert session.run("FROM t").count() == 1


def test_odd_names(session: Session, kept: Path) -> None:
    alias = 'a "b; DROP TABLE x'
    session.attach(kept, alias)
    assert alias in names(session)
    assert session.run('SELECT count(*) FROM "a ""b; DROP TABLE x".t').rows(0, 1) == [(3,)]
    session.detach(alias)


def test_what_statements_attach_and_detach(session: Session, opened: Path, kept: Path, tmp_path: Path) -> None:
    kept.rename(opened / "in.db")
    session.run("ATTACH 'in.db' AS typed (READ_ONLY)")
    assert session.run("FROM typed.t").count() == 3
    session.create(tmp_path / "new.db", "new")
    assert session.run("FROM typed.t").count() == 3
    session.run("DETACH new")
    session.detach("typed")
    session.create(tmp_path / "other.db", "typed")
    assert set(names(session)) == {"scratch", "typed"}
    session.attach(tmp_path / "new.db", "new")


def test_scratch_comes_back(session: Session) -> None:
    session.run("CREATE TABLE t AS SELECT 1 AS a")
    session.run("USE memory")
    session.run("DETACH scratch")
    with session.fork() as beside:
        assert beside.run("FROM t").rows(0, 1) == [(1,)]


def test_an_encrypted_database_is_read_with_its_key(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "secret.db"
    with duckdb.connect() as made:
        made.execute("SET force_mbedtls_unsafe = 'true'")
        made.execute(f"ATTACH '{path}' AS x (ENCRYPTION_KEY 'sesame')")
        made.execute("CREATE TABLE x.t AS SELECT 1 AS a")
    with pytest.raises(SqlError):
        session.attach(path, "secret")
    with pytest.raises(SqlError) as caught:
        session.attach(path, "secret", key="wrong word")
    assert "wrong word" not in str(caught.value)
    session.attach(path, "secret", key="sesame")
    assert session.run("FROM secret.t").rows(0, 1) == [(1,)]
    assert [found.encrypted for found in session.databases() if found.name == "secret"] == [True]
    assert "sesame" not in repr(session.engine.attached)
    assert session.run("SELECT * FROM duckdb_databases() d WHERE d::VARCHAR LIKE '%sesame%'").rows(0, 1) == []
