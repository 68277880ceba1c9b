"""What a new user types first: init, pytest, report, doctor."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.shown import DOCS, Page, matches


def run(folder: Path, *arguments: str, python: str | Path = sys.executable) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(python), "-m", *arguments], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def project(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first")
    done = run(folder, "chaoslab", "init", "demo", python=installed)
    assert done.returncode == 0, done.stderr
    return folder / "demo"


def test_the_tutorial_can_be_followed_with_nothing_but_the_wheel(installed: Path, tmp_path: Path) -> None:
    """Its commands, in an empty folder, print what it shows."""
    for command in Page(DOCS / "tutorial" / "index.md", tmp_path, installed).commands():
        assert matches(command.shown, command.printed), f"$ {command.line}\n{command.printed}\nis not\n{command.shown}"


def test_the_project_fails_first_and_its_readme_says_which_line_fixes_it(installed: Path, project: Path) -> None:
    """With the wheel, too: the failure names the lost additions and the one fault; after the fix everything passes."""
    failed = run(project, "pytest", "-q", python=installed)
    assert failed.returncode == 1
    assert re.search(r"not eventual: wrong sum", failed.stdout)
    assert re.search(r"shrunk: (\d+ faults to 1|1 fault stays), ", failed.stdout)
    line = '# await node.disk.fsync("totals")'
    assert line in (project / "README.md").read_text()
    code = project / "counter.py"
    code.write_text(code.read_text().replace(line, line.removeprefix("# ")))
    passed = run(project, "pytest", "-q", python=installed)
    assert passed.returncode == 0, passed.stdout


def test_init_does_not_write_over_what_is_there(project: Path) -> None:
    """A folder with files in it is refused."""
    done = run(project.parent, "chaoslab", "init", "demo")
    assert done.returncode == 254
    assert "is there already" in done.stderr


def test_a_run_becomes_one_page_without_anything_from_elsewhere(tmp_path: Path) -> None:
    """Verdict, faults, a timeline and messages; no script, no link, no picture."""
    run(tmp_path, "chaoslab", "run", "primary_backup/failover", "--seed", "0", "--out", "run")
    done = run(tmp_path, "chaoslab", "report", "run", "--out", "page.html")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "page.html").read_text()
    assert page.count("<svg") == 2
    assert not re.search(r"<script|<link|src=|https?://", page)
    assert "What was injected" in page


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    """In one sentence."""
    done = run(tmp_path, "chaoslab", "report", ".")
    assert (done.returncode, "holds no run" in done.stderr) == (254, True)


HASHING = """
class Node:
    async def serve(self, node):
        while True:
            message = await node.recv()
            if isinstance(message.body, int):
                continue
            for peer in {*node.nodes, "c1"} - {node.name, "c1"}:
                node.send(peer, hash(peer))
            message.reply()
"""
SCENARIO = """
[scenario]
duration = "2s"
[cluster]
protocol = "node.py:Node"
[workload]
name = "register"
"""


def test_the_doctor_names_the_first_event_that_differs(tmp_path: Path) -> None:
    """Code whose order depends on the hash seed is found out; a protocol that is right passes."""
    (tmp_path / "node.py").write_text(HASHING)
    (tmp_path / "one.toml").write_text(SCENARIO)
    done = run(tmp_path, "chaoslab", "doctor", "one.toml")
    assert done.returncode == 2, done.stderr
    assert "the first event that differs is number" in done.stdout
    assert run(tmp_path, "chaoslab", "doctor", "abd/partition").returncode == 0


def test_the_doctor_does_not_wait_for_ever(tmp_path: Path) -> None:
    """Code that never waits for anything is given up, and told as undecided."""
    (tmp_path / "node.py").write_text("async def Node(node):\n    while True:\n        pass\n")
    (tmp_path / "one.toml").write_text(SCENARIO)
    done = run(tmp_path, "chaoslab", "doctor", "one.toml", "--run-seconds", "3")
    assert done.returncode == 2
    assert "seed 0 had not ended after 3 seconds in a process of its own" in done.stdout


def test_the_doctor_names_escapes(tmp_path: Path) -> None:
    """Who reached out of the simulation, on which line."""
    (tmp_path / "node.py").write_text("import time\n\nasync def Node(node):\n    time.sleep(1)\n")
    (tmp_path / "one.toml").write_text(SCENARIO)
    done = run(tmp_path, "chaoslab", "doctor", "one.toml")
    assert done.returncode == 1
    assert re.search(r"node n\d called time.sleep at node.py:4", done.stdout)
