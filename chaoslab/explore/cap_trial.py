"""One seed of the experiment on what a system gives up: three runs over two zones, and what clients experienced.

A client stands beside every node; which nodes are in the smaller zone is drawn. The seed is run without a fault; with
the zones cut off from each other for a while; and without a fault, but with the zones as far from each other as two
places on the Earth can be. Whoever waits for the other zone then waits longer; whoever does not shows that.

Knows neither what a protocol claims nor what a set of trials amounts to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import attrs

from chaoslab.checkers.ladder import ladder
from chaoslab.choices import Choices
from chaoslab.explore.outcome import FINDINGS
from chaoslab.faults import Partition
from chaoslab.history import NEMESIS, History
from chaoslab.models import Model
from chaoslab.nemesis import FaultRequest, Schedule
from chaoslab.net.latency import Lognormal
from chaoslab.plugins import Protocol, registry
from chaoslab.runner import run
from chaoslab.scenario.scenario import Expect, Scenario
from chaoslab.units import NS_PER_S

__all__ = ["APART", "FAR", "Judged", "Served", "Side", "Trial", "trial"]

_PEACE_NS: Final = 4 * NS_PER_S
_CUT_NS: Final = 8 * NS_PER_S
_AFTER_NS: Final = 4 * NS_PER_S
_NEAR: Final = Lognormal(median_ns=1_000_000, p99_ns=4_000_000)
FAR: Final = Lognormal(median_ns=30_000_000, p99_ns=45_000_000)
"""One way between the zones: across a continent."""
APART: Final = Lognormal(median_ns=100_000_000, p99_ns=150_000_000)
"""The same where nothing on the Earth is farther: half its circumference at the speed of light in glass."""
_CONFIGURATIONS_BELOW: Final = 10_000
"""How much to search for levels below the strongest, which decide nothing: they say what still held."""

Side = Literal["larger", "smaller"]


@attrs.frozen(kw_only=True)
class Served:
    """What the clients of one side experienced in one phase.

    Attributes:
        operations: How many they asked for.
        ok: How many of these succeeded before the phase was over.
        latencies_ns: How long those took, in nanoseconds.
    """

    operations: int
    ok: int
    latencies_ns: tuple[int, ...]

    @property
    def availability(self) -> float:
        """The share that succeeded; 1.0 if there were none."""
        return self.ok / self.operations if self.operations else 1.0


@attrs.frozen(kw_only=True)
class Judged:
    """What held of one history.

    Attributes:
        strongest: The strongest level that held, or None.
        kept: Whether that is the strongest there is for this workload; None: that could not be decided.
        anomaly: What broke the strongest level, in words; ``""`` if nothing did.
    """

    strongest: str | None
    kept: bool | None
    anomaly: str


@attrs.frozen(kw_only=True)
class Trial:
    """One seed.

    Attributes:
        seed: Which.
        error: What went wrong with it in words, or ``""``; then nothing else counts.
        peace: What held without a partition.
        cut: What held with one.
        apart: What held without one where the zones were as far apart as can be.
        served: By phase and side: what clients experienced before, during and after the partition (``"peace"``,
            ``"cut"``, ``"after"``), and in the third run (``"apart"``).
    """

    seed: int
    error: str = ""
    peace: Judged = Judged(strongest=None, kept=None, anomaly="")
    cut: Judged = Judged(strongest=None, kept=None, anomaly="")
    apart: Judged = Judged(strongest=None, kept=None, anomaly="")
    served: Mapping[str, Mapping[Side, Served]] = attrs.field(factory=dict)


def trial(name: str, workload: str, nodes: int, seed: int) -> Trial:
    """Run one seed, in peace, with a partition, and in peace far apart, and judge the three histories."""
    plugins = registry()
    zones = _zones(nodes, seed)
    model = plugins.models[plugins.workloads[workload].model]
    histories = []
    for distance, partitioned in ((FAR, False), (FAR, True), (APART, False)):
        scenario = _scenario(plugins.protocol(name), workload, nodes, zones, distance=distance, partitioned=partitioned)
        try:
            histories.append(run(scenario, seed, plugins=plugins).history)
        except tuple(FINDINGS) as error:
            return Trial(seed=seed, error=str(error).splitlines()[0])
    peace, cut, apart = histories
    smaller = set(zones["smaller"])
    end_ns = _PEACE_NS + _CUT_NS + _AFTER_NS
    return Trial(
        seed=seed,
        peace=_judged(peace, model),
        cut=_judged(cut, model),
        apart=_judged(apart, model),
        served={
            "peace": _served(cut, nodes, smaller, 0, _PEACE_NS),
            "cut": _served(cut, nodes, smaller, _PEACE_NS, _PEACE_NS + _CUT_NS),
            "after": _served(cut, nodes, smaller, _PEACE_NS + _CUT_NS, end_ns),
            "apart": _served(apart, nodes, smaller, 0, end_ns),
        },
    )


def _zones(nodes: int, seed: int) -> dict[Side, list[str]]:
    """Draw which nodes are in the smaller zone; with an even number of nodes it is as large as the other."""
    names = [f"n{number}" for number in range(1, nodes + 1)]
    smaller = Choices(seed).stream("zones").sample(names, nodes // 2)
    return {"larger": [name for name in names if name not in smaller], "smaller": smaller}


def _scenario(
    protocol: Protocol,
    workload: str,
    nodes: int,
    zones: Mapping[Side, list[str]],
    *,
    distance: Lognormal,
    partitioned: bool,
) -> Scenario:
    larger, smaller = (" ".join(zones[side]) for side in ("larger", "smaller"))
    cut = FaultRequest(
        fault=Partition(groups=f"{smaller} | {larger}"), schedule=Schedule(at_ns=_PEACE_NS, for_ns=_CUT_NS)
    )
    return Scenario(
        title=f"{protocol.name} over two zones",
        duration_ns=_PEACE_NS + _CUT_NS,
        settle_ns=_AFTER_NS,
        beyond_budget=True,  # what it promises to survive does not count here
        protocol=protocol.name,
        nodes=nodes,
        settings=None if protocol.settings is None else protocol.settings(),
        latency=_NEAR,
        zones=(("larger", larger), ("smaller", smaller)),
        zone_latency=((("larger", "smaller"), distance),),
        workload=workload,
        clients=nodes,
        rate=8.0 * nodes,
        keys=2,
        faults=(cut,) if partitioned else (),
        expect=Expect(consistency=()),
    )


def _judged(history: History, model: Model) -> Judged:
    rungs = ladder(history, model, budget_below=_CONFIGURATIONS_BELOW)
    top = rungs.verdicts[0]
    kept = {"valid": True, "invalid": False, "unknown": None}[top.outcome]
    return Judged(strongest=rungs.strongest, kept=kept, anomaly=top.summary if top.outcome == "invalid" else "")


def _served(history: History, nodes: int, smaller: set[str], since_ns: int, until_ns: int) -> dict[Side, Served]:
    """Return what clients of each side experienced of the operations that they began in that time.

    An operation that was answered only after it does not count as served: it waited for the partition to end.
    """
    counts: dict[Side, list[int]] = {"larger": [0, 0], "smaller": [0, 0]}
    took: dict[Side, list[int]] = {"larger": [], "smaller": []}
    partners, times = history.partners, history.times_ns
    for call, type in enumerate(history.types):
        process = history.processes[call]
        if type != "invoke" or process == NEMESIS or not since_ns <= times[call] < until_ns:
            continue
        side: Side = "smaller" if f"n{int(process) % nodes + 1}" in smaller else "larger"
        counts[side][0] += 1
        ret = partners[call]
        if ret >= 0 and history.types[ret] == "ok" and times[ret] < until_ns:
            counts[side][1] += 1
            took[side].append(times[ret] - times[call])
    return {
        side: Served(operations=counts[side][0], ok=counts[side][1], latencies_ns=tuple(took[side]))
        for side in ("larger", "smaller")
    }
