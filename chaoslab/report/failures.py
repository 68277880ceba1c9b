"""Faults and failures side by side, for people and for machines: what was done, and what clients saw of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaoslab.cluster import Injection
from chaoslab.history.words import in_words
from chaoslab.report.causes import Failure
from chaoslab.units import NS_PER_S

__all__ = ["failure_documents", "failure_rows", "failure_sentence"]


def failure_sentence(found: Sequence[Failure]) -> str:
    """Return how many failures there were, and of how many of them it is known what led to them."""
    known = sum(bool(one.causes) for one in found)
    calm = sum(not one.under for one in found)
    if not found:
        return "clients saw no failure"
    words = "1 failure that clients saw" if len(found) == 1 else f"{len(found)} failures that clients saw"
    told = "which fault led to it" if len(found) == 1 else f"for {known} of them which fault led to it"
    words += f"; the trace shows {told if known else 'of none which fault led to it'}"
    return words + (f"; {calm} happened while no fault was in force" if calm else "")


def failure_rows(found: Sequence[Failure], injections: Sequence[Injection], at_most: int) -> list[list[str]]:
    """Return a row for each fault that failures happened under, in order, below a heading; the heading alone if none.

    Args:
        found: The failures.
        injections: The faults.
        at_most: How many rows: those that led to the most failures.
    """
    rows = []
    for number, fault in enumerate(injections):
        under = sum(number in one.under for one in found)
        led_to = [(one, cause.how) for one in found for cause in one.causes if cause.fault == number]
        if under:
            example = _example(*led_to[0]) if led_to else "-"
            cells = [fault.describe(), f"{fault.began_ns / NS_PER_S:.3f} s", str(under), str(len(led_to)), example]
            rows.append((len(led_to), under, number, cells))
    shown = sorted(sorted(rows, key=lambda row: (-row[0], -row[1], row[2]))[:at_most], key=lambda row: row[2])
    return [["fault", "from", "failures under it", "it led to", "such as"], *(cells for *_, cells in shown)]


def _example(failure: Failure, how: str) -> str:
    return f"{in_words(failure.operation, with_process=False, with_outcome=False)}: {how}"


def failure_documents(found: Sequence[Failure], injections: Sequence[Injection]) -> list[dict[str, Any]]:
    """Return each failure with the faults it happened under and those that led to it, by their place in ``faults``."""
    return [
        {
            "index": one.operation.call,
            "process": one.operation.process,
            "words": in_words(one.operation),
            "type": one.operation.type,
            "invoked_s": one.operation.call_time_ns / NS_PER_S,
            "under": list(one.under),
            "led_by": [
                {"fault": cause.fault, "words": injections[cause.fault].describe(), "how": cause.how}
                for cause in one.causes
            ],
        }
        for one in found
    ]
