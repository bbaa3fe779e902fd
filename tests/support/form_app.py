"""A form alone, its edits kept: what tests of the form drive, and `python -m tests.support.form_app` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dmart_tui.core.forms import Field, Path, with_field
from dmart_tui.core.spaces import compile_schema, meta_schema, meta_violations
from dmart_tui.tui.output import ThinOutput
from dmart_tui.tui.widgets.form import Form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

PEAR: dict[str, Any] = {
    "uuid": "b3a1f3a4-7d5c-4a9e-9f0e-0123456789ab",
    "shortname": "pear",
    "is_active": True,
    "displayname": {"en": "Pear", "ar": "كمثرى", "ku": "هەرمێ"},
    "description": {"en": "A fruit", "ku": "میوەیەکی بەتام لە باخەکانی کوردستان"},
    "tags": ["fruit", "شیرین", "autumn"],
    "state": "new",
    "workflow_shortname": "harvest",
    "is_open": True,
    "created_at": "2024-01-01T10:00:00",
    "updated_at": "2024-01-01T10:00:00",
    "owner_shortname": "ali",
    "payload": {"content_type": "json", "schema_shortname": "fruit", "body": "pear.json"},
    "acl": [{"user_shortname": "sara", "allowed_actions": ["view", "update"]}],
    "odd": "a\u202eb",
}


class FormApp(ThinOutput):
    """Applies every edit and loads the form again, as an owner does."""

    CSS = "Screen { overflow: hidden; }"

    def __init__(self, schema: dict[str, Any] | None, value: Any, *, read_only: bool = False, kind: str = "") -> None:
        super().__init__()
        self.schema, self.document, self.read_only, self.kind = schema, value, read_only, kind
        self.edits: list[tuple[Path, Any]] = []
        self.opened: list[tuple[Path, str]] = []
        self.form = Form()

    def compose(self) -> ComposeResult:
        yield self.form

    def on_mount(self) -> None:
        self.animation_level = "none"
        self.load()
        self.form.focus()

    def load(self) -> None:
        self.form.load(
            self.schema,
            self.document,
            violations=self.violations(self.document),
            suggest=self.suggest,
            check=self.check,
            read_only=self.read_only,
        )

    def violations(self, document: Any) -> dict[Path, list[str]]:
        found: dict[Path, list[str]] = {}
        told = (
            meta_violations(self.kind, document)
            if self.kind
            else [(each.path, each.message) for each in compile_schema(self.schema or {}).validate(document).violations]
        )
        for path, sentence in told:
            found.setdefault(path, []).append(sentence)
        return found

    def suggest(self, field: Field, text: str) -> Sequence[str]:
        tags = ["fruit", "autumn", "spring"] if field.path[:1] == ("tags",) else []
        return [tag for tag in tags if text and tag.startswith(text)]

    def check(self, path: Path, value: Any) -> Sequence[str]:
        return self.violations(with_field(self.document, path, value)).get(path, [])

    def on_form_edited(self, event: Form.Edited) -> None:
        self.edits.append((event.path, event.value))
        self.document = with_field(self.document, event.path, event.value)
        self.load()

    def on_form_open_text(self, event: Form.OpenText) -> None:
        self.opened.append((event.path, event.text))


if __name__ == "__main__":
    FormApp(meta_schema("ticket"), PEAR, kind="ticket").run()
