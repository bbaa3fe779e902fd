from __future__ import annotations

import os
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmart_tui.core.errors import Refused
from dmart_tui.core.viewing import MemoryBytes, PagedText
from dmart_tui.core.viewing import lines as lines_module

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\n\n\n\r\t"), max_size=400)


def all_lines(text: PagedText) -> list[str]:
    while not text.index(1):
        pass
    return [line.text for line in text.lines(0, text.line_count)]


def expected(text: str) -> list[str]:
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


@settings(deadline=None)
@given(TEXTS)
def test_lines_are_the_lines_of_the_text(text: str) -> None:
    assert all_lines(PagedText.from_text(text)) == expected(text)


@settings(deadline=None)
@given(TEXTS, st.integers(1, 9))
def test_lines_do_not_depend_on_where_blocks_end(text: str, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines_module, "_BLOCK", block)
        patch.setattr(lines_module, "_MAX_MARKS", 4)
        patch.setattr(lines_module, "PAGE_LINES", 3)
        paged = PagedText.from_text(text)
        while not paged.index(1):
            assert [line.text for line in paged.lines(0, paged.line_count - 1)] == expected(text)[
                : paged.line_count - 1
            ]
        for number, line in enumerate(expected(text)):
            assert paged._source.read(paged._offset(number), len(line.encode())).decode() == line


def test_a_last_line_that_grows_while_the_index_grows_is_read_again() -> None:
    data = b"a" * lines_module._BLOCK + b"b\nlast"
    paged = PagedText(MemoryBytes(data))
    paged.index(1)
    assert paged.line(0).cut
    paged.index()
    assert paged.line(1).text == "last"


def test_what_is_shown_has_no_control_characters_and_tabs_become_spaces() -> None:
    paged = PagedText.from_text("a\tb\x1b[31m\u202e[red]x[/red]\ud800\n")
    paged.index()
    shown = paged.line(0).shown
    assert shown.startswith("a   b␛[31m⟨RLO⟩[red]x[/red]")
    assert shown.isprintable()


def test_bytes_that_are_not_utf8_are_replaced() -> None:
    paged = PagedText(MemoryBytes(b"caf\xe9\nok"))
    paged.index()
    assert [line.text for line in paged.lines(0, 9)] == ["caf\ufffd", "ok"]


def test_a_very_long_line_is_cut_with_a_mark_and_the_next_one_is_found() -> None:
    paged = PagedText.from_text("x" * 300_000 + "\nnext\n")
    paged.index()
    assert paged.line_count == 2
    assert len(paged.line(0).text) == lines_module.MAX_LINE_CHARS
    assert paged.line(0).shown.endswith("⋯")
    assert paged.line(1) == ("next", False)


def test_a_sparse_gigabyte_opens_at_once_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "sparse file.log"
    with open(path, "wb") as file:
        file.write(b"first\n")
        file.truncate(1 << 30)
    paged = PagedText.open(path)
    tracemalloc.start()
    try:
        paged.index(1)
        assert paged.line(0).text == "first"
        assert paged.line(1).cut
        assert not paged.complete
        assert paged.indexed_bytes < 1 << 20
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
        paged.close()


def test_find_goes_both_ways_and_over_ends_of_blocks() -> None:
    lines = [f"line {number}" for number in range(200_000)]
    lines[150_000] = "the Needle is here"
    paged = PagedText.from_text("\n".join(lines))
    paged.index(1)
    assert paged.find("needle", 0) == 150_000
    assert paged.find("needle", 150_001) is None
    assert paged.find("NEEDLE", 0) is None
    assert paged.find("Needle", 199_999, backwards=True) == 150_000
    assert paged.find("needle", 149_999, backwards=True) is None
    assert paged.find("line 199999", 0) == 199_999
    assert paged.find("line 0", 5, backwards=True) == 0
    assert paged.find("needle", 0, cancelled=lambda: True) is None


@settings(deadline=None)
@given(st.lists(st.sampled_from(["a", "ab", "ba", "", "aab"]), max_size=12), st.integers(0, 12))
def test_find_agrees_with_looking_at_every_line(lines: list[str], start: int) -> None:
    paged = PagedText.from_text("\n".join(lines))
    hits = [number for number, line in enumerate(lines) if "ab" in line]
    assert paged.find("ab", start) == next((hit for hit in hits if hit >= start), None)
    assert paged.find("ab", start, backwards=True) == next((hit for hit in reversed(hits) if hit <= start), None)


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(Refused):
        PagedText.open(tmp_path / "fifo")


def test_a_descriptor_can_be_handed_over(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one\ntwo")
    paged = PagedText.from_fd(os.open(tmp_path / "a", os.O_RDONLY))
    assert all_lines(paged) == ["one", "two"]
    paged.close()


def test_an_empty_text_has_no_lines() -> None:
    paged = PagedText.from_text("")
    assert paged.complete
    assert paged.line_count == 0
    assert paged.line(0).text == ""
