"""Nemesis programs: each does what its line says, says what it needs, and the right protocol survives it."""

from __future__ import annotations

import pytest

from chaoslab.errors import ScenarioError
from chaoslab.nemesis import Scene
from chaoslab.plugins import registry
from chaoslab.runner import Run, run
from chaoslab.scenario import Scenario, parse_scenario

S = 10**9

TEXT = """
[scenario]
duration = "10s"
settle = "4s"
[cluster]
protocol = "{protocol}"
nodes = 5
{zones}
[workload]
name = "register"
clients = 5
rate = "40/s"
[[nemesis]]
name = "{program}"
{more}
"""
ZONES = 'zones = { east = "n1 n2", west = "n3 n4", south = "n5" }'


def scenario(program: str, protocol: str = "raft", more: str = "", zones: str = ZONES) -> Scenario:
    return parse_scenario(TEXT.format(program=program, protocol=protocol, more=more, zones=zones), registry())


def ran(program: str, seed: int = 1, **arguments: str) -> Run:
    return run(scenario(program, **arguments), seed)


def words(done: Run) -> list[str]:
    return [injection.describe() for injection in done.injections]


@pytest.mark.parametrize("program", list(registry().nemeses))
def test_the_right_protocol_survives_it(program: str) -> None:
    """Within the budget, with something injected, and recovered afterwards."""
    for seed in range(2):
        done = ran(program, seed)
        assert done.verdict == "valid", [verdict.summary for verdict in done.checks]
        assert done.injections
        assert all(injection.healed_ns is not None for injection in done.injections)


def test_kill_the_leader_hits_whoever_leads_each_time() -> None:
    """Every crash is of the node that had just become the leader."""
    done = ran("kill-the-leader", more='after = "300ms"\ndown = "1s"')
    assert len(done.injections) >= 2
    assert all(word.startswith("crash:") for word in words(done))
    assert len({injection.targets for injection in done.injections}) > 1


def test_crash_during_recovery_hits_a_node_that_has_just_come_back() -> None:
    """Some node crashes again within the time given after it started again."""
    done = ran("crash-during-recovery", more='every = "2s"\nafter = "50ms"')
    ends = {(one.targets, one.healed_ns) for one in done.injections}
    again = [
        one
        for one in done.injections
        if any(targets == one.targets and 0 <= one.began_ns - (end or 0) <= S // 20 for targets, end in ends)
    ]
    assert again


def test_rolling_restart_leaves_no_node_out_and_takes_one_at_a_time() -> None:
    """Every node was started anew, and the budget of a minority was enough."""
    done = ran("rolling-restart-under-load", more='down = "300ms"\npause = "300ms"')
    assert any("rolling-restart" in word for word in words(done))
    assert done.not_done == ()


def test_partition_write_heal_splits_again_and_again() -> None:
    """The leader's side first, then by count."""
    found = words(ran("partition-write-heal", more='split = "2s"\nwhole = "1s"'))
    assert len(found) >= 3
    assert all(word.startswith("partition: ") for word in found)


def test_majorities_ring_leaves_everybody_a_majority_that_nobody_shares() -> None:
    """Five nodes, five different majorities."""
    (first, *_) = ran("majorities-ring").injections
    assert first.took_effect


def test_a_zone_goes_stale_before_another_goes_dark() -> None:
    """The outage follows the cut, and is of another zone."""
    done = ran("zone-outage-with-stale-backup", more='stale = "1500ms"\noutage = "1s"')
    kinds = [injection.kind for injection in done.injections]
    assert kinds[0] == "partition"
    assert "zone-outage" in kinds


def test_slow_leader_slows_the_leader_and_nobody_else() -> None:
    """Whoever leads at that moment."""
    done = ran("slow-leader")
    assert {injection.kind for injection in done.injections} <= {"slow", "pause"}
    assert all(len(injection.targets) == 1 for injection in done.injections)


def test_swizzle_clog_holds_messages_and_lets_them_go() -> None:
    """Nothing is lost to it."""
    done = ran("swizzle-clog")
    assert {injection.kind for injection in done.injections} == {"swizzle", "clog"}
    assert sum(injection.took_effect or 0 for injection in done.injections) > 0


def test_clock_strobe_with_failover_strobes_from_beginning_to_end() -> None:
    """Leaders fall while clocks jump."""
    done = ran("clock-strobe-with-failover")
    assert {injection.kind for injection in done.injections} == {"clock-strobe", "crash"}


def test_swarms_differ_from_seed_to_seed_and_keep_to_what_they_are_told() -> None:
    """Each seed has its own kinds; those named are the only ones."""
    scene = Scene(nodes=("n1", "n2", "n3"), duration_ns=20 * S, kinds=registry().faults, leader="leader")
    plans = {tuple(one.kind for one in ran("swarm", seed).injections) for seed in range(4)}
    assert len(plans) == 4
    only = ran("swarm", more='kinds = ["crash", "drop"]\nshare = 1.0')
    assert {injection.kind for injection in only.injections} <= {"crash", "drop"}
    assert "swarm" in registry().nemeses
    assert scene.budget is None


@pytest.mark.parametrize(("protocol", "largest"), [("raft", 5), ("abd", 2)])
def test_a_swarm_strikes_everybody_at_once_where_that_is_survived(protocol: str, largest: int) -> None:
    """What is acknowledged before it is on the disk shows when the power goes everywhere."""
    more = 'kinds = ["crash"]\nshare = 1.0'
    runs = [ran("swarm", seed, protocol=protocol, more=more) for seed in range(12)]
    assert {done.verdict for done in runs} == {"valid"}
    assert max(len(injection.targets) for done in runs for injection in done.injections) == largest


@pytest.mark.parametrize(
    ("program", "arguments", "message"),
    [
        ("kill-the-leader", {"protocol": "abd"}, r"nemesis\.name: the nemesis kill-the-leader is about the leader"),
        ("zone-outage-with-stale-backup", {"zones": ""}, "takes two zones: say zones in"),
        ("swarm", {"more": 'kinds = ["crsh"]'}, r"nemesis\.kinds: unknown kind of fault 'crsh'; did you mean 'crash'"),
        ("swarm", {"more": 'without = ["dropp"]'}, r"nemesis\.without: .* did you mean 'drop'"),
    ],
)
def test_what_a_program_needs_is_told_when_the_scenario_is_read(
    program: str, arguments: dict[str, str], message: str
) -> None:
    """With the line and the key."""
    with pytest.raises(ScenarioError, match=message) as error:
        scenario(program, **arguments)
    assert error.value.line
