"""Faults of processes: power cuts and pauses.

Rules:

1. A crash is a power cut: what was not synced is lost, and nothing that the old life does has an effect any more.
2. Healing a crash starts the node again from what its disk kept; healing a pause lets it go on.
3. What is already down or paused is left as it is, and healing undoes only what this fault did.
"""

from __future__ import annotations

from typing import ClassVar

import attrs

from chaoslab.cluster import Cluster

__all__ = ["Crash", "Pause"]


@attrs.frozen(kw_only=True)
class Crash:
    """The node loses power; healing starts it again from its disk."""

    kind: ClassVar[str] = "crash"
    family: ClassVar[str] = "process"
    counts: ClassVar[str] = ""
    needs_target: ClassVar[bool] = True
    demands: ClassVar[str] = "down"

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> tuple[str, ...]:
        hit = tuple(name for name in targets if cluster.node(name).alive)
        for name in hit:
            cluster.crash(name)
        return hit

    def heal(self, cluster: Cluster, state: tuple[str, ...]) -> None:
        for name in state:
            cluster.restart(name)

    def effects(self, state: tuple[str, ...]) -> int:
        return len(state)

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"crash: {' '.join(targets)}"


@attrs.frozen(kw_only=True)
class Pause:
    """The node stands still, as in a long garbage collection: its timers fire late and its messages wait."""

    kind: ClassVar[str] = "pause"
    family: ClassVar[str] = "process"
    counts: ClassVar[str] = ""
    needs_target: ClassVar[bool] = True
    demands: ClassVar[str] = "down"

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> tuple[str, ...]:
        hit = tuple(name for name in targets if cluster.node(name).open)
        for name in hit:
            cluster.node(name).pause()
        return hit

    def heal(self, cluster: Cluster, state: tuple[str, ...]) -> None:
        for name in state:
            cluster.node(name).resume()

    def effects(self, state: tuple[str, ...]) -> int:
        return len(state)

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"pause: {' '.join(targets)}"
