"""Connections over the simulated network: reliable and ordered, whatever the links do."""

from __future__ import annotations

import errno
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

import chaoslab as cl
from chaoslab.net.latency import LATENCY
from chaoslab.net.reassembly import BUFFER_BYTES, Reassembly
from chaoslab.net.round_trip import RoundTrip

HOSTILE = LATENCY.parse({"distribution": "exponential", "mean": "20ms"})  # overtakes all the time
Part = Callable[[cl.Node], Awaitable[Any]]


def between(
    client: Part, server: Part, *, faults: tuple[Any, ...] = (), seconds: float = 60, after: float = 0, **more: Any
) -> Any:
    """Run *server* on n1 and *client* on n2 (a tenth of a second later); return what each returned, and the cluster.

    *faults* come a tenth of a second after that, for *seconds*; then the run goes on for *after* seconds.
    """
    results: dict[str, Any] = {}

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            results["server"] = await server(node)
        else:
            await trio.sleep(0.1)
            results["client"] = await client(node)
        await trio.sleep_forever()

    async def main(cluster: cl.Cluster) -> cl.Cluster:
        cluster.start(serve, nodes=2)
        await trio.sleep(0.2)
        with cluster.faults(*faults):
            await trio.sleep(seconds)
        await trio.sleep(after)
        return cluster

    cluster = cl.run(main, **more)
    return results.get("client"), results.get("server"), cluster


async def read_all(node: cl.Node) -> bytes:
    """Accept one connection and read it to its end."""
    stream = await (await node.listen(80)).accept()
    async with stream:
        return b"".join([chunk async for chunk in stream])


async def nothing(node: cl.Node) -> None:
    """Stand there and answer nothing."""


def sending(data: bytes, *, pause: float = 0.0) -> Part:
    async def send(node: cl.Node) -> None:
        await trio.sleep(pause)
        async with await node.connect("n1", 80) as stream:
            await stream.send_all(data)

    return send


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "fault", [cl.drop(0.2), cl.duplicate(0.5), cl.latency(0.5), cl.slicer(100, gap=0.0)], ids=lambda fault: fault.kind
)
def test_every_byte_arrives_once_and_in_order(seed: int, fault: Any) -> None:
    """Over links on which messages overtake each other, and are lost, doubled, late or cut up."""
    data = bytes(number * 7 % 251 for number in range(100_000))
    _, received, _ = between(
        sending(data, pause=0.2), read_all, faults=(fault,), seconds=900, seed=seed, latency=HOSTILE
    )
    assert received == data


def test_bytes_survive_a_partition() -> None:
    """What cannot be delivered is sent again, ever more rarely, until it can."""

    async def client(node: cl.Node) -> None:
        async with await node.connect("n1", 80) as stream:
            await trio.sleep(0.5)
            await stream.send_all(bytes(50_000))

    _, received, cluster = between(client, read_all, faults=(cl.partition("n1 | n2"),), seconds=5, after=5)
    assert received == bytes(50_000)
    assert 35 < cluster.injections[0].took_effect < 45  # 35 segments, then the first one again at 0.2, 0.6, 1.4, 3 s


def test_a_transfer_takes_as_long_as_windows_and_latency_say() -> None:
    """A window of 64 KiB a round trip: a megabyte over 50 ms a way takes 16 round trips."""

    async def client(node: cl.Node) -> float:
        stream = await node.connect("n1", 80)
        began = trio.current_time()
        await stream.send_all(bytes(16 * BUFFER_BYTES))
        await stream.send_eof()
        assert await stream.receive_some() == b""
        return trio.current_time() - began

    took, received, _ = between(client, read_all, latency=0.05)
    assert len(received) == 16 * BUFFER_BYTES
    assert took == pytest.approx(1.6, abs=0.11)


def test_nobody_listens() -> None:
    """The connection is refused after a round trip."""

    async def client(node: cl.Node) -> float:
        began = trio.current_time()
        with pytest.raises(ConnectionRefusedError):
            await node.connect("10.0.0.1", 80)
        return trio.current_time() - began

    took, _, _ = between(client, nothing, latency=0.05)
    assert took == pytest.approx(0.1)


def test_nobody_answers() -> None:
    """After six retries, each waiting twice as long: 127 seconds."""

    async def client(node: cl.Node) -> float:
        await trio.sleep(1)
        began = trio.current_time()
        with pytest.raises(TimeoutError) as caught:
            await node.connect("10.0.0.1", 80)
        assert caught.value.errno == errno.ETIMEDOUT
        return trio.current_time() - began

    took, _, _ = between(client, nothing, faults=(cl.partition("n1 | n2"),), seconds=200)
    assert took == pytest.approx(127)


def test_half_close_lets_the_other_direction_go_on() -> None:
    """The server answers after it has read the end of the question."""

    async def server(node: cl.Node) -> None:
        stream = await (await node.listen(80)).accept()
        question = b"".join([chunk async for chunk in stream])
        await stream.send_all(question.upper())
        await stream.aclose()

    async def client(node: cl.Node) -> bytes:
        stream = await node.connect("n1", 80)
        await stream.send_all(b"hello")
        await stream.send_eof()
        with pytest.raises(trio.ClosedResourceError):
            await stream.send_all(b"more")
        return b"".join([chunk async for chunk in stream])

    answer, _, _ = between(client, server)
    assert answer == b"HELLO"


def test_a_reader_that_does_not_read_stops_the_writer() -> None:
    """No more than both buffers hold gets out of the program; when the reader goes on, so does the writer."""
    written: list[int] = []

    async def server(node: cl.Node) -> int:
        stream = await (await node.listen(80)).accept()
        await trio.sleep(30)
        written.append(written[-1])
        return len(b"".join([chunk async for chunk in stream]))

    async def client(node: cl.Node) -> None:
        async with await node.connect("n1", 80) as stream:
            for number in range(1000):
                await stream.send_all(bytes(1000))
                written.append(number + 1)

    _, received, _ = between(client, server, seconds=100)
    stopped_at = next(number for number, after in itertools.pairwise(written) if number == after)
    assert 2 * BUFFER_BYTES - 2000 <= stopped_at * 1000 <= 2 * BUFFER_BYTES
    assert received == 1_000_000


def test_a_lost_window_update_is_found_by_a_probe() -> None:
    """The reader makes room while nothing passes; without probes both sides would wait for ever."""

    async def server(node: cl.Node) -> int:
        stream = await (await node.listen(80)).accept()
        await trio.sleep(5)
        return len(b"".join([chunk async for chunk in stream]))

    _, received, _ = between(sending(bytes(300_000)), server, faults=(cl.partition("n1 | n2"),), seconds=10, after=30)
    assert received == 300_000


def test_close_with_unread_data_resets() -> None:
    """The other side must learn that what it sent was not read."""

    async def server(node: cl.Node) -> None:
        stream = await (await node.listen(80)).accept()
        await trio.sleep(1)
        await stream.aclose()

    async def client(node: cl.Node) -> None:
        stream = await node.connect("n1", 80)
        await stream.send_all(b"unread")
        with pytest.raises(trio.BrokenResourceError, match="reset"):
            await stream.receive_some()

    between(client, server)


def test_a_full_backlog_lets_connections_wait() -> None:
    """With a backlog of two, the third connection succeeds only after one was accepted."""

    async def server(node: cl.Node) -> None:
        listener = await node.listen(80, backlog=2)
        await trio.sleep(2)
        while True:
            await listener.accept()

    async def client(node: cl.Node) -> list[float]:
        times = []
        for _ in range(3):
            await node.connect("n1", 80)
            times.append(trio.current_time())
        return times

    times, _, _ = between(client, server)
    assert times[1] < 0.2
    assert times[2] > 2


def test_a_closed_listener_resets_whom_it_did_not_accept() -> None:
    """And is refused to those who come later."""

    async def server(node: cl.Node) -> None:
        listener = await node.listen(80)
        await trio.sleep(1)
        await listener.aclose()

    async def client(node: cl.Node) -> None:
        stream = await node.connect("n1", 80)
        with pytest.raises(trio.BrokenResourceError):
            await stream.receive_some()
        with pytest.raises(ConnectionRefusedError):
            await node.connect("n1", 80)

    between(client, server)


def test_keep_alive_finds_a_silent_peer_gone() -> None:
    """Idle for 2 s, then three probes a second apart without an answer: broken after 5 s. An answer keeps it."""

    async def server(node: cl.Node) -> None:
        await (await node.listen(80)).accept()
        await trio.sleep_forever()

    async def client(node: cl.Node) -> float:
        stream = await node.connect("10.0.0.1", 80)
        stream.keep_alive(idle=2, interval=1, probes=3)
        with pytest.raises(trio.BrokenResourceError, match="timed out"):
            await stream.receive_some()
        return trio.current_time()

    broken_at, _, _ = between(client, server, faults=(cl.partition("n1 | n2"),))
    assert broken_at == pytest.approx(5.1, abs=0.01)
    assert between(client, server)[0] is None


def test_a_finished_connection_leaves_nothing_behind() -> None:
    """A minute after both sides have closed, neither stack knows of it, and nothing is scheduled."""
    _, _, cluster = between(sending(b"hello"), read_all, seconds=100)
    assert [host.stack.connections for host in cluster.nodes.values()] == [(), ()]
    assert not [entry for entry in cluster.engine.clock.heap if "Stack" in repr(entry)]


@settings(max_examples=100)
@given(st.data())
def test_reassembly_gives_back_what_was_cut_up(data: Any) -> None:
    """Whatever pieces come, in whatever order, overlapping and repeated, once all have come."""
    text = data.draw(st.binary(min_size=1, max_size=200))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    edges = [0, *cuts, len(text)]
    pieces = list(itertools.pairwise(edges))
    pieces += data.draw(st.lists(st.sampled_from(pieces), max_size=4))
    extra = data.draw(st.integers(0, 3))
    half = Reassembly(1000)
    for start, stop in data.draw(st.permutations(pieces)):
        stop = min(stop + extra, len(text))
        half.put(1000 + start, text[start:stop], ends=stop == len(text))
    assert half.ended
    assert half.read(1000) == text
    assert half.taken == 1000 + len(text) + 1


def test_the_window_never_takes_more_than_the_buffer() -> None:
    """What lies beyond is thrown away, and taken when it is sent again after a read."""
    half = Reassembly(0)
    half.put(0, bytes(BUFFER_BYTES + 10), ends=False)
    assert (half.taken, half.window) == (BUFFER_BYTES, 0)
    half.read(100)
    assert half.window == 100
    assert half.put(BUFFER_BYTES, bytes(10), ends=False)


def test_the_timeout_follows_the_round_trips() -> None:
    """A second before the first sample; then mean and four variations, doubled at each retry, at least 200 ms."""
    timing = RoundTrip()
    assert timing.timeout_ns == 1_000_000_000
    timing.begin(1, 0)
    timing.end(1, 400_000_000)
    assert timing.timeout_ns == 400_000_000 + 4 * 200_000_000
    timing.backoff = 2
    assert timing.timeout_ns == 4 * 1_200_000_000
    timing.begin(2, 0)
    timing.void()
    timing.end(2, 10**12)
    assert timing.timeout_ns == 1_200_000_000


@pytest.mark.parametrize("seed", range(3))
def test_the_same_seed_gives_the_same_trace(seed: int) -> None:
    """Streams draw from named streams only."""

    def digest(seed: int) -> str:
        _, _, cluster = between(
            sending(bytes(30_000)), read_all, faults=(cl.drop(0.1), cl.slicer(50)), seed=seed, latency=HOSTILE
        )
        return str(cluster.engine.trace.digest())

    assert digest(seed) == digest(seed) != digest(seed + 1)
