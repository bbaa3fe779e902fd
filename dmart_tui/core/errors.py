"""The family of errors the core raises: what happened, to which address, what to do."""

from __future__ import annotations


class DmartTuiError(Exception):
    """Base of all errors meant for a person.

    Args:
        message: what happened, one sentence without a final stop.
        address: what it happened to (an address or a path), may be empty.
        hint: what to do about it, may be empty.
        command: the same in words of the command line, its commands and options; only there it is shown.
    """

    exit_code = 6

    def __init__(self, message: str, *, address: str = "", hint: str = "", command: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.address = address
        self.hint = hint
        self.command = command

    def __str__(self) -> str:
        return self._told(self.hint)

    def in_commands(self) -> str:
        """What `str` says, for who types commands."""
        return self._told("; ".join(filter(None, (self.hint, self.command))))

    def _told(self, todo: str) -> str:
        where = f"{self.address}: " if self.address else ""
        return f"{where}{self.message}" + (f" ({todo})" if todo else "")


class UsageFault(DmartTuiError):
    """The request itself is wrong: an address that cannot exist, a bad option."""

    exit_code = 2


class NotFound(DmartTuiError):
    """Nothing stands at the address."""

    exit_code = 3


class Refused(DmartTuiError):
    """It exists, but we will not: read-only, locked, escaping the root, too large."""

    exit_code = 4


class Conflict(Refused):
    """Somebody changed, made or removed a file since it was read; `path` says which, absolute."""

    def __init__(self, message: str, *, path: str, address: str = "", hint: str = "") -> None:
        super().__init__(message, address=address or path, hint=hint)
        self.path = path


class Damaged(DmartTuiError):
    """The data is there and cannot be understood."""

    exit_code = 5


class Failed(DmartTuiError):
    """A disk, a server or the system failed."""

    exit_code = 6
