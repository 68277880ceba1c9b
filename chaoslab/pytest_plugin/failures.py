"""What pytest says and keeps of a run that failed: the text, the folder, and, if the project wants it, a regression.

Rules:

1. Shrinking is bounded in runs and in their events: a slow machine comes to the same as a fast one. Only for code under
   test that computes for long there is a bound in seconds too, of the processor.
2. A failure that the same seed does not bring about again is told as that: nothing else of it can be trusted.
3. What cannot be written is no reason to hide a failure: it is told all the same.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from _pytest._code.code import ReprEntryNative, ReprExceptionInfo, ReprFileLocation, ReprTraceback

from chaoslab import local_code
from chaoslab.cluster import Injection
from chaoslab.errors import DeterminismError, UsageError
from chaoslab.explore import record
from chaoslab.explore.shrink import Shrunk, shrink
from chaoslab.pytest_plugin.progress import told_of_shrinking
from chaoslab.report import run_document, write_run_folder
from chaoslab.report.failure import failed_check, told
from chaoslab.report.html import page_of_folder
from chaoslab.runner import Run, run
from chaoslab.scenario import scenario_to_toml
from chaoslab.scenario.files import placed_in
from chaoslab.sim import first_difference
from chaoslab.sim.log import LogEntry

__all__ = [
    "SHRINK_EVENTS",
    "SHRINK_RUNS",
    "SHRINK_SECONDS",
    "Failure",
    "as_pytest_tells",
    "attach",
    "keep_regression",
    "log_lines",
    "made_small",
    "require_the_same_again",
    "write_failure",
]

SHRINK_RUNS: Final = 2000
SHRINK_EVENTS: Final = 1_000_000
SHRINK_SECONDS: Final = 120.0
_LOG_SHOWN: Final = 30


@attrs.frozen(kw_only=True)
class Failure:
    """The text of a failing test.

    Attributes:
        text: What is shown beside pytest's own explanation.
        instead: What is shown instead of it, or None.
    """

    text: str
    instead: ReprExceptionInfo | None


def require_the_same_again(done: Run) -> None:
    """Run *done* once more.

    Raises:
        DeterminismError: it went another way; names the first event that differs.
    """

    def again(**how: Any) -> Run:
        return run(done.scenario, done.seed, plan=done.plan, overrides=done.overrides, **how)

    if again().trace_hash == done.trace_hash:
        return
    first, second = (list(again(trace_kept=True, trace_detailed=True).trace) for _ in range(2))
    difference = first_difference(first, second)
    where = "" if difference is None else f": {difference}"
    raise DeterminismError(
        f"this seed failed ({told(failed_check(done))}), was run again, and went another way{where}\n"
        "Something in it outlives a run or comes from outside: a global, the order of a set, id() or hash(), "
        "the real time, real randomness."
    )


def made_small(done: Run, config: pytest.Config, name: str) -> Shrunk | None:
    """Return how *done*, a run of the test *name*, was made small; None if its faults written out do not show it."""
    until = time.process_time() + SHRINK_SECONDS
    with told_of_shrinking(config, name) as tell:

        def go_on() -> bool:
            tell()
            return time.process_time() < until

        try:
            return shrink(record(done), runs_max=SHRINK_RUNS, events_max=SHRINK_EVENTS, go_on=go_on)
        except UsageError:
            return None


def write_failure(
    done: Run, base: Path, folder: Path, replay: str, log: Sequence[LogEntry] = (), own: Sequence[Injection] = ()
) -> bool:
    """Write *done* with its report into *folder*, which is in *base*; return whether that could be done."""
    try:
        base.mkdir(parents=True, exist_ok=True)
        ignored = base / ".gitignore"
        if base.name == ".chaoslab" and not ignored.exists():
            ignored.write_text("*\n", encoding="utf-8")
        write_run_folder(done, folder, run_document(done, repeat=replay, own=own))
        (folder / "report.html").write_text(page_of_folder(folder), encoding="utf-8")
        if log:
            (folder / "log.jsonl").write_text("".join(f"{one.document()}\n" for one in log), encoding="utf-8")
    except (OSError, UsageError):
        return False
    return True


def log_lines(log: Sequence[LogEntry]) -> list[str]:
    """Return the end of what was said, as lines of text; what is said again and again is one of them."""
    runs: list[list[LogEntry]] = []
    for entry in log:
        if runs and entry.says_the_same_as(runs[-1][0]):
            runs[-1].append(entry)
        else:
            runs.append([entry])
    left_out = sum(len(run) for run in runs[:-_LOG_SHOWN])
    more = [f"({left_out} earlier lines are in log.jsonl)"] if left_out else []
    return [*more, *(_line_of(run) for run in runs[-_LOG_SHOWN:])]


def _line_of(run: list[LogEntry]) -> str:
    times = "" if len(run) == 1 else f"  (the same {len(run)} times until {run[-1].time_ns / 1e9:.6f} s)"
    return run[0].line() + times


def keep_regression(done: Run, config: pytest.Config) -> Path | None:
    """Write the small run *done* where the project keeps regressions, if it says so; return the file."""
    named = config.getini("chaos_regressions")
    scenario = done.scenario
    if not named or scenario.nemeses:
        return None
    verdict = failed_check(done)
    what = local_code.short(scenario.test or scenario.protocol).rpartition(":")[2]
    words = (what, verdict.anomaly or verdict.name, done.trace_hash[:8])
    folder: Path = config.rootpath / named
    file = folder / ("-".join("".join(c if c.isalnum() else "_" for c in word) for word in words) + ".toml")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(scenario_to_toml(placed_in(folder, scenario)), encoding="utf-8")
    except OSError:
        return None
    return file


def attach(item: Any, text: str, *, replaces_traceback: bool) -> None:
    """Let pytest show *text* for the failing *item*."""
    item.chaoslab_failure = Failure(text=text, instead=as_pytest_tells(text, item) if replaces_traceback else None)


def as_pytest_tells(text: str, item: pytest.Item) -> ReprExceptionInfo:
    """Return *text* in the form of pytest's own tracebacks: its first line then stands in the summary, too."""
    file, line, _ = item.location
    return ReprExceptionInfo(
        reprcrash=ReprFileLocation(file, (line or 0) + 1, text.partition("\n")[0]),
        reprtraceback=ReprTraceback([ReprEntryNative([text, "\n"])], extraline=None, style="native"),
    )
