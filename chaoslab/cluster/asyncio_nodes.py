"""Nodes and clients whose code runs on asyncio: ``@on_asyncio`` before their function.

Rules:

1. The function gets the same ``Node`` as one on Trio, but that what waits is awaited on asyncio.
2. A node has one loop for each of its lives, and so has a client: what its calls leave open or running stays.
3. When a node's function returns, what still runs is cancelled, as by ``asyncio.run``.

The loop is in ``asyncio_loop``.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import os
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, NoReturn, TypeVar

import trio

from chaoslab.cluster.asyncio_loop import SimulatedLoop
from chaoslab.cluster.message import Message
from chaoslab.cluster.node import Node
from chaoslab.errors import UsageError

__all__ = ["calling", "misplaced", "on_asyncio"]

F = TypeVar("F", bound=Callable[..., Awaitable[Any]])

_FUNCTION: Final = "_chaoslab_on_asyncio"
"""The attribute by which what ``on_asyncio`` returns remembers the function that it was given."""

_OF_TRIO: Final = {
    "listen": "asyncio.start_server",
    "connect": "asyncio.open_connection",
    "open_datagrams": "loop.create_datagram_endpoint",
}


def on_asyncio(function: F) -> F:
    """Let a node's ``serve(node)``, or a client's ``call(node, invocation)``, run on asyncio instead of Trio.

    Streams, servers, datagrams, names, timeouts, ``asyncio.to_thread`` and whatever is built on them work inside the
    simulation. Timers run on the node's own clock. There is no TLS.

    Args:
        function: The async function; that of a class may be one of its methods.

    Raises:
        UsageError: it is not async.
    """
    if not inspect.iscoroutinefunction(function):
        raise UsageError(f"@on_asyncio stands before an async function; {function!r} is none.")
    if hasattr(function, _FUNCTION):
        return function

    @functools.wraps(function)
    async def hosted(*arguments: Any) -> Any:
        node = next((one for one in arguments if isinstance(one, Node)), None)
        if node is None:
            raise UsageError(
                f"@on_asyncio stands before {function.__qualname__}, which gets no node: it is for the function of a "
                "node, which gets the node, or of a client, which gets its node and the invocation."
            )
        async with _running(node) as (loop, seen):
            result = await loop.complete(function(*(seen if one is node else one for one in arguments)))
            await loop.finish()
        return result

    setattr(hosted, _FUNCTION, function)
    return hosted  # type: ignore[return-value]


@contextlib.asynccontextmanager
async def calling(call: Callable[..., Awaitable[Any]], node: Node) -> AsyncIterator[Callable[[Any], Awaitable[Any]]]:
    """Give what calls a client's function for one invocation after the other, on one loop if it runs on asyncio."""
    function = getattr(call, _FUNCTION, None)
    if function is None:
        yield functools.partial(call, node)
    else:
        if inspect.ismethod(call):
            function = functools.partial(function, call.__self__)
        async with _running(node) as (loop, seen):
            yield lambda invocation: loop.complete(function(seen, invocation))


@contextlib.asynccontextmanager
async def _running(node: Node) -> AsyncIterator[tuple[Any, AsyncioNode]]:
    """Keep a loop turning, and give it with the node as code on it sees that."""
    raised: list[BaseException] = []
    async with trio.open_nursery() as nursery:
        loop = SimulatedLoop(node, nursery)

        async def drive() -> None:
            with _kept(raised):
                await loop.drive()
            nursery.cancel_scope.cancel()

        nursery.start_soon(drive)
        with _kept(raised):
            yield loop, AsyncioNode(node, loop.carry)
        nursery.cancel_scope.cancel()
    if raised:
        raise raised[0]  # alone: a nursery would wrap it in a group


@contextlib.contextmanager
def _kept(raised: list[BaseException]) -> Any:
    try:
        yield
    except trio.Cancelled:
        raise
    except BaseException as error:
        raised.append(error)


class AsyncioNode:
    """A ``Node`` as code on asyncio sees it: the same, but that what waits is awaited on asyncio."""

    def __init__(self, of_trio: Any, carry: Callable[..., Awaitable[Any]]) -> None:
        self._of_trio = of_trio
        self._carry = carry

    def __repr__(self) -> str:
        return repr(self._of_trio)

    def __dir__(self) -> list[str]:
        return dir(self._of_trio)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._of_trio, name)
        if name in _OF_TRIO:
            return functools.partial(_refuse, name)
        if name == "disk":
            return AsyncioNode(value, self._carry)
        if not inspect.iscoroutinefunction(value):
            return value

        @functools.wraps(value)
        async def carried(*arguments: Any, **named: Any) -> Any:
            return await self._carry(functools.partial(value, *arguments, **named))

        return carried

    def __aiter__(self) -> AsyncioNode:
        """Return the node: ``async for message in node`` gives one message after the other, without end."""
        return self

    async def __anext__(self) -> Message:
        message: Message = await self.recv()
        return message


def misplaced(error: BaseException) -> str | None:
    """Return what to do about *error*, if it says that code runs on asyncio that was made for Trio, or the reverse.

    asyncio complains in many ways that none of its loops runs. All of them come from its own files, and none goes
    through this one.
    """
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, (misplaced(one) for one in error.exceptions)), None)
    files = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)]
    if __file__ in files:
        if "got bad yield" in str(error):
            return "runs on asyncio, and its code waits for something of Trio's: use what asyncio has for it"
        return None
    if not files or os.path.dirname(files[-1]) != os.path.dirname(asyncio.__file__):  # noqa: PTH120 - strings
        return None
    return "runs on Trio, and its code uses asyncio: put @chaoslab.on_asyncio before its function"


def _refuse(name: str, *_: Any, **__: Any) -> NoReturn:
    raise UsageError(f"node.{name} gives a stream of Trio's; on asyncio use {_OF_TRIO[name]}.")
