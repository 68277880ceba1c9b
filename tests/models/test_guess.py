"""Which model a history is of, when nobody says it."""

from __future__ import annotations

from typing import Any

import pytest

from chaoslab.errors import HistoryError
from chaoslab.history import History
from chaoslab.models import MODELS
from chaoslab.models.guess import guessed_model

One = tuple[str, Any, Any, Any]
"""Name, argument, value and result of an operation."""


def guess(*operations: One, format: str = "jsonl") -> str:
    history = History()
    for f, argument, value, result in operations:
        history.invoke(0, f, None, argument)
        history.complete(0, "ok", value, result)
    return guessed_model(history, format, MODELS).name


READ_4: One = ("read", None, 4, None)


@pytest.mark.parametrize(
    ("name", "operations"),
    [
        ("register", [("write", 4, 4, None), READ_4]),
        ("cas-register", [("cas", [1, 4], [1, 4], True), READ_4]),
        ("kv", [("append", "a", "a", None), ("get", None, "a", None)]),
        ("kv", [("append", "a", "a", None), ("read", None, "a", None)]),
        ("log", [("append", "a", "a", None), ("read", None, ["a"], None)]),
        ("log", [("append", "a", "a", 0)]),
        ("set", [("add", 4, 4, None), ("read", None, [4], None)]),
        ("set", [("add", 4, 4, True)]),
        ("counter", [("add", 4, 4, None), READ_4]),
        ("counter", [("increment", None, None, None)]),
        ("queue", [("enqueue", 4, 4, None), ("dequeue", None, 4, None)]),
        ("stack", [("pop", None, None, None)]),
        ("priority-queue", [("delete-min", None, None, None)]),
        ("mutex", [("acquire", None, None, None), ("release", None, None, None)]),
        ("bank", [("transfer", ["a", "b", 1], None, None), ("read", None, {"a": 1, "b": 0}, None)]),
        ("list-append", [("txn", [["append", "x", 1]], [["append", "x", 1]], None)]),
        ("list-append", [("txn", [["r", "x", None]], [["r", "x", []]], None)]),
        ("rw-register", [("txn", [["w", "x", 1]], [["w", "x", 1]], None)]),
        ("rw-register", [("txn", [["r", "x", None]], [["r", "x", 1]], None)]),
    ],
)
def test_operations_and_what_they_saw_tell_the_model(name: str, operations: list[One]) -> None:
    """Names alone do not: a set and a counter are both added to and read, a log and a map of texts appended to."""
    assert guess(*operations) == name


def test_a_map_starts_with_empty_texts_in_a_kv_log() -> None:
    """The format says what its operations do not."""
    history = History()
    history.invoke(0, "get", "k")
    assert guessed_model(history, "kv-log", MODELS).initial == ""


def test_operations_of_no_model_are_named() -> None:
    """With the models there are."""
    with pytest.raises(HistoryError, match=r"no model knows all of the operations fly, read; name one with --model"):
        guess(READ_4, ("fly", None, None, None))
