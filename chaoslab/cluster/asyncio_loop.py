"""asyncio inside the simulation: an event loop whose sockets, clock and waiting are those of one life of a node.

It is asyncio's own loop for selectors, with all of its transports, streams and servers, over a selector that never
blocks. Where asyncio would wait in ``select``, a Trio task of the node waits for the event heap instead.

Rules:

1. A turn is one pass of asyncio's loop. Turns follow each other until one finds nothing to do; what wakes the loop
   then is a socket, its next timer, or something that was carried out by Trio. So a pause holds the loop up, and
   timers run on the node's own clock, at whatever rate.
2. What waits in Trio (a message, an answer, a sync, a name, a worker thread) is *carried*: it gives a future.
3. Tasks and futures have hashes by their age: asyncio keeps them in sets, and goes through these.
4. A crash ends the loop after the node was cut off. Its tasks are cancelled, and nothing they do has an effect.

The only file that touches asyncio's private names. What people write is in ``asyncio_nodes``.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import selectors
import sys
import threading
from asyncio import events, selector_events
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from typing import Any, Final
from weakref import WeakValueDictionary

import sniffio
import trio

from chaoslab.cluster.node import Node
from chaoslab.cluster.simulated_socket import SimulatedSocket
from chaoslab.cluster.wait import Wait
from chaoslab.sim import escapes

__all__ = ["SimulatedLoop"]

_TURNS_IN_A_ROW: Final = 100
"""Turns before Trio gets control, and those in which the tasks of a dead node may unwind."""


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
        self._ordinal = 0
        self._tasks_made = 0
        self._tasks: WeakValueDictionary[int, _Task] = WeakValueDictionary()  # by their age
        self._sim_selector = _Selector(node, self._wake)
        super().__init__(self._sim_selector)
        self._task_factory = self._new_task

    # From Trio: turning, waiting, ending

    async def drive(self) -> None:
        """Turn for as long as the node lives, or until cancelled."""
        try:
            while True:
                while not self._run_ready():
                    await trio.lowlevel.checkpoint()  # it counts, which is how a loop that never waits is noticed
                with contextlib.suppress(TimeoutError):
                    await self._node._wait(self._sim_selector.timeout, self._waits)
        except BaseException as error:
            ended = error
        self._end()  # no part of handling the exception: what tasks raise would be told as if it came from that
        raise ended

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
        await self.shutdown_asyncgens()

    def _run_ready(self) -> bool:
        """Take turns until one finds nothing to do, but not too many; return whether one did."""
        library, hooks = sniffio.thread_local.name, sys.get_asyncgen_hooks()
        this: Any = self
        sniffio.thread_local.name = "asyncio"
        sys.set_asyncgen_hooks(firstiter=this._asyncgen_firstiter_hook, finalizer=this._asyncgen_finalizer_hook)
        events._set_running_loop(self)
        this._thread_id = threading.get_ident()
        try:
            for _ in range(_TURNS_IN_A_ROW):
                this._run_once()
                if self._sim_selector.idle:
                    return True
            return False
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

    def _end(self) -> None:
        """End the loop: what its tasks do from now on has no effect."""
        this: Any = self
        self.set_exception_handler(lambda *_: None)
        with _muted():
            for transport in list(this._transports.values()):
                if transport._sock is not None:  # it is not over yet
                    transport.abort()
            for task in self._unfinished():
                task.cancel()
            with contextlib.suppress(SystemExit):
                self._run_ready()
            for task in self._unfinished():
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                coroutine: Any = task.get_coro()
                with contextlib.suppress(Exception, SystemExit):
                    coroutine.close()
            self.close()

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
            except Exception as error:
                raised = error
        if not future.done() and not self.is_closed():
            if raised is None:
                future.set_result(result)
            else:
                future.set_exception(raised)
            self._node.sockets.host.when_open(self._wake)

    # What asyncio asks its loop

    def time(self) -> float:
        """Return the node's monotonic clock, in seconds."""
        return self._node.monotonic()

    def create_future(self) -> asyncio.Future[Any]:
        """Return a future whose hash says how old it is."""
        self._ordinal += 1
        return _Future(self._ordinal, self)

    def _new_task(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **named: Any) -> _Task:
        self._ordinal += 1
        self._tasks_made += 1
        named["name"] = named.get("name") or f"Task-{self._tasks_made}"
        task = _Task(self._ordinal, coroutine, loop=loop, **named)
        self._tasks[self._ordinal] = task
        return task

    def _unfinished(self) -> list[_Task]:
        return [task for task in self._tasks.values() if not task.done()]

    def call_soon_threadsafe(self, callback: Any, *args: Any, context: Any = None) -> Any:  # type: ignore[override]
        """Call *callback* in the next turn."""
        handle = self.call_soon(callback, *args, context=context)
        self._wake()
        return handle

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        """Run *func* as a worker thread's function is run in a simulation, whatever the *executor*."""
        return self.carry(trio.to_thread.run_sync, functools.partial(func, *args))

    async def getaddrinfo(self, host: Any, port: Any, **named: int) -> Any:
        """Ask the simulated name server."""
        return await self.carry(functools.partial(trio.socket.getaddrinfo, host, port, **named))

    async def getnameinfo(self, sockaddr: Any, flags: int = 0) -> Any:
        """Ask the simulated name server."""
        return await self.carry(trio.socket.getnameinfo, sockaddr, flags)

    def add_signal_handler(self, sig: int, callback: Any, *args: Any) -> None:  # type: ignore[override]
        """Do nothing: no signal is sent to a node."""

    def remove_signal_handler(self, sig: int) -> bool:
        """Do nothing: no signal is sent to a node."""
        return False

    def _make_ssl_transport(self, *arguments: Any, **named: Any) -> Any:
        escapes.refuse("spoke TLS", "the simulated network has none: speak without")

    async def start_tls(self, *arguments: Any, **named: Any) -> Any:
        """Refuse: the simulated network has no TLS."""
        escapes.refuse("spoke TLS", "the simulated network has none: speak without")

    async def _make_subprocess_transport(self, *arguments: Any, **named: Any) -> Any:
        escapes.refuse("started a process", "a simulation has one process only")

    # Nobody is in another thread.

    def _make_self_pipe(self) -> None:
        pass

    def _close_self_pipe(self) -> None:
        pass


@contextlib.contextmanager
def _muted() -> Iterator[None]:
    """Let nobody log: a machine without power says nothing."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)


class _Task(asyncio.Task[Any]):
    """A task whose hash says how old it is."""

    def __init__(self, ordinal: int, coroutine: Any, **named: Any) -> None:
        self._ordinal = ordinal  # before asyncio puts the task into its sets
        super().__init__(coroutine, **named)

    def __hash__(self) -> int:
        return self._ordinal


class _Future(asyncio.Future[Any]):
    """A future whose hash says how old it is."""

    def __init__(self, ordinal: int, loop: asyncio.AbstractEventLoop) -> None:
        self._ordinal = ordinal
        super().__init__(loop=loop)

    def __hash__(self) -> int:
        return self._ordinal


class _Selector(selectors.BaseSelector):
    """Says which sockets are ready, and never waits.

    Attributes:
        idle: When it was asked last there was nothing to do.
        timeout: How many seconds asyncio would have waited then; None: for ever.
    """

    def __init__(self, node: Node, wake: Callable[[], None]) -> None:
        self._node = node
        self._wake = wake
        self._keys = _Keys()
        self._sockets: dict[int, SimulatedSocket] = {}
        self._stirred: dict[int, None] = {}  # those that may be ready: all others are not
        self.idle = False
        self.timeout: float | None = None

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        descriptor = _descriptor(fileobj)
        found = self._node.sockets.opened.get(descriptor)
        if found is None:
            escapes.refuse(
                f"watched the file descriptor {descriptor}", "a loop watches sockets of its own node and nothing else"
            )
        if descriptor in self._keys:
            raise KeyError(f"{fileobj!r} is registered already")
        self._sockets[descriptor] = found
        found.watch(functools.partial(self._stir, descriptor))
        self._stirred[descriptor] = None
        key = self._keys[descriptor] = selectors.SelectorKey(fileobj, descriptor, events, data)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        descriptor = _descriptor(fileobj)
        key = self._keys.pop(descriptor)
        self._stirred.pop(descriptor, None)
        self._sockets.pop(descriptor).watch(None)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        descriptor = _descriptor(fileobj)
        key = self._keys[descriptor] = self._keys[descriptor]._replace(events=events, data=data)
        self._stirred[descriptor] = None
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = []
        for descriptor in tuple(self._stirred):
            socket, key = self._sockets[descriptor], self._keys[descriptor]
            mask = selectors.EVENT_READ if socket.is_readable() else 0
            if socket.is_writable():
                mask |= selectors.EVENT_WRITE
            if mask & key.events:
                ready.append((key, mask & key.events))
            else:
                del self._stirred[descriptor]
        self.idle = not ready and timeout != 0
        self.timeout = timeout
        return ready

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys

    def close(self) -> None:
        self._keys.clear()
        self._sockets.clear()
        self._stirred.clear()

    def _stir(self, descriptor: int) -> None:
        self._stirred[descriptor] = None
        self._wake()


class _Keys(dict[Any, selectors.SelectorKey]):
    """Keys by descriptor, or by what has one."""

    def __missing__(self, fileobj: Any) -> selectors.SelectorKey:
        if isinstance(fileobj, int):
            raise KeyError(fileobj)
        return self[_descriptor(fileobj)]

    def get(self, fileobj: Any, default: Any = None) -> Any:
        return super().get(_descriptor(fileobj), default)


def _descriptor(fileobj: Any) -> int:
    return fileobj if isinstance(fileobj, int) else int(fileobj.fileno())
