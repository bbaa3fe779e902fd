"""`python -m dmart_tui`: the same as `dmart-tui`."""

from __future__ import annotations

import sys

from dmart_tui.tui.launch import asks_for_interface, splash, unfit


def main() -> None:
    """Run the program and leave with its exit code; what opens the interface shows a splash before all else."""
    try:
        if asks_for_interface(sys.argv[1:]) and not unfit():
            splash.show()
        from dmart_tui.cli import main as program

        program()
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        splash.leave()


if __name__ == "__main__":
    main()
