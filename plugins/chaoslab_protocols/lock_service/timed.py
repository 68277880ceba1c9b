"""Leases that end at a time: the storage asks the clock, not for a token.

A client asks for the lock until a time. The storage does what is asked for under it only while that time is certainly
not yet there, and the servers end the hold only when it certainly is over (Corbett et al. 2012, sections 3 and
4.1.1). So holds are disjoint in true time, however late a message is and however long a client stands still. Nothing
of this is worth anything if a clock is off by more than it says.
"""

from __future__ import annotations

from chaoslab.statemachine import Context, Effect
from chaoslab_protocols.lock_service.client import Client
from chaoslab_protocols.lock_service.lock_server import LockServer
from chaoslab_protocols.lock_service.messages import ReadCounter, WriteCounter
from chaoslab_protocols.lock_service.node import Node
from chaoslab_protocols.lock_service.storage import Storage

__all__ = ["TimedClient", "TimedLockServer", "TimedNode", "TimedStorage"]


class TimedClient(Client):
    """A client that asks for a lock until a time."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.true_time = context.true_time

    def acquire(self) -> list[Effect]:
        self.until = self.true_time()[1] + self.settings.lease_s
        return super().acquire()

    def may_write(self) -> bool:
        margin_s = self.settings.lease_s - self.settings.writable_s
        return self.until is not None and self.true_time()[1] < self.until - margin_s


class TimedLockServer(LockServer):
    """A lock server that ends leases by their times."""

    def true_time(self) -> tuple[float, float]:
        """Return the earliest and the latest that it may be now."""
        return self.context.true_time()

    def over(self) -> list[tuple[str, int]]:
        earliest, _ = self.true_time()
        held = self.replica.state_machine.held
        return [(name, hold.token) for name, hold in held.items() if hold.until is not None and hold.until < earliest]


class TimedStorage(Storage):
    """A storage that refuses what may come after the end of a lease."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.true_time = context.true_time

    def is_over(self, message: ReadCounter | WriteCounter) -> bool:
        return message.until is not None and message.until <= self.true_time()[1]

    def see(self, message: ReadCounter | WriteCounter) -> list[Effect]:
        return []


class TimedNode(Node):
    """One node."""

    storage_class = TimedStorage
    lock_server_class = TimedLockServer
