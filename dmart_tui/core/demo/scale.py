"""Many entries, fast: the same kinds of files as the rest of the demo, from templates instead of drafts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha1
from random import Random
from typing import TYPE_CHECKING, Final

from dmart_tui.core.demo.cases import CASE_SHORT, PROBLEMS
from dmart_tui.core.demo.chance import END, START, epoch_ns, stamp
from dmart_tui.core.demo.drafts import compact, history_line, plain
from dmart_tui.core.demo.rights import KEEPERS
from dmart_tui.core.demo.words import CITIES, tr

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dmart_tui.core.demo.drafts import Json
    from dmart_tui.core.demo.world import World

_PER_FOLDER: Final = 800
_STATUSES: Final = ("received", "sorted", "out", "delivered", "returned")
_WRITE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


@dataclass(slots=True)
class _Shelf:
    """An open folder and its `.dm`: entries are made relative to both, so that no path is walked from the root."""

    entries: int
    metas: int
    random: Random
    made: int = 0
    lines: int = 0
    relationships: int = 0

    def put(self, directory: int, name: str, data: bytes, written: int) -> None:
        descriptor = os.open(name, _WRITE, 0o644, dir_fd=directory)
        try:
            os.write(descriptor, data)
            os.utime(descriptor, ns=(written, written))
        finally:
            os.close(descriptor)


def write_many(world: World, count: int, progress: Callable[[int], None]) -> None:
    """Write `count` more entries below `operations/parcels` and `support/archive`, some 30 microseconds a file.

    Args:
        world: saved already; its counts are kept up.
        count: entries, two of five of them tickets.
        progress: called with the entries made so far, once a folder.
    """
    parcels = count * 3 // 5
    parts: tuple[tuple[str, str, int, Callable[[_Shelf, str, datetime, World], None]], ...] = (
        ("operations", "parcels", parcels, _parcel),
        ("support", "archive", count - parcels, _ticket),
    )
    done = 0
    for space, top, wanted, write in parts:
        _folder(world, space, "", top, tr(top.capitalize()))
        folders = -(-wanted // _PER_FOLDER)
        for index in range(folders):
            day = START + (END - START) * index / folders
            name = f"{day:%Y_%m_%d}_{index:03d}"
            _folder(world, space, top, name, tr(f"{day:%d %B %Y}"))
            number = min(_PER_FOLDER, wanted - index * _PER_FOLDER)
            shelf = _fill(world, world.root / space / top / name, number, day, write)
            world.counts["content" if write is _parcel else "ticket"] += number
            world.history_lines += shelf.lines
            world.relationships += shelf.relationships
            done += number
            progress(done)


def _folder(world: World, space: str, subpath: str, name: str, title: Json) -> None:
    world.save_one(world.folder(space, subpath, name, "rezan", START, displayname=title))


def _fill(
    world: World,
    folder: Path,
    number: int,
    day: datetime,
    write: Callable[[_Shelf, str, datetime, World], None],
) -> _Shelf:
    entries = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    (folder / ".dm").mkdir(exist_ok=True)
    metas = os.open(folder / ".dm", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        shelf = _Shelf(entries, metas, world.chance.random)
        for index in range(number):
            shelf.made = index
            write(shelf, _uuid(shelf.random), day + timedelta(seconds=40 * index), world)
    finally:
        os.close(metas)
        os.close(entries)
    return shelf


def _uuid(random: Random) -> str:
    digits = f"{random.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _parcel(shelf: _Shelf, uuid: str, when: datetime, _world: World) -> None:
    random, cities = shelf.random, tuple(CITIES)
    city = cities[random.randrange(3)]
    name, number, status = f"p_{uuid[:8]}_{shelf.made}", random.randrange(10**9), _STATUSES[random.randrange(5)]
    body = (
        f'{{"code": "{number:09d}", "city": "{city}", "weight_kg": {number % 9000 / 100}, "status": "{status}",'
        f' "shelf": "{"ABC"[number % 3]}{number % 5 + 1}"}}'
    ).encode()
    written = stamp(when)
    meta = (
        f'{{"uuid":"{uuid}","shortname":"{name}","is_active":true,"displayname":{{"en":"Parcel {number:09d}",'
        f'"ar":"طرد {number:09d}","ku":"گەیەنراو {number:09d}"}},"tags":["{city}"],"created_at":"{written}",'
        f'"updated_at":"{written}","owner_shortname":"{KEEPERS[city]}","payload":{{"content_type":"json",'
        f'"schema_shortname":"parcel","checksum":"{sha1(body).hexdigest()}","body":"{name}.json"}},'
        f'"relationships":[{{"related_to":{{"type":"content","space_name":"operations","subpath":"warehouses",'
        f'"shortname":"{city}"}},"attributes":{{"role":"lies at"}}}}]}}'
    ).encode()
    moment = epoch_ns(when)
    os.mkdir(name, 0o755, dir_fd=shelf.metas)
    shelf.put(shelf.metas, f"{name}/meta.content.json", meta, moment)
    shelf.put(shelf.entries, f"{name}.json", body, moment)
    shelf.relationships += 1


def _ticket(shelf: _Shelf, uuid: str, when: datetime, world: World) -> None:
    random, cities = shelf.random, tuple(CITIES)
    city = cities[random.randrange(3)]
    stem, en, ar, ku, *said = PROBLEMS[random.randrange(len(PROBLEMS))]
    name, owner = f"t_{uuid[:8]}_{shelf.made}", ("haval", "noor", "hassan")[cities.index(city)]
    problem = said[random.randrange(3)]
    body = plain({"topic": stem, "priority": "normal", "channel": "phone", "problem": problem})
    steps = CASE_SHORT if random.random() < 0.8 else CASE_SHORT[: random.randrange(3)]
    state = steps[-1][1] if steps else "new"
    last = when + timedelta(hours=5 * len(steps))
    meta: Json = {
        "uuid": uuid,
        "shortname": name,
        "is_active": True,
        "displayname": {"en": en, "ar": ar, "ku": ku},
        "tags": [stem],
        "created_at": stamp(when),
        "updated_at": stamp(last),
        "owner_shortname": owner,
        "payload": {
            "content_type": "json",
            "schema_shortname": "case",
            "checksum": sha1(body).hexdigest(),
            "body": f"{name}.json",
        },
        "state": state,
        "is_open": state != "closed",
        "workflow_shortname": "support_case",
    }
    if state == "closed":
        meta["resolution_reason"] = "duplicate"
    moment = epoch_ns(last)
    os.mkdir(name, 0o755, dir_fd=shelf.metas)
    shelf.put(shelf.metas, f"{name}/meta.ticket.json", compact(meta), moment)
    shelf.put(shelf.entries, f"{name}.json", body, moment)
    if steps and shelf.made % 4 == 0:
        lines, before = [], "new"
        for number, (_action, after, resolution) in enumerate(steps, 1):
            diff: Json = {"state": {"old": before, "new": after}}
            if resolution:
                diff["resolution_reason"] = {"old": "null", "new": resolution}
            lines.append(history_line(world.chance, when + timedelta(hours=5 * number), owner, diff, "2024") + b"\n")
            before = after
        shelf.put(shelf.metas, f"{name}/history.jsonl", b"".join(lines), moment)
        shelf.lines += len(lines)


def make_wide_folder(root: Path, count: int, *, space: str = "wide", folder: str = "everything") -> Path:
    """Make a space with one folder of `count` entries without payload files; gives the folder's path.

    Args:
        root: a spaces folder, made when absent; it must not hold `space` yet.
        count: entries, one directory and one file each (about 25 microseconds a piece on a local disk).
    """
    meta: Json = {"uuid": _uuid(Random(0)), "shortname": space, "is_active": True, "tags": []}
    meta |= {"created_at": stamp(START), "updated_at": stamp(START), "owner_shortname": "dmart"}
    directory = root / space / folder
    (directory / ".dm").mkdir(parents=True)
    (root / space / ".dm").mkdir()
    (root / space / ".dm" / "meta.space.json").write_bytes(compact(meta))
    (directory / ".dm" / "meta.folder.json").write_bytes(
        compact(meta | {"uuid": _uuid(Random(1)), "shortname": folder})
    )
    random = Random(2)
    written = stamp(START)
    metas = os.open(directory / ".dm", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for index in range(count):
            name = f"entry_{index:07d}"
            data = (
                f'{{"uuid":"{_uuid(random)}","shortname":"{name}","is_active":true,'
                f'"displayname":{{"en":"Entry {index:,}"}},"tags":[],"created_at":"{written}",'
                f'"updated_at":"{written}","owner_shortname":"dmart"}}'
            ).encode()
            os.mkdir(name, 0o755, dir_fd=metas)
            descriptor = os.open(f"{name}/meta.content.json", _WRITE, 0o644, dir_fd=metas)
            os.write(descriptor, data)
            os.close(descriptor)
    finally:
        os.close(metas)
    return directory
