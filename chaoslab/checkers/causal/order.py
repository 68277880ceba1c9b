"""The causal order: program order together with reads-from, as a schedule and as vector clocks.

Rules:

1. A past is a list with, for each session, how many of its operations came before; the operation's own session is not
   counted in it (0 stands there), since its position says that already.
2. Consecutive operations of a session share one past until a read brings something new: a past is never changed.
3. A schedule runs each session as far as it can: to an operation that waits for another one.

This file does not know what a read may return.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chaoslab.checkers.reads_from.paths import Link
from chaoslab.checkers.reads_from.preparation import Sessions

__all__ = ["cycle_of", "pasts", "schedule"]


def schedule(
    sessions: Sessions, reads_from: Sequence[int], ahead: Mapping[int, Sequence[int]] | None = None
) -> tuple[list[int], list[int]]:
    """Return the operations in an order that keeps to sessions and reads-from, and where each session got stuck.

    Args:
        sessions: The history.
        reads_from: From each node the write it saw.
        ahead: Further nodes that must come before a node.

    Returns:
        The order and, for each session, how many of its operations are in it: all, unless there is a cycle.
        Cost: O(n + size of *ahead*).
    """
    nodes = sessions.nodes
    done = bytearray(len(reads_from) + 2)
    done[-1] = done[-2] = 1  # the initial value, and nothing: always there
    order: list[int] = []
    heads = [0] * len(nodes)
    waiting: dict[int, list[int]] = {}
    runnable = list(range(len(nodes) - 1, -1, -1))
    ahead = ahead or {}
    while runnable:
        line = runnable.pop()
        mine = nodes[line]
        head, end = heads[line], len(mine)
        while head < end:
            node = mine[head]
            write = reads_from[node]
            if not done[write]:
                waiting.setdefault(write, []).append(line)
                break
            if node in ahead:
                missing = next((one for one in ahead[node] if not done[one]), None)
                if missing is not None:
                    waiting.setdefault(missing, []).append(line)
                    break
            done[node] = 1
            order.append(node)
            head += 1
            if node in waiting:
                runnable += waiting.pop(node)
        heads[line] = head
    return order, heads


def cycle_of(
    sessions: Sessions,
    reads_from: Sequence[int],
    heads: Sequence[int],
    ahead: Mapping[int, Sequence[int]] | None = None,
) -> list[Link]:
    """Return a cycle of steps among the operations that a schedule could not reach."""
    ahead = ahead or {}
    stuck = {line: mine[heads[line]] for line, mine in enumerate(sessions.nodes) if heads[line] < len(mine)}

    def blocker(node: int) -> int:
        for one in (reads_from[node], *ahead.get(node, ())):
            if one >= 0 and sessions.position[one] > heads[sessions.session[one]]:
                return one
        raise AssertionError("a session is stuck at an operation that waits for none")

    line = next(iter(stuck))
    seen: dict[int, int] = {}  # from a session to how many steps were taken when it was reached
    links: list[Link] = []  # backwards
    while line not in seen:
        seen[line] = len(links)
        node = stuck[line]
        before = blocker(node)
        links.append((before, node, "reads-from" if before == reads_from[node] else "conflict"))
        line = sessions.session[before]
        if stuck[line] != before:
            links.append((stuck[line], before, "session"))
    return links[seen[line] :][::-1]


def pasts(sessions: Sessions, reads_from: Sequence[int], order: Sequence[int]) -> list[list[int]]:
    """Return each node's past in the causal order.

    Args:
        sessions: The history.
        reads_from: From each node the write it saw.
        order: A schedule of all nodes.

    Cost: O(n) steps, and one of O(k) for each read that brings something new to one of k sessions.
    """
    session, position = sessions.session, sessions.position
    count = len(sessions.nodes)
    current = [[0] * count] * count
    past = [current[0]] * len(reads_from) if count else []
    for node in order:
        mine = session[node]
        write = reads_from[node]
        if write >= 0:
            other = session[write]
            if other != mine and current[mine][other] < position[write]:
                merged = list(map(max, current[mine], past[write]))
                merged[other] = position[write]
                merged[mine] = 0
                current[mine] = merged
        past[node] = current[mine]
    return past
