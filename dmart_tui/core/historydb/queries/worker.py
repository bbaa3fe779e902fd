"""What a worker process does: tasks come in as messages, progress and answers go out; code never does.

It ends when its input does, however the process that started it ends.
"""

from __future__ import annotations

import os
import select
import sys
from struct import Struct
from typing import Any, Final

from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.historydb.queries.answers import packed_scan
from dmart_tui.core.historydb.queries.kinds import pack, unpack
from dmart_tui.core.historydb.queries.plans import Plan, Scan
from dmart_tui.core.historydb.queries.tasks import fault_data, plan_from_data, task_from_data, worked

LENGTH: Final = Struct("<I")
CANCEL: Final = b""
"""A message without content: leave off."""


def serve() -> None:
    """Work off what comes, until nothing can come any more."""
    os.nice(int(sys.argv[1]))
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    known: tuple[bytes, Plan] | None = None
    while (message := receive(0)) is not None:
        if message == CANCEL:
            continue
        try:
            plan_message, task_message = unpack(message)
            if known is None or known[0] != plan_message:
                known = plan_message, plan_from_data(plan_message)
            if not _work(known[1], task_message, answers):
                return
        except DmartTuiError as error:
            send(answers, ["fault", *fault_data(error)])
        except MemoryError:
            send(answers, ["fault", "Failed", "a worker has no memory left", "", "ask for fewer documents a task"])


def _work(plan: Plan, message: bytes, answers: int) -> bool:
    """Whether there may be more to come."""
    scan = Scan(plan)
    for ref in worked(scan, task_from_data(message)):
        if ref is not None:
            send(answers, ["at", ref.path, ref.offset, ref.count, ref.length])
        if select.select([0], [], [], 0)[0]:
            if receive(0) is None:
                return False
            send(answers, ["left"])
            return True
    send(answers, ["done", packed_scan(scan)])
    return True


def send(descriptor: int, message: Any) -> None:
    """Write a message whole."""
    write(descriptor, pack(message))


def write(descriptor: int, data: bytes) -> None:
    """Write a message that is packed."""
    left = memoryview(LENGTH.pack(len(data)) + data)
    while left:
        left = left[os.write(descriptor, left) :]


def receive(descriptor: int) -> bytes | None:
    """Wait for a message; None at the end of the input."""
    head = _exactly(descriptor, LENGTH.size)
    return None if head is None else _exactly(descriptor, LENGTH.unpack(head)[0])


def _exactly(descriptor: int, count: int) -> bytes | None:
    data = bytearray()
    while len(data) < count:
        more = os.read(descriptor, count - len(data))
        if not more:
            return None
        data += more
    return bytes(data)
