"""Makes the demo: all rooms in order, in a directory beside the wanted one, renamed when it is whole."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from dmart_tui.core.changelog import import_spaces
from dmart_tui.core.demo.attic import plant
from dmart_tui.core.demo.catalog import open_catalog, write_catalog
from dmart_tui.core.demo.docs import open_docs, write_docs
from dmart_tui.core.demo.legacy import finish_legacy, open_legacy, write_legacy
from dmart_tui.core.demo.management import open_management, write_management
from dmart_tui.core.demo.operations import open_operations, write_operations
from dmart_tui.core.demo.personal import open_personal, write_personal
from dmart_tui.core.demo.scale import write_many
from dmart_tui.core.demo.schemas import write_schemas
from dmart_tui.core.demo.support import open_support, write_support
from dmart_tui.core.demo.world import World
from dmart_tui.core.errors import Refused
from dmart_tui.core.spaces import Spaces

if TYPE_CHECKING:
    from collections.abc import Callable

Scale = Literal["small", "large"]

MARKER: Final = "demo.json"
_FORMAT: Final = 1
_LARGE: Final = 100_000
_OPEN: Final = (
    open_management,
    open_catalog,
    open_support,
    open_docs,
    open_operations,
    open_legacy,
    open_personal,
)
# In this order: later rooms relate to what earlier ones made.
_FILL: Final = (
    write_management,
    write_catalog,
    write_support,
    write_docs,
    write_operations,
    write_legacy,
    write_personal,
)


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What stands in a demo directory.

    `counts` are the metas by type (spaces, folders, entries); they, like the totals beside them, cover everything but
    the space of deliberate damage. `entries` is the sum of `counts` without spaces, folders and branches.
    """

    directory: Path
    scale: Scale
    seed: int
    entries: int
    counts: dict[str, int]
    attachments: int
    history_lines: int
    event_lines: int
    relationships: int

    @property
    def root(self) -> Path:
        """The spaces folder."""
        return self.directory / "spaces"

    @property
    def history_store(self) -> Path:
        """All histories and event logs of the root as a history store."""
        return self.directory / "store.hdb"


def existing_demo(directory: Path) -> DemoReport | None:
    """The report of the demo that stands in `directory`, None when there is none."""
    try:
        marker = json.loads((directory / MARKER).read_bytes())
        if marker.pop("format") != _FORMAT or not (directory / "spaces").is_dir():
            return None
        return DemoReport(directory=directory, **marker)
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return None


def make_demo(
    directory: Path,
    *,
    scale: Scale = "small",
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> DemoReport:
    """Write the demo company into `directory`, or report the one that is there already.

    Args:
        scale: `small` is some 600 entries in about a second; `large` 100,000 entries.
        seed: the same seed gives the same bytes and file times.
        progress: called with entries done and entries to do.

    Raises:
        Refused: `directory` holds something that is no demo.
    """
    found = existing_demo(directory)
    if found is not None:
        return found
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise Refused("this is not empty and not a demo", address=str(directory), hint="name a new or empty directory")
    directory.parent.mkdir(parents=True, exist_ok=True)
    making = directory.parent / f".{directory.name}.making-{os.getpid()}"
    try:
        report = _write(making, directory, scale, seed, progress or (lambda _done, _total: None))
        making.replace(directory)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    import_spaces(Spaces(report.root), report.history_store)
    return report


def _write(making: Path, directory: Path, scale: Scale, seed: int, progress: Callable[[int, int], None]) -> DemoReport:
    world = World(making / "spaces", seed)
    for begin in _OPEN:
        begin(world)
    write_schemas(world)
    for fill in _FILL:
        fill(world)
    small = len(world.drafts)
    kept = sum(draft.type not in ("space", "folder") for draft in world.drafts.values())
    more = _LARGE - kept if scale == "large" else 0
    world.save(lambda done: progress(done, small + more))
    finish_legacy(world)
    if more:
        write_many(world, more, lambda done: progress(small + done, small + more))
    plant(world)
    report = DemoReport(
        directory=directory,
        scale=scale,
        seed=seed,
        entries=sum(world.counts.values()) - sum(world.counts[kind] for kind in ("space", "folder", "branch")),
        counts=dict(sorted(world.counts.items())),
        attachments=world.attachments,
        history_lines=world.history_lines,
        event_lines=world.event_lines,
        relationships=world.relationships,
    )
    marker = {"format": _FORMAT} | {key: value for key, value in asdict(report).items() if key != "directory"}
    (making / MARKER).write_text(json.dumps(marker, indent=2) + "\n")
    return report
