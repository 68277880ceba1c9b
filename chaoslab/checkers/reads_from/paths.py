"""Finds the steps that show why one operation comes before another, and makes patterns of them.

Rules:

1. A path has as few steps between sessions as there can be; steps inside a session are joined into one.
2. A pattern names every choice that it rests on: those of the reads on its path, and those by which compare-and-sets of
   unknown outcome on its path are known to have taken place.

This file runs only when something is wrong, on the few operations that show it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from chaoslab.checkers.reads_from.evidence import Conflict, Pattern, Reason, Step
from chaoslab.checkers.reads_from.preparation import Sessions

__all__ = ["Link", "find_path", "made_pattern"]

Link = tuple[int, int, Reason]
"""A step between nodes: which comes first, which later, why."""

Incoming = Callable[[int], Iterable[tuple[int, Reason]]]
"""From a node to what comes before it for reasons other than its session."""


def find_path(
    sessions: Sessions, source: int, target: int, incoming: Incoming, *, exact: bool = False
) -> list[Link] | None:
    """Return the steps from *source* to *target*, or None if there are none.

    Args:
        sessions: The history.
        source: Where the path begins.
        target: Where it ends; if it is *source*, a cycle is looked for.
        incoming: The steps between sessions.
        exact: The path must begin with a step between sessions, not with one inside the session of *source*.

    Cost: O(n).
    """
    session, position, nodes = sessions.session, sessions.position, sessions.nodes
    home, place = session[source], position[source]
    if not exact and session[target] == home and place < position[target]:
        return [(source, target, "session")]
    scanned: dict[int, int] = {}
    onward: dict[
        int, tuple[Reason, int, int]
    ] = {}  # how to go on from a node: (reason, next node, the one it leads to)
    queue = deque([target])
    while queue:
        anchor = queue.popleft()
        line = session[anchor]
        begin = scanned.get(line, 0)
        scanned[line] = max(begin, position[anchor])
        for node in reversed(nodes[line][begin : position[anchor]]):
            for before, reason in incoming(node):
                if before == source or (not exact and session[before] == home and position[before] >= place):
                    onward[before] = (reason, node, anchor)
                    return _unrolled(source, before, target, onward)
                if position[before] > scanned.get(session[before], 0) and before not in onward:
                    onward[before] = (reason, node, anchor)
                    queue.append(before)
    return None


def _unrolled(source: int, first: int, target: int, onward: dict[int, tuple[Reason, int, int]]) -> list[Link]:
    links: list[Link] = []
    if first != source:
        links.append((source, first, "session"))
    here = first
    while True:
        reason, node, anchor = onward[here]
        links.append((here, node, reason))
        if node != anchor:
            links.append((node, anchor, "session"))
        if anchor == target:
            return links
        here = anchor


def made_pattern(
    sessions: Sessions,
    reads_from: Sequence[int],
    name: str,
    *,
    read: int | None = None,
    path: Sequence[Link] = (),
    conflicts: Sequence[tuple[int, int, int, Sequence[Link]]] = (),
    observer: int | None = None,
) -> Pattern:
    """Return the evidence for a pattern of nodes.

    Args:
        sessions: The history.
        reads_from: From each node the write it saw.
        name: The pattern's name.
        read: The read at fault.
        path: The steps that lead to it, or around a cycle.
        conflicts: ``(before, after, read, path)`` for each conflict step used.
        observer: A node of the session from whose point of view it is forbidden.
    """
    calls = sessions.calls
    reads = [read] if read is not None else []
    for links in (path, *(links for _, _, _, links in conflicts)):
        reads += [after for _, after, reason in links if reason == "reads-from"]
    reads += [one for _, _, one, _ in conflicts]
    happened: list[Link] = []
    if sessions.maybe:
        seen_by = _seen_by(sessions, reads_from)
        for node in reads:  # grows while it is read
            reader = seen_by.get(node)
            if reader is not None and (node, reader, "reads-from") not in happened:
                happened.append((node, reader, "reads-from"))
                reads.append(reader)
    return Pattern(
        name=name,
        read=None if read is None else calls[read],
        path=_steps(sessions, path),
        conflicts=tuple(
            Conflict(before=calls[before], after=calls[after], read=calls[one], path=_steps(sessions, links))
            for before, after, one, links in conflicts
        ),
        observer=None if observer is None else calls[observer],
        happened=_steps(sessions, happened),
        rests_on=tuple(sorted({calls[node] for node in reads if node in sessions.choices})),
    )


def _steps(sessions: Sessions, links: Sequence[Link]) -> tuple[Step, ...]:
    calls = sessions.calls
    return tuple(Step(before=calls[before], after=calls[after], reason=reason) for before, after, reason in links)


def _seen_by(sessions: Sessions, reads_from: Sequence[int]) -> dict[int, int]:
    """Return for each compare-and-set of unknown outcome that took place one that saw it, never going in circles."""
    uncertain = set(sessions.maybe)
    seen_by: dict[int, int] = {}
    news = []
    for node, write in enumerate(reads_from):
        if write in uncertain and node not in uncertain and write not in seen_by:
            seen_by[write] = node
            news.append(write)
    while news:
        node = news.pop()
        write = reads_from[node]
        if write in uncertain and write not in seen_by:
            seen_by[write] = node
            news.append(write)
    return seen_by
