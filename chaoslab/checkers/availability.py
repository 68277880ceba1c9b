"""What clients experienced, in figures: how much succeeded, how long it took, and when it worked again.

Rules:

1. An operation counts as available if it succeeded; a refused compare-and-set did succeed.
2. Latency is that of successful operations, from invocation to completion, in virtual time.
3. A percentile is exact: the smallest latency that at least that share of operations did not exceed.

This file knows histories and nothing of simulations: the figures can be had of any history.
"""

from __future__ import annotations

import attrs

from chaoslab.history import History

__all__ = ["Figures", "figures", "percentile", "recovery_ns"]


@attrs.frozen(kw_only=True)
class Figures:
    """The figures of one history.

    Attributes:
        operations: How many operations were invoked.
        ok: How many succeeded.
        fail: How many did not happen.
        info: How many nobody knows of.
        availability: ok / operations; 1.0 if there were none.
        p50_ns: Median latency of the successful ones, in nanoseconds, or None if there are none.
        p99_ns: 99th percentile of the same.
    """

    operations: int
    ok: int
    fail: int
    info: int
    availability: float
    p50_ns: int | None
    p99_ns: int | None


def figures(history: History) -> Figures:
    """Return the figures of *history*. Cost: O(n log n) for n operations."""
    counts = {"ok": 0, "fail": 0, "info": 0}
    latencies_ns = []
    times, partners, types = history.times_ns, history.partners, history.types
    operations = 0
    for call, type in enumerate(types):
        if type != "invoke":
            continue
        operations += 1
        ret = partners[call]
        ending = "info" if ret < 0 else types[ret]
        counts[ending] += 1
        if ending == "ok":
            latencies_ns.append(times[ret] - times[call])
    latencies_ns.sort()
    return Figures(
        operations=operations,
        ok=counts["ok"],
        fail=counts["fail"],
        info=counts["info"],
        availability=counts["ok"] / operations if operations else 1.0,
        p50_ns=percentile(latencies_ns, 50),
        p99_ns=percentile(latencies_ns, 99),
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
