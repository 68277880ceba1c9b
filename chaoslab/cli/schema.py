"""``chaoslab schema``: the JSON Schema of scenario files, for editors."""

from __future__ import annotations

from chaoslab.cli.output import print_json
from chaoslab.plugins import registry
from chaoslab.scenario.schema import scenario_schema

__all__ = ["schema"]


def schema() -> None:
    """Print the JSON Schema of scenario files, with everything that is installed."""
    print_json(scenario_schema(registry()))
