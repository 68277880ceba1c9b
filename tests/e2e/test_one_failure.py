"""One failure, from wherever it is run: pytest, the command line, Python."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STORE = '''
import chaoslab as cl


class Store:
    """Acknowledges before anybody else has it."""

    async def serve(self, node):
        values = {}
        while True:
            message = await node.recv()
            if isinstance(message.body, cl.Invocation):
                op = message.body
                if op.f == "write":
                    values[op.key] = op.value
                    for peer in node.peers:
                        node.send(peer, (op.key, op.value))
                message.reply(values.get(op.key))
            else:
                key, value = message.body
                values[key] = value


class Strict:
    async def serve(self, node):
        while True:
            message = await node.recv()
            assert message.body.f == "write", "only writes are served"
            message.reply()
'''
TESTS = {
    "check": """
async def test_it(cluster):
    cluster.start(Store)
    await cluster.drive(seconds=4)
""",
    "own-faults": """
async def test_it(cluster):
    cluster.start(Store)
    with cluster.faults(cl.drop(0.2)):
        await cluster.drive(seconds=4)
    cluster.check(cl.linearizable())
""",
    "node-code": """
async def test_it(cluster):
    cluster.start(Strict)
    await cluster.drive(seconds=4)
""",
    "test-code": """
@pytest.mark.chaoslab(faults="partition")
class TestStore:
    async def test_it(self, cluster):
        cluster.start(Store)
        await cluster.drive(seconds=4)
        assert not cluster.history.operations()
""",
    "deadlock": """
async def test_it(cluster):
    cluster.start(Store)
    await trio.Event().wait()
""",
    "local-code": """
async def test_it(cluster):
    class Here(Store):
        pass

    cluster.start(Here, nodes=2)
    await cluster.drive(cl.workload("kv"), seconds=3)
""",
}

PYTHON = """
import sys
import chaoslab as cl

for file in sys.argv[1:]:
    print(cl.run(file).trace_hash)
"""

HEAD = "import chaoslab as cl\nimport pytest\nimport trio\nfrom store import Store, Strict\n"


def outside(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def pytest_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return outside(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite in which everything fails, each test in another way, run once with seed 4."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "store.py").write_text(STORE)
    for kind, test in TESTS.items():
        (folder / f"test_{kind}.py").write_text(HEAD + test)
    done = pytest_in(folder, "--chaos-seed", "4")
    assert f"{len(TESTS)} failed" in done.stdout, done.stdout
    return folder


def written_for(project: Path, kind: str) -> Path:
    (found,) = project.glob(f".chaoslab/test_{kind}.py*/seed4")
    return found.relative_to(project)


def checks(document: dict[str, list[dict[str, str]]]) -> list[tuple[str, str]]:
    return [(one["name"], one["verdict"]) for one in document["checks"]]


def test_what_pytest_found_is_the_same_run_from_python(project: Path) -> None:
    """The same trace hash, whatever it was that failed: a check, an assertion, a deadlock."""
    folders = [written_for(project, kind) for kind in TESTS]
    files = [str(folder / "scenario.toml") for folder in folders]
    recorded = [json.loads((project / folder / "results.json").read_text())["trace_hash"] for folder in folders]
    assert outside(project, "-c", PYTHON, *files).stdout.split() == recorded


@pytest.mark.parametrize("kind", ["check", "node-code", "test-code", "deadlock"])
def test_what_pytest_found_is_the_same_run_from_the_command_line(project: Path, kind: str) -> None:
    """The same trace hash and the same checks; so is the printed command of pytest itself."""
    folder = written_for(project, kind)
    from_pytest = json.loads((project / folder / "results.json").read_text())
    done = outside(project, "-m", "chaoslab", "run", str(folder / "scenario.toml"), "--json")
    from_command_line = json.loads(done.stdout)
    assert done.returncode == 1
    assert from_command_line["trace_hash"] == from_pytest["trace_hash"]
    assert checks(from_command_line) == checks(from_pytest)
    again = pytest_in(project, "--chaos-replay", str(folder))
    assert "1 failed" in again.stdout, again.stdout
    replayed = json.loads((project / ".chaoslab" / "replay" / "results.json").read_text())
    assert replayed["trace_hash"] == from_pytest["trace_hash"]


def test_a_seed_is_the_same_run_from_pytest_and_from_python(tmp_path: Path) -> None:
    """Also before it is made small: the whole run, with all of its faults."""
    (tmp_path / "store.py").write_text(STORE)
    (tmp_path / "test_it.py").write_text("from store import Store\n" + TESTS["check"] + SEEN)
    pytest_in(tmp_path, "--chaos-seed", "4")
    code = "import chaoslab as cl, test_it; print(cl.run_test(test_it.test_it, seed=4).trace_hash)"
    from_python = outside(tmp_path, "-c", code).stdout.split()[-1]
    first = (tmp_path / "hashes.txt").read_text().split()[0]
    assert first == from_python


SEEN = """
import chaoslab.trial.trial as trial
before = trial._trial

def after(*arguments):
    found = before(*arguments)
    with open("hashes.txt", "a") as file:
        print(found.run.trace_hash, file=file)
    return found

trial._trial = after
"""


def test_a_seed_of_a_scenario_is_the_same_run_from_everywhere(tmp_path: Path) -> None:
    """A file that pytest collects, the command line, and Python: with all faults of that seed, and made small."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nchaos_scenarios = .\n")
    (tmp_path / "one.toml").write_text((ROOT / "scenarios" / "primary_backup" / "failover.toml").read_text())
    assert "3 failed" in pytest_in(tmp_path, "--chaos-seeds", "3").stdout
    folders = sorted(tmp_path.glob(".chaoslab/one.toml/seed*"))
    from_pytest = [json.loads((one / "results.json").read_text())["trace_hash"] for one in folders]
    ways = [[str(folders[0] / "scenario.toml")], *(["one.toml", "--seed", one.name[4:]] for one in folders[1:])]
    from_command_line = [json.loads(outside(tmp_path, "-m", "chaoslab", "run", *way, "--json").stdout) for way in ways]
    from_python = outside(tmp_path, "-c", SEEDS, str(folders[0] / "scenario.toml")).stdout.split()
    assert from_pytest == [one["trace_hash"] for one in from_command_line] == from_python


SEEDS = """
import sys
import chaoslab as cl

print(cl.run(sys.argv[1]).trace_hash, *(cl.run("one.toml", seed=seed).trace_hash for seed in (1, 2)))
"""


def test_a_scenario_about_a_test_can_be_moved_with_its_folder(tmp_path: Path) -> None:
    """It names files from where it stands."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "store.py").write_text(STORE)
    (tmp_path / "a" / "test_it.py").write_text("from store import Store\n" + TESTS["check"])
    pytest_in(tmp_path / "a", "--chaos-seed", "4")
    (tmp_path / "a").rename(tmp_path / "b")
    (file,) = tmp_path.glob("b/.chaoslab/*/seed4/scenario.toml")
    assert "/b/" not in file.read_text()
    assert str(tmp_path) not in file.read_text()
    done = outside(tmp_path, "-m", "chaoslab", "run", str(file))
    assert done.returncode == 1, done.stderr
    assert "linearizable" in done.stdout


def test_a_test_with_fixtures_is_left_to_pytest_in_one_sentence(tmp_path: Path) -> None:
    """Nobody else makes fixtures."""
    (tmp_path / "store.py").write_text(STORE)
    (tmp_path / "test_it.py").write_text(
        "from store import Store\n" + TESTS["check"].replace("(cluster)", "(cluster, tmp_path)")
    )
    pytest_in(tmp_path, "--chaos-seed", "4")
    (file,) = tmp_path.glob(".chaoslab/*/seed4/scenario.toml")
    done = outside(tmp_path, "-m", "chaoslab", "run", str(file))
    assert done.returncode == 254
    assert "test_it.py:test_it takes tmp_path beside the cluster, so only pytest can run it" in done.stderr
    again = pytest_in(tmp_path, "--chaos-replay", str(file))
    assert "not linearizable" in again.stdout
