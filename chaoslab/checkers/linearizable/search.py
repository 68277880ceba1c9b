"""Looks for a linearization: just in time, depth first, with memory.

Lowe 2017 ("Testing for linearizability", section 4): an operation is linearized only when it, or one that must come
after it, is about to return. On top of that:

* a read that is legal now is linearized at once: it changes nothing, so it cannot hurt;
* a configuration is given up if one with the same state and the same updates done, which had more reads done and fewer
  info operations used up, was given up before: whatever this one could still do, that one could;
* of several open updates with the same effect only the one that must return first is tried;
* an update after which the operation that must return can do so is tried first;
* info operations are tried last: they are seldom needed, and never forced;
* a state that can never become what the next read saw is given up at once, where the model can tell, and all states
  that nobody will see are one: see ``lookahead``.

Masks of live operations are as wide as the concurrency; masks of used info operations as wide as the number of infos.
A configuration with wide masks counts for several, so that the budget also bounds memory.

This file does not know histories, keys or models: it gets columns of numbers and gives an order, or how far it came.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from chaoslab.checkers.linearizable.lookahead import HOPELESS, looking_ahead
from chaoslab.checkers.linearizable.parts import NEVER, Effects, Part
from chaoslab.history import Operation

__all__ = ["Found", "GaveUp", "Result", "Stuck", "search"]

_MASK_BITS = 256
"""So many bits of a mask of used info operations count as another configuration."""

_OPENED_MAX = 4096
"""So many returns' open operations are kept sorted. Backtracking seldom goes further, and can sort them again."""

_IDLE = 16
"""So many states that are given up at once, by looking ahead, cost as much time as a configuration."""

_NOT_YET = -2  # the model has not been asked for this step


@attrs.frozen
class Found:
    """A linearization: positions in the part, in the order in which the operations took effect."""

    order: list[int]
    configurations: int


@attrs.frozen
class Stuck:
    """There is no linearization.

    Attributes:
        blocked: Position of the operation that could not return in the best attempt.
        order: The longest legal beginning that was found.
        configurations: How many were looked at.
        suspects: The operations among which it was found, ascending; None: all of the part.
        anomaly: Its name, where that is known already.
        tell: Makes the sentence, given the function from positions to operations, where that is known already.
    """

    blocked: int
    order: list[int]
    configurations: int
    suspects: list[int] | None = None
    anomaly: str = ""
    tell: Callable[[Callable[[int], Operation]], str] | None = None


@attrs.frozen
class GaveUp:
    """The budget ran out."""

    configurations: int


Result = Found | Stuck | GaveUp

_Chain = Any
"""The order so far, shared between configurations: None, or ``(before, operation)``."""


class _Sweep:
    """What is open when each operation returns.

    Attributes:
        returns: The operations that return, in that order.
        bits: For each operation that returns its bit in masks of live ones; it is free again after the return.
        live: For each return the operations open just before it, itself included, infos excluded.
        crashed_before: For each return how many infos were called before it.
        infos_alike: The infos of one effect together, in the order of their calls, and the place of their first bit in
            masks of used infos; the groups in the order of their first calls. A group is used from its beginning.
    """

    __slots__ = ("bits", "crashed_before", "infos_alike", "live", "returns")

    def __init__(self, part: Part) -> None:
        calls, rets = part.calls, part.rets
        self.returns = sorted([one for one, ret in enumerate(rets) if ret != NEVER], key=rets.__getitem__)
        self.bits = [0] * len(calls)
        self.live: list[tuple[int, ...]] = []
        self.crashed_before: list[int] = []
        alike: dict[int, list[int]] = {}
        bits = self.bits
        open_now: dict[int, None] = {}
        free: list[int] = []
        used = crashed = 0
        following, count = 0, len(calls)
        for returning in self.returns:
            ret = rets[returning]
            while following < count and calls[following] < ret:
                if rets[following] == NEVER:
                    crashed += 1
                    alike.setdefault(part.effects[following], []).append(following)
                else:
                    if free:
                        bits[following] = free.pop()
                    else:
                        bits[following] = 1 << used
                        used += 1
                    open_now[following] = None
                following += 1
            self.live.append(tuple(open_now))
            self.crashed_before.append(crashed)
            del open_now[returning]
            free.append(bits[returning])
        self.infos_alike: list[tuple[list[int], int]] = []
        first_bit = 0
        for infos in alike.values():
            self.infos_alike.append((infos, first_bit))
            first_bit += len(infos)


def search(part: Part, effects: Effects, configurations_max: int) -> Result:
    """Look for a linearization of *part*, a history of n operations.

    Cost: O(n) configurations where few operations overlap; exponential in the concurrency at worst.
    """
    sweep = _Sweep(part)
    returns, live, bits, crashed_before = sweep.returns, sweep.live, sweep.bits, sweep.crashed_before
    part_effects, is_read, rows, fill = part.effects, effects.is_read, effects.rows, effects.fill
    count = len(returns)
    ahead = looking_ahead(part, effects, returns, live, bits)
    given_up: dict[tuple[int, int, int], list[int]] = {}
    opened: dict[int, _Open] = {}
    configurations = idle = 0
    deepest, deepest_chain = -1, None
    # Configurations still to be looked at: (return, live mask, used infos, state, chain, candidate to go on from).
    stack: list[tuple[int, int, int, int, _Chain, int]] = []
    at, mask, used, state = 0, 0, 0, 0
    chain: _Chain = None
    while True:
        # Go on as long as there is no choice.
        row = rows[state]
        while at < count:
            operation = returns[at]
            bit = bits[operation]
            if mask & bit:
                mask ^= bit
                at += 1
                continue
            effect = part_effects[operation]
            following = row.get(effect, _NOT_YET)
            if following == _NOT_YET:
                following = fill(state, effect)
            if is_read[effect]:
                if following < 0:
                    break
            elif following < 0 or crashed_before[at] or len(live[at]) > 1:
                break
            else:
                state = following
                row = rows[state]
            chain = (chain, operation)
            at += 1
        else:
            return Found(_unrolled(chain), configurations)

        # A choice: which update is next? First every open read that is legal now.
        wanted, illegal = effect, following < 0
        here = opened.get(at)
        if here is None:
            if len(opened) >= _OPENED_MAX:
                opened.clear()
            here = opened[at] = _Open(live[at], part, bits, is_read)
        for operation, bit, effect in here.reads:
            if not mask & bit:
                following = row.get(effect, _NOT_YET)
                if following == _NOT_YET:
                    following = fill(state, effect)
                if following >= 0:
                    mask |= bit
                    chain = (chain, operation)
        if at > deepest:
            deepest, deepest_chain = at, chain
        missing = here.read_mask & ~mask | used << here.read_mask.bit_length()
        fate = state if ahead is None else ahead.fate(at, mask, state)
        key = (at, mask & ~here.read_mask, fate)
        known = given_up.get(key)
        if fate == HOPELESS:
            fresh = False
        elif known is None:
            given_up[key] = [missing]
            fresh = True
        elif any(other & ~missing == 0 for other in known):
            fresh = False
        else:
            known[:] = [other for other in known if missing & ~other]
            known.append(missing)
            fresh = True
        if fresh:
            configurations += 1 + used.bit_length() // _MASK_BITS
            if configurations > configurations_max:
                return GaveUp(configurations)
            stack.append((at, mask, used, state, chain, 0))
            rescue = _rescue(here, effects, mask, state, wanted) if illegal else None
            if rescue is not None:
                operation, state = rescue
                mask |= bits[operation]
                chain = (chain, operation)
                continue
        elif ahead is not None:
            idle += 1
            configurations += idle % _IDLE == 0

        # The next configuration: the first candidate of the last choice that has one left.
        while stack:
            at, mask, used, state, chain, position = stack.pop()
            here = opened.get(at) or _Open(live[at], part, bits, is_read)
            step = _next_step(here, sweep, part, effects, at, mask, used, state, position)
            if step is not None:
                operation, state_after, position, info_bit = step
                stack.append((at, mask, used, state, chain, position))
                if info_bit:
                    used |= info_bit
                else:
                    mask |= bits[operation]
                state = state_after
                chain = (chain, operation)
                break
        else:
            blocked = deepest if ahead is None else max(deepest, ahead.farthest)
            return Stuck(returns[blocked], _unrolled(deepest_chain), configurations)


def _rescue(here: _Open, effects: Effects, mask: int, state: int, wanted: int) -> tuple[int, int] | None:
    """Return the first open update after which *wanted*, illegal now, is legal, and the state it leads to.

    It need not be the right one, but it is tried before the others.
    """
    rows, fill = effects.rows, effects.fill
    row = rows[state]
    for operation, bit, effect, _ in here.updates:
        if not mask & bit:
            following = row.get(effect, _NOT_YET)
            if following == _NOT_YET:
                following = fill(state, effect)
            if following >= 0:
                then = rows[following].get(wanted, _NOT_YET)
                if then == _NOT_YET:
                    then = fill(following, wanted)
                if then >= 0:
                    return operation, following
    return None


class _Open:
    """What is open at one return, those that must return first coming first.

    Attributes:
        reads: ``(operation, bit, effect)``.
        read_mask: Their bits.
        updates: ``(operation, bit, effect, bits of the updates before it that have the same effect)``.
    """

    __slots__ = ("read_mask", "reads", "updates")

    def __init__(self, live: tuple[int, ...], part: Part, bits: list[int], is_read: list[bool]) -> None:
        numbers = part.effects
        self.reads: list[tuple[int, int, int]] = []
        self.updates: list[tuple[int, int, int, int]] = []
        self.read_mask = 0
        alike: dict[int, int] = {}
        for one in sorted(live, key=part.rets.__getitem__):
            bit, effect = bits[one], numbers[one]
            if is_read[effect]:
                self.reads.append((one, bit, effect))
                self.read_mask |= bit
            else:
                before = alike.get(effect, 0)
                self.updates.append((one, bit, effect, before))
                alike[effect] = before | bit


def _next_step(
    here: _Open, sweep: _Sweep, part: Part, effects: Effects, at: int, mask: int, used: int, state: int, position: int
) -> tuple[int, int, int, int] | None:
    """Return the next candidate at return *at*: operation, following state, position to go on from, bit of an info.

    Positions first count the open updates, then the groups of infos that were called so far.
    """
    row, updates = effects.rows[state], here.updates
    while position < len(updates):
        operation, bit, effect, alike = updates[position]
        position += 1
        if mask & bit or alike & ~mask:
            continue  # done, or there is one with the same effect that must return first
        following = row.get(effect, _NOT_YET)
        if following == _NOT_YET:
            following = effects.fill(state, effect)
        if following >= 0:
            return operation, following, position, 0
    if not sweep.crashed_before[at]:
        return None
    groups, calls, until = sweep.infos_alike, part.calls, part.rets[sweep.returns[at]]
    while position - len(updates) < len(groups):
        infos, first_bit = groups[position - len(updates)]
        if calls[infos[0]] > until:
            return None  # these and all that follow were called later
        position += 1
        effect = part.effects[infos[0]]
        following = row.get(effect, _NOT_YET)
        if following == _NOT_YET:
            following = effects.fill(state, effect)
        if following < 0 or following == state:
            continue
        count = _used_of(used, first_bit, len(infos))
        if count < len(infos) and calls[infos[count]] < until:
            return infos[count], following, position, 1 << first_bit + count
    return None


def _used_of(used: int, first_bit: int, size: int) -> int:
    """Return how many infos of a group were used: its bits are set from the first on."""
    return ((used >> first_bit) & ((1 << size) - 1)).bit_length() if used else 0


def _unrolled(chain: _Chain) -> list[int]:
    order: list[int] = []
    while chain is not None:
        chain, operation = chain
        order.append(operation)
    order.reverse()
    return order
