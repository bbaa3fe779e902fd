from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from textual.strip import Strip

from dmart_tui.core.text import cell_width, safe
from dmart_tui.core.viewing import PagedText, Wrapped, breaks, why_not_wrapped


def rows(text: str, width: int) -> list[str]:
    strip = Strip([Segment(text)])
    cuts = breaks(text, width)
    return [strip.crop(start, end).text for start, end in zip(cuts, [*cuts[1:], strip.cell_length], strict=True)]


def test_lines_break_between_words_and_long_words_anywhere() -> None:
    assert rows("one two three four", 9) == ["one two ", "three ", "four"]
    assert rows("0123456789abcdef", 8) == ["01234567", "89abcdef"]
    assert rows("a 0123456789abcdef", 8) == ["a 012345", "6789abcd", "ef"]
    assert rows("exactly 8", 7) == ["exactly ", "8"]
    assert rows("", 8) == [""]


def test_wide_letters_are_never_cut_in_half() -> None:
    assert rows("价格价格价格", 9) == ["价格价格", "价格"]
    assert rows("نرخی کاڵا لە بازاڕ", 10) == ["نرخی کاڵا ", "لە بازاڕ"]


@given(st.text(max_size=200), st.integers(8, 40))
def test_nothing_is_dropped_and_only_a_blank_hangs_over(text: str, width: int) -> None:
    shown = safe(text)
    cut = rows(shown, width)
    assert "".join(cut) == shown
    assert all(cell_width(row.removesuffix(" ")) <= width for row in cut)


def test_rows_are_found_by_line_and_lines_by_row() -> None:
    text = PagedText.from_text("short\n" + "x" * 25 + "\n\nlast")
    text.index()
    wrapped = Wrapped(text, 10)
    assert list(wrapped.starts) == [0, 1, 4, 5, 6]
    assert [wrapped.line_at(row) for row in range(6)] == [(0, 0), (1, 0), (1, 1), (1, 2), (2, 0), (3, 0)]


def test_what_is_large_is_not_wrapped_and_says_so() -> None:
    for text, fits in (("x" * 999_999, True), ("x" * 1_000_001, False), ("\n" * 20_001, False)):
        paged = PagedText.from_text(text)
        paged.index(2_000_000)
        assert (why_not_wrapped(paged) is None) is fits
