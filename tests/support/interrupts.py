"""Programs that hear interrupts whoever runs the tests."""

from __future__ import annotations

import signal
from functools import partial

listen = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
"""For `preexec_fn`: a shell makes what it starts in the background ignore interrupts, and so would what that starts."""
