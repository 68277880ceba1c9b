"""Lost and repeated messages."""

from __future__ import annotations

import itertools

import pytest

import chaoslab as cl
from chaoslab.faults import Burst, Drop
from tests.faults.traffic import traffic


def lost_of(fault: Drop, number: int) -> list[bool]:
    """Return for each message whether it was lost."""
    arrived = {body[0] for body in traffic(fault, number=number).bodies}
    return [count not in arrived for count in range(number)]


def test_bursts_lose_their_stationary_share() -> None:
    """Length / (length + gap): of 20,000 messages 10 %."""
    lost = lost_of(cl.drop(burst=(5, 45)), 20_000)
    assert sum(lost) / len(lost) == pytest.approx(0.1, abs=0.015)
    assert Burst(length=5, gap=45).stationary_loss == pytest.approx(0.1)


def test_bursts_and_gaps_have_the_stated_mean_lengths() -> None:
    """Five messages lost in a row on average, then 45 that arrive."""
    runs = [(lost, len(list(run))) for lost, run in itertools.groupby(lost_of(cl.drop(burst=(5, 45)), 20_000))]
    bursts, gaps = ([length for lost, length in runs if lost is kind] for kind in (True, False))
    assert sum(bursts) / len(bursts) == pytest.approx(5, rel=0.15)
    assert sum(gaps) / len(gaps) == pytest.approx(45, rel=0.15)


def test_a_burst_may_lose_only_a_share_and_a_gap_a_little() -> None:
    """The full model of Gilbert and Elliott, with a loss for each state."""
    burst = Burst(length=10, gap=10, loss=0.5, loss_between=0.1)
    lost = lost_of(Drop(burst=burst), 20_000)
    assert burst.stationary_loss == pytest.approx(0.3)
    assert sum(lost) / len(lost) == pytest.approx(0.3, abs=0.02)


def test_loss_without_bursts_is_independent() -> None:
    """A message after a lost one is lost no more often than any other."""
    lost = lost_of(cl.drop(0.3), 10_000)
    after = [second for first, second in itertools.pairwise(lost) if first]
    assert sum(after) / len(after) == pytest.approx(0.3, abs=0.03)


def test_drop_hits_the_links_of_its_target_only() -> None:
    """In both directions."""
    seen = traffic((cl.drop(1.0), ("n1",)), links=[("n1", "n2"), ("n2", "n1"), ("n2", "n3")], number=20)
    assert seen.counts() == [0, 0, 20]


def test_copies_may_arrive_only_after_the_heal() -> None:
    """Everything passes at once; a second time comes what was kept, so much later than the heal."""
    seen = traffic(cl.duplicate(0.5, later=0.5, after_heal=True), number=400, heal_after=1.0)
    (arrived,) = seen.arrived.values()
    late = [body[0] for at, body in arrived if at - body[1] > 0.9]
    healed_s = seen.injections[0].healed_ns / 1e9
    assert 160 < len(late) < 240
    assert len(arrived) == 400 + len(late) == 400 + seen.injections[0].took_effect
    assert late == sorted(late)
    assert {round(at - healed_s, 6) for at, body in arrived if at - body[1] > 0.9} == {0.5}


@pytest.mark.parametrize("wrong", [{}, {"ratio": 0.1, "burst": (5.0, 5.0)}, {"burst": (0.5, 5.0)}])
def test_drop_has_a_ratio_or_bursts_of_at_least_one_message(wrong: dict[str, object]) -> None:
    """Anything else is refused."""
    with pytest.raises(cl.UsageError):
        cl.drop(**wrong)  # type: ignore[arg-type]
