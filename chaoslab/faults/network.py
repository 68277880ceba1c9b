"""Faults of the network: slow, lossy, repeating, and split.

Rules:

1. Each fault is a frozen value. ``inject`` adds a rule to the network, ``heal`` takes that very rule away.
2. A message that a rule touches is decided on a stream of its own link, named after the fault.
3. In a partition a client is where its home node is, unless the client itself is named.

This file does not know when faults happen, nor to whom: see ``chaoslab.nemesis``.
"""

from __future__ import annotations

from typing import Any, ClassVar

import attrs

from chaoslab.cluster import Cluster
from chaoslab.errors import UsageError
from chaoslab.net import Copies, Link, Network
from chaoslab.net.latency import LATENCY, Constant, Latency, sampler
from chaoslab.parameters import FLAG, GROUPS, RATIO, parameter, split_groups
from chaoslab.units import format_duration

__all__ = ["Drop", "Duplicate", "LinkRule", "Partition", "SlowLinks"]


class LinkRule:
    """A rule for the links that touch any of *targets*; for all links if there are none."""

    guarding: ClassVar[bool] = False

    def __init__(self, targets: tuple[str, ...]) -> None:
        self.targets = frozenset(targets)
        self.hits = 0

    def covers(self, source: str, target: str) -> bool:
        return not self.targets or source in self.targets or target in self.targets

    def send(self, link: Link, copies: Copies, network: Network) -> None:
        raise NotImplementedError

    def arrive(self, link: Link, message: Any, network: Network) -> bool:
        return True


class _NetworkFault:
    """What faults that consist of one rule share."""

    family: ClassVar[str] = "network"
    demands: ClassVar[str] = ""

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        raise NotImplementedError

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        rule = self.rule(cluster, targets)
        cluster.network.add_rule(rule)
        return rule

    def heal(self, cluster: Cluster, state: LinkRule) -> None:
        cluster.network.remove_rule(state)

    def effects(self, state: LinkRule) -> int:
        return state.hits


def _where(targets: tuple[str, ...]) -> str:
    return f"on the links of {' '.join(targets)}" if targets else "on all links"


@attrs.frozen(kw_only=True)
class SlowLinks(_NetworkFault):
    """Every message takes longer, by a delay drawn for each."""

    kind: ClassVar[str] = "latency"
    counts: ClassVar[str] = "messages slowed"
    needs_target: ClassVar[bool] = False

    added: Latency = parameter(LATENCY, "The delay on top of the usual one.")

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        return _Slow(targets, self.added)

    def describe(self, targets: tuple[str, ...]) -> str:
        added = self.added
        much = format_duration(added.value_ns) if isinstance(added, Constant) else f"{added.distribution} delays"
        return f"latency: {much} more {_where(targets)}"


class _Slow(LinkRule):
    def __init__(self, targets: tuple[str, ...], added: Latency) -> None:
        super().__init__(targets)
        self._sample = sampler(added)

    def send(self, link: Link, copies: Copies, network: Network) -> None:
        self.hits += 1
        draw = network.choices.stream(f"slow {link.label}").random
        copies[:] = [(delay_ns + self._sample(draw()), message) for delay_ns, message in copies]


@attrs.frozen(kw_only=True)
class Drop(_NetworkFault):
    """A share of the messages is lost, each independently of the others."""

    kind: ClassVar[str] = "drop"
    counts: ClassVar[str] = "messages lost"
    needs_target: ClassVar[bool] = False

    ratio: float = parameter(RATIO, "The share of messages that is lost.")

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        return _Drop(targets, self.ratio)

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"drop: {self.ratio:.3g} of the messages {_where(targets)}"


class _Drop(LinkRule):
    def __init__(self, targets: tuple[str, ...], ratio: float) -> None:
        super().__init__(targets)
        self._ratio = ratio

    def send(self, link: Link, copies: Copies, network: Network) -> None:
        stream = network.choices.stream(f"drop {link.label}")
        kept: Copies = []
        for copy in copies:
            if stream.chance(self._ratio):
                self.hits += 1
                network.lose(link, copy[1], "drop")
            else:
                kept.append(copy)
        copies[:] = kept


@attrs.frozen(kw_only=True)
class Duplicate(_NetworkFault):
    """A share of the messages arrives twice, the second time later."""

    kind: ClassVar[str] = "duplicate"
    counts: ClassVar[str] = "messages doubled"
    needs_target: ClassVar[bool] = False

    ratio: float = parameter(RATIO, "The share of messages that arrives twice.")
    later: Latency = parameter(
        LATENCY,
        "How much later the copy arrives.",
        default=LATENCY.parse({"distribution": "exponential", "mean": "50ms"}),
    )

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        return _Duplicate(targets, self.ratio, self.later)

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"duplicate: {self.ratio:.3g} of the messages {_where(targets)}"


class _Duplicate(LinkRule):
    def __init__(self, targets: tuple[str, ...], ratio: float, later: Latency) -> None:
        super().__init__(targets)
        self._ratio = ratio
        self._sample = sampler(later)

    def send(self, link: Link, copies: Copies, network: Network) -> None:
        stream = network.choices.stream(f"duplicate {link.label}")
        if stream.chance(self._ratio):
            self.hits += 1
            delay_ns, message = copies[0]
            copies.append((delay_ns + self._sample(stream.random()), message))


@attrs.frozen(kw_only=True)
class Partition(_NetworkFault):
    """Nothing is delivered from one group of nodes to another.

    When it is injected, each word of ``groups`` must be a name, and none may stand in two groups; the nemesis
    resolves roles, counts and ``rest`` before.
    """

    kind: ClassVar[str] = "partition"
    counts: ClassVar[str] = "messages lost"
    needs_target: ClassVar[bool] = False

    groups: str = parameter(GROUPS, 'Who is cut off from whom: names, roles or counts, such as "leader | rest".')
    one_way: bool = parameter(
        FLAG, "Only messages from an earlier group to a later one are lost; answers pass.", default=False
    )

    def __attrs_post_init__(self) -> None:
        try:
            split_groups(self.groups)
        except UsageError as error:
            raise UsageError(error.message, key="groups") from None

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        seen: set[str] = set()
        for name in (name for group in split_groups(self.groups) for name in group):
            if name not in cluster.clients:
                cluster.node(name)  # raises for a name that is nobody's
            if name in seen:
                raise UsageError(f"{name} stands in two groups of the partition {self.groups!r}.", key="groups")
            seen.add(name)
        return _Cut(cluster, split_groups(self.groups), self.one_way)

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"partition: {self.groups}{', one way' if self.one_way else ''}"


class _Cut(LinkRule):
    guarding = True

    def __init__(self, cluster: Cluster, groups: tuple[tuple[str, ...], ...], one_way: bool) -> None:
        super().__init__(())
        self._home = cluster.home
        self._group = {name: number for number, group in enumerate(groups) for name in group}
        self._one_way = one_way

    def covers(self, source: str, target: str) -> bool:
        here, there = self._side(source), self._side(target)
        if here is None or there is None:
            return False
        return here < there if self._one_way else here != there

    def send(self, link: Link, copies: Copies, network: Network) -> None:
        for _, message in copies:
            self.arrive(link, message, network)
        copies.clear()

    def arrive(self, link: Link, message: Any, network: Network) -> bool:
        self.hits += 1
        network.lose(link, message, "cut")
        return False

    def _side(self, name: str) -> int | None:
        return self._group.get(name, self._group.get(self._home(name)))
