"""A log: append an entry at the end, read all entries. The result of an ok append, if given, is the entry's offset."""

from __future__ import annotations

from typing import Any

from chaoslab.models.model import ILLEGAL, Model

__all__ = ["LOG"]


def _step(state: Any, f: str, argument: Any, value: Any, result: Any) -> Any:
    if f == "append":
        return (*state, argument) if result is None or result == len(state) else ILLEGAL
    return state if value == ("list", state) else ILLEGAL


LOG = Model(
    name="log",
    summary="append at the end, whose result may be the offset, from 0; read returns all entries in order",
    initial=(),
    step=_step,
    reads=frozenset({"read"}),
    fs=frozenset({"append", "read"}),
)
