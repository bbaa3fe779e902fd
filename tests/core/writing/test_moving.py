"""Moving and renaming with everything that belongs to a thing, and what points to it."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.errors import DmartTuiError, NotFound, Refused, UsageFault
from dmart_tui.core.spaces import Kind, Reference, Spaces, references
from dmart_tui.core.writing import Store, plan_move
from dmart_tui.core.writing.inbound import inbound
from tests.core.writing.conftest import HELLO, lines, loaded, meta, put
from tests.core.writing.test_trash import TO_HELLO, everything, held, linked

POSTS = Address("blog", ("posts",))


def move(store: Store, source: str | Address, target: str | Address, **options: Any) -> None:
    store.apply(plan_move(store, at(source), at(target), **options), anyway=True)


def at(address: str | Address) -> Address:
    return address if isinstance(address, Address) else Address.parse(address)


def outline(root: Path) -> dict[str, object]:
    """The tree without event logs, and without `updated_at` in what a move may have touched."""
    found: dict[str, object] = dict(held(root))
    for name in found:
        if Path(name).name.startswith("meta.") and (root / name).is_file():
            with suppress(ValueError, AttributeError):
                found[name] = {key: value for key, value in loaded(root / name).items() if key != "updated_at"}
    return found


# -- entries ----------------------------------------------------------------------------------------------------------


def test_a_move_that_is_taken_back_leaves_no_folder(root: Path, store: Store) -> None:
    put(root / "blog/drafts/.dm/meta.folder.json", meta("drafts"))
    put(root / "blog/.dm/posts/hello/history.jsonl", b"{}\n")
    before = {path for path in root.rglob("*") if ".dmart-tui" not in path.parts}
    done = store.apply(plan_move(store, HELLO, at("blog/drafts/hello")))
    assert not (root / "blog/.dm/posts").exists()
    store.apply(store.undo(done))
    assert {path for path in root.rglob("*") if ".dmart-tui" not in path.parts} == before


def test_an_entry_is_renamed_with_all_that_belongs_to_it(root: Path, store: Store) -> None:
    put(root / "blog/posts/.dm/hello/history.jsonl", b"{}\n")
    put(root / "blog/.dm/posts/hello/history.jsonl", b'{"a":1}\n')
    body = (root / "blog/posts/hello.json").read_bytes()
    before = loaded(root / "blog/posts/.dm/hello/meta.content.json")
    move(store, HELLO, "blog/posts/greeting")
    home = root / "blog/posts/.dm/greeting"
    after = loaded(home / "meta.content.json")
    payload = {**before["payload"], "body": "greeting.json"}
    assert after == {**before, "shortname": "greeting", "payload": payload, "updated_at": after["updated_at"]}
    assert after["updated_at"] > before["updated_at"]
    assert (root / "blog/posts/greeting.json").read_bytes() == body
    assert (home / "history.jsonl").read_bytes() == b"{}\n"
    assert (home / "attachments.comment/meta.first.json").exists()
    assert (root / "blog/.dm/posts/greeting/history.jsonl").read_bytes() == b'{"a":1}\n'
    assert not [name for name in held(root) if "hello" in name]
    assert not (root / "blog/.dm/events.jsonl").exists()


def test_only_what_changes_changes(root: Path, store: Store) -> None:
    path = root / "blog/posts/.dm/note/meta.content.json"
    path.write_bytes(
        b'{\n\t"shortname" : "note", "unknown": 1.50,\r\n "updated_at":"2024-02-03T04:05:06.000007",'
        b'"payload":{"content_type":"markdown","body":"# Inline. text"} }'
    )
    move(store, "blog/posts/note", "blog/posts/memo")
    data = (root / "blog/posts/.dm/memo/meta.content.json").read_bytes()
    time = loaded(root / "blog/posts/.dm/memo/meta.content.json")["updated_at"].encode()
    assert data == (
        b'{\n\t"shortname" : "memo", "unknown": 1.50,\r\n "updated_at":"' + time + b'",'
        b'"payload":{"content_type":"markdown","body":"# Inline. text"} }'
    )


def test_a_body_that_has_a_name_of_its_own_keeps_it(root: Path, store: Store) -> None:
    described = {"content_type": "json", "body": "data.json"}
    put(root / "blog/posts/.dm/own/meta.content.json", meta("own", payload=described))
    put(root / "blog/posts/data.json", {})
    move(store, "blog/posts/own", "blog/schema/other")
    assert loaded(root / "blog/schema/.dm/other/meta.content.json")["payload"] == described
    assert (root / "blog/schema/data.json").exists()
    assert not (root / "blog/posts/data.json").exists()


def test_a_body_that_another_one_names_is_copied(root: Path, store: Store) -> None:
    for name in ("one", "two"):
        described = {"content_type": "json", "body": "both.json"}
        put(root / f"blog/posts/.dm/{name}/meta.content.json", meta(name, payload=described))
    put(root / "blog/posts/both.json", {})
    move(store, "blog/posts/one", "blog/schema/one")
    assert (root / "blog/posts/both.json").exists()
    assert (root / "blog/schema/both.json").exists()


def test_a_meta_that_cannot_be_read_moves_as_it_is(root: Path, store: Store) -> None:
    put(root / "blog/posts/.dm/broken/meta.content.json", b'{"shortname": ')
    move(store, "blog/posts/broken", "blog/posts/mended")
    assert (root / "blog/posts/.dm/mended/meta.content.json").read_bytes() == b'{"shortname": '


@pytest.mark.parametrize(
    ("before", "after"), [("hello", "Hello"), ("caf\u00e9", "cafe\u0301"), ("cafe\u0301", "caf\u00e9")]
)
def test_another_spelling(root: Path, store: Store, before: str, after: str) -> None:
    if before != "hello":
        move(store, HELLO, Address("blog", ("posts", before)))
    move(store, Address("blog", ("posts", before)), Address("blog", ("posts", after)))
    entry = store.spaces.load(Address("blog", ("posts", after)))
    assert entry.address.name == after
    assert entry.shortname == after
    assert entry.payload is not None
    assert entry.payload.path == f"{store.spaces.root}/blog/posts/{after}.json"
    assert not (root / f"blog/posts/.dm/{before}").exists()


# -- folders and spaces -----------------------------------------------------------------------------------------------


def forest(root: Path) -> None:
    """A folder with a body, a side-car, folders and entries below, and histories of attachments."""
    put(root / "blog/posts/.dm/meta.folder.json", meta("posts", payload={"content_type": "json", "body": "posts.json"}))
    put(root / "blog/posts.json", {"sort_by": "x"})
    put(root / "blog/.dm/posts/history.jsonl", b'{"folder":1}\n')
    put(root / "blog/.dm/posts/attachments.comment/meta.c.json", meta("c"))
    put(root / "blog/.dm/posts/hello/history.jsonl", b'{"hello":1}\n')
    put(root / "blog/posts/sub/.dm/meta.folder.json", meta("sub"))
    put(root / "blog/posts/.dm/sub/history.jsonl", b'{"sub":1}\n')
    put(root / "blog/posts/sub/.dm/leaf/meta.content.json", meta("leaf"))
    put(root / "blog/.dm/posts/sub/history.jsonl", b'{"attached to sub":1}\n')
    put(root / "blog/.dm/posts/sub/leaf/history.jsonl", b'{"leaf":1}\n')


@pytest.mark.parametrize(
    "target", ["blog/articles", "management/articles", "blog/schema/articles", "management/users/x"]
)
def test_a_folder_with_all_below(root: Path, store: Store, target: str) -> None:
    forest(root)
    before = outline(root)
    below = sorted(str(entry.address)[len("blog/posts") :] for entry in store.spaces.walk(POSTS))
    move(store, POSTS, target)
    space, *parts = target.split("/")
    folder, name = root / target, parts[-1]
    assert sorted(str(entry.address)[len(target) :] for entry in store.spaces.walk(at(target))) == below
    assert loaded(folder / ".dm/meta.folder.json")["shortname"] == name
    assert loaded(folder / ".dm/meta.folder.json")["payload"]["body"] == f"{name}.json"
    assert (folder.parent / f"{name}.json").exists()
    assert (folder.parent / f".dm/{name}/history.jsonl").read_bytes() == b'{"folder":1}\n'
    assert (folder.parent / f".dm/{name}/attachments.comment/meta.c.json").exists()
    logs = root / space / ".dm" / "/".join(parts)
    assert (logs / "hello/history.jsonl").read_bytes() == b'{"hello":1}\n'
    assert (logs / "sub/leaf/history.jsonl").read_bytes() == b'{"leaf":1}\n'
    assert not (root / "blog/posts").exists()
    assert not (root / "blog/.dm/posts").exists()
    move(store, target, POSTS)
    assert {name: value for name, value in outline(root).items() if name in before} == before
    assert not [name for name in outline(root) if name not in before and (root / name).is_file()]


def test_a_folder_from_further_down_to_the_root_of_a_space(root: Path, store: Store) -> None:
    forest(root)
    move(store, "blog/posts/sub", "management/top")
    assert (root / "management/.dm/top/history.jsonl").read_bytes() == b'{"sub":1}\n{"attached to sub":1}\n'
    assert (root / "management/.dm/top/leaf/history.jsonl").read_bytes() == b'{"leaf":1}\n'
    assert not (root / "blog/.dm/posts/sub").exists()


def test_a_folder_without_a_meta(root: Path, store: Store) -> None:
    (root / "blog/bare").mkdir()
    put(root / "blog/bare/.dm/in/meta.content.json", meta("in"))
    move(store, "blog/bare", "blog/posts/bare")
    assert store.spaces.load(at("blog/posts/bare/in")).shortname == "in"


def test_a_space_is_renamed(root: Path, store: Store) -> None:
    linked(root, "other", TO_HELLO)
    move(store, "blog", "journal", rewrite=True)
    assert store.spaces.load(at("journal")).meta["shortname"] == "journal"
    assert not (root / "blog").exists()
    found = store.spaces.load(at("journal/posts/other"))
    assert [str(one.target) for one in references(found) if isinstance(one, Reference)][:1] == ["journal/posts/hello"]
    assert (root / "journal/posts/.dm/other/history.jsonl").exists()


# -- attachments ------------------------------------------------------------------------------------------------------


def test_an_attachment_is_renamed_and_goes_to_another_entry(root: Path, store: Store) -> None:
    media = root / "blog/posts/.dm/hello/attachments.media"
    put(media / "meta.cover.json", meta("cover", payload={"content_type": "image_png", "body": "cover.png"}))
    put(media / "cover.png", b"png")
    move(store, HELLO.attached("media", "cover"), HELLO.attached("media", "front.page"))
    assert loaded(media / "meta.front.page.json")["payload"]["body"] == "front.page.png"
    assert (media / "front.page.png").read_bytes() == b"png"
    move(store, HELLO.attached("media", "front.page"), "blog/posts/page#media/cover")
    there = root / "blog/posts/.dm/page/attachments.media"
    assert loaded(there / "meta.cover.json")["shortname"] == "cover"
    assert (there / "cover.png").read_bytes() == b"png"
    assert not media.exists()
    assert (root / "blog/posts/.dm/hello/attachments.comment/meta.first.json").exists()


# -- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "target", "error"),
    [
        ("blog/posts/none", "blog/posts/x", NotFound),
        ("blog/posts/hello", "blog/posts/hello", Refused),
        ("blog/posts/hello", "blog/posts/page", Refused),
        ("blog/posts/hello", "blog/posts", Refused),
        ("blog/posts/hello", "blog/posts/clash", Refused),
        ("blog/posts/hello", "blog/none/hello", Refused),
        ("blog/posts/hello", "none/hello", NotFound),
        ("blog/posts/hello", "blog/posts/page/hello", Refused),
        ("blog/posts/hello", "journal", UsageFault),
        ("blog/posts/hello", "blog/posts/page#media/hello", UsageFault),
        ("blog/posts/hello", ".dmart-tui/hello", UsageFault),
        ("blog/posts", "blog/posts/inner", Refused),
        ("blog/posts", "blog/schema", Refused),
        ("blog/posts", "blog", UsageFault),
        ("blog", "management", Refused),
        ("blog", "blog/posts/x", UsageFault),
        ("management", "ministry", Refused),
        ("blog/posts/hello#comment/first", "blog/posts/hello#comment/second", Refused),
        ("blog/posts/hello#comment/first", "blog/posts/hello#media/first", UsageFault),
        ("blog/posts/hello#comment/first", "blog/posts/none#comment/first", NotFound),
        ("blog/posts/hello#comment/none", "blog/posts/page#comment/first", NotFound),
        ("blog/two", "blog/three", Refused),
        ("blog/two.ticket", "blog/three", Refused),
        ("blog/link", "blog/three", Refused),
    ],
)
def test_refused(root: Path, store: Store, source: str, target: str, error: type[DmartTuiError]) -> None:
    put(root / "blog/posts/clash.json", {})
    put(root / "blog/posts/.dm/hello/attachments.comment/meta.second.json", meta("second"))
    put(root / "blog/.dm/two/meta.content.json", meta("two"))
    put(root / "blog/.dm/two/meta.ticket.json", meta("two"))
    (root / "blog/link").symlink_to("posts")
    before = held(root)
    with pytest.raises(error):
        plan_move(store, at(source), at(target))
    assert held(root) == before


def test_parents_are_made_with_metas(root: Path, store: Store) -> None:
    move(store, HELLO, "blog/a/b/hello", parents=True)
    assert store.spaces.load(at("blog/a")).meta["shortname"] == "a"
    assert store.spaces.load(at("blog/a/b")).kind is Kind.FOLDER
    assert loaded(root / "blog/a/b/.dm/meta.folder.json")["is_active"] is True
    assert store.spaces.load(at("blog/a/b/hello")).payload is not None


def test_what_makes_less_sense_there_is_told(root: Path, store: Store) -> None:
    plan = plan_move(store, HELLO, at("management/hel-lo"))
    assert [(warned.kind, warned.deliberate) for warned in plan.warnings] == [("name", True), ("reference", False)]


def test_a_file_of_its_new_name_that_is_none_of_its_own(root: Path, store: Store) -> None:
    put(root / "blog/posts/memo.json", {})
    [warned] = plan_move(store, at("blog/posts/note"), at("blog/posts/memo")).warnings
    assert warned.deliberate
    assert "blog/posts/memo.json is there" in warned.text


def test_changed_meanwhile(root: Path, store: Store) -> None:
    plan = plan_move(store, HELLO, at("blog/posts/greeting"))
    put(root / "blog/posts/.dm/hello/meta.content.json", meta("hello"))
    before = held(root)
    with pytest.raises(Refused):
        store.apply(plan)
    assert held(root) == before


# -- what points to it ------------------------------------------------------------------------------------------------


def test_what_points_to_it_is_told_and_left(root: Path, store: Store) -> None:
    linked(root, "other", TO_HELLO)
    plan = plan_move(store, HELLO, at("blog/posts/greeting"))
    assert [warned.text for warned in plan.warnings] == [
        "blog/posts/other still points to the old place: relationships.0.related_to"
    ]
    store.apply(plan)
    related = loaded(root / "blog/posts/.dm/other/meta.content.json")["relationships"][0]["related_to"]
    assert related == TO_HELLO


@pytest.mark.parametrize("subpath", ["posts", "/posts", "/posts/"])
def test_what_points_to_it_follows(root: Path, store: Store, subpath: str) -> None:
    linked(root, "other", {**TO_HELLO, "subpath": subpath, "note": "kept"})
    linked(root, "apart", {**TO_HELLO, "shortname": "page"})
    apart = (root / "blog/posts/.dm/apart/meta.content.json").read_bytes()
    plan = plan_move(store, HELLO, at("management/users/greeting"), rewrite=True)
    assert "blog/posts/other will point to the new place: relationships.0.related_to" in plan.notes
    done = store.apply(plan, anyway=True)
    [relation] = loaded(root / "blog/posts/.dm/other/meta.content.json")["relationships"]
    assert relation == {
        "related_to": {
            "type": "content",
            "space_name": "management",
            "subpath": "/users" if subpath.startswith("/") else "users",
            "shortname": "greeting",
            "note": "kept",
        },
        "attributes": {"kind": "see"},
    }
    [line] = lines(root / "blog/posts/.dm/other/history.jsonl")
    assert list(line["diff"]) == ["relationships"]
    assert (root / "blog/posts/.dm/apart/meta.content.json").read_bytes() == apart
    store.apply(store.undo(done), anyway=True)
    [relation] = loaded(root / "blog/posts/.dm/other/meta.content.json")["relationships"]
    assert relation["related_to"]["shortname"] == "hello"
    assert store.spaces.load(HELLO).payload is not None


def test_only_those_that_were_chosen_follow(root: Path, store: Store) -> None:
    linked(root, "one", TO_HELLO)
    linked(root, "two", TO_HELLO)
    move(store, HELLO, "blog/posts/greeting", rewrite=[at("blog/posts/two")])
    names = [
        loaded(root / f"blog/posts/.dm/{name}/meta.content.json")["relationships"][0]["related_to"]["shortname"]
        for name in ("one", "two")
    ]
    assert names == ["hello", "greeting"]


def test_relations_within_a_folder_follow_it(root: Path, store: Store) -> None:
    linked(root, "other", TO_HELLO)
    linked(root, "self", {**TO_HELLO, "shortname": "self"})
    put(
        root / "blog/posts/.dm/hello/attachments.relationship/meta.r.json",
        meta("r", related_to={**TO_HELLO, "shortname": "other"}),
    )
    move(store, POSTS, "blog/schema/articles", rewrite=True)
    targets = [
        str(one.target)
        for entry in store.spaces.walk(at("blog/schema/articles"))
        for item in (entry, *store.spaces.attachments(entry))
        for one in references(item)
        if isinstance(one, Reference) and one.role == "relationship"
    ]
    assert sorted(targets) == [f"blog/schema/articles/{name}" for name in ("hello", "other", "self")]
    assert (root / "blog/.dm/schema/articles/hello/history.jsonl").exists()
    assert (root / "blog/schema/articles/.dm/other/history.jsonl").exists()


def test_an_entry_that_points_to_itself(root: Path, store: Store) -> None:
    linked(root, "self", {**TO_HELLO, "shortname": "self"})
    move(store, "blog/posts/self", "blog/posts/me", rewrite=True)
    found = loaded(root / "blog/posts/.dm/me/meta.content.json")
    assert found["relationships"][0]["related_to"]["shortname"] == found["shortname"] == "me"


def test_people_and_their_names_follow(root: Path, store: Store) -> None:
    put(root / "management/roles/.dm/editor/meta.role.json", meta("editor", permissions=["all"]))
    put(root / "management/users/.dm/bob/meta.user.json", meta("bob", owner_shortname="bob", roles=["editor"]))
    ticket = meta("t", owner_shortname="bob", collaborators={"a": "bob", "b": "bob"}, acl=[{"user_shortname": "bob"}])
    put(root / "blog/posts/.dm/t/meta.ticket.json", ticket)
    move(store, "management/users/bob", "management/users/robert", rewrite=True)
    found = loaded(root / "blog/posts/.dm/t/meta.ticket.json")
    assert (found["owner_shortname"], found["collaborators"]) == ("robert", {"a": "robert", "b": "robert"})
    assert found["acl"] == [{"user_shortname": "robert"}]
    assert loaded(root / "management/users/.dm/robert/meta.user.json")["owner_shortname"] == "robert"
    move(store, "management/roles/editor", "management/roles/writer", rewrite=True)
    assert loaded(root / "management/users/.dm/robert/meta.user.json")["roles"] == ["writer"]
    plan = plan_move(store, at("management/users/robert"), at("blog/posts/robert"), rewrite=True)
    assert any("cannot be made to point" in warned.text for warned in plan.warnings)


def test_schemas_and_permissions_follow(root: Path, store: Store) -> None:
    permission = meta("p", subpaths={"other": ["x"], "blog": ["posts"], "__all_spaces__": []})
    put(root / "management/permissions/.dm/p/meta.permission.json", permission)
    move(store, "blog/schema/post", "blog/schema/article", rewrite=True)
    assert loaded(root / "blog/posts/.dm/hello/meta.content.json")["payload"]["schema_shortname"] == "article"
    move(store, "blog", "journal", rewrite=True)
    found = loaded(root / "management/permissions/.dm/p/meta.permission.json")["subpaths"]
    assert found == {"other": ["x"], "journal": ["posts"], "__all_spaces__": []}


def test_looking_for_references_can_be_stopped_and_says_how_far_it_is(store: Store) -> None:
    told: list[int] = []
    assert [found.address.name for found in inbound(store.spaces, at("blog/schema/post"), progress=told.append)] == [
        "hello"
    ]
    assert told == [0]
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        plan_move(store, HELLO, at("blog/posts/x"), cancel=token)


# -- there and back ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_everything_in_the_demo_moves_there_and_back(demo_root: Path, tmp_path: Path) -> None:
    assert there_and_back(demo_root, tmp_path / "spaces", every=11) > 20


@pytest.mark.slow
def test_everything_in_real_data_moves_there_and_back(real_root: Path, tmp_path: Path) -> None:
    assert there_and_back(real_root, tmp_path / "spaces", every=2) > 20


def there_and_back(source: Path, root: Path, *, every: int) -> int:
    """Rename things, move them into another space, and back; how many went."""
    shutil.copytree(source, root, symlinks=True)
    store = Store(Spaces(root), user="ann")
    put(root / "elsewhere/.dm/meta.space.json", meta("elsewhere"))
    put(root / "elsewhere/deep/.dm/meta.folder.json", meta("deep"))
    before = outline(root)
    moved = 0
    for address in everything(root)[::every]:
        if address.attachment is not None:
            target = Address(address.space, address.parts, (address.attachment[0], "moved_away"))
        elif address.parts:
            target = at("elsewhere/deep/moved_away") if moved % 2 else at("elsewhere/moved_away")
        else:
            target = at("moved_away")
        try:
            plan = plan_move(store, address, target, references=False)
        except Refused:
            continue
        done = store.apply(plan, anyway=True)
        store.apply(store.undo(done), anyway=True)
        moved += 1
        after = outline(root)
        new = [name for name in after if name not in before and (root / name).is_file()]
        lost = [name for name in before if after.get(name) != before[name]]
        assert (new, lost) == ([], []), address
    return moved
