"""``open``, and the functions of ``os`` for files, on the disk of the node that calls them.

Rules:

1. What a node writes is on its own disk, and what it reads of that is too. By an absolute path it can also read what
   the real machine has, such as the data of a package; it cannot change it.
2. Buffers are those of ``io``: what a program has not flushed is lost with it.
3. A sync is over when the call returns. In a worker thread, which may wait, it takes the time that syncs take.

Not served: ``sqlite3``, ``mmap``, ``fcntl`` and whatever opens files in C. See ``escapes`` for what is refused.
"""

from __future__ import annotations

import builtins
import errno
import glob
import io
import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any, Final

from chaoslab.sim import escapes
from chaoslab.sim.process import Process
from chaoslab.sim.served.opened import encoding_of, opened

__all__ = ["file_replacements"]

_READ_ONLY: Final = "It is on the real machine, not on the node's disk: it can only be read"
_NOT_ON_DISK: Final = (
    "No such file on the node's own disk, and a relative path leads nowhere else: the real machine has one, "
    "which can be read by its absolute path"
)
_BY_DESCRIPTOR: Final = ("close", "read", "write", "pread", "pwrite", "lseek", "ftruncate")
_LOOKING: Final = ("listdir", "stat", "lstat", "access", "scandir")
_CHANGING: Final = ("truncate", "unlink", "remove", "rmdir", "utime")
_WITHOUT_EFFECT: Final = ("chmod", "chown", "fchmod", "fchown")
_UMASK: Final = 0o022


def file_replacements(node: Callable[[], Process | None]) -> list[tuple[Any, str, Any]]:
    """Return what replaces the functions for files, for the node that *node* says."""

    def files_of() -> Any:
        process = node()
        return None if process is None else process.files

    replaced: list[tuple[Any, str, Any]] = [(os, "open", _served_open(files_of)), (os, "mkdir", _mkdir(files_of))]
    replaced += [(os, name, _by_descriptor(name, files_of)) for name in _BY_DESCRIPTOR]
    replaced += [(os, name, _syncing(name, files_of)) for name in ("fsync", "fdatasync") if hasattr(os, name)]
    replaced += [(os, "fstat", _fstat(files_of)), (os, "umask", _umask(files_of))]
    replaced += [(os, "listxattr", _listxattr(files_of))] if hasattr(os, "listxattr") else []
    replaced += [(os, name, _looking(name, files_of)) for name in _LOOKING]
    replaced += [(os, name, _renaming(name, files_of)) for name in ("rename", "replace")]
    replaced += [(os, name, _changing(name, files_of)) for name in (*_CHANGING, *_WITHOUT_EFFECT) if hasattr(os, name)]
    file_open = _file_open(node)
    no_dir_fd = (shutil, "_use_fd_functions", False)  # its way for systems without dir_fd
    return [*replaced, (builtins, "open", file_open), (io, "open", file_open), no_dir_fd, *_kept_by_glob(replaced)]


def _kept_by_glob(replaced: list[tuple[Any, str, Any]]) -> list[tuple[Any, str, Any]]:
    """Return what replaces the functions of ``os`` that classes of ``glob`` hold, as pathlib does since Python 3.13."""
    new = {getattr(place, name): served for place, name, served in replaced}
    return [
        (kind, name, staticmethod(new[held.__func__]))
        for kind in vars(glob).values()
        if isinstance(kind, type)
        for name, held in vars(kind).items()
        if isinstance(held, staticmethod) and held.__func__ in new
    ]


def _by_descriptor(name: str, files_of: Callable[[], Any]) -> Callable[..., Any]:
    real = getattr(os, name)

    def served(fd: int, *arguments: Any) -> Any:
        files = files_of()
        return real(fd, *arguments) if files is None or not files.knows(fd) else getattr(files, name)(fd, *arguments)

    return served


def _syncing(name: str, files_of: Callable[[], Any]) -> Callable[..., Any]:
    real = getattr(os, name)

    def served(fd: Any) -> None:
        files, descriptor = files_of(), fd if isinstance(fd, int) else fd.fileno()
        if files is None or not files.knows(descriptor):
            real(descriptor)
        else:
            files.fsync(descriptor)

    return served


def _fstat(files_of: Callable[[], Any]) -> Callable[..., Any]:
    real = os.fstat

    def fstat(fd: int) -> os.stat_result:
        files = files_of()
        return real(fd) if files is None or not files.knows(fd) else files.stat(fd)

    return fstat


def _umask(files_of: Callable[[], Any]) -> Callable[[int], int]:
    real = os.umask
    return lambda mask, /: real(mask) if files_of() is None else _UMASK


def _listxattr(files_of: Callable[[], Any]) -> Callable[..., list[str]]:
    """Files of a node have no such attributes; ``shutil`` asks for those of whatever it copies."""
    real: Any = os.listxattr

    def listxattr(path: Any = None, *, follow_symlinks: bool = True) -> list[str]:
        files = files_of()
        if files is not None and path is not None and files.knows(path):
            return []
        return real(path, follow_symlinks=follow_symlinks)  # type: ignore[no-any-return]

    return listxattr


def _served_open(files_of: Callable[[], Any]) -> Callable[..., Any]:
    real = os.open

    def served(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        files = files_of()
        if files is None or _is_real(files, path, flags & escapes.WRITING):
            return real(path, flags, mode, dir_fd=dir_fd)
        _refuse_dir_fd(dir_fd=dir_fd)
        if flags & escapes.WRITING and not flags & (os.O_TRUNC | os.O_EXCL):
            _refuse_real(files, path)
        return files.open(path, flags, mode)  # type: ignore[no-any-return]

    return served


def _mkdir(files_of: Callable[[], Any]) -> Callable[..., Any]:
    real = os.mkdir

    def mkdir(path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        files = files_of()
        if files is None:
            real(path, mode, dir_fd=dir_fd)
        else:
            _refuse_dir_fd(dir_fd=dir_fd)
            if os.path.isabs(path) and not files.knows(path) and real_isdir(path):  # noqa: PTH117
                raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(path))
            files.mkdir(path, mode)

    return mkdir


def _looking(name: str, files_of: Callable[[], Any]) -> Callable[..., Any]:
    real = getattr(os, name)

    def served(path: Any = ".", *arguments: Any, **named: Any) -> Any:
        files = files_of()
        if files is None or _is_real(files, path, writing=False):
            return real(path, *arguments, **named)
        _refuse_dir_fd(**named)
        if name == "access":
            return files.knows(path)
        if name == "scandir":
            return _Entries(files, path)
        return files.listdir(path) if name == "listdir" else files.stat(path)

    return served


def _changing(name: str, files_of: Callable[[], Any]) -> Callable[..., Any]:
    real = getattr(os, name)

    def served(path: Any, *arguments: Any, **named: Any) -> Any:
        files = files_of()
        if files is None or (isinstance(path, int) and not files.knows(path)):
            return real(path, *arguments, **named)
        _refuse_dir_fd(**named)
        named = {key: value for key, value in named.items() if not key.endswith(("dir_fd", "follow_symlinks"))}
        if isinstance(path, int):
            if name == "utime":
                return files.utime(path, *arguments, **named)
            return files.ftruncate(path, *arguments) if name == "truncate" else None
        _refuse_real(files, path)
        if name in _WITHOUT_EFFECT:
            files.stat(path)
            return None
        return getattr(files, name)(path, *arguments, **named)

    return served


def _renaming(name: str, files_of: Callable[[], Any]) -> Callable[..., None]:
    real = getattr(os, name)

    def served(src: Any, dst: Any, **named: Any) -> None:
        files = files_of()
        if files is None:
            real(src, dst, **named)
            return
        _refuse_dir_fd(**named)
        _refuse_real(files, src)
        files.rename(src, dst)

    return served


def _file_open(node: Callable[[], Process | None]) -> Callable[..., Any]:
    real = io.open

    def open(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        process = node()
        files = None if process is None else process.files
        writing = any(letter in mode for letter in "wax+")
        if files is not None and "b" not in mode:
            encoding = encoding_of(encoding)
        if files is None or (_is_real(files, file, writing) and opener is None):
            return real(file, mode, buffering, encoding, errors, newline, closefd, opener)
        if ("a" in mode or "+" in mode) and "w" not in mode and not isinstance(file, int):
            _refuse_real(files, file)
        try:
            return opened(files, file, mode, buffering, encoding, errors, newline, closefd, opener)
        except FileNotFoundError as error:
            if not writing and opener is None and real_exists(file):
                raise FileNotFoundError(errno.ENOENT, _NOT_ON_DISK, os.fspath(file)) from error
            raise

    return open


def _is_real(files: Any, path: Any, writing: int | bool) -> bool:
    """Return whether *path* is looked for on the real machine: a descriptor of it, or a file that it alone has."""
    if isinstance(path, int):
        return not files.knows(path)
    if writing or files.knows(path):
        return False
    return bool(os.path.isabs(path))  # noqa: PTH117


def _refuse_real(files: Any, path: Any) -> None:
    """Raise if *path* leads to what only the real machine has, where it would be changed."""
    if os.path.isabs(path) and not files.knows(path) and real_exists(path):  # noqa: PTH117
        raise OSError(errno.EROFS, _READ_ONLY, os.fspath(path))


def _refuse_dir_fd(**named: Any) -> None:
    for name, value in named.items():
        if name.endswith("dir_fd") and value is not None:
            escapes.refuse(f"used {name}", "give the whole path")


class _Entries:
    """What ``os.scandir`` gives."""

    def __init__(self, files: Any, path: Any) -> None:
        self._entries = iter([_Entry(files, os.fspath(path), name) for name in files.listdir(path)])

    def __iter__(self) -> Iterator[_Entry]:
        return self._entries

    def __next__(self) -> _Entry:
        return next(self._entries)

    def __enter__(self) -> _Entries:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._entries = iter(())


class _Entry:
    """One name in a folder, with the methods of ``os.DirEntry``."""

    def __init__(self, files: Any, folder: str, name: str) -> None:
        self.name = name
        self.path = os.path.join(folder, name)  # noqa: PTH118
        self._files = files

    def __fspath__(self) -> str:
        return self.path

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return self._files.stat(self.path)  # type: ignore[no-any-return]

    def inode(self) -> int:
        return self.stat().st_ino

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return bool(self.stat().st_mode & 0o040000)

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return not self.is_dir()

    def is_junction(self) -> bool:
        return False

    def is_symlink(self) -> bool:
        return False


_real_stat: Final = os.stat


def real_exists(path: Any) -> bool:
    """Return whether the real machine has *path*."""
    try:
        _real_stat(path)
    except OSError:
        return False
    return True


def real_isdir(path: Any) -> bool:
    """Return whether the real machine has a folder *path*."""
    try:
        return bool(_real_stat(path).st_mode & 0o040000)
    except OSError:
        return False
