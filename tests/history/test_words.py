"""Operations in words."""

from __future__ import annotations

from typing import Any

import pytest

from chaoslab.history import History
from chaoslab.history.words import in_words, shown, which_nobody_wrote


def words_of(f: str, key: Any, argument: Any, ending: str = "ok", value: Any = None, result: Any = None) -> str:
    history = History()
    history.invoke(3, f, key, argument)
    history.complete(3, ending, value, result)  # type: ignore[arg-type]
    return in_words(history.operations()[0])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("read", "x", None, "ok", 4), "process 3 read 4 from x"),
        (("read", None, None, "ok", None), "process 3 read nothing"),
        (("read", None, None, "info"), "process 3 tried to read (nobody knows whether it happened)"),
        (("get", "x", None, "fail"), "process 3 tried to read x (it failed)"),
        (("write", "x", 4, "ok", 4), "process 3 wrote 4 to x"),
        (("put", "x", 4, "info"), "process 3 wrote 4 to x (nobody knows whether it happened)"),
        (("append", "x", "a", "ok"), "process 3 appended 'a' to x"),
        (("append", None, "a", "ok", "a", 0), "process 3 appended 'a', at offset 0"),
        (("cas", "x", [1, 2], "ok", [1, 2], True), "process 3 changed 1 to 2 in x"),
        (("cas", "x", [1, 2], "ok", [1, 2], False), "process 3 was refused to change 1 to 2 in x"),
        (("dequeue", None, None, "ok", 7), "process 3 called dequeue and got 7"),
        (("dequeue", None, None, "ok", None), "process 3 called dequeue and got nothing"),
        (("add", None, 7, "ok", None, False), "process 3 called add 7 and got False"),
        (("contains", None, 1, "ok", True), "process 3 called contains 1 and got True"),
        (("transfer", "a", [1, 2, 5], "ok"), "process 3 called transfer [1, 2, 5] on a"),
        (
            ("txn", None, [["r", "x", None], ["append", "y", 1]], "ok", [["r", "x", [1]], ["append", "y", 1]]),
            "process 3 read [1] from x, appended 1 to y",
        ),
        (
            ("txn", None, [["r", "x", None], ["w", "y", 1]], "info"),
            "process 3 tried to read x, wrote 1 to y (nobody knows whether it happened)",
        ),
    ],
)
def test_an_operation_is_told_in_words(arguments: tuple[Any, ...], words: str) -> None:
    """Who, what, where, and what is known of its end."""
    assert words_of(*arguments) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (list(range(1, 21)), str(list(range(1, 21)))),
        (list(range(1, 201)), "[1, 2, 3, ... 188 more ..., 192, 193, 194, 195, 196, 197, 198, 199, 200]"),
        ((7,), "(7,)"),
        ((), "()"),
        ({}, "{}"),
        (set(), "set()"),
        ({10, 9, 8}, "{8, 9, 10}"),
        (frozenset({"b", "a", "c"}), "{'a', 'b', 'c'}"),
        ([{"x": {"n2", "n1"}}], "[{'x': {'n1', 'n2'}}]"),
        ([[[[[[[1]]]]]]], "[[[[[[...]]]]]]"),
        ("x" * 200, repr("x" * 200)),
        ("a" * 600 + "z" * 400, f"{'a' * 50!r} ... {'z' * 50!r} (1,000 letters)"),
        (b"a" * 1000, f"{b'a' * 50!r} ... {b'a' * 50!r} (1,000 bytes)"),
        (1.5, "1.5"),
        (None, "None"),
    ],
)
def test_a_value_is_shown_as_python_writes_it_but_for_the_middle_of_what_is_long(value: Any, words: str) -> None:
    """Whoever reads of an anomaly wants the few elements that it is about, not two hundred others."""
    assert shown(value) == words


def test_a_long_list_in_an_operation_is_cut() -> None:
    """Where all of it matters, it is in the JSON document."""
    assert words_of("read", "x", None, value=list(range(1000))).startswith("process 3 read [0, 1, 2, ... 988 more ...,")


def test_what_was_written_to_another_key_was_not_written_there() -> None:
    """It may well have been written somewhere: the sentence is about the key that was read."""
    history = History()
    history.invoke(0, "write", "y", 50)
    history.complete(0, "ok", 50)
    history.invoke(1, "read", "x")
    history.complete(1, "ok", 50)
    written, read = history.operations()
    assert which_nobody_wrote(read, [written, read]) == "which nobody had written there"
