"""SWIM, section by section (Das, Gupta & Motivala, DSN 2002)."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from chaoslab.statemachine import Context, Persist, Probe, Request, Send
from chaoslab_protocols.swim.member import Member
from chaoslab_protocols.swim.messages import ALIVE, DEAD, SUSPECT, Ack, News, Ping, PingReq, Sync
from chaoslab_protocols.swim.rumours import Rumours
from chaoslab_protocols.swim.settings import Settings

NAMES = ("n1", "n2", "n3", "n4", "n5")


class Dice(random.Random):
    """Draws as a member asks for them."""

    def pick(self, options: Any) -> Any:
        return options[0]

    def sample(self, options: Any, count: int) -> Any:  # type: ignore[override]
        return list(options)[:count]


class Fixture:
    """A member called n1 that knows the others, and a clock that the test sets."""

    def __init__(self, files: dict[str, bytes] | None = None, **settings: Any) -> None:
        self.now = 0.0
        self.member = Member(
            Context(
                name="n1",
                nodes=NAMES,
                settings=Settings(**settings),
                files=files or {},
                wall_time=lambda: 0.0,
                monotonic_time=lambda: self.now,
                home="n1",
                random=Dice(1),  # type: ignore[arg-type]
            )
        )
        self.started = self.member.start()
        self.hear(*(News(name, 0, ALIVE) for name in NAMES[1:]))

    def hear(self, *news: News) -> list[Any]:
        return list(self.member.message("n2", Sync(news, True)) or [])

    def period(self) -> list[Any]:
        self.now += 0.2
        return list(self.member.timer("period") or [])

    def believes(self, name: str) -> int | None:
        return self.member.rumours.status(name)


def sent(effects: Any, kind: type) -> list[Any]:
    return [one for one in effects or () if isinstance(one, Send) and isinstance(one.message, kind)]


@pytest.fixture
def one() -> Fixture:
    return Fixture()


def test_in_each_protocol_period_a_member_pings_one_other(one: Fixture) -> None:
    """Section 3.1: "a random member is selected from Mi's membership list and a ping message sent to it"."""
    (ping,) = sent(one.period(), Ping)
    assert ping.to in NAMES[1:]


def test_a_ping_is_answered_with_an_ack_of_the_same_number(one: Fixture) -> None:
    """Section 3.1."""
    (ack,) = sent(one.member.message("n3", Ping(7, ())), Ack)
    assert (ack.to, ack.message.number) == ("n3", 7)


def test_without_an_ack_in_time_k_others_are_asked_to_ping(one: Fixture) -> None:
    """Section 3.1: "Mi selects k members at random and sends each a ping-req(Mj) message"."""
    (ping,) = sent(one.period(), Ping)
    requests = sent(one.member.timer("timeout"), PingReq)
    assert len(requests) == 3
    assert {request.message.target for request in requests} == {ping.to}
    assert ping.to not in [request.to for request in requests]


def test_whoever_is_asked_pings_and_forwards_the_ack(one: Fixture) -> None:
    """Section 3.1: "each of these members in turn pings Mj and forwards the ack from Mj, if received, back to Mi"."""
    (ping,) = sent(one.member.message("n2", PingReq(5, "n4", ())), Ping)
    assert ping.to == "n4"
    (ack,) = sent(one.member.message("n4", Ack(ping.message.number, ())), Ack)
    assert (ack.to, ack.message.number) == ("n2", 5)


def test_an_ack_by_way_of_others_counts(one: Fixture) -> None:
    """Section 3.1: "it checks if it has received any acks, directly from Mj or indirectly through one of the k"."""
    (ping,) = sent(one.period(), Ping)
    one.member.timer("timeout")
    one.member.message("n5", Ack(ping.message.number, ()))
    one.period()
    assert one.believes(ping.to) == ALIVE


def test_whoever_answers_nobody_is_suspected_and_then_declared_dead(one: Fixture) -> None:
    """Section 4.2: suspected first, and after a time-out declared as faulty."""
    (ping,) = sent(one.period(), Ping)
    assert Probe("suspected") in one.period()
    assert one.believes(ping.to) == SUSPECT
    for _ in range(7):
        one.period()
    assert one.believes(ping.to) == DEAD


def test_a_suspected_member_is_alive_again_in_a_later_incarnation(one: Fixture) -> None:
    """Section 4.2: {Alive Mj, inc = i} overrides {Suspect Mj, inc = j} if i > j."""
    one.hear(News("n3", 0, SUSPECT))
    one.hear(News("n3", 0, ALIVE))
    assert one.believes("n3") == SUSPECT
    one.hear(News("n3", 1, ALIVE))
    assert one.believes("n3") == ALIVE
    one.hear(News("n3", 0, DEAD))
    assert one.believes("n3") == ALIVE


def test_only_a_member_itself_raises_its_incarnation(one: Fixture) -> None:
    """Section 4.2: when it hears that it is suspected; the new one is on the disk before anybody hears of it."""
    effects = one.hear(News("n1", 0, SUSPECT))
    assert one.member.incarnation == 1
    (saved,) = [effect for effect in effects if isinstance(effect, Persist)]
    assert json.loads(saved.data)["incarnation"] == 1
    assert one.hear(News("n1", 0, DEAD)) == []  # which is settled


def test_a_member_that_comes_back_is_in_a_later_incarnation_than_ever(one: Fixture) -> None:
    """What was said of the life before does not go for this one."""
    one.hear(News("n1", 0, SUSPECT))
    again = Fixture(files={"member": json.dumps({"life": 1, "incarnation": 1}).encode()})
    assert (again.member.life, again.member.incarnation) == (2, 2)


def test_everybody_is_pinged_once_in_a_round() -> None:
    """Section 4.3: round-robin, in an order that is drawn anew: so the time to detect is bounded."""
    one = Fixture()
    targets = []
    for _ in range(8):
        (ping,) = sent(one.period(), Ping)
        one.member.message(ping.to, Ack(ping.message.number, ()))
        targets.append(ping.to)
    assert sorted(targets[:4]) == sorted(targets[4:]) == list(NAMES[1:])


def test_news_is_sent_a_logarithmic_number_of_times_the_least_sent_first() -> None:
    """Section 4.1: at most lambda log n times, "preferring elements that have been gossiped fewer times"."""
    rumours = Rumours(repeats=1, news_max=1)
    rumours.take(News("n2", 0, ALIVE))
    rumours.take(News("n3", 0, ALIVE))
    told = [rumours.for_message("n9") for _ in range(5)]
    assert [[news.name for news in message] for message in told] == [["n2"], ["n3"], ["n2"], ["n3"], []]


def test_who_is_held_to_be_gone_hears_of_it_with_every_message() -> None:
    """Else it could not deny it."""
    rumours = Rumours(repeats=1, news_max=1)
    rumours.take(News("n2", 0, SUSPECT))
    while rumours.for_message("n9"):
        pass
    assert rumours.for_message("n2") == (News("n2", 0, SUSPECT),)


def test_the_dead_are_told_now_and_then_all_that_is_known(one: Fixture) -> None:
    """So groups that a partition has made find each other again."""
    one.hear(News("n3", 0, DEAD))
    one.now = 5.0
    (sync,) = sent(one.period(), Sync)
    assert sync.to == "n3"
    assert News("n3", 0, DEAD) in sync.message.news


def test_the_dead_are_remembered_for_a_while(one: Fixture) -> None:
    """Old news of them does not bring them back."""
    one.hear(News("n3", 0, DEAD))
    one.hear(News("n3", 0, ALIVE))
    assert one.believes("n3") == DEAD
    one.now += 31.0
    one.period()
    assert one.believes("n3") is None


def test_clients_read_what_a_member_believes(one: Fixture) -> None:
    """The life that it is in, and everybody in the order of their names."""
    (answer,) = one.member.message("c1", Request(1, None)) or ()
    assert isinstance(answer, Send)
    assert answer.message.body == (1, tuple(News(name, 0, ALIVE) for name in NAMES))
