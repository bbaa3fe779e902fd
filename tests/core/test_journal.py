"""Changes of files that happen whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core import durable, undoable
from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.errors import Conflict, Failed, Refused
from dmart_tui.core.journal import Journal
from dmart_tui.core.steps import Append, Copy, Discard, Expect, MakeFolder, Move, RemoveFolder, Step, Write, digest
from tests.support.crashing import in_child, leftovers, tree

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def root(tmp_path: Path) -> Path:
    top = tmp_path / "my root"
    (top / "a").mkdir(parents=True)
    (top / "a/one").write_bytes(b"one")
    (top / "a/log").write_bytes(b"first\n")
    return top


@pytest.fixture
def apply(root: Path) -> Callable[..., None]:
    """Apply steps whose paths are relative to the root."""

    def run(*steps: Step, **options: object) -> None:
        Journal(str(root)).apply([at(root, step) for step in steps], title="test", **options)  # type: ignore[arg-type]

    return run


def at(root: Path, step: Step) -> Step:
    named = {name: f"{root}/{getattr(step, name)}" for name in ("path", "source") if hasattr(step, name)}
    if isinstance(step, Copy) and step.source.startswith("/"):
        named["source"] = step.source
    return type(step)(**{**{name: getattr(step, name) for name in step.__slots__}, **named})


def crash_after(root: Path, monkeypatch: pytest.MonkeyPatch, *steps: Step) -> None:
    """Carry out steps and be gone before that is recorded."""

    def run() -> None:
        monkeypatch.setattr(Journal, "_end", lambda *_: os._exit(7))
        Journal(str(root)).apply([at(root, step) for step in steps], title="crashed")

    assert in_child(run) == 7


# -- what a step does -------------------------------------------------------------------------------------------------


def test_a_replaced_file_keeps_its_mode_and_a_new_one_takes_the_umask(root: Path, apply: Callable[..., None]) -> None:
    (root / "a/one").chmod(0o604)
    before = os.umask(0o027)
    try:
        apply(Write("a/one", b"two"), Write("a/new", b""), MakeFolder("b"))
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((root / name).stat().st_mode) for name in ("a/one", "a/new", "b")]
    assert modes == [0o604, 0o640, 0o750]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_replaced_file_keeps_its_owner(root: Path, apply: Callable[..., None]) -> None:
    os.chown(root / "a/one", 1234, 2345)
    apply(Write("a/one", b"two"))
    assert ((root / "a/one").stat().st_uid, (root / "a/one").stat().st_gid) == (1234, 2345)


def test_a_symlink_is_written_through(root: Path, apply: Callable[..., None]) -> None:
    (root / "link").symlink_to("a/one")
    (root / "log").symlink_to("a/log")
    apply(Write("link", b"two"), Append("log", b"second"))
    assert (root / "link").is_symlink()
    assert (root / "a/one").read_bytes() == b"two"
    assert (root / "a/log").read_bytes() == b"first\nsecond\n"


@pytest.mark.parametrize(
    ("held", "ended", "then"),
    [
        (None, True, b"x\n"),
        (None, False, b"x"),
        (b"", True, b"x\n"),
        (b"a\n", True, b"a\nx\n"),
        (b"a", True, b"a\nx\n"),
        (b"a", False, b"a\nx"),
        (b"a\n", False, b"a\nx"),
    ],
)
def test_a_line_is_always_a_line_of_its_own(
    root: Path, apply: Callable[..., None], held: bytes | None, ended: bool, then: bytes
) -> None:
    if held is not None:
        (root / "lines").write_bytes(held)
    apply(Append("lines", b"x", ended=ended))
    assert (root / "lines").read_bytes() == then


def test_a_move_takes_a_name_that_another_move_left(root: Path, apply: Callable[..., None]) -> None:
    apply(Move("a/one", "b"), Write("a/one", b"new"), Move("a", "c"), MakeFolder("a"), Move("c/log", "a/log"))
    assert (root / "b").read_bytes() == b"one"
    assert (root / "c/one").read_bytes() == b"new"
    assert (root / "a/log").exists()


def test_a_folder_is_removed_only_when_it_is_empty(root: Path, apply: Callable[..., None]) -> None:
    (root / "empty").mkdir()
    apply(RemoveFolder("empty"), RemoveFolder("a"), RemoveFolder("none"))
    assert not (root / "empty").exists()
    assert (root / "a/one").exists()


def test_what_is_discarded_is_gone(root: Path, apply: Callable[..., None]) -> None:
    apply(Discard("a"))
    assert tree(root) == {}


def test_what_is_discarded_leaves_its_folder_empty(root: Path, apply: Callable[..., None]) -> None:
    apply(Discard("a/one"), Discard("a/log"), RemoveFolder("a"))
    assert tree(root) == {}


def test_a_copy_may_come_from_anywhere(root: Path, apply: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(bytes(3_000_000))
    apply(Copy(str(tmp_path / "upload"), "a/copy"))
    assert (root / "a/copy").stat().st_size == 3_000_000


# -- what is refused, and then nothing is changed ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "step",
    [
        Write("../outside", b""),
        Write("a/../../outside", b""),
        Write("a/../one", b""),
        Write("out/file", b""),
        Write("leads-out", b""),
        Append("leads-out", b""),
        Move("a/one", "out/one"),
        Move("out/held", "a/held"),
        Move("a", "a/b"),
        Move("a/one", "a/log"),
        Move("a/none", "a/two"),
        Copy("a/one", "a/log"),
        Copy("/dev/zero", "a/zero"),
        Discard("out/held"),
        Discard("a/none"),
        MakeFolder("a/one/b"),
        MakeFolder("out/b"),
        RemoveFolder("out/empty"),
        Write(".dmart-tui/journal/x", b""),
        Move(".dmart-tui/journal", "journal"),
    ],
    ids=repr,
)
def test_refused(root: Path, apply: Callable[..., None], tmp_path: Path, step: Step) -> None:
    outside = tmp_path / "elsewhere"
    (outside / "empty").mkdir(parents=True)
    (outside / "held").write_bytes(b"")
    (root / "out").symlink_to(outside)
    (root / "leads-out").symlink_to(outside / "held")
    before, beyond = tree(root), tree(outside)
    with pytest.raises(Refused):
        apply(Write("a/one", b"changed"), step)
    assert (tree(root), tree(outside)) == (before, beyond)
    assert leftovers(root) == []


@pytest.mark.parametrize(
    ("name", "held", "word"), [("one", b"other", "changed"), ("none", b"x", "removed"), ("log", None, "made")]
)
def test_an_expectation_that_does_not_hold(
    root: Path, apply: Callable[..., None], name: str, held: bytes | None, word: str
) -> None:
    before = tree(root)
    with pytest.raises(Conflict, match=word) as raised:
        apply(Write("a/one", b"two"), expects=[Expect(f"{root}/a/{name}", digest(held))])
    assert raised.value.path == f"{root}/a/{name}"
    assert tree(root) == before
    assert leftovers(root) == []


def test_what_somebody_makes_in_the_last_moment_is_not_replaced(
    root: Path, apply: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = durable._rename_exclusively

    def raced(source: bytes, path: bytes) -> int:
        Path(os.fsdecode(path)).write_bytes(b"theirs")
        return rename(source, path)

    monkeypatch.setattr(durable, "_rename_exclusively", raced)
    with pytest.raises(Conflict):
        apply(Write("a/one", b"mine"), Write("a/new", b"mine"))
    assert (root / "a/new").read_bytes() == b"theirs"
    assert (root / "a/one").read_bytes() == b"one"


def test_read_only_touches_nothing(root: Path) -> None:
    journal = Journal(str(root), read_only=True)
    before = sorted(root.rglob("*"))
    with pytest.raises(Refused):
        journal.apply([at(root, Write("a/one", b"two"))], title="test")
    with pytest.raises(Refused):
        journal.recover()
    assert journal.pending() == []
    assert sorted(root.rglob("*")) == before


def test_cancelled_before_the_first_step(root: Path, apply: Callable[..., None]) -> None:
    token = CancelToken()
    token.cancel()
    before = tree(root)
    with pytest.raises(Cancelled):
        apply(Write("a/one", b"two"), cancel=token)
    assert tree(root) == before
    assert leftovers(root) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "full"), MemoryError()], ids=repr)
def test_stopped_in_the_middle(
    root: Path, apply: Callable[..., None], monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail(*_: object) -> None:
        raise error

    before = tree(root)
    monkeypatch.setattr(undoable.Appended, "do", fail)
    with pytest.raises(Failed if isinstance(error, OSError) else type(error)):
        apply(Write("a/one", b"two"), Move("a/one", "b"), Append("a/log", b"second"))
    assert tree(root) == before
    assert leftovers(root) == []


# -- recovery ---------------------------------------------------------------------------------------------------------


def test_undoing_that_fails_is_said_and_done_later(
    root: Path, apply: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(root)
    with monkeypatch.context() as broken:
        broken.setattr(undoable.Appended, "do", lambda *_: os.close(-1))
        broken.setattr(undoable.Written, "undo", lambda *_: os.close(-1))
        with pytest.raises(Failed, match="nor be undone"):
            apply(Write("a/one", b"two"), Append("a/log", b"second"))
        with pytest.raises(Failed, match="cannot be undone"):
            apply(Write("a/log", b"two"))
        assert Journal(str(root), read_only=True).pending() == ["test"]
    assert [(found.title, found.outcome) for found in Journal(str(root)).recover()] == [("test", "undone")]
    assert tree(root) == before
    assert Journal(str(root)).pending() == []


def test_the_next_change_recovers_first(
    root: Path, apply: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    crash_after(root, monkeypatch, Write("a/one", b"lost"), Append("a/log", b"lost"))
    apply(Append("a/log", b"second"))
    assert (root / "a/one").read_bytes() == b"one"
    assert (root / "a/log").read_bytes() == b"first\nsecond\n"


def test_what_is_finished_is_not_undone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> None:
        monkeypatch.setattr(Journal, "_clean", lambda *_: os._exit(7))
        Journal(str(root)).apply([Discard(f"{root}/a")], title="crashed")

    assert in_child(run) == 7
    assert [found.outcome for found in Journal(str(root)).recover()] == ["finished"]
    assert tree(root) == {}


LINE = b'{"uuid":"5e1f","shortname":"history","diff":{}}'
THEIRS = b'{"uuid":"0001","shortname":"history","diff":{"a":1}}'


@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize("before", [None, b"", b'{"a":1}\n', b'{"a":1}'], ids=repr)
@pytest.mark.parametrize("own", [LINE, LINE[:-1], LINE[:20], LINE[:9], b""], ids=len)
@pytest.mark.parametrize("theirs", [b"", THEIRS + b"\n", b"\n" + THEIRS], ids=len)
def test_lines_of_others_stay_when_ours_is_taken_back(
    root: Path, monkeypatch: pytest.MonkeyPatch, ended: bool, before: bytes | None, own: bytes, theirs: bytes
) -> None:
    log = root / "a/lines"
    if before is not None:
        log.write_bytes(before)
    crash_after(root, monkeypatch, Append("a/lines", LINE, ended=ended))
    whole = log.read_bytes()
    log.write_bytes(whole if own == LINE else whole[: whole.index(LINE) + len(own)])
    with log.open("ab") as file:
        file.write(theirs)
    Journal(str(root)).recover()
    left = log.read_bytes() if log.exists() else None
    if not theirs:
        assert left == before
    else:
        assert left is not None
        lines = [line for line in left.split(b"\n") if line]
        assert lines == [*(before or b"").split(), THEIRS]


def test_what_others_wrote_since_the_crash_stays(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crash_after(root, monkeypatch, Write("a/one", b"lost"), Write("a/new", b"lost"))
    (root / "a/one").write_bytes(b"edited by somebody")
    (root / "a/new").write_bytes(b"edited by somebody else")
    Journal(str(root)).recover()
    assert (root / "a/one").read_bytes() == b"edited by somebody"
    assert (root / "a/new").read_bytes() == b"edited by somebody else"


def test_only_what_a_record_names_is_removed(root: Path, apply: Callable[..., None]) -> None:
    (root / "a/.one.tmp-0123456789ab-1").write_bytes(b"somebody's")
    apply(Write("a/one", b"two"))
    assert (root / "a/.one.tmp-0123456789ab-1").exists()


@pytest.mark.parametrize(
    "undo",
    [
        {"type": "Moved", "source": "../elsewhere", "path": "a/one"},
        {"type": "MadeFolder", "missing": ["../victim"]},
        {"type": "Discarded", "path": "out/x", "away": "a/one", "beside": "a/none"},
        {"type": "Appended", "path": "/etc/hosts", "line": "", "ended": True, "size": 0},
    ],
    ids=lambda undo: undo["type"],
)
def test_a_record_of_an_enemy_leads_nowhere(root: Path, tmp_path: Path, undo: dict[str, object]) -> None:
    (tmp_path / "victim").mkdir()
    (root / "out").symlink_to(tmp_path)
    change = root / ".dmart-tui/journal/0123"
    change.mkdir(parents=True)
    (change / "intent").write_text(json.dumps({"title": "t", "when": "2026-01-01T00:00:00", "temps": ["../victim"]}))
    (change / "undo").write_text(json.dumps([undo]))
    with pytest.raises(Failed, match="leads out"):
        Journal(str(root)).recover()
    assert (tmp_path / "victim").is_dir()
    assert (root / "a/one").exists()


# -- file systems -----------------------------------------------------------------------------------------------------


def test_a_move_to_another_file_system(root: Path, apply: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    rename = durable._rename_exclusively

    def between(source: bytes, path: bytes) -> int:
        mounted = os.fsencode(root / "b/")
        return rename(source, path) if source.startswith(mounted) == path.startswith(mounted) else errno.EXDEV

    monkeypatch.setattr(durable, "_rename_exclusively", between)
    (root / "a/deep").mkdir(mode=0o710)
    (root / "a/deep/link").symlink_to("../one")
    before = tree(root / "a")
    (root / "b").mkdir()
    apply(Move("a", "b/a"), Write("b/a/two", b"2"))
    (root / "b/a/two").unlink()
    assert tree(root / "b/a") == before
    assert not (root / "a").exists()
    apply(Discard("b/a"))
    assert sorted(tree(root)) == ["b"]
    assert leftovers(root) == []


def test_where_names_cannot_be_taken_exclusively(
    root: Path, apply: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "_rename_exclusively", lambda *_: errno.EINVAL)
    apply(Move("a/one", "a/two"), Write("a/one", b"1"))
    assert (root / "a/two").read_bytes() == b"one"
    with pytest.raises(Refused):
        apply(Move("a/one", "a/two"))


def test_where_there_are_no_links(root: Path, apply: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "no links")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(undoable.Appended, "do", lambda *_: os.close(-1))
    before = tree(root)
    with pytest.raises(Failed):
        apply(Write("a/one", b"two"), Append("a/log", b"second"))
    assert tree(root) == before


def test_another_spelling_of_the_same_name(
    root: Path, apply: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hard links stand for what a file system that ignores case shows: one file under both spellings."""
    apply(Move("a/one", "a/ONE"))
    assert sorted(os.listdir(root / "a")) == ["ONE", "log"]  # noqa: PTH208
    os.link(root / "a/ONE", root / "a/one")
    with pytest.raises(Refused):
        apply(Move("a/ONE", "a/one"))
    monkeypatch.setattr(os, "listdir", lambda _: ["ONE", "log"])
    assert undoable.respelled(f"{root}/a/ONE", f"{root}/a/one")
    assert not undoable.respelled(f"{root}/a/ONE", f"{root}/a/log")


# -- who may, when ----------------------------------------------------------------------------------------------------


def test_a_thread_may_hold_it_again_and_others_wait(root: Path, apply: Callable[..., None]) -> None:
    order = []
    started = threading.Event()

    def other() -> None:
        started.set()
        apply(Append("a/log", b"other"))
        order.append("other")

    thread = threading.Thread(target=other)
    with Journal(str(root)).hold():
        thread.start()
        started.wait()
        apply(Append("a/log", b"holder"))
        order.append("holder")
        assert Journal(str(root)).pending() == []
    thread.join()
    assert order == ["holder", "other"]
    assert (root / "a/log").read_bytes() == b"first\nholder\nother\n"


def test_processes_lose_nothing_to_each_other(root: Path) -> None:
    def count() -> None:
        journal = Journal(str(root))
        for _ in range(20):
            with journal.hold():
                number = int((root / "number").read_bytes())
                steps: list[Step] = [Write("number", str(number + 1).encode()), Append("a/log", str(number).encode())]
                journal.apply([at(root, step) for step in steps], title="count")

    (root / "number").write_bytes(b"0")
    children = []
    for _ in range(3):
        if (child := os.fork()) == 0:
            try:
                count()
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    assert (root / "number").read_bytes() == b"60"
    assert (root / "a/log").read_bytes().split() == [b"first", *(str(n).encode() for n in range(60))]


def test_the_state_folder_is_for_whoever_may_change_the_root(root: Path, apply: Callable[..., None]) -> None:
    root.chmod(0o2770)
    apply(Write("a/one", b"two"))
    assert stat.S_IMODE((root / ".dmart-tui").stat().st_mode) == 0o2770
    assert "journal/" in (root / ".dmart-tui/README").read_text()
