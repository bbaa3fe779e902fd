"""One address for whatever can be opened in a spaces folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from dmart_tui.core.errors import UsageFault

META_FOLDER: Final = ".dm"
"""The directory that holds metas; never part of an address."""

_QUOTE: Final = re.compile(r"[#/]|%(?=[0-9A-Fa-f]{2})")
_UNQUOTE: Final = re.compile(r"%(23|2[Ff]|25)")


def _quoted(name: str) -> str:
    return _QUOTE.sub(lambda match: f"%{ord(match[0]):02X}", name)


def _unquoted(name: str) -> str:
    return _UNQUOTE.sub(lambda match: chr(int(match[1], 16)), name)


def _checked(name: str, whole: str) -> str:
    if name in ("", ".", "..", META_FOLDER) or "/" in name or "\0" in name:
        raise UsageFault(f"{name!r} cannot be a name in an address", address=whole)
    return name


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """Names a space, a folder, an entry or an attachment: `SPACE/sub/path/name#TYPE/attachment`.

    Names are kept as they stand on disk. In the text form `#` inside a name is written `%23` (and a `%`
    that would read as such an escape `%25`). Whether the last part is a folder or an entry, and whether
    a `.TYPE` suffix belongs to the name, only the disk can tell: `Spaces.locate` does.
    """

    space: str
    parts: tuple[str, ...] = ()
    attachment: tuple[str, str] | None = None
    """(type, name) of an attachment."""

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read the text form.

        Raises:
            UsageFault: the text cannot name anything (empty parts, `..`, NUL).
        """
        place, hash_, attached = text.partition("#")
        names = [_checked(_unquoted(part), text) for part in place.strip("/").split("/")]
        if not hash_:
            return cls(names[0], tuple(names[1:]))
        kind, slash, name = attached.partition("/")
        if not slash:
            raise UsageFault("an attachment is written #TYPE/name", address=text)
        return cls(names[0], tuple(names[1:]), (_checked(kind, text), _checked(_unquoted(name), text)))

    def __str__(self) -> str:
        place = "/".join(self.keys)
        if "#" in place or "%" in place or place.count("/") > len(self.parts):
            place = "/".join(map(_quoted, self.keys))
        if self.attachment is None:
            return place
        return f"{place}#{self.attachment[0]}/{_quoted(self.attachment[1])}"

    @property
    def name(self) -> str:
        """The last name: of the attachment, entry, folder or space."""
        if self.attachment is not None:
            return self.attachment[1]
        return self.parts[-1] if self.parts else self.space

    @property
    def subpath(self) -> str:
        """D-MART's subpath of what is named: the folders above it joined by `/`, empty at the root of a space."""
        return "/".join(self.parts if self.attachment is not None else self.parts[:-1])

    @property
    def parent(self) -> Address | None:
        """The owner of an attachment, else the folder or space above; None for a space."""
        if self.attachment is not None:
            return Address(self.space, self.parts)
        return Address(self.space, self.parts[:-1]) if self.parts else None

    @property
    def keys(self) -> tuple[str, ...]:
        """Space and parts: the path of names from the root, as trees use it."""
        return (self.space, *self.parts)

    @classmethod
    def of_keys(cls, keys: tuple[str, ...]) -> Address:
        """The reverse of `keys`."""
        return cls(keys[0], tuple(keys[1:]))

    def child(self, name: str) -> Address:
        """The address of `name` below this folder or space."""
        return Address(self.space, (*self.parts, name))

    def attached(self, type_: str, name: str) -> Address:
        """The address of an attachment of this entry."""
        return Address(self.space, self.parts, (type_, name))
