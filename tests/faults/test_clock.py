"""Faults of clocks: each does what its line says, and finds the program that trusts clocks more than it may."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import trio

import chaoslab as cl
from chaoslab.cluster.node_clock import EPOCH_NS
from chaoslab.faults import ClockDrift, ClockSlew, ClockStep, ClockStrobe, WrongTrueTime
from chaoslab.faults.budget import ClockError
from chaoslab.nemesis import Budget, Nemesis, Step

S = 10**9
SEEDS = range(6)


def errors(fault: Any, at: tuple[float, ...], *, lasting: float = 4.0) -> list[float]:
    """Return how far ahead (wall, monotonic) of node n1 are at the moments *at*, with *fault* from 1 s on."""
    found: list[tuple[float, float]] = []

    async def main(cluster: cl.Cluster) -> None:
        async def serve(node: cl.Node) -> None:
            await node.recv()

        async def read() -> None:
            for moment in at:
                await trio.sleep(moment - trio.current_time())
                clock, now_ns = cluster.node("n1").clock, cluster.engine.now_ns
                found.append(((clock.wall_ns() - EPOCH_NS - now_ns) / S, (clock.monotonic_ns() - now_ns) / S))

        cluster.start(serve, nodes=1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(read)
            await trio.sleep(1)
            with cluster.faults(fault):
                await trio.sleep(lasting)
            await trio.sleep(2)

    cl.run(main)
    if isinstance(fault[0], ClockStep | ClockStrobe):
        assert not any(monotonic for _, monotonic in found)
    return [round(wall, 6) for wall, _ in found]


def test_a_step_jumps_once_and_is_set_right() -> None:
    """Ahead or back; the monotonic clock does not notice."""
    assert errors(cl.clock_step("n1", -3.0), (0.5, 1.5, 4.5, 5.5)) == [0, -3, -3, 0]


def test_a_strobe_goes_to_and_fro() -> None:
    """Ahead for the first half of each period, right for the second, right after the heal, wherever it stood."""
    strobe = cl.clock_strobe("n1", 0.2, period=1.0)
    assert errors(strobe, (0.9, 1.1, 1.4, 1.6, 1.9, 2.1, 2.6)) == [0, 0.2, 0.2, 0, 0, 0.2, 0]
    assert errors(strobe, (3.2, 3.4, 5.0), lasting=2.3) == [0.2, 0, 0]


def test_a_drift_leads_astray_by_its_rate() -> None:
    """A thousandth fast is a millisecond each second; healing sets the wall clock right."""
    assert errors(cl.clock_drift("n1", 1000), (1.0, 2.0, 4.0, 5.5)) == [0, 0.001, 0.003, 0]


def test_a_frozen_wall_clock_stands_still() -> None:
    """It falls behind as time passes, and is right again after the heal."""
    assert errors(cl.clock_freeze("n1"), (1.0, 2.0, 4.0, 5.5)) == [0, -1, -3, 0]


def test_a_slewed_clock_is_led_back_without_a_step() -> None:
    """A fifth of a second at 10 %: after one second half is left, after two it is right, and its rate is too."""
    assert errors(cl.clock_slew("n1", 0.2, ppm=100_000), (1.0, 2.0, 3.5, 5.5)) == [0.2, 0.1, 0, 0]
    assert errors(cl.clock_slew("n1", -0.2, ppm=100_000), (1.0, 2.0, 3.5, 5.5)) == [-0.2, -0.1, 0, 0]


def test_a_slew_that_is_healed_early_is_set_right_at_once() -> None:
    """And what would have ended it later changes nothing any more."""
    assert errors(cl.clock_slew("n1", 1.0, ppm=100_000), (1.5, 2.5, 4.0), lasting=1.0) == [0.95, 0, 0]


def lies(*faults: Any, seed: int = 0) -> tuple[int, int]:
    """Return how many of 400 answers of two nodes' sources miss true time: those of n1, and those of n2."""
    missed = {"n1": 0, "n2": 0}

    async def main(cluster: cl.Cluster) -> None:
        async def serve(node: cl.Node) -> None:
            for _ in range(400):
                await node.sleep(0.1)
                earliest, latest = node.true_time()
                missed[node.name] += not earliest <= EPOCH_NS / S + trio.current_time() <= latest
            await node.recv()

        cluster.start(serve, nodes=2)
        with cluster.faults(*faults):
            await trio.sleep(41)
        for injection, (_, (name,)) in zip(cluster.injections, faults, strict=True):
            if isinstance(injection.fault, WrongTrueTime):
                assert injection.took_effect == missed[name]

    cl.run(main, seed=seed)
    return missed["n1"], missed["n2"]


def test_an_honest_source_of_true_time_does_not_lie() -> None:
    """Whatever the node's own clocks do."""
    assert lies(cl.clock_skew("n1", 9.0), cl.clock_drift("n2", 50_000), cl.clock_freeze("n1")) == (0, 0)


def test_a_source_that_is_off_by_more_than_it_says_lies() -> None:
    """In every answer, and in those of no other node; being off by less shows nothing by itself."""
    assert lies(cl.wrong_true_time("n1", 0.1)) == (400, 0)
    assert lies(cl.wrong_true_time("n1", 1e-9)) == (0, 0)


def test_a_source_that_states_too_small_an_uncertainty_lies_now_and_then() -> None:
    """A half of what it should state: it misses whenever its error is larger than that."""
    missed, others = zip(*(lies(cl.wrong_true_time("n1", epsilon=0.0035), seed=seed) for seed in SEEDS), strict=True)
    assert 0 < sum(missed) < 400 * len(SEEDS)
    assert sum(others) == 0


# A lock with a lease: a holder may write until its lease is over, and judges that by a clock.


def writes(
    seed: int, faults: list[Any], *, clock: Callable[[cl.Node], float], margin: float = 0.0, fenced: bool = False
) -> list[int]:
    """Return the tokens of the writes that the resource took, in order; each new holder gets a higher token."""
    taken: list[int] = []

    async def resource(node: cl.Node) -> None:
        token, free_from = 0, 0.0
        while True:
            message = await node.recv()
            if message.body == "acquire":
                if node.monotonic() < free_from:
                    message.refuse("held")
                    continue
                token, free_from = token + 1, node.monotonic() + 1.0
                message.reply(token)
            elif not fenced or message.body == token:
                taken.append(message.body)

    async def contender(node: cl.Node) -> None:
        while True:
            await node.sleep(node.random.between(0.02, 0.08))
            asked = clock(node)
            try:
                token = await node.call("n1", "acquire")
            except (cl.CallRefused, TimeoutError):
                continue
            while clock(node) < asked + 1.0 - margin:
                node.send("n1", token)
                await node.sleep(0.02)

    async def main(cluster: cl.Cluster) -> None:
        cluster.start(lambda_serve(resource, contender), nodes=3)
        await trio.sleep(2.0)
        for _ in range(4):
            with cluster.faults(*faults):
                await trio.sleep(2.0)
            await trio.sleep(0.7)
        await trio.sleep(2.0)

    cl.run(main, seed=seed, latency=0.002)
    assert len(taken) > 100
    return taken


def lambda_serve(first: Any, others: Any) -> Any:
    async def serve(node: cl.Node) -> None:
        await (first(node) if node.name == "n1" else others(node))

    return serve


def wall(node: cl.Node) -> float:
    return node.time()


def monotonic(node: cl.Node) -> float:
    return node.monotonic()


def in_order(tokens: list[int]) -> bool:
    """Whether nobody wrote after a later holder had."""
    return all(before <= after for before, after in itertools.pairwise(tokens))


DRIFTING = [cl.clock_drift("n2", -150_000), cl.clock_drift("n3", -150_000)]
SLEWED = [cl.clock_slew("n2", 2.0, ppm=150_000), cl.clock_slew("n3", 2.0, ppm=150_000)]


@pytest.mark.parametrize(
    "faults",
    [
        [cl.clock_step("n2", -2.0), cl.clock_step("n3", -2.0)],
        [cl.clock_strobe("n2", -1.5, 1.7), cl.clock_strobe("n3", -1.5, 1.3)],
        [cl.clock_freeze("n2")],
    ],
    ids=["step", "strobe", "freeze"],
)
def test_a_lease_judged_by_the_wall_clock_is_broken_and_one_judged_by_the_monotonic_clock_is_not(faults: Any) -> None:
    """A wall clock that jumps back, or stands still, makes a lease seem longer."""
    assert not all(in_order(writes(seed, faults, clock=wall)) for seed in SEEDS)
    assert all(in_order(writes(seed, faults, clock=monotonic)) for seed in SEEDS)
    assert all(in_order(writes(seed, [], clock=wall)) for seed in SEEDS)


@pytest.mark.parametrize("faults", [DRIFTING, SLEWED], ids=["drift", "slew"])
def test_a_lease_without_a_margin_for_drift_is_broken_and_one_with_a_margin_is_not(faults: Any) -> None:
    """A clock that runs 15 % slow makes a lease 18 % longer; who gives it up a fifth early is safe."""
    assert not all(in_order(writes(seed, faults, clock=monotonic)) for seed in SEEDS)
    assert all(in_order(writes(seed, faults, clock=monotonic, margin=0.2)) for seed in SEEDS)


def test_no_margin_helps_against_a_frozen_clock_but_a_fencing_token_does() -> None:
    """Timers of the holder stop with its clock; when it goes on it still believes in its lease."""
    faults = [cl.clock_freeze("n2", monotonic=True), cl.clock_freeze("n3")]
    assert not all(in_order(writes(seed, faults, clock=monotonic, margin=0.5)) for seed in SEEDS)
    assert all(in_order(writes(seed, faults, clock=monotonic, fenced=True)) for seed in SEEDS)


def stamps(seed: int, *faults: Any, commit_wait: bool, carried: bool = False) -> list[float]:
    """Return the timestamps that nodes in turn give to writes that follow each other in real time."""
    given: list[float] = []

    async def stamp(node: cl.Node) -> None:
        while True:
            message = await node.recv()
            earliest, latest = node.true_time()
            timestamp = latest if commit_wait else (earliest + latest) / 2
            if carried:
                timestamp = max(timestamp, message.body + 1e-6)
            while commit_wait and node.true_time()[0] <= timestamp:
                await node.sleep(0.001)
            message.reply(timestamp)

    async def main(cluster: cl.Cluster) -> None:
        async def serve(node: cl.Node) -> None:
            if node.name != "n1":
                await stamp(node)
            await node.sleep(1.0)
            for number in itertools.count():
                given.append(await node.call(f"n{2 + number % 2}", given[-1] if given else 0.0, timeout=5.0))

        cluster.start(serve, nodes=3)
        with cluster.faults(*faults):
            await trio.sleep(6.0)

    cl.run(main, seed=seed, latency=0.0005)
    assert len(given) > 50
    return given


def rising(timestamps: list[float]) -> bool:
    return all(before < after for before, after in itertools.pairwise(timestamps))


def test_commit_wait_orders_writes_by_an_honest_source_and_ignoring_the_uncertainty_does_not() -> None:
    """Two sources differ by up to twice epsilon; waiting the uncertainty out hides that (Corbett et al., 4.1.2)."""
    assert all(rising(stamps(seed, commit_wait=True)) for seed in SEEDS)
    assert not all(rising(stamps(seed, commit_wait=False)) for seed in SEEDS)


def test_a_lying_source_breaks_commit_wait_but_not_timestamps_that_are_carried_along() -> None:
    """Whoever trusts the interval is lost; who makes each timestamp later than those it has seen is not."""
    for lie in (cl.wrong_true_time("n2", 0.1), cl.wrong_true_time("n2", epsilon=0.0)):
        assert not all(rising(stamps(seed, lie, commit_wait=True)) for seed in SEEDS)
        assert all(rising(stamps(seed, lie, commit_wait=False, carried=True)) for seed in SEEDS)


# Budgets


def not_done(budget: Budget, *steps: Step) -> list[str]:
    async def main(cluster: cl.Cluster) -> list[str]:
        async def serve(node: cl.Node) -> None:
            await node.recv()

        cluster.start(serve, nodes=3)
        nemesis = Nemesis(cluster, steps, budget)
        nemesis.begin()
        await trio.sleep(100)
        return [missed.why for missed in nemesis.not_done]

    return cl.run(main)


def step(fault: Any, target: str, begin: int, end: int) -> Step:
    return Step(name=f"{fault.kind} {target} {begin}", fault=fault, target=target, begin_ns=begin * S, end_ns=end * S)


def test_faults_of_one_clock_add_up_in_the_budget() -> None:
    """Two steps of 60 ms on one node are 120 ms; on two nodes, or one after the other, they are not."""
    budget = Budget(skew_ns=100_000_000)
    one = ClockStep(jump_ns=60_000_000)
    assert not_done(budget, step(one, "n1", 1, 5), step(one, "n2", 2, 6), step(one, "n1", 7, 9)) == []
    (why,) = not_done(budget, step(one, "n1", 1, 5), step(one, "n1", 2, 6))
    assert "a clock would be 120ms off, 100ms may be" in why


def test_a_drift_that_lasts_draws_on_the_promise_of_skew_too() -> None:
    """A thousandth for ten seconds is 10 ms."""
    drift = ClockDrift(rate_ppm=1000)
    assert drift.clock_error(10 * S) == ClockError(skew_ns=10_000_000, drift_ppm=1000)
    assert not_done(Budget(skew_ns=10_000_000), step(drift, "n1", 1, 11)) == []
    (why,) = not_done(Budget(skew_ns=10_000_000), step(drift, "n1", 1, 12))
    assert "a clock would be 11ms off" in why
    (why,) = not_done(Budget(drift_ppm=999), step(drift, "n1", 1, 2))
    assert "a clock's rate would be 1000 ppm off, 999 may be" in why


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: ClockStep(jump_ns=0), "by"),
        (lambda: ClockStrobe(amplitude_ns=0, period_ns=S), "amplitude"),
        (lambda: ClockStrobe(amplitude_ns=1, period_ns=1), "period"),
        (lambda: ClockSlew(offset_ns=0), "offset"),
        (lambda: ClockSlew(offset_ns=1, rate_ppm=-5), "rate"),
        (lambda: WrongTrueTime(), "off"),
    ],
)
def test_faults_that_mean_nothing_are_refused(make: Callable[[], Any], key: str) -> None:
    """With the key that is wrong."""
    with pytest.raises(cl.UsageError) as raised:
        make()
    assert raised.value.key == key
