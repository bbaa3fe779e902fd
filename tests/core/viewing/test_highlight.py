from __future__ import annotations

import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from dmart_tui.core.viewing import highlight


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="\n\r"), max_size=30), max_size=8))
def test_pieces_of_a_line_joined_are_the_line(lines: list[str]) -> None:
    for lexer in ("json", "python", "html", "no such lexer", ""):
        assert ["".join(text for text, _ in tokens) for tokens in highlight(lexer, lines)] == lines


def test_kinds() -> None:
    (tokens,) = highlight("python", ["def f(): return 'x' + 12  # why"])
    kinds = dict(tokens)
    assert kinds["def"] == "keyword"
    assert kinds["f"] == "name"
    assert kinds["x"] == "string"
    assert kinds["12"] == "number"
    assert kinds["# why"] == "comment"


def test_long_lines_and_big_windows_stay_plain() -> None:
    assert highlight("json", ["[" + "1," * 6000]) == [[("[" + "1," * 6000, "")]]
    assert highlight("json", ['{"a": 1}'] * 20_000)[0] == [('{"a": 1}', "")]


def test_pygments_is_not_imported_before_it_is_needed() -> None:
    heavy = {"pygments", "PIL", "sqlite3", "duckdb", "markdown_it"}
    code = f"import sys, dmart_tui.core.viewing; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
