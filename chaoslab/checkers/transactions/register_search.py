"""Serializability and snapshot isolation of register transactions: forced orders first, then search.

Both are about events on one line: a transaction's start, when it reads, and its commit, when its writes appear. For
serializability the two are one event. Rules (Biswas & Enea 2019, sections 4 and 5), for r that read key x from a, and b
that also wrote x:

1. If anything shows that a is before b, then all of b is after a, and r reads before b commits.
2. If b commits before r reads, then all of b is before a.

The rules are applied until nothing new follows; every edge keeps the reason why it is there. If that leaves the order
open, transactions are placed greedily; two writers that block each other are then tried in both orders, depth first,
with a budget. What fails is kept, as steps of a proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import attrs

from chaoslab.checkers.transactions.order_closure import Closure, bits, closure, cycle_in, path_in
from chaoslab.checkers.transactions.register_axioms import Deduced, Link, Refutation
from chaoslab.checkers.transactions.register_placement import Layout, place
from chaoslab.checkers.transactions.snapshots import Budget
from chaoslab.checkers.transactions.writes import INITIAL, Problem

__all__ = ["NoOrder", "ProofStep", "Supposed", "placed_order", "searched_order"]


@attrs.frozen(kw_only=True)
class Supposed:
    """Suppose that *first* wrote *key* before *second*; all by number."""

    key: int
    first: int
    second: int


ProofStep = Deduced | Supposed | Refutation


@attrs.frozen(kw_only=True)
class NoOrder:
    """There is no order.

    Attributes:
        steps: What was deduced and supposed, and what it led to.
    """

    steps: list[ProofStep]


@attrs.frozen
class _Reason:
    """Why an edge between two events is there.

    Attributes:
        link: The edge between their transactions.
        is_given: The history or a supposition gives it; otherwise it was deduced.
        through: See ``Deduced``.
        ends: First and last event of the path that the premise speaks of, or None.
        round: The round of deduction in which it was added.
    """

    link: Link
    is_given: bool
    through: int | None = None
    ends: tuple[int, int] | None = None
    round: int = 0


@attrs.frozen(kw_only=True)
class _State:
    """What is known at one point of the search: the edges at the beginning of each round, and their reasons."""

    rounds: list[list[int]]
    reasons: dict[tuple[int, int], _Reason]


def placed_order(problem: Problem, *, snapshots: bool) -> list[int] | None:
    """Return an order of the committed transactions if it can be found without search, as for most valid histories.

    It holds transactions by number; with *snapshots* each of them twice, its start and its commit.

    Args:
        problem: The transactions.
        snapshots: For snapshot isolation instead of serializability.

    Cost: O((n + edges) log n).
    """
    layout = Layout(problem, snapshots=snapshots)
    count = len(layout.members) << layout.shift
    following: list[list[int]] = [[] for _ in range(count)]
    for source, target, _, _ in layout.edges():
        following[source].append(target)
    if layout.shift:
        for start in range(0, count, 2):
            following[start].append(start + 1)
    placed = place(layout, following)
    return [layout.members[event >> layout.shift] for event in placed] if isinstance(placed, list) else None


def searched_order(problem: Problem, *, snapshots: bool, budget: Budget) -> list[int] | NoOrder | None:
    """Return an order as ``placed_order`` does, a proof that there is none, or None: the budget is used up.

    Args:
        problem: The transactions.
        snapshots: For snapshot isolation instead of serializability.
        budget: How much to search. Each attempt costs as many configurations as there are events, and where there are
            more than a thousand that many times as much: it works on that many bits at once.
    """
    layout = Layout(problem, snapshots=snapshots)
    count = len(layout.members) << layout.shift
    return _Search(layout, budget, count * (1 + (count >> 10))).run()


class _Search:
    """Deduction and branching over the events of one layout."""

    def __init__(self, layout: Layout, budget: Budget, price: int) -> None:
        self.layout = layout
        self.shift = layout.shift
        self.budget = budget
        self.price = price
        self.writers: dict[int, int] = {}  # from a key to the commits of its writers
        for index, keys in enumerate(layout.writes):
            for key in keys:
                self.writers[key] = self.writers.get(key, 0) | 1 << self._commit(index)
        self.versions = [
            (index, key, layout.readers.get((index, key), []))
            for index, keys in enumerate(layout.writes)
            for key in keys
            if self.shift or (index, key) in layout.readers
        ]
        self.steps: list[ProofStep] = []

    def _start(self, index: int) -> int:
        return index << self.shift

    def _commit(self, index: int) -> int:
        return (index << self.shift) + self.shift

    def run(self) -> list[int] | NoOrder | None:
        """Search."""
        if self.budget.left < self.price:
            return None
        state = self._given()
        decisions: list[tuple[Supposed, _State, bool]] = []
        while self.budget.left > 0:
            self.budget.left -= self.price
            known = self._deduced(state)
            if isinstance(known, Closure):
                placed = place(self.layout, known.covers)
                if isinstance(placed, list):
                    return [self.layout.members[event >> self.shift] for event in placed]
                assert placed is not None, "all that follows from initial reads is an edge by now"
                members = self.layout.members
                pair = Supposed(key=placed.key, first=members[placed.first], second=members[placed.second])
                self.steps.append(pair)
                decisions.append((pair, state, False))
                state = self._with(state, pair)
                continue
            self.steps.extend(self._refutation(state, known))
            while decisions and decisions[-1][2]:
                decisions.pop()
            if not decisions:
                return NoOrder(steps=self.steps)
            pair, before, _ = decisions.pop()
            opposite = attrs.evolve(pair, first=pair.second, second=pair.first)
            decisions.append((opposite, before, True))
            state = self._with(before, opposite)
        return None

    def _given(self) -> _State:
        """Return the edges that need no search: reads-from, process order, real time, reads of the initial state."""
        members = self.layout.members
        direct = [0] * (len(members) << self.shift)
        reasons: dict[tuple[int, int], _Reason] = {}
        if self.shift:
            for start in range(0, len(direct), 2):
                direct[start] = 2 << start
        for source, target, kind, key in self.layout.edges():
            direct[source] |= 1 << target
            link: Link = (kind, members[source >> self.shift], members[target >> self.shift], key)  # type: ignore[assignment]
            reasons.setdefault((source, target), _Reason(link, True))
        for (source, key), readers in self.layout.readers.items():
            for reader in readers if source == INITIAL else ():
                missing = self.writers.get(key, 0) & ~(1 << self._commit(reader))
                direct[self._start(reader)] |= missing
                for writer in bits(missing):
                    link = ("rw", members[reader], members[writer >> self.shift], key)
                    reasons.setdefault((self._start(reader), writer), _Reason(link, False))
        return _State(rounds=[direct], reasons=reasons)

    def _with(self, state: _State, pair: Supposed) -> _State:
        """Return *state* with a supposed order added."""
        position = self.layout.position
        source, target = self._commit(position[pair.first]), self._start(position[pair.second])
        direct = list(state.rounds[-1])
        direct[source] |= 1 << target
        reasons = dict(state.reasons)
        round = len(state.rounds)
        reasons[source, target] = _Reason(("ww", pair.first, pair.second, pair.key), True, round=round)
        return _State(rounds=[*state.rounds, direct], reasons=reasons)

    def _deduced(self, state: _State) -> Closure | list[int]:
        """Apply the rules to *state* until nothing new follows; return its closure or a cycle."""
        while True:
            direct = state.rounds[-1]
            known = closure(direct)
            if not isinstance(known, Closure):
                return cycle_in(direct, known)
            new = _Round(self, state, known)
            for index, key, readers in self.versions:
                new.after_version(index, key, readers)
                for reader in readers:
                    new.before_version(index, key, reader)
            if not new.found:
                return known
            state.rounds.append(new.direct)

    def _links(self, state: _State, events: Sequence[int]) -> list[tuple[int, int]]:
        """Return the edges of a path of events that are not those from a start to its own commit."""
        return [pair for pair in pairwise(events) if pair in state.reasons]

    def _refutation(self, state: _State, cycle: Sequence[int]) -> list[ProofStep]:
        """Return the steps that lead to *cycle*, and the cycle."""
        edges = self._links(state, [*cycle, cycle[0]])
        needed: dict[tuple[int, int], Deduced] = {}
        waiting = list(edges)
        while waiting:
            edge = waiting.pop()
            reason = state.reasons[edge]
            if edge in needed or reason.is_given:
                continue
            premise: list[tuple[int, int]] = []
            if reason.ends is not None:
                path = path_in(state.rounds[reason.round - 1], *reason.ends)
                assert path is not None, "a premise holds in the round in which it is used"
                premise = self._links(state, path)
            waiting.extend(premise)
            links = tuple(state.reasons[one].link for one in premise)
            needed[edge] = Deduced(link=reason.link, through=reason.through, path=links)
        ordered = sorted(needed, key=lambda edge: (state.reasons[edge].round, edge))
        links = tuple(state.reasons[edge].link for edge in edges)
        return [*(needed[edge] for edge in ordered), Refutation(steps=(), cycle=links)]


class _Round:
    """One application of all rules; what is found counts from the next round on."""

    def __init__(self, search: _Search, state: _State, known: Closure) -> None:
        self.search = search
        self.state = state
        self.after, self.before = known.after, known.before
        self.direct = list(state.rounds[-1])
        self.found = False

    def _add(self, source: int, target: int, link: Link, through: int | None, ends: tuple[int, int]) -> None:
        self.found = True
        self.direct[source] |= 1 << target
        reason = _Reason(link, False, through, ends, len(self.state.rounds))
        self.state.reasons.setdefault((source, target), reason)

    def after_version(self, index: int, key: int, readers: Sequence[int]) -> None:
        """Apply rule 1 to the version of *key* written by the transaction at position *index*."""
        search, after, shift = self.search, self.after, self.search.shift
        members = search.layout.members
        start, commit = index << shift, (index << shift) + shift
        later = after[start] & search.writers[key] & ~(1 << commit)
        if not later:
            return
        missing = (later >> shift) & ~after[commit] if shift else 0
        while missing:
            low = missing & -missing
            target = low.bit_length() - 1
            link: Link = ("ww", members[index], members[target >> shift], key)
            self._add(commit, target, link, None, (start, target + 1))
            missing &= ~(after[target] | low)
        for reader in readers:
            event = reader << shift
            missing = later & ~after[event] & ~(1 << (event + shift))
            while missing:
                low = missing & -missing
                target = low.bit_length() - 1
                link = ("rw", members[reader], members[target >> shift], key)
                self._add(event, target, link, members[index], (start, target))
                missing &= ~(after[target] | low)

    def before_version(self, index: int, key: int, reader: int) -> None:
        """Apply rule 2 to a read of the version of *key* written by the transaction at position *index*."""
        search, before, shift = self.search, self.before, self.search.shift
        members = search.layout.members
        start, event = index << shift, reader << shift
        earlier = before[event] & search.writers[key] & ~(1 << (start + shift))
        missing = earlier & ~before[start]
        while missing:
            source = missing.bit_length() - 1
            link: Link = ("ww", members[source >> shift], members[index], key)
            self._add(source, start, link, members[reader], (source, event))
            missing &= ~(before[source] | 1 << source)
