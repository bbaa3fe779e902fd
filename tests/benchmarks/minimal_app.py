"""The least that Textual can do with a tree, tabs and a footer: what the first frame is held against.

`python -m tests.benchmarks.minimal_app`
"""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.widgets import Footer, Static, Tab, Tabs, Tree

READY = "Branch 0"


class Minimal(App[None]):
    """Stock widgets with everything as Textual ships it."""

    BINDINGS = [("q", "quit", "Quit")]
    CSS = "Tree { width: 1fr; } Tabs { width: 2fr; }"

    def compose(self) -> ComposeResult:
        with Horizontal():
            tree: Tree[None] = Tree("Root")
            for number in range(200):
                tree.root.add_leaf(f"Branch {number} of the tree")
            tree.root.expand()
            yield tree
            yield Tabs(Tab("One"), Tab("Two"), Tab("Three"))
        yield Static("text")
        yield Footer()


if __name__ == "__main__":
    Minimal().run()
