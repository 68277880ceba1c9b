"""A scenario as a file in a folder: files that it names are named from there, so that all can be moved together."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from pathlib import Path

import attrs

from chaoslab import local_code
from chaoslab.scenario.scenario import Scenario

__all__ = ["placed_in", "text_placed_in", "with_code_named"]

_CODE = re.compile(r'^((?:protocol|test) = )(".*")$', re.MULTILINE)


def placed_in(folder: Path, scenario: Scenario) -> Scenario:
    """Return *scenario* with local code named as a file in *folder* says it; not to be run, but to be written there."""
    return attrs.evolve(
        scenario,
        protocol=local_code.named_in(folder, scenario.protocol),
        test=local_code.named_in(folder, scenario.test),
    )


def text_placed_in(folder: Path, text: str) -> str:
    """Return the scenario *text* with local code named as a file in *folder* says it."""
    return with_code_named(text, functools.partial(local_code.named_in, folder))


def with_code_named(text: str, naming: Callable[[str], str]) -> str:
    """Return the scenario *text*, as ``scenario_to_toml`` writes it, with the names of local code changed by *naming*.

    Nothing is read: the code need not be there.
    """
    return _CODE.sub(lambda line: line[1] + json.dumps(naming(json.loads(line[2])), ensure_ascii=False), text)
