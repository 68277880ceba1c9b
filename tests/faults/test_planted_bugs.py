"""For each fault of message links: a program with a planted bug that fails because of it, and the right one survives.

Every pair is the same code but for one line. Without the fault both are right.
"""

from __future__ import annotations

import hashlib
from typing import Any
from zlib import crc32

import pytest
import trio

import chaoslab as cl
from chaoslab.faults import Flapping, Queue
from chaoslab.net.latency import Exponential

SEEDS = range(3)
SECRET = "swordfish"  # noqa: S105 - the programs below prove with it who they are


def run_between(serve: Any, *faults: Any, seed: int, seconds: float = 6.0, then: float = 60.0, nodes: int = 3) -> Any:
    """Run *serve* on the nodes with *faults* in force from 0.5 s on for *seconds*, and return the cluster."""

    async def main(cluster: cl.Cluster) -> cl.Cluster:
        cluster.start(serve, nodes=nodes)
        await trio.sleep(0.5)
        with cluster.faults(*faults):
            await trio.sleep(seconds)
        await trio.sleep(then)
        return cluster

    return cl.run(main, seed=seed, latency=0.001)


# A counter whose client asks again when it hears nothing: is an addition that is asked for twice made twice?

ADDITIONS = 40


def counted(*faults: Any, deduplicates: bool, seed: int) -> int:
    """Return what the counter says after forty additions of one."""
    total = 0

    async def serve(node: cl.Node) -> None:
        nonlocal total
        seen: list[int] = []
        if node.name == "n1":
            await node.sleep(1)
            for number in range(ADDITIONS):
                while True:
                    try:
                        await node.call("n2", number, timeout=0.1)
                        break
                    except TimeoutError:
                        continue
        while node.name == "n2":
            message = await node.recv()
            if not deduplicates or message.body not in seen:
                total += 1
            seen.append(message.body)
            message.reply("done")

    run_between(serve, *faults, seed=seed)
    return total


ASKED_AGAIN = [
    cl.latency(0.2),
    cl.latency(instead=0.2),
    cl.jitter(0.3),
    cl.spike(0.5, probability=0.2),
    cl.drop(0.3),
    cl.drop(burst=(3, 6)),
    cl.duplicate(0.3),
    cl.duplicate(0.3, after_heal=True),
    cl.reorder(1.0, window=1),
    cl.partition("n2 | n1", one_way=True),
    Flapping(groups="n2 | n1", one_way=True, period_ns=50 * 10**6),
    cl.hold(),
    cl.clog(1.0, period=2.0),
    cl.swizzle(1.0, period=2.0),
    cl.bandwidth(100),
    Queue(rate=5),
    cl.match(cl.matching("done", every=4)),
    cl.match(cl.matching("request", every=4), "duplicate", later=0.01),
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("fault", ASKED_AGAIN, ids=lambda fault: fault.describe(()))
def test_a_counter_that_does_not_recognise_a_repeated_request_counts_too_much(fault: Any, seed: int) -> None:
    """One that does counts right, however late, lost, repeated or held back messages are."""
    assert counted(fault, deduplicates=True, seed=seed) == ADDITIONS
    assert counted(fault, deduplicates=False, seed=seed) > ADDITIONS


@pytest.mark.parametrize("seed", SEEDS)
def test_a_release_brings_what_was_held_while_the_hold_goes_on(seed: int) -> None:
    """What was asked for again and again arrives at once, and only the counter that recognises it is right."""

    def at_the_release(deduplicates: bool) -> int:
        total = 0

        async def serve(node: cl.Node) -> None:
            nonlocal total
            if node.name == "n1":
                for _ in range(5):
                    try:
                        await node.call("n2", "add", timeout=0.1)
                    except TimeoutError:
                        continue
            while node.name == "n2":
                await node.recv()
                total = 1 if deduplicates else total + 1

        async def main(cluster: cl.Cluster) -> int:
            cluster.start(serve)
            with cluster.faults(cl.hold()):
                await trio.sleep(1)
                cluster.inject(cl.release())
                await trio.sleep(1)
                return total

        counted_then: int = cl.run(main, seed=seed)
        return counted_then

    assert at_the_release(True) == 1
    assert at_the_release(False) == 5


def test_without_a_fault_both_counters_are_right() -> None:
    """The bug does not show by itself."""
    assert counted(deduplicates=True, seed=1) == counted(deduplicates=False, seed=1) == ADDITIONS


# A backup that takes over what its primary tells it: does an old value overwrite a newer one?


def backed_up(*faults: Any, versioned: bool, seed: int) -> int:
    """Return the backup's value after the primary has sent 1, 2, ..., 100 and everything has arrived."""
    value = 0

    async def serve(node: cl.Node) -> None:
        nonlocal value
        if node.name == "n1":
            await node.sleep(1)
            for number in range(1, 101):
                node.send("n2", ("store", number))
                await node.sleep(0.01)
        while node.name == "n2":
            _, number = (await node.recv()).body
            value = max(value, number) if versioned else number

    run_between(serve, *faults, seed=seed)
    return value


LAST_OVERTAKES = [
    cl.reorder(1.0, window=1),
    cl.jitter(3.0),
    cl.latency(Exponential(mean_ns=10**9)),
    cl.duplicate(1.0, later=1.0, match=cl.matching(nth=50)),
    cl.duplicate(0.5, after_heal=True),
    cl.match(cl.matching("store", skip=30, count=1), "delay", later=2.0),
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("fault", LAST_OVERTAKES, ids=lambda fault: fault.describe(()))
def test_a_backup_without_versions_ends_with_an_old_value(fault: Any, seed: int) -> None:
    """One that keeps the newest ends with the last value that was sent."""
    assert backed_up(fault, versioned=True, seed=seed) == 100
    assert backed_up(fault, versioned=False, seed=seed) < 100


@pytest.mark.parametrize("seed", SEEDS)
def test_links_in_order_save_the_backup_without_versions(seed: int) -> None:
    """What TCP does for such programs, under jitter that would break it."""
    assert backed_up(cl.jitter(3.0), cl.fifo(), versioned=False, seed=seed) == 100


# A watcher that declares its peer dead: what if one late message makes all behind it late?


def declared_dead(*faults: Any, patience_s: float) -> bool:
    """Return whether the watcher declared a peer dead that sent bulk data and a heartbeat every tenth of a second."""
    dead = False

    async def serve(node: cl.Node) -> None:
        nonlocal dead
        if node.name == "n1":
            for number in range(50):
                node.send("n2", ("bulk", number))
                node.send("n2", ("heartbeat", number))
                await node.sleep(0.1)
        while node.name == "n2":
            try:
                await node.recv(timeout=patience_s)
            except TimeoutError:
                dead = dead or trio.current_time() < 4
                return

    run_between(serve, *faults, seed=0, seconds=10)
    return dead


def test_order_makes_an_impatient_watcher_declare_the_living_dead() -> None:
    """One late bulk message holds up all heartbeats behind it; a watcher that waits longer than that is not misled."""
    late = cl.match(cl.matching("bulk", nth=10), "delay", later=1.0)
    assert declared_dead(late, cl.fifo(), patience_s=0.3)
    assert not declared_dead(late, patience_s=0.3)
    assert not declared_dead(late, cl.fifo(), patience_s=1.5)


# Money that is moved by messages: are they checked?


def checksum(body: Any) -> int:
    return crc32(repr(body).encode())


def received(*faults: Any, checks: bool, seed: int) -> list[Any]:
    """Return what a receiver takes from a hundred messages, each with its checksum."""
    taken: list[Any] = []

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            await node.sleep(1)
            for number in range(100):
                body = {"account": f"account {number}", "amount": number}
                node.send("n2", [body, checksum(body)])
                await node.sleep(0.01)
        while node.name == "n2":
            message = (await node.recv()).body
            if not checks:
                taken.append(message[0] if message else None)
            elif len(message) == 2 and checksum(message[0]) == message[1]:
                taken.append(message[0])

    run_between(serve, *faults, seed=seed)
    return taken


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("fault", [cl.corrupt(0.3), cl.truncate(0.3)], ids=lambda fault: fault.kind)
def test_a_receiver_that_checks_nothing_takes_what_nobody_sent(fault: Any, seed: int) -> None:
    """One that compares checksums takes less, but nothing wrong."""
    sent = [{"account": f"account {number}", "amount": number} for number in range(100)]
    checked, unchecked = (received(fault, checks=checks, seed=seed) for checks in (True, False))
    assert [body for body in checked if body not in sent] == []
    assert len(checked) > 50
    assert any(body not in sent for body in unchecked)


# Orders that somebody else could send: are they authenticated, and new?


def signed(sender: str, number: int, amount: int) -> str:
    return hashlib.sha256(f"{SECRET} {sender} {number} {amount}".encode()).hexdigest()


def paid(*faults: Any, careful: bool, seed: int) -> int:
    """Return how much was paid when n1 ordered ten times five."""
    total = 0

    async def serve(node: cl.Node) -> None:
        nonlocal total
        done: list[int] = []
        if node.name == "n1":
            await node.sleep(1)
            for number in range(10):
                node.send("n2", {"number": number, "amount": 5, "signature": signed("n1", number, 5)})
                await node.sleep(0.2)
        while node.name == "n2":
            message = await node.recv()
            order = message.body
            genuine = order["signature"] == signed(message.sender, order["number"], order["amount"])
            if not careful or (genuine and order["number"] not in done):
                total += order["amount"]
                done.append(order["number"])

    run_between(serve, *faults, seed=seed)
    return total


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("way", ["replay", "tamper", "spoof"])
def test_a_till_that_trusts_the_network_pays_too_much_or_too_little(way: str, seed: int) -> None:
    """One that checks who ordered, and whether it has paid already, pays exactly what was ordered."""
    assert paid(cl.forge(way, rate=5), careful=True, seed=seed) == 50
    assert paid(cl.forge(way, rate=5), careful=False, seed=seed) != 50


def overheard_secret(*, in_clear: bool) -> bool:
    """Return whether somebody who listens learns the secret with which n1 proves itself to n2."""

    async def serve(node: cl.Node) -> None:
        await node.sleep(1)
        if node.name == "n1":
            if in_clear:
                assert await node.call("n2", ("login", SECRET)) is True
            else:
                challenge = await node.call("n2", ("challenge",))
                assert await node.call("n2", ("login", signed("n1", challenge, 0))) is True
        while node.name == "n2":
            message = await node.recv()
            if message.body[0] == "challenge":
                message.reply(4711)
            else:
                message.reply(message.body[1] in (SECRET, signed("n1", 4711, 0)))

    cluster = run_between(serve, cl.eavesdrop(), seed=0)
    heard = cluster.overheard()
    assert heard
    return any(SECRET in repr(message) for _, _, message in heard)


def test_somebody_who_listens_learns_a_password_sent_in_the_clear() -> None:
    """And nothing from an answer to a challenge."""
    assert overheard_secret(in_clear=True)
    assert not overheard_secret(in_clear=False)


# A log that is copied to two backups: what does an entry cost?


def bytes_sent(*, whole_log: bool) -> int:
    """Return how many bytes it takes to copy fifty entries to two backups."""

    async def serve(node: cl.Node) -> None:
        log: list[bytes] = []
        if node.name == "n1":
            await node.sleep(1)
            for _ in range(50):
                log.append(b"x" * 50)
                for peer in node.peers:
                    node.send(peer, list(log) if whole_log else log[-1:])
                await node.sleep(0.05)
        await trio.sleep_forever()

    cluster = run_between(serve, cl.cost(a_byte=1.0), seed=0)
    price: float = cluster.injections[0].figures["price"]
    return round(price)


def test_a_protocol_that_sends_its_whole_log_each_time_pays_for_it() -> None:
    """Its price grows with the square of the log, the other's with its length."""
    assert bytes_sent(whole_log=False) < 100 * 70
    assert bytes_sent(whole_log=True) > 10 * bytes_sent(whole_log=False)


# An election: is a majority one of all, or of those who answer?


def elected(*faults: Any, of_all: bool, seed: int) -> int:
    """Return how many of five nodes are elected, each of which has one vote and stands unless it has given it."""
    leaders: list[str] = []

    async def serve(node: cl.Node) -> None:
        voted = False

        async def stand() -> None:
            nonlocal voted
            await node.sleep(int(node.name[1:]))
            if voted:
                return
            voted = True
            yes = answered = 1
            for peer in node.peers:
                try:
                    yes += await node.call(peer, "vote", timeout=0.1)
                    answered += 1
                except TimeoutError:
                    continue
            if 2 * yes > (5 if of_all else answered):
                leaders.append(node.name)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(stand)
            while True:
                message = await node.recv()
                message.reply(not voted)
                voted = True

    run_between(serve, *faults, seed=seed, then=1, nodes=5)
    return len(leaders)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "shape", ["halves", "isolate-one", "third", "minority", "majority", "bridge", "majorities-ring"]
)
def test_a_majority_of_those_who_answer_elects_two_leaders(shape: str, seed: int) -> None:
    """A majority of all nodes never does, whatever the shape of the partition."""
    partition = (cl.partition(shape=shape), ("n5",))  # were n1, which stands first, the bridge, it would get all votes
    assert elected(partition, of_all=True, seed=seed) <= 1
    assert elected(partition, of_all=False, seed=seed) >= 2


def test_without_a_partition_both_elections_have_one_winner() -> None:
    """The bug does not show by itself."""
    assert elected(of_all=True, seed=1) == elected(of_all=False, seed=1) == 1
