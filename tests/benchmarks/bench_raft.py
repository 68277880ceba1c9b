"""Raft: five nodes, heartbeats of 50 ms, 20 operations a second, trace and history on; against plain Trio."""

from __future__ import annotations

import functools

from chaoslab.plugins import registry
from chaoslab.runner import run
from chaoslab.scenario import parse_scenario
from chaoslab_protocols.raft.client import Client
from chaoslab_protocols.raft.replica import Replica
from chaoslab_protocols.raft.settings import Settings
from tests.benchmarks.harness import Row, seconds_of_each
from tests.benchmarks.naive_trio import run_naively

__all__ = ["rows"]

_SECONDS = 60
_NAIVE_SECONDS = 10  # of virtual time; what is compared is the time that one of them takes

_SCENARIO = f"""
[scenario]
title = "Raft without faults"
duration = "{_SECONDS}s"
settle = "0s"

[cluster]
protocol = "raft"
nodes = 5

[network]
latency = {{ distribution = "lognormal", median = "2ms", p99 = "30ms" }}

[workload]
name = "kv"
clients = 5
rate = "20/s"
keys = 3

[expect]
consistency = []
"""


def rows() -> list[Row]:
    """Measure virtual seconds a CPU second, and how much longer plain Trio takes for one."""
    scenario = parse_scenario(_SCENARIO, registry())
    naive = functools.partial(
        run_naively, Replica, Client, nodes=5, clients=5, rate=20.0, seconds=_NAIVE_SECONDS, settings=Settings()
    )
    own_s, naive_s = seconds_of_each([functools.partial(run, scenario, seed=1), naive], repetitions=9)
    speed, naive_speed = _SECONDS / own_s, _NAIVE_SECONDS / naive_s
    return [
        Row(
            work="Raft",
            size=f"{_SECONDS} virtual seconds",
            seconds=own_s,
            ratio=speed,
            meaning="virtual seconds a CPU second",
            target=">= 400",
            holds=speed >= 400,
        ),
        Row(
            work="the same state machines, a Trio task a message",
            size=f"{_NAIVE_SECONDS} virtual seconds",
            seconds=naive_s,
            ratio=speed / naive_speed,
            meaning="times slower",
            target=">= 6",
            holds=speed / naive_speed >= 6,
        ),
    ]
