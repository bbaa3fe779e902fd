"""Attaching files, and what people write: where it stands, what it is called, and that readers find it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.errors import Conflict, DmartTuiError, NotFound, Refused, UsageFault
from dmart_tui.core.spaces import Problem, Reference, Spaces, references
from dmart_tui.core.spaces.checks import Check
from dmart_tui.core.writing import Store, plan_attach, plan_comment, plan_react, plan_replace, plan_reply
from tests.core.writing.conftest import HELLO, lines, loaded, meta, put
from tests.support.crashing import tree

if TYPE_CHECKING:
    from pathlib import Path

    from dmart_tui.core.spaces import Attachment
    from dmart_tui.core.writing import Plan

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
OTHER = "7a57d8a0-1111-4d6c-9d0b-5d7a4a1f0c11"
ATTACHED = "blog/posts/.dm/hello/attachments."


def found(spaces: Spaces) -> set[tuple[str, str, str]]:
    """What is wrong, but for `owner-missing`: Ann is no user here."""
    problems = [problem for problem in Check(spaces).run() if isinstance(problem, Problem)]
    return {(problem.kind, problem.address, problem.detail) for problem in problems if problem.kind != "owner-missing"}


def applied(store: Store, plan: Plan) -> Attachment:
    """What a plan made, after it was carried out and nothing is wrong that was not before."""
    before = found(store.spaces)
    store.apply(plan)
    assert found(store.spaces) <= before
    assert plan.result is not None
    return store.spaces.attachment(plan.result)


def test_a_file_stands_beside_its_meta_with_the_checksum_of_its_bytes(store: Store, root: Path, tmp_path: Path) -> None:
    put(tmp_path / "Front Cover.PNG", PNG)
    plan = plan_attach(store, HELLO, [str(tmp_path / "Front Cover.PNG")])
    assert plan.title == "Attach Front Cover.PNG to blog/posts/hello"
    assert not (root / f"{ATTACHED}media").exists()
    made = applied(store, plan)
    assert str(made.address) == "blog/posts/hello#media/Front_Cover"
    assert (root / f"{ATTACHED}media/Front_Cover.png").read_bytes() == PNG
    raw = (root / f"{ATTACHED}media/meta.Front_Cover.json").read_bytes()
    assert raw.startswith(b'{"uuid":"')
    written = json.loads(raw)
    assert list(written) == [
        "uuid", "shortname", "is_active", "tags", "created_at", "updated_at", "owner_shortname", "payload",
    ]  # fmt: skip
    assert written["owner_shortname"] == "ann"
    assert written["payload"] == {
        "content_type": "image",
        "checksum": hashlib.sha1(PNG).hexdigest(),
        "body": "Front_Cover.png",
    }


def test_every_byte_of_what_is_attached_is_told_and_a_stop_between_two_leaves_nothing(
    store: Store, root: Path, tmp_path: Path
) -> None:
    size = 3_000_000
    put(tmp_path / "film.mp4", b"\0" * size)
    told: list[int] = []
    plan = plan_attach(store, HELLO, [str(tmp_path / "film.mp4")], check=told.append)
    assert sum(told) == size
    token = CancelToken()
    before = tree(root)
    with pytest.raises(Cancelled):
        store.apply(plan, cancel=token, progress=lambda size: token.cancel() if size else None)
    assert tree(root) == before
    told.clear()
    store.apply(plan, progress=told.append)
    assert sum(told) >= 2 * size


def test_that_something_was_attached_stands_in_the_event_log_only(store: Store, root: Path, tmp_path: Path) -> None:
    put(tmp_path / "cover.png", PNG)
    applied(store, plan_attach(store, HELLO, [str(tmp_path / "cover.png")]))
    assert not (root / "blog/.dm/posts").exists()
    assert not (root / "blog/posts/.dm/hello/history.jsonl").exists()
    (event,) = lines(root / "blog/.dm/events.jsonl")
    assert event["request"] == "create"
    assert event["resource"]["type"] == "media"
    assert event["resource"]["subpath"] == "posts/hello"
    assert event["attributes"]["payload"]["body"] == "cover.png"


@pytest.mark.parametrize(
    ("file", "data", "kind", "content"),
    [
        ("a.jpeg", b"\xff\xd8\xff0", "media", "image"),
        ("a.pdf", b"%PDF-1.7", "media", "pdf"),
        ("a.mp3", b"ID3", "media", "audio"),
        ("a.mp4", b"\0\0\0\x18ftyp", "media", "video"),
        ("a.md", b"# a", "media", "markdown"),
        ("a.py", b"print()", "media", "python"),
        ("a.csv", b"a,b\n1,2\n", "csv", "csv"),
        ("a.jsonl", b'{"a": 1}\n', "jsonl", "jsonl"),
        ("a.parquet", b"PAR1", "parquet", "parquet"),
        ("a.db", b"SQLite format 3\0", "sqlite", "sqlite"),
        ("a.duckdb", b"\0DUCK", "duckdb", "duckdb"),
        ("a.json", b'{"a": 1}', "json", "json"),
        ("a.cfg", "naïve".encode(), "media", "text"),
    ],
)
def test_the_extension_says_what_a_file_is(store: Store, file: str, data: bytes, kind: str, content: str) -> None:
    made = applied(store, plan_attach(store, HELLO, [(file, data)]))
    assert (made.type, made.payload and made.payload.content_type) == (kind, content)
    assert store.spaces.payload_bytes(made, 100) == data


def test_a_json_file_can_be_media_as_the_forms_of_schemas_are(store: Store) -> None:
    plan = plan_attach(
        store, Address("blog", ("schema", "post")), [("form.json", b"{}")], type="media", name="ui_schema"
    )
    assert str(applied(store, plan).address) == "blog/schema/post#media/ui_schema"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("Übersicht März (2).png", "Ubersicht_Marz_2"),
        ("e\u0301te\u0301.png", "ete"),
        ("صورة المنتج.png", "صورة_المنتج"),
        ("آب.png", "آب"),
        ("a.tar.png", "a_tar"),
        ("۱۲۳.png", "media"),
        ("x" * 90 + ".png", "x" * 60),
        ("-rf.png", "rf"),
    ],
)
def test_a_name_is_made_that_dmart_takes(store: Store, file: str, name: str) -> None:
    assert applied(store, plan_attach(store, HELLO, [(file, PNG)])).address.name == name


def test_several_files_of_one_name_get_numbers(store: Store, root: Path) -> None:
    put(root / f"{ATTACHED}media/Cover_2.gif", b"left behind")
    plan = plan_attach(store, HELLO, [("cover.png", PNG), ("Cover.png", PNG), ("cover.csv", b"a\n1\n")])
    assert plan.title == "Attach 3 files to blog/posts/hello"
    store.apply(plan)
    assert {str(made.address) for made in store.spaces.attachments(store.spaces.load(HELLO))} == {
        "blog/posts/hello#comment/first",
        "blog/posts/hello#csv/cover",
        "blog/posts/hello#media/Cover_3",
        "blog/posts/hello#media/cover",
    }


def test_a_folder_takes_attachments_beside_it(store: Store, root: Path) -> None:
    made = applied(store, plan_attach(store, Address("blog", ("posts",)), [("logo.png", PNG)]))
    assert str(made.address) == "blog/posts#media/logo"
    assert (root / "blog/.dm/posts/attachments.media/logo.png").exists()


@pytest.mark.parametrize(
    ("owner", "files", "options", "error"),
    [
        ("blog", [("a.png", PNG)], {}, Refused),
        ("blog/posts/none", [("a.png", PNG)], {}, NotFound),
        ("blog/posts/hello#comment/first", [("a.png", PNG)], {}, UsageFault),
        ("blog/posts/hello", [("a.zip", b"PK\3\4\0")], {}, Refused),
        ("blog/posts/hello", [("a.png", PNG)], {"type": "csv"}, UsageFault),
        ("blog/posts/hello", [("a.png", PNG)], {"type": "comment"}, UsageFault),
        ("blog/posts/hello", [("a.png", PNG), ("b.png", PNG)], {"name": "c"}, UsageFault),
        ("blog/posts/hello", [("a.png", PNG)], {"name": "../c"}, UsageFault),
        ("blog/posts/hello", ["/no/such/file"], {}, NotFound),
        ("blog/posts/hello", ["/"], {}, Refused),
    ],
)
def test_what_cannot_be_attached(
    store: Store, owner: str, files: list[Any], options: dict[str, Any], error: type[DmartTuiError]
) -> None:
    with pytest.raises(error):
        plan_attach(store, Address.parse(owner), files, **options)


def test_a_name_that_is_taken_is_refused(store: Store) -> None:
    store.apply(plan_attach(store, HELLO, [("cover.png", PNG)]))
    with pytest.raises(Refused, match="cover is there already"):
        plan_attach(store, HELLO, [("other.gif", b"GIF89a")], name="cover")


@pytest.mark.parametrize(
    ("file", "name"), [(("a.png", b""), None), (("a.json", b"{"), None), (("a.png", PNG), "no-good")]
)
def test_what_dmart_would_not_read_needs_a_deliberate_yes(
    store: Store, file: tuple[str, bytes], name: str | None
) -> None:
    plan = plan_attach(store, HELLO, [file], name=name)
    assert [warned.deliberate for warned in plan.warnings] == [True]
    with pytest.raises(Refused):
        store.apply(plan)
    store.apply(plan, anyway=True)


def test_a_file_that_changes_before_it_is_copied_is_noticed(store: Store, root: Path, tmp_path: Path) -> None:
    put(tmp_path / "cover.png", PNG)
    plan = plan_attach(store, HELLO, [str(tmp_path / "cover.png")])
    put(tmp_path / "cover.png", PNG + b"more")
    with pytest.raises(Conflict):
        store.apply(plan)
    assert not (root / f"{ATTACHED}media").exists()


def test_an_owner_that_goes_before_is_not_made_again(store: Store, root: Path) -> None:
    plan = plan_attach(store, HELLO, [("cover.png", PNG)])
    (root / "blog/posts/.dm/hello/meta.content.json").unlink()
    with pytest.raises(Conflict):
        store.apply(plan)


# -- replacing --------------------------------------------------------------------------------------------------------


def attached(store: Store) -> Address:
    plan = plan_attach(store, HELLO, [("cover.png", PNG)])
    store.apply(plan)
    assert plan.result is not None
    return plan.result


def test_a_file_is_replaced_in_its_place_and_can_be_had_back(store: Store, root: Path) -> None:
    cover = attached(store)
    path = root / f"{ATTACHED}media/cover.png"
    before = loaded(root / f"{ATTACHED}media/meta.cover.json")
    done = store.apply(plan_replace(store, cover, ("other.png", PNG + b"more")))
    after = loaded(root / f"{ATTACHED}media/meta.cover.json")
    assert path.read_bytes() == PNG + b"more"
    assert after["payload"] == {**before["payload"], "checksum": hashlib.sha1(PNG + b"more").hexdigest()}
    (line,) = lines(root / "blog/.dm/posts/hello/history.jsonl")
    assert list(line["diff"]) == ["payload.checksum"]
    store.apply(store.undo(done))
    assert path.read_bytes() == PNG


def test_a_file_of_another_kind_takes_the_place_of_one_that_goes_to_the_trash(store: Store, root: Path) -> None:
    cover = attached(store)
    before, wrong = loaded(root / f"{ATTACHED}media/meta.cover.json"), found(store.spaces)
    store.apply(plan_replace(store, cover, ("cover.pdf", b"%PDF-1.7")))
    assert found(store.spaces) <= wrong
    made = store.spaces.attachment(cover)
    assert (made.meta["uuid"], made.meta["created_at"]) == (before["uuid"], before["created_at"])
    assert made.meta["payload"]["content_type"] == "pdf"
    assert store.spaces.payload_bytes(made, 100) == b"%PDF-1.7"
    assert not (root / f"{ATTACHED}media/cover.png").exists()
    assert [path for path in (root / ".dmart-tui/trash").rglob("*") if path.is_file() and path.read_bytes() == PNG]
    (line,) = lines(root / "blog/.dm/posts/hello/history.jsonl")
    assert line["diff"]["payload.body"] == {"old": "cover.png", "new": "cover.pdf"}


@pytest.mark.parametrize(
    ("address", "file", "error"),
    [
        ("blog/posts/hello", ("a.png", PNG), UsageFault),
        ("blog/posts/hello#comment/first", ("a.png", PNG), UsageFault),
        ("blog/posts/hello#media/none", ("a.png", PNG), NotFound),
        ("blog/posts/hello#csv/table", ("a.png", PNG), UsageFault),
        ("blog/posts/hello#csv/table", ("a.zip", b"PK\0"), Refused),
    ],
)
def test_what_cannot_be_replaced(
    store: Store, address: str, file: tuple[str, bytes], error: type[DmartTuiError]
) -> None:
    store.apply(plan_attach(store, HELLO, [("table.csv", b"a\n1\n")]))
    with pytest.raises(error):
        plan_replace(store, Address.parse(address), file)


# -- what people write ------------------------------------------------------------------------------------------------

NOTE = Address("blog", ("posts", "note"))


def test_a_comment_is_kept_as_the_newest_nearby_is(store: Store, root: Path) -> None:
    made = applied(store, plan_comment(store, NOTE, "so it is", state="on"))
    assert made.meta["payload"] == {"content_type": "comment", "body": {"body": "so it is", "state": "on"}}
    older = meta("second", body="older way", created_at="2026-01-01T00:00:00", uuid=OTHER)
    put(root / f"{ATTACHED}comment/meta.second.json", older)
    made = applied(store, plan_comment(store, HELLO, "as this one"))
    assert made.meta["body"] == made.text == "as this one"
    assert "payload" not in made.meta
    assert "state" not in made.meta


def test_a_comment_has_fields_of_its_own_where_there_is_none_to_follow(store: Store) -> None:
    made = applied(store, plan_comment(store, Address("blog", ("schema", "post")), "first here", state="draft"))
    assert (made.meta["body"], made.meta["state"], made.text) == ("first here", "draft", "first here")
    assert len(made.address.name) == 8


def test_a_reply_points_to_what_it_answers(store: Store) -> None:
    made = applied(store, plan_reply(store, HELLO.attached("comment", "first"), "indeed"))
    assert (made.type, made.text) == ("reply", "indeed")
    (answered,) = (found for found in references(made) if isinstance(found, Reference) and found.role == "relationship")
    assert answered.target == HELLO.attached("comment", "first")


@pytest.mark.parametrize("in_payload", [False, True])
def test_a_reaction_is_made_once_by_a_user(store: Store, root: Path, *, in_payload: bool) -> None:
    if in_payload:
        payload = {"content_type": "reaction", "body": {"type": "sad"}}
        put(root / f"{ATTACHED}reaction/meta.r.json", meta("r", uuid=OTHER, payload=payload))
    made = applied(store, plan_react(store, HELLO, "like"))
    assert made.text == "like"
    assert ("type" in made.meta) is not in_payload
    with pytest.raises(Refused):
        plan_react(store, HELLO, "like")
    applied(store, plan_react(store, HELLO, "love"))


def test_empty_words_and_unknown_reactions_are_refused(store: Store) -> None:
    with pytest.raises(UsageFault):
        plan_comment(store, HELLO, " \n")
    with pytest.raises(UsageFault):
        plan_react(store, HELLO, "shrug")


def test_what_was_attached_is_taken_back_to_the_trash(store: Store, root: Path) -> None:
    done = store.apply(plan_attach(store, HELLO, [("cover.png", PNG), ("numbers.csv", b"a\n1\n")]))
    store.apply(store.undo(done))
    assert [str(left.address) for left in store.spaces.attachments(store.spaces.load(HELLO))] == [
        "blog/posts/hello#comment/first"
    ]
    assert not (root / f"{ATTACHED}media").exists()
