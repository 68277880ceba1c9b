"""The short names of what administrators do: to members, versions and settings.

Most take names of nodes and return the fault with them as its targets, for ``cluster.faults`` and ``inject``.
"""

from __future__ import annotations

from typing import Any

from chaoslab.faults import Downgrade, Join, Leave, Misconfigure, Replace, Upgrade

__all__ = ["downgrade", "join", "leave", "misconfigure", "replace", "upgrade"]


def join() -> Join:
    """Return the fault that lets a new node join; the cluster's ``administers`` must have the command."""
    return Join()


def leave(*nodes: str) -> tuple[Leave, tuple[str, ...]]:
    """Return the fault that lets *nodes* leave; when it is healed they join again."""
    return Leave(), nodes


def replace(*nodes: str) -> tuple[Replace, tuple[str, ...]]:
    """Return the fault that replaces *nodes* by new ones; when it is healed they come back."""
    return Replace(), nodes


def upgrade(version: str, *nodes: str, rolling: bool = True) -> tuple[Upgrade, tuple[str, ...]]:
    """Return the fault that restarts *nodes* with another of the cluster's ``versions``."""
    return Upgrade(version=version, rolling=rolling), nodes


def downgrade(*nodes: str, version: str = "", rolling: bool = True) -> tuple[Downgrade, tuple[str, ...]]:
    """Return the fault that restarts *nodes* with an older version, or with the one they began with."""
    return Downgrade(version=version, rolling=rolling), nodes


def misconfigure(node: str, *, peers: str = "", **settings: Any) -> tuple[Misconfigure, tuple[str, ...]]:
    """Return the fault that restarts *node* with other *settings*, or another idea of its *peers*."""
    return Misconfigure(set_=tuple(settings.items()), peers=peers), (node,)
