"""The JSON Schema of scenario files, made from the same classes that read them: for editors, and for the reference.

Rules:

1. What a fault, program, protocol or workload takes is told by its class (see ``chaoslab.parameters``), not here.
2. The schema says less than the reader: that a node exists, or that ``at`` is before the end, only the reader knows.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from chaoslab.cluster import ARRIVALS
from chaoslab.nemesis import MODES
from chaoslab.nemesis.condition import Condition
from chaoslab.net.latency import DISTRIBUTIONS, LATENCY
from chaoslab.parameters import (
    BANDWIDTH,
    COUNT,
    FLAG,
    GROUPS,
    NODES,
    NUMBER,
    PPM,
    RATE,
    RATIO,
    SIZE,
    TEXT,
    WORDS,
    ZONE,
    Parameter,
    Unit,
    parameters_of,
)
from chaoslab.plugins import Registry
from chaoslab.scenario.scenario import Expect

__all__ = ["first_line", "parameter_document", "scenario_schema"]

_DURATION = {"$ref": "#/$defs/duration"}
_LATENCY = {"$ref": "#/$defs/latency"}


def first_line(item: Any) -> str:
    """Return the first line of the docstring of *item*: its one line of help."""
    return (inspect.getdoc(item) or "").split("\n")[0]


def parameter_document(one: Parameter) -> dict[str, Any]:
    """Return all there is to know of one parameter: name, unit, help, default, and how it is written."""
    return {
        "name": one.name,
        "unit": one.unit.name,
        "help": one.help,
        "required": one.required,
        "default": None if one.required or one.default is None else one.unit.format(one.default),
        "example": one.unit.example,
        "parameters": []
        if one.unit.inner is None
        else [parameter_document(part) for part in parameters_of(one.unit.inner)],
    }


def scenario_schema(plugins: Registry) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of scenario files with everything in *plugins*."""
    faults = [_fault(name, kind) for name, kind in plugins.faults.items()]
    composed = {
        **_schedule(),
        "kind": {"enum": list(MODES)},
        "faults": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/fault"}},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ChaosLab scenario",
        **_table(
            {
                "scenario": _table(
                    {
                        "title": _text("A sentence about behaviour."),
                        "topic": _text("What it teaches."),
                        "duration": {
                            "$ref": "#/$defs/duration",
                            "description": "How long clients work while faults come and go.",
                        },
                        "settle": {
                            "$ref": "#/$defs/duration",
                            "description": "How long they go on after everything is healed.",
                        },
                        "beyond_budget": {"type": "boolean", "description": "Faults may exceed the protocol's budget."},
                    }
                ),
                "cluster": _table(
                    {
                        "protocol": {"enum": [name for name in plugins.protocols if "~" not in name]},
                        "nodes": {"type": "integer", "minimum": 1},
                        "zones": {
                            "type": ["integer", "object"],
                            "description": "A number of zones, or a table of zone to nodes.",
                        },
                        "settings": {"type": "object", "description": "The protocol's own settings."},
                    },
                    required=["protocol"],
                ),
                "clock": _table({"epsilon": _lasting("How uncertain the nodes' sources of true time are.")}),
                "network": _table(
                    {
                        "latency": {**_unit(LATENCY), "description": "How long a message takes."},
                        "drop": {**_unit(RATIO), "description": "The share of messages that are lost."},
                        "duplicate": {**_unit(RATIO), "description": "The share of messages that arrive twice."},
                        "fifo": {"type": "boolean", "description": "The messages of one link never overtake."},
                        "bandwidth": {**_unit(BANDWIDTH), "description": "What each link carries."},
                        "zones": {
                            "type": "object",
                            "description": 'The latency between two zones ("east west"), or inside one ("east").',
                            "additionalProperties": _unit(LATENCY),
                        },
                    }
                ),
                "workload": {
                    "type": "object",
                    "properties": {
                        "name": {"enum": list(plugins.workloads)},
                        "clients": {"type": "integer", "minimum": 1},
                        "rate": {"type": "string", "examples": ["40/s"]},
                        "keys": {"type": "integer", "minimum": 1},
                        "arrivals": _unit(ARRIVALS),
                    },
                    "required": ["name"],
                },
                "operation": {"type": "array", "items": _table(_operation(), ["at", "client", "f"])},
                "fault": {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/fault"}, _table(composed)]}},
                "nemesis": {"type": "array", "items": {"anyOf": [_program(*one) for one in plugins.nemeses.items()]}},
                "replay": _table(
                    {
                        "test": {"type": "string", "description": "The test that it is a run of: file.py:name."},
                        "seed": {"type": "integer", "minimum": 0, "description": "The one seed that this is about."},
                        "calm": {"type": "boolean", "description": "Everything takes the median time."},
                        "deviations": {"type": "array", "description": "Draws: [stream, position, draw]."},
                    }
                ),
                "expect": _table(_properties(Expect)),
            },
            required=["cluster", "workload"],
        ),
        "$defs": {
            "fault": {"anyOf": faults},
            "condition": _table(_properties(Condition)),
            "latency": {"anyOf": [_DURATION, *(_distribution(*one) for one in DISTRIBUTIONS.items())]},
            "duration": {"type": "string", "pattern": r"^\s*[+-]?[0-9.eE+-]+\s*(ns|us|µs|ms|s|min|h)\s*$"},
        },
    }


def _operation() -> dict[str, Any]:
    return {
        "at": _lasting("When it is asked for."),
        "client": {"type": "string", "examples": ["c1"]},
        "f": {"type": "string", "examples": ["write"]},
        "key": {"description": "What it is about."},
        "value": {"description": "Its argument."},
        "value_json": _text("Its argument as JSON, where something in it is null, for which TOML has no word."),
    }


def _table(properties: Mapping[str, Any], required: Iterable[str] = ()) -> dict[str, Any]:
    table: dict[str, Any] = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    needed = list(required)
    return {**table, "required": needed} if needed else table


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _lasting(description: str) -> dict[str, Any]:
    return {**_DURATION, "description": description}


def _schedule() -> dict[str, Any]:
    return {
        "at": _lasting("Begin exactly then."),
        "every": _lasting("Once in each period of this length, at a drawn moment."),
        "when": {"$ref": "#/$defs/condition", "description": "Begin as soon as this has happened."},
        "for": _lasting("How long it lasts."),
    }


def _fault(name: str, kind: Any) -> dict[str, Any]:
    properties = {"kind": {"const": name}, "target": _target(), **_schedule(), **_properties(kind)}
    required = ["kind", *(["target"] if kind.needs_target else []), *_required(kind)]
    return {"description": first_line(kind), **_table(properties, required)}


def _distribution(name: str, kind: Any) -> dict[str, Any]:
    return _table({"distribution": {"const": name}, **_properties(kind)}, ["distribution", *_required(kind)])


def _program(name: str, program: Any) -> dict[str, Any]:
    properties = {"name": {"const": name}, **_properties(program)}
    return {"description": first_line(program), **_table(properties, ["name", *_required(program)])}


def _target() -> dict[str, Any]:
    return {"description": "Whom it hits: names, roles, zones or counts.", "examples": ["one", "leader", "n1 n2"]}


def _properties(cls: type) -> dict[str, Any]:
    return {one.name: {**_unit(one.unit), "description": one.help} for one in parameters_of(cls)}


def _required(cls: type) -> list[str]:
    return [one.name for one in parameters_of(cls) if one.required]


def _unit(unit: Unit) -> dict[str, Any]:
    """Return how a value of *unit* is written."""
    if unit is LATENCY:
        return dict(_LATENCY)
    if unit.words:
        return {"enum": list(unit.words)}
    if unit.inner is not None:
        return _table(_properties(unit.inner), _required(unit.inner))
    if unit in (WORDS, NODES):
        return {"type": ["string", "array"], "items": {"type": "string"}}
    simple: dict[str, dict[str, Any]] = {
        COUNT.name: {"type": "integer", "minimum": 0},
        FLAG.name: {"type": "boolean"},
        NUMBER.name: {"type": "number", "exclusiveMinimum": 0},
        TEXT.name: {"type": "string"},
        RATIO.name: {"type": ["number", "string"]},
        "duration": dict(_DURATION),
        "signed duration": dict(_DURATION),
    }
    if unit in (RATE, SIZE, BANDWIDTH, PPM, GROUPS, ZONE):
        return {"type": "string", "examples": [unit.example.strip('"')]}
    return simple.get(unit.name, {"description": f"A {unit.name}, such as {unit.example}."})
