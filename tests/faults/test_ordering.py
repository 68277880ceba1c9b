"""Messages that overtake each other, and links that never let them."""

from __future__ import annotations

import pytest

import chaoslab as cl
from tests.faults.traffic import traffic


def overtaken(order: list[int]) -> list[int]:
    """Return the messages that a later one overtook, given the numbers in the order of arrival."""
    return [number for at, number in enumerate(order) if any(earlier > number for earlier in order[:at])]


def numbers(*faults: object, number: int = 500, **more: object) -> list[int]:
    """Return the numbers of the messages in the order in which they arrived."""
    return [body[0] for body in traffic(*faults, number=number, **more).bodies]  # type: ignore[arg-type]


def test_reorder_lets_its_share_be_overtaken_and_loses_nothing() -> None:
    """About a fifth of a thousand, though every link takes exactly a millisecond."""
    seen = traffic(cl.reorder(0.2), number=1000)
    order = [body[0] for body in seen.bodies]
    late = overtaken(order)
    assert sorted(order) == list(range(1000))
    assert 160 < len(late) < 240
    assert seen.injections[0].took_effect == len(late)


@pytest.mark.parametrize("window", [1, 4])
def test_a_message_is_overtaken_by_no_more_than_the_window(window: int) -> None:
    """And by that many, sometimes."""
    order = numbers(cl.reorder(0.1, window=window))
    by = [sum(earlier > number for earlier in order[:at]) for at, number in enumerate(order)]
    assert max(by) == window


def test_a_message_nobody_overtakes_goes_on_after_its_longest_wait() -> None:
    """With a second between messages, none waits longer than half a second."""
    delays = traffic(cl.reorder(1.0, window=3), number=20, gap=1.0).delays
    assert len(delays) == 20
    assert {round(delay, 3) for delay in delays} == {0.5}


def test_everything_may_be_overtaken_that_can() -> None:
    """At a ratio of one somebody still has to overtake: every second message does."""
    assert numbers(cl.reorder(1.0, window=1), number=6) == [1, 0, 3, 2, 5, 4]


def test_a_link_in_order_lets_nobody_overtake() -> None:
    """Neither under latency with a heavy tail, nor jitter, nor spikes, nor reordering."""
    wild = [cl.jitter(0.5), cl.spike(1.0, probability=0.05, length=0.03), cl.reorder(0.3)]
    assert overtaken(numbers(*wild))
    seen = traffic(*wild, cl.fifo(), number=500)
    order = [body[0] for body in seen.bodies]
    assert order == list(range(500))
    assert seen.injections[-1].took_effect > 100


def test_one_late_message_makes_all_behind_it_late() -> None:
    """As the head of a line does."""
    late = cl.match(cl.matching(nth=10), "delay", later=1.0)
    delays = traffic(late, cl.fifo(), number=200).delays
    assert [round(delay, 3) for delay in delays[8:11]] == [0.001, 1.001, 0.991]
    assert sum(delay > 0.002 for delay in delays) == 100


def test_order_is_of_one_link_at_a_time() -> None:
    """A late message to one node delays nothing to another, nor the other way."""
    late = cl.match(cl.matching(nth=1, from_="n1", to="n2"), "delay", later=1.0)
    seen = traffic(late, cl.fifo(), links=[("n1", "n2"), ("n1", "n3"), ("n2", "n1")], number=10)
    delays = {link: [at - body[1] for at, body in arrived] for link, arrived in seen.arrived.items()}
    assert min(delays["n1", "n2"]) > 0.9
    assert max(delays["n1", "n3"]) < 0.01 > max(delays["n2", "n1"])


def test_a_link_may_overtake_again_after_the_heal() -> None:
    """What is sent then arrives in its usual time."""
    late = cl.match(cl.matching(nth=1), "delay", later=3.0)  # sent after one second, healed after two and a half
    seen = traffic(late, cl.fifo(), number=2, gap=2.0, heal_after=-2.5)
    assert [(body[0], round(at, 3)) for at, body in seen.arrived["n1", "n2"]] == [(1, 3.001), (0, 4.001)]


def test_a_scenario_may_keep_order_on_all_links() -> None:
    """``[network] fifo = true``: between any two ends no message overtakes another."""
    from chaoslab.plugins import registry
    from chaoslab.runner import run
    from chaoslab.scenario import parse_scenario, scenario_to_toml

    text = """
    [scenario]
    duration = "3s"
    [cluster]
    protocol = "abd"
    [network]
    latency = { distribution = "pareto", minimum = "1ms", p99 = "200ms" }
    fifo = true
    bandwidth = "20KiB/s"
    [workload]
    name = "register"
    """
    scenario = parse_scenario(text, registry())
    assert parse_scenario(scenario_to_toml(scenario), registry()) == scenario
    done = run(scenario, 1)
    assert done.verdict == "valid"
    free = run(parse_scenario(text.replace("fifo = true", ""), registry()), 1)
    assert free.trace_hash != done.trace_hash
