"""The gallery makes a picture, the same each time, that needs no network and shows no path of this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

SOURCE = Path(__file__).parents[2]


def take(folder: Path) -> str:
    subprocess.run(
        [sys.executable, "-m", "docs.gallery", "problems-night-80x24", "--out", str(folder)],
        cwd=SOURCE, check=True, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    (file,) = folder.iterdir()
    return file.read_text(encoding="utf-8")


def test_one_command_makes_a_picture(tmp_path: Path) -> None:
    picture = take(tmp_path / "a picture")
    ElementTree.fromstring(picture)
    assert "meta-unreadable" in picture
    assert picture.count("http") == 1  # the name of the format
    assert "@font-face" not in picture
    assert str(tmp_path.parent) not in picture
    assert len(picture) < 30_000
    assert take(tmp_path / "again") == picture
