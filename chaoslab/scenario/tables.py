"""Reading tables strictly: every complaint names file, line and key.

This file does not know which sections a scenario has, nor what they mean.
"""

from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any, NoReturn

from chaoslab.errors import ScenarioError, UsageError, unknown_word
from chaoslab.parameters import Unit, build, parameters_of
from chaoslab.plugins import Registry
from chaoslab.scenario.locator import Path, line_of

__all__ = ["ARRAYS", "SECTIONS", "Tables"]

SECTIONS = ("scenario", "cluster", "network", "clock", "workload", "operation", "fault", "nemesis", "replay", "expect")
ARRAYS = ("operation", "fault", "nemesis")
"""Those of them that are arrays of tables."""


class Tables:
    """The tables of one file: knows where everything stands.

    Args:
        plugins: Where names are looked up.
        file: Where the text came from, for messages.
        lines: The line of each key.
    """

    def __init__(self, plugins: Registry, file: str | None, lines: dict[Path, int]) -> None:
        self.plugins = plugins
        self.file = file
        self.lines = lines
        self.overridden: list[str] = []

    @property
    def folder(self) -> FilePath:
        """The folder from which files are named."""
        return FilePath() if self.file is None else FilePath(self.file).parent

    def refuse(self, path: Path, message: str) -> NoReturn:
        """Raise a ``ScenarioError`` about what stands at *path*."""
        key = ".".join(str(part) for part in path if not isinstance(part, int))
        for dotted in self.overridden:
            if key == dotted or key.startswith(f"{dotted}."):
                raise ScenarioError(message, key=f"--set {key}")
        raise ScenarioError(message, file=self.file, line=line_of(path, self.lines), key=key)

    @contextlib.contextmanager
    def at(self, *path: str | int) -> Iterator[None]:
        """Give every complaint inside the place *path*."""
        try:
            yield
        except ScenarioError:
            raise
        except UsageError as error:
            more = tuple(error.key.split(".")) if error.key else ()
            self.refuse((*path, *more), error.message)

    def override(self, values: dict[str, Any], dotted: str, text: str) -> None:
        """Set the dotted key in *values* to *text*, read as TOML if it is TOML and as bare text otherwise."""
        *tables, last = dotted.split(".")
        if not tables or tables[0] not in SECTIONS or tables[0] in ARRAYS or not all((*tables, last)):
            allowed = ", ".join(section for section in SECTIONS if section not in ARRAYS)
            raise UsageError(f"{dotted!r} cannot be set: write SECTION.KEY=VALUE with one of {allowed}.", key="--set")
        value: object = text
        with contextlib.suppress(ValueError, RecursionError):  # not TOML, or not a value that anything takes
            parsed = tomllib.loads(f"value = {text}")
            value = parsed["value"] if len(parsed) == 1 else text
        target = values
        for table in tables:
            target = target.setdefault(table, {})
            if not isinstance(target, dict):
                raise UsageError(f"{dotted!r} cannot be set: {table} is not a table.", key="--set")
        target[last] = value
        self.overridden.append(dotted)

    def table(self, values: Mapping[str, Any], name: str, within: Path = (), *, needed: bool = False) -> dict[str, Any]:
        """Return the table *name*, empty if it is not there."""
        found = values.get(name, {})
        if needed and name not in values:
            self.refuse((*within, name), f"the section [{name}] is missing.")
        if not isinstance(found, dict):
            header = ".".join(str(part) for part in (*within, name))
            self.refuse((*within, name), f"{name} is a table: write [{header}].")
        return dict(found)

    def tables(self, values: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
        """Return the array of tables *name*, empty if it is not there."""
        tables = values.get(name, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self.refuse((name,), f"{name} is an array of tables: write [[{name}]].")
        return [dict(table) for table in tables]

    def take(self, table: dict[str, Any], path: Path, key: str, unit: Unit, default: Any = None) -> Any:
        """Take *key* out of *table* and return its value, or *default* if it is not there."""
        if key not in table:
            return default
        value = table.pop(key)
        try:
            return unit.parse(value)
        except UsageError as error:
            more = tuple(error.key.split(".")) if error.key else ()
            self.refuse((*path, key, *more), error.message)

    def nothing_left(self, table: Mapping[str, Any], path: Path, allowed: tuple[str, ...]) -> None:
        """Refuse what is left in *table*: keys that nobody knows."""
        for key in table:
            self.refuse((*path, key), unknown_word("key", key, allowed))

    def named(self, path: Path, what: str, name: Any, known: Mapping[str, Any]) -> Any:
        """Return what is called *name* among *known*."""
        if not isinstance(name, str):
            self.refuse(path, f"{name!r} is not the name of a {what}.")
        if name not in known:
            self.refuse(path, unknown_word(what, name, known))
        return known[name]

    def own(self, cls: type | None, table: dict[str, Any], path: Path, allowed: tuple[str, ...]) -> Any:
        """Return an instance of *cls* from what is left in *table*; without a class nothing may be left."""
        if cls is None:
            self.nothing_left(table, path, allowed)
            return None
        known = tuple(one.name for one in parameters_of(cls))
        for key in table:
            if key not in known:
                self.refuse((*path, key), unknown_word("key", key, (*allowed, *known)))
        with self.at(*path):
            return build(cls, table)
