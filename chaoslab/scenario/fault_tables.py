"""The part of a scenario that says what is done to the cluster: faults, whom they hit and when, and programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chaoslab.errors import UsageError, unknown_word
from chaoslab.nemesis import (
    CONDITION,
    COUNTS,
    IT,
    MODES,
    REST,
    Composition,
    FaultRequest,
    Part,
    Scene,
    Schedule,
    count_of,
    is_count,
)
from chaoslab.parameters import DURATION, GROUPS, WORDS, ZONE, places
from chaoslab.plugins import Protocol
from chaoslab.scenario.locator import Path
from chaoslab.scenario.tables import Tables
from chaoslab.units import counted, format_duration

__all__ = ["FaultTables", "Words"]

_TIMES_MAX = 100_000
"""How often a fault can happen in one run: more is a slip, and would fill memory before the run has begun."""


class FaultTables(Tables):
    """Reads ``[[fault]]`` and ``[[nemesis]]``."""

    def faults(self, values: Mapping[str, Any], words: Words, duration_ns: int) -> tuple[FaultRequest, ...]:
        """Return what is asked for in ``[[fault]]``."""
        tables = self.tables(values, "fault")
        return tuple(self.request(table, ("fault", number), words, duration_ns) for number, table in enumerate(tables))

    def request(self, table: dict[str, Any], path: Path, words: Words, duration_ns: int) -> FaultRequest:
        """Return one of them: a fault, or a composition of several, and when."""
        schedule = self.schedule(table, path, words, duration_ns)
        more = (REST, IT) if schedule.when is not None else (REST,)
        if table.get("kind") in MODES:
            mode = table.pop("kind")
            parts = table.pop("faults", [])
            if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
                self.refuse((*path, "faults"), "faults is an array of tables: faults = [{ kind = ... }, ...].")
            self.nothing_left(table, path, ("kind", "faults", "at", "every", "when", "for"))
            with self.at(*path):
                return FaultRequest(
                    fault=Composition(
                        mode=mode,
                        parts=tuple(
                            self.part(dict(part), (*path, "faults", number), words, more, ())
                            for number, part in enumerate(parts)
                        ),
                    ),
                    schedule=schedule,
                )
        part = self.part(table, path, words, more, ("at", "every", "when", "for"))
        return FaultRequest(fault=part.fault, target=part.target, schedule=schedule)

    def part(
        self, table: dict[str, Any], path: Path, words: Words, more: tuple[str, ...], also: tuple[str, ...]
    ) -> Part:
        """Return one fault and whom it hits."""
        if "kind" not in table:
            self.refuse(path, f"kind is missing: one of {', '.join(sorted(self.plugins.faults))}.")
        known = self.plugins.faults if not also else {**self.plugins.faults, **dict.fromkeys(MODES)}
        kind = self.named((*path, "kind"), "kind of fault", table.pop("kind"), known)
        target = " ".join(self.take(table, path, "target", WORDS, ()))
        fault = self.own(kind, table, path, ("kind", "target", *also))
        if hasattr(fault, "check"):
            with self.at(*path):
                fault.check(words.scene)
        nodes_min = getattr(fault, "nodes_min", 1)
        if words.nodes < nodes_min:
            self.refuse(path, f"this fault takes at least {nodes_min} nodes, and there are {words.nodes}.")
        for name, unit, said in places(fault):
            for word in said.replace("|", " ").split():
                with self.at(*path, *name.split(".")):
                    words.check(word, more if unit is GROUPS else tuple(one for one in more if one != REST))
            if unit is GROUPS:
                with self.at(*path, *name.split(".")):
                    words.check_groups(said)
        self.check_zones(fault, path, words)
        whom = [name for name, unit, _ in places(fault) if unit is GROUPS]
        if target and whom:
            self.refuse((*path, "target"), f"this fault says whom it hits in {whom[0]}, not in target.")
        if target == "" and kind.needs_target:
            self.refuse(path, f"target is missing: {', '.join(words.allowed)}, or names of nodes.")
        for word in target.split():
            with self.at(*path, "target"):
                words.check(word, tuple(one for one in more if one != REST))
        return Part(fault=fault, target=target)

    def check_zones(self, value: Any, path: Path, words: Words) -> None:
        """Refuse a zone that the scenario does not have."""
        for name, _, zone in places(value, (ZONE,)):
            if not words.zones:
                self.refuse((*path, *name.split(".")), "there are no zones: write zones = 3 in [cluster], or a table.")
            if zone not in words.zones:
                self.refuse((*path, *name.split(".")), unknown_word("zone", zone, words.zones))

    def schedule(self, table: dict[str, Any], path: Path, words: Words, duration_ns: int) -> Schedule:
        """Return when a fault happens."""
        at_ns = self.take(table, path, "at", DURATION)
        every_ns = self.take(table, path, "every", DURATION)
        when = self.take(table, path, "when", CONDITION)
        for_ns = self.take(table, path, "for", DURATION)
        if at_ns is not None and at_ns >= duration_ns:
            self.refuse(
                (*path, "at"),
                f"at {format_duration(at_ns)} the run is over: its duration is {format_duration(duration_ns)}.",
            )
        if every_ns and duration_ns // every_ns > _TIMES_MAX:
            self.refuse((*path, "every"), f"that is {duration_ns // every_ns:,} times: at most {_TIMES_MAX:,}.")
        if for_ns == 0:
            self.refuse((*path, "for"), "a fault that lasts no time does nothing: for is above zero.")
        if when is not None:
            if when.role and when.role not in words.roles:
                self.refuse((*path, "when", "role"), unknown_word("role", when.role, sorted(words.roles)))
            for word in when.node.split():
                with self.at(*path, "when", "node"):
                    words.check(word, ())
        with self.at(*path):
            return Schedule(at_ns=at_ns, every_ns=every_ns, when=when, for_ns=for_ns)

    def nemeses(self, values: Mapping[str, Any], words: Words) -> tuple[Any, ...]:
        """Return the programs asked for in ``[[nemesis]]``."""
        programs = []
        for number, table in enumerate(self.tables(values, "nemesis")):
            path: Path = ("nemesis", number)
            if "name" not in table:
                self.refuse(path, f"name is missing: one of {', '.join(sorted(self.plugins.nemeses))}.")
            kind = self.named((*path, "name"), "nemesis", table.pop("name"), self.plugins.nemeses)
            program = self.own(kind, table, path, ("name",))
            if hasattr(program, "check"):
                with self.at(*path):
                    program.check(words.scene)
            for name, unit, said in places(program):
                for word in said.replace("|", " ").split():
                    with self.at(*path, *name.split(".")):
                        words.check(word, (REST,) if unit is GROUPS else ())
            self.check_zones(program, path, words)
            programs.append(program)
        return tuple(programs)


class Words:
    """The words that may name whom a fault hits, in one scenario."""

    def __init__(
        self, protocol: Protocol, nodes: int, clients: int, zones: tuple[tuple[str, str], ...], scene: Scene
    ) -> None:
        self.scene = scene
        self.nodes = nodes
        self.names = {f"n{number}" for number in range(1, nodes + 1)}
        self.clients = {f"c{number}" for number in range(1, clients + 1)}
        self.roles = {*protocol.roles, *(("leader",) if protocol.leader else ())}
        self.zones = tuple(zone for zone, _ in zones)

    @property
    def allowed(self) -> tuple[str, ...]:
        """The words that a target may be, but for names."""
        return (*COUNTS, *sorted(self.roles), *self.zones)

    def check(self, word: str, more: tuple[str, ...]) -> None:
        """Refuse *word* if it can name nobody in this scenario."""
        if is_count(word):
            count = count_of(word, self.nodes)
            if count == 0:
                raise UsageError(f"{word!r} of {counted(self.nodes, 'node')} is nobody.")
            if count > self.nodes:
                raise UsageError(f"{word!r} nodes are more than the {self.nodes} there are.")
            return
        if word in self.names or word in self.roles or word in self.zones or word in more:
            return
        if REST in more and word in self.clients:
            return
        nodes = "n1" if self.nodes == 1 else f"n1 to n{self.nodes}"
        allowed = (*self.allowed, *more, *self.names)
        hint = unknown_word("target", word, allowed).split(" Allowed:")[0]
        raise UsageError(f"{hint} Allowed: {', '.join((*self.allowed, *more))}, {nodes}.")

    def check_groups(self, groups: str) -> None:
        """Refuse *groups* if one of them could never have anybody in it."""
        split = [group.split() for group in groups.split("|")]
        words = [word for group in split for word in group]
        for word in words:
            if words.count(word) > 1 and not is_count(word):
                raise UsageError(f"{word!r} stands twice in {groups!r}: nobody is on two sides.")
        counted = {*self.names, *self.clients, REST}
        if not all(word in counted or is_count(word) for word in words):
            return  # who plays a role shows only when the fault happens
        sizes = [sum(word in self.names or word in self.clients for word in group) for group in split]
        left = self.nodes - sum(word in self.names for word in words)
        for number, group in enumerate(split):
            for word in group:
                if is_count(word):
                    taken = min(count_of(word, self.nodes), left)
                    sizes[number] += taken
                    left -= taken
        if any(not size and not (REST in group and left) for size, group in zip(sizes, split, strict=True)):
            raise UsageError(f"one side of {groups!r} is always nobody: the others take all {self.nodes} nodes.")
