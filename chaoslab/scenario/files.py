"""A scenario as a file in a folder: files that it names are named from there, so that all can be moved together."""

from __future__ import annotations

from pathlib import Path

import attrs

from chaoslab import local_code
from chaoslab.scenario.scenario import Scenario

__all__ = ["placed_in"]


def placed_in(folder: Path, scenario: Scenario) -> Scenario:
    """Return *scenario* with local code named as a file in *folder* says it; not to be run, but to be written there."""
    return attrs.evolve(
        scenario,
        protocol=local_code.named_in(folder, scenario.protocol),
        test=local_code.named_in(folder, scenario.test),
    )
