"""``chaoslab list``: what is installed and can be named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from chaoslab.checkers.registry import LEVELS
from chaoslab.cli.output import complain, print_json, print_lines
from chaoslab.errors import UsageError, unknown_word
from chaoslab.parameters import parameters_of
from chaoslab.plugins import Registry, registry
from chaoslab.report.terminal import table
from chaoslab.scenario.schema import first_line, parameter_document
from chaoslab.scenario.shipped import shipped_scenarios, topic_of

__all__ = ["list_items"]

Item = dict[str, Any]


def list_items(
    what: Annotated[
        str,
        typer.Argument(
            help="protocols, workloads, nemeses, faults, models, levels, checks, scenarios or mutants.", metavar="WHAT"
        ),
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """List what is installed and can be named."""
    if not what:
        raise UsageError(f"say what to list: {', '.join(_LISTS)}.")
    if what not in _LISTS:
        raise UsageError(unknown_word("list", what, _LISTS))
    plugins = registry()
    items = _LISTS[what](plugins)
    for broken in plugins.broken:
        complain(str(broken))
    if json:
        print_json({"items": items})
    elif not items:
        print_lines([f"no {what} are installed"])
    else:
        print_lines(table([[item["name"], item["summary"]] for item in items], indent=""))


def _protocols(plugins: Registry) -> list[Item]:
    return [
        {
            "name": protocol.name,
            "summary": protocol.summary,
            "claims": list(protocol.claims),
            "serves": list(protocol.serves),
            "nodes": protocol.nodes,
        }
        for protocol in plugins.protocols.values()
    ]


def _workloads(plugins: Registry) -> list[Item]:
    return [
        {
            "name": workload.name,
            "summary": workload.summary,
            "model": workload.model,
            "parameters": [] if workload.parameters is None else _parameters(workload.parameters),
        }
        for workload in plugins.workloads.values()
    ]


def _faults(plugins: Registry) -> list[Item]:
    return [
        {
            "name": kind,
            "summary": first_line(fault),
            "family": fault.family,
            "needs_target": fault.needs_target,
            "demands": fault.demands or None,
            "counts": fault.counts or None,
            "parameters": _parameters(fault),
        }
        for kind, fault in plugins.faults.items()
    ]


def _parameters(cls: type) -> list[Item]:
    return [parameter_document(one) for one in parameters_of(cls)]


def _models(plugins: Registry) -> list[Item]:
    return [{"name": model.name, "summary": model.summary} for model in plugins.models.values()]


def _levels(plugins: Registry) -> list[Item]:
    return [{"name": level.name, "summary": level.summary} for level in LEVELS.values()]


def _nemeses(plugins: Registry) -> list[Item]:
    return [
        {"name": name, "summary": first_line(program), "parameters": _parameters(program)}
        for name, program in plugins.nemeses.items()
    ]


def _scenarios(plugins: Registry) -> list[Item]:
    return [
        {"name": name, "summary": title, "topic": topic_of(path), "path": str(path)}
        for name, title, path in shipped_scenarios()
    ]


def _mutants(plugins: Registry) -> list[Item]:
    return [
        {
            "name": mutant.name,
            "summary": mutant.mistake,
            "id": mutant.id,
            "protocol": mutant.protocol,
            "source": mutant.source,
            "scenario": mutant.scenario,
            "check": mutant.check,
        }
        for mutant in plugins.mutants.values()
    ]


def _checks(plugins: Registry) -> list[Item]:
    return [{"name": check.name, "summary": check.summary} for check in plugins.checkers.values()]


_LISTS: dict[str, Callable[[Registry], list[Item]]] = {
    "protocols": _protocols,
    "workloads": _workloads,
    "nemeses": _nemeses,
    "faults": _faults,
    "models": _models,
    "levels": _levels,
    "checks": _checks,
    "scenarios": _scenarios,
    "mutants": _mutants,
}
