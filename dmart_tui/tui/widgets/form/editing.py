"""One edit of one field while it is typed: what it offers, what it complains of, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from dmart_tui.core.errors import UsageFault
from dmart_tui.core.forms import Field, label, parse
from dmart_tui.core.merging import ABSENT

if TYPE_CHECKING:
    from collections.abc import Sequence

Mode = Literal["text", "choice", "choices", "shape", "key"]


@dataclass(slots=True)
class Editing:
    """What is being typed, and for what."""

    field: Field
    mode: Mode
    """`shape`: which of several kinds the new value is; `key`: the name of a new key."""
    shapes: tuple[Field, ...] = ()
    initial: str = ""
    insert: int | None = None
    """Place in the list where a new member goes."""
    marked: tuple[str, ...] = ()
    picked: bool = False
    """Whether the cursor was moved to one of the offers."""

    @property
    def completes(self) -> bool:
        """Whether others may know what could be meant."""
        return self.mode == "key" or (self.mode == "text" and self.field.kind == "text" and not self.field.secret)

    @property
    def prompt(self) -> str:
        """What stands on the line while nothing is typed."""
        match self.mode:
            case "key":
                return "name of the new key"
            case "shape":
                return "which kind"
            case "choices":
                return "space marks, enter takes"
            case "choice":
                return "type to find"
        return {"date": "2026-11-21", "datetime": "2026-11-21T09:45:00"}.get(self.field.kind, "")

    def offers(self, text: str, known: Sequence[str]) -> list[str]:
        """The labels that fit a typed text."""
        match self.mode:
            case "choice" | "choices":
                every: Sequence[str] = [label(choice) for choice in self.field.choices]
            case "shape":
                every = [shape.title for shape in self.shapes]
            case _:
                return list(known)
        wanted = text.strip().casefold()
        return [each for each in every if wanted in each.casefold()]

    def at(self, labels: Sequence[str], text: str) -> int:
        """Where among its offers the cursor begins."""
        if self.mode == "choice" and not text and self.field.value is not ABSENT:
            now = label(self.field.value)
            return labels.index(now) if now in labels else 0
        return 0

    def complaint(self, text: str, document: Any) -> str:
        """What is wrong with a typed text, as a sentence."""
        if text == self.initial or self.mode == "shape":
            return ""
        if self.mode in ("choice", "choices"):
            return "" if self.offers(text, ()) else "this is none of the choices"
        try:
            self.result(text, document)
        except UsageFault as fault:
            return fault.message
        return ""

    def mark(self, name: str) -> None:
        """Mark a choice, or take its mark away."""
        others = tuple(each for each in self.marked if each != name)
        self.marked = others if len(others) < len(self.marked) else (*others, name)

    def result(self, text: str, document: Any) -> tuple[Field | None, Any]:
        """The kind of value that was asked for, or the value.

        Raises:
            UsageFault: the text means nothing here.
        """
        match self.mode:
            case "shape":
                for shape in self.shapes:
                    if shape.title == text:
                        return shape, ABSENT
                raise UsageFault("this is none of the kinds")
            case "key":
                holder = document
                for part in self.field.path[:-1]:
                    holder = holder[part]
                if not text:
                    raise UsageFault("a key needs a name")
                if text in holder:
                    raise UsageFault("there is such a key already")
                return self.field, ABSENT
            case "choices":
                chosen = [choice for choice in self.field.choices if label(choice) in self.marked]
                kept = self.field.value if isinstance(self.field.value, list) else []
                labels = [label(choice) for choice in chosen]
                stay = [member for member in kept if label(member) in labels]
                added = [choice for choice in chosen if label(choice) not in [label(member) for member in stay]]
                made = stay + added
                return None, self.field.value if made == kept and self.field.value is not ABSENT else made
        if text == self.initial and (self.field.value is not ABSENT or not text):
            return None, self.field.value
        return None, parse(self.field, text)

    def named(self, name: str) -> tuple[Field, ...]:
        """The kinds that a new key of a name can be."""
        return tuple(replace(shape, path=(*shape.path[:-1], name), title=shape.title or name) for shape in self.shapes)
