"""`historydb` on the command line: a store made, filled, looked after, and what it says when it cannot be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.histories import documents

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Cli = Callable[..., Result]


def lines(count: int, **options: int) -> str:
    return "".join(f"{json.dumps(document)}\n" for document in documents(count, **options))


@pytest.fixture
def store(cli: Cli, tmp_path: Path) -> Path:
    """A store of 500 documents, not sealed."""
    path = tmp_path / "a store.hdb"
    assert cli("historydb", "create", path).exit_code == 0
    (tmp_path / "in.ndjson").write_text(lines(500) + "\n")
    done = cli("historydb", "append", path, tmp_path / "in.ndjson")
    assert (done.exit_code, done.stderr) == (0, "500 documents appended, 0 of them late\n")
    return path


def info(cli: Cli, store: Path) -> dict[str, object]:
    facts: dict[str, object] = json.loads(cli("historydb", "info", store, "--json").stdout)
    return facts


def test_a_store_is_kept(cli: Cli, store: Path) -> None:
    late = cli("historydb", "append", store, "-", "--json", input=lines(100, start=500, seed=1))
    assert json.loads(late.stdout)["documents"] == 100
    assert cli("historydb", "seal", store).stderr == "600 documents in 1 new segment\n"
    facts = info(cli, store)
    assert (facts["documents"], facts["logged"], facts["last_day"]) == (600, 0, "2022-04-17")
    assert cli("historydb", "erase", store, "7", "no such").stderr == "1 document erased\n"
    assert "1 document, to be removed by" in cli("historydb", "info", store).stdout
    assert "599 documents in 1 new segment, in the place of 1, 1 removed" in cli("historydb", "compact", store).stderr
    cli("historydb", "drop", store, "--before", "2022-03-01")
    assert info(cli, store)["first_day"] == "2022-03-01"
    assert cli("historydb", "verify", store).exit_code == 0


def test_a_line_that_is_no_document_is_named(cli: Cli, store: Path) -> None:
    done = cli("historydb", "append", store, "-", input='{"ts": 0}\n[1]\n')
    assert done.exit_code != 0
    assert "line 2 is no JSON object" in done.stderr
    assert done.stderr.startswith("0 documents appended")
    done = cli("historydb", "append", store, "-", input='{"ts": "soon"}\n')
    assert "document 1 of the batch: ts 'soon' is no date" in done.stderr
    assert info(cli, store)["documents"] == 500


def test_what_is_broken_is_reported(cli: Cli, store: Path) -> None:
    (log,) = store.glob("*.hlog")
    log.write_bytes(log.read_bytes()[:-1])
    done = cli("historydb", "verify", store, "--jsonl")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["kind"] == "torn"
    assert "of a batch that was not finished were cut off" in cli("historydb", "seal", store).stderr


@pytest.mark.parametrize("command", ["append", "seal", "compact", "erase", "drop", "create"])
def test_read_only_forbids_every_write(cli: Cli, store: Path, command: str) -> None:
    before = info(cli, store)
    more = {"append": ["-"], "erase": ["1"], "drop": ["--before", "2030-01-01"]}.get(command, [])
    done = cli("--read-only", "historydb", command, store, *more)
    assert "read-only" in done.stderr
    assert info(cli, store) == before


def test_a_folder_that_is_no_store(cli: Cli, tmp_path: Path) -> None:
    assert "is no history store" in cli("historydb", "info", tmp_path).stderr
    assert "--before: 'never' is no date" in cli("historydb", "drop", tmp_path, "--before", "never").stderr
