"""Addresses: what can be named, and that naming is exact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.address import Address
from dmart_tui.core.errors import UsageFault

NAMES = st.text(min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..", ".dm") and "/" not in name and "\0" not in name
)


@given(st.lists(NAMES, min_size=1, max_size=5), st.none() | NAMES)
def test_text_and_address_turn_into_each_other(keys: list[str], attached: str | None) -> None:
    address = Address(keys[0], tuple(keys[1:]))
    if attached is not None:
        address = address.attached("media", attached)
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize(
    "text", ["", "/", "a//b", "a/../b", "..", "a/./b", "a/.dm/b", "a\0b", "a#media", "a#/x", "a#media/", "#m/x"]
)
def test_what_cannot_be_named(text: str) -> None:
    with pytest.raises(UsageFault):
        Address.parse(text)


def test_parts() -> None:
    address = Address.parse("shop/a/b#media/pic")
    assert (address.name, address.subpath, address.parent) == ("pic", "a/b", Address("shop", ("a", "b")))
    entry = Address.parse("/shop/a/b/")
    assert (entry.name, entry.subpath, str(entry.parent)) == ("b", "a", "shop/a")
    assert (Address("shop").name, Address("shop").subpath, Address("shop").parent) == ("shop", "", None)
    assert Address.of_keys(entry.keys) == entry


def test_marks_in_names_are_quoted() -> None:
    assert str(Address("a", ("b#c", "100%23"))) == "a/b%23c/100%2523"
    assert str(Address("a", ("100%",))) == "a/100%"
