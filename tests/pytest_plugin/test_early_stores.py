"""Stores of thirty lines that acknowledge before they replicate, given to the fixture with nothing said.

Six people's ways to write the same mistake: as async code and as state machines, with a disk and without, with one
node that takes the writes and with any.
"""

from __future__ import annotations

import json

import pytest

import chaoslab.pytest_plugin.trials  # noqa: F401  # here, or each suite below would import the simulator anew

pytest_plugins = ["pytester"]

TELLS_AFTERWARDS = """
class Store:
    async def serve(self, node):
        values = {}
        async for message in node:
            match message.body:
                case cl.Invocation(f="write", key=key, value=value):
                    values[key] = value
                    message.reply()
                    for peer in node.peers:
                        node.send(peer, (key, value))
                case cl.Invocation(f="read", key=key):
                    message.reply(values.get(key))
                case (key, value):
                    values[key] = value
"""
TELLS_IN_THE_BACKGROUND = """
class Store:
    async def serve(self, node):
        self.cells = json.loads(node.disk.read("cells") or "{}")  # by key: [version, value]
        async with trio.open_nursery() as nursery:
            async for message in node:
                match message.body:
                    case cl.Invocation(f="write", key=key, value=value):
                        cell = [[self.cells.get(key, [[0]])[0][0] + 1, node.name], value]
                        await self.keep(node, key, cell)
                        message.reply()
                        for peer in node.peers:
                            nursery.start_soon(self.tell, node, peer, key, cell)
                    case cl.Invocation(f="read", key=key):
                        message.reply(self.cells.get(key, [None, None])[1])
                    case (key, cell):
                        await self.keep(node, key, cell)
                        message.reply("kept")

    async def keep(self, node, key, cell):
        if key not in self.cells or cell[0] > self.cells[key][0]:
            self.cells[key] = cell
            node.disk.write("cells", json.dumps(self.cells).encode())
            await node.disk.fsync("cells")

    async def tell(self, node, peer, key, cell):
        for _ in range(20):
            try:
                await node.call(peer, (key, cell), timeout=0.2)
                return
            except TimeoutError:
                pass
"""
ONE_TAKES_THE_WRITES = """
class Store:
    async def serve(self, node):
        values = json.loads(node.disk.read("values") or "{}")
        primary, *backups = node.nodes
        async for message in node:
            match message.body:
                case cl.Invocation(f="write") if node.name != primary:
                    message.refuse(f"ask {primary}")
                case cl.Invocation(f="write", key=key, value=value):
                    values[key] = value
                    node.disk.write("values", json.dumps(values).encode())
                    await node.disk.fsync("values")
                    message.reply()
                    for backup in backups:
                        node.send(backup, dict(values))
                case cl.Invocation(f="read", key=key):
                    message.reply(values.get(key))
                case dict() as copy:
                    values = copy
"""
MACHINE_TELLS_AFTERWARDS = """
class Store:
    def __init__(self, context):
        self.peers = context.peers
        self.values = {}

    def start(self):
        return None

    def timer(self, name):
        return None

    def message(self, sender, message):
        if not isinstance(message, sm.Request):
            self.values[message[0]] = message[1]
            return None
        op = message.body
        if op.f == "read":
            return [sm.reply(sender, message, self.values.get(op.key))]
        self.values[op.key] = op.value
        return [sm.reply(sender, message), *(sm.Send(peer, (op.key, op.value)) for peer in self.peers)]
"""
MACHINE_TELLS_NOW_AND_THEN = """
class Store:
    def __init__(self, context):
        self.name, self.peers = context.name, context.peers
        self.cells = {key: ((number, name), value) for key, ((number, name), value)
                      in json.loads(context.files.get("cells") or "{}").items()}

    def start(self):
        return [sm.SetTimer("tell", 0.05)]

    def timer(self, name):
        return [*(sm.Send(peer, tuple(self.cells.items())) for peer in self.peers), *self.start()]

    def message(self, sender, message):
        if not isinstance(message, sm.Request):
            newer = {key: cell for key, cell in message if key not in self.cells or cell > self.cells[key]}
            self.cells.update(newer)
            return self.kept() if newer else None
        op = message.body
        version, value = self.cells.get(op.key, ((0, ""), None))
        if op.f == "read":
            return [sm.reply(sender, message, value)]
        self.cells[op.key] = ((version[0] + 1, self.name), op.value)
        return [*self.kept(), sm.reply(sender, message)]

    def kept(self):
        return [sm.Persist("cells", json.dumps(self.cells).encode())]
"""
MACHINE_HANDS_DOWN_A_CHAIN = """
class Store:
    def __init__(self, context):
        place = context.nodes.index(context.name)
        self.is_head, self.is_tail = place == 0, place == len(context.nodes) - 1
        self.next = None if self.is_tail else context.nodes[place + 1]
        self.values = json.loads(context.files.get("values") or "{}")

    def start(self):
        return None

    def timer(self, name):
        return None

    def message(self, sender, message):
        if not isinstance(message, sm.Request):
            return self.write(*message)
        op = message.body
        if op.f == "read" and self.is_tail:
            return [sm.reply(sender, message, self.values.get(op.key))]
        if op.f == "write" and self.is_head:
            kept, *down = self.write(op.key, op.value)
            return [kept, sm.reply(sender, message), *down]
        return [sm.reply(sender, message, error="ask another")]

    def write(self, key, value):
        self.values[key] = value
        kept = sm.Persist("values", json.dumps(self.values).encode())
        return [kept] if self.is_tail else [kept, sm.Send(self.next, (key, value))]
"""
STORES = {name: code for name, code in globals().items() if isinstance(code, str) and code.startswith("\nclass Store")}

TEST = """

async def test_store(cluster):
    cluster.start(Store)
    await cluster.drive()
"""
HEAD = "import json\n\nimport chaoslab as cl\nimport chaoslab.statemachine as sm\nimport trio\n\n"


@pytest.mark.parametrize("name", STORES)
def test_an_ordinary_bug_is_found_and_made_small_with_defaults_only(name: str, pytester: pytest.Pytester) -> None:
    """Within fifty seeds, as a guarantee that clients lost, with two faults at most and a handful of operations."""
    assert len(STORES[name].splitlines()) <= 36
    pytester.makeini("[pytest]\n")
    pytester.makepyfile(HEAD + STORES[name] + TEST)
    result = pytester.runpytest_inprocess("-q", "-x", "--chaos-seeds", "50")
    result.assert_outcomes(failed=1, passed=result.parseoutcomes().get("passed", 0))
    result.stdout.fnmatch_lines(["not linearizable: *", "  process * read *", "shrunk: *", "replay: *"])
    (folder,) = pytester.path.glob(".chaoslab/*/seed*")
    found = json.loads((folder / "results.json").read_text())
    assert len(found["faults"]) <= 2
    assert len((folder / "history.jsonl").read_text().splitlines()) <= 2 * 8
