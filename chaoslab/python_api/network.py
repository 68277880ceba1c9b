"""The short names of network faults, for tests and notebooks: ``cl.drop(0.1)``, ``cl.partition("n1 | n2 n3")``.

Rules:

1. Times are seconds, or a distribution where a delay is meant; ratios are from 0 to 1. Nothing here can do what the
   faults themselves cannot.
2. What a fault hits is not said here: ``cluster.faults((cl.hold(), ("n1",)))``.
"""

from __future__ import annotations

from chaoslab.faults.adversary import Eavesdrop, Forge
from chaoslab.faults.capacity import Bandwidth
from chaoslab.faults.clogging import Clog, Swizzle
from chaoslab.faults.cost import Cost
from chaoslab.faults.delays import Jitter, SlowLinks, Spike
from chaoslab.faults.holding import Hold, Release
from chaoslab.faults.losses import Burst, Drop, Duplicate
from chaoslab.faults.matching import MatchMessages
from chaoslab.faults.ordering import Fifo, Reorder
from chaoslab.faults.partitions import Flapping, Partition
from chaoslab.faults.tampering import Corrupt, Truncate
from chaoslab.net import Match
from chaoslab.net.latency import LATENCY, Constant, Latency
from chaoslab.units import seconds_to_ns

__all__ = [
    "bandwidth",
    "clog",
    "corrupt",
    "cost",
    "drop",
    "duplicate",
    "eavesdrop",
    "fifo",
    "flapping",
    "forge",
    "hold",
    "jitter",
    "latency",
    "match",
    "matching",
    "partition",
    "release",
    "reorder",
    "spike",
    "swizzle",
    "truncate",
]


def partition(groups: str = "", *, shape: str = "", one_way: bool = False) -> Partition:
    """Return the fault that cuts groups of nodes off from each other, such as ``"n1 n2 | n3"``, or a drawn shape."""
    return Partition(groups=groups, shape=shape, one_way=one_way)


def flapping(groups: str = "", *, shape: str = "", period: float = 1.0, up: float = 0.5) -> Flapping:
    """Return the partition that comes and goes: each period of so many seconds ends with this share of it up."""
    return Flapping(groups=groups, shape=shape, period_ns=seconds_to_ns(period), up=up)


def matching(
    *types: str, from_: str = "", to: str = "", nth: int = 0, skip: int = 0, every: int = 0, count: int = 0
) -> Match:
    """Return which messages are meant, for the ``match`` of other faults: of these types, from and to these nodes.

    Args:
        types: Names of classes, or what messages call themselves.
        from_: Names of senders.
        to: Names of receivers.
        nth: Only the one with this number, from 1.
        skip: Not so many at first.
        every: Of the rest only each one after so many.
        count: No more than so many.
    """
    return Match(message=types, from_=from_, to=to, nth=nth, skip=skip, every=every, count=count)


def match(messages: Match, action: str = "drop", *, later: Latency | float = 1.0) -> MatchMessages:
    """Return the fault that drops, delays or duplicates exactly these messages."""
    return MatchMessages(match=messages, action=action, later=_delay(later))


def drop(ratio: float | None = None, *, burst: tuple[float, float] | None = None, match: Match | None = None) -> Drop:
    """Return the fault that loses this share of the messages, or bursts of them: (mean length, mean gap)."""
    bursts = None if burst is None else Burst(length=burst[0], gap=burst[1])
    return Drop(ratio=ratio, burst=bursts, match=match)


def duplicate(
    ratio: float, *, later: Latency | float | None = None, after_heal: bool = False, match: Match | None = None
) -> Duplicate:
    """Return the fault that delivers this share of the messages twice, the second time later or after the heal."""
    if later is None:
        return Duplicate(ratio=ratio, after_heal=after_heal, match=match)
    return Duplicate(ratio=ratio, later=_delay(later), after_heal=after_heal, match=match)


def latency(
    added: Latency | float | None = None, *, instead: Latency | float | None = None, match: Match | None = None
) -> SlowLinks:
    """Return the fault that makes every message take so much longer, or exactly so long: seconds or a distribution."""
    return SlowLinks(
        added=None if added is None else _delay(added),
        instead=None if instead is None else _delay(instead),
        match=match,
    )


def jitter(seconds: float, *, probability: float = 1.0, match: Match | None = None) -> Jitter:
    """Return the fault that makes messages take up to so much longer, any amount equally likely."""
    return Jitter(size_ns=seconds_to_ns(seconds), probability=probability, match=match)


def spike(seconds: float, *, probability: float = 0.01, length: float = 0.5, match: Match | None = None) -> Spike:
    """Return the fault that now and then makes a link slower by *seconds*, for *length* seconds."""
    return Spike(size_ns=seconds_to_ns(seconds), probability=probability, length_ns=seconds_to_ns(length), match=match)


def reorder(ratio: float, *, window: int = 3, match: Match | None = None) -> Reorder:
    """Return the fault that lets this share of the messages be overtaken by up to *window* later ones."""
    return Reorder(ratio=ratio, window=window, match=match)


def fifo() -> Fifo:
    """Return the fault under which messages of one link never overtake each other."""
    return Fifo()


def corrupt(ratio: float, *, match: Match | None = None) -> Corrupt:
    """Return the fault that changes a value in this share of the messages."""
    return Corrupt(ratio=ratio, match=match)


def truncate(ratio: float, *, match: Match | None = None) -> Truncate:
    """Return the fault that cuts this share of the messages short."""
    return Truncate(ratio=ratio, match=match)


def hold(*, match: Match | None = None) -> Hold:
    """Return the fault that keeps messages waiting until it is healed; ``cluster.held()`` shows them."""
    return Hold(match=match)


def release(*, match: Match | None = None) -> Release:
    """Return the fault that lets what is held go on."""
    return Release(match=match)


def clog(share: float = 0.3, *, period: float = 3.0, match: Match | None = None) -> Clog:
    """Return the fault that clogs a share of the links one by one and opens them in another order, in each period."""
    return Clog(share=share, period_ns=seconds_to_ns(period), match=match)


def swizzle(share: float = 0.5, *, period: float = 3.0, match: Match | None = None) -> Swizzle:
    """Return the fault that clogs a share of the nodes one by one and opens them in another order, in each period."""
    return Swizzle(share=share, period_ns=seconds_to_ns(period), match=match)


def bandwidth(
    rate: int, *, burst: int = 0, queue: int | None = None, shared: bool = False, match: Match | None = None
) -> Bandwidth:
    """Return the fault that lets links carry *rate* bytes a second; at most *queue* bytes wait."""
    return Bandwidth(rate_bytes=rate, burst_bytes=burst, queue_bytes=queue, shared=shared, match=match)


def cost(*, a_message: float = 0.0, a_byte: float = 0.0, between_zones: bool = False) -> Cost:
    """Return the accounting of what transport costs; the injection's ``figures`` hold it when it is healed."""
    return Cost(a_message=a_message, a_byte=a_byte, between_zones=between_zones)


def eavesdrop(*, match: Match | None = None) -> Eavesdrop:
    """Return the fault that records what passes; ``cluster.overheard()`` shows it."""
    return Eavesdrop(match=match)


def forge(way: str = "replay", *, rate: float = 5.0, match: Match | None = None) -> Forge:
    """Return the fault that sends messages no node sent: ``"replay"``, ``"tamper"`` or ``"spoof"``."""
    return Forge(way=way, rate=rate, match=match)


def _delay(value: object) -> Latency:
    """Return the latency that is meant by seconds, or by what a scenario file would say; or *value*, if it is one."""
    if isinstance(value, Latency):
        return value
    if isinstance(value, int | float):
        return Constant(value_ns=seconds_to_ns(value))
    parsed: Latency = LATENCY.parse(value)
    return parsed
