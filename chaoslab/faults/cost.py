"""What transport costs: a price for each message and each byte, counted by link and by type of message.

It changes nothing of the run. Its figures stand in the run's document, so that two protocols, or two versions of one,
can be compared by what they cost an operation.

Rules:

1. A message costs what it costs where it is sent: also when it is lost later on its way.
2. Sizes are estimated: see ``chaoslab.net.sizes``.

This file does not know what an operation is: it counts the clients' operations that succeeded meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Self

import attrs

from chaoslab.choices import Stream
from chaoslab.cluster import Cluster
from chaoslab.errors import UsageError
from chaoslab.faults.link_rule import LinkRule, NetworkFault, match_parameter, where
from chaoslab.faults.scene import Scene
from chaoslab.net import Copies, Link, Match, Network
from chaoslab.net.naming import type_of
from chaoslab.net.sizes import size_bytes
from chaoslab.parameters import FLAG, Unit, parameter

__all__ = ["Cost"]


def _parse_price(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise UsageError(f"{value!r} is not a price: write a number of zero or more, such as 0.01.")
    return float(value)


PRICE: Final = Unit(name="price", parse=_parse_price, format=lambda value: value, example="0.01")


@attrs.frozen(kw_only=True)
class Cost(NetworkFault):
    """Transport has a price: what messages cost is counted, by link and by type, and stands in the report."""

    kind: ClassVar[str] = "cost"
    counts: ClassVar[str] = "messages paid for"

    a_message: float = parameter(PRICE, "What a message costs.", default=0.0)
    a_byte: float = parameter(PRICE, "What a byte costs.", default=0.0)
    between_zones: bool = parameter(FLAG, "Only messages from one zone to another cost anything.", default=False)
    match: Match | None = match_parameter()

    def __attrs_post_init__(self) -> None:
        if not self.a_message and not self.a_byte:
            raise UsageError("everything would be free: give a_message, a_byte or both.", key="a_message")

    def rule(self, cluster: Cluster, targets: tuple[str, ...]) -> LinkRule:
        return _Account(targets, self, cluster)

    def describe(self, targets: tuple[str, ...]) -> str:
        zones = " between zones" if self.between_zones else ""
        return f"cost: {self.a_message:g} a message, {self.a_byte:g} a byte{zones} {where(targets, self.match)}"

    @classmethod
    def drawn(cls, scene: Scene, stream: Stream) -> Self:
        return cls(a_message=round(stream.between(0.1, 2.0), 2), a_byte=round(stream.between(0.001, 0.1), 4))


@attrs.define(kw_only=True)
class _Sum:
    messages: int = 0
    bytes: int = 0

    def add(self, size: int) -> None:
        self.messages += 1
        self.bytes += size


class _Account(LinkRule):
    word = "cost"

    def __init__(self, targets: tuple[str, ...], fault: Cost, cluster: Cluster) -> None:
        super().__init__(targets, fault.match)
        self._fault = fault
        self._home, self._zones = cluster.home, cluster.zones
        self._history = cluster.history
        self._first = len(cluster.history)
        self._all = _Sum()
        self._by_link: dict[str, _Sum] = {}
        self._by_type: dict[str, _Sum] = {}

    def covers(self, source: str, target: str) -> bool:
        if self._fault.between_zones and self._zone(source) == self._zone(target):
            return False
        return super().covers(source, target)

    def _zone(self, name: str) -> str | None:
        return self._zones.get(self._home(name))

    def treat(self, link: Link, delay_ns: int, message: Any, network: Network) -> Copies:
        self.hits += 1
        size = size_bytes(message)
        self._all.add(size)
        self._by_link.setdefault(link.label, _Sum()).add(size)
        self._by_type.setdefault(type_of(message), _Sum()).add(size)
        return [(delay_ns, message)]

    def _price(self, sum: _Sum) -> float:
        return round(sum.messages * self._fault.a_message + sum.bytes * self._fault.a_byte, 9)

    def _told(self, sum: _Sum) -> dict[str, Any]:
        return {"messages": sum.messages, "bytes": sum.bytes, "price": self._price(sum)}

    def figures(self) -> Mapping[str, Any]:
        operations = sum(type == "ok" for type in self._history.types[self._first :])
        return {
            **self._told(self._all),
            "operations": operations,
            "an_operation": round(self._price(self._all) / operations, 9) if operations else None,
            "by_type": {name: self._told(part) for name, part in sorted(self._by_type.items())},
            "by_link": {name: self._told(part) for name, part in self._by_link.items()},
        }
