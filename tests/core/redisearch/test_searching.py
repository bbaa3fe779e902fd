"""Queries, D-MART's filters, order, pages, snippets, facets, aggregations and rights on a real server."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dmart_tui.core.errors import NotFound, UsageFault
from dmart_tui.core.redisearch import (
    Aggregation,
    Filters,
    Matches,
    Reducer,
    Server,
    aggregate,
    count_by,
    escape,
    list_indexes,
    read_aggregation,
    read_index,
    search,
)
from dmart_tui.core.secrets import MARK
from dmart_tui.core.spaces import Permissions, Spaces, user_policies
from tests.support.redisearch import build, meta, payload, put


@pytest.fixture
def built(server: Server, spaces: Spaces) -> Server:
    build(server, spaces)
    return server


def hits(server: Server, index: str, text: str = "*", filters: Filters | None = None, **options: Any) -> Matches:
    return search(server, [(index, (filters or Filters()).words(text))], **options)


def names(server: Server, text: str = "*", filters: Filters | None = None, **options: Any) -> set[str]:
    page = hits(server, "blog:meta", text, filters, **options)
    assert page.total == len(page.found)
    return {found.address.name for found in page.found}


EVERYTHING = {"posts", "schema", "item", "tea", "coffee", "case", "deep", "leaf"}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), EVERYTHING),
        (Filters(types=["ticket", "schema"]), {"case", "item"}),
        (Filters(shortnames=["tea", "leaf"]), {"tea", "leaf"}),
        (Filters(tags=["green tea"]), {"tea", "leaf"}),
        (Filters(tags=["a-b"]), {"tea"}),
        (Filters(tags=["a"]), set()),
        (Filters(subpath="/"), EVERYTHING),
        (Filters(subpath="posts"), {"tea", "coffee", "case", "deep", "leaf"}),
        (Filters(subpath="/deep/posts"), {"leaf"}),
        (Filters(subpath="posts", exact_subpath=True), {"tea", "coffee", "case", "deep"}),
        (Filters(subpath="posts/deep", exact_subpath=True), {"leaf"}),
        (Filters(exact_subpath=True), {"posts", "schema"}),
        (Filters(types=["content"], tags=["green tea"], subpath="deep"), {"leaf"}),
        (Filters(since=datetime(2024, 1, 1, tzinfo=UTC)), EVERYTHING),
        (Filters(until=datetime(2024, 1, 1, tzinfo=UTC)), set()),
        (Filters(policies=["blog:posts:content:*"]), {"tea", "coffee", "leaf"}),
        (Filters(policies=["blog:posts:content:true:*"]), {"tea", "leaf"}),
        (Filters(policies=["blog:posts:content:true:omar|blog:posts:ticket:true:ali"]), {"leaf", "case"}),
        (Filters(policies=["__NONE__"]), set()),
        (Filters(policies=["__NONE__"], user="sara"), {"tea"}),
        (Filters(policies=["__NONE__"], user="omar"), set()),
    ],
    ids=lambda value: " ".join(sorted(value)) if isinstance(value, set) else str(value),
)
def test_filters(built: Server, filters: Filters, expected: set[str]) -> None:
    assert names(built, filters=filters) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*", EVERYTHING),
        ("running", {"tea"}),
        ("run", set()),  # no stems: `run` is not in any text
        ("runn*", {"tea"}),
        ('"running low"', {"tea"}),
        ("lovely", {"tea"}),  # in a comment
        ("چا", {"tea"}),
        ("مقالات", {"posts"}),
        ("@resource_type:ticket | @shortname:leaf", {"case", "leaf"}),
        ("-@resource_type:(content|folder)", {"case", "item"}),
        ("@is_active:{false}", {"coffee"}),
        (f"@tags:{{{escape('green tea')}}}", {"tea", "leaf"}),
    ],
)
def test_queries(built: Server, text: str, expected: set[str]) -> None:
    assert names(built, text) == expected


def test_a_query_of_alternatives_is_filtered_as_a_whole(built: Server) -> None:
    assert names(built, "@shortname:tea | @shortname:case", Filters(types=["ticket"])) == {"case"}


@pytest.mark.parametrize(
    "hostile", ['") | *', "a b|c", "}*{", "-@x:y", "(((", "%%", "\\", "$", "]", "~a", "=>{$weight: 2}"]
)
def test_no_value_breaks_out_of_its_filter(built: Server, hostile: str) -> None:
    assert names(built, filters=Filters(shortnames=[hostile], types=[hostile], tags=[hostile])) == set()
    assert names(built, filters=Filters(subpath=hostile, exact_subpath=True)) == set()
    assert names(built, filters=Filters(policies=[f"{hostile}:x"], user=hostile)) == set()


def test_a_query_that_is_none_is_refused_with_what_the_server_says(built: Server) -> None:
    with pytest.raises(UsageFault, match="does not understand"):
        hits(built, "blog:meta", "@shortname:(")


def test_an_index_that_is_gone(built: Server) -> None:
    with pytest.raises(NotFound, match="the index is gone"):
        hits(built, "gone:meta")
    assert read_index(built, "gone:meta") is None


def test_order_and_pages_go_over_all_indexes(server: Server, spaces: Spaces) -> None:
    root = Path(spaces.root)
    for number in range(9):
        space = "quiet" if number % 2 else "blog"
        when = f"2024-03-0{number + 1}T10:00:00"
        put(root / f"{space}/log/.dm/n{number}/meta.content.json", meta(f"n{number}", created_at=when))
    build(server, spaces, names=["blog", "quiet"])
    query = Filters(subpath="log").words("*")
    queries = [(index.name, query) for index in list_indexes(server) if index.schema == "meta"]

    def page(offset: int, **order: Any) -> list[str]:
        return [one.address.name for one in search(server, queries, offset=offset, limit=4, **order).found]

    for field in ("created_at", "shortname"):
        pages = [page(offset, sort=field) for offset in (0, 4, 8, 12)]
        assert pages == [["n0", "n1", "n2", "n3"], ["n4", "n5", "n6", "n7"], ["n8"], []]
        assert page(0, sort=field, descending=True) == ["n8", "n7", "n6", "n5"]
    assert sorted(page(0) + page(4) + page(8)) == [f"n{number}" for number in range(9)]
    assert search(server, queries, limit=1).total == 9


def test_hits_say_where_and_what(built: Server) -> None:
    (found,) = hits(built, "blog:meta", "running").found
    assert str(found.address) == "blog/posts/tea"
    assert found.key == "blog:meta:posts/tea"
    assert found.score > 0
    assert found.document["owner_shortname"] == "ali"


def test_payload_documents_are_found_by_their_fields(built: Server) -> None:
    for text in (
        "@price:[3 4]",
        "@title:tea",
        "@place_city:erbil",
        "@words:{hot}",
        "@parts_name:{leaf}",
        "@in_stock:{true}",
    ):
        (found,) = hits(built, "blog:item", text).found
        assert str(found.address) == "blog/posts/tea"


def test_secrets_in_documents_are_masked(server: Server, spaces: Spaces) -> None:
    root = Path(spaces.root)
    put(root / "management/.dm/meta.space.json", meta("management", indexing_enabled=True))
    put(root / "management/users/.dm/rezan/meta.user.json", meta("rezan", password="$2b$12$" + "a" * 53))
    build(server, spaces)
    (found,) = hits(server, "management:meta", "@shortname:rezan").found
    assert found.document["password"] == MARK


def test_facets(built: Server) -> None:
    indexes = list_indexes(built)
    metas = [(index, "*") for index in indexes if index.schema == "meta"]
    facets = count_by(built, metas, ["resource_type", "tags", "is_active", "no_such_field"])
    assert facets == {
        "resource_type": [("content", 3), ("folder", 3), ("schema", 1), ("ticket", 1)],
        "tags": [("green tea", 2), ("a-b", 1)],
        "is_active": [("true", 7), ("false", 1)],
        "no_such_field": [],
    }
    assert count_by(built, [(metas[0][0], "-@tags:{a\\-b}")], ["resource_type"])["resource_type"][:2] == [
        ("folder", 3),
        ("content", 2),
    ]


def index_of(server: Server, name: str) -> Any:
    index = read_index(server, name)
    assert index is not None
    return index


def test_aggregations(server: Server, spaces: Spaces) -> None:
    root = Path(spaces.root)
    for number, (city, price) in enumerate([("Erbil", 1), ("Erbil", 3), ("Basra", 10), ("Erbil", 8)]):
        put(
            root / f"blog/shop/.dm/i{number}/meta.content.json",
            meta(f"i{number}", payload=payload(f"i{number}.json", "item")),
        )
        put(root / f"blog/shop/i{number}.json", {"title": f"T{number}", "price": price, "place": {"city": city}})
    build(server, spaces)
    plan = Aggregation(
        ("place_city",),
        (
            Reducer("count", alias="n"),
            Reducer("count_distinct", ("title",), "titles"),
            Reducer("sum", ("price",), "sum"),
            Reducer("min", ("price",), "least"),
            Reducer("max", ("price",), "most"),
            Reducer("avg", ("price",)),
            Reducer("quantile", ("price", "0.5"), "median"),
            Reducer("stddev", ("price",), "spread"),
            Reducer("first_value", ("title", "price"), "cheapest"),
            Reducer("tolist", ("title",), "all"),
            Reducer("random_sample", ("title", "2"), "some"),
        ),
        (("n", True),),
    )
    rows = aggregate(server, index_of(server, "blog:item"), plan, "@subpath:shop")
    erbil, basra = rows
    assert set(erbil.pop("some")) <= {"T0", "T1", "T3"}
    assert sorted(erbil.pop("all")) == ["T0", "T1", "T3"]
    assert erbil.pop("spread") == pytest.approx(3.6056, abs=0.001)
    assert erbil == {
        "place_city": "Erbil",
        "n": 3,
        "titles": 3,
        "sum": 12,
        "least": 1,
        "most": 8,
        "avg_price": 4,
        "median": 3,
        "cheapest": "T0",
    }
    assert (basra["place_city"], basra["n"]) == ("Basra", 1)
    everything = Aggregation((), (Reducer("count"),))
    assert aggregate(server, index_of(server, "blog:item"), everything) == [{"count": 5}]


@pytest.mark.parametrize(
    "plan",
    [
        Aggregation(("no_such_field",)),
        Aggregation(("title",), (Reducer("median", ("price",)),)),
        Aggregation(("title",), (Reducer("sum"),)),
        Aggregation(("title",), (Reducer("quantile", ("price", "half")),)),
        Aggregation(("title",), (Reducer("sum", ("prices",)),)),
        Aggregation(("title",), sort=(("price", True),)),
    ],
)
def test_an_aggregation_that_cannot_be(built: Server, plan: Aggregation) -> None:
    with pytest.raises(UsageFault):
        aggregate(built, index_of(built, "blog:item"), plan)


@pytest.mark.parametrize("user", ["dmart", "shilan", "zainab", "anonymous"])
def test_a_user_finds_what_the_rights_of_the_files_let_be_found(server: Server, demo_root: Path, user: str) -> None:
    """Against the policies as text: what a document says of itself and what the user may match."""
    from fnmatch import fnmatchcase

    from dmart_tui.core.redisearch import Documents

    spaces = Spaces(demo_root)
    space = "support"
    build(server, spaces, names=[space])
    rights = Permissions(spaces).of(user)
    policies = user_policies(rights, space, "cases")
    patterns = [one.lower() for policy in policies for one in policy.split("|")]
    expected = {
        str(document.address)
        for document in Documents(spaces).of_space(space)
        if document.schema == "meta"
        and (
            user in (document.value["view_acl"] or ())
            or any(
                fnmatchcase(one.lower(), pattern) for one in document.value["query_policies"] for pattern in patterns
            )
        )
    }
    assert expected or user == "anonymous"
    page = hits(server, f"{space}:meta", "*", Filters(policies=policies, user=user), limit=1000)
    assert {str(found.address) for found in page.found} == expected


def test_an_aggregation_is_read_as_people_write_it() -> None:
    assert read_aggregation("owner_shortname, @state: count, first_value title by created_at") == Aggregation(
        ("owner_shortname", "state"),
        (Reducer("count"), Reducer("first_value", ("title", "created_at"))),
        (("count", True),),
    )
    assert read_aggregation("count").group_by == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("state:", "say what to work out"),
        ("state: size", "no reducer size"),
        ("state: sum", "takes 1 arguments"),
        ("state: quantile price half", "takes a number"),
        ("state: count, count", "twice"),
    ],
)
def test_what_is_no_aggregation_is_said(text: str, said: str) -> None:
    with pytest.raises(UsageFault, match=said):
        read_aggregation(text)


def test_the_server_looks_for_longer_than_we_wait(built: Server) -> None:
    """Else it would give what it found until then as if it were all."""
    built.call("CONFIG", "SET", "slowlog-log-slower-than", 0)
    built.call("SLOWLOG", "RESET")
    names(built)
    built.call("CONFIG", "SET", "slowlog-log-slower-than", -1)
    (asked,) = [row["command"] for row in built.client.slowlog_get() if b"FT.SEARCH" in row["command"]]
    assert int(asked.split(b" TIMEOUT ")[1]) > 1000 * built.timeout
