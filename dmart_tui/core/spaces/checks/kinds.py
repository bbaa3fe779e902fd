"""The kinds of problems a check can report: the one table from which severities and the docs are taken.

`error`: data is lost, or D-MART fails on it. `warning`: it reads, and it is wrong. `note`: worth knowing.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from dmart_tui.core.spaces.model import Problem, Severity


class KindInfo(NamedTuple):
    """What a kind of problem means."""

    severity: Severity
    meaning: str


KINDS: Final[dict[str, KindInfo]] = {
    # what cannot be read
    "meta-unreadable": KindInfo("error", "A meta is empty, not JSON, too large, or cannot be opened."),
    "meta-missing": KindInfo("error", "An entry's directory and payload are there, and its meta is not."),
    "unreadable": KindInfo("error", "A directory cannot be read."),
    "several-metas": KindInfo("error", "Two or more metas share one entry directory; D-MART picks one by chance."),
    "field-missing": KindInfo("error", "A field that D-MART needs to load the meta is absent or empty."),
    "field-type": KindInfo("error", "A field has a value of the wrong type, so D-MART does not load the meta."),
    "field-absent": KindInfo("note", "An identifier or time is absent; D-MART makes up a new one at each load."),
    "uuid-malformed": KindInfo("error", "The uuid is none, so D-MART does not load the meta."),
    "time-malformed": KindInfo("error", "A timestamp cannot be read as a time."),
    # names and places
    "space-without-meta": KindInfo("warning", "A directory of the root holds metas and is no space."),
    "folder-without-meta": KindInfo("warning", "A directory has no folder meta, so D-MART does not list it."),
    "branch-without-meta": KindInfo("warning", "A branch directory has no meta."),
    "orphan-side-car": KindInfo("note", "History or attachments were left behind by a deleted or moved folder."),
    "orphan-payload": KindInfo("warning", "No meta refers to a file that stands among payloads."),
    "orphan-folder-payload": KindInfo("warning", "A folder's payload is there, and no folder meta names it."),
    "stray-file": KindInfo("note", "A file stands where D-MART keeps metas and is none of its own."),
    "old-history": KindInfo("note", "A history in the form before 2022, which D-MART does not read."),
    "name-mismatch": KindInfo("warning", "The shortname in the meta is not the name on disk."),
    "name-unlisted": KindInfo("warning", "The name has characters that D-MART's own scan passes over."),
    "name-form": KindInfo("note", "The name on disk and in the meta are two Unicode forms of the same text."),
    "name-clash-form": KindInfo("warning", "Two names in one folder are the same text in two Unicode forms."),
    "name-clash-case": KindInfo("note", "Two names in one folder differ by case only."),
    "type-unknown": KindInfo("warning", "The meta's file names a resource type that D-MART does not know."),
    "type-unlisted": KindInfo("note", "Later versions of D-MART do not list metas of this type."),
    "type-case": KindInfo("note", "The type in the meta's file name is not in lower case."),
    "type-misplaced": KindInfo("warning", "A meta stands where its type does not belong."),
    "symlink-dangling": KindInfo("warning", "A symlink leads to nothing."),
    "symlink-loop": KindInfo("warning", "A symlink leads back to itself."),
    "symlink-escapes": KindInfo("error", "A symlink leads out of the root and is not followed."),
    "symlink-as-file": KindInfo("warning", "A file holds the path that a symlink in its place should lead to."),
    "symlink-directory": KindInfo("note", "A directory is a symlink and was not entered."),
    # payloads
    "payload-malformed": KindInfo("error", "The meta's payload is not described as one."),
    "payload-name": KindInfo("error", "The meta names a payload file outside its own directory."),
    "payload-missing": KindInfo("error", "The payload file is missing."),
    "payload-renamed": KindInfo("warning", "The payload file stands there under another suffix than the meta says."),
    "payload-unreadable": KindInfo("error", "The payload cannot be read as what it should be."),
    "payload-empty": KindInfo("warning", "The payload file is empty."),
    "payload-type": KindInfo("warning", "The payload's first bytes are not of its content type."),
    "payload-suffix": KindInfo("note", "A JSON payload's file does not end in .json."),
    "payload-unchecked": KindInfo("note", "The payload is too large to be checked."),
    "content-type-unknown": KindInfo("warning", "The payload has a content type that no D-MART knows."),
    "orphan-attachment-file": KindInfo("warning", "A file among attachments belongs to none of them."),
    "checksum-stale": KindInfo("note", "The payload changed after its checksum was taken."),
    "checksum-of-name": KindInfo("note", "The checksum is that of the file's name, a known defect of D-MART."),
    "checksum-client": KindInfo("warning", "The client's checksum is not that of the payload."),
    # schemas and workflows
    "schema-violation": KindInfo("error", "The payload breaks its schema, so D-MART leaves the entry out of listings."),
    "schema-missing": KindInfo("error", "The payload's schema does not exist, so D-MART cannot validate the entry."),
    "schema-broken": KindInfo("error", "A schema is no usable JSON Schema."),
    "schema-costly": KindInfo("note", "A schema branches too much to be used safely, so nothing was held to it."),
    "workflow-missing": KindInfo("error", "The ticket's workflow does not exist, so it cannot progress."),
    "workflow-broken": KindInfo("error", "A workflow document cannot be read as one."),
    "workflow-odd": KindInfo("warning", "A workflow leads to a state that it does not have, or begins in none."),
    "ticket-state": KindInfo("error", "The ticket is in a state that its workflow does not have."),
    "ticket-open": KindInfo("warning", "The ticket's is_open contradicts its state."),
    "ticket-resolution": KindInfo("note", "The ticket's resolution is none that its state offers."),
    # references
    "relation-malformed": KindInfo("warning", "A relationship or locator names nothing."),
    "relation-dangling": KindInfo("warning", "A relationship leads to an entry that does not exist."),
    "relation-type": KindInfo("note", "A relationship leads to an entry of another type than it says."),
    "owner-missing": KindInfo("warning", "The owner is no user."),
    "user-missing": KindInfo("warning", "A user that is referred to does not exist."),
    "group-missing": KindInfo("warning", "A group that is referred to does not exist."),
    "role-missing": KindInfo("warning", "A role that is referred to does not exist."),
    "permission-missing": KindInfo("warning", "A permission that is referred to does not exist."),
    "permission-space": KindInfo("note", "A permission opens a space that does not exist."),
    "management-missing": KindInfo("note", "The root has no management space, so users and roles were not looked up."),
    # identity
    "uuid-duplicate": KindInfo("warning", "Several entries share a uuid, so D-MART finds only one of them by it."),
    "slug-duplicate": KindInfo("warning", "Several entries share a slug, so D-MART finds only one of them by it."),
    # histories and event logs
    "lines-unreadable": KindInfo("warning", "Lines of a history or event log are not one JSON object each."),
    "lines-glued": KindInfo("warning", "Lines of a history or event log hold several records."),
    "log-unreadable": KindInfo("error", "A history or event log cannot be opened."),
    # on the Redis of a D-MART
    "redis-index": KindInfo("warning", "The Redis has no index of a schema, though it has one of the space."),
    "redis-missing": KindInfo("warning", "The Redis has no document of an entry that D-MART indexes, or of a payload."),
    "redis-stale": KindInfo("warning", "A document in the Redis says something else than the files."),
    "redis-ghost": KindInfo("warning", "A document in the Redis is of nothing in the files."),
    "redis-era": KindInfo("note", "A key in the Redis is named as other versions of D-MART name theirs."),
    "redis-lock": KindInfo("note", "A lock in the Redis is older than an hour."),
}  # fmt: skip

ON_REDIS: Final = frozenset(kind for kind in KINDS if kind.startswith("redis-"))
"""What `core.redisearch` finds on a D-MART's server, and is not looked at here."""


def problem(kind: str, address: str, path: str, detail: str) -> Problem:
    """A problem of a kind in the table, with its severity."""
    return Problem(KINDS[kind].severity, kind, address, path, detail)
