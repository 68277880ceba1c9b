"""The real command, as a process: exit codes, standard output, standard error."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from chaoslab.cli.main import _plainly
from chaoslab.scenario.shipped import scenario_path

ABD = str(scenario_path("abd/partition"))
FAILOVER = str(scenario_path("primary_backup/failover"))


def chaoslab(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "chaoslab", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
        encoding="utf-8",
    )


def document(done: subprocess.CompletedProcess[str]) -> Any:
    """Return the one JSON document that standard output is."""
    return json.loads(done.stdout)


def test_a_run_that_holds_exits_with_zero() -> None:
    """Verdict, seed, trace hash and checks are in the document; standard error is empty."""
    done = chaoslab("run", ABD, "--seed", "7", "--json")
    told = document(done)
    assert (done.returncode, done.stderr) == (0, "")
    assert (told["verdict"], told["seed"]) == ("valid", 7)
    assert len(told["trace_hash"]) == 32
    assert {check["name"]: check["verdict"] for check in told["checks"]} == {
        "linearizable": "valid",
        "recovery": "valid",
    }


def test_a_run_that_does_not_hold_exits_with_one_and_says_why() -> None:
    """Within twenty seeds, with the operations, in words."""
    done = chaoslab("run", FAILOVER, "--json")
    told = document(done)
    assert (done.returncode, told["verdict"]) == (1, "invalid")
    assert len(told["runs"]) <= 20
    broken = told["checks"][0]
    assert broken["level"] == "linearizable"
    assert broken["anomaly"] in ("lost write", "stale read")
    assert " read " in broken["summary"]
    assert 2 <= len(broken["operations"]) <= 10


def test_the_last_line_repeats_the_run() -> None:
    """Copied and pasted, it gives the same trace hash and the same verdict."""
    first = chaoslab("run", FAILOVER, "--set", "cluster.nodes=5", "--set", "workload.rate=60/s")
    assert first.returncode == 1
    last = first.stdout.rstrip().splitlines()[-1]
    assert last.startswith("repeat with: chaoslab run ")
    again = chaoslab(*last.removeprefix("repeat with: chaoslab ").split(" "))
    hashes = [done.stdout.split("trace hash ")[1].split()[0] for done in (first, again)]
    assert (again.returncode, hashes[0]) == (1, hashes[1])


def test_the_report_says_what_was_injected_what_was_seen_and_what_broke() -> None:
    """A person reads it from top to bottom."""
    text = chaoslab("run", FAILOVER, "--seed", "0").stdout
    parts = ["A primary that is cut off", "What was injected", "partition: ", "messages lost", "What clients saw"]
    parts += ["What held, and what did not", "invalid  linearizable", "process", "wrote", "INVALID", "repeat with: "]
    place = 0
    for part in parts:
        place = text.find(part, place)
        assert place >= 0, part
    assert "\x1b" not in text


def test_a_run_can_be_written_replayed_and_judged_again(tmp_path: Path) -> None:
    """The folder holds everything; the replay is the same and exits the same; the history alone gives the verdict."""
    folder = tmp_path / "run"
    assert chaoslab("run", FAILOVER, "--seed", "0", "--out", str(folder)).returncode == 1
    names = {"scenario.toml", "recording.json", "history.jsonl", "trace.log", "results.json", "plan.toml"}
    assert {path.name for path in folder.iterdir()} == names
    results = json.loads((folder / "results.json").read_text())
    replayed = chaoslab("replay", str(folder / "recording.json"), "--json")
    assert replayed.returncode == 1
    assert document(replayed)["trace_hash"] == results["trace_hash"]
    assert chaoslab("replay", str(folder)).returncode == 1
    checked = chaoslab("check", str(folder / "history.jsonl"), "--json")
    told = document(checked)
    assert (checked.returncode, told["verdict"]) == (1, "invalid")
    assert told["ops"] == results["clients"]["operations"]
    again = document(chaoslab("run", str(folder / "scenario.toml"), "--seed", "0", "--json"))
    assert again["trace_hash"] == results["trace_hash"]


def test_a_replay_that_goes_another_way_is_unknown_and_names_the_event(tmp_path: Path) -> None:
    """The recording says another hash than what happens now."""
    from chaoslab.explore import read_recording, write_recording

    chaoslab("run", FAILOVER, "--seed", "0", "--out", str(tmp_path))
    import attrs

    recording = read_recording(tmp_path / "recording.json")
    write_recording(attrs.evolve(recording, trace_hash="0" * 32), tmp_path / "recording.json")
    lines = (tmp_path / "trace.log").read_text().splitlines()
    events = sum(" probe " not in line for line in lines[:100])  # what code says of itself is no event
    lines[100] = "as it was last year"
    (tmp_path / "trace.log").write_text("\n".join(lines) + "\n")
    done = chaoslab("replay", str(tmp_path))
    assert done.returncode == 2
    assert f"the first event that differs is number {events}" in done.stdout
    assert "as it was last year" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "what", ["protocols", "workloads", "nemeses", "faults", "models", "levels", "scenarios", "mutants"]
)
def test_everything_can_be_listed(what: str) -> None:
    """As a table and as a document with items."""
    done = chaoslab("list", what, "--json")
    items = document(done)["items"]
    assert done.returncode == 0
    assert all(item["name"] and item["summary"] for item in items)
    plain = chaoslab("list", what)
    assert plain.returncode == 0
    assert len(plain.stdout.splitlines()) == max(1, len(items))


HISTORY_OK = [
    {"process": 0, "type": "invoke", "f": "write", "key": "x", "value": 1},
    {"process": 0, "type": "ok", "f": "write", "key": "x", "value": 1},
    {"process": 1, "type": "invoke", "f": "read", "key": "x"},
    {"process": 1, "type": "ok", "f": "read", "key": "x", "value": 1},
]


def history_file(folder: Path, *lines: Any) -> str:
    path = folder / "history.jsonl"
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return str(path)


def test_a_history_is_judged(tmp_path: Path) -> None:
    """Valid is 0; what clients saw in the wrong order is 1, with the operations as a table."""
    path = history_file(tmp_path, *HISTORY_OK)
    done = chaoslab("check", path, "--json")
    told = document(done)
    assert (done.returncode, told["verdict"], told["ops"], told["strongest"]) == (0, "valid", 2, "linearizable")
    wrong = [*HISTORY_OK[:3], {**HISTORY_OK[3], "value": None}]
    done = chaoslab("check", history_file(tmp_path, *wrong))
    assert done.returncode == 1
    assert "read nothing from x" in done.stdout
    assert "wrote 1 to x" in done.stdout


def test_a_judged_history_can_be_looked_at(tmp_path: Path) -> None:
    """Whatever else is printed; and a place where no file can be is told before anything is judged."""
    wrong = history_file(tmp_path, *HISTORY_OK[:3], {**HISTORY_OK[3], "value": None})
    page = tmp_path / "page.html"
    done = chaoslab("check", wrong, "--html", str(page))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, f"written to {page}")
    assert "A: wrote 1 to x" in page.read_text(encoding="utf-8")
    told = chaoslab("check", wrong, "--html", str(page), "--json")
    assert (told.returncode, document(told)["verdict"]) == (1, "invalid")
    nowhere = chaoslab("check", wrong, "--html", str(tmp_path / "no" / "page.html"))
    assert (nowhere.returncode, nowhere.stdout) == (254, "")
    assert "page.html: cannot be written: No such file or directory." in nowhere.stderr


def test_a_search_that_gives_up_is_unknown(tmp_path: Path) -> None:
    """Exit code 2, and how to search on."""
    lines = [{"process": p, "type": "invoke", "f": "write", "key": "x", "value": p % 5} for p in range(10)]
    lines += [{"process": p, "type": "ok", "f": "write", "key": "x", "value": p % 5} for p in range(10)]
    lines += [{"process": 0, "type": "invoke", "f": "read", "key": "x"}]
    lines += [{"process": 0, "type": "ok", "f": "read", "key": "x", "value": 7}]
    done = chaoslab("check", history_file(tmp_path, *lines), "--level", "linearizable", "--budget", "2", "--json")
    told = document(done)
    assert (done.returncode, told["verdict"]) == (2, "unknown")
    assert "--budget" in told["checks"][0]["summary"]


BAD_ARGUMENTS: list[tuple[list[str], str]] = [
    ([], "say what to do"),
    (["runn"], "Did you mean 'run'"),
    (["run"], "SCENARIO"),
    (["run", ABD, "--sed", "3"], "--seed"),
    (["run", ABD, "--seed", "three"], "'--seed': it is not a whole number."),
    (["run", ABD, "--seed", "1.5"], "'--seed': it is not a whole number."),
    (["run", ABD, "--seed", "-3"], "'--seed': it must be at least 0."),
    (["run", "x" * 5000], "cannot be the name of a file"),
    (["run", "abd"], "abd/every_fault, abd/partition, abd/swarm begin so"),
    (["run", ABD, "--out", "x" * 300], "--out: cannot be made"),
    (["check", "nothing.jsonl", "--format", "jsonl"], "no such file"),
    (["check", ABD, "--level", "linearisable"], "--level: unknown level 'linearisable'; did you mean 'linearizable'"),
    (["check", ABD, "--nil-reads", "no"], "--nil-reads: unknown meaning 'no'"),
    (["list"], "say what to list: protocols, workloads"),
    (["run", ABD, "--seed", "1", "--seeds", "2"], "not both"),
    (["run", ABD, "--seeds", "0"], "at least one seed"),
    (["run", "abd/partitoin"], "did you mean 'abd/partition'"),
    (["run", ABD, "--set", "nodes"], "write KEY=VALUE"),
    (["run", ABD, "--set", "cluster.nodez=3"], "did you mean 'nodes'"),
    (["run", ABD, "--set", "workload.rate=-5/s"], "above zero"),
    (["run", ABD, "--set", "scenario.duration=20"], "with a unit"),
    (["run", ABD, "--set", "cluster.protocol=abc"], "unknown protocol"),
    (["run", ABD, "--out", ABD], "is a file"),
    (["check", "nothing.jsonl"], "no such file"),
    (["check", ABD], "no format fits"),
    (["check", ABD, "--format", "jsonn"], "did you mean 'jsonl'"),
    (["replay", "nothing.json"], "cannot be read"),
    (["replay", ABD], "not a recording"),
    (["list", "protocol"], "did you mean 'protocols'"),
]


@pytest.mark.parametrize(
    ("arguments", "words"), BAD_ARGUMENTS, ids=lambda value: " ".join(value[-2:]) if isinstance(value, list) else ""
)
def test_wrong_arguments_get_a_sentence(arguments: list[str], words: str) -> None:
    """Exit code 254, what is wrong, and no traceback."""
    done = chaoslab(*arguments)
    assert done.returncode == 254
    assert words in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2


BAD_HISTORIES: list[tuple[list[Any], str]] = [
    ([], "is empty"),
    (["{"], ":1: this is not JSON"),
    ([HISTORY_OK[1]], ":1: event 0: process 0 completes an operation that it never invoked"),
    ([HISTORY_OK[0], HISTORY_OK[0]], ":2: event 1: process 0 invokes write while its write"),
    ([*HISTORY_OK, '{"process": 1, "type": "ok", "f": "re'], ":5: this is not JSON"),
    (
        [{**HISTORY_OK[0], "f": "push"}, {**HISTORY_OK[0], "f": "frobnicate", "process": 4}],
        "no model knows all of the operations",
    ),
]


@pytest.mark.parametrize(
    ("lines", "words"), BAD_HISTORIES, ids=["empty", "json", "completion", "open", "truncated", "model"]
)
def test_a_damaged_history_gets_a_sentence(tmp_path: Path, lines: list[Any], words: str) -> None:
    """Exit code 254 with file and line; with --json the document says the same."""
    path = history_file(tmp_path, *lines)
    done = chaoslab("check", path)
    assert (done.returncode, done.stdout) == (254, "")
    assert words in done.stderr
    assert path in done.stderr
    assert "Traceback" not in done.stderr
    told = document(chaoslab("check", path, "--json"))
    assert words.split(": ")[-1] in told["error"]["message"]
    assert told["verdict"] == "unknown"


PLUGIN = """
from typing import Any
import attrs
import chaoslab as cl
from chaoslab.statemachine import Context, SetTimer

class Breaks:
    def __init__(self, context: Context) -> None:
        self.context = context
    def start(self) -> Any:
        return [SetTimer("boom", 1.5)] if self.context.name == "n2" else None
    def message(self, sender: str, message: Any) -> Any:
        return None
    def timer(self, name: str) -> Any:
        return {}["the key that is not there"]

async def breaks(node: cl.Node) -> None:
    await node.sleep(2.5)
    raise RuntimeError("an async mistake")

@cl.hookimpl
def chaoslab_protocols() -> list[cl.Protocol]:
    about = dict(summary="raises", serves=("register",), claims=("linearizable",))
    return [
        cl.Protocol(name="breaks", replica=Breaks, **about),
        cl.Protocol(name="breaks-async", replica=breaks, **about),
    ]
"""


@pytest.fixture
def plugins(tmp_path: Path) -> dict[str, str]:
    """A folder with two installed plugins, one of which cannot be imported."""
    for name, code in (("breaking_protocols", PLUGIN), ("cannot_be_imported", "import nothing_of_that_name")):
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(code))
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[chaoslab]\n{name} = {name}\n")
    return {"PYTHONPATH": str(tmp_path)}


@pytest.mark.parametrize(
    ("protocol", "error", "at"),
    [
        ("breaks", "KeyError: 'the key that is not there'", "1.5"),
        ("breaks-async", "RuntimeError: an async mistake", "2.5"),
    ],
)
def test_a_node_that_raises_ends_the_run_with_its_own_traceback(
    plugins: dict[str, str], protocol: str, error: str, at: str
) -> None:
    """Node, time, and the lines of the node's own code; nothing blames the simulator."""
    command = ("run", ABD, "--seed", "2", "--set", f"cluster.protocol={protocol}")
    done = chaoslab(*command, **plugins)
    assert done.returncode == 1
    assert error in done.stdout
    assert "the code of node n" in done.stdout
    assert f"at {at}00000 s" in done.stdout
    assert "breaking_protocols.py" in done.stdout
    assert "trio" not in done.stdout
    assert done.stdout.rstrip().endswith("--seed 2")
    told = document(chaoslab(*command, "--json", **plugins))
    assert (told["verdict"], told["seed"], told["checks"][0]["name"]) == ("invalid", 2, "node-error")
    assert "breaking_protocols.py" in told["traceback"]


def test_a_plugin_that_cannot_be_loaded_is_named_and_the_rest_goes_on(plugins: dict[str, str]) -> None:
    """Its entry point and its own error stand in the message."""
    done = chaoslab("list", "protocols", "--json", **plugins)
    assert {"abd", "breaks"} <= {item["name"] for item in document(done)["items"]}
    assert "plugin 'cannot_be_imported' (cannot_be_imported): ModuleNotFoundError" in done.stderr


def test_ctrl_c_before_anything_was_found_is_told_in_json_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Standard output is one document, whatever happens."""
    from chaoslab.cli import main, run

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "run_once", interrupted)
    with pytest.raises(SystemExit) as ended:
        main.main(["run", ABD, "--json"])
    printed = capsys.readouterr()
    assert ended.value.code == 130
    assert json.loads(printed.out)["error"]["message"] == "stopped."
    assert printed.err == "chaoslab: stopped.\n"


@pytest.mark.parametrize(("scenario", "code"), [(ABD, 0), (FAILOVER, 1)])
def test_a_pipe_that_closes_early_changes_no_verdict(scenario: str, code: int) -> None:
    """``chaoslab run ... | head -1`` ends quietly, and with the code that it would have had."""
    with subprocess.Popen(
        [sys.executable, "-m", "chaoslab", "run", scenario, "--seed", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == code


@pytest.mark.skipif(sys.platform == "win32", reason="has other shells")
@pytest.mark.parametrize(("where", "code"), [(">&-", 1), (">&- 2>&-", 1), ("> /dev/full", 254)])
def test_output_that_cannot_be_written_is_told_or_left(where: str, code: int) -> None:
    """Closed on purpose, it is not missed; on a full disk it is."""
    if "full" in where and not Path("/dev/full").exists():
        pytest.skip("this system has no such device")
    command = f"{sys.executable} -m chaoslab run {FAILOVER} --seed 1 {where}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert ("standard output: cannot be written" in done.stderr) == ("full" in where)


def test_letters_that_the_terminal_does_not_know_are_replaced(tmp_path: Path) -> None:
    """Half a surrogate pair is a text in JSON, and none in any encoding."""
    lines = [
        line.replace('"x"', '"\\ud800"') for line in map(json.dumps, [*HISTORY_OK[:3], {**HISTORY_OK[3], "value": 9}])
    ]
    done = chaoslab("check", history_file(tmp_path, *lines), PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (1, "")
    assert "read 9 from" in done.stdout


def test_an_unwritable_folder_is_refused_before_the_work(tmp_path: Path) -> None:
    """Twenty seeds are not run in vain."""
    (tmp_path / "file").touch()
    done = chaoslab("run", ABD, "--seeds", "100000", "--out", str(tmp_path / "file" / "run"))
    assert done.returncode == 254
    assert "--out: cannot be made: Not a directory" in done.stderr


def _listens_to_ctrl_c() -> None:
    """A test run that was started in the background ignores Ctrl-C, and what it starts would inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.skipif(sys.platform == "win32", reason="signals and terminals differ there")
def test_ctrl_c_keeps_what_was_found() -> None:
    """On a terminal a bar shows how far it is; stopped, the finished seeds are reported."""
    import pty

    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "chaoslab", "run", ABD, "--seeds", "100000", "--json"],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
        preexec_fn=_listens_to_ctrl_c,
    ) as process:
        assert process.stdout is not None
        os.close(theirs)
        seen = b""
        while not re.search(rb"[1-9]\d*/100000", seen):
            seen += os.read(ours, 4096)
        process.send_signal(signal.SIGINT)
        told = json.loads(process.stdout.read())
        assert process.wait() == 130
    complaint = os.read(ours, 100_000)
    os.close(ours)
    assert b"stopped after" in complaint
    assert len(told["runs"]) >= 1
    assert told["verdict"] == "valid"


def test_the_service_levels_of_a_history_are_measured_and_judged(tmp_path: Path) -> None:
    """An objective that is missed is exit code 1; a key that is none is named with the nearest."""
    assert chaoslab("run", ABD, "--seed", "3", "--out", str(tmp_path / "run")).returncode == 0
    done = chaoslab("sla", str(tmp_path / "run"), "--expect", "availability=1%", "--expect", "p50=1ns", "--json")
    assert done.returncode == 1
    told = document(done)
    assert [(one["name"], one["verdict"]) for one in told["checks"]] == [("availability", "valid"), ("p50", "invalid")]
    assert told["operations"] == told["ok"] + told["fail"] + told["info"]
    assert told["faults"]
    wrong = chaoslab("sla", str(tmp_path / "run"), "--expect", "availabillity=1%")
    assert wrong.returncode == 254
    assert "availability" in wrong.stderr


@pytest.mark.parametrize(
    ("told", "plain"),
    [
        ("Invalid value for '--seed': 'three' is not a valid integer range.", "it is not a whole number."),
        ("Invalid value for '--minutes': 'x' is not a valid float.", "it is not a number."),
        ("Invalid value for '--seed': -3 is not in the range x>=0.", "it must be at least 0."),
        ("Invalid value for '--seed': Input should be a valid integer, got 1.5", "it is not a whole number."),
    ],
)
def test_whatever_version_of_the_parser_complains_the_words_are_the_same(told: str, plain: str) -> None:
    """Its own words changed over the years."""
    assert _plainly(told) == f"{told.partition(': ')[0]}: {plain}"
