"""A Redis that is empty when a test begins, and the small root."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.redisearch import Server
from dmart_tui.core.spaces import Spaces
from tests.support.redis_server import redis_server
from tests.support.redisearch import write_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def server(redis_url: str) -> Iterator[Server]:
    server = Server(redis_url, timeout=60)
    server.call("FLUSHALL")
    yield server
    server.close()


@pytest.fixture
def spaces(tmp_path: Path) -> Spaces:
    write_root(tmp_path / "the spaces")
    return Spaces(tmp_path / "the spaces")
