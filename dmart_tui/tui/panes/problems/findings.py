"""What a check found, packed, and the groups in which it is shown."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from dmart_tui.core.packed import PackedNames
from dmart_tui.core.spaces import Problem
from dmart_tui.core.spaces.checks import KINDS
from dmart_tui.core.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dmart_tui.core.spaces.model import Severity

By = Literal["kind", "place", "severity"]

SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "note")
"""Worst first."""
ROOT: Final = "(the root itself)"
"""The place of problems that no space has."""

FIRST: Final = 5
"""Problems of a group that are shown at first: unfolding it shall send little, however many there are."""
REST: Final = "rest"
"""Key of the row that stands for the others."""

_BETWEEN: Final = "//"
"""Stands between the parts of a packed problem: no name, and so no address or path, has a slash in it."""
_KIND_ORDER: Final = {kind: order for order, kind in enumerate(KINDS)}


class Findings:
    """Problems in the order they were found; each takes the bytes of its texts and 11 more."""

    def __init__(self) -> None:
        self._packed = PackedNames()

    def __len__(self) -> int:
        return len(self._packed)

    def add(self, problems: Iterable[Problem]) -> None:
        self._packed.extend(
            (_BETWEEN.join((one.kind, one.address, one.path, safe(one.detail))), SEVERITIES.index(one.severity))
            for one in problems
        )

    def problem(self, index: int) -> Problem:
        kind, address, path, detail = self.text(index).split(_BETWEEN, 3)
        return Problem(SEVERITIES[self.severity(index)], kind, address, path, detail)

    def text(self, index: int) -> str:
        """Kind, address, path and detail in one: what a filter looks at."""
        return self._packed.name(index)

    def severity(self, index: int) -> int:
        """The position of the severity in `SEVERITIES`."""
        return self._packed.flags(index)


class Group:
    """The problems of one group at one time, by their index in the findings; 4 bytes each, shared with later times."""

    def __init__(self, members: array[int]) -> None:
        self._members = members
        self._count = len(members)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> int:
        return self._members[index]

    def key(self, index: int) -> str:
        return str(self._members[index])

    def expandable(self, index: int) -> bool:
        return False

    def index(self, key: str) -> int:
        wanted = int(key) if key.isdigit() else -1
        at = bisect_left(self._members, wanted, 0, self._count)
        return at if at < self._count and self._members[at] == wanted else -1


class FirstOf:
    """The first problems of a group, and below them a row that stands for the rest."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.rest = len(group) - FIRST if len(group) > FIRST + 1 else 0
        """How many stand behind the last row; 0 when all are shown."""

    def __len__(self) -> int:
        return FIRST + 1 if self.rest else len(self.group)

    def key(self, index: int) -> str:
        return REST if self.rest and index == FIRST else self.group.key(index)

    def expandable(self, index: int) -> bool:
        return False

    def index(self, key: str) -> int:
        at = FIRST if key == REST else self.group.index(key)
        return at if at < len(self) and self.key(at) == key else -1


class GroupNames:
    """The first level of the list: the groups, worst first."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._index = {name: index for index, name in enumerate(names)}

    def __len__(self) -> int:
        return len(self._names)

    def key(self, index: int) -> str:
        return self._names[index]

    def expandable(self, index: int) -> bool:
        return True

    def index(self, key: str) -> int:
        return self._index.get(key, -1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which problems are shown, and how they are grouped.

    Args:
        mildest: the last severity shown, as its position in `SEVERITIES`.
        needle: a text that kind, address, path or detail must have; in lower case, case does not matter.
    """

    by: By = "kind"
    mildest: int = len(SEVERITIES) - 1
    needle: str = ""


class Grouping:
    """The findings that are wanted, in groups."""

    def __init__(self, findings: Findings, wanted: Wanted) -> None:
        self.wanted = wanted
        self.taken = 0
        """How many findings were looked at."""
        self.shown = 0
        """How many of them are wanted."""
        self._findings = findings
        self._members: dict[str, array[int]] = {}
        self._worst: dict[str, int] = {}

    def take(self, until: int) -> set[str]:
        """Put the findings before `until` in their groups and return the groups that grew; blocks, 2 us each."""
        grown: set[str] = set()
        wanted, findings = self.wanted, self._findings
        folded = wanted.needle.islower()
        for index in range(self.taken, until):
            severity = findings.severity(index)
            if severity > wanted.mildest:
                continue
            text = findings.text(index)
            if wanted.needle and wanted.needle not in (text.lower() if folded else text):
                continue
            name = self._name(text, severity)
            grown.add(name)
            self._members.setdefault(name, array("I")).append(index)
            self._worst[name] = min(severity, self._worst.get(name, severity))
            self.shown += 1
        self.taken = until
        return grown

    def names(self) -> GroupNames:
        """The groups: kinds worst first, places by name."""
        if self.wanted.by == "place":
            return GroupNames(sorted(self._members))
        return GroupNames(
            sorted(self._members, key=lambda name: (self._worst[name], _KIND_ORDER.get(name, len(_KIND_ORDER)), name))
        )

    def group(self, name: str) -> Group:
        return Group(self._members[name])

    def worst(self, name: str) -> int:
        """The position of a group's worst severity in `SEVERITIES`."""
        return self._worst[name]

    def _name(self, text: str, severity: int) -> str:
        if self.wanted.by == "severity":
            return SEVERITIES[severity]
        kind, address, _ = text.split(_BETWEEN, 2)
        if self.wanted.by == "kind":
            return kind
        return place_of(address)


def place_of(address: str) -> str:
    """The folder or space in which an address stands; a space stands in itself."""
    owner = address.partition("#")[0]
    return owner.rpartition("/")[0] or owner or ROOT
