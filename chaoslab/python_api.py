"""The short names with which tests and notebooks speak to ChaosLab: ``import chaoslab as cl``.

Rules:

1. Times are seconds, as in Trio; ratios are from 0 to 1. Nothing here can do what the values behind cannot.
   The names of network faults are in ``chaoslab.faults.network_api``.
2. A run from Python and a run from the command line are the same run: same seed, same trace hash.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from chaoslab import local_code
from chaoslab.checkers import Verdict
from chaoslab.checkers.registry import LEVELS, check
from chaoslab.cluster import Cluster, Workload
from chaoslab.errors import UsageError, unknown_word
from chaoslab.faults import (
    Amnesia,
    ClockDrift,
    ClockFreeze,
    ClockSkew,
    ClockSlew,
    ClockStep,
    ClockStrobe,
    Crash,
    CrashAt,
    Downgrade,
    Heterogeneous,
    Inbox,
    Join,
    Leave,
    Memory,
    Misconfigure,
    Pause,
    Replace,
    ReRoute,
    RestartLoop,
    Resume,
    RollingRestart,
    Slow,
    Upgrade,
    WrongTrueTime,
    ZoneOutage,
)
from chaoslab.history import History
from chaoslab.nemesis import Plan
from chaoslab.net.latency import Constant, Latency
from chaoslab.plugins import registry
from chaoslab.runner import Run
from chaoslab.runner import run as run_scenario
from chaoslab.scenario import Scenario
from chaoslab.scenario import load_scenario as read_scenario
from chaoslab.sim import Engine
from chaoslab.storage import Unsynced
from chaoslab.trial import run_trial, setup_of
from chaoslab.units import seconds_to_ns

__all__ = [
    "amnesia",
    "causal",
    "checker",
    "clock_drift",
    "clock_freeze",
    "clock_skew",
    "clock_slew",
    "clock_step",
    "clock_strobe",
    "consistency",
    "crash",
    "crash_at",
    "downgrade",
    "eventual",
    "heterogeneous",
    "inbox",
    "join",
    "leave",
    "linearizable",
    "load_scenario",
    "memory",
    "misconfigure",
    "monotonic_reads",
    "monotonic_writes",
    "pause",
    "re_route",
    "read_your_writes",
    "replace",
    "restart_loop",
    "resume",
    "rolling_restart",
    "run",
    "run_test",
    "sequential",
    "slow",
    "upgrade",
    "workload",
    "writes_follow_reads",
    "wrong_true_time",
    "zone_outage",
]

T = TypeVar("T")


def load_scenario(path: str | Path, overrides: Mapping[str, str] | None = None) -> Scenario:
    """Return the scenario in the TOML file *path*.

    Args:
        path: The file.
        overrides: Dotted keys and their values as text, such as ``{"cluster.nodes": "5"}``.

    Raises:
        ScenarioError: what is wrong, with file, line and key.
    """
    return read_scenario(path, registry(), overrides or {})


def run(
    what: Scenario | str | Path | Callable[[Cluster], Awaitable[T]],
    *,
    seed: int | None = None,
    latency: Latency | float | None = None,
) -> Any:
    """Run a scenario, or an async function of a cluster, in a simulation.

    Args:
        what: A scenario, the path of one, or ``async def main(cluster)``.
        seed: Decides every random choice; the one that the scenario is about, or 0, if not given.
        latency: For a function: the delay of every link, in seconds or as a distribution.

    Returns:
        For a scenario its ``Run``; for a function what it returns.

    Raises:
        UsageError: wrong input.
        NodeError: a node's code raised.
        DeadlockError, LimitExceeded: the run could not go on.
    """
    if isinstance(what, str | Path):
        what = load_scenario(what)
    if isinstance(what, Scenario):
        if latency is not None:
            raise UsageError("a scenario states its own latency.", key="latency")
        return run_scenario(what, (what.seed or 0) if seed is None else seed)
    main = what
    if isinstance(latency, int | float):
        latency = Constant(value_ns=seconds_to_ns(latency))
    engine = Engine(seed or 0)
    cluster = Cluster(engine, latency=latency)
    return engine.run(lambda: main(cluster))


def run_test(function: Callable[[Cluster], Awaitable[object]], *, seed: int = 0, plan: Plan | None = None) -> Run:
    """Run an async test function as pytest runs it: with its marker, its drawn faults and its checks.

    Args:
        function: The test; it takes nothing but the cluster.
        seed: Decides every random choice.
        plan: The faults, such as ``chaoslab.strategies.fault_plans`` makes them; drawn from the seed if not given.

    Returns:
        The run: same seed, same trace hash and same verdict as under pytest. It is told by its verdict, not by an
        exception, if something does not hold.

    Raises:
        UsageError: the test uses ChaosLab wrongly.
    """
    name = local_code.name_of(function)
    return run_trial(function, setup_of(function, registry()), seed, name=name, plan=plan).run


def checker(name: str) -> Callable[[History], Verdict]:
    """Return the check called *name*, which a plugin brings along.

    Raises:
        UsageError: there is none.
    """
    return registry().checker(name).judge


def workload(name: str) -> Workload:
    """Return the installed workload called *name*, such as ``"register"``.

    Raises:
        UsageError: there is none.
    """
    return registry().workload(name)


def consistency(level: str, model: str = "register") -> Callable[[History], Verdict]:
    """Return the check that a history satisfies *level* with respect to *model*.

    Args:
        level: Its name, such as ``"causal"``; ``chaoslab list levels`` shows them.
        model: The name of what the operations work on; ``chaoslab list models`` shows them.

    Raises:
        UsageError: there is no such level or model.
    """
    judged_by = registry().model(model)
    if level not in LEVELS:
        raise UsageError(unknown_word("level", level, LEVELS), key="level")
    return lambda history: check(history, model=judged_by, levels=(level,))[0]


def linearizable(model: str = "register") -> Callable[[History], Verdict]:
    """Return the check that a history is linearizable with respect to *model*."""
    return consistency("linearizable", model)


def sequential(model: str = "register") -> Callable[[History], Verdict]:
    """Return the check that a history is sequentially consistent with respect to *model*."""
    return consistency("sequential", model)


def causal(model: str = "register") -> Callable[[History], Verdict]:
    """Return the check that a history is causally consistent."""
    return consistency("causal", model)


def read_your_writes(model: str = "register") -> Callable[[History], Verdict]:
    """Return the check that every session sees what it wrote itself, or something later."""
    return consistency("read-your-writes", model)


def monotonic_reads(model: str = "register") -> Callable[[History], Verdict]:
    """Return the check that what a session has seen does not go back."""
    return consistency("monotonic-reads", model)


def monotonic_writes(model: str = "register") -> Callable[[History], Verdict]:
    """Return the check that the writes of a session are seen in their order."""
    return consistency("monotonic-writes", model)


def writes_follow_reads(model: str = "register") -> Callable[[History], Verdict]:
    """Return the check that a write is seen after whatever its session had read before."""
    return consistency("writes-follow-reads", model)


def eventual(model: str = "register") -> Callable[[History], Verdict]:
    """Return the check that when the writes have ended, all processes come to read the same."""
    return consistency("eventual", model)


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


def clock_skew(node: str, seconds: float) -> tuple[ClockSkew, tuple[str, ...]]:
    """Return the fault that sets the wall clock of *node* ahead by *seconds*, or back."""
    return ClockSkew(offset_ns=seconds_to_ns(seconds)), (node,)


def clock_drift(node: str, ppm: int) -> tuple[ClockDrift, tuple[str, ...]]:
    """Return the fault that lets the clocks and timers of *node* run fast by *ppm* parts per million, or slow."""
    return ClockDrift(rate_ppm=ppm), (node,)


def clock_step(node: str, seconds: float) -> tuple[ClockStep, tuple[str, ...]]:
    """Return the fault that lets the wall clock of *node* jump once, ahead by *seconds* or back."""
    return ClockStep(jump_ns=seconds_to_ns(seconds)), (node,)


def clock_strobe(node: str, seconds: float, period: float) -> tuple[ClockStrobe, tuple[str, ...]]:
    """Return the fault that lets the wall clock of *node* jump ahead by *seconds* and back in each *period*."""
    return ClockStrobe(amplitude_ns=seconds_to_ns(seconds), period_ns=seconds_to_ns(period)), (node,)


def clock_freeze(node: str, *, monotonic: bool = False) -> tuple[ClockFreeze, tuple[str, ...]]:
    """Return the fault that lets the wall clock of *node* stand still; *monotonic*: and its timers too."""
    return ClockFreeze(monotonic=monotonic), (node,)


def clock_slew(node: str, seconds: float, ppm: int = 500) -> tuple[ClockSlew, tuple[str, ...]]:
    """Return the fault that sets the wall clock of *node* ahead by *seconds* and leads it back at *ppm*."""
    return ClockSlew(offset_ns=seconds_to_ns(seconds), rate_ppm=ppm), (node,)


def wrong_true_time(
    node: str, off: float = 0.0, *, epsilon: float | None = None
) -> tuple[WrongTrueTime, tuple[str, ...]]:
    """Return the fault that lets the source of true time of *node* be *off* by seconds, or state another *epsilon*."""
    stated_ns = None if epsilon is None else seconds_to_ns(epsilon)
    return WrongTrueTime(off_ns=seconds_to_ns(off), epsilon_ns=stated_ns), (node,)


def re_route(between: str, seconds: float, *, one_way: bool = False) -> ReRoute:
    """Return the fault that gives messages between groups, such as ``"n1 | n2 n3"``, another latency."""
    return ReRoute(between=between, latency=Constant(value_ns=seconds_to_ns(seconds)), one_way=one_way)


def heterogeneous(factor: float) -> Heterogeneous:
    """Return the fault that slows the links of each node by a factor drawn from 1 up to *factor*."""
    return Heterogeneous(factor=factor)


def join() -> Join:
    """Return the fault that lets a new node join; the cluster's ``administers`` must have the command."""
    return Join()


def leave(*nodes: str) -> tuple[Leave, tuple[str, ...]]:
    """Return the fault that lets *nodes* leave; when it is healed they join again."""
    return Leave(), nodes


def replace(*nodes: str) -> tuple[Replace, tuple[str, ...]]:
    """Return the fault that replaces *nodes* by new ones; when it is healed they come back."""
    return Replace(), nodes


def upgrade(version: str, *nodes: str, rolling: bool = True) -> tuple[Upgrade, tuple[str, ...]]:
    """Return the fault that restarts *nodes* with another of the cluster's ``versions``."""
    return Upgrade(version=version, rolling=rolling), nodes


def downgrade(*nodes: str, version: str = "", rolling: bool = True) -> tuple[Downgrade, tuple[str, ...]]:
    """Return the fault that restarts *nodes* with an older version, or with the one they began with."""
    return Downgrade(version=version, rolling=rolling), nodes


def misconfigure(node: str, *, peers: str = "", **settings: Any) -> tuple[Misconfigure, tuple[str, ...]]:
    """Return the fault that restarts *node* with other *settings*, or another idea of its *peers*."""
    return Misconfigure(set_=tuple(settings.items()), peers=peers), (node,)
