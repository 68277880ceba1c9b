"""What a scenario can set about Raft."""

from __future__ import annotations

from typing import Final

import attrs

from chaoslab.errors import UsageError, unknown_word
from chaoslab.parameters import COUNT, DURATION, PPM, TEXT, parameter
from chaoslab.units import NS_PER_S

__all__ = ["READS", "Settings"]

READS: Final = ("read-index", "lease", "log")
"""How a leader answers reads: after a round of heartbeats, from a lease, or through the log."""


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of Raft; the defaults are the paper's proportions (section 5.6)."""

    heartbeat_ns: int = parameter(
        DURATION, "How often a leader with nothing to say sends heartbeats.", default=50_000_000, name="heartbeat"
    )
    election_timeout_ns: int = parameter(
        DURATION,
        "The shortest silence after which a follower calls an election; the longest is twice that.",
        default=150_000_000,
        name="election_timeout",
    )
    snapshot_threshold: int = parameter(
        COUNT, "How many applied entries a log holds before a snapshot takes their place.", default=100
    )
    entries_max: int = parameter(COUNT, "How many entries a message carries at most.", default=64)
    reads: str = parameter(TEXT, f"How reads are answered: {', '.join(READS)}.", default="read-index")
    drift_ppm: int = parameter(
        PPM, "How far the rate of any clock may be off: leases allow for it.", default=10_000, name="drift"
    )

    def __attrs_post_init__(self) -> None:
        if self.reads not in READS:
            raise UsageError(unknown_word("way of reading", self.reads, READS), key="reads")
        if not 0 < self.heartbeat_ns < self.election_timeout_ns:
            raise UsageError("an election timeout is longer than a heartbeat.", key="election_timeout")
        if self.entries_max < 1:
            raise UsageError("a message can carry at least one entry.", key="entries_max")
        if self.snapshot_threshold < 1:
            raise UsageError("a snapshot takes the place of at least one entry.", key="snapshot_threshold")
        if self.drift_ppm >= 500_000:
            raise UsageError("no lease allows for clocks that differ by half or more.", key="drift")

    @property
    def heartbeat_s(self) -> float:
        """Seconds between heartbeats."""
        return self.heartbeat_ns / NS_PER_S

    @property
    def election_timeout_s(self) -> float:
        """The shortest election timeout, in seconds."""
        return self.election_timeout_ns / NS_PER_S

    @property
    def lease_s(self) -> float:
        """How long a lease lasts on the leader's clock, in seconds.

        Followers keep still for an election timeout on their clocks. With rates off by at most d either way, the
        shortest that this can be in true time is T / (1 + d), and a lease of L lasts at most L / (1 - d).
        """
        drift = self.drift_ppm / 1_000_000
        return self.election_timeout_s * (1 - drift) / (1 + drift)
