"""Where archives are: folders of this computer, buckets and prefixes, listed page by page in a thread."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from rich.segment import Segment

from dmart_tui.core.errors import Failed, NotFound
from dmart_tui.core.text import fit, safe
from dmart_tui.core.units import format_size, format_time
from dmart_tui.tui.launch import ARCHIVES, is_store
from dmart_tui.tui.widgets.lines import spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.style import Style

    from dmart_tui.core.config import Settings

Kind = Literal["folder", "archive", "other"]
S3: Final = "s3://"
_PAGE: Final = 1000
_SIGNS: Final = {"folder": "▸ ", "archive": "≡ ", "other": "  "}
_TIMES: Final = 46


@dataclass(frozen=True, slots=True)
class Place:
    """One row.

    Args:
        name: untrusted text.
        where: what opens it: a path or an `s3://` address; of folders it ends with `/`.
        about: said beside the name.
    """

    name: str
    where: str
    kind: Kind
    size: int | None = None
    when: datetime | None = None
    about: str = ""


def above(place: str) -> str:
    """The place that a place is in; empty: the list of all there are."""
    if place.startswith(S3):
        bucket, slash, key = place[len(S3) :].partition("/")
        if not slash:
            return ""
        if not key.rstrip("/"):
            return S3 + (f"{bucket.rpartition('@')[0]}@" if "@" in bucket else "")
        return f"{S3}{bucket}/{key.rstrip('/').rpartition('/')[0]}/".replace("//", "/").replace("s3:/", S3, 1)
    folder = place.rstrip("/").rpartition("/")[0]
    return f"{folder}/" if place.strip("/") else ""


def pages(place: str, settings: Settings, root: str) -> Iterator[list[Place]]:
    """What is at a place, a page at a time.

    Raises:
        NotFound, Refused, UsageFault, Failed: it cannot be listed.
    """
    if not place:
        yield _beginnings(settings, root)
    elif not place.startswith(S3):
        yield from _folder(place)
    else:
        bucket = place[len(S3) :].partition("/")[0].rpartition("@")[2]
        yield from _objects(place, settings) if bucket else _buckets(place, settings)


def _beginnings(settings: Settings, root: str) -> list[Place]:
    here, home = f"{Path.cwd()}/", f"{Path.home()}/"
    found = [Place("This folder", here, "folder", about=here)]
    if home != here:
        found.append(Place("Home", home, "folder", about=home))
    if root:
        from dmart_tui.core.mounting import mounted

        found.append(Place("The spaces folder", f"{root}/", "folder", about=f"{root}/"))
        found += [
            Place(
                one.archive.rpartition("/")[2],
                f"{one.archive}/" if one.is_store else one.archive,
                "folder" if one.is_store else "archive",
                about=f"{'not followed' if one.refused else 'mounted'}: {', '.join(one.covers[:3])}",
            )
            for one in mounted(root)
        ]
    found.append(Place("S3", S3, "folder", about="buckets, as AWS's own settings say"))
    found += [Place(f"S3 {name}", f"{S3}{name}@", "folder", about=one.endpoint) for name, one in settings.s3.items()]
    return found


def _folder(place: str) -> Iterator[list[Place]]:
    """Folders, history stores and archives; other files are passed over, as are hidden ones."""
    folders: list[Place] = []
    archives: list[Place] = []
    try:
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir() and is_store(entry.name):
                    archives.append(Place(entry.name, entry.path, "archive", about="history store"))
                elif entry.is_dir():
                    folders.append(Place(entry.name, f"{entry.path}/", "folder"))
                elif entry.name.lower().endswith(ARCHIVES) and entry.is_file():
                    status = entry.stat()
                    when = datetime.fromtimestamp(status.st_mtime, UTC)
                    archives.append(Place(entry.name, entry.path, "archive", status.st_size, when))
    except FileNotFoundError:
        raise NotFound("there is no such folder", address=place) from None
    except OSError as error:
        raise Failed(f"cannot be listed: {error.strerror}", address=place) from None
    yield [*sorted(archives, key=_named), *sorted(folders, key=_named)]


def _named(place: Place) -> str:
    return place.name.lower()


def _buckets(place: str, settings: Settings) -> Iterator[list[Place]]:
    from dmart_tui.core.archives.buckets import bucket_names
    from dmart_tui.core.archives.remote import endpoint

    found: list[Place] = []
    for name in bucket_names(endpoint(place[len(S3) :].rstrip("@"), settings)):
        found.append(Place(name, f"{place}{name}/", "folder"))
        if len(found) == _PAGE:
            yield found
            found = []
    yield found


def _objects(place: str, settings: Settings) -> Iterator[list[Place]]:
    from dmart_tui.core.archives.buckets import open_bucket

    bucket, prefix = open_bucket(place, settings)
    start = place[: len(place) - len(prefix)]
    for page in bucket.pages(prefix):
        found = [Place(name[len(prefix) :].rstrip("/"), f"{start}{name}", "folder") for name in page.folders]
        found += [
            Place(
                item.key[len(prefix) :],
                f"{start}{item.key}",
                "archive" if item.key.lower().endswith(ARCHIVES) else "other",
                item.stamp.size,
                item.modified,
            )
            for item in page.objects
        ]
        yield found


class PlaceRows:
    """Places, a line each.

    Args:
        more: whether other pages may come.
        needle: words that names have.
    """

    def __init__(self, places: Sequence[Place], *, needle: str = "", more: bool = False) -> None:
        words = needle.lower().split()
        self.places = [one for one in places if all(word in one.name.lower() for word in words)]
        self.more = more

    def __len__(self) -> int:
        return len(self.places)

    def key(self, index: int, /) -> str:
        return self.places[index].where

    def index(self, key: str, /) -> int:
        return next((at for at, place in enumerate(self.places) if place.where == key), -1)

    def render(self, index: int, width: int, style: Callable[[str], Style], /) -> list[Segment]:
        place = self.places[index]
        muted = style("muted")
        tone = {"folder": style("strong"), "archive": style(""), "other": muted}[place.kind]
        name = f"{place.name}/" if place.kind == "folder" and not place.about else place.name
        left = [
            Segment(_SIGNS[place.kind], style("accent" if place.kind == "archive" else "muted")),
            Segment(safe(name), tone),
        ]
        if place.about:
            left.append(Segment(f"  {safe(place.about)}", muted))
        right = []
        if place.when is not None and width >= _TIMES:
            right.append(Segment(f"{format_time(place.when)} ", muted))
        if place.size is not None:
            right.append(Segment(fit(format_size(place.size), 8, right=True) + " ", muted))
        return spread(left, right, width)
