"""The files of the project that ``chaoslab init`` makes, by name."""

from __future__ import annotations

from typing import Final

__all__ = ["FILES"]

_COUNTER = '''"""A replicated counter: each node adds to its own totals, and tells them to the others."""

import json

import chaoslab as cl
import trio


class Counter:
    async def serve(self, node):
        # For each key: what each node has added so far, and how often, so that the newer of two totals is known.
        self.totals = json.loads(node.disk.read("totals") or "{}")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.gossip, node)
            while True:
                message = await node.recv()
                match message.body:
                    case cl.Invocation(f="read", key=key):
                        message.reply(sum(total for _, total in self.totals.get(key, {}).values()))
                    case cl.Invocation(f=f, key=key, value=amount):
                        await self.add(node, key, amount if f == "add" else -amount)
                        message.reply()
                    case totals:
                        self.merge(totals)

    async def add(self, node, key, amount):
        totals = self.totals.setdefault(key, {})
        times, total = totals.get(node.name, (0, 0))
        totals[node.name] = (times + 1, total + amount)
        node.disk.write("totals", json.dumps(self.totals).encode())
        # await node.disk.fsync("totals")

    async def gossip(self, node):
        while True:
            await node.sleep(0.2)
            for peer in node.peers:
                node.send(peer, self.totals)

    def merge(self, others):
        for key, totals in others.items():
            mine = self.totals.setdefault(key, {})
            for name, total in totals.items():
                mine[name] = max(tuple(mine.get(name, (0, 0))), tuple(total))
'''

_TEST = '''"""No addition that was acknowledged may be lost, whatever happens to the nodes."""

import pytest

from counter import Counter


@pytest.mark.chaoslab(
    workload="converging-counter", consistency="eventual", faults="crash restart-loop partition drop"
)
async def test_no_addition_is_lost(cluster):
    cluster.start(Counter, nodes=3)
    await cluster.drive()
'''

_SCENARIO = """[scenario]
title = "A counter survives power cuts"
duration = "10s"

[cluster]
protocol = "../counter.py:Counter"
nodes = 3

[workload]
name = "converging-counter"
clients = 4
rate = "50/s"

[[fault]]
kind = "crash"
target = "one"
every = "3s"
for = "500ms"

[expect]
consistency = ["eventual"]
"""

_PROJECT = """[tool.pytest.ini_options]
pythonpath = ["."]
chaos_scenarios = ["scenarios"]
"""

_README = """# A replicated counter, and what breaks it

    pip install chaoslab
    pytest

fails: clients were told that their additions are done, and after the power of a node was cut they are gone. The text of
the failure says which additions, and that one power cut is enough. Whoever acknowledges must know that it is on the disk,
and `write` alone leaves it in memory. In `counter.py`, take the `#` away from

    # await node.disk.fsync("totals")

and `pytest` passes. Then:

    pytest --chaos-seeds 100                        more seeds
    chaoslab run scenarios/power_cuts.toml          the same as a scenario: faults written down, not drawn
    chaoslab list faults                            what else can go wrong

There is another bug in it. Take `faults=...` out of the test, so that every kind of fault takes part, and find it.
"""

FILES: Final = {
    "README.md": _README,
    "counter.py": _COUNTER,
    "test_counter.py": _TEST,
    "scenarios/power_cuts.toml": _SCENARIO,
    "pyproject.toml": _PROJECT,
}
