"""What a scenario can set about a domain name system, and the bound on staleness that follows."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from chaoslab.errors import UsageError
from chaoslab.parameters import COUNT, DURATION, parameter
from chaoslab.units import NS_PER_S

__all__ = ["DRIFT_PPM", "Layout", "Settings", "bound_ns"]

DRIFT_PPM = 10_000
"""How wrong the rate of clocks may be."""


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of a domain name system."""

    ttl_ns: int = parameter(
        DURATION, "How long a resolver gives a record out before it asks again.", default=500_000_000, name="ttl"
    )
    stale_ns: int = parameter(
        DURATION, "How much longer it does while no authority answers.", default=1_000_000_000, name="stale"
    )
    expire_ns: int = parameter(
        DURATION, "How long a secondary answers without hearing from the primary.", default=500_000_000, name="expire"
    )
    enactors: int = parameter(COUNT, "How many nodes carry out plans.", default=2)

    def __attrs_post_init__(self) -> None:
        for name in ("ttl", "expire"):
            if getattr(self, f"{name}_ns") <= 0:
                raise UsageError("this is longer than nothing.", key=name)
        if self.enactors < 1:
            raise UsageError("there is at least one.", key="enactors")

    @property
    def ttl_s(self) -> float:
        """Seconds for which a record is given out."""
        return self.ttl_ns / NS_PER_S

    @property
    def stale_s(self) -> float:
        """Seconds for which it is given out after that while no authority answers."""
        return self.stale_ns / NS_PER_S

    @property
    def expire_s(self) -> float:
        """Seconds that a secondary may be behind."""
        return self.expire_ns / NS_PER_S


def bound_ns(settings: Settings | None) -> int:
    """Return how stale a record is at most, in nanoseconds, measured on clocks that may run slow.

    A secondary may be behind until its zone expires, when a resolver asks it; the resolver counts its time to live from
    when it asked, and the stale time if need be.
    """
    settings = settings or Settings()
    age_ns = settings.ttl_ns + settings.stale_ns + settings.expire_ns
    return age_ns + 2 * age_ns * DRIFT_PPM // 1_000_000


@attrs.frozen
class Layout:
    """Who is what, in this order: root, planner, primary, secondary, the enactors; the rest are resolvers."""

    root: str
    planner: str
    primary: str
    secondary: str
    enactors: tuple[str, ...]
    resolvers: tuple[str, ...]

    @classmethod
    def of(cls, nodes: Sequence[str], settings: Settings) -> Layout:
        """Return the layout of *nodes*.

        Raises:
            UsageError: there are too few of them.
        """
        needed = settings.enactors + 5
        if len(nodes) < needed:
            raise UsageError(
                f"a root, a planner, a primary, a secondary, {settings.enactors} enactors and a resolver are {needed} "
                f"nodes, and there are {len(nodes)}.",
                key="nodes",
            )
        root, planner, primary, secondary, *others = nodes
        split = settings.enactors
        return cls(root, planner, primary, secondary, tuple(others[:split]), tuple(others[split:]))
