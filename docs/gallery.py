"""`python -m docs.gallery`: the pictures of the docs, taken from the real interface over a fresh demo.

Names of pictures or parts of them (`history`, `night`, `80x24`) limit what is made; `--out DIR` writes elsewhere.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from docs.svg import screen_svg

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from dmart_tui.tui.app import DmartApp

IMAGES: Final = Path(__file__).parent / "images"
THEMES: Final = ("night", "paper")
SIZES: Final = ((80, 24), (160, 45))

DIALOG: Final = 0.4
"""Seconds a dialog has to show what it reads."""

ENTRIES: Final = """from spaces.entries
select space, type, count(*) entries, max(updated_at) newest
group by all
order by entries desc, space, type"""
CHANGES: Final = """from spaces.history
select strftime(timestamp, '%Y-%m') as month, count(*) changes
where timestamp >= '2025-04-01'
group by all
order by month"""

TODAY: Final = f"{date.today().year % 10}-{date.today():%m-%d}"
SAME: Final = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (f"{TODAY}(?=[T <])", "6-11-21"),
        (f">{TODAY[2:]}(?=T)", ">11-21"),
        (r"(?<=6-11-21[T ])\d\d:\d\d", "09:45"),
        (r"(?<=>11-21T)\d\d:\d\d", "09:45"),
        (r"(?<=11-21T09:45):\d\d\.\d{6}", ":00.000000"),
        (r"(?<=as of )\d\d:\d\d", "09:45"),
        (r"(?<=as of 09:45:)\d\d", "00"),
        (r"\b\d\.\d\d s\b", "0.02 s"),
        (r"\d reads · [\d.]{5} KB", "5 reads · 592.4 KB"),
        (r'(?<={"uuid":")[\da-f-]{36}', "39585dd9-9fcd-48ac-85b5-477de5aa296e"),
    )
)
"""What is another thing each time, and what a picture says in its place, as many characters long."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is done before a picture is taken.

    Args:
        address: the entry opened, if any.
        view: its view.
        keys: pressed then, each waited for.
        changes: the keys change the data; the picture is taken of a copy.
        packed: a space that is packed into an archive, which is opened first.
        store: the demo's history store is opened first.
        sql: a statement that is run in a worksheet first.
    """

    address: str = ""
    view: str | None = None
    keys: tuple[str, ...] = ()
    changes: bool = False
    packed: str = ""
    store: bool = False
    sql: str = ""


SCENES: Final = {
    "tree": Scene(keys=("0", "G", "l", "j", "l", "j", "l", "j", "j", "space", "j", "space", "j")),
    "overview": Scene("support/cases/basra/973e4c2a", "overview"),
    "payload": Scene("attic/payloads/wrong_price", "payload", ("e",)),
    "attachments": Scene("support/cases/basra/973e4c2a", "attachments", ("j",)),
    "history": Scene("support/cases/basra/973e4c2a", "history", ("j", "j", "j", "space")),
    "past": Scene("support/cases/basra/973e4c2a", "history", ("j", "a")),
    "raw": Scene("support/cases/basra/973e4c2a", "raw"),
    "edit": Scene("support/cases/basra/973e4c2a", "edit", ("j", "enter", "x")),
    "edit-text": Scene("support/cases/basra/973e4c2a", "edit", ("f10", "down", "down", "end", "x")),
    "preview": Scene("docs/guides/sizing", "edit", ("s", "down", "down", "end", "exclamation_mark", "f2")),
    "ticket": Scene("support/cases/basra/3a9c764d", "overview", ("F",)),
    "trash": Scene("docs/guides/sizing", "overview", ("0", "f8", "enter", "D"), changes=True),
    "relations": Scene("support/cases/basra/973e4c2a", "relations", ("plus", "down")),
    "search": Scene(keys=("f3", *"router", "enter", "down")),
    "archive": Scene(packed="catalog", keys=("down", "down", "down")),
    "view-as": Scene("support/cases/basra/973e4c2a", "overview", ("Y", *"dilan", "enter", "0", "g")),
    "menu": Scene("support/cases/basra/973e4c2a", "overview", ("A",)),
    "timeline": Scene(keys=("t", "space")),
    "activity": Scene(store=True, keys=("left", "left", "down")),
    "store-query": Scene(store=True, keys=("tab", "tab", "tab", "tab", "e")),
    "worksheet": Scene(sql=ENTRIES, keys=("f11", "down", "down", "l", "f11")),
    "worksheet-chart": Scene(sql=CHANGES, keys=("f2", "v", "V", "c", "c")),
    "problems": Scene(keys=("p", "enter", "j")),
    "find": Scene(keys=("f", *"solar")),
    "help": Scene("support/cases/basra/973e4c2a", "history", ("question_mark",)),
}


async def settle(pilot: Pilot[None]) -> None:
    """Wait until nothing runs any more; an open dialog is itself work that waits, so it gets a moment."""
    app: DmartApp = pilot.app  # type: ignore[assignment]
    for _ in range(3):
        await pilot.pause()
        if app.screen.is_modal:
            await pilot.pause(DIALOG)
            continue
        await app.tasks.idle()
        await app.workers.wait_for_complete()


async def picture(root: Path, scene: Scene, theme: str, size: tuple[int, int]) -> str:
    """One screen as SVG."""
    from dmart_tui.core.address import Address
    from dmart_tui.core.config import Settings
    from dmart_tui.core.spaces import Spaces
    from dmart_tui.core.writing.packing import pack_addresses
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.panes.worksheet import WorksheetPane

    app = DmartApp(Settings(theme=theme, user="operator", watch=False, restore=False), root, fresh=True)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        if scene.address:
            address = Address.parse(scene.address)
            await app.tree_pane.locate(address)
            await settle(pilot)
            await app.open(address, scene.view)
            await settle(pilot)
        if scene.packed:
            archive = root.parent / f"{scene.packed}.des"
            if not archive.exists():
                pack_addresses(Spaces(str(root)), [Address(scene.packed)], str(archive))
            await app.open_archive(str(archive))
            await settle(pilot)
        if scene.store:
            await app.open_archive(str(root.parent / "store.hdb"))
            await settle(pilot)
        if scene.sql:
            await app.open_tool("worksheet")
            await settle(pilot)
            sheet = app.query_one(WorksheetPane).current
            sheet.insert(scene.sql)
            await sheet.run(sheet.statements())
            await settle(pilot)
        for key in scene.keys:
            await pilot.press(key)
            await settle(pilot)
        drawn = screen_svg(app)
    for pattern, text in SAME:
        drawn = pattern.sub(text, drawn)
    return drawn


def wanted(words: list[str]) -> list[tuple[str, str, str, tuple[int, int]]]:
    """File name, scene, theme and size of the pictures whose file name has one of the words; of all without words."""
    pictures = [("overview.svg", "history", THEMES[0], (120, 34))]
    pictures += [
        (f"{name}-{theme}-{width}x{height}.svg", name, theme, (width, height))
        for name in SCENES
        for theme in THEMES
        for width, height in SIZES
    ]
    return [one for one in pictures if not words or any(word in one[0] for word in words)]


def make(folder: Path, words: list[str]) -> list[Path]:
    """Make a demo, take the pictures and write them; the files written."""
    from dmart_tui.core import config
    from dmart_tui.core.demo import make_demo

    folder.mkdir(parents=True, exist_ok=True)
    made = []
    with tempfile.TemporaryDirectory() as home:
        os.environ["DMART_TUI_CACHE"] = home
        os.environ["DMART_TUI_CONFIG"] = f"{home}/config.toml"
        root = make_demo(Path(home) / "demo").root
        for name, scene, theme, size in wanted(words):
            file = folder / name
            os.environ["DMART_TUI_STATE"] = f"{home}/state of {name}"
            config.paths.cache_clear()
            shown = root
            if SCENES[scene].changes:
                shown = Path(home) / name / root.name
                shutil.copytree(root, shown, symlinks=True)
            file.write_text(asyncio.run(picture(shown, SCENES[scene], theme, size)), encoding="utf-8")
            made.append(file)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m docs.gallery", description="Make the pictures of the docs.")
    parser.add_argument("words", nargs="*", help="only pictures whose file name has one of these")
    parser.add_argument("--out", type=Path, default=IMAGES, help="the folder to write to")
    arguments = parser.parse_args()
    for file in make(arguments.out, arguments.words):
        print(f"{file.stat().st_size:>8,}  {file.name}")


if __name__ == "__main__":
    main()
