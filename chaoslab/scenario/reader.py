"""From TOML to a scenario, strictly.

Rules:

1. Every key is known, every value has its unit, every name exists: a mistake is told when the file is read, with file,
   line, key, what is allowed and the nearest word.
2. What a protocol, workload or fault takes is told by its own class (see ``chaoslab.parameters``), not here.

This file does not know how a scenario is run.
"""

from __future__ import annotations

import contextlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any, NoReturn

from chaoslab.checkers.registry import LEVELS, levels_of
from chaoslab.cluster import Workload
from chaoslab.errors import ScenarioError, UsageError, unknown_word
from chaoslab.faults import Partition
from chaoslab.nemesis import COUNTS, REST, FaultRequest, Schedule, group_words
from chaoslab.nemesis.targets import count_of
from chaoslab.net.latency import LATENCY
from chaoslab.parameters import COUNT, DURATION, FLAG, RATE, RATIO, TEXT, WORDS, Unit, build, parameters_of
from chaoslab.plugins import Protocol, Registry
from chaoslab.scenario.locator import Path, line_of, lines_of_keys
from chaoslab.scenario.scenario import DEFAULT_LATENCY, Expect, Scenario
from chaoslab.units import format_duration

__all__ = ["load_scenario", "parse_scenario"]

_SECTIONS = ("scenario", "cluster", "network", "workload", "fault", "expect")
_TOML_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)| \(at end of document\)")


def load_scenario(path: str | FilePath, plugins: Registry, overrides: Mapping[str, str] | None = None) -> Scenario:
    """Return the scenario in the file *path*.

    Args:
        path: A TOML file.
        plugins: Where its names are looked up.
        overrides: Dotted keys and values as text, as in ``--set cluster.nodes=5``; they replace what the file says.

    Raises:
        ScenarioError: the file cannot be read, or says something that cannot be run.
    """
    try:
        text = FilePath(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ScenarioError("there is no such file.", file=path) from None
    except IsADirectoryError:
        raise ScenarioError("this is a folder: name the scenario file in it.", file=path) from None
    except UnicodeDecodeError:
        raise ScenarioError("this is not a text file.", file=path) from None
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror}.", file=path) from None
    return parse_scenario(text, plugins, file=str(path), overrides=overrides)


def parse_scenario(
    text: str, plugins: Registry, *, file: str | None = None, overrides: Mapping[str, str] | None = None
) -> Scenario:
    """Return the scenario that *text* is.

    Args:
        text: TOML.
        plugins: Where its names are looked up.
        file: Where it came from, for messages.
        overrides: As in ``load_scenario``.

    Raises:
        ScenarioError: it says something that cannot be run.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        line = int(place[1]) if place and place[1] else len(text.splitlines())
        what = _TOML_PLACE.sub("", str(error))
        raise ScenarioError(f"this is not TOML: {what}.", file=file, line=line) from None
    reading = _Reading(plugins, file, lines_of_keys(text))
    for dotted, value in (overrides or {}).items():
        reading.override(values, dotted, value)
    return reading.scenario(values)


class _Reading:
    """One reading of one file: knows where everything stands."""

    def __init__(self, plugins: Registry, file: str | None, lines: dict[Path, int]) -> None:
        self.plugins = plugins
        self.file = file
        self.lines = lines
        self.overridden: list[str] = []

    # Errors with their place

    def refuse(self, path: Path, message: str) -> NoReturn:
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

    # Pieces

    def override(self, values: dict[str, Any], dotted: str, text: str) -> None:
        """Set the dotted key in *values* to *text*, read as TOML if it is TOML and as bare text otherwise."""
        *tables, last = dotted.split(".")
        if not tables or tables[0] not in _SECTIONS or tables[0] == "fault":
            allowed = ", ".join(section for section in _SECTIONS if section != "fault")
            raise UsageError(f"{dotted!r} cannot be set: write SECTION.KEY=VALUE with one of {allowed}.", key="--set")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text
        target = values
        for table in tables:
            target = target.setdefault(table, {})
            if not isinstance(target, dict):
                raise UsageError(f"{dotted!r} cannot be set: {table} is not a table.", key="--set")
        target[last] = value
        self.overridden.append(dotted)

    def table(self, values: Mapping[str, Any], name: str, *, needed: bool = False) -> dict[str, Any]:
        found = values.get(name, {})
        if needed and name not in values:
            self.refuse((name,), f"the section [{name}] is missing.")
        if not isinstance(found, dict):
            self.refuse((name,), f"{name} is a table: write [{name}].")
        return dict(found)

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
        for key in table:
            self.refuse((*path, key), unknown_word("key", key, allowed))

    def named(self, path: Path, what: str, name: Any, known: Mapping[str, Any]) -> Any:
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

    # Sections

    def scenario(self, values: Mapping[str, Any]) -> Scenario:
        for key in values:
            if key not in _SECTIONS:
                self.refuse((key,), unknown_word("section", key, _SECTIONS))
        defaults = Scenario(protocol="", nodes=1, workload="")
        top = self.table(values, "scenario")
        path: Path = ("scenario",)
        title = self.take(top, path, "title", TEXT, "")
        topic = self.take(top, path, "topic", TEXT, "")
        duration_ns = self.take(top, path, "duration", DURATION, defaults.duration_ns)
        settle_ns = self.take(top, path, "settle", DURATION, defaults.settle_ns)
        beyond_budget = self.take(top, path, "beyond_budget", FLAG, False)
        self.nothing_left(top, path, ("title", "topic", "duration", "settle", "beyond_budget"))
        if duration_ns == 0:
            self.refuse((*path, "duration"), "a run of no time at all shows nothing: duration is above zero.")

        table, path = self.table(values, "cluster", needed=True), ("cluster",)
        if "protocol" not in table:
            self.refuse(path, f"protocol is missing: one of {', '.join(sorted(self.plugins.protocols))}.")
        protocol: Protocol = self.named((*path, "protocol"), "protocol", table.pop("protocol"), self.plugins.protocols)
        nodes = self.take(table, path, "nodes", COUNT, protocol.nodes)
        if nodes < 1:
            self.refuse((*path, "nodes"), "a cluster has at least one node.")
        settings = self.own(protocol.settings, self.table(table, "settings"), (*path, "settings"), ())
        table.pop("settings", None)
        self.nothing_left(table, path, ("protocol", "nodes", "settings"))

        table, path = self.table(values, "network"), ("network",)
        latency = self.take(table, path, "latency", LATENCY, DEFAULT_LATENCY)
        drop = self.take(table, path, "drop", RATIO, 0.0)
        duplicate = self.take(table, path, "duplicate", RATIO, 0.0)
        self.nothing_left(table, path, ("latency", "drop", "duplicate"))

        workload, clients, rate, keys, parameters = self.workload(values, protocol, defaults)
        return Scenario(
            title=title,
            topic=topic,
            duration_ns=duration_ns,
            settle_ns=settle_ns,
            beyond_budget=beyond_budget,
            protocol=protocol.name,
            nodes=nodes,
            settings=settings,
            latency=latency,
            drop=drop,
            duplicate=duplicate,
            workload=workload.name,
            clients=clients,
            rate=rate,
            keys=keys,
            parameters=parameters,
            faults=self.faults(values, protocol, nodes, clients, duration_ns),
            expect=self.expect(values, workload),
        )

    def workload(
        self, values: Mapping[str, Any], protocol: Protocol, defaults: Scenario
    ) -> tuple[Workload, int, float, int, Any]:
        table, path = self.table(values, "workload", needed=True), ("workload",)
        if "name" not in table:
            self.refuse(path, f"name is missing: {protocol.name} serves {', '.join(protocol.serves)}.")
        workload: Workload = self.named((*path, "name"), "workload", table.pop("name"), self.plugins.workloads)
        if workload.name not in protocol.serves:
            self.refuse(
                (*path, "name"),
                f"the protocol {protocol.name} does not serve the workload {workload.name!r}: "
                f"it serves {', '.join(protocol.serves)}.",
            )
        clients = self.take(table, path, "clients", COUNT, defaults.clients)
        keys = self.take(table, path, "keys", COUNT, defaults.keys)
        for key, count in (("clients", clients), ("keys", keys)):
            if count < 1:
                self.refuse((*path, key), f"a workload has at least one of its {key}.")
        rate = self.take(table, path, "rate", RATE, defaults.rate)
        own = self.own(workload.parameters, table, path, ("name", "clients", "rate", "keys"))
        return workload, clients, rate, keys, own

    def faults(
        self, values: Mapping[str, Any], protocol: Protocol, nodes: int, clients: int, duration_ns: int
    ) -> tuple[FaultRequest, ...]:
        tables = values.get("fault", [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self.refuse(("fault",), "faults are an array of tables: write [[fault]].")
        words = _Words(protocol, nodes, clients)
        return tuple(
            self.fault(dict(table), ("fault", number), words, duration_ns) for number, table in enumerate(tables)
        )

    def fault(self, table: dict[str, Any], path: Path, words: _Words, duration_ns: int) -> FaultRequest:
        if "kind" not in table:
            self.refuse(path, f"kind is missing: one of {', '.join(sorted(self.plugins.faults))}.")
        kind = self.named((*path, "kind"), "kind of fault", table.pop("kind"), self.plugins.faults)
        schedule = self.schedule(table, path, duration_ns)
        target = " ".join(self.take(table, path, "target", WORDS, ()))
        fault = self.own(kind, table, path, ("kind", "at", "every", "for", "target"))
        if isinstance(fault, Partition):
            for word in group_words(fault.groups):
                with self.at(*path, "groups"):
                    words.check(word, (REST,))
            if target:
                self.refuse((*path, "target"), "a partition says whom it cuts off in groups, not in target.")
        else:
            if target == "" and kind.needs_target:
                self.refuse(path, f"target is missing: {', '.join(words.allowed)}, or names of nodes.")
            for word in target.split():
                with self.at(*path, "target"):
                    words.check(word, ())
        return FaultRequest(fault=fault, target=target, schedule=schedule)

    def schedule(self, table: dict[str, Any], path: Path, duration_ns: int) -> Schedule:
        at_ns = self.take(table, path, "at", DURATION)
        every_ns = self.take(table, path, "every", DURATION)
        for_ns = self.take(table, path, "for", DURATION)
        if at_ns is not None and at_ns >= duration_ns:
            self.refuse(
                (*path, "at"),
                f"at {format_duration(at_ns)} the run is over: its duration is {format_duration(duration_ns)}.",
            )
        with self.at(*path):
            return Schedule(at_ns=at_ns, every_ns=every_ns, for_ns=for_ns)

    def expect(self, values: Mapping[str, Any], workload: Workload) -> Expect:
        table, path = self.table(values, "expect"), ("expect",)
        consistency = self.take(table, path, "consistency", WORDS)
        for level in consistency or ():
            if level not in LEVELS:
                self.refuse((*path, "consistency"), unknown_word("level", level, LEVELS))
            checked = levels_of(self.plugins.models[workload.model])
            if level not in checked:
                self.refuse(
                    (*path, "consistency"),
                    f"{level} says nothing of the workload {workload.name!r}; its levels: {', '.join(checked)}.",
                )
        availability = self.take(table, path, "availability", RATIO)
        p99_ns = self.take(table, path, "p99", DURATION)
        recovers_ns = self.take(table, path, "recovers_within", DURATION)
        self.nothing_left(table, path, ("consistency", "availability", "p99", "recovers_within"))
        return Expect(consistency=consistency, availability=availability, p99_ns=p99_ns, recovers_within_ns=recovers_ns)


class _Words:
    """The words that may name whom a fault hits, in one scenario."""

    def __init__(self, protocol: Protocol, nodes: int, clients: int) -> None:
        self.protocol = protocol
        self.nodes = nodes
        self.names = {f"n{number}" for number in range(1, nodes + 1)}
        self.clients = {f"c{number}" for number in range(1, clients + 1)}
        self.roles = {*protocol.roles, *(("leader",) if protocol.leader else ())}

    @property
    def allowed(self) -> tuple[str, ...]:
        return (*COUNTS, *sorted(self.roles))

    def check(self, word: str, more: tuple[str, ...]) -> None:
        """Refuse *word* if it can name nobody in this scenario."""
        if word in COUNTS:
            if count_of(word, self.nodes) == 0:
                raise UsageError(f"{word!r} of {self.nodes} nodes is nobody.")
            return
        if word in self.names or word in self.roles or word in more or (REST in more and word in self.clients):
            return
        nodes = "n1" if self.nodes == 1 else f"n1 to n{self.nodes}"
        allowed = (*self.allowed, *more, *self.names)
        hint = unknown_word("target", word, allowed).split(" Allowed:")[0]
        raise UsageError(f"{hint} Allowed: {', '.join((*self.allowed, *more))}, {nodes}.")
