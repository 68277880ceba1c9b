"""The parts of a scenario that say where nodes stand: zones, and how long messages between them take."""

from __future__ import annotations

from typing import Any

from chaoslab.errors import unknown_word
from chaoslab.nemesis import COUNTS, IT, REST, is_count
from chaoslab.net.latency import LATENCY, Latency
from chaoslab.parameters import WORDS
from chaoslab.plugins import Protocol
from chaoslab.scenario.locator import Path
from chaoslab.scenario.tables import Tables

__all__ = ["ZoneTables"]


class ZoneTables(Tables):
    """Reads ``zones`` of ``[cluster]`` and ``[network.zones]``."""

    def zones(self, table: dict[str, Any], path: Path, nodes: int, protocol: Protocol) -> tuple[tuple[str, str], ...]:
        """Return (zone, names of its nodes): from a table, or from a number of zones that take turns."""
        value = table.pop("zones", None)
        path = (*path, "zones")
        names = [f"n{number}" for number in range(1, nodes + 1)]
        if value is None:
            return ()
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= nodes:
            return tuple((f"z{zone + 1}", " ".join(names[zone::value])) for zone in range(value))
        if not isinstance(value, dict) or not value:
            self.refuse(
                path,
                f"{value!r} are no zones: write a number from 1 to {nodes}, or a table such as "
                '{ east = "n1 n2", west = "n3" }.',
            )
        zone_of: dict[str, str] = {}
        found = []
        reserved = {*names, *COUNTS, REST, IT, "leader", *protocol.roles}
        for zone, words in value.items():
            if zone in reserved or is_count(zone):
                self.refuse((*path, zone), f"{zone!r} means something else already: give the zone another name.")
            with self.at(*path, zone):
                members = WORDS.parse(words)
            for name in members:
                if name not in names:
                    self.refuse((*path, zone), unknown_word("node", name, names))
                if name in zone_of:
                    self.refuse((*path, zone), f"{name} is in the zone {zone_of[name]} already.")
                zone_of[name] = zone
            if not members:
                self.refuse((*path, zone), "a zone has at least one node.")
            found.append((zone, " ".join(members)))
        return tuple(found)

    def zone_latency(
        self, table: dict[str, Any], path: Path, zones: list[str]
    ) -> tuple[tuple[tuple[str, str], Latency], ...]:
        """Return the latency of each pair of zones, written ``"east west"``, or ``"east"`` for links inside."""
        found: dict[tuple[str, str], Latency] = {}
        for words in list(table):
            pair = words.split()
            if len(pair) not in (1, 2):
                self.refuse((*path, words), f'{words!r} is no pair of zones: write two, such as "east west", or one.')
            for zone in pair:
                if not zones:
                    self.refuse((*path, words), "the cluster has no zones: add zones to [cluster].")
                if zone not in zones:
                    self.refuse((*path, words), unknown_word("zone", zone, zones))
            here, there = pair[0], pair[-1]
            if (there, here) in found or (here, there) in found:
                self.refuse((*path, words), f"the latency between {here} and {there} is told twice.")
            found[here, there] = self.take(table, path, words, LATENCY)
        return tuple(found.items())
