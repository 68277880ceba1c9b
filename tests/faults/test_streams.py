"""Faults of connections: each does what it says, breaks a careless program, and spares a careful one."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

import chaoslab as cl
from chaoslab.choices import Choices
from chaoslab.faults import FAULTS, HalfOpen, Reset, Slicer, SlowClose
from chaoslab.nemesis import Nemesis, Scene, Step
from chaoslab.parameters import build, written

SEEDS = range(5)
KINDS = (Reset, HalfOpen, SlowClose, Slicer)
SCENE = Scene(nodes=("n1", "n2", "n3"), duration_ns=10**10, streams=True)
Code = Callable[[cl.Node], Awaitable[Any]]


def running(
    programs: dict[str, Code], *faults: Any, before: float = 1, during: float = 20, after: float = 0, seed: int = 0
) -> tuple[dict[str, Any], cl.Cluster]:
    """Run a program on each named node, *faults* from *before* on for *during*; return what the programs returned."""
    results: dict[str, Any] = {}

    async def serve(node: cl.Node) -> None:
        results[node.name] = await programs[node.name](node)
        await trio.sleep_forever()

    async def main(cluster: cl.Cluster) -> cl.Cluster:
        cluster.start(serve, nodes=len(programs))
        await trio.sleep(before)
        with cluster.faults(*faults):
            await trio.sleep(during)
        await trio.sleep(after)
        return cluster

    return results, cl.run(main, seed=seed)


def serving(handle: Callable[[Any], Awaitable[None]]) -> Code:
    """Return the program that lets *handle* have each connection, whatever becomes of the others."""

    async def serve(node: cl.Node) -> None:
        listener = await node.listen(80)

        async def carefully(stream: Any) -> None:
            try:
                async with stream:
                    await handle(stream)
            except trio.BrokenResourceError:
                return

        async with trio.open_nursery() as nursery:
            while True:
                nursery.start_soon(carefully, await listener.accept())

    return serve


async def echo(stream: Any) -> None:
    async for chunk in stream:
        await stream.send_all(chunk)


# Reset


async def hold(node: cl.Node) -> str:
    """Hold a connection and say how it ended."""
    stream = await node.connect("n1", 80)
    try:
        return f"ended {await stream.receive_some()!r}"
    except trio.BrokenResourceError as error:
        return str(error)


def test_reset_breaks_the_connections_of_its_targets_on_both_sides() -> None:
    """And no other; what is opened afterwards lives."""
    errors: list[str] = []

    async def server(node: cl.Node) -> None:
        listener = await node.listen(80)

        async def handle(stream: Any) -> None:
            try:
                await stream.receive_some()
            except trio.BrokenResourceError as error:
                errors.append(str(error))

        async with trio.open_nursery() as nursery:
            while True:
                nursery.start_soon(handle, await listener.accept())

    async def again(node: cl.Node) -> Any:
        return await hold(node), await hold(node)

    results, cluster = running({"n1": server, "n2": again, "n3": hold}, (cl.reset(), ("n2",)))
    assert results == {}  # n3 holds on, and so does the second connection of n2
    assert len(errors) == 1
    assert "reset by peer" in errors[0]
    assert [injection.took_effect for injection in cluster.injections] == [1]


def test_reset_takes_about_its_share() -> None:
    """Half of a hundred connections, give or take."""

    async def client(node: cl.Node) -> int:
        broken = 0

        async def one() -> None:
            nonlocal broken
            how = await hold(node)
            broken += "reset" in how

        async with trio.open_nursery() as nursery:
            for _ in range(200):
                nursery.start_soon(one)
            await trio.sleep(10)
            nursery.cancel_scope.cancel()
        return broken

    results, cluster = running({"n1": serving(echo), "n2": client}, cl.reset(now=0.5))
    assert 35 < results["n2"] < 65
    assert cluster.injections[0].took_effect == results["n2"]


class Counter:
    """A server that counts: ``add`` by one, at once; or once for each request number."""

    def __init__(self) -> None:
        self.count = 0
        self.seen: set[bytes] = set()

    async def handle(self, stream: Any) -> None:
        request = await stream.receive_some()
        if request == b"add" or request not in self.seen:
            self.seen.add(request)
            self.count += 1
        await stream.send_all(b"done")


async def ask(node: cl.Node, request: bytes) -> bool:
    """Send *request* over a connection of its own; return whether an answer came."""
    try:
        async with await node.connect("10.0.0.1", 80) as stream:
            await stream.send_all(request)
            return bool(await stream.receive_some())
    except trio.BrokenResourceError:
        return False


@pytest.mark.parametrize("seed", SEEDS)
def test_a_client_that_takes_a_reset_for_not_done_counts_twice(seed: int) -> None:
    """One that takes it for unknown, and lets the server recognise the second attempt, counts right."""

    async def careless(node: cl.Node) -> None:
        for _ in range(100):
            while not await ask(node, b"add"):
                pass

    async def careful(node: cl.Node) -> None:
        for number in range(100):
            while not await ask(node, b"request %d" % number):
                pass

    counts = {}
    for client in (careless, careful):
        counter = Counter()
        fault = cl.reset(now=1.0, ratio=0.1)
        results, cluster = running({"n1": serving(counter.handle), "n2": client}, fault, before=0.05, seed=seed)
        assert "n2" in results
        assert cluster.injections[0].took_effect > 5
        counts[client] = counter.count
    assert counts[careless] > 100
    assert counts[careful] == 100


# Half open


async def publish(stream: Any) -> None:
    """Say what time it is, every half second."""
    while True:
        await stream.send_all(b"%6.1f" % trio.current_time())
        await trio.sleep(0.5)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_subscriber_that_trusts_its_connection_for_ever_hears_no_more(seed: int) -> None:
    """Not even after the fault; one that misses the regular word connects again."""
    heard: dict[str, float] = {}

    async def trusting(node: cl.Node) -> None:
        stream = await node.connect("n1", 80)
        while True:
            await stream.receive_some()
            heard["trusting"] = trio.current_time()

    async def watchful(node: cl.Node) -> None:
        while True:
            stream = await node.connect("n1", 80)
            with trio.CancelScope() as scope:
                while True:
                    scope.deadline = trio.current_time() + 2
                    await stream.receive_some()
                    heard["watchful"] = trio.current_time()
            await stream.aclose()

    programs = {"n1": serving(publish), "n2": trusting, "n3": watchful}
    _, cluster = running(programs, cl.half_open("n1"), during=10, after=100, seed=seed)
    assert cluster.injections[0].took_effect == 2
    assert heard["trusting"] < 1.1
    assert heard["watchful"] > 110


@pytest.mark.parametrize(("silent", "word"), [(True, "timed out"), (False, "reset")])
def test_half_open_answers_by_silence_or_by_resets(silent: bool, word: str) -> None:
    """Silence breaks by the keep-alive's timeout, a reset at the first probe."""

    async def client(node: cl.Node) -> Any:
        stream = await node.connect("n1", 80)
        stream.keep_alive(idle=2, interval=1, probes=3)
        try:
            await stream.receive_some()
        except trio.BrokenResourceError as error:
            return str(error), round(trio.current_time())

    results, _ = running({"n1": serving(echo), "n2": client}, cl.half_open("n1", silent=silent))
    message, broken_at = results["n2"]
    assert word in message
    assert broken_at == (5 if silent else 2)


def test_the_side_that_is_gone_has_an_error_and_after_the_heal_the_other_gets_a_reset() -> None:
    """As when a machine comes back that knows nothing of it."""
    gone: list[str] = []

    async def server(node: cl.Node) -> None:
        stream = await (await node.listen(80)).accept()
        try:
            await stream.receive_some()
        except trio.BrokenResourceError as error:
            gone.append(f"{error} {trio.current_time():.0f}")

    async def client(node: cl.Node) -> Any:
        stream = await node.connect("n1", 80)
        await trio.sleep(3)
        await stream.send_all(b"still there?")
        try:
            await stream.receive_some()
        except trio.BrokenResourceError as error:
            return str(error), trio.current_time()

    results, cluster = running({"n1": server, "n2": client}, cl.half_open("n1"), during=9, after=20)
    assert gone == ["the connection is broken: Software caused connection abort 1"]
    assert "reset" in results["n2"][0]
    assert 10 < results["n2"][1] < 20
    assert cluster.nodes["n1"].stack.muted == {}


# Slow close


async def tell_and_close(stream: Any) -> None:
    await stream.receive_some()
    await stream.send_all(b"5\nhello")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_client_that_waits_for_the_end_to_know_that_it_has_all_is_late(seed: int) -> None:
    """One that is told the length first does not care when the end comes."""

    async def question(node: cl.Node, complete: Callable[[bytes], bool]) -> float:
        began = trio.current_time()
        stream = await node.connect("n1", 80)
        await stream.send_all(b"?")
        text = b""
        async for chunk in stream:
            text += chunk
            if complete(text):
                break
        assert text == b"5\nhello"
        return trio.current_time() - began

    async def careless(node: cl.Node) -> float:
        await trio.sleep(1)
        return await question(node, lambda text: False)

    async def careful(node: cl.Node) -> float:
        await trio.sleep(1)
        return await question(node, lambda text: len(text) >= 2 and len(text) == 2 + int(text[:1]))

    programs = {"n1": serving(tell_and_close), "n2": careless, "n3": careful}
    results, cluster = running(programs, cl.slow_close(3), before=0.5, seed=seed)
    assert results["n2"] > 3
    assert results["n3"] < 0.1
    assert cluster.injections[0].took_effect >= 2
    assert running(programs, before=0.5)[0]["n2"] < 0.1


# Slicer


def test_slicer_delivers_all_data_in_small_pieces_with_time_between() -> None:
    """No read sees more than one piece, and the gaps add up."""

    async def server(node: cl.Node) -> Any:
        stream = await (await node.listen(80)).accept()
        return [(chunk, trio.current_time()) async for chunk in stream]

    async def client(node: cl.Node) -> None:
        stream = await node.connect("n1", 80)
        await trio.sleep(2)
        await stream.send_all(bytes(range(200)))
        await trio.sleep(5)
        await stream.aclose()

    results, cluster = running({"n1": server, "n2": client}, cl.slicer(10, gap=0.005))
    chunks = results["n1"]
    assert b"".join(chunk for chunk, _ in chunks) == bytes(range(200))
    assert max(len(chunk) for chunk, _ in chunks) <= 10
    assert 20 <= len(chunks) <= 80
    gaps = {round((after - before) * 1000) for (_, before), (_, after) in itertools.pairwise(chunks)}
    assert gaps == {5}
    assert cluster.injections[0].took_effect >= 1


@pytest.mark.parametrize("seed", SEEDS)
def test_a_client_that_takes_a_short_read_for_the_whole_message_reads_nonsense(seed: int) -> None:
    """One that knows where a message ends reads on. Without the fault both get along."""

    async def careless(node: cl.Node) -> bool:
        stream = await node.connect("n1", 80)
        await trio.sleep(2)
        right = True
        for number in range(20):
            message = b"message %d\n" % number
            await stream.send_all(message)
            right &= await stream.receive_some() == message
        return right

    async def careful(node: cl.Node) -> bool:
        stream = await node.connect("n1", 80)
        await trio.sleep(2)
        right, buffer = True, b""
        for number in range(20):
            message = b"message %d\n" % number
            await stream.send_all(message)
            while b"\n" not in buffer:
                buffer += await stream.receive_some()
            answer, _, buffer = buffer.partition(b"\n")
            right &= answer + b"\n" == message
        return right

    programs = {"n1": serving(echo), "n2": careless, "n3": careful}
    results, _ = running(programs, cl.slicer(4), seed=seed)
    assert results == {"n2": False, "n3": True}
    assert running(programs, seed=seed)[0] == {"n2": True, "n3": True}


# All of them


async def chatter(node: cl.Node) -> None:
    """Open, use and close connections, whatever happens to them."""
    while True:
        try:
            with trio.move_on_after(5):
                async with await node.connect("10.0.0.1", 80) as stream:
                    for _ in range(5):
                        await stream.send_all(bytes(3000))
                        left = 3000
                        while left and (chunk := await stream.receive_some()):
                            left -= len(chunk)
                        await trio.sleep(0.1)
        except (OSError, trio.BrokenResourceError):
            await trio.sleep(0.1)


def injected(kind: Any, number: int) -> Any:
    fault = kind.drawn(SCENE, Choices(number).stream("fault"))
    return (fault, ("n1",)) if kind.needs_target else fault


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_it_is_drawn_reads_back_takes_effect_and_is_the_same_for_the_same_seed(kind: Any, seed: int) -> None:
    """Swarms use it where nodes speak over connections, and nowhere else."""
    fault = kind.drawn(SCENE, Choices(seed).stream("fault"))
    assert build(kind, written(fault)) == fault
    assert fault.kind in fault.describe(("n1",))
    assert kind.drawn(Scene(nodes=("n1",), duration_ns=1), Choices(seed).stream("fault")) is None
    programs = {"n1": serving(echo), "n2": chatter, "n3": chatter}
    runs = [running(programs, injected(kind, seed), during=5, seed=seed)[1] for _ in range(2)]
    assert runs[0].engine.trace.digest() == runs[1].engine.trace.digest()
    assert runs[0].injections[0].took_effect > 0


@pytest.mark.parametrize("first_to_heal", [0, 1])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_two_of_a_kind_heal_in_any_order_and_leave_nothing(kind: Any, first_to_heal: int) -> None:
    """No rule, no muted connection; and streams work as before."""
    served: list[float] = []

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            await serving(echo)(node)
        elif node.name == "n2":
            await chatter(node)
        else:
            await trio.sleep(20)
            stream = await node.connect("n1", 80)
            began = trio.current_time()
            await stream.send_all(b"hello")
            assert await stream.receive_some() == b"hello"
            served.append(trio.current_time() - began)

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=3)
        await trio.sleep(1)
        injections = []
        for number in (1, 2):
            fault = injected(kind, number)
            injections.append(cluster.inject(*fault) if isinstance(fault, tuple) else cluster.inject(fault))
            await trio.sleep(2)
        cluster.heal(injections[first_to_heal])
        cluster.heal(injections[first_to_heal])
        await trio.sleep(2)
        cluster.heal(injections[1 - first_to_heal])
        assert cluster.network._rules == []
        assert [host.stack.muted for host in cluster.nodes.values()] == [{}, {}, {}]
        await trio.sleep(30)

    cl.run(main)
    assert served == [pytest.approx(0.002)]


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.kind)
def test_after_any_fault_of_any_kind_streams_work_again(kind: Any) -> None:
    """Ten seconds after the heal a name is found, a connection opens, and what is sent comes back."""
    drawn = getattr(kind, "drawn", lambda scene, stream: None)
    fault = drawn(SCENE, Choices(1).stream("fault"))
    if fault is None:
        pytest.skip(f"{kind.kind} has no place here")
    served: list[bytes] = []

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            await serving(echo)(node)
        elif node.name == "n2":
            await chatter(node)
        await trio.sleep(16 - trio.current_time())
        async with await node.connect("n1", 80) as stream:
            await stream.send_all(b"hello")
            served.append(await stream.receive_some())

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(serve, nodes=3)
        target = "n1" if kind.needs_target else ""
        step = Step(name=f"{kind.kind} 1", fault=fault, target=target, begin_ns=10**9, end_ns=6 * 10**9)
        Nemesis(cluster, (step,), None).begin()
        await trio.sleep(30)

    cl.run(main)
    assert served == [b"hello"]


def test_a_fault_without_connections_has_no_effect() -> None:
    """And says so."""

    async def nothing(node: cl.Node) -> None:
        await trio.sleep_forever()

    faults = (cl.reset(), cl.half_open("n1"), cl.slow_close(1), cl.slicer(3))
    _, cluster = running({"n1": nothing, "n2": nothing}, *faults)
    assert [injection.took_effect for injection in cluster.injections] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("make", "key"), [(lambda: Reset(now=0.0, ratio=0.0), "now"), (lambda: Slicer(size_bytes=0), "size")]
)
def test_parameters_that_mean_nothing_are_refused(make: Callable[[], Any], key: str) -> None:
    """With the key."""
    with pytest.raises(cl.UsageError) as caught:
        make()
    assert caught.value.key == key
