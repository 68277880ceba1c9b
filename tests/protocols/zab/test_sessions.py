"""Sessions and ephemeral nodes (Hunt et al. 2010, sections 2.2 and 2.4)."""

from __future__ import annotations

from typing import Any

import pytest

from chaoslab.statemachine import Complete, Context, Effect, Effects, Invocation, Send, SetTimer
from chaoslab_protocols.zab.lock_client import LockClient
from chaoslab_protocols.zab.messages import OK, ZERO, ClientReply, ClientRequest, Command, Zxid
from chaoslab_protocols.zab.sessions import EXPIRED, SessionLeader, SessionReplica, SessionStateMachine, Touch
from chaoslab_protocols.zab.settings import SessionSettings
from tests.protocols.shipped_runs import complaints
from tests.protocols.zab.servers import of


class State:
    """A state machine, and commands that are numbered as they come."""

    def __init__(self) -> None:
        self.machine = SessionStateMachine()
        self.number = 0

    def does(self, f: str, value: Any, key: str = "x") -> Any:
        self.number += 1
        command = Command("c1", self.number, Invocation(f=f, key=key, value=value))
        self.machine.apply(command)
        return self.machine.answer(command)


def test_a_node_is_made_by_one_session_and_is_gone_when_that_is_closed() -> None:
    """Section 2.2: ephemeral nodes are removed when the session that made them ends."""
    state = State()
    state.does("open", "s1")
    state.does("open", "s2")
    assert state.does("create", "s1")
    assert not state.does("create", "s2")
    assert not state.does("delete", "s2")
    state.does("close", "s1")
    assert state.does("create", "s2")


def test_a_closed_session_makes_no_node_and_writes_nothing() -> None:
    """Also if it asked before it was closed: what counts is the place in the order."""
    state = State()
    state.does("open", "s1")
    assert state.does("write", ("s1", 1))
    state.does("close", "s1")
    assert state.does("create", "s1") == EXPIRED
    assert state.does("write", ("s1", 2)) == EXPIRED
    assert state.machine.values == {"x": 1}
    assert state.machine.ephemerals == {}


def test_sessions_and_nodes_are_part_of_a_snapshot() -> None:
    """A server that gets the state by SNAP knows who is dead."""
    state = State()
    state.does("open", "s1")
    state.does("create", "s1")
    again = SessionStateMachine(state.machine.written())
    assert (again.sessions, again.ephemerals) == ({"s1": None}, {"x": "s1"})


def leading() -> SessionLeader:
    """A leader of one, established at time 0, with an open session."""
    replica = SessionReplica(b"", SessionSettings())
    leader = SessionLeader("n1", ("n1",), replica, 0.0)
    leader.start()
    leader.propose(Command("c1", 1, Invocation(f="open", value="s1")))
    assert "s1" in replica.state_machine.sessions
    leader.on_tick(0.0)
    return leader


def test_a_leader_closes_a_session_that_is_silent_for_too_long() -> None:
    """And does it by a transaction."""
    leader = leading()
    leader.on_tick(0.5)
    assert leader.replica.state_machine.sessions
    before = leader.replica.history.last_zxid
    leader.on_tick(0.7)
    assert not leader.replica.state_machine.sessions
    assert leader.replica.history.last_zxid > before


def test_a_session_that_is_used_stays_open() -> None:
    """Whoever hears of it tells the leader."""
    leader = leading()
    leader.on_tick(0.5)
    leader.touch("s1")
    leader.on_tick(0.9)
    assert leader.replica.state_machine.sessions


def test_a_new_leader_gives_every_session_its_full_time() -> None:
    """It does not know what the old one has heard."""
    old = leading()
    new = SessionLeader("n1", ("n1",), old.replica, 10.0)
    new.start()
    new.on_tick(10.0)
    new.on_tick(10.5)
    assert old.replica.state_machine.sessions


class Dice:
    """Never a chance, or always."""

    def __init__(self, stands_still: bool) -> None:
        self.stands_still = stands_still

    def chance(self, ratio: float) -> bool:
        return self.stands_still


class Client:
    """A client of which every question is answered by the test."""

    def __init__(self) -> None:
        self.dice = Dice(False)
        self.machine = LockClient(
            Context(
                name="c1",
                nodes=("n1",),
                settings=SessionSettings(),
                files={},
                wall_time=lambda: 0.0,
                monotonic_time=lambda: 0.0,
                home="n1",
                random=self.dice,  # type: ignore[arg-type]
            )
        )
        self.asked: list[str] = []
        self.did(self.machine.invoke(Invocation(f="increment", key="x")))

    def did(self, effects: Effects) -> list[Effect]:
        done = list(effects or ())
        requests = [send.message for send in of(Send, done) if isinstance(send.message, ClientRequest)]
        self.asked += [request.command.operation.f for request in requests]
        return done

    def told(self, *results: Any) -> list[Effect]:
        """Its questions are answered by *results*; return the effects of the last one."""
        done: list[Effect] = []
        for result in results:
            done = self.did(self.machine.message("n1", ClientReply(self.machine.number, OK, Zxid(2, 5), result)))
        return done


def test_an_increment_takes_the_lock_reads_writes_and_gives_the_lock_back() -> None:
    """Section 2.4, simple locks; the zxid is the fencing token."""
    client = Client()
    (complete,) = of(Complete, client.told(True, True, 4, True, True))
    assert client.asked == ["open", "create", "read", "write", "delete"]
    assert (complete.type, complete.value, complete.result) == ("ok", 5, (2 << 32) + 5)


@pytest.mark.parametrize("answers", [(True, EXPIRED), (True, True, 4, EXPIRED)])
def test_a_client_whose_session_has_expired_begins_with_another_one(answers: tuple[Any, ...]) -> None:
    """What was refused did not take place."""
    client = Client()
    client.told(*answers)
    assert client.asked[-1] == "open"


def test_who_stands_still_gives_no_sign_of_life() -> None:
    """And goes on with its next step as if no time had passed."""
    client = Client()
    client.told(True, True)
    client.dice.stands_still = True
    assert [timer.name for timer in of(SetTimer, client.told(4))] == ["stall"]
    assert of(Send, client.machine.timer("touch")) == []
    client.did(client.machine.timer("stall"))
    assert client.asked[-1] == "write"
    assert [send.message for send in of(Send, client.machine.timer("touch"))] == [Touch("c1 0")]


@pytest.mark.parametrize("name", ["zab/sessions", "zab/locks_swarm"])
def test_locks_by_ephemeral_nodes_lose_no_increment(name: str) -> None:
    """Whoever is thought dead, dead or not."""
    assert complaints(name, range(700, 704)) == []


@pytest.mark.campaign
@pytest.mark.parametrize("name", ["zab/sessions", "zab/locks_swarm"])
def test_locks_by_ephemeral_nodes_hold_for_many_seeds(name: str) -> None:
    """Within the budget."""
    assert complaints(name, range(200)) == []


def test_nothing_is_answered_from_before_what_a_client_has_seen() -> None:
    """A client of locks shows its zxid as others do."""
    client = Client()
    assert client.machine.zxid == ZERO
    client.told(True)
    assert client.machine.zxid == Zxid(2, 5)
