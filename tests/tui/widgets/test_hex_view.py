from __future__ import annotations

import os
from typing import TYPE_CHECKING

from textual.app import App

from dmart_tui.core.viewing import HexDump, MemoryBytes
from dmart_tui.tui.widgets.hex_view import HexView

if TYPE_CHECKING:
    from pathlib import Path

    from textual.app import ComposeResult


class HexApp(App[None]):
    def __init__(self, view: HexView) -> None:
        super().__init__()
        self.view = view

    def compose(self) -> ComposeResult:
        yield self.view


def append(path: Path, data: bytes) -> None:
    with open(path, "ab") as file:
        file.write(data)


async def test_rows() -> None:
    app = HexApp(HexView(HexDump(MemoryBytes(b"0123456789abcdef\x1b[31m"))))
    async with app.run_test(size=(80, 4)) as pilot:
        first, second = (app.view.render_line(y).text.rstrip() for y in (0, 1))
        assert first == "›00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  0123456789abcdef"
        assert second == " 00000010  1b 5b 33 31 6d" + " " * 36 + "·[31m"
        await pilot.press("j")
        assert app.view.offset_at_cursor == 16
        assert app.view.copy_text().startswith("00000010  1b 5b")


async def test_a_sparse_gigabyte_is_walked_by_offset(tmp_path: Path) -> None:
    (tmp_path / "sparse").write_bytes(b"")
    os.truncate(tmp_path / "sparse", 1 << 30)
    append(tmp_path / "sparse", b"end")
    dump = HexDump.open(tmp_path / "sparse")
    app = HexApp(HexView(dump))
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.press("G")
        assert app.view.offset_at_cursor == 1 << 30
        assert "end" in app.view.render_line(9).text
        app.view.go_to(0x1234)
        assert app.view.offset_at_cursor == 0x1230
    dump.close()


async def test_a_narrow_view_shifts_beside_its_offsets() -> None:
    app = HexApp(HexView(HexDump(MemoryBytes(b"0123456789abcdef"))))
    async with app.run_test(size=(40, 4)) as pilot:
        assert app.view.render_line(0).text.rstrip().endswith("…")
        for _ in range(9):
            await pilot.press("l")
        line = app.view.render_line(0).text
        assert line.startswith("›00000000")
        assert "abcdef" in line


async def test_no_bytes() -> None:
    app = HexApp(HexView(HexDump(MemoryBytes(b""))))
    async with app.run_test(size=(40, 4)) as pilot:
        await pilot.press("j", "G", "l")
        assert app.view.render_line(0).text.strip() == "no bytes"
