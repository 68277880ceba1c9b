"""What a scenario can set about a batch job."""

from __future__ import annotations

import attrs

from chaoslab.errors import UsageError
from chaoslab.parameters import DURATION, FLAG, parameter
from chaoslab.units import NS_PER_S

__all__ = ["Settings"]


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of a batch job."""

    speculation: bool = parameter(
        FLAG, "Whether a task that takes long is given to a second worker as well.", default=True
    )
    counts_once: bool = parameter(
        FLAG, "Whether the master looks if a task has been counted before it adds it.", default=True
    )
    step_ns: int = parameter(
        DURATION, "How long a worker takes for one of the ten steps of a task.", default=10_000_000, name="step"
    )

    def __attrs_post_init__(self) -> None:
        if self.step_ns <= 0:
            raise UsageError("this is longer than nothing.", key="step")

    @property
    def step_s(self) -> float:
        """Seconds for one step."""
        return self.step_ns / NS_PER_S
