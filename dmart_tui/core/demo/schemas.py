"""The schemas of the company's spaces: one for each kind of payload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.demo.chance import START
from dmart_tui.core.demo.drafts import Json
from dmart_tui.core.demo.words import tr

if TYPE_CHECKING:
    from dmart_tui.core.demo.world import World

DRAFT: Final = "http://json-schema.org/draft-07/schema#"

TEXT: Final[Json] = {"type": "string"}
NAME: Final[Json] = {"type": "string", "minLength": 1}
FLAG: Final[Json] = {"type": "boolean"}
WHOLE: Final[Json] = {"type": "integer", "minimum": 0}
NUMBER: Final[Json] = {"type": "number", "minimum": 0}
DAY: Final[Json] = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
DIGITS: Final[Json] = {"type": "string", "pattern": "^[0-9]+([.][0-9]+)?$"}
CITY: Final[Json] = {"type": "string", "enum": ["erbil", "basra", "dubai"]}


def many(item: Json) -> Json:
    """A list of `item`."""
    return {"type": "array", "items": item}


def one_of(*values: str) -> Json:
    """One of some words."""
    return {"type": "string", "enum": list(values)}


def shape(required: str = "", /, *, open_ended: bool = False, **properties: Json) -> Json:
    """An object; `required` names its needed keys, separated by spaces."""
    made: Json = {"type": "object", "properties": properties}
    if required:
        made["required"] = required.split()
    if not open_ended:
        made["additionalProperties"] = False
    return made


_COLUMN: Final = shape("key name", key=TEXT, name=TEXT)
_STEP: Final = shape("state", roles=many(TEXT), action=TEXT, state=TEXT, to=TEXT, resolution_required=FLAG)
_WORDS: Final = shape("key", key=TEXT, en=TEXT, ar=TEXT, ku=TEXT)
_STATE: Final = shape(
    "name state",
    name=TEXT,
    state=TEXT,
    next=many(_STEP),
    resolutions=many({"anyOf": [TEXT, _WORDS]}),
)

_META_SCHEMA: Final = shape(
    "",
    open_ended=True,
    title=TEXT,
    description=TEXT,
    type={"anyOf": [TEXT, many(TEXT)]},
    properties={"type": "object", "additionalProperties": {"type": ["object", "boolean"]}},
    required=many(TEXT),
    additionalProperties={"type": ["object", "boolean"]},
)

_FOLDER: Final = shape(
    "index_attributes",
    shortname_title=TEXT,
    index_attributes=many(_COLUMN),
    search_columns=many(_COLUMN),
    csv_columns=many(_COLUMN),
    sort_by=TEXT,
    sort_type=one_of("ascending", "descending"),
    query=shape("", type=one_of("subpath", "search"), search=TEXT, filter_types=many(TEXT)),
    filter=many(TEXT),
    append_subpath=TEXT,
    expand_children=FLAG,
    disable_filter=FLAG,
    stream=FLAG,
    icon=TEXT,
    icon_opened=TEXT,
    icon_closed=TEXT,
    content_resource_types=many(TEXT),
    content_schema_shortnames=many(TEXT),
    workflow_shortnames=many(TEXT),
    unique_fields=many(many(TEXT)),
    enable_pdf_schema_shortnames=many(TEXT),
    allow_view=FLAG,
    allow_create=FLAG,
    allow_create_category=FLAG,
    allow_update=FLAG,
    allow_delete=FLAG,
    allow_csv=FLAG,
    allow_upload_csv=FLAG,
    use_media=FLAG,
)

_PRICE: Final = shape("amount currency", amount=NUMBER, currency=one_of("USD", "IQD", "AED"))

# space, shortname, title, and the document
SCHEMAS: Final[tuple[tuple[str, str, str, Json], ...]] = (
    ("management", "meta_schema", "Schema of schemas", _META_SCHEMA),
    ("management", "folder_rendering", "How a folder lists its children", _FOLDER),
    (
        "management",
        "workflow",
        "Ticket workflow",
        shape(
            "name initial_state states",
            name=TEXT,
            illustration=TEXT,
            initial_state=many(shape("name roles", name=TEXT, roles=many(TEXT))),
            states=many(_STATE),
        ),
    ),
    (
        "management",
        "employee",
        "Employee card",
        shape(
            "department city started_on",
            department=NAME,
            city=CITY,
            extension={"type": "string", "pattern": "^[0-9]{3}$"},
            started_on=DAY,
            skills=many(TEXT),
            emergency_contact=shape("relation", relation=TEXT, phone=TEXT),
        ),
    ),
    (
        "management",
        "announcement",
        "Announcement to all users",
        shape("subject channels", subject=NAME, channels=many(one_of("web", "mobile", "email")), expires_on=DAY),
    ),
    (
        "catalog",
        "product",
        "Product",
        shape(
            "sku status price stock warranty_months description",
            sku={"type": "string", "pattern": "^[A-Z]{3}-[0-9A-Z-]+$"},
            status=one_of("active", "preorder", "discontinued"),
            price=_PRICE,
            stock=shape("erbil basra dubai", erbil=WHOLE, basra=WHOLE, dubai=WHOLE),
            warranty_months={"type": "integer", "minimum": 0, "maximum": 120},
            description=TEXT,
            specs={"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}},
            barcodes=many({"type": "string", "pattern": "^[0-9]{13}$"}),
        ),
    ),
    (
        "catalog",
        "supplier",
        "Supplier",
        shape(
            "country city lead_time_days rating",
            country=NAME,
            city=NAME,
            lead_time_days={"type": "integer", "minimum": 1, "maximum": 180},
            rating={"type": "number", "minimum": 0, "maximum": 5},
            terms=TEXT,
            contacts=many(shape("role email", role=TEXT, email=TEXT)),
        ),
    ),
    (
        "catalog",
        "price_row",
        "A row of a price list",
        shape("sku usd iqd", sku=NAME, name=TEXT, usd=DIGITS, iqd=DIGITS),
    ),
    (
        "catalog",
        "brochure_feedback",
        "What a shop said about a product",
        shape("shop stars", shop=NAME, stars={"type": "integer", "minimum": 1, "maximum": 5}, remark=TEXT),
    ),
    (
        "support",
        "customer",
        "Customer",
        shape(
            "kind city since tier",
            kind=NAME,
            city=CITY,
            since=DAY,
            tier=one_of("standard", "silver", "gold"),
            phone={"type": "string", "pattern": "^[0-9]{10}$"},
            credit_limit=_PRICE,
            notes=TEXT,
        ),
    ),
    (
        "support",
        "case",
        "Support case",
        shape(
            "topic priority channel problem",
            topic=NAME,
            priority=one_of("low", "normal", "high", "urgent"),
            channel=one_of("phone", "web", "shop", "email"),
            problem=TEXT,
            serial=TEXT,
            visits=many(shape("on by", on=DAY, by=TEXT, note=TEXT)),
            cost=_PRICE,
        ),
    ),
    (
        "support",
        "goods_return",
        "Return of goods",
        shape(
            "reason quantity",
            reason=one_of("faulty", "wrong_item", "not_needed", "damaged_in_transit"),
            quantity={"type": "integer", "minimum": 1},
            refund=_PRICE,
            condition=TEXT,
        ),
    ),
    (
        "docs",
        "page_card",
        "Facts about a page",
        shape("audience", audience=one_of("customers", "staff"), reading_minutes=WHOLE, review_on=DAY),
    ),
    (
        "operations",
        "warehouse",
        "Warehouse",
        shape(
            "city area_m2 docks",
            city=CITY,
            area_m2=WHOLE,
            docks=WHOLE,
            temperature_controlled=FLAG,
            location=shape("latitude longitude", latitude={"type": "number"}, longitude={"type": "number"}),
            opening=shape("", open_ended=True),
        ),
    ),
    (
        "operations",
        "vehicle",
        "Vehicle",
        shape("plate kind capacity_kg", plate=NAME, kind=NAME, capacity_kg=WHOLE, odometer_km=WHOLE, service_due=DAY),
    ),
    (
        "operations",
        "shipment",
        "Shipment",
        shape(
            "origin to status parcels weight_kg",
            origin=CITY,
            to=CITY,
            status=one_of("planned", "loading", "on_the_road", "at_customs", "delivered"),
            parcels=WHOLE,
            weight_kg=NUMBER,
            eta=DAY,
            seals=many(TEXT),
            remarks=TEXT,
        ),
    ),
    (
        "operations",
        "scan",
        "One line of a scanner's log",
        shape("at device code", at=TEXT, device=NAME, code=NAME, dock=WHOLE, ok=FLAG),
    ),
    (
        "operations",
        "parcel",
        "Parcel",
        shape(
            "code city weight_kg status",
            code=NAME,
            city=CITY,
            weight_kg=NUMBER,
            status=one_of("received", "sorted", "out", "delivered", "returned"),
            shelf=TEXT,
        ),
    ),
)


def write_schemas(world: World) -> None:
    """The schema folders and every schema; the spaces exist already."""
    spaces = list(dict.fromkeys(space for space, *_rest in SCHEMAS))
    for space in spaces:
        world.folder(
            space,
            "",
            "schema",
            "dmart",
            START,
            displayname=tr("Schemas", "المخططات", "نەخشەکان"),
            rendering={"content_resource_types": ["schema"], "icon": "braces"},
        )
    for space, shortname, title, document in SCHEMAS:
        head: dict[str, Any] = {"$schema": DRAFT, "title": title}
        world.entry(
            space,
            "schema",
            shortname,
            "schema",
            "dmart",
            world.chance.moment(START, START.replace(day=20)),
            body=head | document,
            schema="meta_schema",
            by_hand=True,
            displayname={"en": title},
        )
