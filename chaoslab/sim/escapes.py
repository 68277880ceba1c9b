"""Code under test that reaches out of the simulation: a real pause, thread, process or socket.

While a simulation runs, such calls raise ``EscapedSimulation`` with the line that made them, and end the run, also if
the code under test swallows the exception.

Rules:

1. Only calls in the simulation's own thread count: what other threads of the process do is their own business.
2. Real files are nobody's in a simulation: a node that changes one by a way that is not served is refused as well.
3. Python's audit events are what tells of sockets, threads and processes, however they were imported. The hook costs
   nothing worth speaking of between simulations, and nothing on the simulator's hot path, which audits nothing.
4. Threads have no audit event before Python 3.12, and ``time.sleep`` none before 3.13: there the functions are replaced
   meanwhile, and a name bound before, as by ``from time import sleep``, is not seen.

This file does not know what a node is. Clocks and random numbers that are read are not escapes of this kind: see
``served`` and ``chaoslab doctor``.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Final, NoReturn

import trio

from chaoslab.errors import EscapedSimulation
from chaoslab.own_code import place_now
from chaoslab.sim.process import PROCESS
from chaoslab.sim.tasks import node_of_current_task

__all__ = ["WRITING", "guarded", "refuse"]

_THREAD: Final = ("started a thread", "use a task: nursery.start_soon, or asyncio.create_task")
_PROCESS: Final = ("started a process", "a simulation has one process only")
_SIGNAL: Final = ("sent a signal to a real process", "use a fault, such as crash, or end the node's own code")
_SLEEP: Final = ("called time.sleep", "use await node.sleep(seconds), which takes virtual time")
_EVENTS: Final = {
    "socket.__new__": ("opened a real socket", "use node.connect and node.listen, or the sockets of Trio or asyncio"),
    "_thread.start_new_thread": _THREAD,
    "_thread.start_joinable_thread": _THREAD,
    "time.sleep": _SLEEP,
    **dict.fromkeys(("subprocess.Popen", "os.fork", "os.forkpty", "os.system", "os.exec", "os.spawn"), _PROCESS),
    "os.posix_spawn": _PROCESS,
    **dict.fromkeys(("os.kill", "os.killpg", "signal.pthread_kill"), _SIGNAL),
}
_UNTOLD: Final[tuple[tuple[ModuleType, str, tuple[str, str]], ...]] = (
    *([(threading, "_start_new_thread", _THREAD)] if sys.version_info < (3, 12) else []),
    *([(time, "sleep", _SLEEP)] if sys.version_info < (3, 13) else []),
)
"""Functions without an audit event, to be replaced meanwhile."""
_LOCKS: Final = (
    "locked a file of a node",
    "no other process has its disk: use a lock of Trio's or asyncio's, or open a file with mode 'x'",
)
_OF_DESCRIPTORS: Final = {
    **dict.fromkeys(("fcntl.flock", "fcntl.lockf", "os.lockf"), _LOCKS),
    "fcntl.fcntl": ("called fcntl for a file or socket of a node", "leave it out"),
    "mmap.__new__": ("mapped a file of a node into memory", "read and write it"),
}
_NO_REAL_DESCRIPTOR: Final = 1 << 20
"""From here on descriptors are those of simulated sockets and files."""

_FILES: Final = frozenset(
    ("os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate")
)
WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
"""Flags of ``os.open`` of which any one means that the file may change."""

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
    _thread, _fail = threading.get_ident(), fail
    with contextlib.ExitStack() as replaced:
        for module, name, what in _UNTOLD:
            replaced.enter_context(_replaced(module, name, what))
        try:
            yield
        finally:
            _thread, _fail = None, None


@contextlib.contextmanager
def _replaced(module: ModuleType, name: str, what: tuple[str, str]) -> Iterator[None]:
    """Refuse calls of a function in the block by a function that stands in its place."""
    real = getattr(module, name)

    def refused(*arguments: Any) -> Any:
        if threading.get_ident() == _thread:
            _escape(*what)
        return real(*arguments)

    setattr(module, name, refused)
    try:
        yield
    finally:
        setattr(module, name, real)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _thread is None or threading.get_ident() != _thread:
        return
    if event in _EVENTS:
        _escape(*_EVENTS[event])
    if event in _OF_DESCRIPTORS and arguments[0] >= _NO_REAL_DESCRIPTOR:
        _escape(*_OF_DESCRIPTORS[event])
    if (event == "open" or event in _FILES or event == "sqlite3.connect") and PROCESS.get() is not None:
        _audit_file(event, arguments)


def _audit_file(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse a node's change of a real file."""
    if event == "sqlite3.connect":
        if arguments[0] not in (":memory:", b":memory:", ""):
            _escape(
                "opened a database with sqlite3",
                "it writes files of its own, which no crash touches: use files that Python opens, or :memory:",
            )
    elif (event != "open" or arguments[2] & WRITING) and not _is_importing():
        what = f"{arguments[0]!r}" if arguments else "a file"
        instead = "use open, os, pathlib or node.disk, which change the node's own disk"
        if event in ("os.link", "os.symlink"):
            instead = "a node's disk has no links: write the file and rename it, or open it with mode 'x'"
        _escape(f"changed the real file {what} ({event})", instead)


def _is_importing() -> bool:
    """Return whether Python is importing a module, which keeps what it has compiled."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def refuse(did: str, instead: str) -> NoReturn:
    """End the run: the code that runs now *did* what is outside of the simulation.

    Raises:
        EscapedSimulation: always.
    """
    _escape(did, instead)


def _escape(did: str, instead: str) -> NoReturn:
    node = node_of_current_task()
    who = f"node {node}" if node else _task()
    error = EscapedSimulation(f"{who} {did}{place_now()}, which is outside of the simulation: {instead}.")
    if _fail is not None:
        _fail(error)
    raise error


def _task() -> str:
    try:
        return trio.lowlevel.current_task().name
    except RuntimeError:
        return "the code under test"  # a state machine, or a task that has no name
