"""Items that never came out, and the takes of unknown outcome that may have taken them.

Rules:

1. An item that never came out although another one did, which cannot come out as long as the first is there, has to be
   gone before: its deadline is the end of the other one's take. What is there at a moment when the collection is empty
   has to be gone by then.
2. For deadlines it does not matter who takes which, only how many: they can be kept if by every moment no more items
   have to be gone than takes of unknown outcome had been called (Hall's condition). Most urgent first is one way.
3. What has to be gone at an empty moment therefore depends on that moment alone, so each can be chosen alone.

For a queue these conditions are enough; for other collections only necessary.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from chaoslab.checkers.linearizable.decision import Refuted, Telling, refuted
from chaoslab.checkers.linearizable.items import Items
from chaoslab.checkers.linearizable.parts import NEVER

__all__ = ["LostItems", "lost_too_early"]


class LostItems:
    """The items that never came out.

    Args:
        items: All n items.
        overtakers: By item that never came out and has a deadline: the item whose take sets it.

    Attributes:
        overtakers: As given.
        unserved: If there are too few takes of unknown outcome even without empties: the items with the earliest
            deadlines, by deadline, up to the first that none is left for.

    Cost: O(n log n).
    """

    def __init__(self, items: Items, overtakers: dict[int, int]) -> None:
        self._items = items
        self._calls = [call for call, _ in items.unknown]
        self._lost = sorted((item for item, take in enumerate(items.takes) if take < 0), key=items.put_rets.__getitem__)
        self._members = frozenset(self._lost)
        self._put_rets = [items.put_rets[item] for item in self._lost]
        self.overtakers = overtakers
        self._urgent = sorted(self.overtakers, key=self._deadline)
        self.unserved: list[int] = []
        for rank, item in enumerate(self._urgent):
            if rank >= len(self._calls) or self._calls[rank] > self._deadline(item):
                self.unserved = self._urgent[: rank + 1]
                break
        self._answers: dict[int, bool] = {}
        self._deadlines: dict[int, int] = {}  # of the items that have a take now, in halves of an event

    def _deadline(self, item: int) -> int:
        return self._items.take_rets[self.overtakers[item]]

    def can_be_gone(self, event: int) -> bool:
        """Return whether all lost items enqueued by *event* can be gone just after it, and later deadlines be kept.

        Cost: O(k) for k takes of unknown outcome, once for every number of items that have to be gone.
        """
        present = bisect_right(self._put_rets, event)
        if present > bisect_right(self._calls, event):
            return False
        if present not in self._answers:
            self._answers[present] = self._later_deadlines_hold(event, present)
        return self._answers[present]

    def _later_deadlines_hold(self, event: int, gone: int) -> bool:
        for item in self._urgent:
            if self._items.put_rets[item] > event:
                gone += 1
                if gone > bisect_left(self._calls, self._deadline(item)):
                    return False
        return True

    def next_call(self, event: int) -> int:
        """Return the next event after *event* just after which ``can_be_gone`` may become true. Cost: O(log n)."""
        place = bisect_right(self._calls, event)
        return self._calls[place] if place < len(self._calls) else NEVER

    def concerned(self) -> list[int]:
        """Return as many items as can matter to the proof that some moment cannot be empty."""
        return [*self._lost[: len(self._calls) + 1], *self._urgent, *(self.overtakers[item] for item in self._urgent)]

    def __contains__(self, item: int) -> bool:
        return item in self._members

    def serve(self, moments: list[int]) -> None:
        """Let takes of unknown outcome take what has to be gone at *moments*, in halves of an event, or before."""
        ordered = sorted(moments)
        for item in self._lost:
            place = bisect_left(ordered, 2 * self._items.put_rets[item])
            deadline = ordered[place] if place < len(ordered) else NEVER
            if item in self.overtakers:
                deadline = min(deadline, 2 * self._deadline(item))
            if deadline < NEVER:
                self._deadlines[item] = deadline
        self._assign()

    def hurry(self, item: int, event: int) -> bool:
        """Let *item* be gone before *event* and give all the takes anew; return whether all deadlines can be kept."""
        deadline = 2 * event
        if item in self._deadlines and self._deadlines[item] <= deadline:
            return False
        self._deadlines[item] = deadline
        return self._assign()

    def _assign(self) -> bool:
        """Give each item that has a deadline a take, the most urgent one the earliest."""
        items = self._items
        wanted = sorted((deadline, item) for item, deadline in self._deadlines.items())
        for rank, (deadline, item) in enumerate(wanted):
            if rank >= len(self._calls) or 2 * self._calls[rank] > deadline:
                return False
            call, items.takes[item] = items.unknown[rank]
            items.take_calls[item] = max(call, items.put_calls[item])
        return True


def lost_too_early(anomaly: str, items: Items, lost: LostItems, tell: Telling) -> Refuted:
    """Return that more items have to be gone by some moment than takes of unknown outcome can have taken.

    Args:
        anomaly: Its name.
        items: All items.
        lost: The lost ones, of which some are unserved.
        tell: Says that the last of these and its overtaker are in each other's way.
    """
    overtakers = [lost.overtakers[item] for item in lost.unserved]
    positions = items.operations_on([*lost.unserved, *overtakers])
    positions += [unknown for call, unknown in items.unknown if call < items.take_rets[overtakers[-1]]]
    return refuted(
        anomaly,
        positions,
        lambda operation: (
            f"{tell(operation).removesuffix('.')}; there were too few operations of unknown outcome that "
            "can have taken it."
        ),
    )
