"""The relations of an entry: a graph of what points to it and what it points to, or a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, cast

from textual import on
from textual.content import Content
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.graphs import ROLES, ego, exported, shortest_path
from dmart_tui.core.secrets import mask
from dmart_tui.core.spaces import Kind, Reference, references
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count, format_time
from dmart_tui.tui.actions import BY_NAME, bindings, keys_of, show_key
from dmart_tui.tui.indexing import indexing, links_of, seen_by
from dmart_tui.tui.messages import Counted, OpenAddress, OpenTool
from dmart_tui.tui.panes.relations.drawing import MORE, about, laid_out, way_laid_out
from dmart_tui.tui.panes.relations.kinds import Kinds
from dmart_tui.tui.panes.relations.listing import LinkRows
from dmart_tui.tui.views import EntryView
from dmart_tui.tui.widgets.graph_view import GraphView
from dmart_tui.tui.widgets.virtual_list import VirtualList
from dmart_tui.tui.writing import linking

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.graphs import Ego, Link, Step
    from dmart_tui.core.spaces import Entry, Spaces
    from dmart_tui.core.spaces.relations import Role
    from dmart_tui.tui.widgets.layered import Layered, Zoom

DEEPEST: Final = 6
MOST_LISTED: Final = 10_000
_ZOOMS: Final[tuple[Zoom, ...]] = ("labels", "boxes", "dots")
_TOLD: Final = 3
"""Links that are told of the node under the cursor."""
_AT_NODE: Final = frozenset(f"relations.{verb}" for verb in ("open", "centre", "expand", "path", "copy-value"))
_GRAPH_ONLY: Final = frozenset(f"relations.{verb}" for verb in ("expand", "zoom", "deeper", "shallower"))


class RelationsPane(EntryView):
    """The graph around an entry, below it what the cursor is on; the list of its links in its place.

    The centre can move away from the entry of the document, and comes back with it.
    """

    CONTEXT = "relations"
    BINDINGS = bindings("relations")
    VIEW = "relations"
    TITLE = "Relations"
    DEFAULT_CSS = """
    RelationsPane { layout: vertical; height: 1fr; }
    RelationsPane #relations-summary { height: 1; padding: 0 1; margin-bottom: 1; color: $text-muted; }
    RelationsPane GraphView { height: 1fr; }
    RelationsPane VirtualList { height: 1fr; display: none; }
    RelationsPane.-list VirtualList { display: block; }
    RelationsPane.-list GraphView { display: none; }
    RelationsPane #relations-about { height: 6; padding: 0 1; border-top: solid $foreground 22%; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.entry: Entry | None = None
        self.centre: Address | None = None
        self.trail: list[Address] = []
        """Earlier centres."""
        self.depth = 1
        self.zoom: Zoom = "labels"
        self.roles: frozenset[Role] = frozenset(ROLES)
        self.switched: frozenset[Address] = frozenset()
        """Nodes that are followed further than the depth, or less far."""
        self.way: list[Step] | None = None
        """What is shown in place of the graph: a way from the centre to somewhere."""
        self.shown: Ego | None = None
        self.side: Literal[-1, 0, 1] = 0
        """Of the links that the list shows; 0: both."""
        self._names: dict[Address, str] = {}
        self._came_back = False
        """Whether it is of the last session: a start indexes nothing."""

    def compose(self) -> ComposeResult:
        self.view = GraphView(empty="reading…")
        self.rows = VirtualList(LinkRows((), Address("-"), str), empty="reading…")
        yield Static(id="relations-summary")
        yield self.view
        yield self.rows
        yield Static(id="relations-about")

    def on_mount(self) -> None:
        self._app.looks_changed.subscribe(self, lambda _: self._again())
        self._app.index_changed.subscribe(self, lambda _: self._index_changed())
        self._summary = self.query_one("#relations-summary", Static)
        self._about = self.query_one("#relations-about", Static)

    @property
    def _spaces(self) -> Spaces:
        return cast("Spaces", self._app.spaces)

    # -- what is shown -----------------------------------------------------------------------------------

    async def show(self, entry: Entry) -> None:
        moved = self.entry is None or self.entry.address != entry.address
        self.entry = entry
        if not self.brief and not self._came_back:
            indexing(self._app).want()
        if moved:
            self.centre, self.trail, self.switched, self.way = entry.address, [], frozenset(), None
        await self._draw()

    def _index_changed(self) -> None:
        """While it is read only the line at the top changes."""
        if indexing(self._app).busy:
            self._sum_up()
        else:
            self._again()

    def _again(self) -> None:
        if self.entry is not None:
            self._app.tasks.spawn(self._draw(), group="relations")

    async def _draw(self, at: Address | None = None) -> None:
        """Find the graph again and show it, the cursor on the node where it was."""
        centre, wanted = cast("Address", self.centre), self._wanted()
        if self.way is not None:
            drawn = await background.run(self._way_drawn, centre, self.way)
        elif self.listed:
            await self._list(centre)
            return
        else:
            self.shown, drawn = await background.run(self._drawn, centre)
        if wanted != self._wanted() or not self.is_attached:
            return
        key = str(at) if at is not None else self.view.current or ""
        self.view.set_graph(drawn, key if key in drawn.at else str(centre))
        self._tell()

    def _wanted(self) -> tuple[object, ...]:
        return self.centre, self.depth, self.zoom, self.roles, self.switched, self.way, self.listed

    def _drawn(self, centre: Address) -> tuple[Ego, Layered]:
        with links_of(self._app) as links:
            found = ego(
                links,
                centre,
                self._type_of(centre),
                depth=1 if self.brief else self.depth,
                roles=self.roles,
                switched=self.switched,
                shows=seen_by(self._app),
            )
        return found, laid_out(found, self._names_of(found.nodes), self._app.icon, self.zoom)

    def _way_drawn(self, start: Address, way: list[Step]) -> Layered:
        names = self._names_of([start, *(step.end for step in way)])
        return way_laid_out(start, way, names, self._app.icon, self.zoom)

    def _names_of(self, addresses: Any) -> dict[Address, str]:
        """Their display names, where those are shown; reads a meta each."""
        if not self._app.display_names:
            return {}
        for address in addresses:
            if address not in self._names:
                try:
                    self._names[address] = self._spaces.load(address).displayname(self._app.settings.language)
                except DmartTuiError:
                    self._names[address] = ""
        return self._names

    def _type_of(self, address: Address) -> str:
        try:
            return self._spaces.load(address).type
        except DmartTuiError:
            return ""

    @property
    def listed(self) -> bool:
        return self.has_class("-list")

    async def _list(self, centre: Address) -> None:
        side, sees = self.side, seen_by(self._app)

        def read() -> list[Link]:
            with links_of(self._app) as links:
                towards = links.pointing_to(centre, self.roles, MOST_LISTED)[0] if side <= 0 else []
                away = [one for one in links.points_from(centre) if one.role in self.roles] if side >= 0 else []
            return [one for one in towards if sees(one.source)] + [one for one in away if sees(one.target)]

        found = await background.run(read)
        if self.listed and centre == self.centre and self.is_attached:
            self.rows.empty = self._nothing
            self.rows.set_rows(LinkRows(found, centre, self._app.icon))
            self._tell()

    @property
    def _nothing(self) -> str:
        return f"Nothing is linked with it. {self._key('change.link')} links it to another entry."

    def _key(self, action: str) -> str:
        keys = keys_of(BY_NAME[action], self._app.settings.keys)
        return show_key(keys[0]) if keys else BY_NAME[action].title

    def _tell(self) -> None:
        self._sum_up()
        self._tell_about()
        self.refresh_bindings()

    def _sum_up(self) -> None:
        index = indexing(self._app)
        parts = []
        if self.way is not None:
            parts = [f"{len(self.way)} step{'s' * (len(self.way) != 1)} to {self.way[-1].end}", "esc returns"]
        elif self.listed:
            parts = [f"{format_count(len(self.rows.rows))} links of {cast('Address', self.centre).name}"]
        elif self.shown is not None:
            towards, away = self.shown.around(self.shown.centre)
            node = self.shown.nodes[self.shown.centre]
            more = node.more.get(-1, 0)
            parts = [f"← {format_count(len(towards) + more)}", f"→ {format_count(len(away))}", f"depth {self.depth}"]
            self.post_message(Counted("relations", len(towards) + more + len(away)))
        if len(self.roles) < len(ROLES):
            parts.append(f"{len(self.roles)} of {len(ROLES)} kinds")
        if index.busy or not index.complete:
            parts.append(index.words() if index.busy else f"! {self._key('relations.read')} reads what points here")
        self._summary.update(Content(safe(" · ".join(parts))))

    # -- what the cursor is on ---------------------------------------------------------------------------

    @property
    def node(self) -> Address | None:
        """The entry under the cursor."""
        if self.listed:
            rows = cast("LinkRows", self.rows.rows)
            return rows.other(self.rows.cursor) if len(rows) else None
        key = self.view.current
        return Address.parse(key) if key is not None and not key.startswith(MORE) else None

    @property
    def more(self) -> tuple[Literal[-1, 1], Address] | None:
        """The side and the node whose neighbours the row under the cursor stands for."""
        key = None if self.listed else self.view.current
        if key is None or not key.startswith(MORE):
            return None
        side, _, text = key.removeprefix(MORE).partition(" ")
        return (-1 if side == "-1" else 1), Address.parse(text)

    @property
    def links(self) -> list[Link]:
        """Those of what the cursor is on: of a row itself, of a node all that are known, the centre's first."""
        if self.listed:
            rows = cast("LinkRows", self.rows.rows)
            return [rows.links[self.rows.cursor]] if len(rows) else []
        if self.way is not None:
            return [step.link for step in self.way if self.node in (step.link.source, step.link.target)]
        if self.shown is None or self.node is None:
            return []
        towards, away = self.shown.around(self.node)
        found = {id(one): one for one in (*towards, *away)}.values()
        near = sorted(found, key=lambda one: self.centre not in (one.source, one.target))
        return [] if self.node == self.centre else near

    def selection(self) -> list[Address]:
        node = self.node
        return [node] if node is not None else []

    def _tell_about(self) -> None:
        self._app.tasks.spawn(self._read_about(), group="relations-about", exclusive=True)

    async def _read_about(self) -> None:
        node, links = self.node, self.links
        if node is None or self.brief:
            self._about.update(Content("enter lists them" if self.more else ""))
            return
        try:
            entry = await background.run(self._spaces.load, node)
        except DmartTuiError:
            entry = None
        if node != self.node or not self.is_attached:
            return
        lines: list[Any] = [(safe(str(node)), "bold"), "\n"]
        if entry is None:
            lines.append(("✗ nothing is there", "$text-error"))
        else:
            words = [entry.type if entry.kind is not Kind.SPACE else "space"]
            words += filter(None, (entry.displayname(self._app.settings.language), entry.owner))
            words += [format_time(entry.updated_at)[:10]] if entry.updated_at else []
            lines.append((safe(" · ".join(words)), "$text-muted"))
        for link in links[:_TOLD]:
            other = link.source if link.source != node else link.target
            way = "←" if link.target == node else "→"
            lines += [
                "\n",
                (f"{way} {link.role} ", "$text-muted"),
                safe(other.name),
                (f"  {about(link)}", "$text-muted"),
            ]
        if len(links) > _TOLD:
            lines.append((f"  and {len(links) - _TOLD} more", "$text-muted"))
        self._about.update(Content.assemble(*lines))

    @on(GraphView.Highlighted)
    @on(VirtualList.Highlighted)
    def _moved(self, message: GraphView.Highlighted) -> None:
        message.stop()
        self._tell_about()
        self.refresh_bindings()

    @on(GraphView.Activated)
    @on(VirtualList.Activated)
    async def _activated(self, message: GraphView.Activated) -> None:
        message.stop()
        await self._app.perform("relations.open")

    # -- actions -----------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        if self.entry is None:
            return "Nothing is read yet."
        if action in _GRAPH_ONLY and (self.listed or self.way is not None):
            return "This is done in the graph; esc returns there."
        if action in _AT_NODE and self.node is None and not (action == "relations.open" and self.more):
            return "The cursor is on no entry."
        if action == "relations.centre" and self.node == self.centre:
            return "It is in the middle already."
        if action == "relations.expand" and self.node == self.centre:
            return "What is in the middle is always unfolded."
        if action == "relations.deeper" and self.depth >= DEEPEST:
            return "It goes no deeper."
        if action == "relations.shallower" and self.depth <= 1:
            return "It is one step deep."
        if action == "relations.unlink":
            return self._desk.refusal_to_write or (None if self._own else "The cursor is on no relationship.")
        if action == "relations.read" and indexing(self._app).busy:
            return "It is being read."
        if action == "relations.back" and not (self.way or self.listed or self.trail):
            return "There is no way back from here."
        return None

    def do_open(self) -> None:
        if self.more is not None:
            self.side, centre = self.more
            self._go(centre)
            self.add_class("-list")
            self.rows.focus()
            self._again()
        else:
            self.post_message(OpenAddress(cast("Address", self.node), "relations"))

    def do_centre(self) -> None:
        self._go(cast("Address", self.node))
        self._again()

    def _go(self, centre: Address) -> None:
        if self.way is not None:
            self.way = None
        if centre != self.centre:
            self.trail.append(cast("Address", self.centre))
            self.centre, self.switched = centre, frozenset()

    def do_expand(self) -> None:
        self.switched ^= {cast("Address", self.node)}
        self._again()

    def do_deeper(self) -> None:
        self.depth += 1
        self._again()

    def do_shallower(self) -> None:
        self.depth -= 1
        self._again()

    def do_zoom(self) -> None:
        self.zoom = _ZOOMS[(_ZOOMS.index(self.zoom) + 1) % len(_ZOOMS)]
        self._again()

    def do_mode(self) -> None:
        self.way, self.side = None, 0
        self.toggle_class("-list")
        (self.rows if self.listed else self.view).focus()
        self._again()

    async def do_kinds(self) -> None:
        chosen = await self._app.ask(Kinds(self.roles))
        if chosen is not None and chosen != self.roles:
            self.roles = chosen
            await self._draw()

    async def do_path(self) -> None:
        from dmart_tui.tui.screens.find import Find
        from dmart_tui.tui.writing.working import watched

        start = cast("Address", self.node)
        dialog = Find(self._spaces, self._app.names, title=f"Shortest way from {start} to")
        end = await self._app.ask(dialog)
        self._app.names = dialog.names if dialog.complete else None
        if not isinstance(end, Address):
            return

        def search(cancel: CancelToken, _: object) -> list[Step]:
            with links_of(self._app) as links:
                return shortest_path(links, start, end, self.roles, cancel) or []

        way = await watched(self._app, f"Way from {start} to {end}", search)
        if way is None:
            return
        if not way:
            self._app.notify("It is the same entry." if start == end else f"No links lead from {start} to {end}.")
            return
        self._go(start)
        self.way = way
        self.remove_class("-list")
        self.view.focus()
        await self._draw(start)

    async def do_unlink(self) -> None:
        link = cast("Link", self._own)
        item = await background.run(self._spaces.load, link.source)
        said = [one.attributes for one in references(item) if isinstance(one, Reference) and one.target == link.target]
        exact = next((one for one in said if mask(one) == link.attributes), link.attributes)
        await linking.take_away(self._desk, link.source, link.target, exact)
        await self._draw()

    @property
    def _own(self) -> Link | None:
        """The relationship under the cursor that can be taken away."""
        return next((link for link in self.links if link.role == "relationship"), None)

    async def do_save(self) -> None:
        """Ask for a format and a file, and write the graph that is shown."""
        from dmart_tui.core.files import write_atomic
        from dmart_tui.tui.screens.dialog import Choice
        from dmart_tui.tui.writing.exporting import ask_target

        kinds = [("d", "Graphviz DOT", "dot"), ("m", "Mermaid", "mermaid"), ("s", "SVG picture", "svg")]
        format_ = await self._app.ask(Choice("Save the graph as", kinds))
        centre = cast("Address", self.centre)
        if format_ is None:
            return
        name = f"{centre.name.replace('/', '_')}.{'mmd' if format_ == 'mermaid' else format_}"
        target = await ask_target(self._app, f"Save the graph of {centre}", name)
        if target is not None:
            found, _ = await background.run(self._drawn, centre)
            await background.run(write_atomic, target, exported(found, format_).encode())
            self._app.notify(f"Saved {target}")

    def do_read(self) -> None:
        indexing(self._app).update()

    def do_root(self) -> None:
        self.post_message(OpenTool("links"))

    def do_copy_value(self) -> None:
        self._app.copy_text(str(self.node))

    def do_back(self) -> None:
        if self.way is not None:
            self.way = None
        elif self.listed:
            self.remove_class("-list")
            self.side = 0
            self.view.focus()
        else:
            self.centre, self.switched = self.trail.pop(), frozenset()
        self._again()

    def take_focus(self) -> None:
        (self.rows if self.listed else self.view).focus()

    # -- session -----------------------------------------------------------------------------------------

    def state(self) -> dict[str, object]:
        return {"depth": self.depth, "zoom": self.zoom, "kinds": sorted(self.roles), "list": self.listed}

    def restore(self, state: dict[str, object]) -> None:
        self._came_back = True
        if isinstance(depth := state.get("depth"), int):
            self.depth = max(1, min(depth, DEEPEST))
        self.zoom = next((zoom for zoom in _ZOOMS if zoom == state.get("zoom")), self.zoom)
        if isinstance(kinds := state.get("kinds"), list):
            self.roles = frozenset(role for role in ROLES if role in kinds) or self.roles
        self.set_class(state.get("list") is True, "-list")
