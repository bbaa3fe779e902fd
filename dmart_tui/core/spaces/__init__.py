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
from dmart_tui.core.spaces.relations import BadReference, Reference, Targets, references, relationship_values
from dmart_tui.core.spaces.schemas import Schema, Schemas, Verdict, Violation, compile_schema, row_violations
from dmart_tui.core.spaces.workflows import (
    Resolution,
    TicketState,
    Transition,
    Workflow,
    Workflows,
    parse_workflow,
)

__all__ = [
    "FOLDER",
    "LINK",
    "META_LIMIT",
    "PAYLOAD_LIMIT",
    "RESOURCE_TYPES",
    "Attachment",
    "BadReference",
    "Entry",
    "Item",
    "Kind",
    "Payload",
    "Problem",
    "Reference",
    "Resolution",
    "Schema",
    "Schemas",
    "Severity",
    "Spaces",
    "Targets",
    "TicketState",
    "Transition",
    "Verdict",
    "Violation",
    "Workflow",
    "Workflows",
    "compile_schema",
    "decode",
    "parse_workflow",
    "read_json",
    "references",
    "relationship_values",
    "row_violations",
    "translate",
]
