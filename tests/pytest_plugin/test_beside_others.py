"""The plugin beside those of others: pytest-trio, pytest-xdist, frameworks of asyncio, fixtures of the same name."""

from __future__ import annotations

import pytest

import chaoslab.pytest_plugin.trials  # noqa: F401  # here, or each suite below would import the simulator anew

pytest_plugins = ["pytester"]


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\n")
    return pytester


HOUR = """
import trio

async def test_of_chaoslab(cluster):
    before = trio.current_time()
    await trio.sleep(3600)
    assert trio.current_time() == before + 3600
"""


def test_async_tests_without_a_cluster_are_left_to_pytest_trio(suite: pytest.Pytester) -> None:
    """Also where it takes every async test: those with a cluster are not its own."""
    suite.makeini("[pytest]\ntrio_mode = true\n")
    suite.makepyfile(HOUR + "\nasync def test_of_pytest_trio(nursery):\n    await trio.sleep(0)\n")
    suite.runpytest_subprocess("-q", "--chaos-seeds", "1").assert_outcomes(passed=2)


def test_nobody_else_is_needed_to_run_async_tests(suite: pytest.Pytester) -> None:
    """Without pytest-trio a test with a cluster runs all the same."""
    suite.makepyfile(HOUR)
    suite.runpytest_subprocess("-q", "--chaos-seeds", "1", "-p", "no:trio").assert_outcomes(passed=1)


def test_a_framework_that_wraps_every_async_test_is_no_hindrance(suite: pytest.Pytester) -> None:
    """Nor is a fixture that it lays around every test: so pytest-asyncio does in its automatic mode."""
    suite.makeconftest(
        """
    import asyncio
    import functools
    import pytest

    def policy():
        return None

    policy.__module__ = "pytest_asyncio.plugin"
    event_loop_policy = pytest.fixture(autouse=True, scope="session")(policy)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(item):
        inner = item.obj

        @functools.wraps(inner)
        def in_a_loop(*arguments, **named):
            return asyncio.run(inner(*arguments, **named))

        item.obj = in_a_loop
    """
    )
    suite.makepyfile(
        HOUR
        + """

class TestHour:
    async def test_as_a_method(self, cluster, tmp_path):
        await test_of_chaoslab(cluster)

async def test_of_asyncio():
    import asyncio
    await asyncio.sleep(0)
"""
    )
    suite.runpytest_inprocess("-q", "--chaos-seeds", "1", "-p", "no:trio").assert_outcomes(passed=3)


def test_a_fixture_of_the_same_name_is_left_alone(suite: pytest.Pytester) -> None:
    """Whoever has a ``cluster`` of their own keeps it, and their async tests."""
    suite.makeini("[pytest]\ntrio_mode = true\n")
    suite.makepyfile(
        """
    import pytest

    @pytest.fixture
    def cluster():
        return "my own"

    async def test_async(cluster):
        assert cluster == "my own"

    def test_plain(cluster):
        assert cluster == "my own"

    @pytest.mark.parametrize("cluster", [1, 2])
    async def test_parametrized(cluster):
        assert cluster in (1, 2)
    """
    )
    suite.runpytest_inprocess("-q").assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("fixture", "takes"),
    [
        ("@pytest.fixture\n    async def client():\n        return 1", "client"),
        ("@pytest.fixture\n    async def client():\n        yield 1", "client"),
        (
            "@pytest.fixture\n    async def client():\n        yield 1\n\n"
            "    @pytest.fixture\n    def user(client):\n        return client",
            "user",
        ),
        ("", "nursery"),
        (
            "def loop():\n        return 1\n\n    loop.__module__ = 'pytest_asyncio.plugin'\n"
            "    client = pytest.fixture(loop)",
            "client",
        ),
    ],
    ids=["async", "generator", "through another", "pytest-trio", "pytest-asyncio"],
)
def test_an_async_fixture_of_another_framework_is_refused(suite: pytest.Pytester, fixture: str, takes: str) -> None:
    """Its event loop is not the simulation's; a sentence says which one it is, and what to do instead."""
    suite.makepyfile(f"    import pytest\n\n    {fixture}\n\n    async def test_it(cluster, {takes}):\n        pass\n")
    result = suite.runpytest_inprocess("-q")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["the fixture '*' is async, or of another framework, whose event loop*: a test with a cluster takes plain*"]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


STORE = """
    import os
    import pathlib

    import chaoslab as cl

    async def store(node):
        async for message in node:
            message.reply()

    async def test_store(cluster):
        cluster.start(store)
        await cluster.drive(seconds=2, rate=20)
        file = pathlib.Path(os.environ["HASHES"]) / str(cluster.engine.choices.seed)
        if not file.exists() and not cluster.scenario.operations:  # it is run again and again when it fails
            file.write_text(cluster.engine.trace.digest())
        cluster.check()
        assert len(cluster.history.operations()) % 2  # fails with some seeds, and is made small at once
"""


def test_workers_come_to_the_same_results(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same seeds fail, in runs that are the same event by event."""
    suite.makepyfile(test_store=STORE)
    found = {}
    for workers in ("0", "2"):
        folder = suite.mkdir(f"hashes{workers}")
        monkeypatch.setenv("HASHES", str(folder))
        report = suite.path / f"report{workers}"
        result = suite.runpytest_subprocess(
            "-q", "-rfp", "--chaos-seeds", "8", "-n", workers, "--chaos-report", str(report)
        )
        lines = (line.partition(" - ")[0] for line in result.outlines)
        outcomes = {line for line in lines if line.startswith(("PASSED", "FAILED"))}
        hashes = {path.name: path.read_text() for path in folder.iterdir()}
        written = {path.name for path in report.glob("*/seed*")}
        found[workers] = outcomes, hashes, written
    assert found["0"] == found["2"]
    assert len(found["0"][0]) == len(found["0"][1]) == 8
    assert 0 < len(found["0"][2]) < 8
