"""The simulated network: who can send to whom, and when what was sent arrives.

Rules:

1. A message is a heap entry, never a task. Its delay is drawn on the stream of its own link, so traffic on one link
   moves nothing on another.
2. Everything that is not a plain delay is a *rule* on a link: it sees each message's list of delays and may change
   it (an empty list: lost; two entries: delivered twice). Rules apply in the order in which they were added. A rule
   may also cut links: a message is lost if its link is cut when it is sent or when it would arrive.
3. Links exist from their first message on: cost follows messages, not nodes times nodes.
4. A node's messages to itself arrive after a fixed microsecond, and no rule touches them.

This file does not know what nodes do with a message.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heappush
from typing import Any, Final, Protocol

from chaoslab.choices import Choices
from chaoslab.errors import UsageError, unknown_word
from chaoslab.net.latency import Constant, Latency, Sampler, sampler
from chaoslab.sim import Engine
from chaoslab.sim.clock import Entry

__all__ = ["Link", "Network", "Rule"]

LOOPBACK_NS: Final = 1_000


class Link:
    """One direction between two endpoints.

    Attributes:
        source: The sender's name.
        target: The receiver's name.
        label: ``"source>target"``, as in the trace.
        sample: From a draw to a delay in nanoseconds.
        draw: Draw on this link's own stream.
        deliver: The receiver's handler, which gets the entry ``(time_ns, sequence, deliver, link, message)``.
        rules: What changes messages on this link, in order. Empty on the hot path.
        cut: A rule cuts this link now.
    """

    __slots__ = ("cut", "cutting", "deliver", "draw", "label", "rules", "sample", "source", "target")

    def __init__(
        self, source: str, target: str, sample: Sampler, draw: Callable[[], float], deliver: Callable[[Entry], None]
    ) -> None:
        self.source = source
        self.target = target
        self.label = f"{source}>{target}"
        self.sample = sample
        self.draw = draw
        self.deliver = deliver
        self.rules: tuple[Rule, ...] = ()
        self.cutting: tuple[Rule, ...] = ()
        self.cut = False


class Rule(Protocol):
    """Something done to the messages of some links.

    Attributes:
        cuts: It lets nothing through; ``apply`` is then never called.
        hits: How many messages it has changed or lost so far. A rule that hit nothing was ineffective.
    """

    cuts: bool
    hits: int

    def covers(self, source: str, target: str) -> bool:
        """Return whether the link from *source* to *target* is subject to this rule."""

    def apply(self, link: Link, delays_ns: list[int], choices: Choices) -> None:
        """Change the delays at which copies of one message will arrive, in place."""


class Network:
    """All links of one run.

    Args:
        engine: Gives the heap, the choices and the trace.
        latency: The delay of every link, unless a rule says otherwise.

    Attributes:
        lost: Messages that never arrived, for any reason.
    """

    def __init__(self, engine: Engine, latency: Latency | None = None) -> None:
        self._engine = engine
        self._sample = sampler(latency or Constant(value_ns=1_000_000))
        self._receivers: dict[str, Callable[[Entry], None]] = {}
        self._links: dict[tuple[str, str], Link] = {}
        self._rules: list[Rule] = []
        self.lost = 0

    @property
    def names(self) -> Sequence[str]:
        """The endpoints, in the order in which they were attached."""
        return tuple(self._receivers)

    @property
    def links(self) -> Sequence[Link]:
        """The links that have carried a message, in the order of their first one."""
        return tuple(self._links.values())

    def attach(self, name: str, deliver: Callable[[Entry], None]) -> None:
        """Make *name* reachable: ``deliver(entry)`` gets every message that arrives for it.

        Raises:
            UsageError: the name is taken.
        """
        if name in self._receivers:
            raise UsageError(f"the name {name!r} is taken: names of nodes and clients are unique.")
        self._receivers[name] = deliver

    def link(self, source: str, target: str) -> Link:
        """Return the link from *source* to *target*.

        Raises:
            UsageError: there is no such endpoint.
        """
        link = self._links.get((source, target))
        if link is None:
            if target not in self._receivers:
                raise UsageError(unknown_word("receiver", target, self._receivers))
            draw = self._engine.choices.stream(f"latency {source}>{target}").random
            sample = sampler(Constant(value_ns=LOOPBACK_NS)) if source == target else self._sample
            link = self._links[source, target] = Link(source, target, sample, draw, self._receivers[target])
            self._refresh(link)
        return link

    def send(self, link: Link, message: Any) -> None:
        """Send *message* over *link*.

        Cost: one draw and one push on the heap; more where rules apply.
        """
        clock = self._engine.clock
        if link.rules or link.cut:
            self._send_by_rules(link, message)
            return
        heappush(
            clock.heap,
            (clock.now_ns + link.sample(link.draw()), clock.next_sequence(), link.deliver, link, message),
        )

    def _send_by_rules(self, link: Link, message: Any) -> None:
        clock, choices = self._engine.clock, self._engine.choices
        delays_ns = [link.sample(link.draw())]  # drawn in any case: what a rule does moves no other message's delay
        if link.cut:
            self.lose_to_cut(link, message)
            return
        for rule in link.rules:
            rule.apply(link, delays_ns, choices)
            if not delays_ns:
                self.lose(link, message, "drop")
                return
        for delay_ns in delays_ns:
            heappush(clock.heap, (clock.now_ns + delay_ns, clock.next_sequence(), link.deliver, link, message))

    def lose_to_cut(self, link: Link, message: Any) -> None:
        """Account for a message that met a cut link."""
        for rule in link.cutting:
            rule.hits += 1
        self.lose(link, message, "cut")

    def lose(self, link: Link, message: Any, why: str) -> None:
        """Note in the trace that *message* is lost, and *why*."""
        self.lost += 1
        engine = self._engine
        engine.trace.add(f"{engine.clock.now_ns} {why} {link.label} {message.__class__.__name__}")

    def add_rule(self, rule: Rule) -> None:
        """Subject the links that *rule* covers to it, from now on. Cost: O(links in use)."""
        self._rules.append(rule)
        self._refresh_all()

    def remove_rule(self, rule: Rule) -> None:
        """Undo ``add_rule`` for this very rule, leaving nothing behind. Cost: O(links in use)."""
        self._rules = [other for other in self._rules if other is not rule]
        self._refresh_all()

    def _refresh_all(self) -> None:
        for link in self._links.values():
            self._refresh(link)

    def _refresh(self, link: Link) -> None:
        if link.source == link.target:
            return
        covering = [rule for rule in self._rules if rule.covers(link.source, link.target)]
        link.rules = tuple(rule for rule in covering if not rule.cuts)
        link.cutting = tuple(rule for rule in covering if rule.cuts)
        link.cut = bool(link.cutting)
