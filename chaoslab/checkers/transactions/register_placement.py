"""Puts register transactions on a line, greedily: what has to wait for nobody goes first, the rest by when it ended.

Events: for serializability a transaction is one event; for snapshot isolation it is two, its start (when it reads) and
its commit (when its writes appear). Rules:

1. An event waits for all events that must come before it.
2. A commit to a key waits until everybody who reads the version that it replaces has started.
3. Snapshot isolation: a transaction that writes a key starts only when no other writer of it is between start and
   commit.

An order found is right. If none is found, two writers that block each other are named, and there may still be one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

import attrs

from chaoslab.checkers.transactions.writes import INITIAL, Problem

__all__ = ["Blocked", "Layout", "place"]


@attrs.frozen(kw_only=True)
class Blocked:
    """Both wrote *key*, and of which came first depends how to go on; None where nothing can be said.

    Attributes:
        key: Its number.
        first: A writer that was placed, by position in the layout.
        second: One that has to wait for it.
    """

    key: int
    first: int
    second: int


class Layout:
    """The events of a problem.

    Attributes:
        problem: What they are events of.
        shift: 0 if a transaction is one event, 1 if it is two.
        members: The committed transactions; events of the one at position i are (i << shift) and, if two, that + 1.
        reads: ``(key, position of the source or INITIAL)`` of each key that it reads, by position.
        writes: Keys, by position.
        readers: From (writer's position or INITIAL, key) to the positions of those who read that version.
        hints: When each ended, or began if nobody knows.
    """

    def __init__(self, problem: Problem, *, snapshots: bool) -> None:
        seen = problem.seen
        self.problem = problem
        self.shift = 1 if snapshots else 0
        self.members = problem.committed
        position = {txn: index for index, txn in enumerate(self.members)}
        position[INITIAL] = INITIAL
        self.position = position
        self.reads = [
            list(dict.fromkeys((key, position[source]) for key, source in problem.reads[txn])) for txn in self.members
        ]
        self.writes = [list(seen.writes[txn]) for txn in self.members]
        self.readers: dict[tuple[int, int], list[int]] = {}
        for reader, reads in enumerate(self.reads):
            for key, source in reads:
                self.readers.setdefault((source, key), []).append(reader)
        self.hints = [seen.rets[txn] if seen.rets[txn] >= 0 else seen.calls[txn] for txn in self.members]

    def edges(self) -> Iterator[tuple[int, int, str, int]]:
        """Yield ``(earlier event, later event, kind, key)`` for reads-from, process order and real time."""
        shift, position = self.shift, self.position
        for before, after in self.problem.session_predecessors():
            yield (position[before] << shift) + shift, position[after] << shift, "process", -1
        if self.problem.realtime:
            for first, second in self._realtime():
                yield (first << shift) + shift, second << shift, "realtime", -1
        for reader, reads in enumerate(self.reads):
            for key, source in reads:
                if source != INITIAL:
                    yield (source << shift) + shift, reader << shift, "wr", key

    def _realtime(self) -> Iterator[tuple[int, int]]:
        """Yield pairs of which the first had ended when the second began, without those that follow from others."""
        seen = self.problem.seen
        endings = sorted((seen.rets[txn], index) for index, txn in enumerate(self.members) if seen.rets[txn] >= 0)
        latest: list[int] = []  # those that ended and that no other one of them followed
        ended = 0
        for index, txn in enumerate(self.members):
            while ended < len(endings) and endings[ended][0] < seen.calls[txn]:
                new = endings[ended][1]
                began = seen.calls[self.members[new]]
                latest = [one for one in latest if seen.rets[self.members[one]] > began]
                latest.append(new)
                ended += 1
            for one in latest:
                yield one, index


def place(layout: Layout, following: Sequence[Sequence[int]]) -> list[int] | Blocked | None:
    """Return all events in an order that explains the reads, who blocks whom, or None if nothing can be said.

    Args:
        layout: The events.
        following: Events that must come later, by event.

    Cost: O((n + edges) log n), times the number of writers that wait for one key at worst.
    """
    return _Placement(layout, following).run()


class _Placement:
    """The state of one attempt."""

    def __init__(self, layout: Layout, following: Sequence[Sequence[int]]) -> None:
        self.layout = layout
        self.following = following
        self.waiting_for = [0] * len(following)
        for targets in following:
            for target in targets:
                self.waiting_for[target] += 1
        self.heap: list[tuple[int, int, int]] = []
        self.current: dict[int, int] = {}
        self.unread = {key: len(readers) for (source, key), readers in layout.readers.items() if source == INITIAL}
        self.locked: dict[int, int] = {}
        self.parked: dict[int, list[int]] = {}
        self.placed: list[int] = []
        for event, number in enumerate(self.waiting_for):
            if not number:
                self._push(event)

    def run(self) -> list[int] | Blocked | None:
        """Place events until all are placed or all that could be are blocked."""
        while True:
            while self.heap:
                event = heappop(self.heap)[2]
                key = self._obstacle(event)
                if key is None:
                    self._place(event)
                else:
                    self.parked.setdefault(key, []).append(event)
            if len(self.placed) == len(self.following):
                return self.placed
            if not self._place_reluctantly():
                return self._blocked()

    def _push(self, event: int) -> None:
        index, is_commit = event >> self.layout.shift, bool(self.layout.shift and event & 1)
        rank = 0 if is_commit or not self.layout.writes[index] else 1
        heappush(self.heap, (rank, self.layout.hints[index], event))

    def _obstacle(self, event: int) -> int | None:
        """Return a key because of which *event* should wait, or None."""
        index, shift = event >> self.layout.shift, self.layout.shift
        if shift and event & 1:
            return next((key for key in self.layout.writes[index] if self.unread.get(key, 0)), None)
        locked = self._locked_key(index)
        return self._unread_key(index) if locked is None else locked

    def _locked_key(self, index: int) -> int | None:
        return next((key for key in self.layout.writes[index] if key in self.locked), None) if self.locked else None

    def _unread_key(self, index: int) -> int | None:
        """Return a key it writes whose version others have still to read; its own read is served as it is placed.

        A start need not wait for such readers, but its commit will, and until then nobody else can write the key.
        """
        for key in self.layout.writes[index]:
            unread = self.unread.get(key, 0)
            if unread > 1 or (unread and all(read != key for read, _ in self.layout.reads[index])):
                return key
        return None

    def _place(self, event: int) -> None:
        index, shift = event >> self.layout.shift, self.layout.shift
        self.placed.append(event)
        if not (shift and event & 1):
            for key, _ in self.layout.reads[index]:
                self.unread[key] -= 1
                if self.unread[key] <= 1:
                    self._wake(key)
            if shift:
                self.locked.update(dict.fromkeys(self.layout.writes[index], index))
        if not shift or event & 1:
            for key in self.layout.writes[index]:
                self.current[key] = index
                self.unread[key] = len(self.layout.readers.get((index, key), ()))
                self.locked.pop(key, None)
                self._wake(key)
        for target in self.following[event]:
            self.waiting_for[target] -= 1
            if not self.waiting_for[target]:
                self._push(target)

    def _wake(self, key: int) -> None:
        for event in self.parked.pop(key, ()):
            self._push(event)

    def _parked(self) -> list[tuple[int, int, int]]:
        """Return ``(hint, event, key under which it is parked)``, in order."""
        shift, hints = self.layout.shift, self.layout.hints
        return sorted((hints[event >> shift], event, key) for key, events in self.parked.items() for event in events)

    def _place_reluctantly(self) -> bool:
        """Start a transaction although somebody has still to read what it replaces. Return whether there was one."""
        if not self.layout.shift:
            return False
        for _, event, key in self._parked():
            if not event & 1 and self._locked_key(event >> 1) is None:
                self.parked[key].remove(event)
                self._place(event)
                return True
        return False

    def _blocked(self) -> Blocked | None:
        for _, event, _ in self._parked():
            index = event >> self.layout.shift
            key = self._obstacle(event)
            assert key is not None, "whatever is no longer blocked was woken up"
            is_start = self.layout.shift and not event & 1
            first = self.locked[key] if is_start else self.current.get(key, INITIAL)
            if first != INITIAL:
                return Blocked(key=key, first=first, second=index)
        return None
