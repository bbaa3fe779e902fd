"""Archives as a read-only file system of fsspec, so that DuckDB, pandas and others read members in place.

`des:///data/shard.des#report.csv` and `des://s3://bucket/shard.des#report.csv` name a member and its archive;
`des://report.csv` names one of the archive that the file system was made for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from fsspec import AbstractFileSystem

from dmart_tui.core.archives.archive import open_archive
from dmart_tui.core.archives.source import open_source
from dmart_tui.core.config import load
from dmart_tui.core.errors import DmartTuiError, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dmart_tui.core.archives.archive import Archive

SCHEME: Final = "des://"
_SEPARATOR: Final = ".des#"


class DesFileSystem(AbstractFileSystem):  # type: ignore[misc]
    """One archive; of several members with one name the last is read, as readers of the original do.

    Args:
        fo: the archive: a path, `s3://bucket/key` or `s3://profile@bucket/key` with the profiles of the settings.
        target_protocol: what fsspec takes from `des://member::file:///a.des`; only local files can be named so.

    Raises:
        FileNotFoundError: there is no such archive or member.
        OSError: whatever else keeps it from being read.
    """

    protocol = "des"
    root_marker = ""

    def __init__(self, fo: str = "", target_protocol: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        if target_protocol not in (None, "file", "local"):
            raise ValueError(
                f"archives on {target_protocol} are named as des://{target_protocol}://bucket/key.des#member"
            )
        self._where = fo
        self._opened: Archive | None = None

    @classmethod
    def _strip_protocol(cls, path: str | Sequence[str]) -> Any:
        if not isinstance(path, str):
            return [cls._strip_protocol(item) for item in path]
        if path.startswith(SCHEME):
            path = path.removeprefix(SCHEME)
            _archive, separator, member = path.partition(_SEPARATOR)
            path = member if separator else path
        return path.strip("/")

    @staticmethod
    def _get_kwargs_from_urls(path: str) -> dict[str, str]:
        archive, separator, _member = path.removeprefix(SCHEME).partition(_SEPARATOR)
        return {"fo": archive + separator[:-1]} if separator else {}

    @property
    def archive(self) -> Archive:
        """The archive, opened when first asked for."""
        if self._opened is None:
            with _failures():
                remote = self._where.startswith("s3://")
                self._opened = open_archive(open_source(self._where, load() if remote else None))
        return self._opened

    def invalidate_cache(self, path: str | None = None) -> None:
        """Look anew at what the archive holds, which may have been replaced."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None
        super().invalidate_cache(path)

    def info(self, path: str, **_options: Any) -> dict[str, Any]:
        path = self._strip_protocol(path)
        if positions := self.archive.find(path):
            return self._described(positions[-1], path)
        if not path or any(name.startswith(f"{path}/") for name in self._names()):
            return {"name": path, "size": 0, "type": "directory"}
        raise FileNotFoundError(path)

    def ls(self, path: str, detail: bool = True, **_options: Any) -> list[Any]:
        path = self._strip_protocol(path)
        below = f"{path}/" if path else ""
        files: dict[str, int] = {}
        folders: dict[str, None] = {}
        for position, name in enumerate(self._names()):
            if not name.startswith(below):
                continue
            first, slash, _rest = name[len(below) :].partition("/")
            if slash and first:
                folders[below + first] = None
            elif first:
                files[name] = position
        if not files and not folders and path:
            return [self.info(path)] if detail else [self.info(path)["name"]]
        if not detail:
            return sorted({*folders, *files})
        listed = [{"name": name, "size": 0, "type": "directory"} for name in folders]
        return listed + [self._described(position, name) for name, position in files.items()]

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_options: Any) -> bytes:
        position, first, last = self._range(path, start, end)
        with _failures():
            return self.archive.read(position, first, last - first)

    def cat_ranges(
        self,
        paths: Sequence[str],
        starts: Any,
        ends: Any,
        max_gap: int | None = None,
        on_error: str = "return",
        **_options: Any,
    ) -> list[Any]:
        """Ranges of members, near ones read together and many at once."""
        count = len(paths)
        starts = [starts] * count if isinstance(starts, int | None) else starts
        ends = [ends] * count if isinstance(ends, int | None) else ends
        found: list[Any] = [b""] * count
        plain: dict[int, tuple[int, int]] = {}
        for at, (path, start, end) in enumerate(zip(paths, starts, ends, strict=True)):
            try:
                position, first, last = self._range(path, start, end)
                member = self.archive.member(position)
                if member.codec == "none" and not member.external and not member.problem:
                    plain[at] = (member.offset + first, last - first)
                else:
                    found[at] = self.cat_file(path, start, end)
            except OSError as error:
                if on_error == "raise":
                    raise
                found[at] = error
        places = list(plain)
        with _failures():
            for at, data in self.archive.source.read_many(list(plain.values())):
                found[places[at]] = data
        return found

    def _open(self, path: str, mode: str = "rb", *_args: Any, **_options: Any) -> BinaryIO:
        if mode != "rb":
            raise NotImplementedError("archives are read only")
        position, _first, _last = self._range(path, None, None)
        with _failures():
            return self.archive.open(position)

    def ukey(self, path: str) -> str:
        return f"{self.archive.source.cache_key}#{self._strip_protocol(path)}"

    def _names(self) -> Iterator[str]:
        return (self.archive.name(position) for position in range(len(self.archive)))

    def _described(self, position: int, name: str) -> dict[str, Any]:
        member = self.archive.member(position)
        return {"name": name, "size": member.size, "type": "file", "external": member.external, "sha256": member.digest}

    def _range(self, path: str, start: int | None, end: int | None) -> tuple[int, int, int]:
        """A member's position, and a range within its content as slices mean it."""
        path = self._strip_protocol(path)
        positions = self.archive.find(path)
        if not positions:
            raise FileNotFoundError(path)
        first, last, _step = slice(start, end).indices(self.archive.member(positions[-1]).size)
        return positions[-1], first, max(first, last)


@contextmanager
def _failures() -> Iterator[None]:
    """Errors of the core as those that programs expect of a file system."""
    try:
        yield
    except NotFound as error:
        raise FileNotFoundError(str(error)) from None
    except DmartTuiError as error:
        raise OSError(str(error)) from None
