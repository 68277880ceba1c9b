"""What the faults of message links share: one rule on the links they hit, restricted to the messages that match.

Rules:

1. A rule touches the links from and to its targets (all links if there are none), and there the messages that match.
2. Random decisions about a message are drawn on a stream of its link, named after the fault.
3. ``hits`` counts messages that were really touched.
4. Before a rule is removed it lets go of whatever it kept back.

This file does not know what any fault does to a message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.net import MATCH, Copies, Link, Match, Matcher, Network
from chaoslab.net.latency import Constant, Latency, Sampler, sampler
from chaoslab.parameters import parameter
from chaoslab.units import format_duration

__all__ = ["LinkDelays", "LinkRule", "NetworkFault", "delays_in_words", "match_parameter", "where"]


class LinkRule:
    """A rule for the links that touch any of *targets*, and for the messages there that match.

    Most rules say only what becomes of one copy of one message: ``treat``.
    """

    guarding: ClassVar[bool] = False

    def __init__(self, targets: tuple[str, ...], match: Match | None = None) -> None:
        self.targets = frozenset(targets)  # asked only what is in it
        self.hits = 0
        self.matcher = None if match is None else Matcher(match)

    def covers(self, source: str, target: str) -> bool:
        if self.targets and source not in self.targets and target not in self.targets:
            return False
        return self.matcher is None or self.matcher.covers(source, target)

    def send(self, link: Link, copies: Copies, network: Network) -> None:
        matcher = self.matcher
        if len(copies) == 1:  # as nearly always
            delay_ns, message = copies[0]
            if matcher is None or matcher.takes(message):
                copies[:] = self.treat(link, delay_ns, message, network)
            return
        treated: Copies = []
        for delay_ns, message in copies:
            if matcher is None or matcher.takes(message):
                treated += self.treat(link, delay_ns, message, network)
            else:
                treated.append((delay_ns, message))
        copies[:] = treated

    def treat(self, link: Link, delay_ns: int, message: Any, network: Network) -> Copies:
        """Return what is to travel in place of one copy of a message that matches."""
        raise NotImplementedError

    def arrive(self, link: Link, message: Any, network: Network) -> bool:
        return True

    def stream(self, link: Link, network: Network) -> Stream:
        """Return the stream of this kind of rule on *link*."""
        return network.choices.stream(f"{self.word} {link.label}")

    word: ClassVar[str] = ""
    """The name of its streams, and what the trace says of messages that it touches."""

    def let_go(self, network: Network) -> None:
        """Give up whatever is kept back: the rule is about to be removed. Does nothing a second time."""

    def figures(self) -> Mapping[str, Any]:
        """Return what is to be told of what the rule did, in figures."""
        return {}


class LinkDelays:
    """Delays of one distribution, drawn for each link on its own.

    Args:
        latency: The distribution.
        word: The first word of the names of the streams.
    """

    def __init__(self, latency: Latency, word: str) -> None:
        self._latency = latency
        self._word = word
        self._samples: dict[str, Sampler] = {}

    def draw(self, link: Link, network: Network) -> int:
        """Return the next delay of *link*, in nanoseconds."""
        sample = self._samples.get(link.label)
        if sample is None:
            sample = self._samples[link.label] = sampler(self._latency)
        return sample(network.choices.stream(f"{self._word} {link.label}").random())


class NetworkFault:
    """What faults that consist of one rule share."""

    family: ClassVar[str] = "network"
    demands: ClassVar[str] = ""
    needs_target: ClassVar[bool] = False
    match: Match | None

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        """Return the rule that this fault is."""
        raise NotImplementedError

    def check_names(self, cluster: Cluster) -> None:
        """Refuse a match with a name that is nobody's."""
        for name in () if self.match is None else self.match.names:
            if name not in cluster.clients:
                cluster.node(name)  # raises for a name that is nobody's

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        self.check_names(cluster)
        rule = self.rule(cluster, targets)
        cluster.network.add_rule(rule)
        return rule

    def heal(self, cluster: Cluster, state: LinkRule) -> None:
        state.let_go(cluster.network)
        cluster.network.remove_rule(state)

    def effects(self, state: LinkRule) -> int:
        return state.hits

    def figures(self, state: LinkRule) -> Mapping[str, Any]:
        """Return what is to be told of the fault when it is healed, beyond ``effects``."""
        return state.figures()


def match_parameter() -> Any:
    """Return the parameter ``match``, which most faults of links have."""
    return parameter(MATCH, "Only the messages that match; all if left out.", default=None)


def where(targets: tuple[str, ...], match: Match | None) -> str:
    """Say in a few words which messages on which links are hit."""
    links = f"on the links of {' '.join(targets)}" if targets else "on all links"
    return links if match is None else f"{links}, only {match.describe()}"


def delays_in_words(latency: Latency) -> str:
    """Return a delay in a few words: how much, or of what distribution."""
    return format_duration(latency.value_ns) if isinstance(latency, Constant) else f"{latency.distribution} delays"
