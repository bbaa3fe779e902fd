"""Values of files as the engine takes them: UTF-8, and JSON without halves of pairs."""

from __future__ import annotations

import json
from typing import Any

from dmart_tui.core.catalog.rows import encoded


def clean(text: str) -> str:
    """A text that is UTF-8: half pairs and bytes of names become `?`."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def clean_json(text: str) -> str:
    """JSON that any reader takes: the escape of half a pair becomes `?`."""
    return text if "\\ud" not in text else clean(json.dumps(json.loads(text), ensure_ascii=False))


def as_json(value: Any) -> str:
    """A value as such JSON."""
    return clean_json(encoded(value))
