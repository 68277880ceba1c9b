"""Read committed, read atomic and causal consistency of register transactions, by axioms.

Each axiom has the form: if transaction r read key x from a, another transaction b wrote x, and b is *visible* to r,
then b was committed before a. A history satisfies the level if the edges that follow from it, with reads-from and
process order, have no cycle (Biswas & Enea 2019, section 3). What is visible makes the level:

1. read-committed: b is the source of an earlier read of r.
2. read-atomic: b is the source of any read of r, or came before r in its process.
3. causal: b comes before r by any number of such edges.

Visibility does not depend on the commit order, so one pass is enough: O(n) edges for a constant number of
micro-operations a transaction, O(n * processes) for causal.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import pairwise
from typing import Literal

import attrs

from chaoslab.checkers.transactions.evidence import EdgeKind
from chaoslab.checkers.transactions.graph import components, shortest_cycle, shortest_path
from chaoslab.checkers.transactions.writes import INITIAL, Problem

__all__ = ["CHAINS_MAX", "Axiom", "Deduced", "Link", "Refutation", "chain_count", "commit_order"]

CHAINS_MAX = 200
"""Up to so many processes causality is decided with vector clocks, beyond with one bit a transaction."""

Axiom = Literal["read-committed", "read-atomic", "causal"]

Link = tuple[EdgeKind, int, int, int]
"""Kind, source, target, key (-1 for process and real-time edges); transactions and keys by number."""


@attrs.frozen(kw_only=True)
class Deduced:
    """An edge that an axiom or a rule gives.

    Attributes:
        link: The edge.
        through: The transaction that read (ww), or that was read from (rw); None if there is none.
        path: What shows that the premise holds.
    """

    link: Link
    through: int | None
    path: tuple[Link, ...]


@attrs.frozen(kw_only=True)
class Refutation:
    """A cycle.

    Attributes:
        steps: The deduced edges in it, and those that they need, in the order in which they follow.
        cycle: Its edges.
    """

    steps: tuple[Deduced, ...]
    cycle: tuple[Link, ...]


def commit_order(problem: Problem, axiom: Axiom) -> list[int] | Refutation:
    """Return an order of the committed transactions that *axiom* allows, or why there is none.

    Cost: O(n log n) for read-committed and read-atomic, O(n * (processes + log n)) for causal, for n transactions of
    a constant number of micro-operations; for causal with more than ``CHAINS_MAX`` chains O(n) operations on n bits.
    """
    following: dict[int, list[int]] = {txn: [] for txn in problem.committed}
    links: dict[tuple[int, int], Link] = {}
    for link in _given(problem):
        _, before, after, _ = link
        if (before, after) not in links:
            links[before, after] = link
            following[before].append(after)
    order = problem.committed
    if axiom == "causal":
        order = _topological(following)
        if len(order) < len(problem.committed):
            return _refutation(problem, axiom, following, links, {})
    deduced: dict[tuple[int, int], tuple[int, int]] = {}
    for reader, key, source, writer in _visible(problem, axiom, order):
        if (writer, source) in links or (writer, source) in deduced:
            continue
        if source == INITIAL:
            step = _step(problem, axiom, links, ("ww", writer, source, key), reader)
            return Refutation(steps=(step,), cycle=(step.link, ("ww", INITIAL, writer, key)))
        deduced[writer, source] = (reader, key)
        following[writer].append(source)
    order = _topological(following)
    if len(order) == len(problem.committed):
        return order
    return _refutation(problem, axiom, following, links, deduced)


def _step(problem: Problem, axiom: Axiom, links: dict[tuple[int, int], Link], link: Link, reader: int) -> Deduced:
    """Return the step that gives *link*, with what makes its source visible to *reader*."""
    _, writer, _, _ = link
    if axiom != "causal":
        path: tuple[Link, ...] = (("process", writer, reader, -1),)
        for key, source in reversed(problem.reads[reader]):
            if source == writer:
                path = (("wr", writer, reader, key),)
        return Deduced(link=link, through=reader, path=path)
    given: dict[int, list[int]] = {txn: [] for txn in problem.committed}
    for before, after in links:
        given[before].append(after)
    nodes, _ = shortest_path(writer, reader, dict.fromkeys(given), given.__getitem__)
    assert nodes is not None, "what is visible is reached by the edges that make it so"
    return Deduced(link=link, through=reader, path=tuple(links[pair] for pair in pairwise(nodes)))


def _given(problem: Problem) -> Iterator[Link]:
    for before, after in problem.session_predecessors():
        yield ("process", before, after, -1)
    for txn in problem.committed:
        for key, source in problem.reads[txn]:
            if source != INITIAL:
                yield ("wr", source, txn, key)


def _visible(problem: Problem, axiom: Axiom, order: list[int]) -> Iterator[tuple[int, int, int, int]]:
    """Yield ``(reader, key, source, writer)``: another writer of the key that is visible to the reader."""
    if axiom == "read-committed":
        yield from _visible_earlier(problem)
    elif axiom == "read-atomic":
        yield from _visible_directly(problem)
    elif chain_count(problem) > CHAINS_MAX:
        yield from _visible_by_bits(problem, order)
    else:
        yield from _visible_causally(problem, order)


def _visible_earlier(problem: Problem) -> Iterator[tuple[int, int, int, int]]:
    writes = problem.seen.writes
    for reader in problem.committed:
        earlier: dict[int, None] = {}
        for key, source in problem.reads[reader]:
            for writer in earlier:
                if writer != source and key in writes[writer]:
                    yield reader, key, source, writer
            if source != INITIAL:
                earlier[source] = None


def _visible_directly(problem: Problem) -> Iterator[tuple[int, int, int, int]]:
    writes = problem.seen.writes
    latest: dict[int, dict[int, int]] = {}  # by process: the latest writer of each key in it
    for reader in problem.committed:
        process = problem.seen.processes[reader]
        own = latest.setdefault(process, {})
        sources = dict.fromkeys(source for _, source in problem.reads[reader] if source != INITIAL)
        for key, source in problem.reads[reader]:
            for writer in sources:
                if writer != source and key in writes[writer]:
                    yield reader, key, source, writer
            if problem.sessions and key in own and own[key] != source:
                yield reader, key, source, own[key]
        if problem.seen.rets[reader] >= 0:
            own.update(dict.fromkeys(writes[reader], reader))


def chain_count(problem: Problem) -> int:
    """Return how many chains process order falls into: without sessions, one a transaction."""
    return len(problem.committed) - len(problem.session_predecessors())


def _visible_by_bits(problem: Problem, order: list[int]) -> Iterator[tuple[int, int, int, int]]:
    """Yield the latest visible writers of the key that are not visible to the source; one bit a transaction."""
    places = {txn: place for place, txn in enumerate(order)}
    writers: dict[int, int] = {}
    for txn in order:
        for key in problem.seen.writes[txn]:
            writers[key] = writers.get(key, 0) | 1 << places[txn]
    predecessors: dict[int, list[int]] = {}
    for before, after in problem.session_predecessors():
        predecessors.setdefault(after, []).append(before)
    visible: list[int] = []  # by place
    for txn in order:
        mask = 0
        for source in [*predecessors.get(txn, ()), *(source for _, source in problem.reads[txn])]:
            if source != INITIAL:
                mask |= visible[places[source]] | 1 << places[source]
        visible.append(mask)
        for key, source in problem.reads[txn]:
            others = mask & writers.get(key, 0)
            if source != INITIAL:
                others &= ~(visible[places[source]] | 1 << places[source])
            while others:
                latest = others.bit_length() - 1
                yield txn, key, source, order[latest]
                others &= ~(visible[latest] | 1 << latest)


def _visible_causally(problem: Problem, order: list[int]) -> Iterator[tuple[int, int, int, int]]:
    """Yield the latest visible writer of the key in each process, found with vector clocks."""
    seen = problem.seen
    column_of, place_of, count = _chains(problem)
    chains: list[dict[int, list[int]]] = [{} for _ in range(count)]  # by chain: from a key to the places of its writers
    members: list[dict[int, int]] = [{} for _ in range(count)]
    for txn in problem.committed:
        members[column_of[txn]][place_of[txn]] = txn
        for key in seen.writes[txn]:
            chains[column_of[txn]].setdefault(key, []).append(place_of[txn])
    columns_of_key: dict[int, list[int]] = {}
    for column, by_key in enumerate(chains):
        for key in by_key:
            columns_of_key.setdefault(key, []).append(column)
    predecessors: dict[int, list[int]] = {}
    for before, after in problem.session_predecessors():
        predecessors.setdefault(after, []).append(before)
    clocks: dict[int, list[int]] = {}  # by transaction: how many of each chain are visible to it
    for txn in order:
        clock = [0] * count
        for source in [*predecessors.get(txn, ()), *(source for _, source in problem.reads[txn])]:
            if source == INITIAL:
                continue
            clock = list(map(max, clock, clocks[source]))
            column = column_of[source]
            clock[column] = max(clock[column], place_of[source] + 1)
        clocks[txn] = clock
        for key, source in problem.reads[txn]:
            # What is visible to the source comes before it anyway.
            known = [0] * count if source == INITIAL else clocks[source]
            for column in columns_of_key.get(key, ()):
                if clock[column] <= known[column]:
                    continue
                places = chains[column][key]
                index = bisect_left(places, clock[column])
                if index and places[index - 1] >= known[column]:
                    writer = members[column][places[index - 1]]
                    if writer != source:
                        yield txn, key, source, writer


def _chains(problem: Problem) -> tuple[dict[int, int], dict[int, int], int]:
    """Return for each transaction its chain and its place there, and the number of chains.

    A chain is totally ordered by process order; without sessions, and for info transactions, it has one member.
    """
    column_of: dict[int, int] = {}
    place_of: dict[int, int] = {}
    last_in: dict[int, int] = {}
    following = dict(problem.session_predecessors())
    preceded = {after: before for before, after in following.items()}
    for txn in problem.committed:
        before = preceded.get(txn)
        if before is not None and last_in.get(column_of[before]) == before:
            column_of[txn] = column_of[before]
            place_of[txn] = place_of[before] + 1
        else:
            column_of[txn] = len(last_in)
            place_of[txn] = 0
        last_in[column_of[txn]] = txn
    return column_of, place_of, len(last_in)


def _topological(following: dict[int, list[int]]) -> list[int]:
    """Return the transactions in an order that respects the edges, early ones first; not all if there is a cycle."""
    waiting_for = dict.fromkeys(following, 0)
    for targets in following.values():
        for target in targets:
            waiting_for[target] += 1
    ready = [txn for txn, number in waiting_for.items() if not number]
    order: list[int] = []
    while ready:
        txn = heappop(ready)
        order.append(txn)
        for target in following[txn]:
            waiting_for[target] -= 1
            if not waiting_for[target]:
                heappush(ready, target)
    return order


def _refutation(
    problem: Problem,
    axiom: Axiom,
    following: dict[int, list[int]],
    links: dict[tuple[int, int], Link],
    deduced: dict[tuple[int, int], tuple[int, int]],
) -> Refutation:
    """Return a short cycle and the steps that give the deduced edges in it."""
    parts = components(following, following.__getitem__)
    path = min((shortest_cycle(part, following.__getitem__) for part in parts), key=len)
    steps: list[Deduced] = []
    cycle: list[Link] = []
    for pair in pairwise([*path, path[0]]):
        if pair in links:
            cycle.append(links[pair])
        else:
            reader, key = deduced[pair]
            cycle.append(("ww", *pair, key))
            steps.append(_step(problem, axiom, links, cycle[-1], reader))
    return Refutation(steps=tuple(steps), cycle=tuple(cycle))
