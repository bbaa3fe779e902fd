"""The pane of the page on adding one works as it is printed."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.config import Settings
from dmart_tui.tui import actions, documents, views
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.widgets.field_list import FieldList

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-pane.md"


async def test_the_example_shows_an_entry_and_copies(demo_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    copy = actions.Action("files.copy-value", "Copy path", "Copy the path.", ("c",))
    monkeypatch.setattr(actions, "ACTIONS", (*actions.ACTIONS, copy))
    monkeypatch.setitem(actions.BY_NAME, copy.name, copy)
    actions.of_context.cache_clear()
    module = types.ModuleType("dmart_tui.tui.panes.files")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(code, str(PAGE), "exec"), module.__dict__)
    extended = (*views.VIEWS, views.ViewSpec("files", "Files", "files:FilesPane"))
    monkeypatch.setattr(documents, "VIEWS", extended)

    app = DmartApp(Settings(watch=False, restore=False), demo_root)
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_text", copied.append)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await app.tasks.idle()
        await app.open(Address.parse("attic/payloads/wrong_price"), "files")
        await app.tasks.idle()
        await pilot.pause()
        pane = app.query_one("FilesPane")
        shown = pane.query_one(FieldList)
        assert shown.current is not None
        assert shown.current.value.endswith(" B")
        await pilot.press("c")
        assert copied == [f"{demo_root}/attic/payloads/.dm/wrong_price/meta.content.json"]
    actions.of_context.cache_clear()
