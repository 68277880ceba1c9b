"""How most workloads end: each client reads each key once, so that no write goes unseen."""

from __future__ import annotations

from collections.abc import Iterator

from chaoslab.cluster import ClientView
from chaoslab.statemachine import Invocation

__all__ = ["read_all"]


def read_all(view: ClientView) -> Iterator[Invocation]:
    """Yield a read of every key."""
    return (Invocation(f="read", key=key) for key in view.keys)
