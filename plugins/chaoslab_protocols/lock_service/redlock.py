"""A lock by a majority of servers that know nothing of each other, with leases on wall clocks: Redlock.

Not what the lock service does, but what it is compared with: a client asks every server for the lock, and holds it once
more than half have granted it. There is no log and there are no tokens, so all depends on the servers' clocks going on
at the right rate, which a clock on the wall does not promise (Kleppmann 2016, "How to do distributed locking").
"""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.statemachine import Become, Context, Effect, Effects, Send, SetTimer
from chaoslab_protocols import records
from chaoslab_protocols.lock_service.client import Client
from chaoslab_protocols.lock_service.node import UnfencedNode
from chaoslab_protocols.multi_paxos.leader import PASSIVE

__all__ = ["RedlockClient", "RedlockNode", "RedlockServer"]

JOURNAL = "redlock"


@attrs.frozen
class SetIfFree:
    """A client to a server: hold the lock for this hold of mine, unless another one has it."""

    name: str
    hold: str


@attrs.frozen
class Delete:
    """A client to a server: this hold is over."""

    name: str
    hold: str


@attrs.frozen
class Granted:
    """A server to a client: it has the lock for that hold."""

    hold: str


class RedlockServer:
    """One server: lock name to (hold, when it ends on the wall clock). On the disk before it is answered."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.locks: dict[str, tuple[str, float]] = {}
        for record in records.read(context.files.get(JOURNAL, b"")):
            if record is not None:
                name, hold, end = record
                self.locks[name] = (hold, end)

    def start(self) -> Effects:
        written = [(name, hold, end) for name, (hold, end) in self.locks.items()]
        return [Become(PASSIVE), *records.replace(JOURNAL, written)]

    def timer(self, name: str) -> Effects:
        return None

    def message(self, sender: str, message: Any) -> Effects:
        now = self.context.wall_time()
        if isinstance(message, SetIfFree):
            hold, end = self.locks.get(message.name, ("", 0.0))
            if hold != message.hold and end > now:
                return None
            if hold != message.hold:
                end = now + self.context.settings.lease_s
            return [*self.save(message.name, message.hold, end), Send(sender, Granted(message.hold))]
        if isinstance(message, Delete) and self.locks.get(message.name, ("", 0.0))[0] == message.hold:
            return self.save(message.name, message.hold, 0.0)
        return None

    def save(self, name: str, hold: str, end: float) -> list[Effect]:
        """Note who has the lock, and until when."""
        if self.locks.get(name) == (hold, end):
            return []
        self.locks[name] = (hold, end)
        return [records.append(JOURNAL, [(name, hold, end)])]


class RedlockNode(UnfencedNode):
    """One node."""

    lock_server_class = RedlockServer


class RedlockClient(Client):
    """A client that asks all servers, and again until a majority has granted the lock to it."""

    ROUND_S = (0.05, 0.1)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.granted: set[str] = set()

    @property
    def hold(self) -> str:
        """The name of the hold that is asked for now."""
        return f"{self.name} {self.command_id}"

    def ask_server(self) -> list[Effect]:
        assert self.invocation is not None
        self.granted.clear()
        request = SetIfFree(self.invocation.key, self.hold)
        return [*(Send(server, request) for server in self.servers), SetTimer("try", self.ROUND_S)]

    def release(self) -> list[Effect]:
        assert self.invocation is not None
        return [Send(server, Delete(self.invocation.key, self.hold)) for server in self.servers]

    def message(self, sender: str, message: Any) -> Effects:
        if not isinstance(message, Granted):
            return super().message(sender, message)
        if self.phase != "acquiring" or message.hold != self.hold:
            return None
        self.granted.add(sender)
        if len(self.granted) <= len(self.servers) // 2:
            return None
        return self.read() if self.may_write() else self.start_over()

    def timer(self, name: str) -> Effects:
        if name == "try" and self.phase == "acquiring":
            return self.start_over()
        return super().timer(name)
