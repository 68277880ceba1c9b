"""Stateless servers that run out of connections, and a supervisor on each machine that starts its server again.

A server has a few connections to the store, and a mistake that real ones have: it waits for each answer for ever, so an
answer that is lost on the way costs it a connection. When all are gone it refuses whatever it is asked, and looks well
from outside. The supervisor beside it asks whether it could serve, and starts it again when it could not.

The store is one node; what it does not know is how to survive its loss.
"""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.cluster import RequestClient
from chaoslab.errors import UsageError
from chaoslab.nemesis import Budget
from chaoslab.parameters import COUNT, FLAG, parameter
from chaoslab.plugins import Protocol
from chaoslab.statemachine import Become, Context, Effect, Effects, Probe, Request, SetTimer, reply
from chaoslab_systems.fallacies.frontend import Frontend

__all__ = ["PROTOCOLS", "Client", "Server", "Settings", "Supervisor"]

SERVER = "server"
STORE = "store"


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of a service under supervision."""

    connections: int = parameter(COUNT, "How many connections to the store a server has.", default=5)
    restart: bool = parameter(FLAG, "Whether a server that fails its health checks is started again.", default=True)

    def __attrs_post_init__(self) -> None:
        if self.connections < 1:
            raise UsageError("a server has 1 connection at least.", key="connections")


class Server(Frontend):
    """The store, or a server before it with so many connections.

    Attributes:
        connections: How many questions may be open at once.
    """

    def __init__(self, context: Context, connections: int) -> None:
        super().__init__(context)
        self.connections = connections

    @property
    def is_stuck(self) -> bool:
        """Whether no connection is left to serve anybody with."""
        return len(self.asked) >= self.connections

    def on_request(self, sender: str, request: Request) -> list[Effect]:
        if self.is_stuck:
            return [reply(sender, request, error="no connection to the store is left")]
        return super().on_request(sender, request)


class Supervisor:
    """A machine: a server, and what looks after it. Probe: ``restarted``.

    Attributes:
        CHECK_S: Seconds between health checks.
        FAILED: After so many that failed, one after the other, the server is started again.
    """

    CHECK_S = 0.1
    FAILED = 3

    def __init__(self, context: Context) -> None:
        self.context = context
        self.settings: Settings = context.settings or Settings()
        self.server = self.new_server()
        self.failed = 0

    def new_server(self) -> Server:
        """Return a server that has just been started: it remembers nothing."""
        return Server(self.context, self.settings.connections)

    def start(self) -> Effects:
        if self.server.is_store:
            return [Become(STORE)]
        return [Become(SERVER), *([SetTimer("check", self.CHECK_S)] if self.settings.restart else [])]

    def message(self, sender: str, message: Any) -> Effects:
        return self.server.message(sender, message)

    def timer(self, name: str) -> Effects:
        """Check the server's health."""
        self.failed = self.failed + 1 if self.server.is_stuck else 0
        check = SetTimer("check", self.CHECK_S)
        if self.failed < self.FAILED:
            return [check]
        self.server, self.failed = self.new_server(), 0
        return [Probe("restarted"), check]


class Client(RequestClient):
    """A client that asks one of the servers, and another one when that is silent."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.nodes = context.nodes[1:]
        self.favourite %= len(self.nodes)


PROTOCOLS = (
    Protocol(
        name="supervised-service",
        summary="stateless servers that run out of connections, and are started again when they fail a check",
        replica=Supervisor,
        client=Client,
        serves=("register", "kv"),
        claims=("linearizable",),
        budget=Budget(down="minority"),
        roles=(SERVER, STORE),
        nodes=4,
        nodes_min=2,
        settings=Settings,
    ),
)
