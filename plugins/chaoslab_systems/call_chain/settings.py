"""What a scenario can set about a chain of microservices."""

from __future__ import annotations

import attrs

from chaoslab.errors import UsageError
from chaoslab.parameters import COUNT, DURATION, FLAG, parameter
from chaoslab.units import NS_PER_S

__all__ = ["Settings"]


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of a chain of microservices."""

    timeout_ns: int = parameter(
        DURATION, "How long a service waits for the next one.", default=200_000_000, name="timeout"
    )
    tries: int = parameter(COUNT, "How often a service calls the next one for one request, at most.", default=3)
    backoff_ns: int = parameter(
        DURATION,
        "The longest pause before the second try; before each later one it is twice as long.",
        default=20_000_000,
        name="backoff",
    )
    retry_budget: bool = parameter(
        FLAG, "Whether there is no more than one retry for ten requests, in the long run.", default=True
    )
    circuit_breaker: bool = parameter(
        FLAG, "Whether a service that has called in vain too often stops calling for a while.", default=True
    )
    service_ns: int = parameter(DURATION, "How long the ledger works on one call.", default=15_000_000, name="service")
    queue: int = parameter(COUNT, "How many calls wait at the ledger, at most; what comes then is lost.", default=500)

    def __attrs_post_init__(self) -> None:
        for name in ("timeout", "service"):
            if getattr(self, f"{name}_ns") <= 0:
                raise UsageError("this is longer than nothing.", key=name)
        for name in ("tries", "queue"):
            if getattr(self, name) < 1:
                raise UsageError("there is at least one.", key=name)

    @property
    def timeout_s(self) -> float:
        """Seconds for which a service waits."""
        return self.timeout_ns / NS_PER_S

    @property
    def service_s(self) -> float:
        """Seconds of work on one call."""
        return self.service_ns / NS_PER_S

    def backoff_s(self, tries: int) -> float:
        """Return the longest pause in seconds after so many *tries*."""
        pause_s: float = self.backoff_ns / NS_PER_S * 2 ** (tries - 1)
        return pause_s
