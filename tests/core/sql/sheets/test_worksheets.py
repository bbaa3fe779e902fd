"""Worksheets: a tree that keeps its rules, saves that survive, revisions, the trash, files in and out."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmart_tui.core.errors import Damaged, NotFound, Refused, UsageFault
from dmart_tui.core.sql.sheets import files as sheet_files
from dmart_tui.core.sql.sheets import rows as module
from dmart_tui.core.sql.sheets.keep import TOP, keep_file
from dmart_tui.core.sql.sheets.rows import checked_name
from dmart_tui.core.sql.sheets.worksheets import Worksheets

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return keep_file("/some/root", tmp_path / "state folder")


@pytest.fixture
def sheets(file: Path) -> Iterator[Worksheets]:
    made = Worksheets(file)
    yield made
    made.close()


def shape(sheets: Worksheets, parent: int = TOP) -> list[str]:
    return [sheets.path(sheet.id) + ("/" if sheet.is_folder else "") for _, sheet in sheets.tree(parent)]


def test_a_tree_of_folders_and_worksheets(sheets: Worksheets, file: Path) -> None:
    reports = sheets.folder(TOP, "reports")
    monthly = sheets.new(reports.id, "by month", "SELECT 1")
    sheets.new(TOP, "a first try")
    assert shape(sheets) == ["reports/", "reports/by month", "a first try"]
    assert sheets.find("reports/by month") == sheets.get(monthly.id)
    assert sheets.find("").id == TOP
    assert monthly.text == "SELECT 1"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_names_are_unique_among_siblings_only(sheets: Worksheets) -> None:
    one, two = sheets.folder(TOP, "one"), sheets.folder(TOP, "two")
    sheets.new(one.id, "same")
    moved = sheets.new(two.id, "same")
    for taken in (
        lambda: sheets.new(one.id, "same"),
        lambda: sheets.folder(one.id, "same"),
        lambda: sheets.rename(two.id, "one"),
        lambda: sheets.move(moved.id, one.id),
    ):
        with pytest.raises(Refused, match="the name is taken"):
            taken()
    assert sheets.move(moved.id, one.id, "other").name == "other"
    assert shape(sheets) == ["one/", "one/other", "one/same", "two/"]


@pytest.mark.parametrize("name", ["", " ", ".", "..", "a/b", "a\nb", "a\0b", "\x1b[31m", "\ud800", "x" * 201])
def test_what_cannot_be_a_name(sheets: Worksheets, name: str) -> None:
    with pytest.raises(UsageFault):
        sheets.new(TOP, name)
    assert sheets.children() == []


def test_a_folder_never_comes_to_be_in_itself(sheets: Worksheets) -> None:
    outer = sheets.folder(TOP, "outer")
    inner = sheets.folder(outer.id, "inner")
    for change in (sheets.move, sheets.copy):
        for place in (outer.id, inner.id):
            with pytest.raises(Refused, match="cannot be in itself"):
                change(outer.id, place)
    with pytest.raises(Refused, match="is no folder"):
        sheets.move(outer.id, sheets.new(TOP, "sheet").id)
    with pytest.raises(Refused, match="top"):
        sheets.trash(TOP)


def test_folders_may_be_deeper_than_the_stack(sheets: Worksheets) -> None:
    last = sheets.new_at("/".join(["d"] * 900), "deep")
    assert sheets.path(last.id).count("/") == 899
    assert sheets.tree()[-1][0] == 899
    copied = sheets.copy(sheets.children()[0].id, TOP)
    assert (copied.name, len(sheets.tree(copied.id))) == ("d 2", 899)


def test_each_save_is_a_revision_unless_nothing_changed(sheets: Worksheets) -> None:
    sheet = sheets.new(TOP, "s", "SELECT 1")
    sheets.save(sheet.id, "SELECT 2")
    sheets.save(sheet.id, "SELECT 2")
    newest, oldest = sheets.revisions(sheet.id)
    assert (sheets.text(newest.id), sheets.text(oldest.id)) == ("SELECT 2", "SELECT 1")
    assert [row.kind for row in sheets.diff(oldest.id).rows] == ["changed"]
    assert sheets.diff(newest.id).rows[0].kind == "same"
    sheets.restore(sheet.id, oldest.id)
    assert sheets.get(sheet.id).text == "SELECT 1"
    assert len(sheets.revisions(sheet.id)) == 3
    other = sheets.new(TOP, "other", "x")
    with pytest.raises(NotFound):
        sheets.restore(other.id, oldest.id)


def test_the_oldest_revisions_go_first(sheets: Worksheets, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = sheets.new(TOP, "s")
    monkeypatch.setattr(module, "REVISIONS", 3)
    for number in range(5):
        sheets.save(sheet.id, f"SELECT {number}")
    assert [sheets.text(revision.id) for revision in sheets.revisions(sheet.id)] == ["SELECT 4", "SELECT 3", "SELECT 2"]
    monkeypatch.setattr(module, "REVISION_BYTES", 1)
    sheets.save(sheet.id, "the last one stays")
    assert [sheets.text(revision.id) for revision in sheets.revisions(sheet.id)] == ["the last one stays"]


def test_the_trash_keeps_whole_folders_until_it_is_emptied(sheets: Worksheets) -> None:
    folder = sheets.folder(TOP, "folder")
    inner = sheets.new(folder.id, "inner", "x")
    alone = sheets.new(folder.id, "alone")
    sheets.trash(alone.id)
    sheets.trash(folder.id)
    assert (shape(sheets), [sheet.name for sheet in sheets.trash_list()]) == ([], ["folder", "alone"])
    assert sheets.search("inner") == []
    sheets.folder(TOP, "folder")
    assert sheets.restore_from_trash(folder.id).name == "folder 2"
    assert shape(sheets) == ["folder/", "folder 2/", "folder 2/inner"]
    sheets.trash(folder.id)
    assert sheets.purge(folder.id) == 1
    with pytest.raises(NotFound):
        sheets.get(inner.id)
    assert sheets.restore_from_trash(alone.id).parent == TOP
    with pytest.raises(NotFound, match="not in the trash"):
        sheets.purge(alone.id)


def test_what_is_restored_while_its_folder_is_in_the_trash_comes_to_the_top(sheets: Worksheets) -> None:
    folder = sheets.folder(TOP, "folder")
    sheet = sheets.new(folder.id, "sheet")
    sheets.trash(sheet.id)
    sheets.trash(folder.id)
    assert sheets.restore_from_trash(sheet.id).parent == TOP
    assert sheets.purge() == 1


def test_search_takes_words_literally(sheets: Worksheets) -> None:
    sheets.new(TOP, "percent", "SELECT '100%'")
    sheets.new(TOP, "plain", "SELECT 100, a_b")
    assert [sheet.name for sheet in sheets.search("100%")] == ["percent"]
    assert [sheet.name for sheet in sheets.search("select a_b")] == ["plain"]
    assert sheets.search("aXb") == []


def test_a_saved_text_survives_being_killed(file: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from dmart_tui.core.sql.sheets.worksheets import Worksheets\n"
        "sheets = Worksheets(Path(sys.argv[1])); sheet = sheets.new(0, 's', 'one')\n"
        "sheets.save(sheet.id, 'the last word'); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code, file], check=False)
    assert killed.returncode == -signal.SIGKILL
    sheets = Worksheets(file)
    assert sheets.find("s").text == "the last word"
    sheets.close()


def test_a_change_that_fails_changes_nothing(sheets: Worksheets) -> None:
    sheet = sheets.new(TOP, "s", "one")
    with pytest.raises(Refused, match="MB"):
        sheets.save(sheet.id, "x" * (module.TEXT_LIMIT + 1))
    with pytest.raises(UsageFault):
        sheets.new_at("made on the way/a\0b")
    assert shape(sheets) == ["s"]
    assert sheets.get(sheet.id).text == "one"


def test_two_programs_see_each_other(sheets: Worksheets, file: Path) -> None:
    other = Worksheets(file)
    sheet = sheets.new(TOP, "s", "mine")
    other.save(sheet.id, "theirs")
    sheets.save(sheet.id, "mine again")
    assert [other.text(revision.id) for revision in other.revisions(sheet.id)] == ["mine again", "theirs", "mine"]
    other.close()


def test_what_is_no_file_of_worksheets_is_left_alone(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(b"something else entirely" * 100)
    with pytest.raises(Damaged):
        Worksheets(file).children()
    assert file.read_bytes().startswith(b"something else")
    file.unlink()
    with sqlite3.connect(file) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(Damaged, match="newer version"):
        Worksheets(file).children()


def test_files_come_in_and_go_out_the_same(sheets: Worksheets, tmp_path: Path) -> None:
    sheets.new_at("a/b/deep", "SELECT 'ü'\n")
    sheets.new_at("top", "SELECT 2")
    out = sheets.export_files(tmp_path / "out")
    assert (out.new, out.left_out) == (2, [])
    assert (tmp_path / "out/a/b/deep.sql").read_text() == "SELECT 'ü'\n"
    again = sheets.import_files(tmp_path / "out")
    assert (again.new, again.replaced, again.same) == (0, 0, 2)
    (tmp_path / "out/top.sql").write_text("SELECT 3")
    kept = sheets.export_files(tmp_path / "out")
    assert (kept.same, [path for path, _ in kept.left_out]) == (1, [str(tmp_path / "out/top.sql")])
    assert sheets.import_files(tmp_path / "out").replaced == 1
    assert [sheets.text(revision.id) for revision in sheets.revisions(sheets.find("top").id)] == [
        "SELECT 3",
        "SELECT 2",
    ]
    sheets.save(sheets.find("top").id, "SELECT 4")
    assert sheets.export_files(tmp_path / "out", replace=True).replaced == 1
    assert (tmp_path / "out/top.sql").read_text() == "SELECT 4"


def test_no_name_leads_out_of_the_folder(sheets: Worksheets, tmp_path: Path) -> None:
    target, outside = tmp_path / "out", tmp_path / "outside"
    target.mkdir()
    outside.mkdir()
    (target / "way").symlink_to(outside)
    (target / "file.sql").symlink_to(outside / "file.sql")
    for path in (".git/hooks", "way/x", "file", "...", "-rf", "~", "$HOME"):
        sheets.new_at(path, "x")
    done = sheets.export_files(target, replace=True)
    assert list(outside.iterdir()) == []
    assert {reason for _, reason in done.left_out} == {"is a symlink", "is there"}
    written = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file() and not path.is_symlink()}
    assert written == {"_git/hooks.sql", "_.sql", "-rf.sql", "~.sql", "$HOME.sql"}


def test_hostile_files_are_taken_in_safely(sheets: Worksheets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (tmp_path / "secret.sql").write_text("outside")
    (source / "link.sql").symlink_to(tmp_path / "secret.sql")
    (source / "folder").symlink_to(tmp_path)
    os.mkfifo(source / "pipe.sql")
    (source / "a\x1b[31m\n.sql").write_bytes(b"\xff\xfe SELECT 1")
    os.close(os.open(os.fsencode(source) + b"/caf\xe9.sql", os.O_CREAT | os.O_WRONLY))
    (source / "huge.sql").write_bytes(b"x" * (module.TEXT_LIMIT + 1))
    (source / "notes.txt").write_text("no SQL")
    (source / ".sql").write_text("nameless")
    done = sheets.import_files(source)
    assert sorted(sheet.name for sheet in sheets.children()) == ["_", "a_[31m_", "caf�"]
    assert sorted(Path(path).name for path, _ in done.left_out) == ["huge.sql", "link.sql", "pipe.sql"]
    monkeypatch.setattr(sheet_files, "MOST", 1)
    assert "at once" in sheets.import_files(source).left_out[-1][1]
    with pytest.raises(NotFound):
        sheets.import_files(tmp_path / "nowhere")


@settings(max_examples=60)
@given(st.text())
def test_any_text_is_a_name_or_refused(text: str) -> None:
    try:
        name = checked_name(text)
    except UsageFault:
        return
    assert checked_name(name) == name
    assert "/" not in name
    assert name.isprintable()
    assert name not in ("", ".", "..")


ACTIONS = st.tuples(
    st.sampled_from(("folder", "new", "rename", "move", "copy", "trash", "restore_from_trash", "purge")),
    st.integers(0, 12),
    st.integers(0, 12),
    st.sampled_from("ab"),
)


@settings(max_examples=25)
@given(st.lists(ACTIONS, max_size=20))
def test_whatever_is_done_it_stays_a_tree(tmp_path_factory: pytest.TempPathFactory, actions: list[Any]) -> None:
    sheets = Worksheets(tmp_path_factory.mktemp("tree") / "kept.sqlite3")
    for action, one, other, name in actions:
        named, placed = action in ("folder", "new", "rename"), action in ("move", "copy")
        arguments = (one, name) if named else (one, other) if placed else (one,)
        with suppress(NotFound, Refused):
            getattr(sheets, action)(*arguments)
    live = [sheet for _, sheet in sheets.tree()]
    assert len({sheet.id for sheet in live}) == len(live)
    assert len({(sheet.parent, sheet.name) for sheet in live}) == len(live)
    assert all(sheets.get(sheet.parent).is_folder for sheet in live)
    assert [sheets.find(sheets.path(sheet.id)).id for sheet in live] == [sheet.id for sheet in live]
    for sheet in sheets.trash_list():
        sheets.restore_from_trash(sheet.id)
    assert sheets.trash_list() == []
    sheets.close()
