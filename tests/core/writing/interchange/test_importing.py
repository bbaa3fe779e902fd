"""Importing a zip: policies, histories, and zips made to do harm."""

from __future__ import annotations

import json
import stat
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.errors import Damaged, DmartTuiError, NotFound, Refused
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.writing import Store
from dmart_tui.core.writing.bulk import undo
from dmart_tui.core.writing.interchange import Imported, import_zip, read_zip

META = "blog/posts/.dm/hello/meta.content.json"
HISTORY = "blog/posts/.dm/hello/history.jsonl"
BASE: dict[str, Any] = {
    "blog/.dm/meta.space.json": {"shortname": "blog"},
    "blog/posts/.dm/meta.folder.json": {"shortname": "posts"},
    META: {"shortname": "hello", "slug": "new", "payload": {"content_type": "json", "body": "hello.json"}},
    "blog/posts/hello.json": {"title": "New", "inner": {"b": 2}},
    HISTORY: b'{"uuid":"1","timestamp":"2024-01-01T00:00:00"}\n{"uuid":"3","timestamp":"2024-01-03T00:00:00"}\n',
}


def bytes_of(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def packed(path: Path, files: dict[str, Any]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in files.items():
            archive.writestr(name, bytes_of(value))
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty root in a path with spaces."""
    top = tmp_path / "my spaces"
    top.mkdir()
    return top


def fill(root: Path, files: dict[str, Any]) -> None:
    for name, value in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes_of(value))


def imported(root: Path, archive: Path, **options: Any) -> Imported:
    with read_zip(archive) as package:
        return import_zip(Store(Spaces(root), user="tester"), package, **options)


def read(root: Path, name: str) -> Any:
    return json.loads((root / name).read_bytes())


def files(root: Path) -> set[str]:
    found = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    return {name for name in found if not name.startswith(".dmart-tui")}


# -- policies ---------------------------------------------------------------------------------------------------------

HERE: dict[str, Any] = BASE | {
    META: {"shortname": "hello", "slug": "old", "note": "mine", "password": "hash", "payload": BASE[META]["payload"]},
    "blog/posts/hello.json": {"title": "Old", "inner": {"a": 1}},
    HISTORY: b'{"uuid":"1","timestamp":"2024-01-01T00:00:00"}\n{"uuid":"2","timestamp":"2024-01-02T00:00:00"}\n',
}


@pytest.mark.parametrize(
    ("policy", "meta", "payload", "lines", "outcome"),
    [
        ("skip", HERE[META], HERE["blog/posts/hello.json"], ["1", "2"], "skipped"),
        ("replace", BASE[META] | {"password": "hash"}, BASE["blog/posts/hello.json"], ["1", "2", "3"], "replaced"),
        ("merge", HERE[META] | {"slug": "new"}, {"title": "New", "inner": {"a": 1, "b": 2}}, ["1", "2", "3"], "merged"),
    ],
)
def test_what_happens_to_an_entry_that_is_there(
    root: Path, tmp_path: Path, policy: str, meta: Any, payload: Any, lines: list[str], outcome: str
) -> None:
    fill(root, HERE)
    archive = packed(tmp_path / "a.zip", BASE)
    found = imported(root, archive, on_existing=policy)
    assert found.outcomes == {"unchanged": 2, outcome: 1}
    assert read(root, META) == meta
    assert read(root, "blog/posts/hello.json") == payload
    assert [json.loads(line)["uuid"] for line in (root / HISTORY).read_bytes().splitlines()] == lines
    again = imported(root, archive, on_existing=policy)
    assert again.outcomes[outcome] == (policy == "skip")
    assert again.report.done == 0


def test_fail_changes_nothing_and_names_what_is_there(root: Path, tmp_path: Path) -> None:
    fill(root, HERE)
    before = {name: (root / name).read_bytes() for name in files(root)}
    with pytest.raises(Refused, match="blog/posts/hello"):
        imported(root, packed(tmp_path / "a.zip", BASE | {"new/.dm/meta.space.json": {}}), on_existing="fail")
    assert {name: (root / name).read_bytes() for name in files(root)} == before


def test_a_dry_run_counts_and_changes_nothing(root: Path, tmp_path: Path) -> None:
    found = imported(root, packed(tmp_path / "a.zip", BASE), dry_run=True)
    assert found.outcomes == {"new": 3}
    assert list(root.iterdir()) == []


THERE: list[dict[str, Any]] = [
    {},
    {"blog/.dm/meta.space.json": {"shortname": "blog"}, "blog/posts/hello.json": {"title": "New", "inner": {"b": 2}}},
    {"blog/.dm/meta.space.json": {"shortname": "blog"}, "blog/posts/other.txt": b"mine"},
    BASE | {META: {"shortname": "hello"}},
]


@pytest.mark.parametrize("there", THERE)
@pytest.mark.parametrize("stray", [{}, {"blog/posts/stray.json": {"a": 1}, "blog/posts/big.bin": b"x" * 2_000_000}])
def test_an_import_that_is_taken_back_leaves_what_was_there(
    root: Path, tmp_path: Path, there: dict[str, Any], stray: dict[str, Any]
) -> None:
    fill(root, there)
    before = {name: read(root, name) for name in files(root) if name.endswith(".json")}
    found = imported(root, packed(tmp_path / "all.zip", BASE | stray), on_existing="replace")
    assert found.report.failed == 0
    report = undo(Store(Spaces(root), user="tester"), found.report.batch)
    assert report.failures == []
    assert {name for name in files(root) if not name.endswith(".jsonl")} == {
        name for name in there if not name.endswith(".jsonl")
    }
    for name, value in before.items():
        now = read(root, name)
        assert {key: now[key] for key in now if key != "updated_at"} == value


def test_a_file_that_was_changed_since_stays_when_its_import_is_taken_back(root: Path, tmp_path: Path) -> None:
    fill(root, {"blog/.dm/meta.space.json": {"shortname": "blog"}})
    found = imported(root, packed(tmp_path / "all.zip", BASE | {"blog/stray.json": {"a": 1}}))
    (root / "blog/stray.json").write_text("changed")
    report = undo(Store(Spaces(root), user="tester"), found.report.batch)
    assert report.failed == 1
    assert (root / "blog/stray.json").read_text() == "changed"


def test_older_lines_go_to_their_time(root: Path, tmp_path: Path) -> None:
    fill(root, BASE)
    older = BASE | {HISTORY: b'{"uuid":"2","timestamp":"2024-01-02T00:00:00"}\n'}
    imported(root, packed(tmp_path / "a.zip", older), on_existing="merge")
    assert [json.loads(line)["uuid"] for line in (root / HISTORY).read_bytes().splitlines()] == ["1", "2", "3"]


def test_a_masked_password_makes_no_new_event(root: Path, tmp_path: Path) -> None:
    events = "blog/.dm/events.jsonl"
    fill(root, BASE | {events: b'{"request":"create","attributes":{"password":"$2b$12$x"}}'})
    masked = BASE | {events: b'{"request":"create","attributes":{"password":"********"}}\n{"request":"update"}'}
    imported(root, packed(tmp_path / "a.zip", masked), on_existing="merge")
    assert [json.loads(line)["request"] for line in (root / events).read_bytes().splitlines()] == ["create", "update"]


def test_another_type_under_the_name_is_refused(root: Path, tmp_path: Path) -> None:
    fill(root, {"blog/posts/.dm/hello/meta.ticket.json": {"shortname": "hello"}})
    found = imported(root, packed(tmp_path / "a.zip", BASE), on_existing="replace")
    assert [str(failure.address) for failure in found.report.failures] == ["blog/posts/hello"]
    assert found.outcomes["new"] == 2


def test_a_file_of_the_root_is_not_overwritten_by_a_new_entry(root: Path, tmp_path: Path) -> None:
    fill(root, {"blog/posts/hello.json": {"somebody": "else's"}})
    imported(root, packed(tmp_path / "a.zip", BASE))
    assert read(root, "blog/posts/hello.json") == {"somebody": "else's"}


def test_names_that_differ_in_their_normal_form_are_one(root: Path, tmp_path: Path) -> None:
    fill(root, {"blog/.dm/cafe\u0301/meta.content.json": {"shortname": "café"}})
    imported(root, packed(tmp_path / "a.zip", {"blog/.dm/caf\u00e9/meta.content.json": {"a": 1}}), on_existing="merge")
    assert files(root) == {"blog/.dm/cafe\u0301/meta.content.json"}


def test_new_directories_of_one_name_become_one(root: Path, tmp_path: Path) -> None:
    names = ["blog/caf\u00e9/.dm/one/meta.content.json", "blog/cafe\u0301/.dm/two/meta.content.json"]
    imported(root, packed(tmp_path / "a.zip", {name: {} for name in names}))
    assert len(list((root / "blog").iterdir())) == 1
    assert len(files(root)) == 2


def test_entries_that_do_not_meddle_come_in_together(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups: list[int] = []
    apply_together = Store.apply_together

    def counted(self: Store, plans: Any, **options: Any) -> None:
        groups.append(len(plans))
        apply_together(self, plans, **options)

    monkeypatch.setattr(Store, "apply_together", counted)
    shared = {"payload": {"content_type": "json", "body": "shared.json"}}
    metas = {f"blog/posts/.dm/entry_{number:02d}/meta.content.json": shared for number in range(70)}
    large = {"blog/posts/.dm/entry_10/attachments.media/film.mkv": bytes(2_000_000)}
    content = BASE | metas | large | {"blog/posts/shared.json": {"a": 1}}
    found = imported(root, packed(tmp_path / "a.zip", content))
    assert found.outcomes == {"new": 73}
    assert sum(groups) == 73
    assert len(groups) < 8
    assert files(root) == set(content)
    assert set(imported(root, tmp_path / "a.zip").outcomes) == {"unchanged"}


def test_schemas_of_the_package_are_used_before_they_are_there(root: Path, tmp_path: Path) -> None:
    schema = {"type": "object", "required": ["price"]}
    payload = BASE[META]["payload"] | {"schema_shortname": "post"}
    content = BASE | {"blog/schema/post.json": schema, META: BASE[META] | {"payload": payload}}
    found = imported(root, packed(tmp_path / "a.zip", content), dry_run=True)
    assert found.warnings["schema"] == 1
    assert found.warnings["reference"] == 0


def test_large_files_come_in_without_being_held(root: Path, tmp_path: Path) -> None:
    large = bytes(range(256)) * 8000
    folder = "blog/posts/.dm/hello/attachments.media"
    payload = {"content_type": "image", "body": "cover.png"}
    content = BASE | {f"{folder}/meta.cover.json": {"payload": payload}, f"{folder}/cover.png": large}
    imported(root, packed(tmp_path / "a.zip", content))
    assert (root / folder / "cover.png").read_bytes() == large


def test_a_stopped_import_keeps_what_was_done(root: Path, tmp_path: Path) -> None:
    token = CancelToken()
    found = imported(root, packed(tmp_path / "a.zip", BASE), cancel=token, progress=lambda done, total: token.cancel())
    assert found.report.stopped
    assert files(root) == {"blog/.dm/meta.space.json"}
    with pytest.raises(Cancelled):
        imported(root, tmp_path / "a.zip", cancel=token, dry_run=True)


def test_read_only_is_absolute(root: Path, tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", BASE)
    with read_zip(archive) as package, pytest.raises(Refused):
        import_zip(Store(Spaces(root), user="tester", read_only=True), package)
    assert list(root.iterdir()) == []


# -- hostile zips -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "../evil", "/etc/evil", "blog/../../evil", "blog/posts/.dm/../../../../evil", "blog/./evil", "a//b",
        ".dmart-tui/journal/evil", "blog/.git/hooks/evil", "evil", "blog/posts/.dm/x/.dm/evil", "blog/" + "a" * 300,
        "blog/nul\0l",
    ],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_left_out(root: Path, tmp_path: Path, name: str) -> None:
    info = zipfile.ZipInfo("x")
    info.filename = info.orig_filename = name
    with zipfile.ZipFile(packed(tmp_path / "a.zip", BASE), "a") as archive:
        archive.writestr(info, b"evil")
    with read_zip(tmp_path / "a.zip") as package:
        assert package.findings.counts == {"bad-name": 1}
    imported(root, tmp_path / "a.zip")
    assert files(root) == set(BASE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "my spaces"]


def test_links_in_a_zip_are_left_out(root: Path, tmp_path: Path) -> None:
    info = zipfile.ZipInfo("blog/posts/link.json")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(packed(tmp_path / "a.zip", BASE), "a") as archive:
        archive.writestr(info, "/etc/passwd")
    imported(root, tmp_path / "a.zip")
    assert files(root) == set(BASE)


def test_nothing_is_written_through_a_link_of_the_root(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "blog").symlink_to(outside)
    found = imported(root, packed(tmp_path / "a.zip", BASE))
    assert found.report.done == 0
    assert list(outside.iterdir()) == []


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_names_that_stand_twice_none_is_taken(root: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(packed(tmp_path / "a.zip", BASE), "a") as archive:
        archive.writestr(META, b'{"shortname": "other"}')
    found = imported(root, tmp_path / "a.zip")
    assert "blog/posts/.dm/hello" not in {str(Path(name).parent) for name in files(root)}
    assert [str(failure.address) for failure in found.report.failures] == ["blog/posts/hello"]


def spoiled(path: Path, name: str, **lies: int) -> None:
    """Break a member: its bytes, or what the directory says of its sizes."""
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(name)
        start = info.header_offset + 30 + len(name)
    if not lies:
        data[start + 2] ^= 0xFF
    else:
        at = data.rindex(name.encode()) - 46
        struct.pack_into("<I", data, at + 24, lies["size"])
    path.write_bytes(data)


def test_a_damaged_member_fails_its_entry_only(root: Path, tmp_path: Path) -> None:
    other = {"blog/posts/.dm/other/meta.content.json": {"shortname": "other"}}
    archive = packed(tmp_path / "a.zip", BASE | other)
    spoiled(archive, META)
    found = imported(root, archive)
    assert [str(failure.address) for failure in found.report.failures] == ["blog/posts/hello"]
    assert "blog/posts/.dm/other/meta.content.json" in files(root)
    assert META not in files(root)


def test_a_damaged_attachment_is_told_and_its_entry_comes_in(root: Path, tmp_path: Path) -> None:
    cover = "blog/posts/.dm/hello/attachments.media/cover.png"
    archive = packed(tmp_path / "a.zip", BASE | {cover: b"picture" * 9})
    spoiled(archive, cover)
    found = imported(root, archive)
    assert found.warnings["loss"] == 1
    assert files(root) == set(BASE)


def test_declared_sizes_are_not_believed(root: Path, tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", BASE | {"blog/posts/.dm/hello/old.bak": b"x" * 5000})
    spoiled(archive, "blog/posts/.dm/hello/old.bak", size=10)
    found = imported(root, archive)
    assert found.warnings["loss"] == 1
    assert META in files(root)


def test_a_bomb_is_not_unpacked(root: Path, tmp_path: Path) -> None:
    bomb = "blog/posts/.dm/hello/bomb.bin"
    packed(tmp_path / "a.zip", BASE | {bomb: bytes(60_000_000)})
    found = imported(root, tmp_path / "a.zip")
    assert found.warnings["loss"] == 1
    assert files(root) == set(BASE)


@pytest.mark.parametrize(
    ("data", "error"),
    [(b"", Damaged), (b"PK\x03\x04 no zip", Damaged), (None, NotFound)],
)
def test_what_is_no_zip_is_told(tmp_path: Path, data: bytes | None, error: type[DmartTuiError]) -> None:
    path = tmp_path / "a.zip"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(error):
        read_zip(path)


def test_a_zip_of_something_else_is_told(tmp_path: Path) -> None:
    with pytest.raises(Damaged, match="layout"):
        read_zip(packed(tmp_path / "a.zip", {"readme.txt": b"", "photos/a.jpg": b""}))
