"""The device under a disk that has rules: where reads and writes go sector by sector, and each may meet a fault.

Rules:

1. What is not synced is in memory: no rule touches it. Everything else may have to be read from the device.
2. What a rule sends to another place is missing at its own, and reads show both at once: the cache holds nothing that
   the device does not.

Disks without rules do not come here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from chaoslab.storage.file import SECTOR_BYTES, File, Write, pieces, sectors_of, sectors_touched
from chaoslab.storage.rules import DiskError

if TYPE_CHECKING:
    from chaoslab.storage.disk import Disk

__all__ = ["FilesAtStart", "read_from_device", "settle_on_device"]


def read_from_device(disk: Disk, file: File, path: str, offset: int, stop: int) -> bytes:
    """Return the bytes from *offset* to *stop*, as the rules of *disk* let them be found.

    Raises:
        DiskError: a sector cannot be read.
    """
    found = bytearray(file.content[offset:stop])
    in_memory = {number for write in file.unsynced for number in sectors_touched(write)}
    for number in sectors_of(offset, stop - offset):
        if number in in_memory:
            continue
        start = number * SECTOR_BYTES
        data = bytes(file.content[start : start + SECTOR_BYTES])
        for rule in disk.rules:
            data = rule.sector(disk, file, path, number, data)
        first, last = max(offset, start), min(stop, start + len(data))
        found[first - offset : last - offset] = data[first - start : last - start]
    return bytes(found)


def settle_on_device(disk: Disk, file: File, path: str, writes: list[Write]) -> None:
    """Make *writes* durable sector by sector, where the rules of *disk* let them go."""
    file.settle([])
    strayed = False
    for write in writes:
        for piece in pieces(write):
            if True in [rule.settle(disk, file, path, piece) for rule in disk.rules]:
                strayed = True
                continue
            file.settle([piece])
            sectors = sectors_touched(piece)
            for rule in disk.rules:
                rule.settled(file, sectors[0], sectors[-1])
    if strayed:
        file.show_device()


class FilesAtStart(Mapping[str, bytes]):
    """The files of a disk with rules, as a program finds them that reads each once, at once, to its end.

    Looking up a file that could not be read raises ``DiskError``.
    """

    def __init__(self, disk: Disk) -> None:
        self._found: dict[str, bytes | DiskError] = {}
        for path, file in disk.files.items():
            try:
                for rule in disk.rules:
                    rule.attempt("read", path)
                self._found[path] = read_from_device(disk, file, path, 0, len(file.content))
            except DiskError as error:
                self._found[path] = error

    def __getitem__(self, path: str) -> bytes:
        found = self._found[path]
        if isinstance(found, DiskError):
            raise DiskError(*found.args, found.filename)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
