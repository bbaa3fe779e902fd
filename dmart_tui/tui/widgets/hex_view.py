"""Bytes as hexadecimal and characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment

from dmart_tui.core.viewing.hexdump import ROW_BYTES
from dmart_tui.tui.widgets.content import ContentView

if TYPE_CHECKING:
    from dmart_tui.core.viewing import HexDump


class HexView(ContentView):
    """Rows of sixteen bytes: offset, hexadecimal, ASCII. The dump is the owner's to close."""

    def __init__(
        self,
        dump: HexDump,
        *,
        empty: str = "no bytes",
        id: str | None = None,  # noqa: A002 - as in Textual
        classes: str | None = None,
    ) -> None:
        super().__init__(empty=empty, id=id, classes=classes)
        self.dump = dump
        self._digits = max(8, len(f"{dump.size:x}"))

    @property
    def offset_at_cursor(self) -> int:
        """The first byte of the cursor's row."""
        return self.cursor * ROW_BYTES

    def go_to(self, offset: int) -> None:
        """Put the cursor on the row of a byte."""
        self.cursor = offset // ROW_BYTES

    def copy_text(self) -> str:
        """The cursor's row as it shows."""
        row = self.dump.row(self.cursor)
        return f"{row.offset:0{self._digits}x}  {row.hex}  {row.ascii}"

    def row_count(self) -> int:
        return self.dump.row_count

    def lead(self, row: int, line: int) -> list[Segment]:
        return [self.sign(row), Segment(f"{row * ROW_BYTES:0{self._digits}x}  ", self.style_of("muted"))]

    def body(self, row: int, line: int, width: int) -> list[Segment]:
        data = self.dump.row(row)
        return [Segment(f"{data.hex}  ", self.style_of("")), Segment(data.ascii, self.style_of("muted"))]
