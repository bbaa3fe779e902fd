"""No crash and no full disk leaves a change half done, wherever it comes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dmart_tui.core import durable
from dmart_tui.core.journal import STATE_FOLDER
from tests.support import crashing
from tests.support.operations import OPERATIONS, Operation

QUICK = [operation for operation in OPERATIONS if operation.quick]
WHOLE = [operation for operation in OPERATIONS if operation.whole]
LIMITS = (0, 1, 64, 300, 1000, 3000, 9000, 40_000)


@pytest.mark.parametrize("operation", QUICK, ids=str)
def test_kill_at_every_call(operation: Operation, tmp_path: Path) -> None:
    kills = crashing.survives(operation.make_root, operation.run, tmp_path)
    assert kills.lost == []
    assert kills.old >= 10
    assert kills.new >= 1


@pytest.mark.long
@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_kill_at_every_call_of_all(operation: Operation, tmp_path: Path, record_property) -> None:
    kills = crashing.survives(operation.make_root, operation.run, tmp_path)
    record_property("kills", kills.kills)
    print(f"\n{operation}: {kills.calls} calls, {kills.kills} kills, {kills.old} old, {kills.new} new")
    assert kills.lost == []


def test_kill_the_recovery_too(tmp_path: Path) -> None:
    operation = next(operation for operation in OPERATIONS if operation.name == "everything")
    kills = crashing.survives_twice(operation.make_root, operation.run, tmp_path, every=16)
    assert kills.lost == []
    assert kills.kills >= 20


@pytest.mark.long
@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_kill_every_recovery_too(operation: Operation, tmp_path: Path) -> None:
    kills = crashing.survives_twice(operation.make_root, operation.run, tmp_path)
    print(f"\n{operation}: {kills.kills} kills of recoveries")
    assert kills.lost == []


@pytest.mark.parametrize("operation", WHOLE, ids=str)
def test_files_that_may_not_grow(operation: Operation, tmp_path: Path) -> None:
    outcomes = [crashing.limited(operation.make_root, operation.run, tmp_path, limit) for limit in LIMITS]
    assert outcomes[0] == "old"
    assert outcomes[-1] == "new"


@pytest.mark.parametrize("operation", WHOLE, ids=str)
def test_a_full_disk(operation: Operation, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    outcomes = []
    try:
        for pages in range(0, 24, 2):
            root = disk / "root"
            operation.make_root(root)
            old = crashing.tree(root)
            fill(disk, pages * 4096)
            code = crashing.in_child(lambda root=root: crashing.refusing(root, operation.run))
            outcomes.append(crashing.outcome(code, root, old))
            (disk / "filling").unlink()
            shutil.rmtree(root)
    finally:
        subprocess.run(["umount", disk], check=True)
    assert outcomes[0] == "old"
    assert outcomes[-1] == "new"


def fill(disk: Path, free: int) -> None:
    """Leave so many bytes of a file system."""
    status = os.statvfs(disk)
    with (disk / "filling").open("wb") as file:
        file.write(bytes(status.f_bavail * status.f_frsize - free))


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_everything_is_synced_before_it_is_finished(
    operation: Operation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    operation.make_root(root)
    unsynced: dict[tuple[int, int], str] = {}
    finished = []
    passing = tuple(f"{root}/{STATE_FOLDER}/{name}" for name in ("journal", "locks"))

    def inode(descriptor: int) -> tuple[int, int]:
        status = os.fstat(descriptor)
        return status.st_dev, status.st_ino

    def written(descriptor: int, _: bytes) -> None:
        unsynced[inode(descriptor)] = str(Path(f"/proc/self/fd/{descriptor}").readlink())

    def named(*paths: Any) -> None:
        for path in map(Path, map(os.fsdecode, paths)):
            if path.is_relative_to(root):
                status = path.parent.stat()
                unsynced[status.st_dev, status.st_ino] = str(path)

    def patch(module: object, name: str, then: Callable[..., object]) -> None:
        function = getattr(module, name)

        def call(*args: Any, **options: Any) -> Any:
            if name == "rename" and "/finished-" in str(args[1]):
                finished.append([path for path in unsynced.values() if not path.startswith(passing)])
            result = function(*args, **options)
            then(*args)
            return result

        monkeypatch.setattr(module, name, call)

    patch(os, "write", written)
    patch(os, "fsync", lambda descriptor: unsynced.pop(inode(descriptor), None))
    patch(durable, "_rename_exclusively", named)
    for name in ("rename", "replace", "link"):
        patch(os, name, named)
    for name in ("mkdir", "rmdir", "unlink"):
        patch(os, name, lambda path, *_: named(path))
    operation.run(root)
    assert finished
    assert finished == [[]] * len(finished)


CALLS = (
    "openat,open,creat,write,pwrite64,writev,fsync,fdatasync,rename,renameat,renameat2,link,linkat,symlink,symlinkat,"
    "unlink,unlinkat,mkdir,mkdirat,rmdir,ftruncate,truncate,chmod,fchmod,fchmodat,chown,fchown,fchownat,lchown,"
    "sendfile,copy_file_range,utimensat,fallocate,mknod,mknodat,setxattr"
)


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")
@pytest.mark.parametrize("operation", QUICK, ids=str)
def test_every_call_of_the_system_is_counted(operation: Operation, tmp_path: Path) -> None:
    root = tmp_path / "root"
    operation.make_root(root)
    program = (
        "import sys, pathlib\nfrom tests.support import crashing, operations\n"
        "run = next(o.run for o in operations.OPERATIONS if o.name == sys.argv[2])\n"
        "with crashing.counted(0, 'before') as calls: run(pathlib.Path(sys.argv[1]))\nprint(calls[0])"
    )
    log = tmp_path / "log"
    try:
        done = subprocess.run(
            [
                "strace",
                "-f",
                "-y",
                "-o",
                log,
                "-e",
                f"trace={CALLS}",
                sys.executable,
                "-Bc",
                program,
                root,
                operation.name,
            ],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
        )
    except subprocess.CalledProcessError as error:
        pytest.skip(f"strace cannot trace here: {error.stderr[-200:]}")
    lines = [line for line in log.read_text(errors="replace").splitlines() if str(root) in line]
    changing = [line for line in lines if not re.search(r" open(at)?\(", line) or re.search("O_CREAT|O_TRUNC", line)]
    assert len(changing) == int(done.stdout)
