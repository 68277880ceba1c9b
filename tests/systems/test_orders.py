"""Orders are carried out once, and kept: each of these checks can fail."""

from __future__ import annotations

from typing import Any

from chaoslab.history import History
from chaoslab.plugins import registry


def judged(name: str, *operations: tuple[str, Any, str]) -> tuple[str, str | None]:
    """Return outcome and anomaly of the check *name* on (f, order or orders, type), one after the other."""
    history = History()
    for number, (f, value, type) in enumerate(operations):
        history.invoke(number, f, "x", None if f == "get" else f"{value} ", time_ns=2 * number)
        history.complete(number, type, value if f == "get" else None, time_ns=2 * number + 1)
    (verdict,) = [one for one in registry().workloads["orders"].checks(history, ("x",), None) if one.name == name]
    assert verdict.outcome != "invalid" or verdict.operations
    return verdict.outcome, verdict.anomaly


def test_an_order_that_is_there_twice_was_done_twice() -> None:
    """Whatever its client was told."""
    assert judged("carried-out-once", ("append", 1, "ok"), ("get", "1 ", "ok")) == ("valid", None)
    assert judged("carried-out-once", ("append", 1, "ok"), ("get", "1 1 ", "ok")) == ("invalid", "done twice")
    assert judged("carried-out-once", ("append", 1, "info"), ("get", "1 1 ", "ok")) == ("invalid", "done twice")


def test_an_order_that_was_acknowledged_is_there() -> None:
    """For whoever looks later; one that nobody knows of may be there or not."""
    assert judged("orders-kept", ("append", 1, "ok"), ("get", "1 ", "ok")) == ("valid", None)
    assert judged("orders-kept", ("append", 1, "ok"), ("get", None, "ok")) == ("invalid", "order lost")
    assert judged("orders-kept", ("get", None, "ok"), ("append", 1, "ok")) == ("unknown", None)
    assert judged("orders-kept", ("append", 1, "ok"), ("append", 2, "info"), ("get", "1 ", "ok")) == ("valid", None)


def test_an_order_that_was_refused_is_not_there() -> None:
    """It was said that nothing happened."""
    found = judged("orders-kept", ("append", 1, "ok"), ("append", 2, "fail"), ("get", "1 2 ", "ok"))
    assert found == ("invalid", "refused and done")


def test_nobody_who_looked_shows_nothing() -> None:
    """A look that failed is no look."""
    assert judged("carried-out-once", ("append", 1, "ok"), ("get", None, "fail")) == ("unknown", None)
