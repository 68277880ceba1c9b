"""Scenarios: TOML files to typed values and back."""

from chaoslab.scenario.reader import load_scenario, parse_scenario
from chaoslab.scenario.scenario import Expect, Scenario
from chaoslab.scenario.writer import scenario_to_toml

__all__ = ["Expect", "Scenario", "load_scenario", "parse_scenario", "scenario_to_toml"]
