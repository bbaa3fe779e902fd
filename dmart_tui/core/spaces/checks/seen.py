"""Finding identifiers that several things share, in little memory."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from hashlib import blake2b
from typing import Final

_PARTS: Final = 64
_KEY: Final = 16
_NAMED: Final = 10


class Seen:
    """Identifiers and the addresses that have them: 20 bytes for each and what its address has beyond its section's.

    A section is what stands in one folder, so that a folder's address is kept once.
    """

    def __init__(self) -> None:
        self._keys = [bytearray() for _ in range(_PARTS)]
        self._numbers = [array("I") for _ in range(_PARTS)]
        self._names: list[bytearray] = []
        self._counts: list[int] = []
        self._sections: list[str] = []
        self._starts: list[int] = []
        self._count = 0
        self._split: tuple[int, list[bytearray]] = (-1, [])
        self.section("")

    def section(self, prefix: str) -> None:
        """What is added from here on stands below `prefix`."""
        if self._sections and not self._counts[-1]:
            self._sections[-1] = prefix
            return
        self._sections.append(prefix)
        self._starts.append(self._count)
        self._names.append(bytearray())
        self._counts.append(0)

    def add(self, key: bytes, address: str) -> None:
        """Note that `address`, which begins with the current section's prefix, has the 16 bytes `key`."""
        name = address[len(self._sections[-1]) :]
        part = key[0] % _PARTS
        self._keys[part] += key
        self._numbers[part].append(self._count)
        self._names[-1] += name.encode("utf-8", "surrogatepass") + b"\0"
        self._counts[-1] += 1
        self._count += 1

    def add_text(self, key: str, address: str) -> None:
        """The same for an identifier of any length."""
        self.add(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=_KEY).digest(), address)

    def shared(self) -> Iterator[tuple[int, list[str]]]:
        """How many share an identifier and the addresses of the first ten, a group at a time.

        Needs about 150 bytes more for each identifier of one of 64 parts.
        """
        for keys, numbers in zip(self._keys, self._numbers, strict=True):
            order: dict[bytes, int] = {}
            groups: dict[bytes, list[int]] = {}
            for index, number in enumerate(numbers):
                key = bytes(keys[index * _KEY : index * _KEY + _KEY])
                if key in order:
                    groups.setdefault(key, [order[key]]).append(number)
                else:
                    order[key] = number
            for group in groups.values():
                yield len(group), [self._name(number) for number in group[:_NAMED]]

    def _name(self, number: int) -> str:
        section = bisect_right(self._starts, number) - 1
        if self._split[0] != section:
            self._split = (section, self._names[section].split(b"\0"))
        raw = self._split[1][number - self._starts[section]]
        return self._sections[section] + raw.decode("utf-8", "surrogatepass")
