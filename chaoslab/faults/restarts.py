"""Faults that restart nodes again and again, or one after the other.

Rules:

1. Each restart is a power cut and a start, as in ``crashes``.
2. Healing ends the series at once and starts what is down because of it.
"""

from __future__ import annotations

from typing import ClassVar

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.errors import UsageError
from chaoslab.faults.crashes import Downtime, PowerCut, unsynced_parameter
from chaoslab.faults.scene import Scene
from chaoslab.parameters import DURATION, parameter
from chaoslab.storage import Unsynced
from chaoslab.units import NS_PER_S, format_duration

__all__ = ["RestartLoop", "RollingRestart"]


@attrs.frozen(kw_only=True)
class RestartLoop(PowerCut):
    """The node crashes and starts again, over and over, about once in each period."""

    kind: ClassVar[str] = "restart-loop"
    family: ClassVar[str] = "process"
    counts: ClassVar[str] = "crashes"
    needs_target: ClassVar[bool] = True
    demands: ClassVar[str] = "down"

    period_ns: int = parameter(
        DURATION, "How long it takes on average from crash to crash.", default=2 * NS_PER_S, name="period"
    )
    down_ns: int = parameter(DURATION, "How long it is down each time.", default=NS_PER_S // 2, name="down")
    unsynced: Unsynced = unsynced_parameter()

    def __attrs_post_init__(self) -> None:
        if self.down_ns >= self.period_ns:
            raise UsageError(
                f"down ({format_duration(self.down_ns)}) is shorter than period ({format_duration(self.period_ns)}): "
                "it must run in between.",
                key="down",
            )

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> RestartLoop:
        period_s = stream.between(0.2, 3.0)
        down_s = period_s * stream.between(0.1, 0.6)
        return cls(period_ns=int(period_s * NS_PER_S), down_ns=int(down_s * NS_PER_S))

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> _Loop:
        return _Loop(self, cluster, targets)

    def heal(self, cluster: Cluster, state: _Loop) -> None:
        state.end()

    def effects(self, state: _Loop) -> int:
        return state.down.crashes

    def describe(self, targets: tuple[str, ...]) -> str:
        return (
            f"restart-loop: {' '.join(targets)} about every {format_duration(self.period_ns)}, "
            f"down for {format_duration(self.down_ns)}"
        )


class _Loop:
    """One restart loop in force. How long a node runs is drawn for each life: a beat would miss what lies between."""

    def __init__(self, fault: RestartLoop, cluster: Cluster, targets: tuple[str, ...]) -> None:
        self.down = Downtime(cluster, fault.unsynced)
        self._fault = fault
        self._engine = cluster.engine
        self._going_on = True
        for name in targets:
            self._crash(name)

    def end(self) -> None:
        self._going_on = False
        self.down.end_all()

    def _crash(self, name: str) -> None:
        if self._going_on:
            self.down.begin(name)
            self._engine.after(self._fault.down_ns, self._start, name)

    def _start(self, name: str) -> None:
        if self._going_on:
            self.down.end(name)
            running_ns = self._fault.period_ns - self._fault.down_ns
            share = self._engine.choices.stream(f"restart-loop {name}").between(0.5, 1.5)
            self._engine.after(int(running_ns * share), self._crash, name)


@attrs.frozen(kw_only=True)
class RollingRestart(PowerCut):
    """The nodes restart one after the other, never two of them at once, as in an upgrade."""

    kind: ClassVar[str] = "rolling-restart"
    family: ClassVar[str] = "process"
    counts: ClassVar[str] = "crashes"
    needs_target: ClassVar[bool] = True
    demands: ClassVar[str] = "down"

    down_ns: int = parameter(DURATION, "How long each is down.", default=NS_PER_S, name="down")
    pause_ns: int = parameter(DURATION, "How long the next one waits when one is back.", default=NS_PER_S, name="pause")
    unsynced: Unsynced = unsynced_parameter()

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> RollingRestart:
        down_s, pause_s = stream.between(0.05, 1.0), stream.between(0.0, 1.0)
        return cls(down_ns=int(down_s * NS_PER_S), pause_ns=int(pause_s * NS_PER_S))

    def down_at_once(self, targets: tuple[str, ...]) -> int:
        return min(1, len(targets))

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> _Roll:
        return _Roll(self, cluster, targets)

    def heal(self, cluster: Cluster, state: _Roll) -> None:
        state.end()

    def effects(self, state: _Roll) -> int:
        return state.down.crashes

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"rolling-restart: {' '.join(targets)}, each down for {format_duration(self.down_ns)}"


class _Roll:
    """One rolling restart in force."""

    def __init__(self, fault: RollingRestart, cluster: Cluster, targets: tuple[str, ...]) -> None:
        self.down = Downtime(cluster, fault.unsynced)
        self._fault = fault
        self._engine = cluster.engine
        self._left = list(targets)
        self._next()

    def end(self) -> None:
        self._left.clear()
        self.down.end_all()

    def _next(self) -> None:
        if self._left:
            name = self._left.pop(0)
            self.down.begin(name)
            self._engine.after(self._fault.down_ns, self._back, name)

    def _back(self, name: str) -> None:
        self.down.end(name)
        self._engine.after(self._fault.pause_ns, self._next)
