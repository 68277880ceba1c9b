"""The page of scenario files: every table with its keys, from the schema."""

from __future__ import annotations

from typing import Any

from chaoslab.plugins import Registry
from chaoslab.scenario.schema import scenario_schema
from docs.reference_of.markdown import table

__all__ = ["scenario_page"]

_HEAD = """# Scenario files

A scenario is one TOML file. `chaoslab schema` prints its [JSON Schema](scenario.schema.json) for editors. Units are
part of a value: `"150ms"`, `"64KiB"`, `"50/s"`, `"1%"`.

```toml
[scenario]
title = "A quorum register stays linearizable while minorities are cut off"

[cluster]
protocol = "abd"
nodes = 5

[workload]
name = "register"

[[fault]]
kind = "partition"
groups = "minority | rest"
every = "8s"
for = "3s"

[expect]
consistency = ["linearizable"]
```

A key that does not exist, or a word that is not known, is refused with its line and the nearest one that is.

"""

_REFERENCES = {
    "fault": "Each `[[fault]]` has a `kind`, a schedule (`at`, `every` or `when`, and `for`), a `target`\n"
    "where it hits certain nodes, and the parameters of [its kind](faults.md).\n"
    '`kind = "together"`, `"in-turn"` or `"any-of"` with\n'
    "`faults = [...]` gives several one schedule.\n",
    "nemesis": "Each `[[nemesis]]` has a `name` and the parameters of [that program](nemeses.md).\n",
}


def scenario_page(plugins: Registry) -> str:
    """Return the page about scenario files."""
    schema = scenario_schema(plugins)
    text = _HEAD
    for name, document in schema["properties"].items():
        repeated = document["type"] == "array"
        text += f"## [[{name}]]\n\n" if repeated else f"## [{name}]\n\n"
        if name in _REFERENCES:
            text += _REFERENCES[name] + "\n"
            continue
        keys = document["items"] if repeated else document
        required = keys.get("required", ())
        rows = [
            (f"`{key}`" + (" (required)" if key in required else ""), _kind(one), one.get("description", ""))
            for key, one in keys["properties"].items()
        ]
        text += table(("key", "value", ""), rows) + "\n"
        if name == "workload":
            text += "And the parameters of [that workload](workloads.md).\n\n"
    text += "## Conditions: `when`\n\n"
    rows = [(f"`{key}`", _kind(one), one.get("description", "")) for key, one in
            schema["$defs"]["condition"]["properties"].items()]  # fmt: skip
    return text + table(("key", "value", ""), rows)


def _kind(document: dict[str, Any]) -> str:
    """Return in a word or two how a value is written."""
    if "$ref" in document:
        return str(document["$ref"]).rpartition("/")[2]
    if "enum" in document:
        words = [f"`{word}`" for word in document["enum"]]
        return "one word" if len(words) > 6 else " or ".join(words)
    kind = document.get("type", "anything")
    kind = kind if isinstance(kind, str) else " or ".join(kind)
    examples = ", ".join(f'`"{one}"`' if isinstance(one, str) else f"`{one}`" for one in document.get("examples", ()))
    return f"{kind}, such as {examples}" if examples else kind
