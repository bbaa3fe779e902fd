from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.viewing import HexDump, MemoryBytes

if TYPE_CHECKING:
    from pathlib import Path


def test_rows_show_offset_bytes_and_characters() -> None:
    dump = HexDump(MemoryBytes(bytes(range(0x30, 0x40)) + b"\x00A\x7f"))
    assert dump.row_count == 2
    assert dump.row(0).hex == "30 31 32 33 34 35 36 37  38 39 3a 3b 3c 3d 3e 3f"
    assert dump.row(1).offset == 16
    assert dump.row(1).hex == "00 41 7f".ljust(48)
    assert dump.row(1).ascii == "·A·"


def test_every_row_is_as_wide_as_the_first() -> None:
    dump = HexDump(MemoryBytes(bytes(16 + 9)))
    assert len(dump.row(0).hex) == len(dump.row(1).hex)


def test_rows_of_a_file_far_into_it(tmp_path: Path) -> None:
    path = tmp_path / "big one"
    with open(path, "wb") as file:
        file.seek((1 << 32) + 4090)
        file.write(b"hello over a page")
    dump = HexDump.open(path)
    row = ((1 << 32) + 4090) // 16
    assert (dump.row(row).data + dump.row(row + 1).data).strip(b"\0") == b"hello over a page"
    assert dump.row(dump.row_count).data == b""
    dump.close()


def test_nothing_has_no_rows() -> None:
    assert HexDump(MemoryBytes(b"")).row_count == 0
