"""What can be done to many addresses as one batch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from dmart_tui.core.address import Address
from dmart_tui.core.writing.bulk import Job
from dmart_tui.core.writing.inbound import moved, pointers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.spaces import Spaces
    from dmart_tui.core.writing.plan import Plan
    from dmart_tui.core.writing.store import Store


class Operation(Protocol):
    """What is done to each of many addresses."""

    @property
    def title(self) -> str:
        """What the batch is called."""

    @property
    def with_folders(self) -> bool:
        """Whether what is in a folder goes with it."""

    def plan(self, store: Store, address: Address) -> Plan:
        """The change of one."""


@dataclass(frozen=True, slots=True)
class SetKeys:
    """Set keys and remove others, as `plan_set`."""

    assignments: Sequence[tuple[str, Any]]
    removed: Sequence[str] = ()
    with_folders = False

    @property
    def title(self) -> str:
        return f"Set {', '.join([key for key, _ in self.assignments] + [f'{key} (removed)' for key in self.removed])}"

    def plan(self, store: Store, address: Address) -> Plan:
        from dmart_tui.core.writing.saving import plan_set

        return plan_set(store, address, self.assignments, removed=self.removed)


@dataclass(frozen=True, slots=True)
class Tag:
    """Put tags on and take tags off."""

    add: Sequence[str] = ()
    remove: Sequence[str] = ()
    with_folders = False

    @property
    def title(self) -> str:
        return " ".join(["Tags", *(f"+{tag}" for tag in self.add), *(f"-{tag}" for tag in self.remove)])

    def plan(self, store: Store, address: Address) -> Plan:
        from dmart_tui.core.writing.saving import Members, plan_set

        return plan_set(store, address, [("tags", Members(tuple(self.add), tuple(self.remove)))])


@dataclass(frozen=True, slots=True)
class Pointers:
    """What points to the things of a batch, found by reading the root once for all of them."""

    found: Mapping[Address, Sequence[Address]]
    batch: frozenset[Address]

    @classmethod
    def to(
        cls,
        spaces: Spaces,
        addresses: Iterable[Address],
        *,
        cancel: CancelToken | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Pointers:
        """Read all metas of the root; arguments and errors as `inbound`."""
        batch = frozenset(addresses)
        return cls(pointers(spaces, batch, cancel=cancel, progress=progress), batch)

    def from_elsewhere(self, address: Address) -> list[Address]:
        """What points to one of the batch, and is neither among the batch nor goes with it."""
        return [one for one in self.found.get(address, ()) if self._along(one) is None]

    def wherever(self, address: Address, folder: Address) -> Iterator[Address]:
        """Where what points to one can be while the batch moves to a folder: where it was, or there already."""
        for one in self.found.get(address, ()):
            yield one
            if (carrier := self._along(one)) is not None:
                yield moved(one, carrier, _in_folder(carrier, folder))

    def _along(self, address: Address) -> Address | None:
        """The one of the batch that takes an address with it."""
        return next((one for one in (address, *_above(address)) if one in self.batch), None)


@dataclass(frozen=True, slots=True)
class MoveTo:
    """Move into a folder, under the same name.

    Args:
        pointers: what points to them, which is told; None tells nothing.
        rewrite: let it point to the new places.
    """

    folder: Address
    pointers: Pointers | None = None
    rewrite: bool = False
    with_folders = True

    @property
    def title(self) -> str:
        return f"Move to {self.folder}"

    def plan(self, store: Store, address: Address) -> Plan:
        from dmart_tui.core.writing.moving import plan_move

        among = () if self.pointers is None else self.pointers.wherever(address, self.folder)
        return plan_move(store, address, _in_folder(address, self.folder), rewrite=self.rewrite, among=among)


@dataclass(frozen=True, slots=True)
class Trash:
    """Move to the trash.

    Args:
        pointers: what points to them, which is told; None tells nothing.
    """

    pointers: Pointers | None = None
    title = "Move to the trash"
    with_folders = True

    def plan(self, store: Store, address: Address) -> Plan:
        from dmart_tui.core.writing.trash import plan_trash

        among = () if self.pointers is None else self.pointers.from_elsewhere(address)
        return plan_trash(store, address, among=among)


def jobs(store: Store, addresses: Iterable[Address], operation: Operation) -> Iterator[Job]:
    """The changes of an operation; what goes with a folder that is among them already is left out."""
    gone: set[Address] = set()
    for address in addresses:
        if operation.with_folders:
            if not gone.isdisjoint(_above(address)):
                continue
            gone.add(address)
        plan = partial(_planned, store, address, operation)
        yield Job(address, plan, together=True)


def _planned(store: Store, address: Address, operation: Operation) -> Plan:
    return store.warned(operation.plan(store, address))


def _in_folder(address: Address, folder: Address) -> Address:
    return folder.child(address.name) if address.attachment is None else folder.attached(*address.attachment)


def _above(address: Address) -> Iterator[Address]:
    while (parent := address.parent) is not None:
        address = parent
        yield parent
