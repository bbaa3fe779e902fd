"""The actions of the pane of a Redis."""

from __future__ import annotations

from typing import Final

from dmart_tui.tui.action import Action, Context

CONTEXTS: Final = (Context("redis", "D-MART's indexes on a Redis", ("list",)),)

ACTIONS: Final = (
    Action("app.redis", "Redis", "Show D-MART's indexes on the Redis of the settings: build, compare, work out."),
    Action(
        "redis.aggregate",
        "Work out",
        "Group the documents of the index and work something out of each.",
        ("enter",),
        True,
    ),
    Action(
        "redis.build", "Build", "Build D-MART's indexes and documents from the files, beside and swapped.", ("w",), True
    ),
    Action("redis.compare", "Compare", "Hold the documents of the server against the files.", ("c",), True),
    Action("redis.repair", "Repair", "Write what is missing or stale, and remove what stands for nothing.", ("f2",)),
    Action(
        "redis.watch", "Keep up to date", "Write what is missing or stale, then what changes, until stopped.", ("W",)
    ),
    Action("redis.read", "Ask again", "Ask the server again what it can do and what it has.", ("R",)),
    Action("redis.back", "Back", "Stop what runs, or go back to the indexes.", ("escape",)),
)
