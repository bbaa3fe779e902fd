"""What errors say to whom."""

from __future__ import annotations

import pytest

from dmart_tui.core.errors import NotFound


@pytest.mark.parametrize(
    ("given", "shown", "typed"),
    [
        ({}, "gone", "gone"),
        ({"address": "a/b", "hint": "look"}, "a/b: gone (look)", "a/b: gone (look)"),
        ({"address": "a/b", "command": "--anyway"}, "a/b: gone", "a/b: gone (--anyway)"),
        ({"hint": "look", "command": "--anyway"}, "gone (look)", "gone (look; --anyway)"),
    ],
)
def test_commands_are_named_to_who_types_them(given: dict[str, str], shown: str, typed: str) -> None:
    error = NotFound("gone", **given)
    assert (str(error), error.in_commands()) == (shown, typed)
