"""What is written here is sound: no check finds more after a change than before, and D-MART's own patterns see it."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from typing import TYPE_CHECKING, Final

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.journal import STATE_FOLDER
from dmart_tui.core.locking import file_locks
from dmart_tui.core.spaces import Entry, Kind, Problem, Spaces
from dmart_tui.core.spaces.checks import Check
from dmart_tui.core.writing import (
    Plan,
    Store,
    lock_entry,
    plan_attach,
    plan_comment,
    plan_create,
    plan_link,
    plan_move,
    plan_progress,
    plan_react,
    plan_restore,
    plan_set,
    plan_trash,
    trash_items,
    unlock_entry,
    ways_on,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EVERY: Final = 25
"""Of the entries of a root each so many-th is changed."""
LETTERS: Final = r"a-zA-Z\u0621-\u064A0-9\u0660-\u0669_"
SEEN: Final = (
    re.compile(rf"\.dm/([{LETTERS}]*)/meta\.([a-zA-Z\u0621-\u064A]*)\.json$"),
    re.compile(rf"/([{LETTERS}]*)/\.dm/meta\.folder\.json$"),
    re.compile(rf"attachments\.*[{LETTERS}]*\.([{LETTERS}]+)/meta\.([{LETTERS}]*)\.json$"),
)
"""The patterns by which D-MART finds entries, folders and attachments (specs of its versions 1.0 to 1.4)."""
LINE: Final = {
    "uuid", "shortname", "is_active", "tags", "created_at", "updated_at", "owner_shortname", "timestamp",
    "request_headers", "diff",
}  # fmt: skip
"""The keys of a history line since 1.2."""


def problems(root: Path) -> Counter[tuple[str, str]]:
    """What is wrong below a root, and where."""
    check = Check(Spaces(root))
    return Counter((one.kind, one.path) for one in check.run() if isinstance(one, Problem))


def files(root: Path) -> dict[str, bytes]:
    found = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(root)): path.read_bytes() for path in found if STATE_FOLDER not in path.parts}


def changes(store: Store) -> dict[str, Callable[[Entry], Plan]]:
    """Everything that can be done to an entry, by name."""

    def progress(entry: Entry) -> Plan:
        way = ways_on(store, entry.address)[0]
        why = way.resolutions[0].key if way.resolutions else None
        return plan_progress(store, entry.address, way.action, resolution=why, comment="said")

    def rename(entry: Entry) -> Plan:
        parent = entry.address.parent
        assert parent is not None
        return plan_move(store, entry.address, parent.child("renamed_here"), rewrite=True)

    return {
        "set": lambda entry: plan_set(store, entry.address, [("displayname.en", "Changed"), ("tags", ["changed"])]),
        "comment": lambda entry: plan_comment(store, entry.address, "well said"),
        "react": lambda entry: plan_react(store, entry.address, "like"),
        "attach": lambda entry: plan_attach(store, entry.address, [("one.png", b"\x89PNG\r\n\x1a\n")]),
        "link": lambda entry: plan_link(store, entry.address, Address("management"), {"role": "changed"}),
        "progress": progress,
        "rename": rename,
        "trash": lambda entry: plan_trash(store, entry.address),
        "create": lambda entry: plan_create(store, entry.address.parent.child("made_here"), "content", {}, {"a": 1}),  # type: ignore[union-attr]
    }


def copied(source: Path, root: Path) -> Store:
    shutil.copytree(source, root, symlinks=True)
    spaces = Spaces(root)
    users = [name for name in ("dmart", "sara") if (root / f"management/users/.dm/{name}").is_dir()]
    return Store(spaces, user=users[0], locks=file_locks(root / STATE_FOLDER, outlive=True))


def some(store: Store) -> Iterator[Entry]:
    """Entries that can be read, some of each folder."""
    entries = [entry for entry in store.spaces.walk() if entry.kind is Kind.ENTRY and entry.meta and not entry.link]
    tickets = [entry for entry in entries if entry.type == "ticket"][:9]
    return iter({entry.path: entry for entry in (*entries[::EVERY], *tickets)}.values())


@pytest.mark.slow
def test_in_the_demo(demo_root: Path, tmp_path: Path) -> None:
    hold(copied(demo_root, tmp_path / "spaces"))


@pytest.mark.slow
def test_in_real_data(real_root: Path, tmp_path: Path) -> None:
    hold(copied(real_root, tmp_path / "spaces"))


def hold(store: Store) -> None:
    from pathlib import Path

    root = Path(store.spaces.root)
    before = problems(root)
    entries = list(some(store))
    for name, make in changes(store).items():
        held, done = files(root), []
        for entry in entries:
            if name == "create" and any(entry.address.parent == other.plan.address.parent for other in done):
                continue
            try:
                plan = make(entry)
            except (DmartTuiError, IndexError):  # it cannot be done to this one
                continue
            done.append(store.apply(plan, anyway=True))
            if name == "rename":  # the next of its folder wants the name
                store.apply(store.undo(done.pop()), anyway=True)
        new = problems(root) - before
        if name == "trash":  # what points to it was told
            warned = any(warned.kind == "reference" for one in done for warned in one.plan.warnings)
            new = Counter(one for one in new.elements() if not (warned and one[0].endswith(("-missing", "-dangling"))))
        assert new == Counter(), name
        seen(held, files(root))
        for one in reversed(done):
            store.apply(store.undo(one), anyway=True)
    assert problems(root) - before == Counter(), "taken back"
    for entry in entries:
        lock_entry(store, entry.address, anyway=True)
        unlock_entry(store, entry.address, anyway=True)
    for item in list(trash_items(store)):
        if not item.problem and item.address is not None and item.address.name == "made_here":
            store.apply(plan_restore(store, item.identity), anyway=True)
    assert problems(root) - before == Counter(), "locked and restored"


def seen(before: dict[str, bytes], after: dict[str, bytes]) -> None:
    """Look at what was written as D-MART does."""
    for path, data in after.items():
        if before.get(path) == data:
            continue
        name = path.rpartition("/")[2]
        if name.startswith("meta.") and path not in before:
            assert any(pattern.search(f"/{path}") for pattern in SEEN), path
        if name.startswith("meta."):
            assert isinstance(json.loads(data), dict), path
        if name == "history.jsonl":
            old = before.get(path, b"")
            assert data.startswith(old.rstrip(b"\n")), path
            for line in data[len(old) :].splitlines():
                if line:
                    assert set(json.loads(line)) == LINE, path
