"""Faults of clocks: wrong wall clocks, wrong rates, and sources of true time that are not true.

Rules:

1. Only the node's own clocks change; virtual time goes on as ever. Wall and monotonic clock are apart: what steps the
   wall clock (skew, step, strobe) no monotonic clock notices; a drift and a slew change the rate of both, as a wrong
   crystal and the kernel's ``adjtime`` do.
2. Timers run on the monotonic clock, those that run already too. While it is frozen none fires.
3. Healing sets the wall clock right, by exactly what this fault has made wrong; that is a step, which is how clocks are
   corrected in practice. The monotonic clock goes on from where it is, at the right rate: it never steps.
4. A wall clock that drifts or stands still is off by more the longer that lasts, so such faults draw on the promise of
   skew as well as on that of drift: ``clock_error`` says how much.
"""

from __future__ import annotations

from typing import Any, ClassVar

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.cluster.node_clock import Influence
from chaoslab.cluster.time_source import Deceit
from chaoslab.errors import UsageError
from chaoslab.faults.budget import ClockError
from chaoslab.faults.scene import Scene
from chaoslab.parameters import DURATION, FLAG, PPM, SIGNED_DURATION, parameter
from chaoslab.units import format_duration

__all__ = ["ClockDrift", "ClockFreeze", "ClockSkew", "ClockSlew", "ClockStep", "ClockStrobe", "WrongTrueTime"]

_MILLION = 1_000_000
_MS = 1_000_000


class _ClockFault:
    """What faults of clocks share."""

    family: ClassVar[str] = "clock"
    counts: ClassVar[str] = ""
    needs_target: ClassVar[bool] = True

    def effects(self, state: Any) -> int | None:
        return None  # nobody counts how often a wrong clock was read


def _some_offset_ns(scene: Scene, stream: Stream) -> int:
    """Return an offset between a millisecond and ten seconds, or within the budget, to either side."""
    size_ns = int(stream.pick((1, 10, 100, 1000)) * stream.between(1.0, 10.0) * _MS)
    bound_ns = None if scene.budget is None else scene.budget.skew_ns
    if bound_ns is not None and size_ns > bound_ns:
        size_ns = int(bound_ns * stream.random())
    return -size_ns if stream.chance(0.5) else size_ns


def _some_rate_ppm(scene: Scene, stream: Stream) -> int:
    """Return a rate between that of a poor crystal and that of a broken one, or within the budget."""
    rate_ppm = int(stream.pick((10, 100, 1_000, 10_000)) * stream.between(1.0, 10.0))
    bound_ppm = None if scene.budget is None else scene.budget.drift_ppm
    return rate_ppm if bound_ppm is None else min(rate_ppm, bound_ppm)


class _Offset(_ClockFault):
    """What faults that only step the wall clock share."""

    demands: ClassVar[str] = "skew"

    def by_ns(self) -> int:
        """How far the wall clock is set ahead."""
        raise NotImplementedError

    @property
    def extent(self) -> int:
        """The size of the offset, in nanoseconds."""
        return abs(self.by_ns())

    def clock_error(self, lasting_ns: int) -> ClockError:
        return ClockError(skew_ns=self.extent)

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> tuple[str, ...]:
        for name in targets:
            cluster.node(name).clock.offset_ns += self.by_ns()
        return targets

    def heal(self, cluster: Cluster, state: tuple[str, ...]) -> None:
        for name in state:
            cluster.node(name).clock.offset_ns -= self.by_ns()


@attrs.frozen(kw_only=True)
class ClockSkew(_Offset):
    """The node's wall clock is ahead of true time, or behind it, by a fixed amount."""

    kind: ClassVar[str] = "clock-skew"

    offset_ns: int = parameter(SIGNED_DURATION, "How far the clock is ahead; negative: behind.", name="offset")

    def by_ns(self) -> int:
        return self.offset_ns

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"clock-skew: {' '.join(targets)} by {format_duration(self.offset_ns)}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> ClockSkew:
        return cls(offset_ns=_some_offset_ns(scene, stream))


@attrs.frozen(kw_only=True)
class ClockStep(_Offset):
    """The node's wall clock jumps once, ahead or back; healing sets it right, which is a jump too.

    A skew is a state: a clock that is wrong. A step is an event: a clock that becomes wrong before the node's eyes, by
    a human hand or by a time server. Several add up.
    """

    kind: ClassVar[str] = "clock-step"

    jump_ns: int = parameter(SIGNED_DURATION, "How far the clock jumps ahead; negative: back.", name="by")

    def __attrs_post_init__(self) -> None:
        if self.jump_ns == 0:
            raise UsageError("a clock that jumps by nothing does not jump: by is not zero.", key="by")

    def by_ns(self) -> int:
        return self.jump_ns

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"clock-step: {' '.join(targets)} by {format_duration(self.jump_ns)}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> ClockStep:
        return cls(jump_ns=_some_offset_ns(scene, stream) or 1)


@attrs.define(eq=False)
class _Strobing:
    targets: tuple[str, ...]
    ahead: bool = False
    jumps: int = 0
    healed: bool = False


@attrs.frozen(kw_only=True)
class ClockStrobe(_ClockFault):
    """The node's wall clock jumps ahead and back again, over and over.

    It is ahead for the first half of each period and right for the second.
    """

    kind: ClassVar[str] = "clock-strobe"
    counts: ClassVar[str] = "jumps"
    demands: ClassVar[str] = "skew"

    amplitude_ns: int = parameter(
        SIGNED_DURATION, "How far it jumps ahead; negative: back and then ahead.", name="amplitude"
    )
    period_ns: int = parameter(DURATION, "The time from one jump ahead to the next.", name="period")

    def __attrs_post_init__(self) -> None:
        if self.amplitude_ns == 0:
            raise UsageError("a clock that jumps by nothing does not jump: amplitude is not zero.", key="amplitude")
        if self.period_ns < 2:
            raise UsageError("a period holds a jump ahead and one back: it is at least 2ns.", key="period")

    @property
    def extent(self) -> int:
        """The size of the jumps, in nanoseconds."""
        return abs(self.amplitude_ns)

    def clock_error(self, lasting_ns: int) -> ClockError:
        return ClockError(skew_ns=self.extent)

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> _Strobing:
        state = _Strobing(targets)
        self._jump(cluster, state)
        return state

    def _jump(self, cluster: Cluster, state: _Strobing) -> None:
        if state.healed:
            return
        state.ahead = not state.ahead
        state.jumps += 1
        by_ns = self.amplitude_ns if state.ahead else -self.amplitude_ns
        for name in state.targets:
            cluster.node(name).clock.offset_ns += by_ns
        cluster.engine.note(f"clock {' '.join(state.targets)} jumps by {format_duration(by_ns)}")
        half_ns = self.period_ns // 2
        cluster.engine.after(half_ns if state.ahead else self.period_ns - half_ns, self._jump, cluster, state)

    def heal(self, cluster: Cluster, state: _Strobing) -> None:
        if state.ahead and not state.healed:
            for name in state.targets:
                cluster.node(name).clock.offset_ns -= self.amplitude_ns
        state.healed = True

    def effects(self, state: _Strobing) -> int:
        return state.jumps

    def describe(self, targets: tuple[str, ...]) -> str:
        every = format_duration(self.period_ns)
        return f"clock-strobe: {' '.join(targets)} by {format_duration(self.amplitude_ns)} and back every {every}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> ClockStrobe:
        return cls(
            amplitude_ns=_some_offset_ns(scene, stream) or 1,
            period_ns=int(stream.pick((10, 100)) * stream.between(1.0, 10.0) * _MS),
        )


_Influences = list[tuple[str, Influence]]


class _Rate(_ClockFault):
    """What faults that change the rate of clocks share."""

    demands: ClassVar[str] = "drift"

    def influence(self) -> Influence:
        """Return what is done to the clocks of one node."""
        raise NotImplementedError

    @property
    def extent(self) -> int:
        """How far the rate is off, in ppm."""
        raise NotImplementedError

    def clock_error(self, lasting_ns: int) -> ClockError:
        return ClockError(skew_ns=self.extent * lasting_ns // _MILLION, drift_ppm=self.extent)

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> _Influences:
        state = [(name, self.influence()) for name in targets]
        for name, influence in state:
            cluster.node(name).clock.add(influence)
        return state

    def heal(self, cluster: Cluster, state: _Influences) -> None:
        for name, influence in state:
            cluster.node(name).clock.remove(influence)


@attrs.frozen(kw_only=True)
class ClockDrift(_Rate):
    """The node's clocks, and with them its timers, run fast or slow."""

    kind: ClassVar[str] = "clock-drift"

    rate_ppm: int = parameter(PPM, "How much too fast they run; negative: too slow.", name="rate")

    @property
    def extent(self) -> int:
        """How far the rate is off, in ppm."""
        return abs(self.rate_ppm)

    def influence(self) -> Influence:
        return Influence(rate_ppm=self.rate_ppm)

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"clock-drift: {' '.join(targets)} by {self.rate_ppm}ppm"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> ClockDrift:
        rate_ppm = _some_rate_ppm(scene, stream)
        return cls(rate_ppm=-rate_ppm if stream.chance(0.5) else rate_ppm)


@attrs.frozen(kw_only=True)
class ClockFreeze(_Rate):
    """The node's wall clock stands still; if so asked the monotonic clock too, and then no timer fires until healed."""

    kind: ClassVar[str] = "clock-freeze"

    monotonic: bool = parameter(FLAG, "The monotonic clock, and with it the timers, stand still too.", default=False)

    @property
    def extent(self) -> int:
        """How far the rate is off, in ppm: all of it."""
        return _MILLION

    def influence(self) -> Influence:
        return Influence(stops_wall=True, stops_monotonic=self.monotonic)

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"clock-freeze: {' '.join(targets)}{', the monotonic clock too' if self.monotonic else ''}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> ClockFreeze:
        return cls(monotonic=stream.chance(0.5))


@attrs.frozen(kw_only=True)
class ClockSlew(_Rate):
    """The node's wall clock is off, and is led back at a bounded rate; meanwhile its timers run at that rate too.

    That is how time daemons correct small errors: the clock never steps back, at the price of a wrong rate. Once the
    clock is right its rate is right again; healing before that sets it right at once.
    """

    kind: ClassVar[str] = "clock-slew"
    demands: ClassVar[str] = "skew"

    offset_ns: int = parameter(SIGNED_DURATION, "How far the clock is ahead at first; negative: behind.", name="offset")
    rate_ppm: int = parameter(PPM, "How fast it is led back.", name="rate", default=500)

    def __attrs_post_init__(self) -> None:
        if self.offset_ns == 0:
            raise UsageError("a clock that is right needs no correction: offset is not zero.", key="offset")
        if not 0 < self.rate_ppm < _MILLION:
            raise UsageError("a clock is led back at a rate above 0ppm and below 1000000ppm.", key="rate")

    @property
    def extent(self) -> int:
        """The size of the offset, in nanoseconds."""
        return abs(self.offset_ns)

    def clock_error(self, lasting_ns: int) -> ClockError:
        return ClockError(skew_ns=self.extent, drift_ppm=self.rate_ppm)

    def influence(self) -> Influence:
        return Influence(
            rate_ppm=-self.rate_ppm if self.offset_ns > 0 else self.rate_ppm,
            astray_ns=self.offset_ns,
        )

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> _Influences:
        state = super().inject(cluster, targets)
        corrected_ns = -(-self.extent * _MILLION // self.rate_ppm)
        cluster.engine.after(corrected_ns, self.heal, cluster, state)  # by then less than a nanosecond is left
        return state

    def describe(self, targets: tuple[str, ...]) -> str:
        by = format_duration(self.offset_ns)
        return f"clock-slew: {' '.join(targets)} by {by}, led back at {self.rate_ppm}ppm"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> ClockSlew:
        return cls(offset_ns=_some_offset_ns(scene, stream) or 1, rate_ppm=_some_rate_ppm(scene, stream) or 1)


_Deceits = list[tuple[str, Deceit]]


@attrs.frozen(kw_only=True)
class WrongTrueTime(_ClockFault):
    """The node's source of true time lies: it is off by more than it says, or states too small an uncertainty."""

    kind: ClassVar[str] = "true-time"
    counts: ClassVar[str] = "intervals without true time"
    demands: ClassVar[str] = "true-time"

    off_ns: int = parameter(SIGNED_DURATION, "How far its answers lie ahead; negative: behind.", default=0, name="off")
    epsilon_ns: int | None = parameter(
        DURATION, "The uncertainty that it states; the usual one if left out.", default=None, name="epsilon"
    )

    def __attrs_post_init__(self) -> None:
        if self.off_ns == 0 and self.epsilon_ns is None:
            raise UsageError("a source that is neither off nor states another epsilon does not lie.", key="off")

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> _Deceits:
        state = [(name, Deceit(off_ns=self.off_ns, stated_ns=self.epsilon_ns)) for name in targets]
        for name, deceit in state:
            cluster.node(name).time_source.deceits.append(deceit)
        return state

    def heal(self, cluster: Cluster, state: _Deceits) -> None:
        for name, deceit in state:
            deceits = cluster.node(name).time_source.deceits
            if deceit in deceits:
                deceits.remove(deceit)

    def effects(self, state: _Deceits) -> int:
        return sum(deceit.told for _, deceit in state)

    def describe(self, targets: tuple[str, ...]) -> str:
        off = f" is off by {format_duration(self.off_ns)}" if self.off_ns else ""
        stated = "" if self.epsilon_ns is None else f" states an epsilon of {format_duration(self.epsilon_ns)}"
        return f"true-time: the source of {' '.join(targets)}{' and'.join(part for part in (off, stated) if part)}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> WrongTrueTime:
        off_ns = int(stream.between(15.0, 500.0) * _MS)
        if stream.chance(0.5):
            return cls(off_ns=-off_ns if stream.chance(0.5) else off_ns)
        return cls(epsilon_ns=int(stream.between(0.0, 1.0) * _MS))
