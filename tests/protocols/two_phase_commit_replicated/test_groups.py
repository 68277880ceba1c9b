"""Groups of replicas: messages as commands, nodes of two-phase commit as what a log replicates, members of a group."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaoslab.errors import UsageError
from chaoslab.statemachine import Context, Effects, Invocation, Persist, Send
from chaoslab_protocols.multi_paxos.messages import Command, Decision, P1b
from chaoslab_protocols.two_phase_commit.messages import (
    Abort,
    Acknowledge,
    Age,
    Begin,
    Commit,
    Inquire,
    Lock,
    Locked,
    Outcome,
    Prepare,
    Refuse,
    TransactionId,
    Vote,
)
from chaoslab_protocols.two_phase_commit_replicated.client import GroupClient
from chaoslab_protocols.two_phase_commit_replicated.groups import groups_of
from chaoslab_protocols.two_phase_commit_replicated.machine import GroupMachine
from chaoslab_protocols.two_phase_commit_replicated.server import Deliver, Member
from chaoslab_protocols.two_phase_commit_replicated.settings import Settings
from chaoslab_protocols.two_phase_commit_replicated.wire import TICK, message_read, message_written

NODES = ("n1", "n2", "n3", "n4", "n5", "n6")
ONE = TransactionId("c1", 1, 1, 1)
BEGIN = Begin(1, Invocation(f="txn", value=[["append", "x", 1]]))
LOCK = Lock(ONE, Age(1, 1, "g1"), (("x", True),))

MESSAGES = [
    BEGIN,
    LOCK,
    Locked(ONE, 1, (("x", (1, 2)), ("y", None), ("z", 7))),
    Prepare(ONE, 1, (("x", (1, 2, 3)),)),
    Vote(ONE, True),
    *(kind(ONE) for kind in (Abort, Acknowledge, Commit, Inquire, Refuse)),
]


class Node:
    """A member of a group, its disk and its clock."""

    def __init__(self, name: str = "n4") -> None:
        self.name = name
        self.files: dict[str, bytes] = {}
        self.now_s = 0.0
        self.restart()

    def restart(self) -> None:
        self.member = Member(context(self))
        self.did(self.member.start())

    def did(self, effects: Effects) -> list[Any]:
        for effect in effects or ():
            if isinstance(effect, Persist):
                before = self.files.get(effect.path, b"") if effect.append else b""
                self.files[effect.path] = before + effect.data
        return [effect for effect in effects or () if isinstance(effect, Send)]

    def gets(self, sender: str, message: Any) -> list[Any]:
        return self.did(self.member.message(sender, message))

    def fires(self, timer: str, after_s: float = 0.0) -> list[Any]:
        self.now_s += after_s
        return self.did(self.member.timer(timer))

    def leads(self) -> Node:
        """Let this member, n4, be the active leader of its group."""
        self.fires("silence")
        self.gets("n5", P1b(self.member.leader.ballot_num, (), self.member.leader.ballot_num))
        return self

    def decides(self, operation: Invocation) -> list[Any]:
        """Let the other members have decided *operation* for the next slot."""
        slot = self.member.log.slot_out
        return self.gets("n5", Decision(slot, Command("n5.1", slot, operation)))


def context(node: Node) -> Context:
    return Context(
        name=node.name,
        nodes=NODES,
        settings=None,
        files=node.files,
        wall_time=lambda: node.now_s,
        monotonic_time=lambda: node.now_s,
        home=node.name,
    )


def delivered(sends: list[Any]) -> list[Any]:
    return [send.message for send in sends if isinstance(send.message, Deliver)]


def test_what_is_left_over_joins_the_last_group() -> None:
    """And too few nodes are one group."""
    assert groups_of(NODES, 3) == {"g1": ("n1", "n2", "n3"), "g2": ("n4", "n5", "n6")}
    assert groups_of(NODES[:5], 2) == {"g1": ("n1", "n2"), "g2": ("n3", "n4", "n5")}
    assert groups_of(NODES[:2], 3) == {"g1": ("n1", "n2")}


@pytest.mark.parametrize("settings", [{"group": 0}, {"silence_ns": 1}])
def test_settings_that_cannot_work_are_refused(settings: dict[str, int]) -> None:
    """At once, in words."""
    with pytest.raises(UsageError, match=r"\.$"):
        Settings(**settings)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_is_the_same_after_it_has_been_in_a_journal(message: Any) -> None:
    """Else replicas that have replayed the log would differ from those that have not."""
    command = message_written("g1", message)
    assert message_read(command) == message
    replayed = Invocation(f=command.f, key=command.key, value=json.loads(json.dumps(command.value)))
    assert message_read(replayed) == message


def test_replicas_that_execute_the_same_commands_say_the_same() -> None:
    """Schneider 1990: agreement and order are all that it takes."""
    commands = [message_written("g1", LOCK), TICK, message_written("g1", Prepare(ONE, 1, (("x", (1,)),))), TICK, TICK]
    one, other = (GroupMachine("g2", ("g1", "g2"), Settings()) for _ in range(2))
    assert [one.apply(command) for command in commands] == [other.apply(command) for command in commands]
    assert one.is_waiting


def test_time_is_what_the_log_says() -> None:
    """A transaction that is not prepared is given up after so many ticks, on every replica at the same command."""
    machine = GroupMachine("g2", ("g1", "g2"), Settings())
    machine.apply(message_written("g1", LOCK))
    ticks = 0
    while not any(isinstance(effect, Send) for effect in machine.apply(TICK)):
        ticks += 1
    assert ticks + 1 == Settings().patience_ns // Settings().tick_ns
    assert not machine.is_waiting


def test_what_a_group_is_told_becomes_a_command() -> None:
    """Proposed to every leader of the group, and executed nowhere yet."""
    node = Node()
    sends = node.gets("n1", Deliver("g1", LOCK))
    assert {send.to for send in sends} == {"n5", "n6"}
    assert node.member.machine.node.participant is not None
    assert node.member.machine.node.participant.parts == {}


def test_all_members_execute_and_the_active_leader_alone_speaks() -> None:
    """What is said twice does no harm, and costs."""
    follower, leader = Node(), Node().leads()
    assert delivered(follower.decides(message_written("g1", LOCK))) == []
    assert delivered(leader.decides(message_written("g1", LOCK))) == [Deliver("g2", Locked(ONE, 1, (("x", None),)))]
    for node in (follower, leader):
        assert node.member.machine.node.participant is not None
        assert list(node.member.machine.node.participant.parts) == [ONE]


def test_a_group_that_is_silent_is_written_to_through_another_member() -> None:
    """And one that is heard of through who spoke for it."""
    node = Node().leads()
    node.gets("n3", Deliver("g1", LOCK))
    (send,) = [one for one in node.decides(message_written("g1", LOCK)) if isinstance(one.message, Deliver)]
    assert send.to == "n3"
    node.fires("tick", after_s=1.0)
    other = Lock(TransactionId("c2", 1, 1, 1), Age(1, 2, "g1"), (("y", True),))
    (send,) = [one for one in node.decides(message_written("g1", other)) if isinstance(one.message, Deliver)]
    assert send.to == "n1"


def test_commands_of_another_start_have_other_names() -> None:
    """Two commands are the same if their names are: a restart must not give a name twice."""
    node = Node()
    names = []
    for _ in range(2):
        node.gets("n1", Deliver("g1", LOCK))
        log = node.member.log
        names += [(one.client_id, one.command_id) for one in (*log.requests, *log.proposals.values())]
        node.restart()
    assert len(set(names)) == 2


def test_a_client_asks_the_member_that_answered_and_another_one_if_none_does() -> None:
    """Only members of the group that coordinates."""
    node = Node("n5")
    client = GroupClient(context(node))
    append = Invocation(f="txn", value=[["append", "x", 1]])
    asked = [effect.to for effect in client.invoke(append) or () if isinstance(effect, Send)]
    for _ in range(3):
        asked += [effect.to for effect in client.timer("try") or () if isinstance(effect, Send)]
    assert asked == ["n1", "n2", "n3", "n1"]
    client.message("n3", Outcome(1, True))
    assert [effect.to for effect in client.invoke(append) or () if isinstance(effect, Send)] == ["n3"]
