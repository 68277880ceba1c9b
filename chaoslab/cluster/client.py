"""Clients: logical processes that ask the cluster for operations and record what they were told.

Rules:

1. A client has one open operation at a time. Its invocation and its completion go into the history in the order in
   which they happen; that order, not the timestamps, is what real time means to the checkers.
2. After an ``info`` (nobody knows whether it happened) the process is retired: the client goes on under a new
   process number, as in Jepsen.
3. A read that got no answer is a ``fail``: a read that nobody saw did not happen.

This file does not know which operations are asked for: see ``workload``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import trio

from chaoslab.cluster.async_host import AsyncHost
from chaoslab.cluster.asyncio_nodes import calling
from chaoslab.cluster.machine_host import MachineHost
from chaoslab.cluster.node import CallRefused, Node
from chaoslab.errors import NodeError, UsageError
from chaoslab.history import COMPLETIONS, History
from chaoslab.net import Internet, Network
from chaoslab.sim import Engine
from chaoslab.statemachine import (
    ClientMachine,
    Complete,
    Context,
    Effects,
    Invocation,
    Request,
    Response,
    Send,
    SetTimer,
)

__all__ = ["READS", "AsyncClient", "Client", "MachineClient", "RequestClient"]

READS = frozenset({"read", "get", "peek", "length", "size"})
"""Operations that change nothing: unanswered, they count as not having happened."""

_ANSWERED = READS | {"contains", "txn"}
"""Operations with an argument whose answer is what they saw."""


class Client:
    """What every style of client has: a process number, and operations that are recorded.

    Args:
        name: The client's name on the network, such as ``"c1"``.
        number: Its number among the clients, from 0; its first process number.
        clients: How many clients there are: the step to the next process number.
        history: Where to record.
        engine: The simulation.

    Attributes:
        process: Today's process number.
        on_completion: Called after each completion, with its type.
    """

    def __init__(self, name: str, number: int, clients: int, history: History, engine: Engine) -> None:
        self.client_name = name
        self.number = number
        self.process = number
        self.on_completion: Callable[[str], None] = lambda type: None
        self._step = clients
        self._history = history
        self._engine = engine
        self._open: Invocation | None = None

    def invoke(self, invocation: Invocation, *, due_ns: int | None = None) -> None:
        """Record that the operation begins, which was due at *due_ns* if not now, and begin it."""
        self._open = invocation
        engine = self._engine
        self._history.invoke(
            self.process, invocation.f, invocation.key, invocation.value, time_ns=engine.clock.now_ns, due_ns=due_ns
        )
        engine.note(f"invoke {self.client_name} {self.process} {invocation.f} {invocation.key!r} {invocation.value!r}")
        self._begin(invocation)

    def _begin(self, invocation: Invocation) -> None:
        raise NotImplementedError

    def _mistake(self, what: str) -> NodeError:
        raise NotImplementedError

    def complete(self, completion: Complete) -> None:
        """Record how the open operation ended.

        Raises:
            NodeError: none is open, or the completion is of no known type: the client's mistake.
        """
        invocation, self._open = self._open, None
        if invocation is None:
            raise self._mistake(f"{completion!r}, and no operation is open: it was completed already.")
        type = completion.type
        if type not in COMPLETIONS:
            raise self._mistake(f"{completion!r} ends in none of {', '.join(COMPLETIONS)}.")
        value = completion.value
        if value is None and invocation.f not in READS:
            value = invocation.value
        engine = self._engine
        self._history.complete(
            self.process,
            type,  # type: ignore[arg-type]
            value,
            completion.result,
            time_ns=engine.clock.now_ns,
            node=completion.node,
            error=completion.error,
        )
        engine.note(
            f"{type} {self.client_name} {self.process} {invocation.f} {invocation.key!r} {value!r} "
            f"{completion.result!r} {completion.error or ''}"
        )
        if type == "info":
            self.process += self._step
        self.on_completion(type)


class MachineClient(Client, MachineHost):
    """A client that is a state machine: it answers ``invoke`` with effects, the last of them ``Complete``."""

    kind = "client"

    def __init__(
        self,
        name: str,
        number: int,
        clients: int,
        history: History,
        engine: Engine,
        network: Network,
        factory: Callable[[Context], ClientMachine],
        *,
        nodes: tuple[str, ...],
        settings: Any = None,
    ) -> None:
        Client.__init__(self, name, number, clients, history, engine)
        MachineHost.__init__(self, name, engine, network, factory, nodes=nodes, settings=settings)
        self._performers[Complete] = self.complete

    def _begin(self, invocation: Invocation) -> None:
        machine: Any = self.machine
        try:
            effects = machine.invoke(invocation)
        except (Exception, SystemExit) as error:
            raise self.blame(error, repr(invocation)) from error
        self.perform(effects)

    def _mistake(self, what: str) -> NodeError:
        return self.blame(UsageError(what), "the effects of a handler")


class AsyncClient(Client, AsyncHost):
    """A client that is an async function of the client's ``Node`` and the ``Invocation``; it returns what was seen.

    It may be a method: each life of the client then has an object of its own, for what its operations share.

    ``TimeoutError`` means that nobody knows whether it happened, ``CallRefused`` that it did not. A function that
    needs to say more returns a ``Complete``.
    """

    kind = "client"

    def __init__(
        self,
        name: str,
        number: int,
        clients: int,
        history: History,
        engine: Engine,
        internet: Internet,
        new_call: Callable[[], Callable[[Node, Invocation], Awaitable[Any]]],
        *,
        nodes: tuple[str, ...],
        settings: Any = None,
    ) -> None:
        Client.__init__(self, name, number, clients, history, engine)
        AsyncHost.__init__(self, name, engine, internet, self._serve, nodes=nodes, settings=settings)
        self._new_call = new_call
        self._sender: trio.MemorySendChannel[Invocation] | None = None

    def _begin(self, invocation: Invocation) -> None:
        assert self._sender is not None
        self._sender.send_nowait(invocation)

    async def _serve(self, node: Node) -> None:
        self._sender, receiver = trio.open_memory_channel[Invocation](1)
        async with calling(self._new_call(), node) as call:
            async for invocation in receiver:
                self.complete(await self._completion(call, invocation))

    def _mistake(self, what: str) -> NodeError:
        return self.blame(UsageError(what), "what its call returned")

    async def _completion(self, call: Callable[[Invocation], Awaitable[Any]], invocation: Invocation) -> Complete:
        try:
            seen = await call(invocation)
        except (TimeoutError, trio.TooSlowError) as error:
            unknown = "fail" if invocation.f in READS else "info"
            return Complete(unknown, error=str(error) or "timed out")
        except CallRefused as error:
            return Complete("fail", error=str(error))
        return seen if isinstance(seen, Complete) else Complete("ok", seen)


class RequestClient:
    """The client for protocols whose nodes answer requests: it asks one node, and the next if that one refuses.

    The request's body is the ``Invocation``. What the response's body means:

    * to a read, an operation without an argument (``dequeue``, ``acquire``), ``contains`` and ``txn``: what was seen;
    * to a ``cas``: whether it took place;
    * to any other: ``False`` that it was refused and changed nothing; anything else only that it is done.

    A refusal (an error) means "did not happen here", so the next node may be asked. Without an answer nobody knows,
    and nothing is asked twice.

    Attributes:
        TIMEOUT_S: Seconds to wait for an answer.
    """

    TIMEOUT_S = 1.0

    def __init__(self, context: Context) -> None:
        self.nodes = context.nodes
        self.favourite = self.nodes.index(context.home)
        self.request = 0
        self.refusals = 0
        self.invocation: Invocation | None = None

    def start(self) -> Effects:
        return None

    def invoke(self, invocation: Invocation) -> Effects:
        self.invocation = invocation
        self.refusals = 0
        return [*self._ask(), SetTimer("timeout", self.TIMEOUT_S)]

    def _ask(self) -> list[Send | SetTimer]:
        self.request += 1
        return [Send(self.nodes[self.favourite], Request(self.request, self.invocation))]

    def message(self, sender: str, message: Any) -> Effects:
        if not isinstance(message, Response) or message.id != self.request or self.invocation is None:
            return None  # an answer to something given up long ago
        if message.error is not None:
            self.favourite = (self.favourite + 1) % len(self.nodes)
            self.refusals += 1
            if self.refusals < len(self.nodes):
                return self._ask()
            return self._finish(Complete("fail", node=sender, error=message.error))
        return self._finish(_told(self.invocation, message.body, sender))

    def timer(self, name: str) -> Effects:
        if self.invocation is None:
            return None
        self.favourite = (self.favourite + 1) % len(self.nodes)
        return self._finish(Complete("fail" if self.invocation.f in READS else "info", error="timed out"))

    def _finish(self, completion: Complete) -> Effects:
        self.invocation = None
        self.request += 1  # whatever still arrives for this operation is late
        return [completion]


def _told(invocation: Invocation, body: Any, sender: str) -> Complete:
    """Return what *body*, the answer of *sender*, says of *invocation*."""
    if invocation.f == "cas":
        return Complete("ok", result=bool(body), node=sender)
    if invocation.f in _ANSWERED or invocation.value is None:
        return Complete("ok", body, node=sender)
    return Complete("ok", result=False if body is False else None, node=sender)
