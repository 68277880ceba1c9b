"""A simulated disk: honest about what a power cut may take, and able to fail in every way that disks fail.

Rules:

1. A write goes to the page cache: it can be read back at once, and a crash may take it.
2. ``fsync`` of a file makes the writes that came before its call durable, when it ends, not when it begins; and the
   name under which the file was made. ``fsync`` of a folder makes the names in it durable: renames and removals.
3. A crash leaves what is durable, and of the rest what its ``CrashMode`` says. By default unsynced writes are lost, and
   changes of names survive because they are journaled, also if they are younger than a write that is lost.
4. Replacing the content of a file writes over it in place, as a program does that opens it and does not truncate it
   first: a torn write leaves a mixture of old and new. Who must survive that appends records with checksums, or
   writes another file, syncs it, renames it and syncs the folder.
5. Reads of what is durable may come from the device, so a rule may change them; what is not synced is in memory.
6. A disk that was cut off does nothing any more, whoever still holds it.

This file does not know nodes or time: whoever calls ``begin_sync`` decides when it ends.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping

from chaoslab.errors import UsageError
from chaoslab.storage.crash import LOSE_UNSYNCED, CrashMode, Draws, Left, left_by_crash
from chaoslab.storage.device import FilesAtStart, read_from_device
from chaoslab.storage.file import File
from chaoslab.storage.names import Names
from chaoslab.storage.rules import DiskError, DiskRule
from chaoslab.storage.sync import FileSync, FolderSync

__all__ = ["Disk"]


class Disk:
    """The files of one node. It outlives the node's crashes.

    Attributes:
        names: Which file is called what.
        rules: The faults in force, in the order in which they came.
        generation: How often the power was cut: a sync that began before does not end after.
    """

    __slots__ = ("_files_made", "_sequence", "generation", "names", "rules")

    def __init__(self) -> None:
        self.names = Names()
        self.rules: tuple[DiskRule, ...] = ()
        self.generation = 0
        self._sequence = 0
        self._files_made = 0

    @property
    def files(self) -> Mapping[str, File]:
        """The files by name, in the order in which they were made. Treat as read-only."""
        return self.names.now

    # Reading

    def read(self, path: str, offset: int = 0, size: int | None = None) -> bytes:
        """Return the content of *path*, written or synced; empty if there is no such file.

        Args:
            path: The file.
            offset: Where to begin.
            size: How many bytes at most; to the end if None. A disk may give fewer (``short-read``): who needs all
                goes on until there is nothing more.

        Raises:
            DiskError: a fault lets the read fail.
        """
        file = self.names.now.get(path)
        if file is None:
            return b""
        content = file.content
        stop = len(content) if size is None else min(offset + size, len(content))
        if not self.rules:
            return bytes(content[offset:stop])
        for rule in self.rules:
            rule.attempt("read", path)
        for rule in self.rules:
            stop = offset + rule.length(path, max(stop - offset, 0))
        return read_from_device(self, file, path, offset, stop)

    def contents(self) -> dict[str, bytes]:
        """Return every file's content by name, in the order in which the files were made. Asks no rule."""
        return {path: bytes(file.content) for path, file in self.names.now.items()}

    def files_at_start(self) -> Mapping[str, bytes]:
        """Return what a program reads that reads every file to its end, by name.

        With rules in force, looking a file up raises ``DiskError`` where reading it fails.
        """
        return FilesAtStart(self) if self.rules else self.contents()

    # Writing

    def write(self, path: str, data: bytes, *, append: bool = False, offset: int | None = None) -> None:
        """Write *data* to the page cache. Cost: O(len(data)).

        Args:
            path: The file; it is made if there is none.
            data: What to write.
            append: Add it to the end.
            offset: Write it here and leave the rest as it is. With neither, *data* is the whole content from then on.

        Raises:
            DiskError: a fault lets it fail; a part may have been written.
            OSError: *path* is the name of a folder, or no name.
        """
        file = self.names.now.get(path)
        if file is None:
            file = self._make(path)
        size = len(file.content)
        start = size if append else offset or 0
        if start < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        full = False
        if self.rules:
            for rule in self.rules:
                rule.attempt("write", path)
            growth = max(0, start + len(data) - size)
            fits = min(rule.room(path, growth) for rule in self.rules)
            full = fits < growth
            if full and fits <= start - size:  # not even the gap below fits: nothing is written
                raise DiskError.of(errno.ENOSPC, path)
            data = data[: len(data) - growth + fits]
            self._grew(fits)
        self._sequence += 1
        file.write(self._sequence, start, data)
        if full:
            raise DiskError.of(errno.ENOSPC, path)
        if not append and offset is None and len(data) < size:
            self._cut(file, len(data))

    def truncate(self, path: str, size: int) -> None:
        """Let the file *path* end at *size* bytes: cut it, or add zeros. Makes the file if there is none.

        Raises:
            DiskError: a fault lets it fail.
            OSError: as for ``write``.
        """
        if size < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        file = self.names.now.get(path)
        if file is None:
            file = self._make(path)
        growth = size - len(file.content)
        for rule in self.rules:
            rule.attempt("write", path)
        if growth > 0 and any(rule.room(path, growth) < growth for rule in self.rules):
            raise DiskError.of(errno.ENOSPC, path)
        if growth:
            self._cut(file, size)

    def _cut(self, file: File, size: int) -> None:
        self._grew(size - len(file.content))
        self._sequence += 1
        file.truncate(self._sequence, size)

    def _make(self, path: str) -> File:
        file = File(self._files_made)
        self.names.make(path, file)
        self._files_made += 1
        return file

    def _grew(self, size: int) -> None:
        for rule in self.rules:
            rule.grew(size)

    # Names

    def rename(self, path: str, to: str) -> None:
        """Give the file or folder *path* the name *to*, in one step. A file of that name is replaced.

        Does nothing if there is no *path*.

        Raises:
            DiskError: a fault lets it fail.
            OSError: *to* is the name of a folder, or no name.
        """
        for rule in self.rules:
            rule.attempt("rename", path)
        replaced = self.names.rename(path, to)
        if replaced is not None:
            self._grew(-len(replaced.content))

    def remove(self, path: str) -> None:
        """Remove the file *path*, if there is one.

        Raises:
            DiskError: a fault lets it fail.
            OSError: it is a folder.
        """
        for rule in self.rules:
            rule.attempt("remove", path)
        removed = self.names.remove(path)
        if removed is not None:
            self._grew(-len(removed.content))

    def list(self, folder: str = "") -> tuple[str, ...]:
        """Return the names in *folder* (the root by default), sorted; those of folders end with ``/``."""
        return self.names.names_in(folder)

    # Syncing

    def begin_sync(self, path: str) -> Callable[[], bool]:
        """Begin to make what is written to *path* so far durable; call the result when the device is done.

        Args:
            path: A file (an empty one is made if there is none), or a folder; ``""`` is the root.

        Returns:
            A function that ends the sync. It returns False, and does nothing, if a crash came in between. It raises
            ``DiskError`` if a fault lets it fail: what it should have made durable then counts as written, so another
            sync does not try it again (that is what Linux does, and databases learned in 2018).
        """
        file = self.names.now.get(path)
        if file is None:
            if self.names.is_folder(path):
                return FolderSync(self, path).end
            file = self._make(path)
            self._sequence += 1
            file.write(self._sequence, 0, b"")
        return FileSync(self, file, path, self._sequence).end

    # Crashing

    def add_rule(self, rule: DiskRule) -> None:
        """Ask *rule* from now on."""
        self.rules = (*self.rules, rule)

    def remove_rule(self, rule: DiskRule) -> None:
        """Ask *rule* no more."""
        self.rules = tuple(one for one in self.rules if one is not rule)

    def crash(self, draws: Draws | None = None, mode: CrashMode = LOSE_UNSYNCED) -> Left:
        """Cut the power: keep what is durable, of the rest what *mode* and the rules leave, and let no sync end.

        Args:
            draws: Decides what *mode* leaves open.
            mode: What may be left.

        Raises:
            UsageError: *mode*, or a rule, leaves something open and there are no *draws*.
        """
        for rule in self.rules:
            mode = mode.with_(rule.crash_mode)
        left = left_by_crash(self.names, mode, _NoDraws() if draws is None else draws)
        self.generation += 1
        for file, content in left.files.values():
            file.content = content
            file.durable = bytearray(content)
            file.unsynced.clear()
        self.names.reset({path: file for path, (file, _) in left.files.items()})
        for rule in self.rules:
            rule.crashed(left)
        return left

    def wipe(self) -> None:
        """Lose everything, synced or not: what is there from now on is an empty disk."""
        self.generation += 1
        self.names.reset({})


class _NoDraws:
    def chance(self, ratio: float) -> bool:
        raise UsageError("this crash leaves things to chance: pass draws, such as a stream of choices.", key="draws")

    def below(self, bound: int) -> int:
        raise UsageError("this crash leaves things to chance: pass draws, such as a stream of choices.", key="draws")
