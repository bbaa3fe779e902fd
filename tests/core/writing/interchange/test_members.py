"""What a path below a spaces folder is."""

from __future__ import annotations

import pytest

from dmart_tui.core.writing.interchange.members import Role, member_of


@pytest.mark.parametrize(
    ("path", "address", "role"),
    [
        ("blog/.dm/meta.space.json", "blog", Role.META),
        ("blog/.dm/events.jsonl", "blog", Role.EVENTS),
        ("blog/.dm/history.jsonl", "blog", Role.HISTORY),
        ("blog/posts/.dm/meta.folder.json", "blog/posts", Role.META),
        ("blog/posts.json", "blog", Role.BESIDE),
        ("blog/posts/hello.json", "blog/posts", Role.BESIDE),
        ("blog/posts/.dm/hello/meta.content.json", "blog/posts/hello", Role.META),
        ("blog/posts/.dm/hello/history.jsonl", "blog/posts/hello", Role.HISTORY),
        ("blog/posts/.dm/hello/old.bak", "blog/posts/hello", Role.STRAY),
        ("blog/posts/.dm/hello/attachments.media/meta.a.b.json", "blog/posts/hello", Role.ATTACHED_META),
        ("blog/posts/.dm/hello/attachments.media/a.b.png", "blog/posts/hello", Role.ATTACHED),
        ("blog/.dm/posts/hello/history.jsonl", "blog/posts/hello", Role.ATTACHED_HISTORY),
        ("blog/.dm/hello/history.jsonl", "blog/hello", Role.HISTORY),
    ],
)
def test_a_path_has_an_address_and_a_role(path: str, address: str, role: Role) -> None:
    member = member_of(path)
    assert member is not None
    assert (str(member.address), member.role) == (address, role)


@pytest.mark.parametrize(
    "path",
    [
        "../etc/passwd",
        "blog/../../x",
        "/blog/x",
        "blog//x",
        "blog/./x",
        "blog",
        "",
        "blog/a\0b",
        ".dm/meta.space.json",
        "blog/.git/hooks/pre-commit",
        ".dmart-tui/journal/x",
        "blog/.dm",
        "blog/.dm/x/.dm/meta.folder.json",
        "blog/" + "a" * 256,
        "blog/" + "a/" * 2000 + "x",
        "blog/\ud800",
    ],
)
def test_a_path_that_leads_elsewhere_is_nothing(path: str) -> None:
    assert member_of(path) is None
