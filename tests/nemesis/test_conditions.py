"""Faults that wait: for a role, a probe, a message, a sync, a start; once or each time; and that stop waiting."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
import trio

import chaoslab as cl
from chaoslab.errors import UsageError
from chaoslab.faults import Crash, Partition, Pause
from chaoslab.nemesis import Budget, Condition, Nemesis, Step
from chaoslab.statemachine import Become, Context, Effects, Persist, Probe, Send, SetTimer

S = 10**9


@attrs.frozen
class Beat:
    """Sent by the first node, ten times a second."""


class Beating:
    """The first node beats, passes a probe and syncs a file; the second leads after a second."""

    def __init__(self, context: Context) -> None:
        self.name = context.name

    def start(self) -> Effects:
        return [SetTimer("beat", 0.1), SetTimer("lead", 1.0)]

    def message(self, sender: str, message: Any) -> Effects:
        return None

    def timer(self, name: str) -> Effects:
        if name == "lead":
            return [Become("leader")] if self.name == "n2" else None
        if self.name != "n1":
            return None
        return [Probe("beat"), Persist("log", b"."), Send("n3", Beat()), SetTimer("beat", 0.1)]


def injections(condition: Condition, *, fault: Any = None, target: str = "it", for_s: float | None = 0.2) -> Any:
    """Return (began, targets) of what a step that waits for *condition* from 0.5 s to 3 s did, and what it missed."""

    async def main(cluster: cl.Cluster) -> Any:
        cluster.start(Beating, nodes=3)
        step = Step(
            name="waiting 1",
            fault=fault or Pause(),
            target=target,
            begin_ns=S // 2,
            end_ns=3 * S,
            when=condition,
            for_ns=None if for_s is None else int(for_s * S),
        )
        nemesis = Nemesis(cluster, (step,), Budget(down="all"))
        nemesis.begin()
        await trio.sleep(4)
        assert all(injection.healed_ns is not None for injection in cluster.injections)
        assert cluster.network._rules == []
        assert not any(cluster.signals._watchers.values())
        return [(one.began_ns / S, one.targets) for one in cluster.injections], nemesis.not_done

    return cl.run(main)


def test_a_fault_waits_for_a_role() -> None:
    """The node that became the leader is hit, at that very moment."""
    assert injections(Condition(role="leader")) == ([(1.0, ("n2",))], [])


def test_who_has_the_role_already_is_hit_at_once() -> None:
    """Some protocols begin with a leader, and make no other while it lives."""

    async def main(cluster: cl.Cluster) -> list[tuple[float, tuple[str, ...]]]:
        cluster.start(Beating, nodes=3)
        step = Step(
            name="late", fault=Pause(), target="it", begin_ns=2 * S, end_ns=3 * S, when=Condition(role="leader")
        )
        Nemesis(cluster, (step,), Budget(down="all")).begin()
        await trio.sleep(4)
        return [(one.began_ns / S, one.targets) for one in cluster.injections]

    assert cl.run(main) == [(2.0, ("n2",))]


def test_a_fault_comes_some_time_after_what_it_waited_for() -> None:
    """`after` puts a pause between the two."""
    assert injections(Condition(role="leader", after_ns=S // 4)) == ([(1.25, ("n2",))], [])


def test_a_fault_waits_for_the_third_time() -> None:
    """Counted from when it began to wait."""
    ((began, targets),) = injections(Condition(message="Beat", times=3))[0]
    assert 0.7 < began < 0.9
    assert targets == ("n3",)


def test_a_fault_strikes_each_time() -> None:
    """Every probe but those that the pause itself held back."""
    found, _ = injections(Condition(probe="beat", again=True), for_s=0.5)
    assert len(found) >= 4
    assert {targets for _, targets in found} == {("n1",)}


def test_a_fault_waits_at_certain_nodes_only() -> None:
    """The sync of another node does not count, and what never happened is told."""
    assert injections(Condition(fsync="log", node="n1"))[0][0][1] == ("n1",)
    found, missed = injections(Condition(fsync="log", node="n2"))
    assert found == []
    assert [one.why for one in missed] == ["what it waited for did not happen: n2 syncs log"]


def test_a_fault_waits_for_a_node_that_comes_back() -> None:
    """A crash during recovery: the node starts again, and is hit again."""

    async def main(cluster: cl.Cluster) -> list[float]:
        cluster.start(Beating, nodes=3)
        again = Step(
            name="again", fault=Crash(), target="it", begin_ns=0, end_ns=9 * S, when=Condition(start=True), for_ns=S
        )
        once = Step(name="once", fault=Crash(), target="n3", begin_ns=S, end_ns=2 * S)
        Nemesis(cluster, (once, again), Budget(down="all")).begin()
        await trio.sleep(5)
        return [injection.began_ns / S for injection in cluster.injections]

    assert cl.run(main) == [1.0, 2.0]


def test_the_groups_of_a_partition_may_name_it() -> None:
    """Whoever became the leader is cut off from the rest."""

    async def main(cluster: cl.Cluster) -> str:
        cluster.start(Beating, nodes=3)
        step = Step(
            name="cut", fault=Partition(groups="it | rest"), target="", begin_ns=0, end_ns=2 * S,
            when=Condition(role="leader"),
        )  # fmt: skip
        Nemesis(cluster, (step,), None).begin()
        await trio.sleep(3)
        return cluster.injections[0].describe()

    assert cl.run(main) == "partition: n2 | n1 n3"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({}, "says none"), ({"role": "a", "probe": "b"}, "role and probe"), ({"probe": "a", "times": 0}, "at least 1")],
)
def test_a_condition_is_one_thing(arguments: dict[str, Any], words: str) -> None:
    """None, two, or never: refused in words."""
    with pytest.raises(UsageError, match=words):
        Condition(**arguments)
