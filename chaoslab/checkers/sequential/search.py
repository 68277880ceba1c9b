"""Looks for an interleaving of the sessions that the model accepts: depth first, with memory.

A configuration is how far each session has come, and the states of all keys. One of many sessions or keys counts for
several, in proportion to its size, so that the budget bounds time and memory as well. From it:

* an operation that never changes anything, is next in its session and can happen does so at once: it cannot hurt
  others, and whatever waits behind it comes nearer. (A write of the value that is there already is no such operation:
  it may bring that value back later.)
* an update that replaces a value is not tried while somebody still has to see that value and nobody can make it again;
* a configuration that was looked at before is given up.

Updates are tried in the order in which they were completed: what really happened is most often near that.

With ``real_time`` an operation is not tried before one that had ended when it began. That looks for a linearization,
which is an interleaving too, and is found quickly where there is one; that there is none then means nothing.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from chaoslab.checkers.sequential.plan import Plan

__all__ = ["Budget", "Found", "Nothing", "price_of", "search"]

_NEVER = 1 << 62

_SIZE = 32
"""Sessions and keys of a configuration that counts for one more."""

_SETTLING_MAX = 100_000


@attrs.define
class Budget:
    """How many configurations may still be looked at."""

    left: int


@attrs.frozen(kw_only=True)
class Found:
    """An interleaving.

    Attributes:
        order: Its nodes; optional ones that do not take effect are missing.
    """

    order: list[int]


@attrs.frozen(kw_only=True)
class Nothing:
    """There is none, or none was found.

    Attributes:
        exhausted: Everything was looked at: there is none. Otherwise the budget ran out.
        blocked: The operations that were next where the search came furthest.
    """

    exhausted: bool
    blocked: list[int]


@attrs.define
class _Frame:
    """A configuration that may be left by several updates."""

    configuration: bytes
    left: int
    length: int
    branches: list[int]


def search(plan: Plan, budget: Budget, *, real_time: bool = False) -> Found | Nothing:
    """Look for an interleaving.

    Cost: exponential in the number of sessions at worst; O(n * k) for k sessions where the first try succeeds.
    """
    looking = _Search(plan, real_time)
    while True:
        budget.left -= looking.settle()
        if looking.left == 0:
            return Found(order=looking.order)
        if looking.is_new():
            if budget.left <= 0:
                return Nothing(exhausted=False, blocked=looking.furthest)
            budget.left -= looking.price
            looking.branch()
        if not looking.back():
            return Nothing(exhausted=True, blocked=looking.furthest)


def price_of(size: int) -> int:
    """Return for how many configurations one of *size* sessions and keys counts."""
    return 1 + size // _SIZE


class _Search:
    def __init__(self, plan: Plan, real_time: bool) -> None:
        self.plan = plan
        self.heads = [0] * len(plan.sessions)
        self.states = [plan.effects.initial] * plan.keys
        self.left = plan.optional.count(False)
        self.order: list[int] = []
        self.frames: list[_Frame] = []
        self.configuration = b""
        self.seen: set[bytes] = set()
        # There are at most as many states as there were updates, also in earlier searches with the same effects.
        numbers_max = len(plan.operations) + len(plan.effects.states)
        self.typecode = "H" if numbers_max < 1 << 16 and plan.observers is not None else "I"
        self.price = price_of(len(self.heads) + plan.keys)
        self.furthest: list[int] = []
        self.furthest_left = self.left + 1
        ends = [_NEVER if one.ret is None else one.ret for one in plan.operations]
        self.ends = [[ends[node] for node in nodes] for nodes in plan.sessions]
        self.calls = [one.call for one in plan.operations] if real_time else None

    def settle(self) -> int:
        """Let happen everything that can and changes nothing; return what going round more than once costs."""
        plan, heads, states, order = self.plan, self.heads, self.states, self.order
        after, effect, key, pure = plan.effects.after, plan.effect, plan.key, plan.pure
        again, rounds = True, -1
        while again:
            again = False
            rounds += 1
            deadline = self.deadline()
            for line, nodes in enumerate(plan.sessions):
                head = heads[line]
                while head < len(nodes):
                    node = nodes[head]
                    if not pure[node] or (self.calls is not None and self.calls[node] > deadline):
                        break
                    if after(states[key[node]], effect[node]) < 0:
                        break
                    order.append(node)
                    head += 1
                    self.left -= 1
                    again = self.calls is not None
                heads[line] = head
            if rounds * self.price > _SETTLING_MAX:
                break  # a configuration that is not settled is one nevertheless
        return rounds * (self.price - 1)

    def deadline(self) -> int:
        """Return when the first of the operations that are left ended, where that matters."""
        if self.calls is None:
            return _NEVER
        return min(
            (ends[head] for ends, head in zip(self.ends, self.heads, strict=True) if head < len(ends)), default=_NEVER
        )

    def is_new(self) -> bool:
        """Return whether this configuration was not looked at before."""
        # Packed into bytes, and these shared with frames: memory is what bounds this search.
        self.configuration = array(self.typecode, self.heads + self.states).tobytes()
        if self.configuration in self.seen:
            return False
        self.seen.add(self.configuration)
        return True

    def branch(self) -> None:
        """Note every update that can be next."""
        plan, heads, states = self.plan, self.heads, self.states
        deadline = self.deadline()
        branches: list[tuple[int, int]] = []
        needed: dict[int, Callable[[int], bool]] = {}  # from a key to whether its value must stay, but for a session
        for line, nodes in enumerate(plan.sessions):
            if heads[line] == len(nodes):
                continue
            node = nodes[heads[line]]
            state = states[plan.key[node]]
            following = plan.effects.after(state, plan.effect[node])
            if following < 0 or plan.pure[node] or (self.calls is not None and self.calls[node] > deadline):
                continue
            if following == state:
                if plan.optional[node]:
                    continue  # it can still be used when it changes something
            elif plan.observers is not None:
                key = plan.key[node]
                if key not in needed:
                    needed[key] = self.needed(key, plan.effects.states[state])
                if needed[key](line):
                    continue
            branches.append((self.ends[line][heads[line]], line))
        if not branches and self.left < self.furthest_left:
            self.furthest_left = self.left
            self.furthest = [
                nodes[head]
                for nodes, head in zip(plan.sessions, heads, strict=True)
                if head < len(nodes) and not plan.optional[nodes[head]]
            ]
        branches.sort(reverse=True)
        self.frames.append(
            _Frame(
                configuration=self.configuration,
                left=self.left,
                length=len(self.order),
                branches=[line for _, line in branches],
            )
        )

    def needed(self, key: int, value: Any) -> Callable[[int], bool]:
        """Return, as a function of a session, whether others than its next operation need *value* and none makes it."""
        assert self.plan.observers is not None
        observed = self.still(self.plan.observers.get((key, value), ()))
        made = self.still(self.plan.makers.get((key, value), ()))
        return lambda line: observed(line) and not made(line)

    def still(self, places: Sequence[tuple[int, int]]) -> Callable[[int], bool]:
        """Return, as a function of a session, whether any of *places* is ahead, other than as its next operation."""
        heads = self.heads
        next_in: set[int] = set()
        for line, last in places:
            if last > heads[line]:
                return lambda line: True
            if last == heads[line]:
                next_in.add(line)
        return lambda line: len(next_in) > (line in next_in)

    def back(self) -> bool:
        """Go to the next configuration to look at; return False if there is none."""
        plan = self.plan
        while self.frames:
            frame = self.frames[-1]
            if not frame.branches:
                self.frames.pop()
                continue
            line = frame.branches.pop()
            if not frame.branches:
                self.frames.pop()  # nobody comes back here
            numbers = array(self.typecode, frame.configuration).tolist()
            self.heads, self.states = numbers[: len(self.heads)], numbers[len(self.heads) :]
            self.left = frame.left
            del self.order[frame.length :]
            node = plan.sessions[line][self.heads[line]]
            key = plan.key[node]
            self.states[key] = plan.effects.after(self.states[key], plan.effect[node])
            self.heads[line] += 1
            self.order.append(node)
            self.left -= not plan.optional[node]
            return True
        return False
