"""`history` and `diff`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dmart_tui.core.secrets import MARK
from tests.cli.conftest import put

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Cli = Callable[..., Result]


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_history_is_newest_first_in_the_shape_of_the_contract(cli: Cli, root: Path) -> None:
    found = lines(cli("--root", root, "history", "blog/posts/hello", "--jsonl"))
    assert [(line["timestamp"], line["owner"]) for line in found] == [
        ("2024-02-03T04:05:06", "ann"),
        ("2024-01-20T00:00:00", "bob"),
        ("2024-01-10T00:00:00", "ann"),
    ]
    assert found[0]["changes"] == [{"key": "slug", "old": "b", "new": "c", "kind": "changed"}]
    assert found[1]["changes"][0]["kind"] == "list"
    assert (found[1]["changes"][0]["removed"], found[1]["changes"][0]["added"]) == (["x"], ["y"])
    assert found[0]["request_headers"] == {}
    assert [line["line"] for line in found] == [3, 2, 1]


def test_history_json_is_one_document_and_limit_cuts(cli: Cli, root: Path) -> None:
    everything = lines(cli("--root", root, "history", "blog/posts/hello", "--jsonl"))
    assert json.loads(cli("--root", root, "history", "blog/posts/hello", "--json").stdout) == everything
    assert lines(cli("--root", root, "history", "blog/posts/hello", "--jsonl", "--limit", "1")) == everything[:1]


def test_history_in_tabs_is_a_change_a_line(cli: Cli, root: Path) -> None:
    result = cli("--root", root, "history", "blog/posts/hello")
    assert result.stdout.splitlines()[0].split("\t") == [
        "2024-02-03T04:05:06", "ann", "slug", "changed", '"b"', '"c"',
    ]  # fmt: skip


def test_history_masks_secrets(cli: Cli, root: Path) -> None:
    put(
        root / "blog/posts/.dm/draft/history.jsonl",
        {
            "timestamp": "2024-01-01T00:00:00",
            "owner_shortname": "ann",
            "request_headers": {"authorization": "Bearer sesame"},
            "diff": {"password": {"old": "sesame", "new": "sesame2"}},
        },
    )
    for options in (["--json"], ["--jsonl"], []):
        shown = cli("--root", root, "history", "blog/posts/draft", *options).stdout
        assert MARK in shown
        assert "sesame" not in shown
    assert "sesame2" in cli("--root", root, "history", "blog/posts/draft", "--reveal", "password").stdout


def test_history_tells_of_lines_that_hold_no_record(cli: Cli, root: Path) -> None:
    with (root / "blog/posts/.dm/hello/history.jsonl").open("ab") as file:
        file.write(b"\n{broken\n")
    result = cli("--root", root, "history", "blog/posts/hello", "--jsonl")
    assert len(lines(result)) == 3
    assert "1 line holds no record" in result.stderr


def test_history_needs_an_address_or_everything(cli: Cli, root: Path) -> None:
    assert cli("--root", root, "history").exit_code == 2
    assert cli("--root", root, "history", "blog/none").exit_code == 3


def test_recursive_merges_histories_and_event_logs_by_time(cli: Cli, root: Path) -> None:
    put(
        root / "blog/.dm/events.jsonl",
        {
            "timestamp": "2024-01-15T00:00:00",
            "user_shortname": "eve",
            "request": "delete",
            "resource": {"type": "content", "space_name": "blog", "subpath": "posts", "shortname": "gone"},
            "attributes": {},
        },
    )
    found = lines(cli("--root", root, "history", "--recursive", "--jsonl"))
    assert [line["timestamp"][:10] for line in found] == ["2024-02-03", "2024-01-20", "2024-01-15", "2024-01-10"]
    assert (found[2]["address"], found[2]["source"], found[2]["request"]) == ("blog/posts/gone", "events", "delete")
    below = lines(cli("--root", root, "history", "blog/posts", "-r", "--jsonl"))
    assert below == found
    tabs = cli("--root", root, "history", "-r").stdout.splitlines()
    assert tabs[2].split("\t") == ["blog/posts/gone", "2024-01-15T00:00:00", "eve", "content", "delete", "", ""]


def test_real_histories_merge_to_all_their_lines(cli: Cli, real_root: Path) -> None:
    counted = json.loads(cli("--root", real_root, "check", "--json").stdout)
    found = lines(cli("--root", real_root, "history", "-r", "--jsonl"))
    assert len(found) == counted["history_lines"] + counted["event_lines"]
