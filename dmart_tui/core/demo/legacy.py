"""A space of 2022 and 2023, as its versions wrote it: other keys, other history lines, relationships as attachments."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from dmart_tui.core.demo.chance import stamp
from dmart_tui.core.demo.drafts import pretty

if TYPE_CHECKING:
    from dmart_tui.core.demo.drafts import Dialect, Draft, Json
    from dmart_tui.core.demo.world import World

OPENED: Final = datetime(2022, 9, 3, 11, 20, 7, 301255)
_CLOSED: Final = datetime(2023, 11, 30, 15, 0, 0, 220000)
_TASK: Final[Json] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "Task",
    "type": "object",
    "required": ["title", "status"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "string", "enum": ["open", "done"]},
        "hours": {"type": "number"},
        "note": {"type": "string"},
    },
}
_FLOW: Final[Json] = {
    "name": "Task",
    "illustration": "Move to the new portal",
    "initial_state": [{"name": "open", "roles": ["default"]}],
    "states": [
        {"name": "Open", "state": "open", "next": [{"roles": ["super_admin"], "action": "finish", "state": "done"}]},
        {"name": "Done", "state": "done"},
    ],
}
_TASKS: Final = (
    ("list_suppliers", "List the suppliers", "جرد الموردين", "لیستی دابینکەران"),
    ("count_stock", "Count the stock", "عدّ المخزون", "ژماردنی کۆگا"),
    ("scan_receipts", "Scan the receipts", "مسح الإيصالات ضوئيًا", "سکانکردنی پسوولەکان"),
    ("train_shops", "Train the shops", "تدريب المتاجر", "ڕاهێنانی دوکانەکان"),
    ("close_books", "Close the books", "إغلاق الدفاتر", "داخستنی دەفتەرەکان"),
    ("move_customers", "Move the customers", "نقل الزبائن", "گواستنەوەی کڕیاران"),
)


def open_legacy(world: World) -> None:
    """The space itself, with the keys of its time."""
    world.space(
        "legacy",
        "dmart",
        OPENED,
        ordinal=8,
        branches=["dev"],
        displayname={"en": "Move of 2023", "ar": "انتقال 2023", "kd": "گواستنەوەی ٢٠٢٣"},
    )


def write_legacy(world: World) -> None:
    """Tasks of the move to the portal, a branch, and plain texts where translations came later."""
    world.at("legacy", "", "legacy").change(
        OPENED + timedelta(days=40), "dmart", {"capture_misses": True}, dialect="2022"
    )
    for shortname, name in (("schema", "Schemas"), ("workflows", "Workflows"), ("tasks", "Tasks"), ("notes", "Notes")):
        world.folder("legacy", "", shortname, "dmart", OPENED, displayname=name, resource_type="Folder")
    for subpath, shortname, kind, body, schema in (
        ("schema", "task", "schema", _TASK, "meta_schema"),
        ("workflows", "task", "content", _FLOW, "workflow"),
    ):
        world.entry("legacy", subpath, shortname, kind, "dmart", OPENED, body=dict(body), schema=schema, by_hand=True)
    tasks = [_write_task(world, *task) for task in _TASKS]
    for earlier, later in pairwise(tasks):
        target = earlier.locator() | {"branch_name": "master"}
        later.attach("relationship", "after", "dmart", OPENED, related_to=target, attributes={"kind": "after"})
    _write_notes(world)
    world.entry("legacy", "branches/dev", "notes", "folder", "dmart", OPENED)
    world.entry(
        "legacy",
        "branches/dev/notes",
        "plan",
        "content",
        "dmart",
        OPENED,
        body="Try it here first.",
        content_type="text",
    )


def _write_task(world: World, shortname: str, en: str, ar: str, ku: str) -> Draft:
    chance = world.chance
    when = chance.moment(OPENED, datetime(2022, 12, 1))
    draft = world.entry(
        "legacy",
        "tasks",
        shortname,
        "ticket",
        "dmart",
        when,
        body={"title": en, "status": "open", "hours": 2.0},
        schema="task",
        displayname={"en": en, "ar": ar, "kd": ku},
        state="open",
        is_open=True,
        workflow_shortname="task",
    )
    draft.meta["payload"] |= {"last_validated": stamp(_CLOSED), "validation_status": "valid"}
    dialects: tuple[Dialect, ...] = ("2022", "2022", "2022", "2023", "2023")
    moments = [
        *chance.moments(3, when, datetime(2023, 3, 20)),
        *chance.moments(2, datetime(2023, 8, 5), _CLOSED),
    ]
    steps: tuple[Json, ...] = (
        {"payload.body.hours": chance.random.randint(3, 9)},
        {"tags": ["move", shortname.split("_")[1]]},
        {"tags": ["move", "2023"], "collaborators.processed_by": "dmart"},
        {"payload.body.note": "تم الفحص مرتين", "payload.body.status": "done"},
        {"state": "done", "comment": "Finished with the move"},
    )
    for moment, changes, dialect in zip(moments, steps, dialects, strict=True):
        request = "progress_ticket" if "state" in changes else "update"
        draft.change(moment, "dmart", changes, dialect=dialect, request=request)
    draft.meta["is_open"] = False
    draft.attach(
        "comment", f"c_{moments[-1]:%Y%m%d%H%M%S}", "dmart", moments[-1], body="Finished with the move", state="done"
    )
    return draft


def _write_notes(world: World) -> None:
    world.entry(
        "legacy",
        "notes",
        "kick_off",
        "content",
        "dmart",
        OPENED,
        body="# Kick-off\n\nWe move **everything** by spring.",
        content_type="markdown",
        displayname="Kick-off meeting",
        description="Plain text, from before translations",
        resource_type="content",
        by_hand=True,
    ).change(OPENED + timedelta(days=9), "dmart", {"displayname": "Kick-off meeting, Erbil"}, dialect="2022")
    world.entry(
        "legacy",
        "notes",
        "vocabulary",
        "content",
        "dmart",
        OPENED,
        body={"portal": {"ar": "البوابة", "kd": "دەروازە"}, "branch": {"ar": "فرع", "kd": "لق"}},
        displayname={"en": "Vocabulary", "kd": "فەرهەنگۆک"},
        by_hand=True,
    )


def finish_legacy(world: World) -> None:
    """What no draft can say: the branch's own meta and the schema shared by links, as installations had it."""
    space = world.root / "legacy"
    branch = {"uuid": world.chance.uuid(), "shortname": "dev", "is_active": True, "tags": []}
    branch |= {"created_at": stamp(OPENED), "updated_at": stamp(OPENED), "owner_shortname": "dmart"}
    world.write(space / "branches" / "dev" / ".dm" / "meta.branch.json", pretty(branch), OPENED)
    world.counts["branch"] += 1
    (space / "schema" / "meta_schema.json").symlink_to("../../management/schema/meta_schema.json")
    (space / "schema" / ".dm" / "meta_schema").symlink_to("../../../management/schema/.dm/meta_schema")
