"""What the session guarantees forbid that look at one session at a time, found in one pass over each.

(Writes follow reads looks at all: see ``causes``.)

* Monotonic reads: a version of a key that comes back after another one was seen; the initial value after any other.
* Read your writes: the initial value after an own write; or two own writes b and c, where b was read after c had been
  written and c was read after b had been: each would have to be later than the other.
* Monotonic writes: with ``seen[t]`` the latest write of session t whose value was read, a read of an earlier write of t
  than the key's latest one up to there.
"""

from __future__ import annotations

from bisect import bisect_right

from chaoslab.checkers.causal.patterns import Writers, writers_by_key
from chaoslab.checkers.reads_from import INITIAL, NOTHING, Pattern, Sessions
from chaoslab.checkers.reads_from.paths import Link, made_pattern

__all__ = [
    "against_monotonic_reads",
    "against_monotonic_writes",
    "against_read_your_writes",
    "versions_read",
    "versions_written",
]


def against_monotonic_reads(sessions: Sessions, reads_from: list[int]) -> Pattern | None:
    """Return a read that goes back, or None. Cost: O(n)."""
    for mine in sessions.nodes:
        first_reads: dict[int, dict[int, int]] = {}  # from a key and a version to the first read of it
        latest: dict[int, int] = {}  # from a key to the latest read of it
        for node in mine:
            write = reads_from[node]
            if write == NOTHING:
                continue
            key = sessions.key[node]
            before = latest.get(key)
            latest[key] = node
            versions = first_reads.setdefault(key, {})
            if before is None or reads_from[before] == write:
                versions.setdefault(write, node)
                continue
            other = reads_from[before]
            if write == INITIAL:
                path: list[Link] = [(other, before, "reads-from"), (before, node, "session")]
                return made_pattern(sessions, reads_from, "non-monotonic read", read=node, path=path)
            if write in versions:
                return _back_and_forth(sessions, reads_from, versions[write], before, node)
            versions[write] = node
    return None


def _back_and_forth(sessions: Sessions, reads_from: list[int], first: int, between: int, last: int) -> Pattern:
    one, other = reads_from[first], reads_from[between]
    return made_pattern(
        sessions,
        reads_from,
        "non-monotonic read",
        path=[(one, other, "conflict"), (other, one, "conflict")],
        conflicts=[
            (one, other, between, [(one, first, "reads-from"), (first, between, "session")]),
            (other, one, last, [(other, between, "reads-from"), (between, last, "session")]),
        ],
    )


def versions_read(sessions: Sessions, reads_from: list[int], line: int) -> dict[int, list[int]]:
    """Return from each key the versions that a session saw, in the order in which it first saw them."""
    orders: dict[int, dict[int, None]] = {}
    for node in sessions.nodes[line]:
        if reads_from[node] >= 0:
            orders.setdefault(sessions.key[node], {})[reads_from[node]] = None
    return {key: list(order) for key, order in orders.items()}


def against_read_your_writes(sessions: Sessions, reads_from: list[int]) -> Pattern | None:
    """Return reads that miss what their own session wrote, or None. Cost: O(n log n)."""
    position = sessions.position
    for line, mine in enumerate(sessions.nodes):
        first_write: dict[int, int] = {}
        for node in mine:
            key = sessions.key[node]
            if reads_from[node] == INITIAL and key in first_write:
                path: list[Link] = [(first_write[key], node, "session")]
                return made_pattern(sessions, reads_from, "read-your-writes violation", read=node, path=path)
            if sessions.writes[node]:
                first_write.setdefault(key, node)
        for writes, last_read in _own_reads(sessions, reads_from, line).values():
            # Two writes clash if each was read after the other one was written. Of the earlier ones the one that was
            # read last clashes if any does, unless the later one was only ever read before it was written.
            widest = -1
            for write in writes:
                if write not in last_read:
                    continue
                until = position[last_read[write]]
                rivals = [widest] if until > position[write] else writes[: writes.index(write)]
                for rival in rivals:
                    if rival in last_read and position[last_read[rival]] > position[write] and until > position[rival]:
                        return _each_after_the_other(sessions, reads_from, write, rival, last_read)
                if widest < 0 or until > position[last_read[widest]]:
                    widest = write
    return None


def _own_reads(sessions: Sessions, reads_from: list[int], line: int) -> dict[int, tuple[list[int], dict[int, int]]]:
    """Return for each key the session's writes, in order, and from those that it read itself to the last such read."""
    tables: dict[int, tuple[list[int], dict[int, int]]] = {}
    for node in sessions.nodes[line]:
        writes, last_read = tables.setdefault(sessions.key[node], ([], {}))
        if reads_from[node] >= 0 and sessions.session[reads_from[node]] == line:
            last_read[reads_from[node]] = node
        if sessions.writes[node]:
            writes.append(node)
    return tables


def _each_after_the_other(
    sessions: Sessions, reads_from: list[int], one: int, other: int, last_read: dict[int, int]
) -> Pattern:
    return made_pattern(
        sessions,
        reads_from,
        "read-your-writes violation",
        path=[(one, other, "conflict"), (other, one, "conflict")],
        conflicts=[
            (one, other, last_read[other], [(one, last_read[other], "session")]),
            (other, one, last_read[one], [(other, last_read[one], "session")]),
        ],
    )


def versions_written(sessions: Sessions, reads_from: list[int], line: int) -> dict[int, list[int]]:
    """Return from each key an order of versions in which a session's reads come after what it wrote before them."""
    position = sessions.position
    orders: dict[int, list[int]] = {}
    for key, (writes, last_read) in _own_reads(sessions, reads_from, line).items():
        # Own writes that it never read come first, then the others as they were last read, then those of others.
        orders[key] = sorted(
            writes,
            key=lambda write: (
                (0, position[write], 0)
                if write not in last_read
                else (1, max(position[write], position[last_read[write]]), position[write])
            ),
        )
    for node in sessions.nodes[line]:
        write = reads_from[node]
        if write >= 0 and sessions.session[write] != line and write not in orders[sessions.key[node]]:
            orders[sessions.key[node]].append(write)
    return orders


def against_monotonic_writes(sessions: Sessions, reads_from: list[int]) -> Pattern | None:
    """Return a read that misses an earlier write of a session whose later one was seen, or None. Cost: O(n log n)."""
    session, position = sessions.session, sessions.position
    writers = writers_by_key(sessions)
    for mine in sessions.nodes:
        seen: dict[int, int] = {}  # from a session to the read that saw its latest write so far
        for node in mine:
            write = reads_from[node]
            if write == NOTHING:
                continue
            if write >= 0:
                line = session[write]
                if line not in seen or position[reads_from[seen[line]]] < position[write]:
                    seen[line] = node
            found = _hidden_by_writer(sessions, reads_from, writers[sessions.key[node]], seen, node)
            if found is not None:
                hiding, reader = found
                latest = reads_from[reader]
                path: list[Link] = [(write, hiding, "session")] if write >= 0 else []
                if hiding != latest:
                    path.append((hiding, latest, "session"))
                path += [(latest, reader, "reads-from"), (reader, node, "session")]
                return made_pattern(sessions, reads_from, "non-monotonic write", read=node, path=path)
    return None


def _hidden_by_writer(
    sessions: Sessions, reads_from: list[int], writers: Writers | None, seen: dict[int, int], read: int
) -> tuple[int, int] | None:
    """Return the write that should have hidden what *read* saw, and the read by which that is known."""
    position = sessions.position
    write = reads_from[read]
    if writers is None:
        return None
    for line in (sessions.session[write],) if write >= 0 else sorted(seen):
        index = writers.index.get(line)
        if index is None or line not in seen:
            continue
        places, writes = writers.places[index], writers.writes[index]
        until = position[reads_from[seen[line]]]
        known = bisect_right(places, until if write >= 0 else until - 1)
        hiding = [one for one in writes[max(0, known - 2) : known] if one != read]  # a read need not see itself
        if hiding and (write < 0 or position[hiding[-1]] > position[write]):
            return hiding[-1], seen[line]
    return None
