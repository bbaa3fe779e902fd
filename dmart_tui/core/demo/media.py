"""Small pictures, sounds and documents made from nothing but arithmetic."""

from __future__ import annotations

import math
import struct
import zlib
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

Colour = tuple[int, int, int]

PAPER: Final = (247, 244, 236)
INK: Final = (38, 50, 56)
TEAL: Final = (0, 121, 107)
AMBER: Final = (245, 158, 11)
BRICK: Final = (190, 64, 48)
SKY: Final = (66, 133, 190)
PALETTE: Final = (TEAL, AMBER, SKY, BRICK, (124, 92, 160), (104, 140, 70))


class Canvas:
    """An RGB picture drawn in rows of bytes."""

    def __init__(self, width: int, height: int, ground: Colour = PAPER) -> None:
        self.width, self.height = width, height
        self.rows = [bytearray(bytes(ground) * width) for _ in range(height)]

    def box(self, left: int, top: int, width: int, height: int, colour: Colour) -> None:
        """Fill a rectangle, cut at the edges."""
        left, right = max(left, 0), min(left + width, self.width)
        for y in range(max(top, 0), min(top + height, self.height)):
            self.rows[y][left * 3 : right * 3] = bytes(colour) * (right - left)

    def disc(self, x: int, y: int, radius: int, colour: Colour) -> None:
        """Fill a circle."""
        for dy in range(-radius, radius + 1):
            half = math.isqrt(radius * radius - dy * dy)
            self.box(x - half, y + dy, 2 * half + 1, 1, colour)

    def line(self, x1: int, y1: int, x2: int, y2: int, colour: Colour, thick: int = 2) -> None:
        """Draw a straight line."""
        steps = max(abs(x2 - x1), abs(y2 - y1), 1)
        for step in range(steps + 1):
            self.box(x1 + (x2 - x1) * step // steps, y1 + (y2 - y1) * step // steps, thick, thick, colour)

    def fade(self, top: Colour, bottom: Colour) -> None:
        """Fill the whole picture from one colour to another, downwards."""
        for y in range(self.height):
            colour = tuple(a + (b - a) * y // max(self.height - 1, 1) for a, b in zip(top, bottom, strict=True))
            self.rows[y][:] = bytes(colour) * self.width

    def png(self) -> bytes:
        """The picture as a PNG file."""
        raw = b"".join(b"\0" + row for row in self.rows)
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        return (
            b"\x89PNG\r\n\x1a\n"
            + _chunk(b"IHDR", header)
            + _chunk(b"IDAT", zlib.compress(raw, 9))
            + _chunk(b"IEND", b"")
        )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def logo(colour: Colour = TEAL) -> bytes:
    """The company's mark: a sun behind two mountains."""
    canvas = Canvas(160, 160)
    canvas.disc(96, 56, 30, AMBER)
    for height, left, width, shade in ((96, 8, 104, colour), (70, 70, 84, tuple(c * 7 // 10 for c in colour))):
        for y in range(height):
            half = width * y // (2 * height)
            canvas.box(left + width // 2 - half, 136 - height + y, 2 * half, 1, (shade[0], shade[1], shade[2]))
    canvas.box(8, 140, 146, 6, INK)
    return canvas.png()


def bars(values: Sequence[float], colour: Colour = TEAL) -> bytes:
    """A bar chart."""
    canvas = Canvas(240, 140)
    top = max(values) or 1
    step = 220 // len(values)
    for line in range(5):
        canvas.box(10, 10 + line * 28, 222, 1, (220, 214, 200))
    for index, value in enumerate(values):
        height = int(value / top * 112)
        shade = AMBER if value == top else colour
        canvas.box(14 + index * step, 122 - height, max(step - 4, 2), height, shade)
    canvas.box(10, 122, 222, 2, INK)
    return canvas.png()


def curve(values: Sequence[float], colour: Colour = SKY) -> bytes:
    """A line chart."""
    canvas = Canvas(240, 140)
    low, high = min(values), max(values)
    for line in range(5):
        canvas.box(10, 10 + line * 28, 222, 1, (220, 214, 200))
    points = [
        (12 + 214 * i // (len(values) - 1), 118 - int((v - low) / ((high - low) or 1) * 100))
        for i, v in enumerate(values)
    ]
    for (x1, y1), (x2, y2) in pairwise(points):
        canvas.line(x1, y1, x2, y2, colour)
    canvas.box(10, 122, 222, 2, INK)
    return canvas.png()


def face(number: int) -> bytes:
    """An avatar: a mirrored pattern, different for each number."""
    canvas = Canvas(80, 80, (232, 228, 218))
    colour = PALETTE[number % len(PALETTE)]
    bits = zlib.crc32(struct.pack(">I", number))
    for cell in range(15):
        if bits >> cell & 1:
            x, y = cell % 3, cell // 3
            canvas.box(x * 16, y * 16, 16, 16, colour)
            canvas.box((4 - x) * 16, y * 16, 16, 16, colour)
    return canvas.png()


def shelf(number: int) -> bytes:
    """A photograph, nearly: boxes on a warehouse shelf."""
    canvas = Canvas(200, 130)
    canvas.fade((206, 216, 222), (150, 160, 168))
    for row in range(3):
        x, seed = 8, zlib.crc32(struct.pack(">II", number, row))
        while x < 176:
            width, height = 14 + (seed & 15), 16 + (seed >> 4 & 15)
            canvas.box(x, 40 * row + 38 - height, width, height, PALETTE[(seed >> 8) % len(PALETTE)])
            canvas.box(x + width // 2 - 1, 40 * row + 38 - height, 2, height, (235, 225, 200))
            x += width + 3 + (seed >> 12 & 7)
            seed = seed * 1103515245 + 12345 & 0xFFFFFFFF
        canvas.box(0, 40 * row + 38, 200, 3, (96, 72, 52))
    return canvas.png()


def floor_plan(name: str) -> str:
    """A warehouse's plan as SVG."""
    racks = "".join(
        f'<rect x="{20 + column * 56}" y="{40 + row * 50}" width="44" height="30" rx="3" fill="#00796b"/>'
        f'<text x="{42 + column * 56}" y="{59 + row * 50}" font-size="11" fill="#fff" text-anchor="middle">'
        f"{chr(65 + row)}{column + 1}</text>"
        for row in range(3)
        for column in range(5)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 310 210" font-family="sans-serif">'
        '<rect x="4" y="4" width="302" height="202" fill="#f7f4ec" stroke="#263238" stroke-width="3"/>'
        f'<text x="20" y="27" font-size="15" fill="#263238">{name}</text>{racks}'
        '<rect x="130" y="196" width="50" height="12" fill="#f59e0b"/></svg>\n'
    )


def pdf(lines: Sequence[str]) -> bytes:
    """One A5 page of plain text (ASCII only: the built-in fonts know no more)."""
    text = " T* ".join(f"({line.translate({40: '[', 41: ']', 92: '/'})}) Tj" for line in lines)
    content = f"BT /F1 12 Tf 40 540 Td 18 TL {text} ET".encode("ascii")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 420 595] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def chime(notes: Sequence[float]) -> bytes:
    """A short tone a note, as an 8-bit mono WAV."""
    rate, samples = 8000, bytearray()
    for note in notes:
        for index in range(rate // 8):
            fade = 1 - index / (rate // 8)
            samples.append(128 + round(90 * fade * math.sin(2 * math.pi * note * index / rate)))
    header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16, 1, 1, rate, rate, 1, 8,
                         b"data", len(samples))  # fmt: skip
    return header + bytes(samples)
