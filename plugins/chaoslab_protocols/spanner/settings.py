"""What a scenario can set about Spanner."""

from __future__ import annotations

from typing import Final

import attrs

from chaoslab.errors import UsageError
from chaoslab.parameters import DURATION, parameter
from chaoslab.units import format_duration
from chaoslab_protocols.two_phase_commit.settings import Settings as TwoPhaseCommitSettings

__all__ = ["SKEW_NS", "Settings"]

SKEW_NS: Final = 10_000_000
"""How far wall clocks may be off: what Spanner promises to survive, and so the least epsilon that it may state."""


@attrs.frozen(kw_only=True)
class Settings(TwoPhaseCommitSettings):
    """Settings of Spanner."""

    epsilon_ns: int = parameter(
        DURATION, "How far a node takes it that its wall clock may be off, at most.", default=SKEW_NS, name="epsilon"
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.epsilon_ns < SKEW_NS:
            least = format_duration(SKEW_NS)
            raise UsageError(f"wall clocks may be off by {least}: epsilon is no less than that.", key="epsilon")

    @property
    def epsilon_us(self) -> int:
        """Epsilon, in microseconds, rounded up."""
        return -(-self.epsilon_ns // 1000)
