"""Named streams of random decisions."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from chaoslab.choices import Choices


def test_a_stream_depends_on_seed_and_name_alone() -> None:
    """The order in which streams are first used changes nothing."""
    forth, back = Choices(7), Choices(7)
    first = forth.stream("a").random(), forth.stream("b").random()
    second = back.stream("b").random(), back.stream("a").random()
    assert first == second[::-1]


def test_streams_differ_by_name_and_by_seed() -> None:
    """Two places, or two seeds, do not share their draws."""
    assert Choices(7).stream("a").random() != Choices(7).stream("b").random()
    assert Choices(7).stream("a").random() != Choices(8).stream("a").random()


def test_draws_are_pinned_for_ever() -> None:
    """A recording of today must mean the same next year: these three numbers never change."""
    stream = Choices(2026).stream("latency n1>n2")
    assert [stream.random() for _ in range(3)] == [0.08486768571501313, 0.26301774391762645, 0.05512823226552244]


def test_an_override_replaces_one_draw_and_moves_no_other() -> None:
    """Overriding the second draw leaves the third where it was."""
    plain = Choices(1).stream("x")
    steered = Choices(1, {"x": {1: 0.5}}).stream("x")
    before = [plain.random() for _ in range(3)]
    after = [steered.random() for _ in range(3)]
    assert after == [before[0], 0.5, before[2]]


def test_every_draw_is_recorded_on_request() -> None:
    """The record holds what each stream gave, overridden or not."""
    choices = Choices(1, {"x": {0: 0.25}}, recorded=True)
    drawn = [choices.stream("x").random(), choices.stream("x").random()]
    assert choices.record == {"x": drawn}
    assert drawn[0] == 0.25


@given(st.integers(0, 2**32), st.integers(1, 20), st.integers(0, 20))
def test_a_sample_has_the_asked_number_of_different_options_in_order(seed: int, size: int, count: int) -> None:
    """Sampling draws without replacement and keeps the order of the options."""
    options = list(range(size))
    sample = Choices(seed).stream("s").sample(options, min(count, size))
    assert sample == sorted(set(sample))
    assert len(sample) == min(count, size)


def test_a_shuffle_reaches_every_order_about_equally_often() -> None:
    """Each of the six orders of three items comes up in about a sixth of 6,000 shuffles."""
    stream = Choices(3).stream("shuffle")
    counts: dict[tuple[int, ...], int] = {}
    for _ in range(6000):
        items = [0, 1, 2]
        stream.shuffle(items)
        counts[tuple(items)] = counts.get(tuple(items), 0) + 1
    assert len(counts) == 6
    assert all(850 < count < 1150 for count in counts.values())


def test_waiting_times_have_the_asked_mean() -> None:
    """The mean of 20,000 exponential draws is within 3 % of what was asked for."""
    stream = Choices(3).stream("wait")
    mean = sum(stream.exponential(4.0) for _ in range(20_000)) / 20_000
    assert abs(mean - 4.0) < 0.12


def test_nothing_draws_from_the_global_generator() -> None:
    """Using streams leaves the state of the ``random`` module alone."""
    before = random.getstate()
    Choices(1).stream("x").random()
    assert random.getstate() == before
