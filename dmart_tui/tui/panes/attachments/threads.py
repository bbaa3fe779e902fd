"""Attachments in the order of a conversation: what answers another stands below it. No screen here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dmart_tui.core.spaces import Reference, attachment_type, references

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dmart_tui.core.spaces import Attachment

Name = tuple[str, str]
"""(folder, name)"""


@dataclass(frozen=True, slots=True)
class Said:
    """What orders and conversations need to know of one attachment."""

    name: Name
    time: float
    """Seconds; 0 when it does not say."""
    size: int
    answers: tuple[str, str] | None
    """(type, name) of what it answers."""
    reaction: str


def said_of(attachment: Attachment, name: Name) -> Said:
    """What is kept of an attachment that was read."""
    when = attachment.created_at or attachment.updated_at
    size = attachment.payload.size if attachment.payload is not None else None
    reaction = attachment.text if attachment.type == "reaction" else ""
    return Said(name, when.timestamp() if when is not None else 0.0, size or 0, _answered(attachment), reaction)


def threaded(said: Iterable[Said]) -> dict[Name, int]:
    """Names in the order of a conversation, and how deep each stands.

    Oldest first, answers below what they answer, reactions last. What answers something that is gone stands by its own
    time; of those that answer each other in a circle the oldest stands at the end, the others below it.
    """
    ordered = sorted(said, key=lambda one: (bool(one.reaction), one.time, one.name))
    names = {(attachment_type(folder), name): (folder, name) for folder, name in (one.name for one in ordered)}
    below: dict[Name | None, list[Name]] = {}
    for one in ordered:
        below.setdefault(names.get(one.answers) if one.answers else None, []).append(one.name)
    depths: dict[Name, int] = {}
    for first in (*below.get(None, ()), *(one.name for one in ordered)):
        waiting = [(first, 0)]
        while waiting:
            name, depth = waiting.pop()
            if name not in depths:
                depths[name] = depth
                waiting += [(answer, depth + 1) for answer in reversed(below.get(name, ()))]
    return depths


def counted(said: Iterable[Said]) -> list[tuple[str, int]]:
    """Reactions and how often each was given, the most frequent first."""
    return Counter(one.reaction for one in said if one.reaction).most_common()


def _answered(attachment: Attachment) -> tuple[str, str] | None:
    """The sibling that a reply says it answers."""
    if attachment.type != "reply":
        return None
    owner = attachment.address.parent
    for found in references(attachment):
        if isinstance(found, Reference) and found.role == "relationship" and found.target.parent == owner:
            return found.target.attachment
    return None
