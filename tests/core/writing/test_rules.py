"""What a person is warned of, and what asks for a deliberate yes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.errors import Refused
from dmart_tui.core.writing import Plan, Store, plan_create, plan_set
from tests.core.writing.conftest import HELLO, meta, put

if TYPE_CHECKING:
    from pathlib import Path


def told(plan: Plan) -> list[tuple[str, tuple[str | int, ...], bool]]:
    return [(warned.kind, warned.path, warned.deliberate) for warned in plan.warnings]


@pytest.mark.parametrize("name", ["hello-world", "x" * 65, "a b", "زۆر"])
def test_a_new_name_that_dmart_would_not_take(store: Store, name: str) -> None:
    assert told(plan_create(store, Address("blog", ("posts", name)), "content")) == [("name", ("shortname",), True)]


def test_a_name_that_is_there_is_left_alone(store: Store, root: Path) -> None:
    put(root / "blog/posts/.dm/hello-world/meta.content.json", meta("hello-world"))
    assert told(plan_set(store, Address("blog", ("posts", "hello-world")), [("slug", "x")])) == []


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("payload.body.views", "many", ("schema", ("payload", "body", "views"), True)),
        ("payload.schema_shortname", "no_such", ("reference", ("payload", "schema_shortname"), True)),
        ("owner_shortname", "nobody", ("reference", ("owner_shortname",), False)),
        ("is_active", "perhaps", ("model", ("is_active",), True)),
        ("shortname", "other", ("name", ("shortname",), True)),
        ("slug", "a b", ("model", ("slug",), True)),
        ("payload.body.title", "fine", None),
        ("owner_shortname", "dmart", None),
    ],
)
def test_a_change_is_warned_of(store: Store, key: str, value: Any, expected: Any) -> None:
    plan = plan_set(store, HELLO, [(key, value)])
    assert (told(plan)[0] if plan.warnings else None) == expected


def test_a_deliberate_warning_stands_until_it_is_meant(store: Store) -> None:
    plan = plan_set(store, HELLO, [("payload.body.views", "many")])
    with pytest.raises(Refused, match="views"):
        store.apply(plan)
    store.apply(plan, anyway=True)


def test_what_was_wrong_before_is_not_told_again(store: Store, root: Path) -> None:
    put(root / "blog/posts/.dm/hello/meta.content.json", meta("hello", tags="none", is_active="x"))
    assert told(plan_set(store, HELLO, [("slug", "x")])) == []


def test_a_ticket_goes_through_its_workflow(store: Store, root: Path) -> None:
    path = root / "blog/posts/.dm/t/meta.ticket.json"
    put(path, meta("t", state="new", is_open=True, workflow_shortname="flow"))
    put(root / "blog/workflows/flow.json", {"states": []})
    assert told(plan_set(store, Address("blog", ("posts", "t")), [("state", "done")])) == [
        ("workflow", ("state",), True)
    ]


def test_a_password_that_dmart_would_not_take(store: Store) -> None:
    plan = plan_set(store, Address("management", ("users", "dmart")), [("password", "short")])
    assert told(plan) == [("model", ("password",), True)]
    assert "short" not in repr(plan.warnings)


@pytest.mark.parametrize(
    ("key", "value", "warned"),
    [("payload.body.code", 7, True), ("payload.body.code", 8, False), ("payload.body.title", "x", False)],
)
def test_values_that_a_folder_wants_to_be_unique(store: Store, root: Path, key: str, value: Any, warned: bool) -> None:
    folder = meta("posts", payload={"content_type": "json", "body": "posts.json"})
    put(root / "blog/posts/.dm/meta.folder.json", folder)
    put(root / "blog/posts.json", {"unique_fields": [["payload.body.code", "is_active"]]})
    put(
        root / "blog/posts/.dm/other/meta.content.json",
        meta("other", payload={"content_type": "json", "body": "other.json"}),
    )
    put(root / "blog/posts/other.json", {"code": 7})
    plan = plan_set(store, HELLO, [(key, value)])
    assert told(plan) == ([("schema", ("payload", "body", "code"), True)] if warned else [])
    made = plan_create(store, Address("blog", ("posts", "new")), "content", body={"code": value})
    assert bool(made.warnings) == (value == 7)


def test_a_secret_that_breaks_its_schema_is_not_told(store: Store, root: Path) -> None:
    put(root / "blog/schema/post.json", {"properties": {"token": {"type": "integer"}}})
    plan = plan_set(store, HELLO, [("payload.body.token", "open sesame")])
    assert told(plan) == [("schema", ("payload", "body", "token"), True)]
    assert "sesame" not in repr(plan.warnings)
