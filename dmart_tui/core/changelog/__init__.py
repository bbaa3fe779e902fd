# ruff: noqa: I001
"""Histories and event logs of a spaces folder as documents of a history store: one document a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.faces import lazy

if TYPE_CHECKING:
    from dmart_tui.core.changelog.documents import (
        DATE as DATE,
        KEY as KEY,
        documents_of as documents_of,
    )
    from dmart_tui.core.changelog.importing import (
        Imported as Imported,
        Progress as Progress,
        import_spaces as import_spaces,
        store_of as store_of,
    )
    from dmart_tui.core.changelog.spans import (
        Calendar as Calendar,
        EPOCH as EPOCH,
        Span as Span,
        WEEKDAYS as WEEKDAYS,
        calendar as calendar,
        over_time as over_time,
        parse_span as parse_span,
        span_of as span_of,
    )
else:
    __all__, __getattr__ = lazy(
        __name__,
        {
            "documents": "DATE KEY documents_of",
            "importing": "Imported Progress import_spaces store_of",
            "spans": "Calendar EPOCH Span WEEKDAYS calendar over_time parse_span span_of",
        },
    )
