"""Administrators who change the membership: joining, leaving, replacing, and two of them at cross purposes.

Rules:

1. Members change by the protocol's own commands only, which an administrator's client asks for: see
   ``chaoslab.cluster.administrator``. A protocol says in ``Protocol.administers`` which commands there are.
2. Healing takes back what was changed, by the inverse commands: whoever joined leaves, whoever left joins again. That
   takes the protocol some time; the administrator tries each command for as long as he has patience.
3. What counts is how many commands the protocol said yes to.
"""

from __future__ import annotations

from typing import ClassVar

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.cluster.membership import INVERSE, MembershipChange
from chaoslab.errors import UsageError, unknown_word
from chaoslab.faults.scene import Scene
from chaoslab.parameters import DURATION, TEXT, parameter
from chaoslab.units import NS_PER_S

__all__ = ["Join", "Leave", "Replace", "TwoAdministrators"]

_PATIENCE = "How long an administrator tries a command before giving up."
_Changes = list[MembershipChange]


class _MembershipFault:
    """What faults that consist of administrators' commands share."""

    family: ClassVar[str] = "topology"
    counts: ClassVar[str] = "commands done"
    demands: ClassVar[str] = "membership"
    patience_ns: int

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands that it needs, those that take them back included."""
        return ("join", "leave")

    def plans(self, cluster: Cluster, targets: tuple[str, ...]) -> list[list[tuple[str, str]]]:
        """Return what each administrator does: pairs of a command and a node."""
        raise NotImplementedError

    def check(self, scene: Scene) -> None:
        """Refuse a protocol that does not have the commands."""
        self._require(scene.administers)

    def _require(self, administers: tuple[str, ...]) -> None:
        for command in self.commands:
            if command not in administers:
                has = f"it administers {', '.join(administers)}" if administers else "its members cannot be changed"
                raise UsageError(f"the protocol has no command {command!r} for administrators: {has}.", key="kind")

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> _Changes:
        self._require(cluster.administers)
        changes = [
            MembershipChange(cluster.membership, commands, self.patience_ns)
            for commands in self.plans(cluster, targets)
        ]
        for change in changes:
            change.begin()
        return changes

    def heal(self, cluster: Cluster, state: _Changes) -> None:
        for change in reversed(state):
            change.take_back()

    def effects(self, state: _Changes) -> int:
        return sum(change.succeeded for change in state)

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> _MembershipFault | None:
        return cls() if {"join", "leave"} <= set(scene.administers) else None


@attrs.frozen(kw_only=True)
class Join(_MembershipFault):
    """A new node is started and joins, by the protocol's own command; healing lets it leave again."""

    kind: ClassVar[str] = "join"
    needs_target: ClassVar[bool] = False

    patience_ns: int = parameter(DURATION, _PATIENCE, default=10 * NS_PER_S, name="patience")

    def plans(self, cluster: Cluster, targets: tuple[str, ...]) -> list[list[tuple[str, str]]]:
        return [[("join", cluster.add_node())]]

    def describe(self, targets: tuple[str, ...]) -> str:
        return "join: a new node"


@attrs.frozen(kw_only=True)
class Leave(_MembershipFault):
    """The node leaves, by the protocol's own command, and is switched off; healing lets it join again."""

    kind: ClassVar[str] = "leave"
    needs_target: ClassVar[bool] = True

    patience_ns: int = parameter(DURATION, _PATIENCE, default=10 * NS_PER_S, name="patience")

    def plans(self, cluster: Cluster, targets: tuple[str, ...]) -> list[list[tuple[str, str]]]:
        return [[("leave", name) for name in targets]]

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"leave: {' '.join(targets)}"


@attrs.frozen(kw_only=True)
class Replace(_MembershipFault):
    """A new node joins, then the old one leaves and is switched off; healing changes them back."""

    kind: ClassVar[str] = "replace"
    needs_target: ClassVar[bool] = True

    patience_ns: int = parameter(DURATION, _PATIENCE, default=10 * NS_PER_S, name="patience")

    def plans(self, cluster: Cluster, targets: tuple[str, ...]) -> list[list[tuple[str, str]]]:
        return [[one for name in targets for one in (("join", cluster.add_node()), ("leave", name))]]

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"replace: {' '.join(targets)}"


@attrs.frozen(kw_only=True)
class TwoAdministrators(_MembershipFault):
    """Two administrators, who do not know of each other, ask for different changes of the membership at the same time.

    Who is asked to leave is the target; the second administrator takes the second target, if there are two. Who joins
    is a new node.
    """

    kind: ClassVar[str] = "two-administrators"
    family: ClassVar[str] = "administration"
    needs_target: ClassVar[bool] = True
    taken_away_max: ClassVar[int] = 2

    first: str = parameter(TEXT, "What the first one asks for: join or leave.", default="leave")
    second: str = parameter(TEXT, "What the second one asks for: join or leave.", default="join")
    patience_ns: int = parameter(DURATION, _PATIENCE, default=10 * NS_PER_S, name="patience")

    def __attrs_post_init__(self) -> None:
        for key in ("first", "second"):
            if getattr(self, key) not in INVERSE:
                raise UsageError(unknown_word("command", getattr(self, key), INVERSE), key=key)

    def plans(self, cluster: Cluster, targets: tuple[str, ...]) -> list[list[tuple[str, str]]]:
        leaving = {"first": targets[0], "second": targets[-1]}
        plans = []
        for key, name in leaving.items():
            command = getattr(self, key)
            plans.append([(command, cluster.add_node() if command == "join" else name)])
        return plans

    def describe(self, targets: tuple[str, ...]) -> str:
        return f"two-administrators: {self.first} and {self.second}, {' '.join(targets)}"
