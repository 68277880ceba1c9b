"""Says in words what is wrong with a history that is not linearizable.

The sentence is about values and processes, never about search. It names the anomaly where a single read shows it:

* *value out of thin air*: nobody wrote what was read;
* *read from the future*: it was written only after the read had ended;
* *stale read*: a later write had been acknowledged before the read began, and nothing put the old value back;
* *lost write*: the same, of a value that no read ever saw again.
"""

from __future__ import annotations

from collections.abc import Sequence

from chaoslab.history import Operation
from chaoslab.history.values import frozen
from chaoslab.history.words import in_words
from chaoslab.models import Model

__all__ = ["anomaly_and_sentence"]


def anomaly_and_sentence(
    small: Sequence[Operation], blocked: Operation, operations: Sequence[Operation], model: Model
) -> tuple[str, str]:
    """Return the anomaly's name and a sentence for operations of one object that cannot be put into any order.

    Args:
        small: A small history that is not linearizable, in the order of invocations.
        blocked: The operation of it that the search could not place.
        operations: All operations on that object: what nobody wrote is decided here.
        model: The model it violates.
    """
    for read in (blocked, *small):
        if read.type == "ok" and read.f in model.reads:
            if any(operation.f == "append" for operation in operations):
                found = _about_appends(operations, read)
            elif model.shape == "register":
                found = _about_read(operations, read, model)
            else:
                found = None
            if found is not None:
                return found
    others = [operation for operation in small if operation.call != blocked.call]
    rest = ", ".join(in_words(operation) for operation in others[:4])
    more = f" and {len(others) - 4} more operations" if len(others) > 4 else ""
    return (
        "not linearizable",
        f"no order of the operations explains that {in_words(blocked)}"
        + (f", given that {rest}{more}" if rest else "")
        + ".",
    )


def _about_read(operations: Sequence[Operation], read: Operation, model: Model) -> tuple[str, str] | None:
    """Explain a read of a register, if that one read is explanation enough."""
    seen = frozen(read.value)
    producers = [operation for operation in operations if _produces(operation, seen)]
    assert read.ret is not None
    earlier = [operation for operation in producers if operation.call < read.ret]
    if seen != model.initial and not producers:
        return "value out of thin air", f"{in_words(read)}, which nobody had written."
    if seen != model.initial and not earlier:
        return (
            "read from the future",
            f"{in_words(read)}, which was written only afterwards ({in_words(producers[0])}).",
        )
    for write in reversed(operations):
        # One that began when all writes of the value seen had ended, and that had ended when the read began.
        if write.f not in ("write", "put") or write.ret is None or write.ret > read.call or _produces(write, seen):
            continue
        if all(producer.ret is not None and producer.ret < write.call for producer in earlier):
            again = any(
                other.f in model.reads and other.type == "ok" and frozen(other.value) == frozen(write.argument)
                for other in operations
            )
            return (
                "stale read" if again else "lost write",
                f"{in_words(read)}, although {in_words(write)}, which had been acknowledged before that read began"
                + ("" if seen == model.initial else f" and after every write of {read.value!r}")
                + ("." if again else f"; no read ever saw {write.argument!r}."),
            )
    return None


def _about_appends(operations: Sequence[Operation], read: Operation) -> tuple[str, str] | None:
    """Explain a read of a text or a log that is appended to, if an acknowledged piece or entry is missing from it."""
    if isinstance(read.value, list | tuple):
        entries = {frozen(entry) for entry in read.value}
    elif read.value is None or isinstance(read.value, str):
        entries = None
    else:
        return None
    if any(operation.f in ("put", "write", "delete") for operation in operations):
        return None  # a piece may be missing because the text was replaced
    for append in operations:
        if append.f != "append":
            continue
        if entries is None:
            missing = isinstance(append.argument, str) and append.argument not in (read.value or "")
        else:
            missing = frozen(append.argument) not in entries
        if missing and append.ret is not None and append.ret < read.call:
            return (
                "stale read",
                f"{in_words(read)}, although {in_words(append)}, which had been acknowledged before that read began.",
            )
    return None


def _produces(operation: Operation, value: object) -> bool:
    if operation.f in ("write", "put"):
        return frozen(operation.argument) == value
    if operation.f == "cas" and operation.result is not False:
        return frozen(operation.argument[1]) == value
    return False
