"""Open files over a simulated disk, against the operating system itself: the same calls have the same outcomes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoslab.storage import Descriptors, Disk, DiskRule

NAMES = ("a", "b", "f", "f/a", "f/b", "g/a", ".")
FLAGS = (
    os.O_RDONLY, os.O_RDWR, os.O_WRONLY | os.O_CREAT, os.O_RDWR | os.O_CREAT | os.O_TRUNC,
    os.O_WRONLY | os.O_CREAT | os.O_EXCL, os.O_WRONLY | os.O_CREAT | os.O_APPEND, os.O_RDONLY | os.O_DIRECTORY,
)  # fmt: skip

names = st.sampled_from(NAMES)
which = st.integers(0, 5)
small = st.integers(0, 12)
calls = st.one_of(
    st.tuples(st.just("open"), names, st.sampled_from(FLAGS)),
    st.tuples(st.just("close"), which),
    st.tuples(st.just("read"), which, small),
    st.tuples(st.just("write"), which, st.binary(min_size=1, max_size=5)),
    st.tuples(st.just("pread"), which, small, small),
    st.tuples(st.just("pwrite"), which, st.binary(min_size=1, max_size=5), small),
    st.tuples(st.just("lseek"), which, st.integers(-3, 12), st.sampled_from((0, 1, 2))),
    st.tuples(st.just("ftruncate"), which, small),
    st.tuples(st.just("truncate"), names, small),
    st.tuples(st.sampled_from(("unlink", "rmdir", "mkdir", "listdir", "stat")), names),
    st.tuples(st.sampled_from(("rename", "replace")), names, names),
)


class OperatingSystem:
    """The real calls, in a folder of their own."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            inside = [f"{self.folder}/{one}" if isinstance(one, str) else one for one in arguments]
            return getattr(os, name)(*inside)

        return call


def outcomes(system: Any, sequence: list[tuple[Any, ...]]) -> list[Any]:
    """Make the calls, and return what came of each."""
    opened: list[int] = []
    found: list[Any] = []
    for name, first, *rest in sequence:
        of_descriptor = isinstance(first, int)
        if of_descriptor and not opened:
            continue
        target = opened[first % len(opened)] if of_descriptor else first
        if name == "lseek" and system.stat(target).st_mode & 0o040000:
            continue  # what a position in a folder means is the file system's secret
        try:
            result = getattr(system, name)(target, *rest)
        except OSError as error:
            result = error.errno
        else:
            if name == "open":
                opened.append(result)
                result = len(opened)
            elif name == "close":
                opened.remove(target)  # the operating system gives the number to another file
            elif name == "listdir":
                result = sorted(result)
            elif name == "stat":
                is_folder = bool(result.st_mode & 0o040000)
                result = is_folder or result.st_size
        found.append((name, first, *rest, result))
    for descriptor in opened:
        system.close(descriptor)
    return found


def names_a_folder_in_a_way_that_is_left_out(sequence: list[tuple[Any, ...]]) -> bool:
    """Renaming folders and the root has error numbers that differ between file systems."""
    return any(name in ("rename", "replace") and {"f", "."} & set(rest) for name, *rest in sequence) or any(
        call[:2] in (("rmdir", "."), ("unlink", ".")) for call in sequence
    )


@given(st.lists(calls, max_size=30).filter(lambda sequence: not names_a_folder_in_a_way_that_is_left_out(sequence)))
def test_calls_have_the_outcomes_of_the_operating_system(sequence: list[tuple[Any, ...]]) -> None:
    """Results and error numbers, for files that are renamed, removed and cut while they are open, and for folders."""
    with tempfile.TemporaryDirectory() as folder:
        expected = outcomes(OperatingSystem(folder), sequence)
    system = Descriptors(Disk(), lambda: True, lambda path: None, folder="/work")
    assert outcomes(system, sequence) == expected


def test_paths_lead_to_the_programs_folder() -> None:
    """Relative ones, and absolute ones that lead there; what lies elsewhere keeps its name."""
    system = Descriptors(Disk(), lambda: True, lambda path: None, folder="/srv/app")
    found = [
        system.place(path) for path in ("log", "/srv/app/log", "../app/./log", Path("log"), b"log", "/var/log", ".")
    ]
    assert found == ["log", "log", "log", "log", "log", "var/log", ""]


class Room(DiskRule):
    """A device with room for so many bytes more."""

    def __init__(self, left: int) -> None:
        self.left = left

    def room(self, path: str, growth: int) -> int:
        return min(self.left, growth)

    def grew(self, size: int) -> None:
        self.left -= size


def test_a_full_disk_tells_how_much_it_took_and_fails_when_it_takes_nothing() -> None:
    """Whoever writes the rest once there is room has written everything once."""
    disk, room = Disk(), Room(4)
    disk.add_rule(room)
    system = Descriptors(disk, lambda: True, lambda path: None, folder="/work")
    log = system.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    assert system.write(log, b"abcdef") == 4
    with pytest.raises(OSError, match="No space left"):
        system.write(log, b"ef")
    room.left = 10
    assert system.write(log, b"ef") == 2
    assert disk.read("log") == b"abcdef"
