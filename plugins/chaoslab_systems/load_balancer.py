"""A stateless service behind a load balancer: requests go in turn to the servers that pass their health checks.

The first node is the store, which keeps what there is to keep; the last one is the balancer; those between are the
servers, which keep nothing: any of them can serve any request. The balancer and the store are each one node: what it
does not know is how to survive the loss of these.
"""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.cluster import RequestClient
from chaoslab.nemesis import Budget
from chaoslab.parameters import FLAG, parameter
from chaoslab.plugins import Protocol
from chaoslab.statemachine import Become, Context, Effect, Effects, Probe, Request, Response, Send, SetTimer
from chaoslab_systems.fallacies.frontend import Frontend

__all__ = ["PROTOCOLS", "Balancer", "Client", "Server", "Settings", "node"]

BALANCER = "balancer"
SERVER = "server"
STORE = "store"


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of a load balancer."""

    health_checks: bool = parameter(
        FLAG, "Whether servers that do not answer a check are asked for nothing.", default=True
    )


@attrs.frozen
class Check:
    """Are you well?"""


@attrs.frozen
class Well:
    """I am."""


class Server(Frontend):
    """The store, or one of the servers before it."""

    def start(self) -> Effects:
        return [Become(STORE if self.is_store else SERVER)]

    def message(self, sender: str, message: Any) -> Effects:
        return [Send(sender, Well())] if isinstance(message, Check) else super().message(sender, message)


class Balancer:
    """Passes each request to the next server. Probe: ``out of rotation``: it has passed over one that seems down.

    Attributes:
        CHECK_S: Seconds from one health check to the next.
        WELL_S: Seconds for which a server counts as well after an answer.
        well_at: When each server has last answered a check.
        open: Whose each open request is, by its number here.
    """

    CHECK_S = 0.1
    WELL_S = 0.25

    def __init__(self, context: Context) -> None:
        self.context = context
        self.settings: Settings = context.settings or Settings()
        self.servers = context.nodes[1:-1]
        self.well_at = dict.fromkeys(self.servers, context.monotonic_time())
        self.turn = 0
        self.number = context.random.below(1 << 30) << 20
        self.open: dict[int, tuple[str, int]] = {}

    def start(self) -> Effects:
        return [Become(BALANCER), *self.check()]

    def check(self) -> list[Effect]:
        """Ask every server whether it is well."""
        if not self.settings.health_checks:
            return []
        return [*(Send(server, Check()) for server in self.servers), SetTimer("check", self.CHECK_S)]

    def timer(self, name: str) -> Effects:
        return self.check()

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Well):
            self.well_at[sender] = self.context.monotonic_time()
            return None
        if isinstance(message, Request):
            return self.on_request(sender, message)
        if isinstance(message, Response):
            client, id = self.open.pop(message.id, (None, 0))
            return None if client is None else [Send(client, Response(id, message.body, message.error))]
        return None

    def on_request(self, client: str, request: Request) -> list[Effect]:
        """Pass a request on to the server whose turn it is."""
        self.number += 1
        # A client has one request at a time: it has given up those before.
        self.open = {number: one for number, one in self.open.items() if one[0] != client}
        self.open[self.number] = (client, request.id)
        server, passed_over = self.next_server()
        probes: list[Effect] = [Probe("out of rotation")] if passed_over else []
        return [*probes, Send(server, Request(self.number, request.body))]

    def next_server(self) -> tuple[str, bool]:
        """Return the next server that is well, or simply the next if none is, and whether one was passed over."""
        for step in range(len(self.servers)):
            server = self.servers[(self.turn + step) % len(self.servers)]
            if self.is_well(server):
                self.turn = (self.turn + step + 1) % len(self.servers)
                return server, step > 0
        self.turn = (self.turn + 1) % len(self.servers)
        return self.servers[self.turn], False

    def is_well(self, server: str) -> bool:
        """Return whether *server* has answered a check lately; without checks all are well."""
        if not self.settings.health_checks:
            return True
        return self.context.monotonic_time() - self.well_at[server] <= self.WELL_S


def node(context: Context) -> Server | Balancer:
    """Return the part that the node called ``context.name`` plays."""
    return Balancer(context) if context.name == context.nodes[-1] else Server(context)


class Client(RequestClient):
    """A client that knows the balancer alone."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.nodes = context.nodes[-1:]
        self.favourite = 0


PROTOCOLS = (
    Protocol(
        name="load-balancer",
        summary="stateless servers behind a balancer that leaves out those that fail their health checks",
        replica=node,
        client=Client,
        serves=("register", "kv"),
        claims=("linearizable",),
        budget=Budget(down="minority"),
        roles=(BALANCER, SERVER, STORE),
        nodes=5,
        nodes_min=3,
        settings=Settings,
    ),
)
