"""Finding a payload: inline in the meta or a file beside it (D-MART layout, payload placement)."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from typing import Any

from dmart_tui.core import disk
from dmart_tui.core.spaces.layout import child_path
from dmart_tui.core.spaces.model import INLINE_TYPES, Item, Payload, Problem


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def find_payload(item: Item, folders: Iterable[str], where: str) -> Payload | None:
    """The payload that `item.meta` names; problems are added to the item.

    Args:
        item: an entry or attachment whose meta was read.
        folders: absolute directories to look in, the first that has the file wins.
        where: the path of the meta as the root sees it, for problems.

    Costs one lstat a folder tried for a body that names a file, one scandir more when the file is missing.
    """
    described = item.meta.get("payload")
    if described is None:
        return None
    if not isinstance(described, dict):
        _odd(item, where, "error", "payload-malformed", "the payload in the meta is not an object: correct the meta")
        return None
    body = described.get("body")
    payload = Payload(
        content_type=_text(described.get("content_type")) or "",
        schema=_text(described.get("schema_shortname")),
        body=body,
        checksum=_text(described.get("checksum")),
        client_checksum=_text(described.get("client_checksum")),
    )
    if not isinstance(body, str) or not body:
        if body is not None and not isinstance(body, dict | list | str):
            _odd(
                item,
                where,
                "error",
                "payload-malformed",
                "payload.body is neither text nor an object: correct the meta",
            )
        return payload
    maybe_inline = payload.content_type in INLINE_TYPES
    for folder in folders:
        path = child_path(folder, body)
        if path is None:
            if not maybe_inline:
                _odd(item, where, "error", "payload-name", "payload.body is no plain file name and is not followed")
            return payload
        if _found(path, payload):
            return payload
    if not maybe_inline:
        _look_for_other_suffix(item, where, payload, body, folders)
    return payload


def _found(path: str, payload: Payload) -> bool:
    try:
        status = disk.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            status = disk.stat(path)
    except OSError:
        return False
    if not stat.S_ISREG(status.st_mode):
        return False
    payload.path, payload.size = path, status.st_size
    return True


def _look_for_other_suffix(item: Item, where: str, payload: Payload, body: str, folders: Iterable[str]) -> None:
    """An upload of `a.tar.gz` was written as `a.gz` but recorded as `a.tar`: take `a.*` when it is the only one."""
    stem = body.split(".", 1)[0] + "."
    for folder in folders:
        try:
            with disk.scandir(folder) as found:
                others = [entry.path for entry in found if entry.name.startswith(stem) and entry.is_file()]
        except OSError:
            continue
        if len(others) == 1 and _found(others[0], payload):
            _odd(
                item,
                where,
                "warning",
                "payload-renamed",
                f"the file {body} is missing and {others[0].rpartition('/')[2]} is shown instead: correct payload.body",
            )
            return
    _odd(
        item,
        where,
        "error",
        "payload-missing",
        f"the payload file {body} is missing: restore it or correct payload.body",
    )


def _odd(item: Item, where: str, severity: Any, kind: str, detail: str) -> None:
    item.problems.append(Problem(severity, kind, str(item.address), where, detail))
