"""What a scenario can set about a primary with a synchronous backup."""

from __future__ import annotations

import attrs

from chaoslab.parameters import FLAG, parameter

__all__ = ["Settings"]


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of a primary with a synchronous backup."""

    failover: bool = parameter(
        FLAG, "Whether the backup takes over from a primary that is silent; else all wait for that one.", default=True
    )
