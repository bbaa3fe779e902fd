"""Data to stdout: JSON exactly, text for people made safe and aligned, tab-separated for pipes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final, Literal, TypeVar

import click
import msgspec

from dmart_tui.cli.session import Session
from dmart_tui.core.text import cell_width, fit, safe, safe_json

Mode = Literal["text", "json", "jsonl"]
Reveal = tuple[str, ...]
F = TypeVar("F", bound=Callable[..., Any])

_LOOK_AHEAD: Final = 500
"""Rows measured before the first is printed; later ones are cut to those widths."""
_GAP: Final = "  "

Style = Literal["plain", "bold", "dim", "red", "yellow", "green", "cyan"]
_CODES: Final[dict[Style, str]] = {
    "plain": "",
    "bold": "\x1b[1m",
    "dim": "\x1b[2m",
    "red": "\x1b[31m",
    "yellow": "\x1b[33m",
    "green": "\x1b[32m",
    "cyan": "\x1b[36m",
}


def output_options(function: F) -> F:
    """Add `--json` and `--jsonl`; the command gets `mode`."""
    for flag, about in (("jsonl", "Print one JSON object a line."), ("json", "Print one JSON document.")):
        function = click.option(f"--{flag}", "mode", flag_value=flag, type=str, help=about)(function)
    return function


def reveal_option(function: F) -> F:
    """Add `--reveal KEY`; the command gets `reveal`, the keys whose secrets show."""
    about = "Show the secrets under this key, e.g. password; may be given several times."
    return click.option("--reveal", metavar="KEY", multiple=True, help=about)(function)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of text output.

    Args:
        title: shown above it on a terminal.
        value: the text of a row, not yet safe.
        right: aligned to the right.
        style: how a terminal shows it.
    """

    title: str
    value: Callable[[Any], str]
    right: bool = False
    style: Style = "plain"


class Output:
    """Where a command's data goes.

    Args:
        mode: `json`, `jsonl`, or None for text.
    """

    def __init__(self, session: Session, mode: str | None) -> None:
        self.mode: Mode = "json" if mode == "json" else "jsonl" if mode == "jsonl" else "text"
        self.terminal = sys.stdout.isatty()
        self._colour = session.colour()
        self._encoding = sys.stdout.encoding or "utf-8"

    @property
    def aligned(self) -> bool:
        """Whether a person reads this: text on a terminal."""
        return self.mode == "text" and self.terminal

    def write(self, data: bytes) -> None:
        """Bytes as they are; on a terminal at once."""
        sys.stdout.buffer.write(data)
        if self.terminal:
            sys.stdout.buffer.flush()

    def json(self, data: bytes) -> None:
        """A piece of JSON: exactly in a pipe, on a terminal with escapes for what would not be seen."""
        self.write(safe_json(data.decode()).encode() if self.terminal else data)

    def text(self, text: str) -> None:
        """Text of a payload in pieces: its bytes as they were in a pipe, safe on a terminal."""
        shown = safe(text, lines=True).encode() if self.terminal else text.encode("utf-8", "surrogateescape")
        self.write(shown)

    def line(self, text: str = "") -> None:
        """One line of text that is already safe."""
        self.write(f"{text}\n".encode(self._encoding, "replace"))

    def styled(self, text: str, style: Style) -> str:
        """Safe text in a style, plain where styles are not shown."""
        return f"{_CODES[style]}{text}\x1b[0m" if self._colour and text and style != "plain" else text

    def document(self, value: Any, *, one_line: bool = False) -> None:
        """One JSON document, indented on a terminal unless it must be one line."""
        if self.terminal and not one_line:
            self.line(safe_json(pretty(value)))
        else:
            self.json(encode(value) + b"\n")

    def rows(self, items: Iterable[Any], columns: Sequence[Column]) -> int:
        """Stream rows (JSON objects) in the mode asked for; how many there were."""
        if self.mode == "jsonl":
            return self._lines(items)
        if self.mode == "json":
            return self._array(items)
        return self._table(items, columns) if self.terminal else self._tabs(items, columns)

    def _lines(self, items: Iterable[Any]) -> int:
        count = 0
        for count, item in enumerate(items, 1):  # noqa: B007 - the count is the result
            self.json(encode(item) + b"\n")
        return count

    def _array(self, items: Iterable[Any]) -> int:
        count = 0
        self.write(b"[")
        for count, item in enumerate(items, 1):
            self.json((b",\n" if count > 1 else b"\n") + encode(item))
        self.write(b"\n]\n" if count else b"]\n")
        return count

    def _tabs(self, items: Iterable[Any], columns: Sequence[Column]) -> int:
        count = 0
        for count, item in enumerate(items, 1):  # noqa: B007 - the count is the result
            self.line("\t".join(safe(column.value(item)) for column in columns))
        return count

    def _table(self, items: Iterable[Any], columns: Sequence[Column]) -> int:
        cells = ([safe(column.value(item)) for column in columns] for item in items)
        first = list(islice(cells, _LOOK_AHEAD))
        if not first:
            return 0
        widths = [
            max(cell_width(column.title), *(cell_width(row[at]) for row in first)) for at, column in enumerate(columns)
        ]
        self._row([column.title for column in columns], widths, columns, "dim")
        count = 0
        for count, row in enumerate(chain(first, cells), 1):  # noqa: B007 - the count is the result
            self._row(row, widths, columns, None)
        return count

    def _row(self, row: list[str], widths: list[int], columns: Sequence[Column], style: Style | None) -> None:
        last = len(columns) - 1
        parts = [
            self.styled(
                text if at == last and not column.right else fit(text, width, right=column.right), style or column.style
            )
            for at, (text, width, column) in enumerate(zip(row, widths, columns, strict=True))
        ]
        self.line(_GAP.join(parts).rstrip())


_encoder: Final = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """Compact JSON; a lone surrogate (a byte that was not UTF-8) is kept as its `\\udcXX` escape.

    What JSON has no form for, as an aggregate of one's own may answer, is its text.
    """
    try:
        return _encoder.encode(value)
    except (UnicodeEncodeError, OverflowError, TypeError):
        text = json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"), default=str)
        return text.encode("utf-8", "backslashreplace")


def pretty(value: Any) -> str:
    """Indented JSON, not yet safe to show."""
    data = encode(value)
    try:
        return msgspec.json.format(data).decode()
    except msgspec.DecodeError:  # the escape of a lone surrogate
        return json.dumps(json.loads(data), ensure_ascii=False, indent=2)


def _finite(value: Any) -> Any:
    """The value with NaN and the infinities as null, as msgspec writes them."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


def counted(count: int, one: str, many: str = "") -> str:
    """A count with its noun: `1 error`, `2,000 errors`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


class Progress:
    """A count on stderr that rewrites itself, when stderr is a terminal.

    Args:
        what: what is counted, e.g. "entries checked".
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._due = 0.0
        self._shown = False
        self._terminal = sys.stderr.isatty()

    def update(self, done: int, total: int | None = None) -> None:
        """Show a count, of a total where it is known, at most ten times a second."""
        if not self._terminal:
            return
        from time import monotonic

        now = monotonic()
        if now < self._due:
            return
        if self._due:
            of = f" of {total:,}" if total else ""
            click.echo(f"\r\x1b[K{done:,}{of} {self._what} … (ctrl+c stops)", err=True, nl=False)
            self._shown = True
        self._due = now + 0.1

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            click.echo("\r\x1b[K", err=True, nl=False)
            self._shown = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()
