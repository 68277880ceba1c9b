"""A log: append an entry at the end, read all entries. The result of an ok append, if given, is the entry's offset."""

from __future__ import annotations

from typing import Any

from chaoslab.models.model import ILLEGAL, Model

__all__ = ["LOG"]


def _step(state: Any, f: str, argument: Any, value: Any, result: Any) -> Any:
    if f == "append":
        return (*state, argument) if result is None or result == len(state) else ILLEGAL
    return state if value == ("list", state) else ILLEGAL


def _leads_to(state: Any, f: str, argument: Any, value: Any, result: Any) -> bool:
    """Return whether appending to *state* can come to what a read saw, or to where an append found its entry."""
    if f == "append":
        return not isinstance(result, int) or len(state) <= result
    return value.__class__ is tuple and value[0] == "list" and value[1][: len(state)] == state


LOG = Model(
    name="log",
    summary="append at the end, whose result may be the offset, from 0; read returns all entries in order",
    initial=(),
    step=_step,
    reads=frozenset({"read"}),
    fs=frozenset({"append", "read"}),
    leads_to=_leads_to,
)
