"""D-MART's layout on disk: the one place that joins a path to a name.

space     ROOT/sp/.dm/meta.space.json
folder n  ROOT/sp/p/n/.dm/meta.folder.json   payload ROOT/sp/p/n.json   side-car ROOT/sp/p/.dm/n/
entry n   ROOT/sp/p/.dm/n/meta.<type>.json   payload ROOT/sp/p/<payload.body>
attached  ROOT/sp/p/.dm/n/attachments.<type>/meta.<name>.json
history   .dm/n/history.jsonl; of attachments ROOT/sp/.dm/p/n/history.jsonl; of a space ROOT/sp/.dm/history.jsonl
events    ROOT/sp/.dm/events.jsonl
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dmart_tui.core.address import META_FOLDER, Address
from dmart_tui.core.errors import Refused, UsageFault
from dmart_tui.core.files import inside

META_FILE: Final = re.compile(r"meta\.(?!history\.json)([A-Za-z_\u0621-\u064A]+)\.json\Z")
"""An entry's meta; group 1 is the type in whatever case its era wrote."""
ATTACHMENT_META: Final = re.compile(r"meta\.(.+)\.json\Z", re.DOTALL)
ATTACHMENT_FOLDER: Final = re.compile(r"attachments\.(?:.*\.)?([^.]+)\Z", re.DOTALL)
"""Group 1 is the type; what stands before it is the schema of its era and means nothing."""
HISTORY: Final = "history.jsonl"
EVENTS: Final = "events.jsonl"
SPACE_META: Final = "meta.space.json"
FOLDER_META: Final = "meta.folder.json"
BRANCH_META: Final = "meta.branch.json"
BRANCHES: Final = "branches"
MANAGEMENT: Final = "management"
"""The space of users, roles, groups, permissions and the schemas that all spaces share."""


def meta_file(name: str) -> str:
    """The file name of a meta: by type in an entry's directory, by name in an `attachments.*` one."""
    return f"meta.{name}.json"


def attachment_type(folder: str) -> str:
    """The resource type an `attachments.*` directory holds; `dataasset` is D-MART's misspelling of data_asset."""
    match = ATTACHMENT_FOLDER.match(folder)
    kind = match[1].lower() if match else ""
    return "data_asset" if kind == "dataasset" else kind


@dataclass(frozen=True, slots=True)
class Place:
    """Where the parts of an address stand, whether or not anything is there; absolute paths."""

    parent: str
    """The directory of the folder or space above (for a space: the root)."""
    name: str

    @property
    def directory(self) -> str:
        """The directory it would be as a folder or space."""
        return f"{self.parent}/{self.name}"

    @property
    def own_dm(self) -> str:
        """Its own `.dm`, as a folder or space."""
        return f"{self.parent}/{self.name}/{META_FOLDER}"

    @property
    def entry_folder(self) -> str:
        """Its directory in the parent's `.dm`: an entry's home, a folder's side-car."""
        return f"{self.parent}/{META_FOLDER}/{self.name}"


def _encoded(name: str) -> bytes:
    """The bytes of a name on disk; none for one that JSON can hold and no disk: a lone surrogate."""
    try:
        return os.fsencode(name)
    except UnicodeEncodeError:
        return b""


def checked_name(name: str) -> str:
    """The name, which data may have chosen.

    Raises:
        UsageFault: it would leave its directory.
    """
    if "/" in name or "\0" in name or name in ("", ".", "..", META_FOLDER) or not (name.isascii() or _encoded(name)):
        raise UsageFault(f"{name!r} cannot be a name")
    return name


def place(root: str, address: Address) -> Place:
    """Join an address to the root.

    Raises:
        UsageFault: a name that would leave its directory; `Address.parse` lets none through.
    """
    for name in address.keys:
        checked_name(name)
    if not address.parts:
        return Place(root, address.space)
    return Place("/".join((root, address.space, *address.parts[:-1])), address.parts[-1])


def child_path(folder: str, name: str) -> str | None:
    """The path of a file that data names (a payload body); None when the name could lead anywhere else."""
    if "/" in name or "\0" in name or name in (".", "..") or not 0 < len(_encoded(name)) <= 255:
        return None
    return f"{folder}/{name}"


def attachment_history(root: str, owner: Address) -> str:
    """The one history file all attachments of an entry share."""
    return "/".join((root, owner.space, META_FOLDER, *owner.parts, HISTORY))


def schema_files(root: str, space: str, name: str) -> Iterator[str]:
    """Where a schema may be, in D-MART's order: management, then the space; none for a name that is no file's."""
    for owner in dict.fromkeys((MANAGEMENT, space)):
        if path := child_path(f"{root}/{owner}/schema", f"{name}.json"):
            yield path


def workflow_file(root: str, space: str, name: str) -> str | None:
    """Where a space keeps a workflow; None for a name that is no file's."""
    return child_path(f"{root}/{space}/workflows", f"{name}.json")


def guarded(root: str, directory: str) -> str:
    """The real path of a directory that may be reached through one symlink.

    Raises:
        Refused: it leads out of the root, back to a directory above the symlink, or through a second symlink.

    Costs one lstat a name on the way; more only where a symlink is.
    """
    real = os.path.realpath(directory)
    if real == directory:
        return real
    if not inside(root, real):
        raise Refused("a symlink leads out of the root", address=directory, hint="it is not followed")
    links = 0
    path = root
    for name in directory[len(root) + 1 :].split("/"):
        above, path = path, f"{path}/{name}"
        if os.path.islink(path):  # noqa: PTH114 - paths are text here
            links += 1
            if inside(os.path.realpath(path), os.path.realpath(above)):
                raise Refused("a symlink leads back to a folder above it", address=path, hint="it is not followed")
    if links > 1:
        raise Refused("a second symlink stands on the way", address=directory, hint="one is followed, not two")
    return real


def spellings(name: str) -> tuple[str, ...]:
    """The name as given, then in the other Unicode normal forms it may have on disk."""
    if name.isascii():
        return (name,)
    return tuple(dict.fromkeys((name, unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name))))


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same after normalisation."""
    return one == other or unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)
