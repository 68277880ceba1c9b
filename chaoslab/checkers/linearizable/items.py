"""What queue, stack and priority queue have in common: every item is put once and taken at most once.

Rules:

1. Items are numbered in the order of the calls of their puts. A put of which nobody knows whether it happened is an
   item only if it was taken: dropping the others changes nothing.
2. Times are those of the events, clipped: a put ends at the latest when its take ends, and a take begins at the
   earliest when its put begins. An item that was never taken is taken at ``NEVER``.
3. Between the return of its put and the call of its take an item was certainly there.

This file knows nothing of the order in which items come out.

Source: the clipping and the aspects "fresh" and "repeat" are those of Henzinger, Sezgin & Vafeiadis, "Aspect-oriented
linearizability proofs" (CONCUR 2013), section 4.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable

import attrs

from chaoslab.checkers.linearizable.decision import Refuted, Telling, refuted
from chaoslab.checkers.linearizable.parts import NEVER, Effects, Part
from chaoslab.history import Operation
from chaoslab.models import UNKNOWN

__all__ = ["Items", "items_of", "took"]


@attrs.define(kw_only=True)
class Items:
    """The history of a collection, by item number. Operations are positions in the part.

    Attributes:
        values: What was put.
        puts: The operations that put them.
        takes: The operations that took them, or -1.
        put_calls: When the put was called.
        put_rets: When the put had ended, clipped.
        take_calls: When the take was called, clipped.
        take_rets: When the take had ended.
        empties: Takes that found nothing, as ``(call, return, operation)``.
        unknown: Takes of which nobody knows whether they happened, nor what they took, as ``(call, operation)``.
    """

    values: list[Hashable] = attrs.field(factory=list)
    puts: list[int] = attrs.field(factory=list)
    takes: list[int] = attrs.field(factory=list)
    put_calls: list[int] = attrs.field(factory=list)
    put_rets: list[int] = attrs.field(factory=list)
    take_calls: list[int] = attrs.field(factory=list)
    take_rets: list[int] = attrs.field(factory=list)
    empties: list[tuple[int, int, int]] = attrs.field(factory=list)
    unknown: list[tuple[int, int]] = attrs.field(factory=list)

    def operations_on(self, chosen: Iterable[int]) -> list[int]:
        """Return the puts and the takes of the items *chosen*."""
        return [one for item in chosen for one in (self.puts[item], self.takes[item]) if one >= 0]


def items_of(part: Part, effects: Effects, *, put: str, take: str) -> Items | Refuted | None:
    """Return the items of the history of one object, or what is wrong with a single one of them.

    Args:
        part: All operations on that object, n of them.
        effects: What they do.
        put: The name of the operation that puts its argument.
        take: The name of the operation whose value is what it took, None if there was nothing.

    Returns:
        The items; or that one was taken twice, or by an operation that had ended before it was put; or None if a value
        is put twice, or there are other operations. Cost: O(n).
    """
    calls, rets, arguments = part.calls, part.rets, effects.arguments
    number_of: dict[Hashable, int] = {}
    values: list[Hashable] = []
    puts: list[int] = []
    taken: list[tuple[int, Hashable]] = []
    items = Items()
    for position, effect in enumerate(part.effects):
        f, argument, value, _ = arguments[effect]
        if f == put:
            if argument in number_of or argument is None:
                return None
            number_of[argument] = len(puts)
            values.append(argument)
            puts.append(position)
        elif f != take:
            return None
        elif value is None:
            items.empties.append((calls[position], rets[position], position))
        elif value is UNKNOWN:
            items.unknown.append((calls[position], position))
        else:
            taken.append((position, value))
    takes = [-1] * len(puts)
    for position, value in taken:
        number = number_of.get(value)
        if number is None:
            return refuted("value out of thin air", [position], _told_out_of_thin_air(position, put))
        if takes[number] >= 0:
            both = takes[number], position
            return refuted("repeated value", [puts[number], *both], _told_twice(*both))
        takes[number] = position
    for number, (one, its_take) in enumerate(zip(puts, takes, strict=True)):
        call, ret = calls[one], rets[one]
        if its_take < 0:
            if ret == NEVER:
                continue
            items.take_calls.append(NEVER)
            items.take_rets.append(NEVER + 1)
        else:
            take_call, take_ret = calls[its_take], rets[its_take]
            if take_ret < call:
                return refuted("value from the future", [one, its_take], _told_too_early(one, its_take, put))
            if ret > take_ret:
                ret = take_ret
            items.take_calls.append(take_call if take_call > call else call)
            items.take_rets.append(take_ret)
        items.values.append(values[number])
        items.puts.append(one)
        items.takes.append(its_take)
        items.put_calls.append(call)
        items.put_rets.append(ret)
    return items


def took(take: Operation) -> str:
    """Return who took what, such as ``process 3 got 7 from x (dequeue)``."""
    place = "" if take.key is None else f" from {take.key}"
    return f"process {take.process} got {'nothing' if take.value is None else repr(take.value)}{place} ({take.f})"


def _told_out_of_thin_air(take: int, put: str) -> Telling:
    return lambda operation: f"{took(operation(take))}, but no {put} of that value can have taken place."


def _told_twice(first: int, second: int) -> Telling:
    def tell(operation: Callable[[int], Operation]) -> str:
        return f"{took(operation(second))}, but {took(operation(first))} as well, and it was put in only once."

    return tell


def _told_too_early(one: int, its_take: int, put: str) -> Telling:
    def tell(operation: Callable[[int], Operation]) -> str:
        putter = operation(one).process
        return f"{took(operation(its_take))}, but the {put} of that value (by process {putter}) began only afterwards."

    return tell
