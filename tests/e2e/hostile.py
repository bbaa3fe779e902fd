"""A spaces folder where every text that data can choose tries to reach the terminal."""

from __future__ import annotations

import json
import os
from itertools import cycle
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_SEQUENCES = (
    "\x1b]52;c;UFdO\x07",
    "\x1b]8;;http://evil.example/\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]0;title\x07",
    "\x1b]777;notify;a;b\x1b\\",
    "\x1b[2J",
    "\x1b[31;1m",
    "\x1b[6n",
    "\x1b[?1049l",
    "\x1b[?1003h",
    "\x1b[99;99H",
    "\x1bP1$r0m\x1b\\",
    "\x1b_Gf=24;AAAA\x1b\\",
    "\x1b^privacy\x1b\\",
    "\x1bXstring\x1b\\",
    "\x1bc",
    "\x1b(0",
    "\x9b31m",
    "\x9d0;c1 title\x9c",
    "\x90q\x9c",
    "\x85",
)
_UNSEEN = (
    *"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    *"\u00ad\u034f\u115f\u1160\u180e\u200b\u200c\u200d\u2028\u2029\u2060\u2064\u206a\u3164\ufeff\uffa0\ufff9\ufe00\ufe0f",
    "\U000e0041\U000e0042\U000e007f",
    "\U000e0100",
)
_MARKUP = (
    "[bold red]",
    "[/]",
    "[link=http://evil.example]",
    "[@click=app.quit]",
    "[b",
    "$error",
    "\\[",
    "{}%s%n",
    "&lt;<b>",
)
_LOOKS = (
    "Z" + "\u0335\u0322\u0313" * 12,
    "\u0301",
    "سڵاو سەرکەوتن",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "שלום",
    "漢字テスト",
    "각\u1100\u1161\u11a8",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\u2764\ufe0f",
    "\U0001f44d\U0001f3fd",
    "\U0001f1ee\U0001f1f6",
)
_CONTROLS = tuple(map(chr, (*range(0x20), *range(0x7F, 0xA0))))
_BROKEN = ("\udc9b", "\udcff", "\udcc3")
"""Bytes that are no UTF-8, as a file name carries them."""

ITEMS = tuple(
    f"{text}PWN{number:03}" for number, text in enumerate((*_SEQUENCES, *_MARKUP, *_UNSEEN, *_LOOKS, *_CONTROLS))
)
"""Every hostile string with its marker behind it: what shows the marker has met the string."""

PACKS = tuple("".join(ITEMS[start::9]) for start in range(9))
"""All items, an even mixture in each."""

_TIME = "2024-03-05T06:07:08.123456"
_packs = cycle(PACKS)


def pack(origin: str) -> str:
    """The next pack, led by the name of the field it stands in."""
    return f"{origin}:{next(_packs)}"


def file_name(number: int) -> str:
    """A name of at most 255 bytes, made of items a file system takes; every third has a byte that is no UTF-8."""
    name = f"n{number}" + (_BROKEN[number % 3] if number % 3 == 0 else "")
    for item in ITEMS[number::12]:
        part = item.replace("/", "_").replace("\0", "")
        if len(os.fsencode(name + part)) > 235:
            break
        name += part
    return name


def _json(value: Any) -> bytes:
    """JSON with its text as it is; what cannot be UTF-8 stays an escape."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _write(path: Path, data: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else _json(data))


def _meta(name: str, origin: str, **fields: Any) -> dict[str, Any]:
    return {
        "uuid": "3f0c1d6e-9a55-4c39-8f27-16c5d2b8a001",
        "shortname": name.encode("utf-8", "replace").decode(),
        "slug": pack(f"{origin}.slug"),
        "is_active": True,
        "displayname": {"en": pack(f"{origin}.displayname"), "ar": pack("ar"), "ku": pack("ku")},
        "description": {"en": pack(f"{origin}.description")},
        "tags": [pack(f"{origin}.tag"), "\ud800lone", *ITEMS[:30]],
        "created_at": _TIME,
        "updated_at": _TIME,
        "owner_shortname": pack(f"{origin}.owner"),
        "owner_group_shortname": pack(f"{origin}.group"),
        "relationships": [
            {
                "related_to": {
                    "type": "content",
                    "space_name": pack("rel"),
                    "subpath": pack("/"),
                    "shortname": pack("r"),
                },
                "attributes": {pack("rel.key"): pack("rel.value")},
            }
        ],
        "acl": [{"user_shortname": pack("acl"), "allowed_actions": [pack("action")]}],
        pack(f"{origin}.unknown"): pack("value"),
        **fields,
    }


def _line(number: int, *, when: str = _TIME) -> bytes:
    return _json(
        {
            "uuid": f"3f0c1d6e-9a55-4c39-8f27-16c5d2b8a{number:03}",
            "shortname": "history",
            "owner_shortname": pack("line.owner"),
            "timestamp": when,
            "request_headers": {"user-agent": pack("agent"), pack("header"): pack("header.value")},
            "diff": {
                pack("diff.key"): {"old": pack("old"), "new": pack("new")},
                "displayname.en": {"old": pack("old.displayname"), "new": pack("new.displayname")},
                "tags": {"old": [pack("gone")], "new": [pack("came")]},
                "payload.body." + pack("body.key"): {"old": {pack("k"): 1}, "new": {pack("k"): [pack("v")]}},
                "lock_type": {"old": "null", "new": pack("lock")},
                "state": {"old": pack("state.old"), "new": pack("state.new")},
                pack("shapeless"): pack("shapeless.value"),
            },
        }
    )


def _history() -> bytes:
    lines = [_line(number, when=f"2024-03-{number + 1:02}T06:07:08") for number in range(4)]
    return b"\n".join([*lines, _line(9, when=pack("when")), pack("torn line").encode(), b'{"x":\xff\xfe}', b""])


def _event() -> bytes:
    resource = {"type": "content", "space_name": pack("s"), "subpath": pack("/"), "shortname": pack("event.shortname")}
    return _json(
        {
            "resource": resource,
            "user_shortname": pack("event.user"),
            "request": pack("request"),
            "timestamp": _TIME,
            "attributes": {pack("event.key"): pack("event.value"), "request_headers": {"user-agent": pack("agent")}},
        }
    )


def _value() -> dict[str, Any]:
    nested = {pack(f"key{number}"): pack(f"value{number}") for number in range(4)}
    return {
        pack("json.key"): pack("json.value"),
        "list": [pack("item"), *ITEMS, nested],
        "long": "".join(ITEMS) * 3,
        "url": "http://evil.example/" + pack("url"),
        "number": "not one",
        "lone": "\ud800\udfff\ud83d",
    }


def _markdown() -> bytes:
    text = "\n\n".join(
        (
            f"# {pack('heading')}",
            pack("paragraph"),
            f"[{pack('link')}](http://evil.example/ '{pack('title')}') ![{pack('alt')}](http://evil.example/x.png)",
            f"<script>{pack('script')}</script> <b onclick='x'>{pack('html')}</b>",
            f"<div>\n{pack('block')}\n</div>",
            f"* {pack('bullet')}\n* **{pack('strong')}** _{pack('em')}_ ~~{pack('del')}~~",
            f"> {pack('quote')}",
            f"`{pack('code')}`",
            f"```python\n{pack('fence')}\n```",
            f"    {pack('indented')}",
            f"| {pack('th')} | b |\n|---|---|\n| {pack('td')} | &#27;[31m&#x202e;&#155; |",
        )
    )
    return text.encode()


def _table(separator: str) -> bytes:
    rows = [[pack("head"), "plain", "third"], *([pack("cell"), item, pack("cell")] for item in ITEMS[::3])]
    return "\n".join(separator.join(f'"{cell}"'.replace("\n", " ") for cell in row) for row in rows).encode()


def _payloads() -> dict[str, tuple[str, bytes]]:
    """Content type and bytes by the end of the file name."""
    everything = "\n".join(ITEMS).encode() + b"\n\x80\x9b31m\xff\xc3 torn \xed\xa0\x80\n"
    python = f"# {pack('comment')}\nname = '''{pack('string')}'''\n\x1b[31m = 1\ndef {pack('def')}(): pass\n"
    return {
        "json": ("json", _json(_value())),
        "md": ("markdown", _markdown()),
        "txt": ("text", everything),
        "html": ("html", b"<html><body><h1>" + everything + b"</h1></body></html>"),
        "csv": ("csv", _table(",")),
        "jsonl": ("jsonl", b"\n".join(_json({pack("k"): pack("v"), "b": [pack("x")]}) for _ in range(6))),
        "py": ("python", python.encode()),
        "png": ("image", b"\x89PNG\r\n\x1a\n" + everything),
        "bin": (pack("content_type"), bytes(range(256)) + everything),
    }


def _attach(entry: Path, number: int) -> None:
    comment = _meta(file_name(20 + number), "comment", body=pack("comment.body"), state=pack("comment.state"))
    comment["payload"] = {"content_type": "json", "body": {"body": pack("payload.comment"), "state": pack("s")}}
    _write(entry / "attachments.comment" / f"meta.{file_name(20 + number)}.json", comment)
    _write(entry / "attachments.reaction" / "meta.odd.json", _meta("odd", "reaction", type=pack("reaction")))
    for end, (kind, data) in _payloads().items():
        name = f"a{end}"
        meta = _meta(name, "attachment", payload={"content_type": kind, "body": f"{name}.{end}"})
        _write(entry / "attachments.media" / f"meta.{name}.json", meta)
        _write(entry / "attachments.media" / f"{name}.{end}", data)
    _write(entry / "attachments.media" / f"left{file_name(5)}", b"left over")
    _write(entry / f"stray{file_name(6)}", b"stray")


def make_hostile(root: Path) -> Path:
    """Write the folder; the names in it are `file_name`s where a person would choose them."""
    space = root / file_name(0)
    _write(
        space / ".dm" / "meta.space.json", _meta(file_name(0), "space", languages=[pack("language")], icon=pack("i"))
    )
    _write(space / ".dm" / "history.jsonl", _history())
    _write(space / ".dm" / "events.jsonl", b"\n".join([_event(), _event(), pack("torn").encode(), _event()]))
    folder = space / file_name(1)
    _write(
        folder / ".dm" / "meta.folder.json",
        _meta(file_name(1), "folder", payload={"content_type": "json", "body": f"{file_name(1)}.json"}),
    )
    _write(space / ".dm" / file_name(1) / "history.jsonl", _history())
    _write(space / f"{file_name(1)}.json", _value())
    for number, (end, (kind, data)) in enumerate(_payloads().items(), 2):
        name = file_name(number)
        payload = {"content_type": kind, "schema_shortname": "strict", "body": f"{name}.{end}", "checksum": pack("sum")}
        entry = folder / ".dm" / name
        _write(entry / "meta.content.json", _meta(name, "entry", payload=payload))
        _write(folder / f"{name}.{end}", data)
        _write(entry / "history.jsonl", _history())
        if number < 4:
            _attach(entry, number)
    ticket = _meta(
        "ticket", "ticket", state=pack("state"), workflow_shortname="flow", is_open=True, resolution_reason=pack("why")
    )
    ticket |= {"reporter": {"name": pack("reporter"), "type": pack("t")}, "collaborators": {pack("c"): pack("who")}}
    _write(folder / ".dm" / "ticket" / "meta.ticket.json", ticket)
    _write(folder / ".dm" / "torn" / "meta.content.json", f'{{"shortname": "{pack("torn")}"'.encode())
    _write(
        folder / ".dm" / "odd" / f"meta.{'spaceship'}.json",
        _meta("odd", "odd", created_at=pack("created"), uuid=pack("uuid")),
    )
    inline = {"content_type": "text", "body": pack("inline.body")}
    _write(folder / ".dm" / "inline" / "meta.content.json", _meta("inline", "inline", payload=inline))
    lone = {"content_type": "json", "body": {pack("inline.key"): "\ud800\udfff", "\udc9b": [pack("inline.value")]}}
    _write(folder / ".dm" / "lone" / "meta.content.json", _meta("lone", "lone", payload=lone))
    torn = {"content_type": "markdown", "body": "\ud800 \udc9b31m" + pack("inline.markdown")}
    _write(folder / ".dm" / "torn_body" / "meta.content.json", _meta("torn_body", "torn", payload=torn))
    away = {"content_type": pack("kind"), "schema_shortname": pack("schema"), "body": pack("body/..")}
    _write(folder / ".dm" / "away" / "meta.content.json", _meta("away", "away", payload=away))
    _schemas(space)
    (folder / f"loop{file_name(7)[:40]}").symlink_to(folder)
    (folder / f"out{file_name(8)[:40]}").symlink_to(f"/nowhere/{file_name(8)}")
    long = "L" + "ك" * 124
    _write(folder / ".dm" / long / "meta.content.json", _meta(long, "long"))
    _write(root / "management" / ".dm" / "meta.space.json", _meta("management", "management"))
    return root


def _schemas(space: Path) -> None:
    schema = {
        "title": pack("schema.title"),
        "description": pack("schema.description"),
        "type": "object",
        "required": [pack("required")],
        "properties": {"number": {"type": "number", "title": pack("property"), "pattern": pack("pattern")}},
        "additionalProperties": False,
    }
    workflow = {
        "name": pack("workflow"),
        "states": [
            {
                "state": pack("w.state"),
                "name": pack("w.name"),
                "next": [{"action": pack("w.action"), "state": pack("w.to"), "roles": [pack("w.role")]}],
            }
        ],
        "initial_state": [{"name": pack("w.initial"), "roles": ["default"]}],
    }
    for subpath, name, document in (("schema", "strict", schema), ("workflows", "flow", workflow)):
        kind = "schema" if subpath == "schema" else "content"
        payload = {"content_type": "json", "body": f"{name}.json"}
        _write(space / subpath / ".dm" / "meta.folder.json", _meta(subpath, subpath))
        _write(space / subpath / ".dm" / name / f"meta.{kind}.json", _meta(name, name, payload=payload))
        _write(space / subpath / f"{name}.json", document)


def write_configuration(home: Path, root: Path) -> None:
    """Hostile themes, bookmarks, recent roots and keys for a person whose folders are in `home`."""
    folder = home / "config" / "dmart-tui"
    _write(folder / "themes" / f"{file_name(3)}.toml", f"about = {json.dumps(pack('theme'))}\n[colors]\n".encode())
    _write(folder / "themes" / "broken.toml", pack("broken theme").encode())
    settings = f"theme = {json.dumps('nope' + ITEMS[0])}\nclipboard = 'osc52'\n[keys]\n{json.dumps(ITEMS[5])} = 'z'\n"
    _write(folder / "config.toml", settings.encode())
    from dmart_tui.tui.session import Session

    session = Session(home / "state" / "dmart-tui", str(root.resolve()))
    session.save_bookmarks([f"{name}/{pack('bookmark')}" for name in ("management", *ITEMS[:12])])
    session.save(
        {
            "theme": pack("theme"),
            "tree": {"cursor": pack("cursor"), "opened": [[pack("o")], pack("p")]},
            "documents": [
                {"address": f"gone/{pack('x')}", "view": pack("view")},
                {"address": "management", "view": pack("v"), "views": {pack("k"): 1}},
            ],
            "current": pack("current"),
        }
    )
    recent = home / f"recent{file_name(4)}"
    recent.mkdir()
    _write(home / "state" / "dmart-tui" / "recent.json", [str(recent), str(root)])
