"""Searching D-MART's indexes as they are: a query text of RediSearch, D-MART's filters, and pages of addresses."""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.address import Address
from dmart_tui.core.errors import Failed, NotFound, UsageFault
from dmart_tui.core.secrets import mask
from dmart_tui.core.spaces.layout import checked_name

if TYPE_CHECKING:
    from datetime import datetime

    from dmart_tui.core.redisearch.connecting import Server

MOST: Final = 10_000
"""Hits that can be paged through: more than that a server does not give by default."""
EXACTLY: Final = ("VERBATIM", "DIALECT", "2")
"""Words as they are, without their stems, which are English whatever the text is; queries of the newer syntax."""
_EARLIEST: Final = 1262304000
_LATEST: Final = 7226582400
"""2010 and 2199, what D-MART takes for open ends."""
_SPECIAL: Final = re.compile(r"([^\w\u0080-\U0010ffff])")


@dataclass(frozen=True, slots=True)
class Filters:
    """What D-MART's queries filter by; an empty one says nothing."""

    types: Sequence[str] = ()
    shortnames: Sequence[str] = ()
    tags: Sequence[str] = ()
    subpath: str = ""
    """As D-MART: entries whose subpath has all of its words, in any place."""
    exact_subpath: bool = False
    """The entries of this folder alone; with an empty `subpath` those of the root."""
    since: datetime | None = None
    until: datetime | None = None
    policies: Sequence[str] | None = None
    """What a user may match (`spaces.user_policies`); None for everything."""
    user: str = ""
    """Whose name in an entry's own list counts beside `policies`."""

    def words(self, text: str) -> str:
        """The whole query: `text`, which is in the language of RediSearch already, and these filters."""
        found = [] if text.strip() in ("", "*") else [f"({text})"]
        if self.types:
            found.append(f"@resource_type:({'|'.join(map(escape, self.types))})")
        if self.shortnames:
            found.append(f"@shortname:({'|'.join(map(escape, self.shortnames))})")
        if self.tags:
            found.append(f"@tags:{{{'|'.join(map(escape, self.tags))}}}")
        subpath = self.subpath.strip("/")
        if self.exact_subpath:
            both = f"{escape(subpath)}|{escape('/' + subpath)}" if subpath else escape("/")
            found.append(f"@exact_subpath:{{{both}}}")
        elif subpath:
            found.append(f"@subpath:({' '.join(map(escape, subpath.split('/')))})")
        if self.policies is not None:
            found.append(_rights(self.policies, self.user))
        if self.since or self.until:
            since = self.since.timestamp() if self.since else _EARLIEST
            until = self.until.timestamp() if self.until else _LATEST
            found.append(f"@created_at:[{since} {until}]")
        return " ".join(found) or "*"


@dataclass(frozen=True, slots=True)
class Found:
    """A document that matches."""

    address: Address
    key: str
    score: float
    document: dict[str, Any]
    """As it is in the index, its secrets masked."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Some of the documents that match."""

    total: int
    found: list[Found]


def search(
    server: Server,
    queries: Sequence[tuple[str, str]],
    *,
    sort: str = "",
    descending: bool = False,
    offset: int = 0,
    limit: int = 50,
) -> Matches:
    """Search some indexes and merge what they give: by score, else by a sortable field, what has none of it last.

    Costs one question an index, all sent together.

    Args:
        queries: (name of an index, query) each; what people typed is no query yet (see `core.search`, `Filters`).

    Raises:
        UsageFault: the server does not understand a query; or a page beyond `MOST`.
        NotFound: an index is gone.
        Failed: the server does not answer.
    """
    if offset + limit > MOST:
        raise UsageFault(f"a search pages through {MOST:,} hits", hint="narrow it down")
    order = ["SORTBY", sort, "DESC" if descending else "ASC", "WITHSORTKEYS"] if sort else []
    options = ["WITHSCORES", *EXACTLY, *order, "RETURN", "1", "$", "LIMIT", "0", str(offset + limit)]
    answers = ask(server, [["FT.SEARCH", index, query, *options] for index, query in queries])
    rows = [
        list(_rows(index, answer, is_sorted=bool(sort))) for (index, _), answer in zip(queries, answers, strict=True)
    ]
    downwards = descending or not sort
    merged = heapq.merge(*rows, key=lambda row: _order(row[0], downwards), reverse=downwards)
    found = [one for _, one in merged]
    return Matches(sum(int(answer[0]) for answer in answers), found[offset : offset + limit])


def ask(server: Server, commands: Iterable[Sequence[str]]) -> list[Any]:
    """The answers to some searches, sent together; raises as `search`.

    A server that needs longer than we wait answers nothing: after its own half second it would give what it found
    until then as if it were all.
    """
    patience = ("TIMEOUT", str(2000 * max(1, round(server.timeout))))
    with server.asking():
        pipeline = server.client.pipeline(transaction=False)
        for words in commands:
            pipeline.execute_command(*words, *patience)
        answers: list[Any] = pipeline.execute(raise_on_error=False)
    for answer in answers:
        if isinstance(answer, Exception):
            raise _explained(server, str(answer))
    return answers


def escape(text: str) -> str:
    """A text that means only itself, as a word of a text field or a value of a tag."""
    return _SPECIAL.sub(r"\\\1", text)


def _rights(policies: Iterable[str], user: str) -> str:
    """Documents one of whose policies is among these (`*` ends a beginning), or whose own list names the user."""
    wanted = [one for policy in policies for one in policy.split("|")]
    values = [f"{escape(one[:-1])}*" if one.endswith("*") else escape(one) for one in wanted]
    own = f" | (@view_acl:{{{escape(user)}}})" if user else ""
    return f"((@query_policies:{{{'|'.join(values)}}}){own})"


def _rows(index: str, answer: list[Any], *, is_sorted: bool) -> Iterator[tuple[Any, Found]]:
    """(what it is ordered by, hit) of an answer; the words of each hit come in a row: key, score, sort key, fields."""
    step = 4 if is_sorted else 3
    for at in range(1, len(answer), step):
        key, score, *sort_key, fields = answer[at : at + step]
        address = _address(index, key)
        if address is not None:
            found = Found(address, key, float(score), mask(_document(fields)))
            yield _sort_value(sort_key[0]) if is_sorted else found.score, found


def _document(fields: Any) -> dict[str, Any]:
    """The document of a hit; empty when it is gone since it was found, or is no object."""
    if not isinstance(fields, list) or "$" not in fields:
        return {}
    try:
        value = json.loads(fields[fields.index("$") + 1])
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _address(index: str, key: str) -> Address | None:
    """What a key names, its names being as on disk; None for one that no file can have."""
    names = key.removeprefix(f"{index}:").strip("/").split("/")
    try:
        return Address(index.partition(":")[0], tuple(map(checked_name, names)))
    except UsageFault:
        return None


def _sort_value(key: Any) -> Any:
    """What a hit is sorted by: `#` begins numbers, `$` texts; None when it has no such field."""
    if not isinstance(key, str):
        return None
    return float(key[1:]) if key.startswith("#") else key[1:]


def _order(value: Any, downwards: bool) -> tuple[bool, str, Any]:
    """What sorts as the server does; numbers and texts under one name, of two indexes, each among their own."""
    return (value is None) != downwards, type(value).__name__, value if value is not None else 0


def _explained(server: Server, said: str) -> Exception:
    """The server's answer about a query, which holds nothing but the query."""
    low = said.lower()
    if "no such index" in low or "unknown index" in low:
        return NotFound("the index is gone", address=server.where, hint="list the indexes again")
    if "unknown command" in low:
        return Failed("the Redis has no RediSearch", address=server.where)
    return UsageFault(f"RediSearch does not understand the query: {said}")
