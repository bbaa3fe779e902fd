"""`check`: what is broken."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import click

from dmart_tui.cli.completing import complete_address
from dmart_tui.cli.output import Output, Progress, counted, encode, output_options
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.cli.showing import SIGNS
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.spaces import Problem, problem_row
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dmart_tui.core.spaces.checks import Check, Report

SEVERITIES: Final = ("error", "warning", "note")
"""Worst first."""


@click.command()
@click.argument("address", required=False, shell_complete=complete_address)
@click.option(
    "--severity", type=click.Choice(SEVERITIES), default="note", show_default=True, help="The mildest to print."
)
@output_options
@global_options
@pass_session
def check_command(session: Session, address: str | None, severity: str, mode: str | None) -> int:
    """Look for everything that is broken at ADDRESS and below it, or in the whole root.

    The whole root is also held against D-MART's indexes, where the setting `redis` names its server.

    Exits with 1 when there is an error. With --jsonl each problem is a line as it is found, and the counts are the
    last line. Without a terminal the columns are: severity, kind, address, path, detail.
    """
    from dmart_tui.core.spaces.checks import Check

    spaces = session.spaces
    check = Check(spaces, spaces.load(session.address(address)).address if address else None)
    shown = SEVERITIES[: SEVERITIES.index(severity) + 1]
    output = Output(session, mode)
    with Progress("entries checked") as progress:
        everything = chain(_found(check, progress), _on_redis(session, check, progress) if address is None else ())
        problems = (found for found in everything if found.severity in shown)
        if output.mode == "json":
            _document(problems, check.report, output)
        elif output.mode == "jsonl":
            for found in problems:
                output.json(encode(problem_row(found)) + b"\n")
            output.json(encode(check.report.as_dict()) + b"\n")
        elif output.terminal:
            for found in problems:
                progress.clear()
                _show(found, output)
        else:
            for found in problems:
                output.line("\t".join(map(safe, problem_row(found).values())))
    if output.mode == "text":
        _sum_up(session, check.report)
    return 1 if check.report.severities["error"] else 0


def _found(check: Check, progress: Progress) -> Iterator[Problem]:
    for found in check.run():
        if isinstance(found, Problem):
            yield found
        else:
            progress.update(found.entries)


def _on_redis(session: Session, check: Check, progress: Progress) -> Iterator[Problem]:
    """What D-MART's own server says otherwise, where the settings name one."""
    if not session.settings.redis:
        return
    from dmart_tui.core.redisearch import Server, drift_problems

    try:
        for found in drift_problems(Server(session.settings.redis, timeout=30), session.spaces):
            if isinstance(found, Problem):
                check.report.severities[found.severity] += 1
                yield found
            else:
                progress.update(found.documents)
    except DmartTuiError as error:
        session.say(f"not compared with the Redis: {error}")


def _document(problems: Iterator[Problem], report: Report, output: Output) -> None:
    """One document, problems first so that they need not be kept; the counts are known at its end."""
    output.write(b'{"problems":[')
    for count, found in enumerate(problems):
        output.json((b",\n" if count else b"\n") + encode(problem_row(found)))
    output.json(b"\n],\n" + encode(report.as_dict())[1:] + b"\n")


def _show(found: Problem, output: Output) -> None:
    sign, style = SIGNS[found.severity]
    where = output.styled(safe(found.address or found.path), "bold")
    output.line(f"{output.styled(f'{sign} {safe(found.kind)}', style)}  {where}")
    output.line(f"    {safe(found.detail)}")


def _sum_up(session: Session, report: Report) -> None:
    values: dict[str, Any] = report.as_dict()
    counts = [f"{format_count(count)} {kind}" for kind, count in values.pop("counts").items()]
    counts += [f"{format_count(count)} {name.replace('_', ' ')}" for name, count in values.items()]
    session.say(", ".join(counts))
    found = [counted(report.severities[level], level) for level in SEVERITIES if report.severities[level]]
    session.say(", ".join(found) if found else "no problem was found")
