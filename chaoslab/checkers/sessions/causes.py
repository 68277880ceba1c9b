"""Writes follow reads: what a session had read comes before what it writes then.

A write is *based on* write w if its session, or that of anything it had read, and so on, had read w before. That is
told by the clocks of the causal order: they grow by reads only, and so does this order. So for each version w of a key
it is found out where each session first read a version of the key that was based on w; whoever knows of such a read
must not read w any more. Nor may it read the initial value once something it saw was based on any version of the key.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from operator import ge

from chaoslab.checkers.causal.order import cycle_of, pasts, schedule
from chaoslab.checkers.causal.patterns import Ordered
from chaoslab.checkers.reads_from import INITIAL, Pattern, Sessions
from chaoslab.checkers.reads_from.evidence import Reason
from chaoslab.checkers.reads_from.paths import Link, find_path, made_pattern

__all__ = ["against_writes_follow_reads"]

_NEVER = 1 << 60


def against_writes_follow_reads(sessions: Sessions, reads_from: list[int]) -> Pattern | Ordered:
    """Return a read that misses what a write it had seen was based on, or the causal order.

    Cost: O(n * k * log n) for k sessions.
    """
    order, heads = schedule(sessions, reads_from)
    if len(order) < len(reads_from):
        return made_pattern(sessions, reads_from, "CyclicCO", path=cycle_of(sessions, reads_from, heads))
    past = pasts(sessions, reads_from, order)
    causes = _Causes(sessions, reads_from, past)
    return causes.fault() or Ordered(order=order, past=past)


class _Causes:
    """Which write was based on which: its session, or the sessions of what that had read, had read it before."""

    def __init__(self, sessions: Sessions, reads_from: list[int], past: list[list[int]]) -> None:
        self.sessions = sessions
        self.reads_from = reads_from
        self.past = past
        self.readers: dict[int, dict[int, int]] = {}  # from a version and a session to its first reader's position
        self.reads: list[dict[int, list[int]]] = [{} for _ in sessions.keys]  # of a key and a session, of some version
        for line, mine in enumerate(sessions.nodes):
            for node in mine:
                if reads_from[node] >= 0:
                    self.readers.setdefault(reads_from[node], {}).setdefault(line, sessions.position[node])
                    self.reads[sessions.key[node]].setdefault(line, []).append(node)

    def fault(self) -> Pattern | None:
        """Return a read of a version that something its session had seen was based on."""
        position, reads_from = self.sessions.position, self.reads_from
        bounds = self._bounds()
        for line, mine in enumerate(self.sessions.nodes):
            own = 0  # how many of its own operations what it saw was based on
            for node in mine:
                write = reads_from[node]
                if write >= 0:
                    own = max(own, self._below(write)[line])
                    bound = bounds[write]
                    if bound is not None and (position[node] > bound[line] or any(map(ge, self.past[node], bound))):
                        return self._stale(line, node)
                elif write == INITIAL:
                    for other, reads in self.reads[self.sessions.key[node]].items():
                        if position[reads[0]] <= (own if other == line else self.past[node][other]):
                            return self._missing(line, node, reads_from[reads[0]])
        return None

    def _bounds(self) -> dict[int, list[int] | None]:
        """Return for each version the position in each session of its first read of a version based on that one.

        None if there is no such read at all.
        """
        bounds: dict[int, list[int] | None] = dict.fromkeys(self.readers)
        for by_session in self.reads:
            versions = sorted({self.reads_from[node] for reads in by_session.values() for node in reads})
            for line, reads in by_session.items():
                # What the versions read so far were based on, read by read; it only grows.
                below = list(accumulate((self._below(self.reads_from[node]) for node in reads), _highest))
                places = [self.sessions.position[node] for node in reads]
                columns: dict[int, list[int]] = {}
                for version in versions:
                    for reader, place in self.readers[version].items():
                        if below[-1][reader] < place:
                            continue
                        column = columns.get(reader)
                        if column is None:
                            column = columns[reader] = [known[reader] for known in below]
                        row = bounds[version]
                        if row is None:
                            row = bounds[version] = [_NEVER] * len(self.sessions.nodes)
                        row[line] = min(row[line], places[bisect_left(column, place)])
        return bounds

    def _below(self, write: int) -> list[int]:
        """Return how many operations of each session *write* was based on, its own ones included."""
        below = list(self.past[write])
        below[self.sessions.session[write]] = self.sessions.position[write]
        return below

    def _is_based_on(self, write: int, other: int) -> bool:
        below = self._below(write)
        return any(place <= below[line] for line, place in self.readers[other].items())

    def _stale(self, line: int, read: int) -> Pattern:
        """Return the pattern of a read of a version, when a version based on that was visible."""
        write, key, position = self.reads_from[read], self.sessions.key[read], self.sessions.position
        for other, reads in self.reads[key].items():
            for node in reads:
                visible = position[node] <= self.past[read][other] or (
                    other == line and position[node] < position[read]
                )
                if visible and self._is_based_on(self.reads_from[node], write):
                    path = [*self._path(write, self.reads_from[node]), *self._path(self.reads_from[node], read)]
                    return made_pattern(
                        self.sessions, self.reads_from, "writes-follow-reads violation", read=read, path=path
                    )
        raise AssertionError("a version that is based on it was known to be visible")

    def _missing(self, line: int, read: int, later: int) -> Pattern:
        """Return the pattern of a read of the initial value, when something seen was based on a version."""
        for node in self.sessions.nodes[line]:
            seen = self.reads_from[node]
            if seen >= 0 and self._is_based_on(seen, later):
                path = [*self._path(later, seen), (seen, node, "reads-from"), (node, read, "session")]
                return made_pattern(
                    self.sessions, self.reads_from, "writes-follow-reads violation", read=read, path=path
                )
        raise AssertionError("something seen was known to be based on it")

    def _path(self, source: int, target: int) -> list[Link]:
        def incoming(node: int) -> tuple[tuple[int, Reason], ...]:
            return ((self.reads_from[node], "reads-from"),) if self.reads_from[node] >= 0 else ()

        path = find_path(self.sessions, source, target, incoming, exact=True)
        assert path is not None
        return path


def _highest(one: list[int], other: list[int]) -> list[int]:
    return list(map(max, one, other))
