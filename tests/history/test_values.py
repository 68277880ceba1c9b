"""Values are compared by type and content."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoslab.history.values import frozen, thawed


@pytest.mark.parametrize(
    ("one", "other"),
    [(True, 1), (False, 0), (1, 1.0), (0.0, -0.0), ("1", 1), (None, 0), (None, ""), ([], None), ([1], 1), ({}, [])],
)
def test_values_that_python_confuses_are_kept_apart(one: Any, other: Any) -> None:
    """A client that wrote 1 and reads True has seen something else."""
    assert frozen(one) != frozen(other)


def test_nan_is_itself() -> None:
    """A register that holds NaN returns NaN."""
    assert frozen(float("nan")) == frozen(float("nan"))
    assert frozen([float("nan")]) == frozen([float("nan")])


def test_lists_and_tuples_are_the_same() -> None:
    """JSON knows no tuples, so a round trip must not change a verdict."""
    assert frozen((1, (2,))) == frozen([1, [2]])


def test_the_order_of_keys_and_of_sets_does_not_matter() -> None:
    """A map is its content."""
    assert frozen({"a": 1, "b": [2]}) == frozen({"b": [2], "a": 1})
    assert frozen({1, 2}) == frozen({2, 1})
    assert frozen({"a": 1}) != frozen({"a": True})


def test_depth_does_not_matter() -> None:
    """A value nested twenty thousand deep is a value."""
    deep: Any = []
    for _ in range(20_000):
        deep = [deep]
    other: Any = []
    for _ in range(20_000):
        other = [other]
    assert hash(frozen(deep)) == hash(frozen(other))
    assert frozen(deep) == frozen(other)
    assert frozen([deep]) != frozen(deep)
    assert frozen({"a": deep, "b": 1}) == frozen({"b": 1, "a": other})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, 0.5]) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=1), inner, max_size=2),
)


def same(one: Any, other: Any) -> bool:
    """Return whether two values are the same, straight from the definition."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


@given(VALUES, VALUES)
def test_frozen_values_are_equal_exactly_if_the_values_are(one: Any, other: Any) -> None:
    """Equality of the stand-ins is sameness of the values, and they can be hashed."""
    hash(frozen(one))
    assert (frozen(one) == frozen(other)) == same(one, other)
    assert frozen(one) == frozen(one)


@pytest.mark.parametrize("value", [None, True, 0.5, "a", 7, [1, [False, None]], {"a": [1], 2: "b"}, []])
def test_what_was_frozen_is_shown_as_it_was(value: Any) -> None:
    """People are told of True, not of the stand-in that checkers compare."""
    assert thawed(frozen(value)) == value


def test_what_was_nested_too_deeply_is_shown_in_part() -> None:
    """Its digest tells nobody anything."""
    deep: Any = []
    for _ in range(200):
        deep = [deep]
    assert "..." in repr(thawed(frozen(deep)))
