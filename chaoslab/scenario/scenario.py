"""A scenario as values: what runs, what is done to it, and what is expected.

Rules:

1. Everything is checked when a scenario is read; a scenario that exists can be run.
2. Names of protocols and workloads stay names here: a scenario is data and can be saved, sent and compared.

This file does not know TOML: see ``reader`` and ``writer``.
"""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.cluster import Arrivals, ScriptedOperation
from chaoslab.cluster.time_source import EPSILON_NS
from chaoslab.nemesis import FaultRequest
from chaoslab.net.latency import Latency, Lognormal
from chaoslab.parameters import DURATION, NUMBER, SIZE, WORDS, parameter
from chaoslab.service_levels import Objectives
from chaoslab.units import NS_PER_S

__all__ = ["DEFAULT_LATENCY", "Expect", "Scenario"]

DEFAULT_LATENCY: Latency = Lognormal(median_ns=1_000_000, p99_ns=10_000_000)
"""A quiet local network with the usual tail."""


@attrs.frozen(kw_only=True)
class Expect(Objectives):
    """What must hold of a run: consistency, service levels (see ``Objectives``), and that it got to the point."""

    consistency: tuple[str, ...] | None = parameter(
        WORDS, "The consistency levels that hold; left out: what the protocol claims.", default=None
    )
    staleness_ns: int | None = parameter(
        DURATION,
        "How long after it was replaced a value may still be read; left out: what the protocol claims.",
        default=None,
        name="staleness",
    )
    messages: float | None = parameter(
        NUMBER,
        "The most messages that are sent for each operation that succeeds, clients' own among them.",
        default=None,
    )
    bytes: int | None = parameter(
        SIZE, "The most bytes that these have together, for each operation that succeeds.", default=None
    )
    reached: tuple[str, ...] = parameter(
        WORDS, "Probes that the run must pass: a run that never got there has not tested it.", default=()
    )
    sometimes: tuple[str, ...] = parameter(WORDS, "Probes that some run of a campaign must pass.", default=())
    checks: tuple[str, ...] = parameter(WORDS, "Checks that plugins bring along, by name.", default=())


@attrs.frozen(kw_only=True)
class Scenario:
    """One scenario.

    Attributes:
        title: A sentence about behaviour.
        topic: What it teaches, or ``""``.
        duration_ns: How long clients work while faults come and go.
        settle_ns: How long they go on after everything is healed.
        beyond_budget: Faults may exceed what the protocol promises to survive; its claims then do not count.
        protocol: Name of the protocol.
        nodes: How many nodes.
        settings: The protocol's own settings, or None.
        latency: The delay of every link.
        drop: The share of messages that is always lost.
        duplicate: The share of messages that always arrives twice.
        fifo: The messages of one link never overtake each other.
        bandwidth: How many bytes each link carries a second; None: any number.
        workload: Name of the workload.
        clients: How many clients.
        rate: Operations a second that all clients together aim at.
        keys: How many keys they work on.
        arrivals: Whether clients ask whatever became of their operations before (see ``cluster.Drive``).
        parameters: The workload's own parameters, or None.
        zones: Pairs of a zone and the names of its nodes.
        zone_latency: The delay of links between two zones, or inside one, where it is another than ``latency``.
        epsilon_ns: How uncertain the nodes' sources of true time are while they are honest.
        faults: What is done to the cluster.
        nemeses: Programs that make up more faults for each run.
        expect: What must hold.
        operations: What the clients do, if that is given; else the workload makes it up.
        seed: The one seed that it is about, or None.
        calm: Everything takes the median time, except for the deviations.
        deviations: Draws that are not left to the seed: (stream, position, draw).
        test: The test that it is a run of, as ``test_store.py:test_store``; ``""``: none. Then the names of protocol
            and workload say what that test starts and drives, and are not looked up.
    """

    title: str = ""
    topic: str = ""
    duration_ns: int = 30 * NS_PER_S
    settle_ns: int = 5 * NS_PER_S
    beyond_budget: bool = False
    protocol: str
    nodes: int
    settings: Any = None
    latency: Latency = DEFAULT_LATENCY
    drop: float = 0.0
    duplicate: float = 0.0
    fifo: bool = False
    bandwidth: int | None = None
    workload: str
    clients: int = 5
    rate: float = 50.0
    keys: int = 3
    arrivals: Arrivals = "closed"
    parameters: Any = None
    zones: tuple[tuple[str, str], ...] = ()
    zone_latency: tuple[tuple[tuple[str, str], Latency], ...] = ()
    epsilon_ns: int = EPSILON_NS
    faults: tuple[FaultRequest, ...] = ()
    nemeses: tuple[Any, ...] = ()
    expect: Expect = Expect()
    operations: tuple[ScriptedOperation, ...] = ()
    seed: int | None = None
    calm: bool = False
    deviations: tuple[tuple[str, int, float], ...] = ()
    test: str = ""
