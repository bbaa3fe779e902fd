"""Words shared by the demo's rooms."""

from __future__ import annotations

from typing import Final

Translation = dict[str, str]


def tr(en: str, ar: str = "", ku: str = "") -> Translation:
    """A translation; languages without text are left out."""
    return {key: text for key, text in (("en", en), ("ar", ar), ("ku", ku)) if text}


CITIES: Final = {
    "erbil": tr("Erbil", "أربيل", "هەولێر"),
    "basra": tr("Basra", "البصرة", "بەسرە"),
    "dubai": tr("Dubai", "دبي", "دوبەی"),
}
