"""Groups of commands that are imported when they are run."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


class LazyGroup(click.Group):
    """A group that imports a command when it is run; its help imports none."""

    COMMANDS: ClassVar[Mapping[str, tuple[str, str]]]
    """Name -> (module of `dmart_tui.cli`, help in one line), in the order of the help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.COMMANDS:
            return None
        module, short_help = self.COMMANDS[cmd_name]
        name = f"{cmd_name.replace('-', '_')}_command"
        command: click.Command = getattr(import_module(f"dmart_tui.cli.{module}"), name)
        command.short_help = short_help
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in self.COMMANDS.items()])
