"""Untrusted text: nothing that is shown can do anything."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.text import MOST_MARKS, cell_width, fit, safe, safe_json, safe_typed, shorten

DANGEROUS = [
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA0)),
    *"\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad",
    *"\u034f\u115f\u1160\u17b4\u180b\u200c\u200d\u206a\u3164\ufe00\uffa0\ufff0\uffff\U00013430\U0001bca0\U0001d173",
    "\U000e0041",
    "\U000e0100",
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


@pytest.mark.parametrize(
    "text",
    [
        "سڵاو، مرحبا",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0626\u0647\u200c\u0648\u0647\u200c \u0628",
        "हिन्दी में",
        "བསྒྲུབས",
        "בְּרֵאשִׁית",
    ],
    ids=["Arabic", "Persian", "old Kurdish", "Hindi", "Tibetan", "Hebrew"],
)
def test_writing_is_left_alone(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    "text", ["a\u200cb", "\u0645\u200c\u200c\u0645", "\u0645\u200d", "\U0001f468\u200d\U0001f469", "\u0647\u200c\u200c"]
)
def test_a_joiner_that_joins_no_arabic_letters_is_visible(text: str) -> None:
    assert "\u200c" not in safe(text)
    assert "\u200d" not in safe(text)


@given(st.text(alphabet=st.characters(categories=["Mn", "Me", "Lo", "Ll"])))
def test_marks_do_not_pile_up(text: str) -> None:
    height = 0
    for char in safe(text):
        height = height + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        assert height <= MOST_MARKS
    assert not safe(text) or unicodedata.category(safe(text)[0]) not in ("Mn", "Me")


def test_a_pile_says_how_many_marks_it_lost() -> None:
    assert safe("Z" + "\u0335" * 40 + "o") == "Z" + "\u0335" * MOST_MARKS + "⟨34 marks⟩o"
    assert safe("a" + "\u11a8" * 20) == "a" + "\u11a8" * MOST_MARKS + "⟨14 marks⟩"


def test_a_mark_without_a_letter_stands_on_a_ring() -> None:
    assert safe("\u0301a") == "◌\u0301a"
    assert safe("a\n\u0301", lines=True) == "a\n◌\u0301"


@given(st.text(alphabet=st.characters()), st.booleans())
def test_safe_text_stays_as_it_is(text: str, lines: bool) -> None:
    assert safe(safe(text, lines=lines), lines=lines) == safe(text, lines=lines)


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from([*DANGEROUS, "\u0301"]))))
def test_text_that_is_typed_keeps_its_length(text: str) -> None:
    shown = safe_typed(text)
    assert len(shown) == len(text)
    assert safe(shown) == shown


def test_lines_are_kept_on_request() -> None:
    assert safe("a\r\nb\nc\td", lines=True) == "a\nb\nc␉d"
    assert "\n" not in safe("a\nb")


def test_bytes_that_are_no_text_show_their_value() -> None:
    assert safe(b"a\x9bb".decode("utf-8", "surrogateescape")) == "a⟨9B⟩b"


@given(st.text(), st.integers(0, 30), st.booleans())
def test_fit_takes_exactly_its_cells(text: str, width: int, right: bool) -> None:
    assert cell_width(fit(safe(text), width, right=right)) == width


@given(st.text(), st.integers(1, 30))
def test_a_shortened_text_takes_no_more_than_its_cells_and_keeps_both_ends(text: str, width: int) -> None:
    text = safe(text)
    short = shorten(text, width)
    assert cell_width(short) <= width
    head, _, tail = short.partition("…")
    assert short == text or (text.startswith(head.rstrip()) and text.endswith(tail))


def test_cut_text_says_so() -> None:
    assert shorten("abcdefghij", 5) == "ab…ij"
    assert shorten("abcdefghij", 10) == "abcdefghij"
    assert fit("abcdef", 4) == "abc…"
    assert fit("ab", 4, right=True) == "  ab"


@given(
    st.recursive(st.text(alphabet=st.characters()), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_json_for_a_terminal_means_the_same(value: object) -> None:
    shown = safe_json(json.dumps(value, ensure_ascii=False, indent=1))
    assert json.loads(shown) == value
    assert not [char for char in shown if char != "\n" and safe(f"a{char}b") != f"a{char}b"]
    assert safe(f"a{shown}", lines=True) == f"a{shown}"


def test_json_for_a_terminal_shows_no_control_and_no_pile() -> None:
    assert safe_json('{"\x7f\x9b\u202e": "کوردی"}') == '{"\\u007f\\u009b\\u202e": "کوردی"}'
    assert safe_json('"\U000e0041"') == '"\\udb40\\udc41"'
    assert safe_json('"a' + "\u0335" * 8 + '"') == '"a' + "\u0335" * MOST_MARKS + '\\u0335\\u0335"'
