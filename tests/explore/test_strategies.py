"""Strategies: what they run is a plain run, the same whoever runs it, and each does what its name says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import attrs
import pytest

from chaoslab.choices import Choices
from chaoslab.errors import UsageError
from chaoslab.explore.campaign import campaign, run_job
from chaoslab.explore.outcome import Outcome
from chaoslab.explore.recording import parse_recording, replay
from chaoslab.explore.strategies import STRATEGIES, Job, Target, attempt_of, strategy
from chaoslab.explore.strategies.attempt import in_rounds
from chaoslab.explore.strategies.bounded_delay import _chosen, _count
from chaoslab.explore.strategies.crash_points import _left_by_a_crash, _spread
from chaoslab.explore.strategies.guided import Guided, _changed
from chaoslab.nemesis import Budget
from chaoslab.plugins import registry
from chaoslab.runner import run
from chaoslab.scenario import Scenario, load_scenario, parse_scenario, scenario_to_toml
from chaoslab.scenario.shipped import scenario_path
from chaoslab.sim import Engine

SMALL = {"scenario.duration": "4s", "scenario.settle": "2s"}


def target(name: str, **changes: Any) -> Target:
    scenario = attrs.evolve(load_scenario(scenario_path(name), registry(), SMALL), **changes)
    return Target(name=name, text=scenario_to_toml(scenario))


def unnumbered(lines: tuple[str, ...]) -> list[str]:
    """Leave the sequence numbers out, which a step more in the plan moves."""
    return [" ".join(word for at, word in enumerate(line.split()) if at != 1 or not word.isdigit()) for line in lines]


def scenario_of(target: Target) -> Scenario:
    return parse_scenario(target.text, registry())


LOSSY = target("primary_backup/failover")
PERSISTENT = target("raft/every_fault")
QUIET = target("raft/every_fault", faults=())


def test_guided_goes_on_where_the_campaign_before_was() -> None:
    """What is recalled is parents from the first batch on; a recording that cannot be read any more is left out."""
    first = Guided([LOSSY], 0)
    for job in first.take(32):
        first.learn(job, run_job(job))
    memory = first.memory(LOSSY)
    assert memory.features
    assert 0 < len(memory.recordings) <= 32
    again = Guided([LOSSY], 32)
    again.recall(LOSSY, attrs.evolve(memory, recordings=("{}", *memory.recordings)))
    assert again.memory(LOSSY) == memory
    parents = {job.parent for job in again.take(32)} - {""}
    assert parents
    assert parents <= set(memory.recordings)


@pytest.mark.parametrize("name", STRATEGIES)
def test_what_a_strategy_finds_replays_as_a_plain_recording(name: str) -> None:
    """Whatever it steered is in the recording: the same trace comes of it without the strategy."""
    chosen = strategy(name, [LOSSY], 3)
    found = 0
    for job in chosen.take(12):
        outcome = run_job(job)
        chosen.learn(job, outcome)
        if outcome.recording:
            found += 1
            assert replay(parse_recording(outcome.recording)).trace_hash == outcome.trace_hash
    assert found


def outcomes(name: str, executor: ThreadPoolExecutor | ProcessPoolExecutor, workers: int, runs: int) -> list[str]:
    with executor:
        chosen = strategy(name, [LOSSY], 0)
        return [one.trace_hash for one in campaign(chosen, executor, workers=workers, runs=runs)]


def test_a_strategy_that_learns_gives_the_same_runs_whoever_runs_them() -> None:
    """Four batches of guided, in this process and in two others: feedback comes in whole batches, in order."""
    small = outcomes("guided", ThreadPoolExecutor(1), 1, 100)
    assert outcomes("guided", ProcessPoolExecutor(2), 2, 100) == small
    assert len(set(small)) > 90


def test_a_portfolio_lets_every_member_have_its_turn() -> None:
    """One job of each, then again."""
    names = [job.strategy for job in strategy("auto", [LOSSY], 0).take(12)]
    assert names == [*names[:6], *names[:6]]
    assert len(set(names[:6])) == 6


def test_an_unknown_strategy_is_told_with_the_nearest() -> None:
    """In one sentence."""
    with pytest.raises(UsageError, match="did you mean 'guided'"):
        strategy("gided", [LOSSY], 0)


def test_crash_points_strike_at_each_barrier_just_before_and_just_after() -> None:
    """The run is the plain one up to the barrier; then the node loses power, with the data durable or not."""
    plain = run(scenario_of(QUIET), 0, trace_kept=True)
    durable = 0
    for number in range(6):
        job = Job(target=QUIET, seed=0, strategy="crash-points", number=number)
        attempt = attempt_of(job, scenario_of(QUIET))
        done = run(attempt.scenario, attempt.seed, plan=attempt.plan, trace_kept=True)
        (step,) = [one for one in attempt.plan or () if one.name in ("crash barrier", "crash-at barrier")]
        begin = next(at for at, line in enumerate(done.trace) if line.startswith(f"{step.begin_ns} inject"))
        assert unnumbered(done.trace[:begin]) == unnumbered(plain.trace[:begin])
        crash = next(at for at, line in enumerate(done.trace) if at >= begin and f"crash {step.target}" in line)
        durable += done.trace[crash - 1].startswith(f"{step.begin_ns + 1} fsync {step.target}") or (
            done.trace[crash - 2].startswith(f"{step.begin_ns + 1} fsync {step.target}")
        )
    assert durable == 3


def test_what_a_crash_point_leaves_is_drawn_within_what_is_survived() -> None:
    """Every kind of loss by turns; a smaller promise leaves the others as they were."""
    streams = [f"crash {number}" for number in range(40)]
    anything = [_left_by_a_crash(None, Choices(0).stream(name)) for name in streams]
    assert {len(faults) for faults in anything} == {0, 1}  # they hide each other
    assert len({fault.kind for faults in anything for fault in faults}) == 4
    only_torn = Budget(storage=("torn-write",))
    assert [_left_by_a_crash(only_torn, Choices(0).stream(name)) for name in streams] == [
        [fault for fault in faults if fault.kind == "torn-write"] for faults in anything
    ]
    kinds = set()
    for number in range(8):
        job = Job(target=QUIET, seed=0, strategy="crash-points", number=number)
        attempt = attempt_of(job, scenario_of(QUIET))
        done = run(attempt.scenario, attempt.seed, plan=attempt.plan)
        assert not done.not_done
        kinds |= {injection.kind for injection in done.injections if injection.took_effect}
    assert kinds > {"crash", "crash-at"}  # and some of what was left showed


def test_barriers_are_taken_each_once_and_spread_over_the_run() -> None:
    """Half of them after half of the attempts, from all parts."""
    assert sorted(_spread(13)) == list(range(13))
    assert _spread(8)[:4] == [0, 4, 2, 6]
    assert _spread(0) == []


def test_bounded_delays_are_every_message_then_every_pair_each_once() -> None:
    """Of five messages: five, and ten pairs."""
    chosen = [_chosen(place, 5) for place in range(_count(5))]
    assert chosen[:5] == [(0,), (1,), (2,), (3,), (4,)]
    assert len(set(chosen)) == 15
    assert all(first < second < 5 for first, second in chosen[5:])


def test_what_is_gone_through_goes_on_with_the_next_seed() -> None:
    """A round with nothing in it is one plain run."""
    lengths = {5: 2, 6: 0, 7: 3}
    assert [in_rounds(5, number, lengths.__getitem__) for number in range(5)] == [
        (5, 0), (5, 1), (6, None), (7, 0), (7, 1),
    ]  # fmt: skip


def test_pct_lets_some_links_be_slow_up_to_the_last_heal() -> None:
    """A link's messages take about the same time each, other than in a plain run."""
    attempt = attempt_of(Job(target=LOSSY, seed=1, strategy="pct"), scenario_of(LOSSY))
    done = run(attempt.scenario, 1, steering=attempt.steering, recorded=True)
    spreads = []
    for name, draws in done.draws.items():
        if name.startswith("latency n") and len(draws) > 20:
            ordered = sorted(draws[: len(draws) // 2])  # sent before the last heal: two thirds of the run
            spreads.append(ordered[int(0.6 * len(ordered))] - ordered[0])
    assert spreads
    assert sorted(spreads)[len(spreads) // 2] < 0.05  # all but those that fell behind in the middle of the run


def test_pos_steers_what_is_on_its_way_to_one_node() -> None:
    """Many messages find others on their way, and their draws are decided; every one is a draw like any other."""
    attempt = attempt_of(Job(target=PERSISTENT, seed=2, strategy="pos"), scenario_of(PERSISTENT))
    done = run(attempt.scenario, 2, steering=attempt.steering)
    assert sum(map(len, done.overrides.values())) > 100
    assert all(0 <= draw < 1 for draws in done.overrides.values() for draw in draws.values())


@pytest.mark.parametrize("name", ["pct", "pos"])
def test_messages_are_left_alone_after_the_last_heal(name: str) -> None:
    """Whether everything recovers is asked of the network that the scenario describes, not of one with a slow link."""
    job = Job(target=target("abd/partition"), seed=3, strategy=name)
    attempt = attempt_of(job, parse_scenario(job.target.text, registry()))
    assert attempt.steering is not None
    engine = Engine(attempt.seed)
    decide = attempt.steering(engine)("latency n1>n2")
    assert decide is not None
    before = [decide(0.5) for _ in range(20)]
    engine.clock.now_ns = attempt.scenario.duration_ns
    assert before != [0.5] * 20
    assert [decide(0.5) for _ in range(20)] == [0.5] * 20


def test_swarm_changes_faults_and_workload_and_stays_within_the_scenario() -> None:
    """Different seeds differ in what takes part; nodes, protocol and expectations stay."""
    scenarios = [
        attempt_of(Job(target=LOSSY, seed=seed, strategy="swarm"), scenario_of(LOSSY)).scenario for seed in range(8)
    ]
    assert len({scenario.clients for scenario in scenarios}) > 2
    assert len({scenario.rate for scenario in scenarios}) == 8
    assert {bool(scenario.faults) for scenario in scenarios} == {True, False}
    assert {scenario.expect for scenario in scenarios} == {scenario_of(LOSSY).expect}


def test_service_levels_are_judged_where_the_faults_are_the_scenarios_own() -> None:
    """Its figures were written for them; that it recovers is asked of every run."""
    strict = target("raft/deaf_server")
    expect = attrs.evolve(scenario_of(strict).expect, p99_ns=1, reached=("never",), recovers_within_ns=5)
    strict = target("raft/deaf_server", expect=expect)
    for name in STRATEGIES.keys() - {"auto"}:
        own = attempt_of(Job(target=strict, seed=1, strategy=name, number=1), scenario_of(strict)).scenario.expect
        assert (own.p99_ns, own.reached) == ((1, ("never",)) if name == "uniform" else (None, ()))
        assert own.recovers_within_ns == 5


def test_guided_keeps_what_reached_something_new_and_changes_it() -> None:
    """After two batches there are parents, and later jobs are their children."""
    guided = Guided([LOSSY], 0)
    for _ in range(3):
        for job in guided.take(32):
            guided.learn(job, Outcome(
                scenario=LOSSY.name, protocol="p", seed=job.seed, verdict="valid", features=(job.number,), heritage="r"
            ))  # fmt: skip
    jobs = guided.take(32)
    assert 4 < sum(job.parent == "r" for job in jobs) < 28


def told(guided: Guided, jobs: Sequence[Job], features: Callable[[Job], tuple[int, ...]]) -> None:
    """Let *guided* know that each of *jobs* has reached *features*; its recording is the name of what it is of."""
    for job in jobs:
        guided.learn(job, Outcome(
            scenario=job.target.name, protocol="p", seed=job.seed, verdict="valid", features=features(job),
            heritage=f"{job.target.name} {job.number}",
        ))  # fmt: skip


def test_guided_tries_more_where_new_things_happen() -> None:
    """Fresh attempts are of each scenario in turn; children are of the one that goes on reaching something new."""
    guided = Guided([LOSSY, QUIET], 0)
    for _ in range(3):
        told(guided, guided.take(32), lambda job: (job.number if job.target == QUIET else 10**6,))
    jobs = guided.take(32)
    children = [job.target.name for job in jobs if job.parent]
    fresh = [job.target.name for job in jobs if not job.parent]
    assert children.count(QUIET.name) > 0.8 * len(children)
    assert abs(fresh.count(QUIET.name) - fresh.count(LOSSY.name)) <= 1


def test_guided_prefers_what_has_stayed_rare() -> None:
    """What one run alone has reached has more children than what came in every run since."""
    guided = Guided([LOSSY], 0)
    for _ in range(3):
        told(guided, guided.take(32), lambda job: (1, 2) if job.number == 7 else (1,))
    children = [job.parent for job in guided.take(32) if job.parent]
    assert children.count(f"{LOSSY.name} 7") > 0.9 * len(children)


def test_guided_aims_no_fault_at_the_node_of_another_ones_condition() -> None:
    """What waits and what does not keep their targets to themselves."""
    plan = run(scenario_of(target("raft/leader_kills")), 1).plan
    assert any(step.target == "it" for step in plan)
    stream = Choices(1).stream("changes")
    for _ in range(1000):
        changed = _changed(plan, 4_000_000_000, stream)
        assert all(step.when is not None for step in changed if step.target == "it")


def test_guided_waits_for_the_batch_before_the_last() -> None:
    """Two batches may be under way, no more."""
    guided = Guided([LOSSY], 0)
    jobs = guided.take(1000)
    assert len(jobs) == 64
    assert guided.take(1) == ()
