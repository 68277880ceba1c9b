"""Latency, jitter and spikes."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

import chaoslab as cl
from chaoslab.faults import SlowLinks
from chaoslab.net.latency import LATENCY, Trace
from tests.faults.traffic import traffic

MS = 1_000_000


def test_added_latency_comes_on_top() -> None:
    """Each message takes the usual millisecond and what is added."""
    assert traffic(cl.latency(0.25)).delays == [pytest.approx(0.251)] * 200


def test_latency_instead_replaces_the_usual_one() -> None:
    """The usual second does not count any more."""
    assert traffic(cl.latency(instead=0.25), latency=1.0).delays == [pytest.approx(0.25)] * 200


def test_latency_may_differ_by_link_and_by_type_of_message() -> None:
    """One link, and there one type of message, is slow."""
    slow = cl.latency(1.0, match=cl.matching("big", from_="n1", to="n2"))
    seen = traffic(slow, links=[("n1", "n2"), ("n1", "n3")], number=4, gap=3.0, body=lambda n: ("big", "small")[n % 2])
    here, there = ([round(at % 3.0, 3) for at, _ in arrived] for arrived in seen.arrived.values())
    assert here == [2.001, 1.001, 2.001, 1.001]
    assert there == [1.001] * 4


@pytest.mark.parametrize(
    ("distribution", "mean", "most"),
    [
        ("100ms", 0.1, 0.1),
        ({"distribution": "uniform", "low": "50ms", "high": "150ms"}, 0.1, 0.15),
        ({"distribution": "exponential", "mean": "100ms"}, 0.1, 2.0),
        ({"distribution": "normal", "mean": "100ms", "deviation": "20ms"}, 0.1, 0.25),
        ({"distribution": "lognormal", "median": "80ms", "p99": "400ms"}, 0.102, 5.0),
        ({"distribution": "pareto", "minimum": "50ms", "p99": "500ms"}, 0.1, 60.0),
        ({"distribution": "trace", "values": ["50ms", "60ms", "190ms"]}, 0.1, 0.19),
    ],
)
def test_delays_are_of_every_distribution(distribution: object, mean: float, most: float) -> None:
    """The mean of 3,000 delays is that of the distribution, and none is beyond its tail."""
    delays = traffic(SlowLinks(added=LATENCY.parse(distribution)), number=3000, heal_after=60.0).delays
    assert statistics.mean(delays) == pytest.approx(mean + 0.001, rel=0.12)
    assert max(delays) <= most + 0.0011


def test_a_trace_replays_measured_delays_in_their_order_on_each_link() -> None:
    """From a drawn place on, over and over, and not in lockstep on all links."""
    measured = [0.01 * step for step in range(1, 21)]
    trace = Trace(values_ns=tuple(round(delay * 1e9) for delay in measured))
    links = [("n1", "n2"), ("n1", "n3"), ("n2", "n3"), ("n3", "n1")]
    seen = traffic(cl.latency(instead=trace), links=links, number=50, gap=1.0)
    begins = set()
    for arrived in seen.arrived.values():
        delays = [round(at - body[1], 3) for at, body in arrived]
        first = round(delays[0] * 100) - 1
        assert delays == [round(measured[(first + step) % 20], 3) for step in range(50)]
        begins.add(first)
    assert len(begins) > 1


def test_a_trace_in_a_file_is_read_once_and_kept(tmp_path: Path) -> None:
    """What is written of it needs no file any more."""
    file = tmp_path / "delays.txt"
    file.write_text("# a morning\n1.5ms\n\n2ms # slower\n", encoding="utf-8")
    trace = LATENCY.parse({"distribution": "trace", "file": str(file)})
    assert trace == Trace(values_ns=(1_500_000, 2_000_000))
    assert LATENCY.format(trace) == {"distribution": "trace", "values": ["1.5ms", "2ms"]}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [("1.5\n", "line 1 of .* has no unit"), ("", "no delays"), ("1ms\nx", "line 2 of"), ("-1ms", "negative")],
)
def test_a_wrong_file_of_delays_is_refused_in_words(tmp_path: Path, content: str, complaint: str) -> None:
    """With the line."""
    file = tmp_path / "delays.txt"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(cl.UsageError, match=complaint):
        Trace(file=str(file))


def test_jitter_is_uniform_up_to_its_size() -> None:
    """Half of the messages below half of the size, none above it."""
    delays = traffic(cl.jitter(0.1), number=2000).delays
    assert 0.001 <= min(delays) < 0.003
    assert 0.099 < max(delays) <= 0.101
    assert statistics.median(delays) == pytest.approx(0.051, abs=0.004)


def test_jitter_slows_its_share_of_the_messages() -> None:
    """The others take their usual time."""
    seen = traffic(cl.jitter(0.1, probability=0.25), number=2000)
    usual = sum(delay == pytest.approx(0.001) for delay in seen.delays)
    assert 1420 < usual < 1580
    assert seen.injections[0].took_effect == 2000 - usual


def test_a_spike_slows_everything_on_its_link_while_it_lasts() -> None:
    """Slow messages come in runs as long as the spike, and in between nothing is slow."""
    seen = traffic(cl.spike(1.0, probability=0.01, length=0.2), number=2000)
    slow = [body[0] for delay, (_, body) in zip(seen.delays, seen.arrived["n1", "n2"], strict=True) if delay > 0.5]
    runs = [number for number in slow if number - 1 not in slow]
    assert 8 <= len(runs) <= 32
    assert len(slow) >= len(runs) * 19  # 0.2 s at a message each 0.01 s
    assert seen.injections[0].took_effect == len(slow)
    assert all(delay == pytest.approx(1.001) or delay == pytest.approx(0.001) for delay in seen.delays)


@pytest.mark.parametrize("both", [{}, {"added": 0.1, "instead": 0.1}])
def test_latency_is_added_or_instead(both: dict[str, float]) -> None:
    """Neither or both mean nothing."""
    with pytest.raises(cl.UsageError, match="added or instead"):
        cl.latency(**both)
