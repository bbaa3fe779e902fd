"""The program's beginning: the splash first where the interface is wanted, the command line after it."""

from __future__ import annotations

import sys

from dmart_tui.tui import launch


def main() -> None:
    """Run the program; exits with the codes of the command line."""
    if launch.asks_for_interface(sys.argv[1:]) and not launch.unfit():
        launch.splash.show()
    try:
        from dmart_tui.cli import main as program

        program()
    finally:
        launch.splash.leave()


if __name__ == "__main__":
    main()
