"""Quantities with units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoslab.errors import UsageError
from chaoslab.units import (
    format_duration,
    parse_duration,
    parse_ppm,
    parse_rate,
    parse_ratio,
    parse_size,
    seconds_to_ns,
)


@pytest.mark.parametrize(
    ("text", "time_ns"),
    [("0s", 0), ("1ns", 1), ("2.5us", 2_500), ("150ms", 150_000_000), ("1.5s", 1_500_000_000), ("2min", 120 * 10**9)],
)
def test_durations_have_units(text: str, time_ns: int) -> None:
    """A duration is read exactly, as whole nanoseconds."""
    assert parse_duration(text) == time_ns


@given(st.integers(-(10**18), 10**18))
def test_a_formatted_duration_reads_back_as_itself(time_ns: int) -> None:
    """Nothing is lost on the way to text and back."""
    assert parse_duration(format_duration(time_ns), may_be_negative=True) == time_ns


@pytest.mark.parametrize("text", ["3", "", "ms", "3 parsecs", "-1s", "1e999s", None, 3, True, [], "nans"])
def test_a_duration_without_a_unit_is_refused(text: object) -> None:
    """A bare number could be anything, and a negative time is none."""
    with pytest.raises(UsageError):
        parse_duration(text)


def test_rates_and_sizes_have_units() -> None:
    """Per second inside; powers of two and of ten are kept apart."""
    assert parse_rate("50/s") == 50.0
    assert parse_rate("30/min") == 0.5
    assert parse_size("64KiB") == 65536
    assert parse_size("64KB") == 64000


@pytest.mark.parametrize("text", ["0/s", "-1/s", "5", 5, "5/year"])
def test_a_rate_that_is_none_is_refused(text: object) -> None:
    """A rate is above zero and says per what."""
    with pytest.raises(UsageError):
        parse_rate(text)


@pytest.mark.parametrize(("value", "ratio"), [(0, 0.0), (0.25, 0.25), (1, 1.0), ("5%", 0.05), ("100%", 1.0)])
def test_a_ratio_is_a_number_or_per_cent(value: object, ratio: float) -> None:
    """Both ways of writing mean the same."""
    assert parse_ratio(value) == ratio


@pytest.mark.parametrize("value", [-0.1, 1.1, "5", True, float("nan"), None, "120%"])
def test_a_ratio_outside_zero_to_one_is_refused(value: object) -> None:
    """There is no share below nothing or above all."""
    with pytest.raises(UsageError):
        parse_ratio(value)


def test_drift_cannot_stop_a_clock() -> None:
    """A clock may be slow, but it goes forward."""
    assert parse_ppm("-5ppm") == -5
    assert parse_ppm("0.1%") == 1000
    with pytest.raises(UsageError, match="stop the clock"):
        parse_ppm("-100%")


def test_seconds_must_be_a_number() -> None:
    """Infinity is not a moment."""
    assert seconds_to_ns(0.25) == 250_000_000
    with pytest.raises(UsageError):
        seconds_to_ns(float("inf"))
