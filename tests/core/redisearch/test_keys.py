"""Keys that keep secrets are counted and not shown."""

from __future__ import annotations

import pytest

from dmart_tui.core.redisearch import Server, count_keys, kind_of, list_keys

SECRET = {
    "user_session:ali": "sessions",
    "active_session:ali": "sessions",
    "users:login:invitation:eyJhbGciOi": "invitations",
    "users:otp:otps/7901234567": "one-time passwords",
    "users:otp:confirmation/a@b.c/123456": "one-time passwords",
    "middleware:otp:otps/a@b.c": "one-time passwords",
    "users:failed_login_attempts/ali": "failed logins",
    "users_permissions_ali": "permissions of users",
    "short/0a1b2c3d": "short links",
    "something": "others",
    "users:new:thing/of theirs": "others",
}
OPEN = {
    "spaces": "the list of spaces",
    "blog:meta:posts/tea": "documents of metas",
    "blog:meta:/posts": "documents of metas",
    "blog:master:meta:posts/tea": "documents of metas",
    "blog:item:posts/tea": "documents of payloads",
    "blog:master:lock:posts/tea": "locks",
    "dmart_tui:made:blog": "notes of dmart-tui",
}


@pytest.mark.parametrize("key", [*SECRET, *OPEN])
def test_kinds(key: str) -> None:
    assert kind_of(key) == ((SECRET | OPEN)[key], key in SECRET)


def test_a_listing_counts_all_and_shows_the_open_ones(server: Server) -> None:
    for key in (*SECRET, *OPEN):
        server.call("SET", key, "x")
    counts = {kind.title: count for kind, count in count_keys(server).items()}
    assert counts["sessions"] == 2
    assert sum(counts.values()) == len(SECRET) + len(OPEN)
    assert set(list_keys(server)) == set(OPEN)
    assert set(list_keys(server, "users")) == set()
