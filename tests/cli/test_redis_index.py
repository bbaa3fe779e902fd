"""`index … --redis`: built, told, compared, repaired, dropped; nothing is written where writing is forbidden."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.redisearch import meta, put, write_root

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from dmart_tui.core.redisearch import Server

    Cli = Callable[..., Result]


@pytest.fixture
def index(cli: Cli, server: Server, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run `index` on the small root, with the server in the environment."""
    write_root(tmp_path)
    monkeypatch.setenv("DMART_TUI_REDIS", redis_url)

    def run(*arguments: str) -> Result:
        return cli("--root", tmp_path, "index", *arguments)

    return run


def rows(result: Result) -> Any:
    return json.loads(result.stdout)


def test_from_build_to_drop(index: Cli, server: Server, tmp_path: Path) -> None:
    built = index("build", "--redis")
    assert built.exit_code == 0
    assert built.stderr.startswith("9 documents of 1 space written to 127.0.0.1:")
    status = index("status", "--redis", "--json")
    assert [(row["index"], row["documents"]) for row in rows(status)] == [("blog:item", 1), ("blog:meta", 8)]
    assert "search 2.10.5" in status.stderr
    assert "8 documents of metas" in status.stderr
    assert index("compare", "--json").exit_code == 0

    (tmp_path / "blog/posts/.dm/case/meta.ticket.json").unlink()
    put(tmp_path / "blog/posts/.dm/new/meta.content.json", meta("new"))
    compared = index("compare", "--json")
    assert compared.exit_code == 1
    assert [(row["kind"], row["key"]) for row in rows(compared)] == [
        ("missing", "blog:meta:posts/new"),
        ("ghost", "blog:meta:posts/case"),
    ]
    repaired = index("compare", "--repair")
    assert (repaired.exit_code, repaired.stderr) == (0, "2 differences\n2 repaired\n")
    assert index("compare").exit_code == 0

    assert index("drop", "--redis").stderr == "9 documents and 2 indexes dropped; what others made stays\n"
    assert set(server.keys("")) == set()
    assert index("status", "--redis").exit_code == 1


def test_secrets_are_counted_and_not_shown(index: Cli, server: Server) -> None:
    server.call("SET", "users:otp:otps/7901234567", "123456")
    index("build", "--redis")
    told = index("status", "--redis")
    assert "1 one-time passwords" in told.stderr
    assert "7901234567" not in told.output


def test_check_holds_the_root_against_the_server(index: Cli, cli: Cli, server: Server, tmp_path: Path) -> None:
    def kinds(*arguments: str) -> list[str]:
        found = json.loads(cli("--root", tmp_path, "check", *arguments, "--json").stdout)
        return [one["kind"] for one in found["problems"] if one["kind"].startswith("redis-")]

    assert kinds() == []  # no index is there: this Redis is for locks only
    index("build", "--redis")
    assert kinds() == []
    server.call("DEL", "blog:meta:posts/case")
    server.call("JSON.SET", "blog:meta:posts/none", "$", "{}")
    assert kinds() == ["redis-missing", "redis-ghost"]
    assert kinds("blog") == []


def test_check_goes_on_without_the_server(
    cli: Cli, index: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DMART_TUI_REDIS", f"unix://{tmp_path}/none.sock")
    result = cli("--root", tmp_path, "check")
    assert "not compared with the Redis" in result.stderr
    assert "1 ticket" in result.stderr


def test_spaces_that_are_not_indexed_are_built_when_named(index: Cli, server: Server) -> None:
    assert index("build", "--redis", "--space", "quiet").exit_code == 0
    assert set(server.keys("quiet:")) == {"quiet:meta:/notes"}


def test_what_is_worked_out_of_an_index(index: Cli, server: Server, tmp_path: Path) -> None:
    assert index("build", "--redis").exit_code == 0
    found = index("aggregate", "blog:meta", "resource_type: count, max created_at", "-n", "2", "--json")
    assert found.exit_code == 0
    assert len(rows(found)) == 2
    assert {row["max_created_at"] for row in rows(found)} == {"2024-01-01T10:00:00.500000Z"}
    text = index("aggregate", "blog:meta", "created_at: count").stdout
    assert text == "2024-01-01 10:00\t8\n"
    only = ("--where", "@tags:{green tea} | case", "--space", "blog/posts")
    counts = index("aggregate", "blog:meta", "resource_type: count", *only).stdout.splitlines()
    assert sorted(counts) == ["content\t2", "ticket\t1"]
    assert index("aggregate", "blog:meta", "count", "--space", "blog/posts/deep").stdout == "1\n"
    put(tmp_path / "management/.dm/meta.space.json", meta("management"))
    put(tmp_path / "management/users/.dm/sara/meta.user.json", meta("sara"))
    assert index("aggregate", "blog:meta", "count", "--as", "sara").stdout == "1\n"  # the tea's own list names her
    assert index("aggregate", "blog:meta", "count", "--where", "zzz").exit_code == 1
    assert "character 7" in index("aggregate", "blog:meta", "count", "--where", "@state:").stderr
    assert "no field price" in index("aggregate", "blog:meta", "count", "--where", "@price:4").stderr
    assert "no field colour" in index("aggregate", "blog:meta", "colour: count").stderr
    assert index("aggregate", "blog:nothing", "state: count").exit_code == 3


@pytest.mark.parametrize("command", [["build"], ["drop"], ["compare", "--repair"], ["watch"]])
def test_nothing_is_written_where_writing_is_forbidden(index: Cli, server: Server, command: list[str]) -> None:
    result = index(*command, "--redis", "--read-only")
    assert result.exit_code == 4
    assert "writing is forbidden" in result.stderr
    assert set(server.keys("")) == set()


def test_without_a_redis_it_says_how_to_name_one(index: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DMART_TUI_REDIS")
    result = index("build", "--redis")
    assert result.exit_code == 2
    assert "DMART_TUI_REDIS" in result.stderr


def test_a_password_in_the_url_is_not_shown(index: Cli, redis_url: str) -> None:
    result = index("build", "--redis", redis_url.replace("redis://", "redis://:guess@"))
    assert result.exit_code == 6
    assert "guess" not in result.output


def test_watching_writes_what_changes(index: Cli, server: Server, redis_url: str, tmp_path: Path) -> None:
    """The real program: what was missing first, then a new entry; ended by the test."""
    index("build", "--redis")
    server.call("DEL", "blog:meta:posts/case")
    command = [sys.executable, "-m", "dmart_tui", "--root", str(tmp_path), "index", "watch", "--redis", redis_url]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as program:
        try:
            assert program.stderr is not None
            assert program.stderr.readline() == "1 document brought up to date\n"
            put(tmp_path / "blog/posts/.dm/new/meta.content.json", meta("new"))
            assert "document" in program.stderr.readline()
        finally:
            program.kill()
    assert server.call("EXISTS", "blog:meta:posts/case", "blog:meta:posts/new") == 2
