"""The engine over RediSearch: the same entries as the local one, and what only it has to get right."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from statistics import mean, median_low
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dmart_tui.core.address import Address
from dmart_tui.core.catalog import open_catalog
from dmart_tui.core.config import Settings
from dmart_tui.core.errors import Failed, NotFound, UsageFault
from dmart_tui.core.redisearch import (
    Documents,
    Server,
    aggregate,
    indexed_spaces,
    read_aggregation,
    read_index,
)
from dmart_tui.core.search.engines import Search
from dmart_tui.core.search.fields import Kind, field_of
from dmart_tui.core.search.language import parse
from dmart_tui.core.search.local import LocalEngine
from dmart_tui.core.search.redisearch import Inexpressible
from dmart_tui.core.search.remote import RedisEngine, query_of
from dmart_tui.core.search.results import FACETS, Request
from dmart_tui.core.search.tree import And, Field, Fuzzy, Node, Not, Or, Tags
from dmart_tui.core.spaces import Permissions, Spaces
from tests.support.queries import trees
from tests.support.redis_server import redis_server
from tests.support.redisearch import SCHEMA, build, meta, payload, put, write_root

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = (
    "tea",
    "green",
    "low",
    "Running",
    "erbil",
    "چا",
    "مقالات",
    "leaf",
    "zzz",
    "a-b",
    "green tea",
    "ali",
    "tee",
)
NAMES = (
    "shortname",
    "displayname",
    "displayname_en",
    "tags",
    "resource_type",
    "schema",
    "owner",
    "space",
    "subpath",
    "exact_subpath",
    "is_active",
    "created_at",
    "updated_at",
    "state",
    "is_open",
    "title",
    "price",
    "place_city",
    "payload.body.words",
)
MOST = 1000


def write_more(root: Path) -> None:
    """Two spaces with a schema each, and entries that differ in a few words, tags, numbers and dates."""
    write_root(root)
    (root / "blog/posts/.dm/said/meta.log.json").unlink()  # D-MART indexes no logs
    (root / "blog/.dm/loose/meta.content.json").unlink()  # and no entries in the root of a space
    put(
        root / "blog/posts/tea.json",
        {"title": "Tea", "price": 3.5, "words": ["hot", "Tea"], "place": {"city": "Erbil"}},
    )
    put(root / "blog/posts/coffee.json", {"title": "Coffee is low", "price": 4, "words": ["green", "Leaf"]})
    put(root / "shop/.dm/meta.space.json", meta("shop", indexing_enabled=True))
    put(root / "shop/schema/.dm/item/meta.schema.json", meta("item", payload=payload("item.json")))
    put(root / "shop/schema/item.json", SCHEMA)
    texts = ("Green tea", "tea, green", "low leaf-tea", "the tea", "Erbil", "running", "چا گرم")
    for number, text in enumerate(texts):
        name = f"n{number}"
        space = "shop" if number % 2 else "blog"
        put(
            root / f"{space}/list/.dm/{name}/meta.content.json",
            meta(
                name,
                displayname={"en": text},
                is_active=number % 3 > 0,
                owner_shortname=("ali", "sara", "tea")[number % 3],
                tags=[text, "leaf"][: number % 3],
                created_at=f"2024-0{number + 1}-11T10:30:00",
                payload=payload(f"{name}.json", "item"),
            ),
        )
        body = {"title": f"about {text}", "price": number * 7, "place": {"city": "Erbil" if number > 2 else "Low Tea"}}
        put(root / f"{space}/list/{name}.json", body)
        put(
            root / f"{space}/list/.dm/t{number}/meta.ticket.json",
            meta(f"t{number}", state=("tea", "low")[number % 2], is_open=number > 3, workflow_shortname="w"),
        )
    for folder in ("blog/list", "shop/list", "shop/schema"):
        put(root / folder / ".dm/meta.folder.json", meta("list"))


@pytest.fixture(scope="module")
def spaces(tmp_path_factory: pytest.TempPathFactory) -> Spaces:
    root = tmp_path_factory.mktemp("root")
    write_more(root)
    return Spaces(root)


@pytest.fixture
def redis(server: Server, spaces: Spaces) -> RedisEngine:
    build(server, spaces)
    return RedisEngine(server)


@pytest.fixture
def local(spaces: Spaces) -> LocalEngine:
    catalog = open_catalog(spaces)
    catalog.update()
    return LocalEngine(catalog)


def parts_of(node: Node) -> Iterator[Node]:
    yield node
    for part in node.nodes if isinstance(node, And | Or) else [node.node] if isinstance(node, Not) else []:
        yield from parts_of(part)


def is_comparable(node: Node) -> bool:
    """Whether both engines mean the same: docs/search.md tells where they do not."""
    if isinstance(node, And | Or):
        return all(map(is_comparable, node.nodes))
    if isinstance(node, Not):
        return is_comparable(node.node)
    if isinstance(node, Field):
        asks_words = not any(isinstance(part, Tags | Fuzzy) for part in parts_of(node.value))
        return is_comparable(node.value) and (asks_words or field_of(node.name).kind is not Kind.ANY)
    return not (isinstance(node, Fuzzy) and node.distance > 2)


def found(engine: Any, tree: Node, **options: Any) -> list[str]:
    page = engine.search(Request(tree, limit=MOST, snippets=False, **options))
    addresses = [str(hit.address) for hit in page.hits]
    assert page.total == len(addresses) == len(set(addresses))
    return addresses


def test_both_engines_find_the_same(redis: RedisEngine, local: LocalEngine, spaces: Spaces) -> None:
    indexed = {str(one.address) for name in indexed_spaces(spaces) for one in Documents(spaces).of_space(name)}
    checked = 0

    @settings(max_examples=400)
    @example(tree=parse("tea | -(tea | @title:tea)").tree)
    @example(tree=parse("@owner:tea -@title:tea").tree)
    @example(tree=parse("@shortname:tea low*").tree)
    @example(tree=parse("-@displayname_en:low -@owner:tea | -(green -@state:low)").tree)
    @given(tree=trees(st.sampled_from(WORDS), st.sampled_from(NAMES)).filter(is_comparable))
    def same(tree: Node) -> None:
        nonlocal checked
        try:
            theirs = found(redis, tree)
        except Inexpressible:
            return
        checked += 1
        assert sorted(theirs) == sorted(set(found(local, tree)) & indexed), str(tree)

    same()
    assert checked > 100


def worked_out(server: Server, name: str, wanted: str, tree: Node, **options: Any) -> list[dict[str, Any]]:
    index = read_index(server, name)
    assert index is not None
    return aggregate(server, index, read_aggregation(wanted), query_of(Request(tree, **options), index))


def test_what_is_counted_of_an_index_is_what_is_found(
    redis: RedisEngine, server: Server, local: LocalEngine, spaces: Spaces
) -> None:
    indexed = {str(one.address) for name in indexed_spaces(spaces) for one in Documents(spaces).of_space(name)}
    owners = {one: spaces.load(Address.parse(one)).owner for one in indexed}
    checked = 0

    @settings(max_examples=200)
    @example(tree=parse("@owner:tea -@displayname:tea").tree)
    @example(tree=parse("@space:shop").tree)
    @given(tree=trees(st.sampled_from(WORDS), st.sampled_from(NAMES)).filter(is_comparable))
    def same(tree: Node) -> None:
        nonlocal checked
        for space in ("blog", "shop"):
            try:
                rows = worked_out(server, f"{space}:meta", "owner_shortname: count", tree)
            except Inexpressible:
                continue
            checked += 1
            entries = [one for one in found(local, tree) if one in indexed and one.startswith(f"{space}/")]
            counts = Counter(owners[one] for one in entries)
            assert {row["owner_shortname"]: row["count"] for row in rows} == counts, str(tree)

    same()
    assert checked > 50


@pytest.mark.parametrize(("text", "under"), [("*", "shop"), ("tea", "shop"), ("@price:<30", "shop/list")])
def test_numbers_of_an_index_are_those_of_the_files(
    redis: RedisEngine, server: Server, spaces: Spaces, text: str, under: str
) -> None:
    place, tree = Address.parse(under), parse(text).tree
    names = [one.rpartition("/")[2] for one in ask(redis, f"({text}) @price:*", under=place)]
    prices = {name: json.loads(Path(spaces.root, f"shop/list/{name}.json").read_text())["price"] for name in names}
    by_price = sorted(prices, key=lambda name: prices[name])
    wanted = "resource_type: count, sum price, avg price, quantile price 0.5, first_value shortname by price"
    assert worked_out(server, "shop:item", wanted, tree, under=place) == [
        {
            "resource_type": "content",
            "count": len(names),
            "sum_price": sum(prices.values()),
            "avg_price": mean(prices.values()),
            "quantile_price_0_5": median_low(prices.values()),
            "first_value_shortname_price": by_price[0],
        }
    ]
    (listed,) = worked_out(server, "shop:item", "tolist shortname", tree, under=place)
    assert sorted(listed["tolist_shortname"]) == sorted(names)
    assert worked_out(server, "shop:item", wanted, parse(f"({text}) zzz").tree, under=place) == []


@pytest.mark.parametrize(
    ("name", "text", "options", "error"),
    [
        ("blog:meta", "@price:7", {}, Inexpressible),
        ("blog:meta", "@problems:error", {}, Inexpressible),
        ("blog:meta", "*", {"under": Address("shop")}, UsageFault),
    ],
)
def test_what_an_index_cannot_be_asked_is_said(
    redis: RedisEngine, server: Server, name: str, text: str, options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        worked_out(server, name, "count", parse(text).tree, **options)


def ask(engine: Any, text: str, **options: Any) -> list[str]:
    return found(engine, parse(text).tree, **options)


def test_payload_keys_are_asked_of_the_schemas_that_have_them(redis: RedisEngine) -> None:
    assert sorted(ask(redis, "@price:[6 14]")) == ["blog/list/n2", "shop/list/n1"]
    assert sorted(ask(redis, "@shortname:case | @price:7")) == ["blog/posts/case", "shop/list/n1"]
    assert "blog/posts/case" in ask(redis, "-@price:*")


@pytest.mark.parametrize(
    ("under", "text", "expected"),
    [
        ("blog/posts", "green", ["blog/posts/coffee"]),
        ("blog/posts/deep", "*", ["blog/posts/deep/leaf"]),
        ("shop", "@state:low", ["shop/list/t1", "shop/list/t3", "shop/list/t5"]),
        ("blog/pos", "*", []),
    ],
)
def test_only_what_is_below(redis: RedisEngine, under: str, text: str, expected: list[str]) -> None:
    assert sorted(ask(redis, text, under=Address.parse(under))) == expected


@pytest.mark.parametrize("sort", ["created_at", "state", "owner"])
@pytest.mark.parametrize("descending", [False, True])
def test_order_is_that_of_the_local_engine(
    redis: RedisEngine, local: LocalEngine, spaces: Spaces, sort: str, descending: bool
) -> None:
    """Up to equals; what has no value comes last either way."""
    tree = parse("@subpath:list @type:(ticket | content)").tree
    key = {"owner": "owner_shortname"}.get(sort, sort)

    def values(engine: Any) -> list[Any]:
        addresses = found(engine, tree, sort=sort, descending=descending)
        return [spaces.load(Address.parse(one)).meta.get(key) for one in addresses]

    assert values(redis) == values(local)


def test_facets_are_those_of_the_local_engine(redis: RedisEngine, local: LocalEngine) -> None:
    request = Request(parse("@subpath:list @type:(ticket | content)").tree, facets=FACETS)
    facets = redis.search(request).facets
    assert facets == local.search(request).facets
    assert all(facet.counts for facet in facets)


def test_pages_and_streams_go_on_where_the_last_ended(redis: RedisEngine) -> None:
    tree = parse("@subpath:list").tree
    whole = [str(hit.address) for hit in redis.stream(Request(tree, sort="created_at"))]
    pages = [redis.search(Request(tree, sort="created_at", offset=at, limit=5)).hits for at in range(0, 20, 5)]
    assert [str(hit.address) for page in pages for hit in page] == whole
    assert len(whole) == len(set(whole)) == 14


def test_a_hit_shows_its_title_and_what_matched(redis: RedisEngine) -> None:
    (hit,) = redis.search(Request(parse("running @shortname:tea").tree)).hits
    assert (str(hit.address), hit.type, hit.title) == ("blog/posts/tea", "content", "Tea running low")
    assert "running" in [snippet.text[start:end] for snippet in hit.snippets for start, end in snippet.spans]


@pytest.mark.parametrize("user", ["anonymous", "reader"])
def test_a_user_finds_the_same_with_both(server: Server, tmp_path: Path, user: str) -> None:
    root = tmp_path
    write_more(root)
    rights = root / "management"
    put(rights / ".dm/meta.space.json", meta("management"))
    put(rights / "users/.dm/reader/meta.user.json", meta("reader", roles=["some"]))
    put(rights / "roles/.dm/some/meta.role.json", meta("some", permissions=["blog_list", "own_shop"]))
    grant = {"resource_types": ["content", "ticket"], "actions": ["view", "query"]}
    put(
        rights / "permissions/.dm/blog_list/meta.permission.json",
        meta("blog_list", subpaths={"blog": ["list"]}, conditions=["is_active"], **grant),
    )
    put(
        rights / "permissions/.dm/own_shop/meta.permission.json",
        meta("own_shop", subpaths={"shop": ["__all_subpaths__"]}, conditions=["own"], **grant),
    )
    put(root / "shop/list/.dm/mine/meta.content.json", meta("mine", owner_shortname="reader"))
    spaces = Spaces(root)
    build(server, spaces)
    catalog = open_catalog(spaces)
    catalog.update()
    given = Permissions(spaces).of(user)
    for under in (None, "blog", "blog/list", "shop", "shop/list"):
        options = {"rights": given, "under": Address.parse(under) if under else None}
        theirs = sorted(ask(RedisEngine(server), "*", **options))
        for space in ("blog", "shop") if under is None else (under[:4],):
            counted = worked_out(server, f"{space}:meta", "count", parse("*").tree, **options)
            of_space = [one for one in theirs if one.startswith(f"{space}/")]
            assert [row["count"] for row in counted] == [len(of_space)] * bool(of_space)
        ours = [one for one in ask(LocalEngine(catalog), "*", **options) if not one.startswith("management")]
        assert theirs == sorted(ours)
        if user == "reader" and under == "blog/list":
            assert theirs == [f"blog/list/{name}" for name in ("n2", "n4", "t0", "t2", "t4", "t6")]


@pytest.mark.parametrize(
    ("text", "options", "error"),
    [
        ("@no_such_key:x", {}, Inexpressible),
        ("*", {"sort": "tags"}, Inexpressible),
        ("*", {"facets": ("shortname",)}, UsageFault),
        ("*", {"offset": 20_000}, UsageFault),
        ("*", {"under": Address("quiet")}, NotFound),
    ],
)
def test_what_it_cannot_do_is_said(
    redis: RedisEngine, text: str, options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        redis.search(Request(parse(text).tree, **options))


def test_a_server_that_went_degrades_to_the_local_engine_and_says_so(spaces: Spaces, tmp_path: Path) -> None:
    with redis_server(tmp_path) as url:
        server = Server(url, timeout=60)
        build(server, spaces)
        search = Search(spaces, Settings(), remote=RedisEngine(server))
        search.catalog.update()
        request = Request(parse("@shortname:tea").tree)
        assert search.search(request).engine == "redis"
    page = search.search(request)
    assert page.engine == "local"
    assert [str(hit.address) for hit in page.hits] == ["blog/posts/tea"]
    assert "does not answer" in page.notes[0]
    with pytest.raises(Failed):
        search.search(request, "redis")
    server.close()
