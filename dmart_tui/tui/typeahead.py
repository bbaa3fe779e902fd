"""Typing ahead: a key goes where it would go if the one before it had been waited for."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from textual import events
from textual.app import App

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.message_pump import MessagePump

    from dmart_tui.tui.tasks import Tasks

PATIENCE: Final = 0.1
"""Seconds that a key waits at most for what the one before it set off; a busy loop is not counted."""
_TURNS: Final = 100
"""Turns of the loop before it is looked at less often."""
_PAUSE: Final = 0.002


class TypeAhead(App[None]):
    """An app that hands on a key only once what the key before it set off is done.

    Textual hands all keys of one packet to the widget that has the focus when they arrive: of `/abc` all but the first
    would be commands. A key pressed by itself goes on at once.
    """

    tasks: Tasks

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._typed: deque[events.Key | events.Paste] = deque()
        self._under_way: set[asyncio.Task[Any]] = set()
        self._path: Sequence[MessagePump] = ()
        """Who got the last key."""
        self._last_typed = -PATIENCE
        self._feeding = False

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif self._feeding or self._busy(self._way_up()) or event.time - self._last_typed < PATIENCE:
            self._typed.append(event)
            if not self._feeding:
                self._feeding = True
                self.tasks.spawn(self._feed(), group="keys")
        else:
            await self._hand_on(event)

    def set_off(self, task: asyncio.Task[Any]) -> None:
        """Let the next keys wait for what a key started, until it ends or waits for a person."""
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def waits_for_a_person(self, task: asyncio.Task[Any] | None) -> bool:
        """Let the next keys through; whether they were held up by this task."""
        if task not in self._under_way:
            return False
        self._under_way.discard(task)
        return True

    async def _hand_on(self, event: events.Key | events.Paste) -> None:
        self._path = self._way_up()
        self._last_typed = event.time
        await super().on_event(event)

    async def _feed(self) -> None:
        try:
            while self._typed:
                await self._quiet()
                await self._hand_on(self._typed.popleft())
        finally:
            self._feeding = False

    async def _quiet(self) -> None:
        """Wait until the last key went all its way, and what handlers sent then, too; for a while at most."""
        path, passed = self._path, self._pass(self._path)
        for turn in range(_TURNS + int(PATIENCE / _PAUSE)):
            if passed.is_set() and not self._under_way:
                here = self._way_up()
                if here == path and not self._busy(here):
                    return
                path, passed = here, self._pass(here)
            await asyncio.sleep(0 if turn < _TURNS else _PAUSE)
        self._under_way.clear()  # the slow one has had its share: no later key waits for it again

    def _busy(self, path: Sequence[MessagePump]) -> bool:
        return bool(self._under_way) or any(node.message_queue_size for node in path)

    def _way_up(self) -> Sequence[MessagePump]:
        """Who gets a key, and then each who gets it from the one before, up to the app."""
        return (self.focused or self.screen).ancestors_with_self

    @staticmethod
    def _pass(path: Sequence[MessagePump]) -> asyncio.Event:
        """Send a call up the way of a key: behind it at every place, so whatever is done there was done before."""
        passed = asyncio.Event()

        def step(at: int) -> None:
            for place in range(at, len(path)):
                if path[place].call_later(step, place + 1):
                    return
            passed.set()

        step(0)
        return passed
