"""Named object stores of the settings: `[s3.profiles.NAME]`."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from dmart_tui.core.errors import UsageFault

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT: Final = "default"
"""The profile that is meant where none is named."""


@dataclass(frozen=True, slots=True)
class S3Profile:
    """How an object store is reached; what is left out comes from AWS's usual sources (variables, ~/.aws).

    Args:
        endpoint: the server's URL; empty: AWS.
        region: the server's region.
        profile: a profile of ~/.aws, whose credentials and region count.
        path_style: buckets as the first part of the path; none: so for every end point but AWS.
        anonymous: requests are not signed.
        access_key: with `secret_key` goes before all other credentials.
    """

    endpoint: str = ""
    region: str = ""
    profile: str = ""
    path_style: bool | None = None
    anonymous: bool = False
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)


def parse_profiles(table: object, file: str) -> dict[str, S3Profile]:
    """The profiles that stand under `[s3.profiles]`.

    Args:
        table: what TOML holds under `s3`.
        file: whose they are, for errors, which never tell a value.

    Raises:
        UsageFault: an unknown key or a value that cannot be.
    """
    named = table.get("profiles", {}) if isinstance(table, dict) else None
    if not isinstance(table, dict) or not isinstance(named, dict) or table.keys() - {"profiles"}:
        raise UsageFault("s3 must hold tables of the form [s3.profiles.NAME]", address=file)
    return {name: _parse(name, value, file) for name, value in named.items()}


def _parse(name: str, table: object, file: str) -> S3Profile:
    where = f"s3.profiles.{name}"
    if not name or not name.replace("-", "").replace("_", "").isalnum():
        raise UsageFault(f"{where}: a name has letters, digits, - and _ only", address=file)
    if not isinstance(table, dict):
        raise UsageFault(f"{where} must be a table", address=file)
    flags = {"path_style", "anonymous"}
    known = [item.name for item in fields(S3Profile)]
    for key, value in table.items():
        if key not in known:
            raise UsageFault(f"{where}: unknown key {key!r}", address=file, hint=f"one of: {', '.join(known)}")
        if not isinstance(value, bool if key in flags else str):
            raise UsageFault(f"{where}: {key} must be {'true or false' if key in flags else 'a text'}", address=file)
    profile = S3Profile(**table)
    if profile.endpoint:
        _check_endpoint(profile.endpoint, where, file)
    if bool(profile.access_key) != bool(profile.secret_key):
        raise UsageFault(f"{where}: access_key and secret_key go together", address=file)
    return profile


def _check_endpoint(endpoint: str, where: str, file: str) -> None:
    try:
        parts = urlsplit(endpoint)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise UsageFault(f"{where}: endpoint is no URL", address=file, hint="https://host or http://host:9000")
    if "@" in endpoint or parts.query or parts.fragment:
        raise UsageFault(
            f"{where}: endpoint holds more than a server",
            address=file,
            hint="credentials belong in access_key and secret_key or in ~/.aws",
        )


def shown_profiles(profiles: Mapping[str, S3Profile], mark: str) -> dict[str, Any]:
    """The profiles as they may be shown: `mark` stands for keys."""
    return {
        name: {
            item.name: mark if item.name.endswith("_key") else value
            for item in fields(S3Profile)
            if (value := getattr(profile, item.name)) != item.default
        }
        for name, profile in profiles.items()
    }
