"""Which write each read saw: what sessions, causal levels and sequential consistency prepare and search in common.

The parts: ``preparation`` puts a history in columns and settles what can be settled, ``choices`` searches where several
writes explain a read, ``likely`` guesses where to begin, ``paths`` finds the steps that show why one operation comes
before another, ``evidence`` is what verdicts show, ``raw`` is what their verifiers read it with and shares no code with
the rest.
"""

from __future__ import annotations

from chaoslab.checkers.reads_from.choices import Explained, Refuted, Undecided, decide, first_is_free
from chaoslab.checkers.reads_from.evidence import Cases, Conflict, Pattern, Refutation, Step
from chaoslab.checkers.reads_from.preparation import INITIAL, NOTHING, Sessions, prepare, reading

__all__ = [
    "INITIAL",
    "NOTHING",
    "Cases",
    "Conflict",
    "Explained",
    "Pattern",
    "Refutation",
    "Refuted",
    "Sessions",
    "Step",
    "Undecided",
    "decide",
    "first_is_free",
    "prepare",
    "reading",
]
