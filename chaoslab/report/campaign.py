"""The report of a campaign: how many runs, what was found, each kind of failure once, and how to see it again."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from chaoslab.checkers import Outcome as VerdictOutcome
from chaoslab.checkers import merge
from chaoslab.explore.failures import Entry, perhaps_again, signature_of
from chaoslab.explore.outcome import Outcome
from chaoslab.scenario.files import text_placed_in
from chaoslab.units import counted

__all__ = ["Group", "Tally", "campaign_document", "campaign_lines", "repeat_command"]

_WIDTH = 110
_SMALL_MAX = 5
"""How many of the smallest scenarios that show what looks alike are told."""


@attrs.define(kw_only=True)
class Group:
    """The failures that look alike: same scenario, same check, same anomaly.

    Attributes:
        first: The first of them in the order of the campaign.
        seeds: The seeds of all.
        number: The how manieth run of the campaign the first of them was, from 1.
    """

    first: Outcome
    seeds: list[int]
    number: int = 1


@attrs.define(kw_only=True)
class Tally:
    """What a campaign has found so far. Its size grows with the kinds of failure, and a number for each failure.

    Attributes:
        runs: How many runs.
        events: How many events in all.
        cpu_s: CPU seconds of all runs and checks.
        groups: The kinds of failure, by (scenario, check, anomaly), in the order in which they were found.
        probes: How often each probe was passed, by scenario.
        first_seed: The first seed of the campaign.
        strategy: How its runs were chosen.
        expected: The probes that some run must pass, by scenario.
    """

    runs: int = 0
    events: int = 0
    cpu_s: float = 0.0
    groups: dict[tuple[str, str, str | None], Group] = attrs.field(factory=dict)
    probes: dict[str, dict[str, int]] = attrs.field(factory=dict)
    first_seed: int = 0
    strategy: str = "uniform"
    expected: Mapping[str, Sequence[str]] = attrs.field(factory=dict)

    def add(self, outcome: Outcome) -> bool:
        """Count *outcome*; return whether it is the first failure of its kind."""
        self.runs += 1
        self.events += outcome.events
        self.cpu_s += outcome.cpu_s
        probes = self.probes.setdefault(outcome.scenario, {})
        for name, count in outcome.probes.items():
            probes[name] = probes.get(name, 0) + count
        if not outcome.findings:
            return False
        finding = outcome.findings[0]
        key = (outcome.scenario, finding.check, finding.anomaly)
        group = self.groups.get(key)
        if group is None:
            self.groups[key] = Group(first=outcome, seeds=[outcome.seed], number=self.runs)
            return True
        group.seeds.append(outcome.seed)
        return False

    @property
    def failed(self) -> int:
        """How many runs did not hold."""
        return sum(len(group.seeds) for group in self.groups.values())

    @property
    def never(self) -> list[tuple[str, str]]:
        """(scenario, probe) of what some run had to pass and none did; empty as long as nothing was run."""
        if not self.runs:
            return []
        return [
            (scenario, probe)
            for scenario, probes in self.expected.items()
            for probe in probes
            if not self.probes.get(scenario, {}).get(probe)
        ]

    @property
    def verdicts(self) -> list[VerdictOutcome]:
        """The verdicts of all kinds of failure, and of probes never passed; empty if everything held."""
        found: list[VerdictOutcome] = [group.first.verdict for group in self.groups.values()]
        return [*found, "unknown"] if self.never else found

    @property
    def verdict(self) -> VerdictOutcome:
        """The worst of all; unknown if nothing was run."""
        return merge(self.verdicts) if self.runs and self.verdicts else "valid" if self.runs else "unknown"


def repeat_command(tally: Tally, group: Group, set_options: Iterable[str]) -> str:
    """Return the command that repeats the first run of *group*."""
    outcome = group.first
    if tally.strategy != "uniform":  # the campaign again, up to that run: it is the same whoever runs it
        scenarios = list(tally.expected) or [outcome.scenario]
        options = [part for one in set_options for part in ("--set", one)]
        command = ["chaoslab", "fuzz", *scenarios, *options, "--strategy", tally.strategy]
        return shlex.join([*command, "--seed", str(tally.first_seed), "--runs", str(group.number)])
    options = [part for one in set_options for part in ("--set", one)]
    return shlex.join(["chaoslab", "run", outcome.scenario, *options, "--seed", str(outcome.seed)])


def campaign_lines(
    tally: Tally, *, elapsed_s: float, set_options: Sequence[str], corpus: str = "", kept: Sequence[Entry] = ()
) -> list[str]:
    """Return the report for people.

    Args:
        tally: What the campaign found.
        elapsed_s: Seconds of the wall clock that it took.
        set_options: The ``--set`` options that it was given.
        corpus: Where failures were kept, if they were.
        kept: What that file holds.
    """
    rate = tally.runs / elapsed_s if elapsed_s else 0.0
    done = f"{counted(tally.runs, 'run')}, {counted(tally.events, 'event')}"
    lines = [f"{done}, {elapsed_s:.1f} s ({rate:.1f} runs a second)", ""]
    for (scenario, check, anomaly), group in tally.groups.items():
        share = len(group.seeds) / tally.runs
        named = f" ({anomaly})" if anomaly and anomaly != check else ""
        seeds = counted(len(group.seeds), "seed")
        lines.append(f"  {group.first.verdict:8} {scenario}: {check}{named}, {seeds} ({share:.1%})")
        lines += textwrap.wrap(
            group.first.findings[0].summary, width=_WIDTH, initial_indent=" " * 11, subsequent_indent=" " * 11
        )
        lines.append(f"           repeat with: {repeat_command(tally, group, set_options)}")
        lines += [f"           {line}" for line in _small_lines(_small(group, kept), corpus)]
        lines.append("")
    lines += [f"  unknown  {scenario}: the probe {probe} was never passed" for scenario, probe in tally.never]
    if not tally.runs:
        return [*lines, "UNKNOWN: nothing was run"]
    if not tally.groups and tally.never:
        return [*lines, "", f"UNKNOWN: every run held, and {len(tally.never)} probes were never passed"]
    if not tally.groups:
        return [*lines, "VALID: every run held"]
    worst = tally.verdict.upper()
    kinds = len(tally.groups)
    return [
        *lines,
        f"{worst}: {tally.failed} of {counted(tally.runs, 'run')} did not hold, in {counted(kinds, 'way')}",
    ]


def _small(group: Group, kept: Iterable[Entry]) -> list[Entry]:
    """Return those of *kept* that look like *group* and were made small, first those that are nothing else again."""
    look = signature_of(group.first)
    small = [entry for entry in kept if entry.shrunk and attrs.evolve(entry.signature, shape="") == look]
    return sorted(small, key=lambda entry: perhaps_again(entry, small) is not None)


def _small_lines(small: Sequence[Entry], corpus: str) -> list[str]:
    """Say how small what was found has become, and where it is."""
    if not small:
        return []
    lines = []
    for one in small[:_SMALL_MAX]:
        again = perhaps_again(one, small)
        perhaps = f", perhaps failure {again.id} again" if again else ""
        lines.append(f"made small: failure {one.id}, {one.signature.shape} ({one.size}){perhaps}")
    if len(small) > _SMALL_MAX:
        lines.append(f"and {len(small) - _SMALL_MAX} more: {shlex.join(['chaoslab', 'corpus', 'list', corpus])}")
    return [*lines, f"look at it with: {shlex.join(['chaoslab', 'corpus', 'show', corpus, str(small[0].id)])}"]


def campaign_document(
    tally: Tally, *, elapsed_s: float, set_options: Sequence[str], kept: Sequence[Entry] = ()
) -> dict[str, Any]:
    """Return the report for machines; see ``campaign_lines``. Local code is named from the current folder."""
    total: dict[str, int] = {}
    for probes in tally.probes.values():
        for probe, times in probes.items():
            total[probe] = total.get(probe, 0) + times
    return {
        "verdict": tally.verdict,
        "strategy": tally.strategy,
        "runs": tally.runs,
        "events": tally.events,
        "cpu_s": tally.cpu_s,
        "elapsed_s": elapsed_s,
        "probes": dict(sorted(total.items())),
        "never": [{"scenario": scenario, "probe": probe} for scenario, probe in tally.never],
        "failures": [
            {
                "scenario": scenario,
                "check": check,
                "anomaly": anomaly,
                "verdict": group.first.verdict,
                "summary": group.first.findings[0].summary,
                "seed": group.first.seed,
                "seeds": group.seeds,
                "trace_hash": group.first.trace_hash,
                "repeat": repeat_command(tally, group, set_options),
                "small": _small_documents(_small(group, kept)),
            }
            for (scenario, check, anomaly), group in tally.groups.items()
        ],
        "checks": [
            {"name": check, "level": None, "verdict": group.first.verdict, "summary": group.first.findings[0].summary}
            for (_, check, _), group in tally.groups.items()
        ]
        + [
            {"name": "sometimes", "level": None, "verdict": "unknown", "summary": f"{scenario}: {probe}: never passed."}
            for scenario, probe in tally.never
        ],
    }


def _small_documents(small: Sequence[Entry]) -> list[dict[str, Any]]:
    found = []
    for one in small:
        again = perhaps_again(one, small)
        found.append(
            {
                "failure": one.id,
                "shape": one.signature.shape,
                "size": one.size,
                "perhaps": again.id if again else None,
                "scenario": text_placed_in(Path(), one.shrunk),
            }
        )
    return found
