"""What a scenario can set about Chord."""

from __future__ import annotations

import attrs

from chaoslab.errors import UsageError
from chaoslab.parameters import COUNT, DURATION, parameter

__all__ = ["Settings"]


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of Chord."""

    period_ns: int = parameter(
        DURATION,
        "How often a member stabilizes: looks whether its successor is still the right one.",
        default=200_000_000,
        name="period",
    )
    timeout_ns: int = parameter(
        DURATION, "How long a member waits for an answer before it asks again.", default=80_000_000, name="timeout"
    )
    attempts: int = parameter(COUNT, "How often a member asks before it takes another one for dead.", default=3)
    successors: int = parameter(COUNT, "The length of a successor list, the paper's r.", default=4)
    contact_ns: int = parameter(
        DURATION,
        "How often a member asks one of those with whom the cluster began for its place; zero: never.",
        default=500_000_000,
        name="contact",
    )

    def __attrs_post_init__(self) -> None:
        if self.period_ns <= 0 or self.timeout_ns <= 0:
            raise UsageError("period and timeout are above zero.", key="period" if self.period_ns <= 0 else "timeout")
        if self.attempts < 1:
            raise UsageError("whoever is asked is asked at least once: attempts is at least 1.", key="attempts")
        if self.successors < 1:
            raise UsageError("a member knows at least its successor: successors is at least 1.", key="successors")
