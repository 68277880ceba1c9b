"""Measures and prints: one row a piece of work, with its size, time, ratio or growth, and target.

Speed is a ratio measured in one run: against a reference in the same process, or between two sizes of the same work.
Seconds are printed for people; only ratios are judged, and by nobody's test suite.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable

import attrs

__all__ = ["Row", "print_rows", "seconds", "seconds_of_each"]


@attrs.frozen(kw_only=True)
class Row:
    """One measured line.

    Attributes:
        work: What was done.
        size: How much of it, in words, such as ``"1e5 operations"``.
        seconds: CPU seconds, the median of the repetitions.
        ratio: The figure that counts, or None where only the seconds are of interest.
        meaning: What the ratio is: against what, or growth between which sizes.
        target: The bound, in words, such as ``"<= 13"``.
        holds: Whether the ratio keeps the target; None where there is none.
    """

    work: str
    size: str
    seconds: float
    ratio: float | None = None
    meaning: str = ""
    target: str = ""
    holds: bool | None = None


def seconds(work: Callable[[], object], *, repetitions: int = 5) -> float:
    """Return the median CPU seconds that *work* takes, with the garbage collector off."""
    return seconds_of_each([work], repetitions=repetitions)[0]


def seconds_of_each(works: Iterable[Callable[[], object]], *, repetitions: int = 5) -> list[float]:
    """Return the median CPU seconds of each of *works*, run in turns so that a noisy moment hits all of them."""
    works = list(works)
    times: list[list[float]] = [[] for _ in works]
    for _ in range(repetitions):
        for number, work in enumerate(works):
            gc.collect()
            gc.disable()
            try:
                begin = time.process_time()
                work()
                times[number].append(time.process_time() - begin)
            finally:
                gc.enable()
    return [sorted(one)[len(one) // 2] for one in times]


def print_rows(title: str, rows: Iterable[Row]) -> bool:
    """Print *rows* as a table and return whether every target was kept."""
    print(f"\n{title}")
    kept = True
    for row in rows:
        figure = "" if row.ratio is None else f"{row.ratio:8.2f} {row.meaning}"
        mark = {None: " ", True: "+", False: "!"}[row.holds]
        print(f" {mark} {row.work:44} {row.size:22} {row.seconds:10.4f} s  {figure:40} {row.target}")
        kept = kept and row.holds is not False
    return kept
