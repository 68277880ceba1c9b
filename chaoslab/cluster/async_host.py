"""Carries a node written as natural Trio code: ``async def serve(node)``.

Rules:

1. A message wakes the task that waits for it, directly; no task, channel or cancel scope is made for a message.
2. Timeouts of ``recv``, ``call`` and ``sleep`` are entries on the event heap and run on the node's own clock, also
   when its rate changes while they run. Trio's own clock is not the node's: ``trio.current_time``, ``trio.sleep`` and
   the deadlines of cancel scopes run on virtual time, which is the same for all nodes and never wrong.
3. Each life of a node has its own ``Node``. After a crash the old one is dead: sending does nothing, waiting raises
   ``NodeCrashed``, so even code in a shielded ``finally`` has no effect outside and cannot linger.
4. What is sent is a copy, as on a real network: changing a list after sending it does not reach the other side.
5. A fault of the disk is an ``OSError`` in the code that uses it. Code that lets it pass ends, as a process would.
6. A pause holds back what comes through the node (messages, answers, timeouts, syncs). Trio's own ``sleep`` goes on.

This file does not know any protocol.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import trio

from chaoslab.choices import Stream
from chaoslab.cluster import trio_sockets
from chaoslab.cluster.host import Host
from chaoslab.cluster.node_clock import NEVER_NS
from chaoslab.cluster.node_disk import NodeDisk
from chaoslab.cluster.node_net import NodeNetwork, Sockets
from chaoslab.errors import EscapedSimulation, NodeError, UsageError
from chaoslab.net import PACKETS, Internet, Network, Stack
from chaoslab.net.sizes import size_bytes
from chaoslab.sim import Engine, Entry
from chaoslab.sim.log import bound_logger
from chaoslab.statemachine import Request, Response
from chaoslab.storage import DiskError
from chaoslab.units import NS_PER_S, seconds_to_ns

__all__ = ["AsyncHost", "CallRefused", "Message", "Node", "NodeCrashed", "Serve"]

_ATOMS = (int, str, bytes, float, bool, type(None))


class NodeCrashed(Exception):
    """This life of the node has ended; code that still unwinds can no longer wait for anything."""


class CallRefused(Exception):
    """The other side answered a call with an error, which is the message."""


class Message:
    """A message as a node sees it.

    Attributes:
        sender: Who sent it.
        body: What was sent.
    """

    __slots__ = ("_node", "_request", "body", "sender")

    def __init__(self, node: Node, sender: str, body: Any, request: Request | None) -> None:
        self.sender = sender
        self.body = body
        self._node = node
        self._request = request

    @property
    def wants_reply(self) -> bool:
        """Whether the sender waits for an answer (it used ``call``)."""
        return self._request is not None

    def reply(self, body: Any = None) -> None:
        """Answer a call.

        Raises:
            UsageError: the sender did not call, it only sent.
        """
        self._respond(body, None)

    def refuse(self, error: str) -> None:
        """Answer a call with an error: the caller's ``call`` raises ``CallRefused``.

        Raises:
            UsageError: the sender did not call, it only sent.
        """
        self._respond(None, error)

    def _respond(self, body: Any, error: str | None) -> None:
        if self._request is None:
            raise UsageError(f"{self.sender} sent this message and waits for no reply: it used send, not call.")
        self._node.send(self.sender, Response(self._request.id, body, error))

    def __repr__(self) -> str:
        return f"<Message from {self.sender}: {self.body!r}>"


class _WeighedInbox(deque[Message]):
    """An inbox that knows how many bytes its messages have. Any other inbox is a plain deque, which costs nothing."""

    def __init__(self, messages: Iterable[Message]) -> None:
        super().__init__()
        self._sizes: deque[int] = deque()
        self.message_bytes = 0
        for message in messages:
            self.append(message)

    def append(self, message: Message) -> None:
        size = size_bytes(message.body)
        self._sizes.append(size)
        self.message_bytes += size
        super().append(message)

    def popleft(self) -> Message:
        self.message_bytes -= self._sizes.popleft()
        return super().popleft()

    def clear(self) -> None:
        self._sizes.clear()
        self.message_bytes = 0
        super().clear()


class _Wait:
    """A task that waits for something that the event heap will bring, and then what it was.

    Trio sends an ``Outcome`` into a task and the task unwraps it. A wait is its own outcome: making one more object
    for each message would cost a tenth of the engine's speed between async nodes.
    """

    __slots__ = ("_error", "_task", "_value", "done", "due_ns")

    def __init__(self) -> None:
        self._task = trio.lowlevel.current_task()
        self._value: Any = None
        self._error: Exception | None = None
        self.done = False
        self.due_ns = NEVER_NS  # when it times out, on the node's own clock

    def finish(self, value: Any) -> None:
        """Wake the task with *value*, unless it was woken already."""
        if not self.done:
            self.done = True
            self._value = value
            trio.lowlevel.reschedule(self._task, self)  # type: ignore[arg-type]

    def refuse(self, error: Exception) -> None:
        """Wake the task with an exception, unless it was woken already."""
        if not self.done:
            self._error = error
            self.finish(None)

    def abort(self, _: Any) -> trio.lowlevel.Abort:
        """Trio cancels the wait."""
        self.done = True
        return trio.lowlevel.Abort.SUCCEEDED

    def unwrap(self) -> Any:
        """What the task gets, as Trio asks an ``Outcome``."""
        if self._error is not None:
            raise self._error
        return self._value


class Node(NodeNetwork):
    """What a node's code sees of the world: its name, peers, messages, streams, clocks, disk and log.

    Attributes:
        name: Its own name, such as ``"n1"``.
        nodes: The names of the nodes with which the cluster began, in order; a node added later is not among them.
        settings: Settings given to the cluster.
        zones: The zone of each node that has one.
        random: The node's own stream of random numbers; use it instead of the ``random`` module.
        log: A structlog logger bound to the node's name, virtual time and role.
        disk: The node's disk.
    """

    def __init__(self, host: AsyncHost) -> None:
        self._host = host
        self._alive = True
        self._inbox: deque[Message] = deque()
        self._receiver: _Wait | None = None
        self._calls: dict[int, _Wait] = {}
        self._waits: dict[_Wait, None] = {}
        self.name = host.name
        self.nodes = host.nodes
        self.settings = host.settings
        self.zones = host.zones
        self.disk = NodeDisk(host.disk, lambda: self._alive, self._sync)
        self.sockets = Sockets(host, host.stack, lambda: None if self._alive else NodeCrashed(self.name))
        self.random: Stream = host.engine.choices.stream(f"node {host.name}")
        self.log = bound_logger(host.engine.log, host.name, lambda: host.role)

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
        host.network.send(link, body if body.__class__ in _ATOMS else _copied(body))

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
        wait = self._receiver = _Wait()
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
        number = self._host.next_call()
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

    async def _wait(self, timeout: float | None, register: Callable[[_Wait], None]) -> Any:
        if not self._alive:
            raise NodeCrashed(self.name)
        wait = _Wait()
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

    def _set_timeout(self, wait: _Wait, timeout: float) -> None:
        host = self._host
        at_ns, wait.due_ns = host.clock.alarm(max(seconds_to_ns(timeout), 0))
        if at_ns < NEVER_NS:
            host.engine.at(at_ns, self._time_out, wait)

    def _time_out(self, wait: _Wait) -> None:
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
        return len(inbox), inbox.message_bytes if isinstance(inbox, _WeighedInbox) else 0

    def weigh_inbox(self, weighed: bool) -> None:
        """Keep account of the bytes in the inbox, or no longer."""
        if isinstance(self._inbox, _WeighedInbox) != weighed:
            self._inbox = _WeighedInbox(self._inbox) if weighed else deque(self._inbox)

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


class AsyncHost(Host):
    """Runs one node that is an async function.

    Args:
        name: The node's name.
        engine: The simulation.
        network: The network.
        serve: The node's code; called with a new ``Node`` at each start.
        nodes: The names of all nodes of the cluster.
        settings: Passed on as ``node.settings``.
    """

    __slots__ = (
        "_add_line", "_calls_made", "_detailed", "_scope", "internet", "node", "serve", "stack",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        engine: Engine,
        network: Network,
        serve: Serve,
        *,
        nodes: tuple[str, ...],
        settings: Any = None,
    ) -> None:
        super().__init__(name, engine, network)
        self.serve = serve
        self.nodes = nodes
        self.settings = settings
        self.node: Node | None = None
        self.join(Internet(network))
        self._scope = trio.CancelScope()
        self._calls_made = 0
        self._add_line = engine.trace.add
        self._detailed = engine.trace.detailed
        engine.at_end(self._end)

    def join(self, internet: Internet) -> None:
        """Be part of *internet*, from the next start on."""
        internet.join(self.name)
        self.internet = internet
        self.stack = Stack(self.name, internet)
        self.stack.power_off()

    def next_call(self) -> int:
        """Return a number for a call, unused in any life of the node: a late answer meets no other call."""
        self._calls_made += 1
        return self._calls_made

    def on_message(self, entry: Entry) -> None:
        time_ns, sequence, _, link, message = entry
        kind = message.__class__
        if kind in PACKETS:
            self._on_packet(entry)
            return
        node = self.node
        if (not self.clear or link.guarded) and not self.admits(entry):
            return
        if node is None:
            return
        shown = repr(message) if self._detailed else kind.__name__
        self._add_line(f"{time_ns} {sequence} {link.label} {shown}")
        node.arrive(link.source, message)

    def refresh(self) -> None:
        super().refresh()
        if self.node is not None:
            self.node.weigh_inbox(self.backlog.is_bounded)

    def mailbox(self) -> tuple[int, int]:
        messages, message_bytes = super().mailbox()
        if self.node is None:
            return messages, message_bytes
        unread, unread_bytes = self.node.unread()
        return messages + unread, message_bytes + unread_bytes

    def _bypasses_inbox(self, message: Any) -> bool:
        return message.__class__ is Response

    def _on_packet(self, entry: Entry) -> None:
        """A packet has arrived: it is for the stack, which works while the node is paused."""
        time_ns, sequence, _, link, packet = entry
        if link.guarded and not self.network.admits(link, packet):
            return
        if not self.alive:  # perhaps only since the rules were asked
            self.network.lose(link, packet, "down")
            return
        shown = repr(packet) if self.engine.trace.detailed else packet.__class__.__name__
        self._add_line(f"{time_ns} {sequence} {link.label} {shown}")
        self.stack.receive(link, packet)

    def _reset_timers(self) -> None:
        if self.node is not None:
            self.node.reset_timeouts()

    def _boot(self) -> None:
        self.stack = Stack(self.name, self.internet)
        self._scope = trio.CancelScope()
        self.node = Node(self)
        self.refresh()
        self.engine.nursery.start_soon(self._live, self.node, self._scope, name=f"node {self.name}")

    def _halt(self) -> None:
        self.stack.power_off()
        if self.node is not None:
            self.node.cut()
            self.node = None
        self._scope.cancel()

    def _end(self) -> None:
        if self.node is not None:
            self.node.cut()

    async def _live(self, node: Node, scope: trio.CancelScope) -> None:
        trio_sockets.install(node)
        with scope:
            try:
                await self.serve(node)
                node.sockets.stack.exit()
            except trio.Cancelled:
                raise
            except (NodeError, EscapedSimulation) as error:
                self.engine.fail(error)
            except BaseException as error:
                if not node.alive:
                    return  # what a dead node's code raises while it unwinds is of no interest
                if (failure := _disk_failure(error)) is not None:
                    self.panic(failure)
                else:
                    self.engine.fail(self.blame(error, "its own tasks"))


def _disk_failure(error: BaseException) -> DiskError | None:
    """Return the error of the disk that *error* is, or the first of a group of nothing else."""
    if isinstance(error, DiskError):
        return error
    if isinstance(error, BaseExceptionGroup):
        found = [_disk_failure(one) for one in error.exceptions]
        return None if None in found else found[0]
    return None


def _copied(body: Any) -> Any:
    """Return a deep copy of what can change; atoms and frozen value classes are shared."""
    kind = body.__class__
    if kind in _ATOMS:
        return body
    if kind is dict:
        return {_copied(key): _copied(value) for key, value in body.items()}
    if kind is list:
        return [_copied(item) for item in body]
    if kind is tuple:
        return tuple([_copied(item) for item in body])
    if kind is Request:
        return Request(body.id, _copied(body.body))
    if kind is Response:
        return Response(body.id, _copied(body.body), body.error)
    return copy.deepcopy(body)
