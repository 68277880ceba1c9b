"""The text of a failing test: about a dozen lines that say what went wrong, why, and how to see it again.

Rules:

1. First the guarantee and the anomaly in words, then the few faults and operations that are left after shrinking, then
   what to type next. Nothing else.
2. An error of the code under test comes with its own traceback, without the frames around it.
"""

from __future__ import annotations

import os
import textwrap
import traceback
from collections.abc import Sequence

from chaoslab.checkers import Verdict
from chaoslab.cluster import Injection
from chaoslab.explore.shrink import Shrunk
from chaoslab.own_code import without_machinery
from chaoslab.report.causes import failures
from chaoslab.report.failures import failure_sentence
from chaoslab.report.terminal import operation_table, table
from chaoslab.runner import Run
from chaoslab.units import NS_PER_S, counted

__all__ = ["error_lines", "failed_check", "failure_lines", "own_traceback", "shrunk_words", "told"]

_FAULTS_SHOWN = 6
_OPERATIONS_SHOWN = 12
_WIDTH = 110

_HEADINGS = {
    "node-error": "the code of a node raised an error",
    "deadlock": "everything waits for ever",
    "escaped-simulation": "the code under test reached out of the simulation",
    "determinism": "the same seed ran differently",
    "limit": "the run could not be finished",
    "assertion": "an assertion of the test does not hold",
    "exception": "the test raised an error",
    "recovery": "it did not recover after the faults were healed",
    "activity": "the run shows nothing",
}


def failed_check(run: Run) -> Verdict:
    """Return the check by which *run* failed: the first that is invalid, else the first that is unknown."""
    for outcome in ("invalid", "unknown"):
        for verdict in run.checks:
            if verdict.outcome == outcome:
                return verdict
    raise AssertionError("this run has not failed")


def failure_lines(
    run: Run,
    *,
    seed: int,
    shrunk: Shrunk | None,
    own: Sequence[Injection] = (),
    replay: str,
    report: str | None,
    shown_with: str = "",
) -> list[str]:
    """Return the text.

    Args:
        run: The run to show, made small if that could be done.
        seed: The seed with which it failed first: what was made small may have another.
        shrunk: How it was made small, or None.
        own: The faults that the test brought about itself.
        replay: The command that shows it again.
        report: Where the report is, if one was written.
        shown_with: What failed in the same way and was told before, in words such as ``"seed0 does"``: then only
            what is its own is told of this one.
    """
    verdict = failed_check(run)
    lines = [f"{told(verdict)} (seed {seed})", *_wrapped(verdict.summary), ""]
    if shown_with:  # faults and operations are told there: in a run that is not small most of them do not matter
        return [*lines, f"shrunk: no, it fails as {shown_with}", f"replay: {replay}"]
    lines += _told_faults(run, own, is_shrunk=shrunk is not None)
    found = failures(run.history, [*own, *run.injections], run.trace)
    if any(one.causes for one in found):
        lines.append(f"failures: {failure_sentence(found)}")
    operations = verdict.operations
    if shrunk is not None and shrunk.after.operations <= _OPERATIONS_SHOWN:
        operations = tuple(run.history.operations())  # all that is left: what was done, too, not only what was seen
    if operations:
        lines += ["operations", *operation_table(operations[:_OPERATIONS_SHOWN], indent="  ")]
        if len(operations) > _OPERATIONS_SHOWN:
            lines.append(f"  and {len(operations) - _OPERATIONS_SHOWN} more")
    lines.append("")
    if shrunk is not None:
        lines.append(f"shrunk: {shrunk_words(shrunk)}{'' if run.seed == seed else f', with seed {run.seed}'}")
    lines.append(f"replay: {replay}")
    if report is not None:
        lines.append(f"report: {report}")
    return lines


def _told_faults(run: Run, own: Sequence[Injection], *, is_shrunk: bool) -> list[str]:
    lines = ["faults of the test itself", *_fault_lines(own)] if own else []
    drawn = run.injections
    if drawn:
        return [*lines, "faults", *_fault_lines(drawn)]
    return lines or ["faults: none are needed" if is_shrunk else "faults: none"]


def error_lines(check: str, words: str, cause: BaseException | None, *, seed: int, replay: str) -> list[str]:
    """Return the text of a run that an error ended before there was anything to judge.

    Args:
        check: What is said of it, as in a verdict's name.
        words: The error in words.
        cause: What the code of a node raised, if that was it.
        seed: The seed.
        replay: The command that shows it again.
    """
    verdict = Verdict(outcome="invalid", name=check, summary=words)
    lines = [f"{told(verdict)} (seed {seed})", *_wrapped(words), "", f"replay: {replay}"]
    return lines if cause is None else [*lines, "", *own_traceback(cause)]


def told(verdict: Verdict) -> str:
    """Return what did not hold, in a few words."""
    if verdict.name == "node-error" and "the code of client " in verdict.summary:
        return "the code of a client raised an error"
    if verdict.name in _HEADINGS:
        return _HEADINGS[verdict.name]
    if verdict.outcome == "unknown":
        return f"whether it is {verdict.name} could not be decided"
    heading = f"not {verdict.name}"
    told = not verdict.anomaly or verdict.anomaly in (verdict.name, heading)
    return heading if told else f"{heading}: {verdict.anomaly}"


def _wrapped(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.splitlines():
        lines += textwrap.wrap(
            line, _WIDTH, initial_indent="  ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
    return lines


def _fault_lines(injections: Sequence[Injection]) -> list[str]:
    rows = []
    for injection in injections[:_FAULTS_SHOWN]:
        ended = "the end" if injection.healed_ns is None else f"{injection.healed_ns / NS_PER_S:.3f} s"
        rows.append([f"{injection.began_ns / NS_PER_S:.3f} s", "to", ended, injection.describe()])
    more = len(injections) - len(rows)
    return [*(table(rows) if rows else []), *([f"  and {more} more"] if more > 0 else [])]


def shrunk_words(shrunk: Shrunk) -> str:
    """Say how much smaller a run was made."""
    before, after = shrunk.before, shrunk.after
    counts = (("fault", before.faults, after.faults), ("operation", before.operations, after.operations))
    words = ", ".join(_smaller(*one) for one in counts if one[1])
    if all(number == left for _, number, left in counts):
        words = "nothing could be left out" if shrunk.complete else "nothing was left out yet"
    return f"{words} ({counted(shrunk.runs, 'run')}{'' if shrunk.complete else ', and stopped there'})"


def _smaller(what: str, number: int, left: int) -> str:
    many = counted(number, what)
    return f"{many} to {left:,}" if left < number else f"{many} {'stays' if number == 1 else 'stay'}"


def own_traceback(error: BaseException) -> list[str]:
    """Return the traceback of *error* without the frames of ChaosLab and Trio around people's own code."""
    told = traceback.TracebackException.from_exception(error, compact=True)
    without_machinery(told)
    told.__cause__ = told.__context__ = None
    here = f'File "{os.getcwd()}{os.sep}'  # noqa: PTH109
    return "".join(told.format()).replace(here, 'File "').rstrip().splitlines()
