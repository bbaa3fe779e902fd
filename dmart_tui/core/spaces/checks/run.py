"""The integrity check: one walk over the files, problems as they are found, counts at the end."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core import disk
from dmart_tui.core.address import META_FOLDER, Address
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.spaces import layout
from dmart_tui.core.spaces.checks.bodies import Bodies
from dmart_tui.core.spaces.checks.directories import Directory, clashes, stray, symlink
from dmart_tui.core.spaces.checks.kinds import problem
from dmart_tui.core.spaces.checks.lines import LineReport, read_lines
from dmart_tui.core.spaces.checks.metas import meta_faults, name_faults
from dmart_tui.core.spaces.checks.seen import Seen
from dmart_tui.core.spaces.model import Entry, Item, Kind, Problem
from dmart_tui.core.spaces.relations import BadReference, Reference, Targets, references, relationship_values

if TYPE_CHECKING:
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.spaces.reading import Spaces

_STEP: Final = 256
_UUID: Final = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\Z", re.IGNORECASE)
_MISSING: Final = {
    "relationship": "relation-dangling",
    "subject": "relation-dangling",
    "schema": "schema-missing",
    "workflow": "workflow-missing",
    "owner": "owner-missing",
    "owner-group": "group-missing",
    "group": "group-missing",
    "role": "role-missing",
    "permission": "permission-missing",
    "collaborator": "user-missing",
    "acl-user": "user-missing",
    "author": "user-missing",
    "space": "permission-space",
}
_WORDS: Final = {"acl-user": "user (of the acl)", "owner": "user (the owner)", "owner-group": "group (of the owner)"}
_IN_MANAGEMENT: Final = frozenset(
    ("owner", "owner-group", "group", "role", "permission", "collaborator", "acl-user", "author")
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a check is; comes every 256 entries."""

    entries: int
    address: str


@dataclass(slots=True)
class Report:
    """What was counted; grows while the check runs."""

    counts: Counter[str] = field(default_factory=Counter)
    """Spaces, folders and entries by type; attachments are not among them."""
    attachments: int = 0
    history_lines: int = 0
    event_lines: int = 0
    relationships: int = 0
    severities: Counter[str] = field(default_factory=Counter)
    """Problems by severity."""

    @property
    def entries(self) -> int:
        """Spaces, folders and entries."""
        return self.counts.total()

    def as_dict(self) -> dict[str, Any]:
        """The counts as `check --json` shows them, without the problems."""
        return {
            "counts": dict(sorted(self.counts.items())),
            "attachments": self.attachments,
            "history_lines": self.history_lines,
            "event_lines": self.event_lines,
            "relationships": self.relationships,
        }


class Check:
    """Looks for what is broken at an address and below it, or in the whole root.

    Blocking and single: run it in a thread (`background.stream(check.run)`). It walks once and keeps about 60
    bytes an entry (its uuid and name) and the file names of the directories it is in. Symlinked directories
    are not entered. The kinds `ON_REDIS` are not looked for.
    """

    def __init__(self, spaces: Spaces, address: Address | None = None, *, cancel: CancelToken | None = None) -> None:
        self.report = Report()
        self._spaces = spaces
        self._address = address
        self._cancel = cancel
        self._bodies = Bodies(spaces)
        self._targets = Targets(spaces)
        self._uuids = Seen()
        self._slugs = Seen()
        self._stack: list[Directory] = []
        self._has_management = self._targets.has_management()

    def run(self) -> Iterator[Problem | Progress]:
        """Problems as they are found, and progress between them; `report` is complete at the end.

        Raises:
            NotFound, Refused: nothing stands at the address.
            Cancelled: the token was cancelled.
        """
        for found in self._run():
            if isinstance(found, Problem):
                self.report.severities[found.severity] += 1
            yield found

    def _run(self) -> Iterator[Problem | Progress]:
        if self._address is None:
            yield from self._root()
        seen = 0
        for entry in self._spaces.walk(self._address):
            seen += 1
            if seen % _STEP == 0:
                if self._cancel is not None:
                    self._cancel.check()
                yield Progress(seen, str(entry.address))
            yield from self._entry(entry)
            if seen == 1 and self._address is not None and len(entry.address.parts) > 1:
                shared = layout.attachment_history(self._spaces.root, entry.address)
                yield from self._nested(entry, shared.rpartition("/")[0])
        while self._stack:
            yield from self._stack.pop().leave()
        yield from self._shared(self._uuids, "uuid-duplicate", "uuid", "give the copies new ones")
        yield from self._shared(self._slugs, "slug-duplicate", "slug", "change all but one")
        yield Progress(seen, "")

    # -- the root ----------------------------------------------------------------------------------------

    def _root(self) -> Iterator[Problem]:
        spaces = self._spaces
        names = spaces.space_names()
        if names and not self._has_management:
            yield problem(
                "management-missing", "", layout.MANAGEMENT,
                "there is no management space here, so owners, users, roles and groups were not looked up",
            )  # fmt: skip
        known = set(names)
        with disk.scandir(spaces.root) as found:
            for entry in found:
                if entry.is_symlink():
                    yield from symlink(spaces, entry, entry.name)
                if entry.name in known or entry.name.startswith(".") or not entry.is_dir(follow_symlinks=False):
                    continue
                if disk.isdir(f"{entry.path}/{META_FOLDER}"):
                    yield problem(
                        "space-without-meta", str(Address(entry.name)), entry.name,
                        f"it has a {META_FOLDER} and no {layout.SPACE_META}, so D-MART does not see it: restore it",
                    )  # fmt: skip
        yield from clashes(spaces, None, spaces.root, names)

    # -- one entry ---------------------------------------------------------------------------------------

    def _entry(self, entry: Entry) -> Iterator[Problem]:
        yield from self._climb(entry)
        here = self._stack[-1] if self._stack else None
        if here is not None:
            _claim(here, entry)
        if entry.link:
            if here is None:
                yield from entry.problems
            return
        if entry.metas:
            self.report.counts[entry.type] += 1
        yield from self._problems(entry, here)
        if entry.kind is not Kind.ENTRY:
            here = Directory(self._spaces, entry.address)
            self._stack.append(here)
            yield from here.look()
            _claim(here, entry)
            self._uuids.section(str(entry.address))
            self._slugs.section(str(entry.address))
        if entry.meta:
            yield from self._item(entry)
        yield from self._files(entry)
        if entry.attachment_folders:
            yield from self._attachments(entry)

    def _climb(self, entry: Entry) -> Iterator[Problem]:
        parts = entry.address.parts[:-1] if entry.address.parts else None
        stack = self._stack
        if stack and entry.kind is Kind.ENTRY and stack[-1].address.parts == entry.address.parts:
            return  # an entry that shares its name with the folder just entered
        while stack and (parts is None or stack[-1].address.parts != parts):
            yield from stack.pop().leave()

    def _problems(self, entry: Entry, here: Directory | None) -> Iterator[Problem]:
        for found in entry.problems:
            if found.kind == "orphan-side-car" and here is not None and (lost := here.orphan(entry)):
                yield lost
            elif found.kind == "folder-without-meta" and self._is_plain(entry):
                continue
            else:
                yield found

    def _is_plain(self, entry: Entry) -> bool:
        """A directory of the branches, or one that holds nothing of D-MART's: plugins' code, say."""
        place = layout.place(self._spaces.root, entry.address)
        if entry.address.parts == (layout.BRANCHES,):
            return True
        return not any(META_FOLDER in folders for _, folders, _ in disk.walk(place.directory))

    def _item(self, item: Item) -> Iterator[Problem]:
        address, path = str(item.address), self._spaces.relative(item.path)
        for kind, detail in (*meta_faults(item), *name_faults(item), *self._bodies.faults(item)):
            yield problem(kind, address, path, detail)
        yield from self._references(item, address, path)
        self._remember(item, address)

    def _references(self, item: Item, address: str, path: str) -> Iterator[Problem]:
        self.report.relationships += len(relationship_values(item))
        missing: dict[str, list[Reference]] = {}
        for reference in references(item):
            if isinstance(reference, BadReference):
                yield problem("relation-malformed", address, path, f"{reference.detail}: correct the meta")
                continue
            if reference.role in _IN_MANAGEMENT and not self._has_management:
                continue
            found = self._targets.type_of(reference)
            if found is None:
                missing.setdefault(reference.role, []).append(reference)
            elif reference.role in ("relationship", "subject") and reference.type and found != reference.type:
                yield problem(
                    "relation-type", address, path,
                    f"{reference.target} is a {found}, not a {reference.type}: correct the relationship",
                )  # fmt: skip
        for role, gone in missing.items():
            yield problem(_MISSING[role], address, path, _missing(role, gone))

    def _remember(self, item: Item, address: str) -> None:
        uuid, slug = item.meta.get("uuid"), item.meta.get("slug")
        if isinstance(uuid, str) and _UUID.match(uuid):
            self._uuids.add(bytes.fromhex(uuid.replace("-", "")), address)
        if isinstance(slug, str) and slug:
            self._slugs.add_text(slug, address)

    # -- what lies in an entry's directory ---------------------------------------------------------------

    def _files(self, entry: Entry) -> Iterator[Problem]:
        if entry.kind is Kind.SPACE:
            dm = entry.folder
            yield from self._lines(entry, f"{dm}/{layout.HISTORY}")
            yield from self._lines(entry, f"{dm}/{layout.EVENTS}", events=True)
            return
        if entry.kind is Kind.FOLDER:
            yield from self._lines(entry, f"{layout.place(self._spaces.root, entry.address).own_dm}/{layout.HISTORY}")
        for name in entry.files:
            if name == layout.HISTORY:
                yield from self._lines(entry, f"{entry.folder}/{name}")
            elif layout.META_FILE.match(name):
                continue
            elif disk.isdir(path := f"{entry.folder}/{name}"):
                yield from self._nested(entry, path)
            else:
                yield stray(self._spaces, str(entry.address), path)

    def _nested(self, entry: Entry, path: str) -> Iterator[Problem]:
        """The histories of attachments below a space's `.dm`, where they mirror the path of their owner."""
        for folder, _, files in disk.walk(path):
            for name in sorted(files):
                if name == layout.HISTORY:
                    yield from self._lines(entry, f"{folder}/{name}")
                else:
                    yield stray(self._spaces, str(entry.address), f"{folder}/{name}")

    def _lines(self, entry: Entry, path: str, *, events: bool = False) -> Iterator[Problem]:
        address, where = str(entry.address), self._spaces.relative(path)
        if not disk.lexists(path):
            return
        try:
            lines = read_lines(path, self._spaces.root)
        except DmartTuiError as error:
            yield problem("log-unreadable", address, where, f"{error.message}: see the file")
            return
        if events:
            self.report.event_lines += lines.lines
        else:
            self.report.history_lines += lines.lines
        yield from _bad_lines(lines, address, where)

    def _attachments(self, entry: Entry) -> Iterator[Problem]:
        claimed: dict[str, set[str]] = {}
        before = len(entry.problems)
        for attachment in self._spaces.attachments(entry):
            self.report.attachments += 1
            yield from attachment.problems
            files = claimed.setdefault(attachment.folder, set())
            files.add(attachment.path)
            if attachment.payload is not None and attachment.payload.path is not None:
                claimed.setdefault(attachment.payload.path.rpartition("/")[0], set()).add(attachment.payload.path)
            if attachment.meta:
                yield from self._item(attachment)
        yield from entry.problems[before:]
        for folder in entry.attachment_folders:
            yield from self._left(entry, f"{entry.folder}/{folder}", claimed.get(f"{entry.folder}/{folder}", set()))

    def _left(self, entry: Entry, folder: str, claimed: set[str]) -> Iterator[Problem]:
        try:
            with disk.scandir(folder) as found:
                files = sorted(item.path for item in found if item.path not in claimed)
        except OSError:
            return
        for path in files:
            yield problem(
                "orphan-attachment-file", str(entry.address), self._spaces.relative(path),
                "no attachment refers to this file: create its meta or remove it",
            )  # fmt: skip

    # -- at the end --------------------------------------------------------------------------------------

    def _shared(self, seen: Seen, kind: str, what: str, todo: str) -> Iterator[Problem]:
        for count, names in seen.shared():
            more = f" and {count - len(names)} more" if count > len(names) else ""
            for name in dict.fromkeys(names):
                if others := dict.fromkeys(other for other in names if other != name):
                    detail = f"it shares its {what} with {', '.join(others)}{more}: {todo}"
                    yield problem(kind, name, self._path_of(name), detail)

    def _path_of(self, address: str) -> str:
        try:
            found = Address.parse(address)
            item = self._spaces.attachment(found) if found.attachment else self._spaces.load(found)
        except DmartTuiError:
            return ""
        return self._spaces.relative(item.path)


def _claim(here: Directory, entry: Entry) -> None:
    if entry.payload is not None and entry.payload.path is not None:
        here.claim(entry.payload.path)
    elif entry.metas and not entry.meta:
        here.claim_all(entry.address.name)


def _missing(role: str, references: list[Reference]) -> str:
    related = role in ("relationship", "subject")
    names = [str(one.target) if related else one.target.name for one in references]
    listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    if related:
        return f"the {role} leads to {listed}, where nothing is: create it or correct the meta"
    return f"there is no {_WORDS.get(role, role)} {listed}: create it or correct the meta"


def _bad_lines(lines: LineReport, address: str, path: str) -> Iterator[Problem]:
    for kind, found, what in (
        ("lines-unreadable", lines.unreadable, "hold no JSON object: correct or remove them"),
        ("lines-glued", lines.glued, "hold several records: break them apart"),
    ):
        if found.count:
            yield problem(kind, address, path, f"{found.count} of {lines.lines} lines {what} (line {found})")
