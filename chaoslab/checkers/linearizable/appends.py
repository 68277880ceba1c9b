"""Says what is wrong with a text or a log that is only ever appended to.

Such an object has one history: the longest read. Every read must be a beginning of it, every entry must have been
appended once, before whoever read it was answered, and real time must agree with that order. Where one of these does
not hold, two or three operations show it, however many thousands there are.

* *value out of thin air*: nobody appended an entry that was read;
* *duplicated append*: an entry was appended once and read twice;
* *read from the future*: an entry was read before it was appended;
* *incompatible order*: two reads do not agree on the order of entries (Kingsbury & Alvaro 2020, "Elle");
* *reordered append*: an entry comes before one that was appended only later;
* *stale read*: an entry that had been acknowledged, or read, before a read began is missing from it;
* *lost write*: the same, of an entry that no read ever saw.

Between two puts that nothing overlaps, a text is only appended to as well, and must begin with what was put.

This file knows nothing of entries that are appended twice on purpose.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

import attrs

from chaoslab.checkers.entries import appends_only, entries_seen
from chaoslab.checkers.linearizable.parts import NEVER
from chaoslab.checkers.verdict import Telling
from chaoslab.history import Operation
from chaoslab.history.values import frozen, thawed
from chaoslab.history.words import in_words, shown
from chaoslab.models import Model

__all__ = ["about_appends"]


_Read = tuple[Operation, list[Hashable]]
"""A read, and the entries that it saw."""


@attrs.frozen(kw_only=True)
class _Era:
    """A time in which all that changes the object are appends.

    Attributes:
        put: What set the value before it; None: nothing did.
        reads: The reads in it, the first that returned coming first.
        appends: The appends that may have come in it, by what they appended.
        whole: Nothing else ever changes the object.
    """

    put: Operation | None
    reads: list[Operation]
    appends: dict[Hashable, Operation]
    whole: bool

    def is_sure(self, append: Operation) -> bool:
        """Return whether *append* cannot have come before the era."""
        return self.put is None or append.call > _end(self.put)


def about_appends(operations: Sequence[Operation], model: Model) -> Telling | None:
    """Return what two or three of *operations* show of a time in which all that changes the object are appends.

    Args:
        operations: All operations on one object, those that failed too, in the order of their calls.
        model: The model that they violate.

    Returns:
        None if entries are appended twice, if what was read cannot be taken to pieces, or if nothing is wrong with it.
        Cost: O(n log n), the length of all reads, and O(n) for each put.
    """
    happened = [one for one in operations if one.type != "fail"]
    appends = {frozen(one.argument): one for one in happened if one.f == "append"}
    ambiguous = len(appends) < sum(one.f == "append" for one in happened)
    if ambiguous or not appends_only(model):
        return None
    for era in _eras(happened, appends, model):
        told = _about_era(era, operations, model)
        if told is not None:
            return told
    return None


def _eras(happened: Sequence[Operation], appends: dict[Hashable, Operation], model: Model) -> Iterator[_Era]:
    """Yield the times between puts that nothing overlaps: before the first, after each, in their order."""
    others = [one for one in happened if one.f != "append" and one.f not in model.reads]
    reads = sorted((one for one in happened if one.f in model.reads and one.type == "ok"), key=_end)
    ended = -1  # when everything had ended that changed the object otherwise, up to here
    for number in range(-1, len(others)):
        put = others[number] if number >= 0 else None
        alone = put is None or (put.f in ("put", "write") and isinstance(put.argument, str) and ended < put.call)
        begins, since = (-1, -1) if put is None else (_end(put), put.call)
        until = others[number + 1].call if number + 1 < len(others) else NEVER
        if alone and begins < until:
            yield _Era(
                put=put,
                reads=[one for one in reads if begins < one.call and _end(one) < until],
                appends={entry: one for entry, one in appends.items() if since < _end(one) and one.call < until},
                whole=not others,
            )
        ended = max(ended, begins)


def _about_era(era: _Era, operations: Sequence[Operation], model: Model) -> Telling | None:
    values = [one.value for one in era.reads]
    if era.put is not None:
        before = era.put.argument
        for at, read in enumerate(era.reads):
            if not isinstance(read.value, str) or not read.value.startswith(before):
                why = f"although {in_words(era.put)}, which had been acknowledged before that read began"
                return _told("stale read", f"{in_words(read)}, {why}.", era.put, read)
            values[at] = read.value[len(before) :]
    contents = entries_seen(values, era.appends, model)
    if contents is None:
        return None
    reads = [*zip(era.reads, contents, strict=True)]
    for read, entries in reads:
        for entry in entries:
            if entry not in era.appends:
                return _out_of_thin_air(read, entry, operations)
    whole: list[Hashable] = []
    return _about_reads(reads, era, whole) or _about_missing(reads, era, whole)


def _end(one: Operation) -> int:
    return NEVER if one.ret is None else one.ret


def _about_reads(reads: list[_Read], era: _Era, whole: list[Hashable]) -> Telling | None:
    """Look at *reads*, the first that returned coming first; put all entries into *whole*, in their order."""
    longest: Operation | None = None
    latest: Operation | None = None  # of the entries so far that which was appended last
    seen: set[Hashable] = set()
    for read, entries in reads:
        pairs = zip(entries, whole, strict=False)
        differing = next((at for at, (one, other) in enumerate(pairs) if one != other), None)
        if differing is not None and longest is not None:
            return _disagreeing((longest, whole), (read, entries), differing)
        for entry in entries[len(whole) :]:
            append = era.appends[entry]
            if entry in seen:
                twice = f"{in_words(read)}, where {shown(append.argument)} stands twice, although it was appended once."
                return _told("duplicated append", twice, append, read)
            if append.call > _end(read):
                late = f"{in_words(read)}, which was appended only afterwards ({in_words(append)})."
                return _told("read from the future", late, read, append)
            if latest is not None and _end(append) < latest.call:
                before = f"{shown(latest.argument)} before {shown(append.argument)}"
                why = f"{in_words(append)}, which had been acknowledged before {in_words(latest)}"
                return _told("reordered append", f"{in_words(read)}, {before}, although {why}.", append, latest, read)
            if latest is None or append.call > latest.call:
                latest = append
            seen.add(entry)
        if len(entries) > len(whole):
            longest = read
            whole += entries[len(whole) :]
    return None


def _about_missing(reads: list[_Read], era: _Era, whole: Sequence[Hashable]) -> Telling | None:
    """Find a read that misses what had been acknowledged, or read, before it began."""
    places = {entry: place for place, entry in enumerate(whole)}
    sure = [(entry, one) for entry, one in era.appends.items() if entry in places or era.is_sure(one)]
    ended = [(places.get(entry, len(whole)), one) for entry, one in sure]
    ended += [(len(entries) - 1, one) for one, entries in reads]
    ended.sort(key=lambda one: one[0])
    first: Operation | None = None  # of those that know of more than the read does that which ended first
    for read, entries in sorted(reads, key=lambda one: -len(one[1])):
        while ended and ended[-1][0] >= len(entries):
            one = ended.pop()[1]
            first = one if first is None or _end(one) < _end(first) else first
        if first is not None and _end(first) < read.call:
            if first.f != "append":
                missed = f"{shown(thawed(whole[len(entries)]))} had been read before that read began"
                return _told("stale read", f"{in_words(read)}, although {missed}: {in_words(first)}.", first, read)
            told = f"{in_words(read)}, although {in_words(first)}, which had been acknowledged before that read began"
            if frozen(first.argument) in places or not era.whole:
                return _told("stale read", f"{told}.", first, read)
            return _told("lost write", f"{told}; no read ever saw {shown(first.argument)}.", first, read)
    return None


def _disagreeing(one: _Read, other: _Read, at: int) -> Telling:
    """Return that two reads saw different entries at the same place."""
    differing = f"{shown(thawed(one[1][at]))} and {shown(thawed(other[1][at]))}"
    sentence = f"{in_words(one[0])}, and {in_words(other[0])}: entry {at + 1} is {differing}."
    return _told("incompatible order", sentence, one[0], other[0])


def _out_of_thin_air(read: Operation, entry: Hashable, operations: Sequence[Operation]) -> Telling | None:
    """Return that *entry* was appended by nobody, or only by those who were told that it had not happened.

    None if it may be what stood there at another time.
    """
    if any(one.type != "fail" and _holds(one.argument, entry) for one in operations):
        return None
    sentence = f"{in_words(read)}, but nobody had appended {shown(thawed(entry))}"
    for one in operations:
        if one.type == "fail" and one.f == "append" and frozen(one.argument) == entry:
            told = f"{sentence}: process {one.process} tried to, and was told that it had not happened."
            return _told("value out of thin air", told, one, read)
    return _told("value out of thin air", f"{sentence}.", read)


def _holds(argument: object, entry: Hashable) -> bool:
    """Return whether *entry* is, or begins with, what was appended or put."""
    if isinstance(argument, str) and argument and isinstance(entry, str):
        return entry.startswith(argument)
    return frozen(argument) == entry


def _told(anomaly: str, sentence: str, *operations: Operation) -> Telling:
    shown_in_order = tuple(sorted(operations, key=lambda operation: operation.call))
    return Telling(summary=sentence, anomaly=anomaly, operations=shown_in_order)
