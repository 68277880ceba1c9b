"""Programs aimed at whoever leads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import attrs

from chaoslab.choices import Stream
from chaoslab.faults import ClockStrobe, Crash, Pause, Slow
from chaoslab.nemesis import Condition, FaultRequest, Scene, Schedule
from chaoslab.net.latency import Constant
from chaoslab.parameters import DURATION, NUMBER, SIGNED_DURATION, parameter
from chaoslab_nemeses.scenes import require_leader

__all__ = ["ClockStrobeWithFailover", "KillTheLeader", "SlowLeader"]

_MS = 1_000_000


@attrs.frozen(kw_only=True)
class KillTheLeader:
    """Each time a leader is elected it loses power, some time later."""

    name: ClassVar[str] = "kill-the-leader"

    after_ns: int = parameter(DURATION, "How long it may lead, at most; drawn.", default=1500 * _MS, name="after")
    down_ns: int = parameter(DURATION, "How long it is down.", default=2000 * _MS, name="down")

    def check(self, scene: Scene) -> None:
        """Refuse a scene without a leader."""
        require_leader(scene, self.name)

    def requests(self, scene: Scene, stream: Stream) -> Sequence[FaultRequest]:
        after_ns = int(stream.random() * self.after_ns)
        return [
            FaultRequest(
                fault=Crash(),
                target="it",
                schedule=Schedule(when=Condition(role="leader", again=True, after_ns=after_ns), for_ns=self.down_ns),
            )
        ]


@attrs.frozen(kw_only=True)
class SlowLeader:
    """The leader limps: it is not dead, only slow, so nobody replaces it; now and then it stands still for a moment."""

    name: ClassVar[str] = "slow-leader"

    cost_ns: int = parameter(
        DURATION, "What it takes to handle a message, a timer or a sync.", default=5 * _MS, name="cost"
    )
    every_ns: int = parameter(DURATION, "Once in each period of this length.", default=6000 * _MS, name="every")
    for_ns: int = parameter(DURATION, "How long.", default=3000 * _MS, name="for")

    def check(self, scene: Scene) -> None:
        """Refuse a scene without a leader."""
        require_leader(scene, self.name)

    def requests(self, scene: Scene, stream: Stream) -> Sequence[FaultRequest]:
        schedule = Schedule(every_ns=self.every_ns, for_ns=self.for_ns)
        moment = Schedule(every_ns=self.every_ns, for_ns=self.for_ns // 10)
        return [
            FaultRequest(fault=Slow(cost=Constant(value_ns=self.cost_ns)), target="leader", schedule=schedule),
            FaultRequest(fault=Pause(), target="leader", schedule=moment),
        ]


@attrs.frozen(kw_only=True)
class ClockStrobeWithFailover:
    """The clocks of some nodes jump to and fro while leaders are killed: leases and timestamps meet a new leader."""

    name: ClassVar[str] = "clock-strobe-with-failover"

    amplitude_ns: int = parameter(SIGNED_DURATION, "How far clocks jump.", default=400 * _MS, name="amplitude")
    period_ns: int = parameter(DURATION, "From one jump to the next.", default=200 * _MS, name="period")
    every_ns: int = parameter(DURATION, "One failover in each period of this length.", default=5000 * _MS, name="every")
    share: float = parameter(NUMBER, "How many nodes of ten have such clocks.", default=5.0)

    def check(self, scene: Scene) -> None:
        """Refuse a scene without a leader."""
        require_leader(scene, self.name)

    def requests(self, scene: Scene, stream: Stream) -> Sequence[FaultRequest]:
        count = max(1, min(len(scene.nodes), round(len(scene.nodes) * self.share / 10)))
        strobe = ClockStrobe(amplitude_ns=self.amplitude_ns, period_ns=self.period_ns)
        return [
            FaultRequest(fault=strobe, target=" ".join(stream.sample(scene.nodes, count))),
            FaultRequest(
                fault=Crash(), target="leader", schedule=Schedule(every_ns=self.every_ns, for_ns=self.every_ns // 3)
            ),
        ]
