"""Faults of names: the name server says nothing, or something that is not so; a resolver keeps what is old.

Rules:

1. The server lies to the targets only; without targets, to everybody.
2. Healing ends the lie. What a machine has been told it keeps as long as it was told to, as it would outside.
3. What connects by address, or knows a name already, does not notice.
"""

from __future__ import annotations

from typing import ClassVar, Final

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.errors import UsageError, unknown_word
from chaoslab.faults.scene import Scene
from chaoslab.net import DnsAnswer, NameServer
from chaoslab.net.names import Record, canonical, say
from chaoslab.parameters import NODES, TEXT, parameter

__all__ = ["DNS_MODES", "Dns"]

DNS_MODES: Final = ("nxdomain", "servfail", "timeout", "stale", "split-horizon", "ttl-ignored")


@attrs.frozen(kw_only=True)
class Dns:
    """Looking up a name fails, or gives an answer that is not true, or not true any more."""

    kind: ClassVar[str] = "dns"
    family: ClassVar[str] = "network"
    counts: ClassVar[str] = "answers changed"
    needs_target: ClassVar[bool] = False
    demands: ClassVar[str] = ""

    mode: str = parameter(
        TEXT,
        "nxdomain (no such name), servfail, timeout (no answer), stale (where it pointed before its last change), "
        "split-horizon (the nodes in to), or ttl-ignored (targets go on using what they know).",
    )
    name: str = parameter(TEXT, "The name it happens to; all names if left out.", default="")
    to: str = parameter(NODES, "For split-horizon: the nodes whose addresses the targets are told.", default="")

    def __attrs_post_init__(self) -> None:
        if self.mode not in DNS_MODES:
            raise UsageError(unknown_word("mode", self.mode, DNS_MODES), key="mode")
        if self.mode == "split-horizon" and not self.to:
            raise UsageError('split-horizon needs to: which nodes the targets are told of, such as "n3".', key="to")
        if self.mode != "split-horizon" and self.to:
            raise UsageError(f"to is for split-horizon; the mode is {self.mode}.", key="to")

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Dns | None:
        if not scene.streams:
            return None
        mode = stream.pick(DNS_MODES)
        return cls(mode=mode, to="one" if mode == "split-horizon" else "")

    def inject(self, cluster: Cluster, targets: tuple[str, ...]) -> _Lie:
        for node in self.to.split():
            cluster.internet.address(node)  # raises for a name that is nobody's
        lie = _Lie(self, cluster, targets)
        cluster.dns.rules.append(lie)
        return lie

    def heal(self, cluster: Cluster, state: _Lie) -> None:
        cluster.dns.rules[:] = [rule for rule in cluster.dns.rules if rule is not state]

    def effects(self, state: _Lie) -> int:
        return state.hits

    def describe(self, targets: tuple[str, ...]) -> str:
        where = f" at {' '.join(targets)}" if targets else ""
        to = f" to {self.to}" if self.to else ""
        return f"dns: {self.mode}{to} for {self.name or 'all names'}{where}"


class _Lie:
    def __init__(self, fault: Dns, cluster: Cluster, targets: tuple[str, ...]) -> None:
        self.hits = 0
        self._fault = fault
        self._cluster = cluster
        self._targets = targets

    def answer(self, machine: str, answer: DnsAnswer, server: NameServer) -> DnsAnswer | None:
        if not self._concerns(machine, answer.name):
            return answer
        changed = self._changed(answer, server)
        if changed != answer:
            self._count(machine, answer.name)
        return changed

    def keeps(self, machine: str, name: str) -> bool:
        if self._fault.mode != "ttl-ignored" or not self._concerns(machine, name):
            return False
        self._count(machine, name)
        return True

    def _changed(self, answer: DnsAnswer, server: NameServer) -> DnsAnswer | None:
        match self._fault.mode:
            case "timeout":
                return None
            case "nxdomain":
                return say(answer, None)
            case "servfail":
                return DnsAnswer(id=answer.id, name=answer.name, code="SERVFAIL")
            case "stale":
                return say(answer, server.record_before(answer.name))
            case "split-horizon":
                addresses = tuple(self._cluster.internet.address(node) for node in self._fault.to.split())
                return say(answer, Record(addresses=addresses))
        return answer

    def _concerns(self, machine: str, name: str) -> bool:
        return (not self._targets or machine in self._targets) and canonical(self._fault.name) in ("", name)

    def _count(self, machine: str, name: str) -> None:
        self.hits += 1
        self._cluster.engine.note(f"dns {self._fault.mode} {machine} {name}")
