"""Locks of entries: D-MART's own in its Redis, else advisory ones in files, which other dmart-tui honour.

A lock belongs to a shortname, as in D-MART: whoever acts under the same name shares it. All of this blocks, on the disk
or for two seconds on a server; from asyncio call it through `core.background`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import socket
import unicodedata
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from dmart_tui.core.address import Address
from dmart_tui.core.errors import Failed, NotFound, Refused, UsageFault
from dmart_tui.core.files import read_bounded, write_atomic
from dmart_tui.core.journal import STATE_FOLDER, state_folder
from dmart_tui.core.redisearch import asking, escape_pattern, find_branch, make_client
from dmart_tui.core.units import format_span

if TYPE_CHECKING:
    from dmart_tui.core.config import Settings

LOCK_SECONDS: Final = 300
"""How long D-MART's own locks last by default."""
_LOCK_LIMIT: Final = 64_000
_GUARD: Final = ".guard"


@dataclass(frozen=True, slots=True)
class Lock:
    """An entry is locked."""

    owner: str
    """A shortname; empty when the lock does not say."""
    since: datetime | None
    expires: datetime | None
    """None for one that D-MART left without an end."""
    where: Literal["redis", "file"]

    def __str__(self) -> str:
        since = f" {_span(datetime.now(UTC) - self.since)} ago" if self.since else ""
        return f"{self.owner or 'somebody'} locked it{since}"


class Locks(Protocol):
    """The locks of a root. Everything raises Failed when they cannot be read or written."""

    def held(self, address: Address) -> Lock | None:
        """The lock of an entry that is in force, whoever holds it. Writes nothing."""

    def below(self, address: Address) -> Iterator[tuple[Address, Lock]]:
        """The locks in force below a folder or space, its own not among them; costs a look at every lock there is."""

    def take(self, address: Address, owner: str, seconds: int = LOCK_SECONDS) -> Lock:
        """Lock an entry; one's own lock is extended.

        Raises:
            Refused: somebody else holds it; the message names them and since when.
        """

    def release(self, address: Address, owner: str, *, force: bool = False) -> bool:
        """Unlock an entry; False when it was not locked.

        Args:
            force: also when somebody else holds it.

        Raises:
            Refused: somebody else holds it.
        """


def open_locks(settings: Settings, root: str, *, outlive: bool = False) -> Locks:
    """The locks of a spaces folder: those of the Redis in the settings, else files below the root.

    Args:
        outlive: as in `file_locks`.
    """
    return redis_locks(settings.redis) if settings.redis else file_locks(Path(root) / STATE_FOLDER, outlive=outlive)


def file_locks(state: Path, *, outlive: bool = False) -> Locks:
    """Advisory locks below the state folder of a root; makes nothing before the first lock is taken.

    Args:
        outlive: a lock stays until it expires though this process ends, for commands; else it ends with the process.
    """
    return _FileLocks(Path(os.path.realpath(state.parent)) / state.name / "locks", outlive=outlive)


def redis_locks(url: str, *, timeout: float = 2.0) -> Locks:
    """The lock documents of D-MART; connects when first asked.

    Args:
        url: as `redis://user:password@host:6379/0`; never part of an error.
        timeout: seconds that connecting and each answer may take.
    """
    return _RedisLocks(url, timeout)


# -- files ------------------------------------------------------------------------------------------------------------


class _FileLocks:
    """One file a lock, changed only under an exclusive lock on a file beside them, and replaced whole."""

    def __init__(self, folder: Path, *, outlive: bool) -> None:
        self._folder = folder
        self._pid = None if outlive else os.getpid()

    def held(self, address: Address) -> Lock | None:
        try:
            found = json.loads(read_bounded(str(self._path(address)), str(self._folder), _LOCK_LIMIT))
        except (NotFound, Refused, ValueError, RecursionError):  # what is no lock protects nothing
            return None
        return _in_force(found) if isinstance(found, dict) else None

    def below(self, address: Address) -> Iterator[tuple[Address, Lock]]:
        for path in self._folder.glob("*.json"):
            try:
                found = json.loads(read_bounded(str(path), str(self._folder), _LOCK_LIMIT))
                at = Address.parse(found["address"])
            except (NotFound, Refused, UsageFault, ValueError, LookupError, TypeError, RecursionError):
                continue
            if _is_below(at, address) and (lock := _in_force(found)) is not None:
                yield at, lock

    def take(self, address: Address, owner: str, seconds: int = LOCK_SECONDS) -> Lock:
        with self._guard():
            now = datetime.now(UTC)
            former = self.held(address)
            if former is not None and former.owner != owner:
                raise _refused(former, address)
            lock = Lock(owner, former.since if former else now, now + timedelta(seconds=seconds), "file")
            document = {
                "owner": owner,
                "host": socket.gethostname(),
                "pid": self._pid,
                "since": _text(lock.since),
                "expires": _text(lock.expires),
                "address": str(address),
            }
            write_atomic(self._path(address), json.dumps(document).encode("ascii"), mode=0o666)
            return lock

    def release(self, address: Address, owner: str, *, force: bool = False) -> bool:
        former = self.held(address)
        if former is None:
            return False
        with self._guard():
            former = self.held(address)
            if former is not None and former.owner != owner and not force:
                raise _refused(former, address)
            with suppress(FileNotFoundError):
                self._path(address).unlink()
        return former is not None

    def _path(self, address: Address) -> Path:
        name = unicodedata.normalize("NFC", str(address)).encode("utf-8", "surrogatepass")
        return self._folder / f"{hashlib.sha256(name).hexdigest()[:32]}.json"

    @contextmanager
    def _guard(self) -> Iterator[None]:
        """Keep every other thread and process from changing these locks."""
        descriptor = -1
        try:
            state_folder(str(self._folder.parent.parent), "locks")
            flags = os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(self._folder / _GUARD, flags, 0o666)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        except OSError as error:
            raise Failed(f"the lock cannot be written: {error.strerror}", address=str(self._folder)) from None
        finally:
            if descriptor >= 0:
                os.close(descriptor)


def _in_force(found: dict[str, Any]) -> Lock | None:
    """The lock a file says, unless it expired or its process on this host is gone; None when it says none."""
    owner, pid = found.get("owner"), found.get("pid")
    since, expires = _time(found.get("since")), _time(found.get("expires"))
    if not isinstance(owner, str) or not owner or expires is None or expires <= datetime.now(UTC):
        return None
    here = found.get("host") == socket.gethostname()
    if here and isinstance(pid, int) and not isinstance(pid, bool) and not _runs(pid):
        return None
    return Lock(owner, since, expires, "file")


def _runs(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


# -- Redis ------------------------------------------------------------------------------------------------------------

# D-MART looks, writes and sets the time in three commands, between which another may come; a script is one.
_TAKE: Final = """\
local owners = redis.call('JSON.GET', KEYS[1], '$.owner_shortname')
local mine = 1
if not owners then
  redis.call('JSON.SET', KEYS[1], '$', ARGV[2])
elseif cjson.decode(owners)[1] ~= ARGV[1] then
  mine = 0
end
if mine == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return {mine, redis.call('JSON.GET', KEYS[1]), redis.call('PTTL', KEYS[1])}
"""
_RELEASE: Final = """\
local owners = redis.call('JSON.GET', KEYS[1], '$.owner_shortname')
if not owners then return {0} end
if ARGV[2] == '0' and cjson.decode(owners)[1] ~= ARGV[1] then
  return {-1, redis.call('JSON.GET', KEYS[1]), redis.call('PTTL', KEYS[1])}
end
redis.call('DEL', KEYS[1])
return {1}
"""


class _RedisLocks:
    def __init__(self, url: str, timeout: float) -> None:
        self._url = url
        self._timeout = timeout
        self._era: str | None = None

    def held(self, address: Address) -> Lock | None:
        with self._asking(address):
            pipeline = self._client.pipeline(transaction=True)
            key = self._key(address)
            pipeline.execute_command("JSON.GET", key)
            pipeline.pttl(key)
            document, left = pipeline.execute()
        return None if document is None else _redis_lock(document, left)

    def below(self, address: Address) -> Iterator[tuple[Address, Lock]]:
        with self._asking(address):
            start = f"{address.space}{self._branch()}:lock:"
            keys = list(self._client.scan_iter(match=f"{escape_pattern(start)}*", count=1000))
        for key in keys:
            try:
                at = Address.parse(f"{address.space}/{key.removeprefix(start).lstrip('/')}")
            except UsageFault:
                continue
            if _is_below(at, address) and (lock := self.held(at)) is not None:
                yield at, lock

    def take(self, address: Address, owner: str, seconds: int = LOCK_SECONDS) -> Lock:
        document = json.dumps({"owner_shortname": owner, "lock_time": datetime.now().isoformat()})
        with self._asking(address):
            mine, document, left = self._client.eval(
                _TAKE, 1, self._key(address), owner, document, max(1, seconds) * 1000
            )
        lock = _redis_lock(document, left)
        if not mine:
            raise _refused(lock, address)
        return lock

    def release(self, address: Address, owner: str, *, force: bool = False) -> bool:
        with self._asking(address):
            released, *others = self._client.eval(_RELEASE, 1, self._key(address), owner, int(force))
        if released < 0:
            raise _refused(_redis_lock(*others), address)
        return bool(released)

    def _key(self, address: Address) -> str:
        subpath, name = (unicodedata.normalize("NFC", text) for text in (address.subpath, address.name))
        return f"{address.space}{self._branch()}:lock:{subpath}/{name}"

    def _branch(self) -> str:
        """What stands for the branch in keys, remembered once something tells it."""
        if self._era is None:
            self._era = find_branch(self._client)
        return self._era or ""

    @cached_property
    def _client(self) -> Any:
        # Sent again after a lost answer, a command could find its own lock or one it has given back.
        return make_client(self._url, timeout=self._timeout, retries=0)

    def _asking(self, address: Address) -> AbstractContextManager[None]:
        """Errors of the client, which may hold what it was asked with, as ours."""
        return asking(str(address), _why)


def _why(answer: str) -> str:
    if "unknown" in answer:
        return "has no RedisJSON, which D-MART needs for locks"
    return "holds something else than a lock there" if "wrong" in answer else "refuses to answer"


def _redis_lock(document: str, left: int) -> Lock:
    """A lock from its document and the milliseconds it has left, below 0 for no end."""
    try:
        found = json.loads(document)
    except (ValueError, RecursionError):
        found = None
    fields = found if isinstance(found, dict) else {}
    owner = fields.get("owner_shortname")
    expires = datetime.now(UTC) + timedelta(milliseconds=left) if left >= 0 else None
    return Lock(owner if isinstance(owner, str) else "", _time(fields.get("lock_time")), expires, "redis")


# -- both -------------------------------------------------------------------------------------------------------------


def _is_below(address: Address, folder: Address) -> bool:
    return len(address.keys) > len(folder.keys) and address.keys[: len(folder.keys)] == folder.keys


def _refused(lock: Lock, address: Address) -> Refused:
    left = f"it ends in {_span(lock.expires - datetime.now(UTC))}" if lock.expires else "it has no end"
    return Refused(str(lock), address=str(address), hint=left)


def _span(span: timedelta) -> str:
    return format_span(max(span.total_seconds(), 0))


def _text(when: datetime | None) -> str | None:
    return when.isoformat() if when else None


def _time(value: Any) -> datetime | None:
    """An aware time; one without a zone is local, for locks are young and their servers near."""
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
