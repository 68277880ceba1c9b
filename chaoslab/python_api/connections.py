"""The short names of the faults of connections and names: ``import chaoslab as cl``.

Each returns the fault, or the fault with the nodes it is for as its targets, for ``cluster.faults`` and ``inject``.
"""

from __future__ import annotations

from chaoslab.faults import Dns, HalfOpen, Reset, Slicer, SlowClose
from chaoslab.net.latency import Constant
from chaoslab.units import seconds_to_ns

__all__ = ["dns", "half_open", "reset", "slicer", "slow_close"]


def reset(*, now: float = 1.0, ratio: float = 0.0) -> Reset:
    """Return the fault that resets a share of the connections now, and later this share of the segments' ones."""
    return Reset(now=now, ratio=ratio)


def half_open(*nodes: str, silent: bool = True) -> tuple[HalfOpen, tuple[str, ...]]:
    """Return the fault that takes the connections of *nodes* from them without the other sides knowing."""
    return HalfOpen(silent=silent), nodes


def slow_close(seconds: float) -> SlowClose:
    """Return the fault that delays the end of each stream by this much."""
    return SlowClose(delay=Constant(value_ns=seconds_to_ns(seconds)))


def slicer(size: int, *, gap: float = 0.001) -> Slicer:
    """Return the fault that delivers data in pieces of at most *size* bytes, *gap* seconds apart."""
    return Slicer(size_bytes=size, gap_ns=seconds_to_ns(gap))


def dns(mode: str, name: str = "", *nodes: str, to: str = "") -> tuple[Dns, tuple[str, ...]]:
    """Return the fault that makes looking up *name* (all names: ``""``) fail or lie at *nodes* (all: none)."""
    return Dns(mode=mode, name=name, to=to), nodes
