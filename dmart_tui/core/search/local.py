"""The local engine: answers from the index of a root."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dmart_tui.core.address import Address
from dmart_tui.core.errors import Failed, UsageFault
from dmart_tui.core.search.conditions import leaves
from dmart_tui.core.search.fields import field_of
from dmart_tui.core.search.results import FACETS, RELEVANCE, Facet, Hit, Page, Request
from dmart_tui.core.search.snippets import Wanted, snippets
from dmart_tui.core.search.sql import WEIGHTS, Compiler
from dmart_tui.core.search.words import simplified
from dmart_tui.core.spaces import decode
from dmart_tui.core.units import format_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.catalog import Catalog, Freshness
    from dmart_tui.core.spaces import Rights

NAME: Final = "local"
_LISTED: Final = 50
"""Values of a facet."""
_AT_ONCE: Final = 500
_FEW: Final = 10_000
_STEPS: Final = 10_000
"""Of SQLite, between two looks at whether to stop: less than a millisecond."""
_NEVER: Final = -1e300
"""Instead of the time of what has none, which comes last."""
_TAGS: Final = "tags"
_TITLE: Final = "coalesce(nullif(r.displayname_en, ''), nullif(r.displayname_ar, ''), nullif(r.displayname_ku, ''))"
_WORST: Final = {"error": 0, "warning": 1, "note": 2}
_RANKED: Final = (
    f"WITH t AS MATERIALIZED (SELECT rowid, -bm25(texts, {', '.join(map(str, WEIGHTS))}) AS score"
    " FROM texts WHERE texts MATCH ?)"
)


class LocalEngine:
    """Searches the index of a root; every call opens and closes its own connection, so any thread may.

    Args:
        language: of titles, where there are several.
    """

    name = NAME

    def __init__(self, catalog: Catalog, language: str = "en") -> None:
        self._catalog = catalog
        self._language = language

    def search(self, request: Request, cancel: CancelToken | None = None) -> Page:
        """One page of an answer; costs the evaluation of the whole query, and the reading of the page's payloads.

        A hit costs one or two microseconds where only words are asked for, up to four where its fields are looked at,
        and the facets two more; a fuzzy word costs half a microsecond a word of the whole index.

        Raises:
            NotFound: there is no index yet.
            UsageFault: an order or a facet is none.
            Failed: the index cannot be read.
            Cancelled: the token was.
        """
        with self._connected(cancel) as connection:
            found = _Found(connection, request)
            hits = list(found.hits(request.offset, request.limit, self._language))
            facets = [found.facet(name) for name in request.facets]
            return Page(found.total, hits, facets, NAME, told(self._catalog.state))

    def stream(self, request: Request, cancel: CancelToken | None = None) -> Iterator[Hit]:
        """All hits of a request from its offset on, whatever its limit; raises as `search`."""
        with self._connected(cancel) as connection:
            found = _Found(connection, request)
            for offset in range(request.offset, found.total, _AT_ONCE):
                yield from found.hits(offset, _AT_ONCE, self._language)

    @contextmanager
    def _connected(self, cancel: CancelToken | None) -> Iterator[sqlite3.Connection]:
        with closing(self._catalog.connect()) as connection:
            if cancel is not None:
                cancel.check()
                connection.set_progress_handler(lambda: cancel.cancelled, _STEPS)
            try:
                yield connection
            except sqlite3.DatabaseError as error:
                if cancel is not None:
                    cancel.check()
                raise Failed(f"the index cannot be read: {error}", address=str(self._catalog.file)) from None


class _Found:
    """What matches a request: kept in a temporary table, from which pages and facets are taken."""

    def __init__(self, connection: sqlite3.Connection, request: Request) -> None:
        self._connection = connection
        self._request = request
        self._tree = simplified(request.tree)
        connection.execute("PRAGMA temp_store = MEMORY")
        for name in request.facets:
            if name not in FACETS:
                raise UsageFault(f"hits cannot be counted by {name}", hint=f"one of: {', '.join(FACETS)}")
        self._counted = [name for name in dict.fromkeys(request.facets) if name != _TAGS]
        columns = ", ".join(("id INTEGER PRIMARY KEY", "score REAL", "updated REAL", *self._counted))
        connection.execute(f"CREATE TABLE temp.matched ({columns})")
        self._select()
        self.total: int = connection.execute("SELECT count(*) FROM temp.matched").fetchone()[0]

    def _select(self) -> None:
        """What is only words comes of `texts` alone, which has just what is searched; rows of `resources` are wide."""
        compiler = Compiler(self._connection)
        ranked = compiler.ranking(self._tree) if self._request.sort == RELEVANCE else None
        match = compiler.match(self._tree) if ranked else None
        if match and not self._counted and self._request.under is None and self._request.rights is None:
            self._connection.execute(f"INSERT INTO temp.matched {_RANKED} SELECT rowid, score, 0 FROM t", (match,))
            return
        condition = "1" if match else compiler.condition(self._tree)
        place, below = self._place()
        source, score = "resources AS r", "0"
        words: list[str] = []
        if ranked:
            of_words = match is not None or compiler.wants_words(self._tree)
            source = (
                f"t CROSS JOIN {source} ON r.id = t.rowid" if of_words else f"{source} LEFT JOIN t ON t.rowid = r.id"
            )
            score = "coalesce(t.score, 0)"
            words = [match or ranked]
        taken = ", ".join(("r.id", score, f"coalesce(r.updated, {_NEVER})", *(f"r.{name}" for name in self._counted)))
        self._connection.execute(
            f"INSERT INTO temp.matched {_RANKED if ranked else ''} SELECT {taken} FROM {source}"
            f" WHERE r.attachment_parent IS NULL AND {place} AND {condition} AND {self._visible()}",
            (*words, *below, *compiler.parameters),
        )

    def _place(self) -> tuple[str, list[Any]]:
        under = self._request.under
        if under is None:
            return "1", []
        if not under.parts:
            return "r.space = ?", [under.space]
        path = "/".join(under.parts)
        return "r.space = ? AND (r.subpath = ? OR substr(r.subpath, 1, ?) = ?)", [
            under.space, path, len(path) + 1, f"{path}/",
        ]  # fmt: skip

    def _visible(self) -> str:
        rights = self._request.rights
        if rights is None:
            return "1"
        self._connection.create_function("visible", 8, row_filter(rights, self._request.under))
        return (
            "r.meta <> '{}' AND visible(r.space, r.subpath, r.shortname, r.type, r.is_active, r.owner, r.owner_group,"
            " json_extract(r.meta, '$.acl'))"
        )

    # -- pages and facets ----------------------------------------------------------------------------------

    def hits(self, offset: int, limit: int, language: str) -> Iterator[Hit]:
        """Some of the hits, in the order of the request."""
        order, parameters = self._order()
        least = self._least(offset + limit) if self._request.sort == RELEVANCE else ()
        title = f"coalesce(nullif(r.displayname_{language}, ''), {_TITLE})" if language in ("ar", "ku") else _TITLE
        rows = self._connection.execute(
            f"SELECT r.id, r.address, r.type, coalesce({title}, r.shortname), m.score"
            f" FROM temp.matched AS m CROSS JOIN resources AS r ON r.id = m.id"
            f" {'WHERE (m.score, m.updated) >= (?, ?)' if least else ''} ORDER BY {order} LIMIT ? OFFSET ?",
            (*least, *parameters, limit, offset),
        ).fetchall()
        wanted = Wanted.of(self._tree) if self._request.snippets else Wanted()
        severities = self._severities([row[0] for row in rows])
        for row, address, type_, shown, score in rows:
            found = snippets(wanted, self._texts(row)) if wanted else ()
            yield Hit(Address.parse(address), type_, shown, score, found, severities.get(row, ""))

    def _severities(self, rows: list[int]) -> dict[int, str]:
        """The worst of what is wrong with some hits, those of which anything is."""
        found = self._connection.execute(
            f"SELECT resource, severity FROM problems WHERE resource IN ({', '.join(map(str, rows))})"
        )
        return dict(sorted(found, key=lambda one: _WORST[one[1]], reverse=True))

    def _least(self, count: int) -> tuple[float, ...]:
        """The score and the time that the first so many hits have at least, so that only they are sorted by address."""
        row = self._connection.execute(
            "SELECT score, updated FROM temp.matched ORDER BY score DESC, updated DESC LIMIT 1 OFFSET ?", (count - 1,)
        ).fetchone()
        return tuple(row or ())

    def _order(self) -> tuple[str, list[Any]]:
        down = "DESC" if self._request.descending else "ASC"
        if self._request.sort == RELEVANCE:
            return "m.score DESC, r.updated DESC, r.address", []
        known = field_of(self._request.sort)
        parameters: list[Any] = []
        values = [f"r.{column}" for column in known.columns]
        for column, keys in known.documents:
            if "*" not in keys:
                values.append(f"json_extract(r.{column}, ?)")
                parameters.append("$" + "".join(f".{msgspec.json.encode(key).decode()}" for key in keys))
        if known.name == _TAGS:
            values = ["(SELECT min(tag) FROM tags WHERE resource = r.id)"]
        if not values:
            raise UsageFault(f"{self._request.sort} is nothing to sort by", hint="name a field, e.g. updated_at")
        first = values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"
        value = f"nullif({first}, '')"
        return f"{value} IS NULL, {value} COLLATE NOCASE {down}, r.address", parameters * 2

    def _texts(self, row: int) -> Iterator[tuple[str, str]]:
        (name, *texts, tags, facts, payload, attached) = self._connection.execute(
            "SELECT r.shortname, r.displayname_en, r.displayname_ar, r.displayname_ku,"
            " r.description_en, r.description_ar, r.description_ku, t.tags, t.facts, r.payload, t.attachments"
            " FROM resources AS r JOIN texts AS t ON t.rowid = r.id WHERE r.id = ?",
            (row,),
        ).fetchone()
        for field, text in zip(("displayname",) * 3 + ("description",) * 3, texts, strict=True):
            if text:
                yield field, text
        if payload:
            values = leaves(decode(payload.encode("utf-8", "replace")), ("*",))
            yield from (("payload", value) for value in values if isinstance(value, str))
        yield from (("attachments", attached), ("shortname", name), ("tags", tags), ("facts", facts))

    def facet(self, name: str) -> Facet:
        """How often each value is among all hits."""
        source, value, number = "temp.matched", name, "count(*)"
        if name == _TAGS:
            # Without statistics SQLite would rather read all tags, which is right only when nearly all are wanted.
            join = "CROSS JOIN" if self.total < _FEW else "JOIN"
            source = f"temp.matched AS m {join} tags ON tags.resource = m.id"
            value, number = "tags.tag", "count(DISTINCT m.id)"
        rows = self._connection.execute(
            f"SELECT {value}, {number} AS n FROM {source} WHERE {value} <> '' GROUP BY 1 ORDER BY n DESC, 1"
        ).fetchall()
        return Facet(name, tuple(rows[:_LISTED]), max(0, len(rows) - _LISTED))


def told(state: Freshness) -> str:
    """How fresh the index is, in a sentence."""
    if state.built is None:
        return "the index is being built, and not all is in it" if state.writing else "the index was never finished"
    since = f"as of {format_time(state.built)}"
    return f"{since}, being brought up to date" if state.writing else since


def row_filter(rights: Rights, under: Address | None) -> Any:
    """Whether D-MART's searches would show a row to a user: by policies, or by the entry's own access list."""
    from dmart_tui.core.spaces.policies import matches, policies_of, user_policies

    below = "/".join(under.parts) if under else ""

    @lru_cache
    def wanted(space: str) -> list[str]:
        return user_policies(rights, space, below)

    @lru_cache(10_000)
    def by_policies(
        space: str, parts: tuple[str, ...], type_: str, active: bool, owner: str, group: str | None
    ) -> bool:
        return matches(wanted(space), policies_of(space, parts, type_, active, owner, group))

    def visible(
        space: str, subpath: str, name: str, type_: str, active: int, owner: str, group: str | None, acl: str | None
    ) -> bool:
        parts = tuple(subpath.split("/")) if subpath else ()
        if type_ == "folder":
            parts = (*parts, name)
        return by_policies(space, parts, type_, bool(active), owner or "", group) or _listed(acl, rights.user)

    return visible


def _listed(acl: str | None, user: str) -> bool:
    if not acl:
        return False
    rows = msgspec.json.decode(acl)
    return isinstance(rows, list) and any(
        isinstance(row, dict)
        and row.get("user_shortname") == user
        and not {"view", "query"}.isdisjoint(row.get("allowed_actions") or ())
        for row in rows
    )
