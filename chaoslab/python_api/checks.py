"""The checks that a test asks for: ``cluster.check(cl.linearizable(), cl.read_your_writes())``."""

from __future__ import annotations

from collections.abc import Callable

from chaoslab.checkers import Verdict
from chaoslab.checkers.registry import LEVELS, check
from chaoslab.errors import HistoryError, UsageError, unknown_word
from chaoslab.history import History
from chaoslab.plugins import registry

__all__ = [
    "causal",
    "checker",
    "consistency",
    "eventual",
    "linearizable",
    "monotonic_reads",
    "monotonic_writes",
    "read_your_writes",
    "sequential",
    "writes_follow_reads",
]


def checker(name: str) -> Callable[[History], Verdict]:
    """Return the check called *name*, which a plugin brings along.

    Raises:
        UsageError: there is none.
    """
    return registry().checker(name).judge


def consistency(level: str, model: str = "register") -> Callable[[History], Verdict]:
    """Return the check that a history satisfies *level* with respect to *model*.

    Args:
        level: Its name, such as ``"causal"``; ``chaoslab list levels`` shows them.
        model: The name of what the operations work on; ``chaoslab list models`` shows them.

    Raises:
        UsageError: there is no such level or model.
    """
    if isinstance(level, History) or isinstance(model, History):
        name = "consistency(level)" if isinstance(level, History) else f"{level.replace('-', '_')}()"
        raise UsageError(f"this check was not called: write cluster.check(cl.{name}).", key="cluster.check")
    judged_by = registry().model(model)
    if level not in LEVELS:
        raise UsageError(unknown_word("level", level, LEVELS), key="level")

    def judge(history: History) -> Verdict:
        used = {f for f, process in zip(history.fs, history.processes, strict=True) if not isinstance(process, str)}
        if not used <= judged_by.fs:
            strange = ", ".join(sorted(used - judged_by.fs))
            fitting = [name for name, one in registry().models.items() if used <= one.fs]
            hint = f': write cl.consistency("{level}", "{fitting[0]}")' if fitting else ""
            raise HistoryError(f"the model {model!r} does not know {strange}{hint}.", key="cluster.check")
        return check(history, model=judged_by, levels=(level,))[0]

    return judge


def linearizable(model: str = "register") -> Callable[[History], Verdict]:
    """Return the check that a history is linearizable with respect to *model*."""
    return consistency("linearizable", model)


def sequential(model: str = "register") -> Callable[[History], Verdict]:
    """Return the check that a history is sequentially consistent with respect to *model*."""
    return consistency("sequential", model)


def causal(model: str = "register") -> Callable[[History], Verdict]:
    """Return the check that a history is causally consistent."""
    return consistency("causal", model)


def read_your_writes(model: str = "register") -> Callable[[History], Verdict]:
    """Return the check that every session sees what it wrote itself, or something later."""
    return consistency("read-your-writes", model)


def monotonic_reads(model: str = "register") -> Callable[[History], Verdict]:
    """Return the check that what a session has seen does not go back."""
    return consistency("monotonic-reads", model)


def monotonic_writes(model: str = "register") -> Callable[[History], Verdict]:
    """Return the check that the writes of a session are seen in their order."""
    return consistency("monotonic-writes", model)


def writes_follow_reads(model: str = "register") -> Callable[[History], Verdict]:
    """Return the check that a write is seen after whatever its session had read before."""
    return consistency("writes-follow-reads", model)


def eventual(model: str = "register") -> Callable[[History], Verdict]:
    """Return the check that when the writes have ended, all processes come to read the same."""
    return consistency("eventual", model)
