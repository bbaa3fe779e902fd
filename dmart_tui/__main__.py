"""`python -m dmart_tui`: the same as `dmart-tui`."""

from __future__ import annotations

import sys

from dmart_tui.tui.launch import asked, open_asked, splash, unfit


def main() -> None:
    """Run the program and leave with its exit code; what opens the interface shows a splash before all else."""
    try:
        said = asked(sys.argv[1:])
        if said is not None and not unfit():
            splash.show()
            if "place" not in said:
                sys.exit(_open(said))
        from dmart_tui.cli import main as program

        program()
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        splash.leave()


def _open(said: dict[str, str]) -> int:
    try:
        return open_asked(said)
    except Exception as error:
        from dmart_tui.cli.program import explain

        return explain(error)


if __name__ == "__main__":
    main()
