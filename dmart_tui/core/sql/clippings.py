"""Rows of a result as text to paste somewhere: CSV, JSON, INSERT statements, Markdown."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

from dmart_tui.core.sql.values import is_number, literal, quoted, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dmart_tui.core.sql.results import Column

Form = Literal["csv", "tsv", "json", "insert", "markdown"]

_QUOTED: Final = re.compile(r'[",;\t\r\n]|^\s|\s$')
_BREAKS: Final = re.compile(r"\r\n|\r|\n")


def clip(form: Form, columns: Sequence[Column], rows: Iterable[Sequence[object]], table: str = "") -> str:
    """Rows as text, with the names of their columns.

    Args:
        form: how; NULL is nothing in CSV (an empty text is `""`), `null`, `NULL`, and an empty cell.
        table: what INSERT statements are for.
    """
    match form:
        case "csv":
            return _separated(",", columns, rows)
        case "tsv":
            return _separated("\t", columns, rows)
        case "json":
            return _json(columns, rows)
        case "insert":
            return _insert(columns, rows, table)
        case "markdown":
            return _markdown(columns, rows)


def _separated(comma: str, columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> str:
    lines = [comma.join(_field(column.name) for column in columns)]
    lines += [comma.join(map(_field, row)) for row in rows]
    return "".join(f"{line}\n" for line in lines)


def _field(value: object) -> str:
    text = show(value)
    if value is not None and (not text or _QUOTED.search(text)):
        doubled = text.replace('"', '""')
        return f'"{doubled}"'
    return text


def _json(columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> str:
    names = unlike([column.name for column in columns])
    keys = [json.dumps(name, ensure_ascii=False) for name in names]
    objects = [
        "{" + ", ".join(f"{key}: {_json_value(value)}" for key, value in zip(keys, row, strict=True)) + "}"
        for row in rows
    ]
    return "[\n" + ",\n".join(f"  {one}" for one in objects) + "\n]\n" if objects else "[]\n"


def _json_value(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float) and value - value != 0:
        return "null"
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    return json.dumps(show(value), ensure_ascii=False)


def unlike(names: Sequence[str]) -> list[str]:
    """Names of which none comes twice: the later ones get a number."""
    taken = set(names)
    seen: set[str] = set()
    made = []
    for name in names:
        unique, number = name, 1
        while unique in seen or (number > 1 and unique in taken):
            unique, number = f"{name}_{number}", number + 1
        seen.add(unique)
        made.append(unique)
    return made


def _insert(columns: Sequence[Column], rows: Iterable[Sequence[object]], table: str) -> str:
    kinds = [column.type for column in columns]
    values = [
        "(" + ", ".join(literal(value, kind) for value, kind in zip(row, kinds, strict=True)) + ")" for row in rows
    ]
    names = ", ".join(map(quoted, unlike([column.name for column in columns])))
    return f"INSERT INTO {quoted(table)}({names}) VALUES\n  " + ",\n  ".join(values) + ";\n" if values else ""


def _markdown(columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> str:
    rules = ["---:" if is_number(column.type) else "---" for column in columns]
    lines = [[column.name for column in columns], rules, *rows]
    return "".join("| " + " | ".join(map(_markdown_cell, line)) + " |\n" for line in lines)


def _markdown_cell(value: object) -> str:
    return _BREAKS.sub("<br>", show(value)).replace("\\", "\\\\").replace("|", "\\|")
