"""A node that cannot keep up: it limps, its inbox is full, its memory is used up."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import trio

import chaoslab as cl
from chaoslab.faults import Inbox, Memory, Slow
from chaoslab.net.latency import Lognormal
from chaoslab.net.sizes import size_bytes
from chaoslab.statemachine import Context, Effects, Send, SetTimer, Write
from tests.faults.process_programs import LISTENERS, told


def numbers(heard: list[Any]) -> list[int]:
    """Return the messages of *heard*, without the ticks."""
    return [what for what, _ in heard if what != "tick"]


@pytest.mark.parametrize("code", LISTENERS)
def test_a_slow_node_handles_one_thing_after_the_other(code: Any) -> None:
    """At 25 ms each, forty a second of the 110 that come; the rest waits in order, and is handled after the heal."""

    async def then(cluster: cl.Cluster) -> None:
        await trio.sleep(0.505)
        injection = cluster.inject(*cl.slow("n1", seconds=0.025))
        await trio.sleep(1)
        assert cluster.node("n1").mailbox()[0] > 50
        cluster.heal(injection)
        assert 38 <= (injection.took_effect or 0) <= 42
        assert cluster.node("n1").clear
        await trio.sleep(0.5)

    heard = told(code, then)
    during = [time for _, time in heard if 0.505 < time < 1.504]
    assert len(during) == pytest.approx(39, abs=1)
    assert all(after - before == pytest.approx(0.025, abs=0.011) for before, after in itertools.pairwise(during))
    assert numbers(heard) == list(range(1, len(numbers(heard)) + 1))
    assert [what for what, time in heard if time > 1.51].count("tick") >= 4


@pytest.mark.parametrize("code", LISTENERS)
def test_two_slow_faults_add_up_and_each_heal_takes_its_own_away(code: Any) -> None:
    """20 ms and 30 ms are 50 ms; a factor multiplies."""

    async def then(cluster: cl.Cluster) -> None:
        first = cluster.inject(*cl.slow("n1", seconds=0.02))
        second = cluster.inject(Slow(cost=Lognormal(median_ns=10_000_000, p99_ns=10_000_000), factor=3.0), ["n1"])
        await trio.sleep(1)
        cluster.heal(first)
        await trio.sleep(1)
        cluster.heal(second)

    heard = told(code, then)
    assert len([time for _, time in heard if time < 1]) == pytest.approx(20, abs=1)
    assert len([time for _, time in heard if 1 < time < 1.99]) == pytest.approx(33, abs=1)


@pytest.mark.parametrize("code", LISTENERS)
def test_a_pause_and_a_crash_of_a_slow_node_leave_nothing_behind(code: Any) -> None:
    """What was in hand during a pause is done after it; a crash loses what waited; afterwards the node is clear."""

    async def then(cluster: cl.Cluster) -> None:
        host = cluster.node("n1")
        with cluster.faults(cl.slow("n1", seconds=0.05)):
            await trio.sleep(0.5)
            with cluster.faults(cl.pause("n1")):
                await trio.sleep(0.2)
            with cluster.faults(cl.crash("n1")):
                assert host.mailbox() == (0, 0)
                await trio.sleep(0.2)
            await trio.sleep(0.5)
            assert not host.clear
        assert host.clear
        await trio.sleep(0.5)

    heard = numbers(told(code, then))
    assert heard == sorted(set(heard))


@pytest.mark.parametrize("code", LISTENERS)
@pytest.mark.parametrize("policy", ["drop", "push-back"])
def test_a_full_inbox_refuses_messages(code: Any, policy: str) -> None:
    """Never more than three wait. What was refused is lost, or comes later; afterwards nothing is refused."""

    async def then(cluster: cl.Cluster) -> None:
        injection = cluster.inject(*cl.inbox("n1", limit=3, policy=policy))
        with cluster.faults(cl.pause("n1")):
            await trio.sleep(0.5)
            assert cluster.node("n1").mailbox()[0] == 3
        cluster.heal(injection)
        assert cluster.node("n1").clear
        assert (injection.took_effect or 0) > 40
        await trio.sleep(0.5)

    heard = numbers(told(code, then))
    if policy == "drop":
        assert heard[3] in (49, 50)
        assert heard == [1, 2, 3, *range(heard[3], heard[3] + len(heard) - 3)]
    else:
        assert sorted(heard) == list(range(1, len(heard) + 1))


def test_what_nobody_has_received_fills_the_inbox_of_an_async_node() -> None:
    """Its code takes one message a second, so the others wait unread, whatever the host does."""

    async def dawdle(node: cl.Node) -> None:
        if node.name == "n2":
            for number in range(20):
                node.send("n1", number)
        while True:
            await node.sleep(1)
            node.settings.append((await node.recv()).body)

    async def then(cluster: cl.Cluster) -> None:
        with cluster.faults(cl.inbox("n1", limit=5), cl.memory("n1", limit_bytes=10_000)):
            await trio.sleep(0.5)
            assert cluster.node("n1").mailbox() == (5, 5 * size_bytes(0))
            await trio.sleep(3)
            assert cluster.node("n1").mailbox() == (2, 2 * size_bytes(0))
        await trio.sleep(3)

    assert told(dawdle, then) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("code", LISTENERS)
def test_a_node_is_killed_when_what_waits_has_too_many_bytes(code: Any) -> None:
    """Eight bytes a number, a hundred bytes: the thirteenth that waits is too many; it starts again by itself."""

    async def then(cluster: cl.Cluster) -> None:
        injection = cluster.inject(*cl.memory("n1", limit_bytes=100, restart=0.2))
        with cluster.faults(cl.pause("n1")):
            await trio.sleep(0.129)
            assert cluster.node("n1").alive
            await trio.sleep(0.01)
            assert not cluster.node("n1").alive
            await trio.sleep(0.3)
        assert cluster.node("n1").starts == 2
        await trio.sleep(0.5)
        cluster.heal(injection)
        assert injection.took_effect == 1
        assert cluster.node("n1").clear

    assert numbers(told(code, then))[0] > 20


def test_a_message_larger_than_the_memory_kills_at_once_and_healing_starts_the_node() -> None:
    """It need not wait for that."""

    async def then(cluster: cl.Cluster) -> None:
        with cluster.faults(cl.memory("n1", limit_bytes=7)):
            await trio.sleep(0.1)
            assert not cluster.node("n1").alive
        assert cluster.node("n1").alive

    told(LISTENERS[0], then)


class Counter:
    """The second node sends twenty numbers, the first adds them up; what is not acknowledged is sent again."""

    sends_again = True

    def __init__(self, context: Context) -> None:
        self.first = context.name == "n1"
        self.seen: set[int] = set()
        self.open = [] if self.first else list(range(20))

    def start(self) -> Effects:
        return self.send()

    def send(self) -> Effects:
        if not self.open:
            return None
        return [*(Send("n1", number) for number in self.open), SetTimer("again", 0.1)]

    def message(self, sender: str, message: int) -> Effects:
        if self.first:
            self.seen.add(message)
            return [Send(sender, message)]
        if message in self.open:
            self.open.remove(message)
        return None

    def timer(self, name: str) -> Effects:
        return self.send() if self.sends_again else None


class Once(Counter):
    """Wrong: it believes that what was sent has arrived."""

    sends_again = False


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("policy", "once"), [("drop", False), ("push-back", True)])
def test_a_full_inbox_finds_the_sender_that_does_not_ask(seed: int, policy: str, once: bool) -> None:
    """Twenty at once are too many for a slow node; pushed back they all arrive, dropped they must be sent again."""
    for code, complete in ((Once, once), (Counter, True)):

        async def main(cluster: cl.Cluster, code: Any = code) -> Any:
            cluster.start(code, nodes=2)
            with cluster.faults(cl.inbox("n1", limit=3, policy=policy), cl.slow("n1", seconds=0.005)):
                await trio.sleep(5)
            return cluster.node("n1").machine.seen  # type: ignore[attr-defined]

        seen = cl.run(main, seed=seed)
        assert (seen == set(range(20))) == complete


class Logging:
    """Writes every number to its log before anything else; the system keeps what a killed process wrote."""

    logs = True

    def __init__(self, context: Context) -> None:
        self.first = context.name == "n1"
        self.seen = [int(word) for word in context.files.get("log", b"").split()]
        self.next = 0

    def start(self) -> Effects:
        return None if self.first else [SetTimer("send", 0.01)]

    def message(self, sender: str, message: Any) -> Effects:
        if not isinstance(message, int):
            return None
        self.seen.append(message)
        return [Write("log", f"{message} ".encode(), append=True)] if self.logs else None

    def timer(self, name: str) -> Effects:
        self.next += 1
        large = [Send("n1", "x" * 500)] if self.next == 20 else []
        return [Send("n1", self.next), *large, SetTimer("send", 0.01)]


class Hoarding(Logging):
    """Wrong: it keeps in memory what nobody else has."""

    logs = False


@pytest.mark.parametrize("seed", range(3))
def test_a_kill_for_want_of_memory_finds_what_is_in_memory_alone(seed: int) -> None:
    """What was written, synced or not, is there after the restart: the process died, not the machine."""
    for code, kept in ((Hoarding, False), (Logging, True)):

        async def main(cluster: cl.Cluster, code: Any = code) -> Any:
            cluster.start(code, nodes=2)
            with cluster.faults(cl.memory("n1", limit_bytes=400, restart=0.05)):
                await trio.sleep(1)
            assert cluster.node("n1").starts == 2
            return cluster.node("n1").machine.seen  # type: ignore[attr-defined]

        seen = cl.run(main, seed=seed)
        assert (seen[:10] == list(range(1, 11))) == kept


def test_parameters_that_make_no_sense_are_refused() -> None:
    """No room at all, no time between tries, a policy that is none."""
    with pytest.raises(cl.UsageError, match="limit is at least 1"):
        Inbox(limit=0)
    with pytest.raises(cl.UsageError, match="retry is above zero"):
        Inbox(limit=1, retry_ns=0)
    with pytest.raises(cl.UsageError, match=r"policy: unknown word 'dorp'; did you mean 'drop'"):
        Inbox(limit=1, policy="dorp")
    assert Memory(limit_bytes=5).restart_ns is None
