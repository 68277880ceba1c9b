"""What people say to the plugin: options, settings and the marker, each seen to do what its line of help says."""

from __future__ import annotations

import fnmatch
import json

import pytest

import chaoslab.pytest_plugin.scenarios
import chaoslab.pytest_plugin.trials  # noqa: F401  # here, or each suite below would import the simulator anew

pytest_plugins = ["pytester"]

WRONG = """
    import chaoslab as cl
    import pytest

    @pytest.mark.chaoslab(nodes=2, seconds=2, rate=20, settle=1)
    async def test_it(cluster):
        cluster.start(store)
        await cluster.drive()

    async def store(node):
        values = {}
        async for message in node:
            op = message.body
            if op.f == "write":
                values[op.key] = op.value
            message.reply(values.get(op.key))
"""
"""Two copies that do not tell each other anything: it fails with nearly every seed, and needs no fault for it."""

SHOWS = """
    import pytest

    @pytest.mark.chaoslab({})
    async def test_it(cluster):
        cluster.start(store)
        await cluster.drive()
        one = cluster.scenario
        print("made of", len(cluster.nodes), one.workload, one.clients, one.rate, one.keys, one.duration_ns, end="")
        print("", one.settle_ns, sorted({{fault.fault.kind for fault in cluster.drawn}}), "end")
        cluster.check()  # nothing: it is not about that

    async def store(node):
        async for message in node:
            message.reply()
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\n")
    return pytester


def ids(result: pytest.RunResult) -> list[str]:
    return [line.rpartition("[")[2].rstrip("]") for line in result.outlines if "::" in line]


def collected(suite: pytest.Pytester, *options: str) -> list[str]:
    return ids(suite.runpytest_inprocess("--collect-only", "-q", *options))


def made_of(suite: pytest.Pytester, *options: str) -> str:
    result = suite.runpytest_inprocess("-q", "-s", "--chaos-seed", "3", *options)
    result.assert_outcomes(passed=1)
    (line,) = (line.partition("made of ")[2] for line in result.outlines if "made of" in line)
    return line


def test_seeds_come_from_the_option_the_marker_the_setting_or_are_ten(suite: pytest.Pytester) -> None:
    """In that order: what is typed has the last word."""
    suite.makepyfile("async def test_it(cluster):\n    pass\n")
    assert collected(suite) == [f"seed{seed}" for seed in range(10)]
    suite.makeini("[pytest]\nchaos_seeds = 2\n")
    assert collected(suite) == ["seed0", "seed1"]
    suite.makepyfile("import pytest\n@pytest.mark.chaoslab(seeds=[7, 12])\nasync def test_it(cluster):\n    pass\n")
    assert collected(suite) == ["seed7", "seed12"]
    assert collected(suite, "--chaos-seeds", "1") == ["seed0"]
    assert collected(suite, "--chaos-seed", "5") == ["seed5"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--chaos-seeds", "0"), "*at least one seed is tried, not 0*"),
        (("--chaos-seed", "-1"), "*--chaos-seed: -1 is less than 0.*"),
        (("--chaos-minutes", "0"), "*--chaos-minutes: 0 is less than 0.01.*"),
        (("--chaos-strategy", "swram"), "*unknown strategy 'swram'; did you mean 'swarm'?*"),
        (("--chaos-strategy", "partition"), "*'partition' is what goes wrong*--chaos-faults partition.*"),
        (("--chaos-strategy", "guided"), "*guided learns from one run to the next: give it --chaos-minutes.*"),
        (("--chaos-faults", "partitoin"), "*unknown fault 'partitoin'; did you mean 'partition'?*"),
        (("--chaos-replay", "nowhere.toml"), "*nowhere.toml*"),
    ],
)
def test_a_wrong_option_is_told_in_one_sentence(suite: pytest.Pytester, options: tuple[str, ...], words: str) -> None:
    """What is wrong with it, and what to write instead; no traceback."""
    suite.makepyfile("async def test_it(cluster):\n    pass\n")
    result = suite.runpytest_inprocess("-q", *options)
    assert result.ret != 0
    assert any(fnmatch.fnmatch(line, words) for line in [*result.outlines, *result.errlines])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stderr.no_fnmatch_line("*Traceback*")


def test_the_marker_says_what_the_cluster_is_made_of(suite: pytest.Pytester) -> None:
    """Each of its arguments arrives."""
    suite.makepyfile(
        SHOWS.format("nodes=5, faults='crash', workload='queue', clients=2, rate=30, keys=1, seconds=4, settle=2")
    )
    assert made_of(suite) == "5 queue 2 30.0 1 4000000000 2000000000 ['crash'] end"


def test_the_marker_says_which_level_must_hold(suite: pytest.Pytester) -> None:
    """A store that never gives anything back is not linearizable, but nobody's reads go back in time."""
    never = SHOWS.format("nodes=2, seconds=2, faults='none' MORE").replace("cluster.check()", "pass")
    suite.makepyfile(never.replace("MORE", ""))
    suite.runpytest_inprocess("-q", "--chaos-seed", "2").stdout.fnmatch_lines(["not linearizable: *"])
    suite.makepyfile(never.replace("MORE", ", consistency='monotonic-reads'"))
    suite.runpytest_inprocess("-q", "--chaos-seed", "2").assert_outcomes(passed=1)


def test_the_closest_marker_has_the_last_word(suite: pytest.Pytester) -> None:
    """One for all tests of a file, and one for a single test."""
    suite.makepyfile(
        SHOWS.format("nodes=5, seconds=2") + "\n    pytestmark = pytest.mark.chaoslab(nodes=4, clients=3)\n"
    )
    assert made_of(suite).startswith("5 register 3 50.0 3 2000000000 ")


def test_faults_come_from_the_option_the_marker_or_the_setting(suite: pytest.Pytester) -> None:
    """In that order, too."""
    suite.makepyfile(SHOWS.format(""))
    suite.makeini("[pytest]\nchaos_faults = pause\n")
    assert "['pause'] end" in made_of(suite)
    assert "['partition'] end" in made_of(suite, "--chaos-faults", "partition")
    assert "[] end" in made_of(suite, "--chaos-faults", "none")
    suite.makepyfile(SHOWS.format("faults='crash'"))
    assert "['crash'] end" in made_of(suite)


@pytest.mark.parametrize("how", ["option", "setting"])
def test_what_failed_is_written_where_people_say(suite: pytest.Pytester, how: str) -> None:
    """The scenario that replays it, the results, and a page; and not where it would be otherwise."""
    suite.makepyfile(WRONG)
    options = ("--chaos-report", "found/here")
    if how == "setting":
        suite.makeini("[pytest]\nchaos_report = found/here\n")
        options = ()
    result = suite.runpytest_inprocess("-q", "--chaos-seed", "2", *options)
    result.assert_outcomes(failed=1)
    (folder,) = suite.path.glob("found/here/*/seed2")
    assert {"scenario.toml", "results.json", "report.html"} <= {path.name for path in folder.iterdir()}
    assert not (suite.path / ".chaoslab").exists()
    result.stdout.fnmatch_lines([f"report: {folder.relative_to(suite.path)}/report.html"])
    again = suite.runpytest_inprocess("-q", "--chaos-replay", str(folder), *options)
    again.assert_outcomes(failed=1)


@pytest.mark.parametrize("strategy", ["swarm", "pct", "pos", "bounded-delay"])
def test_a_strategy_makes_the_runs_and_what_it_finds_comes_back(suite: pytest.Pytester, strategy: str) -> None:
    """Its name stands in the test's id; the failure is the same when replayed, and comes first the next time."""
    suite.makepyfile(WRONG)
    result = suite.runpytest_inprocess("-q", "--chaos-strategy", strategy, "--chaos-seed", "2")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["not linearizable*", "replay: *"])
    (folder,) = suite.path.glob(f".chaoslab/*/{strategy}-seed2")
    first = json.loads((folder / "results.json").read_text())["trace_hash"]
    suite.runpytest_inprocess("-q", "--chaos-replay", str(folder)).assert_outcomes(failed=1)
    again = json.loads((suite.path / ".chaoslab" / "replay" / "results.json").read_text())["trace_hash"]
    assert first == again
    assert collected(suite, "--chaos-seeds", "1") == [f"{strategy}-seed2", "seed0"]


def test_the_setting_takes_strategies_in_turns(suite: pytest.Pytester) -> None:
    """``auto`` is another one with each seed."""
    suite.makeini("[pytest]\nchaos_strategy = auto\n")
    suite.makepyfile("async def test_it(cluster):\n    pass\n")
    assert collected(suite, "--chaos-seeds", "6") == [
        "seed0", "swarm-seed1", "pct-seed2", "pos-seed3", "crash-points-seed4", "seed5",
    ]  # fmt: skip


def test_a_strategy_that_learns_is_given_minutes(suite: pytest.Pytester) -> None:
    """It goes on until something fails."""
    suite.makepyfile(WRONG)
    result = suite.runpytest_inprocess("-q", "--chaos-strategy", "guided", "--chaos-minutes", "1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["not linearizable*", "*seeds were tried*"])


def test_what_fails_is_kept_as_a_regression_that_is_a_test(suite: pytest.Pytester) -> None:
    """Where the project says so: a scenario file, collected the next time, which passes once the code is right."""
    suite.makeini("[pytest]\nchaos_regressions = regressions\nchaos_scenarios = regressions\n")
    suite.makepyfile(test_it=WRONG)
    result = suite.runpytest_inprocess("-q", "--chaos-seed", "2")
    result.assert_outcomes(failed=1)
    (kept,) = suite.path.glob("regressions/*.toml")
    result.stdout.fnmatch_lines([f"kept:   regressions/{kept.name}"])
    suite.runpytest_inprocess("-q", "regressions").assert_outcomes(failed=1)
    suite.makepyfile(test_it=WRONG.replace("nodes=2", "nodes=1"))
    suite.runpytest_subprocess("-q", "regressions").assert_outcomes(passed=1)  # this process knows the wrong code
