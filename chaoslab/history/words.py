"""Operations in words: ``process 3 read 4 from x``, for everything that people read."""

from __future__ import annotations

from typing import Any

from chaoslab.history.operation import Operation

__all__ = ["in_words"]

_UNKNOWN = " (nobody knows whether it happened)"
_FAILED = " (it failed)"


def in_words(operation: Operation, *, with_process: bool = True) -> str:
    """Return what one operation did, such as ``process 3 read 4 from x``.

    Args:
        operation: The operation.
        with_process: Begin with who did it.
    """
    what = _what(operation)
    ending = {"ok": "", "info": _UNKNOWN, "fail": _FAILED}[operation.type]
    return f"process {operation.process} {what}{ending}" if with_process else f"{what}{ending}"


def _what(operation: Operation) -> str:
    f, argument = operation.f, operation.argument
    place = "the register" if operation.key is None else str(operation.key)
    if f in ("read", "get"):
        if operation.type != "ok":
            return f"tried to read {place}"
        seen = "nothing" if operation.value is None else repr(operation.value)
        return f"read {seen} from {place}"
    if f in ("write", "put"):
        return f"wrote {argument!r} to {place}"
    if f == "append":
        return f"appended {argument!r} to {place}"
    if f == "cas" and isinstance(argument, list | tuple) and len(argument) == 2:
        old, new = argument
        if operation.type == "ok" and operation.result is False:
            return f"was refused to change {old!r} to {new!r} in {place}"
        return f"changed {old!r} to {new!r} in {place}"
    micros = operation.value if operation.type == "ok" and operation.value is not None else argument
    if f == "txn" and isinstance(micros, list | tuple):
        return ", ".join(_micro(one, known=operation.type == "ok") for one in micros) or "did nothing"
    words = f"called {f}" + ("" if argument is None else f" {argument!r}")
    if operation.key is not None:
        words += f" on {operation.key}"
    if operation.type == "ok" and operation.value is not None and operation.value != argument:
        words += f" and got {operation.value!r}"
    return words


def _micro(micro: Any, *, known: bool) -> str:
    """Return one step of a transaction, such as ``appended 3 to x``."""
    if not isinstance(micro, list | tuple) or len(micro) != 3:
        return repr(micro)
    kind, key, value = micro
    if kind == "r":
        seen = "nothing" if value is None else repr(value)
        return f"read {seen} from {key}" if known else f"tried to read {key}"
    return f"{'appended' if kind == 'append' else 'wrote'} {value!r} to {key}"
