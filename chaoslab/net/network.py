"""The simulated network: who can send to whom, and when what was sent arrives.

Rules:

1. A message is a heap entry, never a task. Its delay is drawn on the stream of its own link, so traffic on one link
   moves nothing on another.
2. Everything that is not a plain delay is a *rule* on a link: it sees the copies of each message that are about to
   travel (one at first) and may change, add or take away some. Rules apply in the order in which they were added. A
   rule that *guards* also sees each message again when it arrives, and may stop it there.
3. What a rule kept back goes on later where it was: past the rules after it.
4. On a link that keeps order a message arrives no earlier than the one before it, however long that takes.
5. Links exist from their first message on: cost follows messages, not nodes times nodes.
6. A node's messages to itself arrive after a fixed microsecond, and no rule touches them.

This file does not know what nodes do with a message.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from heapq import heappush
from typing import Any, ClassVar, Final, Protocol, TypeVar

from chaoslab.choices import Choices
from chaoslab.errors import UsageError, unknown_word
from chaoslab.net.holding import Held, HoldQueue
from chaoslab.net.latency import Constant, Latency, Sampler, sampler
from chaoslab.net.routes import Route, Routes
from chaoslab.sim import Engine
from chaoslab.sim.clock import Entry

__all__ = ["OVERHEARD_MAX", "Copies", "KeepOrder", "Link", "Network", "Rule"]

R = TypeVar("R", bound="Rule")

LOOPBACK_NS: Final = 1_000

OVERHEARD_MAX: Final = 10_000
"""How many messages an eavesdropper remembers: the latest ones."""

Copies = list[tuple[int, Any]]
"""The copies of one message that are about to travel: (delay in nanoseconds, message). None left: it is lost."""


class Link:
    """One direction between two endpoints.

    Attributes:
        source: The sender's name.
        target: The receiver's name.
        label: ``"source>target"``, as in the trace.
        sample: From a draw to a delay in nanoseconds.
        draw: Draw on this link's own stream.
        deliver: The receiver's handler, which gets the entry ``(time_ns, sequence, deliver, link, message)``.
        rules: What sees the messages sent on this link, in order. Empty on the hot path.
        guards: Those of the rules that see messages arrive, too.
        guarded: There are such rules: whoever gets a message from the heap asks ``Network.admits`` first.
        keepers: Those of the rules that keep the link's messages in order.
        latest_ns: When the last message of a link that keeps order arrives.
    """

    __slots__ = (
        "deliver", "draw", "guarded", "guards", "keepers", "label", "latest_ns", "rules", "sample", "source", "target",
    )  # fmt: skip

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
        self.guards: tuple[Rule, ...] = ()
        self.guarded = False
        self.keepers: tuple[KeepOrder, ...] = ()
        self.latest_ns = 0


class Rule(Protocol):
    """Something done to the messages of some links.

    Attributes:
        guarding: It wants to see messages arrive, too.
        hits: How many messages it has touched so far. A rule that hit nothing was ineffective.
    """

    guarding: ClassVar[bool]
    hits: int

    def covers(self, source: str, target: str) -> bool:
        """Return whether the link from *source* to *target* is subject to this rule."""

    def send(self, link: Link, copies: Copies, network: Network) -> None:
        """Change the *copies* of one message that are about to travel, in place. Whoever loses one says so."""

    def arrive(self, link: Link, message: Any, network: Network) -> bool:
        """Return whether *message*, which has arrived, may be delivered. Called only if ``guarding``."""


class KeepOrder:
    """The rule that the messages of a link do not overtake each other, from now on.

    Args:
        covers: Return whether the link from one endpoint to another is subject to it.
    """

    guarding: ClassVar[bool] = False

    def __init__(self, covers: Callable[[str, str], bool]) -> None:
        self.covers = covers
        self.hits = 0

    def send(self, link: Link, copies: Copies, network: Network) -> None:
        """Nothing yet: order is kept when a message is posted, after all other rules."""

    def arrive(self, link: Link, message: Any, network: Network) -> bool:
        """Let it in."""
        return True


class Network:
    """All links of one run.

    Args:
        engine: Gives the heap, the choices and the trace.
        latency: The delay of every link, unless a rule says otherwise.

    Attributes:
        latency: The delay of every link, unless a rule says otherwise.
        choices: Where rules draw; name each stream after the rule and the link.
        lost: Messages that never arrived, for any reason.
        queues: Where rules keep messages that wait; see ``held``.
        overheard: What eavesdroppers saw, the latest at the end: (link, message).
    """

    def __init__(self, engine: Engine, latency: Latency | None = None) -> None:
        self._engine = engine
        self.latency: Latency = latency or Constant(value_ns=1_000_000)
        self._receivers: dict[str, Callable[[Entry], None]] = {}
        self._links: dict[tuple[str, str], Link] = {}
        self._rules: list[tuple[Rule, list[Link]]] = []  # each with the links that it covers
        self._routes = Routes()
        self.choices: Choices = engine.choices
        self.lost = 0
        self.queues: list[HoldQueue] = []
        self.overheard: deque[tuple[Link, Any]] = deque(maxlen=OVERHEARD_MAX)

    @property
    def names(self) -> Sequence[str]:
        """The endpoints, in the order in which they were attached."""
        return tuple(self._receivers)

    @property
    def links(self) -> Sequence[Link]:
        """The links that have carried a message, in the order of their first one."""
        return tuple(self._links.values())

    @property
    def now_ns(self) -> int:
        """Virtual time, in nanoseconds: for rules that depend on time."""
        return self._engine.clock.now_ns

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
            sample = sampler(Constant(value_ns=LOOPBACK_NS) if source == target else self.latency)
            link = self._links[source, target] = Link(source, target, sample, draw, self._receivers[target])
            self._subject_to_rules(link)
            if self._routes:
                self._reroute(link)
        return link

    def send(self, link: Link, message: Any) -> None:
        """Send *message* over *link*.

        Cost: one draw and one push on the heap; more where rules apply.
        """
        delay_ns = link.sample(link.draw())  # drawn in any case: what a rule does moves no other message's delay
        if not link.rules:  # the way of most messages; without rules there is no order to keep, either
            clock = self._engine.clock
            heappush(clock.heap, (clock.now_ns + delay_ns, clock.next_sequence(), link.deliver, link, message))
            return
        self._pass(link, [(delay_ns, message)], link.rules)

    def forward(self, link: Link, copies: Copies, rule: Rule) -> None:
        """Let *copies* that *rule* kept back go on: past the rules that come after it on *link*.

        Raises:
            ValueError: *rule* does not apply to the link, perhaps not any more: let go before removing it.
        """
        self._pass(link, copies, link.rules[link.rules.index(rule) + 1 :])

    def _pass(self, link: Link, copies: Copies, rules: Sequence[Rule]) -> None:
        for rule in rules:
            rule.send(link, copies, self)
            if not copies:
                return
        for delay_ns, message in copies:
            self.post(link, delay_ns, message)

    def post(self, link: Link, delay_ns: int, message: Any) -> None:
        """Let *message* arrive after *delay_ns*, past all rules but for the order of the link."""
        clock = self._engine.clock
        time_ns = clock.now_ns + delay_ns
        if link.keepers:
            if time_ns < link.latest_ns:
                time_ns = link.latest_ns
                for keeper in link.keepers:
                    keeper.hits += 1
            link.latest_ns = time_ns
        heappush(clock.heap, (time_ns, clock.next_sequence(), link.deliver, link, message))

    def held(self) -> list[Held]:
        """Return the messages that rules keep waiting, in the order in which they were sent."""
        return sorted((held for queue in self.queues for held in queue.held), key=lambda held: held.since_ns)

    def admits(self, link: Link, message: Any) -> bool:
        """Ask the rules that guard *link* whether *message*, which has arrived, may be delivered."""
        return all(rule.arrive(link, message, self) for rule in link.guards)

    def lose(self, link: Link, message: Any, why: str) -> None:
        """Note in the trace that *message* is lost, and *why*."""
        self.lost += 1
        self.note(link, message, why)

    def note(self, link: Link, message: Any, what: str) -> None:
        """Note in the trace *what* happened to *message* on its way."""
        engine = self._engine
        engine.trace.add(f"{engine.clock.now_ns} {what} {link.label} {message.__class__.__name__}")

    def after(self, delay_ns: int, action: Callable[..., None], *arguments: Any) -> None:
        """Call ``action(*arguments)`` after *delay_ns* nanoseconds: for rules that act by themselves."""
        self._engine.after(delay_ns, action, *arguments)

    def add_rule(self, rule: Rule) -> None:
        """Subject the links that *rule* covers to it, from now on. Cost: O(links in use)."""
        subject = [link for link in self._links.values() if _subject(link, rule)]
        self._rules.append((rule, subject))
        for link in subject:
            _apply(link, rule)

    def remove_rule(self, rule: Rule) -> None:
        """Undo ``add_rule`` for this very rule, leaving nothing behind. Cost: O(links that it covers)."""
        for other, subject in self._rules:
            if other is rule:
                for link in subject:
                    _lift(link, rule)
        self._rules = [pair for pair in self._rules if pair[0] is not rule]

    def add_route(self, route: Route) -> None:
        """Send messages another way from now on; those on their way stay on it. Cost: O(links in use)."""
        self._routes.add(route)
        for link in self._links.values():
            self._reroute(link)

    def remove_route(self, route: Route) -> None:
        """Undo ``add_route`` for this very route, leaving nothing behind. Cost: O(links in use)."""
        self._routes.remove(route)
        for link in self._links.values():
            self._reroute(link)

    def _subject_to_rules(self, link: Link) -> None:
        """Subject a new link to the rules in force that cover it."""
        for rule, subject in self._rules:
            if _subject(link, rule):
                subject.append(link)
                _apply(link, rule)

    def _reroute(self, link: Link) -> None:
        if link.source != link.target:
            link.sample = self._routes.sampler(link.source, link.target, sampler(self.latency))


def _subject(link: Link, rule: Rule) -> bool:
    """Return whether *rule* applies to *link*. What a node sends to itself is on no network."""
    return link.source != link.target and rule.covers(link.source, link.target)


def _apply(link: Link, rule: Rule) -> None:
    link.rules = (*link.rules, rule)
    if rule.guarding:
        link.guards = (*link.guards, rule)
        link.guarded = True
    if isinstance(rule, KeepOrder):
        link.keepers = (*link.keepers, rule)


def _lift(link: Link, rule: Rule) -> None:
    link.rules = _without(link.rules, rule)
    if rule.guarding:
        link.guards = _without(link.guards, rule)
        link.guarded = bool(link.guards)
    if isinstance(rule, KeepOrder):
        link.keepers = _without(link.keepers, rule)
        if not link.keepers:
            link.latest_ns = 0


def _without(rules: tuple[R, ...], rule: Rule) -> tuple[R, ...]:
    return tuple([one for one in rules if one is not rule])
