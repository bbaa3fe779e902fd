"""Blocking work in threads, from asyncio: bounded, cancellable, and never holding the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import cache, partial
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from typing import ParamSpec

    P = ParamSpec("P")

T = TypeVar("T")

THREADS: Final = 8
"""Cold disks gain up to eight readers; more only fight for the interpreter."""
AHEAD: Final = 4
"""Batches a stream may be ahead of its consumer."""


class Cancelled(Exception):
    """The work was stopped because its token was cancelled."""


class CancelToken:
    """A thread-safe wish that some work stop; the work looks at it where it can stop cleanly."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether the work was asked to stop."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise `Cancelled` when the work was asked to stop."""
        if self._event.is_set():
            raise Cancelled


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="dmart")


async def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a blocking function in the shared pool of `THREADS` threads and return its result."""
    return await asyncio.get_running_loop().run_in_executor(_pool(), partial(function, *args, **kwargs))


async def stream(
    function: Callable[..., Iterable[T]],
    *args: object,
    batch: int = 500,
    seconds: float = 0.05,
    cancel: CancelToken | None = None,
) -> AsyncIterator[list[T]]:
    """Iterate over a blocking generator in a thread of its own, in batches.

    A batch is handed over when it has `batch` items or is `seconds` old, whichever is first (looked at when an item
    comes). The thread runs at most `AHEAD` batches before the consumer. Leaving the loop early stops the thread at its
    next item; cancelling the token does so too, and the iteration raises `Cancelled`. What the generator raises is
    raised here, after the items that came before.
    """
    loop = asyncio.get_running_loop()
    token = cancel or CancelToken()
    left = CancelToken()
    ready: asyncio.Queue[list[T] | _End] = asyncio.Queue()
    slots = threading.Semaphore(AHEAD)

    def check() -> None:
        token.check()
        left.check()

    def hand_over(items: list[T]) -> None:
        while not slots.acquire(timeout=0.1):
            check()
        loop.call_soon_threadsafe(ready.put_nowait, items)

    def work() -> None:
        error: BaseException | None = None
        try:
            items: list[T] = []
            due = monotonic() + seconds
            with ExitStack() as stack:
                source = iter(function(*args))
                if isinstance(source, Generator):
                    stack.callback(source.close)
                for item in source:
                    check()
                    items.append(item)
                    if len(items) >= batch or monotonic() >= due:
                        hand_over(items)
                        items = []
                        due = monotonic() + seconds
            check()
            if items:
                hand_over(items)
        except BaseException as raised:
            error = raised
        with suppress(RuntimeError):  # the loop is gone, and with it whoever waited
            loop.call_soon_threadsafe(ready.put_nowait, _End(error))

    threading.Thread(target=work, name=f"dmart-{getattr(function, '__name__', 'stream')}", daemon=True).start()
    try:
        while not isinstance(item := await ready.get(), _End):
            slots.release()
            yield item
        if item.error is not None:
            raise item.error
    finally:
        left.cancel()


class _End:
    """The generator is at its end, with or without an error."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error
