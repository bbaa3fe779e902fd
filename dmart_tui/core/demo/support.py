"""The support space: customers, cases and returns that move through their workflows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from dmart_tui.core.demo import cases, media
from dmart_tui.core.demo.chance import END, START
from dmart_tui.core.demo.rights import AGENTS, KEEPERS, PEOPLE
from dmart_tui.core.demo.words import CITIES, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dmart_tui.core.demo.drafts import Draft, Json
    from dmart_tui.core.demo.world import World

OPENED: Final = datetime(2024, 12, 1, 8, 30, 5, 220031)
_LANGUAGE: Final = {person[0]: person[8] for person in PEOPLE}
_CASES: Final = 96
_RETURNS: Final = 22
_CUSTOMERS: Final = 40


def open_support(world: World) -> None:
    """The space itself."""
    world.space(
        "support",
        "shilan",
        OPENED,
        ordinal=2,
        icon="lifebuoy",
        displayname=tr("Support", "الدعم", "پشتگیری"),
        description=tr("Customers and their troubles", "الزبائن ومشاكلهم", "کڕیاران و کێشەکانیان"),
    )


def write_support(world: World) -> None:
    """Workflows, then customers, then the tickets about them."""
    workflows = {"support_case": cases.CASE_FLOW, "goods_return": cases.RETURN_FLOW}
    world.folder(
        "support",
        "",
        "workflows",
        "dmart",
        OPENED,
        displayname=tr("Workflows", "سير العمل", "ڕەوتەکانی کار"),
        rendering={"content_schema_shortnames": ["workflow"]},
    )
    for shortname, document in workflows.items():
        world.entry(
            "support",
            "workflows",
            shortname,
            "content",
            "dmart",
            OPENED,
            body=dict(document),
            schema="workflow",
            by_hand=True,
            displayname=tr(str(document["name"])),
        )
    customers = _write_customers(world)
    _write_cases(world, customers)
    _write_returns(world, customers)


def _write_customers(world: World) -> list[Draft]:
    chance = world.chance
    world.folder(
        "support",
        "",
        "customers",
        "shilan",
        OPENED,
        displayname=tr("Customers", "الزبائن", "کڕیاران"),
        columns=("shortname", "displayname.en", "payload.body.city", "payload.body.tier"),
        rendering={"content_schema_shortnames": ["customer"], "icon": "users", "allow_csv": True},
    )
    pairs = [(kind, name) for name in cases.NAMES for kind in cases.KINDS]
    customers = []
    for kind, name in chance.some(pairs, _CUSTOMERS, _CUSTOMERS):
        (en, ar, ku), city, when = cases.KINDS[kind], chance.pick(list(CITIES)), chance.moment(OPENED, START)
        body: Json = {
            "kind": kind,
            "city": city,
            "since": when.date().isoformat(),
            "tier": "standard",
            "phone": f"75000{chance.random.randint(30000, 39999)}",
            "credit_limit": {"amount": chance.random.randrange(500, 9000, 250), "currency": "USD"},
        }
        draft = world.entry(
            "support",
            "customers",
            f"{name[0]}_{kind}",
            "content",
            chance.pick(AGENTS[city]),
            when,
            body=body,
            schema="customer",
            displayname=tr(f"{name[1]} {en}", f"{ar} {name[2]}", f"{ku} {name[3]}"),
            tags=[kind, city],
        )
        first, second, third = chance.moments(3, START)
        if chance.often(0.4):
            draft.change(first, "mariam", {"payload.body.tier": "silver"})
            if chance.often(0.4):
                limit = body["credit_limit"]["amount"] * 2
                draft.change(second, "mariam", {"payload.body.tier": "gold", "payload.body.credit_limit.amount": limit})
        if chance.often(0.2):
            draft.change(second + timedelta(minutes=20), "shilan", {"tags": [kind, city, "vip", "هام"]})
        if chance.often(0.12):
            draft.change(third, "shilan", {"payload.body.notes": "Pays late; ask for a deposit.", "is_active": False})
        customers.append(draft)
    return customers


def _write_cases(world: World, customers: list[Draft]) -> None:
    chance = world.chance
    top = world.folder(
        "support",
        "",
        "cases",
        "shilan",
        OPENED,
        displayname=tr("Cases", "الحالات", "کەیسەکان"),
        rendering={"content_resource_types": ["folder"], "expand_children": True, "icon": "ticket"},
    )
    top.change(chance.moment(START), "shilan", {"payload.body.sort_by": "updated_at"})
    for city, name in CITIES.items():
        world.folder(
            "support",
            "cases",
            city,
            "shilan",
            OPENED,
            displayname=dict(name),
            columns=("shortname", "displayname.en", "state", "payload.body.priority", "updated_at"),
            rendering={
                "content_resource_types": ["ticket"],
                "content_schema_shortnames": ["case"],
                "workflow_shortnames": ["support_case"],
            },
        )
    for _number in range(_CASES):
        _write_case(world, chance.pick(customers))


def _write_case(world: World, customer: Draft) -> None:
    chance = world.chance
    city = customer.value("payload.body.city")
    stem, en, ar, ku, *said = chance.pick(cases.PROBLEMS)
    product = chance.pick([draft for draft in world.under("catalog", "products") if stem in draft.shortname])
    when, agent = chance.moment(START, END - timedelta(days=3)), chance.pick(AGENTS[city])
    body: Json = {
        "topic": stem,
        "priority": chance.pick(("low", "normal", "normal", "high", "urgent")),
        "channel": chance.pick(("phone", "web", "shop", "email")),
        "problem": chance.pick(said),
    }
    reporter = {"type": "customer", "name": customer.meta["displayname"]["ar"], "channel": body["channel"]}
    draft = world.entry(
        "support",
        f"cases/{city}",
        "",
        "ticket",
        agent,
        when,
        body=body,
        schema="case",
        displayname=tr(en, ar, ku),
        tags=[stem, body["priority"]],
        state="new",
        is_open=True,
        reporter=reporter | {"governorate": city, "msisdn": customer.value("payload.body.phone")},
        workflow_shortname="support_case",
    )
    draft.relate(customer, role="reported by")
    draft.relate(product, role="about", quantity=chance.random.randint(1, 4))
    path = chance.pick((cases.CASE_PATH, cases.CASE_PATH, cases.CASE_SHORT, cases.CASE_REJECTED))
    done = path[: chance.random.randint(0, len(path))] if chance.often(0.45) else path
    moment = _walk(draft, done, when, agent, "shilan")
    if len(done) > 1 and chance.often(0.6):
        visit = {"on": moment.date().isoformat(), "by": "lana", "note": "Fuse and firmware checked"}
        changes: Json = {
            "payload.body.serial": f"SN{chance.random.randrange(10**8):08d}",
            "payload.body.visits": [visit],
        }
        draft.change(chance.moment(moment), agent, changes)
    if chance.often(0.15):
        updated = datetime.fromisoformat(draft.meta["updated_at"])
        draft.change(chance.moment(updated), "shilan", {"owner_shortname": chance.pick(AGENTS[city])})
    _attach_evidence(draft, agent, when)


def _walk(draft: Draft, path: Sequence[tuple[str, str, str]], when: datetime, agent: str, lead: str) -> datetime:
    """Move a ticket along its path; gives the time of the last step."""
    chance, moment = draft.chance, when
    for number, (_action, state, resolution) in enumerate(path):
        moment = min(chance.moment(moment, moment + timedelta(days=4)), END - timedelta(hours=1, minutes=20 - number))
        who = lead if state in cases.CLOSED else agent
        if number == 0:
            draft.change(moment, who, {"collaborators.processed_by": who})
            draft.change(moment + timedelta(milliseconds=8), who, {"lock_type": "lock"})
        changes: Json = {"state": state}
        if resolution:
            changes["resolution_reason"] = resolution
        said = chance.pick(cases.REMARKS[_LANGUAGE[who]]) if chance.often(0.6) else ""
        if said:
            changes["comment"] = said
        moment += timedelta(seconds=40)
        draft.change(moment, who, changes, request="progress_ticket")
        # The server sets this beside the state and records no change of it.
        draft.meta["is_open"] = state not in cases.CLOSED
        if said:
            _comment(draft, f"c_{moment:%Y%m%d%H%M%S}", who, moment, said, state)
        if number == 0:
            draft.change(moment + timedelta(seconds=3), who, {"lock_type": "unlock"})
    return moment


def _comment(draft: Draft, shortname: str, who: str, when: datetime, text: str, state: str) -> None:
    """A comment as its year kept it: its own fields first, in the payload since the summer of 2025."""
    if when < datetime(2025, 8, 1):
        draft.attach("comment", shortname, who, when, body=text, state=state)
    else:
        payload: Json = {"content_type": "comment", "body": {"body": text, "state": state}}
        draft.attach("comment", shortname, who, when, payload=payload)


def _attach_evidence(draft: Draft, agent: str, when: datetime) -> None:
    chance = draft.chance
    later = when + timedelta(hours=2)
    if chance.often(0.35):
        photo = draft.attach(
            "media",
            "photo",
            agent,
            later,
            data=media.shelf(chance.random.randrange(1000)),
            payload={"content_type": "image", "body": "photo.png"},
            displayname=tr("Photo from the customer", "صورة من الزبون", "وێنە لە کڕیارەوە"),
        )
        if chance.often(0.5):
            draft.change_attachment(
                photo, later + timedelta(days=1), agent, {"displayname.en": "The label on the back"}
            )
    if chance.often(0.12):
        draft.attach(
            "media",
            "recording",
            agent,
            later,
            data=media.chime([chance.pick((392, 440, 523, 587, 659)) for _ in range(4)]),
            payload={"content_type": "audio", "body": "recording.wav"},
            displayname=tr("Noise it makes", "الصوت الذي يصدره", "ئەو دەنگەی دەیدات"),
        )
    if chance.often(0.2):
        kind = chance.pick(("like", "love", "care", "sad"))
        if later < datetime(2025, 8, 1):
            draft.attach("reaction", f"r_{agent}", agent, later, type=kind)
        else:
            draft.attach(
                "reaction", f"r_{agent}", agent, later, payload={"content_type": "reaction", "body": {"type": kind}}
            )


def _write_returns(world: World, customers: list[Draft]) -> None:
    chance = world.chance
    world.folder(
        "support",
        "",
        "returns",
        "shilan",
        OPENED,
        displayname=tr("Returns", "المرتجعات", "گەڕاوەکان"),
        columns=("shortname", "state", "payload.body.reason", "payload.body.refund.amount"),
        rendering={"content_resource_types": ["ticket"], "workflow_shortnames": ["goods_return"]},
    )
    products = world.under("catalog", "products")
    origins = [draft for draft in world.under("support", "cases") if draft.meta["state"] == "closed"]
    for number in range(_RETURNS):
        when, customer, product = (
            chance.moment(START, END - timedelta(days=15)),
            chance.pick(customers),
            chance.pick(products),
        )
        city = customer.value("payload.body.city")
        reason = chance.pick(("faulty", "wrong_item", "not_needed", "damaged_in_transit"))
        draft = world.entry(
            "support",
            "returns",
            f"return_{1001 + number}",
            "ticket",
            chance.pick(AGENTS[city]),
            when,
            body={"reason": reason, "quantity": chance.random.randint(1, 6)},
            schema="goods_return",
            displayname=tr(f"Return of {product.meta['displayname']['en']}"),
            tags=[city],
            state="requested",
            is_open=True,
            workflow_shortname="goods_return",
        )
        draft.relate(product, role="returned")
        draft.relate(customer, role="returned by")
        if origins and chance.often(0.5):
            draft.relate(chance.pick(origins), role="follows")
        path = cases.RETURN_DECLINED if chance.often(0.2) else cases.RETURN_PATH
        done = path[: chance.random.randint(0, 2)] if chance.often(0.3) else path
        moment = _walk(draft, done, when, KEEPERS[city] if len(done) > 1 else "shilan", "shilan")
        if draft.meta["state"] == "refunded":
            refund = {"amount": product.value("payload.body.price.amount"), "currency": "USD"}
            changes = {"payload.body.refund.amount": refund["amount"], "payload.body.refund.currency": "USD"}
            draft.change(moment + timedelta(minutes=9), "mariam", changes)
