"""What a scenario can set about the lock service."""

from __future__ import annotations

import attrs

from chaoslab.errors import UsageError
from chaoslab.parameters import DURATION, PPM, RATIO, parameter
from chaoslab.units import NS_PER_S
from chaoslab_protocols.multi_paxos.settings import Settings as PaxosSettings

__all__ = ["Settings"]


@attrs.frozen(kw_only=True)
class Settings(PaxosSettings):
    """Settings of the lock service: those of Multi-Paxos, and of leases."""

    lease_ns: int = parameter(
        DURATION, "How long a lock is held at most, if it is not released.", default=600_000_000, name="lease"
    )
    margin_ns: int = parameter(
        DURATION,
        "How long before the end of its lease a client begins no write: longer than a message takes to the storage.",
        default=200_000_000,
        name="margin",
    )
    drift_ppm: int = parameter(
        PPM,
        "How far the rate of any clock may be off: clients count their leases shorter by that.",
        default=10_000,
        name="drift",
    )
    stall: float = parameter(
        RATIO, "How likely a client stands still for longer than its lease, just before it writes.", default=0.0
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.drift_ppm >= 500_000:
            raise UsageError("no lease allows for clocks that differ by half or more.", key="drift")
        if self.writable_s <= 0:
            raise UsageError("a lease is longer than the margin, also on a clock that drifts.", key="lease")

    @property
    def lease_s(self) -> float:
        """How long servers hold a lock for a client, in seconds on their clocks."""
        return self.lease_ns / NS_PER_S

    @property
    def writable_s(self) -> float:
        """How long after it has asked for a lock a client may begin to write, in seconds on its clock.

        Servers wait for L on their clocks. With rates off by at most d either way that takes at least L / (1 + d) of
        true time, and the client's clock then shows at least L * (1 - d) / (1 + d).
        """
        drift = self.drift_ppm / 1_000_000
        return self.lease_s * (1 - drift) / (1 + drift) - self.margin_ns / NS_PER_S
