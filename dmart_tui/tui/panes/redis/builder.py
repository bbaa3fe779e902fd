"""What to work out of an index, and of which of its documents: three lines that complete as one types."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

from textual import on
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from dmart_tui.core import background
from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError, UsageFault
from dmart_tui.core.redisearch import REDUCERS, read_aggregation
from dmart_tui.core.search import Request, complete, parse, query_of
from dmart_tui.core.text import safe
from dmart_tui.tui.screens.dialog import Dialog
from dmart_tui.tui.widgets.line_input import Completion, LineInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from dmart_tui.core.redisearch import Aggregation, Index
    from dmart_tui.core.spaces import Rights, Spaces
    from dmart_tui.tui.app import DmartApp

_HOW: Final = (
    "Fields to group by, a colon, and what to work out: count · sum F · avg F · min F · max F · quantile F 0.5 ·"
    " first_value F by G · tolist F · count_distinct F · stddev F"
)
_LINES: Final = (("wanted", "work out", "owner_shortname: count"), ("where", "where", "*"), ("below", "below", ""))
"""Name, label and example of each line."""
_LAST_WORD: Final = re.compile(r"[\w.]+\Z")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed."""

    wanted: str = "resource_type: count"
    where: str = ""
    """A query as in searches; empty: everything."""
    below: str = ""
    """A space or folder; empty: everywhere."""

    def __str__(self) -> str:
        where = f" · where {self.where.strip()}" if self.where.strip() else ""
        return f"{self.wanted.strip()}{where}" + (f" · below {self.below.strip()}" if self.below.strip() else "")

    def read(self, index: Index, spaces: Spaces, rights: Rights | None) -> tuple[Aggregation, str]:
        """What to work out and the query for the server. Blocks.

        Raises:
            DmartTuiError: what is wrong with it.
        """
        aggregation = read_aggregation(self.wanted)
        aggregation.words(index)
        query = parse(self.where)
        if query.faults:
            raise UsageFault(query.faults[0].message, address=f"where, character {query.faults[0].start + 1}")
        below = self.below.strip().rstrip("/")
        under = spaces.load(Address.parse(below)).address if below else None
        return aggregation, query_of(Request(query.tree, under, rights), index)


class Builder(Dialog[Asked]):
    """Answers with what was typed, once it can be asked.

    Args:
        asked: what the lines say first.
        check: reads what was typed; raises a DmartTuiError with what is wrong. Blocks.
    """

    SMALL = True
    DEFAULT_CSS = """
    Builder > #box.-small { width: 76; }
    Builder Horizontal { height: 1; }
    Builder Horizontal > Static { width: 10; color: $text-muted; }
    Builder Horizontal > LineInput, Builder Horizontal > LineInput:focus { width: 1fr; margin: 0; background: $panel; }
    """

    def __init__(self, index: Index, asked: Asked, spaces: Spaces, check: Callable[[Asked], object]) -> None:
        super().__init__(f"Work out of {index.name}")
        self._check = check
        offers = {
            "wanted": lambda text: completed(text, index),
            "where": _completed_query,
            "below": lambda text: _completed_folder(text, index.space, spaces),
        }
        self.lines = {
            name: LineInput(
                getattr(asked, name), placeholder=example, suggester=Completion(offers[name]), select_on_focus=False
            )
            for name, _, example in _LINES
        }
        self.lines["below"].placeholder = index.space
        self._fault = Static("", classes="fault")

    def inside(self) -> ComposeResult:
        yield Static(Content(_HOW), classes="words")
        for name, label, _ in _LINES:
            with Horizontal():
                yield Static(Content(label))
                yield self.lines[name]
        yield self._fault

    def on_mount(self) -> None:
        self.lines["wanted"].focus()
        self.say("tab next line · → completes · enter works it out · esc closes")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        asked = Asked(**{name: line.value for name, line in self.lines.items()})
        cast("DmartApp", self.app).tasks.spawn(self._accept(asked), group="redis-builder", exclusive=True)

    async def _accept(self, asked: Asked) -> None:
        try:
            await background.run(self._check, asked)
        except DmartTuiError as error:
            self._fault.update(Content(safe(f"✗ {error}")))
            return
        if self.is_attached:
            self.dismiss(asked)


def for_index(asked: Asked, index: Index) -> Asked:
    """What was asked last, for an index that may be of another space."""
    return asked if asked.below.partition("/")[0] in ("", index.space) else replace(asked, below="")


def completed(text: str, index: Index) -> str | None:
    """The text with its last word completed: a field of the index, or where one stands, what works something out."""
    match = _LAST_WORD.search(text)
    if match is None:
        return None
    if ":" not in text:
        names = [*index.fields, *REDUCERS]
    else:
        begins = re.split("[:,]", text)[-1].strip() == match[0]
        names = list(REDUCERS if begins else index.fields)
    found = next((name for name in names if name.startswith(match[0])), "")
    return f"{text}{found[len(match[0]) :]}" if found else None


def _completed_query(text: str) -> str | None:
    found = complete(text, most=1)
    return text[: found.start] + found.options[0].text if found.options else None


def _completed_folder(text: str, space: str, spaces: Spaces) -> str | None:
    from dmart_tui.core.writing.known import known_folders

    found = known_folders(spaces, text) if "/" in text else [space]
    return next((one for one in found if one.startswith(text)), None)
