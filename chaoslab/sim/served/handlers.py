"""Handlers of signals that a node sets: remembered for it, and never called, as nobody sends a node signals."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from chaoslab.sim.process import Process

__all__ = ["handler_replacements"]


def handler_replacements(node: Callable[[], Process | None]) -> list[tuple[Any, str, Any]]:
    """Return what replaces the functions for handlers of signals, for the node that *node* says."""
    handlers: WeakKeyDictionary[Process, dict[int, Any]] = WeakKeyDictionary()
    real_signal, real_getsignal = signal.signal, signal.getsignal

    def served_signal(signalnum: int, handler: Any) -> Any:
        process = node()
        if process is None:
            return real_signal(signalnum, handler)
        before = served_getsignal(signalnum)
        handlers.setdefault(process, {})[signalnum] = handler
        return before

    def served_getsignal(signalnum: int) -> Any:
        process = node()
        if process is None:
            return real_getsignal(signalnum)
        default = signal.default_int_handler if signalnum == signal.SIGINT else signal.SIG_DFL
        return handlers.get(process, {}).get(signalnum, default)

    return [(signal, "signal", served_signal), (signal, "getsignal", served_getsignal)]
