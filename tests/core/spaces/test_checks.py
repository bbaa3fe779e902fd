"""The integrity check: every kind of fault found where it is, and nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.demo import PLANTED
from dmart_tui.core.errors import NotFound
from dmart_tui.core.spaces import Problem, Spaces
from dmart_tui.core.spaces.checks import KINDS, Check, Progress

Found = set[tuple[str, str]]


class Root:
    """A sound spaces folder to break."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.meta("management/.dm/meta.space.json")
        self.meta("management/users/.dm/meta.folder.json", "users")
        self.meta("management/users/.dm/ann/meta.user.json", "ann", roles=[], groups=[])
        self.meta("shop/.dm/meta.space.json")
        self.meta("shop/f/.dm/meta.folder.json", "f")

    def write(self, path: str, content: Any) -> Path:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return file

    def meta(self, path: str, name: str = "", **fields: Any) -> None:
        meta = {
            "uuid": str(uuid.uuid4()),
            "shortname": name or path.split("/")[0],
            "is_active": True,
            "tags": [],
            "created_at": "2023-03-21T11:28:16.812153",
            "updated_at": "2024-03-21 11:28:16+03:00",
            "owner_shortname": "ann",
            **fields,
        }
        self.write(path, {key: value for key, value in meta.items() if value is not ...})

    def entry(self, name: str = "x", type_: str = "content", **fields: Any) -> None:
        self.meta(f"shop/f/.dm/{name}/meta.{type_}.json", **{"name": name, **fields})

    def attach(self, type_: str, name: str, owner: str = "x", **fields: Any) -> None:
        self.meta(f"shop/f/.dm/{owner}/attachments.{type_}/meta.{name}.json", **{"name": name, **fields})

    def problems(self, address: str = "") -> list[Problem]:
        check = Check(Spaces(self.path), Address.parse(address) if address else None)
        return [found for found in check.run() if isinstance(found, Problem)]

    def found(self, address: str = "") -> Found:
        return {(one.kind, one.address) for one in self.problems(address)}


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path / "a root")


def body(name: str, type_: str = "json", **fields: Any) -> dict[str, Any]:
    return {"content_type": type_, "body": name, **fields}


def test_a_sound_root_has_no_problems(root: Root) -> None:
    root.entry(payload=body("x.json"))
    root.write("shop/f/x.json", {})
    root.attach("media", "pic", payload=body("pic.png", "image"))
    root.write("shop/f/.dm/x/attachments.media/pic.png", b"\x89PNG\r\n\x1a\n...")
    assert root.problems() == []


def test_side_cars_of_folders_are_no_problem(root: Root) -> None:
    root.meta("shop/f/g/.dm/meta.folder.json", "g", payload=body("g.json"))
    root.write("shop/f/g.json", {"index_attributes": []})
    root.write("shop/f/.dm/g/history.jsonl", b'{"diff": {}}\n')
    root.meta("shop/f/.dm/g/attachments.comment/meta.c.json", "c")
    root.write("shop/.dm/f/g/history.jsonl", b'{"diff": {}}\n{"diff": {}}\n')
    root.write("shop/f/.dm/history.jsonl", b'{"diff": {}}\n')
    check = Check(Spaces(root.path))
    assert [found for found in check.run() if isinstance(found, Problem)] == []
    assert (check.report.history_lines, check.report.attachments) == (4, 1)


@pytest.mark.parametrize("raw", [b"", b"\0\0\0", b"{", b"[]", b'"x"', b"\xff\xfe{}"])
def test_metas_that_cannot_be_read(root: Root, raw: bytes) -> None:
    root.write("shop/f/.dm/x/meta.content.json", raw)
    root.write("shop/f/x.json", {})
    assert root.found() == {("meta-unreadable", "shop/f/x")}


@pytest.mark.parametrize(
    ("type_", "fields", "kind"),
    [
        ("content", {"owner_shortname": ...}, "field-missing"),
        ("content", {"shortname": ...}, "field-missing"),
        ("content", {"payload": {"body": {}}}, "field-missing"),
        ("role", {}, "field-missing"),
        ("content", {"tags": "a"}, "field-type"),
        ("content", {"is_active": "yes"}, "field-type"),
        ("content", {"payload": 7}, "payload-malformed"),
        ("content", {"uuid": ...}, "field-absent"),
        ("content", {"created_at": ...}, "field-absent"),
        ("content", {"uuid": "123"}, "uuid-malformed"),
        ("content", {"uuid": 7}, "uuid-malformed"),
        ("content", {"updated_at": "yesterday"}, "time-malformed"),
        ("content", {"updated_at": []}, "time-malformed"),
        ("content", {"shortname": "y"}, "name-mismatch"),
        ("spaceship", {}, "type-unknown"),
        ("Content", {}, "type-case"),
        ("comment", {}, "type-misplaced"),
        ("plugin_wrapper", {}, "type-unlisted"),
        ("content", {"payload": body("x.json")}, "payload-missing"),
        ("content", {"payload": body("../x.json")}, "payload-name"),
        ("content", {"payload": {"content_type": "hologram", "body": {}}}, "content-type-unknown"),
        ("content", {"payload": body({}, schema_shortname="none")}, "schema-missing"),
        ("content", {"relationships": [{}]}, "relation-malformed"),
        ("content", {"owner_shortname": "nobody"}, "owner-missing"),
        ("content", {"owner_group_shortname": "none"}, "group-missing"),
        ("content", {"acl": [{"user_shortname": "nobody"}]}, "user-missing"),
        ("user", {"roles": ["none"]}, "role-missing"),
        ("user", {"groups": ["none"]}, "group-missing"),
        ("role", {"permissions": ["none"]}, "permission-missing"),
        ("ticket", {"state": "new", "workflow_shortname": "none"}, "workflow-missing"),
        ("permission", {"subpaths": {"none": []}, "resource_types": [], "actions": []}, "permission-space"),
    ],
)  # fmt: skip
def test_faults_of_a_meta(root: Root, type_: str, fields: Any, kind: str) -> None:
    root.entry(type_=type_, **{"name": "x", **fields})
    assert root.found() == {(kind, "shop/f/x")}


def test_relationships(root: Root) -> None:
    def to(name: str, type_: str) -> Any:
        return {
            "related_to": {"type": type_, "space_name": "shop", "subpath": "/f", "shortname": name},
            "attributes": {},
        }

    root.entry("x", relationships=[to("y", "content"), to("y", "ticket"), to("z", "content"), to("w", "content")])
    root.entry("y")
    problems = root.problems()
    assert {one.kind for one in problems} == {"relation-type", "relation-dangling"}
    (dangling,) = (one.detail for one in problems if one.kind == "relation-dangling")
    assert "shop/f/z, shop/f/w" in dangling


@pytest.mark.parametrize(
    ("content_type", "data", "kind"),
    [
        ("json", b"{", "payload-unreadable"),
        ("json", b"", "payload-empty"),
        ("image", b"no picture", "payload-type"),
        ("image_png", b"GIF89a", "payload-type"),
        ("pdf", b"PK\3\4", "payload-type"),
        ("jsonl", b'{"a": 1}\n{"a"\n', "payload-unreadable"),
        ("image", b"<svg/>", None),
        ("json", b"\xef\xbb\xbf{}", None),
        ("text", b"\xff", None),
    ],
)
def test_payload_files(root: Root, content_type: str, data: bytes, kind: str | None) -> None:
    root.entry(payload=body("x.json", content_type))
    root.write("shop/f/x.json", data)
    assert root.found() == ({(kind, "shop/f/x")} if kind else set())


def test_a_payload_under_another_suffix(root: Root) -> None:
    root.entry(payload=body("x.tar", "python"))
    root.write("shop/f/x.gz", b"...")
    assert root.found() == {("payload-renamed", "shop/f/x")}


def test_schemas_and_violations(root: Root) -> None:
    root.meta("shop/schema/.dm/meta.folder.json", "schema")
    for name, document in {"s": {"required": ["a"]}, "broken": {"type": 7}}.items():
        root.meta(f"shop/schema/.dm/{name}/meta.schema.json", name, payload=body(f"{name}.json"))
        root.write(f"shop/schema/{name}.json", document)
    root.write("shop/schema/bare.json", {})
    root.entry("x", payload=body("x.json", schema_shortname="s"))
    root.write("shop/f/x.json", {"b": 1})
    root.entry("y", payload=body({"b": 1}, schema_shortname="s"))
    root.entry("z", payload=body({"a": 1}, schema_shortname="s"))
    root.attach("csv", "rows", payload=body("rows.csv", "csv", schema_shortname="s"))
    root.write("shop/f/.dm/x/attachments.csv/rows.csv", b"b\n1\n")
    assert root.found() == {
        ("schema-broken", "shop/schema/broken"),
        ("orphan-payload", "shop/schema"),
        ("schema-violation", "shop/f/x"),
        ("schema-violation", "shop/f/y"),
        ("schema-violation", "shop/f/x#csv/rows"),
    }


def test_the_schema_of_schemas_is_not_held_to_itself(root: Root) -> None:
    root.meta("management/schema/.dm/meta.folder.json", "schema")
    for name in ("meta_schema", "other"):
        described = body(f"{name}.json", schema_shortname="meta_schema")
        root.meta(f"management/schema/.dm/{name}/meta.schema.json", name, payload=described)
        root.write(f"management/schema/{name}.json", {"required": ["title"]})
    assert root.found() == {("schema-violation", "management/schema/other")}


def test_tickets_and_their_workflow(root: Root) -> None:
    root.meta("shop/workflows/.dm/meta.folder.json", "workflows")
    states = [
        {"state": "new", "next": [{"action": "end", "state": "done"}]},
        {"state": "done", "resolutions": ["good"]},
    ]
    documents = {
        "w": {"initial_state": [{"name": "new", "roles": ["default"]}], "states": states},
        "odd": {"states": [{"state": "a"}]},
        "none": {},
    }
    root.meta("shop/schema/.dm/meta.folder.json", "schema")
    root.meta("shop/schema/.dm/workflow/meta.schema.json", "workflow", payload=body("workflow.json"))
    root.write("shop/schema/workflow.json", {})
    for name, document in documents.items():
        described = body(f"{name}.json", schema_shortname="workflow")
        root.meta(f"shop/workflows/.dm/{name}/meta.content.json", name, payload=described)
        root.write(f"shop/workflows/{name}.json", document)
    tickets = {
        "sound": {"state": "new", "is_open": True},
        "closed": {"state": "done", "is_open": False, "resolution_reason": "good"},
        "lost": {"state": "gone"},
        "early": {"state": "new", "is_open": False},
        "late": {"state": "done", "is_open": True},
        "vague": {"state": "done", "is_open": False, "resolution_reason": "because"},
    }
    for name, fields in tickets.items():
        root.entry(name, "ticket", workflow_shortname="w", **fields)
    assert root.found() == {
        ("workflow-odd", "shop/workflows/odd"),
        ("workflow-broken", "shop/workflows/none"),
        ("ticket-state", "shop/f/lost"),
        ("ticket-open", "shop/f/early"),
        ("ticket-open", "shop/f/late"),
        ("ticket-resolution", "shop/f/vague"),
    }


def sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    ("checksum", "client", "kind"),
    [
        (sha1(b'{\n "a": 1}'), None, None),
        ("sha1:" + sha1(b'{\n "a": 1}'), None, None),
        (sha1(b'{"a": 1}'), None, None),
        (hashlib.sha256(b'{"a": 1}').hexdigest(), None, None),
        (sha1(b"x.json"), None, "checksum-of-name"),
        (sha1(b"other"), None, "checksum-stale"),
        (hashlib.sha256(b"other").hexdigest(), None, "checksum-stale"),
        (sha1(b'{\n "a": 1}'), sha1(b"other"), "checksum-client"),
        ("?", None, None),
    ],
)
def test_checksums(root: Root, checksum: str, client: str | None, kind: str | None) -> None:
    root.entry(payload=body("x.json", checksum=checksum, client_checksum=client))
    root.write("shop/f/x.json", b'{\n "a": 1}')
    assert root.found() == ({(kind, "shop/f/x")} if kind else set())


def test_what_nothing_refers_to(root: Root) -> None:
    root.entry("x")
    root.write("shop/f/lonely.json", {})
    root.write("shop/f/.gitkeep", b"")
    root.write("shop/f/x.json.old", b"")
    root.write("shop/f/ghost.json", {"index_attributes": []})
    root.write("shop/f/.dm/ghost/history.jsonl", b"")
    root.write("shop/f/.dm/lost/history.jsonl", b"")
    root.write("shop/f/lost.json", {"price": 1})
    root.write("shop/f/.dm/x/meta.content.json.old", b"")
    root.write("shop/f/.dm/x/meta.history.jsonl", b"")
    root.write("shop/f/.dm/note.txt", b"")
    root.write("shop/f/.dm/x/attachments.media/left.png", b"")
    assert root.found() == {
        ("orphan-payload", "shop/f"),
        ("orphan-folder-payload", "shop/f/ghost"),
        ("orphan-side-car", "shop/f/ghost"),
        ("meta-missing", "shop/f/lost"),
        ("stray-file", "shop/f"),
        ("stray-file", "shop/f/x"),
        ("old-history", "shop/f/x"),
        ("orphan-attachment-file", "shop/f/x"),
    }


def test_directories_without_meta(root: Root) -> None:
    root.meta("shop/bare/.dm/y/meta.content.json", "y")
    root.write("shop/plugins/audit/plugin.py", b"")
    root.meta("shop/branches/next/.dm/meta.branch.json", "next")
    root.meta("ruin/f/.dm/meta.folder.json", "f")
    root.write("ruin/.dm/f/history.jsonl", b"")
    root.write("code/readme.md", b"")
    assert root.found() == {("folder-without-meta", "shop/bare"), ("space-without-meta", "ruin")}


def test_several_metas_are_counted_each_and_their_files_once(root: Root) -> None:
    root.entry("x")
    root.entry("x", "ticket", state="new", workflow_shortname="w")
    root.write("shop/workflows/w.json", {"states": [{"state": "new", "next": []}]})
    root.write("shop/f/.dm/x/history.jsonl", b'{"diff": {}}\n')
    root.attach("comment", "c")
    check = Check(Spaces(root.path))
    found = [one for one in check.run() if isinstance(one, Problem)]
    assert [(one.kind, one.address) for one in found] == [("several-metas", "shop/f/x")]
    assert (check.report.counts["content"], check.report.counts["ticket"]) == (1, 1)
    assert (check.report.history_lines, check.report.attachments) == (1, 1)


def test_names(root: Root) -> None:
    composed, decomposed = normalize("NFC", "آب"), normalize("NFD", "آب")
    root.entry(decomposed, shortname=composed)
    root.entry(composed)
    root.entry("with-dash")
    root.entry("Upper")
    root.entry("upper")
    found = root.found()
    assert ("name-form", f"shop/f/{decomposed}") in found
    assert ("name-unlisted", "shop/f/with-dash") in found
    assert ("name-clash-case", "shop/f/Upper") in found
    assert {kind for kind, _ in found} == {"name-form", "name-unlisted", "name-clash-case", "name-clash-form"}


def test_symlinks(root: Root, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    root.write("shop/f/real.json", {})
    root.entry("real", payload=body("real.json"))
    folder = root.path / "shop/f"
    (folder / "same.json").symlink_to("real.json")
    root.entry("same", payload=body("same.json"))
    (folder / "gone.json").symlink_to("nothing")
    (folder / "loop").symlink_to("loop")
    (folder / "out").symlink_to(tmp_path / "out")
    (folder / "inner").symlink_to("../../management")
    (folder / ".dm/linked").symlink_to("real")
    root.write("shop/f/text.json", b"../f/real.json")
    assert root.found() == {
        ("symlink-dangling", "shop/f/gone"),
        ("symlink-loop", "shop/f/loop"),
        ("symlink-escapes", "shop/f/out"),
        ("symlink-directory", "shop/f/inner"),
        ("symlink-directory", "shop/f/linked"),
        ("symlink-as-file", "shop/f"),
    }


def test_a_payload_that_is_a_pipe_does_not_block(root: Root) -> None:
    root.entry(payload=body("x.json"))
    os.mkfifo(root.path / "shop/f/x.json")
    assert ("payload-missing", "shop/f/x") in root.found()


def test_identifiers_that_are_shared(root: Root) -> None:
    same = str(uuid.uuid4())
    root.entry("x", uuid=same, slug="s")
    root.entry("y", uuid=same.upper(), slug="s")
    root.entry("z", slug="t")
    root.attach("comment", "c", uuid=same)
    root.meta("shop/f/g/.dm/meta.folder.json", "g", uuid=same)
    problems = root.problems()
    assert {(one.kind, one.address) for one in problems} == {
        *(("uuid-duplicate", f"shop/f/{name}") for name in ("x", "y", "g", "x#comment/c")),
        ("slug-duplicate", "shop/f/x"),
        ("slug-duplicate", "shop/f/y"),
    }
    assert {one.path for one in problems if one.kind == "slug-duplicate"} == {
        "shop/f/.dm/x/meta.content.json",
        "shop/f/.dm/y/meta.content.json",
    }


def test_lines_are_counted_as_they_stand(root: Root) -> None:
    root.entry("x")
    root.write("shop/f/.dm/x/history.jsonl", b'{"diff": {}}\n\n{"a": 1}{"b": 2}\n{"torn\n7\n{"diff": {}}')
    root.write("shop/.dm/events.jsonl", b'{"request": "create"}\n{"request": "delete"}')
    root.write("shop/.dm/history.jsonl", b"")
    check = Check(Spaces(root.path))
    details = {one.kind: one.detail for one in check.run() if isinstance(one, Problem)}
    assert (check.report.history_lines, check.report.event_lines) == (6, 2)
    assert details.keys() == {"lines-glued", "lines-unreadable"}
    assert "(line 3)" in details["lines-glued"]
    assert "2 of 6 lines" in details["lines-unreadable"]
    assert "(line 4, 5)" in details["lines-unreadable"]


def test_without_management_nobody_is_looked_up(tmp_path: Path) -> None:
    root = Root(tmp_path)
    (tmp_path / "management").rename(tmp_path / "elsewhere")
    root.entry(owner_shortname="nobody")
    assert ("management-missing", "") in root.found()
    assert "owner-missing" not in {kind for kind, _ in root.found()}


def test_below_an_address(root: Root) -> None:
    root.entry("x", owner_shortname="nobody")
    root.entry("y", owner_shortname="nobody")
    root.meta("shop/f/g/.dm/meta.folder.json", "g")
    root.meta("shop/f/g/.dm/z/meta.content.json", "z")
    root.write("shop/.dm/f/g/z/history.jsonl", b'{"diff": {}}\n')
    assert root.found("shop/f/x") == {("owner-missing", "shop/f/x")}
    assert len(root.found("shop/f")) == 2
    check = Check(Spaces(root.path), Address.parse("shop/f/g"))
    assert [one for one in check.run() if isinstance(one, Problem)] == []
    assert check.report.as_dict()["counts"] == {"content": 1, "folder": 1}
    assert check.report.history_lines == 1
    with pytest.raises(NotFound):
        root.found("shop/none")


def test_it_can_be_cancelled_and_tells_how_far_it_is(root: Root) -> None:
    for number in range(600):
        root.entry(f"n{number}")
    token = CancelToken()
    seen: list[Progress] = []
    with pytest.raises(Cancelled):
        for found in Check(Spaces(root.path), cancel=token).run():
            assert isinstance(found, Progress)
            seen.append(found)
            token.cancel()
    assert [one.entries for one in seen] == [256]


def test_the_table_of_kinds_is_what_is_reported(demo_root: Path) -> None:
    for found in Check(Spaces(demo_root)).run():
        if isinstance(found, Problem):
            assert KINDS[found.kind].severity == found.severity
            assert not found.path.startswith("/")


def test_everything_planted_in_the_demo_is_found_and_nothing_else(demo_root: Path) -> None:
    problems = [found for found in Check(Spaces(demo_root)).run() if isinstance(found, Problem)]
    missed = [
        planted
        for planted in PLANTED
        if not any(
            one.kind == planted.kind_hint and (one.address == planted.address or one.path.startswith(planted.path))
            for one in problems
        )
    ]
    assert missed == []
    places = {planted.address for planted in PLANTED}
    others = [
        one
        for one in problems
        if one.severity != "note" and one.address not in places and Address.parse(one.address).space != "attic"
    ]
    assert others == []


COUNTS: dict[str, dict[str, Any]] = {
    "dmart_2026": {
        "counts": {"content": 20, "folder": 28, "permission": 21, "role": 7, "schema": 16, "space": 5, "user": 3},
        "attachments": 5,
        "history_lines": 0,
        "event_lines": 0,
        "relationships": 0,
    },
    "dmart_2023": {"attachments": 4, "history_lines": 195, "event_lines": 113, "relationships": 0},
}


def test_real_data(real_root: Path) -> None:
    spaces = Spaces(real_root)
    check = Check(spaces)
    problems = [found for found in check.run() if isinstance(found, Problem)]
    report = check.report.as_dict()
    expected = COUNTS[real_root.name]
    assert {key: report[key] for key in expected} == expected
    for one in problems:
        assert KINDS[one.kind].severity == one.severity
        if one.kind in ("orphan-side-car", "meta-missing"):
            assert not (real_root / one.address).is_dir()
