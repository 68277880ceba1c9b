"""A set that only grows: what became of every element that was added.

Rules, where an element is *known* from the moment that its add was acknowledged or some read that saw it had ended:

1. Lost: a read that began when the element was known lacks it, and no read that ended after that one began has it.
2. Stale: a read that began when it was known lacks it, but a later one has it. Wrong only for a linearizable set.
3. Duplicated: one read has it twice. Unexpected: a read has it, but nobody who may have succeeded added it.
4. Never read: its add was acknowledged, no read began after that, and none saw it: nothing can be said.
5. Stable: any other element that is known.

This file does not know about removals.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import attrs

from chaoslab.checkers.transactions.micro import freeze, frozen_items
from chaoslab.checkers.verdict import Verdict, confirm
from chaoslab.errors import HistoryError, unknown_word
from chaoslab.history import History, Operation
from chaoslab.history.values import frozen

__all__ = ["ElementFate", "set_full"]

_FS = ("add", "read")

_SHOWN_MAX = 100


@attrs.frozen(kw_only=True)
class ElementFate:
    """Evidence of what became of one element.

    Attributes:
        anomaly: ``lost``, ``stale``, ``duplicated`` or ``unexpected``.
        element: The element.
        known_by: The operation by whose end it was known (lost and stale), else None.
        read: The read that lacks it, has it twice, or should not have it.
        later: stale: a later read that has it, else None.
    """

    anomaly: str
    element: Any
    known_by: Operation | None
    read: Operation
    later: Operation | None = None


def set_full(history: History, *, stale_allowed: bool = True) -> Verdict:
    """Decide whether every element whose add was acknowledged stays in the set, once.

    Args:
        history: Operations ``add``, with an element, and ``read``, with the list of all elements as its value.
        stale_allowed: Whether a read may lack an element that is known, if later reads have it.

    Returns:
        A verdict. Invalid: ``evidence`` is the ``ElementFate`` of the first element of the worst kind. ``details``
        counts the elements by fate and lists up to a hundred of each kind that is wrong.
        Cost: O(elements read).

    Raises:
        HistoryError: another operation, or a read that is no list.

    Source:
        Jepsen, ``jepsen.checker/set-full``.
    """
    operations = history.operations()
    fates = _Fates(operations)
    kinds = ["unexpected", "lost", "duplicated", *(() if stale_allowed else ("stale",))]
    found = {
        "unexpected": fates.unexpected(),
        "duplicated": fates.duplicated,
        "lost": fates.lost,
        "stale": fates.stale,
        "never read": fates.never_read,
    }
    details: dict[str, Any] = {"elements": len(fates.known), "reads": len(fates.reads)}
    details["stable"] = len(fates.known) - len(fates.lost) - len(fates.never_read)
    for kind, elements in found.items():
        details[kind] = len(elements)
        if elements:
            details[f"{kind} elements"] = [fates.raw.get(one, one) for one in list(elements)[:_SHOWN_MAX]]
    for kind in kinds:
        for element, operation in found[kind].items():
            evidence = fates.evidence(kind, element, operation)
            confirm("set-full", _complaint(evidence, operations))
            shown = {one.call: one for one in (evidence.known_by, evidence.read, evidence.later) if one is not None}
            return Verdict(
                outcome="invalid",
                name="set-full",
                summary=_sentence(evidence),
                anomaly=kind,
                operations=tuple(shown[call] for call in sorted(shown)),
                evidence=evidence,
                details=details,
            )
    confirm("set-full", _complaint_about_all(operations, stale_allowed=stale_allowed))
    summary = f"none of {len(fates.known)} elements was lost" + (
        f"; {len(fates.never_read)} were never looked for." if fates.never_read else "."
    )
    return Verdict(outcome="valid", name="set-full", summary=summary, evidence=len(fates.known), details=details)


class _Fates:
    """What became of every element; the maps are from elements, frozen, to the operation that shows it."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.raw: dict[Hashable, Any] = {}
        self.added: dict[Hashable, Operation] = {}
        self.known: dict[Hashable, Operation] = {}
        self.reads: list[tuple[Operation, list[Hashable]]] = []
        self.duplicated: dict[Hashable, Operation] = {}
        for operation in operations:
            self._take(operation)
        self.sets = {read.call: set(items) for read, items in self.reads}
        self.ever_read: set[Hashable] = set().union(*self.sets.values())
        self._find_known(operations)
        last = max((read for read, _ in self.reads), key=lambda read: read.call, default=None)
        horizon = -1 if last is None else last.call
        # What no read has that can come after the last read is lost, if it was known when that began.
        recent = {item for read, items in self.reads if _end(read) > horizon for item in items}
        missing = {one: by for one, by in self.known.items() if one not in recent}
        self.lost = {one: last for one, by in missing.items() if last is not None and _end(by) < horizon}
        self.never_read = {one: by for one, by in missing.items() if one not in self.ever_read and one not in self.lost}
        self.stale = self._stale()

    def _take(self, operation: Operation) -> None:
        if operation.f not in _FS:
            raise HistoryError(f"event {operation.call}: {unknown_word('set operation', operation.f, _FS)}")
        if operation.f == "add":
            if operation.type != "fail":
                self.added.setdefault(freeze(operation.argument, self.raw), operation)
        elif operation.type == "ok":
            if operation.value is not None and operation.value.__class__ not in (list, tuple):
                raise HistoryError(f"event {operation.ret}: a read of the set returns a list, not {operation.value!r}.")
            items = frozen_items(operation.value or [], self.raw)
            self.reads.append((operation, items))
            if len(set(items)) != len(items):
                seen: set[Hashable] = set()
                for item in items:
                    if item in seen:
                        self.duplicated.setdefault(item, operation)
                    seen.add(item)

    def _find_known(self, operations: Sequence[Operation]) -> None:
        """Find for each element the operation by whose end it was known, the earliest."""
        for operation in sorted((one for one in operations if one.type == "ok"), key=_end):
            if operation.f == "add":
                self.known.setdefault(freeze(operation.argument, self.raw), operation)
                continue
            for item in self.sets[operation.call] - self.known.keys():
                if item in self.added:
                    self.known[item] = operation

    def _stale(self) -> dict[Hashable, Operation]:
        """Return for each stale element the first read that lacks it."""
        found: dict[Hashable, Operation] = {}
        watched: set[Hashable] = set()  # known when the read begins, not lost, and not found to be stale so far
        by_known = iter([(_end(by), one) for one, by in self.known.items() if one not in self.lost])
        following = next(by_known, None)
        for read, _ in self.reads:
            while following is not None and following[0] < read.call:
                watched.add(following[1])
                following = next(by_known, None)
            for element in watched - self.sets[read.call]:
                found[element] = read
            watched &= self.sets[read.call]
        return found

    def _later(self, element: Hashable, read: Operation) -> Operation | None:
        """Return a read that ended after *read* began and has *element*."""
        return next((one for one, _ in self.reads if _end(one) > read.call and element in self.sets[one.call]), None)

    def unexpected(self) -> dict[Hashable, Operation]:
        """Return elements that were read although nobody who may have succeeded added them."""
        found: dict[Hashable, Operation] = {}
        for read, items in self.reads:
            if not self.sets[read.call] <= self.added.keys():
                for item in items:
                    if item not in self.added:
                        found.setdefault(item, read)
        return found

    def evidence(self, kind: str, element: Hashable, operation: Operation) -> ElementFate:
        """Return the evidence that *element* is of *kind*, as *operation* shows."""
        return ElementFate(
            anomaly=kind,
            element=self.raw.get(element, element),
            known_by=self.known[element] if kind in ("lost", "stale") else None,
            read=operation,
            later=self._later(element, operation) if kind == "stale" else None,
        )


def _end(operation: Operation) -> int:
    assert operation.ret is not None
    return operation.ret


def _sentence(fate: ElementFate) -> str:
    read = f"process {fate.read.process} (event {fate.read.call})"
    if fate.anomaly == "unexpected":
        return f"{read} read {fate.element!r}, which nobody added."
    if fate.anomaly == "duplicated":
        return f"{read} read {fate.element!r} twice in one list."
    assert fate.known_by is not None
    known = f"process {fate.known_by.process} (event {fate.known_by.call})"
    known = f"{known} had {'added' if fate.known_by.f == 'add' else 'read'} it before"
    if fate.later is not None:
        return f"{read} did not see {fate.element!r}, though {known} and event {fate.later.call} sees it later."
    return f"{read} did not see {fate.element!r}, though {known}, and no later read has it."


def _complaint(fate: ElementFate, operations: Sequence[Operation]) -> str | None:
    """Return what is wrong with *fate*, looked up in the operations alone, or None."""
    element = frozen(fate.element)
    reads = [one for one in operations if one.f == "read" and one.type == "ok"]
    seen = [frozen(item) for item in fate.read.value or ()]
    if fate.read not in reads:
        return "the read is none of the history"
    if fate.anomaly == "duplicated":
        return None if seen.count(element) > 1 else "the element is there once"
    if fate.anomaly == "unexpected":
        adds = [one for one in operations if one.f == "add" and one.type != "fail"]
        added = any(frozen(one.argument) == element for one in adds)
        return None if element in seen and not added else "the element was added, or was not read"
    known = fate.known_by
    if known is None or known not in operations or known.ret is None or known.ret > fate.read.call or element in seen:
        return "the element was not known, or it was read"
    shows = [known.argument] if known.f == "add" else known.value
    if element not in [frozen(item) for item in shows]:
        return "the element was not known by that operation"
    later = [one for one in reads if one.ret is not None and one.ret > fate.read.call]
    back = [one for one in later if element in [frozen(item) for item in one.value or ()]]
    if fate.anomaly == "stale":
        return None if fate.later in back else "no later read has the element"
    return None if not back else "a later read has the element"


def _complaint_about_all(operations: Sequence[Operation], *, stale_allowed: bool) -> str | None:
    """Return a read that is not as it should be, judging each by what had ended before it and what ended later."""
    done = sorted((one for one in operations if one.type == "ok"), key=_end)
    added = {frozen(one.argument) for one in operations if one.f == "add" and one.type != "fail"}
    items = {one.call: [frozen(item) for item in one.value or ()] for one in done if one.f == "read"}
    last_seen: dict[Hashable, int] = {}
    for read in done:
        last_seen.update(dict.fromkeys(items.get(read.call, ()), _end(read)))
    known: set[Hashable] = set()
    ended = 0
    for read in operations:
        if read.call not in items:
            continue
        while ended < len(done) and _end(done[ended]) < read.call:
            known.update(items.get(done[ended].call, [frozen(done[ended].argument)]))
            ended += 1
        if len(set(items[read.call])) < len(items[read.call]) or not added.issuperset(items[read.call]):
            return f"event {read.call} read an element twice, or one that nobody added"
        for element in known.difference(items[read.call]):
            if not stale_allowed or last_seen.get(element, -1) < read.call:
                return f"event {read.call} lacks {element!r}"
    return None
