"""The membership workload's checks can fail."""

from __future__ import annotations

from typing import Any

from chaoslab.checkers import Verdict
from chaoslab.history import History
from chaoslab_workloads.memberships import MEMBERSHIP, MembershipParameters

S = 1_000_000_000


def judged(*reads: tuple[str, float, Any], crash: tuple[float, float] | None = None, **parameters: Any) -> Verdict:
    """Return the verdict on reads of (node, at which second, ((name, incarnation, status), ...))."""
    history = History()
    events: list[tuple[float, Any]] = [(at_s, (node, beliefs)) for node, at_s, beliefs in reads]
    if crash is not None:
        events += [(crash[0], "inject"), (crash[1], "heal")]
    for at_s, what in sorted(events, key=lambda event: event[0]):
        if isinstance(what, str):
            history.note(what, "crash: n2", time_ns=int(at_s * S))
            continue
        history.invoke(0, "read", time_ns=int(at_s * S))
        history.complete(0, "ok", (1, what[1]), time_ns=int(at_s * S) + 1, node=what[0])
    (verdict,) = MEMBERSHIP.checks(history, (), MembershipParameters(**parameters))
    return verdict


BOTH = (("n1", 0, 0), ("n2", 0, 0))


def test_all_see_all() -> None:
    """That is what is asked for."""
    assert judged(("n1", 1, BOTH), ("n2", 2, BOTH)).outcome == "valid"


def test_somebody_stays_dead() -> None:
    """In the end n1 does not believe n2 to be there, which answers."""
    verdict = judged(("n1", 1, (("n1", 0, 0), ("n2", 0, 2))), ("n2", 2, BOTH))
    assert (verdict.outcome, verdict.anomaly) == ("invalid", "stays dead")
    assert judged(("n1", 1, (("n1", 0, 0),)), ("n2", 2, BOTH)).anomaly == "stays dead"


def test_a_belief_goes_back() -> None:
    """Dead, and then alive, and nothing new was said."""
    gone = (("n1", 0, 0), ("n2", 0, 2))
    assert judged(("n1", 1, gone), ("n1", 2, BOTH), ("n2", 3, BOTH)).anomaly == "went back"
    again = (("n1", 0, 0), ("n2", 1, 0))
    assert judged(("n1", 1, gone), ("n1", 2, again), ("n2", 3, again)).outcome == "valid"


def test_a_false_positive_where_nobody_was_taken_away() -> None:
    """Believed dead for a moment."""
    gone, again = (("n1", 0, 0), ("n2", 0, 2)), (("n1", 0, 0), ("n2", 1, 0))
    reads = (("n1", 1, gone), ("n1", 2, again), ("n2", 3, again))
    assert judged(*reads).outcome == "valid"
    assert judged(*reads, stable=True).anomaly == "false positive"


def test_a_crash_that_nobody_notices() -> None:
    """Five seconds after it went down n2 is still believed to be there."""
    reads = (("n1", 1, BOTH), ("n1", 7, BOTH), ("n2", 11, BOTH), ("n1", 12, BOTH))
    assert judged(*reads, crash=(2, 10)).outcome == "valid"
    assert judged(*reads, crash=(2, 10), detects_within_ns=4 * S).anomaly == "zombie member"
    assert judged(*reads, crash=(2, 6), detects_within_ns=4 * S).outcome == "valid"


def test_nothing_read_is_unknown() -> None:
    """Nobody said anything."""
    assert judged().outcome == "unknown"
