"""Chain replication, sentence by sentence (van Renesse & Schneider 2004, sections 2 and 3), by hand."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Context, Effects, Invocation, Persist
from chaoslab_protocols.chain_replication.craq import CraqServer
from chaoslab_protocols.chain_replication.master import Master
from chaoslab_protocols.chain_replication.messages import (
    Acknowledge,
    Answer,
    Configuration,
    Fetch,
    Forward,
    Ping,
    State,
    VersionQuery,
    VersionReply,
)
from chaoslab_protocols.chain_replication.mutants import TakesSentForReceived
from chaoslab_protocols.chain_replication.server import Server
from chaoslab_protocols.seeking_client import NOT_HERE, OK, ClientReply, ClientRequest
from chaoslab_protocols.session_store import Update
from tests.protocols.by_hand import Clock, sent, written

CHAIN = ("n1", "n2", "n3")


def context(name: str, clock: Clock | None = None, **files: bytes) -> Context:
    clock = clock or Clock()
    return Context(
        name=name,
        nodes=(*CHAIN, "n4"),
        settings=None,
        files=files,
        wall_time=lambda: 0.0,
        monotonic_time=lambda: clock.now,
        home=name,
    )


def write(sequence: int, value: Any) -> ClientRequest:
    return ClientRequest(sequence, Invocation(f="write", key="x", value=value))


def read(sequence: int) -> ClientRequest:
    return ClientRequest(sequence, Invocation(f="read", key="x"))


def update(position: int, value: Any, client: str = "c1") -> Update:
    return Update(position, client, position, Invocation(f="write", key="x", value=value))


def lease(server: Server, configuration: Configuration | None = None) -> Effects:
    """The master answers a ping that was sent now."""
    return server.message("n4", Answer(server.now(), configuration or server.configuration))


def test_updates_enter_at_the_head_and_are_durable_before_they_are_passed_on() -> None:
    """The write to the disk stands before the message to the successor, and the client hears nothing yet."""
    head = Server(context("n1"))
    effects = head.message("c1", write(1, "a"))
    assert effects is not None
    assert isinstance(effects[0], Persist)
    assert sent(effects) == [("n2", Forward(1, (Update(1, "c1", 1, write(1, "a").invocation),)))]


def test_a_server_that_is_not_the_head_takes_no_updates() -> None:
    """It says which chain it knows."""
    assert sent(Server(context("n2")).message("c1", write(1, "a"))) == [
        ("c1", ClientReply(1, NOT_HERE, None, 1, CHAIN))
    ]


def test_the_tail_answers_updates_and_acknowledges_them() -> None:
    """The answer goes to the client, the acknowledgement to the predecessor."""
    tail = Server(context("n3"))
    assert sent(tail.message("n2", Forward(1, (update(1, "a"),)))) == [
        ("c1", ClientReply(1, OK, None)),
        ("n2", Acknowledge(1, 1)),
    ]


def test_a_server_keeps_in_sent_what_the_tail_has_not_acknowledged() -> None:
    """An acknowledgement takes it out, and goes on towards the head."""
    middle = Server(context("n2"))
    middle.message("n1", Forward(1, (update(1, "a"), update(2, "b"))))
    assert [one.position for one in middle.sent] == [1, 2]
    assert sent(middle.message("n3", Acknowledge(1, 1))) == [("n1", Acknowledge(1, 1))]
    assert [one.position for one in middle.sent] == [2]


def test_a_history_has_no_gaps() -> None:
    """An update whose predecessor has not arrived is not taken: the update propagation invariant."""
    tail = Server(context("n3"))
    tail.message("n2", Forward(1, (update(2, "b"),)))
    assert tail.store.position == 0


def test_messages_of_another_configuration_are_refused() -> None:
    """So nothing gets through a server that was removed."""
    tail = Server(context("n3"))
    assert tail.message("n2", Forward(2, (update(1, "a"),))) is None
    assert tail.store.position == 0


def test_only_the_tail_answers_queries_and_only_under_a_lease() -> None:
    """The lease counts from the sending of the ping, and ends before the master gives the server up."""
    clock = Clock()
    tail, middle = Server(context("n3", clock)), Server(context("n2", clock))
    assert sent(tail.message("c1", read(1)))[0][1].status == NOT_HERE
    lease(tail)
    lease(middle)
    assert sent(tail.message("c1", read(1))) == [("c1", ClientReply(1, OK, None))]
    assert sent(middle.message("c1", read(1)))[0][1].status == NOT_HERE
    clock.now = Server.LEASE_S
    assert sent(tail.message("c1", read(2)))[0][1].status == NOT_HERE
    assert Server.LEASE_S * 1.2 < Master.DEAD_S * 0.85


def test_a_ping_from_before_a_crash_gives_no_lease() -> None:
    """Its answer may come when the master has long given the server up."""
    clock = Clock()
    clock.now = 5.0
    tail = Server(context("n3", clock))
    tail.message("n4", Answer(4.9, tail.configuration))
    assert not tail.has_lease()


def test_a_new_successor_is_sent_what_is_in_sent() -> None:
    """Section 3.2: the failure of a middle server loses nothing that was on its way; the mutant C1 loses it."""
    for kind, expected in ((Server, [("n3", Forward(2, (update(1, "a"),)))]), (TakesSentForReceived, [])):
        head = kind(context("n1"))
        head.message("c1", write(1, "a"))
        assert sent(head.message("n4", Answer(None, Configuration(2, ("n1", "n3"))))) == expected


def test_what_a_new_tail_has_is_committed() -> None:
    """Section 3.1: when the tail fails, its predecessor's history is what counts."""
    middle = Server(context("n2"))
    middle.message("n1", Forward(1, (update(1, "a"),)))
    assert sent(middle.message("n4", Answer(None, Configuration(2, ("n1", "n2"))))) == [("n1", Acknowledge(2, 1))]
    assert not middle.sent


def test_a_server_that_joins_answers_nothing_before_it_has_the_state() -> None:
    """Section 3.3: it asks its predecessor, which is no longer the tail, and replaces whatever it had."""
    joined = Configuration(3, ("n1", "n2", "n3"), "n3")
    new, old_tail = Server(context("n3")), Server(context("n2"))
    old_tail.message("n1", Forward(1, (update(1, "a"),)))
    old_tail.message("n4", Answer(None, joined))
    assert ("n2", Fetch(3)) in sent(lease(new, joined))
    assert sent(new.message("c1", read(1)))[0][1].status == NOT_HERE
    ((_, state),) = sent(old_tail.message("n3", Fetch(3)))
    assert isinstance(state, State)
    assert ("n2", Acknowledge(3, 1)) in sent(new.message("n2", state))
    assert sent(new.message("c1", read(1))) == [("c1", ClientReply(1, OK, "a"))]


def test_a_server_that_restarts_has_what_it_had() -> None:
    """Configuration, updates and the state that it was given."""
    server = Server(context("n3"))
    joined = Configuration(3, ("n1", "n2", "n3"), "n3")
    giver = Server(context("n2"))
    giver.message("n1", Forward(1, (update(1, "a"),)))
    journal = written(server.message("n4", Answer(None, joined)))
    journal = written(server.message("n2", State(3, giver.store.snapshot())), journal)
    journal = written(server.message("n2", Forward(3, (update(2, "b"),))), journal)
    again = Server(context("n3", journal=journal))
    assert (again.configuration, again.in_sync) == (joined, True)
    assert (again.store.position, again.store.values) == (2, {"x": "b"})
    assert again.store.sessions == server.store.sessions


def test_a_record_that_a_crash_cut_short_is_dropped_and_what_follows_is_not_lost() -> None:
    """The file is put in order before anything is appended to it."""
    server = Server(context("n1"))
    journal = written(server.message("c1", write(1, "a")))
    cut_short = journal + written(server.message("c1", write(2, "b")))[:-3]
    again = Server(context("n1", journal=cut_short))
    assert again.store.values == {"x": "a"}
    journal = written(again.start(), cut_short)
    journal = written(again.message("c1", write(2, "c")), journal)
    assert Server(context("n1", journal=journal)).store.values == {"x": "c"}


def test_a_request_that_is_repeated_takes_effect_once() -> None:
    """The head answers it itself once the tail has it."""
    head = Server(context("n1"))
    head.message("c1", write(1, "a"))
    assert sent(head.message("c1", write(1, "a"))) == []
    head.message("n2", Acknowledge(1, 1))
    assert sent(head.message("c1", write(1, "a"))) == [("c1", ClientReply(1, OK, None))]
    assert head.store.position == 1


# The master


def ticked(master: Master, clock: Clock, to: float, *living: str, in_sync: bool = True) -> Configuration:
    """Let time pass until *to*, when the *living* ping, and return the configuration."""
    clock.now = to
    for server in living:
        master.message(server, Ping(to, master.configuration.number, in_sync))
    master.timer("check")
    return master.configuration


def test_the_master_removes_who_is_not_heard_of_and_adds_it_again_at_the_end() -> None:
    """One at a time, and the disk first."""
    clock = Clock()
    master = Master(context("n4", clock))
    master.start()
    assert ticked(master, clock, 0.9, "n2", "n3") == Configuration(2, ("n2", "n3"))
    assert ticked(master, clock, 1.0, "n1", "n2", "n3") == Configuration(3, ("n2", "n3", "n1"), "n1")
    effects = master.configure(("n2",), None)
    assert Master(context("n4", configurations=written(effects))).configuration == Configuration(4, ("n2",))


def test_the_chain_is_never_left_to_a_server_without_the_state() -> None:
    """Neither the last one that has everything is removed, nor one that joins counted."""
    clock = Clock()
    master = Master(context("n4", clock))
    master.start()
    ticked(master, clock, 0.9, "n1")
    joining = ticked(master, clock, 1.0, "n1", "n2", in_sync=False)
    assert joining.joining == "n2"
    assert ticked(master, clock, 2.0, "n2", in_sync=False) == joining
    assert ticked(master, clock, 2.1, "n2").chain == ("n2",)


# CRAQ (Terrace & Freedman 2009, section 2.3)


def test_a_clean_value_is_read_anywhere_and_a_dirty_one_by_the_version_that_the_tail_has() -> None:
    """The middle asks the tail what is committed, and returns that version, not its latest."""
    clock = Clock()
    middle, tail = CraqServer(context("n2", clock)), CraqServer(context("n3", clock))
    lease(middle)
    lease(tail)
    middle.message("n1", Forward(1, (update(1, "a"),)))
    middle.message("n3", Acknowledge(1, 1))
    tail.message("n2", Forward(1, (update(1, "a"),)))
    assert sent(middle.message("c2", read(7))) == [("c2", ClientReply(7, OK, "a"))]
    middle.message("n1", Forward(1, (update(2, "b"),)))
    assert sent(middle.message("c2", read(8))) == [("n3", VersionQuery(1, "c2", 8, "x"))]
    ((_, version),) = sent(tail.message("n2", VersionQuery(1, "c2", 8, "x")))
    assert version == VersionReply(1, "c2", 8, "x", 1)
    assert sent(middle.message("n3", version)) == [("c2", ClientReply(8, OK, "a"))]
    tail.message("n2", Forward(1, (update(2, "b"),)))
    ((_, version),) = sent(tail.message("n2", VersionQuery(1, "c2", 8, "x")))
    assert sent(middle.message("n3", version)) == [("c2", ClientReply(8, OK, "b"))]
