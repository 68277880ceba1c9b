"""The page of how small failures become, from what ``chaoslab mutants --shrink --json`` printed.

``python -m docs.small COMMAND FILE ...``
"""

from __future__ import annotations

import datetime
import json
import statistics
import sys
from pathlib import Path
from typing import Any

from chaoslab.plugins import registry
from chaoslab.scenario import load_scenario
from chaoslab.units import counted

__all__ = ["page"]

_PAGE = Path(__file__).parent / "small.md"
_MINIMA = Path(__file__).parent.parent / "tests" / "explore" / "minima"

_HEAD = """\
# How small failures become

Of each planted mistake the first failure that ordinary runs find was [made small](explanation/shrinking.md), and the
scenario that is left was run on the correct protocol too, where it has to hold.

`{command}`, {date}:
{of} mistakes; half of what is left has at most **{faults:g} faults and {operations:g} operations**, and took at most
{cpu_s:.1f} CPU seconds.

"""

_BOUND = """\
Where the correct protocol fails too, a bound on latency was missed, and the fault that is left suffices for that.

"""

_BY_HAND = """\
## Beside minima made by hand

For five mistakes somebody who knows them wrote the smallest scenario by hand (`tests/explore/minima`). What shrinking
comes to has at most half as many faults and operations more: a test holds that.

"""


def page(told: list[dict[str, Any]], command: str, date: str) -> str:
    """Return the page in Markdown.

    Args:
        told: What was told of each failure that was made small.
        command: The command line that was run.
        date: When.
    """
    small = [one for one in told if one["after"]]
    middle = {name: statistics.median(one["after"][name] for one in small) for name in ("faults", "operations")}
    cpu_s = statistics.median(one["cpu_s"] for one in small)
    text = _HEAD.format(command=command, date=date, of=len(told), cpu_s=cpu_s, **middle)
    text += "| mistake | faults | operations | deviations from calm | runs | CPU s | on the correct protocol |\n"
    text += "|---|---|---|---|---|---|---|\n" + "".join(map(_row, told)) + "\n"
    text += _BOUND if any(one["correct"] == "invalid" for one in told) else ""
    text += _BY_HAND
    text += "| mistake | scenario | by hand | shrunk |\n|---|---|---|---|\n"
    by_name = {one["name"]: one["after"] for one in small}
    for path in sorted(_MINIMA.glob("*.toml")):
        scenario = load_scenario(path, registry())
        after = by_name[scenario.protocol]
        hand = f"{counted(len(scenario.faults), 'fault')}, {counted(len(scenario.operations), 'operation')}"
        text += f"| {scenario.protocol} | {scenario.title} | {hand} | {after['faults']}, {after['operations']} |\n"
    return text


def _row(one: dict[str, Any]) -> str:
    before, after = one["before"], one["after"]
    if not after:
        return f"| {one['name']} | could not be made smaller | | | | {one['cpu_s']:.1f} | |\n"
    sizes = (f"{before[name]:,} → {after[name]:,}" for name in ("faults", "operations", "deviations"))
    return f"| {one['name']} | {' | '.join(sizes)} | {one['runs']:,} | {one['cpu_s']:.1f} | {one['correct']} |\n"


if __name__ == "__main__":
    told = [one for file in sys.argv[2:] for one in json.loads(Path(file).read_text(encoding="utf-8"))["shrunk"]]
    _PAGE.write_text(page(told, sys.argv[1], datetime.datetime.now(datetime.UTC).date().isoformat()), encoding="utf-8")
