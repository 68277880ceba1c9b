"""What a system gives up under a partition, and what it pays without one: an experiment, not a claim.

Two zones far apart, a client beside every node. Each seed is run twice: once in peace, and once with the zones cut off
from each other for a while; which nodes are in the smaller zone is drawn. From the histories alone:

1. Under the partition *consistency* was kept if every run had the strongest level that its workload can be judged by.
   *Availability* was kept if on both sides half of the operations succeeded while the partition lasted.
2. CP kept consistency; AP did not, and kept availability. What kept neither is called neither.
3. Else, without a partition: EC if every run in peace had that strongest level, whatever that took; EL if not.

Nothing here reads what a protocol claims, nor its budget: a protocol that lies gets the true answer.

Source:
    Brewer 2000; Gilbert & Lynch 2002; Abadi 2012 (PACELC).
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from typing import Final, Literal

import attrs

from chaoslab.checkers.ladder import ladder
from chaoslab.checkers.registry import levels_of
from chaoslab.choices import Choices
from chaoslab.errors import UsageError, unknown_word
from chaoslab.explore.outcome import FINDINGS
from chaoslab.faults import Partition
from chaoslab.history import NEMESIS, History
from chaoslab.models import Model
from chaoslab.nemesis import FaultRequest, Schedule
from chaoslab.net.latency import Lognormal
from chaoslab.plugins import Protocol, Registry, registry
from chaoslab.runner import run
from chaoslab.scenario.scenario import Expect, Scenario
from chaoslab.units import NS_PER_S

__all__ = ["FAR", "SEEDS", "Answer", "Judged", "Served", "Side", "Trial", "experiment", "trial"]

SEEDS: Final = 20
_PEACE_NS: Final = 4 * NS_PER_S
_CUT_NS: Final = 8 * NS_PER_S
_AFTER_NS: Final = 4 * NS_PER_S
_NEAR: Final = Lognormal(median_ns=1_000_000, p99_ns=4_000_000)
FAR: Final = Lognormal(median_ns=30_000_000, p99_ns=45_000_000)
_AVAILABLE: Final = 0.5

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
        served: By phase (``"peace"``, ``"cut"``, ``"after"``) and side: what clients experienced in the second run.
    """

    seed: int
    error: str = ""
    peace: Judged = Judged(strongest=None, kept=None, anomaly="")
    cut: Judged = Judged(strongest=None, kept=None, anomaly="")
    served: Mapping[str, Mapping[Side, Served]] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Answer:
    """What all trials say together.

    Attributes:
        protocol: Of what.
        workload: Under which workload.
        nodes: How many nodes.
        strongest: The level that consistency means here: the strongest that the workload can be judged by.
        trials: One a seed.
    """

    protocol: str
    workload: str
    nodes: int
    strongest: str
    trials: tuple[Trial, ...]

    def share(self, phase: str, side: Side) -> float:
        """Return the median availability of *side* in *phase*."""
        return statistics.median(trial.served[phase][side].availability for trial in self._sound)

    def latency_ns(self, phase: str, side: Side) -> int | None:
        """Return the median latency of what succeeded on *side* in *phase*, in nanoseconds; None if nothing did."""
        taken = [ns for trial in self._sound for ns in trial.served[phase][side].latencies_ns]
        return int(statistics.median(taken)) if taken else None

    @property
    def _sound(self) -> list[Trial]:
        return [trial for trial in self.trials if not trial.error]

    @property
    def consistent_when_cut(self) -> bool | None:
        """Whether the strongest level held in every run with a partition; None: one could not be decided."""
        return _all_kept([trial.cut for trial in self._sound])

    @property
    def consistent_in_peace(self) -> bool | None:
        """Whether it held in every run without one."""
        return _all_kept([trial.peace for trial in self._sound])

    @property
    def available_when_cut(self) -> bool:
        """Whether on both sides half of the operations succeeded while the partition lasted."""
        return all(self.share("cut", side) >= _AVAILABLE for side in ("larger", "smaller"))

    @property
    def cap(self) -> str:
        """``"CP"``, ``"AP"``, ``"neither"``, or ``"unknown"``."""
        if not self._sound or self.consistent_when_cut is None:
            return "unknown"
        if self.consistent_when_cut:
            return "CP"
        return "AP" if self.available_when_cut else "neither"

    @property
    def pacelc(self) -> str:
        """Such as ``"PC/EC"`` or ``"PA/EL"``; ``"unknown"`` where something could not be decided."""
        cap, calm = self.cap, self.consistent_in_peace
        if cap == "unknown" or calm is None:
            return "unknown"
        return f"P{'C' if cap == 'CP' else 'A' if cap == 'AP' else '-'}/E{'C' if calm else 'L'}"

    def broken(self, phase: Literal["peace", "cut"]) -> list[Trial]:
        """Return the trials in which the strongest level did not hold."""
        return [trial for trial in self._sound if getattr(trial, phase).kept is False]


def _all_kept(judged: Sequence[Judged]) -> bool | None:
    if any(one.kept is False for one in judged):
        return False
    return None if not judged or any(one.kept is None for one in judged) else True


def experiment(
    name: str,
    executor: Executor,
    *,
    workload: str | None = None,
    nodes: int | None = None,
    seeds: int = SEEDS,
    plugins: Registry | None = None,
) -> Iterator[Trial | Answer]:
    """Run the experiment on the protocol called *name*; yield each trial as it ends, in order, and the answer at last.

    Args:
        name: The protocol, or a mutant of one.
        executor: Who runs the trials.
        workload: Under which workload; its first if not given.
        nodes: How many nodes; the protocol's default, but at least 2, if not given.
        seeds: How many seeds, from 0.
        plugins: Where to find it.

    Raises:
        UsageError: there is no such protocol, or it does not serve that workload.
    """
    plugins = plugins or registry()
    protocol = plugins.protocol(name)
    chosen = _workload(protocol, workload)
    nodes = max(2, protocol.nodes) if nodes is None else nodes
    if nodes < 2:
        raise UsageError("one node has nobody to be cut off from: at least 2.", key="--nodes")
    futures = [executor.submit(trial, name, chosen, nodes, seed) for seed in range(seeds)]
    trials = []
    for future in futures:
        trials.append(future.result())
        yield trials[-1]
    strongest = levels_of(plugins.models[plugins.workloads[chosen].model])[0]
    yield Answer(protocol=name, workload=chosen, nodes=nodes, strongest=strongest, trials=tuple(trials))


def _workload(protocol: Protocol, wanted: str | None) -> str:
    if wanted is None:
        return protocol.serves[0]
    if wanted not in protocol.serves:
        raise UsageError(unknown_word("workload", wanted, protocol.serves), key="--workload")
    return wanted


def trial(name: str, workload: str, nodes: int, seed: int) -> Trial:
    """Run one seed, in peace and with a partition, and judge both histories."""
    plugins = registry()
    zones = _zones(nodes, seed)
    model = plugins.models[plugins.workloads[workload].model]
    histories = []
    for partitioned in (False, True):
        scenario = _scenario(plugins.protocol(name), workload, nodes, zones, partitioned=partitioned)
        try:
            histories.append(run(scenario, seed).history)
        except tuple(FINDINGS) as error:
            return Trial(seed=seed, error=str(error).splitlines()[0])
    peace, cut = histories
    smaller = set(zones["smaller"])
    return Trial(
        seed=seed,
        peace=_judged(peace, model),
        cut=_judged(cut, model),
        served={
            "peace": _served(cut, nodes, smaller, 0, _PEACE_NS),
            "cut": _served(cut, nodes, smaller, _PEACE_NS, _PEACE_NS + _CUT_NS),
            "after": _served(cut, nodes, smaller, _PEACE_NS + _CUT_NS, _PEACE_NS + _CUT_NS + _AFTER_NS),
        },
    )


def _zones(nodes: int, seed: int) -> dict[Side, list[str]]:
    """Draw which nodes are in the smaller zone; with an even number of nodes it is as large as the other."""
    names = [f"n{number}" for number in range(1, nodes + 1)]
    smaller = Choices(seed).stream("zones").sample(names, nodes // 2)
    return {"larger": [name for name in names if name not in smaller], "smaller": smaller}


def _scenario(
    protocol: Protocol, workload: str, nodes: int, zones: Mapping[Side, list[str]], *, partitioned: bool
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
        zone_latency=((("larger", "smaller"), FAR),),
        workload=workload,
        clients=nodes,
        rate=8.0 * nodes,
        keys=2,
        faults=(cut,) if partitioned else (),
        expect=Expect(consistency=()),
    )


def _judged(history: History, model: Model) -> Judged:
    rungs = ladder(history, model)
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
