"""A client: acquires a lock, reads the counter, writes one more, releases.

It counts its lease from the moment it asked for the lock, and begins no write near its end. That is not enough: it may
stand still between looking at the clock and writing, and what it sends may be late. What it sends then carries an old
token, and the storage refuses it.
"""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import CancelTimer, Complete, Context, Effect, Effects, Invocation, Send, SetTimer
from chaoslab_protocols.lock_service.lock_table import ACQUIRE, RELEASE
from chaoslab_protocols.lock_service.messages import Answer, ReadCounter, WriteCounter
from chaoslab_protocols.lock_service.settings import Settings
from chaoslab_protocols.multi_paxos.messages import ClientRequest, ClientResponse, Command

__all__ = ["Client"]


class Client:
    """One client, with one operation at a time.

    Attributes:
        TRY_S: Seconds after which a node that has not answered is asked again, or the next one.
        PAUSE_S: Seconds before a lock that is held is asked for again.
        TIMEOUT_S: Seconds after which the operation is given up.
        phase: What it is doing: acquiring, waiting, reading, standing still, writing; empty: nothing.
        token: The fencing token of its hold.
        until: When its hold ends, where leases are times; None here.
    """

    TRY_S = 0.3
    PAUSE_S = (0.01, 0.04)
    TIMEOUT_S = 5.0

    def __init__(self, context: Context) -> None:
        self.name = context.name
        self.settings: Settings = context.settings or Settings()
        self.now = context.monotonic_time
        self.random = context.random
        *self.servers, self.storage = context.nodes
        self.turn = self.servers.index(context.home) if context.home in self.servers else 0
        self.command_id = 0
        self.number = 0
        self.invocation: Invocation | None = None
        self.phase = ""
        self.token: int | None = None
        self.asked_at = 0.0
        self.until: float | None = None
        self.request: Any = None

    def start(self) -> Effects:
        return None

    def invoke(self, invocation: Invocation) -> Effects:
        self.invocation = invocation
        begin = self.read() if invocation.f == "read" else self.acquire()
        return [SetTimer("timeout", self.TIMEOUT_S), *begin]

    # The lock

    def acquire(self) -> list[Effect]:
        """Ask for the lock, and count the lease from now."""
        self.phase = "acquiring"
        self.asked_at = self.now()
        self.command_id += 1
        return self.ask_server()

    def ask_server(self) -> list[Effect]:
        """Ask the lock server whose turn it is."""
        assert self.invocation is not None
        command = Command(self.name, self.command_id, Invocation(f=ACQUIRE, key=self.invocation.key, value=self.until))
        return [Send(self.servers[self.turn], ClientRequest(command)), SetTimer("try", self.TRY_S)]

    def on_response(self, message: ClientResponse) -> list[Effect]:
        """The lock is granted, or held by somebody else."""
        if self.phase != "acquiring" or message.command_id != self.command_id:
            return []
        if not isinstance(message.result, int):
            return self.wait()
        self.token = message.result
        return self.read(self.token, self.until) if self.may_write() else self.start_over()

    def wait(self) -> list[Effect]:
        """Ask again in a while, and another server: one that is behind does not know that the lock is free."""
        self.phase = "waiting"
        self.turn = (self.turn + 1) % len(self.servers)
        return [SetTimer("try", self.PAUSE_S)]

    def may_write(self) -> bool:
        """Whether the lease lasts long enough for a write."""
        return self.now() - self.asked_at < self.settings.writable_s

    def release(self) -> list[Effect]:
        """Give the lock back. If nobody hears of it, the lease ends anyway."""
        assert self.invocation is not None
        self.command_id += 1
        operation = Invocation(f=RELEASE, key=self.invocation.key, value=self.token)
        return [Send(self.servers[self.turn], ClientRequest(Command(self.name, self.command_id, operation)))]

    def start_over(self) -> list[Effect]:
        """The lease is over, and nothing was written: begin again."""
        return [*self.release(), *self.wait()]

    # The counter

    def read(self, token: int | None = None, until: float | None = None) -> list[Effect]:
        """Read the counter, under the lock or without."""
        assert self.invocation is not None
        self.phase = "reading"
        self.number += 1
        self.request = ReadCounter(self.number, self.invocation.key, token, until)
        return self.ask_storage()

    def write(self, value: int) -> list[Effect]:
        """Write the counter."""
        assert self.invocation is not None
        self.phase = "writing"
        self.number += 1
        self.request = WriteCounter(self.number, self.invocation.key, value, self.token, self.until)
        return self.ask_storage()

    def ask_storage(self) -> list[Effect]:
        """Ask the storage, for the first time or again."""
        return [Send(self.storage, self.request), SetTimer("try", self.TRY_S)]

    def on_answer(self, message: Answer) -> list[Effect]:
        """The storage has answered."""
        assert self.invocation is not None
        if self.phase not in ("reading", "writing") or message.number != self.number:
            return []
        if message.is_over:
            return self.start_over()  # refused is refused for ever: the write did not and will not take place
        if self.phase == "writing":
            return [*self.release(), *self.end(Complete("ok", message.value, self.token, node=self.storage))]
        if self.invocation.f == "read":
            return self.end(Complete("ok", message.value, node=self.storage))
        if not self.may_write():
            return self.start_over()
        if not self.random.chance(self.settings.stall):
            return self.write(message.value + 1)
        self.phase = "standing still"
        self.request = message.value + 1
        return [SetTimer("try", (self.settings.lease_s, 2 * self.settings.lease_s))]

    # Events

    def message(self, sender: str, message: Any) -> Effects:
        if self.invocation is None:
            return None
        if isinstance(message, ClientResponse):
            return self.on_response(message)
        return self.on_answer(message) if isinstance(message, Answer) else None

    def timer(self, name: str) -> Effects:
        if self.invocation is None:
            return None
        if name == "timeout":
            unknown = "info" if self.phase == "writing" else "fail"
            return self.end(Complete(unknown, error=f"gave up {self.phase}"))
        if self.phase == "waiting":
            return self.acquire()
        if self.phase == "acquiring":
            self.turn = (self.turn + 1) % len(self.servers)
            return self.ask_server()
        if self.phase == "standing still":
            return self.write(self.request)  # it does not know that it stood still
        if self.phase == "writing" and not self.may_write():
            return self.end(Complete("info", error="the lease ended while the storage did not answer"))
        return self.ask_storage()

    def end(self, completion: Complete) -> list[Effect]:
        """End the operation."""
        self.invocation, self.phase = None, ""
        return [CancelTimer("try"), CancelTimer("timeout"), completion]
