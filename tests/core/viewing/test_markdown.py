from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dmart_tui.core.text import cell_width
from dmart_tui.core.viewing import render_markdown


def shown(text: str, width: int = 60) -> list[str]:
    return ["".join(span.text for span in line).rstrip() for line in render_markdown(text, width)]


def styled(text: str, style: str) -> list[str]:
    return [span.text for line in render_markdown(text, 60) for span in line if span.style == style]


def test_headings_lists_quotes_and_code() -> None:
    text = "# Title\n\nSome *words*.\n\n- one\n- two\n  1. in\n\n> quoted\n> > twice\n\n```\na\tb\n```\n"
    assert shown(text) == [
        "# Title",
        "",
        "Some words.",
        "",
        "• one",
        "• two",
        "  1. in",
        "",
        "│ quoted",
        "│",
        "│ │ twice",
        "",
        "  a   b",
    ]


def test_tables_line_up_in_cells() -> None:
    lines = shown("| a | long header |\n|---|---|\n| عربي | x |\n| **b** | y |\n")
    assert {cell_width(line[: line.index("│")]) for line in lines if "│" in line} == {cell_width("عربي") + 1}
    assert lines[1].startswith("─")


def test_targets_of_links_are_text_and_html_is_not_run() -> None:
    assert shown("[click](https://x.example/a)") == ["click (https://x.example/a)"]
    assert shown("<https://x.example>") == ["https://x.example"]
    assert shown("a <b onclick=x>y</b>") == ["a <b onclick=x>y</b>"]
    assert shown("<script>\nx\n</script>") == ["<script>", "x", "</script>"]
    assert "".join(styled("![pic](a.png)", "muted")) == "[image: pic] (a.png)"


def test_markup_and_control_characters_stay_text() -> None:
    assert shown("[red]x[/red] \x1b[31m \u202e\n\n    co\x07de") == ["[red]x[/red] ␛[31m ⟨RLO⟩", "", "  co␇de"]


def test_styles() -> None:
    text = "## h\n\n**s** *e* `c` [l](u)"
    assert styled(text, "heading") == ["h"]
    assert styled(text, "strong") == ["s"]
    assert styled(text, "emphasis") == ["e"]
    assert styled(text, "code") == ["c"]
    assert styled(text, "link") == ["l"]


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("ab  漢#*-_>`[]()|\n\t1.\x1b"), max_size=120), st.integers(16, 40))
def test_any_text_gives_safe_lines_and_words_fit(text: str, width: int) -> None:
    for line in render_markdown(text, width):
        joined = "".join(span.text for span in line)
        assert joined.isprintable()
        if not any(span.style == "code" or "│" in span.text for span in line) and "[" not in text and "|" not in text:
            assert cell_width(joined) <= max(width, 16) + 16


@settings(deadline=None)
@given(st.lists(st.text("abc漢", min_size=1, max_size=30), min_size=1, max_size=20))
def test_wrapping_keeps_every_word_and_the_width(words: list[str]) -> None:
    lines = shown(" ".join(words), 20)
    assert "".join(lines).replace(" ", "") == "".join(words)
    assert all(cell_width(line) <= 20 for line in lines)


def test_nesting_without_end_is_said() -> None:
    assert "nested too deep" in shown("> " * 3000 + "x")[-1]
    assert "nested too deep" in shown("\n".join("  " * level + "- x" for level in range(300)))[-1]
    assert shown("> > > x") == ["│ │ │ x"]
