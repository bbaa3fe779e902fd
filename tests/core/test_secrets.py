"""No view shows a secret: values, changes and raw text, sound or damaged."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.secrets import MARK, RunningMask, is_secret, mask, mask_bytes, mask_change, mask_raw, mask_value

BCRYPT = "$2b$12$" + "abcdefghijklmnopqrstuv" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ01234"
ARGON = "$argon2id$v=19$m=102400,t=3,p=8$c29tZXNhbHQ$aGFzaGhhc2hoYXNo"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkbWFydCJ9.c2lnbmF0dXJlc2lnbmF0dXJl"


@pytest.mark.parametrize(
    "key",
    [
        "password", "old_password", "passwordHash", "payload.body.password", "attributes.user.password.old", "Password",
        "firebase_token", "token", "accessToken", "tokens", "otp", "otp_code", "sms_otp", "api_key", "apiKey",
        "x-api-key", "client_secret", "secret", "secrets.github", "Authorization", "proxy-authorization", "cookie",
        "Set-Cookie", "private_key", "credentials", "pwd",
    ],
)  # fmt: skip
def test_secret_keys(key: str) -> None:
    assert is_secret(key)


@pytest.mark.parametrize(
    "key",
    ["shortname", "secretary", "keyboard", "passenger", "footprint", "optional", "author", "pass", "key", "authors"],
)
def test_keys_that_only_look_alike(key: str) -> None:
    assert not is_secret(key)


def test_values_are_masked_deep_and_never_changed() -> None:
    value = {
        "shortname": "mia", "password": BCRYPT, "otp": 123456, "roles": ["a"], "force_password_change": True,
        "profile": {"api_key": ["one", {"two": "three"}], "email": "m@x"}, "token": None, "pwd": "",
        "note": f"was {ARGON} then", "jwt": [JWT],
    }  # fmt: skip
    before = copy.deepcopy(value)
    assert mask(value) == {
        "shortname": "mia", "password": MARK, "otp": MARK, "roles": ["a"], "force_password_change": True,
        "profile": {"api_key": [MARK, {"two": MARK}], "email": "m@x"}, "token": None, "pwd": "",
        "note": f"was {MARK} then", "jwt": [MARK],
    }  # fmt: skip
    assert value == before


def test_a_secret_shows_only_when_its_key_is_named() -> None:
    value = {"password": BCRYPT, "firebase_token": "t", "user": {"password": "p"}, "note": BCRYPT}
    shown = mask(value, reveal=["password"])
    assert shown == {"password": BCRYPT, "firebase_token": MARK, "user": {"password": "p"}, "note": MARK}
    assert mask_value("payload.body.password", "p", reveal=["payload.body.password"]) == "p"
    assert mask_value("payload.body.password", "p", reveal=["other.password"]) == MARK


def test_a_schema_that_describes_a_password_stays_readable() -> None:
    schema = {"properties": {"password": {"type": "string", "minLength": 8}}}
    assert mask(schema) == schema
    assert mask_raw(json.dumps(schema)) == json.dumps(schema)
    assert mask({"token": {"type": "bearer", "value": "x"}}) == {"token": {"type": MARK, "value": MARK}}


def test_depth_is_bounded() -> None:
    value: Any = {"password": "deep secret"}
    for _ in range(900):
        value = {"a": [value]}
    assert "deep secret" not in str(mask(value))


@pytest.mark.parametrize("size", [1, 100])
def test_a_value_is_copied_only_to_mask_something(size: int) -> None:
    value: dict[str, Any] = {f"name{number}": [{"en": "plain", "count": 3}] for number in range(size)}
    assert mask(value) is value
    for key, secret in (("password", "p"), ("note", BCRYPT), ("jwt", [JWT]), ("inner", {"otp": 123456})):
        assert MARK in str(mask({**value, key: secret})[key])


@dataclass(frozen=True)
class Change:
    key: str
    old: Any
    new: Any
    removed: tuple[Any, ...] = ()
    added: tuple[Any, ...] = ()


def test_changes_are_masked_on_every_side() -> None:
    assert mask_change(Change("password", "null", BCRYPT)) == Change("password", "null", MARK)
    assert mask_change(Change("api_keys", ["a"], ["b"], ("a",), ("b",))) == Change(
        "api_keys", [MARK], [MARK], (MARK,), (MARK,)
    )
    assert mask_change(Change("user", {"token": "t"}, 1)) == Change("user", {"token": MARK}, 1)
    assert mask_change(Change("password", "x", "y"), ["password"]) == Change("password", "x", "y")


# -- raw text ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "masked"),
    [
        ('{"password": "x", "a": 1}', '{"password": "••••••", "a": 1}'),
        ('{"password":{"old": "null", "new": "x"}}', '{"password":{"old": "null", "new": "••••••"}}'),
        ('{"payload.body.password": {"old": "x"}}', '{"payload.body.password": {"old": "••••••"}}'),
        (r'{"pass\u0077ord": "x\"y\\", "b": 2}', r'{"pass\u0077ord": "••••••", "b": 2}'),
        ('{"otp": 123456, "c": 1}', '{"otp": "••••••", "c": 1}'),
        ('{"token": null, "pwd": true, "secret": ""}', '{"token": null, "pwd": true, "secret": ""}'),
        ('{"tokens": ["a", {"k": ["b"]}], "d": "e"}', '{"tokens": ["••••••", {"k": ["••••••"]}], "d": "e"}'),
        ('{"password" \n :\n "x"\n}', '{"password" \n :\n "••••••"\n}'),
        (r'{"body": "{\"password\": \"x\", \"a\": 1}"}', r'{"body": "{\"password\": \"••••••\", \"a\": 1}"}'),
        (f'{{"note": "{BCRYPT}"}}', '{"note": "••••••"}'),
        ('{"a": "password", "b": "x"}', '{"a": "password", "b": "x"}'),
        ("", ""),
        ("no json at all: password", "no json at all: password"),
    ],
)
def test_raw_text_is_masked_and_otherwise_as_it_was(raw: str, masked: str) -> None:
    assert mask_raw(raw) == masked
    assert mask_raw(raw.encode()) == masked.encode()


@pytest.mark.parametrize(
    "raw",
    [
        '{"password": "hunter2',
        '{"password": "hunter2\n{"a": 1}',
        'torn", "password": "hunter2"}',
        '{"a": "unterminated, "password": "hunter2"}',
        '}}]{"password": {"old": "hunter2", "new": ["hunter2"',
        '{"password": [1, {"x": "hunter2"}',
        '{\'a\': 1, "password": "hunter2"}',
        '{"password": "hunter2"}{"password": "hunter2"}',
        '{"password"  : hunter2}',
        '{"a\\": "password": "hunter2"}',
        '{"body": "{\\\\\\"password\\\\\\": \\\\\\"hunter2\\\\\\"}"}',
    ],
)
def test_damaged_text_is_masked_too(raw: str) -> None:
    assert "hunter2" not in mask_raw(raw)


def test_what_follows_a_torn_line_stays() -> None:
    assert mask_raw('{"password": "hunter2\n{"a": "kept"}').endswith('\n{"a": "kept"}')


def test_bytes_that_are_no_text_survive() -> None:
    assert mask_raw(b'\xff{"password": "x"}\xfe') == b'\xff{"password": "\xe2\x80\xa2' + b"\xe2\x80\xa2" * 5 + b'"}\xfe'


def test_raw_reveals_only_the_key_named() -> None:
    raw = f'{{"password": "p", "token": "t", "note": "{BCRYPT}"}}'
    assert mask_raw(raw, reveal=["password"]) == '{"password": "p", "token": "••••••", "note": "••••••"}'


keys = st.sampled_from(["a", "name", "password", "payload.body.password", "api_key", "old", "new"]) | st.text(
    max_size=4
)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8).map(lambda text: f"hush {text}"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(documents, st.booleans(), st.sampled_from([None, 2]))
def test_masking_the_text_and_masking_the_value_agree(document: Any, ascii_only: bool, indent: int | None) -> None:
    raw = json.dumps(document, ensure_ascii=ascii_only, indent=indent)
    assert json.loads(mask_raw(raw)) == mask(document)


@given(documents, st.data())
def test_a_text_cut_anywhere_after_a_secret_key_shows_nothing_more_than_the_whole(
    document: Any, data: st.DataObject
) -> None:
    raw = json.dumps({"before": document, "password": "SECRET WORDS", "after": document})
    end = data.draw(st.integers(0, len(raw)))
    assert "SECRET" not in mask_raw(raw[:end])


@pytest.mark.parametrize("unit", ['\\"', '"', '{"password":', '"password":[', '{"password":"\\"', "\\", '"token" '])
def test_long_hostile_text_before_a_secret_does_not_save_it(unit: str) -> None:
    assert "hunter2" not in mask_raw(unit * 20_000 + '"password": "hunter2"')


# -- bytes one for one, and text as it goes by ------------------------------------------------------------------

PLANTED = {
    "user": "dana",
    "password": 'hunter2 \\ " é',
    "pin_token": 778899,
    "credentials": {"id": "hunter3", "list": ["hunter4", 778899]},
    "note": '{"api_key": "hunter5", "plain": 1}',
    "hash": BCRYPT,
    "on": True,
}


def test_bytes_are_masked_one_for_one() -> None:
    for raw in (json.dumps(PLANTED, indent=1).encode(), b"\x00\xff" + json.dumps(PLANTED).encode() + b"\xfe\x80"):
        masked = mask_bytes(raw)
        assert len(masked) == len(raw)
        assert not any(secret in masked for secret in (b"hunter", b"778899", BCRYPT.encode()))
        assert [at for at in range(len(raw)) if raw[at] == 10] == [at for at in range(len(raw)) if masked[at] == 10]
        assert masked.index(b'"user"') == raw.index(b'"user"')
        assert b'"dana"' in masked


@given(st.binary(max_size=300))
def test_any_bytes_keep_their_length(raw: bytes) -> None:
    assert len(mask_bytes(raw)) == len(raw)
    assert len(mask_bytes(b'{"token": ' + raw)) == len(raw) + 10


def covered(text: str, piece: int, *, page: int = 64) -> list[str]:
    """The text page by page, as a viewer reads it, fed in pieces."""
    running = RunningMask(page)
    raw = text.encode()
    for at in range(0, len(raw), piece):
        running.feed(raw[at : at + piece])
    lines = text.split("\n")
    out: list[str] = []
    for start in range(0, len(lines), page):
        before = min(start, page)
        out += running.cover(start - before, lines[start - before : start + page])[before:]
    return out


@pytest.mark.parametrize("piece", [7, 1000, 64 * 1024])
@pytest.mark.parametrize("indent", [None, 0, 2])
def test_a_secret_of_many_lines_leaks_no_tail(piece: int, indent: int | None) -> None:
    inner = {f"key {number}": {"a": f'hunter "\\ }} {number}', "n": [number, "hunter"]} for number in range(400)}
    document = {"before": ["plain"] * 100, "credentials": inner, "after": {"name": "plain", "list": ["plain"] * 100}}
    text = json.dumps([document, document], indent=indent)
    if indent is None:
        text = text.replace("}, ", "},\n").replace(", ", " ,\n ")
    shown = "\n".join(covered(text, piece))
    assert "hunter" not in shown
    assert shown.count('"plain"') == 402
    assert [line == "" for line in shown.split("\n")] == [line == "" for line in text.split("\n")]


@given(
    st.lists(st.sampled_from(['"token":', "{", "}", "[", "]", '"', "\\", "\n", "a", ":", ","]), max_size=60),
    st.integers(1, 9),
)
def test_any_text_is_taken_in_any_pieces(parts: list[str], piece: int) -> None:
    text = "".join(parts)
    assert covered(text, piece, page=2) == covered(text, 1000, page=2)


def test_what_never_closes_is_secret_to_the_end() -> None:
    text = '{"secrets": {\n' + '"a": "hunter",\n' * 500
    assert not any("hunter" in line for line in covered(text, 100))


def test_lines_of_json_that_are_whole_stay_apart() -> None:
    line = json.dumps({"token": {"a": "hunter"}, "name": "plain", "body": json.dumps({"token": {"b": 1}})})
    shown = covered("\n".join([line] * 300), 64 * 1024)
    assert all("hunter" not in row and '"plain"' in row for row in shown)
