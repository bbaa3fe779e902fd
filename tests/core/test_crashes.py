"""No crash and no full disk leaves a change half done, wherever it comes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import crashing
from tests.support.operations import OPERATIONS, Operation

QUICK = [operation for operation in OPERATIONS if operation.quick]
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


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_files_that_may_not_grow(operation: Operation, tmp_path: Path) -> None:
    outcomes = [crashing.limited(operation.make_root, operation.run, tmp_path, limit) for limit in LIMITS]
    assert outcomes[0] == "old"
    assert outcomes[-1] == "new"


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
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
