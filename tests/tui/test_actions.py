from __future__ import annotations

import pytest

from dmart_tui.tui.actions import (
    ACTIONS,
    BY_NAME,
    CONTEXTS,
    bindings,
    keymap_problems,
    keys_of,
    read_key,
    show_key,
)
from dmart_tui.tui.widgets.code_editor.bar import BarInput
from dmart_tui.tui.widgets.code_editor.keys import KEYS
from dmart_tui.tui.widgets.movement import MOVEMENT

FORBIDDEN = {
    "ctrl+a",
    "ctrl+b",
    "ctrl+i",
    "ctrl+j",
    "ctrl+m",
    "ctrl+h",
    "ctrl+o",
    "ctrl+s",
    "ctrl+enter",
    "shift+enter",
}


def test_names_are_unique_and_belong_to_a_context() -> None:
    assert len(BY_NAME) == len(ACTIONS)
    contexts = {context.name for context in CONTEXTS}
    assert {action.context for action in ACTIONS} == contexts


def test_the_default_keys_never_clash() -> None:
    assert keymap_problems({}) == []


def test_every_action_can_be_reached_without_keys_that_terminals_keep() -> None:
    for action in ACTIONS:
        plain = [key for key in action.keys if "alt+" not in key and key not in FORBIDDEN]
        assert plain or not action.keys, action.name


def test_help_is_a_sentence() -> None:
    for action in ACTIONS:
        assert action.help.endswith("."), action.name
        assert action.title and len(action.title) <= 20, action.name


def test_the_registry_tells_the_movement_keys_of_the_widgets() -> None:
    for binding in MOVEMENT:
        if binding.id in BY_NAME:
            assert set(BY_NAME[binding.id].keys) == set(binding.key.split(",")), binding.id


def test_the_registry_tells_the_keys_of_the_text_editor() -> None:
    named = {binding.id: tuple(binding.key.split(",")) for binding in (*KEYS, *BarInput.BINDINGS) if binding.id}
    told = {action.name: action.keys for action in ACTIONS if action.context in ("editor-text", "editor-find")}
    assert named == told


def test_where_text_is_typed_a_key_of_the_whole_program_may_mean_something_else() -> None:
    assert keymap_problems({"editor-text.fold": "ctrl+p"}) == []
    assert len(keymap_problems({"editor-text.fold": "ctrl+z"})) == 1


def test_an_unknown_action_is_named_with_the_nearest() -> None:
    assert keymap_problems({"tree.opne": "o"}) == ["keys: there is no action 'tree.opne' (did you mean 'tree.open'?)"]


def test_a_key_with_two_meanings_is_reported_once() -> None:
    problems = keymap_problems({"tree.sort": "f"})
    assert problems == ["keys: f means both tree.sort (Sort) and app.find (Find)"]


def test_the_same_key_in_two_places_that_never_meet_is_no_clash() -> None:
    assert keymap_problems({"tree.sort": "o", "tree.toggle": "s"}) == []


def test_own_keys_take_the_place_of_the_default() -> None:
    assert keys_of(BY_NAME["app.find"], {"app.find": "f3, ctrl+g"}) == ("f3", "ctrl+g")


@pytest.mark.parametrize("key", sorted({key for action in ACTIONS for key in action.keys}))
def test_a_key_is_read_as_it_is_shown(key: str) -> None:
    assert read_key(show_key(key)) == key


def test_the_keys_of_characters_show_as_those() -> None:
    names = {key for action in ACTIONS for key in action.keys if "_" in key}
    assert [name for name in sorted(names) if show_key(name) == name] == []


def test_bindings_carry_the_action_s_name() -> None:
    by_id = {binding.id: binding for binding in bindings("tree")}
    assert by_id["tree.open"].action == "act('tree.open')"
    assert by_id["tree.open"].key == "enter"
