"""What a scenario can set about Percolator."""

from __future__ import annotations

import attrs

from chaoslab.errors import UsageError
from chaoslab.parameters import COUNT, DURATION, parameter
from chaoslab.units import NS_PER_S

__all__ = ["Settings"]


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of Percolator."""

    lock_life_ns: int = parameter(
        DURATION,
        "How old a primary lock is when its owner is taken for dead, and others may roll the transaction back.",
        default=400_000_000,
        name="lock_life",
    )
    block: int = parameter(COUNT, "How many timestamps the oracle allocates by one write to its disk.", default=100)
    attempts: int = parameter(
        COUNT, "How often a transaction is tried before its client hears that it failed.", default=5
    )
    balance: int = parameter(COUNT, "What every account of a bank holds at first.", default=10)

    def __attrs_post_init__(self) -> None:
        if self.lock_life_ns <= 0:
            raise UsageError("a lock lives for some time.", key="lock_life")
        if self.block < 1:
            raise UsageError("a block has at least one timestamp.", key="block")
        if self.attempts < 1:
            raise UsageError("a transaction is tried at least once.", key="attempts")

    @property
    def lock_life_s(self) -> float:
        """Seconds after which the owner of a primary lock is taken for dead."""
        return self.lock_life_ns / NS_PER_S
