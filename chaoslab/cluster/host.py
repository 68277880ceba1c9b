"""What carries a node's code, whatever its style: address, clock, disk, and life and death.

Rules:

1. A host outlives its node's crashes. A crash is a power cut: the code is cut off from network, disk and clock
   first and only then cancelled, so nothing it does while it unwinds has an effect outside.
2. A message that arrives while the node is down is lost. One that arrives while it is paused, or while it is slow and
   busy, waits: see ``backlog``.
3. An exception in a node's code ends the run, with the node, the time and what it was handling. An error of the disk
   that a fault made, and that the code does not handle, is a panic instead: the node loses power and stays down until
   the fault is healed, or somebody starts it.
4. Several faults may want a node down, or still, at once: it comes back when the last of them lets go. A new life of
   the code is a new process, so a crash ends a pause.

This file does not know what the code is: see ``machine_host`` and ``async_host``.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from errno import errorcode
from heapq import heappush
from typing import Any, ClassVar, Final

from chaoslab.cluster.backlog import Backlog
from chaoslab.cluster.node_clock import NodeClock
from chaoslab.cluster.signals import Signals
from chaoslab.cluster.time_source import TimeSource
from chaoslab.errors import NodeError
from chaoslab.net import Link, Network
from chaoslab.net.latency import LATENCY, Latency, sampler
from chaoslab.sim import Engine, Entry
from chaoslab.storage import LOSE_UNSYNCED, CrashMode, Disk, DiskError

__all__ = ["AT_ONCE", "SYNC_LATENCY", "Host"]

SYNC_LATENCY: Latency = LATENCY.parse({"distribution": "lognormal", "median": "200us", "p99": "2ms"})
"""How long an fsync takes: about what a solid-state disk needs."""

AT_ONCE: Final = ", at once"
"""How the trace tells a sync by a call that blocks, which takes no time."""

_PANIC: Final = object()
"""Keeps a node down after a panic, as a fault does."""


class Host(abc.ABC):
    """A place that runs one node's (or one client's) code.

    Args:
        name: The node's name.
        engine: The simulation it is part of.
        network: The network it is attached to, under its name.
        nodes: The names of all nodes of the cluster.
        settings: What the cluster was given for its code.

    Attributes:
        alive: Its code runs (it may be paused).
        paused: Its code stands still.
        open: It runs and is not paused.
        clear: It is open, and nothing waits or limits what comes: read for every message.
        role: The role it reported last, or ``""``.
        disk: Its disk.
        clock: Its clocks.
        wall_clock: The clock whose wall time its code reads: for a client, that of its home.
        time_source: Its source of true time, with an uncertainty.
        starts: How often it was started.
        is_off: It is switched off for good and does not start, whoever asks.
        home: For a client, the node beside which it stands; for a node, its own name.
        zones: The zone of each node of the cluster that has one.
        directory: Tells which nodes were started and not switched off for good.
        signals: Where what happens here is told; a cluster gives all its hosts the same.
        backlog: What waits here, and what makes it wait.
        slow_syncs: Functions whose results, in nanoseconds, are added to the time that a sync takes.
        panicked: It is down because its code did not handle an error of its disk.
        panics: How often that happened.
    """

    kind: ClassVar[str] = "node"
    """What people call it: a node, or a client."""

    # Slots: a dictionary of so many attributes would no longer be shared, and a thousand nodes slow.
    __slots__ = (
        "_down_for", "_letting_in", "_still_for", "_sync_delay", "_sync_stream", "alive", "backlog", "clear", "clock",
        "directory", "disk", "engine", "home", "is_off", "links", "name", "network", "nodes", "open", "panicked",
        "panics", "paused", "role", "settings", "signals", "slow_syncs", "starts", "time_source", "wall_clock", "zones",
    )  # fmt: skip

    def __init__(
        self, name: str, engine: Engine, network: Network, *, nodes: tuple[str, ...], settings: Any = None
    ) -> None:
        self.name = name
        self.engine = engine
        self.network = network
        self.nodes = nodes
        self.settings = settings
        self.clock = NodeClock(engine.clock)
        self.wall_clock = self.clock
        self.clock.on_rate_change = self._reset_timers
        self.time_source = TimeSource(engine.clock, engine.choices.stream(f"true time {name}"))
        self.disk = Disk()
        self.alive = False
        self.paused = False
        self.open = False
        self.clear = False
        self.role = ""
        self.starts = 0
        self.is_off = False
        self.home = name
        self.zones: Mapping[str, str] = {}
        self.directory: Callable[[], tuple[str, ...]] = lambda: nodes
        self.signals = Signals()
        self.links: dict[str, Link] = {}
        self.backlog = Backlog(self)
        self.slow_syncs: tuple[Callable[[], int], ...] = ()
        self.panicked = False
        self.panics = 0
        self._letting_in = False
        self._down_for: list[object] = []
        self._still_for: list[object] = []
        self._sync_delay = sampler(SYNC_LATENCY)
        self._sync_stream = engine.choices.stream(f"fsync {name}")
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

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"

    def start(self) -> None:
        """Start the node's code, from what its disk kept. Does nothing if the node is switched off for good."""
        if self.is_off:
            return
        self.alive = self.open = True
        self.refresh()
        if self.panicked:
            self._forget_panic()
        self.starts += 1
        self.engine.note(f"start {self.name}")
        self._boot()
        if self.starts > 1 and self.alive:
            self.signals.tell("start", self.name, "again")

    def crash(self, mode: CrashMode = LOSE_UNSYNCED) -> None:
        """Cut the power; *mode* says what may be left of what was not synced. Does nothing if the node is down."""
        if not self.alive:
            return
        self.engine.note(f"crash {self.name}")
        self.alive = self.open = self.paused = False
        self._still_for.clear()
        self.backlog.clear()
        self.refresh()
        self.become("")
        self.disk.crash(self.engine.choices.stream(f"disk crash {self.name}"), mode)
        self._halt()

    def panic(self, error: DiskError) -> None:
        """The code did not handle *error* of its disk: it ends here, and the node loses power."""
        self.engine.note(f"panic {self.name} {_words(error)}")
        self.panics += 1
        self.take_down(_PANIC)
        self.panicked = True

    def recover(self) -> None:
        """Start the node again if it is down because of a panic and of nothing else."""
        if self.panicked:
            self._forget_panic()
            if not self._down_for:
                self.start()

    def _forget_panic(self) -> None:
        self.panicked = False
        self._down_for = [one for one in self._down_for if one is not _PANIC]

    def pause(self) -> None:
        """Let the node's code stand still: what happens to it waits. Does nothing if it is down."""
        if self.alive and not self.paused:
            self.engine.note(f"pause {self.name}")
            self.paused, self.open = True, False
            self.refresh()

    def resume(self) -> None:
        """Let a paused node go on, whoever paused it: what waited happens now, in order."""
        self._still_for.clear()
        if not self.paused:
            return
        self.engine.note(f"resume {self.name}")
        self.paused, self.open = False, True
        self.backlog.go_on()

    def refresh(self) -> None:
        """Say anew whether the node is clear."""
        self.clear = self.open and self.backlog.idle

    # What faults want of it

    def take_down(self, fault: object, mode: CrashMode = LOSE_UNSYNCED) -> bool:
        """Crash the node, and keep it down until *fault* lets go. Return whether it ran until now."""
        if not any(one is fault for one in self._down_for):
            self._down_for.append(fault)
        ran = self.alive
        self.crash(mode)
        return ran

    def bring_up(self, fault: object) -> None:
        """*fault* does not want the node down any more: start it, unless another does. Does nothing a second time."""
        kept = [one for one in self._down_for if one is not fault]
        if len(kept) < len(self._down_for):
            self._down_for = kept
            if not kept and not self.alive:
                self.start()

    def hold_still(self, fault: object) -> None:
        """Pause the node until *fault* lets go. Does nothing if it is down."""
        if self.alive:
            self._still_for.append(fault)
            self.pause()

    def let_go(self, fault: object) -> None:
        """*fault* does not want the node paused any more: resume it, unless another does."""
        kept = [one for one in self._still_for if one is not fault]
        if len(kept) < len(self._still_for):
            self._still_for = kept
            if not kept:
                self.resume()

    # What happens to it

    def when_open(self, happening: Callable[[], None]) -> None:
        """Let *happening* take place now, or when its turn comes if others wait; never if the node is down."""
        if self.clear:
            happening()
        elif self.alive:
            self.backlog.wait(happening)

    def mailbox(self) -> tuple[int, int]:
        """Return how many messages wait to be handled, and how many bytes they have while a bound is in force."""
        return self.backlog.messages, self.backlog.message_bytes

    def become(self, role: str) -> None:
        """Note the role that the node plays from now on."""
        if role != self.role:
            self.role = role
            if role:
                self.engine.note(f"role {self.name} {role}")
                self.signals.tell("role", self.name, role)

    def probe(self, name: str) -> None:
        """The code passes its point *name*."""
        trace = self.engine.trace
        if trace.kept:  # the line is nobody's otherwise, and probes are frequent
            trace.remark(f"{self.engine.now_ns} probe {self.name} {name}")
        self.signals.probe(self.name, name)

    def admits(self, entry: Entry) -> bool:
        """Return whether a message may be handled now: a rule may stop it, and the node may be down, paused or busy."""
        _, _, _, link, message = entry
        if self._letting_in:
            return self.open
        if link.guarded and not self.network.admits(link, message):
            return False
        if self.clear:
            return True
        if not self.alive:  # perhaps only since the rules were asked
            self.network.lose(link, message, "down")
        elif self._bypasses_inbox(message) or self.backlog.takes(entry):
            self.backlog.wait(lambda: self._let_in(entry), entry)
        return False

    def _bypasses_inbox(self, message: Any) -> bool:
        return False

    def _let_in(self, entry: Entry) -> None:
        """Handle a message that has waited; the network has let it through when it arrived."""
        self._letting_in = True
        try:
            self.on_message((self.engine.now_ns, *entry[1:]))
        finally:
            self._letting_in = False

    def link_to(self, target: str) -> Link:
        """Return the link to *target*, remembered from the second time on."""
        link = self.links.get(target)
        if link is None:
            link = self.links[target] = self.network.link(self.name, target)
        return link

    def begin_sync(self, path: str, then: Callable[[], None], failed: Callable[[DiskError], None]) -> None:
        """Sync *path* and call *then* once it is durable, *failed* if it cannot be; neither, if a crash comes first."""
        end = self.disk.begin_sync(path)
        delay_ns = self._sync_takes_ns()
        clock = self.engine.clock
        heappush(
            clock.heap,
            (clock.now_ns + delay_ns, clock.next_sequence(), self._end_sync, end, path, then, failed),
        )
        self.signals.tell("fsync", self.name, path)

    def sync_at_once(self, path: str) -> int:
        """Sync *path* in no time; return how long it would have taken, in nanoseconds.

        For a program that makes the blocking call: nothing can happen before the call returns. A fault that strikes at
        the sync finds *path* as it was before: the node is down then.

        Raises:
            DiskError: it cannot be made durable.
        """
        end = self.disk.begin_sync(path)
        delay_ns = self._sync_takes_ns()
        self.signals.tell("fsync", self.name, path)
        self._made_durable(end, path, AT_ONCE)
        return delay_ns

    def _sync_takes_ns(self) -> int:
        delay_ns = self._sync_delay(self._sync_stream.random())
        for slow in self.slow_syncs:
            delay_ns += slow()
        return delay_ns

    def _made_durable(self, end: Callable[[], bool], path: str, how: str = "") -> bool:
        """End a sync of *path* and tell of it, and *how*; return whether a crash did not come first."""
        try:
            ended = end()
        except DiskError as error:
            self.engine.note(f"fsync {self.name} failed: {_words(error)}")
            raise
        if ended:
            self.engine.note(f"fsync {self.name} {path}{how}")
            self.signals.tell("synced", self.name, path)
        return ended

    def _end_sync(self, entry: Entry) -> None:
        _, _, _, end, path, then, failed = entry
        try:
            ended = self._made_durable(end, path)
        except DiskError as error:
            reason = error
            self.when_open(lambda: failed(reason))
            return
        if ended:
            self.when_open(then)

    def blame(self, error: BaseException, event: str) -> NodeError:
        """Return the error that says that this node's code raised *error* while handling *event*."""
        return NodeError(node=self.name, kind=self.kind, time_ns=self.engine.clock.now_ns, event=event, cause=error)


def _words(error: DiskError) -> str:
    """Return *error* in the few words of a trace."""
    return f"{errorcode.get(error.errno or 0, 'error')} {error.filename}"
