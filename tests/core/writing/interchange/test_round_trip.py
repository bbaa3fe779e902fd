"""What is exported and imported into an empty root is the same, and a second import changes nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dmart_tui.core.spaces import Spaces, decode
from dmart_tui.core.writing import Store
from dmart_tui.core.writing.interchange import Imported, export_zip, import_zip, read_zip
from dmart_tui.core.writing.interchange.exporting import DERIVED
from dmart_tui.core.writing.interchange.members import Role, member_of

if TYPE_CHECKING:
    pass


def tree(root: Path) -> dict[str, Any]:
    """Every file: metas as pairs in their order, histories as lines, others as bytes; links as what they lead to."""
    found: dict[str, Any] = {}
    spaces = set(Spaces(root).space_names())
    for folder, _, files in os.walk(root, followlinks=True):
        for file in files:
            path = Path(folder, file)
            name = os.fsdecode(os.path.relpath(path, root))
            member = member_of(name)
            if member is None or member.address.space not in spaces or not path.is_file():
                continue
            if not path.resolve().is_relative_to(root):  # a link out of the root is not followed
                continue
            data = path.read_bytes()
            if member.role.is_meta:
                found[name] = pairs(data)
            elif member.role.is_lines:
                found[name] = data.rstrip(b"\n").split(b"\n")
            else:
                found[name] = data
    return found


def pairs(data: bytes) -> Any:
    """A meta with the order of its keys, `DERIVED` left out; bytes when it is none."""
    try:
        meta = decode(data)
    except Exception:
        return data
    return json.dumps({key: meta[key] for key in meta if key not in DERIVED}) if isinstance(meta, dict) else data


def moved(source: Path, folder: Path) -> tuple[Path, Path, Imported]:
    """(the zip, the empty root it was imported into, what was told)"""
    archive, target = folder / "all.zip", folder / "new root"
    export_zip(Spaces(source), [], archive, secrets=True)
    target.mkdir()
    return archive, target, imported(archive, target)


def imported(archive: Path, target: Path, **options: Any) -> Imported:
    store = Store(Spaces(target), user="tester")
    with read_zip(archive) as package:
        return import_zip(store, package, **options)


def stamps(root: Path) -> dict[str, tuple[int, int]]:
    """Every file of the data with its inode and time."""
    return {
        str(path): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file() and ".dmart-tui" not in path.parts
    }


def test_real_data_comes_back_as_it_was(real_root: Path, tmp_path: Path) -> None:
    archive, target, told = moved(real_root, tmp_path)
    assert not told.report.failed
    assert tree(target) == tree(real_root)
    before = stamps(target)
    for policy in ("skip", "replace", "merge"):
        again = imported(archive, target, on_existing=policy)
        assert set(again.outcomes) == {"unchanged"}
    assert stamps(target) == before


def test_the_demo_comes_back_but_for_what_is_broken(demo_root: Path, tmp_path: Path) -> None:
    archive, target, told = moved(demo_root, tmp_path)
    broken = {str(failure.address) for failure in told.report.failures}
    assert broken == {"attic/metas/a_list", "attic/metas/empty_meta", "attic/metas/torn_meta"}
    there, here = tree(demo_root), tree(target)
    lost = [name for name in there.keys() - here.keys() if present(name, broken)]
    assert lost == ["attic/attachments/.dm/parcel/attachments.comment/meta.broken.json"]
    assert told.warnings["loss"] == 1
    assert here == {name: there[name] for name in here}
    before = stamps(target)
    assert set(imported(archive, target, on_existing="replace").outcomes) == {"unchanged"}
    assert stamps(target) == before


def present(name: str, broken: set[str]) -> bool:
    member = member_of(name)
    return member is not None and (member.role is Role.BESIDE or str(member.address) not in broken)
