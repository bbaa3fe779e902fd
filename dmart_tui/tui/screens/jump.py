"""Jump: a letter on every place the focus can go; typing it goes there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from dmart_tui.tui.screens.fitted import Fitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.geometry import Offset

LETTERS: Final = "asdfghjklqwertyuiopzxcvbnm"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a letter is put on the screen, and what its letter answers."""

    at: Offset
    value: Any


class Jump(Fitted[Any], ModalScreen[Any]):
    """Answers with the value of the target whose letter was typed; None for any other key."""

    DEFAULT_CSS = """
    Jump { background: transparent; layers: jump; }
    Jump > Static {
        layer: jump; position: absolute; width: 3; height: 1;
        background: $accent; color: $block-cursor-foreground; text-style: bold; text-align: center;
    }
    """

    def __init__(self, targets: Sequence[Target]) -> None:
        super().__init__()
        self._by_letter = dict(zip(LETTERS, targets, strict=False))

    def compose(self) -> ComposeResult:
        for letter, target in self._by_letter.items():
            label = Static(Content(letter))
            label.styles.offset = target.at
            yield label

    def on_key(self, event: events.Key) -> None:
        event.stop()
        target = self._by_letter.get(event.character or "")
        self.dismiss(target.value if target else None)

    def on_click(self) -> None:
        self.dismiss(None)
