from __future__ import annotations

import io
import struct
import sys
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmart_tui.core.viewing import MemoryBytes, load_picture, read_header
from dmart_tui.core.viewing.images import decode_png

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, colour: int, rows: bytes, *extra: bytes, depth: int = 8, interlace: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return (
        SIGNATURE + chunk(b"IHDR", header) + b"".join(extra) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


@pytest.fixture(params=["pillow", "built in"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "pillow":
        pytest.importorskip("PIL")
    else:
        monkeypatch.setitem(sys.modules, "PIL.Image", None)
    return str(request.param)


@pytest.mark.usefixtures("engine")
def test_pixels_of_every_kind_of_png() -> None:
    red, half = b"\xff\0\0", b"\0\xff\0\x80"
    cases = [
        (png(2, 1, 2, b"\0" + red + b"\1\2\3"), [(255, 0, 0), (1, 2, 3)]),
        (png(2, 1, 0, b"\0\x10\x20"), [(16, 16, 16), (32, 32, 32)]),
        (png(2, 1, 6, b"\0" + red + b"\xff" + half), [(255, 0, 0), (0, 128, 0)]),
        (png(2, 1, 4, b"\0\xff\xff\xff\0"), [(255, 255, 255), (0, 0, 0)]),
        (png(2, 1, 3, b"\0\1\0", chunk(b"PLTE", b"\0\0\xff\xff\0\0")), [(255, 0, 0), (0, 0, 255)]),
    ]
    for data, expected in cases:
        picture = load_picture(MemoryBytes(data), 10, 10)
        assert picture.pixels is not None
        assert [picture.pixels.at(x, 0) for x in (0, 1)] == expected
        assert picture.title == "PNG, 2 × 1"


@settings(deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from(["L", "LA", "RGB", "RGBA"]), st.randoms())
def test_the_built_in_decoder_agrees_with_pillow(width: int, height: int, mode: str, random: object) -> None:
    image_module = pytest.importorskip("PIL.Image")
    size = width * height * len(mode)
    data = bytes(random.randrange(256) for _ in range(size))  # type: ignore[attr-defined]
    image = image_module.frombytes(mode, (width, height), data)
    out = io.BytesIO()
    image.save(out, "PNG")
    pixels, note = decode_png(out.getvalue(), (99, 99))
    flat = image_module.new("RGBA", image.size, (0, 0, 0, 255))
    flat.alpha_composite(image.convert("RGBA"))
    expected = flat.convert("RGB").tobytes()
    assert not note
    assert max(abs(a - b) for a, b in zip(pixels.data, expected, strict=True)) <= 1


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4])
def test_every_filter_is_undone(kind: int) -> None:
    image_module = pytest.importorskip("PIL.Image")
    rows = b"".join(bytes([kind]) + bytes((x * 7 + y * 31 + kind) % 256 for x in range(15)) for y in range(4))
    data = png(5, 4, 2, rows)
    expected = image_module.open(io.BytesIO(data)).convert("RGB").tobytes()
    assert decode_png(data, (99, 99))[0].data == expected


@pytest.mark.usefixtures("engine")
def test_a_picture_is_made_to_fit_and_keeps_its_proportions() -> None:
    data = png(400, 100, 0, b"".join(b"\0" + bytes(400) for _ in range(100)))
    pixels = load_picture(MemoryBytes(data), 80, 24).pixels
    assert pixels is not None
    assert (pixels.width, pixels.height) == (80, 20)


@pytest.mark.usefixtures("engine")
def test_a_truncated_picture_shows_what_it_has() -> None:
    rows = b"".join(b"\0" + bytes((x * y * 37) % 251 for x in range(300)) for y in range(100))
    data = png(100, 100, 2, rows)
    picture = load_picture(MemoryBytes(data[: len(data) // 2]), 100, 50)
    assert picture.pixels is not None
    assert picture.pixels.height == 100
    assert "truncated" in picture.note
    assert picture.pixels.at(50, 2) == tuple((x * 2 * 37) % 251 for x in (150, 151, 152))


@pytest.mark.usefixtures("engine")
def test_a_bomb_is_not_inflated() -> None:
    bomb = zlib.compress(bytes(50_000_000))
    small_header = SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 10, 10, 8, 2, 0, 0, 0)) + chunk(b"IDAT", bomb)
    huge_header = (
        SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)) + chunk(b"IDAT", bomb)
    )
    tracemalloc.start()
    try:
        load_picture(MemoryBytes(small_header), 40, 20)
        huge = load_picture(MemoryBytes(huge_header), 40, 20)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert huge.pixels is None
    assert "60,000 × 60,000" in huge.title
    assert "more than" in huge.note


@pytest.mark.usefixtures("engine")
@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    for head in (
        b"",
        SIGNATURE,
        SIGNATURE + chunk(b"IHDR", data[:13]),
        b"\xff\xd8\xff",
        b"GIF89a",
        b"RIFF0000WEBPVP8X",
    ):
        picture = load_picture(MemoryBytes(head + data), 20, 10)
        assert picture.pixels is not None or picture.note


def test_without_pillow_other_formats_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    picture = load_picture(MemoryBytes(b"GIF89a\x10\0\x20\0"), 10, 10)
    assert picture.title == "GIF, 16 × 32"
    assert "dmart-tui[images]" in picture.note
    interlaced = load_picture(MemoryBytes(png(1, 1, 2, b"\0abc", interlace=1)), 10, 10)
    assert "dmart-tui[images]" in interlaced.note


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
def test_sizes_are_read_from_headers(format_: str) -> None:
    image_module = pytest.importorskip("PIL.Image")
    out = io.BytesIO()
    image_module.new("RGB", (37, 21), (200, 10, 10)).save(out, format_)
    kind, *size = read_header(out.getvalue())
    assert (kind or "").upper() == format_
    assert size == [37, 21]
    picture = load_picture(MemoryBytes(out.getvalue()), 40, 20)
    assert picture.pixels is not None
    red, green, _ = picture.pixels.at(5, 5)
    assert red > 150
    assert green < 60


def test_a_drawing_is_left_to_the_text_view() -> None:
    picture = load_picture(MemoryBytes(b'<?xml version="1.0"?><svg width="12" height="30px">'), 10, 10)
    assert picture.title == "SVG, 12 × 30"
    assert picture.pixels is None
