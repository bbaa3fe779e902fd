"""The operations space: warehouses, vehicles, shipments, scanner logs and reports."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from dmart_tui.core.demo import media, tables
from dmart_tui.core.demo.chance import END, START, stamp
from dmart_tui.core.demo.rights import KEEPERS
from dmart_tui.core.demo.words import CITIES, tr

if TYPE_CHECKING:
    from dmart_tui.core.demo.drafts import Draft, Json
    from dmart_tui.core.demo.world import World

OPENED: Final = datetime(2024, 10, 20, 7, 45, 0, 90011)
_PLACES: Final = {"erbil": (36.19, 44.01), "basra": (30.51, 47.78), "dubai": (25.2, 55.27)}
_KINDS: Final = (("van", "فان", "ڤان", 1200), ("truck", "شاحنة", "بارهەڵگر", 9000), ("pickup", "بيك أب", "پیکاب", 900))
_SHIPMENTS: Final = 64
_STEPS: Final = ("loading", "on_the_road", "at_customs", "delivered")


def open_operations(world: World) -> None:
    """The space itself."""
    world.space(
        "operations",
        "rezan",
        OPENED,
        ordinal=4,
        icon="truck",
        displayname=tr("Operations", "العمليات", "کارپێکردن"),
        description=tr("Warehouses, vehicles and what moves", "المستودعات والمركبات وما ينقل", "کۆگا، ئۆتۆمبێل و بار"),
    )


def write_operations(world: World) -> None:
    """Everything that stands or moves."""
    titles = {
        "warehouses": tr("Warehouses", "المستودعات", "کۆگاکان"),
        "vehicles": tr("Vehicles", "المركبات", "ئۆتۆمبێلەکان"),
        "shipments": tr("Shipments", "الشحنات", "بارەکان"),
        "logs": tr("Logs", "السجلات", "تۆمارەکان"),
        "reports": tr("Reports", "التقارير", "ڕاپۆرتەکان"),
    }
    for shortname, title in titles.items():
        world.folder("operations", "", shortname, "rezan", OPENED, displayname=title)
    warehouses = _write_warehouses(world)
    vehicles = _write_vehicles(world, warehouses)
    _write_shipments(world, warehouses, vehicles)
    _write_logs(world, warehouses)
    _write_reports(world, warehouses)


def _write_warehouses(world: World) -> dict[str, Draft]:
    chance, made = world.chance, {}
    for city, name in CITIES.items():
        latitude, longitude = _PLACES[city]
        body: Json = {
            "city": city,
            "area_m2": chance.random.randrange(1200, 6000, 100),
            "docks": 3,
            "temperature_controlled": city == "dubai",
            "location": {"latitude": latitude, "longitude": longitude},
            "opening": {"sat_thu": "07:00-18:00"},
        }
        draft = world.entry(
            "operations",
            "warehouses",
            city,
            "content",
            KEEPERS[city],
            OPENED,
            body=body,
            schema="warehouse",
            displayname=tr(f"{name['en']} warehouse", f"مستودع {name['ar']}", f"کۆگای {name['ku']}"),
        )
        plan = media.floor_plan(f"{name['en']} warehouse").encode()
        draft.attach(
            "media", "plan", KEEPERS[city], OPENED, data=plan, payload={"content_type": "image_svg", "body": "plan.svg"}
        )
        draft.attach(
            "media",
            "aisle",
            KEEPERS[city],
            OPENED,
            data=media.shelf(round(latitude)),
            payload={"content_type": "image", "body": "aisle.png"},
        )
        draft.change(chance.moment(START, END - timedelta(days=100)), "rezan", {"payload.body.docks": 4})
        changes = {"payload.body.opening.sat_thu": "07:00-20:00", "payload.body.opening.fri": "closed"}
        draft.change(chance.moment(END - timedelta(days=90)), "rezan", changes)
        made[city] = draft
    return made


def _write_vehicles(world: World, warehouses: dict[str, Draft]) -> list[Draft]:
    chance = world.chance
    for number in range(9):
        city = list(CITIES)[number % 3]
        kind, ar, ku, capacity = _KINDS[number // 3]
        odometer = chance.random.randint(8000, 150000)
        body = {
            "plate": f"{21 + number} N {4010 + 37 * number}",
            "kind": kind,
            "capacity_kg": capacity,
            "odometer_km": odometer,
        }
        draft = world.entry(
            "operations",
            "vehicles",
            f"{kind}_{number + 1}",
            "content",
            "ahmed",
            OPENED,
            body=body,
            schema="vehicle",
            displayname=tr(f"{kind.capitalize()} {number + 1}", f"{ar} {number + 1}", f"{ku} {number + 1}"),
            tags=[city],
        )
        draft.relate(warehouses[city], role="stands at")
        for moment in chance.moments(5, START):
            odometer += chance.random.randint(900, 7000)
            changes: Json = {"payload.body.odometer_km": odometer}
            if chance.often(0.4):
                changes["payload.body.service_due"] = (moment + timedelta(days=90)).date().isoformat()
            draft.change(moment, "ahmed", changes)
    return world.under("operations", "vehicles")


def _write_shipments(world: World, warehouses: dict[str, Draft], vehicles: list[Draft]) -> None:
    chance = world.chance
    cities = list(CITIES)
    returns, suppliers = world.under("support", "returns"), world.under("catalog", "suppliers")
    for number in range(_SHIPMENTS):
        source, target = chance.random.sample(cities, 2)
        when = chance.moment(START, END - timedelta(days=4))
        body: Json = {
            "origin": source,
            "to": target,
            "status": "planned",
            "parcels": chance.random.randint(4, 260),
            "weight_kg": round(chance.random.uniform(80, 8800), 1),
            "eta": (when + timedelta(days=4)).date().isoformat(),
        }
        draft = world.entry(
            "operations",
            "shipments",
            f"ship_{2301 + number}",
            "content",
            KEEPERS[source],
            when,
            body=body,
            schema="shipment",
            displayname=tr(
                f"{CITIES[source]['en']} to {CITIES[target]['en']}", f"{CITIES[source]['ar']} ← {CITIES[target]['ar']}"
            ),
            tags=[source, target],
        )
        draft.relate(warehouses[source], role="from")
        draft.relate(warehouses[target], role="to")
        draft.relate(chance.pick(vehicles), role="carried by")
        if chance.often(0.3):
            draft.relate(chance.pick(suppliers), role="goods of")
        if chance.often(0.2):
            draft.relate(chance.pick(returns), role="brings back")
        moment = when
        for step in _STEPS[: len(_STEPS) if chance.often(0.8) else chance.random.randint(0, 3)]:
            moment = min(chance.moment(moment, moment + timedelta(days=2)), END)
            changes: Json = {"payload.body.status": step}
            if step == "loading":
                changes["payload.body.seals"] = [f"S{chance.random.randrange(10**6):06d}" for _ in range(2)]
            if step == "at_customs":
                seals = draft.value("payload.body.seals")
                changes["payload.body.seals"] = [seals[0], f"S{chance.random.randrange(10**6):06d}"]
                changes["payload.body.remarks"] = "One seal replaced by customs"
            draft.change(moment, KEEPERS[target if step == "delivered" else source], changes)


def _write_logs(world: World, warehouses: dict[str, Draft]) -> None:
    chance = world.chance
    for city, warehouse in warehouses.items():
        for month in (1, 2, 3):
            begin = datetime(2026, month, 1, 7, 0, 0, 512003)
            moments = chance.moments(120, begin, begin + timedelta(days=22))
            lines = [
                {
                    "at": stamp(moment),
                    "device": f"gun_{chance.random.randint(1, 6)}",
                    "code": f"{chance.random.randrange(10**9):09d}",
                    "dock": chance.random.randint(1, 4),
                    "ok": not chance.often(0.04),
                }
                for moment in moments
            ]
            draft = world.entry(
                "operations",
                "logs",
                f"scans_{city}_2026_{month:02d}",
                "log",
                KEEPERS[city],
                moments[0],
                body=b"\n".join(json.dumps(line).encode() for line in lines),
                schema="scan",
                extension="jsonl",
                displayname=tr(f"Scans, {CITIES[city]['en']}, {begin:%B}"),
                tags=[city],
            )
            draft.meta["updated_at"] = stamp(moments[-1])
            draft.relate(warehouse, role="written at")


def _write_reports(world: World, warehouses: dict[str, Draft]) -> None:
    chance = world.chance
    for month in range(1, 4):
        days = [(day, round(chance.random.uniform(60, 99), 1), chance.random.randint(3, 40)) for day in range(1, 29)]
        draft = world.entry(
            "operations",
            "reports",
            f"delivery_2026_{month:02d}",
            "content",
            "mariam",
            datetime(2026, month, 20, 16, 5, 1, 8000),
            body=f"# Deliveries, 2026-{month:02d}\n\nOn time: **{sum(d[1] for d in days) / len(days):.1f} %**\n\n"
            "- Customs took longer than planned.\n- No parcel was lost.",
            content_type="markdown",
            displayname=tr(f"Deliveries 2026-{month:02d}", f"التسليم 2026-{month:02d}", f"گەیاندن 2026-{month:02d}"),
            tags=["report"],
            acl=[{"user_shortname": "mariam", "allowed_actions": ["view", "update"]}],
        )
        when = datetime(2026, month, 20, 16, 30)
        columns = ("day", "on_time", "parcels")
        rows: tables.Rows = list(days)
        draft.attach(
            "csv",
            "days",
            "mariam",
            when,
            data=tables.csv_bytes(columns, rows),
            payload={"content_type": "csv", "body": "days.csv"},
        )
        draft.attach(
            "parquet",
            "days_parquet",
            "mariam",
            when,
            data=tables.parquet_bytes(columns, rows),
            payload={"content_type": "parquet", "body": "days_parquet.parquet"},
        )
        chart = media.curve([day[1] for day in days])
        draft.attach(
            "media", "chart", "mariam", when, data=chart, payload={"content_type": "image_png", "body": "chart.png"}
        )
        for warehouse in warehouses.values():
            draft.relate(warehouse, role="covers")
        text = draft.value("payload.body")
        draft.change(
            when + timedelta(hours=2),
            "rezan",
            {"payload.body": text.replace("No parcel was lost.", "One parcel was lost and found.")},
        )
        acl = [
            {"user_shortname": "mariam", "allowed_actions": ["view", "update"]},
            {"user_shortname": "rezan", "allowed_actions": ["view"]},
        ]
        draft.change(when + timedelta(hours=3), "mariam", {"acl": acl})
