# ruff: noqa: I001
"""Search: one query language, its engine over the local index and its engine over RediSearch.

The face is lazy: a name imports its module when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.faces import lazy

if TYPE_CHECKING:
    from dmart_tui.core.search.completing import (
        Completion as Completion,
        Option as Option,
        complete as complete,
    )
    from dmart_tui.core.search.engines import (
        CHOICES as CHOICES,
        Choice as Choice,
        Engine as Engine,
        Search as Search,
    )
    from dmart_tui.core.search.fields import (
        FIELDS as FIELDS,
        Kind as Kind,
        KnownField as KnownField,
        field_of as field_of,
    )
    from dmart_tui.core.search.language import (
        Fault as Fault,
        Query as Query,
        parse as parse,
    )
    from dmart_tui.core.search.local import LocalEngine as LocalEngine
    from dmart_tui.core.search.redisearch import (
        Inexpressible as Inexpressible,
        subtree as subtree,
        translate as translate,
    )
    from dmart_tui.core.search.remote import query_of as query_of
    from dmart_tui.core.search.results import (
        FACETS as FACETS,
        Facet as Facet,
        Hit as Hit,
        Page as Page,
        Request as Request,
        Snippet as Snippet,
    )
    from dmart_tui.core.search.saved import (
        forget_search as forget_search,
        save_search as save_search,
        saved_searches as saved_searches,
    )
    from dmart_tui.core.search.tree import Node as Node
else:
    __all__, __getattr__ = lazy(
        __name__,
        {
            "completing": "Completion Option complete",
            "engines": "CHOICES Choice Engine Search",
            "fields": "FIELDS Kind KnownField field_of",
            "language": "Fault Query parse",
            "local": "LocalEngine",
            "redisearch": "Inexpressible subtree translate",
            "remote": "query_of",
            "results": "FACETS Facet Hit Page Request Snippet",
            "saved": "forget_search save_search saved_searches",
            "tree": "Node",
        },
    )
