"""A document being edited: its values and its texts kept in step, with what is wrong with them, undo and redo.

Knows no screen: an editor shows what a draft says and tells it what was typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from dmart_tui.core.errors import Damaged, Refused
from dmart_tui.core.forms import with_field
from dmart_tui.core.jsontext import places, rewrite, spread_out
from dmart_tui.core.secrets import mask
from dmart_tui.core.spaces import decode, meta_schema, meta_violations
from dmart_tui.core.writing.conflicts import Conflicting, theirs
from dmart_tui.core.writing.documents import KEEP
from dmart_tui.core.writing.passwords import unmasked
from dmart_tui.core.writing.saving import plan_save

if TYPE_CHECKING:
    from dmart_tui.core.writing.documents import Document
    from dmart_tui.core.writing.plan import Plan
    from dmart_tui.core.writing.store import Store

Part = Literal["meta", "body"]
Path = tuple[str | int, ...]
KEPT: Final = 500
"""Steps that can be undone."""
ONE_LINE: Final = 60
"""Characters of JSON that are left on one line."""
_BODY: Final = ("payload", "body")


@dataclass(frozen=True, slots=True)
class Remark:
    """What is wrong at one place of a part."""

    path: Path
    text: str
    """A sentence."""
    line: int = 0
    """Of the part's text, from 0."""
    column: int = 0
    length: int = 1


@dataclass(frozen=True, slots=True)
class _State:
    """Both texts at a moment; what they mean follows from them."""

    meta: str
    body: str
    touched: object = None
    """What the last edit was of: edits of the same in a row are one step."""


class Draft:
    """Edits of one document, not saved yet.

    JSON that stands on one line in its file is laid out over lines here, and saved on one line again. Secrets stand
    masked in texts and values; a mask that stays leaves the secret as it is.

    Args:
        reveal: show secrets as they are.
    """

    def __init__(self, store: Store, document: Document, *, reveal: bool = False) -> None:
        self.store = store
        self.reveal = reveal
        self.document = document
        self._first = self._now = self._begin(document)
        self._before: list[_State] = []
        self._after: list[_State] = []
        self._values: dict[Part, Any] = {}
        self._faults: dict[Part, Damaged] = {}
        self._read()

    # -- what it holds -----------------------------------------------------------------------------------

    @property
    def parts(self) -> tuple[Part, ...]:
        """What can be edited: the body only when it is text or JSON."""
        return ("meta",) if self.document.body_kind == "binary" else ("meta", "body")

    @property
    def body_is_json(self) -> bool:
        """Whether the body is a JSON value, or would become one."""
        kind = self.document.body_kind
        return kind in ("json", "inline-json") or (kind == "none" and self._content_type in ("", "json"))

    def text(self, part: Part) -> str:
        """The text of a part."""
        return self._now.meta if part == "meta" else self._now.body

    def value(self, part: Part) -> Any:
        """What a part's text means: for JSON that cannot be read what it last meant; a text body is its text."""
        return self._values[part]

    def fault(self, part: Part) -> str:
        """Why the text of a part is no JSON; empty when it is."""
        fault = self._faults.get(part)
        return fault.message if fault else ""

    def schema(self, part: Part) -> Mapping[str, Any] | None:
        """The JSON Schema a form of this part follows; None when there is none that can be used. May read files."""
        if part == "meta":
            return meta_schema(self.document.type)
        name = self._schema_name
        if not self.body_is_json or not name:
            return None
        found = self.store.schemas.get(self.document.address.space, name).document
        return found if isinstance(found, Mapping) else None

    @property
    def modified(self) -> bool:
        """Whether something differs from what was opened."""
        return (self._now.meta, self._now.body) != (self._first.meta, self._first.body)

    # -- editing -----------------------------------------------------------------------------------------

    def set(self, part: Part, value: Any, *, touched: object = None) -> None:
        """Give a part another value, as a form does; its text is edited as little as possible.

        Raises:
            Refused: the text of the part is no JSON at the moment.
        """
        if self.fault(part):
            raise Refused(f"the text {self.fault(part)}", hint="mend the text first")
        text = value if part == "body" and not self.body_is_json else _edited(self.text(part), value)
        self.type(part, text, touched=touched)

    def type(self, part: Part, text: str, *, touched: object = None) -> None:
        """Give a part another text, as a text editor does.

        Args:
            touched: edits in a row that have this in common are undone together.
        """
        if text == self.text(part):
            return
        if touched is None or touched != self._now.touched or not self._before:
            self._before.append(self._now)
            del self._before[:-KEPT]
        self._after.clear()
        self._now = replace(self._now, **{part: text}, touched=touched)
        self._read()

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._before)

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back."""
        return bool(self._after)

    def undo(self) -> bool:
        """Take back the last step; False when there is none."""
        return self._step(self._before, self._after)

    def redo(self) -> bool:
        """Make the last step that was taken back again; False when there is none."""
        return self._step(self._after, self._before)

    def _step(self, source: list[_State], target: list[_State]) -> bool:
        if not source:
            return False
        target.append(replace(self._now, touched=None))
        self._now = source.pop()
        self._read()
        return True

    # -- judging and saving ------------------------------------------------------------------------------

    def remarks(self, part: Part) -> list[Remark]:
        """What is wrong with a part: its text, its schema or D-MART's model. May read schema files; blocks."""
        if part in self._faults:
            return [_fault_remark(self._faults[part])]
        found = self._wrong(part, self.value(part)) if self.text(part) else []
        if not found:
            return []
        try:
            at = places(self.text(part), (path for path, _ in found))
        except Damaged:
            at = {}
        return [Remark(path, text, *at.get(path, ())) for path, text in found]

    def check(self, part: Part, path: Path, value: Any) -> list[str]:
        """What would be wrong at a place of a part, and below it, if it had this value; as `remarks` otherwise."""
        found = self._wrong(part, with_field(self.value(part), path, value))
        return [text for where, text in found if where[: len(path)] == path]

    def _wrong(self, part: Part, value: Any) -> list[tuple[Path, str]]:
        if part == "meta":
            return [(path, text) for path, text in meta_violations(self.document.type, value)]
        if not self.body_is_json or not self._schema_name:
            return []
        verdict = self.store.schemas.validate(self.document.address.space, self._schema_name, value)
        return [(one.path, one.message) for one in verdict.violations]

    def plan(self) -> Plan:
        """What saving does.

        Raises:
            Refused: a text is no JSON.
            DmartTuiError: as `plan_save`.
        """
        meta, body = self._edits()
        return plan_save(self.store, self.document, meta, body)

    def theirs(self) -> Conflicting | None:
        """What others made of it meanwhile beside these edits; None when it is as it was opened.

        Raises:
            NotFound, Refused, Damaged: it is gone, or can no longer be read; a text is no JSON.
        """
        meta, body = self._edits()
        return theirs(self.store, self.document, meta, body)

    def merged(self, found: Conflicting, chosen: Mapping[tuple[str, ...], Any]) -> Draft:
        """A draft over what is on disk now, with both edits in it; `chosen` has what stands at the paths that clash."""
        from dmart_tui.core.merging import with_value

        meta, body = found.meta.value, found.body.value if found.body else KEEP
        for clash in found.clashes:
            if clash.path not in chosen:
                continue
            if clash.path[:2] == _BODY and found.body is not None:
                rest = clash.path[2:]
                body = with_value(body, rest, chosen[clash.path]) if rest else chosen[clash.path]
            else:
                meta = with_value(meta, clash.path, chosen[clash.path])
        draft = Draft(self.store, found.document, reveal=self.reveal)
        draft.set("meta", draft._shown(meta))
        if body is not KEEP:
            draft.set("body", draft._shown(body))
        return draft

    # -- keeping -----------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any] | None:
        """What brings the edits back in another session, as JSON; None when there are none."""
        if not self.modified:
            return None
        return {
            "meta": self._now.meta,
            "body": self._now.body,
            "digests": [expect.digest for expect in self.document.digests],
        }

    def restore(self, state: Mapping[str, Any]) -> bool:
        """Take back the edits of another session; False when they do not fit what is on disk now."""
        if state.get("digests") != [expect.digest for expect in self.document.digests]:
            return False
        meta, body = state.get("meta"), state.get("body")
        if not isinstance(meta, str) or not isinstance(body, str):
            return False
        self.type("meta", meta)
        self.type("body", body)
        return True

    # -- inside ------------------------------------------------------------------------------------------

    def _begin(self, document: Document) -> _State:
        meta = _laid_out(self._masked(document.meta_data.decode(errors="replace"), document.meta))
        kind = document.body_kind
        if kind == "inline-json":
            return _State(meta, _laid_out(_edited("", self._shown(document.body))))
        if kind == "inline-text":
            return _State(meta, document.body)
        if document.body_data is None or kind == "binary":
            return _State(meta, "")
        body = document.body_data.decode()
        return _State(meta, _laid_out(self._masked(body, document.body)) if kind == "json" else body)

    def _masked(self, text: str, value: Any) -> str:
        """The text of a value with its secrets masked: most have none, and then it is as it was."""
        shown = self._shown(value)
        return text if shown == value else _edited(text, shown)

    def _shown(self, value: Any) -> Any:
        return value if self.reveal or isinstance(value, str) else mask(value)

    def _read(self) -> None:
        self._faults = {}
        for part in self.parts:
            text = self.text(part)
            if part == "body" and not self.body_is_json:
                self._values[part] = text
                continue
            if part == "body" and not text.strip() and self.document.body_data is None:
                self._values[part] = None
                continue
            try:
                value = decode(text.encode())
                if part == "meta" and not isinstance(value, dict):
                    raise Damaged("is no object, as a meta must be")
                self._values[part] = value
            except Damaged as fault:
                self._faults[part] = fault
                self._values.setdefault(part, {})

    def _edits(self) -> tuple[dict[str, Any], Any]:
        for part in self.parts:
            if fault := self.fault(part):
                raise Refused(f"the {part}'s text {fault}", address=str(self.document.address), hint="mend it first")
        body: Any = KEEP
        if self._now.body != self._first.body:
            body = self.value("body")
            if self.document.body_kind == "json":
                body = unmasked(body, self.document.body)
                if _laid_out(data := (self.document.body_data or b"").decode()) == data:
                    body = _edited(self._now.body, body).encode()
            elif self.document.body_kind == "text":
                body = self._now.body.encode()
        return self.value("meta"), body

    @property
    def _content_type(self) -> str:
        payload = self.value("meta").get("payload") if "meta" in self._values else self.document.meta.get("payload")
        found = payload.get("content_type") if isinstance(payload, dict) else ""
        return found if isinstance(found, str) else ""

    @property
    def _schema_name(self) -> str:
        payload = self.value("meta").get("payload")
        name = payload.get("schema_shortname") if isinstance(payload, dict) else None
        return name if isinstance(name, str) else ""


def _edited(text: str, value: Any) -> str:
    return rewrite(text.encode(), value).decode()


def _laid_out(text: str) -> str:
    return spread_out(text) if len(text) > ONE_LINE and "\n" not in text.strip() else text


def _fault_remark(fault: Damaged) -> Remark:
    """Where in the text the fault is, as its message says."""
    import re

    at = re.search(r"line (\d+), column (\d+)", fault.message)
    line, column = (int(at[1]) - 1, int(at[2]) - 1) if at else (0, 0)
    return Remark((), f"The text {fault.message}.", line, column)
