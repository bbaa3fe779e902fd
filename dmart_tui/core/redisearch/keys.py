"""What keys a Redis of D-MART holds. Those that keep secrets are counted and never shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from dmart_tui.core.redisearch.connecting import Server


class KeyKind(NamedTuple):
    """A kind of keys."""

    title: str
    secret: bool
    """Whether the keys themselves tell what nobody may see: whom a session or an invitation is of."""


_BY_START: Final = {
    "dmart_tui:": KeyKind("notes of dmart-tui", False),
    "user_session:": KeyKind("sessions", True),
    "active_session:": KeyKind("sessions", True),
    "users:login:invitation:": KeyKind("invitations", True),
    "users:otp:": KeyKind("one-time passwords", True),
    "middleware:otp:": KeyKind("one-time passwords", True),
    "users:failed_login_attempts/": KeyKind("failed logins", True),
    "users_permissions_": KeyKind("permissions of users", True),
    "short/": KeyKind("short links", True),
}
_DOCUMENTS: Final = {
    "meta": KeyKind("documents of metas", False),
    "lock": KeyKind("locks", False),
    "": KeyKind("documents of payloads", False),
}
_SPACES: Final = KeyKind("the list of spaces", False)
OTHER: Final = KeyKind("others", True)
"""Of what nothing is known is not shown either."""
_HIDDEN_SPACES: Final = frozenset({"users", "middleware"})


def kind_of(key: str) -> KeyKind:
    """The kind of a key."""
    if key == "spaces":
        return _SPACES
    for start, kind in _BY_START.items():
        if key.startswith(start):
            return kind
    space, *rest = key.split(":")
    if len(rest) not in (2, 3) or space in _HIDDEN_SPACES or "otp" in rest[:-1] or "/" not in rest[-1]:
        return OTHER
    return _DOCUMENTS.get(rest[-2], _DOCUMENTS[""])


def count_keys(server: Server) -> Counter[KeyKind]:
    """How many keys there are of each kind; costs a look at every key."""
    return Counter(map(kind_of, set(server.keys(""))))


def list_keys(server: Server, start: str = "") -> Iterator[str]:
    """The keys that may be shown, in no order; one may come twice."""
    return (key for key in server.keys(start) if not kind_of(key).secret)
