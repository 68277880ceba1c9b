"""Operations in words: ``process 3 read 4 from x``, for everything that people read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chaoslab.history.operation import Operation
from chaoslab.history.values import frozen

__all__ = ["failed_write", "in_words", "shown", "which_nobody_wrote"]

_UNKNOWN = " (nobody knows whether it happened)"
_FAILED = " (it failed)"
_WRITES = frozenset({"write", "put", "cas"})
_TAKES = frozenset({"dequeue", "pop", "delete-min"})

_BRACKETS = {list: ("[", "]"), tuple: ("(", ")"), dict: ("{", "}"), set: ("{", "}"), frozenset: ("{", "}")}
_ITEMS_MAX = 20
_FIRST, _LAST = 3, 9
"""How many items of a longer collection are shown: more of the last ones, for lists grow at their end."""
_LETTERS_MAX = 200
_DEPTH_MAX = 5


def shown(value: Any, depth: int = 0) -> str:
    """Return *value* as Python writes it, but without the middle of what is long, and sets in a fixed order.

    Args:
        value: Anything. Of a list of 200 items 3 and 9 are shown, ``[1, 2, 3, ... 188 more ..., 192, ..., 200]``, of a
            text of more than 200 letters its ends.
        depth: How many collections it is in; what is in more than 5 is left out.

    Cost: O(n) for n items, of which few are written out; O(n log n) for a set, in whose order no two processes need
    agree.
    """
    kind = value.__class__
    if kind in (str, bytes) and len(value) > _LETTERS_MAX:
        end = _LETTERS_MAX // 4
        return f"{value[:end]!r} ... {value[-end:]!r} ({len(value):,} {'letters' if kind is str else 'bytes'})"
    if kind not in _BRACKETS or not value:
        return repr(value)
    if depth > _DEPTH_MAX:
        return "..."
    items = list(value.items() if kind is dict else value)
    if kind in (set, frozenset):
        items.sort(key=lambda item: (len(repr(item)), shown(item, depth + 1)))
    left_out: list[str] = []
    if len(items) > _ITEMS_MAX:
        left_out = [f"... {len(items) - _FIRST - _LAST:,} more ..."]
        items[_FIRST:-_LAST] = []
    words = [
        f"{shown(one[0], depth + 1)}: {shown(one[1], depth + 1)}" if kind is dict else shown(one, depth + 1)
        for one in items
    ]
    if left_out:
        words[_FIRST:_FIRST] = left_out
    opening, closing = _BRACKETS[kind]
    return f"{opening}{', '.join(words)}{',' if kind is tuple and len(value) == 1 else ''}{closing}"


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
        seen = "nothing" if operation.value is None else shown(operation.value)
        return f"read {seen}{from_it}"
    if f in ("write", "put"):
        return f"wrote {shown(argument)}{to_it}"
    if f == "delete" and argument is None and key is not None:
        return f"deleted {key}"
    if f == "append":
        offset = operation.result if operation.type == "ok" else None
        return f"appended {shown(argument)}{to_it}" + ("" if offset is None else f", at offset {shown(offset)}")
    if f == "cas" and isinstance(argument, list | tuple) and len(argument) == 2:
        old, new = argument
        if operation.type == "ok" and operation.result is False:
            return f"was refused to change {shown(old)} to {shown(new)}{in_it}"
        return f"changed {shown(old)} to {shown(new)}{in_it}"
    micros = operation.value if operation.type == "ok" and operation.value is not None else argument
    if f == "txn" and isinstance(micros, list | tuple):
        return ", ".join(_micro(one, known=operation.type == "ok") for one in micros) or "did nothing"
    words = f"called {f}" + ("" if argument is None else f" {shown(argument)}")
    if key is not None:
        words += f" on {key}"
    if operation.type == "ok":
        if operation.value is not None and frozen(operation.value) != frozen(argument):
            words += f" and got {shown(operation.value)}"
        elif operation.result is not None:
            words += f" and got {shown(operation.result)}"
        elif argument is None and f in _TAKES:
            words += " and got nothing"
    return words


def _micro(micro: Any, *, known: bool) -> str:
    """Return one step of a transaction, such as ``appended 3 to x``."""
    if not isinstance(micro, list | tuple) or len(micro) != 3:
        return shown(micro)
    kind, key, value = micro
    if kind == "r":
        seen = "nothing" if value is None else shown(value)
        return f"read {seen} from {key}" if known else f"tried to read {key}"
    return f"{'appended' if kind == 'append' else 'wrote'} {shown(value)} to {key}"
