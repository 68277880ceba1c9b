"""One file of a simulated disk: what can be read now, and what would be left after a power cut.

Rules:

1. A write has a place in the file, decided when it is made: appending means "at the end of what can be read now".
2. ``durable`` is what the device holds, ``unsynced`` what it does not hold yet, ``content`` both together.
3. When a write is lost and a later one is not, the gap between them reads as zeros, as on a real file system.

This file does not know names, folders or faults.
"""

from __future__ import annotations

import itertools
from typing import Final

from chaoslab.sim.process import EPOCH_NS

__all__ = ["SECTOR_BYTES", "File", "Write", "carry_out", "pieces", "sectors_of", "sectors_touched"]

SECTOR_BYTES: Final = 512
"""What the device reads and writes at once. Sectors are counted from the beginning of each file."""


Write = tuple[int, int, bytes | None]
"""A change of a file's content: (sequence, offset, data). Without data the file ends at *offset* from then on.

The sequence counts the writes of one disk, over all its files. A plain tuple, as one is made for every write.
"""


class File:
    """One file, whatever it is called.

    Attributes:
        number: Tells it from the other files of its disk, for ever: files are renamed, numbers are not used again.
        content: What a read returns if the device is honest.
        durable: What the device holds; None if it does not know of the file.
        unsynced: The writes since the last sync, oldest first.
        name_pending: Its name came about after the last commit of the folder's names.
        modified_ns: When a program last changed it, by the program's wall clock. Crashes do not know of it.
    """

    __slots__ = ("content", "durable", "modified_ns", "name_pending", "number", "unsynced")

    def __init__(self, number: int) -> None:
        self.number = number
        self.content = bytearray()
        self.durable: bytearray | None = None
        self.unsynced: list[Write] = []
        self.name_pending = True
        self.modified_ns = EPOCH_NS

    def write(self, sequence: int, offset: int, data: bytes) -> None:
        """Put *data* at *offset*. Cost: O(len(data))."""
        write = (sequence, offset, data)
        carry_out(self.content, write)
        self.unsynced.append(write)

    def truncate(self, sequence: int, size: int) -> None:
        """Let the file end at *size*; if it is shorter, zeros are added."""
        write = (sequence, size, None)
        carry_out(self.content, write)
        self.unsynced.append(write)

    def take_until(self, sequence: int) -> list[Write]:
        """Remove the unsynced writes up to *sequence* from the list, and return them."""
        unsynced = self.unsynced
        if unsynced and unsynced[-1][0] <= sequence:  # nothing was written since: the usual case
            self.unsynced = []
            return unsynced
        count = sum(1 for write in unsynced if write[0] <= sequence)
        self.unsynced = unsynced[count:]
        return unsynced[:count]

    def settle(self, writes: list[Write]) -> None:
        """Make *writes* durable. Cost: O(bytes written)."""
        if self.durable is None:
            self.durable = bytearray()
        for write in writes:
            carry_out(self.durable, write)

    def show_device(self) -> None:
        """Let reads see what the device holds, and the unsynced writes on top of it."""
        self.content = bytearray(self.durable or b"")
        for write in self.unsynced:
            carry_out(self.content, write)


def carry_out(content: bytearray, write: Write) -> None:
    """Change *content* as *write* says."""
    _, offset, data = write
    size = len(content)
    if data is None:
        if offset < size:
            del content[offset:]
        else:
            content += bytes(offset - size)
    elif offset == size:
        content += data
    else:
        if offset > size:
            content += bytes(offset - size)
        content[offset : offset + len(data)] = data


def pieces(write: Write) -> list[Write]:
    """Return *write* as the device sees it: cut at the boundaries of sectors, in order."""
    sequence, offset, data = write
    if not data:
        return [write]
    end = offset + len(data)
    cuts = [offset, *range(offset - offset % SECTOR_BYTES + SECTOR_BYTES, end, SECTOR_BYTES), end]
    return [(sequence, start, data[start - offset : stop - offset]) for start, stop in itertools.pairwise(cuts)]


def sectors_of(offset: int, size: int) -> range:
    """Return the numbers of the sectors in which *size* bytes at *offset* are."""
    return range(offset // SECTOR_BYTES, -(-(offset + size) // SECTOR_BYTES))


def sectors_touched(write: Write) -> range:
    """Return the numbers of the sectors that *write* changes; where a file is cut, the one of its end."""
    return sectors_of(write[1], len(write[2] or b" "))
