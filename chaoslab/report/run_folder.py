"""The folder of one run: everything to read it, judge it again and replay it, also next year.

::

    scenario.toml    what was run, with every default written out
    plan.toml        the fault plan that was drawn, to be edited and run again: chaoslab run --plan
    recording.json   what a replay needs
    history.jsonl    what clients saw
    trace.log        every event of the simulation
    results.json     the verdict, as with --json
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chaoslab.errors import UsageError
from chaoslab.explore import record, write_recording
from chaoslab.history.files import write_history
from chaoslab.runner import Run
from chaoslab.scenario import scenario_to_toml
from chaoslab.scenario.files import placed_in
from chaoslab.scenario.plans import plan_to_toml

__all__ = ["write_run_folder"]


def write_run_folder(run: Run, folder: str | Path, document: Mapping[str, Any]) -> None:
    """Write *run* into *folder*, which is made if needed; files of an earlier run in it are replaced.

    Args:
        run: The run, with its trace kept.
        folder: Where to.
        document: What ``results.json`` shall hold.

    Raises:
        UsageError: the folder cannot be written to.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "scenario.toml").write_text(scenario_to_toml(placed_in(folder, run.scenario)), encoding="utf-8")
        (folder / "plan.toml").write_text(plan_to_toml(run.plan), encoding="utf-8")
        (folder / "trace.log").write_text("".join(line + "\n" for line in run.trace), encoding="utf-8")
        (folder / "results.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}.", file=error.filename or folder) from None
    write_history(run.history, folder / "history.jsonl")
    write_recording(record(run), folder / "recording.json")
