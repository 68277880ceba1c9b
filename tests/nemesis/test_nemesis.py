"""The nemesis: whom it hits, what it refuses, and that it leaves nothing behind."""

from __future__ import annotations

from typing import Any

import attrs
import trio

import chaoslab as cl
from chaoslab.choices import Choices
from chaoslab.faults import ClockSkew, Crash, Partition, Pause
from chaoslab.nemesis import Budget, Nemesis, Step
from chaoslab.nemesis.targets import resolve, resolved
from chaoslab.parameters import GROUPS
from chaoslab.statemachine import Become, Context, Effects

S = 10**9


class Idle:
    """The first node leads; nobody does anything."""

    def __init__(self, context: Context) -> None:
        self.name = context.name

    def start(self) -> Effects:
        return [Become("leader" if self.name == "n1" else "follower")]

    def message(self, sender: str, message: Any) -> Effects:
        return None

    def timer(self, name: str) -> Effects:
        return None


def on_a_cluster(nodes: int, then: Any) -> Any:
    async def main(cluster: cl.Cluster) -> Any:
        cluster.start(Idle, nodes=nodes)
        cluster.add_clients(2)
        await trio.sleep(0.1)
        return await then(cluster)

    return cl.run(main)


def step(fault: Any, target: str = "", begin: float = 1.0, end: float = 2.0) -> Step:
    return Step(
        name=f"{fault.kind} {target} {begin}", fault=fault, target=target, begin_ns=int(begin * S), end_ns=int(end * S)
    )


def test_words_resolve_to_nodes() -> None:
    """Names and roles first, then counts from who is left, then the rest."""

    async def then(cluster: cl.Cluster) -> None:
        stream = Choices(0).stream("t")
        assert resolve("leader", cluster, stream) == ("n1",)
        assert resolve("n3 n2", cluster, stream) == ("n2", "n3")
        assert len(resolve("minority", cluster, stream)) == 2
        assert len(resolve("majority", cluster, stream)) == 3
        assert resolve("all", cluster, stream) == ("n1", "n2", "n3", "n4", "n5")
        assert resolve("nobody-plays-this", cluster, stream) == ()
        for _ in range(20):
            words = resolved(GROUPS, "rest | leader one", cluster, stream)
            left, right = (side.split() for side in words.split(" | "))
            assert "n1" in right
            assert len(right) == 2
            assert sorted(left + right) == ["n1", "n2", "n3", "n4", "n5"]

    on_a_cluster(5, then)


def test_every_node_gets_its_turn_as_the_one() -> None:
    """The draw is fair enough that no node is always spared."""

    async def then(cluster: cl.Cluster) -> set[tuple[str, ...]]:
        return {resolve("one", cluster, Choices(seed).stream("target crash 1.1")) for seed in range(60)}

    assert len(on_a_cluster(5, then)) == 5


def test_a_plan_is_carried_out_and_healed() -> None:
    """Every step begins and ends when it should, and afterwards nothing is in force."""

    async def then(cluster: cl.Cluster) -> None:
        nemesis = Nemesis(
            cluster,
            (
                step(Crash(), "n2"),
                step(Partition(groups="leader | rest")),
                step(ClockSkew(offset_ns=5), "n3"),
                step(Pause(), "n4"),
            ),
            Budget(down="all"),
        )
        nemesis.begin()
        await trio.sleep(1.4)
        assert not cluster.node("n2").alive
        assert cluster.node("n3").clock.offset_ns == 5
        assert len(cluster.injections) == 4
        await trio.sleep(1)
        assert cluster.node("n2").alive
        assert cluster.node("n3").clock.offset_ns == 0
        assert all(injection.healed_ns == 2 * S for injection in cluster.injections)
        assert nemesis.not_done == []

    on_a_cluster(5, then)


def test_what_exceeds_the_budget_is_refused_and_noted() -> None:
    """A third node of five does not go down, and the reason is kept."""

    async def then(cluster: cl.Cluster) -> None:
        plan = tuple(step(Crash(), name, begin) for name, begin in (("n1", 1.0), ("n2", 1.1), ("n3", 1.2)))
        nemesis = Nemesis(cluster, plan, Budget(down="minority"))
        nemesis.begin()
        await trio.sleep(1.4)
        assert [name for name, host in cluster.nodes.items() if not host.alive] == ["n1", "n2"]
        (missed,) = nemesis.not_done
        assert "n3" in missed.why
        assert "budget" in missed.why

    on_a_cluster(5, then)


def test_beyond_the_budget_everything_is_possible() -> None:
    """Without a budget the nemesis does what the plan says."""

    async def then(cluster: cl.Cluster) -> None:
        nemesis = Nemesis(cluster, (step(Crash(), "all"),), None)
        nemesis.begin()
        await trio.sleep(1.4)
        assert not any(host.alive for host in cluster.nodes.values())

    on_a_cluster(5, then)


def test_a_target_that_is_nobody_is_noted_as_missed() -> None:
    """A role that nobody plays cannot be hit."""

    async def then(cluster: cl.Cluster) -> None:
        nemesis = Nemesis(cluster, (step(Pause(), "candidate"), step(Partition(groups="candidate | rest"))), Budget())
        nemesis.begin()
        await trio.sleep(1.4)
        assert ["nobody" in missed.why for missed in nemesis.not_done] == [True, True]
        assert cluster.injections == []

    on_a_cluster(3, then)


def test_a_step_is_a_value() -> None:
    """It can be changed into another and compared."""
    one = step(Crash(), "one")
    assert attrs.evolve(one, target="n1") != one
    assert attrs.evolve(one) == one


def test_a_fault_for_which_too_few_nodes_are_left_is_noted_as_missed() -> None:
    """Members may have left since the plan was made."""

    async def then(cluster: cl.Cluster) -> None:
        nemesis = Nemesis(cluster, (step(Partition(shape="majorities-ring")),), Budget())
        nemesis.begin()
        await trio.sleep(1.4)
        assert [missed.why for missed in nemesis.not_done] == ["it takes 3 nodes, and there were 2 at that moment"]

    on_a_cluster(2, then)
