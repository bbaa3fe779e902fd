"""Searching a branch or the whole root: a query, its results, and how they are spread."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import replace
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, cast

from textual import on
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.errors import DmartTuiError, NotFound
from dmart_tui.core.search.completing import complete
from dmart_tui.core.search.engines import Search
from dmart_tui.core.search.language import parse
from dmart_tui.core.search.local import NAME as LOCAL
from dmart_tui.core.search.results import FACETS, Request
from dmart_tui.core.search.saved import forget_search, save_search, saved_searches
from dmart_tui.core.search.tree import Everything
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count
from dmart_tui.tui.actions import BY_NAME, bindings, keys_of, show_key
from dmart_tui.tui.indexing import indexing
from dmart_tui.tui.messages import OpenAddress
from dmart_tui.tui.panes.search.query_line import QueryLine
from dmart_tui.tui.panes.search.rows import PASSING, FacetRows, HitRows, toggled
from dmart_tui.tui.panes.search.sorting import BEST, ask_order, in_words
from dmart_tui.tui.views import Gathering
from dmart_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from dmart_tui.core.address import Address
    from dmart_tui.core.search.engines import Choice as EngineChoice
    from dmart_tui.core.search.language import Query
    from dmart_tui.core.search.results import Hit, Page
    from dmart_tui.core.spaces import Spaces

PAGE: Final = 200
"""Hits that are asked for at once."""
WIDE: Final = 100
"""Cells from which on the facets stand beside the results."""
_AT_HIT: Final = frozenset(f"search.{verb}" for verb in ("open", "mark", "locate"))
_OF_HITS: Final = frozenset(f"search.{verb}" for verb in ("mark-all", "in-tree", "filter-tree", "sort"))


class SearchPane(Gathering, Widget):
    """A query line, what it finds, and beside it on wide screens how often each value is among that.

    Args:
        address: the branch that is searched; None: the whole root.
        idle: of the last session: nothing is indexed before it is asked for.
    """

    CONTEXT = "search"
    NARROWED = "the query"
    BINDINGS = bindings("search")
    DEFAULT_CSS = """
    SearchPane { layout: vertical; height: 1fr; }
    SearchPane #search-told { height: 1; padding: 0 1; margin-bottom: 1; color: $text-muted; }
    SearchPane Horizontal { height: 1fr; }
    SearchPane #search-found { width: 1fr; height: 1fr; }
    SearchPane #search-facets { width: 32; height: 1fr; display: none; border-left: solid $foreground 22%; }
    SearchPane.-wide #search-facets { display: block; }
    SearchPane.-facets #search-facets { display: block; }
    SearchPane #search-about { height: 6; padding: 0 1; border-top: solid $foreground 22%; }
    """

    def __init__(self, address: Address | None = None, *, idle: bool = False) -> None:
        super().__init__()
        self.address = address
        self.idle = idle
        self.text = ""
        """What is searched."""
        self.sort = BEST
        self.page: Page | None = None
        self.hits: list[Hit] = []
        self.error = ""
        self.engine: EngineChoice = "auto"
        self._turn = Lock()
        """Held while an engine is asked: one question after the other."""
        self._unless = background.CancelToken()
        """Of the last question: cancelled when another one is asked, which stops the engine at it."""

    def compose(self) -> ComposeResult:
        self.found = VirtualList(HitRows((), 0, str), id="search-found")
        self.facets = VirtualList(FacetRows((), ""), id="search-facets", empty="Nothing to count.")
        self.line = QueryLine(self.found.focus, self._completed)
        yield self.line
        yield Static(id="search-told")
        with Horizontal():
            yield self.found
            yield self.facets
        with Vertical(id="search-about"):
            yield Static(id="search-words")

    def on_mount(self) -> None:
        self._told = self.query_one("#search-told", Static)
        self._about = self.query_one("#search-about", Vertical)
        self._words = self.query_one("#search-words", Static)
        self._app.index_changed.subscribe(self, lambda _: self._index_changed())
        if not self.idle:
            indexing(self._app).want()
        self._show()
        self._ask()

    def on_resize(self) -> None:
        self.set_class(self.size.width >= WIDE, "-wide")

    @property
    def _spaces(self) -> Spaces:
        return cast("Spaces", self._app.spaces)

    @cached_property
    def search(self) -> Search:
        """What answers."""
        return Search(self._spaces, self._app.settings, catalog=indexing(self._app).catalog)

    @property
    def typing(self) -> bool:
        return self.line.has_focus

    # -- asking ------------------------------------------------------------------------------------------

    @on(QueryLine.Typed)
    def _typed(self, message: QueryLine.Typed) -> None:
        message.stop()
        indexing(self._app).want()
        changed = message.text != self.text
        self.text = message.text
        if changed:
            self.found.cursor = 0
        if changed or message.done:
            self._ask(done=message.done)

    def _index_changed(self) -> None:
        if indexing(self._app).busy:
            self._tell()
        else:
            self._ask()

    def on_unmount(self) -> None:
        self._unless.cancel()

    def _ask(self, *, done: bool = False) -> None:
        self._unless.cancel()
        self._unless = background.CancelToken()
        self._app.tasks.spawn(
            self._search(passing=self.typing and not done), group=f"search {id(self)}", exclusive=True
        )

    def _request(self, query: Query) -> Request:
        sort, descending = self.sort
        viewing = self._app.desk.viewing if self._app.desk is not None else None
        return Request(query.tree, self.address, viewing, sort, descending, PAGE)

    def _answer(self, request: Request, unless: background.CancelToken) -> Page:
        """What an engine answers; `Cancelled` when something else is asked meanwhile. Blocks."""
        with self._turn:
            unless.check()
            return self.search.search(request, self.engine, unless)

    async def _search(self, *, passing: bool) -> None:
        text, query = self.text, parse(self.text)
        request = replace(
            self._request(query),
            limit=PASSING if passing else PAGE,
            snippets=not passing,
            facets=() if passing else FACETS,
        )
        page, self.error = None, ""
        try:
            if not isinstance(query.tree, Everything) or text.strip() == "*":
                page = await background.run(self._answer, request, self._unless)
        except NotFound:
            pass  # there is no index yet: the line tells how far it is
        except DmartTuiError as error:
            self.error = str(error)
        if text != self.text or not self.is_attached:
            return
        self.page, self.hits = page, list(page.hits) if page is not None else []
        self._show(passing=passing)

    @on(VirtualList.MoreWanted)
    async def _more_wanted(self, message: VirtualList.MoreWanted) -> None:
        message.stop()
        self._app.tasks.spawn(self._more(), group=f"search-more {id(self)}", exclusive=True)

    async def _more(self) -> None:
        page = self.page
        request = replace(self._request(parse(self.text)), offset=len(self.hits))
        more = await background.run(self._answer, request, self._unless)
        if page is self.page and page is not None:
            self.hits += more.hits
            self.found.set_rows(HitRows(self.hits, page.total if more.hits else len(self.hits), self._app.icon))

    def _completed(self, text: str) -> str | None:
        """The text with what is likeliest at its end; blocks."""
        with suppress(DmartTuiError), closing(self.search.catalog.connect()) as connection:
            found = complete(text, connection=connection, most=1)
            whole = text[: found.start] + found.options[0].text if found.options else ""
            return whole if whole.startswith(text) else None
        return None

    # -- what is shown -----------------------------------------------------------------------------------

    def _show(self, *, passing: bool = False) -> None:
        self.found.empty = self._empty
        total = self.page.total if self.page is not None else 0
        self.found.set_rows(HitRows(self.hits, total, self._app.icon, passing=passing))
        self._tell()
        if not passing:
            facets = self.page.facets if self.page is not None else []
            self.facets.set_rows(FacetRows(facets, self.text))
            self._tell_about()
        self.refresh_bindings()

    @property
    def _empty(self) -> str:
        index = indexing(self._app)
        if self.error:
            return self.error
        if self.page is not None:
            return f"Nothing matches. {self._key('query')} asks for something else."
        if not index.complete and not index.busy:
            return f"{self._key('index')} makes the index of the root, which is searched."
        if not index.complete:
            return "The root is being indexed; what is read already can be found."
        return f"{self._key('query')} asks, {self._key('saved')} lists the searches that were kept."

    def _key(self, verb: str) -> str:
        action = BY_NAME[f"search.{verb}"]
        keys = keys_of(action, self._app.settings.keys)
        return show_key(keys[0]) if keys else action.title

    def _tell(self) -> None:
        """What is wrong with the query, under where it is; else how much was found, by what, and how fresh that is."""
        faults = parse(self.line.value).faults
        if faults:
            fault = faults[0]
            start, length = fault.start - self.line.hidden, max(1, fault.end - fault.start)
            if 0 <= start < self.size.width - 30:
                mark = " " * start + "^" * min(length, 12)
                self._told.update(Content.assemble((f"{mark} {safe(fault.message)}", "$text-error")))
            else:
                self._told.update(Content.assemble((f"✗ {safe(fault.message)}", "$text-error")))
            return
        parts = []
        if self.page is not None:
            parts.append(f"{format_count(self.page.total)} found")
        if self.found.marks:
            parts.append(f"{format_count(len(self.found.marks))} marked")
        if self.sort != BEST:
            parts.append(in_words(self.sort))
        if self.address is not None:
            parts.append(f"in {self.address}")
        if self._app.desk is not None and self._app.desk.viewing is not None:
            parts.append(f"as {self._app.desk.viewing.user}")
        parts.append(self._source)
        parts += self.page.notes if self.page is not None else ()
        self._told.update(Content(safe(" · ".join(parts))))

    @property
    def _source(self) -> str:
        """Which engine answered, and how fresh what it knows is."""
        if self.page is not None and self.page.engine != LOCAL:
            return f"{self.page.engine}: {self.page.freshness}"
        return f"local index, {indexing(self._app).words()}"

    @property
    def current(self) -> Hit | None:
        """What the cursor is on."""
        rows = cast("HitRows", self.found.rows)
        return rows.hits[self.found.cursor] if len(rows) else None

    def _tell_about(self) -> None:
        """Say below the results where the words were found."""
        hit = self.current
        self._about.display = hit is not None
        if hit is None:
            return
        lines: list[Any] = [(safe(str(hit.address)), "bold"), ("  " + safe(hit.type), "$text-muted")]
        for snippet in hit.snippets:
            lines += ["\n", (f"{snippet.field}  ", "$text-muted")]
            at = 0
            for start, end in snippet.spans:
                lines += [snippet.text[at:start], (snippet.text[start:end], "bold $text-accent")]
                at = end
            lines.append(snippet.text[at:])
        self._words.update(Content.assemble(*lines))

    @on(VirtualList.Highlighted, "#search-found")
    def _moved(self, message: VirtualList.Highlighted) -> None:
        message.stop()
        if not self.typing:
            self._tell_about()
            self.refresh_bindings()

    @on(VirtualList.MarksChanged)
    def _marked(self, message: VirtualList.MarksChanged) -> None:
        message.stop()
        self._tell()

    @on(VirtualList.Activated)
    def _activated(self, message: VirtualList.Activated) -> None:
        message.stop()
        if message.view is self.facets:
            self._toggle(message.index)
        elif (hit := self.current) is not None:
            self.post_message(OpenAddress(hit.address))

    # -- what others ask ---------------------------------------------------------------------------------

    def selection(self) -> list[Address]:
        if self.found.marks:
            return [hit.address for hit in self.hits if str(hit.address) in self.found.marks]
        return [self.current.address] if self.current is not None else []

    def chosen(self) -> Address | None:
        return self.current.address if self.current is not None else None

    def marked(self) -> Callable[[], list[Address]] | None:
        marks = self.selection() if self.found.marks else []
        return (lambda: marks) if marks else None

    def matching(self) -> Callable[[], list[Address]] | None:
        if self.page is None or not self.page.total:
            return None
        remote, request = self.page.engine != LOCAL, replace(self._request(parse(self.text)), snippets=False)

        def find() -> list[Address]:
            with self._turn:
                stream = cast("Any", self.search.remote).stream if remote else self.search.stream
                return [hit.address for hit in stream(request)]

        return find

    # -- actions -----------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        if self.typing and action in ("search.open", "search.mark", "search.query"):
            return "What is typed is the query; enter goes to what it finds."
        if action in _AT_HIT and self.current is None:
            return "The cursor is on nothing."
        if action in _OF_HITS and not self.hits:
            return "Nothing is found."
        if action == "search.facets" and not len(self.facets.rows):
            return "There is nothing to count."
        if action == "search.engine" and not self._app.settings.redis:
            return "No Redis is set: the local index answers."
        if action == "search.keep" and not self.text.strip():
            return "Nothing is asked for."
        if action == "search.index" and indexing(self._app).busy:
            return "It is being read."
        if action == "search.back" and not (self.facets.has_focus or self.found.marks or indexing(self._app).busy):
            return "There is nothing to leave or to stop."
        return None

    def do_open(self) -> None:
        (self.facets if self.facets.has_focus else self.found).action_activate()

    def do_query(self) -> None:
        self.line.focus()

    def do_mark(self) -> None:
        if self.facets.has_focus:
            self.facets.action_activate()
        else:
            self.found.action_mark()

    async def do_mark_all(self) -> None:
        """Mark what is found, all of it: the rows that are not read yet are read."""
        found = self.matching()
        if found is not None:
            addresses = await background.run(found)
            while self.page is not None and len(self.hits) < min(self.page.total, len(addresses)):
                before = len(self.hits)
                await self._more()
                if len(self.hits) == before:
                    break
            self.found.mark(map(str, addresses))

    async def do_in_tree(self) -> None:
        found = self.matching()
        if found is not None:
            addresses = self.selection() if self.found.marks else await background.run(found)
            self._app.tree_pane.mark(addresses)
            self._app.do_focus_tree()
            self._app.notify(f"{format_count(len(addresses))} marked: A changes all of them.")

    async def do_filter_tree(self) -> None:
        found = self.matching()
        if found is not None:
            addresses = self.selection() if self.found.marks else await background.run(found)
            self._app.do_focus_tree()
            await self._app.tree_pane.show_only(addresses, f"found: {self.text.strip()}")

    async def do_sort(self) -> None:
        chosen = await ask_order(self._app, self.sort)
        if chosen is not None:
            self.sort = chosen
            self._ask()

    def do_facets(self) -> None:
        if self.facets.has_focus:
            self._leave_facets()
        else:
            self.add_class("-facets")
            self.facets.focus()

    def _leave_facets(self) -> None:
        self.remove_class("-facets")
        self.found.focus()

    def _toggle(self, index: int) -> None:
        condition = cast("FacetRows", self.facets.rows).term(index)
        if condition is not None:
            self._put(toggled(self.text, condition))

    def _put(self, text: str) -> None:
        self.text = text
        self.line.put(text)
        self.found.cursor = 0
        self._ask()

    async def do_saved(self) -> None:
        from dmart_tui.tui.panes.search.saved import SavedSearches

        root = self._spaces.root

        def remove(name: str) -> None:
            forget_search(root, name)

        kept = await background.run(saved_searches, root)
        chosen = await self._app.ask(SavedSearches(kept, remove))
        if chosen is not None:
            indexing(self._app).want()
            self._put(chosen)
            self.found.focus()

    async def do_keep(self) -> None:
        from dmart_tui.tui.screens.dialog import Prompt

        text = self.text.strip()
        name = await self._app.ask(Prompt("Keep the search", words=f"A name for {text}", text=text))
        if name is not None:
            await background.run(save_search, self._spaces.root, name, text)
            self._app.notify(f"Kept: {self._key('saved')} lists the searches that were kept.")

    async def do_engine(self) -> None:
        from dmart_tui.tui.screens.dialog import Choice

        engines: list[tuple[str, str, EngineChoice]] = [
            ("a", "Redis, and the local index where it cannot answer", "auto"),
            ("r", "Redis alone", "redis"),
            ("l", "The local index", "local"),
        ]
        chosen = await self._app.ask(Choice("Who answers", engines))
        if chosen is not None:
            self.engine = chosen
            self._ask()

    async def do_locate(self) -> None:
        await self._app.locate(cast("Address", self.chosen()))

    def do_index(self) -> None:
        indexing(self._app).update()

    def do_back(self) -> None:
        index = indexing(self._app)
        if self.facets.has_focus:
            self._leave_facets()
        elif self.found.marks:
            self.found.mark(list(self.found.marks), marked=False)
        elif index.task is not None:
            self._app.tasks.stop(index.task)
