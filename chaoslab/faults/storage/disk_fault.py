"""What all faults of storage share: a rule on the disk of each target, drawn, counted and traced.

Rules:

1. ``inject`` adds a rule to each target's disk, ``heal`` takes that very rule away. What a fault has done to the data,
   such as a write that went astray, is done: healing repairs devices, it does not bring data back.
2. Every decision is drawn on a stream of its kind and node, such as ``"bit-rot n1"``.
3. A node that went down because its code did not handle an error of its disk is started again by the heal.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, ClassVar

from chaoslab.cluster import Cluster, Host
from chaoslab.errors import UsageError
from chaoslab.parameters import TEXT, parameter
from chaoslab.storage import DiskRule

__all__ = ["DiskFault", "FailingDisk", "FaultRule", "files_parameter", "require_effect"]

Rules = tuple[tuple[Host, "FaultRule"], ...]


class FaultRule(DiskRule):
    """A rule of one fault on one disk.

    Args:
        kind: The fault's kind.
        host: Whose disk.
        files: A pattern of the paths that it is about.

    Attributes:
        hits: How often it did anything.
        draws: Where it decides.
    """

    def __init__(self, kind: str, host: Host, files: str = "*") -> None:
        self.hits = 0
        self.draws = host.engine.choices.stream(f"{kind} {host.name}")
        self._kind = kind
        self._host = host
        self._files = files

    def covers(self, path: str) -> bool:
        """Return whether it is about *path*."""
        return self._files == "*" or fnmatchcase(path, self._files)

    def hit(self, what: str, times: int = 1) -> None:
        """Count and trace that it did something."""
        self.hits += times
        self._host.engine.note(f"{self._kind} {self._host.name} {what}")


class DiskFault:
    """A fault that is one rule on each target's disk."""

    kind: ClassVar[str]
    family: ClassVar[str] = "storage"
    needs_target: ClassVar[bool] = True
    demands: ClassVar[str] = "storage"

    def rule(self, host: Host) -> FaultRule:
        """Return the rule for one disk."""
        raise NotImplementedError

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> Rules:
        state = []
        for host in [cluster.node(name) for name in targets]:
            rule = self.rule(host)
            host.disk.add_rule(rule)
            state.append((host, rule))
        return tuple(state)

    def heal(self, cluster: Cluster, state: Rules) -> None:
        for host, rule in state:
            host.disk.remove_rule(rule)
        for host, _ in state:
            host.recover()

    def effects(self, state: Rules) -> int:
        return sum(rule.hits for _, rule in state)

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"{self.kind}: {' '.join(targets)}"


class FailingDisk(DiskFault):
    """A fault whose errors may let the node panic: it counts as down while its disk fails."""

    def down_at_once(self, targets: tuple[str, ...]) -> int:
        """Return how many nodes may panic at once."""
        return len(targets)


def files_parameter() -> Any:
    """Return the parameter that says which files a fault is about."""
    return parameter(TEXT, 'Which files: a pattern of their paths, such as "log*".', default="*")


def require_effect(ratio: float) -> None:
    """Refuse a share of nothing.

    Raises:
        UsageError: *ratio* is not above 0, up to 1.
    """
    if not 0.0 < ratio <= 1.0:
        raise UsageError(f"{ratio!r} does nothing or is no share: it is above 0, and 1 at most.", key="ratio")
