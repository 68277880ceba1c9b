"""Code under test that reaches out of the simulation: a real pause, thread, process or socket.

While a simulation runs, such calls raise ``EscapedSimulation`` with the line that made them, and end the run, also if
the code under test swallows the exception.

Rules:

1. Only calls in the simulation's own thread count: what other threads of the process do is their own business.
2. Python's audit events are what tells of sockets, threads and processes, however they were imported. The hook costs
   nothing worth speaking of between simulations, and nothing on the simulator's hot path, which audits nothing.
3. Threads have no audit event before Python 3.12, and ``time.sleep`` none before 3.13: there the functions are replaced
   meanwhile, and a name bound before, as by ``from time import sleep``, is not seen.

This file does not know what a node is. Clocks and random numbers that are read are not escapes of this kind: see
``chaoslab doctor``.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, NoReturn

import trio

from chaoslab.errors import EscapedSimulation

__all__ = ["guarded"]

_EVENTS: Final = {
    "socket.__new__": ("opened a real socket", "use node.connect and node.listen, or Trio's own sockets"),
    "_thread.start_new_thread": ("started a thread", "use a task: nursery.start_soon"),
    "subprocess.Popen": ("started a process", "a simulation has one process only"),
    "os.fork": ("started a process", "a simulation has one process only"),
    "os.system": ("started a process", "a simulation has one process only"),
}
_SLEEP: Final = ("called time.sleep", "use await node.sleep(seconds), which takes virtual time")
_PACKAGE: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep  # noqa: PTH100, PTH120
_LIBRARY: Final = os.path.dirname(os.__file__) + os.sep  # noqa: PTH120

_thread: int | None = None
_fail: Callable[[BaseException], None] | None = None
_hooked = False


@contextlib.contextmanager
def guarded(fail: Callable[[BaseException], None]) -> Iterator[None]:
    """Refuse escapes in the block; *fail* is told of each."""
    global _thread, _fail, _hooked
    if not _hooked:
        sys.addaudithook(_audit)  # for the life of the process: there is no way to take it back
        _hooked = True
    real_sleep, real_start = time.sleep, threading._start_new_thread  # type: ignore[attr-defined]

    def sleep(seconds: Any) -> None:
        if threading.get_ident() == _thread:
            _escape(*_SLEEP)
        real_sleep(seconds)

    def start(*arguments: Any) -> Any:
        if threading.get_ident() == _thread:
            _escape(*_EVENTS["_thread.start_new_thread"])
        return real_start(*arguments)

    time.sleep, threading._start_new_thread = sleep, start  # type: ignore[attr-defined]
    _thread, _fail = threading.get_ident(), fail
    try:
        yield
    finally:
        _thread, _fail = None, None
        time.sleep, threading._start_new_thread = real_sleep, real_start  # type: ignore[attr-defined]


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _thread is not None and event in _EVENTS and threading.get_ident() == _thread:
        _escape(*_EVENTS[event])


def _escape(did: str, instead: str) -> NoReturn:
    try:
        who = f"{trio.lowlevel.current_task().name} "
    except RuntimeError:
        who = "the code under test "  # a state machine, or a task that has no name
    error = EscapedSimulation(f"{who}{did}{_place()}, which is outside of the simulation: {instead}.")
    if _fail is not None:
        _fail(error)
    raise error


def _place() -> str:
    """Return the innermost line of people's own code on the stack, in words."""
    frame = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith((_PACKAGE, _LIBRARY, "<")) and f"{os.sep}site-packages{os.sep}" not in file:
            return f" at {os.path.basename(file)}:{frame.f_lineno}"  # noqa: PTH119
        frame = frame.f_back  # type: ignore[assignment]
    return ""
