# ruff: noqa: I001
"""D-MART's flat files: reading them, their histories, and finding what is broken.

The face is lazy: a name imports its module when it is first used, so that a start pays for reading only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.faces import lazy

if TYPE_CHECKING:
    from dmart_tui.core.spaces.entryjson import (
        entry_json as entry_json,
        payload_value as payload_value,
        problem_row as problem_row,
    )
    from dmart_tui.core.spaces.events import (
        Event as Event,
        event_of as event_of,
        events_path as events_path,
        read_events as read_events,
        resource_address as resource_address,
    )
    from dmart_tui.core.spaces.histories import (
        ABSENT as ABSENT,
        Change as Change,
        ChangeKind as ChangeKind,
        Logged as Logged,
        Missing as Missing,
        Place as Place,
        Record as Record,
        Role as Role,
        UNRECORDED as UNRECORDED,
        history as history,
        history_places as history_places,
        list_change as list_change,
        read_history as read_history,
        record_of as record_of,
    )
    from dmart_tui.core.spaces.jsonfile import (
        META_LIMIT as META_LIMIT,
        PAYLOAD_LIMIT as PAYLOAD_LIMIT,
        decode as decode,
        read_json as read_json,
    )
    from dmart_tui.core.spaces.jsonlines import (
        LINE_LIMIT as LINE_LIMIT,
        LineFile as LineFile,
    )
    from dmart_tui.core.spaces.layout import attachment_type as attachment_type
    from dmart_tui.core.spaces.locks import (
        RecordedLock as RecordedLock,
        recorded_lock as recorded_lock,
    )
    from dmart_tui.core.spaces.metaforms import (
        FOLDER_RENDERING as FOLDER_RENDERING,
        meta_schema as meta_schema,
        meta_violations as meta_violations,
    )
    from dmart_tui.core.spaces.model import (
        Attachment as Attachment,
        Entry as Entry,
        Item as Item,
        Kind as Kind,
        Payload as Payload,
        Problem as Problem,
        RESOURCE_TYPES as RESOURCE_TYPES,
        Severity as Severity,
        translate as translate,
    )
    from dmart_tui.core.spaces.names import (
        Found as Found,
        Hit as Hit,
        Names as Names,
        Pattern as Pattern,
        find_names as find_names,
    )
    from dmart_tui.core.spaces.permissions import (
        ACTIONS as ACTIONS,
        Grant as Grant,
        Permissions as Permissions,
        Rights as Rights,
        about as about,
    )
    from dmart_tui.core.spaces.policies import (
        query_policies as query_policies,
        user_policies as user_policies,
    )
    from dmart_tui.core.spaces.reading import (
        FOLDER as FOLDER,
        LINK as LINK,
        Spaces as Spaces,
        root_named as root_named,
    )
    from dmart_tui.core.spaces.relations import (
        BadReference as BadReference,
        Reference as Reference,
        Targets as Targets,
        implied_references as implied_references,
        placed_references as placed_references,
        references as references,
        relationship_values as relationship_values,
    )
    from dmart_tui.core.spaces.schemas import (
        META_SCHEMA as META_SCHEMA,
        Schema as Schema,
        Schemas as Schemas,
        Verdict as Verdict,
        Violation as Violation,
        compile_schema as compile_schema,
        row_violations as row_violations,
    )
    from dmart_tui.core.spaces.ticketing import (
        Step as Step,
        begin as begin,
        progress as progress,
        transitions as transitions,
    )
    from dmart_tui.core.spaces.timelines import (
        history_files as history_files,
        timeline as timeline,
    )
    from dmart_tui.core.spaces.versions import (
        Blame as Blame,
        Version as Version,
        as_of as as_of,
        as_of_line as as_of_line,
        blame as blame,
        flatten as flatten,
        resolve as resolve,
        whole as whole,
    )
    from dmart_tui.core.spaces.workflows import (
        Resolution as Resolution,
        TicketState as TicketState,
        Transition as Transition,
        Workflow as Workflow,
        Workflows as Workflows,
        parse_workflow as parse_workflow,
    )
else:
    __all__, __getattr__ = lazy(
        __name__,
        {
            "entryjson": "entry_json payload_value problem_row",
            "events": "Event event_of events_path read_events resource_address",
            "histories": (
                "ABSENT Change ChangeKind Logged Missing Place Record Role UNRECORDED history history_places"
                " list_change read_history record_of"
            ),
            "jsonfile": "META_LIMIT PAYLOAD_LIMIT decode read_json",
            "jsonlines": "LINE_LIMIT LineFile",
            "layout": "attachment_type",
            "locks": "RecordedLock recorded_lock",
            "metaforms": "FOLDER_RENDERING meta_schema meta_violations",
            "model": "Attachment Entry Item Kind Payload Problem RESOURCE_TYPES Severity translate",
            "names": "Found Hit Names Pattern find_names",
            "permissions": "ACTIONS Grant Permissions Rights about",
            "policies": "query_policies user_policies",
            "reading": "FOLDER LINK Spaces root_named",
            "relations": (
                "BadReference Reference Targets implied_references placed_references references relationship_values"
            ),
            "schemas": "META_SCHEMA Schema Schemas Verdict Violation compile_schema row_violations",
            "ticketing": "Step begin progress transitions",
            "timelines": "history_files timeline",
            "versions": "Blame Version as_of as_of_line blame flatten resolve whole",
            "workflows": "Resolution TicketState Transition Workflow Workflows parse_workflow",
        },
    )
