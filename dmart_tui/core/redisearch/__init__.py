# ruff: noqa: I001
"""RediSearch: D-MART's indexes on a Redis searched, built from the files, and held against them.

The face is lazy: a name imports its module when it is first used. Nothing imports the Redis client before it is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.faces import lazy

if TYPE_CHECKING:
    from dmart_tui.core.redisearch.aggregating import (
        Aggregation as Aggregation,
        REDUCERS as REDUCERS,
        Reducer as Reducer,
        aggregate as aggregate,
        count_by as count_by,
        read_aggregation as read_aggregation,
        worded as worded,
    )
    from dmart_tui.core.redisearch.building import (
        Build as Build,
        Built as Built,
        BuildProgress as BuildProgress,
        Dropped as Dropped,
        drop as drop,
    )
    from dmart_tui.core.redisearch.connecting import (
        Probe as Probe,
        Server as Server,
        asking as asking,
        escape_pattern as escape_pattern,
        find_branch as find_branch,
        make_client as make_client,
    )
    from dmart_tui.core.redisearch.documents import (
        Document as Document,
        Documents as Documents,
        indexed_spaces as indexed_spaces,
        is_indexed as is_indexed,
    )
    from dmart_tui.core.redisearch.drift import (
        Compared as Compared,
        Drift as Drift,
        DriftKind as DriftKind,
        drift_problems as drift_problems,
        find_drift as find_drift,
        repair as repair,
    )
    from dmart_tui.core.redisearch.engine import (
        Filters as Filters,
        Found as Found,
        Matches as Matches,
        escape as escape,
        search as search,
    )
    from dmart_tui.core.redisearch.fields import (
        Field as Field,
        meta_fields as meta_fields,
        schema_fields as schema_fields,
    )
    from dmart_tui.core.redisearch.indexes import (
        Index as Index,
        list_indexes as list_indexes,
        read_index as read_index,
    )
    from dmart_tui.core.redisearch.keeping import (
        Kept as Kept,
        keep as keep,
    )
    from dmart_tui.core.redisearch.keys import (
        KeyKind as KeyKind,
        count_keys as count_keys,
        kind_of as kind_of,
        list_keys as list_keys,
    )
    from dmart_tui.core.redisearch.updating import (
        Updated as Updated,
        changed_addresses as changed_addresses,
        update as update,
    )
else:
    __all__, __getattr__ = lazy(
        __name__,
        {
            "aggregating": "Aggregation REDUCERS Reducer aggregate count_by read_aggregation worded",
            "building": "Build Built BuildProgress Dropped drop",
            "connecting": "Probe Server asking escape_pattern find_branch make_client",
            "documents": "Document Documents indexed_spaces is_indexed",
            "drift": "Compared Drift DriftKind drift_problems find_drift repair",
            "engine": "Filters Found Matches escape search",
            "fields": "Field meta_fields schema_fields",
            "indexes": "Index list_indexes read_index",
            "keeping": "Kept keep",
            "keys": "KeyKind count_keys kind_of list_keys",
            "updating": "Updated changed_addresses update",
        },
    )
