"""What a protocol promises to survive: the nemesis never does more, unless it is told to.

A failure within the budget is a bug of the protocol. Beyond it, nothing was promised. Each kind of fault says on which
promise it draws (``demands``), and faults with a size say how large they are (``extent``). Every protocol must survive
what draws on no promise: messages that are late, lost, repeated, reordered, cut off.
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from chaoslab.errors import UsageError
from chaoslab.units import format_duration

__all__ = ["DEMANDS", "Budget", "ClockError", "takes_down"]

DEMANDS: Final = ("down", "amnesia", "skew", "drift", "true-time", "storage", "tampering", "membership", "settings")
"""The promises that a fault may draw on, the field of the budget for each by the same name."""

_WORDS = ("none", "minority", "all")


def _number_of_nodes(instance: Budget, attribute: attrs.Attribute[Any], value: str | int) -> None:
    if value not in _WORDS and not (isinstance(value, int) and value >= 0):
        raise UsageError(f"{value!r} is not a number of nodes: {', '.join(_WORDS)}, or a count.", key=attribute.name)


def takes_down(fault: Any) -> bool:
    """Return whether nodes are down, or may come to be, because of *fault*."""
    return fault.demands in ("down", "amnesia") or hasattr(fault, "down_at_once")


def _count(words: str | int, nodes: int) -> int:
    if isinstance(words, int):
        return words
    return {"none": 0, "minority": (nodes - 1) // 2, "all": nodes}[words]


@attrs.frozen(kw_only=True)
class ClockError:
    """How wrong a node's clocks become at most, by one fault or by several at once.

    Attributes:
        skew_ns: How far the wall clock is off.
        drift_ppm: How far a clock's rate is off.
    """

    skew_ns: int = 0
    drift_ppm: int = 0

    def __add__(self, other: ClockError) -> ClockError:
        return ClockError(skew_ns=self.skew_ns + other.skew_ns, drift_ppm=self.drift_ppm + other.drift_ppm)


@attrs.frozen(kw_only=True)
class Budget:
    """The faults that a protocol survives without breaking its claims.

    Attributes:
        down: How many nodes may be down or paused at once, their disks kept: ``"none"``, ``"minority"`` (fewer than
            half), ``"all"``, or a number.
        amnesia: How many nodes may lose their disk in a run.
        skew_ns: How far wall clocks may be off; None: any amount, for protocols that do not trust them.
        drift_ppm: How far the rate of clocks may be off; None: any amount.
        true_time: Whether a time source that states too small an uncertainty is survived.
        storage: The kinds of storage fault that are survived.
        bit_rot: At how many nodes the disk may rot in a run, if that is among them. What is damaged at most nodes is
            gone, and a protocol that knows it serves nobody any more.
        tampering: Whether messages that were changed or made up on the way are survived.
        membership: Whether nodes may join, leave and be replaced.
        settings: Whether nodes may run with other settings, or in other versions, than their peers.
    """

    down: str | int = attrs.field(default="minority", validator=_number_of_nodes)
    amnesia: str | int = attrs.field(default=0, validator=_number_of_nodes)
    skew_ns: int | None = None
    drift_ppm: int | None = None
    true_time: bool = True
    storage: tuple[str, ...] = ()
    bit_rot: str | int = attrs.field(default="all", validator=_number_of_nodes)
    tampering: bool = False
    membership: bool = False
    settings: bool = False

    def down_max(self, nodes: int) -> int:
        """Return how many of *nodes* nodes may be down or paused at once."""
        return _count(self.down, nodes)

    def amnesia_max(self, nodes: int) -> int:
        """Return how many of *nodes* nodes may lose their disk in a run."""
        return _count(self.amnesia, nodes)

    def bit_rot_max(self, nodes: int) -> int:
        """Return at how many of *nodes* nodes the disk may rot in a run."""
        return _count(self.bit_rot, nodes)

    def refusal(
        self,
        fault: Any,
        nodes: int,
        *,
        down: int = 0,
        forgetful: int = 0,
        rotten: int = 0,
        clock_error: ClockError | None = None,
    ) -> str | None:
        """Return why *fault* would exceed the budget, in words, or None if it would not.

        Args:
            fault: The fault.
            nodes: How many nodes the cluster has.
            down: How many of them would be down or paused with this fault in force.
            forgetful: How many of them would have lost their disk.
            rotten: At how many of them it would have rotted.
            clock_error: How wrong the clocks of one node would be, with everything that is in force; what *fault*
                alone makes of them in no time if left out.
        """
        demanded: str = fault.demands
        if demanded in ("skew", "drift"):
            return self._clock_refusal(clock_error or fault.clock_error(0))
        if takes_down(fault) and down > self.down_max(nodes):
            return f"{down} of {nodes} nodes would be down, {self.down_max(nodes)} may be"
        if demanded == "amnesia" and forgetful > self.amnesia_max(nodes):
            return f"{forgetful} of {nodes} nodes would have lost their disk, {self.amnesia_max(nodes)} may"
        storage_kind: str = fault.kind if demanded == "storage" else getattr(fault, "storage_kind", "")
        if storage_kind and storage_kind not in self.storage:
            survived = ", ".join(self.storage) or "none"
            return f"of the faults of storage it survives {survived}, and this is {storage_kind}"
        if storage_kind == "bit-rot" and rotten > self.bit_rot_max(nodes):
            return f"the disks of {rotten} of {nodes} nodes would have rotted, {self.bit_rot_max(nodes)} may"
        left = nodes - getattr(fault, "taken_away_max", 1)
        if demanded == "membership" and self.bit_rot != "all" and rotten > self.bit_rot_max(left):
            return f"with {left} nodes, the disks of {rotten} of them would have rotted"
        promised = {
            "true-time": (self.true_time, "its time source must be honest"),
            "tampering": (self.tampering, "messages must arrive as they were sent"),
            "membership": (self.membership, "its members must stay the same"),
            "settings": (self.settings, "all nodes must run the same code with the same settings"),
        }
        holds, why = promised.get(demanded, (True, ""))
        return None if holds else why

    def _clock_refusal(self, error: ClockError) -> str | None:
        if self.skew_ns is not None and error.skew_ns > self.skew_ns:
            return f"a clock would be {format_duration(error.skew_ns)} off, {format_duration(self.skew_ns)} may be"
        if self.drift_ppm is not None and error.drift_ppm > self.drift_ppm:
            return f"a clock's rate would be {error.drift_ppm} ppm off, {self.drift_ppm} may be"
        return None
