"""The core's throughput: listing and checking 100,000 entries, beside a bare loop over the same files."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

from tests.benchmarks.lab import PROGRAM, PROJECT, Lab, Row, median, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def bare_loop(folder: str | Path) -> int:
    """Scan, open and parse every JSON file below a folder, and do nothing with it."""
    count = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                count += bare_loop(entry.path)
            elif entry.name.endswith(".json"):
                try:
                    with open(entry.path, "rb") as file:
                        json.loads(file.read())
                except (OSError, ValueError):  # the demo holds broken files on purpose
                    continue
                count += 1
    return count


def throughput(lab: Lab) -> Iterator[Row]:
    """`ls --recursive --jsonl` and `check --json`, entries a second."""
    root = lab.large
    bare_loop(root)
    bare = median(lambda: seconds(lambda: bare_loop(root)), lab.runs)

    def run(*arguments: str) -> float:
        argv = [*PROGRAM, "--root", str(root), *arguments]
        return median(lambda: seconds(lambda: subprocess.run(argv, cwd=PROJECT, capture_output=True, check=False)), 3)

    for name, arguments in {
        "ls --recursive --jsonl": ("ls", "--recursive", "--jsonl"),
        "check --json": ("check", "--json"),
    }.items():
        taken = run(*arguments)
        yield Row(f"{name} / bare loop", f"{100_000 / taken:,.0f} entries/s", f"{bare:.2f} s", taken / bare)
