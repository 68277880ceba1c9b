"""Which anomaly violates which level.

Rules, each level forbidding what the one above it in this list forbids, and more:

1. read-committed (Adya's PL-2): G0, G1a, G1b, G1c, and whatever no sequence of appends can have produced.
2. read-atomic (Bailis et al. 2014; Cerone, Bernardi & Gotsman 2015): also fractured reads, which a read that changes
   within a transaction is the simplest case of.
3. snapshot-isolation (Adya's PL-SI; Cerone & Gotsman 2018): also every cycle without two adjacent rw edges, lost
   updates among them. Write skew is allowed.
4. serializable (Adya's PL-3): also all other cycles.
5. strict-serializable: also cycles with edges of real time, which those of process order are a part of.

With sessions, each level also forbids its cycles with edges of process order ("strong session" in the literature).
"""

from __future__ import annotations

from typing import Literal, get_args

from chaoslab.errors import UsageError, unknown_word

__all__ = ["LEVELS", "SEVERITY", "Level", "checked_level", "violates"]

Level = Literal["read-committed", "read-atomic", "snapshot-isolation", "serializable", "strict-serializable"]
"""From the weakest to the strongest."""

LEVELS: tuple[Level, ...] = get_args(Level)

_READ_COMMITTED = (
    "garbage-read",
    "duplicate-elements",
    "incompatible-order",
    "internal",
    "G1a",
    "G1b",
    "G0",
    "G1c",
)
_READ_ATOMIC = ("non-repeatable-read", "fractured-read")
_SNAPSHOT_ISOLATION = ("lost-update", "G-single", "G-nonadjacent")
_SERIALIZABLE = ("G2-item",)
_BY_LEVEL = (_READ_COMMITTED, _READ_ATOMIC, _SNAPSHOT_ISOLATION, _SERIALIZABLE)

SEVERITY: dict[str, int] = {
    name: rank
    for rank, name in enumerate(
        anomaly + suffix for group in _BY_LEVEL for suffix in ("", "-process", "-realtime") for anomaly in group
    )
}
"""Rank of each anomaly, the worst first: what violates the weakest level, and needs no further order to be seen."""


def violates(anomaly: str, level: Level, *, sessions: bool) -> bool:
    """Return whether *anomaly* is forbidden at *level*, with process order counting or not."""
    name, suffix = anomaly, ""
    for ending in ("-process", "-realtime"):
        if anomaly.endswith(ending):
            name, suffix = anomaly.removesuffix(ending), ending
    if suffix and level != "strict-serializable" and not (suffix == "-process" and sessions):
        return False
    return any(name in group for group in _BY_LEVEL[: LEVELS.index(level) + 1])


def checked_level(level: str) -> Level:
    """Return *level* if there is such a level of list-append transactions.

    Raises:
        UsageError: there is none.
    """
    if level not in LEVELS:
        raise UsageError(unknown_word("level", level, LEVELS), key="level")
    return level
