"""Ctrl-C while a simulation runs: the run ends, wherever its code happens to be.

Trio hands Ctrl-C to the main task at its next checkpoint unless it interrupts a task that may be interrupted, and those
that a simulation starts may not: they are started by events, not by tasks. A node that never waits, or the handler of a
state machine that loops, would go on for ever.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

__all__ = ["ended_by_ctrl_c"]

_AGAIN_S = 0.1
"""Seconds of CPU time after which what goes on nevertheless, such as the next node that never waits, is interrupted."""


@contextlib.contextmanager
def ended_by_ctrl_c() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt in the block, and out of it whatever the interrupted code makes of that.

    Only in the main thread, and only where Ctrl-C has its usual meaning: who listens for it otherwise goes on to.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    repeats = hasattr(signal, "setitimer") and signal.getsignal(signal.SIGVTALRM) == signal.SIG_DFL
    pressed = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if repeats and not pressed:
            signal.setitimer(signal.ITIMER_VIRTUAL, _AGAIN_S, _AGAIN_S)
        pressed = True
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    if repeats:  # now, since the code of a node may not set a handler, and that is what may be interrupted
        signal.signal(signal.SIGVTALRM, interrupt)
    try:
        yield
    except BaseException:
        if not pressed:
            raise
    finally:
        if repeats and pressed:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if repeats:
            signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if pressed:
        raise KeyboardInterrupt
