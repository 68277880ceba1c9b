"""Causal memory and PRAM: each session has one order of all the writes that explains everything it read.

For one session the order *happens-before* is grown from what is given: program order, with the whole causal order
(causal memory) or with only what this session read (PRAM). While one of its reads saw write w, and another write v of
that key happens before the read, v must happen before w: a derived step. Derived steps bring more into the past of
other reads, so the reads are gone through again until nothing is new. Then

* a read of the initial value with any write of its key in its past is WriteHBInitRead;
* steps that make a circle are CyclicHB;
* otherwise placing each operation just after what happens before it, read by read, gives the session's view.

Only the latest known write of each session needs a derived step: the session's earlier ones come before it anyway.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import ge

from chaoslab.checkers.causal.patterns import Writers, causally, writers_by_key
from chaoslab.checkers.reads_from.evidence import Pattern, Reason
from chaoslab.checkers.reads_from.paths import Link, find_path, made_pattern
from chaoslab.checkers.reads_from.preparation import NOTHING, Sessions

__all__ = ["memory_views", "pram_views"]

_NEVER = 1 << 60


def memory_views(sessions: Sessions, reads_from: list[int]) -> Pattern | list[list[int]]:
    """Return a pattern that causal memory forbids, or else for each session a view that explains what it read.

    Cost: O(n * k) for each of k sessions and each time its reads are gone through, two or three times as a rule.

    Source:
        Bouajjani, Enea, Guerraoui, Hamza 2017, theorem 6 (bad patterns of CM); Ahamad et al. 1995 (causal memory).
    """
    found = causally(sessions, reads_from)
    return found if isinstance(found, Pattern) else _views(sessions, reads_from, found.past)


def pram_views(sessions: Sessions, reads_from: list[int]) -> Pattern | list[list[int]]:
    """Return a pattern that PRAM forbids, or else for each session a view that explains what it read.

    Cost: as that of causal memory.

    Source:
        Lipton & Sandberg 1988.
    """
    return _views(sessions, reads_from, None)


def _views(sessions: Sessions, reads_from: list[int], past: list[list[int]] | None) -> Pattern | list[list[int]]:
    writers = writers_by_key(sessions)
    views = []
    for line in range(len(sessions.nodes)):
        observer = _Observer(sessions, reads_from, past, writers, line)
        view = observer.saturated() or observer.view()
        if isinstance(view, Pattern):
            return view
        views.append(view)
    return views


class _Observer:
    """One session, and what happens before what from its point of view."""

    def __init__(
        self,
        sessions: Sessions,
        reads_from: list[int],
        past: list[list[int]] | None,
        writers: list[Writers | None],
        line: int,
    ) -> None:
        self.sessions = sessions
        self.reads_from = reads_from
        self.past = past  # None: only program order is given
        self.writers = writers
        self.line = line
        self.derived: list[tuple[int, int, int]] = []  # (before, after, the read that forces it)
        self.ahead: dict[int, list[int]] = {}  # from a write to the indices of derived steps that lead to it
        self.counts: dict[int, list[int]] = {}  # from a write to how many of its key by each session come before it

    def saturated(self) -> Pattern | None:
        """Derive all steps; return a pattern if that shows one."""
        while True:
            before = len(self.derived)
            found = self._pass()
            if found is not None or len(self.derived) == before:
                return found

    def _pass(self) -> Pattern | None:
        sessions, line = self.sessions, self.line
        position, session = sessions.position, sessions.session
        targets: list[list[int]] = [[] for _ in sessions.nodes]  # writes that derived steps lead to, latest first
        for write in self.ahead:
            targets[session[write]].append(write)
        for writes in targets:
            writes.sort(key=position.__getitem__, reverse=True)
        due = [position[writes[-1]] if writes else _NEVER for writes in targets]  # where the next one is
        clock = [0] * len(sessions.nodes)
        for node in sessions.nodes[line]:
            write = self.reads_from[node]
            place = position[node]
            clock[line] = max(clock[line], place - 1)
            if write >= 0:
                clock = self._with(clock, write)
            if self.ahead:
                clock = self._closed(clock, targets, due, place)
            if clock[line] >= place:
                return self._cycle(node)
            if write > NOTHING:
                found = self._judge(node, write, clock)
                if found is not None:
                    return found
        return None

    def _with(self, clock: list[int], node: int) -> list[int]:
        """Return *clock* with *node* and what is given to come before it; it may be the same list, changed."""
        line, place = self.sessions.session[node], self.sessions.position[node]
        if clock[line] < place:
            if self.past is not None:
                clock = list(map(max, clock, self.past[node]))
            clock[line] = place
        return clock

    def _closed(self, clock: list[int], targets: list[list[int]], due: list[int], place: int) -> list[int]:
        """Return *clock* with everything that derived steps bring into it; a target counts once it is in the past."""
        position, mine = self.sessions.position, self.line
        while True:
            before, clock[mine] = clock[mine], max(clock[mine], place)  # a step may lead to the operation itself
            ready = list(map(ge, clock, due))
            clock[mine] = before
            if True not in ready:
                return clock
            line = ready.index(True)
            for index in self.ahead[targets[line].pop()]:
                clock = self._with(clock, self.derived[index][0])
            due[line] = position[targets[line][-1]] if targets[line] else _NEVER

    def _judge(self, read: int, write: int, clock: Sequence[int]) -> Pattern | None:
        """Derive what *read* of *write* forces; return a pattern if it is impossible at once."""
        sessions = self.sessions
        writers = self.writers[sessions.key[read]]
        if writers is None:
            return None
        known = list(map(bisect_right, writers.places, writers.of(clock)))
        own = writers.index.get(self.line)
        if own is not None:
            known[own] = bisect_right(writers.places[own], sessions.position[read] - 1)
        if write < 0:
            if not any(known):
                return None
            index = next(index for index, count in enumerate(known) if count)
            return self._pattern(
                "WriteHBInitRead", self._path(writers.writes[index][known[index] - 1], read, _NEVER), read
            )
        ahead = self.counts.get(write)
        if ahead is None:
            ahead = self.counts[write] = self._counts(writers, write)
        if known == ahead:
            return None
        for index, count in enumerate(known):
            if count > ahead[index]:
                other = writers.writes[index][count - 1]
                self.ahead.setdefault(write, []).append(len(self.derived))
                self.derived.append((other, write, read))
                if writers.lines[index] == sessions.session[write]:
                    return self._cycle(write)
                ahead[index] = count
        return None

    def _counts(self, writers: Writers, write: int) -> list[int]:
        """Return how many writes of its key by each session come before *write* anyway, itself included."""
        if self.past is None:
            counts = [0] * len(writers.lines)
        else:
            counts = list(map(bisect_right, writers.places, writers.of(self.past[write])))
        home = writers.index[self.sessions.session[write]]
        counts[home] = bisect_right(writers.places[home], self.sessions.position[write])
        return counts

    def view(self) -> Pattern | list[int]:
        """Return the writes and the session's own operations in an order that explains its reads, or a cycle."""
        sessions, reads_from, mine = self.sessions, self.reads_from, self.line
        nodes, session, position = sessions.nodes, sessions.session, sessions.position
        whole = self.past is not None
        heads = [0] * len(nodes)
        view: list[int] = []
        wanted = [(mine, len(nodes[mine]))]  # how far each session must come, the last one first
        stuck = {mine}
        while wanted:
            line, until = wanted[-1]
            if heads[line] >= until:
                wanted.pop()
                stuck.discard(line)
                continue
            node = nodes[line][heads[line]]
            missing = -1
            if whole or line == mine:
                missing = reads_from[node]
            if missing < 0 or heads[session[missing]] >= position[missing]:
                missing = -1
                for index in self.ahead.get(node, ()):
                    before = self.derived[index][0]
                    if heads[session[before]] < position[before]:
                        missing = before
                        break
            if missing < 0:
                heads[line] += 1
                if sessions.writes[node] or line == mine:
                    view.append(node)
            elif session[missing] in stuck:
                return self._cycle(node)
            else:
                stuck.add(session[missing])
                wanted.append((session[missing], position[missing]))
        return view

    def _incoming(self, node: int, until: int) -> Iterator[tuple[int, Reason]]:
        """Yield what comes before *node*, using derived steps only up to index *until*."""
        if self.reads_from[node] >= 0 and (self.past is not None or self.sessions.session[node] == self.line):
            yield self.reads_from[node], "reads-from"
        for index in self.ahead.get(node, ()):
            if index < until:
                yield self.derived[index][0], "conflict"

    def _path(self, source: int, target: int, until: int) -> list[Link]:
        path = find_path(self.sessions, source, target, lambda node: self._incoming(node, until))
        assert path is not None
        return path

    def _cycle(self, node: int) -> Pattern:
        return self._pattern("CyclicHB", self._path(node, node, _NEVER), None)

    def _pattern(self, name: str, path: list[Link], read: int | None) -> Pattern:
        index_of = {(before, after): index for index, (before, after, _) in reversed(list(enumerate(self.derived)))}
        needed = {index_of[before, after] for before, after, reason in path if reason == "conflict"}
        explained: dict[int, list[Link]] = {}
        while needed:
            index = max(needed)
            needed.discard(index)
            before, _, forcing = self.derived[index]
            explained[index] = self._path(before, forcing, index)
            needed |= {index_of[one, other] for one, other, reason in explained[index] if reason == "conflict"}
        return made_pattern(
            self.sessions,
            self.reads_from,
            name,
            read=read,
            path=path,
            conflicts=[(*self.derived[index], explained[index]) for index in sorted(explained)],
            observer=self.sessions.nodes[self.line][0],
        )
