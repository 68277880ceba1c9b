"""The short names of the faults of processes: nodes that crash, stand still, are slow or full.

Each takes names of nodes and returns the fault with them as its targets, for ``cluster.faults`` and ``inject``.
"""

from __future__ import annotations

from chaoslab.faults import (
    Amnesia,
    Crash,
    CrashAt,
    Inbox,
    Memory,
    Pause,
    RestartLoop,
    Resume,
    RollingRestart,
    Slow,
    ZoneOutage,
)
from chaoslab.net.latency import Constant
from chaoslab.storage import Unsynced
from chaoslab.units import seconds_to_ns

__all__ = [
    "amnesia",
    "crash",
    "crash_at",
    "inbox",
    "memory",
    "pause",
    "restart_loop",
    "resume",
    "rolling_restart",
    "slow",
    "zone_outage",
]


def crash(*nodes: str, unsynced: Unsynced = "lost") -> tuple[Crash, tuple[str, ...]]:
    """Return the power cut of *nodes*; when it is healed they start again."""
    return Crash(unsynced=unsynced), nodes


def crash_at(
    *nodes: str,
    probe: str = "",
    fsync: str = "",
    synced: str = "",
    send: str = "",
    receive: str = "",
    nth: int = 1,
    restart: float | None = None,
) -> tuple[CrashAt, tuple[str, ...]]:
    """Return the power cut of *nodes*, each at its *nth* probe, sync, send or arrival; say one of them.

    Args:
        nodes: Whom it hits.
        probe: The name of a probe that is passed, or ``"any"``, as in the following.
        fsync: The file that is to be synced, and then is not.
        synced: The file that is durable, when nobody knows of it yet.
        send: The type of a message that is sent, and then is not.
        receive: The type of a message that arrives, and is not handled.
        nth: At which time it happens.
        restart: Seconds after which it starts again; None: when the fault is healed.
    """
    restart_ns = None if restart is None else seconds_to_ns(restart)
    return CrashAt(
        probe=probe, fsync=fsync, synced=synced, send=send, receive=receive, nth=nth, restart_ns=restart_ns
    ), nodes


def amnesia(*nodes: str) -> tuple[Amnesia, tuple[str, ...]]:
    """Return the loss of power and disk of *nodes*; when it is healed they start again with nothing."""
    return Amnesia(), nodes


def restart_loop(*nodes: str, period: float, down: float) -> tuple[RestartLoop, tuple[str, ...]]:
    """Return the fault that crashes *nodes* about every *period* seconds, for *down* seconds."""
    return RestartLoop(period_ns=seconds_to_ns(period), down_ns=seconds_to_ns(down)), nodes


def rolling_restart(*nodes: str, down: float, pause: float) -> tuple[RollingRestart, tuple[str, ...]]:
    """Return the fault that restarts *nodes* one after the other, *down* seconds each and *pause* seconds between."""
    return RollingRestart(down_ns=seconds_to_ns(down), pause_ns=seconds_to_ns(pause)), nodes


def pause(*nodes: str) -> tuple[Pause, tuple[str, ...]]:
    """Return the fault that lets *nodes* stand still."""
    return Pause(), nodes


def resume(*nodes: str) -> tuple[Resume, tuple[str, ...]]:
    """Return what lets paused *nodes* go on before their pause is over."""
    return Resume(), nodes


def slow(*nodes: str, seconds: float) -> tuple[Slow, tuple[str, ...]]:
    """Return the fault that lets *nodes* need this long for each message, timer and sync."""
    return Slow(cost=Constant(value_ns=seconds_to_ns(seconds))), nodes


def memory(*nodes: str, limit_bytes: int, restart: float | None = None) -> tuple[Memory, tuple[str, ...]]:
    """Return the fault that kills *nodes* when the messages that wait there have more bytes than that."""
    return Memory(limit_bytes=limit_bytes, restart_ns=None if restart is None else seconds_to_ns(restart)), nodes


def inbox(*nodes: str, limit: int, policy: str = "drop") -> tuple[Inbox, tuple[str, ...]]:
    """Return the fault that lets only *limit* messages wait at *nodes*; *policy* is ``"drop"`` or ``"push-back"``."""
    return Inbox(limit=limit, policy=policy), nodes


def zone_outage(zone: str, *, mode: str = "crash") -> ZoneOutage:
    """Return the outage of all nodes of *zone*: *mode* is ``"crash"`` or ``"partition"``."""
    return ZoneOutage(zone=zone, mode=mode)
