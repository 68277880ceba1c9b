"""The short names with which tests and notebooks speak to ChaosLab: ``import chaoslab as cl``.

Rules:

1. Times are seconds, as in Trio; ratios are from 0 to 1. Nothing here can do what the values behind cannot.
2. A run from Python and a run from the command line are the same run: same seed, same trace hash.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from chaoslab.checkers import Verdict
from chaoslab.checkers.registry import LEVELS, check
from chaoslab.cluster import Cluster, Workload
from chaoslab.errors import UsageError, unknown_word
from chaoslab.faults import (
    ClockDrift,
    ClockFreeze,
    ClockSkew,
    ClockSlew,
    ClockStep,
    ClockStrobe,
    Crash,
    Downgrade,
    Drop,
    Duplicate,
    Heterogeneous,
    Join,
    Leave,
    Misconfigure,
    Partition,
    Pause,
    Replace,
    ReRoute,
    SlowLinks,
    Upgrade,
    WrongTrueTime,
)
from chaoslab.history import History
from chaoslab.net.latency import Constant, Latency
from chaoslab.plugins import registry
from chaoslab.runner import run as run_scenario
from chaoslab.scenario import Scenario
from chaoslab.scenario import load_scenario as read_scenario
from chaoslab.sim import Engine
from chaoslab.units import seconds_to_ns

__all__ = [
    "causal",
    "clock_drift",
    "clock_freeze",
    "clock_skew",
    "clock_slew",
    "clock_step",
    "clock_strobe",
    "consistency",
    "crash",
    "downgrade",
    "drop",
    "duplicate",
    "eventual",
    "heterogeneous",
    "join",
    "latency",
    "leave",
    "linearizable",
    "load_scenario",
    "misconfigure",
    "monotonic_reads",
    "monotonic_writes",
    "partition",
    "pause",
    "re_route",
    "read_your_writes",
    "replace",
    "run",
    "sequential",
    "upgrade",
    "workload",
    "writes_follow_reads",
    "wrong_true_time",
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
    seed: int = 0,
    latency: Latency | float | None = None,
) -> Any:
    """Run a scenario, or an async function of a cluster, in a simulation.

    Args:
        what: A scenario, the path of one, or ``async def main(cluster)``.
        seed: Decides every random choice.
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
        return run_scenario(what, seed)
    main = what
    if isinstance(latency, int | float):
        latency = Constant(value_ns=seconds_to_ns(latency))
    engine = Engine(seed)
    cluster = Cluster(engine, latency=latency)
    return engine.run(lambda: main(cluster))


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


def partition(groups: str, *, one_way: bool = False) -> Partition:
    """Return the fault that cuts groups of nodes off from each other, such as ``"n1 n2 | n3"``."""
    return Partition(groups=groups, one_way=one_way)


def drop(ratio: float) -> Drop:
    """Return the fault that loses this share of the messages."""
    return Drop(ratio=ratio)


def duplicate(ratio: float) -> Duplicate:
    """Return the fault that delivers this share of the messages twice."""
    return Duplicate(ratio=ratio)


def latency(seconds: float) -> SlowLinks:
    """Return the fault that makes every message take this much longer."""
    return SlowLinks(added=Constant(value_ns=seconds_to_ns(seconds)))


def crash(*nodes: str) -> tuple[Crash, tuple[str, ...]]:
    """Return the power cut of *nodes*; when it is healed they start again."""
    return Crash(), nodes


def pause(*nodes: str) -> tuple[Pause, tuple[str, ...]]:
    """Return the fault that lets *nodes* stand still."""
    return Pause(), nodes


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
