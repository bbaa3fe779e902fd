"""What a path below a spaces folder is: the meta, payload, history or attachment of which address."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum

from dmart_tui.core.address import META_FOLDER, Address
from dmart_tui.core.spaces import layout

NAME_LIMIT = 255
"""Bytes of one name on the disks we know."""
PATH_LIMIT = 3500
"""Bytes of a path below the root, which leaves room for the root itself."""


class Role(StrEnum):
    """What a file is for the address it belongs to."""

    META = "meta"
    HISTORY = "history"
    EVENTS = "events"
    ATTACHED_META = "attachment meta"
    ATTACHED = "attachment payload"
    ATTACHED_HISTORY = "attachment history"
    STRAY = "stray"
    """In its directory, and nothing that D-MART reads."""
    BESIDE = "beside"
    """In a folder, outside of any `.dm`: the payload of the entry whose meta names it, else a stray."""

    @property
    def is_meta(self) -> bool:
        return self in (Role.META, Role.ATTACHED_META)

    @property
    def is_lines(self) -> bool:
        """Whether it only ever grows by lines."""
        return self in (Role.HISTORY, Role.EVENTS, Role.ATTACHED_HISTORY)


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an address; for `BESIDE` the address is the folder's, for the rest it is whose file it is."""

    address: Address
    role: Role


_OF_FOLDERS = {layout.FOLDER_META, layout.BRANCH_META}


def member_of(path: str) -> Member | None:
    """What a path relative to a spaces folder is (`/` between its names); None when D-MART knows no such place.

    Never raises, whoever chose the path; a path that gives a member leads nowhere but below the root.
    """
    names = path.split("/")
    if len(names) < 2 or not all(map(_is_name, names)) or len(os.fsencode(path)) > PATH_LIMIT:
        return None
    if META_FOLDER not in names:
        return Member(Address(names[0], tuple(names[1:-1])), Role.BESIDE)
    at = names.index(META_FOLDER)
    if at == 0 or META_FOLDER in names[at + 1 :] or at == len(names) - 1:
        return None
    folder = Address(names[0], tuple(names[1:at]))
    return _in_dm(folder, names[at + 1 :])


def _is_name(name: str) -> bool:
    """Whether it may be a name: no way out, nothing hidden but `.dm`, what a disk can hold."""
    if not name or "\0" in name or (name.startswith(".") and name != META_FOLDER):
        return False
    try:
        return len(os.fsencode(name)) <= NAME_LIMIT
    except UnicodeEncodeError:
        return False


def _in_dm(folder: Address, names: list[str]) -> Member:
    file = names[-1]
    if len(names) == 1:
        return Member(folder, _own_role(folder, file))
    address = folder.child(names[0])
    if len(names) == 2:
        role = Role.META if layout.META_FILE.match(file) else Role.HISTORY if file == layout.HISTORY else Role.STRAY
        return Member(address, role)
    if layout.ATTACHMENT_FOLDER.match(names[1]):
        attached = len(names) == 3 and layout.ATTACHMENT_META.match(file)
        return Member(address, Role.ATTACHED_META if attached else Role.ATTACHED)
    if not folder.parts and file == layout.HISTORY:
        return Member(Address(folder.space, tuple(names[:-1])), Role.ATTACHED_HISTORY)
    return Member(address, Role.STRAY)


def _own_role(folder: Address, file: str) -> Role:
    """The role of a file in the `.dm` of a space or folder itself."""
    if folder.parts:
        return Role.META if file in _OF_FOLDERS else Role.STRAY
    if file == layout.SPACE_META:
        return Role.META
    return {layout.HISTORY: Role.HISTORY, layout.EVENTS: Role.EVENTS}.get(file, Role.STRAY)
