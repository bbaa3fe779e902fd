"""Documents for history stores, ordinary ones in any number and any that can be, and what a store of them holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from random import Random
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from dmart_tui.core.historydb import Store, read_block

if TYPE_CHECKING:
    from pathlib import Path

KINDS: Final = ("create", "update", "delete", "move")
FIRST_DAY: Final = 19_000


def documents(count: int, *, days: int = 100, seed: int = 0, start: int = 0) -> list[dict[str, Any]]:
    """Ordinary documents in the order of their days, but for one in a hundred that is late.

    Args:
        start: the number of the first, which its `id` is.
    """
    random = Random(seed)
    made: list[dict[str, Any]] = []
    for place in range(count):
        late = random.randrange(1, 20) if random.random() < 0.01 else 0
        day = FIRST_DAY + place * days // count - late
        document: dict[str, Any] = {
            "id": start + place,
            "ts": (day * 86_400 + random.randrange(86_400)) * 1000,
            "kind": random.choice(KINDS),
            "amount": round(random.uniform(0, 100), 2),
            "path": f"/posts/{random.randrange(5000)}",
            "ok": random.random() < 0.9,
        }
        if random.random() < 0.2:
            document["tags"] = random.sample(["a", "b", "c"], 2)
        if random.random() < 0.1:
            document["note"] = None
        made.append(document)
    return made


_ZONES: Final = (None, UTC, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=3)))
_DATES: Final = (date(1901, 1, 2), date(2099, 12, 30))
_MOMENTS: Final = st.sampled_from(_ZONES).flatmap(
    lambda zone: st.datetimes(datetime(1901, 1, 2), datetime(2099, 12, 30), timezones=st.just(zone)).map(
        lambda moment: moment.replace(fold=0)
    )
)
_SCALARS: Final = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=8)
    | _MOMENTS
    | st.dates(*_DATES)
)
VALUES: Final = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4) | st.integers(-5, 5), inner, max_size=3)
    ),
    max_leaves=6,
)
"""Anything that a document may hold."""
WHEN: Final = (
    _MOMENTS
    | st.dates(*_DATES)
    | st.dates(*_DATES).map(date.isoformat)
    | _MOMENTS.map(datetime.isoformat)
    | st.integers(0, 4 * 10**9)
    | st.integers(10**11, 4 * 10**12)
    | st.floats(0, 4e9)
)
"""A date in any form that is understood."""
_NAMES: Final = st.sampled_from(["a", "b", "c", "amount", "id"]) | st.text(max_size=3)
DOCUMENTS: Final = st.builds(
    lambda before, when, after: before | {"ts": when} | after,
    st.dictionaries(_NAMES, VALUES, max_size=3),
    WHEN,
    st.dictionaries(_NAMES.filter(lambda name: name != "ts"), VALUES, max_size=3),
)
"""Any document that has a date."""


def numbers(path: Path) -> list[int]:
    """The numbers of all documents of a store, once every block was read."""
    with Store.open(str(path)) as store:
        for ref in store.blocks():
            read_block(ref).columns(["id", "kind", "tags"])
        return [document["id"] for document in store.documents()]


def files(path: Path) -> dict[str, Path]:
    """The files of the store that hold data, by what they are."""
    segment, other = sorted((path / "seg").glob("*.hseg"))[:2]
    (stones,) = (path / "seg").glob("*.htomb")
    (log,) = path.glob("*.hlog")
    return {"segment": segment, "other": other, "tombstones": stones, "log": log, "manifest": path / "STORE.msgpack"}
