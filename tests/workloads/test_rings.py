"""The ring workload: every one of its checks can fail."""

from __future__ import annotations

from typing import Any

import pytest

from chaoslab.checkers import Verdict
from chaoslab.history import History
from chaoslab_workloads.rings import RING

S = 1_000_000_000

PLACES = {"a": (10, "c", ("b", "c")), "b": (20, "a", ("c", "a")), "c": (30, "b", ("a", "b"))}
"""A ring of three: node to (identifier, predecessor, successors)."""


def judged(
    places: dict[str, Any], *lookups: tuple[int, str], refuses: str | None = None, quiet_s: float = 10
) -> Verdict:
    """Return the verdict on the last reads, and on lookups of (identifier of the key, owner)."""
    history = History()
    for node in ("a", "b", "c"):
        history.invoke(0, "read", time_ns=0)
        history.complete(0, "ok", (99, None, ()), time_ns=1, node=node)
    at_ns = int(quiet_s * S)
    for node, value in places.items():
        history.invoke(0, "read", time_ns=at_ns)
        history.complete(0, "ok", value, time_ns=at_ns + 1, node=node)
    for value in lookups:
        history.invoke(0, "get", "k", time_ns=at_ns)
        history.complete(0, "ok", value, time_ns=at_ns + 1, node="a")
    if refuses is not None:
        history.invoke(0, "read", time_ns=at_ns)
        history.complete(0, "fail", time_ns=at_ns + 1, node=refuses, error="not a member of the ring")
    (verdict,) = RING.checks(history, ("k",), None)
    return verdict


def test_one_ring_in_order_whose_lookups_find_the_owner() -> None:
    """That is what is asked for; a key behind the last member belongs to the first one."""
    assert judged(PLACES, (10, "a"), (11, "b"), (30, "c"), (31, "a")).outcome == "valid"


def test_one_member_is_a_ring() -> None:
    """It has no neighbours, and every key."""
    assert judged({"a": (10, None, ())}, (5, "a"), (15, "a")).outcome == "valid"
    assert judged({"a": (10, None, ("b",))}).anomaly == "broken ring"


@pytest.mark.parametrize(
    ("anomaly", "changes", "lookups"),
    [
        ("broken ring", {"a": (10, "c", ("c", "a"))}, []),
        ("broken ring", {"b": (20, "a", ())}, []),
        ("broken ring", {"c": (30, None, ()), "b": (20, "a", ("a",)), "a": (10, "b", ("b",))}, []),
        ("wrong predecessor", {"c": (30, "a", ("a", "b"))}, []),
        ("wrong owner", {}, [(11, "c")]),
        ("wrong owner", {}, [(31, "c")]),
    ],
)
def test_what_is_wrong_is_named(anomaly: str, changes: dict[str, Any], lookups: list[tuple[int, str]]) -> None:
    """Every check has answers that it refuses."""
    verdict = judged({**PLACES, **changes}, *lookups)
    assert (verdict.outcome, verdict.anomaly) == ("invalid", anomaly)
    assert verdict.operations


def test_a_ring_with_a_node_that_nobody_asks_is_not_judged() -> None:
    """It may be where it belongs or not: without a client beside it nobody knows, and unknown is not broken."""
    verdict = judged({**PLACES, "c": (30, "b", ("d", "a"))})
    assert verdict.outcome == "unknown"
    assert "d is in the ring, and no client stands beside it" in verdict.summary


def test_a_node_that_is_in_no_ring_is_left_out() -> None:
    """It answers that it is no member, long after everything was healed."""
    verdict = judged(PLACES, refuses="d")
    assert (verdict.outcome, verdict.anomaly) == ("invalid", "left out")


def test_answers_without_a_quiet_time_before_them_show_nothing() -> None:
    """The ring may still be on its way to be right."""
    assert judged({"a": (10, None, ("b",))}, quiet_s=1).outcome == "unknown"
