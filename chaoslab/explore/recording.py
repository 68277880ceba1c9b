"""Recordings: everything that a run needs to happen again, in one small file.

Rules:

1. A recording holds the scenario, the seed, the fault plan and the overridden draws; the rest follows from them. Of a
   run that did not end the plan may be missing: the seed draws it once more.
2. It is versioned and checksummed. A damaged one, or one of another version, is refused in words.
3. It holds the run's hash and checkpoints of it, so that a replay that goes another way is noticed, and where.

This file does not know how a recording is shown.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from chaoslab import local_code
from chaoslab.choices import Overrides
from chaoslab.errors import DeterminismError, UsageError
from chaoslab.nemesis import Plan
from chaoslab.plugins import Registry, registry
from chaoslab.runner import Run, run
from chaoslab.scenario import Scenario, parse_scenario, scenario_to_toml
from chaoslab.scenario.files import placed_in, with_code_named
from chaoslab.scenario.plans import step_read, step_written
from chaoslab.sim import first_difference, is_remark
from chaoslab.units import NS_PER_S

__all__ = [
    "VERSION",
    "Recording",
    "parse_recording",
    "read_recording",
    "record",
    "record_unended",
    "recording_text",
    "recording_with_code_named",
    "replay",
    "write_recording",
]

VERSION = 2

_BETWEEN = 64
"""Events between two checkpoints."""


@attrs.frozen(kw_only=True)
class Recording:
    """What a run needs to happen again.

    Attributes:
        scenario: What was run.
        seed: With which seed.
        plan: The fault plan; None: the seed draws it once more.
        overrides: The draws that were not left to the seed.
        trace_hash: The hash of everything that happened; empty if the run did not end.
        checkpoints: (number of lines, hash up to there).
        verdict: What came of it.
    """

    scenario: Scenario
    seed: int
    plan: Plan | None
    overrides: Overrides
    trace_hash: str
    checkpoints: tuple[tuple[int, str], ...]
    verdict: str


def record(done: Run) -> Recording:
    """Return the recording of a run."""
    return Recording(
        scenario=done.scenario,
        seed=done.seed,
        plan=done.plan,
        overrides=done.overrides,
        trace_hash=done.trace_hash,
        checkpoints=done.checkpoints,
        verdict=done.verdict,
    )


def record_unended(
    scenario: Scenario, seed: int, *, plan: Plan | None, overrides: Overrides, verdict: str
) -> Recording:
    """Return the recording of a run that did not end, so that only what it was given is known of it.

    Args:
        scenario: What was run.
        seed: With which seed.
        plan: The fault plan that it was given; None: it was drawn from the seed.
        overrides: The draws that were not left to the seed.
        verdict: What came of it.
    """
    return Recording(
        scenario=scenario, seed=seed, plan=plan, overrides=overrides, trace_hash="", checkpoints=(), verdict=verdict
    )


def _checksum(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def recording_text(recording: Recording) -> str:
    """Return *recording* as the text of a file."""
    content = {
        "chaoslab_recording": VERSION,
        "scenario": scenario_to_toml(recording.scenario),
        "seed": recording.seed,
        "plan": None if recording.plan is None else [step_written(step) for step in recording.plan],
        "overrides": {
            name: {str(at): draw for at, draw in draws.items()} for name, draws in recording.overrides.items()
        },
        "trace_hash": recording.trace_hash,
        "checkpoints": [list(checkpoint) for checkpoint in recording.checkpoints],
        "verdict": recording.verdict,
    }
    return json.dumps({**content, "checksum": _checksum(content)}, indent=1) + "\n"


def recording_with_code_named(text: str, naming: Callable[[str], str]) -> str:
    """Return the recording *text* with the names of local code changed by *naming*; what is no recording stays."""
    if not local_code.is_local(text):
        return text  # most name none, and parsing a long recording takes a while
    try:
        content = json.loads(text)
        if content.pop("checksum") != _checksum(content):
            return text
        content["scenario"] = with_code_named(content["scenario"], naming)
    except (ValueError, LookupError, TypeError, AttributeError):
        return text
    return json.dumps({**content, "checksum": _checksum(content)}, indent=1) + "\n"


def write_recording(recording: Recording, path: str | Path) -> None:
    """Write *recording* to *path*, replacing what is there; local code is named from its folder.

    Raises:
        UsageError: the file cannot be written.
    """
    path = Path(path)
    placed = attrs.evolve(recording, scenario=placed_in(path.parent, recording.scenario))
    try:
        path.write_text(recording_text(placed), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}.", file=path) from None


def read_recording(path: str | Path, plugins: Registry | None = None) -> Recording:
    """Return the recording in *path*.

    Raises:
        UsageError: there is none, it is damaged, or another version of ChaosLab wrote it.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}.", file=path) from None
    except UnicodeDecodeError:
        raise UsageError("is not a recording: it is not text.", file=path) from None
    return parse_recording(text, plugins, file=str(path))


def parse_recording(text: str, plugins: Registry | None = None, *, file: str | None = None) -> Recording:
    """Return the recording that *text* is.

    Raises:
        UsageError: it is damaged, or another version of ChaosLab wrote it.
    """
    plugins = plugins or registry()
    try:
        content = json.loads(text)
    except ValueError as error:
        raise UsageError(f"is not a recording: {error}.", file=file) from None
    if not isinstance(content, dict) or "chaoslab_recording" not in content:
        raise UsageError("is not a recording: it is JSON, but not of ChaosLab.", file=file)
    version = content["chaoslab_recording"]
    if version != VERSION:
        raise UsageError(
            f"is a recording of version {version}, and this ChaosLab reads version {VERSION} only.", file=file
        )
    checksum = content.pop("checksum", None)
    if checksum != _checksum(content):
        raise UsageError("is damaged: its checksum does not fit its content.", file=file)
    return Recording(
        scenario=parse_scenario(content["scenario"], plugins, file=file),
        seed=content["seed"],
        plan=None if content["plan"] is None else tuple(step_read(step, plugins) for step in content["plan"]),
        overrides={name: {int(at): draw for at, draw in draws.items()} for name, draws in content["overrides"].items()},
        trace_hash=content["trace_hash"],
        checkpoints=tuple((count, digest) for count, digest in content["checkpoints"]),
        verdict=content["verdict"],
    )


def replay(recording: Recording, *, plugins: Registry | None = None, trace: list[str] | None = None) -> Run:
    """Run *recording* again and make sure that the same happens.

    Args:
        recording: What to run.
        plugins: Where its names are looked up; everything installed by default.
        trace: The lines of the recorded run's trace, if they were kept: then a difference is shown exactly.

    Raises:
        DeterminismError: something else happened; says where it began.
        NodeError, DeadlockError, LimitExceeded: the run does not end, as that of a recording may not have.
    """
    again = run(
        recording.scenario,
        recording.seed,
        plugins=plugins,
        plan=recording.plan,
        overrides=recording.overrides,
        trace_kept=True,
    )
    if again.trace_hash == recording.trace_hash:
        return again
    if not recording.trace_hash:
        raise DeterminismError(
            "the run of the recording did not end, and this one does: the code under test, or ChaosLab, is not what "
            f"it was. Its verdict is {again.verdict}."
        )
    replayed = [line for line in again.trace if not is_remark(line)]
    difference = None
    if trace is not None:
        difference = first_difference([line for line in trace if not is_remark(line)], replayed)
    if difference is not None:
        raise DeterminismError(f"the replay went another way than the recording; {difference}")
    same = 0
    for recorded, ours in zip(recording.checkpoints, again.checkpoints, strict=False):
        if recorded != ours:
            break
        same = recorded[0]
    there = [int(line.split(" ", 1)[0]) for line in replayed[same : same + _BETWEEN]] or [again.virtual_ns]
    raise DeterminismError(
        f"the replay went another way than the recording, after event {same:,} of {len(replayed):,}, within the next "
        f"{_BETWEEN}, at {there[0] / NS_PER_S:.6f} s to {there[-1] / NS_PER_S:.6f} s of virtual time: "
        "the code under test, or ChaosLab, is not what it was. "
        "With trace.log beside the recording the exact event is shown."
    )
