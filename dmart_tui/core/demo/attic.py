"""The attic: a space where everything is broken on purpose; `planted` lists what was broken."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from hashlib import sha1
from typing import TYPE_CHECKING, Any, Final
from unicodedata import normalize

from dmart_tui.core.demo import media
from dmart_tui.core.demo.drafts import Json, compact, history_line, plain, pretty
from dmart_tui.core.demo.planted import COMPOSED
from dmart_tui.core.demo.words import tr
from dmart_tui.core.demo.world import World

if TYPE_CHECKING:
    from pathlib import Path

OPENED: Final = datetime(2025, 9, 9, 13, 13, 13, 131313)
_SUM_OF_NAME: Final = sha1(b"sum_of_name.json").hexdigest()
_BOXES: Final = (
    "empty_meta",
    "torn_meta",
    "a_list",
    "renamed",
    "two_faces",
    "nameless_owner",
    "tags_as_text",
    "no_uuid",
    "short_uuid",
    "yesterday",
)
_FOLDERS: Final = ("metas", "payloads", "tickets", "links", "names", "people", "histories", "attachments")
HOSTILE: Final = "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x1b[0m \u202etxt.exe\u202c [bold red]markup[/] \x9b5m \x00 end"


def plant(world: World) -> None:
    """Write the attic and the three faults outside of it; the rest of `world` is saved already."""
    corner = World(world.root, world.chance.random.randrange(2**32))
    _open(corner)
    _sound(corner)
    corner.save(lambda _done: None)
    space = world.root / "attic"
    _break_metas(corner, space / "metas" / ".dm")
    _break_payloads(corner, space / "payloads")
    _break_lines(corner, space)
    _break_links(corner, space / "links")
    _break_attachments(corner, space / "attachments" / ".dm" / "parcel")
    (space / "bare" / ".dm" / "meta.folder.json").unlink()


def _open(corner: World) -> None:
    title = tr("Attic", "العلّيّة", "سەربان")
    why = tr(
        "What the move left behind: broken on purpose, for `check`",
        "ما خلّفه الانتقال: معطوب عمدًا",
        "ئەوەی گواستنەوە بەجێیهێشت",
    )
    corner.space("attic", "dmart", OPENED, ordinal=7, displayname=title, description=why)
    for name in _FOLDERS:
        corner.entry("attic", "", name, "folder", "dmart", OPENED, displayname=tr(name.capitalize()))
    corner.entry("attic", "", "bare", "folder", "dmart", OPENED)
    corner.entry("attic", "bare", "thing", "content", "dmart", OPENED, body="Still here.", content_type="text")
    corner.entry("attic", "", "workflows", "folder", "dmart", OPENED)
    flow: Json = {
        "name": "Tidy up",
        "initial_state": [{"name": "found", "roles": ["default"]}],
        "states": [
            {
                "name": "Found",
                "state": "found",
                "next": [{"roles": ["warehouse"], "action": "sort", "state": "sorted"}],
            },
            {"name": "Sorted", "state": "sorted", "resolutions": ["kept", "thrown_away"]},
        ],
    }
    corner.entry("attic", "workflows", "tidy_up", "content", "dmart", OPENED, body=flow, schema="workflow")
    schema: Json = {"type": "object", "required": ["price"], "additionalProperties": False}
    schema["properties"] = {
        "price": {"type": "number"},
        "stock": {"type": "integer", "minimum": 0},
        "status": {"type": "string", "enum": ["active", "discontinued"]},
    }
    corner.entry("attic", "", "schema", "folder", "dmart", OPENED)
    corner.entry("attic", "schema", "item", "schema", "dmart", OPENED, body=schema, schema="meta_schema")


def _sound(corner: World) -> None:
    """Entries that are whole but for what they say."""

    def entry(subpath: str, name: str, kind: str = "content", **fields: Any) -> Any:
        owner = fields.pop("owner", "dmart")
        return corner.entry("attic", subpath, name, kind, owner, OPENED, **fields)

    for number, name in enumerate(_BOXES):
        entry("metas", name, body={"box": number}, displayname=tr(name.replace("_", " ").capitalize()))
    entry("metas", "spaceship", "spaceship")
    entry("metas", "shouting", "Content")
    entry(
        "payloads",
        "wrong_price",
        body={"price": "twelve", "stock": -4, "status": "melted", "extra": True},
        schema="item",
    )
    for name in ("climber", "sum_of_name", "just_text"):
        entry("payloads", name, body={"price": 3})
    entry("payloads", "scan", body=media.pdf(("Scanned twice",)), content_type="pdf", extension="pdf")
    entry("payloads", "hologram", body=b"a rose", content_type="hologram", extension="holo")
    entry("schema", "twisted", "schema", body={"type": "number", "minimum": "none"}, schema="meta_schema")
    entry("payloads", "unknown_schema", body={"price": 3}, schema="item_of_2019")
    for name in ("no_file", "half_json", "stale_sum", "nothing"):
        entry("payloads", name, body={"price": 3})
    entry("payloads", "not_a_picture", body=b"this is no picture\n", content_type="image", extension="png")
    ticket = {"is_open": True, "workflow_shortname": "tidy_up"}
    entry("tickets", "lost", "ticket", **ticket, state="misplaced")
    entry("tickets", "still_open", "ticket", **ticket, state="sorted")
    entry("tickets", "odd_reason", "ticket", **(ticket | {"is_open": False}), state="sorted", resolution_reason="magic")
    entry("tickets", "adrift", "ticket", **(ticket | {"workflow_shortname": "none_such"}), state="found")
    entry("people", "orphaned", owner="nadia", body="Its owner left.", content_type="text")
    gone = {"type": "content", "space_name": "catalog", "subpath": "suppliers", "shortname": "lost_horizon"}
    entry("people", "points_nowhere").relate(gone, role="main supplier")
    entry("people", "points_badly", relationships=[{"related_to": {}, "attributes": {}}])
    twin = entry("people", "twin_a", slug="twin")
    entry("people", "twin_b", slug="twin").meta["uuid"] = twin.meta["uuid"]
    entry("names", normalize("NFD", COMPOSED), displayname=tr("Decomposed", "مفكك")).meta["shortname"] = COMPOSED
    entry("names", "price[red]list", displayname=tr("[bold red]not bold[/] [link=https://x.example]link[/link]"))
    entry(
        "names",
        "bad\x1b[31mname\u202e",
        displayname=tr(HOSTILE),
        description=tr(HOSTILE),
        tags=[HOSTILE],
        body=HOSTILE,
        content_type="text",
    )
    entry(
        "names",
        "hostile_json",
        body={HOSTILE: HOSTILE, "[red]key[/]": "\x1b[5mblink"},
        displayname=tr("Hostile payload"),
    )
    for name in ("glued", "torn"):
        draft = entry("histories", name, body="Box 1", content_type="text", displayname=tr(name.capitalize()))
        for number in range(2, 5):
            draft.change(OPENED + timedelta(days=number), "karwan", {"payload.body": f"Box {number}"})
    for name in ("dangling", "secret"):
        entry("links", name, body={"price": 1})
    parcel = entry("attachments", "parcel", body="A parcel with broken attachments", content_type="text")
    parcel.attach(
        "media", "photo", "karwan", OPENED, data=media.shelf(7), payload={"content_type": "image", "body": "photo.png"}
    )
    parcel.attach("comment", "broken", "karwan", OPENED, body="never seen")
    for subpath, name, kind, fields in (
        (
            "users",
            "trainee",
            "user",
            {"roles": ["apprentice"], "groups": ["summer_2024"], "type": "web", "language": "kurdish"},
        ),
        ("roles", "old_guard", "role", {"permissions": ["browse_catalog", "open_gate"], "is_active": False}),
    ):
        corner.entry(
            "management",
            subpath,
            name,
            kind,
            "dmart",
            OPENED,
            displayname=tr(name.replace("_", " ").capitalize()),
            **fields,
        )


def _meta(directory: Path) -> Json:
    meta: Json = json.loads((directory / "meta.content.json").read_bytes())
    return meta


def _break_metas(corner: World, folder: Path) -> None:
    def put(name: str, data: bytes, file: str = "meta.content.json") -> None:
        corner.write(folder / name / file, data, OPENED)

    put("empty_meta", b"")
    put("torn_meta", (folder / "torn_meta" / "meta.content.json").read_bytes()[:90])
    put("a_list", b'["not", "a", "meta"]')
    changes: tuple[tuple[str, Json], ...] = (
        ("renamed", {"shortname": "before_the_move"}),
        ("nameless_owner", {"owner_shortname": None}),
        ("tags_as_text", {"tags": "old, dusty"}),
        ("no_uuid", {"uuid": None}),
        ("short_uuid", {"uuid": "1b9d6bcd"}),
        ("yesterday", {"created_at": "yesterday"}),
    )
    for name, change in changes:
        meta = _meta(folder / name) | change
        put(name, compact({key: value for key, value in meta.items() if value is not None}))
    put("renamed", pretty({"shortname": "before_the_move"}), "meta.content.json.old")
    actor = {"actor_locator": {"type": "user", "shortname": "dmart"}, "timestamp": "2021-11-02T10:00:00"}
    old = actor | {"diff": {"tags": {"old": [], "new": ["box"]}}, "old_checksum": "", "new_checksum": ""}
    put("renamed", plain(old) + b"\n", "meta.history.jsonl")
    other = _meta(folder / "two_faces") | {"state": "found", "is_open": True, "workflow_shortname": "tidy_up"}
    put("two_faces", compact(other), "meta.ticket.json")


def _break_payloads(corner: World, folder: Path) -> None:
    changes: tuple[tuple[str, Json], ...] = (
        ("climber", {"payload": {"content_type": "json", "body": "../metas/renamed.json"}}),
        ("just_text", {"payload": "just_text.json"}),
        ("scan", {"payload": {"content_type": "pdf", "body": "scan.final"}}),
        ("sum_of_name", {"payload": {"content_type": "json", "body": "sum_of_name.json", "checksum": _SUM_OF_NAME}}),
    )
    for name, change in changes:
        own = folder / ".dm" / name
        corner.write(own / "meta.content.json", compact(_meta(own) | change), OPENED)
    for name in ("climber", "just_text"):
        (folder / f"{name}.json").unlink()
    corner.write(folder / "nobody.json", plain({"price": 9}), OPENED)
    corner.write(
        folder / "ghost_folder.json", plain({"index_attributes": [{"key": "shortname", "name": "Name"}]}), OPENED
    )
    line = history_line(corner.chance, OPENED, "karwan", {"displayname.en": {"old": "Box", "new": "Old box"}}, "2024")
    corner.write(folder / ".dm" / "gone_folder" / "history.jsonl", line + b"\n", OPENED)
    (folder / "no_file.json").unlink()
    corner.write(folder / "half_json.json", b'{"price": 3, "stock', OPENED)
    corner.write(folder / "stale_sum.json", plain({"price": 4}), OPENED + timedelta(days=30))
    corner.write(folder / "nothing.json", b"", OPENED)


def _break_lines(corner: World, space: Path) -> None:
    for name in ("glued", "torn"):
        file = space / "histories" / ".dm" / name / "history.jsonl"
        first, second, third = file.read_bytes().splitlines()
        data = (
            first + second + b"\n" + third + b"\n"
            if name == "glued"
            else first + b"\n\n" + second + b"\n" + third[:140]
        )
        corner.write(file, data, OPENED)
    log = space / ".dm" / "events.jsonl"
    corner.write(log, log.read_bytes() + b"\n<<<<<<< Updated upstream", OPENED)


def _break_links(corner: World, folder: Path) -> None:
    for name, target in (("dangling.json", "nowhere.json"), ("secret.json", "../../../outside/letter.json")):
        (folder / name).unlink()
        (folder / name).symlink_to(target)
    (folder / "loop").symlink_to("loop")
    (folder / "outside").symlink_to("../../../outside")
    corner.write(corner.root.parent / "outside" / "letter.json", plain({"price": "not yours to read"}), OPENED)


def _break_attachments(corner: World, own: Path) -> None:
    media_folder = own / "attachments.media"
    (media_folder / "photo.png").unlink()
    corner.write(media_folder / "leftover.png", media.face(5), OPENED)
    corner.write(own / "attachments.comment" / "meta.broken.json", b"{'body': 'single quotes'}", OPENED)
