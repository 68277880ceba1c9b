"""From TOML to a scenario, strictly.

Rules:

1. Every key is known, every value has its unit, every name exists: a mistake is told when the file is read, with file,
   line, key, what is allowed and the nearest word.
2. What a protocol, workload or fault takes is told by its own class (see ``chaoslab.parameters``), not here.

This file does not know how a scenario is run.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from chaoslab import local_code
from chaoslab.checkers.registry import LEVELS, levels_of
from chaoslab.cluster import ARRIVALS, Arrivals, Workload
from chaoslab.errors import ScenarioError, unknown_word
from chaoslab.nemesis import Scene
from chaoslab.net.delay_file import beside
from chaoslab.net.latency import LATENCY
from chaoslab.parameters import BANDWIDTH, COUNT, DURATION, FLAG, RATE, RATIO, TEXT
from chaoslab.plugins import Protocol, Registry
from chaoslab.scenario.fault_tables import FaultTables, Words
from chaoslab.scenario.locator import Path, lines_of_keys
from chaoslab.scenario.replay_tables import ReplayTables
from chaoslab.scenario.scenario import DEFAULT_LATENCY, Expect, Scenario
from chaoslab.scenario.tables import SECTIONS
from chaoslab.scenario.zone_tables import ZoneTables

__all__ = ["load_scenario", "parse_scenario"]

_NODES_MAX = _CLIENTS_MAX = 10_000
_KEYS_MAX = 1_000_000
"""Bounds on what one scenario can ask for: more is a slip, and would fill memory before the run has begun."""

_TOML_KEYS = re.compile(r"\('[^)]*\)")  # how tomllib shows a dotted key
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
        text = FilePath(path).read_text(encoding="utf-8-sig")  # editors on Windows put a mark at the beginning
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
        what = _TOML_KEYS.sub(lambda keys: ".".join(re.findall(r"'([^']*)'", keys[0])), _TOML_PLACE.sub("", str(error)))
        raise ScenarioError(f"this is not TOML: {what}.", file=file, line=line) from None
    except (RecursionError, ValueError):
        raise ScenarioError("brackets nested this deep, or numbers this long, are no scenario.", file=file) from None
    if file is not None:
        values = beside(FilePath(file).parent, values)
    reading = _Reading(plugins, file, lines_of_keys(text))
    for dotted, value in (overrides or {}).items():
        reading.override(values, dotted, value)
    return reading.scenario(values)


class _Reading(FaultTables, ReplayTables, ZoneTables):
    """One reading of one file, section by section."""

    def scenario(self, values: Mapping[str, Any]) -> Scenario:
        for key in values:
            if key not in SECTIONS:
                self.refuse((key,), unknown_word("section", key, SECTIONS))
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

        test, seed, calm, deviations = self.replay(values)
        table, path = self.table(values, "cluster", needed=True), ("cluster",)
        if "protocol" not in table:
            self.refuse(path, f"protocol is missing: one of {', '.join(sorted(self.plugins.protocols))}.")
        protocol = self.protocol(table.pop("protocol"), (*path, "protocol"), test)
        nodes = self.take(table, path, "nodes", COUNT, protocol.nodes)
        if not 1 <= nodes <= _NODES_MAX:
            self.refuse((*path, "nodes"), f"a cluster has at least one node, and at most {_NODES_MAX:,}.")
        if nodes < protocol.nodes_min:
            self.refuse((*path, "nodes"), f"{protocol.name} takes at least {protocol.nodes_min} nodes.")
        settings = self.own(protocol.settings, self.table(table, "settings", path), (*path, "settings"), ())
        table.pop("settings", None)
        zones = self.zones(table, path, nodes, protocol)
        self.nothing_left(table, path, ("protocol", "nodes", "settings", "zones"))

        table, path = self.table(values, "network"), ("network",)
        latency = self.take(table, path, "latency", LATENCY, DEFAULT_LATENCY)
        drop = self.take(table, path, "drop", RATIO, 0.0)
        duplicate = self.take(table, path, "duplicate", RATIO, 0.0)
        fifo = self.take(table, path, "fifo", FLAG, False)
        bandwidth = self.take(table, path, "bandwidth", BANDWIDTH)
        zone_latency = self.zone_latency(self.table(table, "zones"), (*path, "zones"), [zone for zone, _ in zones])
        table.pop("zones", None)
        self.nothing_left(table, path, ("latency", "drop", "duplicate", "fifo", "bandwidth", "zones"))

        table, path = self.table(values, "clock"), ("clock",)
        epsilon_ns = self.take(table, path, "epsilon", DURATION, defaults.epsilon_ns)
        self.nothing_left(table, path, ("epsilon",))
        if epsilon_ns == 0:
            self.refuse((*path, "epsilon"), "no source of true time is exact: epsilon is above zero.")

        workload, clients, rate, keys, arrivals, parameters = self.workload(values, protocol, defaults, test)
        scene = Scene.of(
            protocol,
            nodes=nodes,
            duration_ns=duration_ns,
            zones=zones,
            settings=settings,
            beyond_budget=beyond_budget,
            kinds=self.plugins.faults,
        )
        words = Words(protocol, nodes, clients, zones, scene)
        return Scenario(
            title=title,
            topic=topic,
            duration_ns=duration_ns,
            settle_ns=settle_ns,
            beyond_budget=beyond_budget,
            protocol=protocol.name,
            nodes=nodes,
            settings=settings,
            zones=zones,
            zone_latency=zone_latency,
            epsilon_ns=epsilon_ns,
            latency=latency,
            drop=drop,
            duplicate=duplicate,
            fifo=fifo,
            bandwidth=bandwidth,
            workload=workload.name,
            clients=clients,
            rate=rate,
            keys=keys,
            arrivals=arrivals,
            parameters=parameters,
            faults=self.faults(values, words, duration_ns),
            nemeses=self.nemeses(values, words),
            expect=self.expect(values, workload),
            operations=self.operations(values, clients),
            seed=seed,
            calm=calm,
            deviations=deviations,
            test=test,
        )

    def protocol(self, name: Any, path: Path, test: str) -> Protocol:
        if not isinstance(name, str):
            self.refuse(path, f"{name!r} is not the name of a protocol.")
        name = local_code.named_from(self.folder, name)
        if test:  # it starts its nodes itself
            return Protocol(name=name, summary="", replica=None, serves=tuple(self.plugins.workloads), claims=())
        with self.at(*path):
            return self.plugins.protocol(name)

    def workload(
        self, values: Mapping[str, Any], protocol: Protocol, defaults: Scenario, test: str
    ) -> tuple[Workload, int, float, int, Arrivals, Any]:
        table, path = self.table(values, "workload", needed=True), ("workload",)
        if "name" not in table:
            self.refuse(path, f"name is missing: {protocol.name} serves {', '.join(protocol.serves)}.")
        name = table.pop("name")
        if test and isinstance(name, str) and name not in self.plugins.workloads:
            workload = Workload(name=name, summary="", model="", operations=lambda view: iter(()))  # the test's own
        else:
            workload = self.named((*path, "name"), "workload", name, self.plugins.workloads)
        if workload.name not in protocol.serves and not test:
            self.refuse(
                (*path, "name"),
                f"the protocol {protocol.name} does not serve the workload {workload.name!r}: "
                f"it serves {', '.join(protocol.serves)}.",
            )
        clients = self.take(table, path, "clients", COUNT, defaults.clients)
        keys = self.take(table, path, "keys", COUNT, defaults.keys)
        for key, count, most in (("clients", clients, _CLIENTS_MAX), ("keys", keys, _KEYS_MAX)):
            if not 1 <= count <= most:
                self.refuse((*path, key), f"a workload has at least one of its {key}, and at most {most:,}.")
        rate = self.take(table, path, "rate", RATE, defaults.rate)
        arrivals = self.take(table, path, "arrivals", ARRIVALS, defaults.arrivals)
        own = self.own(workload.parameters, table, path, ("name", "clients", "rate", "keys", "arrivals"))
        return workload, clients, rate, keys, arrivals, own

    def expect(self, values: Mapping[str, Any], workload: Workload) -> Expect:
        table, path = self.table(values, "expect"), ("expect",)
        expect: Expect = self.own(Expect, table, path, ())
        for level in expect.consistency or ():
            if level not in LEVELS:
                self.refuse((*path, "consistency"), unknown_word("level", level, LEVELS))
            if not workload.model:
                continue
            checked = levels_of(self.plugins.models[workload.model])
            if level not in checked:
                self.refuse(
                    (*path, "consistency"),
                    f"{level} says nothing of the workload {workload.name!r}; its levels: {', '.join(checked)}.",
                )
        for name in expect.checks:
            self.named((*path, "checks"), "check", name, self.plugins.checkers)
        model = self.plugins.models.get(workload.model)
        if expect.staleness_ns is not None and (model is None or model.shape != "register"):
            self.refuse((*path, "staleness"), f"staleness is of registers, and the workload is {workload.name!r}.")
        return expect
