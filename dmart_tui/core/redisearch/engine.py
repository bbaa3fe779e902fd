"""Searching D-MART's indexes as they are: a query text of RediSearch, D-MART's filters, and pages of addresses."""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.address import Address
from dmart_tui.core.errors import Failed, NotFound, UsageFault
from dmart_tui.core.secrets import mask
from dmart_tui.core.spaces import translate
from dmart_tui.core.spaces.layout import checked_name

if TYPE_CHECKING:
    from datetime import datetime

    from dmart_tui.core.redisearch.connecting import Server

MATCH_START: Final = "\x02"
MATCH_END: Final = "\x03"
"""Stand around what matched in a snippet."""
MOST: Final = 10_000
"""Hits that can be paged through: more than that a server does not give by default."""
EXACTLY: Final = ("VERBATIM", "DIALECT", "2")
"""Words as they are, without their stems, which are English whatever the text is; queries of the newer syntax."""
_EARLIEST: Final = 1262304000
_LATEST: Final = 7226582400
"""2010 and 2199, what D-MART takes for open ends."""
_SPECIAL: Final = re.compile(r"([^\w\u0080-\U0010ffff])")
_SNIPPET: Final = 160
_SHOWN_FIELDS: Final = ("displayname_en", "displayname_ar", "displayname_kd", "payload_string")


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
    type: str
    title: str
    score: float
    snippets: dict[str, str] = field(default_factory=dict)
    """By field; what matched stands between `MATCH_START` and `MATCH_END`."""
    document: dict[str, Any] = field(default_factory=dict)
    """As it is in the index, its secrets masked."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the documents that match."""

    total: int
    found: list[Found]


def search(
    server: Server,
    indexes: Sequence[str],
    text: str = "*",
    filters: Filters | None = None,
    *,
    sort: str = "",
    descending: bool = False,
    offset: int = 0,
    limit: int = 50,
    highlight: Sequence[str] = _SHOWN_FIELDS,
) -> Page:
    """Search some indexes and merge what they give: by score, else by a sortable field they all have.

    Costs two questions an index, sent together.

    Args:
        indexes: names, as `list_indexes` gives them.
        text: a query of RediSearch, dialect 2; what people typed must be made one first (`escape`, `core.search`).
        highlight: text fields whose snippets are wanted.

    Raises:
        UsageFault: the server does not understand the query; or a page beyond `MOST`.
        NotFound: an index is gone.
        Failed: the server does not answer.
    """
    if offset + limit > MOST:
        raise UsageFault(f"a search pages through {MOST} hits", hint="narrow it down")
    query = (filters or Filters()).words(text)
    order = ["SORTBY", sort, "DESC" if descending else "ASC", "WITHSORTKEYS"] if sort else []
    marks = ["HIGHLIGHT", "TAGS", MATCH_START, MATCH_END] if highlight else []
    shown = ["RETURN", str(len(highlight)), *highlight] if highlight else ["NOCONTENT"]
    window = ["LIMIT", "0", str(offset + limit)]
    commands = []
    for index in indexes:
        commands += [
            ["FT.SEARCH", index, query, "WITHSCORES", *EXACTLY, *order, "RETURN", "1", "$", *window],
            ["FT.SEARCH", index, query, *EXACTLY, *order[:3], *shown, *marks, *window],
        ]
    answers = ask(server, commands)
    total = 0
    rows: list[list[tuple[Any, Found]]] = []
    for place, index in enumerate(indexes):
        whole, marked = answers[2 * place], answers[2 * place + 1]
        total += int(whole[0])
        snippets = _snippets(marked) if highlight else {}
        rows.append(_rows(index, whole, bool(sort), snippets))
    by_number = all(isinstance(key, float) for found in rows for key, _ in found)
    merged = heapq.merge(*rows, key=lambda row: _order(row[0], by_number), reverse=descending or not sort)
    return Page(total, [found for _, found in merged][offset : offset + limit])


def ask(server: Server, commands: Iterable[Sequence[str]]) -> list[Any]:
    """The answers to some searches, sent together; raises as `search`."""
    with server.asking():
        pipeline = server.client.pipeline(transaction=False)
        for words in commands:
            pipeline.execute_command(*words)
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


def _rows(
    index: str, answer: list[Any], is_sorted: bool, snippets: Mapping[str, dict[str, str]]
) -> list[tuple[Any, Found]]:
    """(what it is ordered by, hit) of an answer; the words of each hit come in a row: key, score, sort key, fields."""
    step = 4 if is_sorted else 3
    rows = []
    for at in range(1, len(answer), step):
        key, score, *sort_key, fields = answer[at : at + step]
        document = _document(fields)
        address = _address(index, key)
        if address is None:
            continue
        found = Found(
            address,
            key,
            str(document.get("resource_type", "")),
            translate(document.get("displayname")) or str(document.get("shortname", address.name)),
            float(score),
            snippets.get(key, {}),
            mask(document),
        )
        rows.append((_sort_value(sort_key[0]) if sort_key else float(score), found))
    return rows


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


def _snippets(answer: list[Any]) -> dict[str, dict[str, str]]:
    """The marked fields by key, cut around the first match; those without a match are left out."""
    found = {}
    for at in range(1, len(answer) - 1, 2):
        fields = answer[at + 1] if isinstance(answer[at + 1], list) else []
        pairs = zip(fields[::2], fields[1::2], strict=False)
        found[answer[at]] = {name: _cut(text) for name, text in pairs if isinstance(text, str) and MATCH_START in text}
    return found


def _cut(text: str) -> str:
    start = max(0, text.index(MATCH_START) - _SNIPPET // 3)
    if start:
        start = text.find(" ", start, start + 20) + 1 or start
    cut = text[start : start + _SNIPPET]
    if cut.count(MATCH_START) > cut.count(MATCH_END):
        cut += MATCH_END
    return ("…" if start else "") + cut + ("…" if start + _SNIPPET < len(text) else "")


def _sort_value(key: Any) -> Any:
    """What a hit is sorted by: `#` begins numbers, `$` texts; None when it has no such field."""
    if not isinstance(key, str):
        return None
    return float(key[1:]) if key.startswith("#") else key[1:]


def _order(value: Any, by_number: bool) -> tuple[bool, Any]:
    missing: Any = 0.0 if by_number else ""
    return (value is not None, missing if value is None else value)


def _explained(server: Server, said: str) -> Exception:
    """The server's answer about a query, which holds nothing but the query."""
    low = said.lower()
    if "no such index" in low or "unknown index" in low:
        return NotFound("the index is gone", address=server.where, hint="list the indexes again")
    if "unknown command" in low:
        return Failed("the Redis has no RediSearch", address=server.where)
    return UsageFault(f"RediSearch does not understand the query: {said}")
