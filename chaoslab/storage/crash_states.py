"""Every state in which a crash may leave a disk, and the question whether a program can go on from each of them.

The states are found by running the very code of a crash once for each sequence of decisions it can meet: deciding
differently at the last decision that has another answer, until there is none (depth first). So this list is what a
crash can do, not a second opinion on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chaoslab.errors import ConsistencyViolation, LimitExceeded, UsageError
from chaoslab.storage.crash import ANY_CRASH, CrashMode, left_by_crash
from chaoslab.storage.disk import Disk

__all__ = ["check_recovery", "crash_states"]


class _Decisions:
    """Answers from a list of answers; beyond its end the first answer. Remembers what could have been answered."""

    def __init__(self, answers: list[int]) -> None:
        self._answers = answers
        self.taken: list[tuple[int, int]] = []

    def _decide(self, options: int) -> int:
        position = len(self.taken)
        answer = self._answers[position] if position < len(self._answers) else 0
        self.taken.append((answer, options))
        return answer

    def chance(self, ratio: float) -> bool:
        return self._decide(2) == 0  # first that it happens: so the first state is that everything is lost

    def below(self, bound: int) -> int:
        return self._decide(bound)

    def next(self) -> list[int] | None:
        """Return the answers that lead elsewhere, next in order; None if all were given."""
        taken = self.taken
        while taken:
            answer, options = taken.pop()
            if answer + 1 < options:
                return [*(answer for answer, _ in taken), answer + 1]
        return None


def crash_states(disk: Disk, mode: CrashMode = ANY_CRASH, *, limit: int = 10_000) -> tuple[dict[str, bytes], ...]:
    """Return every state in which a crash may leave *disk*: the content of each file by name.

    Args:
        disk: It is not changed.
        mode: What may happen to what was not synced. Ratios other than 0 and 1 count alike: it may or may not happen.
            By default any of the sectors written but not synced, and any beginning of the changes of names that were
            not synced.
        limit: How many ways to crash are looked at, at most.

    Returns:
        The states, each once, in an order that depends on the disk alone; the first is that all that may be lost is.
        Cost: two to the power of the unsynced sectors if *mode* reorders; else linear in the unsynced writes, times
        their size if they are torn at bytes.

    Raises:
        LimitExceeded: there are more ways to crash. No part of the answer is returned.

    Source:
        Pillai et al. 2014 (ALICE): the states that a file system may leave, explored by rule rather than by luck.
    """
    if limit < 1:
        raise UsageError(f"{limit!r} is no limit: look at one way to crash at least.", key="limit")
    found: dict[tuple[tuple[str, bytes], ...], dict[str, bytes]] = {}
    answers: list[int] | None = []
    ways = 0
    while answers is not None:
        if ways == limit:
            unsynced = sum(len(file.unsynced) for file in disk.files.values())
            raise LimitExceeded(
                f"a crash may leave this disk in more than {limit} ways: {unsynced} writes and "
                f"{len(disk.names.journal)} changes of names are not synced. Look earlier, choose a narrower mode, or "
                "raise limit."
            )
        decisions = _Decisions(answers)
        left = left_by_crash(disk.names, mode, decisions)
        state = {path: bytes(content) for path, (_, content) in left.files.items()}
        found.setdefault(tuple(sorted(state.items())), state)
        answers = decisions.next()
        ways += 1
    return tuple(found.values())


def check_recovery(
    disk: Disk, recover: Callable[[Mapping[str, bytes]], Any], mode: CrashMode = ANY_CRASH, *, limit: int = 10_000
) -> int:
    """Require that *recover* accepts every state in which a crash may leave *disk*.

    Args:
        disk: It is not changed.
        recover: Takes the content of each file by name. It accepts by returning anything but False, and does not by
            returning False or raising an ``Exception``.
        mode: As for ``crash_states``.
        limit: As for ``crash_states``.

    Returns:
        How many states there are.

    Raises:
        ConsistencyViolation: *recover* does not accept one; the message shows the state.
        LimitExceeded: there are more states than *limit*, so nothing is known.
    """
    states = crash_states(disk, mode, limit=limit)
    for number, state in enumerate(states, start=1):
        cause: Exception | None = None
        try:
            if recover(dict(state)) is not False:
                continue
        except Exception as error:
            cause = error
        why = "it was refused" if cause is None else f"it raised {type(cause).__name__}: {cause}"
        shown = ", ".join(f"{path}: {content!r}" for path, content in sorted(state.items())) or "no files at all"
        raise ConsistencyViolation(
            f"recovery fails from crash state {number} of {len(states)}: {why}. The state is {shown}"
        ) from cause
    return len(states)
