"""Untrusted text: nothing that is shown can do anything."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.text import cell_width, fit, safe

DANGEROUS = [
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA0)),
    *"\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad",
    "\U000e0041",
    "\ud800",
    "\udc9b",
]


@pytest.mark.parametrize("char", DANGEROUS)
def test_each_dangerous_character_becomes_visible(char: str) -> None:
    shown = safe(f"a{char}b")
    assert char not in shown
    assert shown[0] == "a"
    assert shown[-1] == "b"
    assert len(shown) > 2


@given(st.text(alphabet=st.characters()))
def test_no_control_or_format_character_is_left(text: str) -> None:
    shown = safe(text)
    assert not [char for char in shown if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")]
    assert not [
        char
        for char in shown
        if unicodedata.bidirectional(char) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    ]
    shown.encode()


def test_right_to_left_text_is_left_alone() -> None:
    assert safe("سڵاو، مرحبا") == "سڵاو، مرحبا"


def test_lines_are_kept_on_request() -> None:
    assert safe("a\r\nb\nc\td", lines=True) == "a\nb\nc␉d"
    assert "\n" not in safe("a\nb")


def test_bytes_that_are_no_text_show_their_value() -> None:
    assert safe(b"a\x9bb".decode("utf-8", "surrogateescape")) == "a⟨9B⟩b"


@given(st.text(), st.integers(0, 30), st.booleans())
def test_fit_takes_exactly_its_cells(text: str, width: int, right: bool) -> None:
    assert cell_width(fit(safe(text), width, right=right)) == width


def test_cut_text_says_so() -> None:
    assert fit("abcdef", 4) == "abc…"
    assert fit("ab", 4, right=True) == "  ab"
