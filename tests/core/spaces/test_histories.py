"""Histories of every era and in every state of repair, read as changes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.address import Address
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.spaces.histories import ABSENT, UNRECORDED, Place, Record, history, history_places, read_history
from dmart_tui.core.spaces.jsonlines import LINE_LIMIT, LineFile

NOISE = {"uuid": "u", "shortname": "history", "is_active": False, "tags": [], "created_at": "2023-01-01T00:00:00"}


def line(second: int, diff: object, **more: object) -> str:
    return json.dumps(
        {**NOISE, "owner_shortname": "mia", "timestamp": f"2023-05-01T10:00:{second:02}", "diff": diff, **more}
    )


def write(path: Path, text: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)


def root_with_history(tmp_path: Path, text: str | bytes, subpath: str = "sales/") -> Spaces:
    write(tmp_path / "shop/.dm/meta.space.json", '{"shortname": "shop"}')
    write(tmp_path / f"shop/{subpath}.dm/deal/meta.content.json", '{"shortname": "deal"}')
    write(tmp_path / f"shop/{subpath}.dm/deal/history.jsonl", text)
    return Spaces(tmp_path)


def read(tmp_path: Path, text: str | bytes, **options: int) -> list[Record]:
    spaces = root_with_history(tmp_path, text)
    return list(history(spaces, Address.parse("shop/sales/deal"), **options))


def only(tmp_path: Path, diff: object, **more: object) -> Record:
    (record,) = read(tmp_path, line(1, diff, **more) + "\n")
    return record


def kinds(record: Record) -> dict[str, str]:
    return {change.key: change.kind for change in record.changes}


# -- eras -------------------------------------------------------------------------------------------------------------


def test_a_line_of_2023_tells_who_when_and_what(tmp_path: Path) -> None:
    record = only(tmp_path, {"payload.body.price": {"old": 3, "new": 4}}, displayname=None, payload=None)
    assert (record.owner, record.timestamp, record.line) == ("mia", "2023-05-01T10:00:01", 1)
    assert record.when is not None
    assert record.when.isoformat() == "2023-05-01T10:00:01+00:00"
    (change,) = record.changes
    assert (change.key, change.old, change.new, change.kind) == ("payload.body.price", 3, 4, "changed")
    assert record.problems == ()
    assert record.path == "shop/sales/.dm/deal/history.jsonl"


def test_request_data_inside_the_old_diff_is_lifted_out(tmp_path: Path) -> None:
    diff = {"is_active": {"old": True, "new": False}, "x_request_data": {"user_agent": "curl", "id_address": "1.2.3.4"}}
    record = only(tmp_path, diff)
    assert kinds(record) == {"is_active": "changed"}
    assert record.request_headers == {"user_agent": "curl", "id_address": "1.2.3.4"}


def test_request_headers_of_later_eras(tmp_path: Path) -> None:
    assert only(tmp_path, {}, request_headers={"host": "x"}).request_headers == {"host": "x"}


def test_an_export_with_seven_fraction_digits_and_json_nulls(tmp_path: Path) -> None:
    text = json.dumps(
        {
            "uuid": "u", "shortname": "history", "owner_shortname": "ali", "timestamp": "2025-05-01T10:00:00.1234567Z",
            "request_headers": {}, "diff": {"slug": {"old": None, "new": "s"}}, "last_checksum_history": "abc",
        }
    )  # fmt: skip
    (record,) = read(tmp_path, text)
    (change,) = record.changes
    assert (change.old, change.kind, change.ambiguous) == (ABSENT, "added", False)
    assert record.when is not None
    assert record.when.microsecond == 123456


def test_before_2022_the_diff_is_nested_and_the_actor_a_locator(tmp_path: Path) -> None:
    spaces = root_with_history(tmp_path, "")
    old = {
        "actor_locator": {"type": "user", "shortname": "zed"}, "timestamp": "2021-05-01T10:00:00", "old_checksum": "a",
        "new_checksum": "b",
        "diff": {"payload": {"body": {"price": {"old": 1, "new": 2}}}, "slug": {"old": "x", "new": "null"}},
    }  # fmt: skip
    write(tmp_path / "shop/sales/.dm/deal/meta.history.jsonl", json.dumps(old) + "\n")
    (record,) = history(spaces, Address.parse("shop/sales/deal"))
    assert (record.owner, record.role) == ("zed", "stray")
    assert kinds(record) == {"payload.body.price": "changed", "slug": "removed"}


# -- changes ----------------------------------------------------------------------------------------------------------


def test_the_text_null_is_absence_and_says_that_it_may_not_be(tmp_path: Path) -> None:
    record = only(tmp_path, {"a": {"old": "null", "new": 1}, "b": {"old": 1, "new": "null"}, "c": {"old": 1, "new": 2}})
    assert kinds(record) == {"a": "added", "b": "removed", "c": "changed"}
    assert [change.ambiguous for change in record.changes] == [True, True, False]
    assert record.changes[0].old is ABSENT


def test_list_changes_count_repeated_members_and_hold_objects(tmp_path: Path) -> None:
    record = only(tmp_path, {"tags": {"old": ["a", "b", "b", {"k": 1}], "new": ["b", {"k": 1}, {"k": 2}]}})
    (change,) = record.changes
    assert change.kind == "list"
    assert change.removed == ("a", "b")
    assert change.added == ({"k": 2},)


@pytest.mark.parametrize("word", ["lock", "extend", "unlock", "cancel"])
def test_lock_lines_are_events(tmp_path: Path, word: str) -> None:
    record = only(tmp_path, {"lock_type": {"old": "null", "new": word}})
    assert record.event == word
    assert kinds(record) == {"lock_type": "event"}


def test_ticket_progress_is_an_event_and_an_update_that_also_touches_other_keys_is_not(tmp_path: Path) -> None:
    progress = {"state": {"old": "new", "new": "done"}, "resolution_reason": {"old": "null", "new": "ok"}}
    assert only(tmp_path, progress).event == "progress"
    assert only(tmp_path, {**progress, "slug": {"old": "a", "new": "b"}}).event == ""


@pytest.mark.parametrize("odd", [5, "x", [1], {"user": "x"}, None])
def test_a_value_that_is_no_pair_is_kept_and_reported(tmp_path: Path, odd: object) -> None:
    record = only(tmp_path, {"strange": odd, "fine": {"old": 1, "new": 2}})
    change = record.changes[0]
    assert (change.old, change.new) == (UNRECORDED, odd)
    assert "strange" in record.problems[0].detail
    assert kinds(record)["fine"] == "changed"


def test_half_a_pair_says_that_the_other_side_is_unrecorded(tmp_path: Path) -> None:
    (change,) = only(tmp_path, {"a": {"new": 2}}).changes
    assert (change.old, change.new) == (UNRECORDED, 2)


def test_masked_hides_a_password_hash_and_cookies(tmp_path: Path) -> None:
    record = only(
        tmp_path, {"password": {"old": "null", "new": "$2b$12$x"}}, request_headers={"cookie": "c", "host": "h"}
    ).masked()
    assert record.changes[0].new == "••••••"
    assert record.changes[0].old is ABSENT
    assert record.request_headers == {"cookie": "••••••", "host": "h"}


# -- damage -----------------------------------------------------------------------------------------------------------

GOOD = [line(n, {"n": {"old": n, "new": n + 1}}) for n in range(3)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("\n".join([GOOD[0], "", *GOOD[1:]]), "line-blank"),
        ("\n".join([GOOD[0], GOOD[1] + GOOD[2]]), "line-glued"),
        ("\n".join([GOOD[0], GOOD[1] + "garbage }", GOOD[2]]), "line-garbage"),
        ("\n".join([*GOOD, GOOD[0][:40]]), "line-unreadable"),
        ("\n".join([GOOD[0], GOOD[1][:50] + GOOD[1], GOOD[2]]), "line-unreadable"),
        ("\n".join([GOOD[0], "[1, 2]", *GOOD[1:]]), "line-not-object"),
        ("\n".join([GOOD[0], GOOD[1].replace("2}", "NaN}"), GOOD[2]]), "line-lax"),
        ("\ufeff" + "\n".join(GOOD), "line-lax"),
        ("\n".join([GOOD[0], "\x00" * 50, *GOOD[1:]]), "line-blank"),
        (b"\n".join([GOOD[0].encode(), GOOD[1].replace("mia", "m\u00ef").encode("latin-1").replace(b"\\u00ef", b"\xef"),
                     GOOD[2].encode()]), "line-encoding"),
        ("\n".join([GOOD[0], GOOD[1], line(2, [1])]), "diff-shape"),
        ("\n".join([GOOD[0], GOOD[1], GOOD[2].replace("2023-05", "20x3-05")]), "time-unreadable"),
        ("\n".join([GOOD[0], "[" * 100_000, *GOOD[1:]]), "line-unreadable"),
    ],
)  # fmt: skip
def test_damage_is_a_problem_and_its_neighbours_stay(tmp_path: Path, text: str | bytes, kind: str) -> None:
    records = read(tmp_path, text)
    assert kind in {problem.kind for record in records for problem in record.problems}
    assert sum(record.is_record for record in records) == 3
    assert len({record.line for record in records if record.problems}) == 1


def test_a_problem_names_its_line(tmp_path: Path) -> None:
    records = read(tmp_path, "\n".join([GOOD[0], "oops", GOOD[1]]) + "\n")
    assert [record.line for record in records] == [3, 2, 1]
    assert "line 2 " in records[1].problems[0].detail
    assert not records[1].is_record


def test_a_line_beyond_the_limit_is_reported_and_skipped(tmp_path: Path) -> None:
    huge = line(1, {"a": {"old": "x" * LINE_LIMIT, "new": 1}})
    records = read(tmp_path, "\n".join([GOOD[0], huge, GOOD[2]]))
    assert [record.is_record for record in records] == [True, False, True]
    assert records[1].problems[0].kind == "line-too-long"


@pytest.mark.parametrize("text", ["", "\n", "\n\n\n"])
def test_empty_files_hold_no_records(tmp_path: Path, text: str) -> None:
    assert [record for record in read(tmp_path, text) if record.is_record] == []


def test_a_history_that_cannot_be_opened_is_a_row(tmp_path: Path) -> None:
    spaces = root_with_history(tmp_path, "")
    path = tmp_path / "shop/sales/.dm/deal/history.jsonl"
    path.unlink()
    path.symlink_to("/etc/hostname")
    (record,) = history(spaces, Address.parse("shop/sales/deal"))
    assert record.problems[0].kind == "history-unreadable"


# -- order, pages, numbers --------------------------------------------------------------------------------------------


def test_newest_first_and_in_pages(tmp_path: Path) -> None:
    text = "\n".join(line(n, {"n": {"old": n, "new": n + 1}}) for n in range(10)) + "\n"
    spaces = root_with_history(tmp_path, text)
    address = Address.parse("shop/sales/deal")
    page = list(history(spaces, address, skip=2, limit=3))
    assert [record.changes[0].old for record in page] == [7, 6, 5]
    assert [record.line for record in page] == [8, 7, 6]


def test_a_page_of_a_long_history_reads_only_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(line(n % 60, {"n": {"old": n, "new": "x" * 1000}}) + "\n" for n in range(2000))
    spaces = root_with_history(tmp_path, text)
    read_bytes = []
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, size, at: read_bytes.append(size) or pread(fd, size, at))
    assert len(list(history(spaces, Address.parse("shop/sales/deal"), limit=20))) == 20
    assert sum(read_bytes) < 100_000 < len(text)


any_line = st.one_of(
    st.builds(lambda n, text: line(n, {"k": {"old": text, "new": n}}).encode(), st.integers(0, 59), st.text()),
    st.sampled_from([b"", b" ", b"oops", b"[]", b'{"a": 1}{"timestamp": "2023-01-01"}', b"{", "é".encode("latin-1")]),
)  # fmt: skip


@given(st.lists(any_line, max_size=12), st.booleans(), st.integers(1, 300))
def test_backwards_is_the_reverse_of_forwards_for_any_block_size(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], ended: bool, block: int
) -> None:
    root = tmp_path_factory.mktemp("root")
    path = root / "history.jsonl"
    path.write_bytes(b"\n".join(lines) + (b"\n" if ended else b""))
    spaces, place = Spaces(root), Place(str(path), "own", Address("shop"))
    forwards = list(read_history(spaces, place, forwards=True))
    backwards = list(read_history(spaces, place, block=block))
    shown = [(record.line, record.timestamp, record.changes, record.problems) for record in forwards]
    assert [(r.line, r.timestamp, r.changes, r.problems) for r in reversed(backwards)] == shown
    small = list(read_history(spaces, place, forwards=True, block=block))
    assert [(r.line, r.timestamp, r.changes, r.problems) for r in small] == shown


def test_lines_are_counted_as_they_stand(tmp_path: Path) -> None:
    for text, count in [(b"", 0), (b"\n", 1), (b"a", 1), (b"a\n", 1), (b"a\nb", 2), (b"\na\n\n", 3)]:
        path = tmp_path / "f"
        path.write_bytes(text)
        assert LineFile(str(path), str(tmp_path)).lines == count


def test_a_file_replaced_while_it_is_read_says_so(tmp_path: Path) -> None:
    text = "".join(line(n % 60, {"n": {"old": n, "new": "x" * 1000}}) + "\n" for n in range(200))
    spaces = root_with_history(tmp_path, text)
    records = history(spaces, Address.parse("shop/sales/deal"))
    next(records)
    write(tmp_path / "new", text)
    (tmp_path / "new").rename(tmp_path / "shop/sales/.dm/deal/history.jsonl")
    assert list(records)[-1].problems[0].kind == "history-unreadable"


# -- places -----------------------------------------------------------------------------------------------------------


def roles(spaces: Spaces, address: str) -> list[tuple[str, str]]:
    entry = spaces.load(Address.parse(address))
    return [(spaces.relative(place.path), place.role) for place in history_places(spaces, entry)]


def test_every_place_a_history_can_be(tmp_path: Path) -> None:
    spaces = root_with_history(tmp_path, "")
    for path in (
        "shop/.dm/history.jsonl",
        "shop/.dm/sales/history.jsonl",
        "shop/.dm/sales/deal/history.jsonl",
        "shop/sales/.dm/history.jsonl",
        "shop/sales/.dm/east/history.jsonl",
        "shop/.dm/sales/east/history.jsonl",
        "shop/.dm/top/history.jsonl",
    ):
        write(tmp_path / path, "")
    write(tmp_path / "shop/sales/.dm/meta.folder.json", "{}")
    write(tmp_path / "shop/sales/east/.dm/meta.folder.json", "{}")
    write(tmp_path / "shop/.dm/top/meta.content.json", "{}")
    assert roles(spaces, "shop") == [("shop/.dm/history.jsonl", "space")]
    assert roles(spaces, "shop/sales") == [
        ("shop/.dm/sales/history.jsonl", "shared"),
        ("shop/sales/.dm/history.jsonl", "folder"),
    ]
    assert roles(spaces, "shop/sales/east") == [
        ("shop/sales/.dm/east/history.jsonl", "side-car"),
        ("shop/.dm/sales/east/history.jsonl", "attachments"),
    ]
    assert roles(spaces, "shop/sales/deal") == [
        ("shop/sales/.dm/deal/history.jsonl", "own"),
        ("shop/.dm/sales/deal/history.jsonl", "attachments"),
    ]
    assert roles(spaces, "shop/top") == [("shop/.dm/top/history.jsonl", "shared")]


def test_places_are_merged_by_time_and_an_attachment_has_only_the_shared_file(tmp_path: Path) -> None:
    spaces = root_with_history(tmp_path, "\n".join(line(n, {"own": {"old": n, "new": 0}}) for n in (1, 5)))
    write(tmp_path / "shop/.dm/sales/deal/history.jsonl", line(3, {"body": {"old": 3, "new": 0}}))
    found = list(history(spaces, Address.parse("shop/sales/deal")))
    assert [(record.changes[0].old, record.role) for record in found] == [(5, "own"), (3, "attachments"), (1, "own")]
    assert [record.role for record in history(spaces, Address.parse("shop/sales/deal#media/a"))] == ["attachments"]
    alone = history(spaces, Address.parse("shop/sales/deal"), attachments=False)
    assert [record.role for record in alone] == ["own", "own"]
