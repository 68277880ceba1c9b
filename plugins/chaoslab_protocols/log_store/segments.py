"""The disk: a write-ahead log in segments, from which a node takes up what it was.

Rules:

1. A record is a line with a checksum (see ``chaoslab_protocols.records``). A segment is a file of them::

       ["segment", number, oldest, checkpoint]       what is true where the segment begins; only the first record
       ["batch", [client, number, f, key, value]...]    commands that were made durable, and took effect, together

2. A segment comes into being whole: it is written beside, synced, renamed; then the folder is synced. Only then may the
   ones before it be removed that nobody needs.
3. A batch is one record, so a crash leaves all of it or nothing. Only the last record of the newest segment may be cut
   short: it was never answered for, and is cut off before anything is appended.
4. Any other damage is to what was answered for. It cannot be repaired here, and is not passed over either: whoever
   skips a record serves a past that never was (Rebello et al., "Can applications recover from fsync failures?", ATC
   2020, section 5; Pillai et al., "All file systems are not created equal", OSDI 2014, section 4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import attrs

from chaoslab.statemachine import Effect, Persist
from chaoslab_protocols import records
from chaoslab_protocols.log_store.topics import Command, Topics
from chaoslab_protocols.records import Record

__all__ = ["Recovered", "batch_record", "begin", "path_of", "recover", "save", "size_of"]

_PREFIX = "segment."
Reader = Callable[[bytes], list[Record | None]]


def path_of(number: int) -> str:
    """Return the name of the segment *number*."""
    return f"{_PREFIX}{number:06d}"


def begin(number: int, topics: Topics) -> Record:
    """Return the record with which the segment *number* begins."""
    return ("segment", number, topics.oldest(number), topics.checkpoint())


def batch_record(commands: Sequence[Command]) -> Record:
    """Return the record of *commands*."""
    return ("batch", *([one.client, one.number, *records.operation_written(one.operation)] for one in commands))


def save(number: int, record: Record) -> Persist:
    """Append *record* to the segment *number*; what follows waits until it is durable."""
    return records.append(path_of(number), [record])


def size_of(effects: Sequence[Effect]) -> int:
    """Return how many bytes *effects* write."""
    return sum(len(getattr(effect, "data", b"")) for effect in effects)


@attrs.define
class Recovered:
    """What the segments on a disk say.

    Attributes:
        topics: What was kept.
        number: The number of the newest segment; 0: there is none.
        oldest: The number of the oldest that is needed.
        size: How many bytes of the newest one are good.
        torn: Something that was never answered for stands behind these.
        useless: Files that nobody needs.
        damage: What is wrong, in words, if what was answered for is damaged.
    """

    topics: Topics = attrs.field(factory=Topics)
    number: int = 0
    oldest: int = 1
    size: int = 0
    torn: bool = False
    useless: tuple[str, ...] = ()
    damage: str | None = None


def recover(files: Mapping[str, bytes], topics: type[Topics] = Topics, read: Reader = records.read) -> Recovered:
    """Return what the segments in *files* say.

    Args:
        files: The files of the disk, by name.
        topics: The class of what is kept.
        read: Returns the records in a file's content, None for a damaged one.

    Raises:
        OSError: the disk cannot read one of them.
    """
    found = Recovered(topics())
    named = {int(path[len(_PREFIX) :]): path for path in files if path[len(_PREFIX) :].isdecimal()}
    found.useless = tuple(path for path in files if path not in named.values())
    if not named:
        return found
    found.number = max(named)
    content = files[path_of(found.number)]
    good = content if content.endswith(b"\n") else content[: content.rfind(b"\n") + 1]
    lines = read(good)
    if lines and lines[-1] is None:  # a part of it may be there though its end is: sectors are written in any order
        good = good[: good.rfind(b"\n", 0, -1) + 1]
        del lines[-1]
    found.size, found.torn = len(good), len(good) < len(content)
    if not lines or lines[0] is None:
        found.damage = f"{path_of(found.number)} has no beginning"
        return found
    _, _, found.oldest, newest = lines[0]
    found.useless += tuple(path for number, path in named.items() if number < found.oldest)
    try:
        older = [(number, _whole(number, files, read)) for number in range(found.oldest, found.number)]
        commands = [(number, command) for number, whole in older for command in _commands(whole)]
        first = older[0][1][0][3] if older else newest
        restored = topics.restored(first, commands, newest)
        if restored is None:
            raise _Damaged(f"what stands before {path_of(found.number)} is not complete")
        found.topics = restored
        for command in _commands(_undamaged(found.number, lines)):
            found.topics.apply(command, found.number)
    except _Damaged as damaged:
        found.damage = str(damaged)
    return found


class _Damaged(Exception):
    """What was answered for is damaged, or missing."""


def _whole(number: int, files: Mapping[str, bytes], read: Reader) -> list[Record]:
    """Return the records of the segment *number*, which was complete when the next one began."""
    if path_of(number) not in files:
        raise _Damaged(f"{path_of(number)} is missing")
    return _undamaged(number, read(files[path_of(number)]))


def _undamaged(number: int, lines: Sequence[Record | None]) -> list[Record]:
    whole = [record for record in lines if record is not None]
    if not whole or len(whole) < len(lines):
        raise _Damaged(f"{path_of(number)} is damaged in the middle")
    return whole


def _commands(lines: Sequence[Record]) -> Iterator[Command]:
    """Yield the commands of a segment's records, which begin with that of the segment."""
    for _, *batch in lines[1:]:
        for client, number, *operation in batch:
            yield Command(client, number, records.operation_read(operation))
