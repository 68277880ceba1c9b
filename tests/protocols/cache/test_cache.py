"""A cache before a database, rule by rule (Nishtala et al., NSDI 2013, sections 3.2.1 and 4.3)."""

from __future__ import annotations

import random
from typing import Any

import pytest

from chaoslab.errors import UsageError
from chaoslab.statemachine import Context, Effects, Invocation, Persist, Probe, Request, Response, Send, SetTimer
from chaoslab_protocols.cache.messages import (
    Delete,
    Fill,
    Found,
    Get,
    Missed,
    Pull,
    Read,
    ReadReply,
    Refused,
    Updates,
    Version,
    Write,
    WriteReply,
)
from chaoslab_protocols.cache.server import Server
from chaoslab_protocols.cache.settings import Layout, Settings, bound_ns

NODES = ("n1", "n2", "n3", "n4")
SETTINGS = Settings(caches=1, ttl_ns=10**9, stale_ns=10**9, lag_ns=2 * 10**8, queue=2)


class Dice:
    """Draws for a machine that is driven by hand."""

    def below(self, bound: int) -> int:
        return 0

    def between(self, low: float, high: float) -> float:
        return high

    def pick(self, options: Any) -> Any:
        return random.Random(1).choice(options)


class Node:
    """One node of four (n1 the primary, n2 its replica, n3 the cache, n4 a frontend), with a clock set by hand."""

    def __init__(self, name: str, **files: bytes) -> None:
        self.now = 100.0
        self.wall = 0.0
        self.server = Server(
            Context(
                name=name,
                nodes=NODES,
                settings=SETTINGS,
                files=files,
                wall_time=lambda: self.wall,
                monotonic_time=lambda: self.now,
                home=name,
                random=Dice(),  # type: ignore[arg-type]
            )
        )
        self.server.start()

    def gets(self, message: Any, sender: str = "n4") -> list[Any]:
        """Return the messages that the node sends when it gets *message*, and timers and probes as they are."""
        return sent(self.server.message(sender, message))

    def fires(self, timer: str) -> list[Any]:
        return sent(self.server.timer(timer))


def sent(effects: Effects) -> list[Any]:
    return [one.message for one in effects or () if isinstance(one, Send)]


def leased(node: Node) -> int:
    """Return the token of a lease of x."""
    (missed,) = node.gets(Get(1, "x"))
    assert isinstance(missed, Missed)
    assert missed.token is not None
    return missed.token


def test_a_miss_gives_a_lease_to_one_and_lets_the_others_wait() -> None:
    """Section 3.2.1: at most one of them goes to the database; after a while the next one may."""
    node = Node("n3")
    token = leased(node)
    assert node.gets(Get(2, "x")) == [Missed(2, None)]
    node.now += 0.3
    assert node.gets(Get(3, "x")) == [Missed(3, token + 1)]


def test_a_fill_with_the_lease_is_given_out_from_then_on() -> None:
    """Also if the value is that there is none."""
    node = Node("n3")
    node.gets(Fill("x", leased(node), None))
    assert node.gets(Get(2, "x")) == [Found(2, None)]


def test_a_delete_takes_the_lease_away() -> None:
    """Section 3.2.1, stale sets: what was read before the delete does not come after it."""
    node = Node("n3")
    token = leased(node)
    node.gets(Delete("x"))
    assert node.server.message("n4", Fill("x", token, 1)) == [Probe("stale fill")]
    assert isinstance(node.gets(Get(2, "x"))[0], Missed)


def test_an_entry_is_as_old_as_its_lease() -> None:
    """However long the fill was on its way counts."""
    node = Node("n3")
    token = leased(node)
    node.now += 0.9
    node.gets(Fill("x", token, 1))
    assert node.gets(Get(2, "x")) == [Found(2, 1)]
    node.now += 0.2
    assert isinstance(node.gets(Get(3, "x"))[0], Missed)


def test_the_wall_clock_does_not_keep_an_entry_alive() -> None:
    """Somebody may set it back."""
    node = Node("n3")
    node.gets(Fill("x", leased(node), 1))
    node.now, node.wall = node.now + 1.1, -1000.0
    assert isinstance(node.gets(Get(2, "x"))[0], Missed)


@pytest.mark.parametrize(("age", "is_found"), [(1.5, True), (2.1, False)])
def test_what_has_expired_is_given_out_on_demand_for_a_while(age: float, is_found: bool) -> None:
    """RFC 8767: with a limit."""
    node = Node("n3")
    node.gets(Fill("x", leased(node), 1))
    node.now += age
    assert node.gets(Get(2, "x", stale=True)) == [Found(2, 1) if is_found else Missed(2, None)]


def test_what_was_deleted_is_not_given_out_as_stale() -> None:
    """It is known to have been replaced."""
    node = Node("n3")
    node.gets(Fill("x", leased(node), 1))
    node.gets(Delete("x"))
    assert node.gets(Get(2, "x", stale=True)) == [Missed(2, None)]


def test_a_key_that_was_written_a_moment_ago_is_marked() -> None:
    """Section 4.3, remote markers: for as long as a replica may lack it and answer."""
    node = Node("n3")
    node.gets(Delete("x"))
    assert node.gets(Get(1, "x"))[0].marked
    node.now += 0.3
    assert not node.gets(Get(2, "x"))[0].marked


def asked(node: Node, f: str, value: Any = None, number: int = 1) -> list[Any]:
    return node.gets(Request(number, Invocation(f=f, key="x", value=value)), "c1")


def test_a_read_looks_aside_and_fills_the_cache() -> None:
    """Cache, replica, fill, answer."""
    node = Node("n4")
    assert asked(node, "read") == [Get(1, "x")]
    assert node.gets(Missed(1, 7), "n3") == [Read(1, "x")]
    assert node.gets(ReadReply(1, 5), "n2") == [Fill("x", 7, 5), Response(1, 5)]


def test_a_marked_key_is_read_from_the_primary() -> None:
    """Section 4.3."""
    node = Node("n4")
    asked(node, "read")
    effects = node.server.message("n3", Missed(1, 7, marked=True))
    assert Send("n1", Read(1, "x")) in (effects or ())


def test_without_answers_a_read_asks_replica_primary_and_for_what_is_stale() -> None:
    """Each once; then it says that nobody answers. Without the lease nothing is filled."""
    node = Node("n4")
    asked(node, "read")
    assert [node.fires("wait 1") for _ in range(4)] == [
        [Read(1, "x")],
        [Read(1, "x")],
        [Get(1, "x", stale=True)],
        [Response(1, error="nobody answers")],
    ]


def test_a_lease_that_came_after_a_database_was_asked_does_not_count() -> None:
    """What that database answers may be older than the lease."""
    node = Node("n4")
    asked(node, "read")
    node.fires("wait 1")
    assert node.gets(Missed(1, 7), "n3") == []
    assert node.gets(ReadReply(1, 5), "n2") == [Response(1, 5)]


def test_a_write_goes_to_the_primary_and_then_deletes() -> None:
    """And the client is answered without waiting for the delete."""
    node = Node("n4")
    assert asked(node, "write", 5) == [Write(1, "x", 5, "c1", 1)]
    assert node.gets(WriteReply(1), "n1") == [Delete("x"), Response(1)]


def test_a_write_is_on_the_disk_before_it_is_answered_and_a_restart_finds_it() -> None:
    """And a late copy of an earlier one changes nothing."""
    node = Node("n1")
    node.gets(Write(1, "x", 5, "c1", 3))
    persist, _, answer = node.server.timer("serve") or ()
    assert isinstance(persist, Persist)
    assert answer == Send("n4", WriteReply(1))
    again = Node("n1", journal=persist.data)
    again.gets(Write(2, "x", 4, "c1", 2))
    assert again.fires("serve") == []
    again.gets(Read(3, "x"))
    assert again.fires("serve") == [ReadReply(3, 5)]


def test_a_database_works_on_one_request_at_a_time_and_refuses_what_does_not_fit() -> None:
    """A write is not refused but dropped: an earlier copy of it may be carried out."""
    node = Node("n1")
    assert node.server.message("n4", Read(1, "x")) == [SetTimer("serve", 0.003)]
    assert node.gets(Read(2, "x")) == []
    assert node.gets(Read(3, "x")) == [Refused(3)]
    assert node.gets(Write(4, "x", 1, "c1", 1)) == []
    assert [node.fires("serve"), node.fires("serve")] == [[ReadReply(1, None)], [ReadReply(2, None)]]


def test_a_replica_that_is_too_far_behind_refuses() -> None:
    """It is as new as the primary was when the pull was sent, not when it was answered."""
    node = Node("n2")
    (pull,) = node.fires("pull")
    assert isinstance(pull, Pull)
    node.now += 0.15
    node.gets(Updates(pull.id, 4, (("x", Version(4, 9)),)), "n1")
    node.gets(Read(1, "x"))
    assert node.fires("serve") == [ReadReply(1, 9)]
    node.now += 0.1
    node.gets(Read(2, "x"))
    assert node.fires("serve") == [Refused(2)]


def test_an_older_answer_does_not_take_a_replica_back() -> None:
    """Answers may overtake each other."""
    node = Node("n2")
    (first,), (second,) = node.fires("pull"), node.fires("pull")
    node.gets(Updates(second.id, 5, (("x", Version(5, "new")),)), "n1")
    node.gets(Updates(first.id, 4, (("x", Version(4, "old")),)), "n1")
    node.gets(Read(1, "x"))
    assert node.fires("serve") == [ReadReply(1, "new")]


def test_the_bound_is_the_sum_of_the_ages_on_clocks_that_may_be_slow() -> None:
    """Time to live, stale time, lag, and two percent."""
    assert bound_ns(SETTINGS) == (10**9 + 10**9 + 2 * 10**8) * 102 // 100


def test_too_few_nodes_are_refused() -> None:
    """With how many it takes."""
    with pytest.raises(UsageError, match="are 5 nodes, and there are 4"):
        Layout.of(NODES, Settings(caches=2))


@pytest.mark.parametrize("key", ["ttl", "lag", "service", "queue", "caches"])
def test_settings_that_make_no_sense_are_refused(key: str) -> None:
    """With the name of the setting."""
    name = key if key in ("queue", "caches") else f"{key}_ns"
    with pytest.raises(UsageError) as refused:
        Settings(**{name: 0})
    assert refused.value.key == key
