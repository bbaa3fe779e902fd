"""Building D-MART's indexes and documents from the files, space by space, so that a reader never sees half of one.

Documents are written under names of their own, which no index looks at, and then take their places in one transaction
with the indexes. What was made is written down on the server (`made_keys`, `made_indexes`), and nothing else is ever
deleted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from dmart_tui.core.errors import DmartTuiError, Failed
from dmart_tui.core.redisearch.documents import Document, Documents, indexed_spaces, space_meta
from dmart_tui.core.redisearch.fields import Field, meta_fields, missing_fields, schema_fields
from dmart_tui.core.redisearch.indexes import META, read_index
from dmart_tui.core.spaces import META_SCHEMA
from dmart_tui.core.spaces.layout import MANAGEMENT

if TYPE_CHECKING:
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.redisearch.connecting import Server
    from dmart_tui.core.spaces import Spaces

T = TypeVar("T")

BATCH: Final = 500
"""Commands in one message to the server."""
OWN: Final = "dmart_tui:"
"""The start of every key that is ours alone."""
SPACES_KEY: Final = "spaces"
"""D-MART's document of the metas of all spaces."""
_MADE_SPACES: Final = f"{OWN}spaces"
_STAGED: Final = f"{OWN}staged:"
_ALIVE: Final = f"{OWN}building:"
_ALIVE_SECONDS: Final = 120


def made_keys(prefix: str) -> str:
    """The set of the documents' keys that were made for a space; `prefix` is its name, with the branch of its era."""
    return f"{OWN}made:{prefix}"


def made_indexes(prefix: str) -> str:
    """The set of the indexes' names that were made for a space."""
    return f"{OWN}indexes:{prefix}"


@dataclass(frozen=True, slots=True)
class BuildProgress:
    """How far a build is; comes after each batch and each swap."""

    space: str
    documents: int
    """Written so far, of all spaces."""
    swapped: bool = False
    """Whether the space is in its place now."""


@dataclass(slots=True)
class Built:
    """What a build did; grows while it runs."""

    spaces: list[str] = field(default_factory=list)
    documents: int = 0
    indexes: list[str] = field(default_factory=list)
    """Made new."""
    kept: dict[str, str] = field(default_factory=dict)
    """Indexes that were left as they are although they differ, or that could not be made, and why."""
    refused: list[str] = field(default_factory=list)
    """Keys whose documents the server did not take."""


class Build:
    """Builds spaces one after the other. Blocking and single: run it in a thread (`background.stream(build.run)`).

    Keeps the keys of one space in memory. Cancelled or failed, it removes what it wrote of the space it was at.
    """

    def __init__(
        self,
        server: Server,
        spaces: Spaces,
        names: Iterable[str] | None = None,
        *,
        branch: str | None = None,
        replace: bool = False,
        cancel: CancelToken | None = None,
    ) -> None:
        """Say what to build.

        Args:
            names: spaces; those that D-MART indexes when None.
            branch: of the era to build for, `BRANCH` or empty; as the server has it when None.
            replace: drop an index that somebody else made and that has other fields, and make it anew.
        """
        self.report = Built()
        self._server = server
        self._spaces = spaces
        self._names = list(names) if names is not None else None
        self._branch = branch
        self._replace = replace
        self._cancel = cancel
        self._token = token_hex(6)

    def run(self) -> Iterator[BuildProgress]:
        """Build; `report` is complete at the end.

        Raises:
            Failed: the server does not answer or cannot search.
            Cancelled: the token was cancelled.
        """
        if missing := self._server.probe().missing:
            raise Failed(missing, address=self._server.where, hint="load the modules, or use Redis 8")
        branch = self._server.branch() if self._branch is None else self._branch
        clean_up(self._server)
        documents = Documents(self._spaces, branch)
        try:
            for space in indexed_spaces(self._spaces) if self._names is None else self._names:
                yield from self._space(documents, space)
        finally:
            self._server.call("DEL", f"{_ALIVE}{self._token}")

    def _space(self, documents: Documents, space: str) -> Iterator[BuildProgress]:
        prefix = f"{space}{documents.branch}"
        targets: list[str] = []
        new: list[str] = []
        try:
            for batch in batched(documents.of_space(space), BATCH):
                if self._cancel is not None:
                    self._cancel.check()
                self._stage(batch, targets, new)
                yield BuildProgress(space, self.report.documents + len(targets))
            wanted = wanted_indexes(self._spaces, space, documents.branch)
            self._swap(space, prefix, wanted, targets, new, space_meta(self._spaces, space))
        except BaseException:
            self._unstage(len(targets) + BATCH)
            raise
        self.report.documents += sum(map(bool, targets))
        self.report.spaces.append(space)
        yield BuildProgress(space, self.report.documents, swapped=True)

    def _stage(self, batch: list[Document], targets: list[str], new: list[str]) -> None:
        """Write a batch, numbered by its places in `targets`, where the keys that the server takes are added.

        Those that nobody had before are added to `new` too.
        """
        with self._server.asking():
            pipeline = self._server.client.pipeline(transaction=False)
            pipeline.set(f"{_ALIVE}{self._token}", "1", ex=_ALIVE_SECONDS)
            for document in batch:
                pipeline.exists(document.key)
            known = pipeline.execute()[1:]
            for number, document in enumerate(batch, len(targets)):
                pipeline.execute_command("JSON.SET", self._staged(number), "$", encoded(document.value))
            written = pipeline.execute(raise_on_error=False)
        for document, exists, answer in zip(batch, known, written, strict=True):
            if isinstance(answer, Exception):
                self._refused(document, answer)
                targets.append("")
                continue
            targets.append(document.key)
            if not exists:
                new.append(document.key)

    def _refused(self, document: Document, answer: Exception) -> None:
        """A document that the server does not take is left out; a server that takes none is an error."""
        from redis.exceptions import OutOfMemoryError, ResponseError

        if not isinstance(answer, ResponseError) or isinstance(answer, OutOfMemoryError):
            with self._server.asking():
                raise answer
        self.report.refused.append(document.key)

    def _staged(self, number: int) -> str:
        return f"{_STAGED}{self._token}:{number}"

    def _unstage(self, count: int) -> None:
        """Remove what was written and not swapped; a server that is gone is cleaned at the next build."""
        try:
            for numbers in batched(range(count), BATCH):
                self._server.call("UNLINK", *map(self._staged, numbers))
        except DmartTuiError:
            return

    def _swap(
        self,
        space: str,
        prefix: str,
        wanted: dict[str, tuple[Field, ...]],
        targets: list[str],
        new: list[str],
        meta: dict[str, Any],
    ) -> None:
        """Put documents and indexes in their places in one transaction; what was made before and is no more goes."""
        server = self._server
        made = set(_members(server, made_keys(prefix)))
        gone = [key for key in made.difference(targets) if key.startswith(f"{prefix}:")]
        own_indexes = set(_members(server, made_indexes(prefix)))
        create = {name: fields for name, fields in wanted.items() if self._is_to_make(name, fields, own_indexes)}
        with server.asking():
            swap = server.patient.pipeline(transaction=True)
            for name, fields in create.items():
                if read_index(server, name) is not None:
                    swap.execute_command("FT.DROPINDEX", name)
                swap.execute_command(*creation(name, fields, _prefixes(name), scan=len(new) < len(targets)))
                swap.sadd(made_indexes(prefix), name)
            for number, key in enumerate(targets):
                if key:
                    swap.rename(self._staged(number), key)
            for keys in batched(gone, BATCH):
                swap.unlink(*keys)
                swap.srem(made_keys(prefix), *keys)
            for keys in batched(new, BATCH):
                swap.sadd(made_keys(prefix), *keys)
            if space not in (server.client.execute_command("JSON.OBJKEYS", SPACES_KEY) or ()):
                swap.sadd(_MADE_SPACES, space)
            swap.execute_command("JSON.SET", SPACES_KEY, "$", "{}", "NX")
            swap.execute_command("JSON.SET", SPACES_KEY, in_spaces(space), json.dumps(json.dumps(meta)))
            swap.execute()
        self.report.indexes += create

    def _is_to_make(self, name: str, fields: tuple[Field, ...], own: set[str]) -> bool:
        """Whether an index is to be made: there is none, or another that may be replaced; and the server takes it."""
        there = read_index(self._server, name)
        if there is not None:
            lacking = missing_fields(fields, there.fields.values())
            if not lacking:
                return False
            if name not in own and not self._replace:
                names = ", ".join(field.name for field in lacking[:5])
                self.report.kept[name] = f"somebody else made it, without {names}"
                return False
        trial = f"{OWN}trial:{self._token}"
        try:
            self._server.call(*creation(trial, fields, [f"{trial}:"], scan=False))
        except Failed:
            self.report.kept[name] = "the server does not take the fields of its schema"
            return False
        self._server.call("FT.DROPINDEX", trial)
        return True


@dataclass(slots=True)
class Dropped:
    """What was dropped."""

    documents: int = 0
    indexes: list[str] = field(default_factory=list)


def drop(server: Server, names: Iterable[str] | None = None) -> Dropped:
    """Drop the indexes and documents that were made here, in `names` or in every space, and nothing else."""
    report = Dropped()
    chosen = set(names) if names is not None else None
    for start, is_keys in ((made_indexes(""), False), (made_keys(""), True)):
        for key in sorted(set(server.keys(start))):
            prefix = key.removeprefix(start)
            if chosen is not None and prefix.partition(":")[0] not in chosen:
                continue
            members = [member for member in _members(server, key) if member.startswith(f"{prefix}:")]
            if is_keys:
                report.documents += sum(server.call("UNLINK", *keys) for keys in batched(members, BATCH))
            else:
                for name in members:
                    if read_index(server, name) is not None:
                        server.call("FT.DROPINDEX", name)
                        report.indexes.append(name)
            server.call("DEL", key)
    for space in _members(server, _MADE_SPACES):
        if chosen is None or space in chosen:
            server.call("JSON.DEL", SPACES_KEY, in_spaces(space))
            server.call("SREM", _MADE_SPACES, space)
    if server.call("TYPE", SPACES_KEY) == "ReJSON-RL" and not server.call("JSON.OBJLEN", SPACES_KEY):
        server.call("DEL", SPACES_KEY)
    return report


def in_spaces(space: str) -> str:
    """The path of a space in D-MART's document of all spaces."""
    return f'$["{space}"]'


def clean_up(server: Server) -> int:
    """Remove what builds wrote that ended without being able to; gives how many documents that were."""
    left: dict[str, list[str]] = {}
    for key in set(server.keys(_STAGED)):
        left.setdefault(key.removeprefix(_STAGED).partition(":")[0], []).append(key)
    removed = 0
    for token, keys in left.items():
        if not server.call("EXISTS", f"{_ALIVE}{token}"):
            removed += sum(server.call("UNLINK", *some) for some in batched(keys, BATCH))
    return removed


def wanted_indexes(spaces: Spaces, space: str, branch: str) -> dict[str, tuple[Field, ...]]:
    """The indexes that D-MART makes for a space, by name: of the metas, and of each schema in its own folder."""
    documents = Documents(spaces, branch)
    is_branch = bool(branch)
    found = {f"{space}{branch}:{META}": meta_fields(branch=is_branch, management=space == MANAGEMENT)}
    for name, document in documents.own_schemas(space):
        if name not in (META, META_SCHEMA) and ":" not in name:
            found[f"{space}{branch}:{name}"] = schema_fields(document, branch=is_branch)
    return found


def make_index(server: Server, spaces: Spaces, space: str, branch: str, name: str) -> bool:
    """Make one of the indexes that D-MART makes for a space, over the documents that are there; False when it is there.

    Raises:
        Failed: the server does not take the fields of its schema, or does not answer.
    """
    fields = wanted_indexes(spaces, space, branch).get(name)
    if fields is None or read_index(server, name) is not None:
        return False
    server.call(*creation(name, fields, _prefixes(name), scan=True))
    server.call("SADD", made_indexes(f"{space}{branch}"), name)
    return True


def _prefixes(name: str) -> list[str]:
    return [f"{name}:", f"{name}/"]


def creation(name: str, fields: Iterable[Field], prefixes: list[str], *, scan: bool) -> list[str]:
    """The command that makes an index.

    Args:
        scan: let the server read the documents that are there already, beside its other work.
    """
    words = [word for one in fields for word in one.words()]
    skip = [] if scan else ["SKIPINITIALSCAN"]
    return ["FT.CREATE", name, "ON", "JSON", "PREFIX", str(len(prefixes)), *prefixes, *skip, "SCHEMA", *words]


def encoded(value: Any) -> bytes:
    """A document as JSON; lone surrogates as escapes, which the server may refuse."""
    try:
        return msgspec.json.encode(value)
    except (UnicodeEncodeError, msgspec.MsgspecError, OverflowError):
        return json.dumps(value).encode()


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most `size`."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _members(server: Server, key: str) -> list[str]:
    with server.asking():
        return list(server.client.sscan_iter(key, count=1000))
