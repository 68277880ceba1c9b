"""Trials: what a test that says nothing is run with, and that all ways to run it are the same run."""

from __future__ import annotations

import attrs

import chaoslab as cl
from chaoslab.explore import record
from chaoslab.explore.shrink import shrink
from chaoslab.runner import run
from chaoslab.trial import Setup, run_trial
from tests.trial.stores import early, one_copy


def test_an_ordinary_bug_is_found_with_defaults_only() -> None:
    """Acknowledging before replicating fails in most of the first seeds."""
    failed = [seed for seed in range(10) if cl.run_test(early, seed=seed).verdict == "invalid"]
    assert len(failed) > 5


def test_the_same_seed_is_the_same_run() -> None:
    """Same trace hash, same verdict."""
    first, second = cl.run_test(early, seed=5), cl.run_test(early, seed=5)
    assert (first.trace_hash, first.verdict) == (second.trace_hash, second.verdict)


def test_without_faults_a_right_store_holds() -> None:
    """And no fault is drawn where the setup says none."""
    run = run_trial(one_copy, Setup(faults=()), 1).run
    assert run.verdict == "valid"
    assert run.injections == ()


def test_a_test_that_brings_about_faults_itself_gets_no_others() -> None:
    """It has taken this into its own hands."""

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(type("Store", (), {"serve": _serve}))
        with cluster.faults(cl.drop(0.1)):
            await cluster.drive()  # type: ignore[call-arg]

    trial = run_trial(main, Setup(), 1)
    assert trial.run.injections == ()
    assert [one.kind for one in trial.own] == ["drop"]


async def _serve(self: object, node: cl.Node) -> None:
    while True:
        (await node.recv()).reply()


def test_a_failing_trial_shrinks_to_a_fault_or_two_and_few_operations() -> None:
    """Whole faults go first; what is left still fails in the same way, also when it is run again."""
    for seed in (4, 5):
        shrunk = shrink(record(cl.run_test(early, seed=seed)), runs_max=300)
        assert shrunk.after.faults <= 2
        assert shrunk.after.operations <= 20
        again = run(shrunk.recording.scenario, shrunk.recording.seed)
        assert again.trace_hash == shrunk.recording.trace_hash
        assert again.verdict == "invalid"


def test_what_nodes_say_is_kept_with_their_name_and_virtual_time() -> None:
    """In order of time, and nothing of it is in the trace: logging changes no hash."""
    log = run_trial(one_copy, Setup(faults=()), 1).log
    assert {one.node for one in log} == {"n1"}
    assert [one.time_ns for one in log] == sorted(one.time_ns for one in log)
    assert attrs.asdict(log[0])["event"] == "served"
