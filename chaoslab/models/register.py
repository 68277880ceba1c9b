"""A register: read and write."""

from __future__ import annotations

from typing import Any

from chaoslab.models.model import ILLEGAL, Model

__all__ = ["REGISTER"]


def _step(state: Any, f: str, argument: Any, value: Any, result: Any) -> Any:
    if f in ("write", "put"):
        return argument
    return state if value == state else ILLEGAL


REGISTER = Model(
    name="register",
    summary="read and write; a read returns what was written last",
    step=_step,
    reads=frozenset({"read", "get"}),
    fs=frozenset({"read", "get", "write", "put"}),
    shape="register",
)
