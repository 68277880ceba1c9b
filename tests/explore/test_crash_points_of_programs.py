"""Crash points in programs with blocking calls: a sync takes no time there, and the power must go within the call."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import chaoslab as cl
from chaoslab.explore.strategies import Job, Target, attempt_of
from chaoslab.faults import Crash, CrashAt
from chaoslab.plugins import registry
from chaoslab.scenario import scenario_to_toml
from chaoslab.trial import Setup, TestCode, Trial, provide, run_trial

NAME = f"{__file__}:stored"
SETUP = Setup.of({"nodes": 1, "faults": "none", "seconds": 2, "keys": 1}, registry())


def serve_believing_in_whole_lines(whole_lines: bool) -> TestCode:
    """Return a test of a store that writes a line, syncs, answers; and believes in *whole_lines* when it starts."""

    async def serve(node: cl.Node) -> None:
        values: dict[str, int] = {}
        good = 0
        if Path("log").exists():
            for line in Path("log").read_text().splitlines(keepends=True):
                if not whole_lines and not line.endswith("\n"):
                    break
                key, value = line.split(",")
                values[key] = int(value)
                good += len(line)
        with open("log", "a") as log:  # noqa: PTH123
            log.truncate(good)
            async for message in node:
                op = message.body
                if op.f == "write":
                    log.write(f"{op.key},{op.value}\n")
                    log.flush()
                    os.fsync(log.fileno())
                    values[op.key] = op.value
                message.reply(values.get(op.key))

    async def test(cluster: cl.Cluster) -> None:
        budget = cl.Budget(down="all", storage=("lose-unsynced", "torn-write", "reorder-writes", "rename-lost"))
        cluster.start(
            cl.Protocol(name="store", summary="a log", replica=serve, serves=("register",), claims=(), budget=budget)
        )
        await cluster.drive()

    return TestCode(function=test, setup=SETUP)


def attempts(code: TestCode, count: int) -> list[Trial]:
    provide(NAME, code)
    frame = run_trial(code.function, SETUP, 0, name=NAME).run.scenario
    target = Target(name="store", text=scenario_to_toml(frame))
    found = []
    for number in range(count):
        attempt = attempt_of(Job(target=target, seed=0, strategy="crash-points", number=number), frame)
        found.append(
            run_trial(code.function, SETUP, attempt.seed, name=NAME, scenario=attempt.scenario, plan=attempt.plan)
        )
    return found


def test_what_a_program_writes_is_torn_in_the_call_that_syncs_it() -> None:
    """A store that takes half a line for a whole one is found; one that looks is not.

    A line is torn in one attempt in thirty or so: it must be before the sync, within a number, and the store must fall
    for it.
    """
    wrong = attempts(serve_believing_in_whole_lines(True), 60)
    assert "invalid" in {trial.run.verdict for trial in wrong}
    right = attempts(serve_believing_in_whole_lines(False), 60)
    assert {trial.run.verdict for trial in right} == {"valid"}


def test_the_power_goes_before_and_after_the_data_are_durable() -> None:
    """By turns, within the call: a crash at a moment would come before the write."""
    cuts = Counter(
        step.fault.point if isinstance(step.fault, CrashAt) else "moment"
        for trial in attempts(serve_believing_in_whole_lines(False), 16)
        for step in trial.run.plan
        if isinstance(step.fault, CrashAt | Crash)
    )
    assert cuts == {"fsync": 8, "synced": 8}
