"""What a word of SQL may become, from its place in the statement and what the engine knows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from dmart_tui.core.sql.editing.texts import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from dmart_tui.core.sql.editing.texts import Token

Kind = Literal["keyword", "function", "database", "schema", "table", "view", "column", "cte", "alias"]

MOST: Final = 60
_LOOKED_AT: Final = 4 * MOST
"""Tables that fit and are ranked."""
_LONGEST: Final = 200_000
"""Characters of a text that are looked at, around the cursor."""
_DOTTED: Final = re.compile(r'((?:(?:"(?:[^"]|"")*"|[^\W\d]\w*)\s*\.\s*)*)("(?:[^"]|"")*|[^\W\d]\w*|)$')
_PART: Final = re.compile(r'"((?:[^"]|"")*)"|([^\W\d]\w*)')
_PLAIN: Final = re.compile(r"[a-z_][a-z0-9_]*\Z", re.IGNORECASE)
_NAMES: Final = ("identifier", "keyword")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BEFORE_TABLES: Final = _words("from join into update table describe desc summarize view truncate using")
_CLAUSES: Final = _BEFORE_TABLES | _words(
    "select where on group order having qualify set values limit offset window returning with union except intersect"
    " by case when then else and or not delete insert create drop alter"
)
_ENDS_TABLES: Final = _words(
    "where group order having qualify set values limit offset window returning union except intersect select on"
)
_NO_ALIAS: Final = _CLAUSES | _words(
    "inner left right full outer cross natural positional asof anti semi lateral tablesample as pivot unpivot"
    " default do for"
)


class Column(NamedTuple):
    name: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view that can be named."""

    database: str
    schema: str
    name: str
    kind: Literal["table", "view"] = "table"
    shortest: str = ""
    """How it is named from where the session stands, quoted where needed."""


@dataclass(slots=True)
class Names:
    """What there is to name. `columns` may ask the engine and blocks; it is called for tables of the statement only."""

    keywords: Sequence[str] = ()
    reserved: frozenset[str] = frozenset()
    functions: Sequence[tuple[str, str]] = ()
    """Name, and what it takes."""
    databases: Sequence[str] = ()
    tables: Sequence[Table] = ()
    columns: Callable[[Table], Sequence[Column]] = lambda _: ()
    database: str = "memory"
    schema: str = "main"
    """Where names without any other stand."""
    _by_name: dict[str, list[Table]] = field(default_factory=dict)
    _searched: list[tuple[str, Table]] = field(default_factory=list)
    _schemas: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.take(self.tables)

    def take(self, tables: Sequence[Table]) -> None:
        """Know these tables and no others."""
        self.tables, self._by_name, self._searched, self._schemas = tables, {}, [], {}
        for table in tables:
            self._by_name.setdefault(table.name.lower(), []).append(table)
            self._searched.append(((table.shortest or table.name).lower(), table))
            self._schemas.setdefault(table.database.lower(), {})[table.schema.lower()] = table.schema

    def searched(self) -> Sequence[tuple[str, Table]]:
        """The tables, each behind what is typed for it, in small letters."""
        return self._searched

    def schemas(self, database: str) -> Sequence[str]:
        """The schemas of a database that have tables."""
        return list(self._schemas.get(database.lower(), {}).values())

    def find(self, path: Sequence[str]) -> Table | None:
        """The table that a name of one to three parts means."""
        parts = [part.lower() for part in path]
        found = self._by_name.get(parts[-1], []) if parts else []
        fits = [table for table in found if _fits(table, parts[:-1])]
        here = (self.database.lower(), self.schema.lower())
        fits.sort(
            key=lambda table: (table.database.lower() != here[0]) + (table.schema.lower() not in ("main", here[1]))
        )
        return fits[0] if fits else None

    def quoted(self, name: str) -> str:
        """A name as it stands in a statement."""
        plain = _PLAIN.match(name) and name.lower() not in self.reserved
        return name if plain else '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that a word may become."""

    text: str
    """What stands there then."""
    kind: Kind
    detail: str = ""
    """A type, or where it is."""


@dataclass(frozen=True, slots=True)
class Completions:
    """Offers, the best first, for the characters from `start` to `end`."""

    start: int
    end: int
    offers: tuple[Offer, ...] = ()


class _Word(NamedTuple):
    start: int
    end: int
    kind: str
    text: str
    """In small letters but for strings and quoted names."""
    groups: tuple[int, ...]
    """The parentheses it stands in, by where they open."""


class _Named(NamedTuple):
    """Something that FROM brings into the statement."""

    path: tuple[str, ...]
    """Empty: a subquery."""
    alias: str
    groups: tuple[int, ...]
    inside: tuple[int, ...] = ()
    """The parentheses of a subquery."""


def complete(text: str, position: int, names: Names) -> Completions:
    """What may stand at a position of a text; about a millisecond, and what `names.columns` takes."""
    first = max(0, position - _LONGEST // 2)
    around = text[first : position + _LONGEST // 2]
    at = position - first
    found = _DOTTED.search(around[max(0, at - 400) : at])
    if found is None or not (words := _statement(around, at)).open_to_words(at):
        return Completions(position, position)
    typed = found[2]
    begin = at - len(typed)
    path = tuple(name_parts(found[1]))
    upto = [token for token in words.tokens if token.end <= begin - len(found[1])]
    fits = _Fits(typed)
    offers = _Offers(words, upto, begin, names, fits).all(path, bool(typed))
    return Completions(first + begin, position, tuple(_best(fits, offers)))


class _Fits:
    """What fits to what was typed: what begins with it, or has a word that does."""

    def __init__(self, typed: str) -> None:
        self.wanted = typed.lstrip('"').lower()
        self.upper = len(typed) > 1 and typed.isupper()
        self._inside = re.compile(rf'(?:[_."-]|\b){re.escape(self.wanted)}')

    def begins(self, name: str) -> bool:
        """Whether a name in small letters begins with it."""
        return name.startswith(self.wanted)

    def __call__(self, name: str) -> bool:
        """Whether a name in small letters fits at all."""
        if name.startswith(self.wanted):
            return True
        return len(self.wanted) > 1 and self.wanted in name and self._inside.search(name) is not None


class _Statement:
    """The tokens of one statement, and what they name."""

    def __init__(self, text: str, found: Iterable[Token]) -> None:
        self.text = text
        self.comments: list[tuple[int, int]] = []
        self.tokens: list[_Word] = []
        groups: tuple[int, ...] = ()
        for start, end, kind in found:
            word = text[start:end]
            if kind == "comment":
                self.comments.append((start, end))
                continue
            if word == ")":
                groups = groups[:-1]
            self.tokens.append(_Word(start, end, kind, _plain(word) if kind in _NAMES else word, groups))
            if word == "(":
                groups = (*groups, start)
        self.ctes = dict(self._ctes())

    def open_to_words(self, at: int) -> bool:
        """Whether a position is outside of comments, strings and numbers."""
        if any(
            start < at and (at < end or (at == end and self.text.startswith("--", start)))
            for start, end in self.comments
        ):
            return False
        token = next((token for token in self.tokens if token.start < at <= token.end), None)
        if token is None or token.kind not in ("string", "number") or token.text == ".":
            return True
        closed = token.kind == "string" and len(token.text) > 1 and token.text[-1] == token.text[0]
        return at == token.end and closed

    def groups_at(self, at: int) -> tuple[int, ...]:
        """The parentheses that a position is in."""
        before = [token for token in self.tokens if token.end <= at]
        if not before:
            return ()
        last = before[-1]
        return (*last.groups, last.start) if last.text == "(" else last.groups

    def named(self) -> Iterator[_Named]:
        """Every table, subquery and function after FROM, JOIN, INTO, UPDATE and the like."""
        listing: dict[tuple[int, ...], bool] = {}
        expected = False
        at = 0
        while at < len(self.tokens):
            token = self.tokens[at]
            if token.kind == "keyword" and token.text in _BEFORE_TABLES:
                listing[token.groups] = expected = token.text == "from" or token.text != "using"
            elif token.kind == "keyword" and token.text in _ENDS_TABLES:
                listing[token.groups] = expected = False
            elif token.text == "," and listing.get(token.groups):
                expected = True
            elif expected and token.text == "(":
                inside = (*token.groups, token.start)
                close = self._after_group(at)
                expected = False
                if close is not None:
                    alias, _ = self._alias(close)
                    yield _Named((), alias, token.groups, inside)
            elif expected and token.kind in _NAMES:
                path, after = self._path(at)
                expected = False
                if after < len(self.tokens) and self.tokens[after].text == "(":
                    after = self._after_group(after) or after
                    path = ()
                alias, at = self._alias(after)
                yield _Named(path, alias, token.groups)
                continue
            at += 1

    def outputs(self, inside: tuple[int, ...], names: Names, deep: int = 0) -> list[Column]:
        """The columns that a subquery seems to give."""
        body = [token for token in self.tokens if token.groups[: len(inside)] == inside]
        begin = next((n for n, token in enumerate(body) if token.text == "select" and token.groups == inside), None)
        if begin is None or deep > 4:
            return []
        found: list[Column] = []
        item: list[_Word] = []
        for token in [*body[begin + 1 :], None]:
            top = token is None or token.groups == inside
            if token is None or (top and (token.text == "," or token.text in ("from", *_ENDS_TABLES))):
                if item and item[-1].text == "*":
                    for one in self.named():
                        if one.groups == inside:
                            found += self.columns_of(one, names, deep + 1)
                elif item and item[-1].kind == "identifier":
                    found.append(Column(item[-1].text))
                item = []
                if token is None or token.text != ",":
                    break
            else:
                item.append(token)
        return found

    def columns_of(self, named: _Named, names: Names, deep: int = 0) -> Sequence[Column]:
        """The columns of something that FROM brings."""
        if named.inside:
            return self.outputs(named.inside, names, deep)
        if len(named.path) == 1 and (inside := self.ctes.get(named.path[0].lower())):
            return self.outputs(inside, names, deep)
        table = names.find(named.path) if named.path else None
        return names.columns(table) if table is not None else ()

    def _ctes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Names given by WITH, and the parentheses of what they mean."""
        for at, token in enumerate(self.tokens):
            before = self.tokens[at - 1].text if at else ""
            if token.kind not in _NAMES or before not in ("with", "recursive", ","):
                continue
            after = at + 1
            if after < len(self.tokens) and self.tokens[after].text == "(":
                after = self._after_group(after) or len(self.tokens)
            if after >= len(self.tokens) or self.tokens[after].text != "as":
                continue
            while after + 1 < len(self.tokens) and self.tokens[after + 1].text in ("not", "materialized"):
                after += 1
            if after + 1 < len(self.tokens) and (body := self.tokens[after + 1]).text == "(":
                yield token.text.lower(), (*body.groups, body.start)

    def _after_group(self, at: int) -> int | None:
        """The token after the parenthesis that closes the one at `at`; None when it is not closed."""
        groups = self.tokens[at].groups
        for after in range(at + 1, len(self.tokens)):
            if self.tokens[after].groups == groups and self.tokens[after].text == ")":
                return after + 1
        return None

    def _path(self, at: int) -> tuple[tuple[str, ...], int]:
        parts = [self.tokens[at].text]
        at += 1
        while at + 1 < len(self.tokens) and self.tokens[at].text == "." and self.tokens[at + 1].kind in _NAMES:
            parts.append(self.tokens[at + 1].text)
            at += 2
        return tuple(parts), at

    def _alias(self, at: int) -> tuple[str, int]:
        if at < len(self.tokens) and self.tokens[at].text == "as":
            at += 1
        if at < len(self.tokens) and self.tokens[at].kind in _NAMES and self.tokens[at].text not in _NO_ALIAS:
            return self.tokens[at].text, at + 1
        return "", at


class _Offers:
    """What may stand at one place."""

    def __init__(self, words: _Statement, upto: list[_Word], at: int, names: Names, fits: _Fits) -> None:
        self.fits = fits
        self.words = words
        self.upto = upto
        self.names = names
        groups = words.groups_at(at)
        self.seen = [one for one in words.named() if one.groups == groups[: len(one.groups)]]

    def all(self, path: tuple[str, ...], typed: bool) -> Iterator[Offer]:
        if path:
            yield from self.below(path)
            return
        before = self.upto[-1] if self.upto else None
        if before is None or before.text == ";":
            yield from self.keywords() if typed else ()
        elif self._wants_table(before):
            yield from self.relations()
            if typed:
                yield from self.functions(tables=True)
                yield from self.keywords()
        elif before.kind == "identifier" or before.text in (")", "*") or before.kind in ("string", "number"):
            yield from self.keywords() if typed else ()
        else:
            yield from self.columns()
            yield from self.aliases()
            if typed:
                yield from self.functions(tables=False)
                yield from self.keywords()
                yield from self.relations()

    def _wants_table(self, before: _Word) -> bool:
        if before.kind == "keyword" and before.text in _BEFORE_TABLES:
            return True
        if before.text != ",":
            return False
        for token in reversed(self.upto):
            if token.groups == before.groups and token.kind == "keyword" and token.text in _CLAUSES:
                return token.text in ("from", "join")
        return False

    def below(self, path: tuple[str, ...]) -> Iterator[Offer]:
        """What is inside of something named: an alias, a table, a schema, a database."""
        quoted = self.names.quoted
        parts = [part.lower() for part in path]
        for one in self.seen:
            if len(parts) == 1 and parts[0] in (one.alias.lower(), one.path[-1].lower() if one.path else ""):
                found = list(self._columns_of(one))
                yield from found
                if found:
                    return
        here = self.names.database
        if not (len(parts) == 1 and parts[0] in map(str.lower, self.names.schemas(here))):
            table = self.names.find(path)
            yield from (
                (Offer(quoted(one.name), "column", one.type) for one in self.names.columns(table)) if table else ()
            )
        if len(parts) == 1:
            yield from (
                Offer(quoted(schema), "schema", path[0]) for schema in self.names.schemas(parts[0]) if schema != "main"
            )
        for _, table in self.names.searched():
            if self.fits(table.name.lower()):
                database, schema = table.database.lower(), table.schema.lower()
                if parts in (
                    [database, schema],
                    [database] if schema == "main" else [],
                    [schema] if database == here else [],
                ):
                    yield Offer(quoted(table.name), table.kind, table.schema)

    def columns(self) -> Iterator[Offer]:
        for one in self.seen:
            yield from self._columns_of(one)

    def _columns_of(self, one: _Named) -> Iterator[Offer]:
        where = one.alias or (one.path[-1] if one.path else "")
        for name, type_ in self.words.columns_of(one, self.names):
            yield Offer(self.names.quoted(name), "column", type_ or where)

    def aliases(self) -> Iterator[Offer]:
        for one in self.seen:
            if one.alias:
                yield Offer(self.names.quoted(one.alias), "alias", ".".join(one.path) or "subquery")
            elif one.path:
                yield Offer(self.names.quoted(one.path[-1]), "cte" if one.path[-1] in self.words.ctes else "table")

    def relations(self) -> Iterator[Offer]:
        quoted = self.names.quoted
        yield from (Offer(quoted(name), "cte") for name in self.words.ctes)
        found = (table for name, table in self.names.searched() if self.fits(name))
        for table in islice(found, _LOOKED_AT):
            yield Offer(table.shortest or quoted(table.name), table.kind, f"{table.database}.{table.schema}")
        yield from (Offer(quoted(schema), "schema") for schema in self.names.schemas(self.names.database))
        yield from (Offer(quoted(database), "database") for database in self.names.databases)

    def functions(self, *, tables: bool) -> Iterator[Offer]:
        for name, takes in self.names.functions:
            if (takes == "table") == tables:
                yield Offer(f"{name}(", "function", "" if tables else takes)

    def keywords(self) -> Iterator[Offer]:
        yield from (Offer(word, "keyword") for word in self.names.keywords)


def _best(fits: _Fits, offers: Iterable[Offer]) -> list[Offer]:
    """The first that fit, what begins with what was typed before all else; each once."""
    begins: dict[str, Offer] = {}
    inside: dict[str, Offer] = {}
    for offer in offers:
        name = offer.text.lower().lstrip('"')
        if fits.begins(name):
            begins.setdefault(offer.text, Offer(offer.text.upper(), "keyword") if _shouts(fits, offer) else offer)
            if len(begins) == MOST:
                break
        elif offer.kind != "keyword" and len(inside) < MOST and fits(name):
            inside.setdefault(offer.text, offer)
    return [*begins.values(), *(offer for text, offer in inside.items() if text not in begins)][:MOST]


def _shouts(fits: _Fits, offer: Offer) -> bool:
    """Whether a word of the language is typed in capitals."""
    return fits.upper and offer.kind == "keyword"


def _statement(text: str, at: int) -> _Statement:
    """The statement that a position is in."""
    found: list[Token] = []
    for token in tokens(text):
        if token.kind == "operator" and text[token.start : token.end] == ";":
            if token.start >= at:
                break
            found = []
        else:
            found.append(token)
    return _Statement(text, found)


def name_parts(dotted: str) -> Iterator[str]:
    """The names in a dotted one, without their quotes."""
    for found in _PART.finditer(dotted):
        yield found[2] if found[2] is not None else found[1].replace('""', '"')


def _plain(word: str) -> str:
    return word[1:].removesuffix('"').replace('""', '"') if word[:1] == '"' else word.lower()


def _fits(table: Table, above: Sequence[str]) -> bool:
    database, schema = table.database.lower(), table.schema.lower()
    if not above:
        return True
    if len(above) == 1:
        return above[0] == schema or (above[0] == database and schema == "main")
    return list(above[-2:]) == [database, schema]
