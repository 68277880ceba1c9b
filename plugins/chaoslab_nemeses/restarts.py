"""Programs that restart nodes at bad moments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import attrs

from chaoslab.choices import Stream
from chaoslab.faults import Crash, Partition, RollingRestart, ZoneOutage
from chaoslab.nemesis import Condition, FaultRequest, Scene, Schedule
from chaoslab.parameters import DURATION, parameter
from chaoslab_nemeses.scenes import require_zones

__all__ = ["CrashDuringRecovery", "RollingRestartUnderLoad", "ZoneOutageWithStaleBackup"]

_MS = 1_000_000


@attrs.frozen(kw_only=True)
class RollingRestartUnderLoad:
    """One node after the other restarts while clients go on, as when a new version is rolled out."""

    name: ClassVar[str] = "rolling-restart-under-load"

    down_ns: int = parameter(DURATION, "How long each is down.", default=500 * _MS, name="down")
    pause_ns: int = parameter(DURATION, "How long until the next.", default=500 * _MS, name="pause")

    def requests(self, scene: Scene, stream: Stream) -> Sequence[FaultRequest]:
        rolling = RollingRestart(down_ns=self.down_ns, pause_ns=self.pause_ns)
        at_ns = int(stream.random() * scene.duration_ns / 4)
        return [FaultRequest(fault=rolling, target="all", schedule=Schedule(at_ns=at_ns))]


@attrs.frozen(kw_only=True)
class CrashDuringRecovery:
    """A node that has just come back from a crash crashes again, before it has caught up."""

    name: ClassVar[str] = "crash-during-recovery"

    every_ns: int = parameter(DURATION, "One crash in each period of this length.", default=4000 * _MS, name="every")
    after_ns: int = parameter(
        DURATION, "How long after it came back it crashes again, at most; drawn.", default=50 * _MS, name="after"
    )

    def requests(self, scene: Scene, stream: Stream) -> Sequence[FaultRequest]:
        after_ns = int(stream.random() * self.after_ns)
        crash = Schedule(every_ns=self.every_ns, for_ns=self.every_ns // 4)
        again = Schedule(when=Condition(start=True, times=2, again=True, after_ns=after_ns), for_ns=self.every_ns // 8)
        return [
            FaultRequest(fault=Crash(), target="one", schedule=crash),
            # Every second start: otherwise the restart after this very crash would bring about the next, for ever.
            FaultRequest(fault=Crash(), target="it", schedule=again),
        ]


@attrs.frozen(kw_only=True)
class ZoneOutageWithStaleBackup:
    """One zone is cut off until it is stale; when it is back, another zone loses power."""

    name: ClassVar[str] = "zone-outage-with-stale-backup"

    stale_ns: int = parameter(DURATION, "How long the first zone is cut off.", default=3000 * _MS, name="stale")
    gap_ns: int = parameter(DURATION, "How long it has to catch up.", default=100 * _MS, name="gap")
    outage_ns: int = parameter(DURATION, "How long the other zone is without power.", default=3000 * _MS, name="outage")

    def check(self, scene: Scene) -> None:
        """Refuse a scene with fewer than two zones."""
        require_zones(scene, self.name)

    def requests(self, scene: Scene, stream: Stream) -> Sequence[FaultRequest]:
        zones = require_zones(scene, self.name)
        requests: list[FaultRequest] = []
        at_ns = int(stream.random() * self.stale_ns)
        while at_ns < scene.duration_ns:
            stale, dark = stream.sample(zones, 2)
            cut, outage = at_ns, at_ns + self.stale_ns + self.gap_ns
            requests.append(
                FaultRequest(
                    fault=Partition(groups=f"{stale} | rest"), schedule=Schedule(at_ns=cut, for_ns=self.stale_ns)
                )
            )
            if outage < scene.duration_ns:
                schedule = Schedule(at_ns=outage, for_ns=self.outage_ns)
                requests.append(FaultRequest(fault=ZoneOutage(zone=dark), schedule=schedule))
            at_ns = outage + self.outage_ns + self.stale_ns
        return requests
