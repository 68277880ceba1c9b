"""Faults of clocks: wrong wall clocks.

Rules:

1. Only the node's own clocks change; virtual time goes on as ever.
2. Healing sets the wall clock right again, which is a step too: that is how clocks are corrected in practice.
"""

from __future__ import annotations

from typing import ClassVar

import attrs

from chaoslab.cluster import Cluster
from chaoslab.parameters import SIGNED_DURATION, parameter
from chaoslab.units import format_duration

__all__ = ["ClockSkew"]


@attrs.frozen(kw_only=True)
class ClockSkew:
    """The node's wall clock is ahead of true time, or behind it, by a fixed amount."""

    kind: ClassVar[str] = "clock-skew"
    family: ClassVar[str] = "clock"
    counts: ClassVar[str] = ""
    needs_target: ClassVar[bool] = True
    demands: ClassVar[str] = "skew"

    offset_ns: int = parameter(SIGNED_DURATION, "How far the clock is ahead; negative: behind.", name="offset")

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> tuple[str, ...]:
        for name in targets:
            cluster.node(name).clock.offset_ns += self.offset_ns
        return targets

    def heal(self, cluster: Cluster, state: tuple[str, ...]) -> None:
        for name in state:
            cluster.node(name).clock.offset_ns -= self.offset_ns

    def effects(self, state: tuple[str, ...]) -> None:
        return None  # nobody counts how often a wrong clock was read

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"clock-skew: {' '.join(targets)} by {format_duration(self.offset_ns)}"
