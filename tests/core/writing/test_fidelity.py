"""One key of every meta of real folders is changed, and nothing else of any file."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.journal import STATE_FOLDER
from dmart_tui.core.spaces import Attachment, Entry, Spaces
from dmart_tui.core.steps import Write
from dmart_tui.core.writing import Store, open_document, plan_save

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dmart_tui.core.spaces import Item

_VALUE = 'changed " by the test é'


def _items(spaces: Spaces) -> Iterator[Item]:
    for entry in spaces.walk():
        if isinstance(entry, Entry) and entry.meta and not entry.link:
            yield entry
            yield from (found for found in spaces.attachments(entry) if isinstance(found, Attachment) and found.meta)


def _without(data: bytes, *values: Any) -> bytes:
    """The bytes of a JSON text with some of its values cut out, each as any writer may have written it."""
    for value in values:
        for written in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
            data = data.replace(written.encode(), b"\0")
    return data


def test_every_meta_keeps_its_bytes_around_one_key(real_root: Path, tmp_path: Path) -> None:
    shutil.copytree(real_root, tmp_path / "copy", symlinks=True)
    spaces = Spaces(tmp_path / "copy")
    store = Store(spaces, user="ann")
    edited = unreadable = 0
    for item in list(_items(spaces)):
        try:
            document = open_document(store, item.address)
        except DmartTuiError:
            unreadable += 1
            continue
        if document.meta_path != item.path:  # the second of two metas that share a name
            continue
        plan = plan_save(store, document, {**document.meta, "owner_shortname": _VALUE})
        assert {step.path for step in plan.steps if isinstance(step, Write)} == {item.path}
        store.apply(plan, anyway=True)
        with open(item.path, "rb") as file:
            after = file.read()
        now = json.loads(after.removeprefix(b"\xef\xbb\xbf"))
        former = document.meta
        assert now == {**former, "owner_shortname": _VALUE, "updated_at": now["updated_at"]}
        if {"owner_shortname", "updated_at"} <= former.keys():
            was = _without(item.raw, former["owner_shortname"], former["updated_at"])
            assert _without(after, former["owner_shortname"], former["updated_at"], _VALUE, now["updated_at"]) == was
        assert [*now] == [*former, *(key for key in ("owner_shortname", "updated_at") if key not in former)]
        edited += 1
    assert edited > 30 * (unreadable + 1)
    _only_metas_and_logs_differ(real_root, tmp_path / "copy")


def _only_metas_and_logs_differ(before: Path, after: Path) -> None:
    def files(root: Path) -> dict[str, bytes]:
        return {
            str(path.relative_to(root)): path.read_bytes()
            for path in root.rglob("*")
            if path.is_file() and STATE_FOLDER not in path.relative_to(root).parts
        }

    old, new = files(before), files(after)
    assert all(name.endswith(("history.jsonl", "events.jsonl")) for name in new.keys() - old.keys())
    for name, data in old.items():
        if name.endswith(".jsonl"):
            assert new[name].startswith(data)
        elif "/meta." not in name:
            assert new[name] == data
