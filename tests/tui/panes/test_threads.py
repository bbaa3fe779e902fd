"""The order of a conversation."""

from __future__ import annotations

import pytest

from dmart_tui.tui.panes.attachments.threads import Said, counted, threaded


def said(name: str, time: float, answers: str = "", reaction: str = "") -> Said:
    """`kind/name`, its time, and the `kind/name` that it answers."""
    kind, _, own = name.partition("/")
    above = answers.partition("/")
    return Said((f"attachments.{kind}", own), time, 0, (above[0], above[2]) if answers else None, reaction)


@pytest.mark.parametrize(
    ("all_said", "expected"),
    [
        ([said("comment/b", 2), said("comment/a", 1)], "a0 b0"),
        ([said("comment/a", 1), said("comment/b", 2), said("reply/c", 3, "comment/a")], "a0 c1 b0"),
        (
            [said("reply/d", 4, "reply/c"), said("reply/c", 3, "comment/a"), said("reply/e", 2, "comment/a"),
             said("comment/a", 1)],
            "a0 e1 c1 d2",
        ),
        ([said("media/a", 1), said("reply/b", 2, "comment/gone"), said("comment/c", 3)], "a0 b0 c0"),
        ([said("reply/a", 1, "reply/b"), said("reply/b", 2, "reply/a"), said("comment/c", 3)], "c0 a0 b1"),
        ([said("reply/a", 1, "reply/a"), said("comment/c", 3)], "c0 a0"),
        ([said("reaction/r", 1, reaction="like"), said("comment/c", 3)], "c0 r0"),
    ],
)  # fmt: skip
def test_answers_stand_below_what_they_answer(all_said: list[Said], expected: str) -> None:
    assert " ".join(f"{name}{depth}" for (_, name), depth in threaded(all_said).items()) == expected


def test_a_chain_of_ten_thousand_answers_is_one_thread() -> None:
    chain = [said(f"reply/{number}", number, f"reply/{number - 1}" if number else "") for number in range(10_000)]
    assert threaded(chain)["attachments.reply", "9999"] == 9_999


def test_reactions_are_counted_the_most_frequent_first() -> None:
    given = [said(f"reaction/{number}", number, reaction=word) for number, word in enumerate(("sad", "like", "like"))]
    assert counted([*given, said("comment/c", 1)]) == [("like", 2), ("sad", 1)]
