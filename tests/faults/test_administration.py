"""Versions and settings: what nodes run, in which order they change, how it is undone, and whom it finds."""

from __future__ import annotations

import itertools
import json
from typing import Any

import attrs
import pytest
import trio

import chaoslab as cl
from chaoslab.faults import Downgrade, Misconfigure, Upgrade
from chaoslab.nemesis import Budget, Nemesis, Step
from chaoslab.net.latency import Uniform
from chaoslab.plugins import Registry
from chaoslab.runner import run
from chaoslab.scenario import parse_scenario, scenario_to_toml
from chaoslab.statemachine import Context, Effects, Persist, Request, reply
from tests.faults.toy_register import Settings, toy_register, with_toy

S = 10**9
SEEDS = range(6)


class Reporter:
    """Says what it runs."""

    version = "1"

    def __init__(self, context: Context) -> None:
        self.runs = (self.version, context.settings.quorum, context.nodes, context.files.get("mark", b"").decode())

    def start(self) -> Effects:
        return [Persist("mark", self.version.encode(), append=True)]

    def message(self, sender: str, message: Any) -> Effects:
        return None

    def timer(self, name: str) -> Effects:
        return None


class NewReporter(Reporter):
    version = "2"


def runs(cluster: cl.Cluster, element: int = 0) -> tuple[Any, ...]:
    """Return what each node runs: 0 the version, 1 the quorum, 2 its peers, 3 the marks that it found on its disk."""
    return tuple(host.machine.runs[element] for host in cluster.nodes.values())  # type: ignore[attr-defined]


def on_reporters(then: Any) -> Any:
    async def main(cluster: cl.Cluster) -> Any:
        cluster.versions = {"2": NewReporter}
        cluster.start(Reporter, nodes=3, settings=Settings(quorum=7))
        await trio.sleep(1)
        return await then(cluster)

    return cl.run(main)


def test_a_rolling_upgrade_goes_from_node_to_node_and_back() -> None:
    """In between versions are mixed; each node keeps its disk."""

    async def then(cluster: cl.Cluster) -> None:
        seen = []
        upgrade = cluster.inject(Upgrade(version="2", apart_ns=S), ("n1", "n2", "n3"))
        for _ in range(3):
            await trio.sleep(0.5)
            seen.append(runs(cluster))
            await trio.sleep(0.5)
        assert seen == [("2", "1", "1"), ("2", "2", "1"), ("2", "2", "2")]
        cluster.heal(upgrade)
        await trio.sleep(0.5)
        assert runs(cluster) == ("1", "2", "2")
        await trio.sleep(3)
        assert runs(cluster) == ("1", "1", "1")
        assert runs(cluster, 3) == ("12", "12", "12")
        assert upgrade.took_effect == 3

    on_reporters(then)


def test_an_upgrade_at_once_changes_all_in_one_moment() -> None:
    """And a node that is down takes it up when it starts."""

    async def then(cluster: cl.Cluster) -> None:
        cluster.crash("n2")
        upgrade = cluster.inject(Upgrade(version="2", rolling=False), ("n1", "n2"))
        assert not cluster.node("n2").alive
        cluster.restart("n2")
        assert runs(cluster) == ("2", "2", "1")
        cluster.crash("n1")
        cluster.heal(upgrade)
        cluster.heal(upgrade)
        assert not cluster.node("n1").alive
        cluster.restart("n1")
        assert runs(cluster) == ("1", "1", "1")

    on_reporters(then)


def test_an_upgrade_that_is_healed_on_its_way_goes_no_further() -> None:
    """Who has not been reached yet never changes."""

    async def then(cluster: cl.Cluster) -> None:
        upgrade = cluster.inject(Upgrade(version="2", apart_ns=S), ("n1", "n2", "n3"))
        await trio.sleep(1.5)
        cluster.heal(upgrade)
        await trio.sleep(5)
        assert runs(cluster) == ("1", "1", "1")
        assert [cluster.node(name).starts for name in cluster.nodes] == [3, 3, 1]

    on_reporters(then)


def test_a_downgrade_lies_on_an_upgrade_and_uncovers_it() -> None:
    """In any order of heals; a downgrade of a node that was never upgraded changes nothing, and is told so."""

    async def then(cluster: cl.Cluster) -> None:
        nothing = cluster.inject(Downgrade(), ("n3",))
        cluster.heal(nothing)
        assert nothing.took_effect == 0
        for order in itertools.permutations((0, 1)):
            both = [
                cluster.inject(Upgrade(version="2", rolling=False), ("n1", "n2")),
                cluster.inject(Downgrade(), ("n1",)),
            ]
            assert runs(cluster) == ("1", "2", "1")
            cluster.heal(both[order[0]])
            assert runs(cluster) == (("1", "1", "1") if order[0] == 0 else ("2", "2", "1"))
            cluster.heal(both[order[1]])
            assert runs(cluster) == ("1", "1", "1")

    on_reporters(then)


def test_a_misconfigured_node_runs_with_other_settings_and_other_peers() -> None:
    """And with its own again after the heal; the others never notice."""

    async def then(cluster: cl.Cluster) -> None:
        one = cluster.inject(Misconfigure(set_=(("quorum", 2),)), ("n2",))
        assert runs(cluster, 1) == (7, 2, 7)
        two = cluster.inject(Misconfigure(peers="n3"), ("n2",))
        assert runs(cluster, 2) == (("n1", "n2", "n3"), ("n2", "n3"), ("n1", "n2", "n3"))
        assert runs(cluster, 1) == (7, 2, 7)
        cluster.heal(one)
        assert runs(cluster, 1) == (7, 7, 7)
        cluster.heal(two)
        assert runs(cluster, 2) == (("n1", "n2", "n3"),) * 3

    on_reporters(then)


def test_async_nodes_change_their_version_too() -> None:
    """But not into a state machine."""

    async def main(cluster: cl.Cluster) -> list[str]:
        lives: list[str] = []

        async def old(node: cl.Node) -> None:
            lives.append("old")
            await node.recv()

        class New:
            async def serve(self, node: cl.Node) -> None:
                lives.append("new")
                await node.recv()

        cluster.versions = {"new": New, "machine": Reporter}
        cluster.start(old, nodes=1)
        await trio.sleep(1)
        with cluster.faults((Upgrade(version="new"), ("n1",))):
            await trio.sleep(1)
        await trio.sleep(1)
        with pytest.raises(cl.UsageError, match="of one style"):
            cluster.inject(Upgrade(version="machine"), ("n1",))
        return lives

    assert cl.run(main) == ["old", "new", "old"]


# Programs that are wrong


def register(field: str, *, tolerant: bool) -> Any:
    """Return a single copy that keeps its value on disk under *field*; a *tolerant* one reads the other name too."""

    class Copy:
        def __init__(self, context: Context) -> None:
            kept = json.loads(context.files.get("value", b"{}"))
            names = ("value", "val") if tolerant else (field,)
            self.value = next((kept[name] for name in names if name in kept), None)

        def start(self) -> Effects:
            return None

        def message(self, sender: str, message: Request) -> Effects:
            if message.body.f == "read":
                return [reply(sender, message, self.value)]
            self.value = message.body.value
            return [Persist("value", json.dumps({field: self.value}).encode()), reply(sender, message)]

        def timer(self, name: str) -> Effects:
            return None

    return Copy


def outcome(seed: int, code: Any, faults: list[Any], *, nodes: int = 1, cut: str = "", **versions: Any) -> str:
    """Return the verdict on a busy register while *faults* come one after the other and go."""

    async def main(cluster: cl.Cluster) -> str:
        cluster.versions = versions
        cluster.start(code, nodes=nodes, settings=Settings())

        async def work() -> None:
            await cluster.drive(cl.workload("register"), seconds=6, clients=4, rate=100, keys=1)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(work)
            for fault in faults:
                await trio.sleep(1)
                injection = cluster.inject(*fault)
                assert injection.fault.effects(injection._state)
            with cluster.faults(*([cl.partition(cut)] if cut else [])):
                await trio.sleep(2)
        return cl.linearizable()(cluster.history).outcome

    return cl.run(main, seed=seed, latency=Uniform(low_ns=1_000_000, high_ns=20_000_000))


UP = (Upgrade(version="new"), ("n1",))
DOWN = (Downgrade(), ("n1",))


def test_a_version_that_cannot_read_what_the_other_wrote_is_found() -> None:
    """By an upgrade, and where only the new version reads both, by a downgrade."""
    old, new = register("val", tolerant=False), register("value", tolerant=False)
    assert "invalid" in [outcome(seed, old, [UP], new=new) for seed in SEEDS]
    new_reads_both = register("value", tolerant=True)
    assert {outcome(seed, old, [UP], new=new_reads_both) for seed in SEEDS} == {"valid"}
    assert "invalid" in [outcome(seed, old, [UP, DOWN], new=new_reads_both) for seed in SEEDS]
    both = register("val", tolerant=True)
    assert {outcome(seed, both, [UP, DOWN], new=new_reads_both) for seed in SEEDS} == {"valid"}


def vetoing(context: Context) -> Any:
    """A register that does not trust its own settings: a quorum below a majority is refused."""
    least = len(context.nodes) // 2 + 1
    quorum = context.settings.quorum
    return toy_register()(attrs.evolve(context, settings=Settings(quorum=max(quorum, least))))


def test_a_quorum_that_one_node_counts_otherwise_is_found_and_a_node_that_checks_it_is_not() -> None:
    """One answer is not enough for n1 while it is cut off from the others."""
    wrong = (Misconfigure(set_=(("quorum", 1),)), ("n1",))
    assert "invalid" in [outcome(seed, toy_register(), [wrong], nodes=3, cut="n1 | n2 n3") for seed in SEEDS]
    assert {outcome(seed, vetoing, [wrong], nodes=3, cut="n1 | n2 n3") for seed in SEEDS} == {"valid"}


# Scenarios and budgets

TEXT = """
[scenario]
duration = "4s"
[cluster]
protocol = "toy"
[workload]
name = "register"
[[fault]]
target = "one"
at = "1s"
for = "1s"
"""


def installed(**changes: Any) -> Registry:
    return with_toy(**{"versions": {"2.0": toy_register()}, "budget": Budget(settings=True), **changes})


@pytest.mark.parametrize(
    "fault",
    [
        'kind = "upgrade"\nversion = "2.0"',
        'kind = "downgrade"',
        'kind = "misconfigure"\nset = { quorum = 3, epoch = 1 }',
        'kind = "misconfigure"\npeers = "n1 n2"',
    ],
)
def test_a_scenario_can_ask_for_it(fault: str) -> None:
    """It reads back, and runs the same each time."""
    plugins = installed()
    scenario = parse_scenario(TEXT + fault + "\n", plugins)
    assert parse_scenario(scenario_to_toml(scenario), plugins) == scenario
    first, again = (run(scenario, 5, plugins=plugins) for _ in range(2))
    assert len(first.injections) == 1
    assert first.trace_hash == again.trace_hash


@pytest.mark.parametrize(
    ("protocol", "fault", "words"),
    [
        ("toy", 'kind = "upgrade"\nversion = "2.1"', "unknown version '2.1'"),
        ("abd", 'kind = "upgrade"\nversion = "2.0"', "the protocol has one version only"),
        ("abd", 'kind = "downgrade"', "the protocol has one version only"),
        ("toy", 'kind = "misconfigure"\nset = { qorum = 3 }', "unknown key 'qorum'"),
        ("toy", 'kind = "misconfigure"\nset = { quorum = "three" }', "is not a count"),
        ("toy", 'kind = "misconfigure"\nset = 3', "3 are no settings"),
        ("toy", 'kind = "misconfigure"', "this changes nothing"),
        ("toy", 'kind = "misconfigure"\npeers = "n9"', "'n9'"),
        ("single-copy", 'kind = "misconfigure"\nset = { quorum = 3 }', "the protocol has no settings"),
    ],
)
def test_what_the_protocol_does_not_have_is_refused_with_the_line(protocol: str, fault: str, words: str) -> None:
    """When the scenario is read."""
    with pytest.raises(cl.ScenarioError) as raised:
        parse_scenario(TEXT.replace('"toy"', f'"{protocol}"') + fault + "\n", installed(), file="s.toml")
    assert words in str(raised.value)
    assert raised.value.line is not None
    assert raised.value.line >= 8


def test_restarts_count_as_nodes_that_are_down() -> None:
    """At once all of them; rolling one, which is then kept free for it while the upgrade lasts."""
    budget = Budget(settings=True, down=1)

    def not_done(*steps: tuple[Any, str, int]) -> list[str]:
        async def then(cluster: cl.Cluster) -> list[str]:
            plan = [
                Step(name=f"{fault.kind} {begin}", fault=fault, target=target, begin_ns=begin * S, end_ns=9 * S)
                for fault, target, begin in steps
            ]
            nemesis = Nemesis(cluster, tuple(plan), budget)
            nemesis.begin()
            await trio.sleep(12)
            return [missed.why for missed in nemesis.not_done]

        return on_reporters(then)

    crash = cl.crash("n3")[0]
    assert not_done((Upgrade(version="2"), "all", 2)) == []
    (why,) = not_done((Upgrade(version="2", rolling=False), "all", 2))
    assert "3 of 3 nodes would be down, 1 may be" in why
    assert len(not_done((Upgrade(version="2"), "n1", 2), (crash, "n3", 3))) == 1
    assert len(not_done((crash, "n3", 2), (Upgrade(version="2"), "n1", 3))) == 1


def test_other_settings_are_a_promise_of_their_own() -> None:
    """Who does not promise it is spared."""
    assert "same code with the same settings" in (Budget().refusal(Upgrade(version="2"), 3) or "")
