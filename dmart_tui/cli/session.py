"""What was said before the command: root, settings, read-only, colour; and the options that say it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from dmart_tui.core.address import Address
    from dmart_tui.core.config import Settings
    from dmart_tui.core.spaces import Spaces
    from dmart_tui.core.writing import Store

F = TypeVar("F", bound="Callable[..., Any]")


@dataclass
class Session:
    """One run of the program."""

    root: str = ""
    config: str = ""
    read_only: bool = False
    no_color: bool = False
    verbose: bool = False

    @cached_property
    def settings(self) -> Settings:
        """The settings of the file and the environment; raises UsageFault when the file is wrong."""
        from dmart_tui.core.config import load

        return load(self.config)

    @property
    def root_name(self) -> str:
        """The root as named by option, environment or file, else the current directory if it holds spaces, else ""."""
        from dmart_tui.core.spaces import root_named

        return root_named(self.root or self.settings.root)

    @cached_property
    def spaces(self) -> Spaces:
        """The spaces folder.

        Raises:
            UsageFault: none is named and the current directory holds no spaces.
            NotFound: it is no directory.
        """
        from dmart_tui.core.errors import UsageFault
        from dmart_tui.core.mounting import attach
        from dmart_tui.core.spaces import Spaces

        name = self.root_name
        if not name:
            raise UsageFault(
                "no spaces folder is named and the current directory holds none",
                hint="name one with --root DIR or DMART_TUI_ROOT, or make one with `dmart-tui demo`",
            )
        spaces = Spaces(name)
        for archive in attach(spaces.root, self.settings):
            self.say(archive.note)
        self.tell(f"root {spaces.root}")
        return spaces

    @property
    def writes_refused(self) -> bool:
        """Whether any write is forbidden."""
        return self.read_only or self.settings.read_only

    @cached_property
    def store(self) -> Store:
        """The spaces folder for writing; what a program that was interrupted left unfinished is taken care of first.

        Raises:
            UsageFault, NotFound: as `spaces`.
        """
        from dmart_tui.core.writing import open_store

        store = open_store(self.spaces, self.settings, read_only=self.read_only, outlive=True)
        if not store.read_only and store.journal.pending():
            for found in store.recover():
                self.say(f"an interrupted change was {found.outcome}: {found.title}")
        return store

    def address(self, text: str) -> Address:
        """Read an address as a person typed it; raises UsageFault."""
        from dmart_tui.core.address import Address

        return Address.parse(text)

    def colour(self) -> bool:
        """Whether stdout shows styles: a terminal, and neither --no-color nor NO_COLOR."""
        return sys.stdout.isatty() and not self.no_color and not os.environ.get("NO_COLOR")

    def say(self, text: str) -> None:
        """One line of words to stderr, made safe."""
        from dmart_tui.core.text import safe

        click.echo(safe(text), err=True)

    def tell(self, text: str) -> None:
        """As `say`, only with --verbose."""
        if self.verbose:
            self.say(text)


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    if value:
        setattr(ctx.ensure_object(Session), str(param.name), value)
    return value


def global_options(function: F) -> F:
    """The options taken before and after the command's name."""
    options = (
        click.option("--root", metavar="DIR", help="The spaces folder.", expose_value=False, callback=_keep),
        click.option("--config", metavar="FILE", help="The settings file.", expose_value=False, callback=_keep),
        click.option("--read-only", is_flag=True, help="Forbid every write.", expose_value=False, callback=_keep),
        click.option("--no-color", is_flag=True, help="No colours or styles.", expose_value=False, callback=_keep),
        click.option("--verbose", is_flag=True, help="Say more on stderr.", expose_value=False, callback=_keep),
    )
    for option in reversed(options):
        function = option(function)
    return function


pass_session = click.make_pass_decorator(Session, ensure=True)
"""Give a command the session as its first argument."""
