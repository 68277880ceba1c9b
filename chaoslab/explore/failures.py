"""What is kept of failures, and by what one is told from another.

This file does not know where they are kept: see ``corpus``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import attrs

from chaoslab.explore.outcome import Outcome

__all__ = ["NO_FAULT", "Entry", "Sighting", "Signature", "perhaps_again", "signature_of"]

NO_FAULT: Final = "no fault"
"""The shape of a failure that takes none."""


@attrs.frozen(kw_only=True)
class Signature:
    """By what one bug is told from another.

    Attributes:
        protocol: The protocol's name.
        check: The check that did not hold.
        anomaly: The anomaly's name, or ``""``.
        shape: The kinds of fault in the smallest run that shows it, such as ``"crash + partition"``; ``NO_FAULT``;
            ``""`` as long as it was not made small.
    """

    protocol: str
    check: str
    anomaly: str
    shape: str = ""

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of fault of its shape."""
        return frozenset(self.shape.split(" + ")) - {"", NO_FAULT}


@attrs.frozen(kw_only=True)
class Sighting:
    """A failure that looks like a known one and was not made small yet.

    Attributes:
        id: Its number among the sightings.
        signature: What it looks like; without a shape.
        scenario: The name of the scenario.
        seed: The seed.
        verdict: ``"invalid"`` or ``"unknown"``.
        summary: One sentence.
        recording: What replays it.
    """

    id: int
    signature: Signature
    scenario: str
    seed: int
    verdict: str
    summary: str
    recording: str


@attrs.frozen(kw_only=True)
class Entry:
    """One kind of failure.

    Attributes:
        id: Its number in the file.
        signature: By what it is recognised.
        scenario: The name of the scenario that showed it first.
        seed: The seed that showed it first.
        verdict: ``"invalid"`` or ``"unknown"``.
        summary: One sentence.
        recording: What replays it; empty if nothing was recorded of its run, which did not end.
        shrunk: The smallest scenario that shows it, as TOML; empty if none was made.
        size: How much was shrunk, in words.
        state: ``"failing"``, ``"fixed"`` (its recording holds now), or ``"diverged"`` (it does something else now).
        seen: In how many runs it was seen.
    """

    id: int
    signature: Signature
    scenario: str
    seed: int
    verdict: str
    summary: str
    recording: str
    shrunk: str
    size: str
    state: str
    seen: int


def signature_of(outcome: Outcome) -> Signature:
    """Return by what the failure in *outcome* is recognised: its first check that did not hold."""
    finding = outcome.findings[0]
    return Signature(protocol=outcome.protocol, check=finding.check, anomaly=finding.anomaly or "")


def perhaps_again(entry: Entry, entries: Iterable[Entry]) -> Entry | None:
    """Return that of *entries* which *entry* perhaps shows again, with something beside it; None if there is none.

    It looks the same, still fails, and takes only a part of the kinds of fault. Two bugs may look so, hence perhaps:
    once the one is fixed, the other is told of by itself.
    """
    look, kinds = attrs.evolve(entry.signature, shape=""), entry.signature.kinds
    simpler = [
        other
        for other in entries
        if other.signature.shape
        and other.state == "failing"
        and attrs.evolve(other.signature, shape="") == look
        and other.signature.kinds < kinds
    ]
    return min(simpler, key=lambda other: (len(other.signature.kinds), other.id), default=None)
