"""From a scenario back to TOML: what a person would have written to get it.

Reading what this writes gives the same scenario. What is at its default is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from chaoslab.cluster import ScriptedOperation
from chaoslab.nemesis import Composition, FaultRequest
from chaoslab.net.latency import LATENCY
from chaoslab.parameters import BANDWIDTH, DURATION, RATE, written
from chaoslab.scenario.scenario import Scenario

__all__ = ["scenario_to_toml", "toml_table"]


def scenario_to_toml(scenario: Scenario) -> str:
    """Return *scenario* as the text of a TOML file."""
    defaults = Scenario(protocol="", nodes=1, workload="")
    sections: list[str] = []

    def section(header: str, values: Mapping[str, object]) -> None:
        if any(value is not None for value in values.values()):
            sections.append(toml_table(header, values))

    section(
        "[scenario]",
        {
            "title": scenario.title or None,
            "topic": scenario.topic or None,
            "duration": DURATION.format(scenario.duration_ns),
            "settle": DURATION.format(scenario.settle_ns),
            "beyond_budget": scenario.beyond_budget or None,
        },
    )
    zones = dict(scenario.zones) or None
    section("[cluster]", {"protocol": scenario.protocol, "nodes": scenario.nodes, "zones": zones})
    if scenario.settings is not None:
        section("[cluster.settings]", written(scenario.settings))
    section(
        "[network]",
        {
            "latency": None if scenario.latency == defaults.latency else LATENCY.format(scenario.latency),
            "drop": scenario.drop or None,
            "duplicate": scenario.duplicate or None,
            "fifo": scenario.fifo or None,
            "bandwidth": None if scenario.bandwidth is None else BANDWIDTH.format(scenario.bandwidth),
        },
    )
    section("[network.zones]", {_pair(*pair): LATENCY.format(latency) for pair, latency in scenario.zone_latency})
    if scenario.epsilon_ns != defaults.epsilon_ns:
        section("[clock]", {"epsilon": DURATION.format(scenario.epsilon_ns)})
    section(
        "[workload]",
        {
            "name": scenario.workload,
            "clients": scenario.clients,
            "rate": RATE.format(scenario.rate),
            "keys": scenario.keys,
            "arrivals": None if scenario.arrivals == defaults.arrivals else scenario.arrivals,
            **({} if scenario.parameters is None else written(scenario.parameters)),
        },
    )
    for operation in scenario.operations:
        section("[[operation]]", _operation(operation))
    for request in scenario.faults:
        section("[[fault]]", _fault(request))
    for program in scenario.nemeses:
        section("[[nemesis]]", {"name": program.name, **written(program)})
    section(
        "[replay]",
        {
            "test": scenario.test or None,
            "seed": scenario.seed,
            "calm": scenario.calm or None,
            "deviations": [list(one) for one in scenario.deviations] or None,
        },
    )
    section("[expect]", written(scenario.expect))
    return "\n\n".join(sections) + "\n"


def _operation(operation: ScriptedOperation) -> dict[str, object]:
    invocation = operation.invocation
    return {
        "at": DURATION.format(operation.at_ns),
        "client": f"c{operation.client + 1}",
        "f": invocation.f,
        "key": invocation.key,
        **_argument(invocation.value),
    }


def _argument(value: Any) -> dict[str, object]:
    """Return the argument of an operation: as JSON where something in it is None, for which TOML has no word."""
    return {"value_json": json.dumps(value)} if value is not None and _holds_none(value) else {"value": value}


def _holds_none(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_none, value.values()))
    return any(map(_holds_none, value)) if isinstance(value, list | tuple) else value is None


def toml_table(header: str, values: Mapping[str, object]) -> str:
    """Return the table *values* as TOML, without what is None."""
    return "\n".join([header, *(f"{_key(key)} = {_toml(value)}" for key, value in values.items() if value is not None)])


def _fault(request: FaultRequest) -> dict[str, object]:
    schedule, fault = request.schedule, request.fault
    if isinstance(fault, Composition):
        parts = [_part(part.fault, part.target) for part in fault.parts]
        what: dict[str, object] = {"kind": fault.mode, "faults": parts}
    else:
        what = _part(fault, request.target)
    return {
        **what,
        "at": _duration(schedule.at_ns),
        "every": _duration(schedule.every_ns),
        "when": None if schedule.when is None else written(schedule.when),
        "for": _duration(schedule.for_ns),
    }


def _part(fault: Any, target: str) -> dict[str, object]:
    """Return the table of one fault: its kind, whom it hits, its parameters."""
    return {"kind": fault.kind, **({"target": target} if target else {}), **written(fault)}


def _duration(time_ns: int | None) -> object:
    return None if time_ns is None else DURATION.format(time_ns)


def _pair(here: str, there: str) -> str:
    return here if here == there else f"{here} {there}"


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else str(_toml(key))


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        if '"' in value and "'" not in value and value.isprintable():
            return f"'{value}'"  # TOML's literal text needs no escapes: JSON in it can be read
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # TOML takes JSON's escapes
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return repr(value)
