"""Read-only is absolute: no command and no action of the interface changes a file of the root or opens one to write."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import click
import pytest
from click.testing import CliRunner
from textual._compositor import Compositor
from textual.screen import Screen

from dmart_tui.cli import main
from dmart_tui.core.address import Address
from dmart_tui.core.changelog import import_spaces
from dmart_tui.core.config import Settings, acting_user
from dmart_tui.core.journal import STATE_FOLDER, Journal
from dmart_tui.core.locking import file_locks
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.steps import Write
from dmart_tui.core.writing import Store, plan_trash, trash_items
from dmart_tui.core.writing.batch_records import batches
from dmart_tui.tui.actions import BY_NAME, CONTEXTS, EVERYWHERE
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.panes.worksheet import WorksheetPane
from dmart_tui.tui.tools import open_store_tool
from dmart_tui.tui.views import ARCHIVE_TOOLS, STORE_TOOLS, TOOLS, VIEWS
from tests.support import crashing
from tests.support.app import QUIET
from tests.support.archives import TWO, des1
from tests.support.redisearch import build
from tests.support.watching import left_alone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dmart_tui.core.redisearch import Server
    from dmart_tui.tui.messages import StoreTool

POST: Final = "docs/posts/fibre_for_farms"
OTHER: Final = "docs/posts/our_new_dock"
TICKET: Final = "support/cases/basra/3e632e65"
REFUSED: Final = 4

READING: Final = {
    "ls": ["ls", "ls --recursive"],
    "cat": [f"cat {POST}"],
    "tree": ["tree"],
    "find": ["find dock"],
    "history": [f"history {POST}", "history --recursive docs"],
    "diff": [f"diff {POST} {OTHER}"],
    "check": ["check attic"],
    "keys": ["keys"],
    "completion": ["completion bash"],
    "config": ["config show", "config path"],
    "index build": ["index build"],
    "index status": ["index status"],
    "index drop": ["index drop"],
    "links": [f"links {POST}"],
    "search": ["search dock"],
    "trash": ["trash"],
    "trash ls": ["trash ls"],
    "des info": ["des info {des}"],
    "des ls": ["des ls {des}"],
    "des cat": ["des cat {des}#picture.png"],
    "des meta": ["des meta {des}#picture.png"],
    "des verify": ["des verify {des}"],
    "des name": ["des name"],
    "des find": ["des find {store} picture.png --day 2026-11-21"],
    "des mounts": ["des mounts"],
    "sql": ["sql 'SELECT count(*) FROM spaces.entries'", "sql 'SELECT 1' -o {tmp}/out.csv"],
    "worksheet ls": ["worksheet ls"],
    "worksheet cat": ["worksheet cat kept"],
    "worksheet revisions": ["worksheet revisions kept"],
    "worksheet diff": ["worksheet diff kept 1"],
    "worksheet run": ["worksheet run kept"],
    "worksheet history": ["worksheet history"],
    "historydb info": ["historydb info {hdb}"],
    "historydb query": ["historydb query {hdb} --group who"],
    "historydb verify": ["historydb verify {hdb}"],
}
ASKING: Final = {
    "index aggregate": [
        "index aggregate docs:meta 'owner_shortname: count' --redis {redis}",
        "index aggregate docs:meta 'owner_shortname: count' --redis {redis} --where dock --space docs/posts --as dmart",
    ],
    "index status": ["index status --redis {redis}"],
    "index compare": ["index compare --redis {redis}"],
}
"""Commands that ask a Redis."""
WRITING: Final = {
    "create": ["create docs/posts/new", "create new --type space"],
    "set": [f"set {POST} slug=new", f"set {TICKET} slug=new"],
    "mv": [f"mv {POST} docs/posts/renamed", "mv docs/posts support/posts --rewrite"],
    "rm": [f"rm {POST}", f"rm {POST} --forever --yes"],
    "trash restore": ["trash restore {identity}"],
    "trash empty": ["trash empty --yes"],
    "attach": [f"attach {POST} {{file}}", f"attach {POST} --comment said", f"attach {POST} --reaction like"],
    "link": [f"link {POST} {OTHER}"],
    "unlink": [f"unlink {POST} catalog/products/network/patch_1"],
    "lock": [f"lock {TICKET}", f"lock {OTHER} --force"],
    "unlock": [f"unlock {OTHER}", f"unlock {OTHER} --force"],
    "progress": [f"progress {TICKET} triage"],
    "import": ["import {zip}", "import {csv} docs/posts", "import --undo {batch}"],
    "export": ["export docs -o inside.zip", "export docs/posts -o docs/posts/inside.csv"],
    "des get": ["des get {des} -o inside"],
    "des repair": ["des repair {des} -o inside.des"],
    "des pack": ["des pack -o inside.des {file}"],
    "des unpack": ["des unpack {des} -o inside"],
    "des mount": ["des mount {des}"],
    "des unmount": ["des unmount {des}"],
    "des append-day": ["des append-day store {file}"],
    "historydb create": ["historydb create inside.hdb"],
    "historydb append": ["historydb append {hdb} {rows}"],
    "historydb import": ["historydb import {hdb}"],
    "historydb seal": ["historydb seal {hdb}"],
    "historydb compact": ["historydb compact {hdb}"],
    "historydb erase": ["historydb erase {hdb} 1"],
    "historydb drop": ["historydb drop {hdb} --before 2020-01-01"],
    "sql": ["sql 'SELECT 1' -o inside.csv", "sql 'CREATE TABLE a.b (c INT)' --db a=inside.db --write a"],
    "worksheet new": ["worksheet new other"],
    "worksheet save": ["worksheet save kept --from {rows}"],
    "worksheet mv": ["worksheet mv kept other"],
    "worksheet rm": ["worksheet rm kept"],
    "worksheet restore": ["worksheet restore kept --revision 1"],
    "worksheet purge": ["worksheet purge --all"],
    "worksheet import": ["worksheet import {tmp}"],
    "worksheet export": ["worksheet export inside"],
    "index compare": ["index compare --redis redis://127.0.0.1:1 --repair"],
    "index watch": ["index watch --redis redis://127.0.0.1:1"],
    "demo": ["demo here --no-ui"],
    "config": ["config edit"],
}
"""Commands that would write, all of which are refused; `config` does when it edits, and `sql` reads, too."""


@pytest.fixture
def root(demo_root: Path, tmp_path: Path) -> Path:
    """A demo that has all that waits for something to be written: trash, a batch, a lock, and an unfinished change."""
    top = tmp_path / "demo"
    shutil.copytree(demo_root, top, symlinks=True)
    locks = file_locks(top / STATE_FOLDER, outlive=True)
    store = Store(Spaces(top), user=acting_user(Settings()), locks=locks)
    store.apply(plan_trash(store, Address.parse("docs/posts/choosing_a_generator")), anyway=True)
    rows = tmp_path / "rows.csv"
    rows.write_text("shortname,slug\nrow,row\n")
    assert CliRunner().invoke(main, ["--root", str(top), "import", str(rows), "docs/posts"]).exit_code == 0
    locks.take(Address.parse(OTHER), store.user, 3600)
    (top / "small.des").write_bytes(des1(*TWO))
    import_spaces(Spaces(top), top / "small.hdb")
    dead = crashing.in_child(lambda: _die_half_way(top))
    assert dead < 0 and store.journal.pending()
    return top


def _die_half_way(root: Path) -> None:
    with crashing.counted(30, "before"):
        Journal(str(root)).apply([Write(f"{root}/docs/posts/half-{n}", b"half") for n in range(9)], title="Half")


@pytest.fixture(params=["--read-only", "the key of the settings"])
def told(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """The two ways to say it."""
    if request.param == "--read-only":
        return ["--read-only"]
    file = tmp_path / "settings.toml"
    file.write_text("read_only = true\n")
    return ["--config", str(file)]


def leaves(command: click.Command, name: str = "") -> Iterator[str]:
    """All commands by their whole names."""
    if name and not (isinstance(command, click.Group) and command.no_args_is_help):
        yield name
    if isinstance(command, click.Group):
        context = click.Context(command)
        for one in command.list_commands(context):
            found = command.get_command(context, one)
            assert found is not None
            yield from leaves(found, f"{name} {one}".strip())


def test_no_command_is_forgotten() -> None:
    assert set(leaves(main)) == READING.keys() | WRITING.keys() | ASKING.keys()


def test_asking_a_redis_writes_nothing_there_or_here(
    root: Path, told: list[str], server: Server, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    build(server, Spaces(root))
    kept = {key: server.call("DUMP", key) for key in server.keys("")}
    with left_alone(root):
        codes = {line: _run(told, line, {"redis": redis_url}) for lines in ASKING.values() for line in lines}
    assert codes == dict.fromkeys(codes, 0)
    assert {key: server.call("DUMP", key) for key in server.keys("")} == kept


def test_no_command_writes(root: Path, tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    monkeypatch.setenv("EDITOR", "touch")
    store = Store(Spaces(root), user="ann")
    names = {
        "identity": next(trash_items(store)).identity,
        "batch": batches(store)[0].identity,
        "file": tmp_path / "picture.png",
        "zip": tmp_path / "in.zip",
        "csv": tmp_path / "in.csv",
        "des": tmp_path / "in.des",
        "store": tmp_path / "store",
        "tmp": tmp_path,
        "hdb": root / "small.hdb",
        "rows": tmp_path / "rows.ndjson",
    }
    (tmp_path / "rows.ndjson").write_text('{"ts": "2024-01-01", "id": 1}\n')
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "in.csv").write_text("shortname,slug\nnew,new\n")
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr("new/.dm/meta.space.json", '{"shortname": "new"}')
    assert _run([], "des pack -o {des} {file}", names) == 0
    assert _run([], "des append-day {store} {file} --day 2026-11-21", names) == 0
    (tmp_path / "kept.sql").write_text("SELECT count(*) FROM spaces.entries")
    assert _run([], "worksheet new kept --from {tmp}/kept.sql", names) == 0
    refused = [line for name in WRITING for line in WRITING[name] if line != "config edit"]
    answered = [line for lines in READING.values() for line in lines]
    answered += [
        f"{line} --dry-run"
        for line in refused
        if not line.startswith(("demo", "des", "historydb", "import --undo", "index", "sql", "worksheet"))
    ]
    with left_alone(root):
        codes = {line: _run(told, line, names) for line in (*answered, *refused)}
    assert {line: codes[line] for line in refused} == dict.fromkeys(refused, REFUSED)
    assert {line: codes[line] for line in answered if codes[line] not in (0, 1)} == {}
    if told == ["--read-only"]:
        assert _run(told, "config edit", names) == REFUSED


# -- the interface ----------------------------------------------------------------------------------------------------

ASKED: Final = "SELECT * FROM spaces.entries"
PLACES: Final = (
    ("docs/posts", "tree"),
    (TICKET, "tree"),
    *((POST, spec.name) for spec in VIEWS),
    (TICKET, "payload"),
    (TICKET, "edit"),
    (OTHER, "edit", "editor-text.find"),
    (OTHER, "history", "history.time"),
    ("docs/posts/cable_colours", "history", "history.compare"),
    ("docs", "worksheet", f"={ASKED}", "worksheet.run", "worksheet.save"),
    ("docs", "worksheet", f"={ASKED}", "worksheet.run", "worksheet.result"),
    ("docs", "worksheet", f"={ASKED}", "worksheet.plan"),
    ("docs", "worksheet", "=SELECT $value", "worksheet.run"),
    ("docs", "worksheet", "worksheet.sheets"),
    ("docs", "worksheet", "worksheet.side"),
    ("docs", "activity", "activity.open"),
    *(("docs", tool) for tool in TOOLS),
    ("small.des", "archive"),
    (".", "archives"),
    *(("small.hdb", tool) for tool in STORE_TOOLS),
    ("small.hdb", "store-query", "store-query.run", "store-query.result"),
)
"""What is under the cursor, which pane has the focus, and what is done there first; `=` puts a text in a worksheet."""
LENDING: Final = {"app.shell", "app.pager", "app.suspend", "app.quit", "change.edit-outside"}
"""Actions that leave the program or its terminal to somebody else."""
ELSEWHERE: Final = {"conflict", "long-text", "taking"}
"""Contexts that only a change that was made leads to, one value among many, or a file of data that is chosen."""


@pytest.mark.slow
async def test_no_action_writes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    # Nobody looks at it: what is drawn, and how what has the focus is, takes most of the time.
    monkeypatch.setattr(Compositor, "render_update", lambda *_, **__: None)
    monkeypatch.setattr(Screen, "_update_focus_styles", lambda *_: None)
    met: set[str] = set()
    tried: set[tuple[str, str]] = set()
    app = DmartApp(replace(QUIET, read_only=True), root, fresh=True)
    with left_alone(root):
        async with app.run_test(size=(110, 40)):
            await _rest(app)
            for address, pane, *first in PLACES:
                await _go(app, address, pane, *first)
                keys, focus = _keys(app), app.focused
                names = dict.fromkeys([*(action.name for _, action in app.actions_here()), *keys])
                met.update(BY_NAME[name].context for name in names)
                for name in names:
                    where = address if name.startswith("change.") else ""
                    if name in LENDING or (where, name) in tried:
                        continue
                    tried.add((where, name))
                    if name in keys:
                        app.simulate_key(keys[name])
                    else:
                        await app.perform(name)
                    met |= await _answer(app, tried)
                    if app.focused is not focus:
                        await _go(app, address, pane, *first)
                        focus = app.focused
    missed = {context.name for context in CONTEXTS} - met
    assert missed == ELSEWHERE, missed


async def _go(app: DmartApp, address: str, pane: str, *first: str) -> None:
    while len(app.screen_stack) > 1:
        app.simulate_key("escape")
        await _rest(app)
    app.screen.remove_class("-no-tree", "-alone-workspace", "-alone-tree")
    if pane in STORE_TOOLS:
        await open_store_tool(app, cast("StoreTool", pane), address)
    elif pane in ARCHIVE_TOOLS:
        await app.open_archive(address, browse=pane == "archives")
    elif pane in TOOLS:
        await app.open_tool(pane, Address.parse(address))
    elif pane == "tree":
        await app.tree_pane.locate(Address.parse(address))
        app.tree_pane.take_focus()
    else:
        await app.open(Address.parse(address), pane)
    await _rest(app)
    for name in first:
        if name.startswith("="):
            editor = next(pane for pane in app.query(WorksheetPane) if pane.region.area).current.editor
            editor.put(0, len(editor.text), name[1:])
        elif BY_NAME[name].keys:
            app.simulate_key(BY_NAME[name].keys[0])
        else:
            await app.perform(name)
        await _rest(app)


def _keys(app: DmartApp) -> dict[str, str]:
    """The actions that have a key where the focus is, and one of their keys."""
    found = {active.binding.id: active.binding.key for active in app.screen.active_bindings.values()}
    return {name: key for name, key in found.items() if name in BY_NAME and name not in LENDING}


async def _answer(app: DmartApp, tried: set[tuple[str, str]]) -> set[str]:
    """Say yes to all that an action asks, in every way that there is; the contexts of the dialogs."""
    ways: dict[Screen[Any], Iterator[str]] = {}
    met: set[str] = set()
    for _ in range(400):
        await _rest(app)
        if len(app.screen_stack) == 1:
            return met
        if app.screen not in ways:
            keys = _keys(app)
            met.update(BY_NAME[name].context for name in keys)
            kind = type(app.screen).__name__
            passed = (*EVERYWHERE, "list")
            own = [name for name in keys if BY_NAME[name].context not in passed and (kind, name) not in tried]
            tried.update((kind, name) for name in own)
            ways[app.screen] = iter(("x", *(keys[name] for name in own), "enter", "Y", "escape"))
        app.simulate_key(next(ways[app.screen], "escape"))
    raise AssertionError(f"{app.screen_stack} cannot be left")


async def _rest(app: DmartApp) -> None:
    """Wait until nothing runs but what waits for a person."""
    quiet = 0
    for _ in range(3000):
        await asyncio.sleep(0.01)
        assert app.is_running
        waiting = any(node.message_queue_size for node in (app, *app.screen.walk_children(with_self=True)))
        quiet = 0 if waiting or len(app.tasks._running) >= len(app.screen_stack) else quiet + 1
        if quiet == 2:
            return
    raise AssertionError(f"still running: {app.tasks._running}")


def _run(told: list[str], line: str, names: dict[str, object]) -> int:
    words = [word.format(**names) for word in shlex.split(line)]
    return CliRunner().invoke(main, ["--root", os.curdir, *told, *words]).exit_code
