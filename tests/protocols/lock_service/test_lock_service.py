"""The lock service: who holds a lock, when a lease is over, and what the storage refuses."""

from __future__ import annotations

from typing import Any

import pytest

from chaoslab.errors import UsageError
from chaoslab.plugins import registry
from chaoslab.runner import run
from chaoslab.scenario import parse_scenario
from chaoslab.statemachine import Context, Effect, Invocation, Send
from chaoslab_protocols.lock_service.lock_server import LockServer
from chaoslab_protocols.lock_service.lock_table import LockTable
from chaoslab_protocols.lock_service.messages import Answer, ReadCounter, WriteCounter
from chaoslab_protocols.lock_service.settings import Settings
from chaoslab_protocols.lock_service.storage import Storage
from chaoslab_protocols.lock_service.timed import TimedStorage
from chaoslab_protocols.multi_paxos.messages import Command, Decision, Propose
from tests.protocols.by_hand import ByHand, of
from tests.protocols.shipped_runs import complaints, outcomes

HOLDING = ("swarm", "every_fault", "late_holders", "leases_alone", "timed_leases", "timed_swarm")


class Node(ByHand):
    """A storage or a lock server, its disk and its clock."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind
        self.files: dict[str, bytes] = {}
        self.now = 0.0
        self.restart()

    def restart(self) -> None:
        context = Context(
            name="n1",
            nodes=("n1", "n2", "n3"),
            settings=Settings(),
            files=self.files,
            wall_time=lambda: 0.0,
            monotonic_time=lambda: self.now,
            home="n1",
            true_time=lambda: (self.now - 0.01, self.now + 0.01),
        )
        self.machine = self.kind(context)
        self.did(self.machine.start())

    def answers(self, message: Any, sender: str = "c1") -> Answer:
        """*message* arrives, and is answered."""
        (answer,) = [effect.message for effect in of(Send, self.gets(sender, message))]
        assert isinstance(answer, Answer)
        return answer


def command(number: int, f: str, value: Any = None, client: str = "c1") -> Command:
    return Command(client, number, Invocation(f=f, key="x", value=value))


# The table


def test_a_lock_has_one_holder_and_each_hold_a_larger_token() -> None:
    """Burrows 2006, section 2.4: a sequencer tells a hold from every other."""
    table = LockTable()
    assert table.carry_out(command(1, "acquire")) == 1
    assert table.carry_out(command(1, "acquire", client="c2")) is None
    assert table.carry_out(command(2, "release", 1))
    assert table.carry_out(command(2, "acquire", client="c2")) == 2


@pytest.mark.parametrize("f", ["release", "expire"])
def test_what_ends_a_hold_does_not_end_a_later_one(f: str) -> None:
    """It names the token."""
    table = LockTable()
    table.carry_out(command(1, "acquire"))
    table.carry_out(command(2, "release", 1))
    table.carry_out(command(1, "acquire", client="c2"))
    assert not table.carry_out(command(3, f, 1))
    assert table.held["x"].token == 2


# Leases


def test_the_end_of_a_lease_is_proposed_when_all_of_it_has_passed_and_is_decided_like_a_command() -> None:
    """Gray & Cheriton 1989, section 2; nobody ends a lease alone."""
    one = Node(LockServer)
    one.gets("n2", Decision(1, command(1, "acquire")))
    one.now = 0.59
    assert proposed(one.did(one.machine.timer("tick"))) == []
    one.now = 0.61
    assert proposed(one.did(one.machine.timer("tick"))) == ["expire", "expire"]  # to n2 and n3
    assert one.machine.replica.state_machine.held
    one.gets("n2", Decision(2, Command("lease of x under 1", 1, Invocation(f="expire", key="x", value=1))))
    assert not one.machine.replica.state_machine.held


def test_a_server_that_learns_late_of_a_hold_waits_the_whole_lease() -> None:
    """A leader change, or a restart, makes a lease longer on that server and never shorter."""
    one = Node(LockServer)
    one.gets("n2", Decision(1, command(1, "acquire")))
    one.now = 0.5
    one.restart()
    one.gets("n2", Decision(1, command(1, "acquire")))
    one.now = 1.0
    assert proposed(one.did(one.machine.timer("tick"))) == []


def proposed(effects: list[Effect]) -> list[str]:
    """What is proposed to other nodes."""
    sent = [effect.message for effect in effects if isinstance(effect, Send)]
    return [message.command.operation.f for message in sent if isinstance(message, Propose)]


def test_a_margin_that_leaves_nothing_of_a_lease_is_refused() -> None:
    """A client could never write."""
    with pytest.raises(UsageError, match="longer than the margin"):
        Settings(margin_ns=600_000_000)


# The storage


def test_a_write_with_an_older_token_than_was_seen_is_refused() -> None:
    """Kleppmann 2016: the storage, not the client, knows that the lease is over."""
    one = Node(Storage)
    assert one.answers(WriteCounter(1, "x", 1, token=34), "c2") == Answer(1, 1)
    assert one.answers(WriteCounter(1, "x", 1, token=33)).is_over
    assert one.answers(ReadCounter(2, "x")).value == 1


def test_a_read_under_the_lock_shuts_older_holders_out() -> None:
    """Otherwise an older write could come between a read and the write that depends on it."""
    one = Node(Storage)
    one.answers(ReadCounter(1, "x", token=34), "c2")
    assert one.answers(WriteCounter(1, "x", 1, token=33)).is_over


def test_the_storage_remembers_tokens_values_and_what_is_done_after_a_crash() -> None:
    """They are on its disk before it answers; a record that was cut short was not answered for."""
    one = Node(Storage)
    one.answers(WriteCounter(1, "x", 1, token=34), "c2")
    one.answers(ReadCounter(3, "x", token=35), "c3")
    one.files["counters"] += b"0123 [half"
    for _ in range(2):
        one.restart()
        assert one.answers(WriteCounter(1, "x", 9, token=34)).is_over
        assert one.answers(WriteCounter(1, "x", 1, token=34), "c2") == Answer(1, 1)  # done already
        assert one.answers(ReadCounter(4, "x")).value == 1


def test_a_write_that_comes_twice_is_done_once() -> None:
    """A copy that is late must not undo what came after it."""
    one = Node(Storage)
    one.answers(WriteCounter(1, "x", 1, token=1))
    one.answers(WriteCounter(1, "x", 2, token=2), "c2")
    one.answers(WriteCounter(1, "x", 1, token=1))
    assert one.answers(ReadCounter(2, "x")).value == 2


def test_a_storage_that_looks_at_the_time_refuses_what_may_be_late() -> None:
    """Corbett et al. 2012, section 3: what may be over counts as over."""
    one = Node(TimedStorage)
    assert not one.answers(WriteCounter(1, "x", 1, until=0.5)).is_over
    one.now = 0.495
    assert one.answers(WriteCounter(2, "x", 2, until=0.5)).is_over


# Claims


@pytest.mark.parametrize("name", HOLDING)
def test_a_scenario_that_should_hold_holds(name: str) -> None:
    """No increment is lost, and tokens grow."""
    assert complaints(f"lock_service/{name}", range(700, 704)) == []


def test_without_tokens_a_holder_that_stood_still_loses_an_increment_in_most_runs() -> None:
    """And it is told which values cannot be explained."""
    broken = [
        why for _, verdict, why in outcomes("lock_service/unfenced_holders", range(300, 306)) if verdict == "invalid"
    ]
    assert len(broken) > 3
    assert all("increment on x" in why for why in broken)


REDLOCK = """
[scenario]
title = "Redlock with clocks that are right, or not"
duration = "15s"

[cluster]
protocol = "lock-service-timed~L2"

[network]
latency = {{ distribution = "uniform", low = "1ms", high = "10ms" }}

[workload]
name = "lock"
clients = 6
rate = "40/s"
keys = 1

[[fault]]
kind = "{kind}"
target = "all"
by = "2s"
every = "700ms"
for = "300ms"
"""


def test_a_lock_by_a_majority_of_wall_clocks_depends_on_these_and_on_nothing_else_here() -> None:
    """With right clocks, quick messages and nobody who stands still Redlock excludes; clocks that jump break it."""
    stepped = parse_scenario(REDLOCK.format(kind="clock-step"), registry())
    calm = parse_scenario(REDLOCK.split("[[fault]]")[0].format(), registry())
    assert [run(calm, seed).verdict for seed in range(8)] == ["valid"] * 8
    assert [run(stepped, seed).verdict for seed in range(8)].count("invalid") > 1


@pytest.mark.campaign
@pytest.mark.parametrize("name", HOLDING)
def test_the_lock_service_holds_for_many_seeds(name: str) -> None:
    """Every shipped scenario, within the budget."""
    assert complaints(f"lock_service/{name}", range(200)) == []
