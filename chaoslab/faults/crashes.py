"""Faults that take nodes down: power cuts, and the loss of a disk.

Rules:

1. A crash is a power cut: nothing that the old life does has an effect any more. What becomes of writes that were not
   synced, ``unsynced`` says.
2. Healing starts the node again from what its disk kept, unless another fault wants it down as well: then it starts
   when the last of them is healed.

This file does not know when faults happen, nor to whom: see ``chaoslab.nemesis``.
"""

from __future__ import annotations

from typing import Any, ClassVar

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.faults.scene import Scene
from chaoslab.parameters import one_of, parameter
from chaoslab.storage import CRASH_MODES, Unsynced

__all__ = ["UNSYNCED", "Amnesia", "Crash", "Downtime", "PowerCut", "unsynced_parameter"]

UNSYNCED = one_of("lost", "kept", "torn")
"""What becomes of writes that were not synced."""


def unsynced_parameter() -> Any:
    """Return the parameter of faults that cut the power."""
    return parameter(
        UNSYNCED, "Writes that were not synced are lost, on the disk all the same, or torn.", default="lost"
    )


class Downtime:
    """The nodes that one fault keeps down.

    Attributes:
        crashes: How often it has taken a node down that was running.
    """

    def __init__(self, cluster: Cluster, unsynced: Unsynced = "lost") -> None:
        self._cluster = cluster
        self._mode = CRASH_MODES[unsynced]
        self._kept: dict[str, None] = {}
        self.crashes = 0

    def begin(self, name: str) -> None:
        """Take *name* down, and keep it down."""
        self._kept[name] = None
        self.crashes += self._cluster.node(name).take_down(self, self._mode)

    def end(self, name: str) -> None:
        """Let *name* start again. Does nothing if that has been done."""
        if name in self._kept:
            del self._kept[name]
            self._cluster.node(name).bring_up(self)

    def end_all(self) -> None:
        """Let every node start again that is still kept down."""
        for name in tuple(self._kept):
            self.end(name)


class PowerCut:
    """What faults share that say what becomes of unsynced writes."""

    __slots__ = ()

    unsynced: Unsynced

    @property
    def storage_kind(self) -> str:
        return "torn-write" if self.unsynced == "torn" else ""


@attrs.frozen(kw_only=True)
class Crash(PowerCut):
    """The node loses power; healing starts it again from its disk."""

    kind: ClassVar[str] = "crash"
    family: ClassVar[str] = "process"
    counts: ClassVar[str] = ""
    needs_target: ClassVar[bool] = True
    demands: ClassVar[str] = "down"

    unsynced: Unsynced = unsynced_parameter()

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Crash:
        return cls(unsynced=stream.pick(("lost", "lost", "kept", "torn")))

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> Downtime:
        down = Downtime(cluster, self.unsynced)
        for name in targets:
            down.begin(name)
        return down

    def heal(self, cluster: Cluster, state: Downtime) -> None:
        state.end_all()

    def effects(self, state: Downtime) -> int:
        return state.crashes

    def describe(self, targets: tuple[str, ...]) -> str:
        more = "" if self.unsynced == "lost" else f", unsynced writes {self.unsynced}"
        return f"crash: {' '.join(targets)}{more}"


@attrs.frozen(kw_only=True)
class Amnesia:
    """The node loses power and its disk; healing starts it again with an empty one."""

    kind: ClassVar[str] = "amnesia"
    family: ClassVar[str] = "process"
    counts: ClassVar[str] = "disks lost"
    needs_target: ClassVar[bool] = True
    demands: ClassVar[str] = "amnesia"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Amnesia:
        return cls()

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> tuple[Downtime, int]:
        down = Downtime(cluster)
        for name in targets:
            down.begin(name)
            cluster.node(name).disk.wipe()
            cluster.forgetful[name] = None
        return down, len(targets)

    def heal(self, cluster: Cluster, state: tuple[Downtime, int]) -> None:
        state[0].end_all()

    def effects(self, state: tuple[Downtime, int]) -> int:
        return state[1]

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"amnesia: {' '.join(targets)} with an empty disk"
