"""The trace and its rolling hash."""

from __future__ import annotations

from chaoslab.sim import Trace, first_difference


def test_the_hash_depends_on_every_line_and_their_order() -> None:
    """Swapping two lines changes the hash."""
    one, other = Trace(), Trace()
    for line in ("1 a", "2 b"):
        one.add(line)
    for line in ("2 b", "1 a"):
        other.add(line)
    assert one.digest() != other.digest()


def test_the_hash_does_not_depend_on_when_it_is_computed() -> None:
    """Flushing early or late, in pieces or at once, gives the same hash."""
    early, late = Trace(), Trace()
    for number in range(10_000):
        early.add(str(number))
        late.add(str(number))
        if number % 777 == 0:
            early.flush(least=1)
    assert early.digest() == late.digest()


def test_lines_are_kept_only_on_request() -> None:
    """By default a trace costs no memory that grows with the run."""
    for kept in (False, True):
        trace = Trace(kept=kept)
        for number in range(10_000):
            trace.add(str(number))
        trace.digest()
        assert len(trace.lines) == (10_000 if kept else 0)
        assert trace.count == 10_000


def test_the_first_difference_is_named_from_both_sides() -> None:
    """The position and both lines are shown; an end counts as a difference too."""
    difference = first_difference(["a", "b", "c"], ["a", "x", "c"])
    assert difference is not None
    assert (difference.position, difference.first, difference.second) == (1, "b", "x")
    assert "number 1" in str(difference)
    shorter = first_difference(["a"], ["a", "b"])
    assert shorter is not None
    assert (shorter.first, shorter.second) == (None, "b")
    assert first_difference(["a"], ["a"]) is None
