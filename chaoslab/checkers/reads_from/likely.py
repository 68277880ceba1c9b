"""Guesses which write each read saw, where several can explain it: where a search for it begins.

* *Likely*: replicas settle concurrent writes in the order of their invocations, and a read brought as little news as it
  could: of the candidates that are not older than the latest write of the key that is known to the session, it saw the
  first. For replicas that apply one log, each with a lag of its own, no more is guessed to be known than was known.
* *Latest*: a read saw the last candidate that was invoked before the read ended.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from chaoslab.checkers.reads_from.preparation import Sessions

__all__ = ["latest_choices", "likely_choices"]


def likely_choices(sessions: Sessions) -> list[int]:
    """Return for each choice, in order, the index of its likely candidate. Cost: O(n * k * log n) for k sessions."""
    session, position, key = sessions.session, sessions.position, sessions.key
    writes: list[dict[int, tuple[list[int], list[int]]]] = [{} for _ in sessions.keys]
    clocks = [[0] * len(sessions.nodes) for _ in sessions.nodes]
    known: dict[int, list[int]] = {}  # from a write to what its session knew
    guessed: list[int] = []
    for node, line in enumerate(session):
        clock = clocks[line]
        write = sessions.reads_from[node]
        candidates = sessions.choices.get(node)
        if candidates is not None:
            latest = -1
            for other, (places, nodes) in writes[key[node]].items():
                count = bisect_right(places, clock[other])
                if count:
                    latest = max(latest, nodes[count - 1])
            index = min(bisect_left(candidates, latest), _latest(sessions, node))
            guessed.append(index)
            write = candidates[index]
        if write in known:
            clocks[line] = clock = list(map(max, clock, known[write]))
        clock[line] = position[node]
        if sessions.writes[node]:
            places, nodes = writes[key[node]].setdefault(line, ([], []))
            places.append(position[node])
            nodes.append(node)
            known[node] = list(clock)
    return guessed


def latest_choices(sessions: Sessions) -> list[int]:
    """Return for each choice, in order, the index of its latest candidate. Cost: O(log n) for each choice."""
    return [_latest(sessions, node) for node in sessions.choices]


def _latest(sessions: Sessions, node: int) -> int:
    """Return the index of the last candidate that was invoked before *node* ended, or of the first one."""
    ret = sessions.history.partners[sessions.calls[node]]
    end = ret if ret >= 0 else len(sessions.history)
    return max(0, bisect_left(sessions.choices[node], bisect_left(sessions.calls, end)) - 1)
