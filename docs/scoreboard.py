"""The page of planted mistakes, from what ``chaoslab mutants --json`` printed.

``python -m docs.scoreboard FILE COMMAND``

What is known of why a mistake is not found stands in ``WHY``. It is printed only for those that were not.
"""

from __future__ import annotations

import datetime
import json
import statistics
import sys
from pathlib import Path
from typing import Any

__all__ = ["WHY", "page"]

WHY = {
    "R1": "Figure 8 is played: under leaders that are cut off at the right moments servers do throw entries away that "
    "they had committed. But no client sees it. Nobody is told of such an entry before the leader's own is committed "
    "too; and clients ask again until they are answered, so what was thrown away comes back before a server that has "
    "it in the wrong place leads again.",
    "R23": "The power must go in the instant between the new log and the term and vote behind it, which are written in "
    "one go; then the server must come back and be asked for a vote in just the term in which it has given one.",
    "R9": "Two leaders in a row must each remove another server and be cut off before their first entry is committed; "
    "then the network must split into just those halves which the two take for majorities, and clients must be served "
    "in both. Leaders with different members do come up, one or two in a run that provokes them; the rest is rare.",
}
"""By the id of a mutant, why ordinary runs may not find it: what would have to happen, or be seen, and does not."""

_PAGE = Path(__file__).parent / "mutants.md"

_HEAD = """\
# The scoreboard of planted mistakes

Beside every reference protocol stand mistakes that real systems made, each planted as a small override of the correct
code. A mistake is hunted with **all** shipped scenarios of its protocol in turn, with default settings; seeds count up
from 0, and no seed is chosen. It is found when a check is violated or its code raises; unknown does not count. The hunt
is repeated with other seeds: shown is the median number of runs to the first failure, with the best and the worst.

`{command}`, {date}: **{found} of {of} found ({share:.0%})**, half of them within {median:g} runs.

"""


def page(told: dict[str, Any], command: str, date: str) -> str:
    """Return the page in Markdown.

    Args:
        told: What ``chaoslab mutants --json`` printed.
        command: The command line that was run.
        date: When.
    """
    items = told["items"]
    found = [item for item in items if item["found"]]
    text = _HEAD.format(
        command=command,
        date=date,
        found=len(found),
        of=len(items),
        share=len(found) / len(items),
        median=statistics.median(item["runs"] for item in found),
    )
    for protocol in dict.fromkeys(item["name"].partition("~")[0] for item in items):
        rows = [item for item in items if item["name"].partition("~")[0] == protocol]
        text += f"## {protocol}\n\n| id | the mistake | known from | runs (best to worst) | CPU s | what fired |\n"
        text += "|---|---|---|---|---|---|\n" + "".join(map(_row, rows)) + "\n"
    missed = [item for item in items if not item["found"]]
    if missed:
        text += "## Not found\n\n" + "".join(map(_missed, missed))
    return text.rstrip("\n") + "\n"


def _missed(item: dict[str, Any]) -> str:
    why = WHY.get(item["id"], "")
    return f"- **{item['id']}** {item['mistake']}." + (f" {why}" if why else "") + "\n"


def _row(item: dict[str, Any]) -> str:
    runs = [campaign["runs"] for campaign in item["campaigns"]]
    missed = sum(not campaign["found"] for campaign in item["campaigns"])
    spread = f"{item['runs']:g} ({min(runs)} to {max(runs)})" if item["found"] else f"not in {max(runs)}"
    if item["found"] and missed:
        spread += f", {missed} of {len(runs)} campaigns missed it"
    fired = ", ".join(item["fired"]) or "-"
    return f"| {item['id']} | {item['mistake']} | {item['source']} | {spread} | {item['cpu_s']:.1f} | {fired} |\n"


if __name__ == "__main__":
    told = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    _PAGE.write_text(page(told, " ".join(sys.argv[2:]), today), encoding="utf-8")
