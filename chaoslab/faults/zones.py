"""Faults that hit a whole zone at once: what stands in one rack or data centre fails together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.errors import UsageError, unknown_word
from chaoslab.faults.crashes import Downtime, PowerCut, unsynced_parameter
from chaoslab.faults.link_rule import LinkRule
from chaoslab.faults.partitions import Partition
from chaoslab.faults.scene import Scene
from chaoslab.parameters import ZONE, one_of, parameter
from chaoslab.storage import Unsynced

__all__ = ["ZoneOutage"]

_State = Downtime | tuple[Partition, LinkRule] | None


@attrs.frozen(kw_only=True)
class ZoneOutage(PowerCut):
    """All nodes of a zone lose power at once, or the zone is cut off from the others."""

    kind: ClassVar[str] = "zone-outage"
    family: ClassVar[str] = "process"
    counts: ClassVar[str] = ""
    needs_target: ClassVar[bool] = False
    demands: ClassVar[str] = "down"

    zone: str = parameter(ZONE, "The zone, as in the scenario's zones.")
    mode: str = parameter(one_of("crash", "partition"), "Without power, or without its network.", default="crash")
    unsynced: Unsynced = unsynced_parameter()

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> ZoneOutage | None:
        zones = tuple(dict.fromkeys(scene.zones.values()))
        which, mode = stream.random(), stream.pick(("crash", "partition"))
        return cls(zone=zones[int(which * len(zones))], mode=mode) if zones else None

    def hits(self, zones: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(name for name, zone in zones.items() if zone == self.zone)

    def down_at_once(self, targets: tuple[str, ...]) -> int:
        return 0 if self.mode == "partition" else len(targets)

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> _State:
        members = [name for name in cluster.nodes if cluster.zones.get(name) == self.zone]
        if not members:
            known = tuple(dict.fromkeys(cluster.zones.values()))
            raise UsageError(
                unknown_word("zone", self.zone, known) if known else "this cluster has no zones.", key="zone"
            )
        if self.mode == "crash":
            down = Downtime(cluster, self.unsynced)
            for name in members:
                down.begin(name)
            return down
        others = [name for name in cluster.nodes if name not in members]
        if not others:
            return None  # cut off from nobody
        cut = Partition(groups=f"{' '.join(members)} | {' '.join(others)}")
        return cut, cut.inject(cluster, ())

    def heal(self, cluster: Cluster, state: _State) -> None:
        if isinstance(state, Downtime):
            state.end_all()
        elif state is not None:
            cut, rule = state
            cut.heal(cluster, rule)

    def effects(self, state: _State) -> int | None:
        if isinstance(state, Downtime):
            return state.crashes
        return 0 if state is None else state[0].effects(state[1])

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"zone-outage: {self.zone} {'without power' if self.mode == 'crash' else 'cut off'}"
