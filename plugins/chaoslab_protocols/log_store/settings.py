"""What a scenario can set about a log store."""

from __future__ import annotations

import attrs

from chaoslab.errors import UsageError
from chaoslab.parameters import COUNT, SIZE, parameter

__all__ = ["Settings"]


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of a log store."""

    segment_bytes: int = parameter(
        SIZE, "How large a segment becomes before the next one is begun.", default=2048, name="segment"
    )
    batch: int = parameter(COUNT, "How many commands are made durable together, at most.", default=8)

    def __attrs_post_init__(self) -> None:
        if self.segment_bytes < 1:
            raise UsageError("a segment has at least one byte.", key="segment")
        if self.batch < 1:
            raise UsageError("a batch has at least one command.", key="batch")
