"""What a node keeps of a key: siblings, and a vector clock of everything that was ever seen of it.

DeCandia et al. 2007, section 4.4: a put carries the context that its client got, and overwrites exactly what that
context covers; what it does not cover stays beside the new value as a sibling. The paper gives each version a vector
clock of its own. Two puts with one context at one coordinator would then look as if one came after the other, so here
each sibling has a *dot* (the actor that made it, and its number), and one clock says which dots have been seen
(Preguiça, Baquero, Almeida, Fonte & Gonçalves, "Dotted version vectors", 2010): a dot that was seen and is not there
was overwritten.

Rules:

1. An actor numbers what it makes of a key without gaps, and always from what it has of that key.
2. Objects are merged as a whole. Merging is commutative, associative and idempotent.
3. A delete leaves the clock: that is the tombstone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

__all__ = ["EMPTY", "Clock", "Object", "Sibling", "merged", "updated"]

Clock = tuple[tuple[str, int], ...]
"""For each actor, in order, how many of its dots have been seen."""

Sibling = tuple[str, int, Any]
"""An actor, a number, and the value that it made then."""


@attrs.frozen
class Object:
    """What is kept of a key: immutable, so that it can be sent.

    Attributes:
        clock: The dots that have been seen.
        siblings: The values that have not been overwritten, in the order of their dots.
    """

    clock: Clock = ()
    siblings: tuple[Sibling, ...] = ()

    @property
    def values(self) -> tuple[Any, ...]:
        """The values of the siblings."""
        return tuple(value for _, _, value in self.siblings)


EMPTY = Object()


def merged(one: Object, other: Object) -> Object:
    """Return *one* and *other* together: a sibling stays unless the other side has seen and overwritten it."""
    if one == other:
        return one
    ours, theirs = dict(one.clock), dict(other.clock)
    siblings = {
        sibling[:2]: sibling for sibling in one.siblings if sibling in other.siblings or not _seen(theirs, sibling)
    }
    siblings |= {
        sibling[:2]: sibling for sibling in other.siblings if sibling in one.siblings or not _seen(ours, sibling)
    }
    return Object(joined(one.clock, other.clock), tuple(siblings[dot] for dot in sorted(siblings)))


def updated(current: Object, context: Clock, actor: str, *values: Any) -> Object:
    """Return *current* after *actor* has put *values* (one, or none for a delete) over what *context* covers."""
    covered = dict(context)
    siblings = [sibling for sibling in current.siblings if not _seen(covered, sibling)]
    clock = dict(joined(current.clock, context))
    for value in values:
        clock[actor] = clock.get(actor, 0) + 1
        siblings.append((actor, clock[actor], value))
    return Object(tuple(sorted(clock.items())), tuple(sorted(siblings, key=lambda sibling: sibling[:2])))


def joined(one: Clock, other: Clock) -> Clock:
    """Return the dots that are in *one* or in *other*."""
    clock = dict(one)
    for actor, number in other:
        clock[actor] = max(number, clock.get(actor, 0))
    return tuple(sorted(clock.items()))


def _seen(clock: Mapping[str, int], sibling: Sibling) -> bool:
    return sibling[1] <= clock.get(sibling[0], 0)
