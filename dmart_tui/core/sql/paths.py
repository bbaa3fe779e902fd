"""File names in statements, as people write them, led to the file system that only reads.

A convenience, not a guard: a name that is not found here reaches the engine as it is, which refuses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dmart_tui.core.sql.editing.texts import Token, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SCHEME: Final = "files://"
_READERS: Final = frozenset(
    (
        "read_csv",
        "read_csv_auto",
        "sniff_csv",
        "read_json",
        "read_json_auto",
        "read_json_objects",
        "read_json_objects_auto",
        "read_ndjson",
        "read_ndjson_auto",
        "read_ndjson_objects",
        "read_parquet",
        "parquet_scan",
        "parquet_metadata",
        "parquet_schema",
        "parquet_file_metadata",
        "parquet_kv_metadata",
        "parquet_bloom_probe",
        "read_text",
        "read_blob",
        "glob",
        "read_duckdb",
    )
)
_OPENERS: Final = frozenset({"SELECT", "COPY", "SUMMARIZE", "DESCRIBE", "PIVOT", "UNPIVOT", "INSERT", "FROM"})


@dataclass(frozen=True, slots=True)
class Led:
    """A statement as the engine gets it.

    Args:
        text: with the scheme before names of files.
        places: where it was put in, in characters of `text`.
    """

    text: str
    places: tuple[int, ...] = ()

    def back(self, position: int) -> int:
        """A place of the text as one of the statement as it was written."""
        return position - len(_SCHEME) * sum(place < position for place in self.places)


def led(text: str, exists: Callable[[str], bool]) -> Led:
    """Put the scheme before each string that names files: behind FROM, JOIN and ATTACH, and in functions that read.

    Args:
        exists: whether a name or pattern is of files that may be read.
    """
    if "'" not in text:
        return Led(text)
    made, places, done = [], [], 0
    for name, start, _end in files_read(text):
        if "://" in name or not exists(name):
            continue
        made.append(text[done : start + 1] + _SCHEME)
        places.append(sum(map(len, made)) - len(_SCHEME))
        done = start + 1
    return Led("".join(made) + text[done:], tuple(places))


def files_read(text: str) -> Iterator[tuple[str, int, int]]:
    """The names of files that a statement reads, each with where its string begins and ends."""
    for token in _files(text):
        quoted = text[token.start : token.end]
        if quoted.startswith("'"):
            yield quoted[1:-1].replace("''", "'"), token.start, token.end


def _files(text: str) -> list[Token]:
    """Strings that stand where a file is meant."""
    found: list[Token] = []
    before, name = "", ""
    above: list[tuple[str, bool]] = []
    function, selects = "", False
    words = [token for token in tokens(text) if token.kind != "comment"]
    for at, token in enumerate(words):
        word = text[token.start : token.end]
        upper = word.upper()
        if token.kind == "string":
            named = before in ("FROM", "JOIN") and selects
            if named or before in ("ATTACH", "DATABASE") or (function in _READERS and before in ("(", ",", "[")):
                found.append(token)
        elif word in "([":
            above.append((function, selects))
            if word == "(":
                function, selects = name.lower(), False
        elif word in ")]" and above:
            function, selects = above.pop()
        elif token.kind == "keyword" and (upper in _OPENERS if upper != "FROM" else before in ("", "(", "AS")):
            selects = True
        before = upper if not (upper == "FROM" and at and before == "DISTINCT") else ""
        name = word if token.kind in ("identifier", "keyword") else ""
    return found
