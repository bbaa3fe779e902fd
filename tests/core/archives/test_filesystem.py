from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from dmart_tui.core.archives.big_files import LocalBigFiles
from dmart_tui.core.archives.writer import Writer
from tests.support.s3 import BUCKET, REGION, S3Server

if TYPE_CHECKING:
    from collections.abc import Iterator

fsspec = pytest.importorskip("fsspec")

MEMBERS = {
    "people.csv": b"name,age\nAda,36\nGrace,85\n",
    "zażółć (1).json": b'[{"a": 1}, {"a": 2}]',
    "empty": b"",
    "long": bytes(range(256)) * 400,
}


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """As the entry point does where the package is installed with it."""
    from dmart_tui.core.archives.filesystem import DesFileSystem

    fsspec.register_implementation("des", DesFileSystem, clobber=True)
    DesFileSystem.clear_instance_cache()
    yield
    DesFileSystem.clear_instance_cache()


@pytest.fixture
def archive(tmp_path: Path) -> str:
    path = str(tmp_path / "a shard.des")
    with Writer(path, big_file_threshold=100_000, big_files=LocalBigFiles(path)) as writer:
        writer.add("people.csv", b"the first of two with this name")
        for name, content in MEMBERS.items():
            writer.add(name, content)
    return path


def test_the_package_names_it_to_fsspec() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())
    module, _colon, name = project["project"]["entry-points"]["fsspec.specs"]["des"].partition(":")
    assert getattr(import_module(module), name).protocol == "des"


def test_members_are_listed_with_their_sizes(archive: str) -> None:
    files = fsspec.filesystem("des", fo=archive)
    assert sorted(files.ls("", detail=False)) == sorted(MEMBERS)
    assert {item["name"]: item["size"] for item in files.ls("")} == {name: len(data) for name, data in MEMBERS.items()}
    assert files.info("long")["external"]
    assert files.glob("*.csv") == ["people.csv"]
    assert files.exists("empty")
    assert not files.exists("absent")
    assert files.isdir("")


def test_members_are_read(archive: str) -> None:
    files = fsspec.filesystem("des", fo=archive)
    for name, content in MEMBERS.items():
        assert files.cat_file(name) == content
        with files.open(name) as file:
            assert file.read() == content
    assert files.cat(list(MEMBERS)) == MEMBERS
    with pytest.raises(FileNotFoundError):
        files.cat_file("absent")
    with pytest.raises(FileNotFoundError):
        files.open("absent")


@pytest.mark.parametrize(("start", "end"), [(None, None), (0, 4), (5, None), (-4, None), (3, -3), (9, 2), (20, 10**9)])
def test_ranges_are_slices(archive: str, start: int | None, end: int | None) -> None:
    files = fsspec.filesystem("des", fo=archive)
    names = list(MEMBERS)
    wanted = [MEMBERS[name][start:end] for name in names]
    assert [files.cat_file(name, start, end) for name in names] == wanted
    assert files.cat_ranges(names, [start] * len(names), [end] * len(names)) == wanted
    assert files.cat_ranges(names, start, end) == wanted


def test_a_range_of_a_member_that_is_not_there(archive: str) -> None:
    files = fsspec.filesystem("des", fo=archive)
    good, bad = files.cat_ranges(["people.csv", "absent"], 0, 4)
    assert good == b"name"
    assert isinstance(bad, FileNotFoundError)
    with pytest.raises(FileNotFoundError):
        files.cat_ranges(["absent"], 0, 4, on_error="raise")


def test_a_member_with_its_archive_in_one_url(archive: str) -> None:
    for url in (f"des://{archive}#people.csv", f"des://people.csv::file://{archive}"):
        with fsspec.open(url) as file:
            assert file.read() == MEMBERS["people.csv"]


def test_nothing_is_written(archive: str) -> None:
    files = fsspec.filesystem("des", fo=archive)
    before = Path(archive).read_bytes()
    for mode in ("wb", "ab", "xb"):
        with pytest.raises(NotImplementedError):
            files.open("new", mode)
    with pytest.raises(NotImplementedError):
        files.rm("people.csv")
    assert Path(archive).read_bytes() == before


def test_names_with_slashes_are_folders(tmp_path: Path) -> None:
    from tests.support.archives import Made, des1

    path = tmp_path / "old.des"
    path.write_bytes(des1(Made(b"a/b/c.txt", b"1"), Made(b"a/d.txt", b"2"), Made(b"e.txt", b"3"), Made(b"", b"4")))
    files = fsspec.filesystem("des", fo=str(path))
    assert sorted(files.ls("", detail=False)) == ["a", "e.txt"]
    assert sorted(files.ls("a", detail=False)) == ["a/b", "a/d.txt"]
    assert files.ls("a/d.txt", detail=False) == ["a/d.txt"]
    assert sorted(files.find("")) == ["a/b/c.txt", "a/d.txt", "e.txt"]
    assert files.cat_file("a/b/c.txt") == b"1"
    assert files.info("a/b")["type"] == "directory"
    with pytest.raises(FileNotFoundError):
        files.ls("f")


def test_what_is_no_archive_is_an_error_of_a_file_system(tmp_path: Path) -> None:
    (tmp_path / "no.des").write_bytes(b"x" * 500)
    with pytest.raises(OSError, match=r"no\.des"):
        fsspec.filesystem("des", fo=str(tmp_path / "no.des")).ls("")
    with pytest.raises(FileNotFoundError):
        fsspec.filesystem("des", fo=str(tmp_path / "absent.des")).ls("")
    with pytest.raises(ValueError, match="des://http"):
        fsspec.filesystem("des", fo="host/a.des", target_protocol="http")


def test_a_replaced_archive_is_seen_after_the_cache_is_let_go(archive: str, tmp_path: Path) -> None:
    files = fsspec.filesystem("des", fo=archive)
    first = files.ukey("people.csv")
    with Writer(str(tmp_path / "new.des")) as writer:
        writer.add("other", b"new")
    (tmp_path / "new.des").replace(archive)
    files.invalidate_cache()
    assert files.ls("", detail=False) == ["other"]
    assert files.ukey("other") != first


def test_duckdb_reads_members(archive: str) -> None:
    with duckdb.connect() as connection:
        connection.register_filesystem(fsspec.filesystem("des", fo=archive))
        assert connection.sql("select sum(age) from read_csv('des://people.csv')").fetchall() == [(121,)]
        assert connection.sql("select sum(a) from read_json('des://zażółć (1).json')").fetchall() == [(3,)]


def test_members_of_an_archive_on_s3(moto: S3Server, archive: str, own_folders: Path) -> None:
    moto.put("day/shard.des", Path(archive).read_bytes())
    moto.put("day/_bigFiles/long", MEMBERS["long"])
    config = own_folders / "config" / "dmart-tui" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    keys = f'access_key = "{moto.profile.access_key}"\nsecret_key = "{moto.profile.secret_key}"\n'
    config.write_text(f'[s3.profiles.m]\nendpoint = "{moto.url}"\nregion = "{REGION}"\n{keys}')
    with fsspec.open(f"des://s3://m@{BUCKET}/day/shard.des#people.csv") as file:
        assert file.read() == MEMBERS["people.csv"]
    files = fsspec.filesystem("des", fo=f"s3://m@{BUCKET}/day/shard.des")
    assert files.cat_ranges(["people.csv", "long"], [0, 300], [4, 310]) == [b"name", MEMBERS["long"][300:310]]


def test_nothing_else_needs_fsspec() -> None:
    code = (
        "import sys; sys.modules['fsspec'] = None; import dmart_tui.core.archives.archive, dmart_tui.core.archives.s3"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
