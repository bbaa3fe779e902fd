"""What the engine refuses, as an error with its place in the statement and what may have been meant."""

from __future__ import annotations

import json
import re
from typing import Final

from dmart_tui.core.errors import DmartTuiError, NotFound, Refused
from dmart_tui.core.sql.editing.texts import tokens

_JSON: Final = re.compile(r"\{.*\}", re.DOTALL)
_KIND: Final = re.compile(r"(?:^|: )([A-Z][A-Za-z ]+?) Error: ")
_ABOUT: Final = re.compile(r'(?:column|with name|schema|catalog) "?([^"\s!]+)"?', re.IGNORECASE)
_MEANT: Final = re.compile(r"(?:\nCandidate bindings:|\nDid you mean)(.*)", re.DOTALL)
_USAGE: Final = ("Parser", "Binder", "Catalog", "Invalid Input", "Conversion", "Not implemented", "Out of Range")
_REFUSED: Final = ("Permission", "TransactionContext", "Constraint")
_READ_ONLY: Final = "read-only mode"
_OTHER_DATABASE: Final = re.compile(
    r'write to database "(.+?)" in a transaction that has already modified database "(.*?)"'
)


class SqlError(DmartTuiError):
    """A statement did not run.

    Args:
        message: what the engine says, without the statement.
        kind: the engine's name of such errors: `Parser`, `Binder`, `Catalog`, `Permission`, …
        position: where in the statement's text, in characters; None: not known.
        length: of what is meant there, in characters.
        candidates: names that may have been meant.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str = "",
        position: int | None = None,
        length: int = 1,
        candidates: tuple[str, ...] = (),
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.kind = kind
        self.position = position
        self.length = length
        self.candidates = candidates
        refused = kind in _REFUSED or _READ_ONLY in message
        self.exit_code = 4 if refused else 2 if kind in _USAGE else 6


class Interrupted(SqlError):
    """The statement was stopped by a person, or by its limit of time."""

    def __init__(self, message: str, *, timed_out: bool) -> None:
        super().__init__(message, kind="Interrupt")
        self.timed_out = timed_out


class LockHeld(Refused):
    """Another program has the database open in a way that excludes us.

    Args:
        pid: of that program; 0: not known.
        program: its path, may be empty.
    """

    def __init__(self, path: str, pid: int, program: str) -> None:
        who = f"{program or 'another program'}{f' (PID {pid})' if pid else ''}"
        super().__init__(f"is held open by {who}", address=path, hint="wait for it, or attach a copy to read")
        self.pid = pid
        self.program = program


def missing(name: str, position: int, length: int) -> SqlError:
    """The error of a statement that reads a file which is not there."""
    error = SqlError(f"there is no file {name} in the folders that are open", position=position, length=length)
    error.exit_code = NotFound.exit_code
    return error


def explained(error: Exception, text: str) -> SqlError:
    """The error of a statement in our words.

    Args:
        error: whatever the engine or what reads its rows has raised.
        text: the statement.
    """
    said = str(error)
    found = _JSON.search(said)
    try:
        told = json.loads(found[0]) if found else {}
    except ValueError:
        told = {}
    if not isinstance(told, dict) or not isinstance(told.get("exception_message"), str):
        told = {}
    kind = str(told.get("exception_type") or _kind(said))
    whole = _plain(str(told.get("exception_message") or said))
    message = " ".join(_MEANT.sub("", whole).split())
    if kind.upper() == "INTERRUPT":
        timed_out = "maximum execution time" in message
        return Interrupted("took longer than it may" if timed_out else "was interrupted", timed_out=timed_out)
    position, length = _place(told, text)
    listed = str(told.get("candidates") or "").split(",") if told.get("candidates") else _meant(whole)
    candidates = tuple(name.strip() for name in listed if name.strip())
    return SqlError(
        message,
        kind=kind,
        position=position,
        length=length,
        candidates=candidates,
        hint=_hint(message) or (f"did you mean {', '.join(candidates)}?" if candidates else ""),
    )


def _kind(said: str) -> str:
    found = _KIND.search(said)
    return found[1] if found else ""


def _plain(message: str) -> str:
    """The message without the name of its kind, and of what Python raised only that."""
    if "Traceback (most recent call last)" in message:
        message = message.strip().rpartition("\n")[2].partition(": ")[2] or message
    found = _KIND.match(message)
    return (message[found.end() :] if found else message).replace("files://", "").strip()


def _place(told: dict[str, object], text: str) -> tuple[int | None, int]:
    """The engine's place, in bytes, as characters of the text."""
    try:
        start, length = json.loads(str(told.get("location") or f"[{told['position']},1]"))
    except (KeyError, ValueError):
        return None, 1
    data = text.encode("utf-8", "surrogatepass")
    if not 0 <= start <= len(data):
        return None, 1
    before = len(data[:start].decode("utf-8", "replace"))
    return before, max(1, len(data[start : start + length].decode("utf-8", "replace")))


def guess_place(error: SqlError, text: str) -> None:
    """Let an error without a place have that of the name it speaks of, where that first stands."""
    if found := _ABOUT.search(error.message):
        name = found[1].casefold()
        for token in tokens(text):
            word = text[token.start : token.end]
            if token.kind in ("identifier", "keyword") and word.strip('"').casefold() == name:
                error.position, error.length = token.start, len(word)
                return


def _meant(message: str) -> list[str]:
    found = _MEANT.search(message)
    return re.findall(r'"([^"]+)"', found[1]) if found else []


def _hint(message: str) -> str:
    if found := _OTHER_DATABASE.search(message):
        return (
            f"one transaction writes one database, and this one writes {found[2]}: "
            "commit it first, then begin one for the other"
        )
    if "transaction is aborted" in message.casefold():
        return "an earlier statement failed: roll back, then begin again"
    if _READ_ONLY in message:
        return "attach it for writing to change it"
    if "disabled by configuration" in message:
        return "SQL reads only below the folders that are open, and writes only to the folder for exports"
    return ""
