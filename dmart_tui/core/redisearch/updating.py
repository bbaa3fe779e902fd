"""Keeping documents up to date with files that changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dmart_tui.core.address import META_FOLDER, Address
from dmart_tui.core.errors import UsageFault
from dmart_tui.core.redisearch.building import encoded, made_keys
from dmart_tui.core.redisearch.documents import Documents, indexed_spaces, key_of
from dmart_tui.core.redisearch.indexes import META
from dmart_tui.core.spaces.layout import META_FILE

if TYPE_CHECKING:
    from dmart_tui.core.redisearch.connecting import Server
    from dmart_tui.core.redisearch.documents import Document
    from dmart_tui.core.spaces import Spaces


@dataclass(slots=True)
class Updated:
    """What was brought up to date."""

    written: int = 0
    removed: int = 0


def update(server: Server, spaces: Spaces, paths: Iterable[str], branch: str | None = None) -> Updated:
    """Write the documents of what stands where files changed, and remove those of what is gone there.

    Each entry changes in one transaction. Costs a read of each entry that changed; of a folder that came or went, a
    look at every key there is.

    Args:
        paths: absolute, as `spaces.watching.changes` tells them; those of spaces that are not indexed are passed over.
        branch: as `Server.branch` gives it; asked when None.
    """
    documents = Documents(spaces, server.branch() if branch is None else branch)
    indexed = set(indexed_spaces(spaces))
    report = Updated()
    for address in changed_addresses(spaces, paths):
        if address.space in indexed and address.parts:
            _refresh(server, documents, address, report)
    return report


def changed_addresses(spaces: Spaces, paths: Iterable[str]) -> list[Address]:
    """The entries and folders that files belong to: to a payload's file the entry and the folder of its name."""
    found: dict[Address, None] = {}
    for path in paths:
        relative = spaces.relative(path)
        if relative != path:
            found.update(dict.fromkeys(_addresses(relative.split("/"))))
    return list(found)


def _addresses(names: list[str]) -> Iterator[Address]:
    try:
        if META_FOLDER in names:
            at = names.index(META_FOLDER)
            inner = names[at + 1 :]
            whole = names[:at] if not inner or META_FILE.match(inner[0]) else [*names[:at], *inner[:1]]
            yield Address.parse("/".join(_quoted(whole)))
            return
        yield Address.parse("/".join(_quoted(names)))
        stem = names[-1].partition(".")[0]
        if stem and stem != names[-1]:
            yield Address.parse("/".join(_quoted([*names[:-1], stem])))
    except UsageFault:
        return


def _quoted(names: list[str]) -> list[str]:
    return [str(Address(name)) for name in names]


def _refresh(server: Server, documents: Documents, address: Address, report: Updated) -> None:
    key = key_of(address.space, documents.branch, META, address.subpath, address.name)
    old = stored(server, [key])[0]
    found = documents.at(address)
    was_folder = old is not None and old.get("resource_type") == "folder"
    is_folder = bool(found) and found[0].value["resource_type"] == "folder"
    if is_folder and not was_folder:  # with all that came with it
        for below in documents.below(address):
            _write(server, documents.branch, below, [], report)
        return
    gone = [] if old is None else [key, *payload_key(old, key)]
    if was_folder and not is_folder:
        gone += keys_below(server, f"{address.space}{documents.branch}", "/".join(address.parts))
    _write(server, documents.branch, found, gone, report)


def _write(server: Server, branch: str, found: list[Document], old: list[str], report: Updated) -> None:
    """Write documents, and remove the old keys that are none of them."""
    keys = {document.key for document in found}
    gone = [key for key in dict.fromkeys(old) if key not in keys]
    with server.asking():
        exists = server.client.exists
        new = [document.key for document in found if not exists(document.key)]
        pipeline = server.patient.pipeline(transaction=True)
        for document in found:
            pipeline.execute_command("JSON.SET", document.key, "$", encoded(document.value))
            if document.key in new:
                pipeline.sadd(made_keys(f"{document.address.space}{branch}"), document.key)
        for key in gone:
            pipeline.unlink(key)
            pipeline.srem(made_keys(f"{key.partition(':')[0]}{branch}"), key)
        answers = pipeline.execute()
    report.written += len(found)
    report.removed += sum(answers[len(answers) - 2 * len(gone) :: 2]) if gone else 0


def stored(server: Server, keys: list[str]) -> list[dict[str, Any] | None]:
    """The documents of some keys in one message; None for what is not there or is no object."""
    with server.asking():
        pipeline = server.client.pipeline(transaction=False)
        for key in keys:
            pipeline.execute_command("JSON.GET", key)
        answers = pipeline.execute(raise_on_error=False)
    return [_object(answer) for answer in answers]


def payload_key(document: dict[str, Any], key: str) -> list[str]:
    """The key of the payload's document that the document of a meta names, if it is of the same entry."""
    named = document.get("payload_doc_id")
    if not isinstance(named, str):
        return []
    head, _, place = key.partition(f":{META}:")
    return [named] if named.startswith(f"{head}:") and named.endswith(f":{place}") else []


def keys_below(server: Server, prefix: str, subpath: str) -> list[str]:
    """The keys of the documents below a folder; costs a look at every key there is."""
    found = []
    for key in set(server.keys(f"{prefix}:")):
        schema, _, place = key.removeprefix(f"{prefix}:").partition(":")
        if schema != "lock" and ":" not in place and place.startswith(f"{subpath}/"):
            found.append(key)
    return sorted(found)


def _object(answer: Any) -> dict[str, Any] | None:
    if not isinstance(answer, str):
        return None
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
