"""Faults of names: each does what it says, misleads a credulous program, and does not mislead a wary one."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

import chaoslab as cl
from chaoslab.choices import Choices
from chaoslab.faults import Dns
from chaoslab.nemesis import Scene
from chaoslab.parameters import build, written

SEEDS = range(3)
SCENE = Scene(nodes=("n1", "n2", "n3"), duration_ns=10**10, streams=True)


def asked(*faults: Any, at: tuple[float, ...] = (1.0,), ttl: float = 5, seed: int = 0) -> tuple[list[Any], cl.Cluster]:
    """Ask n1 and n2 for "db" at these times, while *faults* hold from 0.5 to 30 s, and return what each was told.

    The name points at n1 until 0.2 s, then at n2, and at n3 from 10 s on.
    """
    answers: list[Any] = []

    async def serve(node: cl.Node) -> None:
        if node.name == "n3":
            return
        for time in at:
            await trio.sleep(max(time - trio.current_time(), 0))
            try:
                found = await node.resolve("db")
                answers.append((node.name, time, "".join(address[-1] for address in found)))
            except socket.gaierror as error:
                answers.append((node.name, time, error.errno))

    async def main(cluster: cl.Cluster) -> cl.Cluster:
        cluster.start(serve, nodes=3)
        cluster.dns.point("db", "n1", ttl=ttl)
        await trio.sleep(0.2)
        cluster.dns.point("db", "n2", ttl=ttl)
        await trio.sleep(0.3)
        with cluster.faults(*faults):
            await trio.sleep(9.5)
            cluster.dns.point("db", "n3", ttl=ttl)
            await trio.sleep(20)
        assert cluster.dns.rules == []
        await trio.sleep(60)
        return cluster

    cluster = cl.run(main, seed=seed)
    return sorted(answers), cluster


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        (cl.dns("nxdomain", "db", "n1"), socket.EAI_NONAME),
        (cl.dns("servfail", "DB.", "n1"), socket.EAI_AGAIN),
        (cl.dns("timeout", "", "n1"), socket.EAI_AGAIN),
        (cl.dns("stale", "db", "n1"), "1"),
        (cl.dns("split-horizon", "db", "n1", to="n3 n1"), "31"),
    ],
    ids=lambda value: value[0].mode if isinstance(value, tuple) else "",
)
def test_targets_are_told_what_is_not_so_and_others_what_is(fault: Any, answer: Any) -> None:
    """While it lasts; each changed answer is counted."""
    answers, cluster = asked(fault, at=(1.0, 40.0))
    assert answers == [("n1", 1.0, answer), ("n1", 40.0, "3"), ("n2", 1.0, "2"), ("n2", 40.0, "3")]
    questions = {"servfail": 2, "timeout": 2}
    assert cluster.injections[0].took_effect == questions.get(fault[0].mode, 1)


def test_ttl_ignored_keeps_what_is_known() -> None:
    """Long after its time; who asks for the first time is told the truth."""
    answers, cluster = asked(cl.dns("ttl-ignored", "db", "n1"), at=(1.0, 20.0, 40.0))
    assert [answer for _, _, answer in answers] == ["2", "2", "3", "2", "3", "3"]
    assert cluster.injections[0].took_effect == 1


def test_a_stale_answer_follows_the_last_change() -> None:
    """Where it pointed before; a name that never changed gives the truth, and that has no effect."""
    answers, cluster = asked(cl.dns("stale", "db"), at=(1.0, 20.0))
    assert [answer for _, _, answer in answers] == ["1", "2", "1", "2"]
    assert cluster.injections[0].took_effect == 4


def test_another_name_is_not_touched() -> None:
    """And then the fault had no effect."""
    answers, cluster = asked(cl.dns("nxdomain", "cache"))
    assert [answer for _, _, answer in answers] == ["2", "2"]
    assert cluster.injections[0].took_effect == 0


def test_two_lies_heal_in_any_order() -> None:
    """Each takes away its own."""
    for first in (0, 1):

        async def serve(node: cl.Node) -> None:
            await trio.sleep_forever()

        async def main(cluster: cl.Cluster, first: int = first) -> None:
            cluster.start(serve, nodes=2)
            lies = [cluster.inject(Dns(mode="timeout")), cluster.inject(Dns(mode="timeout"))]
            cluster.heal(lies[first])
            assert len(cluster.dns.rules) == 1
            cluster.heal(lies[1 - first])
            assert cluster.dns.rules == []

        cl.run(main)


# A store whose name moves from n1 to n3 at 10 s. Each program writes what it can for 40 s and keeps what was accepted.


class Store:
    """A server that takes writes while it is the primary, if the client asks whether it is; else it takes all."""

    def __init__(self) -> None:
        self.written: dict[str, list[bytes]] = {"n1": [], "n3": []}
        self.primary = "n1"

    async def serve(self, node: cl.Node) -> None:
        listener = await node.listen(80)

        async def handle(stream: Any) -> None:
            async with stream:
                line = await stream.receive_some()
                if line.startswith(b"primary? ") and node.name != self.primary:
                    await stream.send_all(b"no")
                else:
                    self.written[node.name].append(line.removeprefix(b"primary? "))
                    await stream.send_all(b"ok")

        async with trio.open_nursery() as nursery:
            while True:
                nursery.start_soon(handle, await listener.accept())


async def write(node: cl.Node, host: str, line: bytes) -> bytes:
    async with await node.connect(host, 80) as stream:
        await stream.send_all(line)
        return bytes(await stream.receive_some())


async def credulous(node: cl.Node, accepted: list[tuple[float, bytes]]) -> None:
    """Writes to whatever the name points at; a failed look-up is the end."""
    for number in range(80):
        line = b"%d" % number
        if await write(node, "store", line) == b"ok":
            accepted.append((trio.current_time(), line))
        await trio.sleep(0.5)


async def wary(node: cl.Node, accepted: list[tuple[float, bytes]]) -> None:
    """Asks whether it speaks to the primary, tries the other members if not, and looks up again what failed."""
    for number in range(80):
        line = b"%d" % number
        for host in ("store", "10.0.0.1", "10.0.0.3"):
            try:
                with trio.fail_after(2):
                    if await write(node, host, b"primary? " + line) == b"ok":
                        accepted.append((trio.current_time(), line))
                        break
            except (OSError, trio.TooSlowError):
                continue
        await trio.sleep(0.5)


Client = Callable[[cl.Node, list[tuple[float, bytes]]], Awaitable[None]]


def stored(client: Client, fault: Any, seed: int) -> tuple[bool, int]:
    """Return whether every write that was accepted after the move is at the new primary, and how many were accepted."""
    store = Store()
    accepted: list[tuple[float, bytes]] = []

    async def serve(node: cl.Node) -> None:
        if node.name != "n2":
            await store.serve(node)
        try:
            await trio.sleep(0.5)
            await client(node, accepted)
        except socket.gaierror:
            return

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=3)
        cluster.dns.point("store", "n1", ttl=2)
        await trio.sleep(5)
        with cluster.faults(fault):
            await trio.sleep(5)
            store.primary = "n3"
            cluster.dns.point("store", "n3", ttl=2)
            await trio.sleep(60)

    cl.run(main, seed=seed)
    moved = [line for time, line in accepted if time > 12.5]  # the name's time to live is over
    return all(line in store.written["n3"] for line in moved), len(moved)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "fault",
    [cl.dns("stale", "store"), cl.dns("ttl-ignored", "store"), cl.dns("split-horizon", "store", "n2", to="n1")],
    ids=lambda fault: fault[0].mode,
)
def test_a_client_that_believes_a_name_writes_to_a_primary_of_yesterday(fault: Any, seed: int) -> None:
    """One that asks whom it speaks to does not lose a write. Without the fault both are right."""
    right, writes = stored(credulous, fault, seed)
    assert not right
    assert writes > 30
    right, writes = stored(wary, fault, seed)
    assert right
    assert writes > 30
    assert stored(credulous, cl.latency(0.0), seed)[0]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("mode", ["nxdomain", "servfail", "timeout"])
def test_a_client_that_gives_up_when_a_name_fails_stops_working(mode: str, seed: int) -> None:
    """One that goes on with what it knows works on."""
    assert stored(credulous, cl.dns(mode, "store"), seed)[1] == 0
    right, writes = stored(wary, cl.dns(mode, "store"), seed)
    assert right
    assert writes > 5


@pytest.mark.parametrize("seed", range(8))
def test_it_is_drawn_reads_back_and_is_the_same_for_the_same_seed(seed: int) -> None:
    """Swarms use it where nodes speak over connections, and nowhere else."""
    fault = Dns.drawn(SCENE, Choices(seed).stream("fault"))
    assert fault is not None
    assert build(Dns, written(fault)) == fault
    assert Dns.drawn(Scene(nodes=("n1",), duration_ns=1), Choices(seed).stream("fault")) is None
    if not fault.to:
        runs = [asked(fault, at=(1.0, 12.0, 20.0), seed=seed) for _ in range(2)]
        assert runs[0][0] == runs[1][0]
        assert runs[0][1].engine.trace.digest() == runs[1][1].engine.trace.digest()


@pytest.mark.parametrize(
    ("parameters", "key", "message"),
    [
        ({"mode": "nxdomian"}, "mode", "did you mean 'nxdomain'"),
        ({"mode": "split-horizon"}, "to", "needs to"),
        ({"mode": "stale", "to": "n3"}, "to", "is for split-horizon"),
    ],
)
def test_parameters_that_mean_nothing_are_refused(parameters: dict[str, str], key: str, message: str) -> None:
    """With the key and the nearest word."""
    with pytest.raises(cl.UsageError, match=message) as caught:
        Dns(**parameters)
    assert caught.value.key == key
