"""An entry as one JSON value: what `cat --json` prints and an export of JSON lines holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dmart_tui.core.errors import Damaged, DmartTuiError
from dmart_tui.core.secrets import mask
from dmart_tui.core.spaces.jsonfile import PAYLOAD_LIMIT, decode
from dmart_tui.core.spaces.model import Entry, Item, Problem

if TYPE_CHECKING:
    from collections.abc import Collection

    from dmart_tui.core.spaces.reading import Spaces


def entry_json(spaces: Spaces, item: Item, reveal: Collection[str] | None = ()) -> dict[str, Any]:
    """Address, meta, payload, attachments and problems of an entry or attachment.

    Args:
        reveal: keys whose secrets show; None shows all.
    """

    def shown(value: Any) -> Any:
        return value if reveal is None else mask(value, reveal)

    attachments = list(spaces.attachments(item)) if isinstance(item, Entry) else []
    problems = list(item.problems)
    payload = payload_value(spaces, item, problems)
    for attachment in attachments:
        problems += attachment.problems
    return {
        "address": str(item.address),
        "meta": shown(item.meta),
        "payload": shown(payload),
        "attachments": [{"address": str(found.address), "meta": shown(found.meta)} for found in attachments],
        "problems": [problem_row(problem) for problem in problems],
    }


def problem_row(problem: Problem) -> dict[str, Any]:
    """A problem as JSON."""
    return {
        "severity": problem.severity,
        "kind": problem.kind,
        "address": problem.address,
        "path": problem.path,
        "detail": problem.detail,
    }


def payload_value(spaces: Spaces, item: Item, problems: list[Problem]) -> Any:
    """The payload as JSON can hold it: the value of a JSON one, the text of a text, None for other bytes.

    What is wrong with it is added to `problems`.
    """
    payload = item.payload
    if payload is None or (payload.path is None and not payload.inline):
        return None
    if payload.inline:
        return payload.body
    try:
        data = spaces.payload_bytes(item, PAYLOAD_LIMIT)
    except DmartTuiError as error:
        problems.append(_payload_problem(spaces, item, error.message))
        return None
    if payload.content_type == "json":
        try:
            return decode(data)
        except Damaged as error:
            problems.append(_payload_problem(spaces, item, error.message))
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _payload_problem(spaces: Spaces, item: Item, said: str) -> Problem:
    path = item.payload.path if item.payload else None
    return Problem(
        "error",
        "payload-unreadable",
        str(item.address),
        spaces.relative(path or item.path),
        f"the payload {said}: see its bytes with `cat --payload`",
    )
