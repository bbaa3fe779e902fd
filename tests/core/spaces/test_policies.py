"""The row filter of searches: what documents and users say."""

from __future__ import annotations

from pathlib import Path

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.spaces import Spaces, query_policies, user_policies
from tests.support.rights import EVERYWHERE, Json, permission, put_entry, rights_with


def test_the_policies_of_a_document(tmp_path: Path) -> None:
    put_entry(tmp_path, "management/workflows/channel", owner_shortname="dmart")
    put_entry(tmp_path, "s/a/b/c/x", "ticket", owner_shortname="ali", owner_group_shortname="office", is_active=False)
    put_entry(tmp_path, "s/a", "folder", owner_shortname="ali")
    spaces = Spaces(tmp_path)
    assert query_policies(spaces.load(Address.parse("management/workflows/channel"))) == [
        "management::content:true:dmart",
        "management::content:true",
        "management:__all_subpaths__:content:true",
        "management:workflows:content:true:dmart",
        "management:workflows:content:true",
    ]
    assert query_policies(spaces.load(Address.parse("s/a/b/c/x"))) == [
        "s::ticket:false:ali",
        "s::ticket:false:office",
        "s:__all_subpaths__:ticket:false",
        "s:a:ticket:false:ali",
        "s:a:ticket:false:office",
        "s:a/b:ticket:false:ali",
        "s:a/b:ticket:false:office",
        "s:a/__all_subpaths__:ticket:false",
        "s:a/b/c:ticket:false:ali",
        "s:a/b/c:ticket:false:office",
        "s:a/__all_subpaths__/c:ticket:false",
    ]
    assert query_policies(spaces.load(Address.parse("s/a")))[-2:] == ["s:a:folder:true:ali", "s:a:folder:true"]


@pytest.mark.parametrize(
    ("granted", "conditions", "policies"),
    [
        ({"s": ["a"]}, [], ["s:a:content:*"]),
        ({"s": ["a"]}, ["is_active"], ["s:a:content:true:*"]),
        (
            {"s": ["a"]},
            ["own"],
            ["s:a:content:true:ali|s:a:content:false:office", "s:a:content:true:ali|s:a:content:false:ali"],
        ),
        ({"s": ["a"]}, ["own", "is_active"], ["s:a:content:true:office", "s:a:content:true:ali"]),
        (EVERYWHERE, [], ["s:q/r:content:*"]),
        ({"t": ["a"]}, [], ["__NONE__"]),
        ({"s2": ["a"]}, [], ["__NONE__"]),
    ],
)
def test_the_policies_of_a_user(granted: Json, conditions: list[str], policies: list[str], tmp_path: Path) -> None:
    rights = rights_with(tmp_path, permission(granted, "create", conditions=conditions), groups=("office",))
    assert user_policies(rights, "s", "/q/r/") == policies
