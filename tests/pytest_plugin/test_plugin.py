"""The pytest plugin, in suites of their own."""

from __future__ import annotations

import json

import pytest

pytest_plugins = ["pytester"]

STORE = """
    import chaoslab as cl
    import trio

    async def store(node):
        values = {}
        while True:
            message = await node.recv()
            if isinstance(message.body, cl.Invocation):
                op = message.body
                if op.f == "write":
                    values[op.key] = op.value
                message.reply(values.get(op.key))
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\n")
    return pytester


def test_an_async_test_gets_a_cluster(suite: pytest.Pytester) -> None:
    """It runs in virtual time, with nodes of the person's own code, and passes."""
    suite.makepyfile(
        STORE
        + """
    async def test_one_copy(cluster):
        cluster.start(store, nodes=1)
        with cluster.faults(cl.latency(0.05)):
            await cluster.drive(cl.workload("register"), seconds=20)
        cluster.check(cl.linearizable())
        assert len(cluster.history.operations()) > 100
    """
    )
    suite.runpytest_subprocess("-q", "--chaos-seeds", "2").assert_outcomes(passed=2)


def test_a_violation_fails_the_test_in_words_with_its_seed(suite: pytest.Pytester) -> None:
    """Two nodes that do not tell each other anything are no register."""
    suite.makepyfile(
        STORE
        + """
    async def test_two_copies(cluster):
        cluster.start(store, nodes=2)
        await cluster.drive(cl.workload("register"), seconds=5)
        cluster.check(cl.linearizable())
    """
    )
    result = suite.runpytest_subprocess("-q", "--chaos-seeds", "2")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "not linearizable*(seed 0)",
            "*process * read *",
            "faults: none are needed",
            "shrunk: * operations to *",
            "replay: pytest *",
        ]
    )


def test_one_seed_or_several(suite: pytest.Pytester) -> None:
    """Each seed is a test of its own."""
    suite.makepyfile("async def test_it(cluster):\n    assert cluster.engine.choices.seed in (0, 1, 2, 77)\n")
    suite.runpytest_subprocess("--chaos-seeds", "3").assert_outcomes(passed=3)
    result = suite.runpytest_subprocess("-v", "--chaos-seed", "77")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*test_it?seed77?*"])


def test_a_plain_function_that_takes_a_cluster_is_told_to_be_async(suite: pytest.Pytester) -> None:
    """In one sentence, without a traceback."""
    suite.makepyfile("def test_it(cluster):\n    pass\n")
    result = suite.runpytest_subprocess("-q")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the cluster fixture is for async tests: write 'async def'*"])


def test_a_suite_that_does_not_use_it_pays_nothing(suite: pytest.Pytester) -> None:
    """Neither Trio nor the simulator is imported."""
    suite.makepyfile(
        """
    import sys

    def test_it():
        assert "chaoslab.pytest_plugin" in sys.modules
        assert "chaoslab.sim" not in sys.modules
        assert "chaoslab.cluster" not in sys.modules
    """
    )
    suite.runpytest_subprocess("-q", "-p", "no:trio").assert_outcomes(passed=1)


ACKNOWLEDGES_TOO_EARLY = """
    import chaoslab as cl

    class Store:
        async def serve(self, node):
            values = {}
            while True:
                message = await node.recv()
                if isinstance(message.body, cl.Invocation):
                    op = message.body
                    if op.f == "write":
                        values[op.key] = op.value
                        for peer in node.peers:
                            node.send(peer, (op.key, op.value))
                    message.reply(values.get(op.key))
                else:
                    key, value = message.body
                    values[key] = value

    async def test_my_store(cluster):
        cluster.start(Store)
        await cluster.drive()
"""


def test_a_store_that_acknowledges_before_replicating_fails_with_defaults_only(suite: pytest.Pytester) -> None:
    """Nothing but start and drive: faults, clients and the check are the fixture's, and two faults at most are left."""
    suite.makepyfile(ACKNOWLEDGES_TOO_EARLY)
    result = suite.runpytest_subprocess("-q", "--chaos-seeds", "5")
    assert result.parseoutcomes()["failed"] >= 1
    result.stdout.re_match_lines(
        [r"not linearizable.*", r"faults.*", r"shrunk: \d+ faults to [012], .*", r"replay: .*", r"report: .*"]
    )


def test_what_failed_is_replayed_by_the_printed_command_and_comes_first(suite: pytest.Pytester) -> None:
    """The file that the text names shows the same failure, and the seed comes before the others the next time."""
    suite.makepyfile(ACKNOWLEDGES_TOO_EARLY)
    suite.runpytest_subprocess("-q", "--chaos-seed", "4").assert_outcomes(failed=1)
    (file,) = suite.path.glob(".chaoslab/*/seed4/scenario.toml")
    result = suite.runpytest_subprocess("-q", "--chaos-replay", str(file))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["not linearizable*(seed 4)"])
    listed = suite.runpytest_subprocess("--collect-only", "-q", "--chaos-seeds", "2").stdout
    listed.fnmatch_lines(["*[[]seed4[]]", "*[[]seed0[]]", "*[[]seed1[]]"], consecutive=True)


@pytest.mark.parametrize(
    ("marker", "words"),
    [
        ("node=5", "*unknown argument 'node'; did you mean 'nodes'?*"),
        ("nodes=0", "*nodes=0 is not a whole number from 1*"),
        ("faults='partitoin'", "*unknown fault 'partitoin'; did you mean 'partition'?*"),
        ("workload='registre'", "*unknown workload 'registre'; did you mean 'register'?*"),
        ("consistency='linearisable'", "*unknown level 'linearisable'; did you mean 'linearizable'?*"),
        ("5", "*5 has no name: write nodes=3*"),
    ],
)
def test_a_wrong_marker_is_told_in_one_sentence(suite: pytest.Pytester, marker: str, words: str) -> None:
    """When tests are collected, with the nearest word and without a traceback."""
    suite.makepyfile(f"import pytest\n@pytest.mark.chaoslab({marker})\nasync def test_it(cluster):\n    pass\n")
    result = suite.runpytest_subprocess("-q")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([words])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_forgetting_to_start_is_told_in_one_sentence(suite: pytest.Pytester) -> None:
    """A cluster without nodes cannot be driven."""
    suite.makepyfile("async def test_it(cluster):\n    await cluster.drive()\n")
    result = suite.runpytest_subprocess("-q", "--chaos-seeds", "1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*this cluster has no nodes yet: call cluster.start(MyReplica, nodes=3) first.*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_an_assertion_in_a_node_is_shown_with_the_line_of_the_node(suite: pytest.Pytester) -> None:
    """And with the faults that are needed, which here are none."""
    suite.makepyfile(
        """
    async def serve(node):
        while True:
            message = await node.recv()
            assert message.body.f == "write", "only writes are served"
            message.reply()

    async def test_it(cluster):
        cluster.start(serve)
        await cluster.drive()
    """
    )
    result = suite.runpytest_subprocess("-q", "--chaos-seeds", "1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["the code of a node raised an error (seed 0)", "faults: none are needed", "*only writes are served*"]
    )


def test_an_assertion_of_the_test_keeps_its_own_explanation(suite: pytest.Pytester) -> None:
    """What pytest says of it, and beside it the faults and the command."""
    suite.makepyfile(
        STORE
        + """
    async def test_it(cluster):
        cluster.start(store, nodes=1)
        await cluster.drive()
        assert len(cluster.nodes) == 2
    """
    )
    result = suite.runpytest_subprocess("-q", "--chaos-seeds", "1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*assert len(cluster.nodes) == 2*", "an assertion of the test does not hold (seed 0)"])


def test_a_deadlock_is_shown_as_one(suite: pytest.Pytester) -> None:
    """With who waits where."""
    suite.makepyfile("import trio\nasync def test_it(cluster):\n    await trio.Event().wait()\n")
    result = suite.runpytest_subprocess("-q", "--chaos-seeds", "1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["everything waits for ever (seed 0)", "*nothing is runnable*"])


SCENARIO = """
[scenario]
duration = "5s"

[cluster]
protocol = "primary-backup"

[workload]
name = "register"

[[nemesis]]
name = "swarm"

[expect]
consistency = ["linearizable"]
"""


def test_scenario_files_are_tests_where_the_project_says_so(suite: pytest.Pytester) -> None:
    """Those in other folders are not; a failing one is shrunk and told in the same form."""
    suite.makeini("[pytest]\nchaos_scenarios = scenarios/regressions\n")
    folder = suite.path / "scenarios" / "regressions"
    folder.mkdir(parents=True)
    (folder / "one.toml").write_text(SCENARIO)
    (suite.path / "scenarios" / "two.toml").write_text(SCENARIO)
    result = suite.runpytest_subprocess("-q", "--chaos-seeds", "4")
    outcomes = result.parseoutcomes()
    assert outcomes.get("failed", 0) + outcomes.get("passed", 0) == 4
    assert outcomes["failed"]
    result.stdout.fnmatch_lines(
        ["not linearizable*", "shrunk: *", "replay: chaoslab run .chaoslab/scenarios-regressions-one.toml/seed*"]
    )


def test_a_wrong_scenario_file_is_told_with_its_line(suite: pytest.Pytester) -> None:
    """As the command line does."""
    suite.makeini("[pytest]\nchaos_scenarios = scenarios\n")
    (suite.path / "scenarios").mkdir()
    (suite.path / "scenarios" / "one.toml").write_text(SCENARIO.replace("register", "registre"))
    suite.runpytest_subprocess("-q").stdout.fnmatch_lines(["*one.toml:9: *unknown workload 'registre'*"])


def test_minutes_try_new_seeds_until_one_fails(suite: pytest.Pytester) -> None:
    """One test with many seeds instead of one a seed."""
    suite.makepyfile(ACKNOWLEDGES_TOO_EARLY)
    result = suite.runpytest_subprocess("-q", "--chaos-minutes", "5")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["not linearizable*", "*seeds were tried*"])


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("time.sleep(1)", "*node n? called time.sleep at *.py:*"),
        ("socket.socket().connect(('n1', 80))", "*node n? called connect of a socket of the standard library*"),
        ("threading.Thread(target=print).start()", "*node n? started a thread at *.py:*"),
    ],
)
def test_an_escape_from_the_simulation_is_told_in_one_sentence(suite: pytest.Pytester, code: str, words: str) -> None:
    """Who did what on which line, and what to do instead; swallowing the exception does not hide it."""
    suite.makepyfile(
        f"""
    import socket, threading, time

    async def serve(node):
        try:
            {code}
        except Exception:
            pass
        while True:
            (await node.recv()).reply()

    async def test_it(cluster):
        cluster.start(serve)
        await cluster.drive()
    """
    )
    result = suite.runpytest_subprocess("-q", "--chaos-seeds", "1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["the code under test reached out of the simulation (seed 0)", words])


def test_python_and_pytest_see_the_same_failure(suite: pytest.Pytester) -> None:
    """The same seed gives the same words."""
    suite.makepyfile(test_store=ACKNOWLEDGES_TOO_EARLY)
    suite.makepyfile(
        other="""
    import chaoslab as cl
    from test_store import test_my_store

    run = cl.run_test(test_my_store, seed=4)
    print(run.checks[0].name, run.checks[0].outcome, run.checks[0].anomaly)
    """
    )
    printed = suite.runpython(suite.path / "other.py").stdout.str().strip()
    shown = suite.runpytest_subprocess("-q", "--chaos-seed", "4").stdout.str()
    name, outcome, anomaly = printed.split(maxsplit=2)
    assert outcome == "invalid"
    assert f"not {name}: {anomaly} (seed 4)" in shown or f"not {name} (seed 4)" in shown


def test_what_was_said_is_shown_in_order_of_virtual_time(suite: pytest.Pytester) -> None:
    """By nodes with structlog and by their code with the standard logging; as JSON beside the report."""
    suite.makepyfile(
        """
    import logging

    import chaoslab as cl

    async def serve(node):
        while True:
            message = await node.recv()
            node.log.info("asked", f=message.body.f)
            logging.getLogger("store").warning("an old-fashioned word")
            message.reply(1)

    async def test_it(cluster):
        cluster.start(serve, nodes=2)
        with cluster.faults(cl.latency(0.001)):
            await cluster.drive(seconds=1)
        assert False, "shown only when something fails"
    """
    )
    result = suite.runpytest_subprocess("-q", "--chaos-seed", "1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["* n? * info * asked f=*", "* n? * warning * an old-fashioned word*"])
    result.stdout.no_fnmatch_line("*Captured log call*")  # the same words, of every run, without virtual time
    (file,) = suite.path.glob(".chaoslab/*/seed1/log.jsonl")
    said = [json.loads(line) for line in file.read_text().splitlines()]
    assert {one["node"] for one in said} <= {"n1", "n2"}
    times = [one["time_s"] for one in said]
    assert times == sorted(times)


OWN_WORK = """
    import chaoslab as cl
    import pytest

    async def serve(node):
        count = 0
        async for message in node:
            count += message.body.f == "add"
            message.reply(count)

    def operations(view):
        while True:
            yield cl.Invocation(f=view.random.pick(["add", "look"]), key="x")

    WORK = cl.Workload(name="of my own", summary="adds and looks", model="of nobody", operations=operations)

    def below_three(history):
        bad = [one for one in history.operations() if one.f == "look" and one.type == "ok" and one.value > 2]
        return cl.Verdict(outcome="invalid" if bad else "valid", name="below-three", summary=f"{len(bad)} are more.")

    @pytest.mark.chaoslab(nodes=1, faults="drop")
    async def test_own(cluster):
        cluster.start(serve)
        await cluster.drive(WORK, rate=10, seconds=3)
        cluster.check(below_three)
"""


def test_what_fails_with_a_workload_and_a_check_of_ones_own_is_made_small(suite: pytest.Pytester) -> None:
    """Nobody else needs to know the workload."""
    suite.makepyfile(OWN_WORK)
    result = suite.runpytest_subprocess("-q", "--chaos-seeds", "2")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["shrunk: * operations to *", "shrunk: no, it fails as seed0 does, which was made small"]
    )


def test_what_was_not_made_small_is_not_said_to_be(suite: pytest.Pytester) -> None:
    """A test that fails before its clients work: there is nothing to leave out."""
    suite.makepyfile("async def test_it(cluster):\n    raise ValueError('always')\n")
    result = suite.runpytest_subprocess("-q", "--chaos-seeds", "2")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["shrunk: no, it fails as seed0 does"])


def test_crash_points_of_nodes_of_which_none_may_be_down_are_refused(suite: pytest.Pytester) -> None:
    """Each seed: a test that passes without one crash shows nothing."""
    suite.makepyfile(OWN_WORK)
    result = suite.runpytest_subprocess("-q", "--chaos-seeds", "2", "--chaos-strategy", "crash-points")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*the strategy crash-points cuts the power of a node*1 of 1 nodes would be down*"])
