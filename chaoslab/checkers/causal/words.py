"""Says in words which pattern broke a causal level: about values and processes, never about orders and graphs."""

from __future__ import annotations

from collections.abc import Mapping

from chaoslab.checkers.reads_from.evidence import Cases, Pattern, Refutation
from chaoslab.history import Operation
from chaoslab.history.words import in_words, which_nobody_wrote

__all__ = ["operations_of", "sentence"]


def sentence(refutation: Refutation, operations: Mapping[int, Operation]) -> str:
    """Return one sentence that says what is wrong.

    Args:
        refutation: What is forbidden.
        operations: From the index of an invocation to the operation, for all that the refutation names.
    """
    pattern = refutation
    prefix = ""
    if isinstance(pattern, Cases):
        read = in_words(operations[pattern.read])
        prefix = f"whichever write it was that {read}, the reads contradict each other; for one, "
        while isinstance(pattern, Cases):
            pattern = pattern.cases[0][1]
    return prefix + _of_pattern(pattern, operations)


def operations_of(refutation: Refutation) -> list[int]:
    """Return the invocations of the operations that *refutation* names first, in order. Of cases only the first few."""
    found: set[int] = set()
    stack: list[Refutation] = [refutation]
    while stack:
        one = stack.pop()
        if isinstance(one, Cases):
            found.add(one.read)
            stack += [then for _, then in one.cases[:4]] if len(found) < 12 else [one.cases[0][1]]
            continue
        if one.read is not None:
            found.add(one.read)
        for path in (one.path, *(conflict.path for conflict in one.conflicts)):
            found.update(call for step in path for call in (step.before, step.after))
        found.update(call for conflict in one.conflicts for call in (conflict.before, conflict.after, conflict.read))
    return sorted(found)


def _of_pattern(pattern: Pattern, operations: Mapping[int, Operation]) -> str:
    def told(call: int) -> str:
        return in_words(operations[call])

    if pattern.read is not None:
        read = operations[pattern.read]
        first = told(pattern.path[0].before) if pattern.path else ""
        if pattern.name == "ThinAirRead":
            if read.f == "cas" and read.result is False:
                return f"{told(read.call)}, although no other value was ever there."
            if read.f == "cas":
                return f"{told(read.call)}, although nobody had written {read.argument[0]!r}."
            return f"{told(read.call)}, {which_nobody_wrote(read, operations.values())}."
        if pattern.name == "WriteCORead":
            later = operations[_hiding(pattern, operations)]
            return f"{told(read.call)}, although {_learned(pattern, read, later)}, later than that value."
        refused = read.f == "cas" and read.result is False
        start = "which only the value at the start explains" if refused else "the value at the start"
        if pattern.name == "WriteCOInitRead":
            return (
                f"{told(read.call)}, {start}, although {_learned(pattern, read, operations[pattern.path[0].before])}."
            )
        return (
            f"{told(read.call)}, {start}, although everything else that process {read.process} read means that {first} "
            "before."
        )
    if pattern.name == "CyclicCO":
        return (
            f"{_cyclic_read(pattern, operations)}, a value that was written only after somebody knew of that very read."
        )
    if pattern.name == "CyclicCF":
        befores = [
            f"{_value(operations[one.before])} before {_value(operations[one.after])} ({told(one.read)} when it "
            "knew of both)"
            for one in pattern.conflicts[:3]
        ]
        return f"no one order of the writes explains what was read: it would need {' and '.join(befores)}."
    observer = operations[pattern.observer] if pattern.observer is not None else None
    who = "one process" if observer is None else f"process {observer.process}"
    seen = [told(one.read) for one in pattern.conflicts][-3:]
    if not seen:
        return f"{_cyclic_read(pattern, operations)}, a value that was written only after that very read."
    return f"what {who} read cannot be explained by any one order of the writes: {', '.join(dict.fromkeys(seen))}."


def _learned(pattern: Pattern, read: Operation, write: Operation) -> str:
    """Return how the process that read knew of *write*: its own, or through how many reads of anybody."""
    if write.process == read.process:
        return f"{in_words(write)} itself before"
    begun = next(index for index, step in enumerate(pattern.path) if step.before == write.call)
    reads = sum(step.reason == "reads-from" for step in pattern.path[begun:])
    return f"it had learned{'' if reads == 1 else f', through {reads} reads,'} that {in_words(write)}"


def _hiding(pattern: Pattern, operations: Mapping[int, Operation]) -> int:
    """Return the write on the path that should have hidden the one that was read."""
    first = operations[pattern.path[0].before]
    for step in pattern.path:
        other = operations[step.after]
        is_write = other.f in ("write", "put") or (other.f == "cas" and other.result is not False)
        if is_write and other.key == first.key and other.call not in (first.call, pattern.read):
            return other.call
    return first.call


def _cyclic_read(pattern: Pattern, operations: Mapping[int, Operation]) -> str:
    reads = [step.after for step in pattern.path if step.reason == "reads-from"]
    return in_words(operations[reads[0]]) if reads else "a process read"


def _value(operation: Operation) -> str:
    argument = operation.argument[1] if operation.f == "cas" else operation.argument
    return f"{argument!r}" + ("" if operation.key is None else f" of {operation.key}")
