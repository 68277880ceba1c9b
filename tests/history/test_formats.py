"""Histories in files: what is read, and what is said of what cannot be."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoslab.errors import HistoryError, UsageError
from chaoslab.history import Event, History, read_history, write_history
from chaoslab.history.edn import read_edn
from chaoslab.history.files import format_of
from chaoslab.history.jepsen import JepsenMeaning
from chaoslab.history.jsonl import read_jsonl, write_jsonl

CALL = {"process": 0, "type": "invoke", "f": "read", "key": "x"}
RETURN = {"process": 0, "type": "ok", "f": "read", "key": "x", "value": 1}


def written(folder: Path, *events: dict[str, Any] | str, end: str = "\n") -> Path:
    """Return a file with one event a line."""
    path = folder / "history.jsonl"
    lines = [event if isinstance(event, str) else json.dumps(event) for event in events]
    path.write_text("\n".join(lines) + end, encoding="utf-8")
    return path


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.sampled_from(["ok", "fail", "info"]), st.sampled_from(["x", "y", None]), VALUES
        ),
        max_size=12,
    )
)
def test_what_is_written_reads_back(steps: list[tuple[int, Any, Any, Any]]) -> None:
    """Writing and reading gives the same events."""
    history = History()
    for process, type, key, value in steps:
        if history._open.pop(process, None) is not None:
            history._open[process] = len(history) - 1
            continue
        history.invoke(process, "write", key, value, time_ns=len(history), node="n1")
        if type != "info":
            history.complete(process, type, value, True, time_ns=len(history), error="why" if type == "fail" else None)
    lines: list[str] = []

    class Out:
        writelines = staticmethod(lines.extend)

    write_jsonl(history, Out)  # type: ignore[arg-type]
    again = read_jsonl(lines, "memory")
    assert list(again) == list(history)


def test_a_file_round_trips(tmp_path: Path) -> None:
    """The same through the disk, with the format recognised."""
    history = History([Event(index=0, time_ns=3, process=0, type="invoke", f="write", key="x", value=[1, {"a": None}])])
    write_history(history, tmp_path / "h.jsonl")
    assert format_of(tmp_path / "h.jsonl") == "jsonl"
    assert list(read_history(tmp_path / "h.jsonl")) == list(history)


@pytest.mark.parametrize(
    ("events", "line", "words"),
    [
        ([RETURN], 1, "never invoked"),
        ([CALL, CALL], 2, "still open"),
        ([CALL, "{not json"], 2, "not JSON"),
        ([CALL, "[1, 2]"], 2, "an event is a JSON object"),
        ([CALL, {**RETURN, "tpye": "ok"}], 2, "unknown key 'tpye'; did you mean 'type'"),
        ([{**CALL, "type": "invok"}], 1, "unknown type 'invok'; did you mean 'invoke'"),
        ([{"process": 0, "type": "invoke"}], 1, "needs 'f'"),
        ([{**CALL, "process": "p1"}], 1, "neither a whole number nor"),
        ([{**CALL, "process": True}], 1, "neither a whole number nor"),
        ([{**CALL, "index": 4}, {**RETURN, "index": 4}], 2, "index 4 comes after index 4"),
        ([{**CALL, "index": "4"}], 1, "not a whole number"),
        ([{**CALL, "time": 1.5}], 1, "not a whole number"),
        ([{**CALL, "f": 3}], 1, "is not text"),
        ([CALL, {**RETURN, "f": "write"}], 2, "completes write on 'x', but what it has open is read on 'x' (event 0)"),
        ([CALL, {**RETURN, "key": "y"}], 2, "completes read on 'y', but what it has open is read on 'x' (event 0)"),
        (["[" * 100_000], 1, "nested too deeply"),
        (
            [CALL, '{"process": 0, "type": "ok", "f": "read", "key": "x", "value": NaN}'],
            2,
            "NaN is not a value of JSON",
        ),
        ([CALL, json.dumps(RETURN).replace("}", ', "node": ' + "9" * 5000 + "}")], 2, "value has 5000 digits"),
        ([{**CALL, "index": -3}], 1, "index -3 is negative"),
        ([{**CALL, "time": 10**400}], 1, "in nanoseconds, in 64 bits"),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, events: list[Any], line: int, words: str) -> None:
    """The message says which line and what is wrong with it."""
    path = written(tmp_path, *events)
    with pytest.raises(HistoryError) as error:
        read_history(path, "jsonl")
    assert error.value.line == line
    assert error.value.file == str(path)
    assert words in error.value.message


def test_a_truncated_file_is_named_as_such(tmp_path: Path) -> None:
    """A file that ends in the middle of a line was cut off."""
    path = written(tmp_path, CALL, json.dumps(RETURN)[:20], end="")
    with pytest.raises(HistoryError, match=r":2: this is not JSON: the file ends in the middle of this line"):
        read_history(path)


def test_an_empty_file_is_no_history(tmp_path: Path) -> None:
    """Nothing recorded is not everything fine."""
    path = tmp_path / "empty"
    path.write_text("\n \n")
    with pytest.raises(HistoryError, match="the file is empty"):
        read_history(path)


def test_a_compressed_file_is_read_like_any_other(tmp_path: Path) -> None:
    """And one that is cut off is named as such."""
    whole = gzip.compress(written(tmp_path, CALL, RETURN).read_bytes())
    packed = tmp_path / "history.jsonl.gz"
    packed.write_bytes(whole)
    seen: list[int] = []
    assert len(read_history(packed, progress=seen.append)) == 2
    assert seen == [len(whole)]
    packed.write_bytes(whole[:-12])
    with pytest.raises(HistoryError, match="the compressed file is cut off or damaged"):
        read_history(packed)


@pytest.mark.parametrize("name", ["jsonl", "edn"])
def test_what_is_nested_too_deeply_is_refused_in_words(tmp_path: Path, name: str) -> None:
    """Not by an internal error."""
    deep = "[" * 100_000 + "]" * 100_000
    line = f'{{"process": 0, "type": "invoke", "f": "write", "value": {deep}}}'
    path = tmp_path / "deep"
    path.write_text(
        line if name == "jsonl" else f"{{:process 0, :type :invoke, :f :write, :value #tag {deep}}}", encoding="utf-8"
    )
    with pytest.raises(HistoryError, match="nested too deeply"):
        read_history(path)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    """Each has its own sentence."""
    with pytest.raises(HistoryError, match="no such file"):
        read_history(tmp_path / "nothing")
    with pytest.raises(HistoryError, match="this is a folder"):
        read_history(tmp_path)


def test_bytes_are_no_text(tmp_path: Path) -> None:
    """A binary file is refused in words."""
    path = tmp_path / "binary"
    path.write_bytes(b"\xff\xfe\x00\x01" * 9)
    with pytest.raises(HistoryError, match="not a text file"):
        read_history(path)


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    """With the nearest one; and a file that fits none says so."""
    path = tmp_path / "prose"
    path.write_text("It was a dark and stormy night.\n")
    with pytest.raises(UsageError, match="did you mean 'jsonl'"):
        read_history(path, "json")
    with pytest.raises(HistoryError, match="no format fits"):
        read_history(path)


def test_a_jepsen_log_is_read() -> None:
    """Lines of other loggers are passed over; a failed compare-and-set is a refusal that was observed."""
    from chaoslab.history.jepsen_log import read_jepsen_log

    lines = [
        "INFO  jepsen.core - starting\n",
        "INFO  jepsen.util - 0\t:invoke\t:write\t3\n",
        "INFO  jepsen.util - 1\t:invoke\t:cas\t[3 4]\n",
        "INFO  jepsen.util - 0\t:ok\t:write\t3\n",
        "INFO  jepsen.util - 1\t:fail\t:cas\t[3 4]\n",
        "INFO  jepsen.util - 0\t:invoke\t:read\tnil\n",
        "INFO  jepsen.util - 0\t:fail\t:read\t:timed-out\n",
        "INFO  jepsen.util - 2\t:invoke\t:write\t1\n",
        "INFO  jepsen.util - 2\t:info\t:write\t:timed-out\n",
    ]
    write, cas, read, lost = read_jepsen_log(lines, "log", JepsenMeaning()).operations()
    assert (write.argument, write.type) == (3, "ok")
    assert (cas.argument, cas.type, cas.result) == ((3, 4), "ok", False)
    assert (read.type, read.error) == ("fail", ":timed-out")
    assert (lost.type, lost.argument, lost.ret) == ("info", 1, None)


def test_a_kv_log_is_read() -> None:
    """Text with escapes and nil are values."""
    from chaoslab.history.kv_log import read_kv_log

    lines = [
        '{:process 0, :type :invoke, :f :append, :key "0", :value "x \\"0\\" y"}\n',
        '{:process 0, :type :ok, :f :append, :key "0", :value "x \\"0\\" y"}\n',
        '{:process 1, :type :invoke, :f :get, :key "0", :value nil}\n',
        '{:process 1, :type :ok, :f :get, :key "0", :value ""}\n',
    ]
    append, get = read_kv_log(lines, "log").operations()
    assert append.argument == 'x "0" y'
    assert (get.key, get.value) == ("0", "")


@pytest.mark.parametrize("line", ["{:process 0, :type :ok, :f :get}", "{:process x}", "nonsense"])
def test_a_damaged_kv_log_line_is_named(line: str) -> None:
    """The message shows what an event looks like."""
    from chaoslab.history.kv_log import read_kv_log

    with pytest.raises(HistoryError, match="log:1: this is not an event of a kv log"):
        read_kv_log([line], "log")


EDN_REGISTER = """\
{:type :invoke, :f :write, :value 3, :process 0, :time 100, :index 0}
{:type :invoke, :f :cas, :value [3 4], :process 1, :time 110, :index 1}
{:type :info, :f :start, :process :nemesis, :time 115, :value "cut {:n1 off}"}
{:type :ok, :f :write, :value 3, :process 0, :time 120, :index 2}
{:type :fail, :f :cas, :value [3 4], :process 1, :time 130, :index 3}
{:type :invoke, :f :read, :value nil, :process 0, :time 140, :index 4}
{:type :ok, :f :read, :value nil, :process 0, :time 150, :index 5}
{:type :invoke, :f :cas, :value [3 4], :process 1, :time 160, :index 6}
{:type :fail, :f :cas, :value [3 4], :process 1, :time 170, :index 7, :error :timeout}
"""


def edn(text: str, **meaning: Any) -> History:
    return read_edn(text.splitlines(keepends=True), "h.edn", JepsenMeaning(**meaning))


def test_jepsens_edn_is_read() -> None:
    """A failed compare-and-set is a refusal that was observed, unless it tells an error; the nemesis is a note."""
    write, cas, read, failed = edn(EDN_REGISTER).operations()
    assert (write.argument, write.type, write.call_time_ns) == (3, "ok", 100)
    assert (cas.argument, cas.type, cas.result) == ([3, 4], "ok", False)
    assert (read.type, read.value) == ("ok", None)
    assert (failed.type, failed.error) == ("fail", "timeout")


@pytest.mark.parametrize(
    ("meaning", "cas", "read"),
    [
        ({"failed_cas": "nothing"}, "fail", "ok"),
        ({"failed_cas": "unknown"}, "info", "ok"),
        ({"nil_reads": "nothing"}, "ok", "fail"),
    ],
)
def test_what_jepsens_words_mean_can_be_said(meaning: dict[str, Any], cas: str, read: str) -> None:
    """Recordings differ."""
    operations = edn(EDN_REGISTER, **meaning).operations()
    assert (operations[1].type, operations[2].type) == (cas, read)


def test_a_meaning_that_does_not_exist_is_refused() -> None:
    """With what is allowed."""
    with pytest.raises(UsageError, match="unknown meaning 'obsrvation'; did you mean 'observation'"):
        JepsenMeaning(failed_cas="obsrvation")  # type: ignore[arg-type]


def test_independent_keys_are_taken_out_of_the_values() -> None:
    """A read that is invoked with a pair gives it away."""
    operations = edn(
        """\
{:type :invoke, :f :read, :value [7 nil], :process 0}
{:type :invoke, :f :cas, :value [8 [1 2]], :process 1}
{:type :ok, :f :read, :value [7 3], :process 0}
{:type :ok, :f :cas, :value [8 [1 2]], :process 1}
"""
    ).operations()
    assert [(one.key, one.argument, one.value) for one in operations] == [(7, None, 3), (8, [1, 2], [1, 2])]


def test_the_tag_of_independent_keys_is_enough_to_know_them() -> None:
    """Also where nothing is read."""
    text = """
    {:type :invoke, :f :write, :value #jepsen.independent/tuple [1 3], :process 0}
    {:type :ok, :f :write, :value #jepsen.independent/tuple [1 3], :process 0}"""
    history = read_edn(text.splitlines(), "h.edn", JepsenMeaning())
    assert (history.keys, history.values) == ([1, 1], [3, 3])


def test_transactions_without_a_name_are_transactions() -> None:
    """As in examples of Elle."""
    text = "{:type :invoke, :f nil, :value [[:append :x 1]], :process 0}"
    assert read_edn([text], "h.edn", JepsenMeaning()).fs == ["txn"]


def test_numbers_that_are_none_are_read() -> None:
    """EDN writes them with two hashes."""
    values = [
        read_edn([f"{{:type :invoke, :f :write, :value ##{name}, :process 0}}"], "h.edn", JepsenMeaning()).values[0]
        for name in ("Inf", "-Inf", "NaN")
    ]
    assert list(map(repr, values)) == ["inf", "-inf", "nan"]


def test_transactions_on_lists_are_read() -> None:
    """Keywords become text, at any depth."""
    (txn,) = edn(
        "{:type :invoke, :f :txn, :value [[:append 5 1] [:r 6 nil]], :process 0}\n"
        "{:type :ok, :f :txn, :value [[:append 5 1] [:r 6 [1 2]]], :process 0}\n"
    ).operations()
    assert txn.argument == [["append", 5, 1], ["r", 6, None]]
    assert txn.value == [["append", 5, 1], ["r", 6, [1, 2]]]


@pytest.mark.parametrize(
    "text",
    [
        '#jepsen.history.Op{:index 0, :time 1, :type :invoke, :process 0, :f :write, :value "a, :b {c"}',
        '{:type :invoke :f :write :process 0 :value "a, :b {c" }',
        '[{:type :invoke, :f :write, :process 0, :value "a, :b {c"}]',
        '[\n{:type :invoke,\n :f :write, :process 0,\n :value "a, :b {c"}\n]',
        '; a comment\n\n{:f :write, :value #my/tag "a, :b {c", :process 0, :type :invoke, :clock {:n1 #{1 2}}}',
        '[{:type :invoke, :f :write, :process 0, :value "a, :b {c"} {:type :info, :process :nemesis, :f :x}]',
    ],
)
def test_edn_may_be_written_in_other_ways(text: str) -> None:
    """Tags, no commas, vectors, several lines, several on one, comments, nested maps and sets."""
    (write,) = edn(text).operations()
    assert (write.f, write.argument, write.process) == ("write", "a, :b {c", 0)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.sampled_from(["append", "r", "x-y"]),
        lambda inner: st.lists(inner, max_size=3),
    )
)
def test_the_short_way_reads_what_the_complete_reader_reads(value: Any) -> None:
    """Both give the same values."""
    from chaoslab.history.edn import _fast, _slow

    def printed(one: Any) -> str:
        if isinstance(one, list):
            return "[" + " ".join(map(printed, one)) + "]"
        return (
            {None: "nil", True: "true", False: "false"}[one]
            if one is None or isinstance(one, bool)
            else (f":{one}" if isinstance(one, str) else str(one))
        )

    line = f"{{:type :ok, :f :read, :value {printed(value)}, :process 3}}"
    assert _fast(line) == _slow(line) == {"type": "ok", "f": "read", "value": value, "process": 3}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("{:type :invoke, :f :read, :process 0}\n{:type :ok, :f", 2, "ends in the middle"),
        ("{:type :invoke, :f :read}", 1, "needs :process"),
        ("{:type :invok, :f :read, :process 0}", 1, "did you mean 'invoke'"),
        ('{:type :invoke, :f :read, :process 0, :value "}', 1, ""),
        ("{:type :ok, :f :read, :process 0}", 1, "never invoked"),
        ("{:type :invoke, :f :r, :process 0, :index 3}\n{:type :ok, :f :r, :process 0, :index 3}", 2, "in order"),
        ("{:type :invoke, :f :read, :process 0, :value [1 }", 1, "not EDN"),
    ],
)
def test_a_damaged_edn_line_is_named(text: str, line: int, words: str) -> None:
    """File, line and what is wrong."""
    with pytest.raises(HistoryError) as error:
        edn(text)
    assert (error.value.file, error.value.line) == ("h.edn", line)
    assert words in error.value.message


def test_a_file_with_only_notes_is_no_history(tmp_path: Path) -> None:
    """What the nemesis did says nothing of what clients saw: that is not "everything holds"."""
    path = written(tmp_path, {"process": "nemesis", "type": "info", "f": "kill"})
    with pytest.raises(HistoryError, match="there is no operation of the format jsonl in it"):
        read_history(path)


def test_a_mark_at_the_beginning_and_lines_of_windows_are_read(tmp_path: Path) -> None:
    """The file is the same history with them."""
    plain = written(tmp_path, CALL, RETURN)
    marked = tmp_path / "marked"
    marked.write_bytes(b"\xef\xbb\xbf" + plain.read_bytes().replace(b"\n", b"\r\n"))
    assert list(read_history(marked)) == list(read_history(plain))


@pytest.mark.parametrize("joint", ["", "\n"])
def test_an_array_of_json_is_told_apart_from_edn(tmp_path: Path, joint: str) -> None:
    """Both begin with a bracket; the sentence says what is wanted."""
    path = tmp_path / "h.json"
    path.write_text(f"[{joint}{json.dumps(CALL)},{joint}{json.dumps(RETURN)}{joint}]\n")
    with pytest.raises(HistoryError, match="JSON Lines has one event a line"):
        read_history(path)


@pytest.mark.skipif(sys.platform == "win32", reason="has no named pipes")
def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    """As in ``chaoslab check <(zcat history.gz)``: its format is recognised all the same."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    content = written(tmp_path, CALL, RETURN).read_text()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(path.write_text, content)
        assert len(read_history(path)) == 2


def test_a_log_of_jepsen_that_was_cut_off_is_refused() -> None:
    """The line is of a process, so it is not another logger's."""
    from chaoslab.history.jepsen_log import read_jepsen_log

    lines = ["INFO  jepsen.util - 0\t:invoke\t:read\tnil\n", "INFO  jepsen.util - 0\t:ok\t:re"]
    with pytest.raises(HistoryError, match="log:2: this event is not whole"):
        read_jepsen_log(lines, "log", JepsenMeaning())


def test_a_kv_log_with_a_broken_escape_is_refused() -> None:
    """Its texts are as those of JSON."""
    from chaoslab.history.kv_log import read_kv_log

    line = r'{:process 0, :type :invoke, :f :get, :key "\q", :value nil}'
    with pytest.raises(HistoryError, match=r"log:1: .* begins no escape"):
        read_kv_log([line], "log")


def test_when_an_operation_was_due_is_kept() -> None:
    """Written where an invocation had to wait for its client, and nowhere else."""
    history = History()
    history.invoke(0, "read", "x", time_ns=30, due_ns=10)
    history.complete(0, "ok", 1, time_ns=40)
    history.invoke(0, "read", "x", time_ns=50, due_ns=50)
    out = io.StringIO()
    write_jsonl(history, out)
    first, *others = out.getvalue().splitlines()
    assert '"due": 10' in first
    assert not any("due" in line for line in others)
    assert read_jsonl(out.getvalue().splitlines(keepends=True), "memory").due_ns == {0: 10}
