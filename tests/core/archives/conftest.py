"""Servers that the tests of one process share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.s3 import S3Server, moto_server, rclone_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def moto() -> Iterator[S3Server]:
    with moto_server() as server:
        yield server


@pytest.fixture(scope="session")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with rclone_server(tmp_path_factory.mktemp("rclone") / "root") as server:
        yield server


@pytest.fixture(params=["moto", "rclone"])
def server(request: pytest.FixtureRequest) -> S3Server:
    """Each of two servers that have nothing in common."""
    found: S3Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dmart_tui.core.archives.remote._WAITS", (0.001,) * 4)
