"""What a scenario can set about a cache before a database, and the bound on staleness that follows."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from chaoslab.errors import UsageError
from chaoslab.parameters import COUNT, DURATION, FLAG, parameter
from chaoslab.units import NS_PER_S

__all__ = ["DRIFT_PPM", "Layout", "Settings", "bound_ns"]

DRIFT_PPM = 10_000
"""How wrong the rate of clocks may be."""


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of a cache before a database."""

    ttl_ns: int = parameter(
        DURATION, "How long a cache gives out what it was filled with, at most.", default=500_000_000, name="ttl"
    )
    stale_ns: int = parameter(
        DURATION, "How much longer it does while no database answers.", default=1_000_000_000, name="stale"
    )
    lag_ns: int = parameter(
        DURATION, "How far behind the primary a replica may be and still answer.", default=200_000_000, name="lag"
    )
    service_ns: int = parameter(
        DURATION, "How long a database works on one request.", default=3_000_000, name="service"
    )
    queue: int = parameter(
        COUNT, "How many requests wait at a database, at most; what comes then is refused.", default=20
    )
    caches: int = parameter(COUNT, "How many nodes are caches.", default=2)
    caching: bool = parameter(FLAG, "Whether reads look into a cache; else each of them asks a database.", default=True)

    def __attrs_post_init__(self) -> None:
        for name in ("ttl", "lag", "service"):
            if getattr(self, f"{name}_ns") <= 0:
                raise UsageError("this is longer than nothing.", key=name)
        for name in ("queue", "caches"):
            if getattr(self, name) < 1:
                raise UsageError("there is at least one.", key=name)

    @property
    def ttl_s(self) -> float:
        """Seconds for which an entry is given out."""
        return self.ttl_ns / NS_PER_S

    @property
    def stale_s(self) -> float:
        """Seconds for which it is given out after that while no database answers."""
        return self.stale_ns / NS_PER_S

    @property
    def lag_s(self) -> float:
        """Seconds that a replica may be behind."""
        return self.lag_ns / NS_PER_S

    @property
    def service_s(self) -> float:
        """Seconds of work on one request."""
        return self.service_ns / NS_PER_S


def bound_ns(settings: Settings | None) -> int:
    """Return how stale a read is at most, in nanoseconds.

    A replica may be behind by the lag when it is read, which is after the lease was given; the cache gives out what it
    was filled with for its time to live after that, and for the stale time if need be. All these are measured on
    clocks that may run slow.
    """
    settings = settings or Settings()
    age_ns = settings.ttl_ns + settings.stale_ns + settings.lag_ns
    return age_ns + 2 * age_ns * DRIFT_PPM // 1_000_000


@attrs.frozen
class Layout:
    """Who is what: the first node is the primary, the second its replica, then come the caches, the rest are frontends.

    Attributes:
        primary: The database that takes writes.
        replica: Its copy, for reads.
        caches: The caches; each key has one of them.
        frontends: Whom clients ask.
    """

    primary: str
    replica: str
    caches: tuple[str, ...]
    frontends: tuple[str, ...]

    @classmethod
    def of(cls, nodes: Sequence[str], settings: Settings) -> Layout:
        """Return the layout of *nodes*.

        Raises:
            UsageError: there are too few of them.
        """
        needed = settings.caches + 3
        if len(nodes) < needed:
            raise UsageError(
                f"a primary, a replica, {settings.caches} caches and a frontend are {needed} nodes, "
                f"and there are {len(nodes)}.",
                key="nodes",
            )
        caches = tuple(nodes[2 : 2 + settings.caches])
        return cls(nodes[0], nodes[1], caches, tuple(nodes[2 + settings.caches :]))
