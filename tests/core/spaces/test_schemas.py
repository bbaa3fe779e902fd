"""Schemas as D-MART finds them, and schemas as someone hostile would write them."""

from __future__ import annotations

import json
import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from dmart_tui.core.spaces import Schemas, Spaces, compile_schema, row_violations


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value))


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


def test_management_comes_before_the_space(tmp_path: Path) -> None:
    write(tmp_path / "management/schema/item.json", {"type": "integer"})
    write(tmp_path / "shop/schema/item.json", {"type": "string"})
    write(tmp_path / "shop/schema/own.json", {"type": "string"})
    schemas = Schemas(Spaces(tmp_path))
    assert schemas.validate("shop", "item", 3).state == "valid"
    assert schemas.validate("shop", "item", "three").state == "invalid"
    assert schemas.validate("shop", "own", "three").state == "valid"
    assert schemas.validate("other", "own", "three").state == "missing"


def test_a_changed_schema_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "shop/schema/item.json"
    write(file, {"type": "integer"})
    schemas = Schemas(Spaces(tmp_path))
    first = schemas.get("shop", "item")
    assert schemas.get("shop", "item") is first
    write(file, {"type": "string"})
    assert schemas.validate("shop", "item", "three").state == "valid"


def test_violations_say_where(tmp_path: Path) -> None:
    schema = compile_schema(
        {"properties": {"items": {"items": {"properties": {"price": {"type": "number"}}, "required": ["name"]}}}}
    )
    verdict = schema.validate({"items": [{"name": "a"}, {"price": "dear"}]})
    assert {(one.where, one.keyword) for one in verdict.violations} == {
        ("items[1].price", "type"),
        ("items[1]", "required"),
    }
    assert not verdict.more


def test_at_most_so_many_violations_are_told() -> None:
    verdict = compile_schema({"items": {"type": "string"}}).validate(list(range(60)), limit=7)
    assert len(verdict.violations) == 7
    assert verdict.more


def test_a_large_value_is_told_its_first_violation() -> None:
    verdict = compile_schema({"items": {"type": "string"}}).validate(list(range(100_000)))
    assert [one.where for one in verdict.violations] == ["[0]"]


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "..", "a\0b", "x" * 300, ""])
def test_names_of_schemas_lead_nowhere_else(tmp_path: Path, name: str) -> None:
    write(tmp_path / "etc/passwd.json", {})
    (tmp_path / "root/shop/schema").mkdir(parents=True)
    assert Schemas(Spaces(tmp_path / "root")).get("shop", name).verdict.state == "missing"  # type: ignore[union-attr]


def test_a_schema_outside_the_root_is_not_read(tmp_path: Path) -> None:
    write(tmp_path / "outside.json", {})
    folder = tmp_path / "root/shop/schema"
    folder.mkdir(parents=True)
    (folder / "item.json").symlink_to(tmp_path / "outside.json")
    assert Schemas(Spaces(tmp_path / "root")).validate("shop", "item", 1).state == "broken"


@pytest.mark.parametrize("text", ["", "[1", "[]", '"x"', '{"type": "strong"}', '{"pattern": "("}', "\ufeff{"])
def test_what_is_no_schema_is_broken(tmp_path: Path, text: str) -> None:
    write(tmp_path / "shop/schema/item.json", text)
    verdict = Schemas(Spaces(tmp_path)).validate("shop", "item", 1)
    assert verdict.state == "broken"
    assert verdict.detail


def test_a_schema_that_is_a_pipe_does_not_block(tmp_path: Path) -> None:
    (tmp_path / "shop/schema").mkdir(parents=True)
    os.mkfifo(tmp_path / "shop/schema/item.json")
    assert Schemas(Spaces(tmp_path)).validate("shop", "item", 1).state == "broken"


def test_nothing_is_fetched(tmp_path: Path) -> None:
    write(tmp_path / "secret.json", {"type": "integer"})
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        for reference in (f"http://127.0.0.1:{server.getsockname()[1]}/x.json", f"file://{tmp_path}/secret.json"):
            assert compile_schema({"$ref": reference}).validate(1).state == "broken"
        with pytest.raises(BlockingIOError):
            server.accept()


def exponential(depth: int) -> Any:
    """A schema of a few lines that takes 4 ** depth visits."""
    definitions: dict[str, Any] = {
        f"d{level}": {"anyOf": [{"$ref": f"#/definitions/d{level + 1}"}] * 4} for level in range(depth)
    }
    definitions[f"d{depth}"] = {"type": "integer"}
    return {"definitions": definitions, "$ref": "#/definitions/d0"}


RECURSIVE = {
    "properties": {"a": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}, {"allOf": [{"$ref": "#"}]}]}},
    "type": "object",
}

CHAIN = {"definitions": {f"d{n}": {"$ref": f"#/definitions/d{n + 1}"} for n in range(5000)}, "$ref": "#/definitions/d0"}


@pytest.mark.parametrize(
    ("schema", "value", "state"),
    [
        (exponential(30), "x", "costly"),
        (exponential(3), "x", "invalid"),
        (RECURSIVE, nested(40), "costly"),
        (RECURSIVE, nested(3), "invalid"),
        ({"$ref": "#"}, {}, "valid"),
        ({"allOf": [{"$ref": "#"}]}, {}, "valid"),
        ({"pattern": r"^(a+)+\1$"}, "a" * 60 + "b", "invalid"),
        ({"pattern": "^(a+)+$"}, "a" * 60 + "b", "invalid"),
        ({"pattern": "(a{1000}){1000}"}, "a", "broken"),
        ({"properties": {"a": {"$ref": "#"}}}, nested(900), "valid"),
        ({"type": "string"}, "\udc80", "invalid"),
        ({"type": "integer"}, 10**400, "valid"),
        (CHAIN, "x", "costly"),
    ],
)  # fmt: skip
def test_hostile_schemas_and_values_are_answered(schema: Any, value: Any, state: str) -> None:
    states: list[str] = []
    worker = threading.Thread(target=lambda: states.append(compile_schema(schema).validate(value).state), daemon=True)
    worker.start()
    worker.join(60)
    assert states == [state]


def test_ordinary_recursion_is_not_costly() -> None:
    tree = {"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}}
    value: Any = {}
    for _ in range(60):
        value = {"left": value}
    assert compile_schema(tree).validate(value).state == "valid"


def test_look_around_in_patterns_works() -> None:
    schema = compile_schema({"pattern": "^(?!x)y"})
    assert schema.validate("y").state == "valid"
    assert schema.validate("xy").state == "invalid"


def test_rows_of_a_csv_may_be_numbers() -> None:
    schema = compile_schema(
        {"properties": {"price": {"type": "number"}, "code": {"type": "string"}, "new": {"type": "boolean"}}}
    )
    data = '\ufeffcode,price,new\n007,"1,200.5",true\n008,dear,true\n'.encode()
    assert [(row, one.where) for row, one in row_violations(schema, "csv", data)] == [(2, "price")]


def test_rows_of_jsonl_are_parsed_and_held_to_the_schema() -> None:
    schema = compile_schema({"required": ["a"]})
    found = list(row_violations(schema, "jsonl", b'{"a": 1}\n\n{"b": 1}\n{"a"\n'))
    assert [(row, one.keyword) for row, one in found] == [(2, "required"), (3, "json")]


def test_only_the_first_rows_are_looked_at() -> None:
    assert list(row_violations(compile_schema(True), "jsonl", b"1\n" * 10 + b"{\n", rows=10)) == []
