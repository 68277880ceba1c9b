"""Power cuts: what they leave on the disk, how several of them share a node, and which programs they find out."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
import trio

import chaoslab as cl
from chaoslab.faults import Crash, CrashAt, RestartLoop, RollingRestart, ZoneOutage
from chaoslab.nemesis import Budget
from chaoslab.statemachine import Context, Effects, Invocation, Persist, Request, Send, Write, reply
from tests.faults.process_programs import LISTENERS, WRITERS, outcomes, told


@pytest.mark.parametrize("code", LISTENERS)
def test_a_node_without_power_hears_nothing_and_does_nothing(code: Any) -> None:
    """Until the crash is healed; then it starts anew."""

    async def then(cluster: cl.Cluster) -> None:
        await trio.sleep(0.5)
        with cluster.faults(cl.crash("n1")):
            await trio.sleep(0.5)
        await trio.sleep(0.5)
        assert cluster.node("n1").starts == 2

    times = [time for _, time in told(code, then)]
    assert not [time for time in times if 0.5 < time < 1.0]
    assert [time for time in times if time > 1.0]


@pytest.mark.parametrize("code", WRITERS)
@pytest.mark.parametrize(("unsynced", "left"), [("lost", (b"s", b"")), ("kept", (b"s", b"u"))])
def test_what_was_not_synced_is_lost_or_kept(code: Any, unsynced: Any, left: Any) -> None:
    """As the crash says; what was synced is there in any case."""

    async def then(cluster: cl.Cluster) -> None:
        await trio.sleep(0.5)
        with cluster.faults(cl.crash("n1", unsynced=unsynced)):
            await trio.sleep(0.1)

    assert told(code, then, nodes=1) == [(b"", b""), left]


async def write_much(node: cl.Node) -> None:
    """Write a hundred bytes and never sync them; tell what was there before."""
    node.settings.append(node.disk.read("f"))
    node.disk.write("f", bytes(range(100)))
    await trio.sleep_forever()


def test_a_torn_write_leaves_a_beginning_of_itself() -> None:
    """Of a length that the seed decides."""

    async def then(cluster: cl.Cluster) -> None:
        await trio.sleep(0.5)
        with cluster.faults(cl.crash("n1", unsynced="torn")):
            await trio.sleep(0.1)

    left = [told(write_much, then, nodes=1, seed=seed)[1] for seed in range(10)]
    assert all(bytes(range(100)).startswith(content) for content in left)
    assert len({len(content) for content in left} - {0, 100}) > 3


@pytest.mark.parametrize("code", WRITERS)
def test_amnesia_leaves_an_empty_disk_and_is_remembered(code: Any) -> None:
    """Also of a node that is down already."""

    async def then(cluster: cl.Cluster) -> None:
        await trio.sleep(0.5)
        with cluster.faults(cl.amnesia("n1")):
            assert not cluster.node("n1").alive
        assert dict.fromkeys(cluster.forgetful) == {"n1": None}
        await trio.sleep(0.5)
        with cluster.faults(cl.crash("n1"), cl.amnesia("n1")):
            await trio.sleep(0.1)

    assert told(code, then, nodes=1) == [(b"", b"")] * 3


@pytest.mark.parametrize("first_ends_first", [True, False])
def test_a_node_that_two_faults_want_down_starts_when_both_are_healed(first_ends_first: bool) -> None:
    """In whichever order they are healed; it starts once."""

    async def then(cluster: cl.Cluster) -> None:
        first, second = cluster.inject(*cl.crash("n1")), cluster.inject(*cl.crash("n1", "n2"))
        one, other = (first, second) if first_ends_first else (second, first)
        cluster.heal(one)
        assert not cluster.node("n1").alive
        cluster.heal(other)
        assert cluster.node("n1").alive
        assert cluster.node("n1").starts == 2
        assert (first.took_effect, second.took_effect) == (1, 1)

    told(LISTENERS[0], then)


class Store:
    """A register on one node that answers reads and writes."""

    def __init__(self, context: Context) -> None:
        content = context.files.get("value")
        self.value = None if content is None else int(content)

    def start(self) -> Effects:
        return None

    def message(self, sender: str, message: Request) -> Effects:
        body: Invocation = message.body
        if body.f == "read":
            return [reply(sender, message, self.value)]
        self.value = body.value
        return self.written(str(self.value).encode(), reply(sender, message))

    def written(self, content: bytes, answer: Send) -> Effects:
        raise NotImplementedError

    def timer(self, name: str) -> Effects:
        return None


class Syncing(Store):
    def written(self, content: bytes, answer: Send) -> Effects:
        return [Persist("value", content), answer]


class Writing(Store):
    """Wrong: what is in the page cache is not on the disk."""

    def written(self, content: bytes, answer: Send) -> Effects:
        return [Write("value", content), answer]


@pytest.mark.parametrize(
    "fault", [cl.crash("n1"), cl.restart_loop("n1", period=0.5, down=0.1)], ids=["crash", "restart-loop"]
)
def test_power_cuts_find_the_store_that_does_not_sync(fault: Any) -> None:
    """Within eight seeds an acknowledged write is seen to be lost; the store that syncs loses none."""

    async def then(cluster: cl.Cluster) -> None:
        await trio.sleep(1)
        with cluster.faults(fault):
            await trio.sleep(1)

    assert "invalid" in outcomes(Writing, then)
    assert outcomes(Syncing, then) == {"valid"}


class Mirrored:
    """The first node answers; the second has a copy of everything before it does, and nothing else to do."""

    asks_mirror = True

    def __init__(self, context: Context) -> None:
        self.first = context.name == "n1"
        content = context.files.get("value")
        self.value = None if content is None else int(content)
        self.ready = not (self.first and self.asks_mirror)
        self.open: dict[int, tuple[str, Request]] = {}

    def start(self) -> Effects:
        return None if self.ready else [Send("n2", "what is it?")]

    def message(self, sender: str, message: Any) -> Effects:
        match message:
            case "what is it?":
                return [Send(sender, ("it is", self.value))]
            case "it is", value:
                self.value, self.ready = value, True
            case "copy", value:
                self.value = value
                return [Persist("value", str(value).encode()), Send(sender, ("copied", value))]
            case "copied", value:
                client, request = self.open.pop(value)
                self.value = value
                return [Persist("value", str(value).encode()), reply(client, request)]
            case Request():
                return self.request(sender, message)
        return None

    def request(self, sender: str, request: Request) -> Effects:
        if not self.first or not self.ready or self.open:
            return [reply(sender, request, error="not now")]
        if request.body.f == "read":
            return [reply(sender, request, self.value)]
        self.open[request.body.value] = (sender, request)
        return [Send("n2", ("copy", request.body.value))]

    def timer(self, name: str) -> Effects:
        return None


class Trusting(Mirrored):
    """Wrong: it believes that its own disk has everything."""

    asks_mirror = False


def test_amnesia_finds_the_node_that_believes_its_disk() -> None:
    """A node with an empty disk must ask those who know; a mere crash does not show the difference."""

    async def amnesia(cluster: cl.Cluster) -> None:
        await trio.sleep(1)
        with cluster.faults(cl.amnesia("n1")):
            await trio.sleep(0.5)

    assert "invalid" in outcomes(Trusting, amnesia, nodes=2)
    assert outcomes(Mirrored, amnesia, nodes=2) == {"valid"}


@pytest.mark.parametrize(
    "fault",
    [
        Crash(unsynced="torn"),
        RestartLoop(unsynced="torn"),
        RollingRestart(unsynced="torn"),
        CrashAt(probe="p", unsynced="torn"),
        ZoneOutage(zone="z1", unsynced="torn"),
    ],
    ids=lambda fault: str(fault.kind),
)
def test_torn_writes_need_a_protocol_that_survives_them(fault: Any) -> None:
    """Whoever survives crashes alone does not promise to survive half a write."""
    refusal = Budget(down="minority").refusal(fault, 3, down=1)
    assert refusal is not None
    assert "this is torn-write" in refusal
    assert Budget(down="minority", storage=("torn-write",)).refusal(fault, 3, down=1) is None
    assert Budget(down="minority").refusal(attrs.evolve(fault, unsynced="kept"), 3, down=1) is None


def test_a_word_that_is_no_fate_of_writes_is_refused() -> None:
    """With the words that are allowed."""
    with pytest.raises(cl.UsageError, match=r"unsynced: unknown word 'lots'; did you mean 'lost'"):
        cl.crash("n1", unsynced="lots")  # type: ignore[arg-type]
