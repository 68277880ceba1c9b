"""A power cut at a certain point of what the node does, where a crash at a random moment would hardly ever strike.

Rules:

1. What stands before the point in the node's effects has been done, the point itself and what comes after has not: the
   message is not sent, what arrives is not handled, what was to be synced is not durable. Only ``synced`` strikes after
   its point: the file is durable, and nothing that waited for it has happened.
2. Each target counts for itself, from the moment at which the fault begins, and crashes once.
3. Nothing is watched before the fault begins and after it is healed: then it costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final, Literal, cast

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.errors import UsageError
from chaoslab.faults.crashes import Downtime, PowerCut, unsynced_parameter
from chaoslab.faults.scene import Scene
from chaoslab.net import Copies, Link, Network
from chaoslab.parameters import COUNT, DURATION, TEXT, parameter
from chaoslab.storage import Unsynced
from chaoslab.units import NS_PER_S, format_duration

__all__ = ["ANY", "CrashAt"]

ANY: Final = "any"
"""The name that stands for every message type, file or probe."""

_POINTS: Final = ("probe", "fsync", "synced", "send", "receive")
_VERBS: Final = {"probe": "pass", "fsync": "fsync", "synced": "end of the fsync", "send": "send", "receive": "arrival"}


@attrs.frozen(kw_only=True)
class CrashAt(PowerCut):
    """The node loses power at the nth sync, send, arrival or probe of a name; say one of them, or "any" name."""

    kind: ClassVar[str] = "crash-at"
    family: ClassVar[str] = "process"
    counts: ClassVar[str] = "crashes"
    needs_target: ClassVar[bool] = True
    demands: ClassVar[str] = "down"

    probe: str = parameter(TEXT, "It passes this probe.", default="")
    fsync: str = parameter(TEXT, "It asks to sync this file, which then is not synced.", default="")
    synced: str = parameter(TEXT, "This file has become durable, and nobody knows of it yet.", default="")
    send: str = parameter(TEXT, "It sends a message of this type, which then is not sent.", default="")
    receive: str = parameter(TEXT, "A message of this type arrives, which then is not handled.", default="")
    nth: int = parameter(COUNT, "At which time it happens.", default=1)
    restart_ns: int | None = parameter(
        DURATION, "How long after the crash it starts again; when healed if left out.", default=None, name="restart"
    )
    unsynced: Unsynced = unsynced_parameter()

    def __attrs_post_init__(self) -> None:
        given = [point for point in _POINTS if getattr(self, point)]
        if len(given) != 1:
            said = " and ".join(given) or "none"
            raise UsageError(f"crash-at is about exactly one of {', '.join(_POINTS)}; this one says {said} of them.")
        if self.nth < 1:
            raise UsageError("nth is at least 1: the first time.", key="nth")

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> CrashAt:
        point = stream.pick(("fsync", "synced", "send", "receive"))
        nth, restart_ns = 1 + stream.below(20), int(stream.between(0.05, 1.0) * NS_PER_S)
        chosen: dict[str, Any] = {point: ANY}
        return cls(**chosen, nth=nth, restart_ns=restart_ns)

    @property
    def point(self) -> str:
        """Which kind of point it is about."""
        return next(point for point in _POINTS if getattr(self, point))

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> _Trap:
        return _Trap(self, cluster, targets)

    def heal(self, cluster: Cluster, state: _Trap) -> None:
        state.disarm()

    def effects(self, state: _Trap) -> int:
        return state.down.crashes

    def describe(self, targets: tuple[str, ...]) -> str:
        name = getattr(self, self.point)
        of = "" if name == ANY else f" of {name}"
        back = "" if self.restart_ns is None else f", back after {format_duration(self.restart_ns)}"
        return f"crash-at: {' '.join(targets)} at {_ordinal(self.nth)} {_VERBS[self.point]}{of}{back}"


class _Trap:
    """One crash-at in force: counts, and strikes."""

    def __init__(self, fault: CrashAt, cluster: Cluster, targets: tuple[str, ...]) -> None:
        self.down = Downtime(cluster, fault.unsynced)
        self._name: str = getattr(fault, fault.point)
        self._fault = fault
        self._cluster = cluster
        self._left = dict.fromkeys(targets, fault.nth)
        for name in targets:
            cluster.node(name)  # raises for a name that is nobody's
        self._forget = self._watch(fault.point)

    def _watch(self, point: str) -> Callable[[], None]:
        if point in ("send", "receive"):
            rule = (_OnSend if point == "send" else _OnReceive)(self, tuple(self._left))
            network = self._cluster.network
            network.add_rule(rule)
            return lambda: network.remove_rule(rule)
        signal = cast(Literal["probe", "fsync", "synced"], point)
        return self._cluster.signals.watch(signal, self._told)

    def _told(self, node: str, name: str) -> None:
        self.happened(node, name)

    def happened(self, node: str, name: str) -> bool:
        """Count what happens at *node*, and crash it if this was the time. Return whether it crashed."""
        if node not in self._left or self._name not in (name, ANY) or not self._cluster.node(node).alive:
            return False
        self._left[node] -= 1
        if self._left[node]:
            return False
        del self._left[node]
        self._cluster.engine.note(f"crash-at {node} {self._fault.point} {name}")
        self.down.begin(node)
        if self._fault.restart_ns is not None:
            self._cluster.engine.after(self._fault.restart_ns, self.down.end, node)
        return True

    def disarm(self) -> None:
        """Watch no more, and start what is down because of this."""
        self._forget()
        self._left.clear()
        self.down.end_all()


class _OnSend:
    """Watches what the targets send."""

    guarding: ClassVar[bool] = False

    def __init__(self, trap: _Trap, targets: tuple[str, ...]) -> None:
        self._trap = trap
        self._targets = frozenset(targets)
        self.hits = 0

    def covers(self, source: str, target: str) -> bool:
        return source in self._targets

    def send(self, link: Link, copies: Copies, network: Network) -> None:
        message = copies[0][1]
        if self._trap.happened(link.source, message.__class__.__name__):
            self.hits += 1
            network.lose(link, message, "crash")
            copies.clear()

    def arrive(self, link: Link, message: Any, network: Network) -> bool:
        return True


class _OnReceive(_OnSend):
    """Watches what arrives at the targets."""

    guarding: ClassVar[bool] = True

    def covers(self, source: str, target: str) -> bool:
        return target in self._targets

    def send(self, link: Link, copies: Copies, network: Network) -> None:
        return

    def arrive(self, link: Link, message: Any, network: Network) -> bool:
        if self._trap.happened(link.target, message.__class__.__name__):
            self.hits += 1
            network.lose(link, message, "crash")
            return False
        return True


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"its {number}{ending}"
