"""ChaosLab: run a replicated system on a simulated cluster, break it on purpose, and learn what its clients saw.

The layers, each importing only those below it::

    cli, pytest_plugin     command line, pytest
    report                 what people and machines read
    explore                many runs: recordings, replay
    runner                 one run of a scenario
    scenario, plugins      TOML to typed scenarios; what is installed
    nemesis                fault plans: what, whom, when, within which budget
    faults                 one family a file
    cluster                nodes, clients, clocks, workloads
    net, storage           links and delays; disks
    sim                    virtual time, one event after the other, a trace of it
    choices, statemachine  named streams of random decisions; the contract of a state machine
    units, errors

and beside them, usable on histories recorded anywhere::

    checkers, models, history

The names below are the public ones. They are loaded when first used, so that importing ChaosLab stays cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chaoslab.checkers import Verdict
    from chaoslab.cluster import (
        CallRefused,
        ClientView,
        Cluster,
        Message,
        Node,
        NodeCrashed,
        RequestClient,
        Workload,
    )
    from chaoslab.errors import (
        ChaosLabError,
        ConsistencyViolation,
        DeadlockError,
        DeterminismError,
        EscapedSimulation,
        HistoryError,
        LimitExceeded,
        NodeError,
        PluginError,
        ScenarioError,
        UsageError,
    )
    from chaoslab.faults.network_api import (
        bandwidth,
        clog,
        corrupt,
        cost,
        drop,
        duplicate,
        eavesdrop,
        fifo,
        flapping,
        forge,
        hold,
        jitter,
        latency,
        match,
        matching,
        partition,
        release,
        reorder,
        spike,
        swizzle,
        truncate,
    )
    from chaoslab.history import History, Operation
    from chaoslab.nemesis import Budget
    from chaoslab.plugins import Protocol, hookimpl
    from chaoslab.python_api import (
        amnesia,
        causal,
        clock_skew,
        consistency,
        crash,
        crash_at,
        eventual,
        inbox,
        linearizable,
        load_scenario,
        memory,
        monotonic_reads,
        monotonic_writes,
        pause,
        read_your_writes,
        restart_loop,
        resume,
        rolling_restart,
        run,
        sequential,
        slow,
        workload,
        writes_follow_reads,
        zone_outage,
    )
    from chaoslab.runner import Run
    from chaoslab.scenario import Scenario
    from chaoslab.statemachine import Context, Invocation

_HOMES = {
    "chaoslab.checkers": ("Verdict",),
    "chaoslab.cluster": (
        "CallRefused",
        "ClientView",
        "Cluster",
        "Message",
        "Node",
        "NodeCrashed",
        "RequestClient",
        "Workload",
    ),
    "chaoslab.errors": (
        "ChaosLabError",
        "ConsistencyViolation",
        "DeadlockError",
        "DeterminismError",
        "EscapedSimulation",
        "HistoryError",
        "LimitExceeded",
        "NodeError",
        "PluginError",
        "ScenarioError",
        "UsageError",
    ),
    "chaoslab.faults.network_api": (
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
    ),
    "chaoslab.history": ("History", "Operation"),
    "chaoslab.nemesis": ("Budget",),
    "chaoslab.plugins": ("Protocol", "hookimpl"),
    "chaoslab.python_api": (
        "amnesia",
        "causal",
        "clock_skew",
        "consistency",
        "crash",
        "crash_at",
        "eventual",
        "inbox",
        "linearizable",
        "load_scenario",
        "memory",
        "monotonic_reads",
        "monotonic_writes",
        "pause",
        "read_your_writes",
        "restart_loop",
        "resume",
        "rolling_restart",
        "run",
        "sequential",
        "slow",
        "workload",
        "writes_follow_reads",
        "zone_outage",
    ),
    "chaoslab.runner": ("Run",),
    "chaoslab.scenario": ("Scenario",),
    "chaoslab.statemachine": ("Context", "Invocation"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__version__ = "0.1.0"

__all__ = [
    "Budget",
    "CallRefused",
    "ChaosLabError",
    "ClientView",
    "Cluster",
    "ConsistencyViolation",
    "Context",
    "DeadlockError",
    "DeterminismError",
    "EscapedSimulation",
    "History",
    "HistoryError",
    "Invocation",
    "LimitExceeded",
    "Message",
    "Node",
    "NodeCrashed",
    "NodeError",
    "Operation",
    "PluginError",
    "Protocol",
    "RequestClient",
    "Run",
    "Scenario",
    "ScenarioError",
    "UsageError",
    "Verdict",
    "Workload",
    "amnesia",
    "bandwidth",
    "causal",
    "clock_skew",
    "clog",
    "consistency",
    "corrupt",
    "cost",
    "crash",
    "crash_at",
    "drop",
    "duplicate",
    "eavesdrop",
    "eventual",
    "fifo",
    "flapping",
    "forge",
    "hold",
    "hookimpl",
    "inbox",
    "jitter",
    "latency",
    "linearizable",
    "load_scenario",
    "match",
    "matching",
    "memory",
    "monotonic_reads",
    "monotonic_writes",
    "partition",
    "pause",
    "read_your_writes",
    "release",
    "reorder",
    "restart_loop",
    "resume",
    "rolling_restart",
    "run",
    "sequential",
    "slow",
    "spike",
    "swizzle",
    "truncate",
    "workload",
    "writes_follow_reads",
    "zone_outage",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'chaoslab' has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
