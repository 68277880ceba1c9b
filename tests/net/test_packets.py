"""Packets: what was changed on the way is noticed."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
import trio

import chaoslab as cl
from chaoslab.net import Copies, Datagram, DnsAnswer, DnsQuery, Link, Network, Packet, Segment

PACKETS = [
    Segment(source_port=1, target_port=2, sequence=3, data=b"hello"),
    Datagram(source_port=1, target_port=2, data=b"hello"),
    DnsQuery(id=1, name="db"),
    DnsAnswer(id=1, name="db", addresses=("10.0.0.1",), ttl_ns=5),
]


@pytest.mark.parametrize("packet", PACKETS, ids=lambda packet: type(packet).__name__)
def test_a_change_of_any_field_is_noticed(packet: Any) -> None:
    """Whatever is put in its place."""
    assert packet.intact
    for field in attrs.fields(type(packet)):
        value = getattr(packet, field.name)
        for other in (b"jello", "x", 12345, None):
            if other != value:
                assert not attrs.evolve(packet, **{field.name: other}).intact, (field.name, other)


class Garble:
    """Changes every other segment: what carries data loses its last byte."""

    guarding = False
    hits = 0

    def covers(self, source: str, target: str) -> bool:
        return True

    def send(self, link: Link, copies: Copies, network: Network) -> None:
        (delay_ns, packet) = copies[0]
        if isinstance(packet, Packet) and network.choices.stream("garble").chance(0.3):
            self.hits += 1
            copies[0] = (delay_ns, attrs.evolve(packet, data=packet.data[:-1] or b"?"))

    def arrive(self, link: Link, message: Any, network: Network) -> bool:
        return True


@pytest.mark.parametrize("seed", range(3))
def test_corruption_becomes_loss(seed: int) -> None:
    """A stream over links that garble a third of what they carry delivers what was sent."""
    received: list[bytes] = []
    rule = Garble()

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            stream = await (await node.listen(80)).accept()
            received.append(b"".join([chunk async for chunk in stream]))
        else:
            stream = await node.connect("10.0.0.1", 80)
            await stream.send_all(bytes(range(256)) * 500)
            await stream.aclose()

    async def main(cluster: cl.Cluster) -> None:
        cluster.network.add_rule(rule)
        cluster.start(serve, nodes=2)
        await trio.sleep(120)

    cl.run(main, seed=seed)
    assert received == [bytes(range(256)) * 500]
    assert rule.hits > 10
