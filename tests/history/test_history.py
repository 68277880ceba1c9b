"""The recorder of histories."""

from __future__ import annotations

import pytest

from chaoslab.errors import HistoryError
from chaoslab.history import History


def test_an_operation_is_an_invocation_and_its_completion() -> None:
    """Argument, result and both positions are known afterwards."""
    history = History()
    history.invoke(0, "write", "x", 1, time_ns=5)
    history.invoke(1, "read", "x", time_ns=6)
    history.complete(0, "ok", 1, time_ns=7)
    history.complete(1, "ok", 1, time_ns=8, node="n2")
    write, read = history.operations()
    assert (write.f, write.argument, write.type, write.call, write.ret) == ("write", 1, "ok", 0, 2)
    assert (read.f, read.value, read.node, read.call, read.ret) == ("read", 1, "n2", 1, 3)


def test_an_operation_that_is_open_at_the_end_is_unknown() -> None:
    """Nobody knows whether it happened, and it has no end."""
    history = History()
    history.invoke(0, "write", "x", 1)
    (write,) = history.operations()
    assert (write.type, write.ret) == ("info", None)


def test_an_info_has_no_return() -> None:
    """It may take effect at any later time, so the moment of its completion means nothing."""
    history = History()
    history.invoke(0, "write", "x", 1)
    history.complete(0, "info")
    assert history.operations()[0].ret is None


def test_a_process_has_one_open_operation() -> None:
    """A second invocation names both events."""
    history = History()
    history.invoke(3, "write", "x", 1)
    with pytest.raises(
        HistoryError, match=r"event 1: process 3 invokes read while its write \(event 0\) is still open"
    ):
        history.invoke(3, "read", "x")


def test_a_completion_needs_an_invocation() -> None:
    """Nobody completes what was never begun."""
    history = History()
    with pytest.raises(HistoryError, match="event 0: process 7 completes an operation that it never invoked"):
        history.complete(7, "ok")


def test_notes_of_the_nemesis_are_events_and_not_operations() -> None:
    """They stand in the global order, and no checker sees them."""
    history = History()
    history.note("inject", "crash: n1", time_ns=9)
    history.invoke(0, "read", "x")
    assert [event.process for event in history] == ["nemesis", 0]
    assert len(history.operations()) == 1
