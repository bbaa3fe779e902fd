"""D-MART's flat files: reading them, their histories, and finding what is broken."""

from dmart_tui.core.spaces.jsonfile import META_LIMIT, PAYLOAD_LIMIT, decode, read_json
from dmart_tui.core.spaces.model import (
    RESOURCE_TYPES,
    Attachment,
    Entry,
    Item,
    Kind,
    Payload,
    Problem,
    Severity,
    translate,
)
from dmart_tui.core.spaces.reading import FOLDER, LINK, Spaces

__all__ = [
    "FOLDER",
    "LINK",
    "META_LIMIT",
    "PAYLOAD_LIMIT",
    "RESOURCE_TYPES",
    "Attachment",
    "Entry",
    "Item",
    "Kind",
    "Payload",
    "Problem",
    "Severity",
    "Spaces",
    "decode",
    "read_json",
    "translate",
]
