"""`historydb import`: a root's histories into a store, again and again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.historydb import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Cli = Callable[..., Result]


def kept(store: Path) -> list[tuple[str, str]]:
    with Store.open(str(store)) as opened:
        return [(document["who"], document["key"]) for document in opened.documents()]


def test_a_root_is_taken_in_once(cli: Cli, root: Path, tmp_path: Path) -> None:
    store = tmp_path / "my store.hdb"
    first = cli("historydb", "import", store, root, "--json")
    assert first.exit_code == 0
    assert json.loads(first.stdout)["documents"] == 3
    assert kept(store) == [("ann", "slug"), ("bob", "tags"), ("ann", "slug")]
    again = cli("--root", root, "historydb", "import", store)
    assert "0 changes taken in" in again.stderr
    assert len(kept(store)) == 3


def test_hostile_data_is_taken_in(cli: Cli, hostile_root: Path, tmp_path: Path) -> None:
    result = cli("historydb", "import", tmp_path / "store.hdb", hostile_root)
    assert result.exit_code == 0
    assert "1 change taken in" in result.stderr
    assert "1 lines without a time" in result.stderr


@pytest.mark.parametrize(("options", "code"), [(["--read-only"], 4), (["--root", "nowhere"], 3)])
def test_what_cannot_be_is_refused(cli: Cli, tmp_path: Path, options: list[str], code: int) -> None:
    assert cli("historydb", "import", tmp_path / "store.hdb", *options).exit_code == code
    assert not (tmp_path / "store.hdb").exists()
