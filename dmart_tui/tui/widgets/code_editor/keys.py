"""The keys of the text editor. Those with a name stand in the registry of actions and can be changed there."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding, BindingType


def _moves(keys: str, action: str) -> Binding:
    return Binding(keys, action, show=False)


def _named(keys: str, verb: str, title: str) -> Binding:
    return Binding(keys, verb.replace("-", "_"), title, show=False, id=f"editor-text.{verb}")


KEYS: Final[list[BindingType]] = [
    _moves("up", "rows(-1)"),
    _moves("down", "rows(1)"),
    _moves("left", "step(-1)"),
    _moves("right", "step(1)"),
    _moves("ctrl+left,alt+b", "word(-1)"),
    _moves("ctrl+right,alt+f", "word(1)"),
    _moves("home", "line_start"),
    _moves("end,ctrl+e", "line_end"),
    _moves("ctrl+home,alt+less_than_sign", "text_start"),
    _moves("ctrl+end,alt+greater_than_sign", "text_end"),
    _moves("pageup", "page(-1)"),
    _moves("pagedown", "page(1)"),
    _moves("shift+up", "rows(-1, True)"),
    _moves("shift+down", "rows(1, True)"),
    _moves("shift+left", "step(-1, True)"),
    _moves("shift+right", "step(1, True)"),
    _moves("shift+home", "line_start(True)"),
    _moves("shift+end", "line_end(True)"),
    _moves("backspace", "erase"),
    _moves("delete,ctrl+d", "delete"),
    _moves("ctrl+w,alt+backspace", "erase_word"),
    _moves("ctrl+u", "erase_to_start"),
    _moves("ctrl+k", "delete_to_end"),
    _moves("escape", "deselect"),
    _named("ctrl+z,ctrl+underscore", "undo", "Undo"),
    _named("ctrl+y", "redo", "Redo"),
    _named("ctrl+x", "cut", "Cut"),
    _named("ctrl+c", "copy", "Copy"),
    _named("ctrl+v", "paste", "Paste"),
    _named("ctrl+t", "select-all", "Select all"),
    _named("ctrl+f", "find", "Find"),
    _named("ctrl+r", "replace", "Replace"),
    _named("f3", "next-match", "Next match"),
    _named("f4", "previous-match", "Previous match"),
    _named("ctrl+g", "line", "Go to line"),
    _named("ctrl+right_square_bracket", "bracket", "Other bracket"),
    _named("ctrl+n", "next-problem", "Next problem"),
    _named("f6", "fold", "Fold"),
    _named("f7", "fold-all", "Fold all"),
    _named("f8", "unfold-all", "Unfold all"),
    _named("ctrl+backslash", "wrap", "Wrap"),
    _named("ctrl+circumflex_accent,alt+slash", "comment", "Comment"),
]
