"""The engine over RediSearch: answers from D-MART's indexes on a Redis, as they are."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Final

from dmart_tui.core.errors import NotFound, UsageFault
from dmart_tui.core.redisearch import Filters, Found, Index, Server, count_by, list_indexes, search
from dmart_tui.core.search.fields import Kind, field_of
from dmart_tui.core.search.redisearch import Inexpressible, subtree, translate
from dmart_tui.core.search.results import FACETS, Facet, Hit, Page, Request
from dmart_tui.core.search.snippets import Wanted, snippets
from dmart_tui.core.search.tree import And, Everything, Field, Node, Not, Or, Prefix, Tags, Word, all_of, any_of
from dmart_tui.core.search.words import NOTHING, simplified
from dmart_tui.core.spaces import translate as translated
from dmart_tui.core.spaces import user_policies

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME: Final = "redis"
_LISTED: Final = 50
"""Values of a facet."""
_AT_ONCE: Final = 500
_KEPT: Final = 10.0
"""Seconds that what is known of the indexes counts."""
_META: Final = "meta"
_KINDS: Final = {"text": Kind.TEXT, "tag": Kind.TAG, "numeric": Kind.NUMERIC}
_COUNTED: Final = {
    "type": "resource_type",
    "schema": "schema_shortname",
    "tags": "tags",
    "owner": "owner_shortname",
    "state": "state",
}
"""Of `FACETS`, those that an index has; the space is in its name."""


class RedisEngine:
    """Searches the indexes of a server.

    Only the indexes of schemas know keys of payloads. A query that speaks of some is asked of those that have them,
    and of the index of metas for the entries of all other schemas, as of entries without these keys.

    Args:
        language: of titles, where there are several.
    """

    name = NAME

    def __init__(self, server: Server, language: str = "en") -> None:
        self._server = server
        self._language = language
        self._known: list[Index] = []
        self._asked = float("-inf")

    def search(self, request: Request) -> Page:
        """One page of an answer; costs one question an index that is asked, sent together.

        Raises:
            NotFound: the server has no index, or none of the space.
            Inexpressible: what RediSearch, or these indexes, cannot be asked.
            UsageFault: a facet is none, or the page is too far.
            Failed: the server does not answer.
        """
        queries = self._queries(request)
        found = search(
            self._server,
            [(index.name, query) for index, query in queries],
            sort=_sort_field(request, queries),
            descending=request.descending,
            offset=request.offset,
            limit=request.limit,
        )
        wanted = Wanted.of(simplified(request.tree)) if request.snippets else Wanted()
        hits = [self._hit(one, wanted) for one in found.found]
        return Page(found.total, hits, self._facets(request.facets, queries), NAME, self._told(queries))

    def stream(self, request: Request) -> Iterator[Hit]:
        """All hits of a request from its offset on, whatever its limit; raises as `search`, beyond 10,000 too."""
        offset, total = request.offset, request.offset + 1
        while offset < total:
            page = self.search(replace(request, offset=offset, limit=_AT_ONCE, facets=()))
            yield from page.hits
            offset, total = offset + _AT_ONCE, page.total

    # -- what is asked -----------------------------------------------------------------------------------------------

    def _indexes(self, space: str | None) -> list[Index]:
        if monotonic() - self._asked > _KEPT:
            self._known = list_indexes(self._server)
            self._asked = monotonic()
        found = [index for index in self._known if space in (None, index.space)]
        if not found:
            what = f"of the space {space}" if space else "of D-MART"
            raise NotFound(f"the Redis has no index {what}", address=self._server.where, hint="`index build --redis`")
        return found

    def _queries(self, request: Request) -> list[tuple[Index, str]]:
        """(index, query) each; no document matches two of them."""
        indexes = self._indexes(request.under.space if request.under else None)
        tree = simplified(request.tree)
        names = {name for name in _names(tree) if field_of(name).attributes}
        for name in sorted(names):
            if not any(_has(index, name) for index in indexes):
                raise Inexpressible(f"no index has the field {name}")
        asked: list[tuple[Index, str]] = []
        for meta in (index for index in indexes if index.schema == _META):
            lacking = {name for name in names if not _has(meta, name)}
            able = [
                index
                for index in indexes
                if (index.space, index.branch) == (meta.space, meta.branch) and any(_has(index, n) for n in lacking)
            ]
            asked += [(index, self._query(request, tree, index, [])) for index in able]
            asked.append((meta, self._query(request, tree, meta, [index.schema for index in able])))
        return [(index, query) for index, query in asked if query]

    def _query(self, request: Request, tree: Node, index: Index, without: list[str]) -> str:
        """The query of one index, empty when none of its documents can match.

        Args:
            without: schemas whose documents are asked for in indexes of their own.
        """
        tree = _of_index(tree, index)
        if without:
            tree = all_of([tree, Not(any_of([Field("schema_shortname", Word(name)) for name in without]))])
        tree = simplified(tree)
        return "" if tree == NOTHING else _within(tree, request, index)

    # -- what is answered --------------------------------------------------------------------------------------------

    def _hit(self, found: Found, wanted: Wanted) -> Hit:
        document = found.document
        title = translated(document.get("displayname"), self._language) or found.address.name
        pieces = snippets(wanted, _texts(document)) if wanted else ()
        return Hit(found.address, str(document.get("resource_type", "")), title, round(found.score, 4), pieces)

    def _facets(self, wanted: tuple[str, ...], queries: list[tuple[Index, str]]) -> list[Facet]:
        for name in wanted:
            if name not in FACETS:
                raise UsageFault(f"hits cannot be counted by {name}", hint=f"one of: {', '.join(FACETS)}")
        counts = count_by(self._server, queries, [_COUNTED[name] for name in wanted if name in _COUNTED])
        if "space" in wanted:
            counts["space"] = self._by_space(queries)
        facets = []
        for name in wanted:
            values = counts[_COUNTED.get(name, name)]
            facets.append(Facet(name, tuple(values[:_LISTED]), max(0, len(values) - _LISTED)))
        return facets

    def _by_space(self, queries: list[tuple[Index, str]]) -> list[tuple[str, int]]:
        totals: dict[str, int] = {}
        for index, query in queries:
            total = search(self._server, [(index.name, query)], limit=0).total
            totals[index.space] = totals.get(index.space, 0) + total
        return sorted(((name, total) for name, total in totals.items() if total), key=lambda one: (-one[1], one[0]))

    def _told(self, queries: list[tuple[Index, str]]) -> str:
        documents = sum(index.documents for index, _ in queries if index.schema == _META)
        reading = ", which it is still reading" if any(index.indexing for index, _ in queries) else ""
        return f"as {self._server.where} has it, {documents:,} documents{reading}"


def query_of(request: Request, index: Index) -> str:
    """The query of one index, whatever the others have: a request's words, place and rights; `*` for all of it.

    Raises:
        Inexpressible: the index has no such field, or RediSearch cannot be asked that.
        UsageFault: the place is in another space.
    """
    if request.under is not None and request.under.space != index.space:
        raise UsageFault(f"the index {index.name} has nothing of {request.under}", hint=f"it is of {index.space}")
    tree = simplified(request.tree)
    for name in _names(tree):
        if field_of(name).attributes and not _has(index, name):
            raise Inexpressible(f"the index {index.name} has no field {name}")
    return _within(simplified(_of_index(tree, index)), request, index)


def _within(tree: Node, request: Request, index: Index) -> str:
    """The query of a tree in the place of a request, and of what its user may find."""
    kinds = {name: _KINDS[field.kind] for name, field in index.fields.items() if field.kind in _KINDS}
    below = "/".join(request.under.parts) if request.under else ""
    parts = [translate(tree, kinds), subtree(below)]
    query = " ".join(f"({part})" for part in parts if part != "*") or "*"
    if request.rights is None:
        return query
    policies = user_policies(request.rights, index.space, below)
    return Filters(policies=policies, user=request.rights.user).words(query)


def _has(index: Index, name: str) -> bool:
    return any(attribute in index.fields for attribute in field_of(name).attributes)


def _names(node: Node) -> Iterator[str]:
    if isinstance(node, And | Or):
        for part in node.nodes:
            yield from _names(part)
    elif isinstance(node, Not):
        yield from _names(node.node)
    elif isinstance(node, Field):
        yield node.name


def _of_index(node: Node, index: Index) -> Node:
    """The tree for one index: without the space, which it is of, and without keys that its documents have not."""
    if isinstance(node, And | Or):
        return type(node)(tuple(_of_index(part, index) for part in node.nodes))
    if isinstance(node, Not):
        return Not(_of_index(node.node, index))
    if not isinstance(node, Field):
        return node
    known = field_of(node.name)
    if known.name == "space":
        return Everything() if _is_space(node.value, index.space) else NOTHING
    return node if _has(index, node.name) or not known.attributes else NOTHING


def _is_space(value: Node, space: str) -> bool:
    """Whether a space is among values, as a tag is: whole, in any case."""
    low = space.casefold()
    for one in value.values if isinstance(value, Tags) else (value,):
        if not isinstance(one, Word | Prefix):
            raise Inexpressible("of the space only names can be asked")
        text = one.text.strip().casefold()
        if low.startswith(text) if isinstance(one, Prefix) else low == text:
            return True
    return False


def _sort_field(request: Request, queries: list[tuple[Index, str]]) -> str:
    """The attribute to sort by, the first that all indexes have and can sort by; empty for the best first."""
    if not request.sort:
        return ""
    for attribute in field_of(request.sort).attributes:
        if all(attribute in index.fields and index.fields[attribute].sortable for index, _ in queries):
            return attribute
    raise Inexpressible(f"these indexes cannot be sorted by {request.sort}")


def _texts(document: dict[str, object]) -> Iterator[tuple[str, str]]:
    """(field, text) of what was searched, the most telling first."""
    for name in ("displayname", "description"):
        value = document.get(name)
        for text in value.values() if isinstance(value, dict) else (value,):
            if isinstance(text, str):
                yield name, text
    tags = document.get("tags")
    if isinstance(tags, list):
        yield "tags", " ".join(map(str, tags))
    for key, name in (("payload_string", "payload"), ("shortname", "shortname")):
        if isinstance(text := document.get(key), str):
            yield name, text
