"""Plugins of other people, installed beside ChaosLab: one that adds a bit of everything, and three that are broken."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SCENARIO = """
[scenario]
duration = "5s"

[cluster]
protocol = "tally"

[workload]
name = "tally"
keys = 1
rate = "20/s"

[[fault]]
kind = "hiccup"
nth = 9

[[nemesis]]
name = "hiccups"

[expect]
consistency = ["linearizable"]
checks = ["never-negative"]
"""

TEST = """
import chaoslab as cl
from chaoslab_tally import serve, Hiccup

async def test_tally(cluster):
    cluster.start(serve)
    with cluster.faults(Hiccup(nth=4)):
        await cluster.drive(cl.workload("tally"), seconds=5, rate=20, keys=1)
    cluster.check(cl.linearizable("tally"), cl.checker("never-negative"))
"""

BROKEN = {
    "broken_import": ("import no_such_module", "No module named 'no_such_module'"),
    "broken_hook": (
        "import chaoslab as cl\n@cl.hookimpl\ndef chaoslab_protocol(): return []",
        "chaoslab_protocol",
    ),
    "broken_name": (
        "import chaoslab as cl\n@cl.hookimpl\ndef chaoslab_workloads():\n"
        "    return [cl.Workload(name='register', summary='', model='register', operations=iter)]",
        "the workload name 'register' is taken already",
    ),
}


def outside(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [str(python), *arguments], cwd=python.parents[2], capture_output=True, text=True, check=False, env=environment
    )


@pytest.fixture(scope="module")
def python(installed: Path) -> Iterator[Path]:
    """The environment with the wheel, the package of a third party, and three broken plugins."""
    package = ROOT / "tests" / "third_party" / "chaoslab_tally"
    options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation")
    done = outside(installed, "-m", "pip", "install", *options, str(package))
    assert done.returncode == 0, done.stderr
    (site,) = {path.parent for path in installed.parents[1].rglob("dependencies.pth")}
    written = []
    for name, (code, _) in BROKEN.items():
        info = site / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[chaoslab]\n{name} = {name}\n")
        (site / f"{name}.py").write_text(code + "\n")
        written += [*info.iterdir(), site / f"{name}.py"]
    yield installed
    for path in written:
        path.unlink()
    outside(installed, "-m", "pip", "uninstall", "--quiet", "--yes", "chaoslab-tally")


def test_a_scenario_uses_all_that_a_third_party_brings(python: Path, tmp_path: Path) -> None:
    """Its protocol, workload, model, fault, nemesis and check, by their names."""
    (tmp_path / "tally.toml").write_text(SCENARIO)
    done = outside(python, "-m", "chaoslab", "run", str(tmp_path / "tally.toml"), "--seed", "1", "--json")
    document = json.loads(done.stdout)
    assert {check["name"]: check["verdict"] for check in document["checks"]}["never-negative"] == "valid"
    assert {fault["kind"] for fault in document["faults"]} == {"hiccup"}
    assert len(document["faults"]) == 2
    assert all(fault["took_effect"] for fault in document["faults"])


def test_pytest_uses_what_a_third_party_brings(python: Path, tmp_path: Path) -> None:
    """And names the plugins that are broken."""
    (tmp_path / "test_tally.py").write_text(TEST)
    done = outside(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path), "--chaos-seeds", "2")
    assert "2 passed" in done.stdout, done.stdout
    for name, (_, words) in BROKEN.items():
        assert any(name in line and words in line for line in done.stdout.splitlines()), done.stdout


def test_a_broken_plugin_is_named_and_the_rest_goes_on(python: Path) -> None:
    """Whether it cannot be imported, has a hook that does not exist, or takes a name that is taken."""
    done = outside(python, "-m", "chaoslab", "list", "protocols", "--json")
    assert done.returncode == 0
    assert {"raft", "tally"} <= {item["name"] for item in json.loads(done.stdout)["items"]}
    for name, (_, words) in BROKEN.items():
        assert any(name in line and words in line for line in done.stderr.splitlines()), done.stderr
