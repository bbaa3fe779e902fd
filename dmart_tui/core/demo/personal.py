"""The personal space: what D-MART makes for each user, and what people keep there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from dmart_tui.core.demo import media
from dmart_tui.core.demo.chance import END, START
from dmart_tui.core.demo.people import OPENED
from dmart_tui.core.demo.rights import PEOPLE
from dmart_tui.core.demo.words import tr

if TYPE_CHECKING:
    from dmart_tui.core.demo.world import World

_AREAS: Final = ("notifications", "private", "protected", "public", "inbox", "messages")
_OWNERS: Final = ("shilan", "haval", "noor", "zainab", "sara", "karwan")
_NOTICES: Final = (
    tr("A case was assigned to you", "أُسندت إليك حالة", "کەیسێک پێت سپێردرا"),
    tr("The customer answered", "أجاب الزبون", "کڕیار وەڵامی دایەوە"),
    tr("Your password expires soon", "ستنتهي صلاحية كلمة المرور قريبًا", "وشەی نهێنیت بەم زووانە بەسەردەچێت"),
    tr("The price list changed", "تغيرت قائمة الأسعار", "لیستی نرخ گۆڕا"),
)
_NOTES: Final = (
    "# To do\n\n- [x] ring the clinic\n- [ ] order **two** boxes of connectors\n- [ ] send Noor the photos",
    "# ملاحظات\n\nاجتماع الأحد: الأسعار، المخزون، العطلة.",
    "# تێبینی\n\nبەیانی زوو بچم بۆ کۆگا، دوای ژماردن ڕاپۆرت بنێرم.",
)


def open_personal(world: World) -> None:
    """The space itself."""
    world.space(
        "personal",
        "dmart",
        OPENED,
        logged=False,
        ordinal=9,
        hide_space=True,
        displayname=tr("Personal", "شخصي", "کەسی"),
    )


def write_personal(world: World) -> None:
    """The six areas of some users, notices about cases, a note and a portrait each."""
    chance = world.chance
    world.entry("personal", "", "people", "folder", "dmart", OPENED, displayname=tr("People", "الأشخاص", "کەسەکان"))
    tickets = world.under("support", "cases")
    names = {person[0]: tr(*person[1:4]) for person in PEOPLE}
    for number, user in enumerate(_OWNERS):
        home = f"people/{user}"
        when = chance.moment(OPENED, START)
        world.entry("personal", "people", user, "folder", user, when, displayname=names[user])
        for area in _AREAS:
            world.entry("personal", home, area, "folder", user, when)
        for moment in chance.moments(chance.random.randint(2, 6), START, END - timedelta(days=1)):
            ticket = chance.pick(tickets)
            draft = world.entry(
                "personal",
                f"{home}/notifications",
                "",
                "notification",
                user,
                moment,
                displayname=dict(chance.pick(_NOTICES)),
                type=chance.pick(("admin", "system")),
                is_read=False,
                priority=chance.pick(("low", "medium", "high")),
                entry=ticket.locator() | {"schema_shortname": "case"},
            )
            if chance.often(0.6):
                draft.change(moment + timedelta(hours=chance.random.randint(1, 20)), user, {"is_read": True})
        note = world.entry(
            "personal",
            f"{home}/private",
            "note",
            "content",
            user,
            chance.moment(START, END - timedelta(days=50)),
            body=_NOTES[number % len(_NOTES)],
            content_type="markdown",
            displayname=tr("Note", "ملاحظة", "تێبینی"),
        )
        note.change(
            chance.moment(END - timedelta(days=40)),
            user,
            {"payload.body": f"{note.value('payload.body')}\n\nDone on Thursday."},
        )
        world.entry(
            "personal",
            f"{home}/protected",
            "avatar",
            "content",
            user,
            when,
            body=media.face(number * 7 + 3),
            content_type="image",
            extension="png",
            displayname=tr("Portrait"),
        )
