"""Stretches of a history: when faults were in force, when nobody was served, and what each fault did to clients.

Rules:

1. A fault is in force from the nemesis's note that it was injected to the one that it was healed. Jepsen's notes that
   begin with ``start`` and ``stop`` or end in them are read the same way. One that is never healed lasts to the end.
2. An outage is a stretch in which operations end, and none with success: from the invocation of the first of these,
   or the last success before if that is later, to the next success.
3. An operation failed *under* a fault if it was open at any moment while that fault was in force. With several faults
   in force at once each of them is named: which one it was, a history cannot say.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator

import attrs

from chaoslab.history import NEMESIS, History

__all__ = ["Experience", "FaultWindow", "Outage", "ended", "experiences", "fault_windows", "outages"]


@attrs.frozen(kw_only=True)
class FaultWindow:
    """A fault, and when it was in force.

    Attributes:
        name: As the nemesis noted it.
        began_ns: When it was injected.
        ended_ns: When it was healed, or the history ended.
    """

    name: str
    began_ns: int
    ended_ns: int


@attrs.frozen(kw_only=True)
class Outage:
    """A stretch of time in which nobody was served.

    Attributes:
        began_ns: From when.
        ended_ns: To when: the next success, or the end of the history.
        operations: How many operations ended in it, none of them with success.
    """

    began_ns: int
    ended_ns: int
    operations: int

    @property
    def length_ns(self) -> int:
        """How long it lasted."""
        return self.ended_ns - self.began_ns


@attrs.frozen(kw_only=True)
class Experience:
    """What clients noticed of one fault.

    Attributes:
        fault: The fault.
        operations: How many operations were open while it was in force.
        failures: How many of them did not succeed.
        detected_ns: How long after its beginning the first of these failed: nobody could know before. None: nobody
            noticed it.
        recovered_ns: How long after its beginning an operation succeeded that was begun after that failure. None:
            nobody noticed it, or it never worked again.
    """

    fault: FaultWindow
    operations: int
    failures: int
    detected_ns: int | None
    recovered_ns: int | None


def fault_windows(history: History) -> list[FaultWindow]:
    """Return the faults in *history*, in the order in which they began. Cost: O(n) for n events."""
    begun: list[tuple[str, int]] = []
    ended_at: dict[int, int] = {}
    open_by_name: dict[str, list[int]] = {}
    for index, process in enumerate(history.processes):
        if process != NEMESIS:
            continue
        f, time_ns = history.fs[index], history.times_ns[index]
        what, is_start = _meaning(f, history.values[index])
        if is_start is True:
            open_by_name.setdefault(what, []).append(len(begun))
            begun.append((what, time_ns))
        elif is_start is False:
            waiting = open_by_name.get(what)
            if waiting:
                ended_at[waiting.pop(0)] = time_ns
    last_ns = max(history.times_ns, default=0)
    return [
        FaultWindow(name=name, began_ns=began_ns, ended_ns=ended_at.get(number, last_ns))
        for number, (name, began_ns) in enumerate(begun)
    ]


def _meaning(f: str, value: object) -> tuple[str, bool | None]:
    """Return what a note of the nemesis is about, and whether that begins, ends, or neither."""
    if f in ("inject", "heal"):
        return str(value), f == "inject"
    words = f.replace("_", "-").split("-")
    for word, is_start in (("start", True), ("stop", False)):
        if word in words:
            return "-".join(one for one in words if one != word) or "fault", is_start
    return f, None


def ended(history: History) -> Iterator[tuple[int, int, int, bool]]:
    """Yield (invoked, due, completed, whether it succeeded) of every operation of *history* that ended, in that order.

    All in nanoseconds. Due is when it should have been invoked: later than that only if its client was still busy.
    """
    times, partners, processes, due = history.times_ns, history.partners, history.processes, history.due_ns
    for ret, type in enumerate(history.types):
        if type == "invoke" or processes[ret] == NEMESIS:
            continue
        call = partners[ret]
        called_ns = times[call]
        yield called_ns, due.get(call, called_ns), times[ret], type == "ok"


def outages(history: History) -> list[Outage]:
    """Return when nobody was served, in order of time. Cost: O(n) for n events."""
    found = []
    last_ok_ns: int | None = None
    began_ns: int | None = None
    last_ns = operations = 0
    for called_ns, _, returned_ns, succeeded in ended(history):
        last_ns = returned_ns
        if not succeeded:
            operations += 1
            since_ns = called_ns if last_ok_ns is None else max(called_ns, last_ok_ns)
            began_ns = since_ns if began_ns is None else min(began_ns, since_ns)
            continue
        last_ok_ns = returned_ns
        if began_ns is not None:
            found.append(Outage(began_ns=began_ns, ended_ns=returned_ns, operations=operations))
            began_ns, operations = None, 0
    if began_ns is not None:
        found.append(Outage(began_ns=began_ns, ended_ns=last_ns, operations=operations))
    return found


def experiences(history: History) -> list[Experience]:
    """Return what clients noticed of each fault, in the order in which faults began.

    Cost: O(n log n + f m) for n events, f faults, and m operations open while one is in force.
    """
    operations = sorted(ended(history))
    calls = [operation[0] for operation in operations]
    longest_ns = max((returned - called for called, _, returned, _ in operations), default=0)
    successes = sorted((called, returned) for called, _, returned, succeeded in operations if succeeded)
    succeeded_calls = [called for called, _ in successes]
    earliest_after = _running_minimum_from_the_end([returned for _, returned in successes])
    found = []
    for fault in fault_windows(history):
        first = bisect.bisect_left(calls, fault.began_ns - longest_ns)
        last = bisect.bisect_right(calls, fault.ended_ns)
        under = [one for one in operations[first:last] if one[2] >= fault.began_ns]
        failed = [returned for _, _, returned, succeeded in under if not succeeded]
        detected_ns = min(failed, default=None)
        recovered_ns = None
        if detected_ns is not None:
            position = bisect.bisect_left(succeeded_calls, detected_ns)
            if position < len(earliest_after):
                recovered_ns = earliest_after[position] - fault.began_ns
        found.append(
            Experience(
                fault=fault,
                operations=len(under),
                failures=len(failed),
                detected_ns=None if detected_ns is None else detected_ns - fault.began_ns,
                recovered_ns=recovered_ns,
            )
        )
    return found


def _running_minimum_from_the_end(numbers: list[int]) -> list[int]:
    """Return for each position the least of *numbers* from there on."""
    least = numbers[:]
    for position in range(len(least) - 2, -1, -1):
        least[position] = min(least[position], least[position + 1])
    return least
