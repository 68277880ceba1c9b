"""Make the reference pages from the code: ``make reference``. A test sees whether they are up to date.

The runs that the README shows are run again, too: what it shows is what is printed.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

from chaoslab.plugins import registry
from chaoslab.report.reference import faults_page, nemeses_page
from chaoslab.scenario.schema import scenario_schema
from docs.reference_of.command_line import command_line_page
from docs.reference_of.named import levels_page, models_page, protocols_page, workloads_page
from docs.reference_of.python import python_page
from docs.reference_of.scenario import scenario_page

__all__ = ["README", "pages", "readme"]

FOLDER = Path(__file__).parent / "reference"
README = Path(__file__).parents[1] / "README.md"

_SHOWN = re.compile(r"(?<=```console\n)\$ (chaoslab [^\n]*)\n.*?(?=```)", re.DOTALL)


def pages() -> dict[str, str]:
    """Return the content of every generated page by file name."""
    plugins = registry()
    return {
        "command_line.md": command_line_page(),
        "faults.md": faults_page(plugins),
        "levels.md": levels_page(plugins),
        "models.md": models_page(plugins),
        "nemeses.md": nemeses_page(plugins),
        "protocols.md": protocols_page(plugins),
        "python.md": python_page(),
        "scenario.md": scenario_page(plugins),
        "scenario.schema.json": json.dumps(scenario_schema(plugins), indent=1, ensure_ascii=False) + "\n",
        "workloads.md": workloads_page(plugins),
    }


def readme(text: str) -> str:
    """Return *text* with the output of every ``chaoslab`` command in it as it is today."""

    def shown(block: re.Match[str]) -> str:
        command = [sys.executable, "-m", *shlex.split(block[1])]
        printed = subprocess.run(command, capture_output=True, check=False, encoding="utf-8").stdout  # noqa: S603
        return f"$ {block[1]}\n{printed}"

    return _SHOWN.sub(shown, text)


if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    README.write_text(readme(README.read_text(encoding="utf-8")), encoding="utf-8")
