"""Strongly connected components and shortest cycles of directed graphs whose nodes are ints.

Rules:

1. Explicit stacks and queues: depth does not matter.
2. Nodes are visited in the order in which they and their successors are given: the result is reproducible.
3. "Ended before the other began" is an edge between very many pairs; it is given as a ``Timeline``, never as pairs.

This file knows nothing of transactions.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

import attrs

__all__ = ["Successors", "Timeline", "components", "shortest_cycle", "shortest_path"]

Successors = Callable[[int], Iterable[int]]


@attrs.frozen
class Timeline:
    """Edges from whatever ended to all that began later; nodes that are not named have no such edges.

    Attributes:
        begins: When each of *nodes* began, ascending.
        nodes: In the order of their beginnings.
        ends: When a node ended; those missing are not known to have.
    """

    begins: Sequence[int]
    nodes: Sequence[int]
    ends: Mapping[int, int]


def components(nodes: Iterable[int], successors: Successors, timeline: Timeline | None = None) -> list[list[int]]:
    """Return the strongly connected components of at least two nodes, each ascending, last in topological order first.

    Args:
        nodes: The nodes that count; edges to others are ignored.
        successors: The edges.
        timeline: Further edges, between the same nodes.

    Cost: O(nodes + edges), with a timeline O(n log n) more.

    Source:
        Tarjan 1972, "Depth-first search and linear graph algorithms", without recursion.
    """
    members = dict.fromkeys(nodes)
    if timeline is not None:
        successors, barriers = _with_barriers(members, successors, timeline)
        members.update(dict.fromkeys(barriers))
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    on_stack: set[int] = set()
    path: list[int] = []
    found: list[list[int]] = []
    for root in members:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        path.append(root)
        on_stack.add(root)
        work = [(root, iter(successors(root)))]
        while work:
            node, rest = work[-1]
            for target in rest:
                if target not in members:
                    continue
                if target not in index:
                    index[target] = low[target] = len(index)
                    path.append(target)
                    on_stack.add(target)
                    work.append((target, iter(successors(target))))
                    break
                if target in on_stack:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    component: list[int] = []
                    while not component or component[-1] != node:
                        component.append(path.pop())
                    on_stack.difference_update(component)
                    real = sorted(one for one in component if one >= 0)
                    if len(real) > 1:
                        found.append(real)
    return found


def _with_barriers(
    members: Mapping[int, None], successors: Successors, timeline: Timeline
) -> tuple[Successors, list[int]]:
    """Return successors by which a node leads to a chain of barriers, one an ending, and these to what begins later.

    Barriers are the negative numbers, so that n endings and m beginnings need n + m edges and not n * m.
    """
    ends = sorted((timeline.ends[node], node) for node in members if node in timeline.ends)
    times = [end for end, _ in ends]
    barrier_of = {node: -1 - position for position, (_, node) in enumerate(ends)}
    after: dict[int, list[int]] = {-1 - position: [-2 - position] for position in range(len(ends) - 1)}
    if ends:
        after[-len(ends)] = []
    for begin, node in zip(timeline.begins, timeline.nodes, strict=True):
        position = bisect_right(times, begin)
        if position and node in members:
            after[-position].append(node)

    def with_barriers(node: int) -> Iterable[int]:
        if node < 0:
            return after[node]
        barrier = barrier_of.get(node)
        return successors(node) if barrier is None else [*successors(node), barrier]

    return with_barriers, list(after)


def shortest_path(
    start: int, goal: int, members: Mapping[int, None], successors: Successors, timeline: Timeline | None = None
) -> tuple[list[int] | None, int]:
    """Return the nodes from *start* to *goal*, both included, on a shortest way of at least one edge, or None.

    Only nodes of *members* count. The second part of the answer is how many nodes were visited.

    Cost: O(nodes + edges).
    """
    came_from: dict[int, int] = {}
    queue = deque([start])
    unreached = len(timeline.begins) if timeline is not None else 0
    visited = 0
    while queue:
        node = queue.popleft()
        visited += 1
        targets: Iterable[int] = successors(node)
        if timeline is not None and node in timeline.ends:
            # Whatever began after this end is reached now; of what was reached so nothing is looked at again.
            first = bisect_right(timeline.begins, timeline.ends[node])
            if first < unreached:
                targets = [*targets, *timeline.nodes[first:unreached]]
                unreached = first
        for target in targets:
            if target in came_from or target not in members:
                continue
            came_from[target] = node
            if target == goal:
                return _path(start, goal, came_from), visited
            queue.append(target)
    return None, visited


def _path(start: int, goal: int, came_from: Mapping[int, int]) -> list[int]:
    path = [goal]
    node = came_from[goal]
    while node != start:
        path.append(node)
        node = came_from[node]
    path.append(start)
    path.reverse()
    return path


def shortest_cycle(
    component: Sequence[int], successors: Successors, timeline: Timeline | None = None, *, visits_max: int = 100_000
) -> list[int]:
    """Return a short cycle in a strongly connected *component*, its first node not repeated.

    Starts from one node after the other until *visits_max* nodes have been visited: the shortest cycle of a small
    component, a short one of a large component.

    Cost: O(component + its edges) for each start.
    """
    members = dict.fromkeys(component)
    best: list[int] | None = None
    visits = 0
    for start in component:
        path, visited = shortest_path(start, start, members, successors, timeline)
        visits += visited
        if path is not None and (best is None or len(path) < len(best)):
            best = path
        if best is not None and (visits > visits_max or len(best) == 3):
            break
    assert best is not None, "every node of a strongly connected component lies on a cycle"
    return best[:-1]
