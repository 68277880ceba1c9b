"""A cluster: nodes of either style, their clients, the network between them, and the faults in force.

Rules:

1. Nodes are called n1, n2, ...; clients c1, c2, ...: the order of names is the order of everything.
2. A client stands beside a node, its home: c1 beside n1, c2 beside n2, and so on in a ring. A partition that cuts a
   node off from others cuts its clients off from them too, so that both sides keep clients. It reads the wall clock
   of its home, right or wrong; its timeouts run on a clock of its own.
3. Roles are what protocols report. A role may be held by nobody, or wrongly by several.
4. A fault in force is held here until it is healed; healing leaves nothing behind.

This file does not know any protocol, workload or kind of fault.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import trio

from chaoslab.checkers import Verdict
from chaoslab.cluster.administrator import Administrator, Notes
from chaoslab.cluster.arguments import refuse_client, refuse_code, refuse_fault, refuse_nodes, verdict_of
from chaoslab.cluster.client import RequestClient
from chaoslab.cluster.deployment import Deployment
from chaoslab.cluster.fault import Fault, Injection
from chaoslab.cluster.host import Host
from chaoslab.cluster.membership import Membership
from chaoslab.cluster.signals import Signals
from chaoslab.cluster.styles import AnyClient, install, new_client, new_host
from chaoslab.cluster.time_source import EPSILON_NS
from chaoslab.cluster.workload import Drive, Workload, key_names
from chaoslab.errors import ConsistencyViolation, UsageError, unknown_word
from chaoslab.history import History
from chaoslab.net import Held, Internet, Network
from chaoslab.net.latency import Latency
from chaoslab.sim import Engine
from chaoslab.units import seconds_to_ns

__all__ = ["Cluster"]


class Cluster:
    """The nodes and clients of one simulation.

    Args:
        engine: The simulation.
        latency: The delay of every link unless a fault says otherwise; one millisecond by default.

    Attributes:
        history: What the clients saw.
        network: The network.
        nodes: The nodes by name, in order: the members, as far as administrators have been told.
        membership: The spares beside them, and the administrators.
        deployment: What each node runs.
        versions: Further versions of the nodes' code, by name, in which a node may run.
        administers: The commands with which administrators change the membership.
        clients: The clients by name, in order.
        injections: Every fault brought about so far, in order.
        signals: Tells whoever watches of roles, probes and syncs.
        zones: The zone of each node that has one.
        forgetful: The nodes that have lost their disk in this run.
        internet: Addresses and network stacks of the async nodes and clients.
        dns: The name server that they ask.
        epsilon_ns: How uncertain the nodes' sources of true time are while they are honest.
        leader: The role that ``"leader"`` means, where the protocol has another word for it.
    """

    def __init__(self, engine: Engine, *, latency: Latency | None = None) -> None:
        self.engine = engine
        self.network = Network(engine, latency)
        self.history = History()
        self.nodes: dict[str, Host] = {}
        self.clients: dict[str, AnyClient] = {}
        self.injections: list[Injection] = []
        self.signals = Signals()
        self.zones: dict[str, str] = {}
        self.forgetful: dict[str, None] = {}
        self.epsilon_ns = EPSILON_NS
        self.leader: str | None = None
        self.internet = Internet(self.network)
        self.dns = self.internet.dns
        self.versions: Mapping[str, Any] = {}
        self.administers: tuple[str, ...] = ()
        self.deployment = Deployment(self.node, install)
        self.membership = Membership(self, self._new_spare, self._new_administrator)
        self._members: tuple[str, ...] = ()
        self._code: Any = None
        self._client_code: Any = RequestClient
        self._settings: Any = None

    # Nodes

    def __repr__(self) -> str:
        return f"<cluster of {', '.join(self.nodes) or 'no nodes yet'}>"

    def start(self, code: Any, *, nodes: int = 3, client: Any = RequestClient, settings: Any = None) -> None:
        """Start *nodes* nodes that all run *code*.

        Args:
            code: ``async def serve(node)``, or a class with an async method ``serve(self, node)``, or the factory of a
                state machine, which takes a ``Context``.
            nodes: How many.
            client: The code of clients that speak to them: the factory of a ``ClientMachine``, or
                ``async def call(node, invocation)``.
            settings: Passed to nodes and clients.

        Raises:
            UsageError: the cluster has been started already, or an argument makes no sense.
        """
        if self.nodes:
            raise UsageError("this cluster has been started already: one cluster runs one set of nodes.")
        refuse_nodes(nodes)
        refuse_code(code)
        refuse_client(client)
        self._code, self._client_code, self._settings = code, client, settings
        self._members = tuple(f"n{number}" for number in range(1, nodes + 1))
        for name in self._members:
            self.nodes[name] = self._host(name)
        for host in self.nodes.values():
            host.start()

    def add_node(self) -> str:
        """Start one more node with the same code, and return its name.

        It is no member yet: its name is not among the ``nodes`` of any node's context, its own included. How it becomes
        one is up to the protocol.
        """
        return self.membership.add_spare()

    def _host(self, name: str) -> Host:
        host = new_host(name, self.engine, self.internet, self._code, nodes=self._members, settings=self._settings)
        host.signals, host.zones, host.directory = self.signals, self.zones, self.membership.directory
        host.time_source.epsilon_ns = self.epsilon_ns
        self.deployment.begins(name, self._code, self._settings, self._members)
        return host

    def _new_spare(self, name: str) -> Host:
        if not self._members:
            raise UsageError("this cluster has not been started: only a running cluster takes another node.")
        return self._host(name)

    def node(self, name: str) -> Host:
        """Return the node called *name*.

        Raises:
            UsageError: there is none.
        """
        host = self.nodes.get(name) or self.membership.spares.get(name)
        if host is None:
            raise UsageError(unknown_word("node", name, (*self.nodes, *self.membership.spares)))
        return host

    def with_role(self, role: str) -> tuple[str, ...]:
        """Return the names of the running nodes that last reported *role*, in order."""
        if role == "leader" and self.leader is not None:
            role = self.leader
        return tuple(name for name, host in self.nodes.items() if host.alive and host.role == role)

    def crash(self, name: str) -> None:
        """Cut the power of a node: what was not synced is lost."""
        self.node(name).crash()

    def restart(self, name: str) -> None:
        """Start a node that is down, from what its disk kept. Does nothing if it runs."""
        host = self.node(name)
        if not host.alive:
            host.start()

    # Clients

    def add_clients(self, count: int) -> list[AnyClient]:
        """Add *count* clients, start them, and return them."""
        first = len(self.clients)
        added: list[AnyClient] = []
        for number in range(first, first + count):
            client = self._client(f"c{number + 1}", number, first + count, self.history)
            self.clients[client.client_name] = client
            client.start()
            added.append(client)
        return added

    def _client(self, name: str, number: int, clients: int, history: Any) -> AnyClient:
        client = new_client(
            name,
            number,
            clients,
            history,
            self.engine,
            self.internet,
            self._client_code,
            nodes=self._members,
            settings=self._settings,
        )
        client.home = self._members[number % len(self._members)]
        client.directory = self.membership.directory
        client.wall_clock = self.node(client.home).clock
        client.time_source.epsilon_ns = self.epsilon_ns
        return client

    def _new_administrator(self, number: int) -> Administrator:
        name = f"admin{number}"
        client = self._client(name, number - 1, 1, Notes(self.history, name))
        client.start()
        return Administrator(client, self.engine)

    async def drive(
        self, workload: Workload, *, seconds: float, clients: int = 4, rate: float = 50.0, keys: int = 3
    ) -> None:
        """Let new clients work for *seconds*, wait until their last operations have ended, and read everything once.

        Args:
            workload: What they do.
            seconds: Virtual time.
            clients: How many.
            rate: Operations a second of all together.
            keys: How many keys they work on.
        """
        drive = Drive(self.engine, workload, self.add_clients(clients), keys=key_names(keys), rate=rate)
        drive.begin()
        await trio.sleep(seconds)
        idle, finished = trio.Event(), trio.Event()
        drive.stop(idle.set)
        await idle.wait()
        drive.finish(finished.set)
        await finished.wait()

    def home(self, name: str) -> str:
        """Return the node beside which the client called *name* stands; for a node, the node itself."""
        client = self.clients.get(name)
        if client is not None:
            return client.home
        for one in self.membership.administrators:
            if one.client.client_name == name:
                return str(one.client.home)
        return name

    def zone(self, name: str) -> str | None:
        """Return the zone of a node, or of the node beside which a client stands."""
        return self.zones.get(self.home(name))

    # Faults

    def inject(self, fault: Fault, targets: Sequence[str] = ()) -> Injection:
        """Bring *fault* about at *targets*, until it is healed.

        Raises:
            UsageError: a target is no name, or the fault cannot be brought about there.
        """
        for target in targets:
            if not isinstance(target, str):
                raise UsageError(f"{target!r} is no name of a node, such as 'n1'.", key="cluster.inject")
        injection = Injection(fault=fault, targets=tuple(targets), began_ns=self.engine.now_ns)
        what = injection.describe()
        self.engine.note(f"inject {what}")
        self.history.note("inject", what, time_ns=self.engine.now_ns)
        self.injections.append(injection)
        injection.bring_about(self)
        return injection

    def heal(self, injection: Injection) -> None:
        """Undo *injection*. Does nothing if it is healed already."""
        if injection.healed_ns is not None:
            return
        injection.healed_ns = self.engine.now_ns
        what = injection.describe()
        self.engine.note(f"heal {what}")
        self.history.note("heal", what, time_ns=self.engine.now_ns)
        injection.undo(self)

    def heal_all(self) -> None:
        """Undo every fault in force, the last one first, and start every node that is down."""
        for injection in reversed(self.injections):
            self.heal(injection)
        for name in self.nodes:
            self.restart(name)

    @contextlib.contextmanager
    def faults(self, *faults: Any) -> Iterator[None]:
        """Bring *faults* about for as long as the ``with`` block lasts.

        Each is a fault, or a pair of a fault and its targets.
        """
        injected = []
        for fault in faults:
            refuse_fault(fault[0] if isinstance(fault, tuple) and fault else fault)
            injected.append(self.inject(*fault) if isinstance(fault, tuple) else self.inject(fault))
        try:
            yield
        finally:
            for injection in reversed(injected):
                self.heal(injection)

    def held(self) -> list[Held]:
        """Return the messages that faults keep waiting on their way, in the order in which they were sent."""
        return self.network.held()

    def overheard(self) -> list[tuple[str, str, Any]]:
        """Return what eavesdroppers heard, the latest at the end: (sender, receiver, message)."""
        return [(link.source, link.target, message) for link, message in self.network.overheard]

    # Verdicts

    def check(self, *checks: Callable[[History], Verdict]) -> None:
        """Require that the history passes *checks*.

        Raises:
            ConsistencyViolation: one is violated, or could not be decided.
        """
        for check in checks:
            verdict = verdict_of(check, self.history)
            if verdict.outcome != "valid":
                raise ConsistencyViolation(f"{verdict.name}: {verdict.outcome}. {verdict.summary}")

    async def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        seconds_to_ns(seconds)  # refuses what is not a time
        await trio.sleep(seconds)
