"""What becomes a document, and what it says; the example of a real D-MART is the measure."""

from __future__ import annotations

from pathlib import Path

from dmart_tui.core.address import Address
from dmart_tui.core.redisearch import Documents, indexed_spaces, meta_fields, schema_fields
from dmart_tui.core.spaces import Spaces
from tests.support.redisearch import SCHEMA, meta, payload, put


def test_what_dmart_indexes(spaces: Spaces) -> None:
    assert indexed_spaces(spaces) == ["blog"]
    keys = [document.key for document in Documents(spaces).of_space("blog")]
    assert sorted(keys) == [
        "blog:item:posts/tea",
        "blog:meta:/posts",
        "blog:meta:/schema",
        "blog:meta:posts/case",
        "blog:meta:posts/coffee",
        "blog:meta:posts/deep",
        "blog:meta:posts/deep/leaf",
        "blog:meta:posts/tea",
        "blog:meta:schema/item",
    ]


def test_rights_of_management_are_indexed_and_other_users_are_not(spaces: Spaces) -> None:
    root = Path(spaces.root)
    put(root / "management/.dm/meta.space.json", meta("management", indexing_enabled=True))
    put(root / "management/users/.dm/rezan/meta.user.json", meta("rezan", roles=["a"]))
    put(root / "management/users/old/.dm/gone/meta.user.json", meta("gone"))
    put(root / "blog/posts/.dm/guest/meta.user.json", meta("guest"))
    found = [one.key for space in ("management", "blog") for one in Documents(spaces).of_space(space)]
    assert "management:meta:users/rezan" in found
    assert not {key for key in found if key.endswith(("/gone", "/guest"))}


def test_the_documents_of_an_entry(spaces: Spaces) -> None:
    document, body = Documents(spaces).at(Address.parse("blog/posts/tea"))
    assert document.value == {
        **meta("tea", displayname={"en": "Tea running low", "ku": "چا"}, tags=["a-b", "green tea"]),
        "payload": payload("tea.json", "item"),
        "acl": [
            {"user_shortname": "sara", "allowed_actions": ["view"]},
            {"user_shortname": "omar", "allowed_actions": ["delete"]},
        ],
        "created_at": 1704103200.5,
        "updated_at": 1706781600.0,
        "query_policies": [
            "blog::content:true:ali",
            "blog::content:true",
            "blog:__all_subpaths__:content:true",
            "blog:posts:content:true:ali",
            "blog:posts:content:true",
        ],
        "view_acl": ["sara"],
        "subpath": "posts",
        "resource_type": "content",
        "payload_doc_id": "blog:item:posts/tea",
        "payload_string": "3.5,Erbil,Tea,True,c1,hot,leaf,lovely,not me,sara",
    }
    assert body.key == "blog:item:posts/tea"
    assert body.value["meta_doc_id"] == "blog:meta:posts/tea"
    assert body.value["price"] == 3.5
    assert body.value["owner_shortname"] == "ali"  # the meta's keys go before the payload's


def test_the_era_with_branches(spaces: Spaces) -> None:
    document, body = Documents(spaces, ":master").at(Address.parse("blog/posts/tea"))
    assert (document.key, body.key) == ("blog:master:meta:posts/tea", "blog:master:item:posts/tea")
    assert document.value["branch_name"] == "master"
    assert document.value["payload_doc_id"] == body.key
    assert body.value["meta_doc_id"] == document.key


def test_a_payload_that_breaks_its_schema_has_no_document(spaces: Spaces) -> None:
    (document,) = Documents(spaces).at(Address.parse("blog/posts/coffee"))
    assert document.value["payload_doc_id"] == "blog:item:posts/coffee"
    assert document.value["payload_string"] == "4"


def test_at_the_root_of_a_space_the_subpath_is_a_slash(spaces: Spaces) -> None:
    (document,) = Documents(spaces).at(Address.parse("blog/posts"))
    assert (document.key, document.value["subpath"]) == ("blog:meta:/posts", "/")


def test_what_a_server_cannot_take_is_left_out(spaces: Spaces) -> None:
    deep: object = "x"
    for _ in range(150):
        deep = [deep]
    put(Path(spaces.root) / "blog/posts/.dm/deep_one/meta.content.json", meta("deep_one", odd=deep))
    assert Documents(spaces).at(Address.parse("blog/posts/deep_one")) == []


def test_the_fields_of_a_schema() -> None:
    known = {field.name for field in meta_fields()}
    fields = {field.name: (field.kind, field.path) for field in schema_fields(SCHEMA) if field.name not in known}
    assert fields == {
        "title": ("text", "$.title"),
        "price": ("numeric", "$.price"),
        "in_stock": ("tag", "$.in_stock"),
        "words": ("tag", "$.words.*"),
        "parts_name": ("tag", "$.parts.*.name"),
        "place_city": ("text", "$.place.city"),
        "odd-key": ("text", '$["odd-key"]'),
        "meta_doc_id": ("text", "$.meta_doc_id"),
    }


def test_variants_of_a_schema_are_united_and_too_many_texts_are_left_out() -> None:
    variants = {"oneOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {"type": "integer"}}}, 7]}
    names = [field.name for field in schema_fields(variants)]
    assert names[-3:] == ["a", "b", "meta_doc_id"]
    many = {"properties": {f"t{number}": {"type": "string"} for number in range(500)}}
    assert sum(field.kind == "text" for field in schema_fields(many)) == 128


def test_a_schema_that_refers_to_itself_ends() -> None:
    loop = {"properties": {"a": {"$ref": "#/properties/a"}, "b": {"properties": {"c": {"$ref": "#/properties/b"}}}}}
    assert schema_fields(loop)


def test_a_key_that_is_no_text_gives_no_field() -> None:
    assert "\ud800" not in {field.name for field in schema_fields({"properties": {"\ud800": {"type": "string"}}})}
