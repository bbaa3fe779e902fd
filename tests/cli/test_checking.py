"""`check`: counts, problems, exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Cli = Callable[..., Result]

EXPECTED = {
    "dmart_2026": {
        "counts": {"space": 5, "folder": 28, "permission": 21, "content": 20, "schema": 16, "role": 7, "user": 3},
        "attachments": 5,
    },
    "dmart_2023": {"history_lines": 195, "event_lines": 113},
}


def test_json_has_the_shape_of_the_contract(cli: Cli, root: Path) -> None:
    result = cli("--root", root, "check", "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 1
    assert set(document) == {"counts", "attachments", "history_lines", "event_lines", "relationships", "problems"}
    assert document["counts"] == {"space": 1, "folder": 1, "content": 4, "ticket": 1}
    assert (document["attachments"], document["history_lines"]) == (1, 3)
    for problem in document["problems"]:
        assert set(problem) == {"severity", "kind", "address", "path", "detail"}
    assert {"meta-unreadable", "several-metas"} <= {problem["kind"] for problem in document["problems"]}


def test_jsonl_ends_with_the_counts(cli: Cli, root: Path) -> None:
    document = json.loads(cli("--root", root, "check", "--json").stdout)
    *problems, counts = map(json.loads, cli("--root", root, "check", "--jsonl").stdout.splitlines())
    assert problems == document.pop("problems")
    assert counts == document


def test_exit_code_is_of_errors_only(cli: Cli, root: Path) -> None:
    result = cli("--root", root, "check", "blog/posts/draft", "--json")
    assert result.exit_code == ("error" in {problem["severity"] for problem in json.loads(result.stdout)["problems"]})
    assert cli("--root", root, "check", "blog/nothing").exit_code == 3


def test_severity_hides_the_milder(cli: Cli, root: Path) -> None:
    lines = cli("--root", root, "check", "--severity", "error").stdout.splitlines()
    assert lines
    assert {line.split("\t")[0] for line in lines} == {"error"}


def test_counts_of_real_data(cli: Cli, real_root: Path) -> None:
    document = json.loads(cli("--root", real_root, "check", "--json").stdout)
    expected = EXPECTED[real_root.name]
    assert {key: document[key] for key in expected} == expected
