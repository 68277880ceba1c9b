"""Make the reference pages from the code: ``make reference``. A test sees whether they are up to date."""

from __future__ import annotations

import json
from pathlib import Path

from chaoslab.plugins import registry
from chaoslab.report.reference import faults_page, nemeses_page
from chaoslab.scenario.schema import scenario_schema

__all__ = ["pages"]

FOLDER = Path(__file__).parent / "reference"


def pages() -> dict[str, str]:
    """Return the content of every generated page by file name."""
    plugins = registry()
    return {
        "faults.md": faults_page(plugins),
        "nemeses.md": nemeses_page(plugins),
        "scenario.schema.json": json.dumps(scenario_schema(plugins), indent=1, ensure_ascii=False) + "\n",
    }


if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
