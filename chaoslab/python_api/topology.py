"""The short names of the faults of topology: where messages travel, and how long that takes."""

from __future__ import annotations

from chaoslab.faults import Heterogeneous, ReRoute
from chaoslab.net.latency import Constant
from chaoslab.units import seconds_to_ns

__all__ = ["heterogeneous", "re_route"]


def re_route(between: str, seconds: float, *, one_way: bool = False) -> ReRoute:
    """Return the fault that gives messages between groups, such as ``"n1 | n2 n3"``, another latency."""
    return ReRoute(between=between, latency=Constant(value_ns=seconds_to_ns(seconds)), one_way=one_way)


def heterogeneous(factor: float) -> Heterogeneous:
    """Return the fault that slows the links of each node by a factor drawn from 1 up to *factor*."""
    return Heterogeneous(factor=factor)
