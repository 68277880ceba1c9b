"""What a node's code sees, if it is natural Trio code: ``async def serve(node)``.

Rules:

1. Timeouts of ``recv``, ``call`` and ``sleep`` are entries on the event heap and run on the node's own clock, also
   when its rate changes while they run. Trio's own clock is not the node's: ``trio.current_time``, ``trio.sleep`` and
   the deadlines of cancel scopes run on virtual time, which is the same for all nodes and never wrong.
2. Each life of a node has its own ``Node``. After a crash the old one is dead: sending does nothing, waiting raises
   ``NodeCrashed``, so even code in a shielded ``finally`` has no effect outside and cannot linger.
3. A fault of the disk is an ``OSError`` in the code that uses it.
4. A pause holds back what comes through the node (messages, answers, timeouts, syncs). Trio's own ``sleep`` goes on.

Streams, datagrams and names are in ``node_net``. What starts, cuts and cancels the code is in ``async_host``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import trio

from chaoslab.choices import Stream
from chaoslab.cluster.host import Host
from chaoslab.cluster.message import ATOMS, Message, WeighedInbox, copied
from chaoslab.cluster.node_clock import NEVER_NS
from chaoslab.cluster.node_disk import NodeDisk
from chaoslab.cluster.node_net import NodeNetwork
from chaoslab.cluster.sockets import Sockets
from chaoslab.cluster.wait import Wait
from chaoslab.errors import UsageError
from chaoslab.net import Stack
from chaoslab.sim.log import bound_logger
from chaoslab.statemachine import Request, Response
from chaoslab.units import NS_PER_S, seconds_to_ns

__all__ = ["CallRefused", "Node", "NodeCrashed", "Serve"]


class NodeCrashed(Exception):
    """This life of the node has ended; code that still unwinds can no longer wait for anything."""


class CallRefused(Exception):
    """The other side answered a call with an error, which is the message."""


class Node(NodeNetwork):
    """What a node's code sees of the world: its name, peers, messages, streams, clocks, disk and log.

    Attributes:
        name: Its own name, such as ``"n1"``.
        nodes: The names of the nodes with which the cluster began, in order; a node added later is not among them.
        settings: Settings given to the cluster.
        zones: The zone of each node that has one.
        directory: Look up who serves now, as in a name service: nodes that were started and not switched off for good.
        random: The node's own stream of random numbers: ``random()``, ``below(n)``, ``between(low, high)``,
            ``chance(ratio)``, ``pick(options)``, ``sample(options, count)``, ``shuffle(items)``.
        log: A structlog logger bound to the node's name, virtual time and role.
        disk: The node's disk.
    """

    def __init__(self, host: Host, stack: Stack, next_call: Callable[[], int]) -> None:
        self._host = host
        self._next_call = next_call
        self._alive = True
        self._inbox: deque[Message] = deque()
        self._receiver: Wait | None = None
        self._calls: dict[int, Wait] = {}
        self._waits: dict[Wait, None] = {}
        self.name = host.name
        self.nodes = host.nodes
        self.settings = host.settings
        self.zones = host.zones
        self.directory = host.directory
        self.disk = NodeDisk(host.disk, lambda: self._alive, self._sync)
        self.sockets = Sockets(host, stack, lambda: None if self._alive else NodeCrashed(self.name))
        self.random: Stream = host.engine.choices.stream(f"node {host.name}")
        self.log = bound_logger(host.engine.log, host.name, lambda: host.role)

    @property
    def home(self) -> str:
        """For a client, the node beside which it stands, with which it is cut off; for a node, its own name."""
        return self._host.home

    @property
    def peers(self) -> tuple[str, ...]:
        """The other nodes, in order."""
        return tuple(node for node in self.nodes if node != self.name)

    def time(self) -> float:
        """Return the node's wall clock in seconds since 1970. It may be wrong, and jump."""
        return self._host.wall_clock.wall_ns() / NS_PER_S

    def monotonic(self) -> float:
        """Return the node's monotonic clock in seconds. It may drift, and never jumps back."""
        return self._host.clock.monotonic_ns() / NS_PER_S

    def true_time(self) -> tuple[float, float]:
        """Return the interval (earliest, latest), in seconds since 1970, of true time, if the source is honest."""
        return self._host.time_source.read()

    def become(self, role: str) -> None:
        """Report the role that the node now plays, such as ``"leader"``; faults can be aimed at roles."""
        if self._alive:
            self._host.become(role)

    def probe(self, name: str) -> None:
        """Pass a named point of the code: it is counted, and faults can strike here.

        Raises:
            NodeCrashed: a fault struck; nothing after this line runs.
        """
        if self._alive:
            self._host.probe(name)
        if not self._alive:
            raise NodeCrashed(self.name)

    def send(self, to: str, body: Any) -> None:
        """Send *body* to the node or client called *to*. Delivery is up to the network.

        Raises:
            UsageError: there is nobody of that name.
        """
        if not self._alive:
            return
        host = self._host
        link = host.links.get(to) or host.link_to(to)
        host.network.send(link, body if body.__class__ in ATOMS else copied(body))

    async def recv(self, timeout: float | None = None) -> Message:
        """Wait for the next message and return it.

        Args:
            timeout: Seconds on the node's clock after which to give up.

        Raises:
            TimeoutError: no message came in time.
        """
        if self._inbox:
            return self._inbox.popleft()
        if self._receiver is not None and not self._receiver.done:
            raise UsageError(f"two tasks of {self.name} wait in recv: let one task receive and hand on.")
        if not self._alive:
            raise NodeCrashed(self.name)
        wait = self._receiver = Wait()
        if timeout is not None:
            self._set_timeout(wait, timeout)
        received: Message = await trio.lowlevel.wait_task_rescheduled(wait.abort)
        return received

    def __aiter__(self) -> Node:
        """Return the node: ``async for message in node`` gives one message after the other, without end."""
        return self

    async def __anext__(self) -> Message:
        return await self.recv()

    async def call(self, to: str, body: Any, timeout: float | None = 1.0) -> Any:
        """Send *body* to *to* and return what it replies.

        Args:
            to: A node or client.
            body: The request.
            timeout: Seconds on the node's clock after which to give up; None waits for ever.

        Raises:
            TimeoutError: no reply came in time; the request may have been handled all the same.
            CallRefused: the other side answered with an error.
            UsageError: there is nobody of that name.
        """
        number = self._next_call()
        self.send(to, Request(number, body))
        try:
            response: Response = await self._wait(timeout, lambda wait: self._calls.__setitem__(number, wait))
        finally:
            self._calls.pop(number, None)
        if response.error is not None:
            raise CallRefused(response.error)
        return response.body

    async def sleep(self, seconds: float) -> None:
        """Wait for *seconds* on the node's own clock."""
        try:
            await self._wait(max(seconds, 0.0), lambda wait: None)
        except TimeoutError:
            return

    async def _wait(self, timeout: float | None, register: Callable[[Wait], None]) -> Any:
        if not self._alive:
            raise NodeCrashed(self.name)
        wait = Wait()
        register(wait)
        if not self._alive:  # a fault struck at this very point
            raise NodeCrashed(self.name)
        if timeout is not None:
            self._set_timeout(wait, timeout)
        self._waits[wait] = None
        try:
            return await trio.lowlevel.wait_task_rescheduled(wait.abort)
        finally:
            self._waits.pop(wait, None)

    async def _sync(self, path: str) -> None:
        host = self._host
        await self._wait(None, lambda wait: host.begin_sync(path, lambda: wait.finish(None), wait.refuse))

    def _set_timeout(self, wait: Wait, timeout: float) -> None:
        host = self._host
        at_ns, wait.due_ns = host.clock.alarm(max(seconds_to_ns(timeout), 0))
        if at_ns < NEVER_NS:
            host.engine.at(at_ns, self._time_out, wait)

    def _time_out(self, wait: Wait) -> None:
        if wait.done or not self._alive or self._host.clock.monotonic_ns() < wait.due_ns:
            return  # over, or the clock has become slower since: there is a later entry on the heap
        self._host.when_open(lambda: wait.refuse(TimeoutError("no answer in time")))

    def reset_timeouts(self) -> None:
        """The rate of the node's clock has changed: whatever waits with a timeout waits until another time."""
        receiver = [] if self._receiver is None else [self._receiver]
        host = self._host
        for wait in (*receiver, *self._waits):
            if not wait.done and wait.due_ns < NEVER_NS:
                at_ns = host.clock.when(wait.due_ns)
                if at_ns < NEVER_NS:
                    host.engine.at(at_ns, self._time_out, wait)

    # What the host does with a life of the node

    def arrive(self, sender: str, message: Any) -> None:
        """Hand *message* to the task that waits for it, or keep it."""
        if message.__class__ is Response:
            wait = self._calls.get(message.id)
            if wait is not None:
                wait.finish(message)
            return
        if message.__class__ is Request:
            received = Message(self, sender, message.body, message)
        else:
            received = Message(self, sender, message, None)
        receiver = self._receiver
        if receiver is not None and not receiver.done:
            self._receiver = None
            receiver.finish(received)
        else:
            self._inbox.append(received)

    def unread(self) -> tuple[int, int]:
        """Return how many messages nobody has received yet, and how many bytes they have, if they are weighed."""
        inbox = self._inbox
        return len(inbox), inbox.message_bytes if isinstance(inbox, WeighedInbox) else 0

    def weigh_inbox(self, weighed: bool) -> None:
        """Keep account of the bytes in the inbox, or no longer."""
        if isinstance(self._inbox, WeighedInbox) != weighed:
            self._inbox = WeighedInbox(self._inbox) if weighed else deque(self._inbox)

    def cut(self) -> None:
        """End this life: nothing it does has an effect any more."""
        self._alive = False
        self._inbox.clear()
        receiver = [] if self._receiver is None else [self._receiver]
        for wait in (*receiver, *self._waits):
            wait.refuse(NodeCrashed(self.name))
        self.sockets.cut()

    @property
    def alive(self) -> bool:
        """Whether this life of the node goes on."""
        return self._alive


Serve = Callable[[Node], Awaitable[None]]
