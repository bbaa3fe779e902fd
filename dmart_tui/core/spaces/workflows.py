"""Workflow documents: the states of a ticket and the ways between them, in both dialects that exist."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core import disk
from dmart_tui.core.errors import Damaged, DmartTuiError, NotFound
from dmart_tui.core.spaces.jsonfile import read_json
from dmart_tui.core.spaces.layout import workflow_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dmart_tui.core.spaces.reading import Spaces

WORKFLOW_LIMIT: Final = 2_000_000
"""Bytes of a workflow that are parsed."""
_CACHED: Final = 256


@dataclass(frozen=True, slots=True)
class Resolution:
    """A reason with which a ticket may end in a state."""

    key: str
    labels: Mapping[str, str]
    """By language code; empty where the document has the key alone."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One way out of a state."""

    action: str
    state: str
    """Where it leads."""
    roles: tuple[str, ...]
    """Who may take it."""
    resolution_required: bool = False


@dataclass(frozen=True, slots=True)
class TicketState:
    """One state of a workflow."""

    key: str
    """As tickets hold it."""
    name: str
    transitions: tuple[Transition, ...]
    resolutions: tuple[Resolution, ...]
    is_open: bool
    """Whether a ticket in it is open: it is where the document gives it a `next`, be it an empty one."""

    def transition(self, action: str) -> Transition | None:
        """The way that `action` takes."""
        return next((way for way in self.transitions if way.action == action), None)


@dataclass(frozen=True, slots=True)
class Workflow:
    """The states of a kind of ticket."""

    name: str
    initial: tuple[tuple[str, tuple[str, ...]], ...]
    """(state, roles) in the document's order."""
    states: Mapping[str, TicketState]
    problems: tuple[str, ...] = ()
    """What is odd about the document, a sentence each."""

    def initial_state(self, roles: Iterable[str] = ()) -> str | None:
        """Where a ticket of someone with `roles` begins: the first place for one of them, else the default one."""
        mine = set(roles)
        for state, wanted in self.initial:
            if mine.intersection(wanted):
                return state
        return next((state for state, wanted in self.initial if "default" in wanted), None)

    def is_open(self, state: str) -> bool:
        """Whether D-MART holds a ticket in `state` for open; in a state it does not know it does."""
        known = self.states.get(state)
        return known is None or known.is_open


def parse_workflow(document: Any) -> Workflow:
    """Read a decoded workflow document; what can be passed over is in `problems`.

    Raises:
        Damaged: it has no list of states.
    """
    if not isinstance(document, dict) or not isinstance(document.get("states"), list):
        raise Damaged("is no workflow: it has no list of states")
    problems: list[str] = []
    states: dict[str, TicketState] = {}
    for item in document["states"]:
        key = _text(item.get("state")) if isinstance(item, dict) else ""
        if not key:
            problems.append("a state has no name")
        elif key in states:
            problems.append(f"the state {key} is there twice")
        else:
            states[key] = _state(key, item)
    initial = tuple(
        (_text(item.get("name")), _roles(item))
        for item in _list(document.get("initial_state"))
        if isinstance(item, dict) and _text(item.get("name"))
    )
    problems += [f"tickets begin in {state}, which is no state" for state, _ in initial if state not in states]
    if not initial:
        problems.append("it has no initial state")
    problems += [
        f"{state.key} leads by {way.action} to {way.state}, which is no state"
        for state in states.values()
        for way in state.transitions
        if way.state not in states
    ]
    return Workflow(_text(document.get("name")), initial, states, tuple(dict.fromkeys(problems)))


class Workflows:
    """The workflows of a spaces folder, parsed once a file version; keeps at most 256."""

    def __init__(self, spaces: Spaces) -> None:
        self._spaces = spaces
        self._parsed: OrderedDict[tuple[str, int, int], Workflow | Damaged] = OrderedDict()

    def get(self, space: str, name: str) -> Workflow:
        """The workflow that tickets of `space` mean by `name`.

        Raises:
            NotFound: the space has no such workflow.
            Damaged: its document cannot be read as one.

        Costs one stat, and the read of the file once a version.
        """
        path = workflow_file(self._spaces.root, space, name) or ""
        try:
            status = disk.stat(path)
        except OSError:
            raise NotFound(f"the space has no workflow {name}", address=f"{space}/workflows/{name}") from None
        key = (path, status.st_mtime_ns, status.st_size)
        known = self._parsed.get(key)
        if known is None:
            try:
                known = parse_workflow(read_json(path, self._spaces.root, WORKFLOW_LIMIT))
            except DmartTuiError as error:
                known = Damaged(error.message)
            self._parsed[key] = known
            if len(self._parsed) > _CACHED:
                self._parsed.popitem(last=False)
        if isinstance(known, Damaged):
            raise Damaged(known.message, address=f"{space}/workflows/{name}")
        return known


def _state(key: str, item: dict[str, Any]) -> TicketState:
    ways = [way for way in _list(item.get("next")) if isinstance(way, dict)]
    resolutions = [*_list(item.get("resolutions")), *(one for way in ways for one in _list(way.get("resolutions")))]
    return TicketState(
        key,
        _text(item.get("name")) or key,
        tuple(
            Transition(
                _text(way.get("action")),
                _text(way.get("state")) or _text(way.get("to")),
                _roles(way),
                way.get("resolution_required") is True,
            )
            for way in ways
        ),
        tuple(resolution for one in resolutions if (resolution := _resolution(one))),
        "next" in item,
    )


def _resolution(value: Any) -> Resolution | None:
    if isinstance(value, str) and value:
        return Resolution(value, {})
    if isinstance(value, dict) and (key := _text(value.get("key"))):
        return Resolution(key, {code: text for code, text in value.items() if code != "key" and isinstance(text, str)})
    return None


def _roles(item: dict[str, Any]) -> tuple[str, ...]:
    roles = item.get("roles", item.get("role"))
    return tuple(role for role in ([roles] if isinstance(roles, str) else _list(roles)) if isinstance(role, str))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
