"""The styles in which a node's or a client's code is written, and the hosts that carry them.

A node is ``async def serve(node)``, a class with an async method ``serve(self, node)``, or the factory of a state
machine. A client is ``async def call(node, invocation)``, a class with such a method, or the factory of a
``ClientMachine``. What is none of these has been refused before: see ``arguments``.
"""

from __future__ import annotations

import inspect
from typing import Any

from chaoslab.cluster.async_host import AsyncHost
from chaoslab.cluster.client import AsyncClient, MachineClient
from chaoslab.cluster.host import Host
from chaoslab.cluster.machine_host import MachineHost
from chaoslab.errors import UsageError
from chaoslab.history import History
from chaoslab.net import Internet
from chaoslab.sim import Engine

__all__ = ["AnyClient", "install", "new_client", "new_host"]

AnyClient = MachineClient | AsyncClient


def new_host(
    name: str, engine: Engine, internet: Internet, code: Any, *, nodes: tuple[str, ...], settings: Any
) -> Host:
    """Return the host of a node of that name that runs *code*; it is not started yet."""
    serve = _serve(code)
    if serve is None:
        return MachineHost(name, engine, internet.network, code, nodes=nodes, settings=settings)
    return AsyncHost(name, engine, internet, serve, nodes=nodes, settings=settings)


def install(host: Host, code: Any) -> None:
    """Give *host* other code, from its next start on.

    Raises:
        UsageError: it is of the other style.
    """
    serve = _serve(code)
    if isinstance(host, AsyncHost) and serve is not None:
        host.serve = serve
    elif isinstance(host, MachineHost) and serve is None:
        host.factory = code
    else:
        raise UsageError("all versions of a node's code are of one style: async functions, or state machines.")


def new_client(
    name: str,
    number: int,
    clients: int,
    history: History,
    engine: Engine,
    internet: Internet,
    code: Any,
    *,
    nodes: tuple[str, ...],
    settings: Any,
) -> AnyClient:
    """Return a client that runs *code*; the first arguments are those of every ``Client``. It is not started yet."""
    new_call = _new_call(code)
    if new_call is not None:
        return AsyncClient(name, number, clients, history, engine, internet, new_call, nodes=nodes, settings=settings)
    network = internet.network
    return MachineClient(name, number, clients, history, engine, network, code, nodes=nodes, settings=settings)


def _new_call(code: Any) -> Any:
    """Return what gives a new life of a client its async function, or None if *code* is the factory of a machine."""
    if inspect.iscoroutinefunction(code):
        return lambda: code
    if not inspect.iscoroutinefunction(getattr(code, "call", None)):
        return None
    if isinstance(code, type):
        new: Any = code
        return lambda: new().call  # a new object for each life of the client
    return lambda: code.call


def _serve(code: Any) -> Any:
    """Return the async function that *code* is or has, or None if it is the factory of a state machine."""
    serve: Any = code if inspect.iscoroutinefunction(code) else getattr(code, "serve", None)
    if not inspect.iscoroutinefunction(serve):
        return None
    if isinstance(code, type):
        new: Any = code
        return lambda node: new().serve(node)  # a new object for each life of the node
    return serve
