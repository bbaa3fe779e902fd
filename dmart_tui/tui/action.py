"""What an action and a context of actions are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Context:
    """Where actions apply: a kind of pane, or the whole program.

    Args:
        name: the part of an action's name before its first point.
        title: how help groups its actions.
        inside: contexts whose keys also work here, nearest first (`EVERYWHERE` is meant for all and not listed).
        typed: what is pressed here is text first; its keys may take those meant for all, as all plain keys do.
    """

    name: str
    title: str
    inside: tuple[str, ...] = ()
    typed: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do.

    Args:
        name: context, point, verb in kebab-case: `tree.open`.
        title: a word or two for the footer and the palette.
        help: one sentence for `?` and the docs.
        keys: default keys by Textual's names; empty means palette only.
        footer: shown among the hints while its context has the focus.
    """

    name: str
    title: str
    help: str
    keys: tuple[str, ...] = ()
    footer: bool = False

    @property
    def context(self) -> str:
        """The context's name."""
        return self.name.partition(".")[0]

    @property
    def method(self) -> str:
        """The name of the method that does it."""
        return "do_" + self.name.partition(".")[2].replace("-", "_")
