"""The clocks of a node: what they show, when timers on them are due, and that what goes wrong can be undone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import trio
from hypothesis import given
from hypothesis import strategies as st

import chaoslab as cl
from chaoslab.cluster.node_clock import EPOCH_NS, NEVER_NS, Influence, NodeClock
from chaoslab.cluster.time_source import POLL_NS, TimeSource
from chaoslab.statemachine import Context, Effects, SetTimer

S = 10**9

influences = st.builds(
    lambda rate_ppm, stops: Influence(rate_ppm=rate_ppm, stops_wall=stops > 0, stops_monotonic=stops > 1),
    st.integers(-400_000, 1_000_000),
    st.sampled_from([0, 0, 0, 1, 2]),
)
pauses = st.integers(0, 3 * S)


def clock_at(now_ns: int = 0) -> tuple[Any, NodeClock]:
    sim: Any = SimpleNamespace(now_ns=now_ns)
    return sim, NodeClock(sim)


@given(st.lists(st.tuples(influences, pauses), max_size=4), st.randoms(use_true_random=False), pauses)
def test_when_everything_is_undone_the_wall_clock_is_right_to_the_nanosecond(
    added: list[tuple[Influence, int]], random: Any, first_ns: int
) -> None:
    """Whatever was wrong with its rate, for how long, and in whatever order it ended."""
    sim, clock = clock_at(first_ns)
    for influence, pause_ns in added:
        clock.add(influence)
        sim.now_ns += pause_ns
    order = [influence for influence, _ in added]
    random.shuffle(order)
    for influence in order:
        clock.remove(influence)
        clock.remove(influence)
        sim.now_ns += 7
    assert clock.wall_ns() == EPOCH_NS + sim.now_ns
    assert clock.rate_ppm == 0


@given(st.lists(st.tuples(influences, pauses), min_size=1, max_size=4), st.integers(0, 5 * S))
def test_a_timer_is_due_at_the_first_nanosecond_at_which_the_nodes_own_clock_shows_its_time(
    added: list[tuple[Influence, int]], delay_ns: int
) -> None:
    """Also when the rate has changed since it was set; on a clock that stands still never."""
    sim, clock = clock_at(123)
    _, due_ns = clock.alarm(delay_ns)
    for influence, pause_ns in added:
        clock.add(influence)
        sim.now_ns += pause_ns
    shown_ns, at_ns = clock.monotonic_ns(), clock.when(due_ns)
    if at_ns == NEVER_NS:
        sim.now_ns += 1000 * S
        assert clock.monotonic_ns() == shown_ns < due_ns
        return
    assert at_ns >= sim.now_ns
    if at_ns > sim.now_ns:
        sim.now_ns = at_ns - 1
        assert clock.monotonic_ns() < due_ns
        sim.now_ns = at_ns
    assert clock.monotonic_ns() >= due_ns


@given(st.lists(st.tuples(influences, st.booleans(), pauses), max_size=6))
def test_the_monotonic_clock_never_steps(changes: list[tuple[Influence, bool, int]]) -> None:
    """No change of rate moves it, and it never goes back."""
    sim, clock = clock_at()
    last_ns = 0
    for influence, removed, pause_ns in changes:
        before_ns = clock.monotonic_ns()
        clock.add(influence)
        if removed:
            clock.remove(influence)
        assert clock.monotonic_ns() == before_ns >= last_ns
        last_ns = before_ns
        sim.now_ns += pause_ns


@given(st.integers(0, 10 * POLL_NS), st.integers(1, S), st.integers(0, 20))
def test_an_honest_source_always_contains_true_time(now_ns: int, epsilon_ns: int, seed: int) -> None:
    """As exact numbers, not only as rounded ones; and it is not exact itself."""
    from chaoslab.choices import Choices

    source = TimeSource(SimpleNamespace(now_ns=now_ns), Choices(seed).stream("source"))  # type: ignore[arg-type]
    source.epsilon_ns = epsilon_ns
    earliest, latest = (bound.as_integer_ratio() for bound in source.read())
    true_ns = EPOCH_NS + now_ns
    assert earliest[0] * S <= true_ns * earliest[1]
    assert true_ns * latest[1] <= latest[0] * S


def test_the_middle_of_the_interval_is_not_true_time() -> None:
    """Or a node could work out what the time really is."""

    async def main(cluster: cl.Cluster) -> set[int]:
        cluster.start(lambda context: Idle(), nodes=20)
        middles = (sum(host.time_source.read()) / 2 for host in cluster.nodes.values())
        return {round((middle - EPOCH_NS / S) * 1e6) for middle in middles}

    errors_us = cl.run(main)
    assert len(errors_us) > 15
    assert min(errors_us) < -2000
    assert max(errors_us) > 2000
    assert all(abs(error) <= 7001 for error in errors_us)


class Idle:
    def start(self) -> Effects:
        return None

    def message(self, sender: str, message: Any) -> Effects:
        return None

    def timer(self, name: str) -> Effects:
        return None


def fired_at(style: str, faults: Any, *, nodes: int = 2) -> dict[str, list[int]]:
    """Return the virtual times, in ns, at which each node's 1-second timers fire, with *faults* from 0.25 s to 2 s."""
    fired: dict[str, list[int]] = {f"n{number}": [] for number in range(1, nodes + 1)}

    async def main(cluster: cl.Cluster) -> None:
        engine = cluster.engine

        class Ticking(Idle):
            def __init__(self, context: Context) -> None:
                self.name = context.name

            def start(self) -> Effects:
                return [SetTimer("tick", 1.0)]

            def timer(self, name: str) -> Effects:
                fired[self.name].append(engine.now_ns)
                return [SetTimer("tick", 1.0)]

        async def sleeping(node: cl.Node) -> None:
            while True:
                await node.sleep(1.0)
                fired[node.name].append(engine.now_ns)

        async def receiving(node: cl.Node) -> None:
            while True:
                try:
                    await node.recv(timeout=1.0)
                except TimeoutError:
                    fired[node.name].append(engine.now_ns)

        cluster.start({"machine": Ticking, "sleep": sleeping, "recv": receiving}[style], nodes=nodes)
        await trio.sleep(0.25)
        with cluster.faults(*faults):
            await trio.sleep(1.75)
        await trio.sleep(2.0)

    cl.run(main)
    return fired


def test_running_timers_follow_the_clock_when_its_rate_changes() -> None:
    """Half speed from 0.25 s: the timer that was set at 0 for one second fires at 1.75 s. In every style of node."""
    for style in ("machine", "sleep", "recv"):
        fired = fired_at(style, [cl.clock_drift("n1", -500_000)])
        assert fired["n1"] == [1_750_000_000, 2_875_000_000, 3_875_000_000], style
        assert fired["n2"][:3] == [S, 2 * S, 3 * S], style


def test_a_clock_that_becomes_faster_fires_a_running_timer_earlier() -> None:
    """Double speed from 0.25 s to 2 s."""
    for style in ("machine", "sleep", "recv"):
        fired = fired_at(style, [cl.clock_drift("n1", 1_000_000)])
        assert fired["n1"] == [625_000_000, 1_125_000_000, 1_625_000_000, 2_250_000_000, 3_250_000_000], style


def test_two_clocks_of_different_drift_fire_apart_by_exactly_the_drift() -> None:
    """One second on a clock that runs p ppm fast takes 10**6 / (10**6 + p) seconds, rounded up to the nanosecond."""

    async def main(cluster: cl.Cluster) -> list[int]:
        fired: list[int] = []

        async def serve(node: cl.Node) -> None:
            await node.recv()
            await node.sleep(1.0)
            fired.append(cluster.engine.now_ns - S)

        cluster.start(serve, nodes=3)
        await trio.sleep(1.0)
        for number, ppm in enumerate((200, -50, 0), start=1):
            cluster.inject(*cl.clock_drift(f"n{number}", ppm))
            cluster.network.post(cluster.network.link("n3", f"n{number}"), 0, "go")
        await trio.sleep(2.0)
        return fired

    fast, right, slow = cl.run(main)
    assert (fast, right, slow) == (-(-(10**15) // 1_000_200), S, -(-(10**15) // 999_950))


def test_timers_of_a_frozen_monotonic_clock_fire_only_after_the_heal() -> None:
    """What was left of them when the clock stopped still passes, then."""
    for style in ("machine", "sleep", "recv"):
        frozen = fired_at(style, [cl.clock_freeze("n1", monotonic=True)])
        assert frozen["n1"] == [2_750_000_000, 3_750_000_000], style
        assert fired_at(style, [cl.clock_freeze("n1")])["n1"][:3] == [S, 2 * S, 3 * S], style


def test_nothing_that_a_node_can_ask_is_true_time() -> None:
    """Every reading of a node whose clocks are wrong is wrong; and a node has no other readings than these."""
    readings: list[float] = []

    async def main(cluster: cl.Cluster) -> float:
        async def serve(node: cl.Node) -> None:
            await node.sleep(3.0)
            readings.extend([node.time() - EPOCH_NS / S, node.monotonic()])
            readings.extend(bound - EPOCH_NS / S for bound in node.true_time())
            attributes = [getattr(node, name) for name in dir(node) if not name.startswith("_")]
            assert not any(isinstance(one, int | float) and not isinstance(one, bool) for one in attributes)

        cluster.start(serve, nodes=1)
        cluster.inject(*cl.clock_drift("n1", 100_000))
        cluster.inject(*cl.clock_skew("n1", 0.5))
        await trio.sleep(3.0)
        return cluster.engine.now_ns / S

    cl.run(main)
    true = 3.0 * 10 / 11
    assert len(readings) == 4
    assert all(abs(reading - true) > 1e-6 for reading in readings)
