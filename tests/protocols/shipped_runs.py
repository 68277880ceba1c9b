"""Runs of shipped scenarios, and what was wrong in them: for tests of what protocols claim."""

from __future__ import annotations

from chaoslab.checkers.verdict import Verdict
from chaoslab.plugins import registry
from chaoslab.runner import Run, run
from chaoslab.scenario import load_scenario
from chaoslab.scenario.shipped import scenario_path, shipped_scenarios

__all__ = ["complaints", "outcome", "outcomes", "ran", "refuted", "runs", "scenarios_in"]


def scenarios_in(folder: str) -> list[str]:
    """Return the names of the shipped scenarios in *folder*."""
    return [name for name, _, _ in shipped_scenarios() if name.startswith(f"{folder}/")]


def ran(name: str, seed: int, **overrides: str) -> Run:
    """Run a shipped scenario; ``cluster__nodes="5"`` sets its ``cluster.nodes``."""
    changes = {key.replace("__", "."): value for key, value in overrides.items()}
    return run(load_scenario(scenario_path(name), registry(), changes), seed)


def runs(name: str, seeds: range, **overrides: str) -> list[Run]:
    return [ran(name, seed, **overrides) for seed in seeds]


def refuted(name: str, seed: int, **overrides: str) -> list[Verdict]:
    """Return the checks that are not valid in one run."""
    return [verdict for verdict in ran(name, seed, **overrides).checks if verdict.outcome != "valid"]


def complaints(name: str, seeds: range, **overrides: str) -> list[tuple[int, str]]:
    """Return what is not valid, with its seed: nothing where all is well."""
    return [(seed, verdict.summary) for seed in seeds for verdict in refuted(name, seed, **overrides)]


def outcome(job: tuple[str, int, dict[str, str]]) -> tuple[int, str, str]:
    """Return seed, verdict and what was said of it: small enough to come back from another process."""
    name, seed, overrides = job
    done = ran(name, seed, **overrides)
    return seed, done.verdict, "; ".join(verdict.summary for verdict in done.checks if verdict.outcome != "valid")


def outcomes(name: str, seeds: range, **overrides: str) -> list[tuple[int, str, str]]:
    return [outcome((name, seed, overrides)) for seed in seeds]
