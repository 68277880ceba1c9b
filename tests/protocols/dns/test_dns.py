"""A domain name system, rule by rule: authorities (RFC 1034, 4.3.5), resolvers (RFC 8767), plans and enactors."""

from __future__ import annotations

from collections.abc import MutableSequence
from typing import Any

import pytest

from chaoslab.errors import UsageError
from chaoslab.statemachine import Context, Effects, Invocation, Persist, Probe, Request, Response, Send
from chaoslab_protocols.dns.messages import (
    Answer,
    Cleanup,
    Current,
    Enact,
    Enacted,
    Inspect,
    Notify,
    Plan,
    Query,
    Record,
    Referral,
    Refused,
    Transfer,
    Zone,
)
from chaoslab_protocols.dns.server import Client, Server
from chaoslab_protocols.dns.settings import Layout, Settings, bound_ns

ROOT, PLANNER, PRIMARY, SECONDARY, ENACTOR, RESOLVER = NODES = ("n1", "n2", "n3", "n4", "n5", "n6")
SETTINGS = Settings(enactors=1, ttl_ns=10**9, stale_ns=10**9, expire_ns=5 * 10**8)


class Dice:
    """Draws for a machine that is driven by hand: nothing is shuffled."""

    def below(self, bound: int) -> int:
        return 0

    def shuffle(self, items: MutableSequence[Any]) -> None:
        pass


class Node:
    """One node of six, with a clock set by hand."""

    def __init__(self, name: str, **files: bytes) -> None:
        self.now = 100.0
        self.server = Server(
            Context(
                name=name,
                nodes=NODES,
                settings=SETTINGS,
                files=files,
                wall_time=lambda: 0.0,
                monotonic_time=lambda: self.now,
                home=name,
                random=Dice(),  # type: ignore[arg-type]
            )
        )
        self.started = sent(self.server.start())

    def gets(self, message: Any, sender: str = "n9") -> list[Any]:
        return sent(self.server.message(sender, message))

    def fires(self, timer: str) -> list[Any]:
        return sent(self.server.timer(timer))


def sent(effects: Effects) -> list[Any]:
    """Return the messages among *effects*."""
    return [one.message for one in effects or () if isinstance(one, Send)]


def read(number: int = 1) -> Request:
    return Request(number, Invocation(f="read", key="x"))


def write(value: Any, number: int = 1) -> Request:
    return Request(number, Invocation(f="write", key="x", value=value))


def test_the_root_refers_to_the_authorities() -> None:
    """And knows no records."""
    assert Node(ROOT).gets(Query(1, "x")) == [Referral(1, (PRIMARY, SECONDARY))]


def test_a_record_is_set_only_by_a_newer_plan() -> None:
    """The primary compares when it sets: an older plan is told what is there."""
    node = Node(PRIMARY)
    assert node.gets(Enact(Plan("x", 2, "new"))) == [Notify(), Enacted("x", 2)]
    assert node.gets(Enact(Plan("x", 1, "old"))) == [Enacted("x", 2)]
    assert node.gets(Query(1, "x")) == [Answer(1, "new")]


def test_a_plan_that_came_twice_changes_nothing() -> None:
    """Enactors are redundant, and networks repeat."""
    node = Node(PRIMARY)
    node.gets(Enact(Plan("x", 2, "new")))
    assert node.server.message(ENACTOR, Enact(Plan("x", 2, "new"))) == [
        Probe("outdated plan"),
        Send(ENACTOR, Enacted("x", 2)),
    ]


def test_a_cleanup_deletes_what_is_older_and_nothing_else() -> None:
    """A record whose own plan is deleted is empty, which cannot happen if older plans are never set."""
    node = Node(PRIMARY)
    node.gets(Enact(Plan("x", 2, "new")))
    node.gets(Cleanup("x", 2))
    assert node.gets(Query(1, "x")) == [Answer(1, "new")]
    node.gets(Cleanup("x", 3))
    assert node.gets(Query(1, "x")) == [Answer(1, None)]


def test_a_change_is_on_the_disk_before_anybody_hears_of_it() -> None:
    """And a restart finds it."""
    effects = Node(PRIMARY).server.message(ENACTOR, Enact(Plan("x", 2, "new"))) or ()
    persist = effects[0]
    assert isinstance(persist, Persist)
    assert Node(PRIMARY, journal=persist.data).gets(Query(1, "x")) == [Answer(1, "new")]


def test_a_secondary_asks_when_it_is_told_of_a_change_and_takes_a_higher_serial_over() -> None:
    """RFC 1996, RFC 1034 section 4.3.5. Answers may overtake each other."""
    node = Node(SECONDARY)
    (first,) = node.started
    (second,) = node.gets(Notify())
    assert isinstance(second, Transfer)
    node.gets(Zone(second.id, 2, (("x", Record(2, "new")),)))
    node.gets(Zone(first.id, 1, (("x", Record(1, "old")),)))
    assert node.gets(Query(1, "x")) == [Answer(1, "new")]


def test_a_primary_sends_the_zone_only_to_who_is_behind() -> None:
    """By the serial."""
    node = Node(PRIMARY)
    node.gets(Enact(Plan("x", 2, "new")))
    assert node.gets(Transfer(1, 0)) == [Zone(1, 1, (("x", Record(2, "new")),))]
    assert node.gets(Transfer(2, 1)) == [Zone(2, 1, None)]


def test_a_zone_expires_at_a_secondary_that_does_not_hear_from_the_primary() -> None:
    """Counted from when it asked, not from when it was answered."""
    node = Node(SECONDARY)
    assert node.gets(Query(1, "x")) == [Refused(1)]
    node.now += 0.3
    node.gets(Zone(node.started[0].id, 1, (("x", Record(1, "a")),)))
    assert node.gets(Query(2, "x")) == [Answer(2, "a")]
    node.now += 0.3
    assert node.gets(Query(3, "x")) == [Refused(3)]


def resolving() -> Node:
    """Return a resolver that has been referred, and has asked the primary for x."""
    node = Node(RESOLVER)
    assert node.gets(read()) == [Query(1, "x")]
    assert node.gets(Referral(1, (PRIMARY, SECONDARY))) == [Query(1, "x")]
    return node


def test_a_resolver_asks_the_root_then_an_authority_and_remembers() -> None:
    """The next question is answered at once, until the time to live is over."""
    node = resolving()
    assert node.gets(Answer(1, "a")) == [Response(1, "a")]
    node.now += 0.9
    assert node.gets(read(2)) == [Response(2, "a")]
    node.now += 0.2
    assert node.gets(read(3)) == [Query(2, "x")]


def test_a_record_is_as_old_as_the_question() -> None:
    """However long the answer was on its way counts."""
    node = resolving()
    node.now += 0.9
    node.gets(Answer(1, "a"))
    node.now += 0.2
    assert node.gets(read(2)) == [Query(2, "x")]


def test_a_silent_or_refusing_authority_is_passed_over() -> None:
    """And when none is left the client is told."""
    node = resolving()
    assert node.fires("wait 1") == [Query(1, "x")]
    assert node.gets(Refused(1)) == [Response(1, error="no server answers")]


@pytest.mark.parametrize(("age", "is_served"), [(1.9, True), (2.1, False)])
def test_without_an_authority_what_has_expired_is_given_out_for_a_while(age: float, is_served: bool) -> None:
    """RFC 8767, with its limit."""
    node = resolving()
    node.gets(Answer(1, "a"))
    node.now += age
    node.gets(read(2))
    node.fires("wait 2")
    answer = node.fires("wait 2")
    assert answer == [Response(2, "a") if is_served else Response(2, error="no server answers")]


def test_a_resolver_does_without_a_silent_root_if_it_was_referred_before() -> None:
    """Who has authority hardly ever changes."""
    node = resolving()
    node.gets(Answer(1, "a"))
    node.now += 10.0
    effects = node.server.message("c1", read(2)) or ()
    assert [one.to for one in effects if isinstance(one, Send)] == [ROOT]
    effects = node.server.timer("wait 2") or ()
    assert [one.to for one in effects if isinstance(one, Send)] == [PRIMARY]


def test_an_older_answer_does_not_replace_a_newer_one() -> None:
    """By when the questions were asked."""
    node = resolving()
    node.now += 0.1
    node.gets(read(2), "c2")
    node.gets(Answer(2, "new"))
    node.gets(Answer(1, "old"))
    assert node.gets(read(3)) == [Response(3, "new")]


def test_a_client_is_answered_when_its_plan_or_a_newer_one_was_carried_out() -> None:
    """A plan that was overtaken was carried out just before."""
    node = Node(PLANNER)
    assert node.gets(write(1), "c1") == [Plan("x", 1, 1)]
    assert node.gets(write(2), "c2") == [Plan("x", 2, 2)]
    answered = [one for one in node.server.message(ENACTOR, Enacted("x", 2)) or () if isinstance(one, Send)]
    assert [one.to for one in answered] == ["c1", "c2"]


def test_a_planner_reminds_of_what_was_not_carried_out_also_after_a_restart() -> None:
    """Of the newest plan for each name; a plan is on the disk before an enactor has it."""
    node = Node(PLANNER)
    persist = (node.server.message("c1", write(1)) or ())[0]
    assert isinstance(persist, Persist)
    assert node.fires("tick") == [Plan("x", 1, 1)]
    again = Node(PLANNER, plans=persist.data)
    assert again.started == [Plan("x", 1, 1)]
    again.gets(Enacted("x", 1))
    assert again.fires("tick") == []
    assert again.gets(write(2, 2), "c1") == [Plan("x", 2, 2)]


def test_an_enactor_looks_then_enacts_then_cleans_up() -> None:
    """The planner is told before older plans are deleted."""
    node = Node(ENACTOR)
    assert node.gets(Plan("x", 4, "a")) == [Inspect("x")]
    assert node.gets(Current("x", 3)) == [Enact(Plan("x", 4, "a"))]
    assert node.gets(Enacted("x", 4)) == [Enacted("x", 4), Cleanup("x", 4)]


def test_an_enactor_does_not_begin_with_a_plan_that_is_overtaken() -> None:
    """It tells the planner, which may not know."""
    node = Node(ENACTOR)
    node.gets(Plan("x", 4, "a"))
    assert node.gets(Current("x", 5)) == [Enacted("x", 5)]


def test_an_enactor_does_one_thing_at_a_time_for_a_name() -> None:
    """Until it has waited long enough for an answer."""
    node = Node(ENACTOR)
    node.gets(Plan("x", 4, "a"))
    assert node.gets(Plan("x", 5, "b")) == []
    node.now += 0.4
    assert node.gets(Plan("x", 5, "b")) == [Inspect("x")]


def test_a_client_reads_from_a_resolver_and_writes_to_the_planner() -> None:
    """And comes back to its resolver."""
    client = Client(
        Context(
            name="c1",
            nodes=NODES,
            settings=SETTINGS,
            files={},
            wall_time=lambda: 0.0,
            monotonic_time=lambda: 0.0,
            home=ROOT,
        )
    )
    asked = [client.invoke(Invocation(f=f, key="x", value=1)) or () for f in ("read", "write", "read")]
    assert [one.to for effects in asked for one in effects if isinstance(one, Send)] == [RESOLVER, PLANNER, RESOLVER]


def test_the_bound_is_the_sum_of_the_ages_on_clocks_that_may_be_slow() -> None:
    """Time to live, stale time, expiry, and two percent."""
    assert bound_ns(SETTINGS) == (10**9 + 10**9 + 5 * 10**8) * 102 // 100


def test_too_few_nodes_are_refused() -> None:
    """With how many it takes."""
    with pytest.raises(UsageError, match="are 8 nodes, and there are 6"):
        Layout.of(NODES, Settings(enactors=3))


@pytest.mark.parametrize("key", ["ttl", "expire", "enactors"])
def test_settings_that_make_no_sense_are_refused(key: str) -> None:
    """With the name of the setting."""
    name = key if key == "enactors" else f"{key}_ns"
    with pytest.raises(UsageError) as refused:
        Settings(**{name: 0})
    assert refused.value.key == key
