"""The command line: `main` is the program; commands are imported when they run."""

from __future__ import annotations

from dmart_tui.cli.program import main

__all__ = ["main"]
