"""What a scenario can set about SWIM."""

from __future__ import annotations

import attrs

from chaoslab.errors import UsageError
from chaoslab.parameters import COUNT, DURATION, parameter
from chaoslab.units import NS_PER_S

__all__ = ["Settings"]


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of SWIM."""

    period_ns: int = parameter(
        DURATION, "The protocol period T': each member probes one other in it.", default=200_000_000, name="period"
    )
    timeout_ns: int = parameter(
        DURATION, "How long a probe waits before others are asked to probe too.", default=60_000_000, name="timeout"
    )
    helpers: int = parameter(COUNT, "How many others are asked, the paper's k.", default=3)
    suspicion: int = parameter(COUNT, "For how many periods a member is suspected before it counts as dead.", default=6)
    repeats: int = parameter(COUNT, "Each piece of news is sent that often times log2 of the members.", default=3)
    news_max: int = parameter(COUNT, "How many pieces of news a message carries at most.", default=6)
    reconnect_ns: int = parameter(
        DURATION,
        "How often a member tells all it knows to one that it does not see.",
        default=NS_PER_S,
        name="reconnect",
    )
    keep_dead_ns: int = parameter(
        DURATION, "For how long a member that is dead is remembered.", default=30 * NS_PER_S, name="keep_dead"
    )

    def __attrs_post_init__(self) -> None:
        if not 0 < 2 * self.timeout_ns < self.period_ns:
            raise UsageError(
                "a period leaves time for a probe and for that of a helper: above twice the timeout.", key="timeout"
            )
        if self.suspicion < 1 or self.repeats < 1 or self.news_max < 1:
            raise UsageError("suspicion, repeats and news_max are at least 1.", key="suspicion")
        if self.reconnect_ns <= 0 or self.keep_dead_ns <= 0:
            raise UsageError("reconnect and keep_dead are above zero.", key="reconnect")
