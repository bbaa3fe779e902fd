"""Run the measurements and print one table: `python -m tests.benchmarks [NAME ...]`."""

from __future__ import annotations

import argparse
import os
import shlex
import tempfile
from pathlib import Path

from tests.benchmarks import (
    archives,
    batches,
    core,
    historydb,
    indexing,
    lag,
    packing,
    relations,
    remote,
    searching,
    sending,
    sql,
    starting,
    tables,
    wide,
)
from tests.benchmarks.lab import Lab

MEASUREMENTS = {
    "first-frame": starting.first_frame,
    "help": starting.help_text,
    "bytes": sending.bytes_sent,
    "keys": sending.key_to_frame,
    "throughput": core.throughput,
    "index": indexing.index,
    "search": searching.search,
    "graph": relations.graph,
    "archives": archives.archives,
    "packing": packing.packing,
    "batches": batches.batches,
    "wide": wide.wide_folder,
    "lag": lag.event_loop,
    "remote": remote.remote_archives,
    "sql": sql.sql,
    "history": historydb.history,
    "history-import": historydb.imported,
    "tables": tables.tables,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(MEASUREMENTS)}")
    parser.add_argument("--data", type=Path, help="keep the generated data here and use it again")
    parser.add_argument("--wide", type=int, default=1_000_000, help="entries of the wide folder")
    parser.add_argument("--documents", type=int, default=1_000_000, help="documents of the history store")
    parser.add_argument("--runs", type=int, default=5, help="of each start; medians are printed")
    parser.add_argument(
        "--peer",
        action="append",
        default=[],
        metavar="NAME=COMMAND",
        help="another program to hold the bytes against, from an environment of its own: it may need another Textual",
    )
    options = parser.parse_args()
    if unknown := set(options.names) - set(MEASUREMENTS):
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory() as made:
        directory = (options.data or Path(made)).resolve()
        # What is installed has its byte code beside it; a working copy may have none.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(directory / "bytecode")
        peers = {name: shlex.split(command) for name, _, command in (peer.partition("=") for peer in options.peer)}
        lab = Lab(directory, options.wide, options.runs, peers, options.documents)
        print(f"{'':50} {'ours':>22} {'ratio':>7} {'budget':>8}  beside")
        for name in options.names or MEASUREMENTS:
            for row in MEASUREMENTS[name](lab):
                ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
                print(f"{row.what:50} {row.ours:>22} {ratio:>7} {row.budget:>8}  {row.beside}", flush=True)


if __name__ == "__main__":
    main()
