"""The model of a log."""

from __future__ import annotations

from chaoslab.history.values import frozen
from chaoslab.models import ILLEGAL, MODELS, UNKNOWN

MODEL = MODELS["log"]


def test_reads_see_all_entries_in_order() -> None:
    """Two entries: a read of one, or of both the other way round, is illegal."""
    state = MODEL.step(MODEL.step(MODEL.initial, "append", "a", None, None), "append", "b", UNKNOWN, None)
    assert MODEL.step(state, "read", None, frozen(["a", "b"]), None) == state
    assert all(MODEL.step(state, "read", None, frozen(seen), None) is ILLEGAL for seen in (["a"], ["b", "a"], None))


def test_offsets_count_from_zero() -> None:
    """The offset of an append is the number of entries before it."""
    assert MODEL.step(("a",), "append", "b", None, 1) == ("a", "b")
    assert MODEL.step(("a",), "append", "b", None, 0) is ILLEGAL
