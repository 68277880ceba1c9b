"""Bandwidth and queues: latency under load, and what a full queue loses."""

from __future__ import annotations

import pytest

import chaoslab as cl
from chaoslab.faults import Queue
from chaoslab.net.sizes import size_bytes
from tests.faults.traffic import traffic

BODY = b"x" * 96
SIZE = size_bytes(BODY)


def test_a_message_is_a_hundred_bytes_here() -> None:
    """Ninety-six and four for their length: what the figures below rest on."""
    assert SIZE == 100


def test_bandwidth_passes_so_many_bytes_a_second() -> None:
    """At 1,000 B/s ten messages of 100 bytes a second, the first after a tenth of a second."""
    (arrived,) = traffic(cl.bandwidth(1000), number=50, body=lambda n: BODY, heal_after=10.0).arrived.values()
    times = [at for at, _ in arrived]
    assert times == [pytest.approx(1.001 + 0.1 * (number + 1)) for number in range(50)]


def test_a_burst_passes_at_once_after_a_calm_time() -> None:
    """Five messages' worth of it."""
    fault = cl.bandwidth(1000, burst=500)
    (arrived,) = traffic(fault, number=10, gap=0.0001, body=lambda n: BODY).arrived.values()
    assert [round(at - 1.0, 2) for at, _ in arrived] == [0.0] * 5 + [0.1, 0.2, 0.3, 0.4, 0.5]


def test_a_link_that_is_wide_enough_is_as_it_was() -> None:
    """With a bucket of one message, nothing waits."""
    seen = traffic(cl.bandwidth(20_000, burst=200), number=100, body=lambda n: BODY)
    assert [round((at - 1.001) / 0.01) for at, _ in seen.arrived["n1", "n2"]] == list(range(100))
    assert seen.injections[0].took_effect == 0


def test_latency_grows_with_the_queue_until_it_is_full() -> None:
    """Bufferbloat: at ten times the rate, with room for a thousand bytes, delay rises to almost a second and stays."""
    seen = traffic(cl.bandwidth(1000, queue=1000), number=300, heal_after=5.0, body=lambda n: (n, BODY))
    size = size_bytes((0, BODY))
    delays = [at - (1.0 + 0.01 * body[0]) for at, body in seen.arrived["n1", "n2"]]
    rising = delays[: 1000 // size]
    assert rising == sorted(rising)
    full_s = 1000 // size * size / 1000
    assert max(delays) == pytest.approx(full_s, abs=0.02)
    assert min(delays[-10:]) > full_s - 0.12
    figures = seen.injections[0].figures
    assert figures["lost"] == 300 - len(delays)
    assert figures["longest_wait_ms"] == pytest.approx(full_s * 1000, abs=20)
    assert figures["most_waiting"] <= 1000
    assert seen.injections[0].took_effect == 300


def test_a_queue_of_messages_drops_the_last_ones() -> None:
    """Room for five, one passes each tenth of a second: of twenty at once the first five pass."""
    seen = traffic(Queue(rate=10, length=5), number=20, gap=0.00001)
    assert [body[0] for body in seen.bodies] == [0, 1, 2, 3, 4]
    assert [round(delay, 2) for delay in seen.delays] == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert seen.injections[0].figures["lost"] == 15


@pytest.mark.parametrize(("shared", "last_s"), [(False, 1.0), (True, 2.0)])
def test_links_have_a_line_each_or_share_that_of_their_node(shared: bool, last_s: float) -> None:
    """Two links of one node at once: twice as slow if they share."""
    fault = cl.bandwidth(1000, shared=shared)
    seen = traffic(fault, links=[("n1", "n2"), ("n1", "n3")], number=10, gap=0.00001, body=lambda n: BODY)
    last = max(at for arrived in seen.arrived.values() for at, _ in arrived)
    assert last - 1.0 == pytest.approx(last_s, abs=0.01)


def test_a_message_larger_than_the_queue_passes_an_idle_line() -> None:
    """A bound on what waits is no bound on what is sent."""
    assert traffic(cl.bandwidth(1000, queue=50), number=3, gap=1.0, body=lambda n: BODY).counts() == [3]
