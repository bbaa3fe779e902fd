"""The local engine: it finds what a naive reading of the query finds, ranked, counted, cut and filtered."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dmart_tui.core.address import Address
from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.catalog import Catalog, open_catalog
from dmart_tui.core.errors import NotFound, UsageFault
from dmart_tui.core.search import FACETS, LocalEngine, Request, parse
from dmart_tui.core.search.tree import Everything, Exists, Field, Node, Tags, Word
from dmart_tui.core.spaces import Spaces, query_policies, user_policies
from dmart_tui.core.spaces.policies import matches as policies_match
from tests.support import naive
from tests.support.queries import groups, ranges, tags, textual
from tests.support.rights import permission, put_entry, rights_with

if TYPE_CHECKING:
    from pathlib import Path

    from dmart_tui.core.search import Hit

WORDS = ("one", "ones", "two", "the", "of", "red_hat", "x-y", "tea cup", "Two", "7")
NUMBERS = ("0", "3", "7", "-2")
FIELDS = (*naive.ROWS, "tags", "is_active", "created_at", "payload.number")


def put_world(root: Path, seed: int, count: int = 40) -> None:
    """A space whose entries have all kinds of fields, filled from few words."""
    chance = random.Random(seed)

    def some(least: int, most: int) -> str:
        return " ".join(chance.choices(WORDS, k=chance.randint(least, most)))

    put_entry(root, "s", "space")
    put_entry(root, "s/f", "folder")
    for number in range(count):
        name = f"{chance.choice(('one', 'two', 'red_hat', 'ones'))}_{number}"
        body: dict[str, Any] = {"word": some(1, 4), "list": [some(1, 2) for _ in range(chance.randint(0, 2))]}
        if chance.random() < 0.6:
            body["number"] = chance.choice((-2, 0, 3, 7, 7.5))
        others: dict[str, Any] = {"displayname": {"en": some(1, 3)}} if chance.random() < 0.8 else {}
        if number % 4:
            others["updated_at"] = float(number % 4)
        if chance.random() < 0.4:
            others["state"] = chance.choice(("one", "two", "tea cup"))
        put_entry(
            root,
            f"s/f/{name}",
            owner_shortname=chance.choice(("one", "two", "x-y")),
            is_active=chance.random() < 0.7,
            tags=chance.sample(WORDS, chance.randint(0, 3)),
            created_at=chance.choice((1704067200.0, 1709596800.5, 1709683200, 1711929599.75, 1735689600)),
            payload={"content_type": "json", "body": f"{name}.json"},
            **others,
        )
        (root / "s/f" / f"{name}.json").write_text(json.dumps(body))


def engine_of(root: Path, cache: Path) -> LocalEngine:
    catalog = open_catalog(Spaces(root), cache)
    catalog.update()
    return LocalEngine(catalog)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[LocalEngine, list[naive.Row]]:
    root = tmp_path_factory.mktemp("world root")
    put_world(root, seed=5)
    return engine_of(root, tmp_path_factory.mktemp("cache")), list(naive.read_rows(root, "s"))


def made_trees() -> st.SearchStrategy[Node]:
    texts = st.sampled_from((*WORDS, "on", "twoo", "tea", "cup", "true", "--", *NUMBERS))
    numbers = st.sampled_from((*NUMBERS, *naive.MONTHS))
    values = st.one_of(groups(textual(texts) | st.just(Exists())), tags(texts), ranges(numbers))
    dates = st.builds(Field, st.just("created_at"), ranges(st.sampled_from(tuple(naive.MONTHS))) | tags(numbers))
    leaves = st.one_of(
        textual(texts),
        st.just(Everything()),
        st.builds(Field, st.sampled_from([name for name in FIELDS if name != "created_at"]), values),
        dates,
    )
    return groups(leaves)


def in_folder(engine: LocalEngine, tree: Node) -> set[str]:
    request = Request(tree, under=Address("s", ("f",)), limit=100, snippets=False)
    return {hit.address.name for hit in engine.search(request).hits}


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(tree=made_trees())
def test_it_finds_what_a_naive_reading_finds(world: tuple[LocalEngine, list[naive.Row]], tree: Node) -> None:
    engine, rows = world
    assert in_folder(engine, tree) == {row.name for row in rows if naive.matches(tree, row)}


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@example(tree=Everything())
@example(tree=parse("one").tree)
@example(tree=parse("one @state:two").tree)
@given(tree=made_trees())
def test_the_order_does_not_depend_on_how_it_is_asked(world: tuple[LocalEngine, list[naive.Row]], tree: Node) -> None:
    """In the whole root, where words alone are found without the entries, and of what is counted, page by page."""
    engine, _ = world
    hits = engine.search(Request(tree, limit=100, snippets=False)).hits

    def place(hit: Hit) -> tuple[float, int, str]:
        ending = hit.address.name.rpartition("_")[2]
        return -hit.score, -(int(ending) % 4) if ending.isdecimal() else 0, str(hit.address)

    assert hits == sorted(hits, key=place)
    assert {hit.address.name for hit in hits if hit.address.parts[:1] == ("f",) and hit.type == "content"} == in_folder(
        engine, tree
    )
    counted = Request(tree, limit=7, snippets=False, facets=("type",))
    pages = (engine.search(replace(counted, offset=at)).hits for at in range(0, len(hits) + 1, 7))
    assert [hit for page in pages for hit in page] == hits


def found(engine: LocalEngine, query: str, **more: Any) -> list[str]:
    return [str(hit.address) for hit in engine.search(Request(parse(query).tree, **more)).hits]


@pytest.fixture
def small(tmp_path: Path) -> tuple[LocalEngine, Path]:
    """Three products and a folder, in one space."""
    root = tmp_path / "root"
    put_entry(root, "s", "space")
    put_entry(root, "s/a", "folder", displayname={"en": "Solar things"})
    put_entry(root, "s/a/lamp", displayname={"en": "Solar lamp"}, tags=["new", "Solar"], updated_at=3.0)
    put_entry(root, "s/a/pump", "ticket", description={"ar": "مضخّة مِياه"}, state="open", tags=["new"], updated_at=1.0)
    payload = {"content_type": "json", "schema_shortname": "product", "body": "wire.json"}
    put_entry(root, "s/wire", displayname={"en": "Wire"}, owner_shortname="ali", payload=payload)
    (root / "s/wire.json").write_text(
        json.dumps(
            {"price": {"amount": 12.5}, "text": "x " * 90 + "a solar\x1b[31m panel\nbeside", "rows": [{"k": "v w"}]}
        )
    )
    return engine_of(root, tmp_path / "cache"), root


def test_the_best_come_first(small: tuple[LocalEngine, Path]) -> None:
    engine, _ = small
    assert found(engine, "solar")[2:] == ["s/wire"]
    assert found(engine, "solar | lamp")[0] == "s/a/lamp"
    scores = [hit.score for hit in engine.search(Request(parse("solar").tree)).hits]
    assert scores == sorted(scores, reverse=True) and scores[-1] > 0
    assert found(engine, "solar | @state:open", limit=9)[-1] == "s/a/pump"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("solor", []),
        ("%solor%", ["s/a", "s/a/lamp", "s/wire"]),
        ("مضخة", ["s/a/pump"]),
        ("@payload.price.amount:12.5", ["s/wire"]),
        ("@price_amount:[12 13]", ["s/wire"]),
        ("@rows.k:w", ["s/wire"]),
        ("@payload.body.rows.k:{v w}", ["s/wire"]),
        ("@payload.body.rows.k:{v}", []),
        ("@tags:{solar}", ["s/a/lamp"]),
        ("@schema:product", ["s/wire"]),
        ("@owner:*", ["s/wire"]),
        ("ali", ["s/wire"]),
        ("@type:ticket", ["s/a/pump"]),
        ("@exact_subpath:/a/", ["s/a/lamp", "s/a/pump"]),
        ("@shortname:{lamp|wire}", ["s/a/lamp", "s/wire"]),
        ("the", []),
    ],
)
def test_fields_and_words(small: tuple[LocalEngine, Path], query: str, names: list[str]) -> None:
    assert sorted(found(small[0], query)) == names


def test_what_is_wrong_is_found_and_marked(tmp_path: Path) -> None:
    put_entry(tmp_path, "s", "space", owner_shortname="ann")
    for name in ("fine", "torn", "lost"):
        body = {"content_type": "json", "body": f"{name}.json"}
        related: list[str] = ["s/fine"] if name == "lost" else []
        put_entry(tmp_path, f"s/{name}", owner_shortname="ann", payload=body, relationships=related)
    (tmp_path / "s/fine.json").write_text("{}")
    (tmp_path / "s/torn.json").write_text('{"a": ')
    catalog = open_catalog(Spaces(tmp_path), tmp_path / "cache")
    catalog.update()
    engine = LocalEngine(catalog)
    assert sorted(found(engine, "@problems:error")) == ["s/lost", "s/torn"]
    assert found(engine, "@problems:{payload-missing}") == ["s/lost"]
    assert found(engine, "@problems:{payload-unreadable} @problems:error") == ["s/torn"]
    assert found(engine, "@problems:relation*") == ["s/lost"]
    assert found(engine, "-@problems:error @shortname:fine") == ["s/fine"]
    hits = engine.search(Request(parse("@shortname:(fine|torn)").tree)).hits
    assert {str(hit.address): hit.severity == "error" for hit in hits} == {"s/fine": False, "s/torn": True}


def test_what_sorts_by_nothing_comes_last(small: tuple[LocalEngine, Path]) -> None:
    engine, _ = small
    assert found(engine, "*", sort="updated_at")[:2] == ["s/a/pump", "s/a/lamp"]
    assert found(engine, "*", sort="updated_at", descending=True)[:2] == ["s/a/lamp", "s/a/pump"]
    assert found(engine, "*", sort="payload.price.amount", descending=True)[0] == "s/wire"
    with pytest.raises(UsageFault, match="nothing to sort by"):
        found(engine, "*", sort="payload.*")


def test_pages_and_streams_are_parts_of_one_order(world: tuple[LocalEngine, list[naive.Row]]) -> None:
    engine, _ = world
    tree = parse("one | two | @is_active:false").tree
    whole = found(engine, str(tree), limit=100)
    pages = [found(engine, str(tree), limit=7, offset=offset) for offset in range(0, len(whole), 7)]
    assert [name for page in pages for name in page] == whole
    assert [str(hit.address) for hit in engine.stream(Request(tree))] == whole
    assert engine.search(Request(tree, limit=1)).total == len(whole)


def test_facets_count_all_hits(small: tuple[LocalEngine, Path]) -> None:
    page = small[0].search(Request(parse("-nothing").tree, limit=0, facets=FACETS))
    counts = {facet.field: dict(facet.counts) for facet in page.facets}
    assert page.hits == [] and page.total == 5
    assert counts == {
        "type": {"content": 2, "folder": 1, "space": 1, "ticket": 1},
        "schema": {"product": 1},
        "tags": {"new": 2, "Solar": 1},
        "owner": {"ali": 1},
        "space": {"s": 5},
        "state": {"open": 1},
    }
    with pytest.raises(UsageFault, match="cannot be counted"):
        small[0].search(Request(Everything(), facets=("uuid",)))


def test_snippets_mark_the_words_in_safe_text(small: tuple[LocalEngine, Path]) -> None:
    (hit,) = small[0].search(Request(parse("@shortname:wire solar pan*").tree)).hits
    (piece,) = [one for one in hit.snippets if one.field == "payload"]
    assert piece.text.startswith("…") and piece.text.isprintable() and "␛[31m panel beside" in piece.text
    assert [piece.text[start:end] for start, end in piece.spans] == ["solar", "panel"]


def test_a_folder_holds_what_is_below_it(small: tuple[LocalEngine, Path]) -> None:
    assert sorted(found(small[0], "*", under=Address("s", ("a",)))) == ["s/a/lamp", "s/a/pump"]
    assert found(small[0], "*", under=Address("t")) == []


@pytest.mark.parametrize("conditions", [[], ["own"], ["is_active"], ["own", "is_active"]])
@pytest.mark.parametrize(
    "granted", [{"s": ["a"]}, {"s": ["__all_subpaths__"]}, {"__all_spaces__": ["a/b"]}, {"t": ["/"]}]
)
def test_rights_filter_as_the_policies_do(granted: Any, conditions: list[str], tmp_path: Path) -> None:
    root = tmp_path / "root"
    put_entry(root, "s", "space")
    chance = random.Random(3)
    for number in range(30):
        folder = chance.choice(("", "a/", "a/b/"))
        listed = [{"user_shortname": "ali", "allowed_actions": [chance.choice(("view", "update"))]}]
        put_entry(
            root,
            f"s/{folder}e{number}",
            owner_shortname=chance.choice(("ali", "other", "office")),
            is_active=chance.random() < 0.5,
            **chance.choice(({}, {}, {"acl": listed}, {"owner_group_shortname": "office"})),
        )
    rights = rights_with(root, permission(granted, conditions=conditions), groups=("office",))
    engine, spaces = engine_of(root, tmp_path / "cache"), Spaces(root)
    shown = {
        str(item.address)
        for item in spaces.walk(None)
        if item.address.space == "s" and item.meta and (
            policies_match(user_policies(rights, "s", ""), query_policies(item))  # type: ignore[arg-type]
            or [row for row in item.meta.get("acl", []) if "view" in row["allowed_actions"]]
        )
    }  # fmt: skip
    assert set(found(engine, "@space:s", rights=rights, limit=100)) == shown


def test_without_an_index_it_says_how_to_make_one(tmp_path: Path) -> None:
    put_entry(tmp_path, "s", "space")
    with pytest.raises(NotFound, match="no index") as caught:
        LocalEngine(Catalog(Spaces(tmp_path), tmp_path / "none.sqlite3")).search(Request(Everything()))
    assert "index build" in caught.value.in_commands()


def test_a_name_that_is_no_text_is_found(tmp_path: Path) -> None:
    put_entry(tmp_path, "s", "space")
    put_entry(tmp_path, "s/caf\udce9 x", owner_shortname="ali")
    engine = engine_of(tmp_path, tmp_path.parent / "cache of it")
    for query in ("ali", "@subpath:* | @name:x", "-nothing"):
        assert Address("s", ("caf\udce9 x",)) in [hit.address for hit in engine.search(Request(parse(query).tree)).hits]


def test_tags_that_need_quotes_are_values(tmp_path: Path) -> None:
    put_entry(tmp_path, "s", "space")
    put_entry(tmp_path, "s/x", tags=['it\'s "100%" ) OR 1'])
    engine = engine_of(tmp_path, tmp_path.parent / "tags cache")
    tree = Field("tags", Tags((Word('it\'s "100%" ) OR 1'),)))
    assert [hit.address.name for hit in engine.search(Request(tree)).hits] == ["x"]
    assert found(engine, "@tags:*") == ["s/x"]


@pytest.mark.parametrize(
    "query",
    [
        " ".join(f"w{number}" for number in range(200)),
        "".join(f"a{number} (b{number} | " for number in range(10)) + "x" + ")" * 10,
        "".join(f"(a{number} | -(b{number} " for number in range(3)) + "x" + "))" * 3,
        "@owner:(" + "".join(f"(a{number} | -(b{number} " for number in range(3)) + "x" + "))" * 3 + ")",
        "-" * 10 + "one",
        " | ".join(f"@a_b_c_d_{number}:x" for number in range(150)),
        " ".join(f"-@owner:x{number}" for number in range(200)),
        "@tags:{" + "|".join(f"t{number}" for number in range(700)) + "}",
        "@created_at:{" + "|".join(str(number) for number in range(2000, 2600)) + "}",
    ],
)
def test_the_largest_queries_are_answered(world: tuple[LocalEngine, list[naive.Row]], query: str) -> None:
    assert parse(query).faults == ()
    world[0].search(Request(parse(query).tree))


def test_a_search_can_be_stopped(world: tuple[LocalEngine, list[naive.Row]]) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        world[0].search(Request(Everything()), token)
    with pytest.raises(Cancelled):
        next(world[0].stream(Request(Everything()), token))
