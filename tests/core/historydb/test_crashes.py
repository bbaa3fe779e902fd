"""No crash of a writer, wherever it comes, loses an acknowledged batch or a sealed document, or doubles one."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from mmap import mmap
from pathlib import Path
from random import Random
from time import sleep
from typing import Any

import pytest

from dmart_tui.core.historydb import Store, day_of
from tests.support import crashing
from tests.support.histories import FIRST_DAY, documents

Documents = list[dict[str, Any]]
Step = tuple[Callable[[Store], object], Callable[[Documents], Documents]]
"""What is done to a store, and what that makes of the documents it had."""
BATCH = 60


def batch(number: int) -> Documents:
    """A batch whose documents are numbered on."""
    return documents(BATCH, days=40, seed=number, start=number * BATCH)


def appending(number: int) -> Step:
    return lambda store: store.append(batch(number)), lambda had: had + batch(number)


STEPS: list[Step] = [
    appending(0),
    appending(1),
    (lambda store: store.seal(), lambda had: had),
    appending(2),
    (lambda store: store.erase([3, 130]), lambda had: [one for one in had if one["id"] not in (3, 130)]),
    appending(3),
    (lambda store: store.seal(), lambda had: had),
    (lambda store: store.compact(), lambda had: had),
    (
        lambda store: store.drop_before(FIRST_DAY + 9),
        lambda had: [one for one in had if one["ts"] // 86_400_000 >= FIRST_DAY + 9],
    ),
    appending(4),
]


def states() -> list[Documents]:
    """What a store has before each step, and after the last."""
    found: list[Documents] = [[]]
    for _do, then in STEPS:
        found.append(then(found[-1]))
    return [sorted(state, key=lambda one: day_of(one["ts"])) for state in found]


def work(path: str, done: mmap) -> None:
    """All steps, counted where a killed process leaves it."""
    with Store.open(path, write=True) as store:
        for number, (do, _then) in enumerate(STEPS, 1):
            do(store)
            done[0] = number


def killed_at(path: str, call: int, moment: crashing.Moment, done: mmap) -> None:
    with crashing.counted(call, moment):
        work(path, done)


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.long)])
def test_killed_at_every_call_that_changes_the_disk(tmp_path: Path, every: int) -> None:
    expected = states()
    done = mmap(-1, 1)
    empty, path = tmp_path / "empty", tmp_path / "s"
    Store.create(str(empty)).close()
    kills = 0
    for call in range(1, 1000, every):
        moment: crashing.Moment = "before" if call // every % 2 else "half"
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(empty, path)
        done[0] = 0
        code = crashing.in_child(lambda call=call, moment=moment: killed_at(str(path), call, moment, done))
        assert code in (0, -signal.SIGKILL)
        with Store.open(str(path), write=True) as store:
            assert list(store.documents()) in expected[done[0] : done[0] + 2]
            assert sum(store.day_counts().values()) in map(len, expected[done[0] : done[0] + 2])
            assert store.unused() == []
            assert list(store.verify()) == []
        if code == 0 and moment == "before":
            break
        kills += code != 0
    else:
        pytest.fail("the work was never done")
    assert kills >= 50 // every


def test_all_is_synced_before_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut takes what was not synced: nothing such is there when a step is done, or the manifest replaced."""
    unsynced: dict[int, set[str]] = {}
    replaced: list[list[str]] = []
    real_open, real_replace = os.open, os.replace

    def written(descriptor: int, *_: object) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        unsynced.setdefault(os.fstat(descriptor).st_ino, set()).add(str(path))

    def synced(descriptor: int) -> None:
        unsynced.pop(os.fstat(descriptor).st_ino, None)

    def named(path: Any) -> None:
        unsynced.setdefault(Path(path).parent.stat().st_ino, set()).add(str(path))

    def opening(path: Any, flags: int, *rest: Any, **options: Any) -> int:
        is_new = flags & os.O_CREAT and not os.path.lexists(path)
        descriptor = real_open(path, flags, *rest, **options)
        if is_new:
            named(path)
        return descriptor

    def replacing(source: Any, target: Any) -> None:
        replaced.append([path for path in set().union(*unsynced.values()) if "/.STORE.msgpack.tmp-" not in path])
        real_replace(source, target)
        named(target)

    def patch(name: str, then: Callable[..., None]) -> None:
        function = getattr(os, name)

        def call(*args: Any) -> Any:
            result = function(*args)
            then(*args)
            return result

        monkeypatch.setattr(os, name, call)

    with Store.create(str(tmp_path / "s")) as store:
        patch("write", written)
        patch("ftruncate", written)
        patch("fsync", synced)
        patch("fdatasync", synced)
        patch("rename", lambda _source, target: named(target))
        monkeypatch.setattr(os, "open", opening)
        monkeypatch.setattr(os, "replace", replacing)
        for do, _then in STEPS:
            do(store)
            assert unsynced == {}
    assert replaced == [[]] * 5


def write_on(path: str, done: mmap, first: int) -> None:
    """Append batch after batch, sealing and compacting now and then."""
    with Store.open(path, write=True) as store:
        for number in range(first, 250):
            store.append(batch(number))
            done[0] = number + 1
            if number % 3 == 2:
                store.seal()
            if number % 7 == 6:
                store.compact()


@pytest.mark.parametrize("kills", [25, pytest.param(1000, marks=pytest.mark.long)])
def test_killed_at_random_moments(tmp_path: Path, kills: int) -> None:
    random = Random(kills)
    done = mmap(-1, 1)
    path = tmp_path / "s"
    for number in range(kills):
        if number % 25 == 0 or done[0] > 200:
            shutil.rmtree(path, ignore_errors=True)
            Store.create(str(path)).close()
            done[0] = 0
        first = done[0]
        child = os.fork()
        if child == 0:
            write_on(str(path), done, first)
            os._exit(0)
        sleep(random.uniform(0, 0.06))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with Store.open(str(path), write=True) as store:
            found = sorted(document["id"] for document in store.documents())
            batches, rest = divmod(len(found), BATCH)
            assert rest == 0
            assert found == list(range(len(found)))
            assert done[0] <= batches <= done[0] + 1
            done[0] = batches
            assert list(store.verify()) == []


def test_others_read_while_one_writes(tmp_path: Path) -> None:
    path, done = str(tmp_path / "s"), mmap(-1, 1)
    Store.create(path).close()
    child = os.fork()
    if child == 0:
        with Store.open(path, write=True) as store:
            for number in range(25):
                store.append(batch(number))
                done[0] = number + 1
                if number % 4 == 3:
                    store.seal()
                    store.compact()
        os._exit(0)
    seen = reads = 0
    try:
        while seen < 25 * BATCH:
            acknowledged = done[0]
            with Store.open(path) as reader:
                for _ in range(2):
                    found = sorted(document["id"] for document in reader.documents())
                    assert found == list(range(len(found)))
                    assert len(found) % BATCH == 0
                    assert len(found) >= max(seen, acknowledged * BATCH)
                    seen = len(found)
                    reads += 1
    finally:
        if seen < 25 * BATCH:
            os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
    assert status == 0
    assert reads >= 2
