"""`python -m docs.pages`: the pages that derive from the program (keys and problems), written anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from dmart_tui.core.spaces.checks import KINDS, ON_REDIS
from dmart_tui.tui.actions import CONTEXTS, of_context, show_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOLDER: Final = Path(__file__).parent
_MADE: Final = "<!-- Made by `python -m docs.pages`; edit the program instead. -->"


def keys_page() -> str:
    """Every action with its default keys, by context."""
    return "\n".join(_keys())


def problems_page() -> str:
    """Every kind of problem `check` can report, worst first."""
    return "\n".join(_problems())


def _keys() -> Iterator[str]:
    yield from ("# Keys", "", _MADE, "")
    yield "These are the defaults. `?` shows the keys of where you are and `dmart-tui keys` prints all of them as your"
    yield "settings leave them; the [user guide](user-guide.md#settings) says how to change them. `^p` is ctrl+p."
    for context in CONTEXTS:
        actions = of_context(context.name)
        if not actions:
            continue
        yield from ("", f"## {context.title}", "", "| keys | action | what it does | name |", "|---|---|---|---|")
        for action in actions:
            keys = " ".join(_code(show_key(key)) for key in action.keys) or "palette"
            yield f"| {keys} | {action.title} | {action.help} | `{action.name}` |"
    yield ""


def _problems() -> Iterator[str]:
    yield from ("# Problems", "", _MADE, "")
    yield "What `dmart-tui check` and the problems pane (`p`) can report. Scripts can rely on the kinds; each"
    yield "problem found also says in a sentence what is wrong there and what to do."
    for severity, meaning in (
        ("error", "Data is lost, or D-MART fails on it. `check` exits with 1."),
        ("warning", "It reads, and it is wrong."),
        ("note", "Worth knowing."),
    ):
        yield from ("", f"## {severity.capitalize()}s", "", meaning, "", "| kind | meaning |", "|---|---|")
        for kind, info in KINDS.items():
            if info.severity == severity:
                yield f"| `{kind}` | {info.meaning} |"
    kinds = ", ".join(f"`{kind}`" for kind in KINDS if kind in ON_REDIS)
    yield from ("", "## On a Redis", "", f"{kinds} are looked for by `check` of a whole root alone, in the spaces")
    yield "that the Redis of the setting `redis` has an index of; `index compare --repair` sets most of them right."
    yield ""


def _code(key: str) -> str:
    return "`` ` ``" if key == "`" else f"`{key}`".replace("|", "\\|")


PAGES: Final[dict[str, Callable[[], str]]] = {"keys.md": keys_page, "problems.md": problems_page}


def main() -> None:
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
        print(f"docs/{name}")


if __name__ == "__main__":
    main()
