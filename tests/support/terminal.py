"""A small terminal laboratory: the real program in a pseudo terminal, its keys, its bytes and its screen.

Times are taken as bytes are read; the screen emulator is fed afterwards, so a slow emulator never biases them.
"""

from __future__ import annotations

import os
import re
import select
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

import ptyprocess
import pyte

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KEYS = {
    "up": b"\x1b[A",
    "down": b"\x1b[B",
    "right": b"\x1b[C",
    "left": b"\x1b[D",
    "pageup": b"\x1b[5~",
    "pagedown": b"\x1b[6~",
    "home": b"\x1b[H",
    "end": b"\x1b[F",
    "ctrl+home": b"\x1b[1;5H",
    "ctrl+end": b"\x1b[1;5F",
    "shift+tab": b"\x1b[Z",
    "tab": b"\t",
    "enter": b"\r",
    "escape": b"\x1b",
    "space": b" ",
    "backspace": b"\x7f",
    "delete": b"\x1b[3~",
    "f1": b"\x1bOP",
    "f2": b"\x1bOQ",
    "f3": b"\x1bOR",
    "f4": b"\x1bOS",
    "f5": b"\x1b[15~",
    "f6": b"\x1b[17~",
    "f7": b"\x1b[18~",
    "f8": b"\x1b[19~",
    "f9": b"\x1b[20~",
    "f10": b"\x1b[21~",
    "f12": b"\x1b[24~",
}
_MODES = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
_UNFINISHED = re.compile(rb"\x1b(\[[0-9;:?<>=]*|[\]_P][^\x07\x1b]*)?$")
# What pyte does not know and would print: private CSI forms, mode reports, kitty graphics.
_FOREIGN = re.compile(
    rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*(\$p|u)|\x1b_[^\x1b]*\x1b\\|\x1b\][^\x07\x1b]*(\x07|\x1b\\)"
)


def key_bytes(key: str) -> bytes:
    """What a terminal sends for a key named as Textual names it; any other text is sent as typed."""
    if key in KEYS:
        return KEYS[key]
    if key.startswith("ctrl+") and len(key) == 6:
        return bytes([ord(key[5]) & 31])
    return key.encode()


class Terminal:
    """A program running in a pseudo terminal that answers like a modern one; always killed on the way out.

    Args:
        argv: program and arguments.
        columns: of the terminal.
        rows: of the terminal.
        env: added to a clean environment (xterm-256color, true colour, UTF-8).
        home: a directory that gets the program's config, state, data and cache.
        cwd: working directory of the program.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 40,
        env: Mapping[str, str] | None = None,
        home: Path | None = None,
        cwd: Path | None = None,
    ) -> None:
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TEXTUAL", "DMART_TUI", "TMUX", "XDG_"))
            and name not in ("TERM_PROGRAM", "NO_COLOR", "COLUMNS", "LINES")
        }
        clean |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
        if home is not None:
            clean |= {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "STATE", "DATA", "CACHE")}
        self.columns, self.rows = columns, rows
        self.chunks: list[tuple[float, bytes]] = []
        """When each piece of output was read (`time.perf_counter`) and the piece."""
        self.modes: set[int] = set()
        """Private modes the program has switched on, mouse tracking (1000, 1002, 1003) among them."""
        self.started = time.perf_counter()
        self._process = ptyprocess.PtyProcess.spawn(
            list(argv), dimensions=(rows, columns), env=clean | dict(env or {}), cwd=None if cwd is None else str(cwd)
        )
        self._open = True
        self._emulator = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._emulator)
        self._fed = 0
        self._unfinished = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Process id of the program."""
        return int(self._process.pid)

    @property
    def ended(self) -> bool:
        """Whether the program has closed its side of the terminal, as far as was read."""
        return not self._open

    @property
    def output(self) -> bytes:
        """Everything the program has written so far."""
        return b"".join(chunk for _, chunk in self.chunks)

    @property
    def written(self) -> int:
        """How many bytes the program has written so far."""
        return self._size(0)

    @property
    def first_byte(self) -> float:
        """Seconds from the start of the process to its first byte."""
        return self.chunks[0][0] - self.started

    def send(self, data: bytes) -> None:
        """Send raw bytes, as the keyboard or the mouse would."""
        os.write(self._process.fd, data)

    def press(self, *keys: str, quiet: float = 0.15, limit: float = 5.0) -> int:
        """Press keys one after the other and return the bytes written until it was quiet for `quiet` seconds."""
        before = len(self.chunks)
        for key in keys:
            self.send(key_bytes(key))
            self.settle(quiet, limit)
        return self._size(before)

    def move_mouse(self, column: int, row: int) -> None:
        """Move the mouse without a button held; a terminal reports that only where mode 1003 is on."""
        if 1003 in self.modes:
            self.send(f"\x1b[<35;{column + 1};{row + 1}M".encode())

    def click(self, column: int, row: int) -> None:
        """Press and release the left button over a cell."""
        self.send(f"\x1b[<0;{column + 1};{row + 1}M\x1b[<0;{column + 1};{row + 1}m".encode())

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size; the program gets SIGWINCH."""
        self.screen()
        self.columns, self.rows = columns, rows
        self._emulator.resize(rows, columns)
        self._process.setwinsize(rows, columns)

    def settle(self, quiet: float = 0.15, limit: float = 10.0) -> float | None:
        """Read until there is output and then none for `quiet` seconds, `limit` seconds at most.

        A program that is quiet for want of a processor is waited for. Returns when (`time.perf_counter`) the last byte
        came, None when there was none. Where nothing is written at all, gives up after `quiet` seconds and a bit.
        """
        end = time.perf_counter() + limit
        last = None
        while (now := time.perf_counter()) < end and self._open:
            if self._read(min(quiet if last else 2 * quiet, end - now)):
                last = self.chunks[-1][0]
            elif self._asleep():
                break
        return last

    def listen(self, seconds: float) -> int:
        """Read for so many seconds and return how many bytes came."""
        before, end = len(self.chunks), time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0 and self._open:
            self._read(left)
        return self._size(before)

    def wait_for(self, text: str, *, limit: float = 30.0) -> float:
        """Read until the screen shows `text`; the seconds from process start to the piece of output that brought it.

        Raises:
            AssertionError: it never came; carries the screen.
        """
        end = time.perf_counter() + limit
        while text not in self.screen():
            if not self._open or time.perf_counter() > end:
                raise AssertionError(f"{text!r} never came; the screen:\n{self.screen()}")
            self._read(0.05)
        return self.chunks[-1][0] - self.started

    def wait_mode(self, mode: int, *, limit: float = 10.0) -> None:
        """Read until the program has switched on a private mode."""
        end = time.perf_counter() + limit
        while mode not in self.modes:
            assert self._open and time.perf_counter() < end, f"mode {mode} never came"
            self._read(0.05)

    def wait_exit(self, *, limit: float = 10.0) -> int:
        """Read until the program ends and return its exit status (minus the signal that killed it)."""
        end = time.perf_counter() + limit
        while self._open and time.perf_counter() < end:
            self._read(0.05)
        while self._process.isalive():
            if time.perf_counter() > end:
                raise AssertionError(f"still running; the screen:\n{self.screen()}")
            time.sleep(0.01)
        status = self._process.exitstatus
        return int(status) if status is not None else -int(self._process.signalstatus)

    def hang_up(self) -> None:
        """Close our side of the terminal, as a dropped line does."""
        self._process.fileobj.close()
        self._open = False

    def wait_gone(self, *, limit: float = 10.0) -> None:
        """Wait until the process has ended, however it did; nothing is read."""
        end = time.perf_counter() + limit
        while self._process.isalive():
            assert time.perf_counter() < end, "still running"
            time.sleep(0.01)

    def screen(self) -> str:
        """The text on the screen, one line a row."""
        self._feed()
        return "\n".join(self._emulator.display)

    def cells(self) -> list[list[tuple[object, ...]]]:
        """Every cell as it is seen: character, and colours and attributes where a character or a blank shows them."""
        self._feed()
        return seen(self._emulator)

    def memory(self) -> int:
        """Resident bytes of the program now."""
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def close(self) -> None:
        """Kill the program and its terminal."""
        if self._process.isalive():
            os.kill(self.pid, signal.SIGKILL)
        self._process.close(force=True)
        self._open = False

    def _asleep(self) -> bool:
        """Whether no thread of the program runs or waits for a processor or a disk; true where that is not told."""
        for stat in Path(f"/proc/{self.pid}/task").glob("*/stat"):
            with suppress(OSError):  # a thread that has ended meanwhile
                if stat.read_text().rpartition(")")[2].split()[0] in "RD":
                    return False
        return True

    def _size(self, since: int) -> int:
        return sum(len(chunk) for _, chunk in self.chunks[since:])

    def _read(self, timeout: float) -> bool:
        if not self._open or not select.select([self._process.fd], [], [], max(0.0, timeout))[0]:
            return False
        try:
            data = os.read(self._process.fd, 1 << 16)
        except OSError:  # how Linux says that the other side of a pty is closed
            data = b""
        if not data:
            self._open = False
            return False
        self.chunks.append((time.perf_counter(), data))
        for modes, switch in _MODES.findall(data):
            numbers = {int(mode) for mode in modes.split(b";")}
            self.modes = self.modes | numbers if switch == b"h" else self.modes - numbers
        self._answer(data)
        return True

    def _answer(self, data: bytes) -> None:
        """Reply to what a program asks of a terminal: synchronised output, in-band resize, attributes, kitty keys."""
        replies = {
            b"\x1b[?2026$p": b"\x1b[?2026;2$y",
            b"\x1b[?2048$p": b"\x1b[?2048;0$y",
            b"\x1b[c": b"\x1b[?62;22c",
            b"\x1b[?u": b"\x1b[?0u",
        }
        answer = b"".join(reply for question, reply in replies.items() if question in data)
        if answer:
            self.send(answer)

    def _feed(self) -> None:
        data = self._unfinished + b"".join(chunk for _, chunk in self.chunks[self._fed :])
        self._fed = len(self.chunks)
        unfinished = _UNFINISHED.search(data)
        self._unfinished = unfinished[0] if unfinished else b""
        self._stream.feed(_FOREIGN.sub(b"", data[: len(data) - len(self._unfinished)]))


def seen(emulator: pyte.Screen) -> list[list[tuple[object, ...]]]:
    """The cells of an emulator as an eye sees them: a plain blank shows its background only."""
    rows = []
    for y in range(emulator.lines):
        row: list[tuple[object, ...]] = []
        for x in range(emulator.columns):
            char = emulator.buffer[y][x]
            marks = (char.underscore, char.reverse, char.strikethrough, char.blink)
            if char.data == " " and not any(marks):
                row.append((" ", char.bg))
            else:
                row.append((char.data, char.fg, char.bg, char.bold, char.italics, *marks))
        rows.append(row)
    return rows
