"""Killing a program at every call that changes the disk, and looking at what recovery makes of it.

An operation runs in a forked child whose calls of `os` that change the disk are counted; at the n-th the child kills
itself, before the call, or in the middle of it where it writes. What the call before has done is then on the disk and
nothing after it, so that all moments between two calls are seen. Then another child recovers, and the whole tree must
be the old one or the new one.
"""

from __future__ import annotations

import builtins
import hashlib
import os
import random
import resource
import shutil
import signal
import stat
import sys
import traceback
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from dmart_tui.core import durable
from dmart_tui.core.errors import Failed
from dmart_tui.core.journal import STATE_FOLDER, Journal

if TYPE_CHECKING:
    from collections.abc import Iterator

Moment = Literal["before", "half"]
Tree = dict[str, tuple[int, str]]
Operation = Callable[[Path], None]

CHANGING: Final = (
    "chmod", "chown", "copy_file_range", "fchmod", "fchown", "fdatasync", "fsync", "ftruncate", "lchown", "link",
    "mkdir", "mkfifo", "mknod", "posix_fallocate", "pwrite", "remove", "removexattr", "rename", "replace", "rmdir",
    "sendfile", "setxattr", "splice", "symlink", "truncate", "unlink", "utime", "write", "writev",
)  # fmt: skip
"""Functions of `os` that change the disk; `open` does when it makes or empties a file."""
AUDITED: Final = frozenset(
    f"os.{name}" for name in ("chmod", "chown", "link", "mkdir", "remove", "rename", "rmdir", "symlink", "truncate")
)
_MAKING: Final = os.O_CREAT | os.O_TRUNC
_WRITING: Final = os.O_WRONLY | os.O_RDWR
_REFUSED: Final = 3
"""Exit code of a child whose disk would not."""


@dataclass
class Kills:
    """What was tried and what it led to."""

    old: int = 0
    new: int = 0
    calls: int = 0
    """That change the disk, of the operation when nothing stops it."""
    lost: list[str] = field(default_factory=list)
    """Trees that were neither old nor new, or that something was left in."""

    @property
    def kills(self) -> int:
        return self.old + self.new + len(self.lost)


def tree(root: Path) -> Tree:
    """All names below a root with their mode and a hash of what they hold; of the state folder only the trash."""
    found: Tree = {}
    for folder, folders, files in os.walk(root):
        if Path(folder) == root / STATE_FOLDER:
            folders[:] = [name for name in folders if name == "trash"]
            files = []
        for name in (*folders, *files):
            path = Path(folder, name)
            if path == root / STATE_FOLDER:
                continue
            status = path.lstat()
            if path.is_symlink():
                held = str(path.readlink())
            elif stat.S_ISREG(status.st_mode):
                held = hashlib.sha256(path.read_bytes()).hexdigest()
            else:
                held = ""
            found[str(path.relative_to(root))] = (status.st_mode, held)
    return found


def leftovers(root: Path) -> list[str]:
    """Records of changes that are still in the journal."""
    journal = root / STATE_FOLDER / "journal"
    return sorted(path.name for path in journal.iterdir()) if journal.is_dir() else []


def survives(
    make_root: Callable[[Path], None],
    operation: Operation,
    where: Path,
    *,
    moments: tuple[Moment, ...] = ("before", "half"),
    recovery: Operation | None = None,
) -> Kills:
    """Kill an operation at every call until it lives through.

    Args:
        make_root: fills an empty folder with the old state.
        operation: what to do to it; always the same in the same folder (times come from a fixed clock, `os.urandom`
            is made repeatable here).
        where: a folder for the work.
        recovery: what the next start does; by default the journal's own recovery.
    """
    template, cut = where / "template", where / "cut"
    make_root(template)
    old = tree(template)
    _copy(template, cut)
    counted = _child(lambda: _count(cut, operation))
    assert counted >= 0, "the operation fails when nothing stops it"
    new = tree(cut)
    assert new != old, "the operation changes nothing"
    assert not leftovers(cut)
    kills = Kills(calls=_calls(where / "calls"))
    for moment in moments:
        for number in range(1, kills.calls + 1):
            _copy(template, cut)
            code = _child(lambda n=number, m=moment: _run_killed(cut, operation, n, m))
            if code != -signal.SIGKILL:
                assert moment == "half", f"call {number} of {kills.calls} was not reached: {code}"
                continue
            recovered = _child(lambda: (recovery or _recover)(cut))
            found = tree(cut)
            if recovered != 0 or leftovers(cut) or found not in (old, new):
                kills.lost.append(f"{moment} call {number}: {_difference(found, old, new)} {leftovers(cut)}")
            elif found == old:
                kills.old += 1
            else:
                kills.new += 1
    return kills


def survives_twice(make_root: Callable[[Path], None], operation: Operation, where: Path, *, every: int = 1) -> Kills:
    """Kill an operation at each `every`-th call, and then its recovery at every call of that."""
    template, cut, crashed = where / "template", where / "cut", where / "crashed"
    make_root(template)
    old = tree(template)
    _copy(template, cut)
    assert _child(lambda: _count(cut, operation)) >= 0
    new = tree(cut)
    kills = Kills(calls=_calls(where / "calls"))
    for number in range(1, kills.calls + 1, every):
        _copy(template, crashed)
        _child(lambda n=number: _run_killed(crashed, operation, n, "before"))
        _copy(crashed, cut)
        again = 0
        while _child(lambda n=again + 1: _run_killed(cut, _recover, n, "before")) == -signal.SIGKILL:
            again += 1
            recovered = _child(lambda: _recover(cut))
            found = tree(cut)
            if recovered != 0 or leftovers(cut) or found not in (old, new):
                kills.lost.append(f"call {number}, recovery {again}: {_difference(found, old, new)} {leftovers(cut)}")
            elif found == old:
                kills.old += 1
            else:
                kills.new += 1
            _copy(crashed, cut)
    return kills


def limited(make_root: Callable[[Path], None], operation: Operation, where: Path, limit: int) -> str:
    """Run an operation with a limit on the size of files: `old` or `new`, as it is without any recovery."""
    template, cut = where / "template", where / "cut"
    if not template.is_dir():
        make_root(template)
    _copy(template, cut)

    def run() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        refusing(cut, operation)

    return outcome(_child(run), cut, tree(template))


def refusing(root: Path, operation: Operation) -> None:
    """Run an operation that the disk may refuse to carry out, and then say so by the exit code."""
    repeatable()
    try:
        operation(root)
    except Failed:
        os._exit(_REFUSED)


def outcome(code: int, root: Path, old: Tree) -> str:
    """`old` when the disk refused and all is as it was, `new` when it took it; anything else fails."""
    assert not leftovers(root)
    if code == _REFUSED:
        assert tree(root) == old, _difference(tree(root), old, old)
        return "old"
    assert code == 0
    return "new"


def in_child(work: Callable[[], None]) -> int:
    """Run something in a fork and return its exit code, negative for a signal."""
    return _child(work)


def repeatable() -> None:
    """Make names and identities that are drawn by lot the same every time."""
    generator = random.Random(7)
    os.urandom = generator.randbytes


# -- in the child -----------------------------------------------------------------------------------------------------


def _recover(root: Path) -> None:
    Journal(str(root)).recover()


def _run_killed(root: Path, operation: Operation, number: int, moment: Moment) -> None:
    repeatable()
    with counted(number, moment):
        operation(root)


def _count(root: Path, operation: Operation) -> None:
    repeatable()
    with counted(0, "before") as calls:
        operation(root)
    (root.parent / "calls").write_text(str(calls[0]))


def _calls(path: Path) -> int:
    return int(path.read_text())


@contextmanager
def counted(number: int, moment: Moment) -> Iterator[list[int]]:
    """Count the calls that change the disk, and die at one; in a process that is thrown away.

    Whatever the interpreter itself sees change the disk must be in one of these calls.
    """
    calls = [0]
    inside: list[str] = []

    def wrapped(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            if name == "open" and not (len(args) > 1 and args[1] & _MAKING):
                inside.append(name)
                try:
                    return function(*args, **options)
                finally:
                    inside.pop()
            calls[0] += 1
            if calls[0] == number:
                if moment == "before":
                    os.kill(os.getpid(), signal.SIGKILL)
                elif name == "write":
                    function(args[0], args[1][: len(args[1]) // 2])
                    os.kill(os.getpid(), signal.SIGKILL)
            inside.append(name)
            try:
                return function(*args, **options)
            finally:
                inside.pop()

        return call

    def audit(event: str, args: tuple[Any, ...]) -> None:
        opens = event == "open" and not isinstance(args[0], int)  # else it was counted when it was opened
        writes = opens and isinstance(args[2], int) and args[2] & (_WRITING | _MAKING)
        if (writes or event in AUDITED) and not inside and args[0] != os.devnull:
            builtins.print(f"not counted: {event} {args}", file=sys.stderr)
            os._exit(9)

    for name in ("open", *CHANGING):
        setattr(os, name, wrapped(name, getattr(os, name)))
    durable._rename_exclusively = wrapped("renameat2", durable._rename_exclusively)
    sys.dont_write_bytecode = True
    watching = [True]
    sys.addaudithook(lambda event, args: audit(event, args) if watching[0] else None)
    yield calls
    watching[0] = False


# -- in the parent ----------------------------------------------------------------------------------------------------


def _child(work: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _copy(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)


def _difference(found: Tree, old: Tree, new: Tree) -> str:
    near = min((old, new), key=lambda tree: len(tree.items() ^ found.items()))
    names = sorted({name for name, _ in near.items() ^ found.items()})
    return f"unlike the {'old' if near is old else 'new'} tree in {names}"
