"""Relationships: written as D-MART does, found by what reads references, and taken away again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.errors import Damaged, NotFound, Refused, UsageFault
from dmart_tui.core.spaces import Reference, references
from dmart_tui.core.writing import Store, plan_link, plan_unlink
from tests.core.writing.conftest import HELLO, lines, loaded, meta, put

if TYPE_CHECKING:
    from pathlib import Path

META = "blog/posts/.dm/hello/meta.content.json"
NOTE = Address("blog", ("posts", "note"))


def targets(store: Store) -> list[tuple[str, Any]]:
    found = references(store.spaces.load(HELLO))
    return [
        (str(one.target), one.attributes) for one in found if isinstance(one, Reference) and one.role == "relationship"
    ]


@pytest.mark.parametrize(
    ("target", "locator"),
    [
        ("blog/posts/note", ("content", "blog", "posts", "note")),
        ("blog/posts/note.content", ("content", "blog", "posts", "note")),
        ("blog/posts", ("folder", "blog", "/", "posts")),
        ("management", ("space", "management", "/", "management")),
        ("management/users/dmart", ("user", "management", "users", "dmart")),
        ("blog/posts/hello#comment/first", ("comment", "blog", "posts/hello", "first")),
    ],
)
def test_a_link_names_its_target_as_dmart_does(
    store: Store, root: Path, target: str, locator: tuple[str, str, str, str]
) -> None:
    store.apply(plan_link(store, HELLO, Address.parse(target), {"role": "see"}))
    (written,) = loaded(root / META)["relationships"]
    assert list(written) == ["related_to", "attributes"]
    assert written["related_to"] == dict(zip(("type", "space_name", "subpath", "shortname"), locator, strict=True))
    assert targets(store) == [(target.removesuffix(".content"), {"role": "see"})]


def test_the_history_tells_of_links_that_come_and_go(store: Store, root: Path) -> None:
    store.apply(plan_link(store, HELLO, NOTE))
    store.apply(plan_unlink(store, HELLO, NOTE))
    came, went = (line["diff"]["relationships"] for line in lines(root / "blog/posts/.dm/hello/history.jsonl"))
    assert came["old"] == "null"
    assert came["new"] == went["old"]
    assert loaded(root / META)["relationships"] == went["new"] == []


def test_one_target_may_be_linked_for_two_reasons_but_not_twice_for_one(store: Store) -> None:
    store.apply(plan_link(store, HELLO, NOTE, {"role": "see"}))
    store.apply(plan_link(store, HELLO, NOTE, {"role": "cite", "page": 3}))
    with pytest.raises(Refused, match="already"):
        plan_link(store, HELLO, NOTE, {"page": 3, "role": "cite"})
    store.apply(plan_unlink(store, HELLO, NOTE, {"page": 3}))
    assert targets(store) == [("blog/posts/note", {"role": "see"})]


def test_what_is_not_there_is_linked_deliberately_and_can_be_unlinked(store: Store) -> None:
    gone = Address("blog", ("posts", "gone"))
    plan = plan_link(store, HELLO, gone)
    assert [(warned.kind, warned.deliberate) for warned in plan.warnings] == [("reference", True)]
    with pytest.raises(Refused):
        store.apply(plan)
    store.apply(plan, anyway=True)
    assert targets(store) == [("blog/posts/gone", {})]
    store.apply(plan_unlink(store, HELLO, gone))
    assert targets(store) == []


def test_links_of_other_shapes_stay_as_they_are(store: Store, root: Path) -> None:
    odd = [
        "nonsense",
        {"related_to": {"resource_type": "content", "space_name": "blog", "subpath": "/posts/", "shortname": "note"}},
        {"related_to": None},
    ]
    put(root / META, meta("hello", relationships=odd))
    with pytest.raises(Refused, match="already"):
        plan_link(store, HELLO, NOTE)
    store.apply(plan_unlink(store, HELLO, NOTE), anyway=True)
    assert loaded(root / META)["relationships"] == [odd[0], odd[2]]


def test_what_cannot_be_linked(store: Store, root: Path) -> None:
    with pytest.raises(UsageFault):
        plan_link(store, HELLO, HELLO)
    with pytest.raises(NotFound, match="does not point to"):
        plan_unlink(store, HELLO, NOTE)
    put(root / META, meta("hello", relationships={"a": 1}))
    with pytest.raises(Damaged):
        plan_link(store, HELLO, NOTE)


def test_links_leave_everything_else_of_real_metas_alone(real_root: Path, tmp_path: Path) -> None:
    from shutil import copytree

    from dmart_tui.core.spaces import Kind, Spaces

    copytree(real_root / "applications", tmp_path / "applications", symlinks=True)
    store = Store(Spaces(tmp_path), user="ann")
    entries = [entry for entry in store.spaces.walk(Address("applications")) if entry.meta and entry.kind is Kind.ENTRY]
    assert len(entries) > 5
    for entry in entries:
        store.apply(plan_link(store, entry.address, Address("applications"), {"role": "home"}))
        assert {**store.spaces.load(entry.address).meta, "relationships": 0, "updated_at": 0} == {
            **entry.meta,
            "relationships": 0,
            "updated_at": 0,
        }
