"""`historydb query`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.historydb import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "a store.hdb"
    with Store.create(str(path)) as made:
        days = ["2024-03-26", "2024-03-26", "2024-03-27", "2024-04-01"]
        kinds = ["create", "update", "up\x1bdate", "update"]
        made.append(
            {"id": number % 3, "ts": f"{day}T1{number}:00:00", "kind": kind, "amount": number * 1.5, "tags": ["a"]}
            for number, (day, kind) in enumerate(zip(days, kinds, strict=True))
        )
        made.seal()
    return path


@pytest.mark.parametrize(
    ("asked", "lines"),
    [
        (["--group", "kind", "--reduce", "n=Count(), Sum(amount)"], ["create\t1\t0", "up␛date\t1\t3", "update\t2\t6"]),
        (["--from", "2024-03-27", "--to", "2024-03-31", "--reduce", "Count()"], ["1"]),
        (["--unique", "id", "--scope", "range", "--keep", "last", "--where", "amount >= 0"], None),
        (["--derive", "late=hour() >= 12", "--group", "late", "--order", "-n"], ["true\t2", "false\t2"]),
        (["--group", "month()", "--having", "n > 1"], ["2024-03\t3"]),
    ],
)
def test_answers_are_columns_with_tabs(
    cli: Callable[..., Result], store: Path, asked: list[str], lines: list[str] | None
) -> None:
    result = cli("historydb", "query", store, *asked)
    assert result.exit_code == 0, result.output
    told = result.stdout.splitlines()
    assert sorted(told) == sorted(lines) if lines is not None else len(told) == 3


def test_documents_come_as_json_lines_and_as_one_document(cli: Callable[..., Result], store: Path) -> None:
    asked = ("historydb", "query", store, "--where", 'kind == "update"')
    lines = [json.loads(line) for line in cli(*asked, "--jsonl").stdout.splitlines()]
    assert lines == json.loads(cli(*asked, "--json").stdout)
    assert lines[0] == {"id": 1, "ts": "2024-03-26T11:00:00", "kind": "update", "amount": 1.5, "tags": ["a"]}
    assert len(json.loads(cli(*asked, "--json", "-n", "1").stdout)) == 1


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--where", "amount >"], "expression, character 9"),
        (["--where", "amount > 1 & kind == 'a'"], "character 10: beside & and |, comparisons stand in parentheses"),
        (["--where", "open('x')"], "there is no function open"),
        (["--reduce", "n=Nothing(a)"], "there is no aggregate Nothing"),
        (["--reduce", "n=os:system(a)"], "os:system is no aggregate"),
        (["--reduce", "n=Sum()"], "Sum: missing a required argument: 'field'"),
        (["--scheduler", "nowhere"], "nowhere: the address of a scheduler ends with a port"),
        (["--group", "kind", "--order", "size"], "the answer has no column size"),
        (["--from", "2024-02-30"], "is no date"),
        (["--from", "2024-03-02", "--to", "2024-03-01"], "before it begins"),
    ],
)
def test_what_is_asked_wrongly_is_told(cli: Callable[..., Result], store: Path, asked: list[str], told: str) -> None:
    result = cli("historydb", "query", store, *asked)
    assert result.exit_code == 2
    assert told in result.stderr
    assert not result.stdout


def test_no_match_is_told_and_no_failure(cli: Callable[..., Result], store: Path) -> None:
    result = cli("historydb", "query", store, "--where", "none > 1")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "nothing matches\n")
