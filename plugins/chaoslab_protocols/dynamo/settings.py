"""What a scenario can set about a Dynamo-style store."""

from __future__ import annotations

import attrs

from chaoslab.errors import UsageError
from chaoslab.parameters import COUNT, DURATION, FLAG, parameter
from chaoslab.units import NS_PER_S

__all__ = ["Settings"]


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of a Dynamo-style store."""

    replicas: int = parameter(COUNT, "How many nodes keep a key (N).", default=3)
    reads: int = parameter(COUNT, "How many must answer a get (R).", default=2)
    writes: int = parameter(COUNT, "How many must store a put (W).", default=2)
    sloppy: bool = parameter(
        FLAG, "Whether other nodes stand in, with a hint, for those that do not answer.", default=True
    )
    anti_entropy_ns: int = parameter(
        DURATION, "How often a node compares itself with another one.", default=300_000_000, name="anti_entropy"
    )
    handoff_ns: int = parameter(
        DURATION, "How often a node tries to hand over what it keeps for others.", default=300_000_000, name="handoff"
    )
    patience_ns: int = parameter(
        DURATION, "How long a coordinator waits before others stand in.", default=150_000_000, name="patience"
    )

    def __attrs_post_init__(self) -> None:
        for name in ("anti_entropy", "handoff", "patience"):
            if getattr(self, f"{name}_ns") <= 0:
                raise UsageError("a period is longer than nothing.", key=name)
        if self.replicas < 1:
            raise UsageError("a key is kept by 1 node at least.", key="replicas")
        for name in ("reads", "writes"):
            if not 1 <= getattr(self, name) <= self.replicas:
                raise UsageError(f"{name} is from 1 to replicas, which is {self.replicas}.", key=name)

    @property
    def anti_entropy_s(self) -> float:
        """Seconds between two comparisons."""
        return self.anti_entropy_ns / NS_PER_S

    @property
    def handoff_s(self) -> float:
        """Seconds between two tries."""
        return self.handoff_ns / NS_PER_S

    @property
    def patience_s(self) -> float:
        """Seconds until others stand in."""
        return self.patience_ns / NS_PER_S
