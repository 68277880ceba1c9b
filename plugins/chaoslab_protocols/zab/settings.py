"""What a scenario can set about Zab."""

from __future__ import annotations

from typing import ClassVar, Final

import attrs

from chaoslab.errors import UsageError, unknown_word
from chaoslab.parameters import COUNT, DURATION, RATIO, TEXT, parameter
from chaoslab.units import NS_PER_S

__all__ = ["LOCAL", "QUORUM_SYNC", "READS", "SYNC", "SessionSettings", "Settings", "SyncSettings"]

LOCAL: Final = "local"
SYNC: Final = "sync"
QUORUM_SYNC: Final = "quorum-sync"
READS: Final = (LOCAL, SYNC, QUORUM_SYNC)
"""How a server answers reads: from what it has; after asking the leader; after a leader that a quorum confirmed."""


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of Zab."""

    ways: ClassVar[tuple[str, ...]] = READS

    reads: str = parameter(TEXT, f"How reads are answered: {', '.join(READS)}.", default=LOCAL)
    tick_ns: int = parameter(
        DURATION, "How often a server says that it is there, and sends again.", default=50_000_000, name="tick"
    )
    silence_ns: int = parameter(
        DURATION,
        "After how long without a sign a leader is given up, or its followers.",
        default=250_000_000,
        name="silence",
    )
    patience_ns: int = parameter(
        DURATION,
        "How long discovery and synchronization may take before the election begins anew.",
        default=600_000_000,
        name="patience",
    )
    snapshot_threshold: int = parameter(
        COUNT, "How many delivered transactions a history holds before a snapshot takes their place.", default=100
    )

    def __attrs_post_init__(self) -> None:
        if self.reads not in self.ways:
            raise UsageError(unknown_word("way of reading", self.reads, self.ways), key="reads")
        if not 0 < self.tick_ns < self.silence_ns:
            raise UsageError("a silence is longer than a tick.", key="silence")
        if self.patience_ns < self.silence_ns:
            raise UsageError("patience lasts at least as long as a silence.", key="patience")
        if self.snapshot_threshold < 1:
            raise UsageError("a snapshot takes the place of at least one transaction.", key="snapshot_threshold")

    @property
    def tick_s(self) -> float:
        """Seconds between ticks."""
        return self.tick_ns / NS_PER_S

    @property
    def silence_s(self) -> float:
        """Seconds without a sign after which the other side is given up."""
        return self.silence_ns / NS_PER_S

    @property
    def patience_s(self) -> float:
        """Seconds that discovery and synchronization may take."""
        return self.patience_ns / NS_PER_S


@attrs.frozen(kw_only=True)
class SyncSettings(Settings):
    """The same, where every read is preceded by a sync that a quorum confirms: with less, less is promised."""

    ways: ClassVar[tuple[str, ...]] = (QUORUM_SYNC,)

    reads: str = parameter(TEXT, f"How reads are answered: {QUORUM_SYNC}.", default=QUORUM_SYNC)


@attrs.frozen(kw_only=True)
class SessionSettings(SyncSettings):
    """The same, and of sessions."""

    session_ns: int = parameter(
        DURATION, "After how long without a sign a leader expires a session.", default=600_000_000, name="session"
    )
    stall: float = parameter(
        RATIO, "How likely a client stands still for longer than its session lasts, before a step.", default=0.0
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.session_ns < 3 * self.tick_ns:
            raise UsageError("a session lasts at least three ticks.", key="session")

    @property
    def session_s(self) -> float:
        """Seconds without a sign after which a session expires."""
        return self.session_ns / NS_PER_S
