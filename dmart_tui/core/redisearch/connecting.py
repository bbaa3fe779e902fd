"""Reaching a Redis: one client for locks and for search, its errors as ours, what it can do, and of which era it is."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.errors import Failed, UsageFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BRANCH: Final = ":master"
"""Of keys and indexes until 1.1.14: the branch that files stand for."""
PATIENCE: Final = 600.0
"""Seconds that a swap of many documents may take the server."""
_NEEDED: Final = {"search": "RediSearch", "rejson": "RedisJSON"}
_KEY: Final = re.compile(r"[^:]+(:[^:]+)?:(?:meta|lock):")
_INDEX: Final = re.compile(r"[^:]+(:[^:]+)?:meta\Z")
_LOOKED_AT: Final = 10_000
"""Keys looked at for the era when no index tells it."""


def make_client(url: str, *, timeout: float = 2.0, retries: int = 1) -> Any:
    """A client of redis-py, which connects when first used and again when the connection is lost.

    Args:
        url: as `redis://user:password@host:6379/0`, `rediss://` with TLS; never part of an error.
        timeout: seconds that connecting and each answer may take.
        retries: how often a command that got no answer is sent again.

    Raises:
        UsageFault: it is no such URL.
    """
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as Lost
    from redis.retry import Retry

    try:
        return Redis.from_url(
            url,
            protocol=2,  # answers of RediSearch 2.6 have this form only
            decode_responses=True,
            encoding_errors="replace",
            socket_connect_timeout=min(timeout, 5.0),
            socket_timeout=timeout,
            retry=Retry(NoBackoff(), retries, supported_errors=(Lost,)),
        )
    except (ValueError, TypeError):
        raise UsageFault("the setting redis is no URL of a Redis", hint="redis://host:6379/0") from None


@contextmanager
def asking(where: str, why: Callable[[str], str]) -> Iterator[None]:
    """Errors of the client, which may hold what it was asked with, as ours.

    Args:
        where: the address or name that an error speaks of.
        why: says what another answer, in lower case, means: "refuses to answer".
    """
    from redis import exceptions

    try:
        yield
    except (exceptions.AuthenticationError, exceptions.NoPermissionError):
        raise Failed("the Redis does not let us in", address=where, hint="see `redis` in the settings") from None
    except (exceptions.ConnectionError, exceptions.TimeoutError, OSError):
        raise Failed("the Redis does not answer", address=where, hint="is it running?") from None
    except exceptions.RedisError as error:
        raise Failed(f"the Redis {why(str(error).lower())}", address=where) from None


def find_branch(client: Any) -> str | None:
    """What stands for the branch in keys and names: `BRANCH` until 1.1.14, later empty; None when nothing tells."""
    from redis.exceptions import ResponseError

    try:
        names = client.execute_command("FT._LIST")
    except ResponseError:  # a server without the search module
        names = []
    found = [match for name in names if (match := _INDEX.match(name))]
    if not found:
        keys = islice(client.scan_iter(count=1000), _LOOKED_AT)
        found = [match for key in keys if (match := _KEY.match(key))]
    if not found:
        return None
    return BRANCH if any(match[1] for match in found) else ""


@dataclass(frozen=True, slots=True)
class Probe:
    """What a server is and what it lacks."""

    version: str
    modules: dict[str, str]
    """Version of each module by its name in lower case."""
    missing: str
    """A sentence that says what search needs and this server has not; empty when it has all."""
    branch: str | None
    """As `find_branch` gives it."""


class Server:
    """A Redis, reached when first asked. Blocks; from asyncio call it through `core.background`.

    Every method raises `Failed` when the server does not answer, does not let us in or refuses.
    """

    def __init__(self, url: str, *, timeout: float = 5.0) -> None:
        """Take the URL.

        Args:
            timeout: seconds that connecting and each answer may take.

        Raises:
            UsageFault: it is no URL of a Redis.
        """
        self._url = url
        self.timeout = timeout
        self.client = make_client(url, timeout=timeout)
        known = self.client.connection_pool.connection_kwargs
        self.where = str(known.get("path") or f"{known.get('host', 'localhost')}:{known.get('port', 6379)}")
        """Host and port, or the path of a socket: all of the URL that may be shown."""

    @cached_property
    def patient(self) -> Any:
        """A client that waits long, for what keeps the server busy."""
        return make_client(self._url, timeout=PATIENCE, retries=0)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Errors of the client as ours."""
        with asking(self.where, _why):
            yield

    def call(self, *words: str | bytes | float) -> Any:
        """The answer to one command."""
        with self.asking():
            return self.client.execute_command(*words)

    def keys(self, start: str) -> Iterator[str]:
        """The keys that begin with a text, each once or more often; costs a look at every key there is."""
        with self.asking():
            for key in self.client.scan_iter(match=f"{escape_pattern(start)}*", count=1000):
                if key.startswith(start):
                    yield key

    def probe(self) -> Probe:
        """Ask what the server can do."""
        with self.asking():
            version = str(self.client.info("server").get("redis_version", ""))
            loaded = self.client.execute_command("MODULE", "LIST")
            modules = {name.lower(): _version(number) for name, number in map(_module, loaded)}
            lacking = [title for name, title in _NEEDED.items() if name not in modules]
            missing = f"the server has no {' and no '.join(lacking)}, which search needs" if lacking else ""
            return Probe(version, modules, missing, find_branch(self.client))

    def branch(self) -> str:
        """What stands for the branch in keys and names; empty when nothing tells, as later versions have it."""
        with self.asking():
            return find_branch(self.client) or ""

    def close(self) -> None:
        """Give back the connections; the next question makes new ones."""
        self.client.close()
        if "patient" in self.__dict__:
            self.patient.close()


def escape_pattern(text: str) -> str:
    """A text as a pattern of Redis that has only itself."""
    return re.sub(r"([*?\[\]\\^-])", r"\\\1", text)


def _why(answer: str) -> str:
    if "unknown command" in answer:
        return "has no RediSearch or no RedisJSON"
    if "unknown index" in answer or "no such index" in answer:
        return "has no such index any more"
    if "oom" in answer:
        return "has no memory left"
    return "is read-only" if "readonly" in answer else "refuses to answer"


def _module(row: Any) -> tuple[str, int]:
    found = row if isinstance(row, dict) else dict(zip(row[::2], row[1::2], strict=True))
    return str(found["name"]), int(found["ver"])


def _version(number: int) -> str:
    """The version a module says as a number: 21005 is 2.10.5."""
    return f"{number // 10_000}.{number // 100 % 100}.{number % 100}"
