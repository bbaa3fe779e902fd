from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual import events
from textual.geometry import Offset

from dmart_tui.tui.widgets.code_editor import Diagnostic
from dmart_tui.tui.widgets.code_editor.bar import BarInput
from tests.support.sample_editor import EditorApp

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from dmart_tui.tui.widgets.code_editor import CodeEditor
    from dmart_tui.tui.widgets.code_editor.area import CodeArea

PRETTY = """{
  "name": "pear",
  "prices": [
    1,
    2,
    3
  ],
  "deep": {
    "er": {
      "est": true,
      "or": null
    }
  }
}"""


def area(editor: CodeEditor) -> CodeArea:
    return editor.query_one("CodeArea")  # type: ignore[return-value]


def rows(pilot: Pilot[None]) -> list[str]:
    """What the text area shows, without the blanks at the ends of its rows."""
    view = area(pilot.app.editor)  # type: ignore[attr-defined]
    drawn = ("".join(part.text for part in view.render_line(y)).rstrip() for y in range(view.view_height))
    return [row for row in drawn if row]


def foot(pilot: Pilot[None]) -> str:
    line = pilot.app.query_one("Foot")
    return "".join(part.text for part in line.render_line(0)).strip()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "no end of line",
        "one\r\ntwo\r\n",
        "one\r\ntwo\nthree\rfour\r",
        "one\ntwo\r\nthree",
        "\ttab\x0bvertical\x0cform\x85next\u2028line\u2029paragraph\n",
        "\ufeffbom \x1b[31m \u202eoverride\u202c \x00 \ud800",
    ],
)
async def test_a_text_comes_back_as_it_was(text: str) -> None:
    app = EditorApp(text, "text")
    async with app.run_test() as pilot:
        await pilot.press("down", "end", "x", "enter", "up", "down", "ctrl+z", "ctrl+z", "ctrl+end")
        await pilot.pause()
        assert app.editor.text == text
        assert not app.editor.modified


async def test_typing_is_undone_by_words_and_done_again() -> None:
    app = EditorApp("", "text")
    async with app.run_test() as pilot:
        await pilot.press(*"two words")
        assert app.editor.text == "two words"
        assert app.editor.modified
        await pilot.press("ctrl+z")
        assert app.editor.text == "two "
        await pilot.press("ctrl+z")
        assert app.editor.text == ""
        assert not app.editor.modified
        await pilot.press("ctrl+y", "ctrl+y")
        assert app.editor.text == "two words"
        await pilot.pause()
        assert app.changes == len("two words") + 4


async def test_colours_follow_what_is_typed() -> None:
    app = EditorApp('{"a": 1}', "json")
    async with app.run_test() as pilot:
        spans = area(app.editor).highlighter.spans
        assert (1, 4, "name") in spans(0, 0)
        assert (6, 7, "number") in spans(0, 0)
        app.editor.go_to(0, 6)
        await pilot.press("enter", "3")
        assert (
            len(area(app.editor).buffer.lines[1]) - 3,
            len(area(app.editor).buffer.lines[1]) - 1,
            "number",
        ) in spans(1, 1)


async def test_folding_hides_lines_and_the_cursor_steps_over_them() -> None:
    app = EditorApp(PRETTY)
    async with app.run_test() as pilot:
        app.editor.go_to(2)
        await pilot.press("f6")
        assert [row.split()[0] for row in rows(pilot)] == [
            "1▾",
            "2",
            "3▸",
            "7",
            "8▾",
            "9▾",
            "10",
            "11",
            *["12", "13", "14"],
        ]
        assert "⋯ 3 lines" in rows(pilot)[2]
        await pilot.press("down")
        assert app.editor.cursor[0] == 6
        await pilot.press("home", "home", "left")
        assert app.editor.cursor == (2, 13)
        app.editor.go_to(4)
        assert len(rows(pilot)) == 14
        assert app.editor.text == PRETTY


async def test_a_click_goes_to_the_character_under_it() -> None:
    app = EditorApp("漢字 word", "text")
    async with app.run_test() as pilot:
        await pilot.click("CodeArea", offset=Offset(6 + 2, 0))
        assert app.editor.cursor == (0, 1)


def found(pilot: Pilot[None]) -> str:
    line = next(iter(pilot.app.query("BarState")))
    return "".join(part.text for part in line.render_line(0)).strip()  # type: ignore[attr-defined]


async def test_a_search_counts_and_goes_around() -> None:
    app = EditorApp("one two\nOne\nthree one\n", "text")
    async with app.run_test() as pilot:
        await pilot.press("ctrl+f", *"one")
        await pilot.pause()
        assert found(pilot).endswith("1 of 3")
        await pilot.press("enter", "down")
        await pilot.pause()
        assert found(pilot).endswith("3 of 3")
        assert app.editor.cursor == (2, 9)
        await pilot.press("enter", "up")
        await pilot.pause()
        assert app.editor.cursor == (2, 9)
        await pilot.press("f6")
        await pilot.pause()
        assert found(pilot).endswith("1 of 2")
        await pilot.press("escape", "f3")
        await pilot.pause()
        assert app.focused is area(app.editor)
        assert app.editor.cursor == (2, 9)


@pytest.mark.parametrize(("pattern", "told"), [("(", "missing"), ("(x|xx)+[yz]", "takes too long")])
async def test_a_pattern_that_cannot_be_used_is_told(pattern: str, told: str) -> None:
    app = EditorApp("x" * 200, "text")
    async with app.run_test(size=(120, 24)) as pilot:
        await pilot.press("ctrl+f", "f7", *pattern)
        await pilot.pause()
        assert told in found(pilot)
        assert app.editor.text == "x" * 200


async def test_replacing_one_by_one_and_all_as_one_step() -> None:
    text = "a1 b2\r\na3\r\n"
    app = EditorApp(text, "text")
    async with app.run_test() as pilot:
        await pilot.press("ctrl+r", "f7", *"a([0-9])$", "tab", *r"\1\nA", "enter")
        await pilot.pause()
        assert app.editor.text == "a1 b2\r\n3\r\nA\r\n"
        await pilot.press("shift+tab", *["backspace"] * 9, *r"[A-Za-z]", "tab", *["backspace"] * 5, "z", "f8")
        await pilot.pause()
        assert app.editor.text == "z1 z2\r\n3\r\nz\r\n"
        assert "3 replaced, 3 left" in found(pilot)
        await pilot.press("escape", "ctrl+z", "ctrl+z")
        assert app.editor.text == text


async def test_an_edit_of_the_search_is_taken_back_where_it_was_typed() -> None:
    app = EditorApp("ab abc\n", "text")
    async with app.run_test() as pilot:
        await pilot.press("ctrl+f", *"abc")
        await pilot.pause()
        assert "1 of 1" in found(pilot)
        await pilot.press("ctrl+z")
        await pilot.pause()
        assert "1 of 2" in found(pilot)
        await pilot.press(*["ctrl+z"] * 5)
        assert app.query_one("#words", BarInput).value == ""
        assert app.editor.text == "ab abc\n"


async def test_going_to_a_line_unfolds_it() -> None:
    app = EditorApp(PRETTY)
    async with app.run_test() as pilot:
        await pilot.press("f7", "ctrl+g", *"10:7", "enter")
        await pilot.pause()
        assert app.editor.cursor == (9, 6)
        assert foot(pilot) == "10:7"
        assert any(row.startswith("  10") for row in rows(pilot))
        await pilot.press("ctrl+g", *"ten", "enter")
        await pilot.pause()
        assert "not a line" in found(pilot)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (("{", "enter", '"', "a", '"'), '{\n  "a"\n}'),
        (("[", "1", "]"), "[1]"),
        (('"', "{", "backspace", '"'), '""'),
        (("{", "backspace"), ""),
        (("{", "enter", "backspace", "backspace", "}"), "{\n}\n}"),
    ],
    ids=["object", "step over", "in a string", "empty pair", "outdent"],
)
async def test_json_closes_and_indents_itself(keys: tuple[str, ...], text: str) -> None:
    app = EditorApp("", "json")
    async with app.run_test() as pilot:
        await pilot.press(*keys)
        assert app.editor.text == text


async def test_tab_indents_lines_by_the_step_of_the_text() -> None:
    app = EditorApp("if a:\n    b\nc\nd\n", "python")
    async with app.run_test() as pilot:
        app.editor.go_to(2)
        await pilot.press("shift+down", "shift+down", "tab")
        assert app.editor.text == "if a:\n    b\n    c\n    d\n"
        await pilot.press("up", "up", "shift+tab")
        assert app.editor.text.count("    ") == 2
        await pilot.press("ctrl+z", "ctrl+z")
        assert app.editor.text == "if a:\n    b\nc\nd\n"


async def test_what_is_wrong_is_told_for_the_cursor_s_line_and_on_folded_ones() -> None:
    app = EditorApp(PRETTY)
    async with app.run_test() as pilot:
        app.editor.set_diagnostics([Diagnostic(9, 13, 4, "not \x1b[2J true"), Diagnostic(1, 2, 0, "odd", "warning")])
        await pilot.press("ctrl+n")
        await pilot.pause()
        assert foot(pilot).startswith("! odd")
        await pilot.press("ctrl+n")
        await pilot.pause()
        assert app.editor.cursor == (9, 13)
        assert foot(pilot).startswith("✗ not ␛[2J true")
        app.editor.go_to(7)
        await pilot.press("f6")
        assert [row[0] for row in rows(pilot)][1:8:6] == ["!", "✗"]


async def test_cut_copy_and_paste_tell_the_app() -> None:
    app = EditorApp("one\ntwo\n", "text")
    async with app.run_test() as pilot:
        await pilot.press("ctrl+c", "down", "shift+end", "ctrl+x", "ctrl+v", "ctrl+v")
        await pilot.pause()
        assert app.copied == ["one\n", "two"]
        assert app.editor.text == "one\ntwotwo\n"
        app.editor.query_one("CodeArea").post_message(events.Paste("a\rb\r\nc"))
        await pilot.pause()
        assert app.editor.text == "one\ntwotwoa\nb\nc\n"


async def test_a_text_that_is_too_large_is_only_shown() -> None:
    text = "x" * 80 + "\n"
    app = EditorApp(text * 14_000, "json")
    async with app.run_test() as pilot:
        await pilot.press("x", "enter", "backspace", "ctrl+x", "ctrl+z", "tab")
        await pilot.pause()
        assert app.editor.text == text * 14_000
        assert "read-only above 1 MB" in foot(pilot)
        app.editor.replace_text("y" + text * 14_000)
        assert app.editor.text == "y" + text * 14_000
        app.editor.text = "small"
        app.editor.focus()
        await pilot.press("x")
        assert app.editor.text == "xsmall"


async def test_colours_end_above_64_kb_and_come_back_below() -> None:
    app = EditorApp("[" + "1,\n" * 21_840 + "1]", "json")
    async with app.run_test() as pilot:
        assert area(app.editor).highlighter.spans(1, 1)
        await pilot.press(*["x"] * 16)
        await pilot.pause()
        assert not area(app.editor).highlighter.spans(1, 1)
        assert "no colours above 64 KB" in foot(pilot)
        await pilot.press("ctrl+z")
        assert area(app.editor).highlighter.spans(1, 1)


async def test_another_text_from_beside_keeps_cursor_and_folds_and_can_be_taken_back() -> None:
    app = EditorApp(PRETTY)
    async with app.run_test() as pilot:
        app.editor.go_to(2)
        await pilot.press("f6")
        app.editor.go_to(10, 12)
        app.editor.replace_text(PRETTY.replace('"pear"', '"two\\nlines"'))
        assert app.editor.cursor == (10, 12)
        assert "⋯ 3 lines" in "\n".join(rows(pilot))
        await pilot.pause()
        assert app.changes == 1
        await pilot.press("ctrl+z")
        assert app.editor.text == PRETTY
        app.editor.replace_text(PRETTY)
        await pilot.pause()
        assert app.changes == 2


async def test_escape_and_function_keys_are_left_to_others() -> None:
    pressed: list[str] = []

    class Around(EditorApp):
        BINDINGS = [(key, f"note('{key}')", key) for key in ("q", "escape", "f1", "f2", "question_mark")]

        def action_note(self, key: str) -> None:
            pressed.append(key)

    app = Around("", "text")
    async with app.run_test() as pilot:
        await pilot.press("q", "?", "f1", "f2", "escape", "shift+left", "escape")
        assert app.editor.text == "q?"
        assert pressed == ["f1", "f2", "escape"]
        app.editor.read_only = True
        await pilot.press("q")
        assert pressed[-1] == "q"


async def test_a_saved_text_is_modified_again_by_the_next_key_and_by_undo() -> None:
    app = EditorApp("", "text")
    async with app.run_test() as pilot:
        await pilot.press("a")
        app.editor.mark_saved()
        await pilot.press("b")
        assert app.editor.modified
        await pilot.press("ctrl+z")
        assert not app.editor.modified
        await pilot.press("ctrl+z")
        assert app.editor.modified
