"""``chaoslab list``: what is installed and can be named."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from chaoslab.checkers.registry import LEVELS
from chaoslab.cli.output import complain, print_json, print_lines
from chaoslab.errors import UsageError, unknown_word
from chaoslab.parameters import parameters_of
from chaoslab.plugins import Registry, registry
from chaoslab.report.terminal import table
from chaoslab.scenario.shipped import shipped_scenarios

__all__ = ["list_items"]

Item = dict[str, Any]


def list_items(
    what: Annotated[
        str,
        typer.Argument(
            help="protocols, workloads, nemeses, faults, models, levels, scenarios or mutants.", metavar="WHAT"
        ),
    ],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """List what is installed and can be named."""
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
        {"name": kind, "summary": (inspect.getdoc(fault) or "").split("\n")[0], "parameters": _parameters(fault)}
        for kind, fault in plugins.faults.items()
    ]


def _parameters(cls: type) -> list[Item]:
    return [{"name": one.name, "unit": one.unit.name, "help": one.help} for one in parameters_of(cls)]


def _models(plugins: Registry) -> list[Item]:
    return [{"name": model.name, "summary": model.summary} for model in plugins.models.values()]


def _levels(plugins: Registry) -> list[Item]:
    return [{"name": level.name, "summary": level.summary} for level in LEVELS.values()]


def _nemeses(plugins: Registry) -> list[Item]:
    return [{"name": name, "summary": nemesis.summary} for name, nemesis in plugins.nemeses.items()]


def _scenarios(plugins: Registry) -> list[Item]:
    return [{"name": name, "summary": title, "path": str(path)} for name, title, path in shipped_scenarios()]


def _mutants(plugins: Registry) -> list[Item]:
    return []  # protocols bring none yet


_LISTS: dict[str, Callable[[Registry], list[Item]]] = {
    "protocols": _protocols,
    "workloads": _workloads,
    "nemeses": _nemeses,
    "faults": _faults,
    "models": _models,
    "levels": _levels,
    "scenarios": _scenarios,
    "mutants": _mutants,
}
