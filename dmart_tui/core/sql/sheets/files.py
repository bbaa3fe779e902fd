"""Worksheets as `.sql` files in folders, in and out. Names may be anybody's: none leads out of the folder given."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dmart_tui.core.errors import DmartTuiError, NotFound
from dmart_tui.core.files import open_regular, read_bounded, write_atomic
from dmart_tui.core.sql.sheets.keep import TOP
from dmart_tui.core.sql.sheets.rows import LONGEST_NAME, TEXT_LIMIT

if TYPE_CHECKING:
    from dmart_tui.core.sql.sheets.worksheets import Worksheets

SUFFIX: Final = ".sql"
MOST: Final = 10_000
"""Files taken in at once."""
_DEEPEST: Final = 50
_LEADING_DOTS: Final = re.compile(r"\A\.+")


@dataclass(slots=True)
class Exchanged:
    """What became of files."""

    new: int = 0
    replaced: int = 0
    """Of worksheets: their text is a revision now."""
    same: int = 0
    left_out: list[tuple[str, str]] = field(default_factory=list)
    """A path or name, and why."""


def import_files(worksheets: Worksheets, folder: Path, parent: int = TOP) -> Exchanged:
    """Take in the `.sql` files of a folder and those below it, as worksheets in folders of the same names.

    A worksheet that is there gets the text as a new revision. Symlinks are not followed, 10,000 files of 4 MB at most
    are taken, and what cannot be in a name becomes `_`.

    Raises:
        NotFound: there is no such folder, or no `parent`.
    """
    if not folder.is_dir():
        raise NotFound("is no folder", address=str(folder))
    worksheets.children(parent)
    done, root = Exchanged(), os.path.realpath(folder)
    for number, (below, path) in enumerate(_sql_files(root, done)):
        if number == MOST:
            done.left_out.append((path, f"{MOST:,} files are taken at once"))
            break
        try:
            text = read_bounded(path, root, TEXT_LIMIT).decode("utf-8-sig", "replace")
            stem = os.path.basename(path)[: -len(SUFFIX)]  # noqa: PTH119 - names may be no UTF-8
            outcome = worksheets.take(parent, [_name(part) for part in below], _name(stem), text)
        except DmartTuiError as error:
            done.left_out.append((path, error.message))
            continue
        done.new += outcome == "new"
        done.replaced += outcome == "saved"
        done.same += outcome == "same"
    return done


def _sql_files(root: str, done: Exchanged) -> Iterator[tuple[tuple[str, ...], str]]:
    waiting: list[tuple[tuple[str, ...], str]] = [((), root)]
    while waiting:
        below, directory = waiting.pop()
        try:
            with os.scandir(directory) as found:
                items = sorted(found, key=lambda item: item.name)
        except OSError as error:
            done.left_out.append((directory, error.strerror or "cannot be listed"))
            continue
        for item in items:
            if item.is_dir(follow_symlinks=False):
                if len(below) < _DEEPEST:
                    waiting.append(((*below, item.name), item.path))
                else:
                    done.left_out.append((item.path, f"is in more than {_DEEPEST} folders"))
            elif item.name.endswith(SUFFIX):
                if item.is_file(follow_symlinks=False):
                    yield below, item.path
                else:
                    done.left_out.append((item.path, "is no regular file"))


def _name(text: str) -> str:
    """What a file is called, as the name of a worksheet."""
    shown = os.fsencode(text).decode("utf-8", "replace")
    name = "".join(letter if letter.isprintable() else "_" for letter in shown).strip()
    name = name.encode()[:LONGEST_NAME].decode("utf-8", "ignore").strip()
    return name if name.strip(".") else "_"


def export_files(worksheets: Worksheets, folder: Path, parent: int = TOP, *, replace: bool = False) -> Exchanged:
    """Give out the worksheets below one folder, or a single one, as `NAME.sql` in folders; directories are made.

    Args:
        replace: files that are there and hold something else; else they stay, and are told.

    Raises:
        NotFound: there is no `parent`.
        OSError: the folder cannot be made.
    """
    start = worksheets.get(parent)
    folder.mkdir(parents=True, exist_ok=True)
    done = Exchanged()
    if not start.is_folder:
        _write(folder / f"{_file_name(start.name)}{SUFFIX}", start.text, done, replace=replace)
        return done
    places = [folder]
    for depth, sheet in worksheets.tree(parent):
        del places[depth + 1 :]
        if len(places) <= depth:
            continue
        place, name = places[depth], _file_name(sheet.name)
        if not sheet.is_folder:
            _write(place / f"{name}{SUFFIX}", sheet.text, done, replace=replace)
        elif depth >= _DEEPEST:
            done.left_out.append((worksheets.path(sheet.id), f"is in more than {_DEEPEST} folders"))
        elif _made(place / name, done):
            places.append(place / name)
    return done


def _file_name(name: str) -> str:
    """No hidden file, nor one that a shell or git reads."""
    return _LEADING_DOTS.sub("_", name)


def _made(path: Path, done: Exchanged) -> bool:
    """Whether it is a directory now; never one behind a symlink."""
    try:
        path.mkdir(exist_ok=True)
        if stat.S_ISDIR(path.lstat().st_mode):
            return True
        done.left_out.append((str(path), "is a symlink"))
    except OSError as error:
        done.left_out.append((str(path), error.strerror or "cannot be made"))
    return False


def _write(path: Path, text: str, done: Exchanged, *, replace: bool) -> None:
    data = text.encode()
    try:
        if not os.path.lexists(path):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            done.new += 1
        elif _holds(path, data):
            done.same += 1
        elif not replace or path.is_symlink() or not path.is_file():
            done.left_out.append((str(path), "is there"))
        else:
            write_atomic(path, data, mode=0o644)
            done.replaced += 1
    except OSError as error:
        done.left_out.append((str(path), error.strerror or "cannot be written"))
    except DmartTuiError as error:
        done.left_out.append((str(path), error.message))


def _holds(path: Path, data: bytes) -> bool:
    if path.is_symlink():
        return False
    descriptor = open_regular(str(path), str(path.parent))
    try:
        size = os.fstat(descriptor).st_size
        return size == len(data) and os.read(descriptor, size) == data
    finally:
        os.close(descriptor)
