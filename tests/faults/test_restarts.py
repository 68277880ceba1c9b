"""Restarts over and over, and one node after the other."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import trio

import chaoslab as cl
from chaoslab.faults import Crash, RestartLoop, RollingRestart
from chaoslab.nemesis import Budget, Nemesis, Step
from chaoslab.statemachine import Context, Effects, Send
from tests.faults.process_programs import LISTENERS, told

S = 10**9


@pytest.mark.parametrize("code", LISTENERS)
def test_a_restart_loop_crashes_about_once_in_each_period_until_it_is_healed(code: Any) -> None:
    """Twenty seconds of two-second periods are about ten crashes, and none afterwards."""

    async def then(cluster: cl.Cluster) -> None:
        injection = cluster.inject(*cl.restart_loop("n1", period=2.0, down=0.5))
        await trio.sleep(20)
        cluster.heal(injection)
        starts = cluster.node("n1").starts
        assert 8 <= starts - 1 <= 13
        assert injection.took_effect == starts - 1
        assert cluster.node("n1").alive
        await trio.sleep(20)
        assert cluster.node("n1").starts == starts

    times = [time for _, time in told(code, then)]
    gaps = [after - before for before, after in itertools.pairwise(times) if after - before > 0.3]
    assert all(gap == pytest.approx(0.5, abs=0.15) for gap in gaps)
    assert len(gaps) >= 7


@pytest.mark.parametrize("code", LISTENERS)
def test_a_rolling_restart_takes_each_node_down_once_and_never_two_of_them(code: Any) -> None:
    """Each for as long as it says, with a pause between."""
    down: list[tuple[str, ...]] = []

    async def then(cluster: cl.Cluster) -> None:
        with cluster.faults(cl.rolling_restart("n1", "n2", "n3", down=0.3, pause=0.2)):
            for _ in range(20):
                await trio.sleep(0.1)
                down.append(tuple(name for name, host in cluster.nodes.items() if not host.alive))
        assert [host.starts for host in cluster.nodes.values()] == [2, 2, 2, 1]

    told(code, then, nodes=4)
    assert [names for names, _ in itertools.groupby(down)] == [("n1",), (), ("n2",), (), ("n3",), ()]


def test_a_healed_rolling_restart_takes_nobody_down_any_more() -> None:
    """Who is down comes back at once, who has not had its turn never gets it."""

    async def then(cluster: cl.Cluster) -> None:
        with cluster.faults(cl.rolling_restart("n1", "n2", "n3", down=0.3, pause=0.2)):
            await trio.sleep(0.6)
        assert all(host.alive for host in cluster.nodes.values())
        await trio.sleep(2)
        assert [host.starts for host in cluster.nodes.values()] == [2, 2, 1]

    told(LISTENERS[0], then, nodes=3)


def test_a_rolling_restart_of_all_nodes_counts_as_one_node_down() -> None:
    """A minority budget of three nodes allows it, and then no crash beside it."""

    async def then(cluster: cl.Cluster) -> None:
        rolling = Step(name="r", fault=RollingRestart(), target="all", begin_ns=S, end_ns=9 * S)
        crash = Step(name="c", fault=Crash(), target="n3", begin_ns=2 * S, end_ns=3 * S)
        nemesis = Nemesis(cluster, (rolling, crash), Budget(down="minority"))
        nemesis.begin()
        await trio.sleep(10)
        assert [missed.step.name for missed in nemesis.not_done] == ["c"]
        assert "2 of 3 nodes would be down, 1 may be" in nemesis.not_done[0].why
        assert [host.starts for host in cluster.nodes.values()] == [2, 2, 2]

    told(LISTENERS[0], then, nodes=3)


def test_a_rolling_restart_is_refused_while_another_node_is_down() -> None:
    """One down and one rolling are two of three."""

    async def then(cluster: cl.Cluster) -> None:
        crash = Step(name="c", fault=Crash(), target="n3", begin_ns=S, end_ns=9 * S)
        rolling = Step(name="r", fault=RollingRestart(), target="n1 n2", begin_ns=2 * S, end_ns=9 * S)
        beside = Step(name="b", fault=RollingRestart(), target="n3", begin_ns=3 * S, end_ns=9 * S)
        nemesis = Nemesis(cluster, (crash, rolling, beside), Budget(down="minority"))
        nemesis.begin()
        await trio.sleep(5)
        assert [missed.step.name for missed in nemesis.not_done] == ["r"]

    told(LISTENERS[0], then, nodes=3)


class Remembering:
    """Keeps a value in memory, on all nodes; one that starts asks the others for it."""

    asks = True

    def __init__(self, context: Context) -> None:
        self.peers = context.peers
        self.value: Any = None

    def start(self) -> Effects:
        return [Send(peer, "what is it?") for peer in self.peers] if self.asks else None

    def message(self, sender: str, message: Any) -> Effects:
        if message == "what is it?":
            return None if self.value is None else [Send(sender, self.value)]
        self.value = message
        return None

    def timer(self, name: str) -> Effects:
        return None


class Forgetting(Remembering):
    """Wrong: it believes that others will always know, and asks nobody."""

    asks = False


def left_after(code: Any, fault: Any, seed: int) -> list[Any]:
    """Return the values that the nodes hold after *fault*."""

    async def then(cluster: cl.Cluster) -> None:
        for host in cluster.nodes.values():
            host.machine.value = 42  # type: ignore[attr-defined]
        await trio.sleep(1)
        with cluster.faults(fault):
            await trio.sleep(3)
        await trio.sleep(1)
        values.extend(host.machine.value for host in cluster.nodes.values())  # type: ignore[attr-defined]

    values: list[Any] = []
    told(code, then, nodes=3, seed=seed)
    return values


@pytest.mark.parametrize("seed", range(3))
def test_a_rolling_restart_finds_what_is_nowhere_but_in_memory(seed: int) -> None:
    """Some node knows it all the time; who does not ask when it starts has forgotten it in the end."""
    rolling = cl.rolling_restart("n1", "n2", "n3", down=0.3, pause=0.3)
    assert left_after(Forgetting, rolling, seed) == [None, None, None]
    assert left_after(Remembering, rolling, seed) == [42, 42, 42]
    assert left_after(Forgetting, cl.crash("n1"), seed) == [None, 42, 42]


def test_a_loop_that_never_runs_is_refused() -> None:
    """The time down is shorter than the period."""
    with pytest.raises(cl.UsageError, match=r"down.*is shorter than period"):
        RestartLoop(period_ns=S, down_ns=S)
