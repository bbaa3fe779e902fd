"""Fuzzy find over names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.address import Address
from dmart_tui.core.spaces import Names, Pattern, Spaces, find_names
from dmart_tui.core.spaces.names import fold, score


def build(root: Path, *addresses: str) -> Spaces:
    """A root with folders (ending in /) and entries, without metas but the spaces' own."""
    for text in addresses:
        *folders, name = text.split("/")
        place = root.joinpath(*folders)
        place.mkdir(parents=True, exist_ok=True)
        if name:
            (place / ".dm" / name).mkdir(parents=True)
        space = root / folders[0] / ".dm"
        space.mkdir(exist_ok=True)
        (space / "meta.space.json").write_text("{}")
    return Spaces(root)


def found(spaces: Spaces, pattern: str, below: str = "", limit: int = 50) -> list[str]:
    place = Address.parse(below) if below else None
    return [str(hit.address) for hit in find_names(spaces, pattern, place, limit=limit).hits]


def test_letters_in_order_and_the_best_first(tmp_path: Path) -> None:
    spaces = build(tmp_path, "s/order", "s/border", "s/one_red_door", "s/reorder_point", "s/door")
    assert set(found(spaces, "order")) == {"s/order", "s/border", "s/reorder_point"}
    assert found(spaces, "ord")[0] == "s/order"
    assert found(spaces, "red")[0] == "s/one_red_door"


def test_starts_of_parts_go_before_the_middle(tmp_path: Path) -> None:
    spaces = build(tmp_path, "s/user_profile_photo", "s/supper")
    assert found(spaces, "upp") == ["s/user_profile_photo", "s/supper"]


def test_small_letters_match_capitals_and_capitals_only_themselves(tmp_path: Path) -> None:
    spaces = build(tmp_path, "s/Invoice", "s/invoice2")
    assert found(spaces, "invoice") == ["s/Invoice", "s/invoice2"]
    assert found(spaces, "Inv") == ["s/Invoice"]


def test_words_may_be_in_the_folders_but_one_is_in_the_name(tmp_path: Path) -> None:
    spaces = build(tmp_path, "blog/posts/hello", "blog/pages/hello", "wiki/posts/other")
    assert found(spaces, "posts hello") == ["blog/posts/hello"]
    assert found(spaces, "hello posts") == ["blog/posts/hello"]
    assert found(spaces, "hello")[:2] == ["blog/pages/hello", "blog/posts/hello"]
    assert found(spaces, "wiki") == ["wiki"]


def test_a_slash_parts_folders_from_names(tmp_path: Path) -> None:
    spaces = build(tmp_path, "blog/posts/hello", "blog/hello", "wiki/posts/help")
    assert found(spaces, "posts/hel") == ["wiki/posts/help", "blog/posts/hello"]
    assert found(spaces, "wiki/") == ["wiki/posts", "wiki/posts/help"]
    assert found(spaces, "blog posts/hello") == ["blog/posts/hello"]


def test_below_an_address_only(tmp_path: Path) -> None:
    spaces = build(tmp_path, "blog/posts/hello", "blog/hello")
    assert found(spaces, "hello", below="blog/posts") == ["blog/posts/hello"]


@pytest.mark.parametrize(
    ("name", "typed"),
    [("أحمد", "احمد"), ("مدرسة", "مدرسه"), ("كتاب", "کتاب"), ("مُحَمَّد", "محمد"), ("Ünïcode", "ünïcode")],
)
def test_arabic_forms_and_compositions_are_one(tmp_path: Path, name: str, typed: str) -> None:
    assert found(build(tmp_path, f"s/{name}"), typed) == [f"s/{name}"]


def test_decomposed_names_on_disk_are_found_composed(tmp_path: Path) -> None:
    assert found(build(tmp_path, "s/cafe\u0301"), "café") == ["s/cafe\u0301"]


def test_total_counts_all_and_limit_keeps_the_best(tmp_path: Path) -> None:
    spaces = build(tmp_path, "s/aim", *(f"s/a{n}i{n}m" for n in range(50)))
    result = find_names(spaces, "aim", limit=3)
    assert (result.total, len(result.hits), result.hits[0].name) == (51, 3, "aim")


def test_nothing_typed_and_nothing_found(tmp_path: Path) -> None:
    spaces = build(tmp_path, "s/aim")
    assert found(spaces, "") == []
    assert found(spaces, "xyz") == []


def test_kept_names_find_the_same_without_the_disk(tmp_path: Path, demo_root: Path) -> None:
    spaces = Spaces(demo_root)
    names = Names()
    counts = list(names.grow(spaces))
    assert counts[-1] == names.count
    assert names.count > 400
    for pattern in ("a", "case", "support/", "post hello", "zz", "Batt"):
        assert names.find(Pattern(pattern)) == find_names(spaces, pattern)


def test_a_search_stops_when_it_is_not_wanted_any_more(demo_root: Path) -> None:
    names = Names()
    for _ in names.grow(Spaces(demo_root)):
        pass
    assert names.find(Pattern("a"), cancelled=lambda: True).hits == []


def test_positions_are_the_letters_that_match() -> None:
    assert Pattern("usr prof").positions("User_profile") == (0, 1, 3, 5, 6, 7, 8)
    assert Pattern("x/ello").positions("hello") == (1, 2, 3, 4)


def test_links_are_named_and_not_entered(tmp_path: Path) -> None:
    spaces = build(tmp_path, "s/inner/leaf")
    (tmp_path / "s/again").symlink_to(tmp_path / "s", target_is_directory=True)
    assert found(spaces, "leaf") == ["s/inner/leaf"]
    assert found(spaces, "again") == ["s/again"]


@given(st.text(alphabet="ab_-C\\[]^.*", min_size=1, max_size=4), st.text(alphabet="ab_-C\\[]^.* ", max_size=12))
def test_a_score_is_given_exactly_when_the_letters_are_there_in_order(word: str, name: str) -> None:
    there = re.search(".*".join(map(re.escape, word)), name) is not None
    assert (score(word, name) is not None) == there


@given(
    st.lists(st.text(alphabet="abC\\[]^-é", min_size=1, max_size=6), min_size=1, max_size=8),
    st.text("abc\\[]^-é", min_size=1, max_size=3),
)
def test_blocks_find_what_names_one_by_one_do(names: list[str], typed: str) -> None:
    from dmart_tui.core.spaces.names import _Best, _Block

    pattern = Pattern(typed)
    best = _Best(100)
    _Block(("s",), [(name, 0) for name in names]).offer(pattern, best)
    expected = [name for name in names if score(fold(typed), fold(name)) is not None]
    assert sorted(hit.name for hit in best.found().hits) == sorted(expected)
