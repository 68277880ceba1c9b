"""Membership changes through the protocol's own commands: what administrators do, how it is undone, whom it finds."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
import trio

import chaoslab as cl
from chaoslab.faults import Join, Leave, Replace, TwoAdministrators
from chaoslab.history import Operation
from chaoslab.nemesis import Budget, Nemesis, Step
from chaoslab.net.latency import Uniform
from chaoslab.plugins import Registry, registry
from chaoslab.runner import Run, run
from chaoslab.scenario import parse_scenario, scenario_to_toml
from tests.faults.toy_register import Settings, toy_register, with_toy

SEEDS = range(6)
SPREAD = Uniform(low_ns=1_000_000, high_ns=30_000_000)


def start(cluster: cl.Cluster, nodes: int, **wrong: bool) -> None:
    cluster.administers = ("join", "leave")
    cluster.start(toy_register(**wrong), nodes=nodes, settings=Settings())


def changed(fault: Any, *targets: str, nodes: int = 3, cut: str = "", seed: int = 0) -> dict[str, Any]:
    """Return who the members were, and who ran, while *fault* held and after its heal, and what administrators did."""

    async def main(cluster: cl.Cluster) -> dict[str, Any]:
        start(cluster, nodes)
        await trio.sleep(1)
        with cluster.faults(*([cl.partition(cut)] if cut else []), (fault, targets)):
            await trio.sleep(5)
            during = tuple(cluster.nodes)
            ran = tuple(name for name in during if cluster.node(name).alive)
        await trio.sleep(15)
        return {
            "during": during,
            "ran": ran,
            "after": tuple(cluster.nodes),
            "off": tuple(name for name, host in cluster.membership.spares.items() if not host.alive),
            "config": cluster.node("n1").machine.config.members,  # type: ignore[attr-defined]
            "effects": [injection.took_effect for injection in cluster.injections][-1],
            "notes": [event.value for event in cluster.history if "admin" in str(event.value)],
            "busy": [one.busy for one in cluster.membership.administrators],
        }

    return cl.run(main, seed=seed, latency=SPREAD)


def test_a_node_joins_by_the_protocols_own_command_and_leaves_when_it_is_healed() -> None:
    """While it holds it is a member; afterwards it is not, and is switched off."""
    seen = changed(Join())
    assert seen["during"] == seen["ran"] == ("n1", "n2", "n3", "n4")
    assert seen["after"] == seen["config"] == ("n1", "n2", "n3")
    assert seen["off"] == ("n4",)
    assert seen["effects"] == 1
    assert seen["notes"][:2] == ["admin1 asks for n4", "admin1 was told ok for n4"]
    assert seen["busy"] == [False]


def test_a_node_leaves_is_switched_off_and_joins_again_when_it_is_healed() -> None:
    """From what its disk kept."""
    seen = changed(Leave(), "n2")
    assert seen["during"] == seen["ran"] == ("n1", "n3")
    assert seen["after"] == seen["config"] == ("n1", "n3", "n2")
    assert seen["off"] == ()


def test_a_node_is_replaced_by_a_new_one_and_comes_back() -> None:
    """The new one joins first, so that no member is missing in between."""
    seen = changed(Replace(), "n2")
    assert seen["during"] == ("n1", "n3", "n4")
    assert seen["after"] == seen["config"] == ("n1", "n3", "n2")
    assert seen["off"] == ("n4",)
    assert seen["effects"] == 2


def test_two_administrators_ask_at_the_same_time() -> None:
    """Each with a client of his own; the right protocol serves one after the other."""
    seen = changed(TwoAdministrators(), "n3", nodes=4)
    assert seen["during"] in (("n1", "n2", "n4", "n5"), ("n1", "n2", "n5", "n4"))
    assert sorted(seen["after"]) == sorted(seen["config"]) == ["n1", "n2", "n3", "n4"]
    assert seen["busy"] == [False, False]


@pytest.mark.parametrize(("fault", "targets"), [(Join(), ()), (Leave(), ("n3",)), (Replace(), ("n3",))])
def test_a_command_that_was_never_done_leaves_nothing_behind(fault: Any, targets: tuple[str, ...]) -> None:
    """With n1 cut off nobody changes anything; the administrator goes on asking until the heal, and then takes back."""
    fault = attrs.evolve(fault, patience_ns=2 * 10**9)
    seen = changed(fault, *targets, cut="n1 | n2 n3")
    assert seen["during"] == ("n1", "n2", "n3")
    assert seen["effects"] == 0
    assert sorted(seen["after"]) == sorted(seen["config"]) == ["n1", "n2", "n3"]
    assert seen["busy"] == [False]


def test_a_node_that_was_switched_off_is_started_by_no_other_heal() -> None:
    """A crash that began before and ends after it left does not bring it back."""

    async def main(cluster: cl.Cluster) -> bool:
        start(cluster, 3)
        crash = cluster.inject(*cl.crash("n3"))
        cluster.inject(Leave(), ("n3",))
        await trio.sleep(3)
        cluster.heal(crash)
        cluster.restart("n3")
        return cluster.node("n3").alive

    assert not cl.run(main, latency=SPREAD)


def test_the_directory_lists_who_was_started_and_not_switched_off() -> None:
    """A new node from its start, before it is a member; one that has left not; one that has crashed still."""

    async def main(cluster: cl.Cluster) -> list[tuple[str, ...]]:
        start(cluster, 3)
        look = cluster.membership.directory
        seen = [look()]
        change = cluster.inject(Replace(), ("n2",))
        seen.append(look())
        await trio.sleep(3)
        cluster.inject(*cl.crash("n3"))
        seen.append(look())
        cluster.heal(change)
        await trio.sleep(3)
        return [*seen, look()]

    before, at_once, replaced, after = cl.run(main, latency=SPREAD)
    assert before == ("n1", "n2", "n3")
    assert at_once == ("n1", "n2", "n3", "n4")
    assert replaced == ("n1", "n3", "n4")
    assert sorted(after) == ["n1", "n2", "n3"]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_nodes_and_clients_may_look_into_the_directory(asynchronous: bool) -> None:
    """Whichever way they are written."""
    found: dict[str, tuple[str, ...]] = {}

    class Looks:
        def __init__(self, context: cl.Context) -> None:
            self.context = context

        def start(self) -> None:
            found[self.context.name] = self.context.directory()

        def message(self, sender: str, message: Any) -> None: ...

        def timer(self, name: str) -> None: ...

    async def serve(node: cl.Node) -> None:
        found[node.name] = node.directory()
        await trio.sleep_forever()

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve if asynchronous else Looks, nodes=2)
        await trio.sleep(1)
        cluster.add_node()
        await trio.sleep(1)

    cl.run(main)
    assert found["n3"] == ("n1", "n2", "n3")


# Protocols that are wrong


def outcome(seed: int, fault: Any, *targets: str, nodes: int, cut: str = "", **wrong: bool) -> str:
    """Return the verdict on a busy register during and after *fault*; *cut* is a partition while it holds."""

    async def main(cluster: cl.Cluster) -> str:
        start(cluster, nodes, **wrong)

        async def work() -> None:
            await cluster.drive(cl.workload("register"), seconds=8, clients=4, rate=100, keys=1)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(work)
            await trio.sleep(1)
            with cluster.faults((fault, targets)):
                await trio.sleep(1.5)
                with cluster.faults(*([cl.partition(cut)] if cut else [])):
                    await trio.sleep(2)
        assert cluster.injections[0].took_effect
        return cl.linearizable()(cluster.history).outcome

    return cl.run(main, seed=seed, latency=SPREAD)


def test_a_quorum_counted_by_the_old_list_is_found_by_a_join() -> None:
    """Two of four are no majority, though they were of three."""
    verdicts = [outcome(seed, Join(), nodes=3, cut="n1 n4 | n2 n3", counts_old_list=True) for seed in SEEDS]
    assert "invalid" in verdicts
    assert {outcome(seed, Join(), nodes=3, cut="n1 n4 | n2 n3") for seed in SEEDS} == {"valid"}


def test_changes_that_do_not_wait_for_each_other_are_found_by_two_administrators() -> None:
    """Two configurations of the same epoch, each with a quorum of its own (Ongaro 2015, "bug in single-server...")."""
    fault = TwoAdministrators(first="join", second="join")
    assert "invalid" in [outcome(seed, fault, "n2", nodes=2, anyone=True) for seed in SEEDS]
    assert {outcome(seed, fault, "n2", nodes=2) for seed in SEEDS} == {"valid"}


@pytest.mark.parametrize("fault", [Leave(), Replace()], ids=lambda fault: fault.kind)
def test_a_value_that_is_not_carried_into_the_new_members_is_lost(fault: Any) -> None:
    """n2 and n3 know the write; n3 is changed for an empty disk; then n2 is out of reach."""

    def last_read(seed: int, **wrong: bool) -> Any:
        async def main(cluster: cl.Cluster) -> Any:
            start(cluster, 3, **wrong)
            cluster.add_clients(2)

            async def ask(client: str, f: str, value: Any = None) -> Any:
                cluster.clients[client].invoke(cl.Invocation(f=f, key="x", value=value))
                await trio.sleep(1.5)
                return list(cluster.history)[-1]

            with cluster.faults(cl.partition("n1 c1 | n2 n3 c2")):
                written: Operation = await ask("c2", "write", 7)
                assert written.type == "ok"
            injection = cluster.inject(fault, ("n3",))
            await trio.sleep(3)
            assert injection.fault.effects(injection._state) > 0
            if fault.kind == "leave":
                cluster.heal(injection)
                await trio.sleep(3)
            with cluster.faults(cl.partition("n2 | n1 n3 n4" if fault.kind == "replace" else "n2 | n1 n3")):
                return (await ask("c1", "read")).value

        return cl.run(main, seed=seed, latency=SPREAD)

    assert {last_read(seed, forgets=True) for seed in SEEDS} == {None}
    assert {last_read(seed) for seed in SEEDS} == {7}


# Scenarios

TEXT = """
[scenario]
duration = "6s"
[cluster]
protocol = "toy"
[workload]
name = "register"
keys = 1
[[fault]]
kind = "join"
patience = "4s"
at = "1s"
for = "3s"
"""


def installed(**changes: Any) -> Registry:
    return with_toy(**{"administers": ("join", "leave"), "budget": Budget(membership=True), **changes})


def test_a_scenario_can_ask_for_a_join() -> None:
    """And its run is valid, and the same each time."""
    plugins = installed()
    scenario = parse_scenario(TEXT, plugins)
    assert parse_scenario(scenario_to_toml(scenario), plugins) == scenario

    def once() -> Run:
        return run(scenario, 3, plugins=plugins)

    done = once()
    assert done.verdict == "valid"
    assert done.injections[0].took_effect == 1
    assert done.trace_hash == once().trace_hash


def test_a_protocol_without_the_command_refuses_when_the_scenario_is_read() -> None:
    """With the line of the fault."""
    with pytest.raises(cl.ScenarioError) as raised:
        parse_scenario(TEXT.replace('"toy"', '"abd"'), registry(), file="s.toml")
    assert raised.value.line == 10
    assert "no command 'join' for administrators: its members cannot be changed" in str(raised.value)
    with pytest.raises(cl.ScenarioError, match="no command 'leave' for administrators: it administers join"):
        parse_scenario(TEXT, installed(administers=("join",)))


def test_membership_is_a_promise_of_its_own() -> None:
    """Who does not promise it is spared."""

    async def main(cluster: cl.Cluster) -> list[str]:
        start(cluster, 3)
        step = Step(name="join 1", fault=Join(), target="", begin_ns=1, end_ns=10**9)
        nemesis = Nemesis(cluster, (step,), Budget())
        nemesis.begin()
        await trio.sleep(2)
        return [missed.why for missed in nemesis.not_done]

    (why,) = cl.run(main)
    assert "its members must stay the same" in why


def test_words_that_mean_nothing_are_refused() -> None:
    """With the nearest word."""
    with pytest.raises(cl.UsageError, match="unknown command 'jion'"):
        TwoAdministrators(first="jion")
