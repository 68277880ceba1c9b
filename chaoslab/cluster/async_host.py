"""Carries a node written as natural Trio code: ``async def serve(node)``.

Rules:

1. A message wakes the task that waits for it, directly; what the code waits on is in ``node``.
2. Each life has a ``Node`` and a network stack of its own. A crash ends both before the code is cancelled.
3. Code that lets a fault of the disk pass ends, as a process would. What else it raises ends the run; what it raises
   once it is dead is of no interest.

This file does not know any protocol.
"""

from __future__ import annotations

from typing import Any

import trio

from chaoslab.cluster import trio_sockets
from chaoslab.cluster.asyncio_nodes import misplaced
from chaoslab.cluster.host import Host
from chaoslab.cluster.node import Node, Serve
from chaoslab.cluster.node_process import process_of
from chaoslab.errors import EscapedSimulation, LimitExceeded, NodeError, UsageError
from chaoslab.net import PACKETS, Internet, Stack
from chaoslab.sim import Engine, Entry
from chaoslab.sim.process import PROCESS
from chaoslab.sim.tasks import NODE_TASK
from chaoslab.statemachine import Response
from chaoslab.storage import DiskError

__all__ = ["AsyncHost"]


class AsyncHost(Host):
    """Runs one node that is an async function.

    Args, beside those of every host:
        internet: Of which it is part; it carries the network.
        serve: The node's code; called with a new ``Node`` at each start.
    """

    __slots__ = (
        "_add_line", "_calls_made", "_detailed", "_scope", "internet", "node", "serve", "stack",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        engine: Engine,
        internet: Internet,
        serve: Serve,
        *,
        nodes: tuple[str, ...],
        settings: Any = None,
    ) -> None:
        super().__init__(name, engine, internet.network, nodes=nodes, settings=settings)
        self.serve = serve
        self.node: Node | None = None
        internet.join(name)
        self.internet = internet
        self.stack = Stack(name, internet)
        self.stack.power_off()
        self._scope = trio.CancelScope()
        self._calls_made = 0
        self._add_line = engine.trace.add
        self._detailed = engine.trace.detailed
        engine.at_end(self._end)

    def _next_call(self) -> int:
        self._calls_made += 1  # unused in any life of the node: a late answer meets no other call
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
        self.node = Node(self, self.stack, self._next_call)
        self.refresh()
        self.engine.nursery.start_soon(self._live, self.node, self._scope, name=NODE_TASK + self.name)

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
        trio_sockets.install(node.sockets)
        PROCESS.set(process_of(self, node))
        with scope:
            try:
                await self.serve(node)
                node.sockets.stack.exit()
            except trio.Cancelled:
                raise
            except (NodeError, EscapedSimulation, LimitExceeded) as error:
                self.engine.fail(error)
            except BaseException as error:
                if not node.alive:
                    return  # what a dead node's code raises while it unwinds is of no interest
                if (failure := _disk_failure(error)) is not None:
                    self.panic(failure)
                elif (advice := misplaced(error)) is not None:
                    usage = UsageError(f"{self.kind} {self.name} {advice}.")
                    usage.__cause__ = error
                    self.engine.fail(usage)
                else:
                    self.engine.fail(self.blame(error, ""))


def _disk_failure(error: BaseException) -> DiskError | None:
    """Return the error of the disk that *error* is, or the first of a group of nothing else."""
    if isinstance(error, DiskError):
        return error
    if isinstance(error, BaseExceptionGroup):
        found = [_disk_failure(one) for one in error.exceptions]
        return None if None in found else found[0]
    return None
