"""`history` and `diff`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from dmart_tui.core.secrets import MARK
from tests.cli.conftest import meta, put
from tests.support.terminal import Terminal

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


def test_the_index_answers_for_all_histories(cli: Cli, root: Path) -> None:
    walked = cli("--root", root, "history", "--recursive", "--jsonl").stdout
    assert cli("--root", root, "index", "build").exit_code == 0
    assert cli("--root", root, "history", "--recursive", "--jsonl").stdout == walked
    by_bob = lines(cli("--root", root, "history", "-r", "--by", "bob", "--jsonl"))
    assert [line["timestamp"] for line in by_bob] == ["2024-01-20T00:00:00"]
    assert cli("--root", root, "history", "blog/posts/hello", "--by", "bob").exit_code == 2


def test_real_histories_merge_to_all_their_lines(cli: Cli, real_root: Path) -> None:
    counted = json.loads(cli("--root", real_root, "check", "--json").stdout)
    found = lines(cli("--root", real_root, "history", "-r", "--jsonl"))
    assert len(found) == counted["history_lines"] + counted["event_lines"]


def test_at_a_time_or_a_line_the_entry_is_as_it_was(cli: Cli, root: Path) -> None:
    tagged = {"slug": "c", "tags": ["y"], "created_at": "2024-01-02T00:00:00"}
    put(root / "blog/posts/.dm/hello/meta.content.json", meta("hello", **tagged))
    for moment, slug, tags in (
        ("2024-01-15", "b", ["x"]),
        ("2", "b", ["y"]),
        ("0", "a", ["x"]),
        ("2030-01-01", "c", ["y"]),
    ):
        (found,) = lines(cli("--root", root, "history", "blog/posts/hello", "--at", moment, "--jsonl"))
        assert (found["meta"]["slug"], found["meta"]["tags"], found["existed"]) == (slug, tags, True)
        assert set(found) == {"address", "at", "existed", "meta", "payload", "unknown", "undone"}


def test_before_it_was_made_the_answer_is_no(cli: Cli, root: Path) -> None:
    result = cli("--root", root, "history", "blog/posts/hello", "--at", "2001-01-01", "--json")
    assert (result.exit_code, json.loads(result.stdout)["existed"]) == (1, False)


def test_at_names_what_cannot_be_known(cli: Cli, root: Path) -> None:
    (found,) = lines(cli("--root", root, "history", "blog/posts/hello", "--at", "2024-01-15", "--jsonl"))
    assert "tags" in found["unknown"]
    result = cli("--root", root, "history", "blog/posts/hello", "--at", "2024-01-15")
    assert "tags: cannot be known" in result.stderr


def test_a_moment_that_is_none_is_wrong_usage(cli: Cli, root: Path) -> None:
    for moment in ("yesterday", "99", "2024-13-01"):
        assert cli("--root", root, "history", "blog/posts/hello", "--at", moment).exit_code == 2


def test_blame_names_the_last_of_each_key(cli: Cli, root: Path) -> None:
    found = {row["key"]: row for row in lines(cli("--root", root, "history", "blog/posts/hello", "--blame", "--jsonl"))}
    assert (found["slug"]["owner"], found["slug"]["line"]) == ("ann", 3)
    assert (found["tags"]["owner"], found["tags"]["timestamp"]) == ("bob", "2024-01-20T00:00:00")
    assert (found["displayname"]["owner"], found["displayname"]["line"]) == ("dmart", None)


def test_diff_of_versions_names_keys_as_histories_do(cli: Cli, root: Path) -> None:
    put(root / "blog/posts/.dm/hello/meta.content.json", meta("hello", slug="c"))
    result = cli("--root", root, "diff", "blog/posts/hello", "1", "now", "--json")
    assert result.exit_code == 1
    (change,) = (change for change in json.loads(result.stdout)["changes"] if change["key"] == "slug")
    assert change == {"key": "slug", "old": "b", "new": "c", "kind": "changed", "path": ["slug"]}
    assert cli("--root", root, "diff", "blog/posts/hello", "3", "now").exit_code == 0


def test_a_time_before_the_entry_is_not_found(cli: Cli, root: Path) -> None:
    result = cli("--root", root, "diff", "blog/posts/hello", "1999-01-01", "now")
    assert result.exit_code == 3
    assert "did not exist at 1999-01-01" in result.stderr


def test_diff_of_entries_compares_meta_and_payload(cli: Cli, root: Path) -> None:
    result = cli("--root", root, "diff", "blog/posts/hello", "blog/posts/draft", "--jsonl")
    kinds = {change["key"]: change["kind"] for change in map(json.loads, result.stdout.splitlines())}
    assert (result.exit_code, kinds["is_active"], kinds["payload.body"]) == (1, "changed", "changed")
    assert kinds["displayname"] == "removed"
    same = cli("--root", root, "diff", "blog/posts/hello", "blog/posts/hello")
    assert (same.exit_code, same.stdout) == (0, "")


def test_diff_masks_secrets_and_tells_that_they_differ(cli: Cli, root: Path) -> None:
    for name, word in (("one", "sesame1"), ("other", "sesame2")):
        put(root / f"blog/.dm/{name}/meta.user.json", meta("same", password=word))
    result = cli("--root", root, "diff", "blog/one", "blog/other")
    assert (result.exit_code, "sesame" in result.stdout) == (1, False)
    assert "1 secret differs" in result.stderr
    assert "sesame2" in cli("--root", root, "diff", "blog/one", "blog/other", "--reveal", "password").stdout


def test_a_person_sees_unified_text(root: Path) -> None:
    command = [sys.executable, "-m", "dmart_tui", "--root", str(root), "--no-color", "diff"]
    with Terminal([*command, "blog/posts/hello", "blog/posts/draft"]) as terminal:
        assert terminal.wait_exit(limit=60) == 1
        shown = terminal.output.decode().splitlines()
    assert shown[:2] == ["--- blog/posts/hello  meta", "+++ blog/posts/draft  meta"]
    assert '-  "is_active": true,' in shown
    assert '+  "is_active": false,' in shown
