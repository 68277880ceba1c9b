"""Which fault led to which failure: faults are what happens to a system, failures are what its clients see of it.

Rules:

1. A failure is an operation that did not succeed. It happened *under* every fault that was in force while it was open.
2. A fault *led to* a failure if the trace shows it, in this order: a message between the client and a node was lost to
   the fault; a node that had the client's message was taken down or stood still; or, where neither is seen, a node that
   had the client's message lost messages between itself and other nodes. The last is a likely cause, not a proof.
3. Where the trace shows nothing, nothing is said: being in force at the same time is no cause.

What is not seen: faults that make slow rather than lose, and chains over more than one node.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import attrs

from chaoslab.cluster import Injection
from chaoslab.history import History, Operation

__all__ = ["Cause", "Failure", "failures"]

_LOST_TO: Final = {
    "cut": ("partition", "flapping", "zone-outage"),
    "drop": ("drop",),
    "match-drop": ("match",),
    "crash": ("crash-at",),
    "out of memory": ("memory",),
    "inbox full": ("inbox",),
    "overflow": ("queue", "bandwidth"),
    "hold-overflow": ("hold",),
    "clog-overflow": ("clog", "swizzle"),
    "reset": ("reset",),
    "silence": ("half-open",),
    "checksum": ("corrupt", "truncate"),
}
"""The word with which the trace tells that a message is lost, and the kinds of fault that lose it so."""

_STANDING: Final = ("pause",)
_DOWN: Final = ("crash", "amnesia", "crash-at", "restart-loop", "rolling-restart", "zone-outage", "memory")
"""The kinds of fault by which a node stands still, and by which it is down."""


@attrs.frozen
class Cause:
    """A fault that led to a failure.

    Attributes:
        fault: The fault's number.
        how: How it did, in words.
    """

    fault: int
    how: str


@attrs.frozen(kw_only=True)
class Failure:
    """An operation that did not succeed.

    Attributes:
        operation: The operation.
        under: The faults in force while it was open, by their numbers.
        causes: Those of which the trace shows that they led to it.
    """

    operation: Operation
    under: tuple[int, ...]
    causes: tuple[Cause, ...] = ()


@attrs.frozen
class _Seen:
    """Something at a moment of the trace: a message that arrived (no word) or was lost, or a node that stopped."""

    time_ns: int
    word: str
    source: str
    target: str


def failures(history: History, injections: Sequence[Injection], trace: Sequence[str]) -> list[Failure]:
    """Return the operations that did not succeed, in order, each with the faults that it happened under and by.

    Cost: O(n + f (i + m)) for n lines of the trace, f failures, i faults and m lines while one was open.

    Args:
        history: What clients saw.
        injections: The faults; they are told by their numbers in here.
        trace: The trace's lines; without them only what was in force at the time is known.
    """
    failed = [one for one in history.operations() if one.type in ("fail", "info")]
    if not failed or not injections:
        return [Failure(operation=one, under=()) for one in failed]
    last_ns = max(history.times_ns)
    story = _Story(injections, trace) if trace else None
    found = []
    for one in failed:
        end_ns = last_ns if one.ret_time_ns is None else one.ret_time_ns
        under = tuple(
            number
            for number, fault in enumerate(injections)
            if fault.began_ns <= end_ns and (fault.healed_ns is None or fault.healed_ns >= one.call_time_ns)
        )
        causes = () if story is None else story.behind(one, end_ns)
        found.append(Failure(operation=one, under=under, causes=causes))
    return found


class _Story:
    """What a trace tells of messages and nodes, ready to be asked about an operation."""

    def __init__(self, injections: Sequence[Injection], trace: Sequence[str]) -> None:
        self._injections = injections
        self._clients: dict[tuple[int, int], str] = {}
        self._seen: list[_Seen] = []
        self._pauses: list[list[_Seen]] = []  # of each: the pause, then what arrived when it was over
        paused: dict[str, list[_Seen]] = {}
        resumed: dict[str, tuple[int, list[_Seen]]] = {}
        for line in trace:
            words = line.split(" ")
            time_ns = int(words[0])
            if words[1] == "invoke":
                self._clients[int(words[3]), time_ns] = words[2]
            elif words[1] in ("crash", "pause") and len(words) == 3:
                stop = _Seen(time_ns, words[1], "", words[2])
                self._seen.append(stop)
                if words[1] == "pause":
                    paused[words[2]] = [stop]
                    self._pauses.append(paused[words[2]])
            elif words[1] == "resume" and words[2] in paused:
                resumed[words[2]] = time_ns, paused.pop(words[2])
            else:
                seen = _message(time_ns, words)
                if seen is not None:
                    self._seen.append(seen)
                    over = resumed.get(seen.target)
                    if over is not None and over[0] == time_ns and not seen.word:
                        over[1].append(seen)
        self._times = [one.time_ns for one in self._seen]

    def behind(self, operation: Operation, end_ns: int) -> tuple[Cause, ...]:
        """Return which faults led to a failure that ended at *end_ns*, in the order of their numbers."""
        client = self._clients.get((operation.process, operation.call_time_ns))
        if client is None:
            return ()
        begin_ns = operation.call_time_ns
        first, last = bisect.bisect_left(self._times, begin_ns), bisect.bisect_right(self._times, end_ns)
        meanwhile = self._seen[first:last]
        found = _first(self._directly(client, meanwhile, begin_ns, end_ns))
        found = found or _first(self._through_the_node(client, meanwhile))
        return tuple(Cause(number, how) for number, how in sorted(found.items()))

    def _directly(
        self, client: str, meanwhile: Sequence[_Seen], begin_ns: int, end_ns: int
    ) -> Iterator[tuple[str, Sequence[int]]]:
        asked = set()
        for one in meanwhile:
            if one.word in ("crash", "pause") and not one.source:
                if one.target in asked:
                    did = "crashed" if one.word == "crash" else "stood still"
                    yield f"{one.target} {did} before it had answered", self._stopped(one)
            elif not one.word:
                if one.source == client:
                    asked.add(one.target)
            elif one.source == client:
                words = f"{one.target} was down" if one.word == "down" else f"the message to {one.target} was lost"
                yield words, self._lost_to(one)
            elif one.target == client:
                yield f"the answer of {one.source} was lost", self._lost_to(one)
        for pause, *arrived in self._pauses:
            over_ns = arrived[0].time_ns if arrived else 0
            if pause.time_ns <= end_ns and over_ns >= begin_ns and any(one.source == client for one in arrived):
                yield f"{pause.target} stood still", self._stopped(pause)

    def _through_the_node(self, client: str, meanwhile: Sequence[_Seen]) -> Iterator[tuple[str, Sequence[int]]]:
        asked = set()
        for one in meanwhile:
            if not one.word and one.source == client:
                asked.add(one.target)
            elif one.word and one.source in asked:
                why = "which was down" if one.word == "down" else "and its message was lost"
                yield f"{one.source}, which was asked, needed {one.target}, {why}", self._lost_to(one)
            elif one.word and one.source and one.target in asked:
                yield f"{one.target}, which was asked, needed {one.source}, whose message was lost", self._lost_to(one)

    def _lost_to(self, lost: _Seen) -> list[int]:
        if lost.word == "down":
            return self._stopped(lost)
        kinds = _LOST_TO.get(lost.word, ())
        return [number for number, fault in self._in_force(lost.time_ns) if fault.kind in kinds]

    def _stopped(self, stop: _Seen) -> list[int]:
        """Return the faults by which a node was down or stood still at a moment."""
        kinds = _STANDING if stop.word == "pause" else _DOWN
        return [
            number
            for number, fault in self._in_force(stop.time_ns)
            if fault.kind in kinds and stop.target in fault.targets
        ]

    def _in_force(self, time_ns: int) -> Iterator[tuple[int, Injection]]:
        for number, fault in enumerate(self._injections):
            if fault.began_ns <= time_ns and (fault.healed_ns is None or time_ns <= fault.healed_ns):
                yield number, fault


def _first(told: Iterable[tuple[str, Sequence[int]]]) -> dict[int, str]:
    """Return how each fault came into it first."""
    found: dict[int, str] = {}
    for how, faults in told:
        for number in faults:
            found.setdefault(number, how)
    return found


def _message(time_ns: int, words: Sequence[str]) -> _Seen | None:
    """Return what a line of the trace tells of a message, if it is about one that arrived or was lost."""
    if words[1].isdigit():
        source, is_message, target = words[2].partition(">") if len(words) > 2 else ("", "", "")
        return _Seen(time_ns, "", source, target) if is_message else None
    for length in (1, 2, 3):  # "inbox full", "out of memory"
        word = " ".join(words[1 : 1 + length])
        if (word == "down" or word in _LOST_TO) and len(words) > 1 + length:
            source, is_message, target = words[1 + length].partition(">")
            if is_message:
                return _Seen(time_ns, word, source, target)
    return None
