"""What a checker decided: valid, invalid or unknown, with the reason and the evidence.

Rules:

1. Three values, never a bool: asking for the truth of a verdict raises.
2. Unknown is never valid. Merged verdicts: invalid beats unknown beats valid.
3. Every decided verdict carries evidence that independent code re-checks.
4. Words may cost more than the decision (a minimised history does). They may be found when they are first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, NoReturn

import attrs

from chaoslab.errors import ChaosLabError
from chaoslab.history import Operation

__all__ = ["Outcome", "Telling", "Verdict", "confirm", "merge"]

Outcome = Literal["valid", "invalid", "unknown"]

_RANK: dict[Outcome, int] = {"valid": 0, "unknown": 1, "invalid": 2}


@attrs.frozen(kw_only=True)
class Telling:
    """What a verdict says to people.

    Attributes:
        summary: One sentence.
        anomaly: The anomaly's name in the literature.
        operations: The few operations that show it, minimised, in the order of their invocations.
    """

    summary: str
    anomaly: str | None = None
    operations: tuple[Operation, ...] = ()


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
        told_later: Instead of summary, anomaly and operations: a function that finds them. It is called once at most.
    """

    outcome: Outcome
    name: str
    level: str | None = None
    _summary: str = attrs.field(default="", alias="summary")
    _anomaly: str | None = attrs.field(default=None, alias="anomaly")
    _operations: tuple[Operation, ...] = attrs.field(default=(), alias="operations")
    evidence: Any = None
    details: Mapping[str, Any] = attrs.field(factory=dict)
    _told_later: Callable[[], Telling] | None = attrs.field(default=None, alias="told_later", eq=False, repr=False)

    def _tell(self) -> None:
        if self._told_later is not None:
            telling = self._told_later()
            for name, value in (
                ("_summary", telling.summary),
                ("_anomaly", telling.anomaly),
                ("_operations", telling.operations),
                ("_told_later", None),
            ):
                object.__setattr__(self, name, value)  # frozen to everybody else

    @property
    def summary(self) -> str:
        """One sentence that a person understands."""
        self._tell()
        return self._summary

    @property
    def anomaly(self) -> str | None:
        """The anomaly's name in the literature, or None."""
        self._tell()
        return self._anomaly

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The few operations that show it, in the order of their invocations."""
        self._tell()
        return self._operations

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a verdict has three values and no truth: compare its .outcome with 'valid', 'invalid' or 'unknown'."
        )


def merge(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the worst of *outcomes*: invalid, else unknown, else valid (also of none at all)."""
    return max(outcomes, key=_RANK.__getitem__, default="valid")


def confirm(checker: str, complaint: str | None) -> None:
    """Let nothing be told that the evidence does not bear out: *complaint* is what its verifier says, None if nothing.

    Raises:
        ChaosLabError: the verifier complains, so *checker* is wrong.
    """
    if complaint is not None:
        raise ChaosLabError(f"the {checker} checker is wrong, please report it: {complaint}.")
