"""The names of a disk's files, and the journal of the changes to them that are not durable yet.

Rules:

1. Names are separated by ``/`` into folders. A folder is there for as long as a file is in it: nobody makes folders.
2. Changes of names go through one journal, in order, as in journaling file systems. What a crash leaves is the
   beginning of it; unless a fault says otherwise, all of it.
3. The journal is committed up to the last change in a folder when that folder is synced, and up to the making of a
   file when that file is synced. When it is full its oldest change is committed.

This file does not know what is in the files.
"""

from __future__ import annotations

import errno
import os
from typing import Final, Literal, NamedTuple

from chaoslab.storage.file import File

__all__ = ["JOURNAL_MAX", "Change", "Names", "folder_of"]

JOURNAL_MAX: Final = 256
"""Changes that the journal holds before the oldest is committed: file systems do that every few seconds."""


class Change(NamedTuple):
    """A change of names: *file* was made as *path*, or *path* (a file or a folder) was renamed *to*, or removed."""

    kind: Literal["make", "rename", "remove"]
    path: str
    to: str = ""
    file: File | None = None


class Names:
    """Which file has which name, now and after a power cut.

    Attributes:
        now: The files by name. Treat as read-only.
        durable: The files by name as the device knows them, without what is in the journal.
        journal: The changes that are not durable, oldest first.
    """

    __slots__ = ("_folders", "durable", "journal", "now")

    def __init__(self) -> None:
        self.now: dict[str, File] = {}
        self.durable: dict[str, File] = {}
        self.journal: list[Change] = []
        self._folders: dict[str, int] = {}  # how many files are in it, at any depth

    def is_folder(self, path: str) -> bool:
        """Return whether *path* is a folder: the root, or one with a file in it."""
        return not path or path in self._folders

    def make(self, path: str, file: File) -> None:
        """Give the new *file* the name *path*, which no file has.

        Raises:
            OSError: the name cannot be given: it is a folder's, or a file stands where it needs a folder.
        """
        self._check(path)
        self._change(Change("make", path, "", file))

    def rename(self, path: str, to: str) -> File | None:
        """Give the file or folder *path* the name *to*. Does nothing if there is no *path*.

        Returns:
            The file that had the name *to* before, if there was one.

        Raises:
            OSError: as for ``make``.
        """
        moved = path in self.now
        if path == to or not (moved or (path and path in self._folders)):
            return None
        replaced = self.now.get(to) if moved else None
        if replaced is None:
            if not moved and to.startswith(f"{path}/"):
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), to)
            self._check(to)
            if to in self.now:  # a folder cannot replace a file
                raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), to)
        self._change(Change("rename", path, to))
        return replaced

    def remove(self, path: str) -> File | None:
        """Remove the file *path* and return it; None if there is none.

        Raises:
            OSError: it is a folder, and a folder has files in it.
        """
        file = self.now.get(path)
        if file is None:
            if self.is_folder(path):
                raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), path)
            return None
        self._change(Change("remove", path))
        return file

    def names_in(self, folder: str) -> tuple[str, ...]:
        """Return the names in *folder*, sorted; those of folders end with ``/``. Empty if there is no such folder."""
        start = f"{folder}/" if folder else ""
        found = set()
        for path in self.now:
            if path.startswith(start):
                name, slash, _ = path[len(start) :].partition("/")
                found.add(name + slash)
        return tuple(sorted(found))

    def commit_folder(self, folder: str) -> None:
        """Make the journal durable up to its last change in *folder*."""
        for position in range(len(self.journal) - 1, -1, -1):
            change = self.journal[position]
            if folder_of(change.path) == folder or (change.kind == "rename" and folder_of(change.to) == folder):
                self._commit(position + 1)
                return

    def commit_file(self, file: File) -> None:
        """Make the journal durable up to the making of *file*, whose name is pending."""
        for position, change in enumerate(self.journal):
            if change.file is file:
                self._commit(position + 1)
                return

    def after(self, changes: list[Change]) -> dict[str, File]:
        """Return the files by name when, of the journal, only *changes* reached the device."""
        names = dict(self.durable)
        for change in changes:
            _carry_out(names, change)
        return names

    def reset(self, names: dict[str, File]) -> None:
        """Let *names* be the names, all durable."""
        self.now = names
        self.durable = dict(names)
        self.journal.clear()
        self._folders.clear()
        for path, file in names.items():
            file.name_pending = False
            self._count(path, 1)

    def _check(self, path: str) -> None:
        """Raise ``OSError`` if no file can be called *path*."""
        if path in self._folders or not path:
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if path[0] == "/" or path[-1] == "/" or "//" in path:
            raise OSError(errno.EINVAL, "a path is names separated by single slashes, such as 'a/b'", path)
        folder = folder_of(path)
        while folder:
            if folder in self.now:
                raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
            folder = folder_of(folder)

    def _change(self, change: Change) -> None:
        for path, count in _carry_out(self.now, change):
            self._count(path, count)
        self.journal.append(change)
        if len(self.journal) > JOURNAL_MAX:
            self._commit(1)

    def _commit(self, count: int) -> None:
        for change in self.journal[:count]:
            _carry_out(self.durable, change)
            if change.file is not None:
                change.file.name_pending = False
        del self.journal[:count]

    def _count(self, path: str, count: int) -> None:
        if "/" not in path:
            return
        folder = folder_of(path)
        while folder:
            files = self._folders.get(folder, 0) + count
            if files:
                self._folders[folder] = files
            else:
                del self._folders[folder]
            folder = folder_of(folder)


def folder_of(path: str) -> str:
    """Return the folder in which *path* is; ``""`` is the root."""
    return path.rpartition("/")[0]


def _carry_out(names: dict[str, File], change: Change) -> list[tuple[str, int]]:
    """Change *names* as *change* says, and return which paths were added (1) and taken away (-1)."""
    kind, path, to, file = change
    if kind == "make":
        assert file is not None
        names[path] = file
        return [(path, 1)]
    if kind == "remove":
        del names[path]
        return [(path, -1)]
    if path in names:
        replaced = to in names
        names[to] = names.pop(path)
        return [(path, -1)] if replaced else [(path, -1), (to, 1)]
    moved = [one for one in names if one.startswith(f"{path}/")]
    counts = []
    for one in moved:
        new = to + one[len(path) :]
        names[new] = names.pop(one)
        counts += [(one, -1), (new, 1)]
    return counts
