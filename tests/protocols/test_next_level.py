"""The weak protocols: what each does not claim is really violated, and the report names the anomaly that shows it."""

from __future__ import annotations

from collections import Counter

import attrs
import pytest

from chaoslab.plugins import registry
from chaoslab.runner import run
from chaoslab.scenario import load_scenario
from chaoslab.scenario.shipped import scenario_path


@attrs.frozen
class Weak:
    """A protocol, how it is set, what it claims, and the scenario in which the next level fails, by which anomaly."""

    protocol: str
    setting: str
    claims: tuple[str, ...]
    scenario: str
    next_level: str
    anomaly: str


SESSIONS = ("read-your-writes", "monotonic-reads", "monotonic-writes", "writes-follow-reads")
EVENTUAL = ("eventual",)

CAUSAL = (*SESSIONS, "causal-convergence", "eventual")

WEAK = (
    Weak("primary-backup", "asynchronous", (), "primary_backup/failover", "linearizable", "lost write"),
    Weak("last-write-wins", "ONE", EVENTUAL, "last_write_wins/one_reads_stale", "linearizable", "stale read"),
    Weak(
        "last-write-wins",
        "QUORUM, one clock behind",
        EVENTUAL,
        "last_write_wins/skewed_clock_loses_writes",
        "linearizable",
        "lost write",
    ),
    Weak("dynamo-register", "sloppy quorum", EVENTUAL, "dynamo/sloppy_quorum", "linearizable", "stale read"),
    Weak("zab", "local reads", ("sequential",), "zab/local_reads_are_stale", "linearizable", "stale read"),
    Weak("zab", "unconfirmed syncs", ("sequential",), "zab/old_leader_syncs", "linearizable", "stale read"),
    Weak("causal", "local reads", CAUSAL, "causal/no_single_order", "sequential", "not sequentially consistent"),
    Weak("causal", "local reads", CAUSAL, "causal/reads_stale", "linearizable", "stale read"),
    Weak(
        "percolator",
        "snapshots",
        ("snapshot-isolation", "linearizable"),
        "percolator/write_skew",
        "serializable",
        "G2-item",
    ),
    Weak("crdt-counter", "gossip", EVENTUAL, "crdt/counter_reads_stale", "linearizable", "wrong sum"),
    # Sets have no single write that a read could be said to have missed: the name is that of the level.
    Weak("crdt-set", "gossip", EVENTUAL, "crdt/set_every_fault", "linearizable", "not linearizable"),
)


@pytest.mark.parametrize("weak", WEAK, ids=lambda weak: weak.scenario)
def test_the_next_level_fails_for_most_seeds_and_the_anomaly_is_named(weak: Weak) -> None:
    """No lucky seed: more than half of six."""
    scenario = load_scenario(scenario_path(weak.scenario), registry(), {"expect.consistency": weak.next_level})
    assert scenario.protocol == weak.protocol
    found = Counter(
        one.anomaly
        for seed in range(400, 406)
        for one in run(scenario, seed).checks
        if one.level == weak.next_level and one.outcome == "invalid"
    )
    assert found.total() > 3
    assert weak.anomaly in found


@pytest.mark.parametrize("weak", WEAK, ids=lambda weak: weak.scenario)
def test_the_level_that_fails_is_not_claimed(weak: Weak) -> None:
    """The protocol claims what the table says, and the next level is none of it."""
    assert registry().protocols[weak.protocol].claims == weak.claims
    assert weak.next_level not in weak.claims
