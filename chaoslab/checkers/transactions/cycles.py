"""Cycles among list-append transactions, named as the literature does.

Rules (Adya 1999, chapter 4; Cerone & Gotsman 2018 for G-nonadjacent):

1. G0: ww only. G1c: ww and wr. G-single: exactly one rw. G-nonadjacent: several rw, never one directly after another.
   G2-item: any other.
2. A name ends in -process or -realtime if the cycle has such an edge.
3. In each component of the graph the worst kind of cycle is looked for first; what is worse hides what is not, except
   that G0, G1c and G-single are all reported.

This file does not know which level forbids what.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Literal

import attrs

from chaoslab.checkers.transactions.dependencies import Dependencies, Order
from chaoslab.checkers.transactions.evidence import EdgeKind
from chaoslab.checkers.transactions.graph import Timeline, components, shortest_cycle, shortest_path

__all__ = ["CycleFound", "Depth", "Search", "cycle_name", "cycles"]

Depth = Literal["dependencies", "snapshots", "all"]
"""How far to look: cycles without rw; also those that snapshots exclude (no two adjacent rw); all."""

_VISITS_MAX = 200_000


@attrs.frozen(kw_only=True)
class CycleFound:
    """A cycle, with transactions by number.

    Attributes:
        anomaly: Its name.
        steps: ``(source, kind, target)`` of each edge; each begins where the one before it ends.
    """

    anomaly: str
    steps: tuple[tuple[int, EdgeKind, int], ...]


def cycle_name(kinds: Sequence[EdgeKind]) -> str:
    """Return the name of a cycle of edges of these *kinds*, in their order."""
    anti = [kind == "rw" for kind in kinds]
    if not any(anti):
        name = "G1c" if "wr" in kinds else "G0"
    elif sum(anti) == 1:
        name = "G-single"
    elif any(one and following for one, following in zip(anti, [*anti[1:], anti[0]], strict=True)):
        name = "G2-item"
    else:
        name = "G-nonadjacent"
    if "realtime" in kinds:
        return name + "-realtime"
    return name + "-process" if "process" in kinds else name


def cycles(graph: Dependencies, order: Order, nodes: Iterable[int], depth: Depth) -> Iterator[CycleFound]:
    """Yield the cycles of *graph* with *order*'s edges added, looking only at *nodes*.

    Cost: O(n + edges) for whether there is one; at most a constant number of visits a component for finding short ones.
    """
    search = Search(graph, order)
    nodes = [*nodes, *range(graph.count, len(graph.ww))]
    if depth == "dependencies":
        for component in components(nodes, search.dependencies, search.timeline(nodes)):
            yield from search.without_rw(component)
        return
    for component in components(nodes, search.all, search.timeline(nodes)):
        some = False
        for found in search.without_rw(component):
            some = True
            yield found
        single = search.single(component)
        if single is not None:
            yield single
        elif not some:
            found_one = search.nonadjacent(component)
            if found_one is None and depth == "all":
                found_one = search.any(component)
            if found_one is not None:
                yield found_one


class Search:
    """Finds cycles of one graph with one choice of additional edges."""

    def __init__(self, graph: Dependencies, order: Order) -> None:
        self.graph = graph
        self.order = order
        self.session = graph.session_successors() if order == "process" else None
        self.supposed: dict[tuple[int, int], int] = {}  # ww edges that no read shows, and the keys they are about

    def timeline(self, nodes: Iterable[int]) -> Timeline | None:
        """Return the real-time order of the transactions among *nodes*, if it counts."""
        if self.order != "realtime":
            return None
        count, seen = self.graph.count, self.graph.seen
        transactions = sorted(node for node in nodes if node < count)
        return Timeline(
            [seen.calls[txn] for txn in transactions],
            transactions,
            {txn: seen.rets[txn] for txn in transactions if seen.rets[txn] >= 0},
        )

    def event_timeline(self, nodes: Iterable[int]) -> Timeline | None:
        """Return the same for starts and commits: what ended had committed when the other started."""
        timeline = self.timeline(nodes)
        if timeline is None:
            return None
        ends = {2 * txn + 1: end for txn, end in timeline.ends.items()}
        return Timeline(timeline.begins, [2 * txn for txn in timeline.nodes], ends)

    def writes(self, node: int) -> list[int]:
        """Return successors by ww and the additional edges of process order."""
        return self.graph.ww[node] if self.session is None else self.graph.ww[node] + self._session(node)

    def dependencies(self, node: int) -> list[int]:
        """Return successors by all edges but rw."""
        return self.graph.wr[node] + self.writes(node)

    def all(self, node: int) -> list[int]:
        """Return successors by all edges."""
        return self.dependencies(node) + self.graph.rw[node]

    def _session(self, node: int) -> list[int]:
        return self.session[node] if self.session is not None and node < self.graph.count else []

    def events(self, event: int) -> list[int]:
        """Return successors of a start (2 * transaction), a commit (that + 1) or a node that stands for a tail.

        A transaction that depends on another starts after its commit; one whose snapshot lacks what another wrote
        starts before that one's commit. A cycle of these is one without two adjacent rw.
        """
        count = self.graph.count
        if event >= 2 * count:
            return [2 * target + 1 for target in self.graph.ww[event - count]]
        txn = event >> 1
        if event & 1:
            supposed = [2 * second for first, second in self.supposed if first == txn] if self.supposed else []
            return [2 * target for target in self.dependencies(txn)] + supposed
        rw = [2 * target + 1 if target < count else target + count for target in self.graph.rw[txn]]
        return [event + 1, *rw]

    def without_rw(self, component: Sequence[int]) -> Iterator[CycleFound]:
        """Yield G0 and G1c cycles: one for each component of the edges that they are made of."""
        timeline = self.timeline(component)
        for part in components(component, self.writes, timeline):
            yield self.named(shortest_cycle(part, self.writes, self.timeline(part), visits_max=_VISITS_MAX))
        for part in components(component, self.dependencies, timeline):
            path = self._through(part, self.graph.wr)
            if path is not None:
                yield path

    def any(self, component: Sequence[int]) -> CycleFound:
        """Return a short cycle of edges of all kinds."""
        return self.named(shortest_cycle(component, self.all, self.timeline(component), visits_max=_VISITS_MAX))

    def single(self, component: Sequence[int]) -> CycleFound | None:
        """Return a short cycle with exactly one rw edge, or None if none was found."""
        return self._through(component, self.graph.rw)

    def _through(self, component: Sequence[int], kind: list[list[int]]) -> CycleFound | None:
        """Return a short cycle of one edge of *kind* and otherwise of dependencies."""
        members, timeline = dict.fromkeys(component), self.timeline(component)
        best: list[int] | None = None
        visits = 0
        for source in component:
            for target in kind[source]:
                if target not in members or visits > _VISITS_MAX:
                    continue
                path, visited = shortest_path(target, source, members, self.dependencies, timeline)
                visits += visited
                if path is not None and (best is None or len(path) < len(best)):
                    best = path
                    if len(best) == 2:
                        return self.named([source, *best[:-1]], first="rw" if kind is self.graph.rw else "wr")
        if best is None:
            return None
        return self.named([best[-1], *best[:-1]], first="rw" if kind is self.graph.rw else "wr")

    def nonadjacent(self, component: Sequence[int]) -> CycleFound | None:
        """Return a cycle without two adjacent rw edges, or None if there is none."""
        timeline = self.event_timeline(component)
        parts = components(self.events_of(component), self.events, timeline)
        if not parts:
            return None
        path = shortest_cycle(parts[0], self.events, timeline, visits_max=_VISITS_MAX)
        return self.named(self.transactions(path))

    def events_of(self, nodes: Iterable[int]) -> list[int]:
        """Return the events of *nodes*, as ``events`` counts them."""
        count = self.graph.count
        return [event for node in nodes for event in ((2 * node, 2 * node + 1) if node < count else (node + count,))]

    def transactions(self, events: Sequence[int]) -> list[int]:
        """Return the nodes that a cycle of *events* goes through."""
        count = self.graph.count
        nodes = [event >> 1 if event < 2 * count else event - count for event in events]
        return [node for position, node in enumerate(nodes) if node != nodes[position - 1]]

    def named(self, path: Sequence[int], first: EdgeKind | None = None) -> CycleFound:
        """Return the cycle through *path*; *first*: which kind its first edge is taken to be."""
        steps = _without_detours(self.steps(path, first))
        return CycleFound(anomaly=cycle_name([kind for _, kind, _ in steps]), steps=tuple(steps))

    def steps(self, path: Sequence[int], first: EdgeKind | None = None) -> list[tuple[int, EdgeKind, int]]:
        """Return the edges of the cycle through *path*; nodes that stand for a tail are taken out."""
        steps: list[tuple[int, EdgeKind, int]] = []
        for position, (source, target) in enumerate(pairwise([*path, path[0]])):
            if source >= self.graph.count:
                before, _, _ = steps.pop() if steps else (path[-1], "rw", source)
                steps.append((before, "rw", target))
            else:
                kind = first if first is not None and position == 0 else self._kind(source, target)
                steps.append((source, kind, target))
        if path[0] >= self.graph.count:
            steps.pop()
        return steps

    def _kind(self, source: int, target: int) -> EdgeKind:
        """Return the kind of an edge, rw only if there is no other reason for it."""
        if target in self.graph.ww[source] or (source, target) in self.supposed:
            return "ww"
        if target in self.graph.wr[source]:
            return "wr"
        if target in self._session(source):
            return "process"
        if self.order == "realtime" and max(source, target) < self.graph.count:
            ret = self.graph.seen.rets[source]
            if 0 <= ret < self.graph.seen.calls[target]:
                return "realtime"
        return "rw"


def _without_detours(steps: list[tuple[int, EdgeKind, int]]) -> list[tuple[int, EdgeKind, int]]:
    """Return *steps* with runs of process or real-time edges, which are transitive, made one edge."""
    while len(steps) > 2:
        for position in range(len(steps)):
            source, kind, _ = steps[position - 1]
            _, following, target = steps[position]
            if kind == following and kind in ("process", "realtime"):
                steps[position] = (source, kind, target)
                del steps[position - 1]
                break
        else:
            break
    return steps
