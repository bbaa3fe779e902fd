"""The deliberate faults of the demo, as data: what a check should find, where, and what was done."""

# ruff: noqa: E501  (a row of a table stays on one line)
from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from unicodedata import normalize

COMPOSED: Final = "آلات"


@dataclass(frozen=True, slots=True)
class Planted:
    """One deliberate fault.

    `kind_hint` is the kind of problem a check should report, `address` what it should report it for, `why` what was
    done. `path` is the file or directory, relative to the root.
    """

    kind_hint: str
    address: str
    why: str
    path: str


def _entry(kind: str, where: str, why: str, *, type_: str = "content") -> Planted:
    folder, _, name = where.rpartition("/")
    return Planted(kind, f"attic/{where}", why, f"attic/{folder}/.dm/{name}/meta.{type_}.json")


PLANTED: Final[tuple[Planted, ...]] = (
    _entry("meta-unreadable", "metas/empty_meta", "the meta is an empty file, as after a full disk"),
    _entry("meta-unreadable", "metas/torn_meta", "the meta stops in the middle, as after a crash"),
    _entry("meta-unreadable", "metas/a_list", "the meta is a JSON list"),
    _entry("name-mismatch", "metas/renamed", "the directory was renamed by hand, the shortname was not"),
    Planted("several-metas", "attic/metas/two_faces", "a content and a ticket in one directory", "attic/metas/.dm/two_faces"),
    _entry("field-missing", "metas/nameless_owner", "no owner_shortname"),
    _entry("field-type", "metas/tags_as_text", "tags is a text"),
    _entry("field-absent", "metas/no_uuid", "no uuid"),
    _entry("uuid-malformed", "metas/short_uuid", "the uuid is only its first eight digits"),
    _entry("time-malformed", "metas/yesterday", "created_at is a word"),
    _entry("type-unknown", "metas/spaceship", "a type no version knows", type_="spaceship"),
    _entry("type-case", "metas/shouting", "the type in the file name begins with a capital", type_="Content"),
    Planted("old-history", "attic/metas/renamed", "a history of before 2022", "attic/metas/.dm/renamed/meta.history.jsonl"),
    Planted("stray-file", "attic/metas/renamed", "a copy someone kept", "attic/metas/.dm/renamed/meta.content.json.old"),
    Planted("orphan-payload", "attic/payloads", "no meta refers to this payload", "attic/payloads/nobody.json"),
    Planted("orphan-folder-payload", "attic/payloads/ghost_folder", "its folder was removed", "attic/payloads/ghost_folder.json"),
    Planted("orphan-side-car", "attic/payloads/gone_folder", "history left by a deleted folder", "attic/payloads/.dm/gone_folder"),
    _entry("payload-missing", "payloads/no_file", "the payload file was deleted"),
    _entry("payload-unreadable", "payloads/half_json", "the JSON payload stops in the middle"),
    _entry("payload-empty", "payloads/nothing", "the payload file is empty"),
    _entry("payload-type", "payloads/not_a_picture", "a text that calls itself a picture"),
    _entry("payload-renamed", "payloads/scan", "uploaded as scan.final.pdf: the meta and the file took different suffixes"),
    _entry("payload-name", "payloads/climber", "its payload is said to lie in another folder"),
    _entry("payload-malformed", "payloads/just_text", "the payload is a text where an object belongs"),
    _entry("content-type-unknown", "payloads/hologram", "a content type no version knows"),
    _entry("checksum-of-name", "payloads/sum_of_name", "the checksum is that of the file's name"),
    _entry("schema-broken", "schema/twisted", "the schema is no schema", type_="schema"),
    _entry("schema-violation", "payloads/wrong_price", "a price as text, a negative stock, an unknown status"),
    _entry("schema-missing", "payloads/unknown_schema", "its schema does not exist"),
    _entry("checksum-stale", "payloads/stale_sum", "the payload was edited after its checksum was taken"),
    _entry("ticket-state", "tickets/lost", "a state the workflow does not have", type_="ticket"),
    _entry("ticket-open", "tickets/still_open", "finished, and still open", type_="ticket"),
    _entry("ticket-resolution", "tickets/odd_reason", "a resolution its state does not offer", type_="ticket"),
    _entry("workflow-missing", "tickets/adrift", "its workflow does not exist", type_="ticket"),
    _entry("owner-missing", "people/orphaned", "its owner is no user"),
    _entry("relation-dangling", "people/points_nowhere", "a relationship to a deleted supplier"),
    _entry("relation-malformed", "people/points_badly", "a relationship that names nothing"),
    _entry("slug-duplicate", "people/twin_a", "copied by hand, slug and all"),
    _entry("slug-duplicate", "people/twin_b", "copied by hand, slug and all"),
    _entry("uuid-duplicate", "people/twin_a", "copied by hand, uuid and all"),
    _entry("uuid-duplicate", "people/twin_b", "copied by hand, uuid and all"),
    Planted("role-missing", "management/users/trainee", "a role that was removed", "management/users/.dm/trainee/meta.user.json"),
    Planted("group-missing", "management/users/trainee", "a group that was removed", "management/users/.dm/trainee/meta.user.json"),
    Planted("permission-missing", "management/roles/old_guard", "a permission that was removed",
            "management/roles/.dm/old_guard/meta.role.json"),
    Planted("relation-dangling", "docs/posts/why_batteries_hate_august", "it speaks of a product that was deleted",
            "docs/posts/.dm/why_batteries_hate_august"),
    Planted("lines-glued", "attic/histories/glued", "two records on one line", "attic/histories/.dm/glued/history.jsonl"),
    Planted("lines-unreadable", "attic/histories/torn", "the last line was cut", "attic/histories/.dm/torn/history.jsonl"),
    Planted("lines-unreadable", "attic", "garbage in the event log", "attic/.dm/events.jsonl"),
    Planted("payload-missing", "attic/attachments/parcel#media/photo", "the picture is gone",
            "attic/attachments/.dm/parcel/attachments.media/meta.photo.json"),
    Planted("meta-unreadable", "attic/attachments/parcel#comment/broken", "the comment's meta is not JSON",
            "attic/attachments/.dm/parcel/attachments.comment/meta.broken.json"),
    Planted("orphan-attachment-file", "attic/attachments/parcel", "a picture no meta refers to",
            "attic/attachments/.dm/parcel/attachments.media/leftover.png"),
    Planted("folder-without-meta", "attic/bare", "a folder whose meta was removed", "attic/bare"),
    Planted("name-form", f"attic/names/{normalize('NFD', COMPOSED)}", "decomposed on disk, composed in the meta",
            f"attic/names/.dm/{normalize('NFD', COMPOSED)}"),
    Planted("name-unlisted", "attic/names/price[red]list", "brackets in a name", "attic/names/.dm/price[red]list"),
    Planted("name-unlisted", "attic/names/bad\x1b[31mname\u202e", "control characters in a name", "attic/names/.dm/bad\x1b[31mname\u202e"),
    Planted("symlink-dangling", "attic/links/dangling", "it leads to nothing", "attic/links/dangling.json"),
    _entry("payload-missing", "links/dangling", "its payload is a link that leads to nothing"),
    Planted("symlink-loop", "attic/links/loop", "it leads to itself", "attic/links/loop"),
    Planted("symlink-escapes", "attic/links/outside", "it leads out of the root", "attic/links/outside"),
    Planted("symlink-escapes", "attic/links/secret", "its payload leads out of the root", "attic/links/secret.json"),
)  # fmt: skip
