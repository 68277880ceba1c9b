"""The service levels of one history.

Rules:

1. An operation counts as available if it succeeded; a refused compare-and-set did succeed. One that is still open at
   the end counts as unknown.
2. Latency is that of successful operations, in virtual time, from when they were due: an operation that had to wait
   because its client was busy has waited. Leaving that out is called coordinated omission: the slower the service,
   the fewer operations are asked for, and the better its figures.
3. A percentile is exact: the smallest latency that at least that share of operations did not exceed.
4. *Calm* are the operations that no fault was in force during; the others were *under faults*.
5. *In time* is what succeeded within the clients' patience, from when it was due. Clients that ask until somebody
   answers are served in the end whatever happens: their availability says nothing of how long that took.
"""

from __future__ import annotations

import bisect
from typing import Final

import attrs

from chaoslab.history import NEMESIS, History
from chaoslab.service_levels.nines import downtime_a_year_ns, nines
from chaoslab.service_levels.windows import ended, fault_windows, outages
from chaoslab.units import NS_PER_S

__all__ = ["PATIENCE_NS", "Latencies", "ServiceLevels", "percentile", "recovery_ns", "service_levels"]

PATIENCE_NS: Final = NS_PER_S
"""For how long clients are content to wait, if nobody says otherwise."""


@attrs.frozen(kw_only=True)
class Latencies:
    """How long successful operations took, in nanoseconds; each None if there were none.

    Attributes:
        p50_ns: The median.
        p95_ns: 95 of 100 took at most that long.
        p99_ns: 99 of 100 did.
        max_ns: All did.
    """

    p50_ns: int | None
    p95_ns: int | None
    p99_ns: int | None
    max_ns: int | None


@attrs.frozen(kw_only=True)
class ServiceLevels:
    """The figures of one history.

    Attributes:
        operations: How many operations were invoked.
        ok: How many succeeded.
        fail: How many did not happen.
        info: How many nobody knows of.
        in_time: How many succeeded within the clients' patience.
        patience_ns: How long that is.
        length_ns: From the first invocation to the last completion.
        latencies: Of all successful operations.
        calm: Of those that no fault was in force during; None if there was no fault.
        under_faults: Of the others; None if there was no fault.
        outages: How often nobody was served.
        longest_outage_ns: For how long at most.
        outage_ns: For how long in all.
    """

    operations: int
    ok: int
    fail: int
    info: int
    in_time: int
    patience_ns: int
    length_ns: int
    latencies: Latencies
    calm: Latencies | None
    under_faults: Latencies | None
    outages: int
    longest_outage_ns: int
    outage_ns: int

    @property
    def availability(self) -> float:
        """The share of operations that succeeded; 1.0 if there were none."""
        return self.ok / self.operations if self.operations else 1.0

    @property
    def promptness(self) -> float:
        """The share of operations that succeeded in time; 1.0 if there were none."""
        return self.in_time / self.operations if self.operations else 1.0

    @property
    def uptime(self) -> float:
        """The share of time that was no outage; 1.0 if no time passed."""
        return 1.0 - self.outage_ns / self.length_ns if self.length_ns else 1.0

    @property
    def nines(self) -> float:
        """The number of nines of the availability."""
        return nines(self.availability)

    @property
    def downtime_a_year_ns(self) -> int:
        """What the availability amounts to in a year."""
        return downtime_a_year_ns(self.availability)

    @property
    def throughput(self) -> float:
        """Successful operations a second; 0.0 if no time passed."""
        return self.ok * NS_PER_S / self.length_ns if self.length_ns else 0.0


def service_levels(history: History, *, patience_ns: int = PATIENCE_NS) -> ServiceLevels:
    """Return the figures of *history*. Cost: O(n log n) for n operations.

    Args:
        history: What clients saw.
        patience_ns: How long after it was due a success is still in time.
    """
    faults = fault_windows(history)
    in_force = _merged([(fault.began_ns, fault.ended_ns) for fault in faults])
    begins = [began_ns for began_ns, _ in in_force]
    ok_ns: list[int] = []
    calm_ns: list[int] = []
    shaken_ns: list[int] = []
    for called_ns, due_ns, returned_ns, succeeded in ended(history):
        if not succeeded:
            continue
        ok_ns.append(returned_ns - due_ns)
        if faults:
            latest = bisect.bisect_right(begins, returned_ns) - 1  # the last stretch that began before the end
            is_calm = latest < 0 or in_force[latest][1] < called_ns
            (calm_ns if is_calm else shaken_ns).append(returned_ns - due_ns)
    invoked = fails = 0
    for type, process in zip(history.types, history.processes, strict=True):
        if process != NEMESIS:
            invoked += type == "invoke"
            fails += type == "fail"
    every_outage = outages(history)
    return ServiceLevels(
        operations=invoked,
        ok=len(ok_ns),
        fail=fails,
        info=invoked - fails - len(ok_ns),
        in_time=sum(took_ns <= patience_ns for took_ns in ok_ns),
        patience_ns=patience_ns,
        length_ns=_length_ns(history),
        latencies=_latencies(ok_ns),
        calm=_latencies(calm_ns) if faults else None,
        under_faults=_latencies(shaken_ns) if faults else None,
        outages=len(every_outage),
        longest_outage_ns=max((outage.length_ns for outage in every_outage), default=0),
        outage_ns=sum(outage.length_ns for outage in every_outage),
    )


def _merged(windows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the stretches that *windows* cover together, in order and apart from each other."""
    merged: list[tuple[int, int]] = []
    for began_ns, ended_ns in sorted(windows):
        if merged and began_ns <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ended_ns))
        else:
            merged.append((began_ns, ended_ns))
    return merged


def _length_ns(history: History) -> int:
    times = [
        time_ns for time_ns, process in zip(history.times_ns, history.processes, strict=True) if process != NEMESIS
    ]
    return max(times) - min(times) if times else 0


def _latencies(of_ns: list[int]) -> Latencies:
    of_ns.sort()
    return Latencies(
        p50_ns=percentile(of_ns, 50),
        p95_ns=percentile(of_ns, 95),
        p99_ns=percentile(of_ns, 99),
        max_ns=of_ns[-1] if of_ns else None,
    )


def percentile(ordered: list[int], share: int) -> int | None:
    """Return the *share*-th percentile (0 to 100) of *ordered*, which is in ascending order; None if it is empty."""
    if not ordered:
        return None
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def recovery_ns(history: History, healed_ns: int) -> int | None:
    """Return how long after *healed_ns* the first operation that was invoked since then succeeded; None: never."""
    for ret, type in enumerate(history.types):
        if type == "ok" and history.times_ns[history.partners[ret]] >= healed_ns:
            return history.times_ns[ret] - healed_ns
    return None
