"""Changes of several files that happen whole or not at all, whatever stops the program.

A change is a directory `ROOT/.dmart-tui/journal/<change>/`, worked on under the one lock of the root:

1. `intent`, which names every temporary file, written and synced; then those files, beside their targets and synced.
2. The expectations are read again. What is replaced gets a second name in the directory (a hard link; a copy where
   there are no links), and `undo`, which says how each step is taken back, is written, synced and renamed into place.
3. The steps, in order. What they wrote and the directories that they touched are synced together, but before and
   after a step that takes a name away: the order in which a power cut keeps those matters.
4. The directory is renamed to `finished-<change>` and its parent synced: this is the moment from which on the change
   has happened. Whatever it still holds is removed.

What stops before 4 is undone, from the last step to the first, by whoever changes something next or asks for
`recover`; then the directory is renamed to `undone-<change>`. Undoing may stop anywhere and begin again. There is one
direction only, so the same few lines serve a crash and a full disk. A step is undone only where its mark is still on
the disk: what somebody else wrote meanwhile stays.

Costs a change, besides its steps: a directory and two files made, three renames, and 7 fsync. A file written: open,
write, fsync, link, rename, fsync of the directory. A line appended: open, flock, read, write, fsync. A move: rename
and fsync of one or two directories. Between two file systems a move copies everything first. Those fsync of files and
directories that follow one another are one flush of most disks, so that many steps in one change cost a fraction of
what they cost alone.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import msgspec

from dmart_tui.core.durable import Check, Syncs, pieces, remove_tree, sync_folder, write_new
from dmart_tui.core.errors import Conflict, Damaged, DmartTuiError, Failed, NotFound, Refused
from dmart_tui.core.files import open_regular, read_bounded
from dmart_tui.core.readying import Readier
from dmart_tui.core.steps import NOTHING, Expect, Move, Step
from dmart_tui.core.undoable import AnyReady, at, stat_of

if TYPE_CHECKING:
    from dmart_tui.core.background import CancelToken

R = TypeVar("R")

STATE_FOLDER: Final = ".dmart-tui"
"""Of a root: what belongs to this program. D-MART does not see it, and neither do listings."""
_RECORD_LIMIT: Final = 256_000_000
_README: Final = """\
dmart-tui keeps here what makes its changes safe:
journal/  changes that are being made; one that was interrupted is undone by the next start
trash/    what was removed, until the trash is emptied
locks/    who edits what
lock      held while something is changed
"""
_FINISHED: Final = "finished-"
_UNDONE: Final = "undone-"


def state_folder(root: str, *names: str) -> str:
    """Make a folder of this program in a root where there is none, for whoever may change the root.

    Args:
        root: real path.

    Raises:
        Refused: something else stands there, such as a symlink, which may lead out of the root.
        OSError: the disk would not.
    """
    mode = os.stat(root).st_mode & 0o7777
    path = root
    for name in (STATE_FOLDER, *names):
        path = f"{path}/{name}"
        found = stat_of(path, links=True)
        if found is None:
            with suppress(FileExistsError):
                os.mkdir(path, mode)
            os.chmod(path, mode)
            sync_folder(os.path.dirname(path))
        elif not stat.S_ISDIR(found.st_mode):
            raise Refused("is no folder", address=os.path.relpath(path, root), hint="remove it")
    return path


@dataclass(frozen=True, slots=True)
class Recovered:
    """An interrupted change that was taken care of."""

    title: str
    outcome: Literal["finished", "undone"]
    when: datetime
    """When it was begun; naive local time."""


class _Intent(msgspec.Struct):
    title: str
    when: datetime
    temps: list[str]


class Journal:
    """The one way to change files of a root. Cheap to make, keeps nothing open.

    A file may be named by one `Write`, `Copy` or `Move` of a change, or by any number of `Append`s.

    Args:
        root: the folder that no step may leave.
        read_only: refuse everything that would write, before anything is touched.
    """

    def __init__(self, root: str, *, read_only: bool = False) -> None:
        self.root = os.path.realpath(root)
        self.folder = f"{self.root}/{STATE_FOLDER}"
        self._journal = f"{self.folder}/journal"
        self._read_only = read_only
        self._lock = _lock_of(self.root)

    def apply(
        self,
        steps: Sequence[Step],
        *,
        title: str,
        expects: Sequence[Expect] = (),
        cancel: CancelToken | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Carry out a change, whole or not at all.

        Args:
            progress: told the bytes of each piece of a file that was copied, or read to see whether it is as expected.

        Raises:
            Conflict: a file is not what was expected, or something came in the way; nothing is changed.
            Refused: read-only, a step leads out of the root or over something; nothing is changed.
            Cancelled: before the first step; nothing is changed.
            Failed: the disk would not; nothing is changed, or `recover` is still to undo it and the message says so.
        """
        if not steps:
            return None

        def check(size: int) -> None:
            if cancel is not None:
                cancel.check()
            if progress is not None:
                progress(size)

        with self.hold():
            self.recover()
            moves = {step.path for step in steps if isinstance(step, Move)}
            copied: set[str] = set()
            while True:
                try:
                    return self._apply(steps, title, expects, check, frozenset(copied))
                except OSError as error:
                    if error.errno != errno.EXDEV or error.filename not in moves - copied:
                        raise self._failed(error) from None
                    copied.add(error.filename)

    def pending(self) -> list[str]:
        """The titles of changes that were interrupted; none while one is being made. Writes nothing."""
        if _is_held(f"{self.folder}/lock"):
            return []
        found = []
        for name in self._changes():
            if not name.startswith((_FINISHED, _UNDONE)):
                try:
                    intent = self._intent(name)
                except DmartTuiError as error:
                    found.append(f"{name}, {error.message}")
                else:
                    found += [intent.title] if intent is not None else []
        return found

    def recover(self) -> list[Recovered]:
        """Undo what was interrupted and remove what it left; one directory listing when there is nothing.

        Raises:
            Refused: read-only.
            Failed: the disk would not; the record stays for another time.
        """
        with self.hold():
            found = []
            for name in self._changes():
                try:
                    found.append(self._recover(name))
                except (OSError, OverflowError, DmartTuiError) as error:
                    reason = error.strerror if isinstance(error, OSError) else str(error)
                    raise Failed(
                        f"an interrupted change cannot be undone: {reason}",
                        address=f"{STATE_FOLDER}/journal/{name}",
                        hint="nothing else can be changed before; remove that folder to leave everything as it is",
                    ) from None
            return [recovered for recovered in found if recovered is not None]

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep all other threads and programs from changing the root; a thread may hold it several times over."""
        if self._read_only:
            raise Refused("nothing may be changed: read-only")
        try:
            self._lock.acquire()
        except OSError as error:
            raise self._failed(error) from None
        try:
            yield
        finally:
            self._lock.release()

    # -- making a change ---------------------------------------------------------------------------------------------

    def _apply(
        self, steps: Sequence[Step], title: str, expects: Sequence[Expect], check: Check, copied: frozenset[str]
    ) -> None:
        change = os.urandom(6).hex()
        readier = Readier(self.root, f"{STATE_FOLDER}/journal/{change}", change, copied)
        done = [readier.ready(step) for step in steps]
        folder = f"{self._journal}/{change}"
        try:
            self._begin(folder, _Intent(title, datetime.now(), [name for ready in done for name in ready.temps()]))
            with closing(Syncs()) as syncs:
                for step, ready in zip(steps, done, strict=True):
                    check(0)
                    ready.fill(self.root, step, check, syncs)
                syncs.now()
                for expected in expects:
                    self._expect(expected, check)
                _record(folder, "undo", done)
                check(0)
                self._do(done, syncs)
            self._end(change, _FINISHED)
        except BaseException as error:
            self._take_back(change, error)
            raise self._raised(error) from None
        with suppress(OSError):
            self._clean(f"{_FINISHED}{change}", [], done)

    def _do(self, done: Sequence[AnyReady], syncs: Syncs) -> None:
        for ready in done:
            if ready.moving:
                syncs.now()
            ready.do(self.root, syncs)
            if ready.moving:
                syncs.now()
        syncs.now()

    def _begin(self, folder: str, intent: _Intent) -> None:
        state_folder(self.root, "journal")
        os.mkdir(folder)
        _record(folder, "intent", intent)
        sync_folder(self._journal)

    def _expect(self, expected: Expect, check: Check) -> None:
        try:
            descriptor = open_regular(expected.path, self.root)
        except NotFound:
            found = NOTHING
        else:
            with os.fdopen(descriptor, "rb", buffering=0):
                content = hashlib.sha256()
                for piece in pieces(descriptor, check):
                    content.update(piece)
                found = content.hexdigest()
        if found != expected.digest:
            what = "was removed" if found == NOTHING else "was made" if expected.digest == NOTHING else "was changed"
            raise Conflict(f"{what} meanwhile", path=expected.path, address=os.path.relpath(expected.path, self.root))

    def _take_back(self, change: str, error: BaseException) -> None:
        try:
            for name in (f"{_FINISHED}{change}", change):
                if os.path.isdir(f"{self._journal}/{name}"):
                    self._undo(name)
        except (OSError, DmartTuiError) as failed:
            raise Failed(
                f"could not be done ({error}), nor be undone ({failed})",
                hint="it is undone by the next change or start that can",
            ) from error

    def _raised(self, error: BaseException) -> BaseException:
        if isinstance(error, FileExistsError):
            path = os.fsdecode(error.filename)
            return Conflict("was made meanwhile", path=path, address=os.path.relpath(path, self.root))
        return error

    def _failed(self, error: OSError) -> Failed:
        where = os.fsdecode(error.filename) if error.filename else ""
        return Failed(f"cannot be written: {error.strerror}", address=where.removeprefix(self.root + "/"))

    # -- recovering --------------------------------------------------------------------------------------------------

    def _changes(self) -> list[str]:
        try:
            return sorted(os.listdir(self._journal))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._failed(error) from None

    def _recover(self, name: str) -> Recovered | None:
        intent = self._intent(name)
        if name.startswith((_FINISHED, _UNDONE)):
            self._clean(name, intent.temps if intent else [], self._steps(name))
            outcome: Literal["finished", "undone"] = "finished" if name.startswith(_FINISHED) else "undone"
        else:
            self._undo(name)
            outcome = "undone"
        return None if intent is None else Recovered(intent.title, outcome, intent.when)

    def _undo(self, name: str) -> None:
        intent = self._intent(name)
        steps = self._steps(name)
        for ready in reversed(steps):
            ready.undo(self.root)
        self._end(name, _UNDONE)
        self._clean(f"{_UNDONE}{name}", intent.temps if intent else [], [])

    def _end(self, change: str, outcome: str) -> None:
        os.rename(f"{self._journal}/{change}", f"{self._journal}/{outcome}{change}")
        sync_folder(self._journal)

    def _clean(self, name: str, temps: Sequence[str], done: Sequence[AnyReady]) -> None:
        """Remove what a change left, its record last."""
        mark = f".tmp-{name.removeprefix(_FINISHED).removeprefix(_UNDONE)}-"
        for rest in (*temps, *(rest for ready in done for rest in ready.rest())):
            if mark not in os.path.basename(rest):
                raise Refused("is none of its temporary files", address=rest, hint="it is not removed")
            remove_tree(at(self.root, rest))
        remove_tree(f"{self._journal}/{name}")

    def _intent(self, name: str) -> _Intent | None:
        """None when it was never written whole, and so nothing was begun."""
        return self._read(f"{self._journal}/{name}/intent", _Intent)

    def _steps(self, name: str) -> list[AnyReady]:
        return self._read(f"{self._journal}/{name}/undo", list[AnyReady]) or []

    def _read(self, path: str, kind: type[R]) -> R | None:
        """A record; None where there is none."""
        try:
            return msgspec.convert(json.loads(read_bounded(path, self.root, _RECORD_LIMIT)), kind)
        except NotFound:
            return None
        except (ValueError, RecursionError, msgspec.ValidationError):
            raise Damaged("its record is damaged") from None


def _record(folder: str, name: str, value: Any) -> None:
    """Write a record so that it is there whole or not at all."""
    text = json.dumps(msgspec.to_builtins(value))
    write_new(f"{folder}/{name}.new", (text.encode("ascii"),))
    os.rename(f"{folder}/{name}.new", f"{folder}/{name}")
    sync_folder(folder)


# -- the lock ---------------------------------------------------------------------------------------------------------


class _RootLock:
    """One lock of a root for all threads of this process and, as a lock on a file, for all processes."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._threads = threading.RLock()
        self._depth = 0
        self._file = -1

    def acquire(self) -> None:
        self._threads.acquire()
        try:
            if self._depth == 0:
                self._file = self._opened()
                fcntl.flock(self._file, fcntl.LOCK_EX)
            self._depth += 1
        except BaseException:
            if self._depth == 0 and self._file >= 0:
                self._close()
            self._threads.release()
            raise

    def release(self) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._close()
        self._threads.release()

    def _close(self) -> None:
        os.close(self._file)
        self._file = -1

    def _opened(self) -> int:
        folder = state_folder(self._root)
        flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            return os.open(f"{folder}/lock", flags)
        except FileNotFoundError:
            with suppress(FileExistsError):
                write_new(f"{folder}/README", (_README.encode(),))
            return os.open(f"{folder}/lock", flags | os.O_CREAT, 0o666)


@cache
def _lock_of(root: str) -> _RootLock:
    return _RootLock(root)


def _is_held(path: str) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
