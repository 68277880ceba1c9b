"""The clocks of the standard library, as the process shows them that asks: the module ``time``.

Rules:

1. ``time.time`` and what is made of it is the wall clock, the others are the monotonic clock. A program computes in no
   time: its processor time is nought.
2. The time zone is that of the machine on which the simulation runs, as it is for every conversion that asks no clock.

This file does not know dates: see ``dates``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from chaoslab.sim.process import Process

__all__ = ["clock_replacements"]

_NS_PER_S: Final = 1_000_000_000


def clock_replacements(current: Callable[[], Process | None]) -> list[tuple[Any, str, Any]]:
    """Return what replaces the functions that read clocks, for the process that *current* says."""

    def reading(name: str, read: Callable[[Process], Any]) -> tuple[Any, str, Any]:
        real = getattr(time, name)

        def served() -> Any:
            process = current()
            return real() if process is None else read(process)

        return time, name, served

    def converting(name: str) -> tuple[Any, str, Any]:
        real = getattr(time, name)

        def served(secs: float | None = None, /) -> Any:
            process = current()
            return real(secs if process is None or secs is not None else _wall_s(process))

        return time, name, served

    def formatting(name: str, required: int) -> tuple[Any, str, Any]:
        real, localtime = getattr(time, name), time.localtime

        def served(*arguments: Any) -> Any:
            process = current()
            if process is None or len(arguments) != required:
                return real(*arguments)
            return real(*arguments, localtime(_wall_s(process)))

        return time, name, served

    def by_number(name: str, unit: Callable[[int], Any]) -> tuple[Any, str, Any]:
        real = getattr(time, name)

        def served(clk_id: int, /) -> Any:
            process = current()
            return real(clk_id) if process is None else unit(_clock_ns(process, clk_id))

        return time, name, served

    return [
        by_number("clock_gettime", lambda ns: ns / _NS_PER_S),
        by_number("clock_gettime_ns", lambda ns: ns),
        reading("thread_time", lambda process: 0.0),
        reading("thread_time_ns", lambda process: 0),
        reading("time", _wall_s),
        reading("time_ns", lambda process: process.wall_ns()),
        reading("monotonic", _monotonic_s),
        reading("monotonic_ns", lambda process: process.monotonic_ns()),
        reading("perf_counter", _monotonic_s),
        reading("perf_counter_ns", lambda process: process.monotonic_ns()),
        reading("process_time", lambda process: 0.0),
        reading("process_time_ns", lambda process: 0),
        converting("localtime"),
        converting("gmtime"),
        converting("ctime"),
        formatting("asctime", 0),
        formatting("strftime", 1),
    ]


def _clock_ns(process: Process, number: int) -> int:
    if number == time.CLOCK_REALTIME:
        return process.wall_ns()
    of_processor = (time.CLOCK_PROCESS_CPUTIME_ID, time.CLOCK_THREAD_CPUTIME_ID)
    return 0 if number in of_processor else process.monotonic_ns()


def _wall_s(process: Process) -> float:
    return process.wall_ns() / _NS_PER_S


def _monotonic_s(process: Process) -> float:
    return process.monotonic_ns() / _NS_PER_S
