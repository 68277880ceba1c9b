"""Small replicas, right and wrong, for tests of trials and strategies."""

from __future__ import annotations

import chaoslab as cl


class OneCopy:
    """The first node keeps the values; the others refuse. Right, as long as it is not crashed."""

    async def serve(self, node: cl.Node) -> None:
        values: dict[str, int] = {}
        while True:
            message = await node.recv()
            op = message.body
            if node.name != node.nodes[0]:
                message.refuse("ask the first node")
                continue
            if op.f == "write":
                values[op.key] = op.value
            node.log.debug("served", f=op.f)
            message.reply(values.get(op.key))


class Early:
    """Acknowledges before the others have it."""

    async def serve(self, node: cl.Node) -> None:
        values: dict[str, int] = {}
        while True:
            message = await node.recv()
            if isinstance(message.body, cl.Invocation):
                op = message.body
                if op.f == "write":
                    values[op.key] = op.value
                    for peer in node.peers:
                        node.send(peer, (op.key, op.value))
                message.reply(values.get(op.key))
            else:
                key, value = message.body
                values[key] = value


async def early(cluster: cl.Cluster) -> None:
    cluster.start(Early)
    await cluster.drive()  # type: ignore[call-arg]


async def one_copy(cluster: cl.Cluster) -> None:
    cluster.start(OneCopy)
    await cluster.drive()  # type: ignore[call-arg]
