from __future__ import annotations

import re
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core import packed
from dmart_tui.core.packed import PackedNames

FOLDER = 1
WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
BYTES = st.binary(max_size=12).map(lambda raw: raw.replace(b"\0", b"").decode("utf-8", "surrogateescape"))
NAMES = st.lists(st.one_of(WORDS, BYTES, st.text("abAB019._", max_size=6)), unique=True, max_size=60)


def pack(names: list[str]) -> PackedNames:
    return PackedNames((name, 0) for name in names)


def natural(name: str) -> list[object]:
    return [int(part) if part.isdigit() else part for part in re.split(r"([0-9]+)", name.casefold())]


@given(NAMES)
def test_gives_back_every_name_and_finds_it(names: list[str]) -> None:
    names_packed = pack(names)
    assert list(names_packed) == names
    assert [names_packed.index(name) for name in names] == list(range(len(names)))
    assert names_packed.index("no such name, at all") == -1


@given(NAMES, st.one_of(WORDS, st.text("abAB01", max_size=3)))
def test_filter_agrees_with_looking_at_each_name(names: list[str], needle: str) -> None:
    expected = [i for i, name in enumerate(names) if needle.casefold() in name.casefold()]
    assert list(pack(names).filter(needle)) == expected


@given(NAMES, st.text("abAB01تی", max_size=4))
def test_fuzzy_filter_agrees_with_looking_at_each_name(names: list[str], needle: str) -> None:
    def holds(name: str) -> bool:
        letters = iter(name.casefold())
        return all(letter in letters for letter in needle.casefold())

    assert list(pack(names).filter(needle, fuzzy=True)) == [i for i, name in enumerate(names) if holds(name)]


@given(NAMES, st.text("abAB01", max_size=2))
def test_find_gives_the_first_with_the_prefix(names: list[str], prefix: str) -> None:
    names_packed = pack(names)
    order = names_packed.order()
    for start in (0, 3):
        expected = [
            i for i, row in enumerate(order) if i >= start and names[row].casefold().startswith(prefix.casefold())
        ]
        assert names_packed.find(prefix.upper(), within=order, start=start) == next(iter(expected), -1)
    expected = [i for i, name in enumerate(names) if name.casefold().startswith(prefix.casefold())]
    assert names_packed.find(prefix) == next(iter(expected), -1)


@given(NAMES, st.lists(st.integers(0, 3), min_size=60, max_size=60))
def test_a_sorted_pack_finds_every_name(names: list[str], flags: list[int]) -> None:
    whole = PackedNames(zip(names, flags, strict=False)).sorted(first=FOLDER)
    assert sorted(whole) == sorted(names)
    assert [whole.index(name) for name in whole] == list(range(len(names)))
    assert whole.index("no such name, at all") == -1


def test_sorts_regardless_of_case_numbers_by_value_and_folders_first() -> None:
    names = ["b10", "B2", "a", "Z", "b1", "ä", "c"]
    flags = [0, 0, 0, FOLDER | 4, 0, 0, FOLDER]
    names_packed = PackedNames(zip(names, flags, strict=True))
    assert [names[row] for row in names_packed.order()] == ["a", "b1", "B2", "b10", "c", "Z", "ä"]
    assert [names[row] for row in names_packed.order(first=FOLDER)] == ["c", "Z", "a", "b1", "B2", "b10", "ä"]


def test_sorting_in_pieces_gives_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{i * 7919 % 5000:05d}-x" for i in range(5000)] + ["same"] * 300
    whole = pack(names).order()
    monkeypatch.setattr(packed, "_CHUNK", 64)
    assert pack(names).order() == whole
    assert [names[row] for row in whole] == sorted(names)
    assert list(pack(names).filter("X")) == list(range(5000))


def test_filter_keeps_the_order_it_is_given() -> None:
    names_packed = pack(["delta", "Alpha", "beta", "gamma"])
    order = names_packed.order()
    assert list(names_packed.filter("TA", within=order)) == [2, 0]
    assert list(names_packed.filter("", within=order)) == list(order)


def test_grows_and_forgets_what_it_had_folded() -> None:
    names_packed = pack(["one"])
    assert list(names_packed.filter("TWO")) == []
    names_packed.extend([("Two", FOLDER)])
    assert list(names_packed.filter("TWO")) == [1]
    assert names_packed.flags(1) == FOLDER


def test_names_that_lengthen_when_folded_keep_their_rows() -> None:
    names_packed = pack(["Straße", "İstanbul", "plain", "ΣΑΣ"])
    assert list(names_packed.filter("STRASSE")) == [0]
    assert list(names_packed.filter("plain")) == [2]
    assert list(names_packed.filter("σας")) == [3]


def test_a_name_with_a_nul_is_refused_and_never_found() -> None:
    with pytest.raises(ValueError, match="NUL"):
        pack(["a\0b"])
    names_packed = pack(["a", "b"])
    assert names_packed.index("a\0b") == -1
    assert names_packed.filter("a\0b") == array("I")


def test_a_hostile_name_cannot_make_fuzzy_search_try_every_way() -> None:
    assert list(pack(["a" * 255] * 1000).filter("a" * 40 + "b", fuzzy=True)) == []


def test_a_million_names_stay_small() -> None:
    names_packed = PackedNames((f"Ticket_{i:07d}.json", i % 2) for i in range(1_000_000))
    assert names_packed.nbytes / len(names_packed) < 26
    order = names_packed.filter("ticket_00005")
    assert len(order) == 100
    assert order.itemsize == 4
    assert names_packed.nbytes / len(names_packed) < 46
