"""The result of a query on the screen: a grid or a chart over rows that are fetched as they are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.faces import lazy

if TYPE_CHECKING:
    from dmart_tui.tui.sql.result_source import ResultSource as ResultSource
    from dmart_tui.tui.sql.result_source import Stopping as Stopping
    from dmart_tui.tui.sql.result_view import ResultView as ResultView
else:
    __all__, __getattr__ = lazy(__name__, {"result_source": "ResultSource Stopping", "result_view": "ResultView"})
