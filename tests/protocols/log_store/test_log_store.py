"""A log store, rule by rule: what stands in its server, segments and topics."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from chaoslab.errors import UsageError
from chaoslab.statemachine import (
    Become,
    Context,
    Effect,
    Effects,
    Invocation,
    Persist,
    Remove,
    Rename,
    Request,
    Response,
    Send,
    SetTimer,
    Sync,
    Truncate,
    Write,
)
from chaoslab_protocols.log_store.client import home_of
from chaoslab_protocols.log_store.server import DAMAGED, DISK_FULL, SERVING, Server
from chaoslab_protocols.log_store.settings import Settings

SEGMENT = "segment.000001"


class Node:
    """A server whose disk is a dict; what it writes is durable at once, and timers of no length run out at once."""

    def __init__(self, files: dict[str, bytes] | None = None, *, segment: int = 10_000) -> None:
        self.files = files if files is not None else {}
        self.settings = Settings(segment_bytes=segment)
        self.numbers: dict[str, int] = {}
        self.restart()

    def restart(self) -> None:
        self.server = Server(
            Context(
                name="n1",
                nodes=("n1",),
                settings=self.settings,
                files=dict(self.files),
                wall_time=lambda: 0.0,
                monotonic_time=lambda: 0.0,
                home="n1",
            )
        )
        self.started = self.did(self.server.start())

    def did(self, effects: Effects) -> list[Effect]:
        done: list[Effect] = []
        for effect in effects or ():
            done.append(effect)
            match effect:
                case Persist() | Write():
                    before = self.files.get(effect.path, b"") if effect.append else b""
                    self.files[effect.path] = before + effect.data
                case Rename():
                    self.files[effect.to] = self.files.pop(effect.path)
                case Remove():
                    self.files.pop(effect.path, None)
                case Truncate():
                    self.files[effect.path] = self.files[effect.path][: effect.size]
                case SetTimer(name=name):
                    done += self.did(self.server.timer(name))
        return done

    def ask(self, f: str, value: Any = None, *, key: str = "q", client: str = "c1", number: int | None = None) -> Any:
        """Return the answer to *client*'s next command, or that of *number*."""
        number = number or self.numbers.get(client, 0) + 1
        self.numbers[client] = number
        request = Request(number, Invocation(f=f, key=key, value=value))
        answers = [one.message for one in self.did(self.server.message(client, request)) if isinstance(one, Send)]
        return answers[0] if answers else None

    def body(self, f: str, value: Any = None, **more: Any) -> Any:
        return self.ask(f, value, **more).body


def test_a_queue_gives_out_what_came_first() -> None:
    """Enqueues are answered with an offset, dequeues with the entry at the consumer's, or None."""
    node = Node()
    assert [node.body("enqueue", 7), node.body("enqueue", 8)] == [0, 1]
    assert [node.body("dequeue"), node.body("dequeue"), node.body("dequeue")] == [7, 8, None]


def test_a_log_is_read_whole_and_topics_have_nothing_to_do_with_each_other() -> None:
    """An offset counts the entries of its own topic."""
    node = Node()
    assert [node.body("append", 1), node.body("append", 2, key="other"), node.body("append", 3)] == [0, 0, 1]
    assert node.body("read") == (1, 3)


def test_a_command_is_durable_before_it_takes_effect() -> None:
    """Behind the record of a batch stands a timer of no length; only when that runs out is anything changed."""
    node = Node()
    node.ask("append", 1)
    effects = node.server.message("c2", Request(1, Invocation(f="append", key="q", value=2))) or ()
    persist, timer = (one for one in effects if isinstance(one, Persist | SetTimer))
    assert isinstance(persist, Persist)
    assert timer == SetTimer("durable", 0.0)
    assert node.server.topics.read("q") == (1,)
    assert Send("c2", Response(1, 1)) in (node.server.timer("durable") or ())
    assert node.server.topics.read("q") == (1, 2)


def test_what_comes_while_a_batch_is_written_is_the_next_batch() -> None:
    """Group commit: one record, and so all or nothing."""
    node = Node()
    node.ask("append", 1)
    requests = [(f"c{number}", Request(1, Invocation(f="append", key="q", value=number))) for number in (2, 3, 4)]
    effects = [node.server.message(*request) for request in requests]
    assert [bool(one) for one in effects] == [True, False, False]
    following = [one for one in node.server.timer("durable") or () if isinstance(one, Persist)]
    assert [one.data.count(b"append") for one in following] == [2]


def test_a_restart_finds_everything_that_was_answered() -> None:
    """Entries, the consumer's offset, and what each client was answered last."""
    node = Node()
    for value in (1, 2, 3):
        node.ask("enqueue", value)
    node.ask("dequeue")
    node.restart()
    assert node.body("read") == (2, 3)


def test_a_command_that_is_asked_for_again_is_answered_and_not_carried_out_again() -> None:
    """Exactly once, also across a restart: the answer is kept with the effect."""
    node = Node()
    node.ask("enqueue", 1)
    node.ask("enqueue", 2)
    assert node.body("dequeue", number=3) == 1
    assert node.body("dequeue", number=3) == 1
    node.restart()
    assert node.body("dequeue", number=3) == 1
    assert node.body("dequeue") == 2


def test_a_command_older_than_the_last_is_ignored() -> None:
    """A late copy of it must not be carried out after what came later."""
    node = Node()
    node.ask("append", 1)
    node.ask("append", 2)
    assert node.ask("append", 1, number=1) is None
    assert node.body("read", number=9) == (1, 2)


@pytest.mark.parametrize("cut", range(1, 43))
def test_a_record_that_was_cut_short_at_the_end_is_cut_off(cut: int) -> None:
    """Wherever it was torn, also directly before its end: it was never answered for."""
    node = Node()
    node.ask("append", 1)
    whole = node.files[SEGMENT]
    node.ask("append", 2)
    assert len(node.files[SEGMENT]) - len(whole) == 43
    node.files[SEGMENT] = node.files[SEGMENT][:-cut]
    node.restart()
    assert Truncate(SEGMENT, len(whole)) in node.started
    assert node.files[SEGMENT] == whole
    assert node.body("append", 3, client="c2") == 1
    node.restart()
    assert node.body("read", number=9) == (1, 3)


def test_a_record_whose_beginning_is_missing_at_the_end_is_cut_off() -> None:
    """Sectors are written in any order, so the end of the last record may be there and its beginning not."""
    node = Node()
    node.ask("append", 1)
    whole = node.files[SEGMENT]
    node.ask("append", 2)
    node.files[SEGMENT] = whole + bytes(20) + node.files[SEGMENT][len(whole) + 20 :]
    node.restart()
    assert node.files[SEGMENT] == whole


def test_what_was_read_at_the_start_is_synced_before_anything_is_served() -> None:
    """A process that died may leave what is not durable, and the next power cut takes it."""
    node = Node()
    node.ask("append", 1)
    node.restart()
    assert node.started == [Sync(SEGMENT), Become(SERVING)]


def test_damage_in_the_middle_is_refused() -> None:
    """Whoever skips a record serves a past that never was."""
    node = Node()
    for value in (1, 2, 3):
        node.ask("append", value)
    content = bytearray(node.files[SEGMENT])
    content[content.index(b"append")] ^= 1
    node.files[SEGMENT] = bytes(content)
    node.restart()
    assert Become(DAMAGED) in node.started
    assert node.ask("read").error == f"the log is damaged: {SEGMENT} is damaged in the middle"


def full_of_segments() -> Node:
    """Return a node whose entries stand in several segments."""
    node = Node(segment=300)
    for value in range(20):
        node.ask("append", value)
    assert len(node.files) > 2
    return node


def test_a_log_goes_on_in_the_next_segment_and_is_read_from_all() -> None:
    """A restart reads them in their order."""
    node = full_of_segments()
    node.restart()
    assert node.body("read") == tuple(range(20))
    assert node.body("append", 20) == 20


def test_a_segment_comes_into_being_whole() -> None:
    """It is written beside, synced, renamed, and the folder is synced (Pillai et al. 2014, section 4)."""
    node = Node()
    made = node.server.message("c1", Request(1, Invocation(f="append", key="q", value=1))) or ()
    write, sync, rename, folder = made[:4]
    assert isinstance(write, Write)
    assert [sync, rename, folder] == [Sync(f"{SEGMENT}.new"), Rename(f"{SEGMENT}.new", SEGMENT), Sync("")]


def test_a_segment_that_was_never_renamed_is_removed() -> None:
    """Nothing in it was answered for."""
    node = full_of_segments()
    node.files["segment.000099.new"] = b"half a beg"
    node.restart()
    assert Remove("segment.000099.new") in node.started
    assert node.body("read") == tuple(range(20))


def test_segments_whose_entries_were_all_taken_are_removed() -> None:
    """A queue's disk does not grow for ever."""
    node = Node(segment=300)
    for value in range(60):
        node.ask("enqueue", value)
        assert node.body("dequeue") == value
    assert len(node.files) <= 2
    node.restart()
    assert node.body("enqueue", 60) == 60


@pytest.mark.parametrize("what", ["missing", "damaged", "torn"])
def test_an_older_segment_that_is_missing_or_damaged_is_refused(what: str) -> None:
    """It was complete when the next one began, so even a torn end is damage."""
    node = full_of_segments()
    content = node.files.pop(SEGMENT)
    if what == "damaged":
        node.files[SEGMENT] = content.replace(b"append", b"appenD", 1)
    if what == "torn":
        node.files[SEGMENT] = content[:-3]
    node.restart()
    assert Become(DAMAGED) in node.started


def test_a_full_disk_refuses_and_leaves_no_half_record() -> None:
    """What the failed write has left is cut off, durably, before anybody is told."""
    node = Node()
    node.ask("append", 1)
    size = len(node.files[SEGMENT])
    node.server.message("c2", Request(1, Invocation(f="append", key="q", value=2)))
    effects = node.server.disk_error(SEGMENT, OSError(errno.ENOSPC, "full"))
    assert [one for one in effects or () if isinstance(one, Truncate | Sync | Send)] == [
        Truncate(SEGMENT, size),
        Sync(SEGMENT),
        Send("c2", Response(1, error=DISK_FULL)),
    ]
    assert node.body("append", 2, client="c2", number=1) == 1


def test_a_failed_sync_is_not_tried_again() -> None:
    """The error is raised, and the node panics: what the disk has is only known to the next life."""
    node = Node()
    node.ask("append", 1)
    node.server.message("c2", Request(1, Invocation(f="append", key="q", value=2)))
    with pytest.raises(OSError, match="broken"):
        node.server.disk_error(SEGMENT, OSError(errno.EIO, "broken"))


def test_a_topic_lives_on_one_node_whoever_asks() -> None:
    """By its name alone."""
    nodes = ("n1", "n2", "n3")
    assert {home_of(f"k{number}", nodes) for number in range(20)} == set(nodes)
    assert home_of("k1", nodes) == home_of("k1", nodes)


@pytest.mark.parametrize(("key", "settings"), [("segment", {"segment_bytes": 0}), ("batch", {"batch": 0})])
def test_settings_that_make_no_sense_are_refused(key: str, settings: dict[str, int]) -> None:
    """With the name of the setting."""
    with pytest.raises(UsageError) as refused:
        Settings(**settings)
    assert refused.value.key == key
