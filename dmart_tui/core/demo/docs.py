"""The docs space: a blog whose posts were rewritten, pages and files of every readable kind."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from dmart_tui.core.demo import articles, media
from dmart_tui.core.demo.chance import END, START
from dmart_tui.core.demo.words import tr

if TYPE_CHECKING:
    from dmart_tui.core.demo.drafts import Draft, Json
    from dmart_tui.core.demo.world import World

OPENED: Final = datetime(2025, 1, 12, 9, 0, 44, 118200)
_WRITERS: Final = ("sara", "bahar", "lana", "dilan")
_READERS: Final = ("haval", "noor", "hassan", "karwan", "mariam", "rezan")
_REPLIES: Final = (
    "Printed it for the shop. Customers ask for more copies.",
    "الجدول مفيد جدًا، شكرًا.",
    "زۆر سوپاس، دەتوانین بیکەین بە کوردیش؟",
    "Please add the model numbers.",
    "هل يمكن إضافة صورة؟",
)


def open_docs(world: World) -> None:
    """The space itself."""
    world.space(
        "docs",
        "sara",
        OPENED,
        ordinal=3,
        icon="book",
        displayname=tr("Docs and blog", "الوثائق والمدونة", "بەڵگەنامە و بلۆگ"),
        description=tr("What we know, written down", "ما نعرفه، مكتوبًا", "ئەوەی دەیزانین، بە نووسراوی"),
    )


def write_docs(world: World) -> None:
    """Posts, pages, guides."""
    titles = {
        "posts": tr("Posts", "المقالات", "بابەتەکان"),
        "pages": tr("Pages", "الصفحات", "پەڕەکان"),
        "guides": tr("Guides", "الأدلة", "ڕێبەرەکان"),
    }
    for shortname, title in titles.items():
        world.folder(
            "docs",
            "",
            shortname,
            "sara",
            OPENED,
            displayname=title,
            columns=("shortname", "displayname.en", "tags", "owner_shortname", "updated_at"),
            rendering={"content_resource_types": ["post", "content"], "use_media": True},
        )
    posts = [_write_post(world, number, post) for number, post in enumerate(articles.POSTS)]
    for earlier, later in zip(posts, posts[3:], strict=False):
        later.relate(earlier, role="see also")
    _write_files(world, posts)


def _write_post(world: World, number: int, post: tuple[object, ...]) -> Draft:
    shortname, en, ar, ku, stem, text, edits = post
    assert isinstance(edits, tuple)
    chance, when = world.chance, world.chance.moment(START, END - timedelta(days=90))
    author = chance.pick(_WRITERS)
    draft = world.entry(
        "docs",
        "posts",
        str(shortname),
        "post" if number % 3 else "content",
        author,
        when,
        body=str(text),
        content_type="markdown",
        displayname=tr(str(en)),
        tags=["blog", str(stem)],
        slug=str(shortname).replace("_", "-"),
        is_active=number != 4,
    )
    for product in [d for d in world.under("catalog", "products") if d.shortname.startswith(f"{stem}_")][:2]:
        draft.relate(product, role="speaks of")
    moments = chance.moments(len(edits) + 2, when + timedelta(hours=3))
    draft.change(moments[0], "dilan", {"displayname.ar": ar, "displayname.ku": ku})
    for moment, (before, after) in zip(moments[1:], edits, strict=False):
        draft.change(
            moment, chance.pick(_WRITERS), {"payload.body": draft.value("payload.body").replace(before, after)}
        )
    draft.change(moments[-1], "sara", {"tags": ["blog", "reviewed"], "description.en": f"Reviewed by {author}"})
    for index, reader in enumerate(chance.some(_READERS, 4)):
        written = chance.moment(when)
        reply: Json = {"body": chance.pick(_REPLIES), "state": "published"}
        if written < datetime(2025, 8, 1):
            draft.attach("comment", f"comment_{index + 1}", reader, written, **reply)
        else:
            draft.attach(
                "comment", f"comment_{index + 1}", reader, written, payload={"content_type": "comment", "body": reply}
            )
        if chance.often(0.5):
            kind = chance.pick(("like", "love", "laughing"))
            draft.attach("reaction", f"{reader}_{kind}", reader, written + timedelta(minutes=1), type=kind)
    if number % 2 == 0:
        picture = media.curve([chance.random.gauss(50, 12) + day for day in range(30)], media.PALETTE[number % 6])
        draft.attach(
            "media",
            "cover",
            author,
            when,
            data=picture,
            payload={"content_type": "image_png" if number % 4 else "image", "body": "cover.png"},
            displayname=tr(f"Cover of {en}"),
        )
    return draft


def _write_files(world: World, posts: list[Draft]) -> None:
    chance = world.chance
    for subpath, shortname, kind, extension, body, title in articles.FILES:
        when = chance.moment(OPENED, END - timedelta(days=60))
        draft = world.entry(
            "docs",
            subpath,
            shortname,
            "content",
            chance.pick(_WRITERS),
            when,
            body=body,
            content_type=kind,
            extension=extension,
            displayname=title,
            tags=[kind],
        )
        draft.relate(chance.pick(posts), role="background")
        draft.change(chance.moment(when, END - timedelta(days=20)), "sara", {"tags": [kind, "checked"]})
    guide = world.at("docs", "guides", "surge_protectors")
    guide.attach(
        "media",
        "board",
        "lana",
        OPENED,
        data=media.bars((3, 9, 4)),
        payload={"content_type": "image", "body": "board.png"},
    )
    about = world.at("docs", "pages", "about")
    about.change(
        END - timedelta(days=12, hours=3),
        "sara",
        {"payload.body": "<h1>Nalvand Supply</h1><p>Hardware, sun and water since 2009, in three cities.</p>"},
    )
    plan = media.floor_plan("Erbil").encode()
    about.attach(
        "media", "plan", "karwan", OPENED, data=plan, payload={"content_type": "image_svg", "body": "plan.svg"}
    )
    card = {"audience": "customers", "reading_minutes": 2, "review_on": "2026-06-01"}
    about.attach(
        "json",
        "card",
        "sara",
        OPENED,
        payload={"content_type": "json", "schema_shortname": "page_card", "body": card},
        displayname=tr("Facts about this page"),
    )
    gone = {"type": "content", "space_name": "catalog", "subpath": "products/tools", "shortname": "soldering_iron_60"}
    posts[0].relate(gone, role="speaks of")
    world.deleted("catalog", gone | {"tags": []}, "zainab", datetime(2025, 11, 4, 14, 21, 9, 330118))
