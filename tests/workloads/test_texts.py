"""The text workload's checks can fail."""

from __future__ import annotations

from typing import Any

import pytest

from chaoslab.history import History
from chaoslab_workloads.texts import CONVERGING_TEXT


def anomaly(*last: tuple[str, list[str]], deleted: str | None = None) -> Any:
    """Return what is wrong when n1 typed w1 and then w2, and the last reads (node, words) are these."""
    history = History()

    def operation(process: int, f: str, value: Any, node: str, time_ns: int, seen: Any = None) -> None:
        history.invoke(process, f, "x", value, time_ns=time_ns)
        history.complete(process, "ok", seen if f == "read" else value, time_ns=time_ns + 1, node=node)

    operation(0, "insert", [0, "w1"], "n1", 1)
    operation(0, "insert", [0, "w2"], "n1", 3)
    if deleted is not None:
        operation(0, "delete", deleted, "n1", 5)
    for process, (node, words) in enumerate(last):
        operation(process, "read", None, node, 9_000_000_000, words)
    (verdict,) = CONVERGING_TEXT.checks(history, ("x",), None)
    return verdict.outcome if verdict.anomaly is None else verdict.anomaly


@pytest.mark.parametrize(
    ("last", "deleted", "expected"),
    [
        ([("n1", ["w2", "w1"]), ("n2", ["w2", "w1"])], None, "valid"),
        ([("n1", ["w2", "w1"]), ("n2", ["w1", "w2"])], None, "divergence"),
        ([("n1", ["w2"]), ("n2", ["w2"])], None, "lost edit"),
        ([("n1", ["w2"]), ("n2", ["w2"])], "w1", "valid"),
        ([("n1", ["w2", "w1"]), ("n2", ["w2", "w1"])], "w1", "zombie edit"),
        ([("n1", ["w2", "w1", "w1"])], None, "made up"),
        ([("n1", ["w2", "w1", "w3"])], None, "made up"),
        ([], None, "unknown"),
    ],
)
def test_what_is_wrong_is_named(last: list[Any], deleted: str | None, expected: str) -> None:
    """One history for each anomaly, and those that are right."""
    assert anomaly(*last, deleted=deleted) == expected
