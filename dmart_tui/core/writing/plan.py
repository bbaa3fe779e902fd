"""What a change will do, before it does it: shown as a preview, carried out by a store, taken back by its undo."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from dmart_tui.core.address import Address
from dmart_tui.core.spaces import Change
from dmart_tui.core.steps import Expect, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Warned:
    """Something a person should know before the change is made."""

    kind: Literal["schema", "model", "reference", "workflow", "permission", "lock", "name", "loss"]
    path: tuple[str | int, ...]
    """The key it is about; empty for the whole."""
    text: str
    """A sentence."""
    deliberate: bool = False
    """The change is refused unless a person says that it is meant (`apply(..., anyway=True)`)."""


@dataclass(frozen=True, slots=True)
class Edited:
    """Taken back by setting what it changed to what it was, where nobody changed it since."""

    address: Address
    meta: tuple[bytes, bytes]
    """Before and after."""
    body: tuple[bytes | None, bytes | None] = (None, None)


@dataclass(frozen=True, slots=True)
class Created:
    """Taken back by moving it to the trash."""

    address: Address


@dataclass(frozen=True, slots=True)
class Moved:
    """Taken back by moving it back, and what pointed to it as well."""

    source: Address
    target: Address
    rewritten: tuple[Edited, ...] = ()


@dataclass(frozen=True, slots=True)
class Trashed:
    """Taken back by restoring it."""

    address: Address
    identity: str


@dataclass(frozen=True, slots=True)
class Added:
    """Taken back by removing one file, where nobody changed it since; what else stands there stays."""

    address: Address
    path: str
    """Relative to the root."""
    digest: str


Undo = Edited | Created | Added | Moved | Trashed


@dataclass(frozen=True, slots=True)
class Plan:
    """One change of one thing. Making a plan reads; only `Store.apply` writes."""

    title: str
    """As a finished sentence would begin: `Change blog/posts/hello`."""
    address: Address
    """What it is about, as it is called before."""
    steps: tuple[Step, ...] = ()
    """In the order in which they must happen; empty when there is nothing to do."""
    expects: tuple[Expect, ...] = ()
    """What was read to make it."""
    changes: tuple[Change, ...] = ()
    """Key by key, as its history line tells them, secrets masked; and a text in a file, of which it tells not."""
    lines: tuple[bytes, ...] = ()
    """The history and event lines it writes, for the preview; they are among the steps."""
    warnings: tuple[Warned, ...] = ()
    undo: tuple[Undo, ...] = ()
    result: Address | None = None
    """What it is called after, where that is another name."""
    notes: tuple[str, ...] = field(default=())
    """Sentences for the preview: what moves along, how many files and bytes."""


def touched(undo: Iterable[Undo]) -> Iterator[Address]:
    """What was changed by what is taken back so."""
    for item in undo:
        match item:
            case Moved():
                yield from (item.source, item.target, *(edited.address for edited in item.rewritten))
            case _:
                yield item.address


def joined(title: str, address: Address, plans: Sequence[Plan]) -> Plan:
    """Several plans as one change, in their order; none of them may need what another one makes."""
    result = [plan.result for plan in plans if plan.result is not None]
    return Plan(
        title,
        address,
        steps=tuple(step for plan in plans for step in plan.steps),
        expects=tuple(dict.fromkeys(expect for plan in plans for expect in plan.expects)),
        changes=tuple(change for plan in plans for change in plan.changes),
        lines=tuple(line for plan in plans for line in plan.lines),
        warnings=tuple(dict.fromkeys(warned for plan in plans for warned in plan.warnings)),
        undo=tuple(item for plan in plans for item in plan.undo),
        result=result[-1] if result else None,
        notes=tuple(dict.fromkeys(note for plan in plans for note in plan.notes)),
    )
