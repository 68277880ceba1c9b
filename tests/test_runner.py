"""One run: what it judges besides consistency, and what weakens its verdict."""

from __future__ import annotations

import gc
from typing import Any

import attrs

from chaoslab.plugins import registry
from chaoslab.runner import Run, run
from chaoslab.scenario import parse_scenario, scenario_to_toml
from chaoslab.sim import Engine
from chaoslab.statemachine import Context, Effects

TEXT = """
[scenario]
title = "A test of the runner"
duration = "5s"
settle = "2s"
[cluster]
protocol = "single-copy"
[workload]
name = "register"
"""


def run_of(more: str = "", seed: int = 1, plugins: Any = None) -> Run:
    return run(parse_scenario(TEXT + more, registry()), seed, plugins=plugins)


def named(done: Run) -> dict[str, str]:
    return {verdict.name: verdict.outcome for verdict in done.checks}


def test_the_claims_of_the_protocol_are_checked_by_default() -> None:
    """A scenario that expects nothing expects what was promised."""
    assert named(run_of()) == {"linearizable": "valid"}


def test_availability_and_latency_are_judged_where_they_are_expected() -> None:
    """A crash of a third of the time is seen in both."""
    crash = '[[fault]]\nkind = "crash"\ntarget = "n1"\nat = "1s"\nfor = "2s"\n'
    kept = run_of('[expect]\navailability = 0.99\np99 = "50ms"\n')
    assert named(kept) == {"availability": "valid", "p99": "valid", "linearizable": "valid"}
    broken = run_of(crash + '[expect]\navailability = 0.99\np99 = "1ms"\n')
    assert named(broken) == {"availability": "invalid", "p99": "invalid", "linearizable": "valid", "recovery": "valid"}
    assert broken.verdict == "invalid"


def test_what_operations_cost_is_judged_where_it_is_expected() -> None:
    """A request and its answer for each operation, and counting them changes nothing of the run."""
    kept = run_of('[expect]\nmessages = 2.1\nbytes = "200B"\n')
    assert named(kept) == {"messages": "valid", "bytes": "valid", "linearizable": "valid"}
    assert kept.trace_hash == run_of().trace_hash
    broken = run_of('[expect]\nmessages = 1.5\nbytes = "10B"\n')
    assert named(broken) == {"messages": "invalid", "bytes": "invalid", "linearizable": "valid"}
    told = next(verdict.summary for verdict in broken.checks if verdict.name == "messages")
    assert (
        told
        == "2 messages were sent for each operation that succeeded; at most 1.5 was expected, missed by 0.5 messages."
    )


def test_staleness_is_judged_by_the_bound_that_is_expected_or_claimed() -> None:
    """A claim counts where claims are what is expected; a workload of other operations is not decided."""
    assert named(run_of('[expect]\nstaleness = "0ns"\n')) == {"linearizable": "valid", "staleness": "valid"}
    claimed = TEXT.replace("single-copy", "dns").replace('"register"', '"converging-register"')
    done = run(parse_scenario(claimed, registry()), 1)
    assert named(done) == {"eventual": "valid", "staleness": "valid"}
    done = run(parse_scenario(claimed + '[expect]\nconsistency = ["eventual"]\n', registry()), 1)
    assert named(done) == {"eventual": "valid"}
    done = run(parse_scenario(claimed + '[expect]\nstaleness = "0ns"\n', registry()), 1)
    assert named(done) == {"eventual": "valid", "staleness": "invalid"}
    other = TEXT.replace('"register"', '"cas-register"') + '[expect]\nstaleness = "1s"\n'
    assert named(run(parse_scenario(other, registry()), 1)) == {"linearizable": "valid", "staleness": "unknown"}


class NeverAgain:
    """A copy that is deaf after its first life."""

    def __init__(self, context: Context) -> None:
        self.dead = bool(context.files)

    def start(self) -> Effects:
        from chaoslab.statemachine import Persist

        return [Persist("was here", b"x")]

    def message(self, sender: str, message: Any) -> Effects:
        from chaoslab.statemachine import reply

        return None if self.dead else [reply(sender, message, None)]

    def timer(self, name: str) -> Effects:
        return None


def test_a_protocol_that_does_not_come_back_is_found_out() -> None:
    """After the last heal an operation must succeed again."""
    known = registry()
    deaf = attrs.evolve(known.protocol("single-copy"), replica=NeverAgain, claims=())
    plugins = attrs.evolve(known, protocols={**known.protocols, "single-copy": deaf})
    done = run_of('[[fault]]\nkind = "crash"\ntarget = "n1"\nat = "1s"\nfor = "1s"\n', plugins=plugins)
    assert named(done)["recovery"] == "invalid"
    assert "no operation succeeded after the last heal" in done.checks[0].summary


def test_a_fault_that_never_took_effect_is_told() -> None:
    """A loss of nothing proves nothing."""
    done = run_of('[[fault]]\nkind = "drop"\nratio = 0\n')
    assert any("had no effect" in warning for warning in done.warnings)


class Deaf(NeverAgain):
    """A copy that never answers."""

    def __init__(self, context: Context) -> None:
        self.dead = True


def test_operations_that_all_failed_show_nothing() -> None:
    """Who never answers breaks no promise of consistency, and keeps none either: unknown is never valid."""
    known = registry()
    deaf = attrs.evolve(known.protocol("single-copy"), replica=Deaf)
    done = run_of(plugins=attrs.evolve(known, protocols={**known.protocols, "single-copy": deaf}))
    assert named(done) == {"linearizable": "valid", "activity": "unknown"}
    assert done.verdict == "unknown"


def test_beyond_the_budget_claims_do_not_count_and_the_report_says_so() -> None:
    """ABD with four of five nodes down promises nothing."""
    text = TEXT.replace("single-copy", "abd").replace('settle = "2s"', 'settle = "2s"\nbeyond_budget = true')
    fault = '[[fault]]\nkind = "crash"\ntarget = "n1 n2 n3 n4"\nat = "1s"\nfor = "1s"\n'
    done = run(parse_scenario(text + fault, registry(), overrides={"cluster.nodes": "5"}), 1)
    assert "linearizable" not in named(done)
    assert len(done.injections) == 1
    assert any("beyond the protocol's budget" in warning for warning in done.warnings)
    within = run(
        parse_scenario(
            (text + fault).replace("beyond_budget = true", ""), registry(), overrides={"cluster.nodes": "5"}
        ),
        1,
    )
    assert within.injections == ()
    assert "budget" in within.not_done[0].why


def test_nothing_checked_is_unknown() -> None:
    """A protocol without claims in a scenario without expectations shows nothing."""
    done = run_of("[expect]\nconsistency = []\n")
    assert (named(done), done.verdict) == ({"activity": "unknown"}, "unknown")
    assert any("no consistency level was checked" in warning for warning in done.warnings)


def test_a_run_that_does_not_get_to_a_point_it_is_about_fails() -> None:
    """The check names the probes that were never passed; those that were are counted in the run."""
    text = TEXT.replace('"single-copy"', '"abd"')
    scenario = parse_scenario(text + '[expect]\nreached = ["stored"]\n', registry())
    assert parse_scenario(scenario_to_toml(scenario), registry()) == scenario
    done = run(scenario, 1)
    assert named(done)["reached"] == "valid"
    assert done.probes["stored"] > 10
    missed = run(parse_scenario(text + '[expect]\nreached = ["stored", "never"]\n', registry()), 1)
    assert named(missed)["reached"] == "invalid"
    assert next(one.summary for one in missed.checks if one.name == "reached") == "never passed: never."


def test_a_run_that_is_kept_does_not_keep_its_cluster() -> None:
    """It may be one of thousands: faults that were healed hold nobody any more."""
    done = run_of('[[nemesis]]\nname = "swarm"\nshare = 1.0\n', seed=20_001)
    gc.collect()
    engines = [one for one in gc.get_objects() if isinstance(one, Engine)]
    assert done.injections
    assert 20_001 not in {engine.choices.seed for engine in engines}
