"""What a program needs of the scene in which it runs, and what is said where it is missing."""

from __future__ import annotations

from chaoslab.errors import UsageError
from chaoslab.nemesis import Scene

__all__ = ["require_leader", "require_nodes", "require_zones"]


def require_leader(scene: Scene, program: str) -> None:
    """Refuse a scene whose protocol has no leader.

    Raises:
        UsageError: the protocol has no leader.
    """
    if scene.leader is None:
        raise UsageError(f"the nemesis {program} is about the leader, and this protocol has none.", key="name")


def require_nodes(scene: Scene, program: str, least: int) -> None:
    """Refuse a scene with fewer than *least* nodes.

    Raises:
        UsageError: there are fewer.
    """
    if len(scene.nodes) < least:
        raise UsageError(
            f"the nemesis {program} takes at least {least} nodes, and there are {len(scene.nodes)}.", key="name"
        )


def require_zones(scene: Scene, program: str) -> list[str]:
    """Return the zones, in the order of their first nodes.

    Raises:
        UsageError: there are fewer than two.
    """
    zones = list(dict.fromkeys(scene.zones[name] for name in scene.nodes if name in scene.zones))
    if len(zones) < 2:
        raise UsageError(f"the nemesis {program} takes two zones: say zones in [cluster].", key="name")
    return zones
