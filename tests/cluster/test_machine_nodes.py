"""Nodes that are state machines: events in, ordered effects out."""

from __future__ import annotations

import re
from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

import chaoslab as cl
from chaoslab.cluster.machine_host import MachineHost
from chaoslab.statemachine import Become, CancelTimer, Complete, Context, Effects, Persist, Send, SetTimer, Sync


class Machine:
    """A machine whose handlers are given as functions."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.seen: list[Any] = []

    def start(self) -> Effects:
        return None

    def message(self, sender: str, message: Any) -> Effects:
        self.seen.append(message)
        return None

    def timer(self, name: str) -> Effects:
        self.seen.append(name)
        return None


def machine_of(cluster: cl.Cluster, name: str) -> Any:
    host = cluster.node(name)
    assert isinstance(host, MachineHost)
    return host.machine


def test_a_persist_holds_back_every_later_effect() -> None:
    """What comes after a Persist, in its own list and in later ones, leaves only when the disk says durable."""

    class Saver(Machine):
        def start(self) -> Effects:
            if self.context.name == "n1":
                return [Send("n2", "before"), Persist("f", b"x"), Send("n2", "after"), SetTimer("later", 0.0)]
            return None

        def message(self, sender: str, message: Any) -> Effects:
            self.seen.append((message, self.context.monotonic_time()))
            return None

    async def main(cluster: cl.Cluster) -> Any:
        cluster.start(Saver, nodes=2)
        await trio.sleep(1)
        return machine_of(cluster, "n2").seen

    (first, early), (second, late) = cl.run(main, latency=0.0)
    assert (first, early) == ("before", 0.0)
    assert second == "after"
    assert late > 0.0


def test_a_crash_at_a_barrier_loses_the_write_and_everything_behind_it() -> None:
    """A power cut before the disk is done: nothing durable, nothing sent."""

    class Saver(Machine):
        def start(self) -> Effects:
            if self.context.name == "n1":
                return [Persist("f", b"x"), Send("n2", "saved")]
            return None

    async def main(cluster: cl.Cluster) -> Any:
        cluster.start(Saver, nodes=2)
        cluster.crash("n1")
        await trio.sleep(1)
        return machine_of(cluster, "n2").seen, cluster.node("n1").disk.contents()

    assert cl.run(main) == ([], {})


def test_a_restart_makes_a_new_machine_from_what_the_disk_kept() -> None:
    """The factory sees the synced files, and no timer of the earlier life fires."""
    lives: list[dict[str, bytes]] = []

    class Saver(Machine):
        def __init__(self, context: Context) -> None:
            super().__init__(context)
            lives.append(dict(context.files))

        def start(self) -> Effects:
            return [Persist("f", b"x"), SetTimer("old", 2.0)] if len(lives) == 1 else None

    async def main(cluster: cl.Cluster) -> Any:
        cluster.start(Saver, nodes=1)
        await trio.sleep(1)
        cluster.crash("n1")
        cluster.restart("n1")
        await trio.sleep(5)
        return machine_of(cluster, "n1").seen

    assert cl.run(main) == []
    assert lives == [{}, {"f": b"x"}]


def test_setting_a_timer_again_replaces_it_and_cancelling_stops_it() -> None:
    """A timer fires once, when it was last set for, or never."""

    class Timers(Machine):
        def start(self) -> Effects:
            return [SetTimer("a", 1.0), SetTimer("a", 2.0), SetTimer("b", 1.0), CancelTimer("b")]

        def timer(self, name: str) -> Effects:
            self.seen.append((name, self.context.monotonic_time()))
            return None

    async def main(cluster: cl.Cluster) -> Any:
        cluster.start(Timers, nodes=1)
        await trio.sleep(5)
        return machine_of(cluster, "n1").seen

    assert cl.run(main) == [("a", 2.0)]


commands = st.tuples(st.sampled_from("ab"), st.none() | st.integers(0, 5))
"""Of a millisecond: set a timer for so many milliseconds and a half, or cancel it."""


@given(st.lists(commands, max_size=12))
def test_a_timer_fires_when_it_was_last_set_for(script: list[tuple[str, int | None]]) -> None:
    """Set to later, to earlier, cancelled and set again: as in a table of what is due."""

    class Timers(Machine):
        def start(self) -> Effects:
            return [SetTimer("step", 0.001)]

        def timer(self, name: str) -> Effects:
            now_ms = round(self.context.monotonic_time() * 1000, 3)
            if name != "step":
                self.seen.append((now_ms, name))
                return None
            if now_ms > len(script):
                return None
            what, after_ms = script[int(now_ms) - 1]
            command = CancelTimer(what) if after_ms is None else SetTimer(what, (after_ms + 0.5) / 1000)
            return [command, SetTimer("step", 0.001)]

    async def main(cluster: cl.Cluster) -> Any:
        cluster.start(Timers, nodes=1)
        await trio.sleep(1)
        return machine_of(cluster, "n1").seen

    due: dict[str, float] = {}
    fired = []
    for now_ms in range(1, 40):
        fired += sorted((at_ms, name) for name, at_ms in due.items() if at_ms < now_ms)
        due = {name: at_ms for name, at_ms in due.items() if at_ms > now_ms}
        if now_ms <= len(script):
            name, after_ms = script[now_ms - 1]
            due.pop(name, None)
            if after_ms is not None:
                due[name] = now_ms + after_ms + 0.5
    seen = cl.run(main)
    assert sorted(seen) == fired
    assert [at_ms for at_ms, _ in seen] == [at_ms for at_ms, _ in fired]


def test_a_timer_with_a_range_is_drawn_from_the_seed() -> None:
    """It fires within the range, at a moment that the seed decides."""

    class Random(Machine):
        def start(self) -> Effects:
            return [SetTimer("t", (1.0, 2.0))]

        def timer(self, name: str) -> Effects:
            self.seen.append(self.context.monotonic_time())
            return None

    async def main(cluster: cl.Cluster) -> Any:
        cluster.start(Random, nodes=1)
        await trio.sleep(5)
        return machine_of(cluster, "n1").seen[0]

    times = [cl.run(main, seed=seed) for seed in (1, 2, 1)]
    assert all(1.0 <= time <= 2.0 for time in times)
    assert times[0] == times[2] != times[1]


def test_a_paused_machine_handles_everything_after_the_pause_in_order() -> None:
    """Messages and timers wait, and are handled when the node goes on."""

    class Listener(Machine):
        def start(self) -> Effects:
            return [SetTimer("tick", 0.5)] if self.context.name == "n1" else [SetTimer("send", 0.2)]

        def timer(self, name: str) -> Effects:
            if name == "send":
                return [Send("n1", "hello")]
            return super().timer(name)

    async def main(cluster: cl.Cluster) -> Any:
        cluster.start(Listener, nodes=2)
        cluster.node("n1").pause()
        await trio.sleep(2)
        before = list(machine_of(cluster, "n1").seen)
        cluster.node("n1").resume()
        return before, machine_of(cluster, "n1").seen

    assert cl.run(main) == ([], ["hello", "tick"])


def test_a_reported_role_is_known_to_the_cluster_until_the_crash() -> None:
    """Faults can be aimed at roles; a dead node plays none."""

    class Leader(Machine):
        def start(self) -> Effects:
            return [Become("leader")] if self.context.name == "n2" else None

    async def main(cluster: cl.Cluster) -> Any:
        cluster.start(Leader, nodes=3)
        before = cluster.with_role("leader")
        cluster.crash("n2")
        return before, cluster.with_role("leader")

    assert cl.run(main) == (("n2",), ())


def test_an_exception_in_a_handler_names_node_time_and_event() -> None:
    """The error says what the machine was handling, and its cause is the machine's own exception."""

    class Broken(Machine):
        def start(self) -> Effects:
            return [SetTimer("boom", 0.25)] if self.context.name == "n1" else None

        def timer(self, name: str) -> Effects:
            raise KeyError("missing")

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(Broken, nodes=2)
        await trio.sleep(1)

    with pytest.raises(
        cl.NodeError, match=r"node n1 raised KeyError: 'missing', at 0\.250000 s.*timer 'boom'"
    ) as error:
        cl.run(main)
    assert isinstance(error.value.__cause__, KeyError)


def test_what_is_no_effect_is_refused_in_words() -> None:
    """A handler that returns something else is told what it may return."""

    class Odd(Machine):
        def start(self) -> Effects:
            return ["send"]  # type: ignore[list-item]

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(Odd, nodes=1)
        await trio.sleep(1)

    with pytest.raises(cl.NodeError, match=r"'send' is not an effect of a node.*Send, SetTimer"):
        cl.run(main)


MISTAKES: list[tuple[Any, str]] = [
    (3, "3 is not a list of effects"),
    (True, "True is not a list of effects"),
    (Send("n2", 1), "Send(to='n2', message=1) is not a list of effects"),
    ([Send("n3", 1)], "unknown receiver 'n3'; did you mean 'n2'"),
    ([Send(("n1", "n2"), 1)], "sent to ('n1', 'n2'), which is not a name"),
    ([Send(["n1", "n2"], 1)], "sent to ['n1', 'n2'], which is not a name"),
    ([SetTimer("t", float("nan"))], "runs out after nan"),
    ([SetTimer("t", float("inf"))], "runs out after inf"),
    ([SetTimer("t", "5ms")], "runs out after '5ms'"),
    ([SetTimer("t", (1.0, 2.0, 3.0))], "runs out after (1.0, 2.0, 3.0)"),
    ([SetTimer(["t"], 1.0)], "the name ['t'], which is not text"),
    ([Persist("f", "text")], "writes str: a disk takes bytes"),
    ([Sync(["f"])], "the path ['f'], which is not text"),
    ([Complete("ok")], "is not an effect of a node"),
]


@pytest.mark.parametrize(("effects", "words"), MISTAKES, ids=[words for _, words in MISTAKES])
def test_a_wrong_effect_is_the_nodes_mistake_and_told_in_words(effects: Any, words: str) -> None:
    """With the node's name; ChaosLab is not blamed, and nothing goes wrong silently."""

    class Wrong(Machine):
        def start(self) -> Effects:
            wrong: Effects = effects
            return wrong if self.context.name == "n2" else None

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(Wrong, nodes=2)
        await trio.sleep(1)

    with pytest.raises(cl.NodeError, match=f"the code of node n2 raised UsageError: .*{re.escape(words)}"):
        cl.run(main)


def test_an_effect_that_is_in_order_is_not_blamed_on_the_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """What breaks while it is performed is then ChaosLab's own mistake, and stays what it is."""

    class Right(Machine):
        def start(self) -> Effects:
            return [Become("leader")]

    def broken(self: MachineHost, role: str) -> None:
        raise TypeError("a mistake of ChaosLab")

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(Right, nodes=1)

    monkeypatch.setattr(MachineHost, "become", broken)
    with pytest.raises(TypeError, match="a mistake of ChaosLab"):
        cl.run(main)


def test_code_that_exits_is_code_that_raised() -> None:
    """``exit()`` in a handler must not end the process, and least of all with the code of success."""

    class Quits(Machine):
        def timer(self, name: str) -> Effects:
            raise SystemExit(0)

        def start(self) -> Effects:
            return [SetTimer("quit", 0.5)]

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(Quits, nodes=1)
        await trio.sleep(1)

    with pytest.raises(cl.NodeError, match="the code of node n1 raised SystemExit"):
        cl.run(main)


def test_a_cluster_that_code_cannot_start_with_is_no_mistake_of_the_code() -> None:
    """What it was asked for is said to who asked, in its own words."""

    class Pair(Machine):
        def __init__(self, context: Context) -> None:
            super().__init__(context)
            if len(context.nodes) != 2:
                raise cl.UsageError(f"a pair are 2 nodes, and there are {len(context.nodes)}.")

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(Pair, nodes=3)

    with pytest.raises(cl.UsageError, match=r"^a pair are 2 nodes, and there are 3\.$"):
        cl.run(main)


@pytest.mark.parametrize(
    ("effects", "words"),
    [
        ([Complete("ok"), Complete("ok")], "no operation is open: it was completed already"),
        ([Complete("okay")], "ends in none of ok, fail, info"),
    ],
)
def test_a_wrong_completion_is_the_clients_mistake(effects: Effects, words: str) -> None:
    """Its client is named as a client, not as a node."""

    class Client(cl.RequestClient):
        def invoke(self, invocation: cl.Invocation) -> Effects:
            return effects

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(Machine, nodes=1, client=Client)
        await cluster.drive(cl.workload("register"), seconds=1)

    with pytest.raises(cl.NodeError, match=rf"the code of client c\d raised UsageError: .*{words}"):
        cl.run(main)


def test_a_path_that_is_none_is_the_nodes_own_mistake() -> None:
    """The disk refuses it, and the message names node and effect."""

    class BadPath:
        def __init__(self, context: Context) -> None:
            pass

        def start(self) -> Effects:
            return [Persist("a//b", b"x")]

        def message(self, sender: str, message: Any) -> Effects:
            return None

        def timer(self, name: str) -> Effects:
            return None

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(BadPath, nodes=1)
        await trio.sleep(1)

    with pytest.raises(cl.NodeError, match=r"node n1 raised OSError.*Persist\(path='a//b'"):
        cl.run(main)


def test_a_client_reads_the_wall_clock_of_its_home_and_times_out_by_its_own() -> None:
    """The clients beside a node whose clock is wrong stamp wrong times too, as programs on one machine would."""
    contexts: list[Context] = []

    class Watching(cl.RequestClient):
        def __init__(self, context: Context) -> None:
            super().__init__(context)
            contexts.append(context)

    async def main(cluster: cl.Cluster) -> list[float]:
        cluster.start(Machine, nodes=2, client=Watching)
        cluster.add_clients(2)
        with cluster.faults(cl.clock_step("n2", 0.25), cl.clock_drift("n2", 1000)):
            await trio.sleep(1)
            wall = [context.wall_time() for context in contexts]
            return [wall[1] - wall[0], *(context.monotonic_time() for context in contexts)]

    ahead, first, second = cl.run(main)
    assert ahead == pytest.approx(0.251)
    assert (first, second) == (1.0, 1.0)
