"""Checks orders that are said to explain a history of register transactions: shares no code with the searches.

Rules:

1. The order holds every ok transaction, info transactions or not, and no failed one.
2. A serial order is replayed: every read must return what the registers hold at that moment.
3. A schedule is replayed too: reads return what stood there at the transaction's start, and no other writer of a key
   that it writes commits between its start and its commit.
4. For a commit order the axioms are read out for every read: whoever wrote the key, is visible to the reader, and is
   not who it read from, must stand ahead of that one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Sequence

from chaoslab.checkers.transactions.evidence import CommitOrder
from chaoslab.history import History
from chaoslab.history.values import frozen

__all__ = ["RegisterWitnesses"]

_Micro = tuple[str, Hashable, Hashable]
_Source = tuple[Hashable, int | None]


class RegisterWitnesses:
    """One history, ready to have orders compared with it.

    Args:
        history: The history.
        sessions: Whether process order counts.
    """

    def __init__(self, history: History, *, sessions: bool) -> None:
        self.sessions = sessions
        self.operations = {operation.call: operation for operation in history.operations()}
        self.bodies: dict[int, list[_Micro]] = {}
        for call, operation in self.operations.items():
            body = operation.value if operation.type == "ok" and operation.value is not None else operation.argument
            self.bodies[call] = [
                (f, frozen(key), frozen(value)) for f, key, value in body if f == "w" or operation.type == "ok"
            ]

    def _wrong_members(self, calls: Sequence[int], times: int) -> str | None:
        counts: dict[int, int] = {}
        for call in calls:
            counts[call] = counts.get(call, 0) + 1
        for call in counts:
            if call not in self.operations:
                return f"event {call} is not the invocation of a transaction"
        for call, operation in self.operations.items():
            allowed = {"ok": (times,), "fail": (0,), "info": (0, times)}[operation.type]
            if counts.get(call, 0) not in allowed:
                return f"the transaction of event {call} ({operation.type}) stands {counts.get(call, 0)} times there"
        return None

    def _out_of_order(self, calls: Sequence[int], *, realtime: bool) -> str | None:
        latest = -1
        latest_of_process: dict[int, int] = {}
        for call in calls:
            operation = self.operations[call]
            if operation.ret is not None and realtime and operation.ret < latest:
                return f"the transaction of event {call} had ended before one that stands ahead of it began"
            before = latest_of_process.get(operation.process, -1)
            if operation.ret is not None and self.sessions and operation.ret < before:
                return f"the transaction of event {call} stands after a later one of its process"
            latest = max(latest, call)
            latest_of_process[operation.process] = max(before, call)
        return None

    def complaint_about_serial_order(self, calls: Sequence[int], *, realtime: bool) -> str | None:
        """Return what is wrong with a serial order, or None if it is right. Cost: O(micro-operations)."""
        complaint = self._wrong_members(calls, 1) or self._out_of_order(calls, realtime=realtime)
        if complaint is not None:
            return complaint
        state: dict[Hashable, Hashable] = {}
        for call in calls:
            for f, key, value in self.bodies[call]:
                if f == "w":
                    state[key] = value
                elif state.get(key) != value:
                    return f"the transaction of event {call} did not read what {key!r} held at its place in the order"
        return None

    def complaint_about_schedule(self, calls: Sequence[int]) -> str | None:
        """Return what is wrong with a schedule of starts and commits, or None if it is right."""
        complaint = self._wrong_members(calls, 2)
        if complaint is not None:
            return complaint
        state: dict[Hashable, tuple[Hashable, int]] = {}  # value, and at which place it was committed
        started: dict[int, int] = {}
        latest_started: dict[int, int] = {}
        for place, call in enumerate(calls):
            operation = self.operations[call]
            if call not in started:
                started[call] = place
                latest_started[operation.process] = max(latest_started.get(operation.process, -1), call)
                own: dict[Hashable, Hashable] = {}
                for f, key, value in self.bodies[call]:
                    if f == "w":
                        own[key] = value
                    elif (own[key] if key in own else state.get(key, (None, -1))[0]) != value:
                        return f"the transaction of event {call} did not read what {key!r} held when it started"
                continue
            if self.sessions and operation.ret is not None and latest_started[operation.process] > call:
                return f"the transaction of event {call} commits after a later one of its process started"
            written = {key: value for f, key, value in self.bodies[call] if f == "w"}
            for key in written:
                if state.get(key, (None, -1))[1] > started[call]:
                    return f"another writer of {key!r} committed between start and commit of that of event {call}"
            state.update({key: (value, place) for key, value in written.items()})
        return None

    def complaint_about_commit_order(self, order: CommitOrder, level: str) -> str | None:
        """Return what is wrong with a commit order, or None if it is right.

        Cost: O(n) for n transactions of a constant number of reads; for causal O(n) operations on n bits.
        """
        complaint = self._wrong_members(order.calls, 1) or self._out_of_order(order.calls, realtime=False)
        if complaint is not None:
            return complaint
        sees = _Visibility(self, order.calls, level)
        writers: dict[tuple[Hashable, Hashable], list[int]] = {}
        for call in order.calls:
            for pair in sees.final[call].items():
                writers.setdefault(pair, []).append(call)
        named = {(reader, position): writer for reader, position, writer in order.sources}
        reads_of: dict[int, list[_Source]] = {}
        for place, call in enumerate(order.calls):
            reads = self._sources(call, writers, named)
            if isinstance(reads, str):
                return reads
            if any(source is not None and sees.places[source] >= place for _, source in reads):
                return f"the transaction of event {call} read what was committed only later"
            reads_of[call] = reads
        sees.count_uses(reads_of)
        for call in order.calls:
            missed = sees.missed_key(call, reads_of[call])
            if missed is not None:
                return f"the transaction of event {call} missed a write to {missed[0]!r} that was visible to it"
        return None

    def _sources(
        self,
        call: int,
        writers: dict[tuple[Hashable, Hashable], list[int]],
        named: dict[tuple[int, int], int | None],
    ) -> list[_Source] | str:
        """Return key and source of each read that says something about others, or a complaint."""
        found: list[_Source] = []
        own: dict[Hashable, Hashable] = {}
        for f, key, value in self.bodies[call]:
            if f == "w":
                own[key] = value
            elif key in own:
                if own[key] != value:
                    return f"the transaction of event {call} did not read its own write to {key!r}"
            else:
                possible: list[int | None] = [one for one in writers.get((key, value), ()) if one != call]
                if value is None:
                    possible.append(None)
                source = named.get((call, len(found)), possible[0] if len(possible) == 1 else call)
                if source not in possible:
                    return f"the transaction of event {call} read from {key!r} what its source did not write"
                found.append((key, source))
        return found


class _Visibility:
    """Which writes are visible to a transaction, told by their places in a commit order.

    For causal a transaction's past is an int with one bit a place. It is forgotten after its last use, so that not all
    n of them, of n bits each, are there at once.
    """

    def __init__(self, witnesses: RegisterWitnesses, calls: Sequence[int], level: str) -> None:
        self.witnesses = witnesses
        self.level = level
        self.places = {call: place for place, call in enumerate(calls)}
        self.final = {call: {key: value for f, key, value in witnesses.bodies[call] if f == "w"} for call in calls}
        self.written_at: dict[Hashable, list[int]] = {}
        for place, call in enumerate(calls):
            for key in self.final[call]:
                self.written_at.setdefault(key, []).append(place)
        self.latest_of_process: dict[int, dict[Hashable, int]] = {}
        self.past_of_process: dict[int, int] = {}
        self.past: dict[int, int] = {}
        self.uses: dict[int, int] = {}

    def count_uses(self, reads_of: dict[int, list[_Source]]) -> None:
        """Note how often each transaction is read from."""
        for reads in reads_of.values():
            for _, source in reads:
                if source is not None:
                    self.uses[source] = self.uses.get(source, 0) + 1

    def missed_key(self, call: int, reads: list[_Source]) -> tuple[Hashable] | None:
        """Return a key of which a write was visible at a later place than the one read; calls go by place."""
        operation, place = self.witnesses.operations[call], self.places[call]
        if self.level == "causal":
            return self._missed_causally(call, place, reads)
        own = self.latest_of_process.setdefault(operation.process, {})
        for index, (key, source) in enumerate(reads):
            direct = reads[:index] if self.level == "read-committed" else reads
            visible = [self.places[one] for _, one in direct if one is not None and key in self.final[one]]
            if self.level == "read-atomic" and self.witnesses.sessions and key in own:
                visible.append(own[key])
            if max(visible, default=-1) > (-1 if source is None else self.places[source]):
                return (key,)
        if operation.ret is not None:
            own.update(dict.fromkeys(self.final[call], place))
        return None

    def _missed_causally(self, call: int, place: int, reads: list[_Source]) -> tuple[Hashable] | None:
        operation = self.witnesses.operations[call]
        past = self.past_of_process.get(operation.process, 0) if self.witnesses.sessions else 0
        for _, source in reads:
            if source is not None:
                past |= self.past[source]
        for key, source in reads:
            places = self.written_at.get(key, [])
            first = 0 if source is None else bisect_right(places, self.places[source])
            for later in places[first : bisect_left(places, place)]:
                if past >> later & 1:
                    return (key,)
        for _, source in reads:
            if source is not None:
                self.uses[source] -= 1
                if not self.uses[source]:
                    del self.past[source]
        past |= 1 << place
        if self.uses.get(call):
            self.past[call] = past
        if operation.ret is not None:
            self.past_of_process[operation.process] = past
        return None
