"""The report of a campaign: how many runs, what was found, each kind of failure once, and how to see it again."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import attrs

from chaoslab.checkers import Outcome as VerdictOutcome
from chaoslab.explore.outcome import Outcome

__all__ = ["Tally", "campaign_document", "campaign_lines"]

_WIDTH = 110


@attrs.define(kw_only=True)
class Group:
    """The failures that look alike: same scenario, same check, same anomaly.

    Attributes:
        first: The first of them in the order of the campaign.
        seeds: The seeds of all.
    """

    first: Outcome
    seeds: list[int]


@attrs.define(kw_only=True)
class Tally:
    """What a campaign has found so far. Its size grows with the kinds of failure, and a number for each failure.

    Attributes:
        runs: How many runs.
        events: How many events in all.
        cpu_s: CPU seconds of all runs and checks.
        groups: The kinds of failure, by (scenario, check, anomaly), in the order in which they were found.
        probes: How often each probe was passed.
        warnings: How many runs had each warning.
    """

    runs: int = 0
    events: int = 0
    cpu_s: float = 0.0
    groups: dict[tuple[str, str, str | None], Group] = attrs.field(factory=dict)
    probes: dict[str, int] = attrs.field(factory=dict)

    def add(self, outcome: Outcome) -> bool:
        """Count *outcome*; return whether it is the first failure of its kind."""
        self.runs += 1
        self.events += outcome.events
        self.cpu_s += outcome.cpu_s
        for name, count in outcome.probes.items():
            self.probes[name] = self.probes.get(name, 0) + count
        if not outcome.findings:
            return False
        finding = outcome.findings[0]
        key = (outcome.scenario, finding.check, finding.anomaly)
        group = self.groups.get(key)
        if group is None:
            self.groups[key] = Group(first=outcome, seeds=[outcome.seed])
            return True
        group.seeds.append(outcome.seed)
        return False

    @property
    def failed(self) -> int:
        """How many runs did not hold."""
        return sum(len(group.seeds) for group in self.groups.values())

    @property
    def verdicts(self) -> list[VerdictOutcome]:
        """The verdicts of all kinds of failure; empty if everything held."""
        return [group.first.verdict for group in self.groups.values()]


def _repeat(outcome: Outcome, set_options: Iterable[str]) -> str:
    options = [part for one in set_options for part in ("--set", one)]
    return shlex.join(["chaoslab", "run", outcome.scenario, *options, "--seed", str(outcome.seed)])


def campaign_lines(tally: Tally, *, elapsed_s: float, set_options: Sequence[str]) -> list[str]:
    """Return the report for people."""
    rate = tally.runs / elapsed_s if elapsed_s else 0.0
    lines = [f"{tally.runs:,} runs, {tally.events:,} events, {elapsed_s:.1f} s ({rate:.1f} runs a second)", ""]
    for (scenario, check, anomaly), group in tally.groups.items():
        share = len(group.seeds) / tally.runs
        named = f" ({anomaly})" if anomaly and anomaly != check else ""
        lines.append(f"  {group.first.verdict:8} {scenario}: {check}{named}, {len(group.seeds)} seeds ({share:.1%})")
        lines += textwrap.wrap(
            group.first.findings[0].summary, width=_WIDTH, initial_indent=" " * 11, subsequent_indent=" " * 11
        )
        lines += [f"           repeat with: {_repeat(group.first, set_options)}", ""]
    if not tally.runs:
        return [*lines, "UNKNOWN: nothing was run"]
    if not tally.groups:
        return [*lines, "VALID: every run held"]
    worst = "INVALID" if "invalid" in tally.verdicts else "UNKNOWN"
    kinds = len(tally.groups)
    return [
        *lines,
        f"{worst}: {tally.failed} of {tally.runs} runs did not hold, in {kinds} {'ways' if kinds > 1 else 'way'}",
    ]


def campaign_document(tally: Tally, *, elapsed_s: float, set_options: Sequence[str]) -> dict[str, Any]:
    """Return the report for machines."""
    verdict = "invalid" if "invalid" in tally.verdicts else "unknown" if tally.groups or not tally.runs else "valid"
    return {
        "verdict": verdict,
        "runs": tally.runs,
        "events": tally.events,
        "cpu_s": tally.cpu_s,
        "elapsed_s": elapsed_s,
        "probes": dict(sorted(tally.probes.items())),
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
                "repeat": _repeat(group.first, set_options),
            }
            for (scenario, check, anomaly), group in tally.groups.items()
        ],
        "checks": [
            {"name": check, "level": None, "verdict": group.first.verdict, "summary": group.first.findings[0].summary}
            for (_, check, _), group in tally.groups.items()
        ],
    }
