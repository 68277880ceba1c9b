"""Causal consistency and causal convergence: what a read must not return, given what it causally knew.

For a read that saw write w, and for each session the latest write v of the same key that the read knew of:

* there is such a v, and the read saw the initial value: WriteCOInitRead;
* v came causally after w: WriteCORead;
* else v is in *conflict* with w: whoever wants one order for all writes must put v before w. If these conflicts and the
  causal order make a circle, there is no such order: CyclicCF.

Only the latest write of each session matters: if an earlier one came after w, so did the latest.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from operator import itemgetter

import attrs

from chaoslab.checkers.causal.evidence import CausalOrder, Readings
from chaoslab.checkers.causal.order import cycle_of, pasts, schedule
from chaoslab.checkers.reads_from.evidence import Pattern, Reason
from chaoslab.checkers.reads_from.paths import Link, find_path, made_pattern
from chaoslab.checkers.reads_from.preparation import INITIAL, Sessions

__all__ = ["Ordered", "Writers", "causally", "convergently", "writers_by_key"]


@attrs.frozen(kw_only=True)
class Ordered:
    """A causal order that nothing speaks against.

    Attributes:
        order: All nodes, in an order that keeps to it.
        past: From a node to how many operations of each session come before it (see ``order``).
    """

    order: list[int]
    past: list[list[int]]

    def evidence(self, sessions: Sessions, readings: Readings) -> CausalOrder:
        """Return it as a verdict shows it."""
        return CausalOrder(
            order=tuple(map(sessions.calls.__getitem__, self.order)),
            pasts=tuple(map(self.past.__getitem__, self.order)),
            readings=readings,
        )


@attrs.frozen(kw_only=True)
class Writers:
    """Who writes a key.

    Attributes:
        lines: The sessions that do.
        places: For each of these the positions of its writes.
        writes: For each of these its writes.
        of: From a past to what it knows of these sessions.
        index: From a session to its place in *lines*.
    """

    lines: list[int]
    places: list[list[int]]
    writes: list[list[int]]
    of: Callable[[Sequence[int]], Sequence[int]]
    index: dict[int, int]


def causally(sessions: Sessions, reads_from: list[int]) -> Pattern | Ordered:
    """Return a pattern that causal consistency forbids, or else the causal order.

    Cost: O(n * k * log n) for k sessions.

    Source:
        Bouajjani, Enea, Guerraoui, Hamza 2017, theorem 4 (bad patterns of CC).
    """
    return _causally(sessions, reads_from, None)


def convergently(sessions: Sessions, reads_from: list[int]) -> Pattern | Ordered:
    """Return a pattern that causal convergence forbids, or else an order in which later writes win.

    Cost: O(n * k * log n) for k sessions.

    Source:
        Bouajjani, Enea, Guerraoui, Hamza 2017, theorem 5 (bad patterns of CCv).
    """
    conflicts: list[tuple[int, int, int]] = []
    found = _causally(sessions, reads_from, conflicts)
    if isinstance(found, Pattern) or not conflicts:
        return found
    ahead: dict[int, list[int]] = {}  # from a write to those that must come before it
    for before, after, _ in conflicts:
        ahead.setdefault(after, []).append(before)
    order, heads = schedule(sessions, reads_from, ahead)
    if len(order) == len(reads_from):
        return Ordered(order=order, past=found.past)
    path = cycle_of(sessions, reads_from, heads, ahead)
    used = {(before, after) for before, after, reason in path if reason == "conflict"}
    reasons = []
    for before, after, read in conflicts:
        if (before, after) in used:
            used.discard((before, after))
            reasons.append((before, after, read, _causal_path(sessions, reads_from, before, read)))
    return made_pattern(sessions, reads_from, "CyclicCF", path=path, conflicts=reasons)


def _causally(
    sessions: Sessions, reads_from: list[int], conflicts: list[tuple[int, int, int]] | None
) -> Pattern | Ordered:
    """Look for patterns, and add ``(before, after, read)`` to *conflicts* for each that is not causal anyway."""
    order, heads = schedule(sessions, reads_from)
    if len(order) < len(reads_from):
        path = cycle_of(sessions, reads_from, heads)
        return made_pattern(sessions, reads_from, "CyclicCO", path=path)
    past = pasts(sessions, reads_from, order)
    session, position, key = sessions.session, sessions.position, sessions.key
    writers = writers_by_key(sessions)
    behind: dict[int, list[int]] = {}  # from a write to how many writes of its key by each session it knew, and itself
    for node, write in enumerate(reads_from):
        if write < INITIAL:
            continue
        of_key = writers[key[node]]
        if of_key is None:
            continue
        known = list(map(bisect_right, of_key.places, of_key.of(past[node])))
        own = of_key.index.get(session[node])
        if own is not None:
            known[own] = bisect_left(of_key.places[own], position[node])
        if write < 0:
            if any(known):
                seen = next(index for index, count in enumerate(known) if count)
                return _stale(sessions, reads_from, "WriteCOInitRead", None, of_key.writes[seen][known[seen] - 1], node)
            continue
        at_write = behind.get(write)
        if at_write is None:
            at_write = behind[write] = list(map(bisect_right, of_key.places, of_key.of(past[write])))
            home = of_key.index[session[write]]
            at_write[home] = bisect_right(of_key.places[home], position[write])
        if known == at_write:
            continue  # it knew of no other write of the key than its writer did: the common case
        for index, count in enumerate(known):
            if count <= at_write[index]:
                continue
            other = of_key.writes[index][count - 1]
            if of_key.lines[index] == session[write] or past[other][session[write]] >= position[write]:
                return _stale(sessions, reads_from, "WriteCORead", write, other, node)
            if conflicts is not None:
                conflicts.append((other, write, node))
    return Ordered(order=order, past=past)


def writers_by_key(sessions: Sessions) -> list[Writers | None]:
    """Return for each key who writes it, or None if nobody does. Cost: O(n)."""
    tables: list[dict[int, tuple[list[int], list[int]]]] = [{} for _ in sessions.keys]
    session, position, key = sessions.session, sessions.position, sessions.key
    for node, is_write in enumerate(sessions.writes):
        if is_write:
            table = tables[key[node]]
            mine = session[node]
            if mine not in table:
                table[mine] = ([], [])
            places, writes = table[mine]
            places.append(position[node])
            writes.append(node)
    found: list[Writers | None] = []
    for table in tables:
        lines = sorted(table)
        found.append(
            Writers(
                lines=lines,
                places=[table[line][0] for line in lines],
                writes=[table[line][1] for line in lines],
                of=_picker(lines),
                index={line: index for index, line in enumerate(lines)},
            )
            if lines
            else None
        )
    return found


def _picker(lines: list[int]) -> Callable[[Sequence[int]], Sequence[int]]:
    return itemgetter(*lines) if len(lines) > 1 else lambda past: (past[lines[0]],)


def _stale(sessions: Sessions, reads_from: list[int], name: str, write: int | None, other: int, read: int) -> Pattern:
    path = [] if write is None else _causal_path(sessions, reads_from, write, other)
    path += _causal_path(sessions, reads_from, other, read)
    return made_pattern(sessions, reads_from, name, read=read, path=path)


def _causal_path(sessions: Sessions, reads_from: Sequence[int], source: int, target: int) -> list[Link]:
    def incoming(node: int) -> tuple[tuple[int, Reason], ...]:
        return ((reads_from[node], "reads-from"),) if reads_from[node] >= 0 else ()

    path = find_path(sessions, source, target, incoming)
    assert path is not None
    return path
