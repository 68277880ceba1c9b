"""Partitions: nothing passes between certain nodes, for as long as it lasts or now and then.

Clients are cut off from whatever the node beside which they stand is cut off from, unless they are named themselves.

This file does not know what the shapes look like: see ``shapes``.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.errors import UsageError, unknown_word
from chaoslab.faults.link_rule import LinkRule, NetworkFault, match_parameter
from chaoslab.faults.scene import Scene
from chaoslab.faults.shapes import SHAPES, Cut, Sides, shaped
from chaoslab.net import Copies, Link, Match, Network
from chaoslab.parameters import DURATION, FLAG, GROUPS, RATIO, TEXT, parameter, split_groups
from chaoslab.units import format_duration

__all__ = ["Flapping", "Partition"]

_MS = 1_000_000


@attrs.frozen(kw_only=True)
class Partition(NetworkFault):
    """Nothing is delivered from one group of nodes to another, or across a shape that is drawn.

    When it is injected, each word of ``groups`` must be a name, and none may stand in two groups; the nemesis
    resolves roles, counts and ``rest`` before. A shape takes its first nodes (the isolated one, the bridge, the hub,
    the smaller side) from the target, if there is one.
    """

    kind: ClassVar[str] = "partition"
    counts: ClassVar[str] = "messages lost"

    groups: str = parameter(
        GROUPS, 'Who is cut off from whom: names, roles or counts, such as "leader | rest".', default=""
    )
    shape: str = parameter(TEXT, f"Drawn groups instead: {', '.join(SHAPES)}.", default="")
    one_way: bool = parameter(
        FLAG, "Only messages from an earlier group to a later one are lost; answers pass.", default=False
    )
    match: Match | None = match_parameter()

    def __attrs_post_init__(self) -> None:
        if bool(self.groups) == bool(self.shape):
            raise UsageError(
                f'{self.kind} has groups or a shape: one of them, such as groups = "leader | rest".', key="groups"
            )
        if self.groups:
            try:
                split_groups(self.groups)
            except UsageError as error:
                raise UsageError(error.message, key="groups") from None
        elif self.shape not in SHAPES:
            raise UsageError(unknown_word("shape", self.shape, SHAPES), key="shape")
        elif self.one_way and not SHAPES[self.shape].sides:
            raise UsageError(f"{self.shape} has no two sides: it cuts both ways.", key="one_way")
        if self.match is not None and self.match.counting:
            raise UsageError("a cut does not count messages: use drop with this match instead.", key="match")

    @property
    def nodes_min(self) -> int:
        """How many nodes it takes."""
        return SHAPES[self.shape].nodes_min if self.shape else 2

    def cut(self, cluster: Cluster, targets: tuple[str, ...]) -> Cut:
        """Return who is cut off from whom, drawn where there is a shape."""
        if not self.shape:
            return Sides(self._named_groups(cluster), self.one_way)
        nodes = list(cluster.nodes)
        if len(nodes) < self.nodes_min:
            raise UsageError(f"{self.shape} takes at least {self.nodes_min} nodes, not {len(nodes)}.", key="shape")
        now_ns = cluster.engine.now_ns  # in the name: one partition more or less moves the shape of no other
        cluster.engine.choices.stream(f"partition {self.shape} {now_ns}").shuffle(nodes)
        chosen = [name for name in nodes if name in targets]
        cut = shaped(self.shape, [*chosen, *(name for name in nodes if name not in targets)], self.one_way)
        cluster.engine.note(f"{self.shape} {cut.describe()}")
        return cut

    def _named_groups(self, cluster: Cluster) -> tuple[tuple[str, ...], ...]:
        groups = split_groups(self.groups)
        seen: set[str] = set()
        for name in (name for group in groups for name in group):
            if name not in cluster.clients:
                cluster.node(name)  # raises for a name that is nobody's
            if name in seen:
                raise UsageError(f"{name} stands in two groups of the partition {self.groups!r}.", key="groups")
            seen.add(name)
        return groups

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        return _Cut(cluster, self.cut(cluster, targets), self.match)

    def written_out(self, state: _Cut) -> Self:
        """Return the same cut with its groups, where it has any: a star and a ring stay drawn."""
        return attrs.evolve(self, shape="", groups=state.cut.describe()) if isinstance(state.cut, Sides) else self

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"{self.kind}: {self._what(targets)}"

    def _what(self, targets: tuple[str, ...]) -> str:
        first = f" with {' '.join(targets)} first" if targets and self.shape else ""
        only = "" if self.match is None else f", only {self.match.describe()}"
        return f"{self.groups or self.shape}{first}{', one way' if self.one_way else ''}{only}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Self | None:
        shapes = [name for name, shape in SHAPES.items() if shape.nodes_min <= len(scene.nodes)]
        if not shapes:
            return None
        shape, one_way = stream.pick(shapes), stream.chance(0.3)
        return cls(shape=shape, one_way=one_way and SHAPES[shape].sides)


class _Cut(LinkRule):
    guarding = True

    def __init__(self, cluster: Cluster, cut: Cut, match: Match | None) -> None:
        super().__init__((), match)
        self._home = cluster.home
        self.cut = cut

    def covers(self, source: str, target: str) -> bool:
        return super().covers(source, target) and self.cut.separates(self._place(source), self._place(target))

    def _place(self, name: str) -> str:
        return name if self.cut.knows(name) else self._home(name)

    def treat(self, link: Link, delay_ns: int, message: Any, network: Network) -> Copies:
        if not self.cutting(network):
            return [(delay_ns, message)]
        self._lose(link, message, network)
        return []

    def arrive(self, link: Link, message: Any, network: Network) -> bool:
        if not self.cutting(network) or (self.matcher is not None and not self.matcher.takes(message)):
            return True
        self._lose(link, message, network)
        return False

    def _lose(self, link: Link, message: Any, network: Network) -> None:
        self.hits += 1
        network.lose(link, message, "cut")

    def cutting(self, network: Network) -> bool:
        """Return whether nothing passes at this moment."""
        return True


@attrs.frozen(kw_only=True)
class Flapping(Partition):
    """A partition that comes and goes: in each period first nothing passes, then everything does."""

    kind: ClassVar[str] = "flapping"

    period_ns: int = parameter(DURATION, "From one cut to the next.", default=1000 * _MS, name="period")
    up: float = parameter(RATIO, "The share of each period in which messages pass.", default=0.5)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.period_ns == 0:
            raise UsageError("period is above zero.", key="period")
        if self.up == 1:
            raise UsageError("up is below 1: at 1 nothing would ever be cut.", key="up")

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        return _Flaps(cluster, self.cut(cluster, targets), self)

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"flapping: {self._what(targets)}, every {format_duration(self.period_ns)}, up {self.up:.0%} of it"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Self | None:
        cut = super().drawn(scene, stream)
        period_ns, up = int(stream.between(100 * _MS, 2000 * _MS)), round(stream.between(0.2, 0.8), 2)
        return None if cut is None else attrs.evolve(cut, period_ns=period_ns, up=up)


class _Flaps(_Cut):
    """Asks what time it is, message by message: no event is needed for it to come and go."""

    def __init__(self, cluster: Cluster, cut: Cut, fault: Flapping) -> None:
        super().__init__(cluster, cut, fault.match)
        self._began_ns = cluster.engine.now_ns
        self._period_ns = fault.period_ns
        self._down_ns = int(fault.period_ns * (1 - fault.up))

    def cutting(self, network: Network) -> bool:
        return (network.now_ns - self._began_ns) % self._period_ns < self._down_ns
