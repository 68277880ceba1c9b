"""Reference pages, made from the code they describe: the kinds of fault, the nemesis programs.

Whoever changes a fault's parameters or its line of help changes its page; a test compares them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from chaoslab.parameters import Parameter, parameters_of
from chaoslab.plugins import Registry
from chaoslab.scenario.schema import first_line

__all__ = ["faults_page", "nemeses_page"]

_FAMILIES: Final[Mapping[str, str]] = {
    "network": "Network",
    "process": "Process",
    "storage": "Storage",
    "clock": "Clock",
    "topology": "Topology",
    "administration": "Administration",
}

_DEMANDS: Final[Mapping[str, str]] = {
    "": "nothing: every protocol must survive it",
    "down": "nodes that are down or paused",
    "amnesia": "nodes that lose their disk",
    "skew": "wall clocks that are off",
    "drift": "clocks that run at a wrong rate",
    "true-time": "a time source that lies about its uncertainty",
    "storage": "this kind, by name, among the faults of storage",
    "tampering": "messages that were changed or made up",
    "membership": "nodes that join and leave",
    "settings": "nodes with other settings or in other versions",
}

_HEAD: Final = """# {title}

{intro}

This page is made from the code; `chaoslab list {what} --json` prints the same for machines.
"""

_FAULTS_INTRO: Final = """Each kind of fault is written in a scenario file as

```toml
[[fault]]
kind = "partition"
groups = "leader | rest"
every = "8s"
for = "3s"
```

with its own parameters, a `target` where it hits certain nodes, and a schedule: `at`, `every` or `when`, and `for`.
Several faults share a schedule: `kind = "together"`, `"in-turn"` or `"any-of"`, with `faults = [{ kind = ... }, ...]`.

A target is a name (`n1`), a role that the protocol reports (`leader`), a zone, or a count: a number, `one`, `third`,
`minority`, `majority`, `all`; in groups also `rest`; where a fault waits for a condition also `it`, the node at which
the condition came true."""

_NEMESES_INTRO: Final = """A nemesis is a program that makes up faults for each run. It is asked for in a scenario file:

```toml
[[nemesis]]
name = "swarm"
```"""


def faults_page(plugins: Registry) -> str:
    """Return the reference page of all kinds of fault, as Markdown."""
    parts = [_HEAD.format(title="Faults", what="faults", intro=_FAULTS_INTRO)]
    kinds = list(plugins.faults.items())
    families = [*_FAMILIES, *sorted({kind.family for _, kind in kinds} - set(_FAMILIES))]
    for family in families:
        members = [(name, kind) for name, kind in kinds if kind.family == family]
        if members:
            parts.append(f"## {_FAMILIES.get(family, family.capitalize())}\n")
            parts.extend(_fault(name, kind) for name, kind in members)
    return "\n".join(parts)


def nemeses_page(plugins: Registry) -> str:
    """Return the reference page of all nemesis programs, as Markdown."""
    parts = [_HEAD.format(title="Nemeses", what="nemeses", intro=_NEMESES_INTRO)]
    for name, program in plugins.nemeses.items():
        parts.append("\n".join([f"## {name}\n", f"{first_line(program)}\n", *_parameters(parameters_of(program))]))
    return "\n".join(parts)


def _fault(name: str, kind: Any) -> str:
    lines = [f"### {name}\n", f"{first_line(kind)}\n"]
    needs = "a target" if kind.needs_target else "no target"
    lines.append(f"Needs {needs}. Draws, of what a protocol promises to survive, on {_DEMANDS[kind.demands]}.\n")
    return "\n".join([*lines, *_parameters(parameters_of(kind))])


def _parameters(parameters: Iterable[Parameter], prefix: str = "") -> list[str]:
    rows = []
    for one in parameters:
        rows.append(f"| `{prefix}{one.name}` | {one.unit.name} | {_default(one)} | {_cell(one.help)} |")
        if one.unit.inner is not None:
            rows += _parameters(parameters_of(one.unit.inner), f"{prefix}{one.name}.")
    if prefix or not rows:
        return rows
    return ["| parameter | unit | default | |", "|---|---|---|---|", *rows, ""]


def _default(one: Parameter) -> str:
    if one.required:
        return "required"
    value = None if one.default is None else one.unit.format(one.default)
    if value is None or value in ("", []):
        return "-"
    return f"`{_cell(str(value).lower() if isinstance(value, bool) else str(value))}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
