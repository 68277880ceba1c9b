"""Fault plans as files: what was drawn for a run, to be read, edited and run again.

A plan is a list of steps::

    [[step]]
    name = "partition 1.2"
    kind = "partition"
    groups = "leader | rest"
    begin = "8.35s"
    end = "11.35s"

Rules:

1. Whom a step hits is still resolved when it happens; the draw for it follows from its name and the seed. A plan that
   is run again with the same seed does the same, and taking a step out changes no other.
2. Reading is as strict as for scenarios: a mistake is told with file, step and key.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chaoslab.errors import ScenarioError, UsageError, unknown_word
from chaoslab.nemesis import CONDITION, Plan, Step
from chaoslab.parameters import DURATION, TEXT, WORDS, Unit, build, parameters_of, written
from chaoslab.plugins import Registry
from chaoslab.scenario.writer import toml_table

__all__ = ["parse_plan", "plan_to_toml", "read_plan", "step_read", "step_written"]

_OWN: Mapping[str, Unit] = {
    "name": TEXT, "target": WORDS, "begin": DURATION, "end": DURATION, "when": CONDITION, "for": DURATION
}  # fmt: skip


def step_written(step: Step) -> dict[str, Any]:
    """Return *step* as the values of a table."""
    values = {
        "name": step.name,
        "kind": step.fault.kind,
        "target": step.target,
        **written(step.fault),
        "begin": DURATION.format(step.begin_ns),
        "end": DURATION.format(step.end_ns),
        "when": None if step.when is None else written(step.when),
        "for": None if step.for_ns is None else DURATION.format(step.for_ns),
    }
    return {key: value for key, value in values.items() if value not in (None, "")}


def step_read(values: Mapping[str, Any], plugins: Registry) -> Step:
    """Return the step whose table is *values*.

    Raises:
        UsageError: a key is unknown or missing, or a value is not of its unit; ``key`` says which.
    """
    rest = dict(values)
    for needed in ("name", "kind", "begin", "end"):
        if needed not in rest:
            raise UsageError(f"{needed} is missing.", key=needed)
    kind = plugins.fault(TEXT.parse(rest.pop("kind")))
    own: dict[str, Any] = {}
    for key, unit in _OWN.items():
        if key in rest:
            try:
                own[key] = unit.parse(rest.pop(key))
            except UsageError as error:
                raise UsageError(error.message, key=key) from None
    known = [one.name for one in parameters_of(kind)]
    for key in rest:
        if key not in known:
            raise UsageError(unknown_word("key", key, (*known, "kind", *_OWN)), key=key)
    if own["end"] < own["begin"]:
        raise UsageError("a step ends after it has begun.", key="end")
    return Step(
        name=own["name"],
        fault=build(kind, rest),
        target=" ".join(own.get("target", ())),
        begin_ns=own["begin"],
        end_ns=own["end"],
        when=own.get("when"),
        for_ns=own.get("for"),
    )


def plan_to_toml(plan: Plan) -> str:
    """Return *plan* as the text of a TOML file."""
    return "\n\n".join(toml_table("[[step]]", step_written(step)) for step in plan) + "\n"


def parse_plan(text: str, plugins: Registry, *, file: str | None = None) -> Plan:
    """Return the plan that *text* is.

    Raises:
        ScenarioError: it is no plan, with the step and the key that is wrong.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"this is not TOML: {error}.", file=file) from None
    for key in values:
        if key != "step":
            raise ScenarioError(unknown_word("section", key, ("step",)), file=file, key=key)
    steps: list[Step] = []
    for number, table in enumerate(values.get("step", ()), start=1):
        try:
            step = step_read(table, plugins)
        except UsageError as error:
            raise ScenarioError(error.message, file=file, key=f"step {number}: {error.key or 'kind'}") from None
        if any(step.name == other.name for other in steps):
            raise ScenarioError(f"two steps are called {step.name!r}.", file=file, key=f"step {number}: name")
        steps.append(step)
    return tuple(sorted(steps, key=lambda step: step.begin_ns))


def read_plan(path: str | Path, plugins: Registry) -> Plan:
    """Return the plan in the TOML file *path*.

    Raises:
        ScenarioError: the file cannot be read, or is no plan.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror}.", file=path) from None
    except UnicodeDecodeError:
        raise ScenarioError("this is not a text file.", file=path) from None
    return parse_plan(text, plugins, file=str(path))
