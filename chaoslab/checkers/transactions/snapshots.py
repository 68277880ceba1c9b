"""Schedules of snapshots and commits for histories that no serial order explains but snapshot isolation may.

Rules (Cerone & Gotsman 2018, section 4; first committer wins):

1. A transaction starts after the commits that it depends on, and before the commits that its snapshot lacks.
2. Two transactions that append to one key do not overlap.
3. Only components of the graph need thought: everything else is put into a serial order around them.
4. Of appends that nobody saw rule 2 leaves the order open. Orders are tried, depth first, with a budget; each attempt
   costs as many configurations as the component has transactions. What fails is kept, as steps of a proof.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import attrs

from chaoslab.checkers.transactions.cycles import Search
from chaoslab.checkers.transactions.dependencies import Dependencies, Order
from chaoslab.checkers.transactions.evidence import EdgeKind
from chaoslab.checkers.transactions.graph import components, shortest_cycle

__all__ = ["Assumption", "Budget", "Impossible", "Refuted", "snapshot_schedule"]


@attrs.define
class Budget:
    """How many configurations may still be looked at."""

    left: int


@attrs.frozen(kw_only=True)
class Assumption:
    """Suppose that *first* appended to key number *key* before *second*; transactions by number."""

    key: int
    first: int
    second: int


@attrs.frozen(kw_only=True)
class Refuted:
    """A cycle under the assumptions made so far: ``(source, kind, target, key number if assumed)`` of each edge."""

    steps: tuple[tuple[int, EdgeKind, int, int | None], ...]


@attrs.frozen(kw_only=True)
class Impossible:
    """There is no schedule.

    Attributes:
        steps: What was supposed and what it led to, in the order of ``evidence.Proof``.
    """

    steps: tuple[Assumption | Refuted, ...]


def snapshot_schedule(graph: Dependencies, order: Order, budget: Budget) -> list[int] | Impossible | None:
    """Return committed transactions, each twice (start, commit), or why there is no such schedule; None: gave up.

    Cost: O(n + edges) where no two appends that nobody saw overlap, exponential in the number of those at worst.
    """
    search = Search(graph, order)
    committed = [txn for txn in range(graph.count) if graph.seen.committed[txn]]
    nodes = [*committed, *range(graph.count, len(graph.ww))]
    inside: dict[int, list[int]] = {}
    leader = list(range(len(graph.ww)))
    for component in components(nodes, search.all):
        solved = _Component(search, component).solve(budget)
        if not isinstance(solved, list):
            return solved
        for node in component:
            leader[node] = component[0]
        inside[component[0]] = solved
    return _around(search, nodes, leader, inside)


def _around(search: Search, nodes: Sequence[int], leader: Sequence[int], inside: Mapping[int, list[int]]) -> list[int]:
    """Return a serial order of everything, with the schedules *inside* components in the places of their leaders."""
    following: dict[int, list[int]] = {}
    waiting_for = dict.fromkeys((leader[node] for node in nodes), 0)
    for node in nodes:
        for target in search.all(node):
            if leader[target] != leader[node]:
                following.setdefault(leader[node], []).append(leader[target])
                waiting_for[leader[target]] += 1
    ready = [node for node, number in waiting_for.items() if not number]
    placed: list[int] = []
    while ready:
        node = ready.pop()
        if node in inside:
            placed.extend(inside[node])
        elif node < search.graph.count:
            placed.extend((node, node))
        for target in following.get(node, ()):
            waiting_for[target] -= 1
            if not waiting_for[target]:
                ready.append(target)
    return placed


class _Component:
    """One strongly connected component and the orders supposed in it."""

    def __init__(self, search: Search, component: Sequence[int]) -> None:
        self.search = search
        self.component = component
        self.count = search.graph.count
        self.events = search.events_of(component)
        members, seen = set(component), search.graph.seen
        numbers = [number for txn in component if txn < self.count for number, _ in seen.appends[txn]]
        tails = [(number, [txn for txn in seen.keys[number].tail if txn in members]) for number in sorted(set(numbers))]
        self.tails = [(number, tail) for number, tail in tails if len(tail) > 1]

    def solve(self, budget: Budget) -> list[int] | Impossible | None:
        """Return the schedule of this component, why there is none, or None when the budget is used up."""
        steps: list[Assumption | Refuted] = []
        decisions: list[tuple[Assumption, bool]] = []  # what holds now, and whether its opposite was refuted
        while budget.left > 0:
            budget.left -= len(self.component)
            order = self._order()
            if len(order) == len(self.events):
                pair = self._overlap(order)
                if pair is None:
                    return [event >> 1 for event in order if event < 2 * self.count]
                steps.append(pair)
                decisions.append((pair, False))
                self._assume(pair)
                continue
            steps.append(self._cycle())
            while decisions and decisions[-1][1]:
                self._withdraw(decisions.pop()[0])
            if not decisions:
                return Impossible(steps=tuple(steps))
            last, _ = decisions.pop()
            self._withdraw(last)
            opposite = attrs.evolve(last, first=last.second, second=last.first)
            decisions.append((opposite, True))
            self._assume(opposite)
        return None

    def _assume(self, pair: Assumption) -> None:
        self.search.supposed[pair.first, pair.second] = pair.key

    def _withdraw(self, pair: Assumption) -> None:
        del self.search.supposed[pair.first, pair.second]

    def _order(self) -> list[int]:
        """Return the events in a possible order, commits as early as can be: not all of them if there is a cycle."""
        waiting_for = dict.fromkeys(self.events, 0)
        following = {event: [one for one in self.search.events(event) if one in waiting_for] for event in self.events}
        for targets in following.values():
            for target in targets:
                waiting_for[target] += 1
        starts: list[int] = []
        others: list[int] = []
        for event in reversed(self.events):
            if not waiting_for[event]:
                (starts if self._is_start(event) else others).append(event)
        placed: list[int] = []
        while starts or others:
            event = others.pop() if others else starts.pop()
            placed.append(event)
            for target in following[event]:
                waiting_for[target] -= 1
                if not waiting_for[target]:
                    (starts if self._is_start(target) else others).append(target)
        return placed

    def _is_start(self, event: int) -> bool:
        return event < 2 * self.count and not event & 1

    def _overlap(self, order: Sequence[int]) -> Assumption | None:
        """Return two transactions that overlap in *order* and append to one key, the one that commits first first."""
        places = {event: place for place, event in enumerate(order)}
        for number, tail in self.tails:
            by_commit = sorted(tail, key=lambda txn: places[2 * txn + 1])
            for first, second in pairwise(by_commit):
                if places[2 * second] < places[2 * first + 1]:
                    return Assumption(key=number, first=first, second=second)
        return None

    def _cycle(self) -> Refuted:
        part = components(self.events, self.search.events)[0]
        path = shortest_cycle(part, self.search.events)
        steps = []
        for source, kind, target in self.search.steps(self.search.transactions(path)):
            real = kind != "ww" or target in self.search.graph.ww[source]
            steps.append((source, kind, target, None if real else self.search.supposed[source, target]))
        return Refuted(steps=tuple(steps))
