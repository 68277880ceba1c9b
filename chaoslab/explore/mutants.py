"""The scoreboard: how many runs it takes until a planted mistake is found, or that it is not.

Rules:

1. A mutant is hunted with all shipped scenarios of its protocol, in turn, with default settings: not only with the one
   that was written for it, unless others are asked for. Seeds count up; no seed is chosen.
2. It is found when a check is violated, or its code raises. Unknown does not count.
3. A hunt is repeated with other seeds. What is told is the median, with the best and the worst.
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, as_completed
from time import process_time

import attrs

from chaoslab.checkers.registry import LEVELS
from chaoslab.errors import UsageError, unknown_word
from chaoslab.explore.campaign import run_job
from chaoslab.explore.outcome import Outcome
from chaoslab.explore.recording import parse_recording
from chaoslab.explore.shrink import Size, shrink
from chaoslab.explore.strategies import Target, strategy
from chaoslab.plugins import Mutant, Registry, registry
from chaoslab.runner import run
from chaoslab.scenario import load_scenario, scenario_to_toml
from chaoslab.scenario.shipped import protocol_of, scenario_path, shipped_scenarios

__all__ = [
    "CAMPAIGNS",
    "RUNS_MAX",
    "Hunt",
    "Score",
    "Small",
    "chosen",
    "hunt_all",
    "make_small",
    "protocols_of",
    "scenarios_for",
]

RUNS_MAX = 1000
CAMPAIGNS = 3
_APART = 100_000
"""Seeds of one campaign begin so far from those of the one before."""
_RUN_SECONDS = 60.0


@attrs.frozen(kw_only=True)
class Hunt:
    """One campaign against one mutant.

    Attributes:
        mutant: Its id.
        runs: How many runs were made, the one that found it included.
        cpu_s: CPU seconds of all of them.
        found: The outcome that shows the mistake, or None.
    """

    mutant: str
    runs: int
    cpu_s: float
    found: Outcome | None


@attrs.frozen(kw_only=True)
class Score:
    """What came of all campaigns against one mutant.

    Attributes:
        mutant: The mutant.
        hunts: The campaigns, in order.
    """

    mutant: Mutant
    hunts: tuple[Hunt, ...]

    @property
    def found(self) -> bool:
        """Whether more than half of the campaigns found it."""
        return 2 * sum(hunt.found is not None for hunt in self.hunts) > len(self.hunts)

    @property
    def runs(self) -> float:
        """The median number of runs until it was found; a campaign that did not find it counts with all its runs."""
        return statistics.median(hunt.runs for hunt in self.hunts)

    @property
    def cpu_s(self) -> float:
        """The median CPU seconds until it was found."""
        return statistics.median(hunt.cpu_s for hunt in self.hunts)

    @property
    def fired(self) -> tuple[str, ...]:
        """Which checks fired, with the anomaly, in the order of the campaigns, each once."""
        words = []
        for hunt in self.hunts:
            if hunt.found is not None:
                finding = next(one for one in hunt.found.findings if one.verdict == "invalid")
                words.append(f"{finding.check}: {finding.anomaly}" if finding.anomaly else finding.check)
        return tuple(dict.fromkeys(words))

    @property
    def as_meant(self) -> bool:
        """Whether every campaign that found it did so by the check that the mutant names."""
        checks = {word.split(":")[0] for word in self.fired}
        return bool(checks) and checks <= {self.mutant.check}


def chosen(names: Sequence[str], plugins: Registry | None = None) -> list[Mutant]:
    """Return the mutants that *names* mean: ids, or protocols for all of theirs; all if there are no names.

    Raises:
        UsageError: a name means none.
    """
    plugins = plugins or registry()
    if not names:
        return list(plugins.mutants.values())
    found: dict[str, Mutant] = {}
    for name in names:
        meant = [one for one in plugins.mutants.values() if name in (one.id, one.name, one.protocol)]
        if not meant:
            protocols = dict.fromkeys(one.protocol for one in plugins.mutants.values())
            raise UsageError(unknown_word("mutant", name, [*plugins.mutants, *protocols]))
        found.update((one.id, one) for one in meant)
    return list(found.values())


def scenarios_for(
    mutant: Mutant, plugins: Registry | None = None, *, only: Sequence[str] = ()
) -> list[tuple[str, str]]:
    """Return (name, text) of every scenario with which *mutant* is hunted: all shipped ones, or *only* those named.

    Those that show what the correct protocol does not promise, or that break it beyond its budget, are left out: they
    fail for everybody.

    Raises:
        UsageError: there is none.
        ScenarioError: a name of *only* is neither a file nor a shipped scenario.
    """
    plugins = plugins or registry()
    candidates = [(name, scenario_path(name)) for name in only]
    if not only:
        candidates = [(name, path) for name, _, path in shipped_scenarios() if protocol_of(path) == mutant.protocol]
    claims = plugins.protocol(mutant.protocol).claims
    found = []
    for name, path in candidates:
        scenario = load_scenario(path, plugins)
        if scenario.protocol != mutant.protocol or scenario.beyond_budget:
            continue
        if scenario.expect.consistency and not _promised(scenario.expect.consistency, claims):
            continue
        text = scenario_to_toml(attrs.evolve(scenario, protocol=mutant.name))
        found.append((name, text))
    if not found:
        those = f"of {', '.join(only)} none is" if only else "there is no scenario"
        raise UsageError(
            f"{those} for the protocol {mutant.protocol}, within what it promises: {mutant.id} cannot be hunted."
        )
    return found


def protocols_of(scenarios: Sequence[str], plugins: Registry | None = None) -> list[str]:
    """Return the protocols that *scenarios*, files or shipped ones, are for, each once."""
    plugins = plugins or registry()
    return list(dict.fromkeys(load_scenario(scenario_path(name), plugins).protocol for name in scenarios))


def _promised(levels: Sequence[str], claims: Sequence[str]) -> bool:
    """Return whether every one of *levels* is claimed, or follows from what is."""
    followed = list(claims)
    for level in followed:  # grows while it is walked
        followed += [lower for lower in LEVELS[level].implies if lower not in followed]
    return all(level in followed for level in levels)


def hunt(
    mutant: str, scenarios: Sequence[tuple[str, str]], first_seed: int, runs_max: int, strategy_name: str = "uniform"
) -> Hunt:
    """Run *scenarios* in turn against *mutant* until one is violated, *runs_max* times at most."""
    cpu_s, began = 0.0, process_time()
    chosen = strategy(strategy_name, [Target(name=name, text=text) for name, text in scenarios], first_seed)
    for number in range(runs_max):
        (job,) = chosen.take(1)
        outcome = run_job(job, seconds_max=_RUN_SECONDS)
        chosen.learn(job, outcome)
        cpu_s = process_time() - began
        if outcome.verdict == "invalid":
            return Hunt(mutant=mutant, runs=number + 1, cpu_s=cpu_s, found=outcome)
    return Hunt(mutant=mutant, runs=runs_max, cpu_s=cpu_s, found=None)


def hunt_all(
    mutants: Sequence[Mutant],
    executor: Executor,
    *,
    runs_max: int = RUNS_MAX,
    campaigns: int = CAMPAIGNS,
    strategy_name: str = "uniform",
    only: Sequence[str] = (),
    tell: Callable[[Hunt], None] = lambda hunt: None,
) -> Iterator[Score]:
    """Hunt every one of *mutants*, several at once, and yield the scores in their order, each as soon as it stands.

    Args:
        mutants: Whom to hunt.
        executor: Who runs the hunts.
        runs_max: Runs after which a campaign gives up.
        campaigns: How many campaigns against each, with other seeds.
        strategy_name: How runs are chosen.
        only: With which scenarios, files or shipped ones; all shipped ones if none is named.
        tell: Told of each hunt as it ends.
    """
    futures: dict[Future[Hunt], tuple[str, int]] = {}
    for mutant in mutants:
        scenarios = scenarios_for(mutant, only=only)
        for campaign in range(campaigns):
            future = executor.submit(hunt, mutant.id, scenarios, campaign * _APART, runs_max, strategy_name)
            futures[future] = (mutant.id, campaign)
    ended: dict[tuple[str, int], Hunt] = {}
    waiting = deque(mutants)
    for future in as_completed(futures):
        ended[futures[future]] = future.result()
        tell(future.result())
        while waiting and all((waiting[0].id, campaign) in ended for campaign in range(campaigns)):
            mutant = waiting.popleft()
            yield Score(mutant=mutant, hunts=tuple(ended[mutant.id, campaign] for campaign in range(campaigns)))


@attrs.frozen(kw_only=True)
class Small:
    """What shrinking came to for the failure that showed one mutant.

    Attributes:
        mutant: The mutant.
        before: How large the failing run was.
        after: How large it is now; None if it could not be made smaller.
        runs: How many runs that took.
        cpu_s: CPU seconds that it took.
        correct: The verdict of the smallest scenario on the correct protocol: ``"valid"`` is as it should be.
    """

    mutant: Mutant
    before: Size | None
    after: Size | None
    runs: int
    cpu_s: float
    correct: str


def make_small(score: Score, plugins: Registry | None = None) -> Small | None:
    """Shrink the first failure of *score*, and run what is left on the correct protocol; None without a recording."""
    plugins = plugins or registry()
    found = next((hunt.found for hunt in score.hunts if hunt.found is not None and hunt.found.recording), None)
    if found is None:
        return None
    began = process_time()
    try:
        shrunk = shrink(parse_recording(found.recording))
    except UsageError:
        return Small(mutant=score.mutant, before=None, after=None, runs=0, cpu_s=process_time() - began, correct="")
    cpu_s = process_time() - began
    scenario = attrs.evolve(shrunk.recording.scenario, protocol=score.mutant.protocol)
    correct = run(scenario, shrunk.recording.seed).verdict
    return Small(
        mutant=score.mutant, before=shrunk.before, after=shrunk.after, runs=shrunk.runs, cpu_s=cpu_s, correct=correct
    )
