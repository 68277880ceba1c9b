"""Operations in words: ``process 3 read 4 from x``, for everything that people read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chaoslab.history.operation import Operation
from chaoslab.history.values import frozen

__all__ = ["failed_write", "in_words", "which_nobody_wrote"]

_UNKNOWN = " (nobody knows whether it happened)"
_FAILED = " (it failed)"
_WRITES = frozenset({"write", "put", "cas"})
_TAKES = frozenset({"dequeue", "pop", "delete-min"})


def in_words(operation: Operation, *, with_process: bool = True, with_outcome: bool = True) -> str:
    """Return what one operation did, such as ``process 3 read 4 from x``.

    Args:
        operation: The operation.
        with_process: Begin with who did it.
        with_outcome: End with whether it happened, if it did not succeed.
    """
    what = _what(operation)
    ending = {"ok": "", "info": _UNKNOWN, "fail": _FAILED}[operation.type] if with_outcome else ""
    return f"process {operation.process} {what}{ending}" if with_process else f"{what}{ending}"


def failed_write(read: Operation, operations: Iterable[Operation]) -> Operation | None:
    """Return the write of what *read* saw that its client was told had not happened, if there is one."""
    for operation in operations:
        if operation.type == "fail" and operation.key == read.key and operation.call < read.call:
            written = operation.argument
            if operation.f == "cas" and isinstance(written, list | tuple) and len(written) == 2:
                written = written[1]
            if operation.f in _WRITES and frozen(written) == frozen(read.value):
                return operation
    return None


def which_nobody_wrote(read: Operation, operations: Iterable[Operation]) -> str:
    """Return the end of a sentence about *read*, whose value none of *operations* can have written."""
    failed = failed_write(read, operations)
    nobody = "which nobody had written" + ("" if read.key is None else " there")  # perhaps to another key
    if failed is None:
        return nobody
    return f"{nobody}: process {failed.process} tried to, and was told that it had not happened"


def _what(operation: Operation) -> str:
    f, argument = operation.f, operation.argument
    key = operation.key
    in_it, to_it, from_it = ("", "", "") if key is None else (f" in {key}", f" to {key}", f" from {key}")
    if f in ("read", "get"):
        if operation.type != "ok":
            return "tried to read" + ("" if key is None else f" {key}")
        seen = "nothing" if operation.value is None else repr(operation.value)
        return f"read {seen}{from_it}"
    if f in ("write", "put"):
        return f"wrote {argument!r}{to_it}"
    if f == "delete" and argument is None and key is not None:
        return f"deleted {key}"
    if f == "append":
        offset = operation.result if operation.type == "ok" else None
        return f"appended {argument!r}{to_it}" + ("" if offset is None else f", at offset {offset!r}")
    if f == "cas" and isinstance(argument, list | tuple) and len(argument) == 2:
        old, new = argument
        if operation.type == "ok" and operation.result is False:
            return f"was refused to change {old!r} to {new!r}{in_it}"
        return f"changed {old!r} to {new!r}{in_it}"
    micros = operation.value if operation.type == "ok" and operation.value is not None else argument
    if f == "txn" and isinstance(micros, list | tuple):
        return ", ".join(_micro(one, known=operation.type == "ok") for one in micros) or "did nothing"
    words = f"called {f}" + ("" if argument is None else f" {argument!r}")
    if key is not None:
        words += f" on {key}"
    if operation.type == "ok":
        if operation.value is not None and frozen(operation.value) != frozen(argument):
            words += f" and got {operation.value!r}"
        elif operation.result is not None:
            words += f" and got {operation.result!r}"
        elif argument is None and f in _TAKES:
            words += " and got nothing"
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
