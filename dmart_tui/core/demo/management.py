"""The management space: rights, workflows and announcements."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from dmart_tui.core.demo.chance import END, START
from dmart_tui.core.demo.people import OPENED, write_people
from dmart_tui.core.demo.rights import ANNOUNCEMENTS
from dmart_tui.core.demo.words import tr

if TYPE_CHECKING:
    from dmart_tui.core.demo.world import World


def open_management(world: World) -> None:
    """The space itself; its rights come with `write_management`, once schemas are there."""
    world.space(
        "management",
        "dmart",
        OPENED,
        ordinal=0,
        displayname=tr("Management", "الإدارة", "بەڕێوەبردن"),
        description=tr(
            "Users, rights, schemas and workflows",
            "المستخدمون والصلاحيات والمخططات وسير العمل",
            "بەکارهێنەر، مۆڵەت، نەخشە و ڕەوتی کار",
        ),
    )


def write_management(world: World) -> None:
    """Everything in the space but its schemas."""
    write_people(world)
    chance = world.chance
    space = world.at("management", "", "management")
    space.change(
        chance.moment(START, END - timedelta(days=60)),
        "dmart",
        {"languages": ["english", "arabic", "kurdish", "turkish"]},
    )
    space.change(chance.moment(END - timedelta(days=30)), "rezan", {"languages": ["english", "arabic", "kurdish"]})
    world.folder(
        "management",
        "",
        "notifications",
        "dmart",
        OPENED,
        displayname=tr("Notifications", "الإشعارات", "ئاگادارییەکان"),
    )
    requests = world.folder(
        "management",
        "notifications",
        "admin",
        "dmart",
        OPENED,
        displayname=tr("By people", "من الأشخاص", "لەلایەن کەسەوە"),
    )
    requests.change(chance.moment(START), "bahar", {"payload.body.sort_type": "ascending", "payload.body.icon": "bell"})
    for en, ar, ku, text in ANNOUNCEMENTS:
        when = chance.moment(START)
        body = {"subject": en, "channels": chance.some(["web", "mobile", "email"], 3, 1)}
        draft = world.entry(
            "management",
            "notifications/admin",
            "",
            "content",
            "bahar",
            when,
            body=body,
            schema="announcement",
            displayname=tr(en, ar, ku),
            description=tr(text),
            tags=["announcement"],
        )
        draft.change(
            when + timedelta(hours=5),
            "sara",
            {"payload.body.expires_on": (when + timedelta(days=14)).date().isoformat()},
        )
