"""The exception tree, and how errors speak."""

from __future__ import annotations

import re

import pytest

import chaoslab as cl
from chaoslab import errors
from chaoslab.errors import NodeError, UsageError, nearest, unknown_word


def test_the_docstring_draws_exactly_the_exceptions_that_exist() -> None:
    """Every class is in the tree of the docstring, and every name there is a class."""
    drawn = set(re.findall(r"\b([A-Z]\w+(?:Error|Exceeded|Simulation|Violation))\b", errors.__doc__ or ""))
    existing = {
        name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, BaseException)
    }
    assert drawn - {"ValueError", "AssertionError"} == existing


def test_the_tree_is_as_drawn() -> None:
    """Wrong input is also a ValueError, and a violated guarantee is a failed assertion and no ChaosLabError."""
    for kind in (cl.ScenarioError, cl.HistoryError, cl.PluginError):
        assert issubclass(kind, UsageError)
    assert issubclass(UsageError, ValueError)
    assert issubclass(cl.ConsistencyViolation, AssertionError)
    assert not issubclass(cl.ConsistencyViolation, cl.ChaosLabError)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ({}, "wrong"),
        ({"file": "a.toml"}, "a.toml: wrong"),
        ({"file": "a.toml", "line": 3}, "a.toml:3: wrong"),
        ({"file": "a.toml", "line": 3, "key": "x.y"}, "a.toml:3: x.y: wrong"),
        ({"line": 3}, "line 3: wrong"),
        ({"key": "x"}, "x: wrong"),
    ],
)
def test_wrong_input_is_told_with_its_place(place: dict[str, object], text: str) -> None:
    """File, line and key stand before the sentence, as far as they are known."""
    assert str(UsageError("wrong", **place)) == text  # type: ignore[arg-type]


def test_the_nearest_word_is_found_only_if_it_is_near() -> None:
    """A misspelt word finds its match, and nonsense finds none."""
    assert nearest("crush", ["crash", "pause"]) == "crash"
    assert nearest("zzzz", ["crash", "pause"]) is None
    assert unknown_word("fault", "crush", ["pause", "crash"]) == (
        "unknown fault 'crush'; did you mean 'crash'? Allowed: crash, pause."
    )


def test_the_group_of_a_nursery_does_not_hide_the_one_exception_in_it() -> None:
    """A node's error names the exception itself, not the groups that nurseries put around it."""
    inner = ValueError("mine")
    error = NodeError(node="n1", time_ns=0, event="x", cause=ExceptionGroup("a", [ExceptionGroup("b", [inner])]))
    assert error.__cause__ is inner
    assert "ValueError: mine" in str(error)
