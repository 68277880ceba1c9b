"""The fault layer at rest: what a message costs with it, against a host that knows no faults."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush

import trio

from chaoslab.cluster.cluster import Cluster
from chaoslab.cluster.machine_host import MachineHost
from chaoslab.faults import Crash, Drop, Duplicate, Partition, Pause
from chaoslab.net import Network
from chaoslab.sim import Engine, Entry
from chaoslab.statemachine import Effects
from tests.benchmarks.bench_engine import _Ring, cl_lognormal
from tests.benchmarks.harness import Row, seconds_of_each

__all__ = ["rows"]

_MESSAGES = 150_000
_NODES = 5


class _Fearless(MachineHost):
    """A host that never asks whether a link has rules, a message may arrive, or the node is open."""

    def on_message(self, entry: Entry) -> None:
        time_ns, sequence, _, link, message = entry
        self._add_line(f"{time_ns} {sequence} {link.label} {message.__class__.__name__}")
        effects = self.machine.message(link.source, message)  # type: ignore[union-attr]
        if effects:
            self.perform(effects)

    def perform(self, effects: Effects) -> None:
        clock, links = self.engine.clock, self.links
        for effect in effects or ():
            to = effect.to  # type: ignore[union-attr]
            link = links.get(to) or self.link_to(to)
            heappush(
                clock.heap,
                (
                    clock.now_ns + link.sample(link.draw()),
                    clock.next_sequence(),
                    link.deliver,
                    link,
                    effect.message,  # type: ignore[union-attr]
                ),
            )


def _ring(host: type[MachineHost], *, after_faults: bool = False) -> Callable[[], None]:
    """Return a run in which five state machines pass a token on."""

    def work() -> None:
        engine = Engine(0)
        names = tuple(f"n{number + 1}" for number in range(_NODES))
        cluster = Cluster(engine, latency=cl_lognormal())
        network: Network = cluster.network
        for name in names:
            cluster.nodes[name] = host(name, engine, network, _Ring, nodes=names, settings=_MESSAGES)

        async def main() -> None:
            if after_faults:
                for fault, targets in (
                    (Drop(ratio=0.1), ()),
                    (Duplicate(ratio=0.1), ()),
                    (Partition(groups="n1 n2 | n3 n4 n5"), ()),
                    (Pause(), ("n1",)),
                    (Crash(), ("n2",)),
                ):
                    cluster.heal(cluster.inject(fault, targets))
            for node in cluster.nodes.values():
                node.start()
            await trio.sleep(_MESSAGES * 0.01)

        engine.run(main)

    return work


def rows() -> list[Row]:
    """Measure in turns, and return a row a ratio."""
    bare, idle, healed = seconds_of_each(
        [_ring(_Fearless), _ring(MachineHost), _ring(MachineHost, after_faults=True)], repetitions=9
    )

    def row(work: str, seconds: float, target: float | None = None) -> Row:
        ratio = None if target is None else seconds / bare
        return Row(
            work=work,
            size=f"{_MESSAGES:,} messages",
            seconds=seconds,
            ratio=ratio,
            meaning="x of the host without" if target else "",
            target=f"<= {target}" if target else "",
            holds=None if target is None or ratio is None else ratio <= target,
        )

    return [
        row("a host that knows no faults", bare),
        row("the full fault layer, at rest", idle, 1.15),
        row("the same after faults were healed", healed, 1.15),
    ]
