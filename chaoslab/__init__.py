"""ChaosLab: run a replicated system on a simulated cluster, break it on purpose, and learn what its clients saw.

The layers, each importing only those below it::

    cli, pytest_plugin     command line, pytest
    report                 what people and machines read
    explore                many runs: recordings, replay
    python_api             the short names below: runs, checks, faults
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
        on_asyncio,
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
    from chaoslab.models import ILLEGAL, Model
    from chaoslab.nemesis import Budget
    from chaoslab.plugins import Checker, Protocol, hookimpl
    from chaoslab.python_api.administration import downgrade, join, leave, misconfigure, replace, upgrade
    from chaoslab.python_api.checks import (
        causal,
        checker,
        consistency,
        eventual,
        linearizable,
        monotonic_reads,
        monotonic_writes,
        read_your_writes,
        sequential,
        writes_follow_reads,
    )
    from chaoslab.python_api.clocks import (
        clock_drift,
        clock_freeze,
        clock_skew,
        clock_slew,
        clock_step,
        clock_strobe,
        wrong_true_time,
    )
    from chaoslab.python_api.connections import dns, half_open, reset, slicer, slow_close
    from chaoslab.python_api.network import (
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
    from chaoslab.python_api.processes import (
        amnesia,
        crash,
        crash_at,
        inbox,
        memory,
        pause,
        restart_loop,
        resume,
        rolling_restart,
        slow,
        zone_outage,
    )
    from chaoslab.python_api.runs import load_scenario, run, run_test, workload
    from chaoslab.python_api.storage import (
        bit_rot,
        disk_full,
        fsync_error,
        fsync_lie,
        io_error,
        latent_sector,
        lose_unsynced,
        misdirected_read,
        misdirected_write,
        rename_lost,
        reorder_writes,
        short_read,
        slow_disk,
        torn_write,
    )
    from chaoslab.python_api.topology import heterogeneous, re_route
    from chaoslab.runner import Run
    from chaoslab.scenario import Scenario
    from chaoslab.statemachine import Complete, Context, Invocation
    from chaoslab.storage import CrashMode, Disk, check_recovery, crash_states

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
        "on_asyncio",
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
    "chaoslab.models": ("ILLEGAL", "Model"),
    "chaoslab.nemesis": ("Budget",),
    "chaoslab.plugins": ("Checker", "Protocol", "hookimpl"),
    "chaoslab.python_api.administration": ("downgrade", "join", "leave", "misconfigure", "replace", "upgrade"),
    "chaoslab.python_api.checks": (
        "causal",
        "checker",
        "consistency",
        "eventual",
        "linearizable",
        "monotonic_reads",
        "monotonic_writes",
        "read_your_writes",
        "sequential",
        "writes_follow_reads",
    ),
    "chaoslab.python_api.clocks": (
        "clock_drift",
        "clock_freeze",
        "clock_skew",
        "clock_slew",
        "clock_step",
        "clock_strobe",
        "wrong_true_time",
    ),
    "chaoslab.python_api.connections": ("dns", "half_open", "reset", "slicer", "slow_close"),
    "chaoslab.python_api.network": (
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
    "chaoslab.python_api.processes": (
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
    ),
    "chaoslab.python_api.runs": ("load_scenario", "run", "run_test", "workload"),
    "chaoslab.python_api.storage": (
        "bit_rot",
        "disk_full",
        "fsync_error",
        "fsync_lie",
        "io_error",
        "latent_sector",
        "lose_unsynced",
        "misdirected_read",
        "misdirected_write",
        "rename_lost",
        "reorder_writes",
        "short_read",
        "slow_disk",
        "torn_write",
    ),
    "chaoslab.python_api.topology": ("heterogeneous", "re_route"),
    "chaoslab.runner": ("Run",),
    "chaoslab.scenario": ("Scenario",),
    "chaoslab.statemachine": ("Complete", "Context", "Invocation"),
    "chaoslab.storage": ("CrashMode", "Disk", "check_recovery", "crash_states"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__version__ = "0.1.0"

__all__ = [
    "ILLEGAL",
    "Budget",
    "CallRefused",
    "ChaosLabError",
    "Checker",
    "ClientView",
    "Cluster",
    "Complete",
    "ConsistencyViolation",
    "Context",
    "CrashMode",
    "DeadlockError",
    "DeterminismError",
    "Disk",
    "EscapedSimulation",
    "History",
    "HistoryError",
    "Invocation",
    "LimitExceeded",
    "Message",
    "Model",
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
    "bit_rot",
    "causal",
    "check_recovery",
    "checker",
    "clock_drift",
    "clock_freeze",
    "clock_skew",
    "clock_slew",
    "clock_step",
    "clock_strobe",
    "clog",
    "consistency",
    "corrupt",
    "cost",
    "crash",
    "crash_at",
    "crash_states",
    "disk_full",
    "dns",
    "downgrade",
    "drop",
    "duplicate",
    "eavesdrop",
    "eventual",
    "fifo",
    "flapping",
    "forge",
    "fsync_error",
    "fsync_lie",
    "half_open",
    "heterogeneous",
    "hold",
    "hookimpl",
    "inbox",
    "io_error",
    "jitter",
    "join",
    "latency",
    "latent_sector",
    "leave",
    "linearizable",
    "load_scenario",
    "lose_unsynced",
    "match",
    "matching",
    "memory",
    "misconfigure",
    "misdirected_read",
    "misdirected_write",
    "monotonic_reads",
    "monotonic_writes",
    "on_asyncio",
    "partition",
    "pause",
    "re_route",
    "read_your_writes",
    "release",
    "rename_lost",
    "reorder",
    "reorder_writes",
    "replace",
    "reset",
    "restart_loop",
    "resume",
    "rolling_restart",
    "run",
    "run_test",
    "sequential",
    "short_read",
    "slicer",
    "slow",
    "slow_close",
    "slow_disk",
    "spike",
    "swizzle",
    "torn_write",
    "truncate",
    "upgrade",
    "workload",
    "writes_follow_reads",
    "wrong_true_time",
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
