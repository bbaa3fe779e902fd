from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from rich.console import Console
from textual.app import App

from dmart_tui.core.viewing import MemoryBytes
from dmart_tui.tui.widgets.image_view import ImageView

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.pilot import Pilot


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, rows: list[bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", width, len(rows), 8, 2, 0, 0, 0)
    packed = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


class ImageApp(App[None]):
    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.view = ImageView(MemoryBytes(data))

    def compose(self) -> ComposeResult:
        yield self.view


async def settle(pilot: Pilot[None]) -> None:
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def test_two_pixels_share_a_cell() -> None:
    app = ImageApp(png(2, [b"\xff\0\0\0\0\xff", b"\0\xff\0\0\0\xff"]))
    async with app.run_test(size=(20, 6)) as pilot:
        await settle(pilot)
        first, second, *_ = app.view.render_line(0)
        assert first.text == "▀"
        assert first.style is not None
        assert first.style.color is not None
        assert first.style.color.triplet == (255, 0, 0)
        assert first.style.bgcolor is not None
        assert first.style.bgcolor.triplet == (0, 255, 0)
        assert second.text == " "
        assert app.view.render_line(1).text.strip() == "PNG, 2 × 2"


async def test_a_new_size_decodes_again() -> None:
    app = ImageApp(png(100, [bytes(300)] * 100))
    async with app.run_test(size=(30, 30)) as pilot:
        await settle(pilot)
        assert app.view.picture is not None
        assert app.view.picture.pixels is not None
        assert app.view.picture.pixels.width == 30
        await pilot.resize_terminal(20, 30)
        await settle(pilot)
        assert app.view.picture.pixels is not None
        assert app.view.picture.pixels.width == 20


async def test_equal_neighbours_are_one_piece() -> None:
    app = ImageApp(png(60, [b"\1\2\3" * 60] * 20))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert len(list(app.view.render_line(0))) == 2


async def test_what_cannot_be_decoded_is_described() -> None:
    app = ImageApp(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)))
    async with app.run_test(size=(60, 6)) as pilot:
        await settle(pilot)
        assert app.view.render_line(0).text.strip() == "PNG, 60,000 × 60,000"
        assert app.view.render_line(1).text.startswith("not decoded: ")


class FewColours(ImageApp):
    is_headless = False  # type: ignore[assignment]

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.console = Console(color_system="standard", force_terminal=True)


async def test_a_terminal_of_few_colours_gets_a_sentence() -> None:
    app = FewColours(png(2, [b"\xff\0\0\0\0\xff"]))
    async with app.run_test(size=(40, 6)) as pilot:
        await settle(pilot)
        lines = [app.view.render_line(y).text.strip() for y in range(3)]
        assert lines == ["PNG, 2 × 1", "not drawn: this terminal has too few", "colours for a picture"]
