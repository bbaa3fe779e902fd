from __future__ import annotations

import pytest

from dmart_tui.core.sql.addressed import address_in


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
