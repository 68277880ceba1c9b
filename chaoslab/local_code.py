"""Code that a scenario names by its file instead of by a plugin: ``protocol = "../counter.py:Counter"``.

Rules:

1. The file is named from the folder of the scenario. It is read once in a process.
2. A file of a package is imported as the package's module, so that it can import its neighbours as it always does.
3. What stands there is a ``Protocol``, or the code of a node, which then gets the usual client and promises to be
   linearizable within the usual budget.

This file does not know scenarios.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from chaoslab.errors import UsageError, unknown_word

__all__ = ["is_local", "load", "name_of", "named_from", "named_in", "short"]

_MARK = ".py:"


def is_local(name: str) -> bool:
    """Return whether *name* names a file and something in it."""
    return _MARK in name


def named_from(folder: Path, name: str) -> str:
    """Return *name*, said by a file in *folder*, so that it can be found from anywhere."""
    file, _, attribute = name.rpartition(":")
    return f"{(folder / file).resolve()}:{attribute}" if is_local(name) else name


def named_in(folder: Path, name: str) -> str:
    """Return *name* so that a file in *folder* can say it: the opposite of ``named_from``."""
    file, _, attribute = name.rpartition(":")
    if not is_local(name):
        return name
    try:
        return f"{Path(os.path.relpath(file, folder.resolve())).as_posix()}:{attribute}"
    except ValueError:
        return name  # on another drive


def short(name: str) -> str:
    """Return *name* as people say it: without the folders of its file."""
    return f"{Path(name.rpartition(':')[0]).name}:{name.rpartition(':')[2]}" if is_local(name) else name


def name_of(code: Any) -> str:
    """Return the name by which *code* is found again, or ``""`` if no file has it under a name of its own."""
    name = getattr(code, "__qualname__", "")
    module = sys.modules.get(getattr(code, "__module__", ""))
    file = getattr(module, "__file__", None) or ""
    if not name.isidentifier() or not file.endswith(".py") or getattr(module, name, None) is not code:
        return ""
    return f"{Path(file).resolve()}:{name}"


def load(name: str) -> Any:
    """Return what *name* names; a method is named with its class, and comes bound to an instance of it.

    Raises:
        UsageError: there is no such file, it cannot be imported, or it has nothing of that name.
    """
    file, _, attribute = name.rpartition(":")
    module = _module(file)
    found: Any = module
    for word in attribute.split("."):
        if not hasattr(found, word):
            public = [one for one in vars(found) if not one.startswith("_")]
            raise UsageError(unknown_word(f"name in {file}", attribute, public))
        is_method = inspect.isclass(found)
        found = getattr(found() if is_method else found, word)
    return found


@functools.cache
def _module(file: str) -> Any:
    path = Path(file)
    if not path.is_file():
        raise UsageError(f"there is no file {file!r}.")
    path = path.resolve()
    names = [] if path.stem == "__init__" else [path.stem]
    root = path.parent
    while (root / "__init__.py").is_file():
        names.insert(0, root.name)
        root = root.parent
    try:
        with _importing_from(root):
            return _imported(".".join(names), path, packaged=root != path.parent)
    except (Exception, SystemExit) as error:
        raise UsageError(f"{file} cannot be imported: {type(error).__name__}: {error}.") from error


def _imported(name: str, path: Path, *, packaged: bool) -> ModuleType:
    if packaged:
        module = importlib.import_module(name)
        if Path(module.__file__ or "").resolve() == path:
            return module  # and not another one of that name, which was imported before
    spec = importlib.util.spec_from_file_location(f"chaoslab_local_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[spec.name]
        raise
    return module


@contextlib.contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    """Let files import those beside them, and what stands in the folder that people are in, as pytest does."""
    added = [one for one in dict.fromkeys((str(folder), str(Path.cwd()))) if one not in sys.path]
    sys.path[:0] = added
    try:
        yield
    finally:
        for one in added:
            sys.path.remove(one)
