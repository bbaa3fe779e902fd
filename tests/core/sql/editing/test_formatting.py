"""Laying out SQL changes blanks and line breaks, never a word."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmart_tui.core.sql.editing.formatting import layout
from dmart_tui.core.sql.editing.texts import statements, tokens


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("select   1\n\n,  2", "select 1 , 2"),
        (
            "select a, b from t join u on t.a = u.a where x between 1 and 2 and y = $from or z -- why\nlimit 3",
            "select a,\n  b\n"
            "from t\njoin u on t.a = u.a\nwhere x between 1 and 2\n  and y = $from\n  or z -- why\nlimit 3",
        ),
        (
            "select a from (select a, b from t where a in (1, 2) and b > 0) "
            "order by count(a and b), extract(year from d)",
            "select a\nfrom (\n  select a,\n    b\n  from t\n  where a in (1, 2)\n    and b > 0\n)\n"
            "order by count(a and b), extract(year from d)",
        ),
        ("select 1;select 2;\n", "select 1;\n\nselect 2;\n"),
    ],
)
def test_layout(text: str, made: str) -> None:
    assert layout(text) == made
    assert layout(made) == made


PIECES = [
    *("select", "from", "where", "and", "$", "p", "(", ")", ",", ";", "join", "left", "between", "case", "end"),
    *("'a  b'", '"q"', "1", ".", "é", "--c\n", "/* d\n*/", " ", "\n"),
]


@given(
    st.lists(
        st.sampled_from(
            PIECES,
        ),
        max_size=25,
    )
)
@settings(max_examples=150, deadline=None)
def test_no_word_is_lost_or_changed(words: list[str]) -> None:
    text = "".join(words)
    made = layout(text)
    assert [made[t.start : t.end] for t in tokens(made)] == [text[t.start : t.end] for t in tokens(text)]
    assert [one.parameters for one in statements(made)] == [one.parameters for one in statements(text)]
