"""Who works here, and what they may do: users, groups, roles, permissions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from dmart_tui.core.demo.chance import END, START
from dmart_tui.core.demo.rights import GROUPS, PEOPLE, PERMISSIONS, ROLES
from dmart_tui.core.demo.words import CITIES, tr

if TYPE_CHECKING:
    from dmart_tui.core.demo.drafts import Json
    from dmart_tui.core.demo.world import World

OPENED: Final = datetime(2024, 9, 15, 9, 12, 40, 120450)


def write_people(world: World) -> None:
    """Users, groups, roles and permissions of the management space."""
    names = {
        "users": tr("Users", "المستخدمون", "بەکارهێنەران"),
        "groups": tr("Groups", "المجموعات", "گرووپەکان"),
        "roles": tr("Roles", "الأدوار", "ڕۆڵەکان"),
        "permissions": tr("Permissions", "الصلاحيات", "مۆڵەتەکان"),
    }
    for shortname, name in names.items():
        kinds = {"content_resource_types": [shortname.removesuffix("s")]}
        world.folder("management", "", shortname, "dmart", OPENED, displayname=name, rendering=kinds)
    _write_rights(world)
    _write_users(world)


def _write_rights(world: World) -> None:
    chance = world.chance
    for shortname, en, ar, subpaths, types, actions, more in PERMISSIONS:
        rights: Json = {"subpaths": subpaths, "resource_types": types, "actions": actions, "conditions": []}
        rights |= {"restricted_fields": [], "allowed_fields_values": {}} | more
        draft = world.entry(
            "management",
            "permissions",
            shortname,
            "permission",
            "dmart",
            chance.moment(OPENED, START),
            by_hand=True,
            displayname=tr(en, ar),
            **rights,
        )
        if shortname in ("handle_cases", "move_stock"):
            draft.change(chance.moment(START), "dmart", {"resource_types": [*types, "reaction"]})
        if shortname == "read_reports":
            draft.change(
                chance.moment(START, END - timedelta(days=60)),
                "rezan",
                {"description.en": "Month-end figures, read only"},
            )
            draft.change(
                chance.moment(END - timedelta(days=20)),
                "dmart",
                {"description.en": "Month-end and yearly figures, read only"},
            )
    for shortname, en, ar, ku, permissions in ROLES:
        draft = world.entry(
            "management",
            "roles",
            shortname,
            "role",
            "dmart",
            chance.moment(OPENED, START),
            by_hand=True,
            displayname=tr(en, ar, ku),
            permissions=permissions.split(),
        )
        if shortname == "support_agent":
            draft.change(
                chance.moment(START), "dmart", {"permissions": ["handle_cases", "browse_catalog", "create_log"]}
            )
        if shortname == "auditor":
            draft.change(chance.moment(START, END - timedelta(days=60)), "dmart", {"is_active": False})
            draft.change(chance.moment(END - timedelta(days=40)), "dmart", {"is_active": True})
    for shortname, en, ar, ku, roles in GROUPS:
        world.entry(
            "management",
            "groups",
            shortname,
            "group",
            "dmart",
            chance.moment(OPENED, START),
            displayname=tr(en, ar, ku),
            roles=roles.split(),
        )


def _password(world: World) -> str:
    return f"$argon2id$v=19$m=102400,t=3,p=8${world.chance.token(22)}${world.chance.token(43)}"


def _write_users(world: World) -> None:
    chance = world.chance
    common: Json = {"is_email_verified": True, "is_msisdn_verified": True, "force_password_change": False}
    system = tr("System administrator", "مدير النظام", "بەڕێوەبەری سیستەم")
    world.entry(
        "management",
        "users",
        "dmart",
        "user",
        "dmart",
        OPENED,
        displayname=system,
        password=_password(world),
        email="admin@nalvand.example",
        **common,
        type="web",
        roles=["super_admin"],
        groups=[],
        language="english",
    )
    world.entry(
        "management",
        "users",
        "anonymous",
        "user",
        "dmart",
        OPENED,
        displayname=tr("Anyone", "زائر", "میوان"),
        **common,
        type="web",
        roles=["world"],
        groups=[],
        language="english",
    )
    bot = world.entry(
        "management",
        "users",
        "stock_bot",
        "user",
        "dmart",
        OPENED,
        displayname=tr("Stock counter"),
        tags=["bot"],
        password=_password(world),
        **common,
        type="bot",
        roles=["warehouse"],
        groups=[],
        language="english",
        firebase_token=chance.token(40),
    )
    bot.change(chance.moment(START), "dmart", {"firebase_token": chance.token(40)})
    for number, (shortname, en, ar, ku, roles, group, department, city, language) in enumerate(PEOPLE):
        born = chance.moment(OPENED, START)
        card: Json = {"department": department, "city": city, "extension": f"{210 + number}"}
        card |= {"started_on": born.date().isoformat(), "skills": chance.some(_SKILLS, 3)}
        contact = {"relation": chance.pick(("brother", "sister", "parent")), "phone": f"75000{10300 + number}"}
        draft = world.entry(
            "management",
            "users",
            shortname,
            "user",
            "dmart",
            born,
            body=card | {"emergency_contact": contact},
            schema="employee",
            displayname=tr(en, ar, ku),
            description=tr(f"{department}, {CITIES[city]['en']}"),
            password=_password(world),
            email=f"{shortname}@nalvand.example",
            msisdn=f"75000{20100 + number}",
            **(common | {"force_password_change": True}),
            type="web",
            roles=roles.split(),
            groups=[group],
            language=language,
        )
        first, *later = chance.moments(3, born + timedelta(days=1))
        draft.change(first, shortname, {"password": _password(world), "force_password_change": False})
        if number % 3 == 0:
            draft.change(later[0], "bahar", {"payload.body.extension": f"{310 + number}", "tags": ["first-aid"]})
        if number % 4 == 1:
            draft.change(later[1], "shilan", {"groups": [group, "on_call"]})
        if shortname == "omar":
            draft.change(later[1], "bahar", {"is_active": False, "description.en": "Left the company"})


_SKILLS: Final = ("forklift", "fibre splicing", "solar design", "English", "Arabic", "Kurdish", "accounting", "Python")
