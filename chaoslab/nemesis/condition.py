"""What a fault waits for: a role taken, a probe passed, a message that arrives, a sync that is asked for.

A condition is watched while the step that waits for it is armed, and not otherwise: nothing is paid for it then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

import attrs

from chaoslab.cluster import Cluster
from chaoslab.errors import UsageError
from chaoslab.net import Copies, Link, Network
from chaoslab.parameters import COUNT, DURATION, FLAG, NODES, TEXT, nested, parameter

__all__ = ["CONDITION", "Condition", "watch"]

_WORDS: Final = ("role", "probe", "message", "fsync", "start")


@attrs.frozen(kw_only=True)
class Condition:
    """Something that happens at a node: give one of role, probe, message, fsync, start."""

    role: str = parameter(TEXT, "A node takes this role, or has it already.", default="")
    probe: str = parameter(TEXT, "A node passes this probe.", default="")
    message: str = parameter(TEXT, "A message of this type arrives at a node.", default="")
    fsync: str = parameter(TEXT, "A node asks to sync this file.", default="")
    start: bool = parameter(FLAG, "A node has started again after a crash.", default=False)
    node: str = parameter(NODES, "At which nodes; at any if left out.", default="")
    times: int = parameter(COUNT, "How often it must happen.", default=1)
    again: bool = parameter(FLAG, "Every time, not only the first time.", default=False)
    after_ns: int = parameter(DURATION, "How long after that the fault begins.", default=0, name="after")

    def __attrs_post_init__(self) -> None:
        given = [word for word in _WORDS if getattr(self, word)]
        if len(given) != 1:
            said = " and ".join(given) or "none"
            raise UsageError(f"a condition is exactly one of {', '.join(_WORDS)}; this one says {said} of them.")
        if self.times < 1:
            raise UsageError("times is at least 1.", key="times")

    @property
    def what(self) -> str:
        """The kind of signal that is waited for."""
        return next(word for word in _WORDS if getattr(self, word))

    @property
    def name(self) -> str:
        """The name of the role, probe, message type or file."""
        return "again" if self.start else str(getattr(self, self.what))

    def describe(self) -> str:
        """Say in a few words what is waited for."""
        verb = {"role": "plays", "probe": "passes", "message": "gets", "fsync": "syncs", "start": "starts"}[self.what]
        often = "" if self.times == 1 else f" {self.times} times"
        return f"{self.node or 'a node'} {verb} {self.name}{often}"


CONDITION = nested(Condition, "condition", '{ role = "leader" } or { message = "Store", times = 3 }')


class _Arrivals:
    """A rule that changes nothing and watches the messages that arrive."""

    guarding: ClassVar[bool] = True

    def __init__(self, name: str, tell: Callable[[str, str], None]) -> None:
        self._name = name
        self._tell = tell
        self.hits = 0

    def covers(self, source: str, target: str) -> bool:
        return True

    def send(self, link: Link, copies: Copies, network: Network) -> None:
        return

    def arrive(self, link: Link, message: Any, network: Network) -> bool:
        if message.__class__.__name__ == self._name:
            self._tell(link.target, self._name)
        return True


def watch(
    condition: Condition, cluster: Cluster, happened: Callable[[str], None], nodes: Callable[[], tuple[str, ...]]
) -> Callable[[], None]:
    """Call ``happened(node)`` when *condition* comes true, once or each time, until the result is called.

    Args:
        condition: What is waited for.
        cluster: Where.
        happened: Gets the node at which it came true.
        nodes: Which nodes ``condition.node`` means at this moment.
    """
    role = cluster.leader if condition.what == "role" and condition.name == "leader" and cluster.leader else None
    name = role or condition.name
    seen = 0
    forget: Callable[[], None]

    def told(node: str, told_name: str) -> None:
        nonlocal seen
        if told_name != name or node not in cluster.nodes or (condition.node and node not in nodes()):
            return
        seen += 1
        if seen < condition.times:
            return
        seen = 0
        if not condition.again:
            forget()
        happened(node)

    if condition.what == "message":
        rule = _Arrivals(name, told)
        cluster.network.add_rule(rule)
        forget = lambda: cluster.network.remove_rule(rule)  # noqa: E731 - one of two ways to forget
    else:
        forget = cluster.signals.watch(condition.what, told)  # type: ignore[arg-type]
    if condition.what == "role":  # some protocols begin with a leader, and no other is ever made while it lives
        for node in [one.name for one in cluster.nodes.values() if one.role == name]:
            told(node, name)
    return forget
