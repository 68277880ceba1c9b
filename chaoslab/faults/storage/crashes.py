"""Faults of storage that show in a crash: what may be left of what was not synced.

While one is in force it changes what every crash of the node leaves, whoever brings the crash about. Without any,
unsynced writes are lost and changes of names survive. Several at once leave what any of them may leave.
"""

from __future__ import annotations

from typing import ClassVar

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Host
from chaoslab.errors import UsageError
from chaoslab.faults.scene import Scene
from chaoslab.faults.storage.disk_fault import DiskFault, FaultRule, require_effect
from chaoslab.parameters import RATIO, one_of, parameter
from chaoslab.storage import CrashMode, Left

__all__ = ["LoseUnsynced", "RenameLost", "ReorderWrites", "TornWrite"]

TORN_AT = one_of("byte", "sector")


class _CrashRule(FaultRule):
    """Changes the mode of crashes, and counts one of the figures that tell what was left."""

    def __init__(self, kind: str, host: Host, mode: CrashMode, counted: str, words: str) -> None:
        super().__init__(kind, host)
        self.crash_mode = mode
        self._counted = counted
        self._words = words

    def crashed(self, left: Left) -> None:
        number: int = getattr(left, self._counted)
        if number:
            self.hit(f"{number} {self._words}, {left.kept} kept", number)


@attrs.frozen(kw_only=True)
class LoseUnsynced(DiskFault):
    """A crash loses only a part of what was not synced: the last writes, from a random one on."""

    kind: ClassVar[str] = "lose-unsynced"
    counts: ClassVar[str] = "unsynced writes lost"

    ratio: float = parameter(
        RATIO, "The chance of each unsynced write to be the first that is lost; 0: a crash loses nothing.", default=0.5
    )

    def __attrs_post_init__(self) -> None:
        if not 0.0 <= self.ratio <= 1.0:
            raise UsageError(f"{self.ratio!r} is not a ratio: it is from 0 to 1.", key="ratio")

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> LoseUnsynced:
        return cls(ratio=stream.between(0.1, 0.9))

    def rule(self, host: Host) -> FaultRule:
        return _CrashRule(self.kind, host, CrashMode(lost=self.ratio), "lost", "unsynced writes lost")


@attrs.frozen(kw_only=True)
class TornWrite(DiskFault):
    """A crash leaves a part of the first write that it loses: its beginning."""

    kind: ClassVar[str] = "torn-write"
    counts: ClassVar[str] = "writes torn"

    ratio: float = parameter(RATIO, "The chance of a lost write to leave a part.", default=1.0)
    at: str = parameter(
        TORN_AT,
        "Where writes tear: at any byte, or as of a device that writes whole sectors of 512 bytes.",
        default="byte",
    )

    def __attrs_post_init__(self) -> None:
        require_effect(self.ratio)
        try:
            TORN_AT.parse(self.at)
        except UsageError as error:
            raise UsageError(error.message, key="at") from None

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> TornWrite:
        return cls(ratio=stream.between(0.3, 1.0), at=stream.pick(("byte", "sector")))

    def rule(self, host: Host) -> FaultRule:
        return _CrashRule(self.kind, host, CrashMode(torn=self.ratio, torn_at=self.at), "torn", "writes torn")


@attrs.frozen(kw_only=True)
class ReorderWrites(DiskFault):
    """A crash loses any of the sectors that were not synced, also such as were written before others that it keeps."""

    kind: ClassVar[str] = "reorder-writes"
    counts: ClassVar[str] = "writes overtaken by later ones"

    ratio: float = parameter(RATIO, "The chance of each unsynced sector to be lost.", default=0.5)

    def __attrs_post_init__(self) -> None:
        if not 0.0 < self.ratio < 1.0:
            raise UsageError(f"{self.ratio!r} keeps or loses all: it is between 0 and 1.", key="ratio")

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> ReorderWrites:
        return cls(ratio=stream.between(0.2, 0.8))

    def rule(self, host: Host) -> FaultRule:
        mode = CrashMode(lost=self.ratio, reordered=True)
        return _CrashRule(self.kind, host, mode, "overtaken", "writes overtaken by later ones")


@attrs.frozen(kw_only=True)
class RenameLost(DiskFault):
    """A crash undoes renames and removals whose folder was not synced, the last ones first."""

    kind: ClassVar[str] = "rename-lost"
    counts: ClassVar[str] = "renames and removals undone"

    ratio: float = parameter(RATIO, "The chance of each such change to be the first that is undone.", default=1.0)

    def __attrs_post_init__(self) -> None:
        require_effect(self.ratio)

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> RenameLost:
        return cls(ratio=stream.between(0.3, 1.0))

    def rule(self, host: Host) -> FaultRule:
        mode = CrashMode(renames_lost=self.ratio)
        return _CrashRule(self.kind, host, mode, "renames_undone", "renames and removals undone")
