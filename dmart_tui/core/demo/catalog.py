"""The catalog space: products, suppliers, price lists and tables."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from dmart_tui.core.demo import media, tables
from dmart_tui.core.demo.chance import END, START
from dmart_tui.core.demo.drafts import plain
from dmart_tui.core.demo.products import CATEGORIES, FAMILIES, REVISIONS, SUPPLIERS
from dmart_tui.core.demo.words import CITIES, tr

if TYPE_CHECKING:
    from dmart_tui.core.demo.drafts import Draft, Json
    from dmart_tui.core.demo.world import World

OPENED: Final = datetime(2024, 11, 3, 10, 2, 11, 804120)
IQD: Final = 1310


def open_catalog(world: World) -> None:
    """The space itself."""
    world.space(
        "catalog",
        "zainab",
        OPENED,
        ordinal=1,
        icon="box",
        displayname=tr("Catalog", "الكتالوج", "کەتەلۆگ"),
        description=tr(
            "What Nalvand Supply sells", "ما تبيعه شركة نالفاند للتجهيز", "ئەوەی کۆمپانیای نالڤەند دەیفرۆشێت"
        ),
    )


def write_catalog(world: World) -> None:
    """Suppliers, then products that point at them, then tables over both."""
    mark = world.at("catalog", "", "catalog")
    mark.change(world.chance.moment(START), "rezan", {"hide_folders": ["datasets"], "icon": "boxes"})
    _write_suppliers(world)
    _write_products(world)
    _write_datasets(world)


def _write_suppliers(world: World) -> None:
    chance = world.chance
    world.folder(
        "catalog",
        "",
        "suppliers",
        "zainab",
        OPENED,
        displayname=tr("Suppliers", "الموردون", "دابینکەران"),
        columns=(
            "shortname",
            "displayname.en",
            "payload.body.country",
            "payload.body.lead_time_days",
            "payload.body.rating",
        ),
        rendering={"content_schema_shortnames": ["supplier"], "icon": "truck", "allow_csv": True},
    )
    for number, (shortname, en, ar, ku, country, city, lead, categories) in enumerate(SUPPLIERS):
        when = chance.moment(OPENED, START)
        body = {
            "country": country,
            "city": city,
            "lead_time_days": lead,
            "rating": round(chance.random.uniform(3.0, 4.9), 1),
            "terms": chance.pick(("30 days net", "50 % in advance", "letter of credit")),
            "contacts": [{"role": "sales", "email": f"sales@{shortname.replace('_', '-')}.example"}],
        }
        draft = world.entry(
            "catalog",
            "suppliers",
            shortname,
            "content",
            chance.pick(("zainab", "dilan")),
            when,
            body=body,
            schema="supplier",
            displayname=tr(en, ar, ku),
            tags=categories.split(),
            slug=shortname.replace("_", "-"),
        )
        picture = media.bars([chance.random.uniform(2, 9) for _ in range(12)], media.PALETTE[number % 6])
        draft.attach(
            "media",
            "on_time",
            "mariam",
            chance.moment(START),
            data=picture,
            payload={"content_type": "image_png", "body": "on_time.png"},
            displayname=tr(
                "Deliveries on time, by month", "التسليم في الموعد شهريًا", "گەیاندن لە کاتی خۆیدا بەپێی مانگ"
            ),
        )
        for moment in chance.moments(chance.random.randint(0, 3), START):
            changes: Json = {"payload.body.rating": round(chance.random.uniform(2.6, 4.9), 1)}
            if chance.often(0.4):
                changes["payload.body.lead_time_days"] = max(1, lead + chance.random.randint(-3, 12))
            draft.change(moment, "mariam", changes)


def _write_products(world: World) -> None:
    chance = world.chance
    products = world.folder(
        "catalog",
        "",
        "products",
        "zainab",
        OPENED,
        displayname=tr("Products", "المنتجات", "بەرهەمەکان"),
        rendering={"content_resource_types": ["folder"], "expand_children": True, "icon": "boxes"},
    )
    when = chance.moment(START)
    products.attach(
        "media",
        "cover",
        "sara",
        when,
        data=media.shelf(1),
        payload={"content_type": "image", "body": "cover.png"},
        displayname=tr("Catalog cover"),
    )
    products.change(
        chance.moment(START), "zainab", {"payload.body.sort_by": "shortname", "payload.body.sort_type": "ascending"}
    )
    for shortname, (en, ar, ku, icon) in CATEGORIES.items():
        folder = world.folder(
            "catalog",
            "products",
            shortname,
            "zainab",
            OPENED,
            displayname=tr(en, ar, ku),
            columns=("shortname", "displayname.en", "payload.body.price.amount", "payload.body.status", "updated_at"),
            rendering={
                "content_schema_shortnames": ["product"],
                "icon": icon,
                "allow_csv": True,
                "unique_fields": [["payload.body.sku"]],
            },
        )
        folder.change(chance.moment(START), "dilan", {"payload.body.allow_upload_csv": True})
    solar = world.at("catalog", "products", "solar")
    roof = solar.attach(
        "media",
        "roof",
        "sara",
        when,
        data=media.shelf(2),
        payload={"content_type": "image", "body": "roof.png"},
        displayname=tr("On the roof"),
    )
    captions = {"displayname.ar": "على السطح", "displayname.ku": "لەسەر سەربان"}
    solar.change_attachment(roof, when + timedelta(days=2), "sara", captions)
    by_family: dict[str, list[Draft]] = {}
    for family in FAMILIES:
        by_family[family[1]] = [_write_product(world, family, index) for index in range(len(family[6]))]
    _relate_products(by_family)


def _write_product(world: World, family: tuple[object, ...], index: int) -> Draft:
    category, stem, letters, en, ar, ku, sizes, cheapest, purpose = family
    assert isinstance(sizes, tuple) and isinstance(cheapest, int)
    chance, size = world.chance, sizes[index]
    title = tr(str(en).format(size), str(ar).format(size), str(ku).format(size))
    when = chance.moment(OPENED, END - timedelta(days=120))
    price = round(cheapest * (size / sizes[0]) ** 0.8, 2)
    (first, second), (third, fourth) = chance.some(REVISIONS, 2, 2)
    text = f"**{title['en']}** for {purpose}.\n\n- {first}\n- {third}\n\nQuestions? Call extension 210."
    body = {
        "sku": f"{letters}-{size}-{chance.random.randint(100, 999)}",
        "status": "active",
        "price": {"amount": price, "currency": "USD"},
        "stock": {city: chance.random.randint(0, 140) for city in CITIES},
        "warranty_months": chance.pick((12, 24, 36)),
        "description": text,
        "specs": {"size": size, "weight_kg": round(1 + price / 40, 1), "origin_checked": chance.often(0.7)},
        "barcodes": [f"62{chance.random.randrange(10**11):011d}"],
    }
    draft = world.entry(
        "catalog",
        f"products/{category}",
        f"{stem}_{size}",
        "content",
        chance.pick(("zainab", "dilan")),
        when,
        body=body,
        schema="product",
        displayname=title if index else tr(title["en"]),
        tags=[str(category), str(stem)],
        slug=f"{stem}-{size}",
    )
    supplier = [s for s in SUPPLIERS if str(category) in s[7].split()]
    main = supplier[(index + len(str(stem))) % len(supplier)]
    draft.relate(world.at("catalog", "suppliers", main[0]), role="main supplier", since=when.date().isoformat())
    for moment in chance.moments(chance.random.randint(1, 7), when + timedelta(days=1)):
        changes: Json = {}
        for city in chance.some(list(CITIES), 2, 1):
            changes[f"payload.body.stock.{city}"] = chance.random.randint(0, 140)
        who = "stock_bot"
        if chance.often(0.35):
            price = round(price * chance.random.uniform(0.92, 1.09), 2)
            changes, who = {"payload.body.price.amount": price}, "mariam"
        elif chance.often(0.25):
            current = draft.value("payload.body.description")
            rewritten = current.replace(first, second) if first in current else current.replace(third, fourth)
            changes, who = {"payload.body.description": rewritten}, "dilan"
        elif chance.often(0.12):
            changes, who = {"tags": [str(category), chance.pick(("offer", "new", "bestseller", "عرض"))]}, "zainab"
        draft.change(moment, who, changes, dialect=chance.pick(("2024", "2024", "2024", "export", "port")))
    last = datetime.fromisoformat(draft.meta["updated_at"])
    if index == 0:
        draft.change(chance.moment(last), "zainab", {"displayname.ar": title["ar"], "displayname.ku": title["ku"]})
    elif chance.often(0.1):
        draft.change(chance.moment(last), "zainab", {"payload.body.status": "discontinued", "is_active": False})
    if index == 0 or chance.often(0.15):
        draft.attach(
            "media",
            "photo",
            "sara",
            chance.moment(when),
            data=media.shelf(size),
            payload={"content_type": "image_png", "body": "photo.png"},
            displayname=tr("In the warehouse"),
        )
    if index == 1:
        lines = (title["en"], "Nalvand Supply - data sheet", f"SKU {body['sku']}", f"For {purpose}", "Keep dry.")
        draft.attach(
            "media",
            "data_sheet",
            "dilan",
            chance.moment(when),
            payload={"content_type": "pdf", "body": "data_sheet.pdf"},
            data=media.pdf([line.encode("ascii", "replace").decode() for line in lines]),
        )
    if len(sizes) >= 4 and index == 2:
        remark = {
            "shop": "Erbil, Ring Road",
            "stars": chance.random.randint(2, 5),
            "remark": "الزبائن يسألون عنه كثيرًا.",
        }
        draft.attach(
            "json",
            "shop_feedback",
            "karwan",
            chance.moment(when),
            data=plain(remark),
            payload={"content_type": "json", "schema_shortname": "brochure_feedback", "body": "shop_feedback.json"},
            folder="attachments.brochure_feedback.json" if size % 4 else "",
        )
    return draft


def _relate_products(by_family: dict[str, list[Draft]]) -> None:
    for drafts in by_family.values():
        for smaller, larger in pairwise(drafts):
            larger.relate(smaller, role="smaller model")
    pairs = (
        ("panel", "inverter"),
        ("inverter", "battery"),
        ("charger", "battery"),
        ("switch", "ethernet"),
        ("router", "ethernet"),
        ("bridge", "switch"),
        ("splicer", "patch"),
        ("pump", "valve"),
        ("tank", "pump"),
        ("generator", "copper"),
        ("ups", "copper"),
    )
    for source, target in pairs:
        for index, draft in enumerate(by_family[source]):
            draft.relate(
                by_family[target][index % len(by_family[target])], role="goes well with", strength=3 - index % 3
            )


def _write_datasets(world: World) -> None:
    chance = world.chance
    world.folder(
        "catalog",
        "",
        "datasets",
        "mariam",
        START,
        displayname=tr("Tables", "الجداول", "خشتەکان"),
        rendering={"content_resource_types": ["content"], "icon": "table"},
    )
    products = world.under("catalog", "products")
    priced = []
    for draft in products:
        assert isinstance(draft.body, dict)
        amount = float(draft.body["price"]["amount"])
        priced.append((draft.body["sku"], draft.meta["displayname"]["en"], amount, amount * IQD))
    columns = ("sku", "name", "usd", "iqd")
    stock = [
        (f"2026-{1 + day // 28:02d}-{1 + day % 28:02d}", city, category, chance.random.randint(-40, 60))
        for day in range(56)
        for city in CITIES
        for category in CATEGORIES
    ]
    movement = ("day", "city", "category", "pieces")
    suppliers = [(s[0], s[1], s[4], s[6]) for s in SUPPLIERS]
    book = tables.sqlite_bytes(
        {
            "products": (columns, list(priced)),
            "movements": (movement, list(stock)),
            "suppliers": (("shortname", "name", "country", "lead_days"), list(suppliers)),
        }
    )
    files = (
        (
            "price_list",
            "csv",
            "csv",
            tables.csv_bytes(columns, list(priced)),
            "price_row",
            tr("Price list", "قائمة الأسعار", "لیستی نرخ"),
        ),
        (
            "movements",
            "jsonl",
            "jsonl",
            tables.jsonl_bytes(movement, list(stock)),
            None,
            tr("Stock movements", "حركة المخزون", "جووڵەی کۆگا"),
        ),
        ("stock_book", "sqlite", "sqlite", book, None, tr("Stock book", "دفتر المخزون", "دەفتەری کۆگا")),
        (
            "movements_2026",
            "parquet",
            "parquet",
            tables.parquet_bytes(movement, list(stock)),
            None,
            tr("Movements of 2026", "حركة 2026", "جووڵەی ٢٠٢٦"),
        ),
    )
    for shortname, kind, extension, data, schema, title in files:
        draft = world.entry(
            "catalog",
            "datasets",
            shortname,
            "content",
            "mariam",
            chance.moment(START),
            body=data,
            schema=schema,
            content_type=kind,
            extension=extension,
            displayname=title,
            tags=["data"],
        )
        draft.relate(products[0], role="covers")
    model = world.entry(
        "catalog",
        "datasets",
        "quarter",
        "content",
        "mariam",
        START,
        content_type="markdown",
        body="# Quarter\n\nThe tables attached here cover **January to March**.",
        displayname=tr("Quarter", "الربع", "چارەک"),
    )
    for shortname, kind, extension, data, schema, title in files:
        payload = {"content_type": kind, "body": f"{shortname}.{extension}"}
        if schema:
            payload["schema_shortname"] = schema
        model.attach(kind, shortname, "mariam", chance.moment(START), payload=payload, data=data, displayname=title)
