"""The wheel that is built from this source works outside of it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run_outside(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [str(python), *arguments], cwd=python.parents[2], capture_output=True, text=True, check=False, env=environment
    )


def test_the_wheel_is_what_is_imported(installed: Path) -> None:
    """Not the checkout: otherwise the other tests here would show nothing."""
    done = run_outside(
        installed, "-c", "import chaoslab, chaoslab_protocols as p; print(chaoslab.__file__); print(p.__file__)"
    )
    assert done.returncode == 0, done.stderr
    assert all(str(installed.parents[1]) in line for line in done.stdout.splitlines())


def test_a_shipped_scenario_runs_by_its_name(installed: Path) -> None:
    """Scenarios, protocols and workloads are in the wheel and are found."""
    done = run_outside(installed, "-m", "chaoslab", "run", "abd/partition", "--seed", "7", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdict"] == "valid"
    listed = json.loads(run_outside(installed, "-m", "chaoslab", "list", "scenarios", "--json").stdout)["items"]
    assert all(str(installed.parents[1]) in item["path"] for item in listed)
    assert len(listed) == len(list((ROOT / "scenarios").rglob("*.toml")))


def test_the_types_are_in_the_wheel(installed: Path) -> None:
    """Whoever checks types against ChaosLab gets them."""
    assert (
        run_outside(
            installed,
            "-c",
            "import importlib.resources as r; assert r.files('chaoslab').joinpath('py.typed').is_file()",
        ).returncode
        == 0
    )
