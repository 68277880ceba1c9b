"""Whether one order of all words that were ever typed explains what was seen of a text.

Attiya et al., "Specification and complexity of collaborative text editing" (PODC 2016), section 3: the strong list
specification. There is one total order of all words, deleted ones too, such that every read shows its words in that
order, and a word is between the two that it was typed between. Two facts make "a before b": b stands next behind a in
what somebody read; or one of them was typed just before or just behind the other. An order exists if and only if these
facts have no cycle.

Cost: linear in the number of words read; where there is a cycle, times the number of words on cycles.

It does not know whether words are missing, or there too often: that is for others.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Mapping

import attrs

from chaoslab.history import Operation

__all__ = ["Fact", "contradiction"]


@attrs.frozen(kw_only=True)
class Fact:
    """That a word comes before another, and the operation that shows it.

    Attributes:
        word: The one before.
        next: The one behind.
        shown_by: A read, or the insertion of one of the two.
    """

    word: str
    next: str
    shown_by: Operation


def contradiction(operations: Iterable[Operation]) -> tuple[Fact, ...] | None:
    """Return facts that make a shortest circle, or None if all agree with one order.

    Args:
        operations: Those on one text. An insertion's result is ``[before, behind]``, the words that it was typed
            between (None at an end), or None where the text does not tell.
    """
    facts: dict[str, dict[str, Fact]] = {}
    for operation in operations:
        for word, behind in _pairs(operation):
            facts.setdefault(word, {}).setdefault(behind, Fact(word=word, next=behind, shown_by=operation))
            facts.setdefault(behind, {})
    circles = [circle for word in _in_no_order(facts) if (circle := _circle(facts, word)) is not None]
    return min(circles, key=len, default=None)


def _pairs(operation: Operation) -> list[tuple[str, str]]:
    """Return the pairs of words of which *operation* shows that one comes before the other."""
    if operation.type != "ok":
        return []
    if operation.f == "read":
        return list(itertools.pairwise(operation.value or ()))
    if operation.f != "insert" or operation.result is None:
        return []
    _, word = operation.argument
    before, behind = operation.result
    return [pair for pair in ((before, word), (word, behind)) if None not in pair]


def _in_no_order(facts: Mapping[str, Mapping[str, Fact]]) -> list[str]:
    """Return the words that are left when those that nothing comes before are taken away, again and again."""
    before = dict.fromkeys(facts, 0)
    for behind in facts.values():
        for word in behind:
            before[word] += 1
    free = [word for word, count in before.items() if not count]
    while free:
        for word in facts[free.pop()]:
            before[word] -= 1
            if not before[word]:
                free.append(word)
    return [word for word, count in before.items() if count]


def _circle(facts: Mapping[str, Mapping[str, Fact]], start: str) -> tuple[Fact, ...] | None:
    """Return a shortest way from *start* back to itself."""
    came_by: dict[str, Fact] = {}
    waiting = deque([start])
    while waiting:
        for word, fact in facts[waiting.popleft()].items():
            if word in came_by:
                continue
            came_by[word] = fact
            if word == start:
                way = [fact]
                while way[-1].word != start:
                    way.append(came_by[way[-1].word])
                return tuple(reversed(way))
            waiting.append(word)
    return None
