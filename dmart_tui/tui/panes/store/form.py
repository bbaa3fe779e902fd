"""The parts of a query as lines to type in, each with what it may become, and the query as one text."""

from __future__ import annotations

import shlex
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from textual import on
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from dmart_tui.core.changelog import Words, complete
from dmart_tui.core.errors import UsageFault
from dmart_tui.core.historydb import Query, split
from dmart_tui.tui.widgets.line_input import Completion, LineInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from textual import events
    from textual.app import ComposeResult

    from dmart_tui.core.historydb.queries.query import Keep, Scope

Parts = dict[str, str]
"""The text of each part, by its name."""

ROWS: Final = (
    (("first", "from", "2024-01-01"), ("last", "to", "2024-03-31")),
    (("where", "where", 'amount > 20 and kind in ("update", "delete")'),),
    (("derive", "derive", "hour=hour(), size=new_size - old_size"),),
    (("unique", "unique", "id, last, range"),),
    (("group", "group", "kind, hour"),),
    (("reduce", "reduce", "n=Count(), total=Sum(amount), who=Distinct(who)"),),
    (("having", "having", "n > 10"),),
    (("order", "order", "-n, kind"), ("limit", "limit", "100")),
)
"""Name, label and example of each part, as they lie beside and below each other."""
_OPTIONS: Final = {"first": "from", "last": "to"}
_REPEATED: Final = ("derive",)
_NAMES: Final = {
    **{f"--{_OPTIONS.get(name, name)}": name for row in ROWS for name, _, _ in row},
    "--keep": "keep",
    "--scope": "scope",
    "-n": "limit",
}
"""The part that each option of a command is."""
_KEEPS: Final[tuple[Keep, ...]] = ("first", "last")
_SCOPES: Final[tuple[Scope, ...]] = ("day", "range")


def query_of(parts: Mapping[str, str]) -> Query:
    """The query that is typed; raises UsageFault."""
    unique, keep, scope = _unique(parts.get("unique", ""))
    limit = parts.get("limit", "").strip()
    if limit and not limit.isdecimal():
        raise UsageFault("a limit is a number", address="limit")
    return Query.from_texts(
        parts.get("first", "").strip() or None,
        parts.get("last", "").strip() or None,
        where=parts.get("where", ""),
        derive=split(parts.get("derive", "")),
        unique=unique,
        keep=keep,
        scope=scope,
        group=parts.get("group", ""),
        reduce=parts.get("reduce", ""),
        having=parts.get("having", ""),
        order=parts.get("order", ""),
        limit=int(limit) if limit else None,
    )


def _unique(text: str) -> tuple[str, Keep, Scope]:
    """The key of `id, last, range`, which of the documents with the same one stays, and within what."""
    key, *words = split(text) or [""]
    if odd := [word for word in words if word not in (*_KEEPS, *_SCOPES)]:
        raise UsageFault(f"{odd[0][:40]} is not understood: first or last, of a day or of the range", address="unique")
    keep = next((word for word in _KEEPS if word in words), _KEEPS[0])
    return key, keep, next((word for word in _SCOPES if word in words), _SCOPES[0])


def parts_of(query: Query) -> Parts:
    """The reverse of `query_of`."""
    texts: dict[str, Any] = query.to_texts()
    parts = {
        name: texts[name] or "" for name in ("first", "last", "where", "unique", "group", "reduce", "having", "order")
    }
    words = [texts["keep"]] * (texts["keep"] != _KEEPS[0]) + [texts["scope"]] * (texts["scope"] != _SCOPES[0])
    parts["unique"] = ", ".join([parts["unique"], *words]) if parts["unique"] else ""
    parts["derive"] = ", ".join(texts["derive"])
    parts["limit"] = "" if texts["limit"] is None else str(texts["limit"])
    return parts


def command(place: str, parts: Mapping[str, str]) -> str:
    """The query as a command line."""
    return " ".join(("dmart-tui historydb query", shlex.quote(place), *options(parts)))


def options(parts: Mapping[str, str]) -> Iterator[str]:
    """The options of `command`; raises UsageFault where duplicates are told in other words."""
    for row in ROWS:
        for name, _, _ in row:
            text = parts.get(name, "").strip()
            if name == "unique" and text:
                key, keep, scope = _unique(text)
                yield f"--unique={shlex.quote(key)} --keep={keep} --scope={scope}"
                continue
            for one in split(text) if name in _REPEATED else [text] if text else []:
                yield f"--{_OPTIONS.get(name, name)}={shlex.quote(one)}"


def parts_from(text: str) -> Parts:
    """The reverse of `command`, of which the words before the first option may be left out; raises UsageFault."""
    try:
        words = deque(shlex.split(text))
    except ValueError as error:
        raise UsageFault(f"a quote is not closed: {error}") from None
    before = []
    while words and not words[0].startswith("-"):
        before.append(words.popleft())
    if before and "query" not in before:  # no command: what was meant as a part would be dropped, and all asked for
        raise UsageFault(f"{before[0][:40]} is no option", hint="as in --where 'amount > 20'")
    given: dict[str, list[str]] = {}
    while words:
        option, sign, value = words.popleft().partition("=")
        name = _NAMES.get(option)
        if name is None:
            raise UsageFault(f"{option[:40]} is no part of a query", hint=" ".join(_NAMES))
        if not sign and not words:
            raise UsageFault(f"after {option} something is missing")
        given.setdefault(name, []).append(value if sign else words.popleft())
    parts = {name: ", ".join(values) if name in _REPEATED else values[-1] for name, values in given.items()}
    unique = [parts.pop(name) for name in ("unique", "keep", "scope") if name in parts]
    return parts | {"unique": ", ".join(unique)} if "unique" in given else parts


def text_form(parts: Mapping[str, str]) -> str:
    """The query as one text, a part a line."""
    lines = [
        f"{_OPTIONS.get(name, name)} {parts[name].strip()}" for row in ROWS for name, _, _ in row if parts.get(name)
    ]
    return "\n".join(lines) or "all documents"


class PartLine(LineInput):
    """The text of one part; right at its end takes what is offered."""

    def __init__(self, part: str, example: str, offer: Callable[[str, str], str | None]) -> None:
        super().__init__(
            placeholder=example,
            suggester=Completion(lambda text: offer(part, text)),
            select_on_focus=False,
            id=f"part-{part}",
        )
        self.part = part


class Form(Vertical):
    """All parts. Tells when one was typed in, and when enter asks."""

    DEFAULT_CSS = """
    Form { height: auto; }
    Form Horizontal { height: 1; }
    Form .label { width: 8; padding: 0 1 0 0; color: $text-muted; text-align: right; }
    Form PartLine, Form PartLine:focus { width: 1fr; height: 1; border: none; padding: 0; background: $panel; }
    """

    class Changed(Message):
        """A part is another one now."""

    class Asked(Message):
        """Enter was pressed."""

    def __init__(self) -> None:
        super().__init__()
        self.words = Words()
        self.lines = {name: PartLine(name, example, self._offer) for row in ROWS for name, _, example in row}

    def compose(self) -> ComposeResult:
        for row in ROWS:
            with Horizontal():
                for name, label, _ in row:
                    yield Static(Content(label), classes="label")
                    yield self.lines[name]

    @property
    def parts(self) -> Parts:
        """What is typed."""
        return {name: line.value for name, line in self.lines.items()}

    def put(self, parts: Mapping[str, str]) -> None:
        """Show these parts and no others."""
        with self.prevent(Input.Changed):
            for name, line in self.lines.items():
                line.value = parts.get(name, "")
        self.post_message(self.Changed())

    def _offer(self, part: str, text: str) -> str | None:
        return complete(part, text, self.words, self.parts)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed())

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Asked())

    def on_key(self, event: events.Key) -> None:
        """Up and down go from line to line, each as a person sees them."""
        if event.key in ("up", "down") and isinstance(self.screen.focused, PartLine):
            event.stop()
            lines = list(self.lines.values())
            at = lines.index(self.screen.focused) + (1 if event.key == "down" else -1)
            if 0 <= at < len(lines):
                lines[at].focus()
