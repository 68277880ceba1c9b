"""The contract of a fault, and a fault that was brought about.

A fault is a value that says what is to happen; what was done, where, and to what effect is an injection. The kinds are
in ``chaoslab.faults``; a cluster knows none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import attrs

if TYPE_CHECKING:
    from chaoslab.cluster.cluster import Cluster

__all__ = ["Fault", "Injection"]


class Fault(Protocol):
    """What a cluster can do to itself. A fault is a frozen value; see ``chaoslab.faults``.

    Its parameters are attrs fields made by ``chaoslab.parameters.parameter``. Words in parameters of the units
    ``NODES`` and ``GROUPS`` (roles, counts, ...) are turned into names before ``inject`` is called.
    """

    kind: ClassVar[str]
    """Its name in scenario files."""

    family: ClassVar[str]
    """``"network"``, ``"process"``, ``"storage"``, ``"clock"``, ``"topology"`` or ``"administration"``."""

    counts: ClassVar[str]
    """What ``effects`` counts, such as ``"messages lost"``; empty where the number tells people nothing."""

    needs_target: ClassVar[bool]
    """It hits certain nodes, and a scenario must say which."""

    demands: ClassVar[str]
    """Which promise of a protocol's budget it draws on, such as ``"down"``; empty: every protocol must survive it."""

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> Any:
        """Bring the fault about at *targets* and return what ``heal`` needs to undo it."""

    def heal(self, cluster: Cluster, state: Any) -> None:
        """Undo what ``inject`` did, which returned *state*."""

    def effects(self, state: Any) -> int | None:
        """Return how often the fault took effect, or None if that cannot be counted: it did by being there."""

    def describe(self, targets: tuple[str, ...]) -> str:
        """Say in a few words what happens to *targets*."""


@attrs.define(kw_only=True, eq=False)
class Injection:
    """A fault that was brought about.

    Attributes:
        fault: What.
        targets: Where: names of nodes.
        began_ns: When, in virtual nanoseconds.
        healed_ns: When it was healed, or None while it is in force.
        took_effect: How often it did anything, filled in when it is healed; None where that cannot be counted.
        figures: What else is to be told of what it did, filled in when it is healed.
        awaited: The condition that came true, if it waited for one; None if it waited for a moment.
        written_out: The fault with what it drew written out, where it has words for that: it does the same at any time.
    """

    fault: Fault
    targets: tuple[str, ...]
    began_ns: int
    healed_ns: int | None = None
    took_effect: int | None = None
    figures: Mapping[str, Any] = attrs.field(factory=dict)
    awaited: Any = None
    written_out: Fault = attrs.field(default=attrs.Factory(lambda self: self.fault, takes_self=True), init=False)
    _state: Any = None

    @property
    def kind(self) -> str:
        """The fault's kind, as in scenario files."""
        return self.fault.kind

    def describe(self) -> str:
        """Say in a few words what was done to whom."""
        return self.fault.describe(self.targets)

    def bring_about(self, cluster: Cluster) -> None:
        """Let the fault begin."""
        self._state = self.fault.inject(cluster, self.targets)
        written_out = getattr(self.fault, "written_out", None)
        if written_out is not None:
            self.written_out = written_out(self._state)

    def undo(self, cluster: Cluster) -> None:
        """Let the fault end, and say what it did."""
        state, self._state = self._state, None  # it holds the cluster, and whoever keeps a run keeps its injections
        self.took_effect = self.fault.effects(state)
        figures = getattr(self.fault, "figures", None)
        if figures is not None:
            self.figures = figures(state)
        self.fault.heal(cluster, state)
