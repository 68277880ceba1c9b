"""Serves one run: everything in place when it begins, everything back when it ends.

The replacements are made once and look for the run that goes on: a simulation begins in a tenth of a millisecond.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

from chaoslab.sim import determinism
from chaoslab.sim.process import PROCESS, Process
from chaoslab.sim.served.ages import age_replacements
from chaoslab.sim.served.awaitables import awaitable_replacements
from chaoslab.sim.served.bindings import Bindings
from chaoslab.sim.served.clocks import clock_replacements
from chaoslab.sim.served.dates import date_replacements, pickled_by_makers
from chaoslab.sim.served.files import file_replacements
from chaoslab.sim.served.handlers import handler_replacements
from chaoslab.sim.served.locks import lock_replacements
from chaoslab.sim.served.logs import log_replacements, put_levels_back, take_handlers_away
from chaoslab.sim.served.polling import polling_replacements
from chaoslab.sim.served.randomness import hidden_generator_served, randomness_replacements
from chaoslab.sim.served.refused import refused_replacements
from chaoslab.sim.served.sockets import socket_replacements
from chaoslab.sim.served.workers import anyio_workers_served, start_worker, worker_replacements

__all__ = ["serving"]

_thread: int | None = None
_outside: Process | None = None
_bindings: Bindings | None = None


def _current() -> Process | None:
    """Return the process whose code asks; None if that is no code of the run."""
    if _thread != threading.get_ident():
        return None
    return PROCESS.get() or _outside


def _node() -> Process | None:
    """Return the process of the node or client whose code asks, or None."""
    return PROCESS.get() if _thread == threading.get_ident() else None


@contextlib.contextmanager
def serving(outside: Process, after: Callable[..., None]) -> Iterator[None]:
    """Serve the code of the simulation that runs in the block, in this thread.

    Args:
        outside: Serves what is no node's and no client's code.
        after: Calls something after so many nanoseconds of virtual time.
    """
    global _thread, _outside, _bindings
    if _bindings is None:
        _bindings = Bindings(
            [
                *clock_replacements(_current),
                *date_replacements(_current),
                *age_replacements(_current),
                *randomness_replacements(_current, _node),
                *worker_replacements(lambda: _node() is not None),
                *file_replacements(_node),
                *socket_replacements(_node),
                *polling_replacements(_node),
                *log_replacements(_node),
                *lock_replacements(_node),
                *handler_replacements(_node),
                *awaitable_replacements(_node),
                *refused_replacements(_node),
            ]
        )
    thread = threading.get_ident()

    def start(real: Callable[..., Any], function: Callable[[], Any], deliver: Any, name: str | None) -> Any:
        return (
            start_worker(after, function, deliver) if threading.get_ident() == thread else real(function, deliver, name)
        )

    with contextlib.ExitStack() as stack:
        stack.callback(_bindings.release)
        _bindings.bind()
        stack.callback(hidden_generator_served(_current))
        stack.callback(pickled_by_makers())
        stack.callback(anyio_workers_served(lambda: _node() is not None))
        stack.callback(take_handlers_away)
        stack.callback(put_levels_back)
        stack.callback(_environment_kept())
        stack.enter_context(determinism.workers_started_by(start))
        stack.callback(_stop)
        _thread, _outside = thread, outside
        yield


def _environment_kept() -> Callable[[], None]:
    """Return what puts the environment's variables back: a run would find what the one before it has set."""
    variables: Any = os.environ
    before = variables._data.copy()  # decoding them would take longer than all else that begins a run

    def end() -> None:
        if variables._data != before:
            then = {variables.decodekey(key): variables.decodevalue(value) for key, value in before.items()}
            for name in set(os.environ) - set(then):
                del os.environ[name]
            os.environ.update(then)

    return end


def _stop() -> None:
    global _thread, _outside
    _thread, _outside = None, None
