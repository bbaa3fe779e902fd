from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from dmart_tui.core.sql.addressed import address_in, addresses_in, rows_at


@pytest.mark.parametrize(
    ("columns", "row", "at", "found"),
    [
        (["n", "Address"], [1, "shop/pear"], 0, "shop/pear"),
        (["address", "target"], ["shop/pear", "shop/plum"], 0, "shop/pear"),
        (["address", "target"], ["shop/pear", "shop/plum"], 1, "shop/plum"),
        (["address", "target"], [None, "shop/plum"], 0, "shop/plum"),
        (["space_name", "subpath", "shortname"], ["shop", "/fruit/", "pear"], 0, "shop/fruit/pear"),
        (["space", "shortname"], ["shop", "pear"], 0, "shop/pear"),
        (["space", "subpath"], ["shop", "fruit"], 0, None),
        (["address"], ["../../etc"], 0, None),
        (["address"], [7], 0, None),
        (["space", "subpath", "shortname"], ["shop", "..", "pear"], 0, None),
        ([], [], 0, None),
    ],
)
def test_the_entry_of_a_row(columns: list[str], row: list[object], at: int, found: str | None) -> None:
    address = address_in(columns, row, at)
    assert (None if address is None else str(address)) == found


class Rows:
    columns = (SimpleNamespace(name="n"), SimpleNamespace(name="address"))

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def rows(self, start: int, count: int) -> list[tuple[Any, ...]]:
        self.asked.append((start, count))
        return [(row, f"shop/n{row % 3}" if row != 2 else None) for row in range(start, start + count)]


@pytest.mark.parametrize(
    ("places", "asked"), [([1, 2, 3, 7, 9, 10], [(1, 3), (7, 1), (9, 2)]), ([4], [(4, 1)]), ([], [])]
)
def test_rows_that_stand_together_are_read_together(places: list[int], asked: list[tuple[int, int]]) -> None:
    result: Any = Rows()
    assert [row[0] for row in rows_at(result, places)] == places
    assert result.asked == asked


def test_each_entry_is_named_once() -> None:
    result: Any = Rows()
    assert [str(address) for address in addresses_in(result, range(10))] == ["shop/n0", "shop/n1", "shop/n2"]
