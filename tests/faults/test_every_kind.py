"""What holds for every kind of fault alike: it is told, reads back, heals without residue, is deterministic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import trio

import chaoslab as cl
from chaoslab.choices import Choices
from chaoslab.faults import FAULTS
from chaoslab.faults.budget import DEMANDS
from chaoslab.nemesis import Nemesis, Scene, Step
from chaoslab.nemesis.targets import is_count
from chaoslab.parameters import build, parameters_of, written
from chaoslab.plugins import registry

NODES = ("n1", "n2", "n3", "n4", "n5")
ZONES = {"n1": "east", "n2": "east", "n3": "west", "n4": "west", "n5": "south"}
SCENE = Scene(nodes=NODES, duration_ns=10**10, roles=("primary", "backup"), leader="primary", zones=ZONES, streams=True)
S = 10**9
KINDS = [pytest.param(kind, id=kind.kind) for kind in FAULTS]
SEEDS = range(3)

MOVES_ON = {
    "_at_barrier", "_backlog", "_files_made", "_held", "_performers", "_sequence", "_streams", "_timers", "clock",
    "disk", "engine", "files", "history", "links", "machine", "network", "node", "number", "process", "role", "signals",
    "starts", "zones",
}  # fmt: skip
"""What changes in a host by itself, or belongs to others."""


def drawn(kind: Any, seed: int) -> Any:
    """Return a fault of *kind* of some strength, or skip where the scene has no place for it."""
    fault = kind.drawn(SCENE, Choices(seed).stream("fault"))
    if fault is None:
        pytest.skip(f"{kind.kind} has no place in a scene without versions and members to come")
    return fault


def on_a_cluster(seed: int, then: Callable[[cl.Cluster], Any]) -> Any:
    """Run *then* on a primary with backups and busy clients."""
    protocol = registry().protocol("primary-backup")

    async def main(cluster: cl.Cluster) -> Any:
        cluster.leader = protocol.leader
        cluster.zones.update(ZONES)
        cluster.start(protocol.replica, nodes=5, client=protocol.client)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: cluster.drive(cl.workload("kv"), seconds=8, clients=5, rate=100))
            return await then(cluster)

    return cl.run(main, seed=seed)


def step(fault: Any, *, begin: int = 1, end: int = 3) -> Step:
    """Return the step that brings *fault* about at the primary and another node, if it wants a target."""
    target = "primary one" if type(fault).needs_target else ""
    return Step(name=f"{fault.kind} 1", fault=fault, target=target, begin_ns=begin * S, end_ns=end * S)


def state(thing: Any) -> dict[str, Any]:
    """Return the plain attributes of *thing*, by name."""
    slots = [name for cls in type(thing).__mro__ for name in getattr(cls, "__slots__", ())]
    names = [*slots, *getattr(thing, "__dict__", ())]
    values = {name: getattr(thing, name, None) for name in names if name not in MOVES_ON}
    return {name: value for name, value in values.items() if isinstance(value, bool | str | tuple | type(None))}


def residue(cluster: cl.Cluster) -> dict[str, Any]:
    """Return everything by which a fault in force could be told."""
    return {
        "rules": list(cluster.network._rules),
        "links": [(link.label, link.rules, link.guarded) for link in cluster.network.links if link.rules],
        "order kept": [link.label for link in cluster.network.links if link.keepers or link.latest_ns],
        "queues": list(cluster.network.queues),
        "watchers": {what: list(watchers) for what, watchers in cluster.signals._watchers.items() if watchers},
        "hosts": {name: state(host) for name, host in cluster.nodes.items()},
        "clocks": {name: (host.clock.offset_ns, host.clock.rate_ppm) for name, host in cluster.nodes.items()},
        "disks": {name: state(host.disk) for name, host in cluster.nodes.items()},
        "in force": [injection.describe() for injection in cluster.injections if injection.healed_ns is None],
    }


@pytest.mark.parametrize("kind", KINDS)
def test_it_tells_what_it_is(kind: Any) -> None:
    """A line of help, a family, the promise it draws on, and help for every parameter."""
    assert kind.__doc__.split("\n")[0].endswith(".")
    assert kind.family in ("network", "process", "storage", "clock", "topology", "administration")
    assert kind.demands == "" or kind.demands in DEMANDS
    assert not is_count(kind.kind)
    for one in parameters_of(kind):
        assert one.help.endswith((".", ")"))
        assert one.unit.example


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_reads_back(kind: Any, seed: int) -> None:
    """As in scenario files and recordings."""
    fault = drawn(kind, seed)
    assert build(kind, written(fault)) == fault


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", KINDS)
def test_healing_leaves_nothing_behind(kind: Any, seed: int) -> None:
    """Three seconds after the heal, nothing can be found by which the fault could be told."""
    fault = drawn(kind, seed)

    async def then(cluster: cl.Cluster) -> None:
        await trio.sleep(0.9)
        before = residue(cluster)
        nemesis = Nemesis(cluster, (step(fault),), None)
        nemesis.begin()
        await trio.sleep(5.5)
        assert nemesis.not_done == []
        assert len(cluster.injections) == 1
        assert residue(cluster) == before

    on_a_cluster(seed, then)


@pytest.mark.parametrize("kind", KINDS)
def test_two_of_a_kind_heal_in_any_order(kind: Any) -> None:
    """Each undoes its own part, whichever ends first."""
    first, second = drawn(kind, 1), drawn(kind, 2)

    async def then(cluster: cl.Cluster) -> None:
        await trio.sleep(0.9)
        before = residue(cluster)
        Nemesis(cluster, (step(first, begin=1, end=3), step(second, begin=2, end=4)), None).begin()
        await trio.sleep(6.0)
        assert residue(cluster) == before

    on_a_cluster(5, then)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_trace(kind: Any) -> None:
    """Run twice in one process, to the last event."""

    def run() -> str:
        async def then(cluster: cl.Cluster) -> Any:
            Nemesis(cluster, (step(drawn(kind, 1)),), None).begin()
            await trio.sleep(5)
            return cluster.engine

        engine = on_a_cluster(7, then)
        return str(engine.trace.digest())

    assert run() == run()
