"""Fixtures that all tests share: a person's folders that are nobody's, the demo, real data where there is some."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from dmart_tui.core import config
from dmart_tui.core.demo import make_demo
from tests.support.redis_server import redis_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dmart_tui.core.redisearch import Server

REAL_DATA = "DMART_TUI_REAL_DATA"
"""Names a folder that holds real spaces folders; else `shared/data/spaces` beside the repository is looked for."""

# A busy machine is slow without anything being wrong, and the first example of a day makes a table of all of Unicode.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the long tests take the time they need."""
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.timeout(0))


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home: no settings, state or data of who runs the tests, nor variables that change what is printed."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for kind in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(home / kind.lower()))
    for name in list(os.environ):
        if name.startswith("DMART_TUI_") and name != REAL_DATA:
            monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "VISUAL", "EDITOR", "SSH_CONNECTION", "SSH_TTY", "TMUX"):
        monkeypatch.delenv(name, raising=False)
    config.paths.cache_clear()
    yield home
    config.paths.cache_clear()


@pytest.fixture(scope="session")
def demo_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The spaces folder of a small demo, made once a test process; not to be written to."""
    return make_demo(tmp_path_factory.mktemp("demo company") / "demo").root


@pytest.fixture(scope="session", params=["dmart_2023", "dmart_2026"])
def real_root(request: pytest.FixtureRequest) -> Path:
    """A spaces folder that a real D-MART wrote; skips where there is none."""
    named = os.environ.get(REAL_DATA)
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data" / "spaces"
    root: Path = folder / request.param
    if not root.is_dir():
        pytest.skip(f"no real data: {REAL_DATA} can name a folder with {request.param} in it")
    return root


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Redis with RediSearch and RedisJSON, one a test process."""
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def server(redis_url: str) -> Iterator[Server]:
    """The Redis of `redis_url`, which is empty when a test begins."""
    from dmart_tui.core.redisearch import Server

    server = Server(redis_url, timeout=60)
    server.call("FLUSHALL")
    yield server
    server.close()
