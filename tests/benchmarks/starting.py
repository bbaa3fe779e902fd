"""How soon it stands there, and how heavy."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.benchmarks.lab import FIRST_SPACE, PROGRAM, PROJECT, Lab, Row, median, ms, seconds
from tests.benchmarks.minimal_app import READY
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MINIMAL = [sys.executable, "-m", "tests.benchmarks.minimal_app"]


def first_frame(lab: Lab) -> Iterator[Row]:
    """The whole first frame of the demo, beside a minimal Textual app; the splash; memory."""
    root = lab.small
    ours, minimal, bytes_sent, memory, splash = [], [], [], [], []
    for run in range(-1, lab.runs):
        if run == 0:  # the first run was to write byte code and fill caches
            ours, minimal, bytes_sent, memory, splash = [], [], [], [], []
        with Terminal(MINIMAL, cwd=PROJECT) as terminal:
            minimal.append(terminal.wait_for(READY))
        argv = [*PROGRAM, "--root", str(root), "--fresh"]
        with Terminal(argv, home=lab.directory / "home", cwd=PROJECT) as terminal:
            ours.append(terminal.wait_for(FIRST_SPACE))
            terminal.settle(0.5)
            splash.append(terminal.first_byte)
            bytes_sent.append(len(terminal.output))
            memory.append(terminal.memory())
    middle = lab.runs // 2
    frame, beside = sorted(ours)[middle], sorted(minimal)[middle]
    yield Row("first full frame / minimal Textual app", ms(frame), ms(beside), frame / beside, "1.2")
    yield Row("something on the screen", ms(sorted(splash)[middle]), budget="50 ms")
    yield Row("resident memory after the first frame", f"{sorted(memory)[middle] / 1e6:.1f} MB", budget="60 MB")
    yield Row("bytes of the first frame", f"{sorted(bytes_sent)[middle]:,}")


def help_text(lab: Lab) -> Iterator[Row]:
    """`--help`, beside importing click."""

    def run(argv: Sequence[str]) -> float:
        return seconds(lambda: subprocess.run(argv, check=True, capture_output=True, cwd=PROJECT))

    ours = median(lambda: run([*PROGRAM, "--help"]), 3 * lab.runs)
    beside = median(lambda: run([sys.executable, "-c", "import click"]), 3 * lab.runs)
    yield Row("--help / python -c 'import click'", ms(ours), ms(beside), ours / beside, "2")
