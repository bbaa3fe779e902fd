"""A draft keeps values and texts in step, judges them, undoes, merges and comes back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.errors import Refused
from dmart_tui.core.forms import with_field
from dmart_tui.core.secrets import MARK
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.writing import Draft, Store, open_document

if TYPE_CHECKING:
    from pathlib import Path

HELLO = Address("shop", ("hello",))
SCHEMA = {
    "type": "object",
    "required": ["title"],
    "properties": {"title": {"type": "string"}, "n": {"type": "integer"}},
}
META = {
    "uuid": "2f4aa3ce-6d2b-4a3f-9d8e-0a4c1b6a7d11",
    "shortname": "hello",
    "is_active": True,
    "tags": ["a"],
    "created_at": "2024-01-01T00:00:00",
    "updated_at": "2024-01-01T00:00:00",
    "owner_shortname": "dana",
    "payload": {"content_type": "json", "schema_shortname": "note", "body": "hello.json"},
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    for name, document in {
        "shop/.dm/meta.space.json": {"shortname": "shop", "is_active": True},
        "shop/schema/note.json": SCHEMA,
        "shop/.dm/hello/meta.content.json": META,
        "shop/hello.json": {"title": "Hello", "n": 1},
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document, indent=2))
    return Store(Spaces(tmp_path), user="sara")


def draft_of(store: Store, address: Address = HELLO) -> Draft:
    return Draft(store, open_document(store, address))


def test_a_value_set_in_the_form_stands_in_the_text_which_is_else_as_it_was(store: Store) -> None:
    draft = draft_of(store)
    before = draft.text("body")
    draft.set("body", with_field(draft.value("body"), ("n",), 25))
    assert draft.text("body") == before.replace('"n": 1', '"n": 25')
    assert draft.modified


def test_a_text_that_is_typed_is_the_value_and_while_it_is_no_json_the_form_refuses(store: Store) -> None:
    draft = draft_of(store)
    draft.type("body", '{"title": "New", "n"')
    assert draft.value("body") == {"title": "Hello", "n": 1}
    assert [remark.line for remark in draft.remarks("body")] == [0]
    with pytest.raises(Refused, match="JSON"):
        draft.set("body", {})
    with pytest.raises(Refused, match="JSON"):
        draft.plan()
    draft.type("body", '{"title": "New", "n": 2}')
    assert draft.value("body") == {"title": "New", "n": 2}
    assert not draft.remarks("body")


def test_remarks_stand_at_the_value_they_are_about(store: Store) -> None:
    draft = draft_of(store)
    draft.set("body", with_field(draft.value("body"), ("n",), "two"))
    [remark] = draft.remarks("body")
    assert remark.path == ("n",)
    line = draft.text("body").split("\n")[remark.line]
    assert line[remark.column : remark.column + remark.length] == '"two"'
    draft.set("meta", with_field(draft.value("meta"), ("is_active",), "yes"))
    assert [remark.path for remark in draft.remarks("meta")] == [("is_active",)]


def test_undo_goes_back_over_form_and_text_and_redo_forth(store: Store) -> None:
    draft = draft_of(store)
    texts = [draft.text("body")]
    draft.set("body", with_field(draft.value("body"), ("n",), 2), touched=("n",))
    draft.set("body", with_field(draft.value("body"), ("n",), 23), touched=("n",))
    texts.append(draft.text("body"))
    draft.type("body", draft.text("body").replace("Hello", "Bye"), touched="text")
    texts.append(draft.text("body"))
    assert draft.undo()
    assert draft.text("body") == texts[1]
    assert draft.undo()
    assert draft.text("body") == texts[0]
    assert not draft.modified
    assert not draft.undo()
    assert draft.redo() and draft.redo()
    assert draft.text("body") == texts[2]
    assert not draft.redo()


def test_saving_writes_the_text_as_it_stands(store: Store, tmp_path: Path) -> None:
    draft = draft_of(store)
    typed = '{"n": 1.0,   "title": "Hello"}\n'
    draft.type("body", typed)
    draft.set("meta", with_field(draft.value("meta"), ("tags",), ["a", "b"]))
    done = store.apply(draft.plan())
    assert {change.key for change in done.plan.changes} == {"payload.body.n", "tags"}
    assert (tmp_path / "shop/hello.json").read_text() == typed
    assert not draft_of(store).modified


def test_secrets_are_masked_and_survive(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "shop/.dm/hello/meta.content.json"
    file.write_text(json.dumps({**META, "firebase_token": "very-secret-token"}))
    (tmp_path / "shop/hello.json").write_text('{"title": "x", "password": "Hush12345"}')
    draft = draft_of(store)
    assert "very-secret" not in draft.text("meta")
    assert "Hush" not in draft.text("body")
    assert MARK in draft.text("meta")
    draft.set("meta", with_field(draft.value("meta"), ("tags",), []))
    draft.set("body", with_field(draft.value("body"), ("title",), "y"))
    store.apply(draft.plan())
    assert json.loads(file.read_text())["firebase_token"] == "very-secret-token"
    assert json.loads((tmp_path / "shop/hello.json").read_text()) == {"title": "y", "password": "Hush12345"}


def test_what_others_changed_is_merged_and_clashes_are_chosen(store: Store, tmp_path: Path) -> None:
    draft = draft_of(store)
    draft.set("body", {"title": "mine", "n": 1, "new": True})
    other = draft_of(store)
    other.set("body", {"title": "theirs", "n": 7})
    store.apply(other.plan())
    found = draft.theirs()
    assert found is not None
    [clash] = found.clashes
    assert (clash.base, clash.mine, clash.theirs) == ("Hello", "mine", "theirs")
    merged = draft.merged(found, {clash.path: clash.theirs})
    assert merged.value("body") == {"title": "theirs", "n": 7, "new": True}
    assert merged.theirs() is None
    store.apply(merged.plan())
    assert json.loads((tmp_path / "shop/hello.json").read_text()) == {"title": "theirs", "n": 7, "new": True}


def test_edits_come_back_in_another_session_unless_the_files_changed(store: Store, tmp_path: Path) -> None:
    draft = draft_of(store)
    assert draft.state() is None
    draft.set("body", {"title": "kept"})
    state = json.loads(json.dumps(draft.state()))
    again = draft_of(store)
    assert again.restore(state)
    assert again.value("body") == {"title": "kept"}
    (tmp_path / "shop/hello.json").write_text("{}")
    changed = draft_of(store)
    assert not changed.restore(state)
    assert not changed.modified


def test_a_text_that_stands_in_the_meta_is_a_part_of_its_own(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "shop/.dm/page/meta.content.json"
    file.parent.mkdir()
    payload = {"content_type": "markdown", "body": "# Title\n"}
    file.write_text(json.dumps({**META, "shortname": "page", "payload": payload}))
    draft = draft_of(store, Address("shop", ("page",)))
    assert draft.text("body") == "# Title\n"
    draft.type("body", "# Other\n")
    store.apply(draft.plan())
    assert json.loads(file.read_text())["payload"]["body"] == "# Other\n"


def test_json_on_one_line_is_laid_out_to_edit_and_saved_on_one_line(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "shop/hello.json"
    file.write_text('{"title": "H\\u00e9llo, a title that is long enough", "n": 1.50, "list": [], "in": {"a": [1, 2]}}')
    draft = draft_of(store)
    assert draft.text("body").split("\n")[1:6] == [
        '  "title": "Héllo, a title that is long enough",',
        '  "n": 1.50,',
        '  "list": [],',
        '  "in": {',
        '    "a": [',
    ]
    draft.type("body", draft.text("body").replace("1,", "1, 7,"))
    store.apply(draft.plan(), anyway=True)
    assert file.read_text().startswith('{"title": "H\\u00e9llo')
    assert file.read_text().endswith('"n": 1.50, "list": [], "in": {"a": [1, 7, 2]}}')
