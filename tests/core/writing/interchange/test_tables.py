"""Entries as tables: the columns of a folder, lists as rows, and cells that stay exact."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.errors import UsageFault
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.writing.interchange import Table, TableColumn, export_csv, export_ndjson, export_parquet

if TYPE_CHECKING:
    from pathlib import Path

POSTS = Address("blog", ("posts",))


def write(path: Path, data: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())


def entry(root: Path, name: str, body: dict[str, Any], **meta: Any) -> None:
    payload = {"content_type": "json", "body": f"{name}.json"}
    write(root / f"blog/posts/.dm/{name}/meta.content.json", {"shortname": name, "payload": payload} | meta)
    write(root / f"blog/posts/{name}.json", body)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with columns and two entries."""
    top = tmp_path / "my spaces"
    write(top / "blog/.dm/meta.space.json", {"shortname": "blog"})
    payload = {"content_type": "json", "body": "posts.json"}
    write(top / "blog/posts/.dm/meta.folder.json", {"shortname": "posts", "payload": payload})
    columns = [("shortname", "Name"), ("tags", "Tags"), ("sizes", "Size"), ("price", "Price"), ("gone", "Gone"),
               ("created_at", "Made"), ("payload.body.note", "Note")]  # fmt: skip
    write(top / "blog/posts.json", {"index_attributes": [{"key": key, "name": name} for key, name in columns]})
    sizes = [{"w": 1, "h": 2}, {"w": 3}]
    entry(top, "a", {"sizes": sizes, "price": 0, "note": "=1+1"}, tags=["x", "y"], created_at="2024-01-02T03:04:05.6")
    entry(top, "b", {"price": 1.5, "note": "-"}, tags=[])
    return top


def rows(root: Path, *addresses: Address, **options: Any) -> list[dict[str, str]]:
    target = io.BytesIO()
    export_csv(Spaces(root), addresses or [POSTS], target, Table(**options))
    return list(csv.DictReader(io.StringIO(target.getvalue().decode(), newline="")))


def test_lists_make_rows_objects_make_columns_and_empty_columns_go(root: Path) -> None:
    found = rows(root)
    assert list(found[0]) == ["Name", "Tags", "Size.w", "Size.h", "Price", "Made", "Note"]
    assert [(row["Name"], row["Tags"], row["Size.w"], row["Size.h"]) for row in found] == [
        ("a", "x", "1", "2"),
        ("a", "x", "3", ""),
        ("a", "y", "1", "2"),
        ("a", "y", "3", ""),
        ("b", "", "", ""),
    ]
    assert (found[0]["Price"], found[0]["Made"]) == ("0", "2024-01-02 03:04:05")


def test_csv_columns_win_over_index_attributes_and_given_columns_over_both(root: Path) -> None:
    view = json.loads((root / "blog/posts.json").read_bytes()) | {"csv_columns": [{"key": "price", "name": "P"}]}
    write(root / "blog/posts.json", view)
    assert rows(root) == [{"P": "0"}, {"P": "1.5"}]
    assert rows(root, columns=[TableColumn("note", "N")]) == [{"N": "=1+1"}, {"N": "-"}]


def test_cells_are_exact_unless_asked_to_be_safe(root: Path) -> None:
    columns = [TableColumn("note", "N")]
    assert [row["N"] for row in rows(root, columns=columns)] == ["=1+1", "-"]
    assert [row["N"] for row in rows(root, columns=columns, safe_cells=True)] == ["'=1+1", "'-"]


def test_an_importable_table_has_keys_and_one_row_an_entry(root: Path) -> None:
    found = rows(root, importable=True)
    assert [row["shortname"] for row in found] == ["a", "b"]
    assert json.loads(found[0]["sizes"]) == [{"w": 1, "h": 2}, {"w": 3}]
    assert found[0]["created_at"] == "2024-01-02T03:04:05.6"


def test_a_folder_without_columns_shows_its_payloads(root: Path) -> None:
    write(root / "blog/posts.json", {})
    assert [(row["shortname"], row["price"]) for row in rows(root, columns=())][-1] == ("b", "1.5")


def test_lists_that_would_make_too_many_rows_stay_lists(root: Path) -> None:
    entry(root, "wide", {"sizes": list(range(200))}, tags=[str(at) for at in range(200)])
    assert [row["Name"] for row in rows(root, Address("blog", ("posts", "wide")))] == ["wide"]


def test_the_whole_root_is_no_table(root: Path) -> None:
    with pytest.raises(UsageFault):
        export_csv(Spaces(root), [], io.BytesIO())


def test_json_lines_hold_what_cat_prints_and_mask_secrets(root: Path) -> None:
    entry(root, "c", {}, password="$argon2id$v=19$m=1,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNo")
    target = io.BytesIO()
    report = export_ndjson(Spaces(root), [POSTS], target)
    found = {line["address"]: line for line in map(json.loads, target.getvalue().splitlines())}
    assert report.entries == len(found) == 4
    assert found["blog/posts/a"]["payload"]["price"] == 0
    assert "argon2" not in json.dumps(found["blog/posts/c"])


def test_parquet_has_types(root: Path, tmp_path: Path) -> None:
    export_parquet(Spaces(root), [POSTS], tmp_path / "it's.parquet")
    with duckdb.connect() as connection:
        found = connection.execute('SELECT "Name", "Price" FROM read_parquet(?)', [str(tmp_path / "it's.parquet")])
        assert found.fetchall()[-1] == ("b", 1.5)
