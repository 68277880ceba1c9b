"""Syncs under way: of a file's content, and of the names in a folder.

A sync ends when its ``end`` is called. ``end`` returns False, and does nothing, if a crash came in between; it raises
``DiskError`` if a fault lets the sync fail. Of a sync that failed the writes count as clean: another sync does not try
them again (that is what Linux does).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaoslab.storage.device import settle_on_device
from chaoslab.storage.file import File
from chaoslab.storage.rules import DiskError

if TYPE_CHECKING:
    from chaoslab.storage.disk import Disk

__all__ = ["FileSync", "FolderSync"]


class FileSync:
    """A sync of one file's writes up to *sequence*, and of the name under which it was made."""

    __slots__ = ("_disk", "_file", "_generation", "_path", "_sequence")

    def __init__(self, disk: Disk, file: File, path: str, sequence: int) -> None:
        self._disk = disk
        self._file = file
        self._path = path
        self._sequence = sequence
        self._generation = disk.generation

    def end(self) -> bool:
        """The device is done."""
        disk, file = self._disk, self._file
        if self._generation != disk.generation:
            return False
        if disk.rules:
            if not self._settle_by_rules():
                return True
        else:
            file.settle(file.take_until(self._sequence))
        if file.name_pending:
            disk.names.commit_file(file)
        return True

    def _settle_by_rules(self) -> bool:
        """Settle the writes as the rules let it be; return False if they only say so."""
        disk, file, path = self._disk, self._file, self._path
        try:
            for rule in disk.rules:
                rule.attempt("fsync", path)
        except DiskError:
            file.take_until(self._sequence)
            raise
        if True in [rule.lies(path) for rule in disk.rules]:
            return False
        settle_on_device(disk, file, path, file.take_until(self._sequence))
        return True


class FolderSync:
    """A sync of the names in one folder."""

    __slots__ = ("_disk", "_folder", "_generation")

    def __init__(self, disk: Disk, folder: str) -> None:
        self._disk = disk
        self._folder = folder
        self._generation = disk.generation

    def end(self) -> bool:
        """The device is done."""
        disk, folder = self._disk, self._folder
        if self._generation != disk.generation:
            return False
        for rule in disk.rules:
            rule.attempt("fsync", folder)
        if True not in [rule.lies(folder) for rule in disk.rules]:
            disk.names.commit_folder(folder)
        return True
