"""What waits at a host: because it is paused, because it is slow, or because it handles something else just now.

Rules:

1. What waits is handled in the order in which it came: messages, timers and syncs alike, one after the other.
2. While the host is *slow* each of them takes time: its effects are seen when that time is over. What one takes is the
   sum of what every cost in force adds.
3. A *bound* decides, for each message that has got through the network, whether it may come in. Whoever refuses one
   says what becomes of it. Answers that a task of an async node waits for do not go through its inbox, so no bound
   stops them.
4. A crash empties the backlog. Costs and bounds stay until they are taken away: they belong to the place, not to the
   life of the code.
5. A host at which nothing waits and nothing is in force is *clear*, and pays nothing for any of this.

This file does not know faults, nor what handling means.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from chaoslab.net.sizes import size_bytes
from chaoslab.sim import Entry

if TYPE_CHECKING:
    from chaoslab.cluster.host import Host

__all__ = ["Backlog", "Bound"]

Cost = Callable[[], int]
"""Draws how many nanoseconds more the next handling takes."""


class Bound(Protocol):
    """A limit to what may wait at a host."""

    def takes(self, host: Host, entry: Entry) -> bool:
        """Return whether the message of *entry* may come in. Whoever refuses it says what becomes of it."""


class _Item:
    """One thing that waits: what to do, and if that is to handle a message, the message's entry."""

    __slots__ = ("entry", "happen", "size_bytes")

    def __init__(self, happen: Callable[[], None], entry: Entry | None) -> None:
        self.happen = happen
        self.entry = entry
        self.size_bytes = 0  # weighed only where a bound asks


class Backlog:
    """The backlog of one host.

    Attributes:
        messages: How many messages wait, besides the one that is being handled.
        message_bytes: How many bytes they have; known only while a bound is in force.
    """

    __slots__ = ("_bounds", "_costs", "_due", "_host", "_in_hand", "_waiting", "message_bytes", "messages")

    def __init__(self, host: Host) -> None:
        self._host = host
        self._waiting: deque[_Item] = deque()
        self._in_hand: _Item | None = None
        self._due = False  # the time that the item in hand takes has passed during a pause
        self._costs: list[Cost] = []
        self._bounds: list[Bound] = []
        self.messages = 0
        self.message_bytes = 0

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is in force."""
        return not (self._waiting or self._in_hand or self._costs or self._bounds)

    @property
    def is_bounded(self) -> bool:
        """Whether a bound is in force."""
        return bool(self._bounds)

    # What is in force

    def add_cost(self, cost: Cost) -> None:
        """Let each handling take the time that *cost* draws, on top of what others add."""
        self._costs.append(cost)
        self._host.refresh()

    def remove_cost(self, cost: Cost) -> None:
        """Undo ``add_cost``. Without any cost left, what waits is handled at once."""
        self._costs.remove(cost)
        if not self._costs and self._in_hand is not None:
            self._due = True
        self.go_on()

    def add_bound(self, bound: Bound) -> None:
        """Ask *bound* about each message that comes, from now on. Cost: O(bytes that wait) for the first bound."""
        if not self._bounds:
            self.message_bytes = sum(self._weigh(item) for item in self._waiting)
        self._bounds.append(bound)
        self._host.refresh()

    def remove_bound(self, bound: Bound) -> None:
        """Undo ``add_bound``."""
        self._bounds.remove(bound)
        self._host.refresh()

    # What comes

    def takes(self, entry: Entry) -> bool:
        """Ask every bound whether the message of *entry* may come in."""
        return all(bound.takes(self._host, entry) for bound in tuple(self._bounds))

    def wait(self, happen: Callable[[], None], entry: Entry | None = None) -> None:
        """Let *happen* take place when its turn comes; if it handles a message, *entry* is that message's."""
        item = _Item(happen, entry)
        self._waiting.append(item)
        if entry is not None:
            self.messages += 1
            self.message_bytes += self._weigh(item) if self._bounds else 0
        self.go_on()

    def go_on(self) -> None:
        """Handle what waits, as far as that takes no time; then see to it that the rest follows."""
        if self._due and self._host.open:
            self._finish()
        while self._host.open and self._in_hand is None and self._waiting:
            item = self._in_hand = self._waiting.popleft()
            if item.entry is not None:
                self.messages -= 1
                self.message_bytes -= item.size_bytes
            cost_ns = sum(cost() for cost in self._costs)
            if cost_ns > 0:
                self._host.engine.after(cost_ns, self._end, item)
                break
            self._finish()
        self._host.refresh()

    def clear(self) -> None:
        """Forget everything that waits."""
        self._waiting.clear()
        self._in_hand, self._due = None, False
        self.messages = self.message_bytes = 0

    def _weigh(self, item: _Item) -> int:
        item.size_bytes = 0 if item.entry is None else size_bytes(item.entry[4])
        return item.size_bytes

    def _end(self, item: _Item) -> None:
        if item is self._in_hand:  # and not lost in a crash, or handled early because the host is slow no more
            self._due = True
            self.go_on()

    def _finish(self) -> None:
        item, self._in_hand, self._due = self._in_hand, None, False
        assert item is not None
        item.happen()
