"""Trees as queries of RediSearch: what they say, and that a real server takes whatever they hold as words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dmart_tui.core.search.fields import Kind
from dmart_tui.core.search.language import parse
from dmart_tui.core.search.redisearch import Inexpressible, subtree, translate
from dmart_tui.core.search.tree import Field, Node, Tags, Word
from tests.support.queries import trees
from tests.support.redis_server import redis_server

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = {
    "shortname": Kind.TEXT,
    "displayname_en": Kind.TEXT,
    "displayname_kd": Kind.TEXT,
    "tags": Kind.TAG,
    "is_active": Kind.TAG,
    "exact_subpath": Kind.TAG,
    "created_at": Kind.NUMERIC,
    "views": Kind.NUMERIC,
    "a_b": Kind.TEXT,
}


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", "*"),
        ("-*", '("x" -"x")'),
        ("a1 | b1 c1", '("a1" | ("b1" "c1"))'),
        ("a1 | b1 | @views:7", '(("a1" | "b1") | (@views:[7.0 7.0]))'),
        ("-(a1 b1)", '(-(("a1" "b1")))'),
        ("c1 -a1 -b1", '("c1" (-("a1")) (-("b1")))'),
        ("-@shortname:a1", '(-(((@shortname:("a1")) (@shortname:("a1")))))'),
        ("-(@tags:a1 b1)", '(-(((@tags:{a1}) "b1")))'),
        ("-a1 bc*", '((-("a1")) bc*)'),
        ("a1-b1/c1", '"a1 b1 c1"'),
        ('"a1) @b1:{c1}"', '"a1 b1 c1"'),
        ("--a1", '"a1"'),
        ("the a1 of", '"a1"'),
        ("a1 -the", '"a1"'),
        ("new-pre*", '("new" pre*)'),
        ("pre-*", '"pre"'),
        ("%%word%%", "%%word%%"),
        ("@shortname:(a1 | b1)", '(@shortname:("a1") | @shortname:("b1"))'),
        ("@shortname:{a1-b1}", '@shortname:("a1 b1")'),
        ("@shortname:(the a1)", '@shortname:("a1")'),
        ("@displayname:x1", '(@displayname_en:("x1") | @displayname_kd:("x1"))'),
        ("@displayname_ku:x1", '@displayname_kd:("x1")'),
        ("@payload.body.a.b:x1", '@a_b:("x1")'),
        ("@tags:(a b)", "((@tags:{a}) (@tags:{b}))"),
        ("@shortname:a1 bc*", '((@shortname:("a1")) bc*)'),
        ("@tags:{a b|c-d|pre*}", r"@tags:{a\ b|c\-d|pre*}"),
        ("@is_active:TRUE", "@is_active:{TRUE}"),
        ("@exact_subpath:{/a/b}", r"@exact_subpath:{a\/b|\/a\/b}"),
        ("@views:[1 (2.5e2]", "(@views:[1.0 (250.0])"),
        ("@views:7", "(@views:[7.0 7.0])"),
        ("@views:word", '("x" -"x")'),
        ("@views:*", "(@views:[-inf +inf])"),
        ("@created:2025-04", "(@created_at:[1743465600.0 (1746057600.0])"),
        ("@created:>2025-04", "(@created_at:[1746057600.0 +inf])"),
        ("@created:<2025", "(@created_at:[-inf (1735689600.0])"),
        ("@created:[1700000000 1700000000.5]", "(@created_at:[1700000000.0 1700000000.5])"),
    ],
)
def test_what_is_asked_of_the_server(text: str, query: str) -> None:
    assert translate(parse(text).tree, KINDS) == query


@pytest.mark.parametrize(
    "text",
    [
        "the",
        "a*",
        "@tags:{a\x01}",
        "@tags:a*",
        "@tags:*",
        "@shortname:*",
        "@shortname:[1 2]",
        "@tags:[1 2]",
        "@nowhere:x",
        '@tags:" "',
    ],
)
def test_what_the_server_cannot_be_asked(text: str) -> None:
    with pytest.raises(Inexpressible) as raised:
        translate(parse(text).tree, KINDS)
    assert " " in raised.value.message


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    import redis

    with redis_server(tmp_path_factory.mktemp("redis")) as url, redis.Redis.from_url(url, protocol=2) as client:
        fields = " ".join(f"$.{name} AS {name} {kind.value}" for name, kind in KINDS.items() if name != "tags")
        client.execute_command(f"FT.CREATE i ON JSON PREFIX 1 s: SCHEMA {fields} $.tags.* AS tags TAG")
        client.json().set("s:other", "$", {"shortname": "other", "tags": ["other"]})
        yield client


def found(server: Any, query: str) -> list[bytes]:
    return list(server.execute_command("FT.SEARCH", "i", query, "NOCONTENT", "VERBATIM", "DIALECT", "2")[1:])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(tree=trees(names=st.sampled_from([*KINDS, "displayname", "created", "payload.body.a.b"])))
def test_the_server_understands_every_query(server: Any, tree: Node) -> None:
    try:
        query = translate(tree, KINDS)
    except Inexpressible:
        return
    found(server, query)


def test_the_last_document_is_not_denied_for_a_word_of_another_field(server: Any) -> None:
    """RediSearch 2.10 does that, where another document has the word in the field that is denied."""
    server.json().set("s:first", "$", {"shortname": "coffee"})
    server.json().set("s:last", "$", {"shortname": "beans", "a_b": "coffee"})
    query = translate(parse("@a_b:coffee -@shortname:coffee").tree, KINDS)
    assert found(server, query) == [b"s:last"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(tag=st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\n\r"), min_size=1, max_size=8))
def test_a_tag_finds_itself_whatever_is_in_it(server: Any, tag: str) -> None:
    tag = tag.strip() or "x"
    server.json().set("s:one", "$", {"tags": [tag]})
    assert b"s:one" in found(server, translate(Field("tags", Tags((Word(tag),))), KINDS))


@pytest.mark.parametrize(
    ("folder", "names"),
    [("a", ["s:1", "s:2", "s:3"]), ("a/b-c", ["s:2"]), ("a/b", []), ("", ["s:1", "s:2", "s:3", "s:4"])],
)
def test_a_folder_and_what_is_below_it(server: Any, folder: str, names: list[str]) -> None:
    for at, path in enumerate(("/a", "a/b-c", "a/d", "ab"), 1):
        server.json().set(f"s:{at}", "$", {"exact_subpath": path})
    known = {key.encode() for key in ("s:1", "s:2", "s:3", "s:4")}
    assert sorted(known & set(found(server, subtree(folder)))) == [name.encode() for name in names]
