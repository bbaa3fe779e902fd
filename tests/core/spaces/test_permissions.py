"""D-MART's permission model, rule by rule: each with what it lets pass and what it stops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.address import Address
from dmart_tui.core.errors import NotFound
from dmart_tui.core.spaces import ACTIONS, Permissions, Rights, Spaces, user_policies
from tests.support.rights import EVERYWHERE, Json, permission, put_entry, put_record, rights_with


@dataclass
class Case:
    """One permission, one question."""

    subpaths: Any
    at: str
    allowed: bool
    action: str = "view"
    type: str = "content"
    rule: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)


WALK = [
    Case({"data": ["a"]}, "data/a/x", True),
    Case({"data": ["a"]}, "data/a/b/c/x", True),
    Case({"data": ["a"]}, "data/ab/x", False),
    Case({"data": ["a"]}, "data/x", False),
    Case({"data": ["a"]}, "other/a/x", False),
    Case({"data": ["a/b"]}, "data/a/x", False),
    Case({"data": ["/a/b/"]}, "data/a/b/x", True),
    Case({"data": ["a//b"]}, "data/a/b/x", True),
    Case({"data": ["/"]}, "data/x", True),
    Case({"data": [""]}, "data/a/x", True),
    Case({"data": ["a"]}, "data/a/x", False, action="update", rule={"actions": "view query"}),
    Case({"data": ["a"]}, "data/a/x", False, type="ticket"),
    # a folder's own name counts, an entry's does not
    Case({"data": ["a"]}, "data/a", True, type="folder", rule={"types": "folder"}),
    Case({"data": ["a"]}, "data/a", False),
    # what hangs on an entry is below it
    Case({"data": ["a/x"]}, "data/a/x#comment/c1", True, type="comment", rule={"types": "comment"}),
    Case({"data": ["a/y"]}, "data/a/x#comment/c1", False, type="comment", rule={"types": "comment"}),
    # names in either normal form
    Case({"data": ["caf\u00e9"]}, "data/cafe\u0301/x", True),
]

MAGIC = [
    Case(EVERYWHERE, "data/x", True),
    Case(EVERYWHERE, "data/a/b/x", True),
    Case(EVERYWHERE, "data/a/x", False, type="ticket"),
    Case({"data": ["__all_subpaths__"]}, "data/a/b/x", True),
    Case({"data": ["__all_subpaths__"]}, "other/a/b/x", False),
    Case({"__all_spaces__": ["a"]}, "data/a/b/x", True),
    Case({"__all_spaces__": ["a"]}, "data/b/x", False),
    Case({"__all_spaces__": ["/"]}, "data/b/x", True),
    # the word stands for the second-last name of a prefix
    Case({"data": ["people/__all_subpaths__/public"]}, "data/people/sara/public/x", True),
    Case({"data": ["people/__all_subpaths__/public"]}, "data/people/sara/public/deep/er/x", True),
    Case({"data": ["people/__all_subpaths__/public"]}, "data/people/sara/private/x", False),
    Case({"data": ["people/__all_subpaths__/public"]}, "data/people/public/x", False),
    Case({"data": ["__all_subpaths__/public"]}, "data/sara/public/x", True),
    Case({"data": ["__all_subpaths__/public"]}, "data/a/sara/public/x", False),
    Case({"data": ["a/b/__all_subpaths__/c"]}, "data/a/b/z/c/x", True),
    Case({"data": ["a/__all_subpaths__"]}, "data/a/b/x", False),  # never the last name
    Case({"data": ["a/__all_subpaths__/c/d"]}, "data/a/b/c/d/x", False),  # nor the third-last
    Case({"__all_spaces__": ["people/__all_subpaths__/public"]}, "data/people/sara/public/x", True),
    Case({"data": ["people/__current_user__"]}, "data/people/ali/private/x", True),
    Case({"data": ["people/__current_user__"]}, "data/people/sara/private/x", False),
]

OWN: Json = {"conditions": ["own"]}
ACTIVE: Json = {"conditions": ["is_active"]}
BOTH: Json = {"conditions": ["own", "is_active"]}
CONDITIONS = [
    Case(EVERYWHERE, "d/x", True, rule=OWN, about={"owner": "ali"}),
    Case(EVERYWHERE, "d/x", False, rule=OWN, about={"owner": "sara"}),
    Case(EVERYWHERE, "d/x", False, rule=OWN),
    Case(EVERYWHERE, "d/x", True, rule=OWN, about={"owner": "sara", "owner_group": "office"}),
    Case(EVERYWHERE, "d/x", False, rule=OWN, about={"owner": "sara", "owner_group": "others"}),
    Case(EVERYWHERE, "d/x", True, rule=ACTIVE),
    Case(EVERYWHERE, "d/x", False, rule=ACTIVE, about={"is_active": False}),
    Case(EVERYWHERE, "d/x", True, rule=BOTH, about={"owner": "ali"}),
    Case(EVERYWHERE, "d/x", False, rule=BOTH, about={"owner": "ali", "is_active": False}),
    Case(EVERYWHERE, "d/x", False, rule=BOTH, about={"owner": "sara"}),
    Case(EVERYWHERE, "d/x", False, rule={"conditions": ["full moon"]}, about={"owner": "ali"}),
    # create and query ask for no condition, update and delete do
    Case(EVERYWHERE, "d/x", True, "create", rule=BOTH, about={"is_active": False}),
    Case(EVERYWHERE, "d/x", True, "query", rule=BOTH, about={"is_active": False}),
    Case(EVERYWHERE, "d/x", False, "update", rule=BOTH, about={"is_active": False}),
    Case(EVERYWHERE, "d/x", False, "delete", rule=BOTH, about={"is_active": False}),
]


def _fields(restricted: list[str] | None = None, **allowed: Any) -> Json:
    return {"restricted_fields": restricted or [], "allowed_fields_values": allowed}


def _sets(**attributes: Any) -> Json:
    return {"attributes": attributes}


ROLES: Json = _fields(roles=[["agent", "clerk"], ["boss"]])
FIELDS = [
    Case(EVERYWHERE, "d/x", False, "update", rule=_fields(["tags"]), about=_sets(tags=["a"])),
    Case(EVERYWHERE, "d/x", False, "create", rule=_fields(["tags"]), about=_sets(tags=["a"])),
    Case(EVERYWHERE, "d/x", True, "update", rule=_fields(["tags"]), about=_sets(slug="a")),
    Case(EVERYWHERE, "d/x", True, "view", rule=_fields(["tags"]), about=_sets(tags=["a"])),
    Case(EVERYWHERE, "d/x", True, "delete", rule=_fields(["tags"]), about=_sets(tags=["a"])),
    Case(EVERYWHERE, "d/x", False, "update", rule=_fields(["payload.body.a"]), about=_sets(payload={"body": {"a": 1}})),
    Case(EVERYWHERE, "d/x", True, "update", rule=_fields(["payload.body.a"]), about=_sets(payload={"body": {"ab": 1}})),
    Case(EVERYWHERE, "d/x", False, "update", rule=_fields(["payload"]), about=_sets(payload={"body": {"a": 1}})),
    Case(EVERYWHERE, "d/x", True, "update", rule=_fields(["pay"]), about=_sets(payload={"body": {"a": 1}})),
    Case(EVERYWHERE, "d/x", True, "update", rule=_fields(state=["new", "seen"]), about=_sets(state="seen")),
    Case(EVERYWHERE, "d/x", False, "update", rule=_fields(state=["new", "seen"]), about=_sets(state="done")),
    Case(EVERYWHERE, "d/x", True, "update", rule=_fields(state=["new", "seen"]), about=_sets(slug="done")),
    Case(EVERYWHERE, "d/x", True, "update", rule=ROLES, about=_sets(roles=["clerk"])),
    Case(EVERYWHERE, "d/x", True, "update", rule=ROLES, about=_sets(roles=["boss"])),  # any list, not the first only
    Case(EVERYWHERE, "d/x", False, "update", rule=ROLES, about=_sets(roles=["clerk", "boss"])),
    Case(EVERYWHERE, "d/x", False, "update", rule=ROLES, about=_sets(roles="clerk")),
    Case(EVERYWHERE, "d/x", True, "update", rule=_fields(tags=["a"]), about=_sets(tags=["b"])),  # no list of lists
    Case(EVERYWHERE, "d/x", False, "update", rule=_fields(tags=[]), about=_sets(tags=["b"])),
]

ACL = [{"user_shortname": "ali", "allowed_actions": ["view", "update"]}]
OWN_LISTS = [
    Case({}, "d/x", True, about={"acl": ACL}),
    Case({}, "d/x", False, "delete", about={"acl": ACL}),
    Case({}, "d/x", False, about={"acl": [{"user_shortname": "sara", "allowed_actions": ["view"]}]}),
    Case({}, "d/x", False, "delete", about={"acl": [*ACL, {"user_shortname": "ali", "allowed_actions": ["delete"]}]}),
    Case({}, "d/x", True, about={"acl": [7, {}, *ACL]}),
    Case({}, "d/x", False, about={"acl": "ali"}),
    Case({}, "d/x", False, about={"acl": [{"user_shortname": "ali", "allowed_actions": "view"}]}),
]

SPACES = [
    Case({"data": ["a"]}, "data", True, type="space"),
    Case({"data": ["a"]}, "data", True, "query", type="space"),
    Case({"database": ["a"]}, "data", True, type="space"),  # any key that begins so
    Case({"data": ["a"]}, "database", False, type="space"),
    Case(EVERYWHERE, "data", True, type="space"),
    Case({"data": ["__all_subpaths__"]}, "data", False, "update", type="space", rule={"types": "space"}),
    Case(EVERYWHERE, "data", True, "update", type="space", rule={"types": "space"}),
    Case(EVERYWHERE, "data", False, "update", type="space", rule={"types": "space", "conditions": ["own"]},
         about={"owner": "ali"}),
    Case(EVERYWHERE, "data", False, "delete", type="space"),
]  # fmt: skip


@pytest.mark.parametrize("case", [*WALK, *MAGIC, *CONDITIONS, *FIELDS, *OWN_LISTS, *SPACES], ids=str)
def test_one_rule(case: Case, tmp_path: Path) -> None:
    rule = {"actions": "view query create update delete", **case.rule}
    rights = rights_with(tmp_path, permission(case.subpaths, **rule), groups=("office",))
    address = Address.parse(case.at)
    reason = rights.why_not(case.action, address, case.type, **case.about)
    assert (reason is None) is case.allowed, reason
    assert rights.allows(case.action, address, case.type, **case.about) is case.allowed
    assert (rights.grant(case.action, address, case.type, **case.about) is not None) is case.allowed


def test_the_reason_names_the_rule(tmp_path: Path) -> None:
    rights = rights_with(
        tmp_path,
        permission({"a": ["x"]}, "view update", conditions=["own", "is_active"]),
        permission({"b": ["x"]}, "update", restricted_fields=["tags"], allowed_fields_values={"slug": ["s"]}),
    )
    there, fields = Address.parse("b/x/n"), {"tags": [], "slug": "s"}
    said = [
        rights.why_not("view", Address.parse("c/n"), "content"),
        rights.why_not("view", Address.parse("a/x/n"), "content", is_active=False),
        rights.why_not("update", there, "content", attributes=fields),
        rights.why_not("update", there, "content", attributes={"slug": "t"}),
        rights.why_not("view", Address.parse("c"), "space"),
    ]
    assert said == [
        "no permission lets ali view what is a content at c",
        "p0 at a:x:content is only for what is active and one's own",
        "p1 at b:x:content does not let tags be set",
        "p1 at b:x:content does not allow this value of slug",
        "ali has no permission in the space c",
    ]


def test_what_grants_is_named(tmp_path: Path) -> None:
    rights = rights_with(tmp_path, permission({"a": ["x"]}), permission({"a": ["x"]}, "query"))
    assert str(rights.grant("view", Address.parse("a/x/n"), "content")) == "p0, p1 at a:x:content, by clerk"
    own = rights.grant("update", Address.parse("a/y/n"), "content", acl=ACL)
    assert str(own) == "the entry's own access list"


def test_one_key_unites_conditions_and_the_last_restrictions_win(tmp_path: Path) -> None:
    rights = rights_with(
        tmp_path,
        permission({"a": ["x"]}, "view update", restricted_fields=["tags"]),
        permission({"a": ["/x"]}, "query", conditions=["own"]),
    )
    address = Address.parse("a/x/n")
    assert not rights.allows("view", address, "content", owner="sara")
    assert rights.allows("view", address, "content", owner="ali")
    assert rights.allows("query", address, "content", owner="sara")
    assert rights.allows("update", address, "content", owner="ali", attributes={"tags": ["a"]})


def test_another_key_on_the_way_is_tried_too(tmp_path: Path) -> None:
    rights = rights_with(tmp_path, permission({"a": ["x"]}, conditions=["own"]), permission({"a": ["x/y"]}))
    assert rights.allows("view", Address.parse("a/x/y/n"), "content", owner="sara")
    assert not rights.allows("view", Address.parse("a/x/n"), "content", owner="sara")


def test_of_the_keys_for_everything_the_last_one_present_hides_the_others(tmp_path: Path) -> None:
    """`all spaces, this subpath` goes before `this space, all subpaths`, before `all spaces, all subpaths`."""
    hidden = rights_with(tmp_path / "1", permission(EVERYWHERE), permission({"a": ["__all_subpaths__"]}, "query"))
    assert not hidden.allows("view", Address.parse("a/n"), "content")
    assert hidden.allows("view", Address.parse("b/n"), "content")
    hidden = rights_with(
        tmp_path / "2", permission({"a": ["__all_subpaths__"]}), permission({"__all_spaces__": ["/", "x"]}, "query")
    )
    assert not hidden.allows("view", Address.parse("a/x/n"), "content")
    assert hidden.allows("view", Address.parse("a/y/n"), "content")


# -- users, roles, groups -----------------------------------------------------------------------------------------


def _people(root: Path, **changed: Json) -> Permissions:
    for kind, name, meta in (
        ("permission", "see", permission({"own": ["x"]})),
        ("permission", "see_group", permission({"group": ["x"]})),
        ("permission", "see_all", permission({"all": ["x"]})),
        ("permission", "see_world", permission({"world": ["x"]})),
        ("role", "clerk", {"permissions": ["see", "gone"]}),
        ("role", "office_clerk", {"permissions": ["see_group"]}),
        ("role", "logged_in", {"permissions": ["see_all"]}),
        ("role", "world", {"permissions": ["see_world"]}),
        ("group", "office", {"roles": ["office_clerk"]}),
        ("user", "ali", {"roles": ["clerk", "gone"], "groups": ["office", "gone"]}),
        ("user", "anonymous", {"roles": ["world"]}),
    ):
        put_record(root, kind, name, {"is_active": True} | meta | changed.get(name, {}))
    return Permissions(Spaces(root))


def _seen(rights: Rights) -> set[str]:
    spaces = ("own", "group", "all", "world")
    return {space for space in spaces if rights.allows("view", Address(space, ("x", "n")), "content")}


def test_roles_come_from_the_user_from_logging_in_and_from_groups(tmp_path: Path) -> None:
    rights = _people(tmp_path).of("ali")
    assert rights.roles == ("clerk", "logged_in", "office_clerk")
    assert rights.groups == ("office", "gone")
    assert _seen(rights) == {"own", "all", "group"}


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("see", {"all", "group"}),
        ("clerk", {"all", "group"}),
        ("logged_in", {"own", "group"}),
        ("office", {"own", "all"}),
        ("office_clerk", {"own", "all"}),
        ("ali", set()),
    ],
)
@pytest.mark.parametrize("active", [False, None])
def test_what_is_not_active_does_not_count(name: str, left: set[str], active: Any, tmp_path: Path) -> None:
    assert _seen(_people(tmp_path, **{name: {"is_active": active}}).of("ali")) == left


def test_who_is_not_active_has_not_even_what_entries_give(tmp_path: Path) -> None:
    rights = _people(tmp_path, ali={"is_active": False}).of("ali")
    said = rights.why_not("view", Address.parse("own/x/n"), "content", acl=ACL)
    assert said == "ali is not active and cannot log in"


def test_anonymous_has_the_role_world_with_and_without_a_file(tmp_path: Path) -> None:
    assert _seen(_people(tmp_path).of("anonymous")) == {"world", "all"}
    (tmp_path / "management/users/.dm/anonymous/meta.user.json").unlink()
    (tmp_path / "management/users/.dm/anonymous").rmdir()
    assert _seen(Permissions(Spaces(tmp_path)).of("anonymous")) == {"world", "all"}
    assert _seen(_people(tmp_path, anonymous={"roles": []}).of("anonymous")) == {"all"}


def test_who_there_is(tmp_path: Path) -> None:
    permissions = _people(tmp_path)
    (tmp_path / "management/users/ali/.dm").mkdir(parents=True)  # a folder with a user's name, and one without
    (tmp_path / "management/users/archive/.dm").mkdir(parents=True)
    assert sorted(permissions.users()) == ["ali", "anonymous"]
    assert permissions.of("ali").roles
    for name in ("nobody", "archive", "../users/.dm/ali", "", "a\0b", "\ud800", "x" * 300):
        with pytest.raises(NotFound):
            permissions.of(name)


def test_without_a_management_space_there_is_nobody(tmp_path: Path) -> None:
    permissions = Permissions(Spaces(tmp_path))
    assert list(permissions.users()) == []
    assert permissions.of("anonymous").grants == {}


def test_files_are_read_again_only_when_told(tmp_path: Path) -> None:
    permissions = _people(tmp_path)
    before = permissions.of("ali")
    put_record(tmp_path, "role", "clerk", {"is_active": True, "permissions": []})
    assert permissions.of("ali") is before
    permissions.forget()
    assert _seen(permissions.of("ali")) == {"all", "group"}


# -- broken and hostile files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"conditions": "own"},
        {"conditions": [["own"]]},
        {"conditions": {"own": True}},
        {"restricted_fields": "tags"},
        {"restricted_fields": [{}]},
        {"allowed_fields_values": ["state"]},
        {"allowed_fields_values": {"state": "new"}},
        {"actions": "view"},
        {"resource_types": 7},
        {"subpaths": ["own"]},
        {"subpaths": {"own": "x"}},
        {"subpaths": {"own": [None]}},
    ],
    ids=str,
)
def test_a_misshapen_permission_grants_nothing_and_is_told(change: Json, tmp_path: Path) -> None:
    permissions = _people(tmp_path, see=change)
    assert _seen(permissions.of("ali")) == {"all", "group"}
    assert list(permissions.problems) == ["management/permissions/see"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "\xff"])
@pytest.mark.parametrize(("kind", "name"), [("permission", "see"), ("role", "clerk"), ("group", "office")])
def test_an_unreadable_file_grants_nothing_and_is_told(kind: str, name: str, text: str, tmp_path: Path) -> None:
    permissions = _people(tmp_path)
    put_record(tmp_path, kind, name, text)
    assert _seen(permissions.of("ali")) == {"own", "all", "group"} - ({"group"} if kind == "group" else {"own"})
    assert list(permissions.problems) == [f"management/{kind}s/{name}"]


def test_an_unreadable_user_may_nothing(tmp_path: Path) -> None:
    permissions = _people(tmp_path)
    put_record(tmp_path, "user", "ali", "{")
    assert _seen(permissions.of("ali")) == set()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["own", "x", "../x", "see"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_PARTS = [*permission({}), "restricted_fields", "allowed_fields_values", "permissions", "roles", "groups"]


@given(
    metas=st.lists(_JSON | st.dictionaries(st.sampled_from(_PARTS), _JSON, max_size=9), min_size=4, max_size=4),
    acl=_JSON,
    attributes=st.dictionaries(st.text(max_size=8), _JSON, max_size=3),
    action=st.sampled_from(ACTIONS),
)
def test_any_json_is_read_without_an_error(
    metas: list[Any], acl: Any, attributes: Json, action: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("any")
    _people(root)
    for (kind, name), meta in zip(
        (("permission", "see"), ("role", "clerk"), ("group", "office"), ("user", "ali")), metas, strict=True
    ):
        put_record(root, kind, name, {"is_active": True} | meta if isinstance(meta, dict) else meta)
    rights = Permissions(Spaces(root)).of("ali")
    address = Address.parse("own/x/n")
    reason = rights.why_not(action, address, "content", acl=acl, attributes=attributes)
    assert (reason is None) == (rights.grant(action, address, "content", acl=acl, attributes=attributes) is not None)
    user_policies(rights, "own", "x")


# -- listing ----------------------------------------------------------------------------------------------------------


def test_what_a_listing_shows(tmp_path: Path) -> None:
    put_entry(tmp_path, "shop", "space")
    put_entry(tmp_path, "attic", "space")
    put_entry(tmp_path, "shop/a", "folder", is_active=False)
    put_entry(tmp_path, "shop/a/seen")
    put_entry(tmp_path, "shop/a/asleep", is_active=False)
    put_entry(tmp_path, "shop/a/shared", is_active=False, acl=[{"user_shortname": "ali", "allowed_actions": ["query"]}])
    put_entry(tmp_path, "shop/a/ticket", "ticket")
    put_entry(tmp_path, "shop/b", "folder")
    (tmp_path / "shop/a/bare").mkdir()
    rights = rights_with(
        tmp_path,
        permission({"shop": ["a"]}, "view", conditions=["is_active"]),
        permission({"shop": ["a"]}, "query", "folder", conditions=["is_active"]),
    )
    spaces = Spaces(tmp_path)
    seen = {str(entry.address) for entry in spaces.walk() if rights.sees(entry)}
    assert seen == {"shop", "shop/a", "shop/a/seen", "shop/a/shared"}  # conditions do not stop the query of a folder


@pytest.mark.parametrize(
    ("granted", "folder", "reached"),
    [
        ({"s": ["people/ali/inbox"]}, "s/people", True),
        ({"s": ["people/ali/inbox"]}, "s", True),
        ({"s": ["people/ali/inbox"]}, "s/people/sara", False),
        ({"s": ["people"]}, "s/people/sara", True),
        ({"s": ["people/__all_subpaths__/inbox"]}, "s/people/sara/inbox/deep", True),
        ({"s": ["people/__all_subpaths__/inbox"]}, "s/people/sara/outbox", False),
        ({"t": ["people"]}, "s/people", False),
        (EVERYWHERE, "s/people", True),
    ],
)
def test_which_folders_lead_somewhere(granted: Json, folder: str, reached: bool, tmp_path: Path) -> None:
    assert rights_with(tmp_path, permission(granted)).reaches(Address.parse(folder)) is reached
    assert not rights_with(tmp_path, permission(granted, "create")).reaches(Address.parse(folder))


@pytest.mark.parametrize(
    ("user", "action", "at", "type_", "allowed", "about"),
    [
        ("dmart", "delete", "support/cases/x", "ticket", True, {}),
        ("haval", "progress_ticket", "support/cases/x", "ticket", True, {}),
        ("haval", "assign", "support/cases/x", "ticket", False, {}),
        ("shilan", "assign", "support/cases/x", "ticket", True, {}),
        ("zainab", "update", "catalog/products/x", "content", True, {"attributes": {"tags": ["new"]}}),
        ("zainab", "update", "catalog/products/x", "content", False, {"attributes": {"owner_shortname": "zainab"}}),
        ("zainab", "view", "operations/reports/x", "content", False, {}),
        ("mariam", "view", "operations/reports/x", "content", True, {}),
        ("mariam", "view", "operations/reports/x", "content", False, {"is_active": False}),
        ("sara", "view", "personal/people/sara/private/x", "content", True, {"owner": "sara"}),
        ("sara", "view", "personal/people/haval/private/x", "content", False, {"owner": "sara"}),
        ("anonymous", "view", "docs/posts/x", "post", True, {}),
        ("anonymous", "view", "support/cases/x", "ticket", False, {}),
    ],
)
def test_the_people_of_the_demo(
    demo_root: Path, user: str, action: str, at: str, type_: str, allowed: bool, about: Json
) -> None:
    rights = Permissions(Spaces(demo_root)).of(user)
    assert rights.allows(action, Address.parse(at), type_, **about) is allowed


def test_real_data_loads_without_a_problem(real_root: Path) -> None:
    permissions = Permissions(Spaces(real_root))
    users = list(permissions.users())
    assert {"dmart", "anonymous"} <= set(users)
    assert {user: permissions.of(user).roles for user in users}["dmart"][0] == "super_admin"
    assert permissions.problems == {}
    admin = permissions.of("dmart")
    assert admin.allows("delete", Address.parse("applications/any/x"), "content")
    assert not permissions.of("anonymous").allows("delete", Address.parse("applications/any/x"), "content")
