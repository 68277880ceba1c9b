"""The pages of what can be named in a scenario: protocols, workloads, models, levels and checks."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import chaoslab_protocols
from chaoslab.checkers.registry import LEVELS, implied
from chaoslab.parameters import parameters_of
from chaoslab.plugins import Protocol, Registry
from docs.reference_of.markdown import table

__all__ = ["levels_page", "models_page", "protocols_page", "workloads_page"]

_NOTE = "This page is made from the code; `chaoslab list {what} --json` prints the same for machines.\n\n"


def protocols_page(plugins: Registry) -> str:
    """Return the page of protocols, what they claim, and what they promise to survive."""
    text = "# Protocols and their claims\n\n" + _NOTE.format(what="protocols")
    text += (
        "A claim is what a protocol promises while faults stay within its budget; without `[expect] consistency` a\n"
        "scenario expects it. What the mistakes planted in each protocol are, `chaoslab list mutants` says.\n\n"
    )
    return text + "\n".join(_protocol(one, plugins) for one in plugins.protocols.values())


def _protocol(protocol: Protocol, plugins: Registry) -> str:
    mutants = [mutant.id for mutant in plugins.mutants.values() if mutant.protocol == protocol.name]
    rows = [
        ("page", _page(protocol)),
        ("claims", _words(protocol.claims)),
        ("workloads", _words(protocol.serves)),
        ("nodes", f"{protocol.nodes}, at least {protocol.nodes_min}"),
        ("roles", _words(protocol.roles)),
        ("versions", _words(protocol.versions)),
        ("administers", _words(protocol.administers)),
        ("mutants", ", ".join(mutants)),
    ]
    text = f"## {protocol.name}\n\n{_sentence(protocol.summary)}\n\n"
    text += table(("", ""), [row for row in rows if row[1]])
    return text + _settings(protocol.settings)


def _page(protocol: Protocol) -> str:
    """Return the link to the page about a reference protocol; several that share their code share a page."""
    for folder in chaoslab_protocols.FOLDERS:
        if protocol in import_module(f"chaoslab_protocols.{folder}").PROTOCOLS:
            return f"[{folder}.md](../protocols/{folder}.md)"
    return ""


def workloads_page(plugins: Registry) -> str:
    """Return the page of workloads and their parameters."""
    text = "# Workloads\n\n" + _NOTE.format(what="workloads")
    for one in plugins.workloads.values():
        served = [protocol.name for protocol in plugins.protocols.values() if one.name in protocol.serves]
        text += f"## {one.name}\n\n{_sentence(one.summary)} Judged by the model `{one.model}`.\n\n"
        text += f"Protocols that serve it: {_words(served) or 'none'}.\n" + _settings(one.parameters) + "\n"
    return text


def models_page(plugins: Registry) -> str:
    """Return the page of models."""
    rows = [
        (f"`{one.name}`", one.summary, _words(sorted(one.fs)), "each key by itself" if one.keyed else "all keys as one")
        for one in plugins.models.values()
    ]
    text = "# Models\n\nA model is a sequential specification: what one copy would answer.\n"
    return text + _NOTE.format(what="models") + table(("model", "", "operations", "object"), rows)


def levels_page(plugins: Registry) -> str:
    """Return the page of consistency levels and of checks."""
    text = "# Levels and checks\n\n" + _NOTE.format(what="levels")
    text += "What each means, with a history that satisfies it and one that breaks it: "
    text += "[the ladder](../explanation/ladder.md).\n\n"
    rows = [
        (f"`{one.name}`", one.summary, _words(name for name in LEVELS if name in implied(one.name)), _judges(one))
        for one in LEVELS.values()
    ]
    text += table(("level", "what it promises", "implies", "judges"), rows)
    text += "\n## Checks\n\nChecks that plugins bring along, for `[expect] checks`; "
    text += "workloads have checks of their own beside them.\n\n"
    if not plugins.checkers:
        return text + "None is installed.\n"
    return text + table(("check", ""), [(f"`{one.name}`", one.summary) for one in plugins.checkers.values()])


def _judges(level: Any) -> str:
    return " and ".join(
        word for word, checker in (("operations", level.check), ("transactions", level.transactions)) if checker
    )


def _settings(cls: type | None) -> str:
    rows = [
        (f"`{one.name}`", one.unit.name, "required" if one.required else _default(one), one.help)
        for one in ([] if cls is None else parameters_of(cls))
    ]
    return "\n" + table(("setting", "unit", "default", ""), rows) if rows else ""


def _default(one: Any) -> str:
    value = None if one.default is None else one.unit.format(one.default)
    if value is None or value in ("", []):
        return "-"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _words(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _sentence(summary: str) -> str:
    return (summary[:1].upper() + summary[1:]).rstrip(".") + "."
