"""Starting the interface: something on the screen before anything heavy is imported, and a terminal left as it was.

Imports nothing but what the interpreter has loaded anyway: the splash is out some 10 ms after the process began.
"""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False  # `typing` itself takes as long to import as Python takes to start.
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from dmart_tui.core.config import Settings
    from dmart_tui.tui.output import ThinOutput

_WITH_VALUE = ("--root", "--config")
_FLAGS = ("--read-only", "--no-color", "--verbose", "--fresh")
ARCHIVES = (".des", ".des2")
"""How the names of archives end."""
STORE = ".hdb"
"""How the names of history stores end."""
_HINT = "the commands work everywhere: dmart-tui --help"


def asked(arguments: Sequence[str]) -> dict[str, str] | None:
    """What a command line (without the program's name) says to open the interface; None when it does anything else.

    Returns:
        options by their names, flags with themselves as value; `place` is what to open that is no root.
    """
    if "_DMART_TUI_COMPLETE" in os.environ:
        return None
    said = {}
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if name in _WITH_VALUE:
            given = value if equals else next(rest, None)
            if given is None:
                return None
            said[name[2:]] = given
        elif argument in _FLAGS:
            said[argument[2:]] = argument
        elif is_place(argument):
            said["place"] = argument
        else:
            return None
    return said


def is_archive(argument: str) -> bool:
    """Whether a word names an archive to be opened: a path or an `s3://` address."""
    return argument.startswith("s3://") or (argument.lower().endswith(ARCHIVES) and not argument.startswith("-"))


def is_store(argument: str) -> bool:
    """Whether a word names a history store to be opened."""
    return argument.rstrip("/").lower().endswith(STORE) and not argument.startswith(("-", "s3://"))


def is_place(argument: str) -> bool:
    """Whether a word names something to be opened that is no root."""
    return is_archive(argument) or is_store(argument)


def unfit() -> str:
    """Why this terminal cannot show an interface; "" when it can."""
    if not (os.isatty(0) and os.isatty(1)):
        return "the interface needs a terminal for its input and output"
    terminal = os.environ.get("TERM", "")
    if terminal in ("", "dumb", "unknown"):
        return f"a terminal of the kind {terminal!r} cannot show the interface (TERM)"
    return ""


class _Splash:
    """The name in the middle of the alternate screen, until the first frame or the first word on stderr."""

    def __init__(self) -> None:
        self.shown = False
        self._stderr: Any = None

    def show(self) -> None:
        if self.shown:
            return
        gc.disable()  # Imports and the first layout make garbage not worth looking for: 15 to 30 ms.
        columns, rows = os.get_terminal_size(1)
        name = "dmart-tui"
        middle = f"\x1b[{rows // 2};{max(1, (columns - len(name)) // 2)}H"
        os.write(1, f"\x1b[?1049h\x1b[?25l\x1b[2J{middle}{name}\x1b[H".encode())
        self.shown = True
        self._stderr, sys.stderr = sys.stderr, _Stderr(sys.stderr)

    def hand_over(self) -> None:
        """The interface has the screen now and gives it back itself."""
        if self.shown:
            self.shown = False
            sys.stderr = self._stderr
            gc.freeze()  # What lives now mostly stays.
            gc.enable()

    def leave(self) -> None:
        if self.shown:
            self.hand_over()
            os.write(1, b"\x1b[?1049l\x1b[?25h")


class _Stderr:
    """Leaves the splash before the first word, which would be lost on the alternate screen."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        splash.leave()
        return int(self._stream.write(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


splash = _Splash()


def open_asked(said: dict[str, str]) -> int:
    """Open the interface as a command line `asked`, and return the exit code.

    The command line would do the same; reading it here spares the first frame the import of what reads all of them.

    Raises:
        UsageFault, Failed: the settings are wrong or cannot be read.
        NotFound: the root is no folder.
    """
    from dmart_tui.core.config import load
    from dmart_tui.core.spaces import root_named

    config = said.get("config", "")
    settings = load(config)
    return launch(
        root_named(said.get("root") or settings.root) or None,
        settings=settings,
        fresh="fresh" in said,
        read_only="read-only" in said,
        config=config,
    )


def launch(
    root: Path | str | None,
    *,
    settings: Settings,
    fresh: bool = False,
    read_only: bool = False,
    config: str = "",
    archive: str = "",
) -> int:
    """Open the interface on `root` (its welcome screen when there is none) and return the exit code.

    Args:
        archive: the path or `s3://` address of an archive or history store to show first.

    Raises:
        UsageFault: there is no terminal, or one that cannot show it.
        NotFound: `root` is no folder.
    """
    if reason := unfit():
        from dmart_tui.core.errors import UsageFault

        raise UsageFault(reason, hint=_HINT)
    splash.show()
    try:
        from dataclasses import replace
        from functools import partial

        from dmart_tui.core.config import paths
        from dmart_tui.tui.app import DmartApp

        settings = replace(settings, read_only=settings.read_only or read_only)
        app = DmartApp(settings, root, fresh=fresh, paths=paths(config), archive=archive)
        if settings.animations:
            app.animation_level = "full"
        app.on_first_frame = partial(_begun, app)
        app.run(mouse=settings.mouse)
        code = app.return_code or 0
        del app
        _let_go()
        return code
    finally:
        splash.leave()


def _let_go() -> None:
    """Free what the app held: the engine of SQL complains on the terminal of connections that outlive it."""
    if "duckdb" in sys.modules:
        gc.unfreeze()
        gc.collect()


def _begun(app: ThinOutput) -> None:
    """The first frame is out: what is alive now stays, and a signal to end ends in order."""
    import asyncio
    import signal

    splash.hand_over()

    def end(number: int) -> None:
        signal.alarm(3)  # A vanished terminal can block what still wants to be written.
        app.leave(128 + number)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGHUP, signal.SIGTERM):
        loop.add_signal_handler(number, end, number)
