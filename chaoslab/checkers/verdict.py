"""What a checker decided: valid, invalid or unknown, with the reason and the evidence.

Rules:

1. Three values, never a bool: asking for the truth of a verdict raises.
2. Unknown is never valid. Merged verdicts: invalid beats unknown beats valid.
3. Every decided verdict carries evidence that independent code re-checks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NoReturn

import attrs

from chaoslab.history import Operation

__all__ = ["Outcome", "Verdict", "merge"]

Outcome = Literal["valid", "invalid", "unknown"]

_RANK: dict[Outcome, int] = {"valid": 0, "unknown": 1, "invalid": 2}


@attrs.frozen(kw_only=True)
class Verdict:
    """The decision of one check on one history.

    Attributes:
        outcome: ``"valid"``, ``"invalid"`` or ``"unknown"``.
        name: The check that decided, such as ``"linearizable"``.
        level: The consistency level that was checked, or None for other checks.
        summary: One sentence that a person understands; for unknown, which budget ran out and how to raise it.
        anomaly: The anomaly's name in the literature, where the outcome is invalid.
        operations: The few operations that show it, minimised, in the order of their invocations.
        evidence: What an independent verifier re-checks: a witness order or a certificate.
        details: Further facts, ready for JSON.
    """

    outcome: Outcome
    name: str
    level: str | None = None
    summary: str
    anomaly: str | None = None
    operations: tuple[Operation, ...] = ()
    evidence: Any = None
    details: Mapping[str, Any] = attrs.field(factory=dict)

    def __bool__(self) -> NoReturn:
        raise TypeError("a verdict has three values and no truth: compare its .outcome with 'valid', 'invalid' or 'unknown'.")


def merge(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the worst of *outcomes*: invalid, else unknown, else valid (also of none at all)."""
    return max(outcomes, key=_RANK.__getitem__, default="valid")
