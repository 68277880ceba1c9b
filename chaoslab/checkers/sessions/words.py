"""Says in words which session guarantee broke: about values and processes."""

from __future__ import annotations

from collections.abc import Mapping

from chaoslab.checkers.reads_from.evidence import Cases, Pattern, Refutation
from chaoslab.checkers.sessions.verifier import Guarantee
from chaoslab.history import Operation
from chaoslab.history.words import in_words, which_nobody_wrote

__all__ = ["sentence"]


def sentence(refutation: Refutation, operations: Mapping[int, Operation], guarantee: Guarantee) -> str:
    """Return one sentence that says what is wrong.

    Args:
        refutation: What the guarantee forbids.
        operations: From the index of an invocation to the operation.
        guarantee: Which guarantee.
    """
    prefix = ""
    if isinstance(refutation, Cases):
        prefix = f"whichever write it was that {in_words(operations[refutation.read])}, the guarantee breaks; for one, "
        while isinstance(refutation, Cases):
            refutation = refutation.cases[0][1]
    return prefix + _of_pattern(refutation, operations, guarantee)


def _of_pattern(pattern: Pattern, operations: Mapping[int, Operation], guarantee: Guarantee) -> str:
    if pattern.name == "ThinAirRead":
        assert pattern.read is not None
        read = operations[pattern.read]
        return f"{in_words(read)}, {which_nobody_wrote(read, operations.values())}."
    if pattern.name == "CyclicCO":
        reads = [step.after for step in pattern.path if step.reason == "reads-from"]
        return f"{in_words(operations[reads[0]])}, a value that was written only after somebody knew of that very read."
    if pattern.read is None:
        one, other = pattern.conflicts
        first, last = sorted((operations[one.read], operations[other.read]), key=lambda operation: operation.call)
        if guarantee == "monotonic-reads":
            return f"{in_words(last)} again, after it had already gone on: {in_words(first)} in between."
        return (
            f"{in_words(first)} and later {last.value!r}, both after it had written both of them: whichever is the "
            "later one, one of these reads missed it."
        )
    read = operations[pattern.read]
    first = operations[pattern.path[0].before]
    told = in_words(read)
    if guarantee == "read-your-writes":
        return f"{told}, the value at the start, after its own {_write(first)} had been acknowledged."
    if guarantee == "monotonic-reads":
        return f"{told}, the value at the start, after it had already read {_value(first)} there."
    seen = next(step for step in reversed(pattern.path) if step.reason == "reads-from")
    known = f"although it had already seen that {in_words(operations[seen.before])}"
    if guarantee == "monotonic-writes":
        if pattern.path[1].reason == "session" or operations[pattern.path[1].before].key == read.key:
            return f"{told}, {known}, after that value and in the same process."
        return f"{told}, {known}, and before that {in_words(first)}."
    cause = operations[pattern.path[0].after]
    if cause.call == seen.before:
        return f"{told}, {known}, knowing of that value."
    return f"{told}, {known}, after {in_words(cause)}."


def _written(operation: Operation) -> object:
    return operation.argument[1] if operation.f == "cas" else operation.argument


def _value(operation: Operation) -> str:
    return repr(_written(operation))


def _write(operation: Operation) -> str:
    return f"write of {_value(operation)}" if operation.f != "cas" else f"change to {_value(operation)}"
