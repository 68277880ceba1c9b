"""What carries a node's code, whatever its style: address, clock, disk, and life and death.

Rules:

1. A host outlives its node's crashes. A crash is a power cut: the code is cut off from network, disk and clock
   first and only then cancelled, so nothing it does while it unwinds has an effect outside.
2. A message that arrives while the node is down is lost. One that arrives while it is paused waits.
3. An exception in a node's code ends the run, with the node, the time and what it was handling.

This file does not know what the code is: see ``machine_host`` and ``async_host``.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from typing import Any

from chaoslab.cluster.node_clock import NodeClock
from chaoslab.cluster.signals import Signals
from chaoslab.cluster.time_source import TimeSource
from chaoslab.errors import NodeError
from chaoslab.net import Link, Network
from chaoslab.net.latency import LATENCY, Latency, sampler
from chaoslab.sim import Engine, Entry
from chaoslab.storage import Disk

__all__ = ["SYNC_LATENCY", "Host"]

SYNC_LATENCY: Latency = LATENCY.parse({"distribution": "lognormal", "median": "200us", "p99": "2ms"})
"""How long an fsync takes: about what a solid-state disk needs."""


class Host(abc.ABC):
    """A place that runs one node's (or one client's) code.

    Args:
        name: The node's name.
        engine: The simulation it is part of.
        network: The network it is attached to, under its name.

    Attributes:
        alive: Its code runs (it may be paused).
        paused: Its code stands still.
        role: The role it reported last, or ``""``.
        disk: Its disk.
        clock: Its clocks.
        time_source: Its source of true time, with an uncertainty.
        starts: How often it was started.
        is_off: It is switched off for good and does not start, whoever asks.
        home: For a client, the node beside which it stands; for a node, its own name.
        zones: The zone of each node of the cluster that has one.
        signals: Where what happens here is told; a cluster gives all its hosts the same.
    """

    nodes: tuple[str, ...]
    settings: Any

    def __init__(self, name: str, engine: Engine, network: Network) -> None:
        self.name = name
        self.engine = engine
        self.network = network
        self.clock = NodeClock(engine.clock)
        self.clock.on_rate_change = self._reset_timers
        self.time_source = TimeSource(engine.clock, engine.choices.stream(f"true time {name}").random)
        self.disk = Disk()
        self.alive = False
        self.paused = False
        self.open = False  # alive and not paused, in one attribute: read for every message
        self.role = ""
        self.starts = 0
        self.is_off = False
        self.home = name
        self.zones: Mapping[str, str] = {}
        self.signals = Signals()
        self.links: dict[str, Link] = {}
        self._backlog: list[Callable[[], None]] = []
        self._letting_in = False
        self._sync_delay = sampler(SYNC_LATENCY)
        self._sync_draw = engine.choices.stream(f"fsync {name}").random
        network.attach(name, self.on_message)

    @abc.abstractmethod
    def on_message(self, entry: Entry) -> None:
        """A message has arrived: ``(time_ns, sequence, on_message, link, message)``."""

    @abc.abstractmethod
    def _boot(self) -> None:
        """Make the code anew and let it begin."""

    @abc.abstractmethod
    def _halt(self) -> None:
        """Get rid of the code, which is cut off already."""

    @abc.abstractmethod
    def _reset_timers(self) -> None:
        """The rate of the node's clock has changed: every running timer is due at another time."""

    def start(self) -> None:
        """Start the node's code, from what its disk kept. Does nothing if the node is switched off for good."""
        if self.is_off:
            return
        self.alive = self.open = True
        self.starts += 1
        self.engine.note(f"start {self.name}")
        self._boot()
        if self.starts > 1:
            self.signals.tell("start", self.name, "again")

    def crash(self) -> None:
        """Cut the power. Does nothing if the node is down."""
        if not self.alive:
            return
        self.engine.note(f"crash {self.name}")
        self.alive = self.open = self.paused = False
        self._backlog.clear()
        self.become("")
        self.disk.crash()
        self._halt()

    def pause(self) -> None:
        """Let the node's code stand still: what happens to it waits. Does nothing if it is down."""
        if self.alive and not self.paused:
            self.engine.note(f"pause {self.name}")
            self.paused, self.open = True, False

    def resume(self) -> None:
        """Let a paused node go on: what waited happens now, in order."""
        if not self.paused:
            return
        self.engine.note(f"resume {self.name}")
        self.paused, self.open = False, True
        backlog, self._backlog = self._backlog, []
        for happening in backlog:
            if self.open:
                happening()
            elif self.paused:  # paused again by what just happened
                self._backlog.append(happening)

    def when_open(self, happening: Callable[[], None]) -> None:
        """Let *happening* take place now, or after the pause if the node is paused; never if it is down."""
        if self.open:
            happening()
        elif self.paused:
            self._backlog.append(happening)

    def become(self, role: str) -> None:
        """Note the role that the node plays from now on."""
        if role != self.role:
            self.role = role
            if role:
                self.engine.note(f"role {self.name} {role}")
                self.signals.tell("role", self.name, role)

    def probe(self, name: str) -> None:
        """The code passes its point *name*."""
        self.engine.note(f"probe {self.name} {name}")
        self.signals.count_probe(name)
        self.signals.tell("probe", self.name, name)

    def admits(self, entry: Entry) -> bool:
        """Return whether a message may be handled now: a rule may stop it, and the node may be down or paused."""
        _, _, _, link, message = entry
        if self._letting_in:
            return self.open
        if link.guarded and not self.network.admits(link, message):
            return False
        if not self.alive:  # perhaps only since the rules were asked
            self.network.lose(link, message, "down")
        elif self.paused:
            self._backlog.append(lambda: self._let_in(entry))
        else:
            return True
        return False

    def _let_in(self, entry: Entry) -> None:
        """Handle a message that has waited; the network has let it through when it arrived."""
        self._letting_in = True
        try:
            self.on_message(entry)
        finally:
            self._letting_in = False

    def link_to(self, target: str) -> Link:
        """Return the link to *target*, remembered from the second time on."""
        link = self.links.get(target)
        if link is None:
            link = self.links[target] = self.network.link(self.name, target)
        return link

    def begin_sync(self, path: str, then: Callable[[], None]) -> None:
        """Sync *path* and call *then* once it is durable; never, if a crash comes first."""
        end = self.disk.begin_sync(path)

        def done() -> None:
            if end():
                self.engine.note(f"fsync {self.name} {path}")
                self.when_open(then)

        self.engine.after(self._sync_delay(self._sync_draw()), done)
        self.signals.tell("fsync", self.name, path)

    def blame(self, error: BaseException, event: str) -> NodeError:
        """Return the error that says that this node's code raised *error* while handling *event*."""
        return NodeError(node=self.name, time_ns=self.engine.clock.now_ns, event=event, cause=error)
