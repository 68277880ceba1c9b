"""What ``open`` gives for a file of a node's disk: the buffers and the text of ``io`` over a raw file."""

from __future__ import annotations

import errno
import io
import os
from typing import Any, Final

__all__ = ["encoding_of", "opened"]

_FLAGS: Final = {
    "r": os.O_RDONLY,
    "w": os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
    "x": os.O_WRONLY | os.O_CREAT | os.O_EXCL,
    "a": os.O_WRONLY | os.O_CREAT | os.O_APPEND,
}


class _RawFile(io.RawIOBase):
    """A file of a node's disk without a buffer.

    Args:
        files: The node's open files.
        descriptor: Which of them.
        name: What it was opened as.
        mode: As ``FileIO.mode``.
        is_owner: Closing this closes the descriptor.
    """

    def __init__(self, files: Any, descriptor: int, name: Any, mode: str, *, is_owner: bool) -> None:
        super().__init__()
        self._files = files
        self._descriptor = descriptor
        self._is_owner = is_owner
        self.name = name
        self.mode = mode

    def fileno(self) -> int:
        self._check()
        return self._descriptor

    def readable(self) -> bool:
        self._check()
        return "r" in self.mode or "+" in self.mode

    def writable(self) -> bool:
        self._check()
        return any(letter in self.mode for letter in "wax+")

    def seekable(self) -> bool:
        self._check()
        return True

    def isatty(self) -> bool:
        return False

    def readinto(self, buffer: Any) -> int:
        self._check()
        data = self._files.read(self._descriptor, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: Any) -> int:
        self._check()
        return self._files.write(self._descriptor, data)  # type: ignore[no-any-return]

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._check()
        return self._files.lseek(self._descriptor, offset, whence)  # type: ignore[no-any-return]

    def tell(self) -> int:
        return self.seek(0, os.SEEK_CUR)

    def truncate(self, size: int | None = None) -> int:
        self._check()
        length = self.tell() if size is None else size
        self._files.ftruncate(self._descriptor, length)
        return length

    def close(self) -> None:
        if not self.closed:
            try:
                super().close()
            finally:
                if self._is_owner:
                    self._files.close(self._descriptor)

    def _check(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file")


def encoding_of(encoding: str | None) -> str:
    """Return the encoding of a text file: a node's locale has UTF-8, whatever that of the real machine has."""
    return "utf-8" if encoding is None or encoding == "locale" else encoding


def opened(
    files: Any,
    file: Any,
    mode: str,
    buffering: int,
    encoding: str | None,
    errors: str | None,
    newline: str | None,
    closefd: bool,
    opener: Any,
) -> Any:
    """Open *file* among *files*; the other arguments are those of ``open``, and so are the errors."""
    action = [letter for letter in mode if letter in _FLAGS]
    binary = "b" in mode
    if len(action) != 1 or set(mode) - set("rwaxbt+") or len(set(mode)) != len(mode) or (binary and "t" in mode):
        raise ValueError(f"invalid mode: {mode!r}")
    if binary and (encoding is not None or errors is not None or newline is not None):
        raise ValueError("binary mode doesn't take an encoding, errors or newline argument")
    if not binary and buffering == 0:
        raise ValueError("can't have unbuffered text I/O")
    flags = _FLAGS[action[0]]
    if "+" in mode:
        flags = flags & ~os.O_WRONLY | os.O_RDWR
    if isinstance(file, int):
        descriptor = file
    else:
        descriptor = files.open(file, flags) if opener is None else opener(file, flags)
    if files.stat(descriptor).st_mode & 0o040000:
        if not isinstance(file, int):
            files.close(descriptor)
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), file)
    raw = _RawFile(files, descriptor, file, mode.replace("t", ""), is_owner=closefd)
    if "a" in mode:
        raw.seek(0, os.SEEK_END)
    if buffering == 0:
        return raw
    size = io.DEFAULT_BUFFER_SIZE if buffering in (-1, 1) else buffering
    buffered: Any
    if "+" in mode:
        buffered = io.BufferedRandom(raw, size)
    elif action[0] == "r":
        buffered = io.BufferedReader(raw, size)
    else:
        buffered = io.BufferedWriter(raw, size)
    if binary:
        return buffered
    text = io.TextIOWrapper(buffered, encoding, errors, newline, line_buffering=buffering == 1)
    text.mode = mode  # type: ignore[misc]
    return text
