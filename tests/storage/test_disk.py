"""The simulated disk: what a power cut takes, and what it leaves."""

from __future__ import annotations

import pytest

from chaoslab.choices import Choices
from chaoslab.errors import ConsistencyViolation, LimitExceeded, UsageError
from chaoslab.storage import KEEP_UNSYNCED, CrashMode, Disk, check_recovery, crash_states


def _sync(disk: Disk, path: str) -> None:
    assert disk.begin_sync(path)()


def test_a_write_can_be_read_at_once() -> None:
    """The page cache serves what is not durable yet."""
    disk = Disk()
    disk.write("a", b"one")
    disk.write("a", b"two", append=True)
    assert disk.read("a") == b"onetwo"


def test_a_crash_loses_what_was_not_synced() -> None:
    """A file that was never synced is gone; a synced one has its synced content."""
    disk = Disk()
    disk.write("never", b"x")
    disk.write("a", b"old")
    _sync(disk, "a")
    disk.write("a", b"new")
    disk.crash()
    assert disk.contents() == {"a": b"old"}


def test_a_sync_covers_only_the_writes_before_its_call() -> None:
    """What is written while a sync is under way is not durable when it ends."""
    disk = Disk()
    disk.write("a", b"1")
    end = disk.begin_sync("a")
    disk.write("a", b"2", append=True)
    assert end()
    disk.crash()
    assert disk.read("a") == b"1"


def test_a_sync_that_a_crash_interrupts_never_ends() -> None:
    """Its end, should somebody still call it, has no effect on the next life's files."""
    disk = Disk()
    disk.write("a", b"1")
    end = disk.begin_sync("a")
    disk.crash()
    disk.write("a", b"2")
    assert not end()
    disk.crash()
    assert disk.read("a") == b""


def test_a_crash_of_the_process_alone_loses_nothing() -> None:
    """The operating system lives on and has the page cache."""
    disk = Disk()
    disk.write("a", b"1")
    disk.crash(mode=KEEP_UNSYNCED)
    assert disk.contents() == {"a": b"1"}
    disk.crash()
    assert disk.contents() == {"a": b"1"}


def test_replacing_a_file_writes_over_it_in_place() -> None:
    """So a torn write leaves a mixture of old and new, byte for byte or sector by sector."""
    disk = Disk()
    disk.write("a", b"old!" * 200)
    _sync(disk, "a")
    disk.write("a", b"new." * 200)
    torn = crash_states(disk, CrashMode(torn=0.5, torn_at="sector"))
    assert torn == ({"a": b"old!" * 200}, {"a": b"new." * 128 + b"old!" * 72})
    assert len(crash_states(disk, CrashMode(torn=0.5, torn_at="byte"))) == 800


def test_a_lost_write_below_a_kept_one_leaves_zeros() -> None:
    """As a hole in a file."""
    disk = Disk()
    disk.write("a", b"12", append=True)
    disk.write("a", b"34", append=True)
    states = crash_states(disk, CrashMode(lost=0.5, reordered=True))
    assert states == ({}, {"a": b"\0\x0034"}, {"a": b"12"}, {"a": b"1234"})


def test_in_order_a_crash_leaves_a_beginning_of_all_writes() -> None:
    """Over all files: what was written later is not there without what was written before."""
    disk = Disk()
    disk.write("a", b"1", append=True)
    disk.write("b", b"2", append=True)
    disk.write("a", b"3", append=True)
    states = crash_states(disk, CrashMode(lost=0.5))
    assert states == ({}, {"a": b"1"}, {"a": b"1", "b": b"2"}, {"a": b"13", "b": b"2"})


def test_renames_are_journaled_unless_the_mode_loses_them() -> None:
    """By default they survive a crash; otherwise a beginning of them does, up to the last sync of the folder."""
    disk = Disk()
    for path in ("a", "b"):
        disk.write(path, path.encode())
        _sync(disk, path)
    disk.rename("a", "c")
    disk.begin_sync("")()
    disk.rename("b", "d")
    disk.remove("c")
    assert crash_states(disk, CrashMode()) == ({"d": b"b"},)
    assert crash_states(disk, CrashMode(renames_lost=0.5)) == (
        {"b": b"b", "c": b"a"},
        {"c": b"a", "d": b"b"},
        {"d": b"b"},
    )


def test_a_folder_is_there_while_a_file_is_in_it() -> None:
    """Nobody makes folders; a folder can be renamed as a whole, and listed."""
    disk = Disk()
    disk.write("logs/1", b"x")
    disk.write("logs/old/0", b"y")
    disk.write("state", b"z")
    assert disk.list() == ("logs/", "state")
    assert disk.list("logs") == ("1", "old/")
    disk.rename("logs", "kept")
    assert disk.list() == ("kept/", "state")
    assert disk.read("kept/old/0") == b"y"
    disk.remove("kept/1")
    disk.remove("kept/old/0")
    assert disk.list() == ("state",)


@pytest.mark.parametrize("path", ["", "logs", "state/1", "/a", "a/", "a//b"])
def test_what_cannot_be_the_name_of_a_file_is_an_oserror(path: str) -> None:
    """A folder, something inside a file, or no path at all, as on any system."""
    disk = Disk()
    disk.write("logs/1", b"x")
    disk.write("state", b"z")
    with pytest.raises(OSError, match=r"."):
        disk.write(path, b"x")
    with pytest.raises(OSError, match=r"."):
        disk.rename("logs/1", path)
    assert disk.contents() == {"logs/1": b"x", "state": b"z"}


def test_too_many_crash_states_are_refused_not_cut_off() -> None:
    """A part of the answer would look like the answer."""
    disk = Disk()
    for number in range(20):
        disk.write("a", bytes([number]), append=True)
    with pytest.raises(LimitExceeded, match=r"more than 10000 ways: 20 writes"):
        crash_states(disk)
    assert len(crash_states(disk, CrashMode(lost=0.5))) == 21


def test_recovery_is_tried_from_every_crash_state() -> None:
    """A reader that trusts a record's length is caught by a torn one; one that checks the sum is not."""

    def disk() -> Disk:
        disk = Disk()
        disk.write("log", b"3:abc=%d;" % sum(b"abc"), append=True)
        _sync(disk, "log")
        disk.write("log", b"2:de=%d;" % sum(b"de"), append=True)
        return disk

    def trusting(files: object) -> None:
        for record in files["log"].split(b";")[:-1]:  # type: ignore[index]
            size, _, rest = record.partition(b":")
            assert len(rest.partition(b"=")[0]) == int(size)
        assert files["log"].endswith(b";")  # type: ignore[index]

    def checking(files: object) -> bool:
        return files["log"].startswith(b"3:abc=294;")  # type: ignore[index]

    mode = CrashMode(lost=0.5, torn=0.5)
    assert check_recovery(disk(), checking, mode) == 10
    with pytest.raises(
        ConsistencyViolation, match=r"(?s)from crash state 2 of 10: it raised AssertionError.*log: b'3:abc=294;2'"
    ):
        check_recovery(disk(), trusting, mode)


def test_a_crash_that_leaves_things_to_chance_needs_draws() -> None:
    """A stream of choices; without one it is refused in words."""
    disk = Disk()
    disk.write("a", b"1")
    with pytest.raises(UsageError, match="pass draws"):
        disk.crash(mode=CrashMode(lost=0.5))
    disk.crash(Choices(1).stream("crash"), CrashMode(lost=0.5))


@pytest.mark.parametrize(("name", "value"), [("lost", 1.5), ("torn", -0.1), ("renames_lost", float("nan"))])
def test_a_crash_mode_takes_ratios(name: str, value: float) -> None:
    """From 0 to 1."""
    with pytest.raises(UsageError, match="is not a ratio"):
        CrashMode(**{name: value})  # type: ignore[arg-type]


def test_two_syncs_under_way_settle_what_came_before_each() -> None:
    """The first ends last, and what was written after both began is not durable."""
    disk = Disk()
    disk.write("a", b"1", append=True)
    first = disk.begin_sync("a")
    disk.write("a", b"2", append=True)
    second = disk.begin_sync("a")
    assert second()
    disk.write("a", b"3", append=True)
    assert first()
    disk.crash()
    assert disk.read("a") == b"12"


def test_the_journal_of_names_is_bounded() -> None:
    """A program that never syncs its folder does not fill the memory: the oldest changes are committed."""
    disk = Disk()
    for number in range(1000):
        disk.write(f"{number}.tmp", b"x")
        disk.rename(f"{number}.tmp", "state")
    assert len(disk.names.journal) == 256
