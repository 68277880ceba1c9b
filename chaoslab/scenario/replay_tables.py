"""The parts of a scenario that is about one run: what its clients do, its seed, and how it deviates from calm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chaoslab import local_code
from chaoslab.cluster import ScriptedOperation
from chaoslab.errors import unknown_word
from chaoslab.parameters import COUNT, DURATION, FLAG, TEXT
from chaoslab.scenario.locator import Path
from chaoslab.scenario.tables import Tables
from chaoslab.statemachine import Invocation

__all__ = ["ReplayTables"]


class ReplayTables(Tables):
    """Reads ``[[operation]]`` and ``[replay]``."""

    def operations(self, values: Mapping[str, Any], clients: int) -> tuple[ScriptedOperation, ...]:
        """Return the script of a scenario that says itself what its clients do."""
        found = []
        for number, table in enumerate(self.tables(values, "operation")):
            path: Path = ("operation", number)
            for key in ("at", "client", "f"):
                if key not in table:
                    self.refuse(path, f"{key} is missing.")
            at_ns = self.take(table, path, "at", DURATION)
            client = self.take(table, path, "client", TEXT)
            names = [f"c{one}" for one in range(1, clients + 1)]
            if client not in names:
                self.refuse((*path, "client"), unknown_word("client", client, names))
            f = self.take(table, path, "f", TEXT)
            key = table.pop("key", None)
            value = self.argument(table, path)
            self.nothing_left(table, path, ("at", "client", "f", "key", "value", "value_json"))
            invocation = Invocation(f=f, key=key, value=value)
            found.append(ScriptedOperation(at_ns=at_ns, client=names.index(client), invocation=invocation))
        return tuple(sorted(found, key=lambda one: one.at_ns))

    def argument(self, table: dict[str, Any], path: Path) -> Any:
        """Return the argument of an operation, which is told in TOML or in JSON."""
        text = self.take(table, path, "value_json", TEXT, "")
        if not text:
            return _frozen_lists(table.pop("value", None))
        if "value" in table:
            self.refuse((*path, "value_json"), "an operation has value or value_json, not both.")
        try:
            return _frozen_lists(json.loads(text))
        except ValueError as error:
            self.refuse((*path, "value_json"), f"this is no JSON: {error}.")

    def replay(self, values: Mapping[str, Any]) -> tuple[str, int | None, bool, tuple[tuple[str, int, float], ...]]:
        """Return test, seed, calm and deviations of a scenario that is about one run."""
        table, path = self.table(values, "replay"), ("replay",)
        test = self.take(table, path, "test", TEXT, "")
        if test and not local_code.is_local(test):
            self.refuse(
                (*path, "test"), f'{test!r} names no test: write its file and its name, "test_store.py:test_it".'
            )
        seed = self.take(table, path, "seed", COUNT)
        calm = self.take(table, path, "calm", FLAG, False)
        deviations = []
        for one in table.pop("deviations", ()):
            match one:
                case [str(stream), int(position), float() | int() as draw] if position >= 0 and 0 <= draw < 1:
                    deviations.append((stream, position, float(draw)))
                case _:
                    self.refuse(
                        (*path, "deviations"),
                        f'{one!r} is no deviation: write [stream, position, draw], such as ["latency n1>n2", 3, 0.99].',
                    )
        self.nothing_left(table, path, ("test", "seed", "calm", "deviations"))
        return local_code.named_from(self.folder, test), seed, calm, tuple(deviations)


def _frozen_lists(value: Any) -> Any:
    """Return *value* with tuples for lists: what is invoked is a value."""
    return tuple(_frozen_lists(item) for item in value) if isinstance(value, list) else value
