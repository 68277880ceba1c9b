"""The pytest plugin, in suites of their own."""

from __future__ import annotations

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
    suite.runpytest_subprocess("-q").assert_outcomes(passed=1)


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
        ["*ConsistencyViolation: linearizable: invalid. process * read *", "*seed 1; repeat with: pytest *seed1*"]
    )


def test_one_seed_or_several(suite: pytest.Pytester) -> None:
    """Each seed is a test of its own."""
    suite.makepyfile("async def test_it(cluster):\n    assert cluster.engine.choices.seed in (0, 1, 2, 77)\n")
    suite.runpytest_subprocess("--chaos-seeds", "3").assert_outcomes(passed=3)
    result = suite.runpytest_subprocess("-v", "--chaos-seed", "77")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*test_it?seed77?*"])


def test_async_tests_without_a_cluster_are_left_to_others(suite: pytest.Pytester) -> None:
    """The plugin of another framework runs them."""
    suite.makeini("[pytest]\ntrio_mode = true\n")
    suite.makepyfile(
        """
    import trio

    async def test_of_pytest_trio(nursery):
        await trio.sleep(0)

    async def test_of_chaoslab(cluster):
        before = trio.current_time()
        await trio.sleep(3600)
        assert trio.current_time() == before + 3600
    """
    )
    suite.runpytest_subprocess("-q").assert_outcomes(passed=2)


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
