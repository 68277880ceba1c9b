"""Says in words what is wrong with a history that is not linearizable.

The sentence is about values and processes, never about search, and the operations that are shown are those that it
names. It names the anomaly where a single read shows it:

* *value out of thin air*: nobody wrote what was read;
* *read from the future*: it was written only after the read had ended;
* *stale read*: a later write had been acknowledged before the read began, and nothing put the old value back;
* *lost write*: the same, of a value that no read ever saw again;
* *wrong sum*: a counter shows more or less than all updates until then make;
* *wrong total*: two reads of a bank show different amounts of money.

Two operations show others: see ``pairs``, and what a model says itself. What is only appended to has names of its own:
see ``appends``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from chaoslab.checkers.linearizable.counts import about_count, about_counting_back
from chaoslab.checkers.linearizable.elements import about_elements
from chaoslab.checkers.linearizable.pairs import about_pairs
from chaoslab.checkers.linearizable.verifier import complaint_about_no_order
from chaoslab.checkers.totals import about_totals
from chaoslab.checkers.verdict import Telling
from chaoslab.history import Operation
from chaoslab.history.values import frozen
from chaoslab.history.words import failed_write, in_words, which_nobody_wrote
from chaoslab.models import Model
from chaoslab.models.model import Explanation

__all__ = ["told_of"]

_WRITES: Final = ("write", "put", "delete")
"""Operations that put a value there whatever was there before."""


def told_of(small: Sequence[Operation], blocked: Operation, operations: Sequence[Operation], model: Model) -> Telling:
    """Return the anomaly's name, a sentence and what to show, for operations of one object that have no order.

    Args:
        small: A small history that is not linearizable, in the order of invocations.
        blocked: The operation of it that the search could not place.
        operations: All operations on that object, those that failed too: what nobody wrote is decided here.
        model: The model it violates.
    """
    for found in _tellings(small, blocked, operations, model):
        if _shown_is_enough(found.operations, model):
            return found
    others = [operation for operation in small if operation.call != blocked.call]
    rest = ", ".join(in_words(operation) for operation in others[:4])
    more = f" and {len(others) - 4} more operations" if len(others) > 4 else ""
    return Telling(
        anomaly="not linearizable",
        summary=f"no order of the operations explains that {in_words(blocked)}"
        + (f", given that {rest}{more}" if rest else "")
        + ".",
        operations=tuple(small),
    )


def _tellings(
    small: Sequence[Operation], blocked: Operation, operations: Sequence[Operation], model: Model
) -> Iterator[Telling]:
    """Yield what can be said of the history, the plainest first."""
    reads = [one for one in (blocked, *small) if one.type == "ok" and one.f in model.reads]
    is_register = model.shape == "register" and not _is_appended_to(operations)
    if model.name == "bank":
        totals = about_totals(operations)
        if totals is not None:
            yield totals
    if model.explain is not None:
        yield from _named(model.explain(operations))
    for read in reads:
        if is_register:
            found = _about_read(operations, read, model)
            if found is not None:
                yield found
        elif model.name == "counter" and (told := about_count(operations, read)) is not None:
            yield Telling(anomaly=told[0], summary=told[1], operations=tuple(small))
        elif model.name == "set":
            yield from _named(about_elements(operations, read))
    if is_register:
        for pair in about_pairs(small, operations, model):
            yield from _named(pair)
    if model.name == "counter":
        yield from _named(about_counting_back(operations))


def _named(found: Explanation | None) -> Iterator[Telling]:
    if found is not None:
        anomaly, sentence, operations = found
        yield _told(anomaly, sentence, *operations)


def _shown_is_enough(shown: Sequence[Operation], model: Model) -> bool:
    """Return whether the operations that a sentence names have no order by themselves."""
    return complaint_about_no_order([one for one in shown if one.type != "fail"], model) is None


def _is_appended_to(operations: Sequence[Operation]) -> bool:
    return any(operation.f == "append" and operation.type != "fail" for operation in operations)


def _about_read(operations: Sequence[Operation], read: Operation, model: Model) -> Telling | None:
    """Explain a read of a register, if that one read is explanation enough."""
    seen = frozen(read.value)
    happened = [operation for operation in operations if operation.type != "fail"]
    producers = [operation for operation in happened if _produces(operation, seen, model)]
    assert read.ret is not None
    earlier = [operation for operation in producers if operation.call < read.ret]
    if seen != model.initial and not producers:
        failed = failed_write(read, operations)
        sentence = f"{in_words(read)}, {which_nobody_wrote(read, operations)}."
        return _told("value out of thin air", sentence, read, *([] if failed is None else [failed]))
    if seen != model.initial and not earlier:
        sentence = f"{in_words(read)}, which was written only afterwards ({in_words(producers[0])})."
        return _told("read from the future", sentence, read, producers[0])
    for write in reversed(happened):
        # One that began when all writes of the value seen had ended, and that had ended when the read began.
        if write.f not in _WRITES or write.ret is None or write.ret > read.call or _produces(write, seen, model):
            continue
        if all(producer.ret is not None and producer.ret < write.call for producer in earlier):
            again = any(
                other.f in model.reads and other.type == "ok" and _produces(write, frozen(other.value), model)
                for other in happened
            )
            lost = not again and write.f != "delete"  # a key that is gone is seen by nobody
            sentence = (
                f"{in_words(read)}, although {in_words(write)}, which had been acknowledged before that read began"
                + ("" if seen == model.initial else f" and after every write of {read.value!r}")
                + (f"; no read ever saw {write.argument!r}." if lost else ".")
            )
            return _told("lost write" if lost else "stale read", sentence, read, write, *earlier[-1:])
    return None


def _told(anomaly: str, sentence: str, *operations: Operation) -> Telling:
    shown = tuple(sorted(operations, key=lambda operation: operation.call))
    return Telling(summary=sentence, anomaly=anomaly, operations=shown)


def _produces(operation: Operation, value: object, model: Model) -> bool:
    if operation.f == "delete":
        return bool(value == model.initial)
    if operation.f in _WRITES:
        return frozen(operation.argument) == value
    if operation.f == "cas" and operation.result is not False:
        return frozen(operation.argument[1]) == value
    return False
