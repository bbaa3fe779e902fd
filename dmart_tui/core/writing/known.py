"""What many entries have already: keys with a value, tags, and folders by the start of their address."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError, NotFound, UsageFault
from dmart_tui.core.secrets import mask
from dmart_tui.core.spaces import FOLDER, payload_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dmart_tui.core.spaces import Item, Spaces

SAMPLE: Final = 200
"""Entries that are read to learn of their keys or tags."""
_DEEPEST: Final = 8
_LONGEST: Final = 60
_BODY: Final = "payload.body"


def known_tags(spaces: Spaces, addresses: Iterable[Address]) -> list[tuple[str, int]]:
    """The tags of the first of some entries and how many have each, the commonest first."""
    seen: Counter[str] = Counter()
    for item in _items(spaces, addresses):
        seen.update(item.tags)
    return seen.most_common()


def known_keys(spaces: Spaces, addresses: Iterable[Address]) -> dict[str, str]:
    """The dotted keys of the first of some entries, each with a value as JSON, cut and masked."""
    found: dict[str, Any] = {}
    for item in _items(spaces, addresses):
        meta = mask(item.meta)
        body = mask(payload_value(spaces, item, []))
        payload = meta.get("payload")
        if isinstance(payload, dict):
            meta = meta | {"payload": {key: value for key, value in payload.items() if key != "body"}}
        for key, value in (*_leaves("", meta), *_leaves(_BODY, body)):
            found.setdefault(key, value)
    return {key: json.dumps(value, ensure_ascii=False)[:_LONGEST] for key, value in found.items()}


def known_folders(spaces: Spaces, text: str) -> list[str]:
    """The addresses of spaces and folders whose last name has what stands behind the last `/` of a text."""
    above, slash, start = text.rpartition("/")
    try:
        if slash:
            folder = Address.parse(above)
            found = [folder.child(name) for name, flags in spaces.scan(folder) if flags & FOLDER]
        else:
            found = [Address(name) for name in spaces.space_names()]
    except (NotFound, UsageFault):
        return []
    return [str(one) for one in sorted(found) if start.lower() in one.name.lower()]


def _items(spaces: Spaces, addresses: Iterable[Address]) -> Iterator[Item]:
    for address in islice(addresses, SAMPLE):
        try:
            yield spaces.load(address) if address.attachment is None else spaces.attachment(address)
        except DmartTuiError:
            continue


def _leaves(above: str, value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value and depth < _DEEPEST:
        for key, inner in value.items():
            yield from _leaves(f"{above}.{key}" if above else key, inner, depth + 1)
    elif above and above != _BODY:
        yield above, value
