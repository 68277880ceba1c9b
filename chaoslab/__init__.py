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
    from chaoslab.history import History, Operation
    from chaoslab.nemesis import Budget
    from chaoslab.plugins import Protocol, hookimpl
    from chaoslab.python_api import (
        causal,
        clock_drift,
        clock_freeze,
        clock_skew,
        clock_slew,
        clock_step,
        clock_strobe,
        consistency,
        crash,
        downgrade,
        drop,
        duplicate,
        eventual,
        heterogeneous,
        join,
        latency,
        leave,
        linearizable,
        load_scenario,
        misconfigure,
        monotonic_reads,
        monotonic_writes,
        partition,
        pause,
        re_route,
        read_your_writes,
        replace,
        run,
        sequential,
        upgrade,
        workload,
        writes_follow_reads,
        wrong_true_time,
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
    "chaoslab.history": ("History", "Operation"),
    "chaoslab.nemesis": ("Budget",),
    "chaoslab.plugins": ("Protocol", "hookimpl"),
    "chaoslab.python_api": (
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
    "hookimpl",
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


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'chaoslab' has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
