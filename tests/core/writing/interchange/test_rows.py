"""Rows of a CSV file as entries."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError, NotFound, Refused, UsageFault
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.writing import Store
from dmart_tui.core.writing.interchange import ImportedRows, Table, export_csv, import_csv

POSTS = Address("blog", ("posts",))
SCHEMA = {
    "properties": {
        "title": {"type": "string"},
        "views": {"type": "integer"},
        "price": {"type": ["number", "null"]},
        "open": {"$ref": "#/definitions/flag"},
        "sizes": {"type": "array"},
        "size": {"properties": {"width": {"type": "integer"}}},
    },
    "definitions": {"flag": {"type": "boolean"}},
}


def put(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder that takes one schema, with one entry in it."""
    top = tmp_path / "my spaces"
    put(top / "blog/.dm/meta.space.json", {"shortname": "blog"})
    payload = {"content_type": "json", "body": "posts.json"}
    put(top / "blog/posts/.dm/meta.folder.json", {"shortname": "posts", "payload": payload})
    put(top / "blog/posts.json", {"content_schema_shortnames": ["post"], "index_attributes": []})
    put(top / "blog/schema/post.json", SCHEMA)
    payload = {"content_type": "json", "schema_shortname": "post", "body": "old.json"}
    meta = {"shortname": "old", "is_active": True, "tags": [], "owner_shortname": "ann", "payload": payload}
    put(top / "blog/posts/.dm/old/meta.content.json", meta | {"created_at": "2024-01-01T00:00:00"})
    put(top / "blog/posts/old.json", {"title": "Old", "views": 1, "kept": True})
    return top


def imported(root: Path, text: str, **options: Any) -> ImportedRows:
    path = root.parent / "rows.csv"
    path.write_text(text, encoding=options.pop("encoding", "utf-8"))
    return import_csv(Store(Spaces(root), user="ann"), POSTS, path, **options)


def body(root: Path, name: str) -> Any:
    return json.loads((root / f"blog/posts/{name}.json").read_bytes())


def test_a_row_makes_an_entry_typed_by_its_schema(root: Path) -> None:
    found = imported(
        root,
        "shortname,displayname.en,tags,title,views,price,open,sizes,size.width,note\r\n"
        'new,"Brand, new","a, b",007,"1,234","1,000.5",Yes,"[1, 2]",3,\r\n',
        encoding="utf-8-sig",
    )
    assert found.report.done == 1
    assert body(root, "new") == {
        "title": "007", "views": 1234, "price": 1000.5, "open": True, "sizes": [1, 2], "size": {"width": 3},
    }  # fmt: skip
    meta = json.loads((root / "blog/posts/.dm/new/meta.content.json").read_bytes())
    assert (meta["displayname"], meta["tags"]) == ({"en": "Brand, new"}, ["a", "b"])
    assert meta["payload"]["schema_shortname"] == "post"


def test_a_row_changes_the_entry_that_has_its_name(root: Path) -> None:
    found = imported(root, "shortname,views,created_at\nold,2,1999-01-01\nnew,3,\n")
    assert found.report.done == 2
    assert body(root, "old") == {"title": "Old", "views": 2, "kept": True}
    meta = json.loads((root / "blog/posts/.dm/old/meta.content.json").read_bytes())
    assert meta["created_at"] == "2024-01-01T00:00:00"
    assert imported(root, "shortname,views\nold,9\n", on_existing="skip").report.unchanged == 1
    assert body(root, "old")["views"] == 2


def test_auto_makes_names(root: Path) -> None:
    assert imported(root, "shortname;views\nauto;1\nauto;2\n").report.done == 2
    assert len(list((root / "blog/posts/.dm").glob("*/meta.content.json"))) == 3


def test_errors_tell_the_line_and_stop_nothing(root: Path) -> None:
    text = 'shortname,views,title\na,x,t\nb,1\n../c,1,t\nd,1,"two\nlines"\ne,1.5,t\nf,2,t\n'
    found = imported(root, text)
    assert [failure.reason.partition(":")[0] for failure in found.report.failures] == [
        "line 2", "line 3", "line 4", "line 7",
    ]  # fmt: skip
    assert found.report.done == 2
    assert body(root, "d")["title"] == "two\nlines"


def test_a_dry_run_changes_nothing(root: Path) -> None:
    found = imported(root, "shortname,views\na,1\nold,x\n", dry_run=True)
    assert (found.preview.changing, found.preview.failing) == (1, 1)
    assert not (root / "blog/posts/a.json").exists()


def test_columns_become_other_keys_or_nothing(root: Path) -> None:
    keys = {"Name": "shortname", "Label": "displayname.en", "Seen": "payload.body.views", "Junk": ""}
    found = imported(root, 'Name,Label,Seen,Junk,title\nnew,Brand new,"1,234",x,T\n', keys=keys)
    assert [(column.title, column.key, column.type) for column in found.columns] == [
        ("Name", "shortname", "string"), ("Label", "displayname.en", "string"),
        ("Seen", "payload.body.views", "integer"), ("Junk", "", None), ("title", "payload.body.title", "string"),
    ]  # fmt: skip
    assert body(root, "new") == {"views": 1234, "title": "T"}
    assert json.loads((root / "blog/posts/.dm/new/meta.content.json").read_bytes())["displayname"] == {
        "en": "Brand new"
    }
    with pytest.raises(UsageFault, match="two columns are"):
        imported(root, "shortname,a,title\nnew,1,2\n", keys={"a": "title"})


@pytest.mark.parametrize(
    ("text", "error"),
    [("name,views\na,1\n", UsageFault), ("shortname,views,views\n", UsageFault), ("", UsageFault)],
)
def test_titles_that_cannot_be_are_told(root: Path, text: str, error: type[DmartTuiError]) -> None:
    with pytest.raises(error):
        imported(root, text)


def test_missing_things_and_read_only(root: Path) -> None:
    store = Store(Spaces(root), user="ann", read_only=True)
    with pytest.raises(NotFound):
        import_csv(store, POSTS, root / "no.csv")
    (root.parent / "rows.csv").write_text("shortname\na\n")
    with pytest.raises(Refused):
        import_csv(store, POSTS, root.parent / "rows.csv")


def test_an_importable_table_comes_back(root: Path) -> None:
    target = io.BytesIO()
    export_csv(Spaces(root), [POSTS], target, Table(importable=True))
    found = imported(root, target.getvalue().decode())
    assert (found.report.done, found.report.failed) == (0, 0)
