"""Pictures decoded to a small grid of pixels for half blocks."""

from __future__ import annotations

import io
import re
import zlib
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from dmart_tui.core.viewing.bytesource import ByteSource

Format = Literal["PNG", "JPEG", "GIF", "WebP", "BMP", "ICO", "SVG"]
RGB = tuple[int, int, int]

MAX_FILE_BYTES: Final = 64 * 1024 * 1024
MAX_PIXELS: Final = 64 * 1000 * 1000
MAX_BUILT_IN_PIXELS: Final = 1_500_000
_HEAD: Final = 256 * 1024
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_EXTRA: Final = "install dmart-tui[images] to see it"


class Pixels(NamedTuple):
    """A decoded picture: `width * height` RGB triples, row by row."""

    width: int
    height: int
    data: bytes

    def at(self, x: int, y: int) -> RGB:
        """The colour of a pixel."""
        start = (y * self.width + x) * 3
        return self.data[start], self.data[start + 1], self.data[start + 2]


class Picture(NamedTuple):
    """What could be learnt of an image file: format and size from its header, its pixels or a sentence why not."""

    format: Format | None
    width: int
    height: int
    pixels: Pixels | None
    note: str

    @property
    def title(self) -> str:
        """`PNG, 640 × 480`, as far as known."""
        if not self.format:
            return "unknown image"
        return f"{self.format}, {self.width:,} × {self.height:,}" if self.width else self.format


class _Undecodable(Exception):
    """Why a picture cannot be decoded, as a sentence."""


def load_picture(source: ByteSource, columns: int, rows: int, *, background: RGB = (0, 0, 0)) -> Picture:
    """Decode a picture to fit `columns` x `rows` cells (two pixels a cell, one above the other), never enlarged.

    Blocks for up to a second: call it in a thread. Pillow decodes when it is installed; without it PNG of 8 bits up to
    1.5 million pixels is decoded here. Never raises for what the bytes are; a truncated picture keeps the rows it has.
    """
    head = source.read(0, _HEAD)
    format_, width, height = read_header(head)
    if format_ is None:
        return Picture(None, 0, 0, None, "not an image this program knows")
    if format_ == "SVG":
        return Picture("SVG", width, height, None, "a drawing: its source is shown as text")
    box = (max(1, columns), max(2, rows * 2))
    try:
        if source.size > MAX_FILE_BYTES:
            raise _Undecodable(f"the file is over {MAX_FILE_BYTES // 1024 // 1024} MB")
        if width * height > MAX_PIXELS:
            raise _Undecodable(f"it has more than {MAX_PIXELS:,} pixels")
        pixels, note = _decode(source, format_, box, background)
    except _Undecodable as reason:
        return Picture(format_, width, height, None, f"not decoded: {reason}")
    return Picture(format_, width, height, pixels, note)


def read_header(head: bytes) -> tuple[Format | None, int, int]:
    """Format, width and height from the first bytes of a file; 0 x 0 when they do not tell."""

    def big(start: int, size: int) -> int:
        return int.from_bytes(head[start : start + size], "big")

    def little(start: int, size: int) -> int:
        return int.from_bytes(head[start : start + size], "little")

    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG", big(16, 4), big(20, 4)
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG", *_jpeg_size(head)
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF", little(6, 2), little(8, 2)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        if head[12:16] == b"VP8X":
            return "WebP", little(24, 3) + 1, little(27, 3) + 1
        if head[12:16] == b"VP8L":
            bits = little(21, 4)
            return "WebP", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        return "WebP", little(26, 2) & 0x3FFF, little(28, 2) & 0x3FFF
    if head[:2] == b"BM":
        return "BMP", little(18, 4), abs(int.from_bytes(head[22:26], "little", signed=True))
    if head.startswith(b"\0\0\1\0"):
        return "ICO", little(6, 1) or 256, little(7, 1) or 256
    if match := re.search(rb"<svg\b[^>]{0,4096}>", head[:8192], re.IGNORECASE):
        return "SVG", _svg_length(match[0], b"width"), _svg_length(match[0], b"height")
    return None, 0, 0


def _svg_length(tag: bytes, name: bytes) -> int:
    match = re.search(rb"\b" + name + rb"\s*=\s*[\"'](\d{1,6})(?:\.\d+)?(?:px)?[\"']", tag)
    return int(match[1]) if match else 0


def _jpeg_size(head: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 < len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(head[at + 7 : at + 9], "big"), int.from_bytes(head[at + 5 : at + 7], "big")
        at += 2 + (0 if marker in (0x01, *range(0xD0, 0xD8)) else int.from_bytes(head[at + 2 : at + 4], "big"))
    return 0, 0


def _decode(source: ByteSource, format_: Format, box: tuple[int, int], background: RGB) -> tuple[Pixels, str]:
    data = source.read(0, source.size)
    try:
        import PIL.Image  # noqa: F401
    except ImportError:
        if format_ != "PNG":
            raise _Undecodable(_EXTRA) from None
        return decode_png(data, box, background)
    return _with_pillow(data, format_, box, background)


def _with_pillow(data: bytes, format_: Format, box: tuple[int, int], background: RGB) -> tuple[Pixels, str]:
    import warnings

    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=[format_.upper()]) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise _Undecodable(f"it has more than {MAX_PIXELS:,} pixels")
                frames = getattr(image, "n_frames", 1)
                image.draft("RGB", box)
                note = _load(image)
                small = ImageOps.exif_transpose(image).convert("RGBA")
                small.thumbnail(box)
                flat = Image.new("RGBA", small.size, (*background, 255))
                flat.alpha_composite(small)
                if frames > 1 and not note:
                    note = f"first of {frames:,} frames"
                return Pixels(flat.width, flat.height, flat.convert("RGB").tobytes()), note
    except _Undecodable:
        raise
    except Exception as error:  # decoders of hostile bytes raise anything: SyntaxError, struct.error, ValueError ...
        raise _Undecodable(f"damaged ({error})") from error


def _load(image: object) -> str:
    """Load pixels, keeping what a truncated file has."""
    from PIL import Image, ImageFile

    assert isinstance(image, Image.Image)
    try:
        image.load()
    except OSError:
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            image.load()
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False
        return "truncated: only a part could be read"
    return ""


def decode_png(data: bytes, box: tuple[int, int], background: RGB = (0, 0, 0)) -> tuple[Pixels, str]:
    """Decode a PNG without any library, sampled down to fit `box` pixels.

    Raises:
        _Undecodable: 16 bits or fewer than 8 a channel, interlaced, over 1.5 million pixels, or no pixel at all.
    """
    header, palette, alphas, packed = _png_chunks(data)
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    depth, colour, interlaced = header[8], header[9], header[12]
    if colour not in _CHANNELS or depth != 8 or interlaced or not width or not height:
        raise _Undecodable(f"this kind of PNG needs Pillow: {_EXTRA}")
    if width * height > MAX_BUILT_IN_PIXELS:
        raise _Undecodable(f"it is large: {_EXTRA}")
    if colour == 3 and not palette:
        raise _Undecodable("damaged (a palette is missing)")
    channels = _CHANNELS[colour]
    stride = width * channels
    raw = _inflate(packed, (stride + 1) * height)
    have = len(raw) // (stride + 1)
    if not have:
        raise _Undecodable("damaged (no pixels)")
    scale = max(1.0, width / box[0], height / box[1])
    out_width, out_height = max(1, int(width / scale)), max(1, int(height / scale))
    columns = [min(width - 1, int((x + 0.5) * scale)) * channels for x in range(out_width)]
    wanted = [min(height - 1, int((y + 0.5) * scale)) for y in range(out_height)]
    rows: dict[int, bytes] = {}
    before = bytes(stride)
    needed = set(wanted)
    for y in range(have):
        start = y * (stride + 1)
        before = _unfilter(raw[start], raw[start + 1 : start + 1 + stride], before, channels)
        if y in needed:
            rows[y] = _to_rgb(before, columns, colour, palette, alphas, background)
    empty = bytes(background) * out_width
    note = "" if have >= height else "truncated: only a part could be read"
    return Pixels(out_width, out_height, b"".join(rows.get(y, empty) for y in wanted)), note


def _png_chunks(data: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    header = palette = alphas = b""
    packed: list[bytes] = []
    at = 8
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + length]
        if kind == b"IHDR" and len(body) >= 13:
            header = body
        elif kind == b"PLTE":
            palette = body
        elif kind == b"tRNS":
            alphas = body
        elif kind == b"IDAT":
            packed.append(body)
        elif kind == b"IEND":
            break
        at += 12 + length
    if not header:
        raise _Undecodable("damaged (no header)")
    return header, palette, alphas, b"".join(packed)


def _inflate(packed: bytes, limit: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, limit)
    except zlib.error:
        pass
    # The whole did not inflate: keep what comes before the damage.
    inflater, out = zlib.decompressobj(), bytearray()
    try:
        for start in range(0, len(packed), 256):
            out += inflater.decompress(packed[start : start + 256], limit - len(out) or 1)
            if len(out) >= limit:
                break
    except zlib.error:
        pass
    return bytes(out[:limit])


def _unfilter(kind: int, line: bytes, before: bytes, step: int) -> bytes:
    if kind == 0:
        return line
    out = bytearray(line)
    if kind == 1:
        for i in range(step, len(out)):
            out[i] = (out[i] + out[i - step]) & 0xFF
    elif kind == 2:
        return bytes((a + b) & 0xFF for a, b in zip(line, before, strict=True))
    elif kind == 3:
        for i in range(len(out)):
            left = out[i - step] if i >= step else 0
            out[i] = (out[i] + ((left + before[i]) >> 1)) & 0xFF
    elif kind == 4:
        for i in range(len(out)):
            left, corner = (out[i - step], before[i - step]) if i >= step else (0, 0)
            up = before[i]
            guess = left + up - corner
            away = abs(guess - left), abs(guess - up), abs(guess - corner)
            best = left if away[0] <= away[1] and away[0] <= away[2] else up if away[1] <= away[2] else corner
            out[i] = (out[i] + best) & 0xFF
    return bytes(out)


def _to_rgb(line: bytes, columns: list[int], colour: int, palette: bytes, alphas: bytes, background: RGB) -> bytes:
    out = bytearray()
    for at in columns:
        alpha = 255
        if colour == 3:
            index = line[at]
            rgb = palette[index * 3 : index * 3 + 3].ljust(3, b"\0")
            alpha = alphas[index] if index < len(alphas) else 255
        elif colour in (0, 4):
            rgb = line[at : at + 1] * 3
            alpha = line[at + 1] if colour == 4 else 255
        else:
            rgb = line[at : at + 3]
            alpha = line[at + 3] if colour == 6 else 255
        if alpha == 255:
            out += rgb
        else:
            out += bytes((c * alpha + b * (255 - alpha)) // 255 for c, b in zip(rgb, background, strict=True))
    return bytes(out)
