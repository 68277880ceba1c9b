"""ABD, sentence by sentence (Attiya, Bar-Noy & Dolev 1995, section 3; Lynch & Shvartsman 1997, section 4)."""

from __future__ import annotations

from typing import Any

import pytest

from chaoslab.statemachine import Complete, Context, Effects, Invocation, Persist, Probe, Send
from chaoslab_protocols.abd.client import Client
from chaoslab_protocols.abd.messages import INITIAL, Query, QueryReply, Store, StoreReply
from chaoslab_protocols.abd.replica import Replica
from tests.protocols.by_hand import of


def context(name: str, **files: bytes) -> Context:
    return Context(
        name=name,
        nodes=("n1", "n2", "n3"),
        settings=None,
        files=files,
        wall_time=lambda: 0.0,
        monotonic_time=lambda: 0.0,
        home="n1",
    )


def test_a_replica_answers_a_query_with_its_highest_tag() -> None:
    """Before any write that is the initial tag."""
    replica = Replica(context("n1"))
    assert replica.message("c1", Query(1, "x")) == [Send("c1", QueryReply(1, INITIAL, None))]
    replica.message("c1", Store(2, "x", (3, "c1"), "new"))
    assert replica.message("c2", Query(7, "x")) == [Send("c2", QueryReply(7, (3, "c1"), "new"))]


def test_a_replica_keeps_the_higher_tag_and_acknowledges_either() -> None:
    """An older value never replaces a newer one; the writer's name decides between equal counters."""
    replica = Replica(context("n1"))
    replica.message("c1", Store(1, "x", (3, "c1"), "new"))
    assert replica.message("c2", Store(1, "x", (2, "c9"), "old")) == [Probe("outdated"), Send("c2", StoreReply(1))]
    replica.message("c2", Store(1, "x", (3, "c2"), "newer"))
    assert replica.copies["x"] == ((3, "c2"), "newer")


def test_a_replica_has_the_value_on_its_disk_before_it_acknowledges() -> None:
    """The write to the disk stands before the answer, and what it kept is what it starts with."""
    replica = Replica(context("n1"))
    persist, probe, send = replica.message("c1", Store(1, "x", (3, "c1"), 9)) or ()
    assert isinstance(persist, Persist)
    assert probe == Probe("stored")
    assert isinstance(send, Send)
    again = Replica(context("n1", f=persist.data))
    assert again.copies == {"x": ((3, "c1"), 9)}


class Talk:
    """A client, and the replicas' answers given by hand."""

    def __init__(self, f: str, value: Any = None) -> None:
        self.client = Client(context("c1"))
        self.client.start()
        self.sent = of(Send, self.client.invoke(Invocation(f=f, key="x", value=value)))

    def answer(self, node: str, message: Any) -> Effects:
        effects = self.client.message(node, message)
        self.sent = of(Send, effects) or self.sent
        return effects

    @property
    def asked(self) -> Any:
        return self.sent[0].message


def test_a_write_asks_a_majority_for_tags_and_stores_a_higher_one() -> None:
    """Phase one waits for two of three; phase two stores the counter after the highest, with the writer's name."""
    talk = Talk("write", "mine")
    assert isinstance(talk.asked, Query)
    assert {send.to for send in talk.sent} == {"n1", "n2", "n3"}
    phase = talk.asked.phase
    assert not of(Send, talk.answer("n1", QueryReply(phase, (4, "c2"), "theirs")))
    talk.answer("n2", QueryReply(phase, INITIAL, None))
    assert talk.asked == Store(talk.asked.phase, "x", (5, "c1"), "mine")
    assert not of(Complete, talk.answer("n1", StoreReply(talk.asked.phase)))
    assert of(Complete, talk.answer("n3", StoreReply(talk.asked.phase))) == [Complete("ok", None)]


def test_a_read_writes_back_what_it_will_return() -> None:
    """Otherwise a later read could see an older value: the highest tag is stored at a majority first."""
    talk = Talk("read")
    phase = talk.asked.phase
    talk.answer("n1", QueryReply(phase, (4, "c2"), "new"))
    talk.answer("n2", QueryReply(phase, (3, "c3"), "old"))
    assert talk.asked == Store(talk.asked.phase, "x", (4, "c2"), "new")
    talk.answer("n1", StoreReply(talk.asked.phase))
    assert of(Complete, talk.answer("n2", StoreReply(talk.asked.phase))) == [Complete("ok", "new")]


def test_one_replica_that_answers_twice_is_no_majority() -> None:
    """Duplicated messages count once."""
    talk = Talk("read")
    phase = talk.asked.phase
    talk.answer("n1", QueryReply(phase, INITIAL, None))
    assert not of(Send, talk.answer("n1", QueryReply(phase, INITIAL, None)))


def test_answers_of_an_earlier_phase_are_not_counted() -> None:
    """A late answer to the query says nothing about the store."""
    talk = Talk("write", 1)
    phase = talk.asked.phase
    talk.answer("n1", QueryReply(phase, INITIAL, None))
    talk.answer("n2", QueryReply(phase, INITIAL, None))
    store = talk.asked.phase
    assert store != phase
    assert not of(Complete, talk.answer("n3", StoreReply(phase)))
    assert not of(Complete, talk.answer("n3", StoreReply(store)))
    assert of(Complete, talk.answer("n1", StoreReply(store)))


@pytest.mark.parametrize(("f", "ending"), [("read", "fail"), ("write", "info")])
def test_without_a_majority_a_read_fails_and_a_write_is_unknown(f: str, ending: str) -> None:
    """The read taught nothing; the write may be on some replica and surface later."""
    talk = Talk(f, 1)
    assert [one.type for one in of(Complete, talk.client.timer("timeout"))] == [ending]
