"""Attachments that people write: comments, replies and reactions, in the fields that their version of D-MART knew.

Up to 1.3 a comment had the fields `body` and `state` and a reaction the field `type`; since then both stand in an
object in `payload.body`. What is written here is as the newest of its kind nearby, and has fields where there is none.
A reply says in a relationship what it answers, for D-MART keeps replies beside comments, not below them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from dmart_tui.core.errors import Refused, UsageFault
from dmart_tui.core.spaces import FOLDER, Attachment, Entry, attachment_type
from dmart_tui.core.units import parse_time
from dmart_tui.core.writing.attaching import free_name, names_of, open_owner, plan_creation
from dmart_tui.core.writing.linking import relationship

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dmart_tui.core.address import Address
    from dmart_tui.core.writing.plan import Plan
    from dmart_tui.core.writing.store import Store

REACTIONS: Final = ("like", "dislike", "love", "care", "laughing", "sad")
_LOOKED_AT: Final = 100
"""Siblings among which an example is looked for."""


def plan_comment(store: Store, owner: Address, text: str, state: str | None = None) -> Plan:
    """Comment on an entry or a folder.

    Args:
        state: what the comment says about a state of the entry; D-MART gives the ones made with a ticket's step its
            new state.

    Raises:
        UsageFault: there is no text.
        NotFound, Refused: as `plan_attach`.
    """
    entry = open_owner(store, owner)
    return replace(comment_on(store, entry, text, state, _short(), store.now()), notes=(text,))


def comment_on(store: Store, entry: Entry, text: str, state: str | None, name: str, when: datetime) -> Plan:
    """A comment under a name, or under one with a number behind it where that is taken."""
    said: dict[str, Any] = {"body": _said(text, entry)}
    if state is not None:
        said["state"] = state
    return _plan(store, entry, "comment", said, free_name(names_of(store, entry, "comment"), name), when)


def plan_reply(store: Store, target: Address, text: str) -> Plan:
    """Answer an attachment, mostly a comment, or an entry.

    Raises:
        UsageFault: there is no text.
        NotFound: nothing stands at the target.
        Refused: as `plan_attach`.
    """
    owner = target.parent if target.attachment is not None else target
    assert owner is not None
    entry = open_owner(store, owner)
    fields: dict[str, Any] = {"payload": {"content_type": "text", "body": _said(text, entry)}}
    if target.attachment is not None:
        fields["relationships"] = [relationship(store.spaces.attachment(target), {"role": "reply_to"})]
    title = f"Reply to {target if target.attachment else entry.address}"
    plan = plan_creation(store, entry, "reply", _short(), fields, when=store.now(), title=title)
    return replace(plan, notes=(text,))


def plan_react(store: Store, owner: Address, reaction: str) -> Plan:
    """React to an entry or a folder.

    Args:
        reaction: one of `REACTIONS`.

    Raises:
        UsageFault: D-MART knows no such reaction.
        Refused: this user did so already, or as `plan_attach`.
    """
    if reaction not in REACTIONS:
        raise UsageFault(f"D-MART knows no reaction {reaction}", hint=f"take one of {', '.join(REACTIONS)}")
    entry = open_owner(store, owner)
    for other in _of_type(store, entry, "reaction"):
        if other.owner == store.user and other.text == reaction:
            raise Refused(f"{store.user} did so already", address=str(other.address))
    return replace(_plan(store, entry, "reaction", {"type": reaction}, _short(), store.now()), notes=(reaction,))


def _plan(store: Store, entry: Entry, type_: str, said: dict[str, Any], name: str, when: datetime) -> Plan:
    example = _example(store, entry, type_)
    in_payload = example is not None and example.payload is not None and not said.keys() & example.meta.keys()
    fields = {"payload": {"content_type": type_, "body": said}} if in_payload else said
    verb = "Comment on" if type_ == "comment" else "React to"
    return plan_creation(store, entry, type_, name, fields, when=when, title=f"{verb} {entry.address}")


def _said(text: str, entry: Entry) -> str:
    if not text.strip():
        raise UsageFault("there is no text", address=str(entry.address))
    return text


def _short() -> str:
    """A name as D-MART gives to what needs none: the first letters of a uuid."""
    return str(uuid4())[:8]


def _example(store: Store, entry: Entry, type_: str) -> Attachment | None:
    """The newest attachment of a type: of the entry itself, else of the first of its siblings that has one."""
    found = list(_of_type(store, entry, type_))
    if not found:
        parent = entry.address.parent
        assert parent is not None
        for name, flags in islice(store.spaces.scan(parent), _LOOKED_AT):
            if not flags & FOLDER and (found := list(_of_type(store, store.spaces.load_child(parent, name, 0), type_))):
                break
    return max(found, key=_made, default=None)


def _of_type(store: Store, entry: Entry, type_: str) -> Iterator[Attachment]:
    for folder, name in store.spaces.attachment_names(entry):
        if attachment_type(folder) == type_ and (found := store.spaces.load_attachment(entry, folder, name)).meta:
            yield found


def _made(attachment: Attachment) -> float:
    when = parse_time(attachment.meta.get("created_at"))
    return when.timestamp() if when is not None else 0.0
