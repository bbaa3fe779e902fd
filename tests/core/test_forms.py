from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dmart_tui.core.errors import UsageFault
from dmart_tui.core.forms import Field, fields, parse, show, with_field
from dmart_tui.core.merging import ABSENT

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)
TYPES = st.sampled_from(["string", "number", "integer", "boolean", "array", "object", "null", "nonsense"])
KEYWORDS = st.sampled_from(
    [
        "type", "properties", "required", "items", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "$defs",
        "definitions", "additionalProperties", "format", "patternProperties", "title", "description", "default",
        "nullable", "readOnly", "minimum", "minLength", "maxItems", "prefixItems",
    ]
)  # fmt: skip
REFERENCES = st.sampled_from(["#", "#/$defs/a", "#/definitions/b", "#/anyOf/0", "#/$defs/a~1%zz", "http://x/y", "a"])
SCHEMAS = st.recursive(
    JSON | TYPES | REFERENCES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(KEYWORDS, inner, max_size=5)
        | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4)
    ),
    max_leaves=40,
)


def rows(schema: Any, value: Any) -> list[Field]:
    return fields(schema, value, open=lambda _path: True)


def row(schema: Any, value: Any, *path: str | int) -> Field:
    return next(field for field in rows(schema, value) if field.path == path)


def at(document: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        document = document[part]
    return document


def test_rows_are_the_keys_of_the_schema_and_then_those_only_the_value_has() -> None:
    schema = {
        "properties": {
            "name": {"type": "string", "title": "Name"},
            "city": {"enum": ["erbil", "basra"]},
            "size": {"type": "object", "properties": {"h": {"type": "integer"}}, "required": ["h"]},
        },
        "required": ["name"],
    }
    shown = [
        (field.path, field.title, field.kind, field.depth, field.value, field.required)
        for field in rows(schema, {"other": [1], "size": {"w": 2}, "city": "basra"})
    ]
    assert shown == [
        (("name",), "Name", "text", 0, ABSENT, True),
        (("city",), "city", "choice", 0, "basra", False),
        (("size",), "size", "object", 0, {"w": 2}, False),
        (("size", "h"), "h", "integer", 1, ABSENT, True),
        (("size", "w"), "w", "number", 1, 2, False),
        (("other",), "other", "list", 0, [1], False),
        (("other", 0), "0", "number", 1, 1, False),
    ]


def test_members_of_what_is_folded_are_not_shown() -> None:
    shown = fields(None, {"a": {"b": 1}, "c": [1]}, open=lambda path: path == ("c",))
    assert [(field.path, field.open) for field in shown] == [(("a",), False), (("c",), True), (("c", 0), False)]


@pytest.mark.parametrize(
    ("schema", "value", "kind"),
    [
        ({"type": "string"}, "a", "text"),
        ({"type": "string"}, "a\nb", "long"),
        ({"type": "string"}, "a" * 201, "long"),
        ({"type": "string"}, "a\u202eb", "raw"),
        ({"type": "string", "format": "date"}, ABSENT, "date"),
        ({"type": "string", "format": "date-time"}, "x", "datetime"),
        ({"type": "string", "format": "textarea"}, "x", "long"),
        ({"type": ["integer", "null"]}, None, "integer"),
        ({"type": "integer"}, "12", "integer"),
        ({"type": "integer"}, [12], "raw"),
        ({"type": "object"}, "12", "raw"),
        ({"const": 3}, ABSENT, "choice"),
        ({"type": "string", "enum": ["a", "b"]}, "z", "choice"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, ["b"], "choices"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, ["b", "z"], "list"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, ["b", "b"], "list"),
        ({"type": "object", "format": "translation"}, ABSENT, "translation"),
        ({"properties": {"en": {"type": "string"}, "ku": {"type": "string"}}}, {"fr": "x"}, "translation"),
        (None, {"ar": "x"}, "translation"),
        (None, {"ar": 1}, "object"),
        (None, None, "null"),
        (None, True, "boolean"),
        ({"anyOf": [{"type": "string"}, {"type": "array"}]}, ["x"], "list"),
        ({"anyOf": [{"type": "string"}, {"type": "array"}]}, ABSENT, "raw"),
        ({"oneOf": [{"type": "null"}, {"type": "string"}]}, ABSENT, "text"),
        ({"allOf": [{"type": "number"}, {"type": "integer"}]}, ABSENT, "integer"),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"type": "boolean"}}}, ABSENT, "boolean"),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"$ref": "#/$defs/x"}}}, "text", "text"),
        (None, list(range(501)), "raw"),
    ],
)
def test_kinds(schema: Any, value: Any, kind: str) -> None:
    document = {} if value is ABSENT else {"key": value}
    definitions = schema.get("$defs", {}) if isinstance(schema, dict) else {}
    assert row({"properties": {"key": schema}, "$defs": definitions}, document, "key").kind == kind


def test_a_value_picks_the_branch_that_its_constants_name() -> None:
    branches = [
        {"type": "object", "properties": {"kind": {"const": kind}, "own_" + kind: {"type": "string"}}} for kind in "ab"
    ]
    shown = rows({"properties": {"it": {"anyOf": branches}}}, {"it": {"kind": "b"}})
    assert [field.path for field in shown] == [("it",), ("it", "kind"), ("it", "own_b")]


def test_what_is_unset_offers_every_type_it_may_have() -> None:
    branches = [{"type": "string"}, {"title": "Words", "type": "object", "required": ["n"],
                                      "properties": {"n": {"default": 7}}}]  # fmt: skip
    unset = row({"properties": {"it": {"anyOf": branches}}}, {}, "it")
    assert [(shape.title, shape.kind, shape.value) for shape in unset.shapes] == [
        ("text", "text", ""),
        ("Words", "object", {"n": 7}),
    ]
    untyped = row({"properties": {"it": {}}}, {}, "it")
    assert [shape.kind for shape in untyped.shapes] == ["text", "number", "boolean", "object", "list"]


def test_lists_and_open_objects_take_members_and_closed_objects_do_not() -> None:
    schema = {
        "properties": {
            "tags": {"type": "array", "items": {"type": "string"}},
            "specs": {"type": "object", "additionalProperties": {"type": "integer"}},
            "shut": {"type": "object", "additionalProperties": False},
        },
        "additionalProperties": False,
    }
    value = {"tags": ["x"], "specs": {"a": 1}, "shut": {}}
    tags, specs, shut = (row(schema, value, key) for key in ("tags", "specs", "shut"))
    assert [(field.path, field.kind) for field in tags.adds] == [(("tags", 1), "text")]
    assert [(field.path, field.kind) for field in specs.adds] == [(("specs", ""), "integer")]
    assert not shut.can_add
    assert row(schema, value, "tags", 0).beside == tags.adds
    assert not tags.beside


def test_read_only_and_secret_go_down() -> None:
    schema = {"properties": {"fixed": {"readOnly": True}, "secrets": {"type": "array"}}}
    value = {"fixed": {"a": [1]}, "secrets": ["hush"], "password": "x"}
    assert row(schema, value, "fixed", "a", 0).read_only
    assert not row(schema, value, "fixed", "a").can_add
    assert not row(schema, value, "fixed", "a", 0).can_remove
    assert row(schema, value, "secrets", 0).secret
    assert show(row(schema, value, "password")) == ""


def test_a_translation_has_its_languages_and_those_of_the_value() -> None:
    schema = {"properties": {"t": {"format": "translation", "properties": {"en": {}, "ku": {}}}}}
    parts = row(schema, {"t": {"kd": "ناو", "xx": 1}}, "t").parts
    assert [(part.path, part.value) for part in parts] == [
        (("t", "en"), ABSENT),
        (("t", "kd"), "ناو"),
        (("t", "xx"), 1),
    ]


def test_a_language_can_be_added() -> None:
    part = row(None, {"t": {"ar": "x"}}, "t").parts[0]
    assert [(shape.path, shape.kind) for shape in part.beside] == [(("t", ""), "text")]


def test_help_says_what_is_asked() -> None:
    schema = {"description": "How many.", "type": "integer", "minimum": 1, "maximum": 9, "default": 3}
    assert row({"properties": {"n": schema}}, {}, "n").help == "How many; 1 to 9; default 3"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", " a ", " a "),
        ("integer", " -12 ", -12),
        ("number", "12", 12),
        ("number", "1.5e3", 1500.0),
        ("boolean", "true", True),
        ("date", "2026-02-28", "2026-02-28"),
        ("datetime", "2026-02-28T10:00:00+03:00", "2026-02-28T10:00:00+03:00"),
        ("choice", "2", 2),
        ("raw", '{"a": [1]}', {"a": [1]}),
        ("list", "[1]", [1]),
        ("null", "word", "word"),
        ("null", "12", 12),
        ("integer", "", ABSENT),
    ],
)
def test_what_a_text_means(kind: Any, text: str, value: Any) -> None:
    assert parse(Field(("key",), "key", kind, ABSENT, choices=(1, 2)), text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "1.5"),
        ("integer", "١"),
        ("number", "nan"),
        ("number", "1_000"),
        ("number", "1e999"),
        ("boolean", "yes"),
        ("date", "2026-02-30"),
        ("date", "20260230"),
        ("datetime", "2026-02-28"),
        ("choice", "3"),
        ("raw", "{"),
        ("raw", "NaN"),
        ("raw", "[" * 100_000),
        ("object", "[]"),
        ("choices", "[3]"),
    ],
)
def test_what_a_text_cannot_mean(kind: Any, text: str) -> None:
    with pytest.raises(UsageFault, match=r"\w+ \w+"):
        parse(Field(("key",), "key", kind, ABSENT, choices=(1, 2)), text)


def test_an_e_mail_address_is_checked_and_an_empty_member_is_not_left_behind() -> None:
    with pytest.raises(UsageFault):
        parse(Field(("key",), "key", "text", ABSENT, format="email"), "someone")
    with pytest.raises(UsageFault):
        parse(Field(("key", 0), "0", "integer", 1), "")
    assert parse(Field(("key", 0), "0", "integer", 1, nullable=True), "") is None


@example({"items": []}, None)
@given(SCHEMAS, JSON)
def test_no_schema_and_no_value_raises(schema: Any, value: Any) -> None:
    for field in rows(schema, value):
        for each in (field, *field.parts, *field.shapes, *field.adds):
            try:
                parse(each, show(each))
            except UsageFault as fault:
                assert fault.message


@given(JSON)
def test_every_value_is_in_the_form_and_its_text_means_itself(value: Any) -> None:
    shown = rows(None, value)
    if isinstance(value, dict):
        assert {field.path[0] for field in shown if field.path} == value.keys()
    for field in (inner for outer in shown for inner in (outer, *outer.parts)):
        assert json.dumps(at(value, field.path)) == json.dumps(field.value)
        if not field.secret and field.value is not None:
            assert json.dumps(parse(field, show(field))) == json.dumps(field.value)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], str]:
    if isinstance(value, dict | list) and value:
        members = value.items() if isinstance(value, dict) else enumerate(value)
        return {where: text for key, inner in members for where, text in leaves(inner, (*path, key)).items()}
    return {path: json.dumps(value)}


@given(JSON, st.data())
def test_editing_a_field_changes_nothing_but_its_path(value: Any, data: st.DataObject) -> None:
    field = data.draw(st.sampled_from(rows(None, value)))
    before = deepcopy(value)
    edited = with_field(value, field.path, "new")
    assert value == before
    assert at(edited, field.path) == "new"

    def others(document: Any) -> dict[tuple[str | int, ...], str]:
        return {path: text for path, text in leaves(document).items() if path[: len(field.path)] != field.path}

    assert others(edited) == others(value)
    assert with_field(edited, field.path, field.value) == value


@pytest.mark.parametrize(
    ("path", "value", "after"),
    [
        (("a", 1), "z", {"a": ["x", "z"]}),
        (("a", 0), ABSENT, {"a": []}),
        (("a",), ABSENT, {}),
        (("b", "c"), 1, {"a": ["x"], "b": {"c": 1}}),
        (("b", 0, "c"), 1, {"a": ["x"], "b": [{"c": 1}]}),
        (("b", "c"), ABSENT, {"a": ["x"]}),
        ((), 1, 1),
    ],
)
def test_setting_adding_and_taking_away(path: tuple[str | int, ...], value: Any, after: Any) -> None:
    assert with_field({"a": ["x"]}, path, value) == after


@pytest.mark.parametrize("path", [("a", 2), ("a", "b"), ("a", 0, "b"), (0,)])
def test_a_path_that_leads_nowhere(path: tuple[str | int, ...]) -> None:
    with pytest.raises(UsageFault):
        with_field({"a": ["x"]}, path, 1)


def test_a_schema_that_branches_without_end_is_read_in_time() -> None:
    doubling: dict[str, Any] = {"$defs": {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 16} for n in range(40)}}
    schema = doubling | {"properties": {"x": {"$ref": "#/$defs/d0"}, "me": {"$ref": "#"}}}
    assert [field.path for field in rows(schema, {"me": {"me": {}}})][:2] == [("x",), ("me",)]
