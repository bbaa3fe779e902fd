"""What the text editor stands on, against plain strings and against itself made anew."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmart_tui.core.text import cell_width, safe
from dmart_tui.tui.widgets.code_editor.brackets import blocks, in_string, indent_unit, partner
from dmart_tui.tui.widgets.code_editor.buffer import Replacement, TextBuffer, difference
from dmart_tui.tui.widgets.code_editor.diagnostics import Diagnostic, Diagnostics
from dmart_tui.tui.widgets.code_editor.highlighting import LANGUAGES, Highlighter
from dmart_tui.tui.widgets.code_editor.rows import ScreenRows
from dmart_tui.tui.widgets.code_editor.shown import ShownLine
from dmart_tui.tui.widgets.code_editor.typing_help import commented
from tests.support.sample_editor import EditorApp

if TYPE_CHECKING:
    from dmart_tui.tui.widgets.code_editor.area import CodeArea
    from dmart_tui.tui.widgets.code_editor.buffer import Change, Position

TEXTS = st.text(st.sampled_from(["a", "b", " ", "\n", "\r", "{", '"', "é", "漢", "\u202e"]), max_size=30)


def at(buffer: TextBuffer, offset: int) -> Position:
    """The position of a character of the whole text."""
    before = buffer.text[:offset]
    return before.count("\n"), offset - before.rfind("\n") - 1


@given(TEXTS, st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5), TEXTS), max_size=8))
def test_edits_are_those_of_a_string_and_all_can_be_taken_back(text: str, edits: list[tuple[int, int, str]]) -> None:
    buffer = TextBuffer(text)
    model = text
    for start, length, inserted in edits:
        left = min(start, len(model))
        right = min(left + length, len(model))
        change = buffer.edit([Replacement(at(buffer, left), at(buffer, right), inserted)], (0, 0), "type")[0]
        assert change.removed == model[left:right]
        model = model[:left] + inserted + model[right:]
        assert buffer.text == model
        assert buffer.lines == model.split("\n")
        assert buffer.size == len(model.encode())
        assert change.after == at(buffer, left + len(inserted))
    while buffer.undo():
        pass
    assert buffer.text == text
    assert not buffer.modified
    while buffer.redo():
        pass
    assert buffer.text == model


@given(TEXTS, TEXTS)
def test_the_difference_of_two_texts_makes_one_into_the_other(old: str, new: str) -> None:
    buffer = TextBuffer(old)
    replacement = difference(buffer.lines, new.split("\n"))
    assert (replacement is None) == (old == new)
    if replacement is not None:
        buffer.edit([replacement], (0, 0))
    assert buffer.text == new


@given(st.text(st.sampled_from("ab \t\x00\x1b\u202e\u200b漢🍐é\u0301\u0302ه\u200cیک\u200d\ufe0f\ud800"), max_size=24))
@settings(max_examples=300)
def test_a_line_is_shown_safe_and_its_cells_add_up(line: str) -> None:
    seen = ShownLine(line)
    assert safe(seen.text) == seen.text
    assert list(seen.stops) == sorted(set(seen.stops))
    assert (seen.stops[0], seen.stops[-1]) == (0, len(line))
    assert seen.cells[-1] == sum(
        cell_width(seen.text[a:b]) for a, b in zip(seen.offsets, seen.offsets[1:], strict=False)
    )
    for stop, cell in zip(seen.stops, seen.cells, strict=True):
        assert seen.cell(stop) == cell
        assert seen.cell(seen.column(cell)) == cell


@pytest.mark.parametrize(
    ("line", "stops", "text"),
    [
        ("cafe\u0301!", [0, 1, 2, 3, 5, 6], "cafe\u0301!"),
        ("\ta", [0, 1, 2], "→   a"),
        ("ab\tc", [0, 1, 2, 3, 4], "ab→ c"),
        ("a\u202eb", [0, 1, 2, 3], "a⟨RLO⟩b"),
        ("漢b", [0, 1, 2], "漢b"),
        ("می\u200cخواهم", [0, 1, 3, 4, 5, 6, 7, 8], "می\u200cخواهم"),
    ],
)
def test_where_a_cursor_can_stand(line: str, stops: list[int], text: str) -> None:
    seen = ShownLine(line)
    assert list(seen.stops) == stops
    assert seen.text == text


@given(st.integers(1, 30), st.lists(st.tuples(st.integers(0, 29), st.integers(1, 5)), max_size=5))
def test_rows_of_the_screen_lead_to_their_lines_and_back(lines: int, wanted: list[tuple[int, int]]) -> None:
    hidden: list[tuple[int, int]] = []
    for first, length in sorted(wanted):
        if first > (hidden[-1][1] + 1 if hidden else 0) and first < lines:
            hidden.append((first, min(first + length, lines) - 1))
    gone = {row for first, last in hidden for row in range(first, last + 1)}
    heights = [1 + row % 3 for row in range(lines)]
    rows = ScreenRows(lines, hidden, heights)
    expected = [(row, part) for row in range(lines) if row not in gone for part in range(heights[row])]
    assert rows.count == len(expected)
    assert [rows.at(row) for row in range(rows.count)] == expected
    assert all(rows.header(row) == max(line for line, _ in expected if line <= row) for row in range(lines))


JSON = '{\n  "a": [\n    1,\n    "]{"\n  ],\n  "b": {"c": [\n  ]\n  }\n}'


def test_blocks_of_json_follow_brackets_not_strings() -> None:
    assert blocks(JSON.split("\n"), "json") == {0: 7, 1: 3, 5: 6}


def test_blocks_of_other_texts_follow_indents() -> None:
    lines = ["def a():", "    if b:", "        c", "", "    d", "", "e", "  f", ""]
    assert blocks(lines, "python") == {0: 4, 1: 2, 6: 7}


@pytest.mark.parametrize(
    ("start", "other"), [((0, 0), (8, 0)), ((8, 0), (0, 0)), ((1, 7), (4, 2)), ((3, 5), None), ((2, 4), None)]
)
def test_the_other_bracket(start: Position, other: Position | None) -> None:
    assert partner(JSON.split("\n"), start, "json", 1000) == other


@pytest.mark.parametrize(
    ("line", "column", "inside"),
    [
        ('"ab"', 0, False),
        ('"ab"', 1, True),
        ('"ab"', 3, True),
        ('"ab"', 4, False),
        ('"ab', 3, True),
        (r'"a\"', 4, True),
    ],
)
def test_inside_a_string(line: str, column: int, inside: bool) -> None:
    assert in_string(line, column) is inside


@pytest.mark.parametrize(
    ("text", "language", "unit"),
    [("{\n\t1\n}", "json", "\t"), ("{\n   1\n}", "json", "   "), ("", "python", "    "), ("", "json", "  ")],
)
def test_the_indent_is_that_of_the_text(text: str, language: str, unit: str) -> None:
    assert indent_unit(text.split("\n"), language) == unit


@pytest.mark.parametrize(
    ("text", "language", "made"),
    [
        ("select 1\n\n  from t", "sql", "-- select 1\n\n--   from t"),
        ("  a\n    b", "sql", "  -- a\n  --   b"),
        ("x = 1", "python", "# x = 1"),
        ("{}", "json", "{}"),
    ],
)
def test_lines_become_comments_and_text_again(text: str, language: str, made: str) -> None:
    buffer = TextBuffer(text)
    for expected in (made, text):
        if wanted := commented(buffer.lines, 0, len(buffer.lines) - 1, language):
            buffer.edit(wanted, (0, 0))
        assert buffer.text == expected


def test_remarks_move_with_their_lines() -> None:
    remarks = Diagnostics([Diagnostic(row, 0, 1, str(row)) for row in range(4)])
    buffer = TextBuffer("a\nb\nc\nd")
    remarks.follow(buffer.edit([Replacement((1, 0), (1, 0), "x\ny\n")], (0, 0))[0])
    remarks.follow(buffer.edit([Replacement((4, 0), (4, 0), "é ")], (0, 0))[0])
    remarks.follow(buffer.edit([Replacement((4, 3), (5, 1), "")], (0, 0))[0])
    told = {(one.message, *one[:2]) for row in range(6) for one in remarks.at(row)}
    assert told == {("0", 0, 0), ("1", 3, 0), ("2", 4, 2)}


SAMPLES = {
    "json": '{\n  "key": ["é", 1, true],\n  "bad" 3\n}',
    "markdown": "# Title\n\ntext `code`\n\n```py\nx = 1\n```\n- item\n",
    "python": "def name(a):\n    '''doc é\n    more'''\n    return a + 1  # why\n",
    "html": "<p class='a'>\n  text <b>é</b>\n</p>\n<!-- no -->\n",
    "sql": "select count(*), 'é'\nfrom t -- why\n/* two\nlines */ where x = 1;\n",
}


@pytest.mark.parametrize("language", LANGUAGES)
@given(st.data())
@settings(max_examples=40, deadline=None)
def test_colours_that_follow_changes_are_those_of_the_text_anew(language: str, data: st.DataObject) -> None:
    buffer = TextBuffer(SAMPLES[language])
    following = Highlighter(buffer, language)
    assert any(following.spans(row, row) for row in range(len(buffer.lines)))
    for _ in range(4):
        left = data.draw(st.integers(0, len(buffer.text)))
        right = min(len(buffer.text), left + data.draw(st.integers(0, 4)))
        text = data.draw(st.sampled_from(["", "x", '"', "\n", "é漢", "{", "'''", "\n\n# a"]))
        following.follow(buffer.edit([Replacement(at(buffer, left), at(buffer, right), text)], (0, 0)))
        anew = Highlighter(buffer, language)
        last = len(buffer.lines) - 1
        assert [following.spans(row, last) for row in range(last + 1)] == [
            anew.spans(row, last) for row in range(last + 1)
        ]


KEYS = (
    *(
        "a",
        "{",
        "}",
        "[",
        '"',
        ",",
        " ",
        "é",
        "漢",
        "enter",
        "tab",
        "shift+tab",
        "backspace",
        "delete",
        "ctrl+w",
        "ctrl+u",
    ),
    *(
        "ctrl+k",
        "ctrl+x",
        "ctrl+c",
        "ctrl+v",
        "ctrl+z",
        "ctrl+z",
        "ctrl+y",
        "f6",
        "f6",
        "f6",
        "f7",
        "f8",
        "ctrl+backslash",
    ),
    *("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "ctrl+left", "ctrl+right", "ctrl+home"),
    *("ctrl+end", "shift+up", "shift+down", "shift+left", "shift+right", "ctrl+right_square_bracket", "escape"),
)


def check(area: CodeArea, model: str) -> None:
    """The text is the model's, the cursor is where it can be seen, and what is drawn is what would be drawn anew."""
    assert area.buffer.text == model
    hidden = {row for first, last in area.folds.hidden() for row in range(first, last + 1)}
    row, column = area.cursor
    assert row not in hidden
    assert area.buffer.clamp(area.cursor) == area.cursor
    assert column in ShownLine(area.buffer.shown(row)).stops
    drawn = [area.render_line(y).text for y in range(area.view_height)]
    area.notify_style_update()
    area._measure()
    area.lay_out()
    assert [area.render_line(y).text for y in range(area.view_height)] == drawn


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_is_pressed_the_text_is_that_of_a_plain_model(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    start = chance.choice([JSON, JSON.replace("\n", "\r\n"), SAMPLES["python"], "\ta\r\nb\n\u202ec\r"])
    app = EditorApp(start, "json" if start.startswith("{") else "python")
    async with app.run_test(size=(30, 12)) as pilot:
        area: CodeArea = app.editor.query_one("CodeArea")  # type: ignore[assignment]
        model = [start]
        follow = area.follow

        def applied(changes: list[Change], cursor: Position, **how: bool) -> None:
            for change in changes:
                lines = model[0].split("\n")
                left, right = (
                    sum(len(line) + 1 for line in lines[:row]) + column for row, column in (change.start, change.end)
                )
                assert model[0][left:right] == change.removed
                model[0] = model[0][:left] + change.inserted + model[0][right:]
            follow(changes, cursor, **how)

        monkeypatch.setattr(area, "follow", applied)
        for _ in range(80):
            key = chance.choice(KEYS)
            await pilot.press(key)
            check(area, model[0])
        end, steps = area.buffer.text, len(area.buffer._done)
        while area.buffer._done:
            await pilot.press("ctrl+z")
            check(area, model[0])
        assert app.editor.text == start
        assert not app.editor.modified
        while len(area.buffer._done) < steps:
            await pilot.press("ctrl+y")
        assert app.editor.text == end
