"""A member of SWIM: probes, suspects, passes news on, and denies what is said of itself.

Das, Gupta & Motivala, "SWIM: Scalable Weakly-consistent Infection-style Process Group Membership Protocol" (DSN 2002):
section 3.1 the failure detector, 4.1 dissemination with the probes, 4.2 suspicion, 4.3 probing in rounds.

Added, as every system that is built on it does: those who cannot be seen are told now and then all that is known, so
that groups that a partition has made find each other again; and the incarnation is on the disk, so that a member
that comes back is not taken for what it was before.
"""

from __future__ import annotations

import json
from typing import Any

from chaoslab.statemachine import Context, Effect, Effects, Persist, Probe, Request, Send, SetTimer, reply
from chaoslab.units import NS_PER_S
from chaoslab_protocols.swim.messages import ALIVE, DEAD, SUSPECT, Ack, News, Ping, PingReq, Sync
from chaoslab_protocols.swim.rumours import Rumours
from chaoslab_protocols.swim.settings import Settings

__all__ = ["Member"]

_FILE = "member"


class Member:
    """One member.

    Probes: ``suspected``: somebody did not answer; ``declared-dead``: nobody denied it in time; ``denied``: it was said
    of this member, and is not so.

    Attributes:
        incarnation: The number of its latest assertion to be alive. Nobody else ever raises it.
        life: How often it was started.
        rumours: What it believes of everybody, itself included.
    """

    def __init__(self, context: Context) -> None:
        self.name = context.name
        self.seeds = context.peers
        self.random = context.random
        self.monotonic_time = context.monotonic_time
        self.settings: Settings = context.settings or Settings()
        before = json.loads(context.files[_FILE]) if context.files.get(_FILE) else {"life": 0, "incarnation": -1}
        self.life = before["life"] + 1
        self.incarnation = self.next_incarnation(before["incarnation"])
        self.rumours = Rumours(self.settings.repeats, self.settings.news_max)
        self.period_s = self.settings.period_ns / NS_PER_S
        self.round: list[str] = []  # whom to probe next, from the end
        self.number = 0  # of the latest probe that was sent, for itself or for another member
        self.probed: tuple[str, int] | None = None  # who has not answered, and the probe's number
        self.relayed: dict[int, tuple[str, int]] = {}  # probes for others: number to (for whom, their number)
        self.suspected_at: dict[str, float] = {}
        self.dead_at: dict[str, float] = {}
        self.next_reconnect = 0.0

    def next_incarnation(self, before: int) -> int:
        """Return the incarnation with which a life begins: above any that was ever said, by itself or others."""
        return before + 1

    def start(self) -> list[Effect]:
        self.rumours.take(News(self.name, self.incarnation, ALIVE))
        return [self.save(), *self.join(), SetTimer("period", (0.0, self.period_s))]

    def join(self) -> list[Effect]:
        """Tell a few of those with whom the cluster began that this member is there."""
        return [Send(seed, Sync(self.rumours.everything(), False)) for seed in self.random.sample(self.seeds, 3)]

    def save(self) -> Persist:
        """Make life and incarnation durable, before anybody hears of them."""
        return Persist(_FILE, json.dumps({"life": self.life, "incarnation": self.incarnation}).encode())

    # Messages

    def message(self, sender: str, message: Any) -> Effects:
        match message:
            case Ping():
                return [*self.hear(message.news), *self.on_ping(sender, message)]
            case Ack():
                return [*self.hear(message.news), *self.on_ack(sender, message)]
            case PingReq():
                return [*self.hear(message.news), *self.on_ping_req(sender, message)]
            case Sync():
                return self.on_sync(sender, message)
            case Request():
                return [reply(sender, message, self.view())]
        return None

    def view(self) -> tuple[int, tuple[News, ...]]:
        """Return what a client reads: which life this is, and (name, incarnation, status) of every member known."""
        return self.life, tuple(sorted(self.rumours.latest.values()))

    def on_ping(self, sender: str, ping: Ping) -> list[Effect]:
        return [Send(sender, Ack(ping.number, self.rumours.for_message(sender)))]

    def on_ack(self, sender: str, ack: Ack) -> list[Effect]:
        if self.probed is not None and ack.number == self.probed[1]:
            self.probed = None
        asked = self.relayed.pop(ack.number, None)
        return [] if asked is None else [Send(asked[0], Ack(asked[1], self.rumours.for_message(asked[0])))]

    def on_ping_req(self, sender: str, request: PingReq) -> list[Effect]:
        number = self.next_number()
        self.relayed[number] = (sender, request.number)
        return [Send(request.target, Ping(number, self.rumours.for_message(request.target)))]

    def next_number(self) -> int:
        """Return a number that no probe had before."""
        self.number += 1
        return self.number

    def on_sync(self, sender: str, sync: Sync) -> list[Effect]:
        heard = self.hear(sync.news)
        return heard if sync.answer else [*heard, Send(sender, Sync(self.rumours.everything(), True))]

    # Probing (section 3.1)

    def timer(self, name: str) -> Effects:
        return self.on_timeout() if name == "timeout" else self.on_period()

    def on_period(self) -> list[Effect]:
        """A protocol period ends, and the next one begins."""
        now = self.monotonic_time()
        effects = [*self.end_probe(), *self.declare_dead(now), *self.reconnect(now)]
        self.forget_dead(now)
        self.relayed = {number: asked for number, asked in self.relayed.items() if number > self.number - 100}
        target = self.next_target()
        if target is not None:
            self.probed = (target, self.next_number())
            effects.append(Send(target, Ping(self.number, self.rumours.for_message(target))))
            effects.append(SetTimer("timeout", self.settings.timeout_ns / NS_PER_S))
        return [*effects, SetTimer("period", self.period_s)]

    def next_target(self) -> str | None:
        """Return whom to probe: each member once in a round, in an order that is drawn for each (section 4.3)."""
        while True:
            if not self.round:
                self.round = [name for name in self.rumours.alive if name != self.name]
                if not self.round:
                    return None
                self.random.shuffle(self.round)
            target = self.round.pop()
            if target in self.rumours.alive:
                return target

    def on_timeout(self) -> list[Effect]:
        """Whoever was probed has not answered in time: let others try."""
        if self.probed is None:
            return []
        target, number = self.probed
        others = [name for name in self.rumours.alive if name not in (self.name, target)]
        helpers = self.random.sample(others, self.settings.helpers)
        return [Send(one, PingReq(number, target, self.rumours.for_message(one))) for one in helpers]

    def end_probe(self) -> list[Effect]:
        """Suspect whoever has not answered anybody."""
        if self.probed is None:
            return []
        (target, _), self.probed = self.probed, None
        return self.unanswered(target)

    def unanswered(self, target: str) -> list[Effect]:
        """Nobody got an answer from *target* (section 4.2)."""
        known = self.rumours.latest.get(target)
        if known is None or known.status != ALIVE:
            return []
        return [*self.hear((known._replace(status=SUSPECT),)), Probe("suspected")]

    def declare_dead(self, now: float) -> list[Effect]:
        """Whoever was suspected for too long, and has not denied it, is dead."""
        effects: list[Effect] = []
        longest_s = self.settings.suspicion * self.period_s
        for name in [name for name, since in self.suspected_at.items() if now - since >= longest_s]:
            effects += [*self.hear((self.rumours.latest[name]._replace(status=DEAD),)), Probe("declared-dead")]
        return effects

    # News (section 4.1)

    def hear(self, news: tuple[News, ...]) -> list[Effect]:
        """Believe what is new of *news*."""
        effects: list[Effect] = []
        for one in news:
            if one.name == self.name:
                effects += self.hear_of_myself(one)
            elif self.rumours.take(one):
                self.note(one)
        return effects

    def note(self, news: News) -> None:
        """Note since when somebody is suspected, or dead."""
        now = self.monotonic_time()
        for status, since in ((SUSPECT, self.suspected_at), (DEAD, self.dead_at)):
            if news.status == status:
                since[news.name] = now
            else:
                since.pop(news.name, None)

    def hear_of_myself(self, news: News) -> list[Effect]:
        """Deny that this member is not there, in a new incarnation; what is said of an earlier one is settled."""
        if news.status == ALIVE or news.incarnation != self.incarnation:
            return []
        self.incarnation += 1
        self.rumours.take(News(self.name, self.incarnation, ALIVE))
        return [self.save(), Probe("denied")]

    # Those who cannot be seen

    def reconnect(self, now: float) -> list[Effect]:
        """Tell one of those who cannot be seen all that is known: perhaps it can hear again."""
        if now < self.next_reconnect:
            return []
        self.next_reconnect = now + self.settings.reconnect_ns / NS_PER_S
        away = self.away()
        return [Send(self.random.pick(away), Sync(self.rumours.everything(), False))] if away else []

    def away(self) -> list[str]:
        """Return who is not seen: the dead that are remembered, and those with whom the cluster began, for ever."""
        return list(dict.fromkeys([*self.dead_at, *(seed for seed in self.seeds if seed not in self.rumours.alive)]))

    def forget_dead(self, now: float) -> None:
        """Forget who has been dead for long enough that nobody has older news of it any more."""
        longest_s = self.keep_dead_s()
        for name in [name for name, since in self.dead_at.items() if now - since >= longest_s]:
            del self.dead_at[name]
            self.rumours.forget(name)

    def keep_dead_s(self) -> float:
        """Return for how many seconds a dead member is remembered."""
        return self.settings.keep_dead_ns / NS_PER_S
