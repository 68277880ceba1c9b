"""Faults that let nodes stand still, and the one that wakes them.

Rules:

1. A paused node keeps everything it has; its timers fire late and its messages wait. A crash ends a pause.
2. Several pauses may overlap: the node goes on when the last of them is healed, or as soon as it is resumed.
"""

from __future__ import annotations

from typing import ClassVar

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.faults.scene import Scene

__all__ = ["Pause", "Resume"]


class _Stillness:
    """The nodes that one pause holds still."""

    def __init__(self, cluster: Cluster, targets: tuple[str, ...]) -> None:
        self.held = tuple(name for name in targets if cluster.node(name).alive)
        for name in self.held:
            cluster.node(name).hold_still(self)

    def end(self, cluster: Cluster) -> None:
        for name in self.held:
            cluster.node(name).let_go(self)


@attrs.frozen(kw_only=True)
class Pause:
    """The node stands still, as in a long garbage collection: its timers fire late and its messages wait."""

    kind: ClassVar[str] = "pause"
    family: ClassVar[str] = "process"
    counts: ClassVar[str] = ""
    needs_target: ClassVar[bool] = True
    demands: ClassVar[str] = "down"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Pause:
        return cls()

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> _Stillness:
        return _Stillness(cluster, targets)

    def heal(self, cluster: Cluster, state: _Stillness) -> None:
        state.end(cluster)

    def effects(self, state: _Stillness) -> int:
        return len(state.held)

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"pause: {' '.join(targets)}"


@attrs.frozen(kw_only=True)
class Resume:
    """A paused node goes on before its pause is over: what waited happens now, in order."""

    kind: ClassVar[str] = "resume"
    family: ClassVar[str] = "process"
    counts: ClassVar[str] = "nodes woken"
    needs_target: ClassVar[bool] = True
    demands: ClassVar[str] = ""

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Resume:
        return cls()

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> int:
        paused = [name for name in targets if cluster.node(name).paused]
        for name in paused:
            cluster.node(name).resume()
        return len(paused)

    def heal(self, cluster: Cluster, state: int) -> None:
        return

    def effects(self, state: int) -> int:
        return state

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"resume: {' '.join(targets)}"
