"""Themes: small TOML files of thirteen colours, from which everything Textual wants is derived."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from textual.color import Color, ColorParseError
from textual.theme import Theme

from dmart_tui.core.errors import DmartTuiError, Failed, UsageFault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

COLORS: Final = (
    "background",
    "surface",
    "panel",
    "foreground",
    "muted",
    "border",
    "accent",
    "cursor-text",
    "selection",
    "secondary",
    "success",
    "warning",
    "error",
)
"""What a theme must name: the ground, that of dialogs, that of the bottom line; text, dim text, idle borders;
the one accent, text on it, the cursor of lists without focus; a second quiet hue, and the three states."""

MAX_BYTES: Final = 65_536
_PACKAGE: Final = Path(__file__).parent.parent


def folders(own: Path) -> tuple[Path, ...]:
    """Where themes are looked for: a person's own folder, then ours (in the package, or beside it in a source tree)."""
    ours = _PACKAGE / "themes"
    return own, ours if ours.is_dir() else _PACKAGE.parent / "themes"


def names(own: Path) -> list[str]:
    """All themes by name, sorted; a listing of two folders, nothing is read."""
    found: set[str] = set()
    for folder in folders(own):
        if folder.is_dir():
            found.update(file.stem for file in folder.iterdir() if file.suffix == ".toml")
    return sorted(found)


def load_first(wanted: Iterable[str], own: Path) -> tuple[Theme | None, str]:
    """The first theme that can be read, and what is wrong with the last one before it."""
    problem = ""
    for name in wanted:
        try:
            return load(name, own), problem
        except DmartTuiError as error:
            problem = f"theme: {error}"
    return None, problem


def load(name: str, own: Path) -> Theme:
    """Read a theme by name.

    Raises:
        UsageFault: there is none of that name, or its file is wrong: what and where is said.
        Failed: its file cannot be read.
    """
    for folder in folders(own):
        file = folder / f"{name}.toml"
        if file.is_file():
            return read(file)
    raise UsageFault(f"there is no theme {name!r}", hint=f"there are {', '.join(names(own))}")


def read(file: Path) -> Theme:
    """Read a theme's file; the file's name is the theme's.

    Raises:
        UsageFault: it is no TOML, or a key or colour is missing, unknown or wrong.
        Failed: it cannot be read.
    """
    import tomllib

    where = str(file)
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise Failed(f"cannot be read: {error.strerror}", address=where) from None
    if len(data) > MAX_BYTES:
        raise UsageFault("is too large for a theme", address=where)
    try:
        table = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageFault(f"is not TOML: {error}", address=where) from None
    return _theme(file.stem, table, where)


def _theme(name: str, table: Mapping[str, Any], where: str) -> Theme:
    _known(table, ("about", "dark", "ansi", "colors"), where)
    for key in ("dark", "ansi"):
        if not isinstance(table.get(key, False), bool):
            raise UsageFault(f"{key} must be true or false", address=where)
    colors = table.get("colors", {})
    if not isinstance(colors, dict):
        raise UsageFault("colors must be a table", address=where)
    _known(colors, COLORS, where)
    if missing := [color for color in COLORS if color not in colors]:
        raise UsageFault(f"lacks the colours {', '.join(missing)}", address=where)
    for key, value in colors.items():
        try:
            Color.parse(value)
        except (ColorParseError, TypeError, AttributeError):
            raise UsageFault(f"{key} is no colour: {value!r}", address=where, hint='write "#5fafd7"') from None
    return Theme(
        name=name,
        primary=colors["accent"],
        secondary=colors["secondary"],
        accent=colors["accent"],
        warning=colors["warning"],
        error=colors["error"],
        success=colors["success"],
        foreground=colors["foreground"],
        background=colors["background"],
        surface=colors["surface"],
        panel=colors["panel"],
        dark=table.get("dark", True),
        ansi=table.get("ansi", False),
        variables=_variables(colors),
    )


def _known(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    from dmart_tui.tui.actions import nearest

    for key in table:
        if key not in known:
            raise UsageFault(f"unknown key {key!r}{nearest(key, known)}", address=where)


def _variables(colors: Mapping[str, str]) -> dict[str, str]:
    """Textual would mix shades of its own, which 256 colours show as something else: name them all."""
    text, muted, accent, ground = colors["foreground"], colors["muted"], colors["accent"], colors["background"]
    return {
        "text": text,
        "text-muted": muted,
        "text-disabled": muted,
        "text-primary": accent,
        "text-accent": accent,
        "text-secondary": colors["secondary"],
        "text-success": colors["success"],
        "text-warning": colors["warning"],
        "text-error": colors["error"],
        "surface": colors["surface"],
        "panel": colors["panel"],
        "border": accent,
        "border-blurred": colors["border"],
        "block-cursor-background": accent,
        "block-cursor-foreground": colors["cursor-text"],
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": colors["selection"],
        "block-cursor-blurred-foreground": text,
        "block-cursor-blurred-text-style": "none",
        "input-cursor-background": text,
        "input-cursor-foreground": ground,
        "input-selection-background": colors["selection"],
        "screen-selection-background": colors["selection"],
        "scrollbar": colors["border"],
        "scrollbar-hover": colors["border"],
        "scrollbar-active": accent,
        "scrollbar-background": ground,
        "scrollbar-background-hover": ground,
        "scrollbar-background-active": ground,
        "scrollbar-corner-color": ground,
        "link-color": accent,
        "link-style": "underline",
        "ansi-background": ground,
        "ansi-foreground": text,
    }


def suited(color_system: str | None) -> str:
    """The theme for a terminal nobody chose one for.

    Args:
        color_system: as Rich tells it: `truecolor`, `256`, `standard` or None.
    """
    if color_system not in ("truecolor", "256"):
        return "sixteen"
    ground = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    return "paper" if ground in ("7", "15") else "night"


def every(own: Path) -> Iterator[Theme | UsageFault | Failed]:
    """Read all themes; a broken one is given as its error."""
    for name in names(own):
        try:
            yield load(name, own)
        except (UsageFault, Failed) as error:
            yield error
