"""A tree as a condition of SQL over the local index: words by FTS5, fields by columns, keys by functions of Python."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dmart_tui.core.errors import Damaged
from dmart_tui.core.search.conditions import Test, leaves, tag_test, value_test
from dmart_tui.core.search.fields import Kind, KnownField, field_of
from dmart_tui.core.search.moments import Limits, exactly, limits
from dmart_tui.core.search.tree import (
    And,
    Everything,
    Exists,
    Field,
    Fuzzy,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Tags,
    Word,
    any_of,
)
from dmart_tui.core.search.words import alike, text_test, words
from dmart_tui.core.spaces import decode

if TYPE_CHECKING:
    import sqlite3

WEIGHTS: Final = (8.0, 10.0, 4.0, 0.0, 2.0, 1.0, 0.5)
"""Of the columns of `texts` in ranking: shortname, displayname, description, tags, facts, payload, attachments."""
_MOST_ALIKE: Final = 500
_MEMORY: Final = 20_000
"""Values of a column whose test is remembered; they are short, and many entries have the same."""
_DEEPEST_MATCH: Final = 8
_AT_ONCE: Final = 4
"""Documents kept decoded, for the other conditions on the same entry."""
_NEVER: Final = "0"


class Compiler:
    """Translates for one connection, on which it makes the function `test`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._tests: list[Callable[[bytes | None], bool]] = []
        self._decoded = lru_cache(_AT_ONCE)(_decoded)
        self._near: dict[tuple[str, int], list[str]] = {}
        self.parameters: list[Any] = []
        connection.create_function("test", 2, self._run, deterministic=True)

    def _run(self, slot: int, value: bytes | None) -> bool:
        return self._tests[slot](value)

    def condition(self, node: Node) -> str:
        """A condition on `resources AS r`, never NULL; its parameters are added to `parameters` in its order."""
        if isinstance(node, Everything):
            return "1"
        if match := self.match(node):
            return self._matched(match)
        if isinstance(node, Not):
            return f"NOT {self.condition(node.node)}"
        if isinstance(node, And | Or):
            return self._joined(node)
        if isinstance(node, Field):
            return self._field(field_of(node.name), node.value)
        return _NEVER

    def match(self, node: Node) -> str | None:
        """The query of FTS5 that means the same; None when there is none, or its parser would not take it."""
        if _depth(node) > _DEEPEST_MATCH:
            return None
        if isinstance(node, Field):
            known = field_of(node.name)
            value = _worded(known, node.value) if known.words else None
            return self._match_text(value, f"{{{known.words}}}") if value is not None else None
        if isinstance(node, Word | Phrase | Prefix | Fuzzy):
            return self._match_text(node, "- {tags}")
        if isinstance(node, Or):
            parts = [self.match(part) for part in node.nodes]
            return None if None in parts else f"({' OR '.join(part or '' for part in parts)})"
        if isinstance(node, And):
            wanted = [self.match(part) for part in node.nodes if not isinstance(part, Not)]
            unwanted = [self.match(part.node) for part in node.nodes if isinstance(part, Not)]
            if not wanted or None in wanted or None in unwanted:
                return None
            all_wanted = f"({' AND '.join(part or '' for part in wanted)})"
            return f"({all_wanted} NOT ({' OR '.join(part or '' for part in unwanted)}))" if unwanted else all_wanted
        return None

    def ranking(self, node: Node) -> str | None:
        """The query of FTS5 for any of the words that are wanted, to rank by; None when there are none."""
        found = list(dict.fromkeys(self._ranked(node)))
        return " OR ".join(found) if found else None

    def wants_words(self, node: Node) -> bool:
        """Whether what matches has one of the words of `ranking`."""
        return isinstance(node, And) and any(self.match(part) for part in node.nodes if not isinstance(part, Not))

    def _ranked(self, node: Node) -> Iterable[str]:
        if isinstance(node, And | Or):
            for part in node.nodes:
                yield from self._ranked(part)
        elif isinstance(node, Word | Phrase | Prefix | Fuzzy | Field) and (match := self.match(node)):
            yield match

    # -- words -------------------------------------------------------------------------------------------

    def _match_text(self, node: Node, columns: str) -> str | None:
        if isinstance(node, Or):
            parts = [self._match_text(part, columns) for part in node.nodes]
            return None if None in parts else f"({' OR '.join(part or '' for part in parts)})"
        if not isinstance(node, Word | Phrase | Prefix | Fuzzy):
            return None
        asked = words(node.text)
        if not asked:
            return None
        if isinstance(node, Fuzzy):
            sides = (f"({' OR '.join(map(_quoted, self._alike(word, node.distance)))})" for word in asked)
            return f"({columns} : ({' AND '.join(sides)}))"
        if isinstance(node, Prefix):
            begun = bool(words(node.text[-1:]))
            terms = [*map(_quoted, asked[:-1]), _quoted(asked[-1]) + " *" * begun]
            return f"({columns} : ({' AND '.join(terms)}))"
        return f"({columns} : {_quoted(' '.join(asked))})"

    def _alike(self, word: str, distance: int) -> list[str]:
        """The word and those of the index that are like it; a look through all words of the index, once each."""
        if (word, distance) not in self._near:
            self._near[word, distance] = [word, *self._find_alike(word, distance)]
        return self._near[word, distance]

    def _find_alike(self, word: str, distance: int) -> list[str]:
        """One of the word's parts is unchanged in each word that is like it."""
        self._connection.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.terms USING fts5vocab(main, texts, row)")
        size = max(1, len(word) // (distance + 1))
        parts = [word[at : at + size] for at in range(0, size * (distance + 1), size)]
        parts[-1] = word[size * distance :]
        near = " OR ".join("instr(term, ?)" for _ in parts) if all(parts) else "1"
        rows = self._connection.execute(
            f"SELECT term FROM temp.terms WHERE length(term) BETWEEN ? AND ? AND ({near})",
            (len(word) - distance, len(word) + distance, *(parts if all(parts) else ())),
        )
        found = [term for (term,) in rows if alike(word, term, distance)]
        return found[:_MOST_ALIKE]

    def _matched(self, match: str) -> str:
        self.parameters.append(match)
        return "r.id IN (SELECT rowid FROM texts WHERE texts MATCH ?)"

    def _joined(self, node: And | Or) -> str:
        """What is only words goes to FTS5 as one."""
        textual: list[Node] = [part for part in node.nodes if not isinstance(part, Not) and self.match(part)]
        others = [part for part in node.nodes if part not in textual]
        if 1 < len(textual) < len(node.nodes):
            textual = [type(node)(tuple(textual))]
        glue = " AND " if isinstance(node, And) else " OR "
        return f"({glue.join(self.condition(part) for part in (*textual, *others))})"

    # -- fields --------------------------------------------------------------------------------------------

    def _field(self, known: KnownField, value: Node) -> str:
        if known.kind is Kind.TAG:
            return self._tag_field(known, value)
        if known.kind is Kind.TRUTH:
            return _truth(known, value)
        if known.kind is Kind.DATE:
            return self._date(known, value)
        if known.kind is Kind.TEXT and isinstance(value, Tags):
            value = any_of([Phrase(one.text) if isinstance(one, Word) else one for one in value.values])
            return (
                self.condition(Field(known.name, value))
                if not isinstance(value, Or)
                else _either(self.condition(Field(known.name, one)) for one in value.nodes)
            )
        first = self._match_text(value, f"{{{known.among}}}") if known.among else None
        likely = f"{self._matched(first)} AND " if first else ""
        sides = [self._column(column, value) for column in known.columns]
        for column in dict.fromkeys(column for column, _ in known.documents):
            paths = [keys for one, keys in known.documents if one == column]
            sides.append(self._document(column, paths, value, known.kind))
        return f"({likely}{_either(sides)})"

    def _column(self, column: str, value: Node) -> str:
        if isinstance(value, Exists):
            return f"coalesce(r.{column} <> '', 0)"
        if not isinstance(value, Word | Phrase | Prefix | Fuzzy):
            return _NEVER
        test = text_test(value)
        known = lru_cache(_MEMORY)(lambda found: found is not None and test(os.fsdecode(found)))
        slot = self._slot(known)
        return f"(coalesce(r.{column} <> '', 0) AND test({slot}, CAST(r.{column} AS BLOB)))"

    def _document(self, column: str, paths: list[tuple[str, ...]], value: Node, kind: Kind) -> str:
        test: Test = value_test(value)
        if kind is Kind.TEXT and not isinstance(value, Exists):
            typed = test
            test = lambda found: isinstance(found, str) and typed(found)  # noqa: E731

        def has(document: bytes | None) -> bool:
            if document is None:
                return False
            whole = self._decoded(document)
            return any(test(found) for keys in paths for found in leaves(whole, keys))

        slot = self._slot(has)
        guards = [f"r.{column} IS NOT NULL"]
        for key in sorted(set(paths[0]).intersection(*paths) - {"*"}):
            guards.append(f"instr(r.{column}, ?)")
            self.parameters.append(msgspec.json.encode(key).decode())
        if column == "payload" and _has_words(value) and (match := self._match_text(value, "{payload}")):
            guards.append(f"(r.cut OR {self._matched(match)})")
        return f"CASE WHEN {' AND '.join(guards)} THEN test({slot}, CAST(r.{column} AS BLOB)) ELSE 0 END"

    def _slot(self, test: Callable[[bytes | None], bool]) -> int:
        self._tests.append(test)
        return len(self._tests) - 1

    def _tag_field(self, known: KnownField, value: Node) -> str:
        inside = f"r.id IN (SELECT resource FROM {known.table} WHERE {{}})" if known.table else "{}"
        names = known.listed or tuple(f"r.{column}" for column in known.columns)
        if isinstance(value, Exists):
            return inside.format(_either(f"coalesce({name} <> '', 0)" for name in names))
        wanted = value.values if isinstance(value, Tags) else (value,)
        sides = []
        for one in wanted:
            if not isinstance(one, Word | Phrase | Prefix | Fuzzy):
                return _NEVER
            text = one.text.strip().strip("/") if known.name == "exact_subpath" else one.text.strip()
            for name in names:
                begin = f"substr(trim({name}), 1, {len(text)})" if isinstance(one, Prefix) else f"trim({name})"
                self.parameters.append(text)
                sides.append(inside.format(f"coalesce({begin} = ? COLLATE NOCASE, 0)"))
        return _either(sides)

    def _date(self, known: KnownField, value: Node) -> str:
        column = f"r.{known.columns[0]}"
        if isinstance(value, Exists):
            return f"{column} IS NOT NULL"
        spans: list[Limits | None]
        if isinstance(value, Range):
            spans = [limits(value, dates=True)]
        else:
            texts = value.values if isinstance(value, Tags) else (value,)
            spans = [exactly(one.text, dates=True) for one in texts if isinstance(one, Word | Phrase | Prefix | Fuzzy)]
        sides = []
        for span in spans:
            if span is not None:
                self.parameters += [span.low, span.high]
                above, below = ">" if span.low_open else ">=", "<" if span.high_open else "<="
                sides.append(f"coalesce({column} {above} ? AND {column} {below} ?, 0)")
        return _either(sides)


def _depth(node: Node) -> int:
    if isinstance(node, And | Or):
        return 1 + max(map(_depth, node.nodes))
    return _depth(node.node) if isinstance(node, Not) else 0


def _decoded(document: bytes) -> Any:
    try:
        return decode(document)
    except Damaged:
        return None


def _worded(known: KnownField, value: Node) -> Node | None:
    """What of a field can be asked of FTS5."""
    if isinstance(value, Word | Phrase | Prefix | Fuzzy):
        return value
    if isinstance(value, Tags) and known.kind is Kind.TEXT:
        return any_of([Phrase(one.text) if isinstance(one, Word) else one for one in value.values])
    return None


def _has_words(value: Node) -> bool:
    """Whether what is wanted is a text: numbers, `true` and `false` may stand in another form in FTS5."""
    if not isinstance(value, Word | Phrase | Prefix | Fuzzy) or exactly(value.text, dates=False) is not None:
        return False
    return not any(text_test(value)(truth) for truth in ("true", "false"))


def _truth(known: KnownField, value: Node) -> str:
    column = f"r.{known.columns[0]}"
    if isinstance(value, Exists):
        return f"{column} IS NOT NULL"
    texts = value.values if isinstance(value, Tags) else (value,)
    tests = [tag_test(one) for one in texts if isinstance(one, Word | Phrase | Prefix | Fuzzy)]
    wanted = [str(int(truth == "true")) for truth in ("true", "false") if any(test(truth) for test in tests)]
    return f"coalesce({column} IN ({', '.join(wanted)}), 0)" if wanted else _NEVER


def _either(sides: Iterable[str]) -> str:
    found = list(sides)
    return f"({' OR '.join(found)})" if found else _NEVER


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
