"""Scenario files: what is read, and what is said of what cannot be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chaoslab.errors import ScenarioError, UsageError
from chaoslab.faults import Crash, Partition
from chaoslab.net.latency import Lognormal
from chaoslab.plugins import registry
from chaoslab.scenario import Scenario, load_scenario, parse_scenario, scenario_to_toml
from chaoslab.scenario.shipped import scenario_path, shipped_scenarios

GOOD = """\
[scenario]
title = "A test"
duration = "10s"

[cluster]
protocol = "abd"
nodes = 5

[network]
latency = { distribution = "lognormal", median = "2ms", p99 = "30ms" }
drop = 0.001

[workload]
name = "kv"
clients = 6
rate = "40/s"
keys = 3

[[fault]]
kind = "partition"
groups = "minority | rest"
every = "8s"
for = "3s"

[[fault]]
kind = "crash"
target = "one"
at = "2s"
for = "1s"

[expect]
consistency = ["linearizable"]
availability = "95%"
p99 = "400ms"
staleness = "2s"
recovers_within = "3s"
"""


def read(text: str, **overrides: str) -> Scenario:
    return parse_scenario(
        text, registry(), file="s.toml", overrides={k.replace("__", "."): v for k, v in overrides.items()}
    )


def test_everything_in_a_file_is_read() -> None:
    """Units become whole numbers, names stay names, faults become values."""
    scenario = read(GOOD)
    assert (scenario.title, scenario.protocol, scenario.nodes, scenario.clients) == ("A test", "abd", 5, 6)
    assert scenario.duration_ns == 10 * 10**9
    assert scenario.latency == Lognormal(median_ns=2_000_000, p99_ns=30_000_000)
    first, second = scenario.faults
    assert first.fault == Partition(groups="minority | rest")
    assert (first.schedule.every_ns, first.schedule.for_ns) == (8 * 10**9, 3 * 10**9)
    assert (second.fault, second.target, second.schedule.at_ns) == (Crash(), "one", 2 * 10**9)
    assert scenario.expect.availability == 0.95
    assert scenario.expect.staleness_ns == 2 * 10**9
    assert scenario.expect.consistency == ("linearizable",)


def test_what_is_left_out_has_a_default() -> None:
    """Protocol and workload are all that must be said; nodes come from the protocol."""
    scenario = read('[cluster]\nprotocol = "single-copy"\n[workload]\nname = "register"\n')
    assert scenario.nodes == 1
    assert scenario.expect.consistency is None


def test_overrides_replace_what_the_file_says() -> None:
    """As TOML where it is TOML, as bare text otherwise."""
    scenario = read(GOOD, cluster__nodes="7", workload__rate="9/s", workload__name="register")
    assert (scenario.nodes, scenario.rate, scenario.workload) == (7, 9.0, "register")


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "words"),
    [
        ("duration", "durration", 3, "scenario.durration", "did you mean 'duration'"),
        ("[workload]", "[workloads]", 13, "workloads", "unknown section 'workloads'; did you mean 'workload'"),
        ('"10s"', "10", 3, "scenario.duration", "not a duration"),
        ('"10s"', '"10"', 3, "scenario.duration", "duration"),
        ('"10s"', '"10/s"', 3, "scenario.duration", "not one of a duration"),
        ('"10s"', '"0s"', 3, "scenario.duration", "above zero"),
        ('"abd"', '"abdd"', 6, "cluster.protocol", "did you mean 'abd'"),
        ('"abd"', '"store.py"', 6, "cluster.protocol", 'such as "store.py:Store"'),
        ('"abd"', '"store:Store"', 6, "cluster.protocol", 'such as "store.py:Store"'),
        ("nodes = 5", "nodes = 0", 7, "cluster.nodes", "at least one node"),
        ('"abd"\nnodes = 5', '"chain"\nnodes = 1', 7, "cluster.nodes", "chain takes at least 2 nodes"),
        ("nodes = 5", "nodes = 2.5", 7, "cluster.nodes", ""),
        ("nodes = 5", "nodes = 99999999999999999999", 7, "cluster.nodes", "at most 10,000"),
        ("nodes = 5", "nodes = 5\nsettings = 3", 8, "cluster.settings", "write [cluster.settings]"),
        ("nodes = 5", "nodes = 2", 21, "fault.groups", "'minority' of 2 nodes is nobody"),
        ("clients = 6", "clients = 10_000_000_000", 15, "workload.clients", "at most 10,000"),
        ("keys = 3", "keys = 10_000_000_000", 17, "workload.keys", "at most 1,000,000"),
        ('"40/s"', '"1e400/s"', 16, "workload.rate", "write a number and a unit"),
        ('"40/s"', '"1e99/s"', 16, "workload.rate", "from 1e-9/s to 1e9/s"),
        ('"40/s"', '"1e-99/s"', 16, "workload.rate", "from 1e-9/s to 1e9/s"),
        ('"10s"', '"1e999999999s"', 3, "scenario.duration", "write a number and a unit"),
        ("drop = 0.001", f"drop = 1{'0' * 400}", 11, "network.drop", "from 0 to 1"),
        ('"A test"', '"A\\u001b[31m test"', 2, "scenario.title", "without control characters"),
        ('"minority | rest"', '"n1 n2 | n3 n1"', 21, "fault.groups", "'n1' stands twice"),
        ('"minority | rest"', '"rest | rest"', 21, "fault.groups", "'rest' stands twice"),
        ('"minority | rest"', '"all | rest"', 21, "fault.groups", "always nobody: the others take all 5 nodes"),
        ('"minority | rest"', '"majority | n1 n2 | one"', 21, "fault.groups", "always nobody"),
        ('every = "8s"\nfor = "3s"', 'every = "2ns"\nfor = "1ns"', 22, "fault.every", "5,000,000,000 times"),
        ('for = "1s"', 'for = "0s"', 29, "fault.for", "above zero"),
        ("nodes = 5", "nodes = true", 7, "cluster.nodes", ""),
        ('"lognormal"', '"lognornal"', 10, "network.latency.distribution", "did you mean 'lognormal'"),
        ('median = "2ms", ', "", 10, "network.latency.median", "median is missing"),
        ('median = "2ms"', 'median = "2s"', 10, "network.latency.median", "median <= p99"),
        ("drop = 0.001", "drop = 1.5", 11, "network.drop", "from 0 to 1"),
        ("drop = 0.001", "drop = nan", 11, "network.drop", "from 0 to 1"),
        ('name = "kv"', 'name = "kw"', 14, "workload.name", "did you mean 'kv'"),
        ('"40/s"', '"-40/s"', 16, "workload.rate", "above zero"),
        ('"40/s"', '"40ms"', 16, "workload.rate", "rate"),
        ("keys = 3", "keys = 0", 17, "workload.keys", "at least one"),
        ("keys = 3", "keys = 3\ngetz = 0.2", 18, "workload.getz", "did you mean 'gets'"),
        ('"crash"', '"cras"', 26, "fault.kind", "did you mean 'crash'"),
        ('"one"', '"n6"', 27, "fault.target", "unknown target 'n6'"),
        ('"one"', '"leader"', 27, "fault.target", "unknown target 'leader'"),
        ('target = "one"\n', "", 25, "fault", "target"),
        ('"minority | rest"', '"minority | rst"', 21, "fault.groups", "did you mean 'rest'"),
        ('"minority | rest"', '"rest"', 21, "fault.groups", ""),
        ('for = "3s"', 'for = "9s"', 23, "fault.for", "longer than every"),
        ('for = "3s"\n', "", None, "fault.for", "says for how long"),
        ('at = "2s"', 'at = "2s"\nevery = "4s"', 29, "fault.every", "not both"),
        ('at = "2s"', 'at = "11s"', 28, "fault.at", ""),
        ('at = "2s"', "when = {}", 28, "fault.when", "exactly one of"),
        ('at = "2s"', 'when = { role = "leader" }', 28, "fault.when.role", "unknown role"),
        ('at = "2s"', 'when = { probe = "p", time = 2 }', 28, "fault.when.time", "did you mean 'times'"),
        ('at = "2s"', 'when = { probe = "p", node = "n9" }', 28, "fault.when.node", "unknown target 'n9'"),
        ('at = "2s"', 'when = { probe = "p" }\nevery = "2s"', 29, "fault.every", "when or every"),
        ('"one"', '"it"', 27, "fault.target", "unknown target 'it'"),
        ('"one"', '"7"', 27, "fault.target", "more than the 5"),
        ('"one"', '"east"', 27, "fault.target", "unknown target 'east'"),
        ('"crash"', '"together"', 27, "fault.target", "unknown key 'target'"),
        ("nodes = 5", "nodes = 5\nzones = 6", 8, "cluster.zones", "a number from 1 to 5"),
        ("nodes = 5", 'nodes = 5\nzones = { a = "n1 n9" }', 8, "cluster.zones.a", "unknown node 'n9'"),
        ("nodes = 5", 'nodes = 5\nzones = { a = "n1", b = "n1" }', 8, "cluster.zones.b", "in the zone a already"),
        ("nodes = 5", 'nodes = 5\nzones = { a = "" }', 8, "cluster.zones.a", "at least one node"),
        ("nodes = 5", 'nodes = 5\nzones = { one = "n1" }', 8, "cluster.zones.one", "means something else"),
        ("[expect]", '[[nemesis]]\nname = "swarn"\n[expect]', 32, "nemesis.name", "did you mean 'swarm'"),
        ("[expect]", '[[nemesis]]\nname = "swarm"\nepisodes = 0\n[expect]', 33, "nemesis.episodes", "at least 1"),
        (
            "[expect]",
            '[[nemesis]]\nname = "swarm"\nkinds = ["forge"]\n[expect]',
            33,
            "nemesis.kinds",
            "no fault of these",
        ),
        ('["linearizable"]', '["linearisable"]', 32, "expect.consistency", "did you mean 'linearizable'"),
        ('["linearizable"]', "[3]", 32, "expect.consistency", ""),
        ('"95%"', '"195%"', 33, "expect.availability", "from 0 to 1"),
        ('protocol = "abd"\n', "", 5, "cluster", "protocol is missing"),
    ],
)
def test_a_mistake_is_told_with_line_key_and_nearest_word(
    old: str, new: str, line: int | None, key: str, words: str
) -> None:
    """Whatever is wrong, the message says where, what is allowed and what was probably meant."""
    assert old in GOOD
    with pytest.raises(ScenarioError) as error:
        read(GOOD.replace(old, new, 1))
    assert error.value.file == "s.toml"
    assert words in error.value.message
    assert error.value.key == key
    if line is not None:
        assert error.value.line == line


def test_text_that_is_not_toml_is_refused_with_its_line() -> None:
    """The place comes from the parser."""
    with pytest.raises(ScenarioError, match=r"s\.toml:2: this is not TOML"):
        read("[scenario]\ntitle = \n")


def test_a_wrong_override_names_the_option_and_not_the_file() -> None:
    """The file is not to blame for what the command line said."""
    with pytest.raises(ScenarioError, match=r"^--set workload\.rate: '-5/s' is not a rate"):
        read(GOOD, workload__rate="-5/s")
    with pytest.raises(ValueError, match="cannot be set"):
        read(GOOD, nodes="5")
    with pytest.raises(ValueError, match="cannot be set"):
        read(GOOD, fault__kind="crash")


def test_a_workload_that_the_protocol_does_not_serve_is_refused() -> None:
    """ABD knows no compare-and-set, and the message says what it serves."""
    with pytest.raises(ScenarioError, match="does not serve the workload 'cas-register': it serves"):
        read(GOOD, workload__name="cas-register")


@pytest.mark.parametrize(
    ("name", "title", "path"), shipped_scenarios(), ids=[name for name, _, _ in shipped_scenarios()]
)
def test_a_shipped_scenario_is_written_and_read_back_the_same(name: str, title: str, path: Path) -> None:
    """Writing a scenario keeps everything; its title is a sentence."""
    scenario = load_scenario(path, registry())
    assert parse_scenario(scenario_to_toml(scenario), registry()) == scenario
    assert len(title.split()) >= 5


def test_a_scenario_with_everything_round_trips() -> None:
    """Also what no shipped scenario uses."""
    scenario = read(
        GOOD, scenario__settle="7s", scenario__beyond_budget="true", network__duplicate="0.5", workload__gets="0.1"
    )
    assert parse_scenario(scenario_to_toml(scenario), registry()) == scenario


def test_zones_conditions_compositions_and_programs_round_trip() -> None:
    """What a scenario can say of zones, of waiting, of several faults at once, and of programs."""
    text = GOOD.replace("nodes = 5", 'nodes = 5\nzones = { east = "n1 n2", west = "n3" }').replace(
        "[expect]",
        """[[fault]]
kind = "any-of"
faults = [{ kind = "pause", target = "east" }, { kind = "partition", groups = "it | rest" }]
when = { message = "Store", times = 5, again = true, after = "10ms" }
for = "500ms"

[[nemesis]]
name = "swarm"
without = ["crash"]
share = 0.5

[expect]""",
    )
    scenario = read(text)
    assert scenario.zones == (("east", "n1 n2"), ("west", "n3"))
    assert scenario.faults[2].fault.mode == "any-of"
    assert scenario.faults[2].schedule.when.times == 5
    assert scenario.nemeses[0].without == ("crash",)
    assert parse_scenario(scenario_to_toml(scenario), registry()) == scenario


def test_a_shipped_scenario_is_found_by_its_name(tmp_path: Path) -> None:
    """A file comes first, then the name among the shipped ones; a near miss is told."""
    assert scenario_path("abd/partition") == scenario_path("scenarios/abd/partition.toml").resolve()
    own = tmp_path / "mine.toml"
    own.write_text(GOOD)
    assert scenario_path(str(own)) == own
    with pytest.raises(ScenarioError, match="did you mean 'abd/partition'"):
        scenario_path("abd/partion")


def test_files_that_cannot_be_read_are_told_apart(tmp_path: Path) -> None:
    """Missing, a folder, not text: each has its own sentence."""
    with pytest.raises(ScenarioError, match="no such file"):
        load_scenario(tmp_path / "nothing.toml", registry())
    with pytest.raises(ScenarioError, match="this is a folder"):
        load_scenario(tmp_path, registry())
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ScenarioError, match="not a text file"):
        load_scenario(tmp_path / "b.toml", registry())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("nodes = 5", "nodes = 5\nnodes = 3"), "s.toml:8: this is not TOML: Cannot overwrite a value"),
        (GOOD + "[cluster]\n", "this is not TOML: Cannot declare cluster twice"),
        ("a = " + "[" * 5000 + "]" * 5000, "s.toml: brackets nested this deep"),
        ("a = " + "9" * 5000, "or numbers this long"),
        ("", "the section [cluster] is missing"),
    ],
    ids=["a key twice", "a table twice", "deep", "long", "empty"],
)
def test_what_is_not_toml_gets_a_sentence(text: str, words: str) -> None:
    """Also where the parser of TOML itself gives up."""
    with pytest.raises(ScenarioError, match=re.escape(words)):
        read(text)


def test_a_mark_at_the_beginning_of_the_file_is_passed_over(tmp_path: Path) -> None:
    """Editors on Windows write one, and lines that end in two characters."""
    path = tmp_path / "s.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_scenario(path, registry()) == read(GOOD)


def test_groups_that_may_have_somebody_are_accepted() -> None:
    """Roles show only in the run, and clients can stand on a side of their own."""
    for groups in ("one | one | rest", "c1 | all", "majority | rest", "n1 | n2 n3 n4 n5", "2 | 3"):
        assert read(GOOD.replace("minority | rest", groups)).faults[0].fault == Partition(groups=groups)


@pytest.mark.parametrize("text", ["5\nprotocol = 'x'", "[" * 5000, "9" * 5000])
def test_an_override_is_one_value(text: str) -> None:
    """What is no TOML value is bare text; nothing else can be brought in with it."""
    with pytest.raises(ScenarioError, match="is not a count") as caught:
        read(GOOD, cluster__nodes=text)
    assert caught.value.key == "--set cluster.nodes"


@pytest.mark.parametrize("dotted", ["cluster.", ".nodes", "cluster..nodes", "", "cluster"])
def test_an_override_names_a_key_in_a_section(dotted: str) -> None:
    """A dot with nothing beside it names none."""
    with pytest.raises(UsageError, match=r"write SECTION\.KEY=VALUE"):
        parse_scenario(GOOD, registry(), overrides={dotted: "5"})


def test_a_bound_on_staleness_is_refused_where_nothing_can_be_stale() -> None:
    """It is of registers."""
    text = '[cluster]\nprotocol = "log-store"\n[workload]\nname = "queue"\n[expect]\nstaleness = "1s"\n'
    with pytest.raises(ScenarioError, match="staleness is of registers, and the workload is 'queue'") as error:
        read(text)
    assert (error.value.line, error.value.key) == (6, "expect.staleness")


TRANSACTIONS = """\
[scenario]
title = "Two transactions"
duration = "2s"

[cluster]
protocol = "two-phase-commit"

[workload]
name = "list-append"
clients = 2

[[operation]]
at = "0s"
client = "c1"
f = "txn"
value_json = '[["r", "x", null], ["append", "y", 1]]'

[[operation]]
at = "1s"
client = "c2"
f = "txn"
value = [["append", "x", 2]]
"""


def test_an_argument_with_nothing_in_it_is_told_as_json() -> None:
    """TOML has no null: a script whose transactions read has another way to say it, and is written that way too."""
    scenario = read(TRANSACTIONS)
    first, second = scenario.operations
    assert first.invocation.value == (("r", "x", None), ("append", "y", 1))
    assert second.invocation.value == (("append", "x", 2),)
    text = scenario_to_toml(scenario)
    assert text.count("value_json") == 1
    assert parse_scenario(text, registry()).operations == scenario.operations


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("value_json = '[1,'", r"s\.toml:16: operation\.value_json: this is no JSON"),
        ("value_json = '[1]'\nvalue = [1]", r"s\.toml:16: operation\.value_json: an operation has value or"),
    ],
)
def test_an_argument_that_is_no_json_or_told_twice_is_refused(line: str, said: str) -> None:
    """With its line."""
    with pytest.raises(ScenarioError, match=said):
        read(TRANSACTIONS.replace("""value_json = '[["r", "x", null], ["append", "y", 1]]'""", line))
