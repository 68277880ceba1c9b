"""Code that a scenario names by its file instead of by a plugin: ``protocol = "../counter.py:Counter"``.

Rules:

1. The file is named from the folder of the scenario. It is read once in a process.
2. What stands there is a ``Protocol``, or the code of a node, which then gets the usual client and promises to be
   linearizable within the usual budget.

This file does not know scenarios.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from pathlib import Path
from typing import Any

from chaoslab.errors import UsageError, unknown_word

__all__ = ["is_local", "load", "named_from"]

_MARK = ".py:"


def is_local(name: str) -> bool:
    """Return whether *name* names a file and something in it."""
    return _MARK in name


def named_from(folder: Path, name: str) -> str:
    """Return *name*, said by a file in *folder*, so that it can be found from anywhere."""
    file, _, attribute = name.rpartition(":")
    return f"{(folder / file).resolve()}:{attribute}" if is_local(name) else name


def load(name: str) -> Any:
    """Return what *name* names.

    Raises:
        UsageError: there is no such file, it cannot be imported, or it has nothing of that name.
    """
    file, _, attribute = name.rpartition(":")
    module = _module(file)
    if not hasattr(module, attribute):
        public = [word for word in vars(module) if not word.startswith("_")]
        raise UsageError(unknown_word(f"name in {file}", attribute, public))
    return getattr(module, attribute)


@functools.cache
def _module(file: str) -> Any:
    path = Path(file)
    if not path.is_file():
        raise UsageError(f"there is no file {file!r}.")
    spec = importlib.util.spec_from_file_location(f"chaoslab_local_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    folder = str(path.parent.resolve())
    added = folder not in sys.path
    if added:
        sys.path.insert(0, folder)  # so that the file can import those beside it
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UsageError(f"{file} cannot be imported: {type(error).__name__}: {error}.") from error
    finally:
        if added:
            sys.path.remove(folder)
    return module
