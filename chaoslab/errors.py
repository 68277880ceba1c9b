"""Every exception that ChaosLab raises on purpose.

::

    ChaosLabError
    ├── UsageError (also ValueError)      wrong input, told in one sentence
    │   ├── ScenarioError                 a scenario file or its values
    │   ├── HistoryError                  a history file or its events
    │   └── PluginError                   a plugin, by name and entry point
    ├── LimitExceeded                     a bound was reached; says which and how to raise it
    ├── DeadlockError                     nothing can ever happen again in the simulation
    ├── DeterminismError                  the same seed ran differently; names the first difference
    ├── EscapedSimulation                 code under test reached the real network, clock or a thread
    └── NodeError                         a node's code raised; names node, time and event
    ConsistencyViolation (AssertionError) a person's own test asked for a guarantee that does not hold

Rules:

1. An inconsistent history is a verdict, not an exception.
2. A message says what happened, where, what is allowed, and names the nearest word where one was misspelt.
3. No error blames the simulator for the code under test, nor the other way round.

This file knows nothing else of ChaosLab.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

__all__ = [
    "ChaosLabError",
    "ConsistencyViolation",
    "DeadlockError",
    "DeterminismError",
    "EscapedSimulation",
    "HistoryError",
    "LimitExceeded",
    "NodeError",
    "PluginError",
    "ScenarioError",
    "UsageError",
    "nearest",
    "unknown_word",
]


class ChaosLabError(Exception):
    """Anything that ChaosLab raises on purpose."""


class UsageError(ChaosLabError, ValueError):
    """Wrong input from a person: an argument, a file, a value.

    Args:
        message: One sentence: what is wrong and what is allowed.
        file: The file it stands in.
        line: The line of that file, from 1.
        key: The dotted key or the name of the argument.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | Path | None = None,
        line: int | None = None,
        key: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = None if file is None else str(file)
        self.line = line
        self.key = key

    def __str__(self) -> str:
        place = self.file or ""
        if self.line is not None:
            place = f"{place}:{self.line}" if place else f"line {self.line}"
        parts = [part for part in (place, self.key) if part]
        return ": ".join([*parts, self.message])


class ScenarioError(UsageError):
    """A scenario that cannot be run as written."""


class HistoryError(UsageError):
    """A history that is damaged or that no run could have recorded."""


class PluginError(UsageError):
    """A plugin that cannot be loaded or that registers something unusable."""


class LimitExceeded(ChaosLabError):
    """A bound was reached: the message gives the limit, its value and how to raise it."""


class DeadlockError(ChaosLabError):
    """Nothing is runnable, nothing is scheduled, and something still waits."""


class DeterminismError(ChaosLabError):
    """Two runs of one seed differ; the message shows the first event that does, from both sides."""


class EscapedSimulation(ChaosLabError):
    """Code under test reached the real network, clock, randomness or a thread."""


class NodeError(ChaosLabError):
    """The code of a node raised. The original exception is the ``__cause__``.

    Args:
        node: The node's name.
        kind: ``"node"``, or ``"client"`` for the code of a client.
        time_ns: Virtual time, in nanoseconds.
        event: What the node was handling, in words; empty for a node that is written as async tasks.
        cause: The exception that the node's code raised. A nursery's group around a single one is taken off.
    """

    def __init__(self, *, node: str, time_ns: int, event: str, cause: BaseException, kind: str = "node") -> None:
        while isinstance(cause, BaseExceptionGroup) and len(cause.exceptions) == 1:
            cause = cause.exceptions[0]
        hint = ""
        if kind == "client" and isinstance(cause, OSError):
            hint = (
                ". A client says what an error means: it raises TimeoutError if nobody knows what became of the "
                "operation, and chaoslab.CallRefused if it did not happen"
            )
        detail = f": {str(cause).splitlines()[0]}" if str(cause).strip() else ""  # the rest is in its traceback
        super().__init__(
            f"the code of {kind} {node} raised {type(cause).__name__}{detail}"
            f", at {time_ns / 1e9:.6f} s" + (f", while handling {event}" if event else "") + hint
        )
        self.node = node
        self.time_ns = time_ns
        self.event = event
        self.__cause__ = cause


class ConsistencyViolation(AssertionError):
    """A guarantee that a test asked for does not hold; the message is the failure text."""


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """Return the allowed word that *word* most probably meant, or None."""
    found = difflib.get_close_matches(word, sorted(allowed), n=1, cutoff=0.5)
    return found[0] if found else None


def unknown_word(what: str, word: str, allowed: Iterable[str]) -> str:
    """Word the usual complaint: unknown *what*, the nearest match, and what is allowed."""
    choices = sorted(allowed)
    match = nearest(word, choices)
    hint = f"; did you mean {match!r}?" if match else "."
    return f"unknown {what} {word!r}{hint} Allowed: {', '.join(choices) or 'none'}."
