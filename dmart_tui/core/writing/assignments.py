"""Keys and their values as a person types them: `KEY=TEXT`, `KEY:=JSON`, `KEY+=MEMBER`, `KEY-=MEMBER`, `KEY-`."""

from __future__ import annotations

import re
from typing import Any, Final

from dmart_tui.core.errors import Damaged, UsageFault
from dmart_tui.core.merging import ABSENT
from dmart_tui.core.spaces import decode
from dmart_tui.core.writing.saving import Members

_ASSIGNMENT: Final = re.compile(r"(?P<key>[^=]+?)(?P<sign>:=|\+=|-=|=)(?P<value>.*)\Z", re.DOTALL)


def read_assignment(text: str) -> tuple[str, Any]:
    """A key and its value as `plan_set` takes them: a text, JSON, `Members`, or ABSENT for a key that goes.

    Raises:
        UsageFault: it is none, or holds no JSON where it should.
    """
    match = _ASSIGNMENT.match(text)
    if match is None:
        if not text.endswith("-") or len(text) < 2:
            raise UsageFault(f"{text!r} changes no key", hint="KEY=TEXT, KEY:=JSON, KEY+=MEMBER or KEY-")
        return text[:-1], ABSENT
    key, value = match["key"], match["value"]
    match match["sign"]:
        case "+=":
            return key, Members(added=(value,))
        case "-=":
            return key, Members(removed=(value,))
        case "=":
            return key, value
    try:
        return key, decode(value.encode("utf-8", "surrogateescape"))
    except Damaged as error:
        raise UsageFault(f"{text!r} {error.message}", hint="a text is written KEY=TEXT") from None
