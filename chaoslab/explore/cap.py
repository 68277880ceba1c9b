"""What a system gives up under a partition, and what it pays without one: an experiment, not a claim.

Each seed is a trial of three runs over two zones: in peace, with the zones cut off from each other for a while, and in
peace with the zones as far apart as can be. From the histories alone:

1. Under the partition *consistency* was kept if every run had the strongest level that its workload can be judged by.
   *Availability* was kept if on both sides half of the operations succeeded while the partition lasted.
2. CP kept consistency alone, AP availability alone. What kept neither is called neither. No system keeps both, as soon
   as its workload looks: where both were kept, it did not, and that is unknown.
3. Else, without a partition: EC if every run in peace had that strongest level, at either distance, whatever that
   took: it waits for however long the other zone takes. EL if not: it answers before, and is wrong at times.
4. What does not serve half of the operations on both sides in peace has shown nothing: unknown.

Nothing here reads what a protocol claims, nor its budget: a protocol that lies gets the true answer.

Source:
    Brewer 2000; Gilbert & Lynch 2002; Abadi 2012 (PACELC).
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from typing import Final, Literal

import attrs

from chaoslab.checkers.registry import levels_of
from chaoslab.errors import UsageError, unknown_word
from chaoslab.explore.cap_trial import Judged, Side, Trial, trial
from chaoslab.plugins import Protocol, Registry, registry

__all__ = ["SEEDS", "Answer", "experiment"]

SEEDS: Final = 20
_AVAILABLE: Final = 0.5


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
        """Whether it held in every run without one, at either distance."""
        return _all_kept([judged for trial in self._sound for judged in (trial.peace, trial.apart)])

    def available(self, phase: str) -> bool:
        """Return whether on both sides half of the operations of *phase* succeeded."""
        return all(self.share(phase, side) >= _AVAILABLE for side in ("larger", "smaller"))

    @property
    def cap(self) -> str:
        """``"CP"``, ``"AP"``, ``"neither"``, or ``"unknown"``."""
        if not self._sound or self.consistent_when_cut is None or not self.available("peace"):
            return "unknown"
        if self.consistent_when_cut:
            return "unknown" if self.available("cut") else "CP"
        return "AP" if self.available("cut") else "neither"

    @property
    def pacelc(self) -> str:
        """Such as ``"PC/EC"`` or ``"PA/EL"``; ``"unknown"`` where something could not be decided."""
        cap, calm = self.cap, self.consistent_in_peace
        if cap == "unknown" or calm is None:
            return "unknown"
        return f"P{'C' if cap == 'CP' else 'A' if cap == 'AP' else '-'}/E{'C' if calm else 'L'}"

    def broken(self, phase: Literal["peace", "cut", "apart"]) -> list[Trial]:
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
    first: int = 0,
    plugins: Registry | None = None,
) -> Iterator[Trial | Answer]:
    """Run the experiment on the protocol called *name*; yield each trial as it ends, in order, and the answer at last.

    Args:
        name: The protocol, or a mutant of one.
        executor: Who runs the trials.
        workload: Under which workload; its first if not given.
        nodes: How many nodes; the protocol's default, but at least 2, if not given.
        seeds: How many seeds.
        first: The first of them.
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
    futures = [executor.submit(trial, name, chosen, nodes, first + number) for number in range(seeds)]
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
