"""``chaoslab diff``: the first difference of two runs, and what decides that one of them fails."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chaoslab import local_code
from chaoslab.cli.output import print_json, print_lines
from chaoslab.errors import UsageError
from chaoslab.explore import read_recording
from chaoslab.explore.comparing import RUNS_MAX, Piece, deciding, nearest_passing, parting, rerun
from chaoslab.runner import Run
from chaoslab.sim import is_remark
from chaoslab.units import counted

__all__ = ["diff"]

_BEFORE = 3

RUN = typer.Argument(metavar="RUN", help="A run's folder, or its recording.json.")


def diff(
    first: Annotated[Path, RUN],
    second: Annotated[
        Path | None,
        typer.Argument(metavar="RUN", help="Another; if left out, the nearest run that holds is looked for."),
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="Look for what decides in so many runs at most.")] = RUNS_MAX,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Show where two runs part, and if only one of them fails, which of their differences decides that.

    Exit code 0 if they are the same, 1 if they differ.
    """
    one = _again(first)
    other = _again(second) if second is not None else nearest_passing(one)
    if other is None:
        if one.verdict == "valid":
            raise UsageError("this run holds: say with which other run to compare it.", file=first)
        raise UsageError("no run was found that holds: it fails without any single one of its faults, too.", file=first)
    found = parting(one.trace, other.trace)
    decides: list[Piece] = []
    is_complete = True
    if (one.verdict == "valid") != (other.verdict == "valid"):
        failing, passing = (other, one) if one.verdict == "valid" else (one, other)
        decides, is_complete = deciding(failing, passing, runs_max=runs)
    if json:
        print_json(
            {
                "verdict": "valid" if found is None else "invalid",
                "checks": [],
                "runs": [_document(one), _document(other)],
                "position": None if found is None else found.position,
                "first": None if found is None else found.first,
                "second": None if found is None else found.second,
                "decides": [{"kind": piece.kind, "words": piece.words} for piece in decides],
                "complete": is_complete,
            }
        )
    else:
        lines = [f"one run:   {_words(one)}", f"the other: {_words(other)}", ""]
        if found is None:
            lines.append(f"the two are the same, in all of {len(one.trace):,} events")
        else:
            before = [line for line in one.trace if not is_remark(line)][: found.position][-_BEFORE:]
            lines += [*(f"  both:      {line}" for line in before), *str(found).splitlines()]
        print_lines([*lines, *_decided(one, other, decides, is_complete)])
    raise typer.Exit(0 if found is None else 1)


def _decided(one: Run, other: Run, decides: list[Piece], is_complete: bool) -> list[str]:
    if (one.verdict == "valid") == (other.verdict == "valid"):
        return []
    if not decides:
        return [
            "",
            "what decides was not found: with all differences taken over it does not fail in the same way",
        ]
    spared = "none of it can be spared" if is_complete else "and perhaps less would do: --runs allows more"
    return ["", f"what decides that one fails ({spared}):", *(f"  {piece.words}" for piece in decides)]


def _again(path: Path) -> Run:
    return rerun(read_recording(path / "recording.json" if path.is_dir() else path))


def _words(done: Run) -> str:
    bad = next((verdict for verdict in done.checks if verdict.outcome != "valid"), None)
    why = "every check holds" if bad is None else f"{bad.name}: {bad.anomaly or bad.outcome}"
    what, faults = local_code.short(done.scenario.protocol), counted(len(done.injections), "fault")
    return f"{done.verdict}, {what}, seed {done.seed}, {faults}; {why}"


def _document(done: Run) -> dict[str, object]:
    return {"verdict": done.verdict, "seed": done.seed, "trace_hash": done.trace_hash}
