"""Programs that take the network apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import attrs

from chaoslab.choices import Stream
from chaoslab.faults import Clog, Partition, Swizzle
from chaoslab.nemesis import FaultRequest, Scene, Schedule
from chaoslab.parameters import DURATION, RATIO, parameter
from chaoslab_nemeses.scenes import require_nodes

__all__ = ["MajoritiesRing", "PartitionWriteHeal", "SwizzleClog"]

_MS = 1_000_000


@attrs.frozen(kw_only=True)
class SwizzleClog:
    """Random nodes and links clog one by one and open again in another order, over and over."""

    name: ClassVar[str] = "swizzle-clog"

    share: float = parameter(RATIO, "The share of nodes, and of links, that clog.", default=0.4)
    period_ns: int = parameter(DURATION, "How long one round takes.", default=3000 * _MS, name="period")

    def requests(self, scene: Scene, stream: Stream) -> Sequence[FaultRequest]:
        every = Schedule(every_ns=2 * self.period_ns, for_ns=self.period_ns)
        return [
            FaultRequest(fault=Swizzle(share=self.share, period_ns=self.period_ns), schedule=every),
            FaultRequest(fault=Clog(share=self.share, period_ns=self.period_ns), schedule=every),
        ]


@attrs.frozen(kw_only=True)
class MajoritiesRing:
    """Every node hears a majority, and no two hear the same one: nobody is alone, and nobody agrees who is there."""

    name: ClassVar[str] = "majorities-ring"

    every_ns: int = parameter(DURATION, "Once in each period of this length.", default=6000 * _MS, name="every")
    for_ns: int = parameter(DURATION, "How long.", default=3000 * _MS, name="for")

    def check(self, scene: Scene) -> None:
        """Refuse a scene with too few nodes."""
        require_nodes(scene, self.name, 3)

    def requests(self, scene: Scene, stream: Stream) -> Sequence[FaultRequest]:
        schedule = Schedule(every_ns=self.every_ns, for_ns=self.for_ns)
        return [FaultRequest(fault=Partition(shape="majorities-ring"), schedule=schedule)]


@attrs.frozen(kw_only=True)
class PartitionWriteHeal:
    """The cluster is split until both sides take themselves for the whole, then healed until it has merged."""

    name: ClassVar[str] = "partition-write-heal"

    split_ns: int = parameter(DURATION, "How long the split lasts.", default=4000 * _MS, name="split")
    whole_ns: int = parameter(DURATION, "How long it is whole again after that.", default=2000 * _MS, name="whole")

    def check(self, scene: Scene) -> None:
        """Refuse a scene with too few nodes."""
        require_nodes(scene, self.name, 2)

    def requests(self, scene: Scene, stream: Stream) -> Sequence[FaultRequest]:
        first = "leader | rest" if scene.leader else "one | rest"
        second = "minority | rest" if len(scene.nodes) > 2 else "one | rest"
        requests = []
        at_ns, number = int(stream.random() * self.whole_ns), 0
        while at_ns < scene.duration_ns:
            groups = (first, second)[number % 2]
            schedule = Schedule(at_ns=at_ns, for_ns=self.split_ns)
            requests.append(FaultRequest(fault=Partition(groups=groups), schedule=schedule))
            at_ns, number = at_ns + self.split_ns + self.whole_ns, number + 1
        return requests
