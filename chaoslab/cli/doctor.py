"""``chaoslab doctor``: does a seed run the same in another process?"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from chaoslab.cli.output import complain, print_json, print_lines
from chaoslab.errors import DeterminismError, EscapedSimulation, LimitExceeded, UsageError
from chaoslab.sim import first_difference

__all__ = ["doctor"]

_ESCAPED = "EscapedSimulation"
_PROGRAM = """
import sys
from chaoslab import load_scenario
from chaoslab.errors import ChaosLabError, EscapedSimulation
from chaoslab.runner import run
from chaoslab.scenario.shipped import scenario_path
try:
    done = run(load_scenario(scenario_path(sys.argv[1])), int(sys.argv[2]), trace_kept=True, trace_detailed=True)
except EscapedSimulation as error:
    print("EscapedSimulation", error, sep=chr(10))
except ChaosLabError as error:
    print("ended with " + type(error).__name__, str(error), sep=chr(10))
else:
    print(done.trace_hash, *done.trace, sep=chr(10))
"""


def doctor(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A scenario file, or the name of a shipped one.")],
    seed: Annotated[int, typer.Option(min=0, help="The seed to run twice.")] = 0,
    run_seconds: Annotated[
        float, typer.Option(min=0.1, help="Give up a process that has not ended after so many seconds.")
    ] = 120.0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Run one seed in two fresh processes with different hash seeds, and name the first event that differs."""
    first, second = (_lines(scenario, seed, hash_seed, run_seconds) for hash_seed in ("1", "2"))
    for lines in (first, second):
        if lines[:1] == [_ESCAPED]:
            raise EscapedSimulation(" ".join(lines[1:]))
    difference = first_difference(first[1:], second[1:])
    if difference is not None:
        raise DeterminismError(
            f"seed {seed} ran differently in two processes; {difference}\n"
            "Something there depends on the order of a set, on id() or hash(), on real time or on real randomness."
        )
    if json:
        print_json({"verdict": "valid", "seed": seed, "trace_hash": first[0], "checks": []})
    else:
        print_lines([f"VALID: seed {seed} ran the same in two processes, {len(first) - 1:,} events, hash {first[0]}"])


def _lines(scenario: str, seed: int, hash_seed: str, seconds_max: float) -> list[str]:
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        try:
            done = subprocess.run(
                [sys.executable, "-c", _PROGRAM, scenario, str(seed)],
                env={**os.environ, "PYTHONHASHSEED": hash_seed},
                cwd=Path.cwd(),
                stdout=output,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
                timeout=seconds_max,
            )
        except subprocess.TimeoutExpired:
            raise LimitExceeded(
                f"seed {seed} had not ended after {seconds_max:g} seconds in a process of its own: some loop of the "
                "code may never wait for anything. Raise --run-seconds if the run is as long as that."
            ) from None
        output.seek(0)
        lines = output.read().splitlines()
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "the process ended without a word"
        complain("the scenario could not be run in a process of its own.")
        raise UsageError(last.partition(": ")[2] or last)
    return lines
