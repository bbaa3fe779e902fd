"""Importing an interchange zip: each entry whole or not at all, none of it invented, all of it one batch."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, Literal
from unicodedata import normalize

from dmart_tui.core.address import Address
from dmart_tui.core.errors import Damaged, DmartTuiError, NotFound, Refused
from dmart_tui.core.files import read_bounded
from dmart_tui.core.jsontext import rewrite
from dmart_tui.core.spaces import META_LIMIT, META_SCHEMA, PAYLOAD_LIMIT, Kind, compile_schema, decode, layout
from dmart_tui.core.steps import NOTHING, Expect, MakeFolder, Step, Write, digest
from dmart_tui.core.writing import bulk
from dmart_tui.core.writing.interchange.exporting import DERIVED, PASSWORD
from dmart_tui.core.writing.interchange.lines import merged_lines
from dmart_tui.core.writing.interchange.members import Role
from dmart_tui.core.writing.interchange.unpacking import Unpacker
from dmart_tui.core.writing.plan import Added, Created, Edited, Plan, Undo, Warned
from dmart_tui.core.writing.rules import model_warnings, name_warnings

if TYPE_CHECKING:
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.spaces import Schema
    from dmart_tui.core.writing.interchange.packages import Package
    from dmart_tui.core.writing.store import Store

OnExisting = Literal["skip", "replace", "merge", "fail"]
Outcome = Literal["new", "replaced", "merged", "unchanged", "skipped"]

_KEPT: Final = (*DERIVED, PASSWORD)
"""Keys of a meta that exports leave out: what the root has under them stays."""


@dataclass(slots=True)
class Imported:
    """What an import did, or would do."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """How many entries were new, replaced, merged, unchanged, skipped."""
    warnings: Counter[str] = field(default_factory=Counter)
    """By kind."""
    warned: list[tuple[Address, Warned]] = field(default_factory=list)
    listed: list[tuple[Address, Outcome]] = field(default_factory=list)
    """The first of them."""
    report: bulk.Report = field(default_factory=bulk.Report)


def import_zip(
    store: Store,
    package: Package,
    *,
    on_existing: OnExisting = "skip",
    dry_run: bool = False,
    cancel: CancelToken | None = None,
    progress: bulk.Progress | None = None,
) -> Imported:
    """Bring in what a package holds, entry by entry; what fails is told and hides nothing else.

    New entries become the files that the package has. No history line is written, no time set, no key added.

    Args:
        on_existing: what happens to an entry that is in the root and differs. `skip` leaves it, so that an import
            never overwrites unasked; `replace` puts the package's meta and payload in its place; `merge` sets the keys
            that the package has, and leaves the others; `fail` changes nothing at all. Neither takes attachments
            away, and history lines are added where they are missing, so a second import changes nothing.

    Raises:
        Refused: the store is read-only, or `fail` found something.
        Failed: as `bulk.run`.
    """
    with TemporaryDirectory(prefix="dmart-tui-import-") as folder:
        planner = _Planner(store, package, "skip" if on_existing == "fail" else on_existing, folder, cancel)
        if on_existing == "fail":
            _refuse_existing(planner.look(progress))
        return planner.look(progress) if dry_run else planner.run(progress)


def _refuse_existing(found: Imported) -> None:
    if (count := found.outcomes["skipped"]) or found.report.failed:
        names = [str(address) for address, outcome in found.listed if outcome == "skipped"][:5]
        names += [str(failure.address) for failure in found.report.failures][: 5 - len(names)]
        raise Refused(
            f"{count + found.report.failed} of the entries exist and differ, or cannot be imported: {', '.join(names)}",
            command="see all with --dry-run; --on-existing skip, replace or merge",
        )


@dataclass(slots=True)
class _Draft:
    """A plan in the making."""

    address: Address
    exists: bool = False
    differs: bool = False
    """Whether a meta, payload or attachment in the root is another one."""
    steps: list[Step] = field(default_factory=list)
    last: list[Step] = field(default_factory=list)
    """The metas and histories, which come after what they speak of."""
    expects: list[Expect] = field(default_factory=list)
    undo: list[Undo] = field(default_factory=list)
    fresh: bool = False
    """Whether nothing was there, so that it is taken back by throwing all of it away."""
    made: list[Added] = field(default_factory=list)
    """The new files, each taken back alone where it is not fresh."""
    warnings: list[Warned] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    """The names of the package that are dealt with."""


class _Planner:
    def __init__(
        self,
        store: Store,
        package: Package,
        on_existing: Literal["skip", "replace", "merge"],
        folder: str,
        cancel: CancelToken | None,
    ) -> None:
        self._store = store
        self._root = store.spaces.root
        self._package = package
        self._policy = on_existing
        self._unpacker = Unpacker(package, folder, cancel)
        self._cancel = cancel
        self._unclaimed = dict(package.beside)
        self._schemas: dict[str, Schema | None] = {}
        self._outcomes: dict[str, Outcome] = {}
        """By the title of a plan that waits to be carried out."""
        self._spelled: dict[str, str] = {}
        """New paths as they were first spelled, by their normal form: the plan that makes a directory may wait."""

    # -- all of it ---------------------------------------------------------------------------------------------------

    def look(self, progress: bulk.Progress | None) -> Imported:
        """Plan all, change nothing."""
        found = Imported()
        self._unclaimed = dict(self._package.beside)
        total = len(self._package.of)
        for number, job in enumerate(self._jobs(), 1):
            if self._cancel is not None:
                self._cancel.check()
            try:
                self._note(found, job.plan())
                found.report.done += 1
            except DmartTuiError as error:
                found.report.failed += 1
                if len(found.report.failures) < bulk.KEPT:
                    found.report.failures.append(bulk.Failure(job.address, bulk.reason_of(error, job.address)))
            if progress is not None:
                progress(number, total)
        return found

    def run(self, progress: bulk.Progress | None) -> Imported:
        found = Imported()
        found.report = bulk.run(
            self._store,
            "Import",
            self._jobs(),
            total=len(self._package.of),
            cancel=self._cancel,
            progress=progress,
            each=lambda plan: self._note(found, plan),
        )
        return found

    def _note(self, found: Imported, plan: Plan) -> None:
        outcome = self._outcomes.pop(plan.title)
        found.outcomes[outcome] += 1
        if len(found.listed) < bulk.KEPT:
            found.listed.append((plan.address, outcome))
        for warned in plan.warnings:
            found.warnings[warned.kind] += 1
            if len(found.warned) < bulk.KEPT:
                found.warned.append((plan.address, warned))

    def _jobs(self) -> Iterator[bulk.Job]:
        """What others need comes first: folders before what is in them, management and schemas before the rest."""
        for address in sorted(self._package.of, key=_order):
            yield bulk.Job(address, partial(self._entry, address), together=True)
        for name in list(self._unclaimed):
            address = Address.of_keys(tuple(name.split("/")))
            yield bulk.Job(address, partial(self._stray, address, name), together=True)

    # -- one entry ---------------------------------------------------------------------------------------------------

    def _entry(self, address: Address) -> Plan:
        names = self._package.of[address]
        if (damaged := self._package.bad_of.get(address)) is not None:
            raise Refused(f"{damaged} is left out of the import, and with it all of its entry", address=str(address))
        draft = _Draft(address)
        self._unpacker.clear()
        try:
            self._read(draft, names)
        except DmartTuiError:
            self._give_up(address, names)
            raise
        if draft.exists and draft.differs and self._policy == "skip":
            return self._settle(Plan(f"Import {address}", address), "skipped")
        plan = self._plan(draft, f"Import {address}")
        return self._settle(
            plan,
            "unchanged" if not plan.steps
            else "new" if not draft.exists
            else "replaced" if self._policy == "replace" else "merged",
        )  # fmt: skip

    def _stray(self, address: Address, name: str) -> Plan:
        """A file that no meta of the package names."""
        draft = _Draft(address, exists=os.path.lexists(self._path(name)))
        self._unpacker.clear()
        self._file(draft, name)
        title = f"Import the file {name}"
        if not draft.exists:
            return self._settle(self._plan(draft, title), "new")
        return self._settle(Plan(title, address), "skipped" if draft.differs else "unchanged")

    def _settle(self, plan: Plan, outcome: Outcome) -> Plan:
        self._outcomes[plan.title] = outcome
        return plan

    def _plan(self, draft: _Draft, title: str) -> Plan:
        steps = [*draft.steps, *draft.last]
        folders = dict.fromkeys(os.path.dirname(step.path) for step in steps)  # noqa: PTH120
        made = [MakeFolder(path) for path in folders if not os.path.isdir(path)]  # noqa: PTH112
        return Plan(
            title,
            draft.address,
            steps=(*made, *steps),
            expects=tuple(draft.expects),
            warnings=tuple(warned for warned in draft.warnings if steps or warned.kind == "loss"),
            undo=(Created(draft.address), *draft.undo) if draft.fresh else (*draft.made, *draft.undo),
        )

    def _give_up(self, address: Address, names: list[str]) -> None:
        """Forget the payloads of an entry that does not come in, so that they do not come in without it."""
        for name in names:
            with suppress(DmartTuiError):
                if self._package.role(name) is Role.META and isinstance(meta := self._decoded(name), dict):
                    self._unclaimed.pop(self._payload_of(name, address, meta, self._package.beside) or "", None)

    def _decoded(self, name: str) -> Any:
        return decode(self._package.read(name, META_LIMIT))

    # -- its files ---------------------------------------------------------------------------------------------------

    def _read(self, draft: _Draft, names: list[str]) -> None:
        by_role: dict[Role, list[str]] = {role: [] for role in Role}
        for name in names:
            by_role[self._package.role(name)].append(name)
        self._see(draft, by_role[Role.META])
        attached = dict.fromkeys(by_role[Role.ATTACHED])
        for name in by_role[Role.ATTACHED_META]:
            folder, file = name.split("/")[-2:]
            match = layout.ATTACHMENT_META.match(file)
            kind = layout.attachment_type(folder)
            address = draft.address.attached(kind, match[1] if match else file)
            with self._told(draft):
                self._meta(draft, name, address, kind, attached)
        for name in (*attached, *by_role[Role.STRAY]):
            with self._told(draft):
                self._file(draft, name)
        for name in by_role[Role.META]:
            match = layout.META_FILE.match(name.rpartition("/")[2])
            self._meta(draft, name, draft.address, match[1].lower() if match else "", self._package.beside)
        for role in (Role.HISTORY, Role.ATTACHED_HISTORY, Role.EVENTS):
            for name in by_role[role]:
                with self._told(draft):
                    self._lines(draft, name, ended=role is not Role.EVENTS)

    @contextmanager
    def _told(self, draft: _Draft) -> Iterator[None]:
        """What cannot be imported of what an entry can be without is told, and the rest of it comes in."""
        parts: tuple[list[Any], ...] = (draft.steps, draft.last, draft.expects, draft.undo, draft.made)
        before = [len(part) for part in parts]
        try:
            yield
        except (Damaged, Refused) as error:
            for part, length in zip(parts, before, strict=True):
                del part[length:]
            draft.warnings.append(Warned("loss", (), f"is left out: {error}"))

    def _see(self, draft: _Draft, metas: list[str]) -> None:
        """What stands at the address now, and how a new entry is taken back."""
        try:
            found = self._store.spaces.load(draft.address)
        except NotFound:
            draft.fresh = bool(metas)
            return
        draft.exists = any(os.path.lexists(self._path(name)) for name in metas) or (not metas and bool(found.metas))
        if metas and not draft.exists and found.metas and found.kind is Kind.ENTRY:
            raise Refused(f"a {found.type} has this name already", address=str(draft.address))

    def _file(self, draft: _Draft, name: str) -> tuple[bytes | None, bytes | None]:
        """A file that is no meta; its bytes before and after, None where they are not text of some size."""
        self._unclaimed.pop(name, None)
        if name in draft.files:  # two metas name one file
            return None, None
        draft.files.add(name)
        content, path = self._unpacker.content(name), self._path(name)
        if not os.path.lexists(path):
            draft.steps.append(content.step(path))
            draft.expects.append(Expect(path, NOTHING))
            draft.made.append(Added(draft.address, self._relative(path), content.digest()))
            return None, None
        if content.is_in(path, self._root):
            return None, None
        draft.differs = True
        if self._policy == "skip":
            return None, None
        if content.size > PAYLOAD_LIMIT:
            raise Refused("is too large to be replaced: remove what is there first", address=self._relative(path))
        before = read_bounded(path, self._root, PAYLOAD_LIMIT)
        after = content.read()
        if self._policy == "merge" and name.endswith(".json"):
            after = _merged(before, after)
        if after == before:
            return None, None
        draft.steps.append(Write(path, after))
        draft.expects.append(Expect(path, digest(before)))
        return before, after

    def _meta(self, draft: _Draft, name: str, address: Address, type_: str, beside: dict[str, None]) -> None:
        data, path = self._package.read(name, META_LIMIT), self._path(name)
        try:
            meta = decode(data)
        except Damaged as error:
            raise Damaged(f"{name} {error.message}", address=str(address)) from None
        if not isinstance(meta, dict):
            raise Damaged(f"{name} is no object", address=str(address))
        payload = self._payload_of(name, address, meta, beside)
        if payload and address == draft.address and os.path.lexists(self._path(payload)):
            draft.fresh = False  # what was there without a meta stays when this is taken back
        made = len(draft.made)
        body = self._file(draft, payload) if payload else (None, None)
        if payload and address.attachment is not None:
            beside.pop(payload, None)
        before = read_bounded(path, self._root, META_LIMIT) if os.path.lexists(path) else None
        after = data if before is None else self._settled(before, data, meta)
        if before is None:
            draft.expects.append(Expect(path, NOTHING))
            draft.last.append(Write(path, after))
            if address.attachment is not None and draft.exists:
                draft.undo.append(Created(address))
                del draft.made[made:]
            else:
                draft.made.append(Added(address, self._relative(path), digest(after)))
        elif after != before:
            draft.differs = True
            draft.expects.append(Expect(path, digest(before)))
            draft.last.append(Write(path, after))
        if before is not None and (after != before or body != (None, None)):
            draft.undo.append(Edited(address, (before, after), body))
        draft.warnings += self._warnings(address, type_, meta, payload)

    def _settled(self, before: bytes, data: bytes, meta: dict[str, Any]) -> bytes:
        """What becomes of a meta that is there: itself, where the package says the same."""
        try:
            there = decode(before)
        except Damaged:
            there = None
        if not isinstance(there, dict):
            return data
        kept = {key: there[key] for key in _KEPT if key in there and key not in meta}
        if _canonical(there) == _canonical(meta | kept):
            return before
        if self._policy == "merge":
            return rewrite(before, _merged_values(there, meta))
        return rewrite(data, meta | kept) if kept else data

    def _lines(self, draft: _Draft, name: str, *, ended: bool) -> None:
        content, path = self._unpacker.content(name), self._path(name)
        if not os.path.lexists(path):
            draft.last.append(content.step(path))
            draft.expects.append(Expect(path, NOTHING))
            return
        steps, expects = merged_lines(path, self._root, content.lines(), ended=ended)
        draft.last += steps
        draft.expects += expects

    def _payload_of(self, name: str, address: Address, meta: dict[str, Any], beside: dict[str, None]) -> str | None:
        """The name of the file in the package that a meta says its payload is."""
        described = meta.get("payload")
        body = described.get("body") if isinstance(described, dict) else None
        if not isinstance(body, str) or not body:
            return None
        if address.attachment is not None:
            named = layout.child_path(os.path.dirname(name), body)  # noqa: PTH120
        else:
            named = layout.child_path("/".join((address.parent or address).keys), body)
        if named in self._package.bad:
            raise Refused(f"{named} is left out of the import, and with it its entry", address=str(address))
        return named if named in beside else None

    # -- bytes -------------------------------------------------------------------------------------------------------

    def _path(self, name: str) -> str:
        """Where a file of the package goes: the directories that are there keep their spelling (NFC or NFD)."""
        if name.isascii():
            return f"{self._root}/{name}"
        path = self._root
        for part in name.split("/"):
            spelled = (f"{path}/{spelling}" for spelling in layout.spellings(part))
            first = self._spelled.setdefault(normalize("NFC", f"{path}/{part}"), f"{path}/{part}")
            path = next(filter(os.path.lexists, spelled), first)
        return path

    def _relative(self, path: str) -> str:
        return self._store.spaces.relative(path)

    # -- what is odd about it ----------------------------------------------------------------------------------------

    def _warnings(self, address: Address, type_: str, meta: dict[str, Any], payload: str | None) -> Iterator[Warned]:
        """What does not stop an import, for it was so where it comes from."""
        found = [*model_warnings(type_, {}, meta)]
        if address.attachment is None:
            found += name_warnings(address.name, space=not address.parts)
        shortname = meta.get("shortname")
        if isinstance(shortname, str) and not layout.same_name(shortname, address.name):
            found.append(Warned("name", ("shortname",), f"the meta calls it {shortname}"))
        if payload is not None and payload.endswith(".json"):
            found += self._schema_warnings(address, meta, payload)
        return (replace(warned, deliberate=False) for warned in found)

    def _schema_warnings(self, address: Address, meta: dict[str, Any], payload: str) -> Iterator[Warned]:
        name = meta["payload"].get("schema_shortname")
        if not isinstance(name, str) or not name or address.name == META_SCHEMA:
            return
        try:
            body = decode(self._package.read(payload, PAYLOAD_LIMIT))
        except Damaged as error:
            yield Warned("schema", ("payload", "body"), f"the payload {error.message}")
            return
        verdict = self._store.schemas.validate(address.space, name, body, 5)
        if verdict.state == "missing" and (schema := self._schema(address.space, name)) is not None:
            verdict = schema.validate(body, 5)
        if verdict.state == "missing":
            yield Warned("reference", ("payload", "schema_shortname"), verdict.detail)
        for violation in verdict.violations:
            where = ("payload", "body", *violation.path)
            yield Warned("schema", where, f"{violation.where or 'the body'}: {violation.message}")

    def _schema(self, space: str, name: str) -> Schema | None:
        """A schema of the package that is not in the root yet."""
        for file in layout.schema_files("", space, name):
            member = file[1:]
            if member not in self._package.beside:
                continue
            if member not in self._schemas:
                try:
                    self._schemas[member] = compile_schema(decode(self._package.read(member, META_LIMIT)), member)
                except DmartTuiError:
                    self._schemas[member] = None
            return self._schemas[member]
        return None


def _order(address: Address) -> tuple[Any, ...]:
    inside = address.parts[:1] != ("schema",)
    return (address.space != layout.MANAGEMENT, address.space, bool(address.parts), inside, address.parts)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _merged(before: bytes, after: bytes) -> bytes:
    """A JSON file with the keys of another one set; the other one where they are no objects."""
    try:
        there, new = decode(before), decode(after)
    except Damaged:
        return after
    return rewrite(before, _merged_values(there, new)) if isinstance(there, dict) else after


def _merged_values(there: Any, new: Any) -> Any:
    if not isinstance(there, dict) or not isinstance(new, dict):
        return new
    return there | {key: _merged_values(there.get(key), value) for key, value in new.items()}
