"""Settings: a TOML file, the environment, and where configuration and state live (XDG)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from dmart_tui.core.errors import Failed, UsageFault
from dmart_tui.core.profiles import S3Profile, parse_profiles, shown_profiles

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAM: Final = "dmart-tui"
MAX_CONFIG_BYTES: Final = 1 << 20


def _setting(default: Any, about: str, *choices: str, secret: bool = False) -> Any:
    return field(default=default, repr=not secret, metadata={"about": about, "choices": choices, "secret": secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person can set; the metadata of each field says what for, and the default file is written from it."""

    root: str = _setting("", "The spaces folder to open when none is named; empty: none.")
    read_only: bool = _setting(False, "Forbid every write, whatever the command.")
    user: str = _setting("", "The shortname that changes are made as; empty: the system's user name.")
    redis: str = _setting(
        "", "The Redis of a running D-MART, as redis://host:6379/0, whose locks count; empty: none.", secret=True
    )
    lock_seconds: int = _setting(300, "How long an entry stays locked when nobody unlocks it.")
    lock_while_editing: bool = _setting(False, "Lock an entry while it is open in the editor.")
    theme: str = _setting("", "A theme's name; empty: one that suits the terminal.")
    icons: Literal["unicode", "ascii"] = _setting("unicode", "Icons of one cell, or letters only.", "unicode", "ascii")
    names: Literal["display", "short"] = _setting("display", "Names the tree shows first.", "display", "short")
    language: str = _setting("en", "The translation preferred where a text has several: en, ar, ku, ...")
    clipboard: Literal["auto", "tmux", "osc52", "native", "none"] = _setting(
        "auto", "How to copy: `auto` finds out.", "auto", "tmux", "osc52", "native", "none"
    )
    clipboard_limit: int = _setting(74_994, "Bytes at most in one copy through the terminal (OSC 52).")
    mouse: bool = _setting(True, "Clicks and the wheel; nothing needs them.")
    animations: bool = _setting(False, "Let things slide; costs bytes on a slow line.")
    restore: bool = _setting(True, "Open the next time with what was open the last time.")
    watch: bool = _setting(True, "Show changes of files under the root as they happen.")
    pager: str = _setting("", "The command that shows a file outside, read-only; empty: $PAGER, then less.")
    keys: Mapping[str, str] = field(default_factory=dict)
    s3: Mapping[str, S3Profile] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Paths:
    """Where the program keeps its own files."""

    config: Path
    """The configuration file; need not exist."""
    state: Path
    """Sessions, bookmarks and recent roots; made when first written."""
    cache: Path
    """What can be made again at any time: indexes of roots."""

    @property
    def themes(self) -> Path:
        """The folder of a person's own themes, beside the configuration."""
        return self.config.parent / "themes"


def demo_folder() -> Path:
    """Where the demo goes when no folder is named: among the user's data."""
    import platformdirs

    return platformdirs.user_data_path(PROGRAM, appauthor=False) / "demo"


@cache
def paths(config: str = "") -> Paths:
    """The files of this user; `DMART_TUI_CONFIG` (a file), `DMART_TUI_STATE` and `_CACHE` (folders) go before XDG's.

    Args:
        config: a configuration file named on the command line, goes before all.
    """
    own_config = config or os.environ.get("DMART_TUI_CONFIG", "")
    own_state = os.environ.get("DMART_TUI_STATE", "")
    own_cache = os.environ.get("DMART_TUI_CACHE", "")
    return Paths(
        Path(own_config).expanduser() if own_config else _xdg("config") / "config.toml",
        Path(own_state).expanduser() if own_state else _xdg("state"),
        Path(own_cache).expanduser() if own_cache else _xdg("cache"),
    )


def _xdg(kind: Literal["config", "state", "cache"]) -> Path:
    import platformdirs

    find = {
        "config": platformdirs.user_config_path,
        "state": platformdirs.user_state_path,
        "cache": platformdirs.user_cache_path,
    }
    return find[kind](PROGRAM, appauthor=False)


def load(config: str = "") -> Settings:
    """Read the settings: defaults, then the file, then `DMART_TUI_ROOT`, `DMART_TUI_THEME` and `DMART_TUI_REDIS`.

    Args:
        config: a file named on the command line, which must exist then.

    Raises:
        UsageFault: the file names an unknown key or a value that cannot be, or is no TOML.
        Failed: the file cannot be read.
    """
    file = paths(config).config
    values = _parse(_read(file, must_exist=bool(config)), str(file))
    for key in ("root", "theme", "redis"):
        if value := os.environ.get(f"DMART_TUI_{key.upper()}"):
            values[key] = value
    return Settings(**values)


def shown(settings: Settings) -> dict[str, Any]:
    """The settings as they may be shown: of a secret URL only its scheme, host and path."""
    from dmart_tui.core.secrets import MARK

    values: dict[str, Any] = {
        item.name: _masked(getattr(settings, item.name))
        if item.metadata.get("secret")
        else getattr(settings, item.name)
        for item in fields(Settings)
    }
    return values | {"s3": shown_profiles(settings.s3, MARK)}


def _masked(url: str) -> str:
    """Passwords stand before the host or in the query; an `@` elsewhere means that one was not escaped."""
    from urllib.parse import urlsplit

    from dmart_tui.core.secrets import MARK

    if not url:
        return ""
    try:
        scheme, place, path, query, fragment = urlsplit(url)
    except ValueError:
        return MARK
    if not place or "@" in path + query + fragment:
        return MARK
    _who, at, host = place.rpartition("@")
    return f"{scheme}://{MARK if at else ''}{at}{host}{path}"


def acting_user(settings: Settings) -> str:
    """The shortname that changes are made as; where none is set the system's user name, its number without one."""
    if settings.user:
        return settings.user
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())


def _read(file: Path, *, must_exist: bool) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_CONFIG_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        if must_exist:
            raise UsageFault("there is no such configuration file", address=str(file)) from None
        return ""
    except OSError as error:
        raise Failed(f"cannot be read: {error.strerror}", address=str(file)) from None
    if len(data) > MAX_CONFIG_BYTES:
        raise UsageFault("is too large for a configuration file", address=str(file))
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise UsageFault("is not UTF-8", address=str(file)) from None


def _parse(text: str, file: str) -> dict[str, Any]:
    if not text:
        return {}
    import tomllib

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageFault(f"is not TOML: {error}", address=file) from None
    known = {item.name: item for item in fields(Settings)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise UsageFault(f"unknown key {key!r}", address=file, hint=_nearest(key, known))
        if key == "keys":
            values[key] = _flat_keys(value, file)
            continue
        if key == "s3":
            values[key] = parse_profiles(value, file)
            continue
        wanted = type(known[key].default)
        if type(value) is not wanted:
            raise UsageFault(f"{key} must be {_KINDS[wanted]}, not {_KINDS.get(type(value), 'that')}", address=file)
        choices = known[key].metadata["choices"]
        if choices and value not in choices:
            raise UsageFault(f"{key} cannot be {value!r}", address=file, hint=_nearest(str(value), choices))
        values[key] = value
    return values


_KINDS: Final[dict[type, str]] = {
    str: "a text in quotes",
    bool: "true or false",
    int: "a number",
    float: "a number with a point",
    list: "a list",
    dict: "a table",
}


def _flat_keys(table: object, file: str, prefix: str = "") -> dict[str, str]:
    """`tree.open = "o"` is a nested table in TOML; a list of keys is the same as keys with commas between."""
    if not isinstance(table, dict):
        raise UsageFault("keys must be a table of actions and keys", address=file)
    flat: dict[str, str] = {}
    for name, value in table.items():
        action = f"{prefix}{name}"
        if isinstance(value, dict):
            flat |= _flat_keys(value, file, f"{action}.")
        elif isinstance(value, str):
            flat[action] = value
        elif isinstance(value, list) and all(isinstance(key, str) for key in value):
            flat[action] = ",".join(value)
        else:
            raise UsageFault(f"keys: {action} must be a key in quotes or a list of them", address=file)
    return flat


def _nearest(word: str, known: Any) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, list(known), 1)
    return f"did you mean {close[0]!r}?" if close else f"one of: {', '.join(known)}"


def default_config_text() -> str:
    """A configuration file that changes nothing and explains everything."""
    lines = ["# Settings of dmart-tui. Every line below is the default: take the # away to change it.", ""]
    for item in fields(Settings):
        if item.name in ("keys", "s3"):
            continue
        choices = item.metadata["choices"]
        lines.append(f"# {item.metadata['about']}" + (f" One of: {', '.join(choices)}." if choices else ""))
        value = item.default
        lines += [f"# {item.name} = {str(value).lower() if not isinstance(value, str) else _quoted(value)}", ""]
    lines += [
        "# Keys: an action's name (see `dmart-tui keys`) and one or more keys.",
        "[keys]",
        '# tree.open = ["enter", "o"]',
        '# app.quit = "ctrl+q"',
        "",
        "# An object store beside what AWS's own files and variables say, for s3://store@bucket/key.",
        "# [s3.profiles.store]",
        '# endpoint = "https://store.example:9000"',
        '# region = "us-east-1"',
        '# profile = "one of ~/.aws"',
        "# path_style = true",
        "# anonymous = false",
        "",
    ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
