"""Two people at one document: what each changed, both brought together key by key, and saving that loses nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.errors import Conflict
from dmart_tui.core.merging import Clash, Difference, Merged, merge, value_at, with_value
from dmart_tui.core.spaces import decode
from dmart_tui.core.writing.documents import KEEP, Document, open_document
from dmart_tui.core.writing.saving import BODY, plan_save

if TYPE_CHECKING:
    from dmart_tui.core.writing.store import Done, Store

TRIES: Final = 5
DERIVED: Final = (("updated_at",), ("payload", "checksum"))
"""Keys that follow from others: nobody's change, so they never clash."""


@dataclass(frozen=True, slots=True)
class Conflicting:
    """A document that somebody changed while it was edited."""

    document: Document
    """As it is on disk now: the base of what is saved next."""
    meta: Merged
    body: Merged | None
    """None when the body was not edited."""

    @property
    def clashes(self) -> tuple[Clash, ...]:
        """What both changed differently; keys of the body begin with `payload`, `body`."""
        return (*self.meta.clashes, *(_in_body(found) for found in (self.body.clashes if self.body else ())))

    @property
    def theirs(self) -> tuple[Difference, ...]:
        """What only they changed, paths as in `clashes`."""
        inner = self.body.theirs if self.body else ()
        return (*self.meta.theirs, *(Difference((*BODY, *found.path), found.old, found.new) for found in inner))

    @property
    def values(self) -> tuple[dict[str, Any], Any]:
        """The merged meta and body (KEEP when it was not edited), mine at a clash."""
        return self.meta.value, KEEP if self.body is None else self.body.value


def theirs(store: Store, document: Document, meta: dict[str, Any], body: Any = KEEP) -> Conflicting | None:
    """My edits of a document beside what others made of it meanwhile; None when it is as it was read.

    Raises:
        NotFound, Refused, Damaged: as `open_document`: it is gone, or can no longer be read.
    """
    now = open_document(store, document.address)
    if now.digests == document.digests:
        return None
    return conflicting(document, meta, body, now)


def conflicting(document: Document, meta: dict[str, Any], body: Any, now: Document) -> Conflicting:
    """As `theirs`, with what is on disk `now` given."""
    base, mine = _aligned(document.meta, now.meta), _aligned(meta, now.meta)
    if body is KEEP:
        return Conflicting(now, merge(base, mine, now.meta), None)
    if isinstance(body, bytes) and document.body_kind in ("json", "text"):
        body = decode(body) if document.body_kind == "json" else body.decode()
    if document.body_kind.startswith("inline"):
        mine = with_value(mine, BODY, body)
        return Conflicting(now, merge(base, mine, now.meta), None)
    was = document.body_data if document.body_kind == "binary" else document.body
    other = now.body_data if now.body_kind == "binary" else now.body
    return Conflicting(now, merge(base, mine, now.meta), merge(was, body, other))


def rebase(
    store: Store, document: Document, meta: dict[str, Any], body: Any = KEEP
) -> tuple[Document, dict[str, Any], Any]:
    """(document as it is now, meta, body): my edits brought together with those of others.

    Raises:
        Conflict: the same key was changed differently; the message names it.
    """
    found = theirs(store, document, meta, body)
    if found is None:
        return document, meta, body
    if found.clashes:
        raise clash_error(found.document, found.clashes)
    return found.document, *found.values


def clash_error(document: Document, clashes: tuple[Clash, ...]) -> Conflict:
    """The error that names what was changed differently."""
    keys = ", ".join(".".join(found.path) or "the text" for found in clashes[:5])
    more = f" and {len(clashes) - 5} more" if len(clashes) > 5 else ""
    return Conflict(f"somebody changed {keys}{more} meanwhile", address=str(document.address), path=document.meta_path)


def save(
    store: Store,
    document: Document,
    meta: dict[str, Any],
    body: Any = KEEP,
    *,
    anyway: bool = False,
    tries: int = TRIES,
) -> Done:
    """Save an edited document; what others changed meanwhile is kept as long as it was other keys.

    Args:
        tries: how often a writer that knows nothing of our locks may come between.

    Raises:
        Conflict: the same key was changed differently, or others keep coming between.
        Refused, Failed: as `Store.apply`.
    """
    try:
        return store.apply(plan_save(store, document, meta, body), anyway=anyway)
    except Conflict:
        with store.journal.hold():
            for _ in range(tries - 1):
                document, meta, body = rebase(store, document, meta, body)
                try:
                    return store.apply(plan_save(store, document, meta, body), anyway=anyway)
                except Conflict:
                    continue
        raise


def _aligned(meta: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The meta with what follows from the rest as in another one."""
    for path in DERIVED:
        if isinstance(value_at(meta, path[:-1]), dict):
            meta = with_value(meta, path, value_at(other, path))
    return meta


def _in_body(found: Clash) -> Clash:
    return Clash((*BODY, *found.path), found.base, found.mine, found.theirs)
