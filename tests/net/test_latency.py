"""Distributions of delay."""

from __future__ import annotations

import pytest

from chaoslab.choices import Choices
from chaoslab.errors import UsageError
from chaoslab.net.latency import LATENCY, Constant, sampler

MS = 1_000_000


def _draws(text: object, count: int = 40_000) -> list[int]:
    sample, stream = sampler(LATENCY.parse(text)), Choices(11).stream("test")
    return sorted(sample(stream.random()) for _ in range(count))


@pytest.mark.parametrize(
    ("written", "quantiles"),
    [
        ("5ms", {0.5: 5, 0.99: 5}),
        ({"distribution": "constant", "value": "5ms"}, {0.5: 5, 0.99: 5}),
        ({"distribution": "uniform", "low": "2ms", "high": "10ms"}, {0.25: 4, 0.5: 6, 0.99: 9.92}),
        ({"distribution": "exponential", "mean": "10ms"}, {0.5: 6.931, 0.99: 46.05}),
        ({"distribution": "normal", "mean": "10ms", "deviation": "2ms"}, {0.5: 10, 0.975: 13.92}),
        ({"distribution": "lognormal", "median": "2ms", "p99": "30ms"}, {0.5: 2, 0.99: 30}),
        ({"distribution": "pareto", "minimum": "1ms", "p99": "100ms"}, {0.5: 2, 0.99: 100}),
    ],
)
def test_drawn_delays_have_the_stated_quantiles(written: object, quantiles: dict[float, float]) -> None:
    """The quantiles of 40,000 draws are within 10 % of what the distribution says."""
    draws = _draws(written)
    for share, expected_ms in quantiles.items():
        assert draws[int(share * len(draws))] / MS == pytest.approx(expected_ms, rel=0.1)


def test_a_heavy_tail_goes_beyond_its_99th_percentile() -> None:
    """The tail is not cut off where the table's last cell begins."""
    draws = _draws({"distribution": "pareto", "minimum": "1ms", "p99": "100ms"})
    assert draws[-1] > 1000 * MS


def test_a_smaller_draw_gives_no_longer_delay() -> None:
    """Delay grows with the draw, also across the table's cells and in the tail."""
    sample = sampler(LATENCY.parse({"distribution": "lognormal", "median": "2ms", "p99": "30ms"}))
    delays = [sample(step / 100_000) for step in range(100_000)]
    assert delays == sorted(delays)


def test_the_middle_draw_gives_the_median() -> None:
    """Overriding every draw with 0.5 calms a run down to median delays."""
    assert sampler(LATENCY.parse({"distribution": "lognormal", "median": "2ms", "p99": "30ms"}))(0.5) == 2 * MS


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        (5, "not a latency"),
        ("5", "no unit"),
        ({"low": "1ms"}, "needs a distribution"),
        ({"distribution": "lognormel", "median": "2ms"}, "did you mean 'lognormal'"),
        ({"distribution": "lognormal", "median": "2ms"}, "p99 is missing"),
        ({"distribution": "lognormal", "median": "3ms", "p99": "2ms"}, "median <= p99"),
        ({"distribution": "uniform", "low": "3ms", "high": "2ms"}, "high is below low"),
        ({"distribution": "uniform", "low": "-3ms", "high": "2ms"}, "negative"),
    ],
)
def test_a_wrong_latency_is_refused_in_words(written: object, complaint: str) -> None:
    """Each mistake has its own sentence."""
    with pytest.raises(UsageError, match=complaint):
        LATENCY.parse(written)


def test_what_is_written_parses_back() -> None:
    """Formatting and parsing a latency are inverse."""
    for text in ("5ms", {"distribution": "pareto", "minimum": "1ms", "p99": "100ms"}):
        latency = LATENCY.parse(text)
        assert LATENCY.parse(LATENCY.format(latency)) == latency
    assert LATENCY.format(Constant(value_ns=5 * MS)) == "5ms"
