"""What stands at an address is packed with all that belongs to it, and comes back as it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.archives.archive import open_archive
from dmart_tui.core.archives.source import open_source
from dmart_tui.core.archives.unpacking import unpack
from dmart_tui.core.errors import NotFound, Refused
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.writing import Store, plan_trash
from dmart_tui.core.writing.packing import pack_addresses, refuse_unpacked, roots_at
from tests.core.archives.test_trees import tree


def copied(root: Path, target: Path) -> Spaces:
    shutil.copytree(root, target, symlinks=True)
    return Spaces(target)


def unpack_into(archive: Path, target: Path) -> None:
    with open_archive(open_source(str(archive))) as opened:
        done = unpack(opened, str(target), links="keep")
    assert done.left == []


def first_folders(spaces: Spaces) -> list[Address]:
    """A folder of each space, with what is below it."""
    return [
        Address(name, (child,))
        for name in spaces.space_names()
        for child, flags in list(spaces.scan(Address(name)))[:1]
        if flags & 1
    ]


def test_a_folder_comes_back_with_all_that_belongs_to_it(demo_root: Path, tmp_path: Path) -> None:
    spaces = copied(demo_root, tmp_path / "root")
    store = Store(spaces, user="ann")
    before = tree(tmp_path / "root")
    for number, address in enumerate(first_folders(spaces)):
        archive = tmp_path / f"{number}.des"
        packed = pack_addresses(spaces, [address], str(archive), links="keep")
        assert tree(tmp_path / "root") == before
        refuse_unpacked(spaces, address, str(archive))
        store.apply(plan_trash(store, address), anyway=True)
        with pytest.raises(NotFound):
            spaces.load(address)
        unpack_into(archive, tmp_path / "root")
        assert packed.files > 0
        shutil.rmtree(tmp_path / "root/.dmart-tui")
        after = tree(tmp_path / "root")
        logs = {path for path in before if path.endswith("events.jsonl")}
        folders = {path for path, found in before.items() if found[0] == "folder"}
        assert {path: found for path, found in after.items() if path not in logs | folders} == {
            path: found for path, found in before.items() if path not in logs | folders
        }
        assert folders <= after.keys()
        for path in logs & before.keys():
            (tmp_path / "root" / path).write_bytes(before[path][3])
        before = tree(tmp_path / "root")


def test_real_spaces_come_back(real_root: Path, tmp_path: Path) -> None:
    spaces = Spaces(real_root)
    names = [Address(name) for name in spaces.space_names()]
    pack_addresses(spaces, names, str(tmp_path / "a.des"), links="keep")
    unpack_into(tmp_path / "a.des", tmp_path / "new")
    packed = {name.space for name in names}
    assert tree(tmp_path / "new") == {
        path: found for path, found in tree(Path(spaces.root)).items() if path.split("/")[0] in packed
    }


def test_what_is_inside_of_another_is_packed_once(demo_root: Path) -> None:
    spaces = Spaces(demo_root)
    [folder, *_] = first_folders(spaces)
    inner = next(folder.child(name) for name, _ in spaces.scan(folder))
    assert roots_at(spaces, [inner, folder, inner]) == roots_at(spaces, [folder])
    assert [root.path for root in roots_at(spaces, [folder, Address(folder.space)])] == [folder.space]


def test_what_changed_since_is_not_trashed(demo_root: Path, tmp_path: Path) -> None:
    spaces = copied(demo_root, tmp_path / "root")
    [folder, *_] = first_folders(spaces)
    archive = str(tmp_path / "a.des")
    pack_addresses(spaces, [folder], archive, links="keep")
    new = tmp_path / "root" / folder.space / folder.name / "new.json"
    new.write_text("{}")
    with pytest.raises(Refused, match=r"new\.json"):
        refuse_unpacked(spaces, folder, archive)
    new.unlink()
    refuse_unpacked(spaces, folder, archive)
    meta = tmp_path / "root" / folder.space / folder.name / ".dm/meta.folder.json"
    meta.write_bytes(meta.read_bytes() + b" ")
    with pytest.raises(Refused, match=r"meta\.folder\.json"):
        refuse_unpacked(spaces, folder, archive)


def test_the_archive_is_for_its_owner_only(demo_root: Path, tmp_path: Path) -> None:
    spaces = Spaces(demo_root)
    pack_addresses(spaces, first_folders(spaces)[:1], str(tmp_path / "a.des"), links="keep")
    assert (tmp_path / "a.des").stat().st_mode & 0o777 == 0o600
