"""Looks ahead, for values that grow: what the next read saw says which operations must have come before it.

Of ten appends that are open together only one leads to what the next read saw. A search that looks no further than what
is legal now tries all their orders, and takes the different texts they make for different states.

Rules:

1. A state is *hopeless* if the next read can see what it saw neither after more appends nor after an operation that
   resets the state. Such a state is given up.
2. A state that nobody will ever see, since it is reset before the next read, is *rubbish*. All rubbish is alike.
3. The next read is the one that returns first of those not done yet. The ones after it are looked at in their turn.

Sound: what comes before that read was called before it returns. Of these, those that observe the state are not legal in
rubbish, whatever is appended to it, or (refused compare-and-sets) legal in all of it; so up to the reset the same
operations can follow on any rubbish, and after it the states are the same.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Any, Final

from chaoslab.checkers.linearizable.parts import NEVER, Effects, Part
from chaoslab.models import ILLEGAL

__all__ = ["HOPELESS", "Lookahead", "looking_ahead"]

HOPELESS: Final = -2
_RUBBISH: Final = -1


def looking_ahead(
    part: Part, effects: Effects, returns: list[int], live: list[tuple[int, ...]], bits: list[int]
) -> Lookahead | None:
    """Return the ``Lookahead`` of *part*; None if the model cannot tell, or nothing grows."""
    leads_to, resets_to = effects.model.leads_to, effects.model.resets_to
    if leads_to is None:
        return None
    updates = (effects.arguments[one] for one in part.effects if not effects.is_read[one])
    grows = (resets_to(*one) is ILLEGAL for one in updates)
    return Lookahead(part, effects, leads_to, returns, live, bits) if any(grows) else None


class Lookahead:
    """What is still to come at each return of one part.

    Args:
        part: The part, n operations.
        effects: What they do.
        leads_to: The model's: which state may become what which operation saw.
        returns: The operations that return, in that order.
        live: For each of them the operations open just before it returns, itself included.
        bits: The bit of each operation that returns in masks of what is done.

    Attributes:
        farthest: The last return of a read for which a state was hopeless; -1 as long as none was.

    Cost: O(n log n) once. A question costs as many of the model's answers as operations are open, at worst.
    """

    __slots__ = (
        "_bits",
        "_coming",
        "_crashed",
        "_effects",
        "_leads_to",
        "_live",
        "_next_read",
        "_part",
        "_returns",
        "farthest",
    )

    def __init__(
        self,
        part: Part,
        effects: Effects,
        leads_to: Callable[[Any, str, Any, Any, Any], bool],
        returns: list[int],
        live: list[tuple[int, ...]],
        bits: list[int],
    ) -> None:
        self.farthest = -1
        self._leads_to = leads_to
        self._part, self._effects, self._returns, self._live, self._bits = part, effects, returns, live, bits
        reads, arguments = effects.model.reads, effects.arguments
        self._next_read = [len(returns)]  # for each return the first from there on that is of a read
        for at in range(len(returns) - 1, -1, -1):
            self._next_read.append(at if arguments[part.effects[returns[at]]][0] in reads else self._next_read[-1])
        self._next_read.reverse()
        self._crashed = [one for one, ret in enumerate(part.rets) if ret == NEVER]
        self._coming: dict[tuple[int, int], _Coming] = {}

    def fate(self, at: int, mask: int, state: int) -> int:
        """Return what is to be remembered of a state: its number, one number for all rubbish, or ``HOPELESS``.

        Args:
            at: The return that is due.
            mask: The bits of the open operations that are done.
            state: The state's number.
        """
        following = self._next_undone(at, mask)
        coming = self._coming.get((at, following))
        if coming is None:
            coming = self._coming[at, following] = self._gathered(at, following)
        leads_to, now, read = self._leads_to, self._effects.states[state], coming.read
        if read is not None:
            if leads_to(now, *read):
                return state
            if all(map(mask.__and__, coming.rescues)):
                self.farthest = max(self.farthest, following)
                return HOPELESS
        for bit, observer in coming.observers:
            if not mask & bit and leads_to(now, *observer):
                return state
        return _RUBBISH

    def _next_undone(self, at: int, mask: int) -> int:
        """Return at which return the next read returns that is not done; beyond the last if there is none."""
        returns, bits, calls = self._returns, self._bits, self._part.calls
        now = self._part.rets[returns[at]]
        following = self._next_read[at]
        while following < len(returns) and calls[returns[following]] < now and mask & bits[returns[following]]:
            following = self._next_read[following + 1]
        return following

    def _gathered(self, at: int, following: int) -> _Coming:
        """Return what may come from return *at* on, and before the read that returns at *following*."""
        part, returns = self._part, self._returns
        calls, numbers, arguments = part.calls, part.effects, self._effects.arguments
        coming = _Coming()
        until = NEVER
        if following < len(returns):
            coming.read = arguments[numbers[returns[following]]]
            until = part.rets[returns[following]]
        first = bisect_left(calls, part.rets[returns[at]])
        crashed = self._crashed[: bisect_left(self._crashed, first)]
        for one in (*self._live[at], *crashed, *range(first, bisect_left(calls, until))):
            bit = self._bits[one] if one < first else 0  # one that was not called yet cannot be done
            effect = numbers[one]
            then = self._effects.model.resets_to(*arguments[effect])
            if coming.read is not None and then is not ILLEGAL and self._leads_to(then, *coming.read):
                coming.rescues.append(bit)
            if self._effects.observes(effect):
                coming.observers.append((bit, arguments[effect]))
        return coming


class _Coming:
    """What may come before the next read.

    Attributes:
        read: What it did, as the model takes it; None if no read is to come.
        observers: The operations that observe the state, the read among them: their bits, and what they did.
        rescues: The bits of the operations that reset it so that the read may see what it saw.
    """

    __slots__ = ("observers", "read", "rescues")

    def __init__(self) -> None:
        self.read: tuple[str, Any, Any, Any] | None = None
        self.observers: list[tuple[int, tuple[str, Any, Any, Any]]] = []
        self.rescues: list[int] = []
