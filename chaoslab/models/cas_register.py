"""A register with compare-and-set: ``cas [from, to]`` takes place if the value is *from*."""

from __future__ import annotations

from typing import Any

from chaoslab.models.model import ILLEGAL, Model

__all__ = ["CAS_REGISTER"]


def _step(state: Any, f: str, argument: Any, value: Any, result: Any) -> Any:
    if f in ("write", "put"):
        return argument
    if f == "cas":
        expected, new = argument[1]
        took_place = state == expected
        if result is not None and result != ("bool", repr(took_place)):
            return ILLEGAL
        return new if took_place else state
    return state if value == state else ILLEGAL


CAS_REGISTER = Model(
    name="cas-register",
    summary="read, write and compare-and-set; a refused compare-and-set saw another value",
    step=_step,
    reads=frozenset({"read", "get"}),
    fs=frozenset({"read", "get", "write", "put", "cas"}),
    refusable=frozenset({"cas"}),
    tells_whether=frozenset({"cas"}),
    shape="register",
)
