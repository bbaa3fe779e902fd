# ruff: noqa: I001
"""Histories and event logs of a spaces folder as documents of a history store: one document a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.faces import lazy

if TYPE_CHECKING:
    from dmart_tui.core.changelog.activity import (
        SOURCES as SOURCES,
        Subject as Subject,
        below as below,
        subject_of as subject_of,
    )
    from dmart_tui.core.changelog.asking import (
        Answered as Answered,
        ask as ask,
        learn as learn,
        newest as newest,
        time_of as time_of,
    )
    from dmart_tui.core.changelog.completing import (
        Words as Words,
        complete as complete,
        words_of as words_of,
    )
    from dmart_tui.core.changelog.documents import (
        DATE as DATE,
        KEY as KEY,
        documents_of as documents_of,
    )
    from dmart_tui.core.changelog.giving import write_rows as write_rows
    from dmart_tui.core.changelog.importing import (
        Imported as Imported,
        Progress as Progress,
        import_spaces as import_spaces,
        store_of as store_of,
    )
    from dmart_tui.core.changelog.kept import KeptQueries as KeptQueries
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
            "activity": "SOURCES Subject below subject_of",
            "asking": "Answered ask learn newest time_of",
            "completing": "Words complete words_of",
            "documents": "DATE KEY documents_of",
            "giving": "write_rows",
            "importing": "Imported Progress import_spaces store_of",
            "kept": "KeptQueries",
            "spans": "Calendar EPOCH Span WEEKDAYS calendar over_time parse_span span_of",
        },
    )
