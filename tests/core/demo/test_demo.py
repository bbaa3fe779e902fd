"""The demo is whole, the same each time, true to its schemas and histories, and broken only where it says so."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import wave
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import jsonschema_rs
import pytest

from dmart_tui.core.changelog import import_spaces
from dmart_tui.core.demo import PLANTED, DemoReport, existing_demo, make_demo
from dmart_tui.core.errors import Refused
from dmart_tui.core.historydb import Store
from dmart_tui.core.spaces import Spaces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_OUTSIDE = {planted.path for planted in PLANTED if not planted.address.startswith("attic")}


def _metas(demo: DemoReport) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every meta outside of the attic and the few planted elsewhere."""
    for path in sorted(demo.root.rglob("meta.*.json")):
        where = path.relative_to(demo.root)
        if where.parts[0] != "attic" and str(where) not in _OUTSIDE:
            yield path, json.loads(path.read_bytes())


def _entries(demo: DemoReport) -> dict[tuple[str, str, str], tuple[Path, dict[str, Any]]]:
    """Entries and folders by space, subpath and shortname."""
    found = {}
    for path, meta in _metas(demo):
        *above, _file = path.relative_to(demo.root).parts
        if any(part.startswith("attachments.") for part in above):
            continue
        if path.name in ("meta.folder.json", "meta.space.json", "meta.branch.json"):
            space, *subpath = above[:-1]
            name = subpath.pop() if subpath else space
        else:
            *front, _dm, name = above
            space, *subpath = front
        found[(space, "/".join(subpath), name)] = path, meta
    return found


def _payload_directory(path: Path) -> Path:
    if path.parent.name.startswith("attachments."):
        return path.parent
    return path.parent.parent.parent if path.name != "meta.space.json" else path.parent


def _digest(root: Path) -> dict[str, tuple[str, int]]:
    seen = {}
    for path in sorted(root.rglob("*")):
        if path.is_symlink():
            seen[str(path.relative_to(root))] = str(path.readlink()), 0
        elif path.is_file():
            digest = hashlib.sha1(path.read_bytes()).hexdigest()
            seen[str(path.relative_to(root))] = digest, path.stat().st_mtime_ns
    return seen


def test_the_same_seed_gives_the_same_files(demo: DemoReport, tmp_path: Path) -> None:
    code = "import sys, pathlib; from dmart_tui.core.demo import make_demo; make_demo(pathlib.Path(sys.argv[1]))"
    again = tmp_path / "again"
    environment = os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Baghdad"}
    subprocess.run([sys.executable, "-c", code, str(again)], check=True, env=environment)
    assert _digest(again / "spaces") == _digest(demo.root)


def test_another_seed_gives_other_files(demo: DemoReport, tmp_path: Path) -> None:
    assert _digest(make_demo(tmp_path / "other", seed=2).root) != _digest(demo.root)


def test_it_shows_every_type_and_kind(demo: DemoReport) -> None:
    assert {
        "space",
        "folder",
        "branch",
        "content",
        "ticket",
        "post",
        "log",
        "notification",
        "schema",
        "user",
        "role",
        "group",
        "permission",
    } == set(demo.counts)
    assert 400 <= demo.entries <= 700
    kinds = Counter(meta["payload"]["content_type"] for _path, meta in _metas(demo) if "payload" in meta)
    assert {
        "json",
        "text",
        "markdown",
        "html",
        "python",
        "image",
        "image_png",
        "image_svg",
        "pdf",
        "audio",
        "csv",
        "jsonl",
        "sqlite",
        "parquet",
        "comment",
    } <= set(kinds)
    attached = {
        path.parent.name.rpartition(".")[2]
        for path, _meta in _metas(demo)
        if path.parent.name.startswith("attachments.")
    }
    assert attached == {
        "media",
        "comment",
        "reaction",
        "json",
        "csv",
        "jsonl",
        "sqlite",
        "parquet",
        "relationship",
    }
    assert list(demo.root.rglob("attachments.brochure_feedback.json"))
    languages = Counter(
        key for _path, meta in _metas(demo) if isinstance(meta.get("displayname"), dict) for key in meta["displayname"]
    )
    assert {"en", "ar", "ku", "kd"} == set(languages)


def test_the_report_counts_what_stands_on_disk(demo: DemoReport) -> None:
    on_disk = Counter(path.name.split(".")[1] for path, _meta in _entries(demo).values())
    assert on_disk == Counter(demo.counts)
    attachments = [path for path, _meta in _metas(demo) if path.parent.name.startswith("attachments.")]
    assert len(attachments) == demo.attachments
    lines = sum(
        len(path.read_bytes().splitlines()) for path in demo.root.rglob("history.jsonl") if "attic" not in path.parts
    )
    assert lines == demo.history_lines
    events = [path.read_bytes() for path in demo.root.rglob("events.jsonl") if "attic" not in path.parts]
    assert sum(len(log.splitlines()) for log in events) == demo.event_lines
    assert not any(log.endswith(b"\n") for log in events)
    relationships = sum(len(meta.get("relationships", ())) for _path, meta in _entries(demo).values())
    assert relationships == demo.relationships


def test_payloads_are_there_with_their_checksum_and_valid(demo: DemoReport) -> None:
    schemas = {
        (path.relative_to(demo.root).parts[0], path.stem): json.loads(path.read_bytes())
        for path in demo.root.glob("*/schema/*.json")
    }
    checked = 0
    for path, meta in _metas(demo):
        payload = meta.get("payload")
        if payload is None:
            continue
        file = _payload_directory(path) / payload["body"] if "checksum" in payload else None
        if file is not None:
            assert hashlib.sha1(file.read_bytes()).hexdigest() == payload["checksum"], path
        schema = payload.get("schema_shortname")
        if schema is None:
            continue
        space = path.relative_to(demo.root).parts[0]
        document = schemas.get(("management", schema)) or schemas[(space, schema)]
        validator = jsonschema_rs.Draft7Validator(document)
        for instance in _instances(file, payload):
            assert validator.is_valid(instance), (path, [str(error) for error in validator.iter_errors(instance)])
            checked += 1
    assert checked > 1500


def _instances(file: Path | None, payload: dict[str, Any]) -> Iterator[Any]:
    if file is None:
        yield payload["body"]
    elif file.suffix == ".jsonl":
        yield from map(json.loads, file.read_bytes().splitlines())
    elif file.suffix == ".csv":
        header, *rows = [line.split(",") for line in file.read_text().splitlines() if '"' not in line]
        yield from (dict(zip(header, row, strict=True)) for row in rows)
    else:
        yield json.loads(file.read_bytes())


def test_histories_lead_to_the_present_values(demo: DemoReport) -> None:
    walked = 0
    for (space, subpath, name), (path, meta) in _entries(demo).items():
        file = demo.root / space / subpath / ".dm" / name / "history.jsonl"
        if meta["shortname"] == space and not subpath and name == space:
            file = demo.root / space / ".dm" / "history.jsonl"
        if not file.exists():
            continue
        lines = [json.loads(line) for line in file.read_bytes().splitlines()]
        times = [line["timestamp"] for line in lines]
        assert times == sorted(times), file
        assert times[0] > meta["created_at"], file
        current = _flat(meta, path)
        for line in reversed(lines):
            for key, change in line["diff"].items():
                if key in ("comment", "lock_type", "x_request_data"):
                    continue
                new, old = change["new"], change["old"]
                if isinstance(old, list) and isinstance(new, list):
                    assert all(member in current[key] for member in new), (file, key)
                    kept = [member for member in current[key] if member not in new or member in old]
                    current[key] = kept + [member for member in old if member not in kept]
                else:
                    assert current.get(key, "null") == new, (file, key)
                    current[key] = old
                walked += 1
    assert walked > 1500


def _flat(meta: dict[str, Any], path: Path) -> dict[str, Any]:
    flat: dict[str, Any] = {}

    def add(prefix: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                add(f"{prefix}.{key}" if prefix else key, inner)
        else:
            flat[prefix] = value

    add("", meta)
    body = meta.get("payload", {}).get("body")
    if isinstance(body, str) and body.endswith(".json"):
        add("payload.body", json.loads((_payload_directory(path) / body).read_bytes()))
    return flat


def test_every_dialect_of_history_is_there(demo: DemoReport) -> None:
    seen = set()
    for file in demo.root.rglob("history.jsonl"):
        if "attic" in file.parts:
            continue
        for line in map(json.loads, file.read_bytes().splitlines()):
            if "x_request_data" in line["diff"]:
                seen.add("headers inside the diff")
            elif "last_checksum_history" in line:
                seen.add("sql export")
            elif "created_at" not in line:
                seen.add("port")
            else:
                seen.add("nulls written" if "payload" in line else "nulls left out")
    assert len(seen) == 5


def test_references_resolve(demo: DemoReport) -> None:
    entries = _entries(demo)
    dangling = []
    for (space, subpath, name), (_path, meta) in entries.items():
        assert ("management", "users", meta["owner_shortname"]) in entries
        for relationship in meta.get("relationships", ()):
            to = relationship["related_to"]
            if (to["space_name"], to["subpath"], to["shortname"]) not in entries:
                dangling.append("/".join((space, subpath, name)))
        for role in meta.get("roles", ()):
            assert ("management", "roles", role) in entries
        for group in meta.get("groups", ()):
            assert ("management", "groups", group) in entries
        if "state" in meta:
            flow = json.loads((demo.root / space / "workflows" / f"{meta['workflow_shortname']}.json").read_bytes())
            state = next(state for state in flow["states"] if state["state"] == meta["state"])
            assert meta["is_open"] == ("next" in state)
    assert dangling == [p.address for p in PLANTED if p.kind_hint == "relation-dangling" and "attic" not in p.address]
    for (space, subpath, _name), (_path, meta) in entries.items():
        if (space, subpath) == ("management", "roles"):
            assert all(("management", "permissions", permission) in entries for permission in meta["permissions"])


def test_identifiers_are_unique(demo: DemoReport) -> None:
    assert max(Counter(meta["uuid"] for _path, meta in _metas(demo)).values()) == 1


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: f"{planted.kind_hint} {planted.address!a}")
def test_planted_faults_are_on_disk(demo: DemoReport, planted: Any) -> None:
    path = demo.root / planted.path
    assert path.exists() or path.is_symlink() or planted.kind_hint == "folder-without-meta"
    check = _FAULTS.get(planted.kind_hint)
    assert check is None or check(path)


def _not_an_object(path: Path) -> bool:
    try:
        return not isinstance(json.loads(path.read_bytes()), dict)
    except ValueError:
        return True


_FAULTS: dict[str, Any] = {
    "meta-unreadable": _not_an_object,
    "name-mismatch": lambda path: json.loads(path.read_bytes())["shortname"] != path.parent.name,
    "several-metas": lambda path: len(list(path.glob("meta.*.json"))) == 2,
    "symlink-dangling": lambda path: path.is_symlink() and not path.exists(),
    "symlink-escapes": lambda path: not path.resolve(strict=True).is_relative_to(path.parents[2].resolve()),
    "folder-without-meta": lambda path: path.is_dir() and not (path / ".dm" / "meta.folder.json").exists(),
    "orphan-side-car": lambda path: not list(path.glob("meta.*")) and not (path.parents[1] / path.name).exists(),
    "payload-missing": lambda path: (
        not (_payload_directory(path) / json.loads(path.read_bytes())["payload"]["body"]).exists()
    ),
    "lines-glued": lambda path: b"}{" in path.read_bytes(),
}


def test_its_history_store_holds_every_change(demo: DemoReport) -> None:
    with Store.open(str(demo.history_store)) as store:
        assert store.info().documents >= demo.history_lines + demo.event_lines
        assert not list(store.verify())
    again = import_spaces(Spaces(demo.root), demo.history_store)
    assert (again.documents, again.read) == (0, 0)


def test_files_are_what_they_say(demo: DemoReport, tmp_path: Path) -> None:
    magic = {
        ".png": b"\x89PNG",
        ".pdf": b"%PDF-1.4",
        ".wav": b"RIFF",
        ".parquet": b"PAR1",
        ".sqlite": b"SQLite format 3\0",
    }
    for path in demo.root.rglob("*.*"):
        if path.is_file() and path.suffix in magic and "attic" not in path.parts:
            assert path.read_bytes().startswith(magic[path.suffix]), path
    with wave.open(str(demo.root / "docs/guides/hold_music.wav")) as sound:
        assert sound.getnframes() > 1000
    connection = sqlite3.connect(f"file:{demo.root}/catalog/datasets/stock_book.sqlite?mode=ro", uri=True)
    assert connection.execute("SELECT count(*) FROM suppliers").fetchone()[0] > 10
    connection.close()


def test_parquet_opens_elsewhere(demo: DemoReport) -> None:
    file = demo.root / "catalog/datasets/movements_2026.parquet"
    jsonl = [json.loads(line) for line in (demo.root / "catalog/datasets/movements.jsonl").read_text().splitlines()]
    rows = duckdb.sql(f"SELECT * FROM read_parquet('{file}')").fetchall()
    assert rows == [tuple(line.values()) for line in jsonl]


def test_file_times_are_those_of_the_data(demo: DemoReport) -> None:
    for path, meta in _metas(demo):
        when = datetime.fromisoformat(meta["updated_at"]).replace(tzinfo=UTC)
        assert abs(path.stat().st_mtime - when.timestamp()) < 0.001


def test_a_second_run_opens_what_is_there(demo: DemoReport) -> None:
    assert existing_demo(demo.directory) == demo
    before = _digest(demo.root)
    assert make_demo(demo.directory, seed=5) == demo
    assert _digest(demo.root) == before


def test_an_empty_directory_is_used_and_a_full_one_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(Refused):
        make_demo(tmp_path / "mine")
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused):
        make_demo(tmp_path / "file")
    (tmp_path / "empty").mkdir()
    make_demo(tmp_path / "empty")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file", "mine"]
    assert existing_demo(tmp_path / "mine") is None


def test_an_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_demo(tmp_path / "demo", progress=stop)
    assert list(tmp_path.iterdir()) == []
