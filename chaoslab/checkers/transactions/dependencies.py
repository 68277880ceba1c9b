"""Which list-append transaction must come before which: the edges of the direct serialization graph (Adya 1999).

Rules:

1. ww: neighbours in a version order. wr: from the writer of the last element read. rw: from a reader to the writer of
   the element that follows what it read.
2. What nobody saw comes after what was seen: from the last writer seen (ww) and from each reader of the whole version
   order (rw) to each committed append in the key's tail. Where that would be (readers x appends) edges, a node of its
   own stands between: rw edges lead to it, ww edges from it.
3. Nobody depends on itself.

This file does not know levels or anomalies.
"""

from __future__ import annotations

from typing import Literal

from chaoslab.checkers.transactions.appends import NOBODY, Appends, Key

__all__ = ["Dependencies", "Order", "dependencies", "topological_order"]

Order = Literal["process", "realtime"] | None
"""Which edges are added to those that reads and writes show: between operations of a process, in real time, or none."""


class Dependencies:
    """Edges between transactions by number.

    Attributes:
        seen: The history that they come from.
        count: Number of transactions; larger nodes are those of rule 2.
        ww, wr, rw: From a node to its successors by kind of edge. ww of a node of rule 2 belongs to the rw before it.
        tail_keys: The key of each node of rule 2, the first of which is *count*.
    """

    __slots__ = ("count", "rw", "seen", "tail_keys", "wr", "ww")

    def __init__(self, seen: Appends) -> None:
        self.seen = seen
        self.count = len(seen.calls)
        self.ww: list[list[int]] = [[] for _ in range(self.count)]
        self.wr: list[list[int]] = [[] for _ in range(self.count)]
        self.rw: list[list[int]] = [[] for _ in range(self.count)]
        self.tail_keys: list[Key] = []

    def session_successors(self) -> list[list[int]]:
        """Return from each transaction to the next of its process; nothing comes after an info transaction."""
        following: list[list[int]] = [[] for _ in range(len(self.ww))]
        latest: dict[int, int] = {}
        seen = self.seen
        for txn, process in enumerate(seen.processes):
            if not seen.committed[txn]:
                continue
            if process in latest:
                following[latest[process]].append(txn)
            if seen.rets[txn] >= 0:
                latest[process] = txn
        return following


def dependencies(seen: Appends) -> Dependencies:
    """Return the edges that *seen* shows. Cost: O(micro-operations)."""
    graph = Dependencies(seen)
    for key in seen.keys:
        if not key.contradicted:
            _edges_of(graph, key)
    return graph


def _edges_of(graph: Dependencies, key: Key) -> None:
    ww, wr, rw = graph.ww, graph.wr, graph.rw
    order, length = key.order, len(key.order)
    latest = NOBODY
    for writer in order:
        if writer != latest and writer != NOBODY and latest != NOBODY:
            ww[latest].append(writer)
        latest = writer
    if latest != NOBODY:
        ww[latest].extend([txn for txn in key.tail if txn != latest])
    readers_of_all = []
    for txn, items in key.reads:
        size = len(items)
        if size:
            writer = order[size - 1]
            if writer != txn and writer != NOBODY:
                wr[writer].append(txn)
        if size < length:
            writer = order[size]
            if writer != txn and writer != NOBODY:
                rw[txn].append(writer)
        else:
            readers_of_all.append(txn)
    if key.tail and readers_of_all:
        _edges_to_tail(graph, key, readers_of_all)


def _edges_to_tail(graph: Dependencies, key: Key, readers: list[int]) -> None:
    tail = set(key.tail)
    strangers = [txn for txn in readers if txn not in tail]
    members = [txn for txn in readers if txn in tail]
    if strangers:
        node = len(graph.ww)
        for edges in (graph.ww, graph.wr, graph.rw):
            edges.append([])
        graph.tail_keys.append(key)
        graph.ww[node] = key.tail
        for txn in strangers:
            graph.rw[txn].append(node)
    if members:
        # Two of them are a lost update, which is reported as such; edges to the first of them keep the cycle.
        first = members[0]
        graph.rw[first].extend([txn for txn in key.tail if txn != first])
        for txn in members[1:]:
            if txn != first:
                graph.rw[txn].append(first)


def topological_order(graph: Dependencies, order: Order, *, anti: bool) -> list[int]:
    """Return committed transactions in an order that respects all edges: not all of them where there is a cycle.

    Args:
        graph: The edges.
        order: Edges to add.
        anti: Whether rw edges count.

    Cost: O(n + edges).
    """
    seen, count = graph.seen, graph.count
    kinds = [graph.ww, graph.wr]
    if anti:
        kinds.append(graph.rw)
    if order == "process":
        kinds.append(graph.session_successors())
    waiting_for = [0] * len(graph.ww)
    for edges in kinds:
        for targets in edges:
            for target in targets:
                waiting_for[target] += 1
    # In real time a transaction waits for all that ended before it began. Both sides are sorted: two positions suffice.
    by_end: list[int] = []
    if order == "realtime":
        rets = seen.rets
        by_end = sorted((txn for txn in range(count) if rets[txn] >= 0), key=rets.__getitem__)
        for txn in range(count):
            waiting_for[txn] += 1
    ready = [node for node, number in enumerate(waiting_for) if not number]
    emitted: list[int] = []
    placed = bytearray(len(waiting_for))
    ended = begun = 0
    while True:
        while ready:
            node = ready.pop()
            placed[node] = 1
            if node < count:
                emitted.append(node)
            for edges in kinds:
                for target in edges[node]:
                    waiting_for[target] -= 1
                    if not waiting_for[target]:
                        ready.append(target)
        if order != "realtime":
            break
        while ended < len(by_end) and placed[by_end[ended]]:
            ended += 1
        horizon = seen.rets[by_end[ended]] if ended < len(by_end) else None
        first = begun
        while begun < count and (horizon is None or seen.calls[begun] < horizon):
            waiting_for[begun] -= 1
            if not waiting_for[begun]:
                ready.append(begun)
            begun += 1
        if begun == first:
            break
    return [txn for txn in emitted if seen.committed[txn]]
