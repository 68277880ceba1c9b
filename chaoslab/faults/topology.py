"""Faults of the topology: ways that change, and links of different speed.

Rules:

1. A message takes the way that there is when it is sent; what is on its way stays on it.
2. A client is where its home node is.
3. These faults change how long messages take, never whether they arrive: every protocol must survive them.

Zones and the usual latency between them are told by the scenario: see ``[network.zones]``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.errors import UsageError
from chaoslab.faults.scene import Scene
from chaoslab.net import Route
from chaoslab.net.latency import LATENCY, Constant, Latency, Sampler, sampler
from chaoslab.parameters import FLAG, GROUPS, NUMBER, parameter, split_groups
from chaoslab.units import format_duration

__all__ = ["Heterogeneous", "ReRoute", "zone_route"]


def zone_route(zone: Callable[[str], str | None], between: Mapping[tuple[str, str], Latency]) -> Route:
    """Return the route that gives links between zones the latency that *between* states for the pair, in either order.

    Args:
        zone: Return the zone of a node or client, or None.
        between: From pairs of zones to latencies; a pair of the same zone twice is for links inside it.
    """
    samplers = {pair: sampler(latency) for pair, latency in between.items()}

    def route(source: str, target: str, usual: Sampler) -> Sampler:
        here, there = zone(source), zone(target)
        if here is None or there is None:
            return usual
        return samplers.get((here, there)) or samplers.get((there, here)) or usual

    return route


class _Route:
    """A route that counts the messages that take it."""

    def __init__(self, changed: Callable[[str, str, Sampler], Sampler | None]) -> None:
        self._changed = changed
        self.hits = 0

    def __call__(self, source: str, target: str, usual: Sampler) -> Sampler:
        changed = self._changed(source, target, usual)
        if changed is None:
            return usual

        def counting(draw: float) -> int:
            self.hits += 1
            return changed(draw)

        return counting


class _TopologyFault:
    """What faults that consist of one route share."""

    family: ClassVar[str] = "topology"
    needs_target: ClassVar[bool] = False
    demands: ClassVar[str] = ""

    def route(self, cluster: Cluster, targets: tuple[str, ...]) -> _Route:
        raise NotImplementedError

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> _Route:
        route = self.route(cluster, targets)
        cluster.network.add_route(route)
        return route

    def heal(self, cluster: Cluster, state: _Route) -> None:
        cluster.network.remove_route(state)

    def effects(self, state: _Route) -> int:
        return state.hits


@attrs.frozen(kw_only=True)
class ReRoute(_TopologyFault):
    """Messages between groups or zones take another way, with another latency instead of the usual one."""

    kind: ClassVar[str] = "re-route"
    counts: ClassVar[str] = "messages re-routed"

    between: str = parameter(GROUPS, 'Between whom: zones, names, roles or counts, such as "east | west".')
    latency: Latency = parameter(LATENCY, "How long a message takes on the new way.")
    one_way: bool = parameter(FLAG, "Only from an earlier group to a later one; answers go as ever.", default=False)

    def __attrs_post_init__(self) -> None:
        try:
            split_groups(self.between)
        except UsageError as error:
            raise UsageError(error.message, key="between") from None

    def route(self, cluster: Cluster, targets: tuple[str, ...]) -> _Route:
        group = {name: number for number, names in enumerate(split_groups(self.between)) for name in names}
        for name in group:
            if name not in cluster.clients:
                cluster.node(name)  # raises for a name that is nobody's
        new = sampler(self.latency)

        def changed(source: str, target: str, usual: Sampler) -> Sampler | None:
            here = group.get(source, group.get(cluster.home(source)))
            there = group.get(target, group.get(cluster.home(target)))
            if here is None or there is None or here == there or (self.one_way and here > there):
                return None
            return new

        return _Route(changed)

    def describe(self, targets: tuple[str, ...]) -> str:
        latency = self.latency
        much = format_duration(latency.value_ns) if isinstance(latency, Constant) else f"{latency.distribution} delays"
        return f"re-route: {self.between}{', one way' if self.one_way else ''}: {much}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> ReRoute | None:
        zones = list(dict.fromkeys(scene.zones.values()))
        one_way, long_ns = stream.chance(0.3), int(stream.between(5.0, 200.0) * 1e6)
        left = stream.random()
        if len(scene.nodes) < 2:
            return None
        if len(zones) > 1:
            zone = zones[int(left * len(zones))]
            between = f"{zone} | {' '.join(other for other in zones if other != zone)}"
        else:
            between = "minority | rest" if len(scene.nodes) > 2 else "one | rest"
        return cls(between=between, latency=Constant(value_ns=long_ns), one_way=one_way)


@attrs.frozen(kw_only=True)
class Heterogeneous(_TopologyFault):
    """Nodes are of different speed: for each a factor is drawn, by which messages to and from it take longer.

    Of the two ends of a link the slower one counts.
    """

    kind: ClassVar[str] = "heterogeneous"
    counts: ClassVar[str] = "messages slowed"

    factor: float = parameter(NUMBER, "The largest factor; each node draws one from 1 up to this.")

    def __attrs_post_init__(self) -> None:
        if self.factor <= 1:
            raise UsageError("a factor of 1 or less slows nobody down: factor is above 1.", key="factor")

    def route(self, cluster: Cluster, targets: tuple[str, ...]) -> _Route:
        factors: dict[str, float] = {}
        for name in targets or tuple(cluster.nodes):
            stream = cluster.engine.choices.stream(f"heterogeneous {name}")
            factors[name] = stream.between(1.0, self.factor)
            cluster.engine.note(f"heterogeneous {name} {factors[name]:.3f}")

        def changed(source: str, target: str, usual: Sampler) -> Sampler | None:
            slower = max(factors.get(cluster.home(source), 1.0), factors.get(cluster.home(target), 1.0))
            return None if slower == 1.0 else lambda draw: int(usual(draw) * slower)

        return _Route(changed)

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"heterogeneous: {' '.join(targets) or 'all nodes'} up to {self.factor:g} times slower"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Any:
        return cls(factor=stream.between(1.5, 20.0))
