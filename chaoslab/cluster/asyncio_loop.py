"""asyncio inside the simulation: an event loop whose sockets, clock and waiting are those of one life of a node.

It is asyncio's own loop for selectors, with all of its transports, streams and servers, over a selector that never
blocks. Where asyncio would wait in ``select``, a Trio task of the node waits for the event heap instead.

Rules:

1. A turn is one pass of asyncio's loop. Turns follow each other until one finds nothing to do; what wakes the loop
   then is a socket, its next timer, or something that was carried out by Trio. So a pause holds the loop up, and
   timers run on the node's own clock, at whatever rate.
2. What waits in Trio (a message, an answer, a sync, a name, a worker thread) is *carried*: it gives a future.
3. Tasks and futures have hashes by their age: asyncio keeps them in sets, and goes through these. Timers of one moment
   go off by their age: time stands still between two events, so that is more common than on a real clock.
4. A crash ends the loop after the node was cut off. Its tasks are cancelled, and nothing they do has an effect.

This file and ``asyncio_ages`` alone touch asyncio's private names. What people write is in ``asyncio_nodes``.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import functools
import heapq
import logging
import math
import sys
import threading
from asyncio import events, selector_events
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from typing import Any, Final, NoReturn
from weakref import WeakValueDictionary

import sniffio
import trio

from chaoslab.cluster.asyncio_ages import Future, Generators, Task, Timer
from chaoslab.cluster.asyncio_selector import Selector
from chaoslab.cluster.node import Node
from chaoslab.cluster.wait import Wait
from chaoslab.errors import LimitExceeded
from chaoslab.sim import escapes

__all__ = ["SimulatedLoop"]

_TURNS_IN_A_ROW: Final = 100
"""Turns before Trio gets control, and those in which the tasks of a dead node may unwind."""
_CLOSINGS: Final = 10
"""How often a coroutine is told to end that waits again instead."""


class SimulatedLoop(selector_events.BaseSelectorEventLoop):
    """The event loop of one life of a node.

    Args:
        node: The node.
        nursery: Where tasks of Trio's may be started.
    """

    def __init__(self, node: Node, nursery: trio.Nursery) -> None:
        self._node = node
        self._nursery = nursery
        self._wait: Wait | None = None
        self._stopped = False
        self._ages = 0
        self._tasks_made = 0
        self._tasks: WeakValueDictionary[int, Task] = WeakValueDictionary()  # by their age
        self._factory: Any = None
        self._signals: set[int] = set()
        self._ready_sockets = Selector(node.sockets, self._wake)
        super().__init__(self._ready_sockets)
        self._task_factory = self._new_task
        self._asyncgens = Generators()

    # From Trio: turning, waiting, ending

    async def drive(self) -> None:
        """Turn for as long as the node lives, or until cancelled.

        Raises:
            LimitExceeded: turns follow each other at one moment, without an end.
            RuntimeError: somebody stopped the loop.
        """
        try:
            while True:
                await self._turn()
                with contextlib.suppress(TimeoutError):
                    await self._node._wait(self._ready_sockets.timeout, self._waits)
        except BaseException as error:
            ended = error
        self._end()  # no part of handling the exception: what tasks raise would be told as if it came from that
        raise ended

    async def _turn(self) -> None:
        """Take turns until one finds nothing to do."""
        turns, most = 0, self._node.sockets.host.engine.clock.events_max_at_once
        while not self._run_ready():
            turns += _TURNS_IN_A_ROW
            if turns > most:
                raise LimitExceeded(
                    f"the loop of {self._node.name} took more than {most:,} turns at one moment of virtual time: some "
                    "task never waits for anything. Raise events_max_at_once if that is meant."
                )
            await trio.lowlevel.checkpoint()

    def _run_ready(self) -> bool:
        """Take turns until one finds nothing to do, but not too many; return whether one did."""
        this: Any = self
        with self._current():
            for _ in range(_TURNS_IN_A_ROW):
                this._run_once()
                if self._stopped:
                    raise RuntimeError("Event loop stopped before Future completed.")
                if self._ready_sockets.idle:
                    return True
        return False

    @contextlib.contextmanager
    def _current(self) -> Iterator[None]:
        """Let asyncio be what runs, in the block."""
        this: Any = self
        library, hooks = sniffio.thread_local.name, sys.get_asyncgen_hooks()
        sniffio.thread_local.name = "asyncio"
        sys.set_asyncgen_hooks(firstiter=this._asyncgen_firstiter_hook, finalizer=this._asyncgen_finalizer_hook)
        events._set_running_loop(self)
        this._thread_id = threading.get_ident()
        try:
            yield
        finally:
            this._thread_id = None
            events._set_running_loop(None)
            sys.set_asyncgen_hooks(*hooks)
            sniffio.thread_local.name = library

    def _waits(self, wait: Wait) -> None:
        self._wait = wait

    def _wake(self) -> None:
        """There is something to do."""
        if self._wait is not None:
            self._wait.finish(None)

    async def complete(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run *coroutine* as a task of the loop, and return or raise what it does."""
        done = trio.Event()
        task = self.create_task(coroutine)
        task.add_done_callback(lambda _: done.set())
        self._wake()
        await done.wait()
        return task.result()

    async def finish(self) -> None:
        """Cancel what still runs and wait for its end, as ``asyncio.run`` does."""
        await self.complete(self._wind_up())

    async def _wind_up(self) -> None:
        rest = [task for task in self._unfinished() if task is not asyncio.current_task(self)]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        for task in rest:
            if not task.cancelled() and (error := task.exception()) is not None:
                message = "unhandled exception during asyncio.run() shutdown"
                self.call_exception_handler({"message": message, "exception": error, "task": task})
        await self.shutdown_asyncgens()

    def _end(self) -> None:
        """End the loop: what its tasks do from now on has no effect."""
        this: Any = self
        self.set_exception_handler(lambda *_: None)
        with _muted(), contextlib.ExitStack() as at_last:
            at_last.callback(self.close)
            for transport in list(this._transports.values()):
                if transport._sock is not None:  # it is not over yet
                    with contextlib.suppress(Exception):
                        transport.abort()
            for task in self._unfinished():
                task.cancel()
            with contextlib.suppress(RuntimeError, SystemExit):
                self._run_ready()
            with self._current():
                for task in self._unfinished():
                    task._log_destroy_pending = False
                    _close(task.get_coro())

    # To Trio

    def carry(self, function: Callable[..., Awaitable[Any]], *arguments: Any) -> asyncio.Future[Any]:
        """Return a future of what the async *function* of Trio's returns or raises."""
        future = self.create_future()
        scope = trio.CancelScope()
        future.add_done_callback(lambda future: scope.cancel() if future.cancelled() else None)
        self._nursery.start_soon(self._carried, future, scope, function, arguments)
        return future

    async def _carried(
        self, future: asyncio.Future[Any], scope: trio.CancelScope, function: Callable[..., Any], arguments: Any
    ) -> None:
        result, raised = None, None
        with scope:
            try:
                result = await function(*arguments)
            except trio.Cancelled:
                raise
            except BaseException as error:
                raised = error
        if not future.done() and not self.is_closed():
            if raised is None:
                future.set_result(result)
            else:
                future.set_exception(raised)
            self._node.sockets.host.when_open(self._wake)

    # Time

    def time(self) -> float:
        """Return the node's monotonic clock, in seconds."""
        return self._node.monotonic()

    @property
    def _clock_resolution(self) -> float:
        """Return by how much a timer may go off early: not at all, or who looks at the clock then waits again."""
        return math.ulp(self.time())

    @_clock_resolution.setter
    def _clock_resolution(self, seconds: float) -> None:
        """Ignore the resolution of a real clock."""

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> Any:  # type: ignore[override]
        """Call *callback* at *when*; of those of one moment the oldest first."""
        this: Any = self
        this._check_closed()
        timer: Any = Timer(when, callback, args, self, context)
        timer.age = self._next_age()
        heapq.heappush(this._scheduled, timer)
        timer._scheduled = True
        return timer

    def stop(self) -> None:
        """End the node's program with an error, as ``asyncio.run`` would."""
        self._stopped = True

    # Tasks and futures

    def _next_age(self) -> int:
        self._ages += 1
        return self._ages

    def create_future(self) -> asyncio.Future[Any]:
        """Return a future whose hash says how old it is."""
        return Future(self._next_age(), self)

    def _new_task(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **named: Any) -> Task:
        self._tasks_made += 1
        named["name"] = named.get("name") or f"Task-{self._tasks_made}"
        age = self._next_age()
        task = self._tasks[age] = Task(age, coroutine, loop=loop, **named)
        return task

    def set_task_factory(self, factory: Any) -> None:
        """Let *factory* make the tasks; None: the loop does."""
        self._factory = factory
        if factory is not None and factory is getattr(asyncio, "eager_task_factory", None):
            making: Any = asyncio
            factory = making.create_eager_task_factory(
                lambda coroutine, *, loop, **named: self._new_task(loop, coroutine, **named)
            )
        self._task_factory = factory or self._new_task

    def get_task_factory(self) -> Any:
        """Return what was given to ``set_task_factory``."""
        return self._factory

    def by_age(self, tasks: Iterable[Any]) -> list[Any]:
        """Return *tasks* by their age; those that were made past the loop, as by ``asyncio.Task(...)``, at the end."""
        own = {task: None for task in self._tasks.values() if not task.done()}
        others = sorted(
            (task for task in tasks if task not in own), key=lambda task: (len(task.get_name()), task.get_name())
        )
        return [*own, *others]

    def _unfinished(self) -> list[Any]:
        return self.by_age(asyncio.all_tasks(self))

    # What else asyncio and programs ask a loop for

    def call_soon_threadsafe(self, callback: Any, *args: Any, context: Any = None) -> Any:  # type: ignore[override]
        """Call *callback* in the next turn."""
        handle = self.call_soon(callback, *args, context=context)
        self._wake()
        return handle

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        """Run *func* as a worker thread's function is run in a simulation, whatever the *executor*."""
        return self.carry(trio.to_thread.run_sync, functools.partial(func, *args))

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Do nothing: no thread was started."""

    async def getaddrinfo(self, host: Any, port: Any, **named: int) -> Any:
        """Ask the simulated name server."""
        return await self.carry(functools.partial(trio.socket.getaddrinfo, host, port, **named))

    async def getnameinfo(self, sockaddr: Any, flags: int = 0) -> Any:
        """Ask the simulated name server."""
        return await self.carry(trio.socket.getnameinfo, sockaddr, flags)

    def add_signal_handler(self, sig: int, callback: Any, *args: Any) -> None:  # type: ignore[override]
        """Keep the handler's place, and never call it: no signal is sent to a node."""
        self._signals.add(sig)

    def remove_signal_handler(self, sig: int) -> bool:
        """Return whether there was one."""
        found = sig in self._signals
        self._signals.discard(sig)
        return found

    def _make_self_pipe(self) -> None:
        """Make none: nobody is in another thread, to wake the loop by it."""

    def _close_self_pipe(self) -> None:
        pass

    # What there is none of

    def _make_ssl_transport(self, *arguments: Any, **named: Any) -> Any:
        _refuse_tls()

    async def start_tls(self, *arguments: Any, **named: Any) -> Any:
        """Refuse: the simulated network has no TLS."""
        _refuse_tls()

    async def _make_subprocess_transport(self, *arguments: Any, **named: Any) -> Any:
        escapes.refuse("started a process", "a simulation has one process only")

    async def create_unix_connection(self, *arguments: Any, **named: Any) -> Any:
        """Refuse: a node has no sockets in its file system."""
        _refuse_unix()

    async def create_unix_server(self, *arguments: Any, **named: Any) -> Any:
        """Refuse: a node has no sockets in its file system."""
        _refuse_unix()

    async def connect_read_pipe(self, *arguments: Any, **named: Any) -> Any:
        """Refuse: a node has no pipes."""
        _refuse_unix()

    async def connect_write_pipe(self, *arguments: Any, **named: Any) -> Any:
        """Refuse: a node has no pipes."""
        _refuse_unix()


def _refuse_tls() -> NoReturn:
    escapes.refuse("spoke TLS", "the simulated network has none: speak without")


def _refuse_unix() -> NoReturn:
    escapes.refuse("used a pipe or a socket of the file system", "a node has neither: use TCP")


@contextlib.contextmanager
def _muted() -> Iterator[None]:
    """Let nobody log: a machine without power says nothing."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)


def _close(coroutine: Any) -> None:
    """End *coroutine*, which may not want to.

    One that never ends would be told to once more when nothing refers to it any longer, at the latest when Python ends:
    without a loop, and perhaps for ever. So it is referred to for good.
    """
    for _ in range(_CLOSINGS):
        try:
            coroutine.close()
        except RuntimeError:  # it waits for something else instead of ending
            continue
        except (Exception, SystemExit):
            return
        return
    with contextlib.suppress(AttributeError):  # another Python
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(coroutine))
