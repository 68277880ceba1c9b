"""Faults that keep messages waiting and let them go in a burst. ``cluster.held()`` shows what waits.

This file does not know for how long each link of a clog is closed: see ``clogging``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.errors import UsageError
from chaoslab.faults.link_rule import LinkRule, NetworkFault, match_parameter, where
from chaoslab.faults.scene import Scene
from chaoslab.net import Copies, HoldQueue, Link, Match, Network
from chaoslab.parameters import COUNT, parameter

__all__ = ["HELD_MAX", "Hold", "Release"]

HELD_MAX = 10_000


@attrs.frozen(kw_only=True)
class Hold(NetworkFault):
    """Messages wait on their way, and all go on at once when the fault is healed, or at a release."""

    kind: ClassVar[str] = "hold"
    counts: ClassVar[str] = "messages held"

    messages_max: int = parameter(
        COUNT, "How many wait at most; what is sent then is lost.", default=HELD_MAX, name="limit"
    )
    match: Match | None = match_parameter()

    def __attrs_post_init__(self) -> None:
        if self.messages_max < 1:
            raise UsageError("limit is at least 1: use drop to lose every message.", key="limit")

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        return _Hold(targets, self, cluster.network)

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"hold: messages wait {where(targets, self.match)}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Self:
        return cls(match=Match(skip=stream.below(20), every=1 + stream.below(3)))


class _Hold(LinkRule):
    word = "hold"

    def __init__(self, targets: tuple[str, ...], fault: Hold, network: Network) -> None:
        super().__init__(targets, fault.match)
        self.queue = HoldQueue(network, self, self.word, fault.messages_max)

    def treat(self, link: Link, delay_ns: int, message: Any, network: Network) -> Copies:
        self.hits += 1
        self.queue.hold(link, delay_ns, message)
        return []

    def let_go(self, network: Network) -> None:
        self.queue.close()

    def figures(self) -> Mapping[str, Any]:
        return {"most_waiting": self.queue.most}


@attrs.frozen(kw_only=True)
class Release(NetworkFault):
    """What other faults keep waiting at this moment goes on at once; what is sent later waits as before."""

    kind: ClassVar[str] = "release"
    counts: ClassVar[str] = "messages released"

    match: Match | None = match_parameter()

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        return LinkRule(targets, self.match)

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        self.check_names(cluster)
        chooser = self.rule(cluster, targets)  # only to say which messages are meant: it is never added
        for queue in list(cluster.network.queues):
            chooser.hits += queue.release(
                lambda held: (
                    chooser.covers(held.link.source, held.link.target)
                    and (chooser.matcher is None or chooser.matcher.takes(held.message))
                )
            )
        return chooser

    def heal(self, cluster: Cluster, state: LinkRule) -> None:
        return

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"release: what waits goes on {where(targets, self.match)}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Self | None:
        return None  # alone it does nothing
