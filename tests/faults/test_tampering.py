"""Changed, shortened, overheard and forged messages; what transport costs."""

from __future__ import annotations

from typing import Any

import pytest
import trio

import chaoslab as cl
from chaoslab.faults import Corrupt, Forge, Truncate
from chaoslab.faults.budget import Budget
from chaoslab.net.sizes import size_bytes
from tests.faults.traffic import Seen, traffic


def test_corrupt_changes_about_its_share() -> None:
    """A fifth of two thousand byte strings, each in one bit."""
    seen = traffic(cl.corrupt(0.2), number=2000, gap=0.001, body=lambda n: bytes(8))
    flipped = [int.from_bytes(body).bit_count() for body in seen.bodies]
    assert set(flipped) == {0, 1}
    assert sum(flipped) == seen.injections[0].took_effect
    assert 340 < sum(flipped) < 460


def test_corrupt_never_changes_what_the_sender_holds() -> None:
    """The same object sent again arrives as it was."""
    shared = {"numbers": [1, 2, 3]}
    seen = traffic(cl.corrupt(0.5), number=100, body=lambda n: shared)
    assert shared == {"numbers": [1, 2, 3]}
    assert 30 < seen.bodies.count(shared) < 70


def test_truncate_cuts_the_end_off() -> None:
    """What arrives is a beginning of what was sent."""
    seen = traffic(cl.truncate(0.5), number=400, body=lambda n: "abcdefgh")
    lengths = [len(body) for body in seen.bodies]
    assert all("abcdefgh".startswith(body) for body in seen.bodies)
    assert 160 < sum(length < 8 for length in lengths) == seen.injections[0].took_effect < 240
    assert set(lengths) == set(range(9))


def test_a_message_with_nothing_to_change_is_no_hit() -> None:
    """So a corruption that met only such messages had no effect, and that is told."""
    for fault in (cl.corrupt(1.0), cl.truncate(1.0)):
        seen = traffic(fault, number=10, body=lambda n: None)
        assert seen.bodies == [None] * 10
        assert seen.injections[0].took_effect == 0


@pytest.mark.parametrize("fault", [Corrupt(ratio=0.1), Truncate(ratio=0.1), Forge()], ids=lambda fault: fault.kind)
def test_tampering_must_be_promised_to_be_survived(fault: Any) -> None:
    """The budget of a protocol says so; without it the nemesis refuses."""
    assert Budget(tampering=True).refusal(fault, 3) is None
    assert "messages must arrive as they were sent" in str(Budget().refusal(fault, 3))


def test_an_eavesdropper_hears_everything_and_changes_nothing() -> None:
    """In order, with sender and receiver; what it heard is kept after the heal."""
    links = [("n1", "n2"), ("n2", "n1")]
    seen = traffic(cl.eavesdrop(), links=links, number=10, body=lambda n: n)
    assert seen.counts() == [10, 10]
    heard = seen.cluster.overheard()
    assert [message for source, _, message in heard if source == "n1"] == list(range(10))
    assert len(heard) == seen.injections[0].took_effect == 20


def test_an_eavesdropper_may_listen_to_one_node_only() -> None:
    """On its links, both ways."""
    links = [("n1", "n2"), ("n2", "n1"), ("n2", "n3")]
    seen = traffic((cl.eavesdrop(), ("n1",)), links=links, number=5, body=lambda n: n)
    assert {(source, target) for source, target, _ in seen.cluster.overheard()} == {("n1", "n2"), ("n2", "n1")}


def forged(way: str, **more: Any) -> Seen:
    """Return what arrives when messages are forged at ten a second while fifty are sent in five seconds."""
    return traffic(cl.forge(way, rate=10), number=50, gap=0.1, body=lambda n: {"number": n, "from": "n1"}, **more)


def test_a_replayed_message_is_one_that_was_sent() -> None:
    """Again, some time later."""
    seen = forged("replay")
    numbers = [body["number"] for body in seen.bodies]
    assert set(numbers) == set(range(50))
    assert 70 < len(numbers) - 50 == seen.injections[0].took_effect < 130


def test_a_tampered_message_is_one_that_was_never_sent() -> None:
    """Each differs from all that were."""
    seen = forged("tamper")
    sent = [{"number": number, "from": "n1"} for number in range(50)]
    made_up = [body for body in seen.bodies if body not in sent]
    assert len(seen.bodies) == 50 + seen.injections[0].took_effect
    assert len(made_up) > 0.5 * seen.injections[0].took_effect  # a changed number may be another one that was sent


def test_a_spoofed_message_comes_from_somebody_else() -> None:
    """The content is as it was."""
    arrived = forged("spoof").arrived
    assert len(arrived["n1", "n2"]) == 50
    others = {link: messages for link, messages in arrived.items() if link != ("n1", "n2")}
    assert {target for _, target in others} == {"n2"}
    assert sum(map(len, others.values())) > 50


def test_nothing_is_forged_before_anything_was_heard_or_after_the_heal() -> None:
    """A forger in a silent network has no effect; one that is healed is silent."""
    assert traffic(cl.forge(), number=0).injections[0].took_effect == 0
    seen = forged("replay", heal_after=0.0)
    healed_s = seen.injections[0].healed_ns / 1e9
    assert all(at <= healed_s + 0.0011 for at, _ in seen.arrived["n1", "n2"])


def test_a_forger_uses_what_was_overheard_before() -> None:
    """Also long after the last message was sent."""
    arrived: list[Any] = []

    async def serve(node: cl.Node) -> None:
        if node.name == "n1":
            node.send("n2", "open sesame")
        while True:
            arrived.append((await node.recv()).body)

    async def main(cluster: cl.Cluster) -> int:
        cluster.start(serve)
        with cluster.faults(cl.eavesdrop()):
            await trio.sleep(1)
        before = len(arrived)
        with cluster.faults(cl.forge(rate=2)):
            await trio.sleep(10)
        return before

    assert cl.run(main) == 1
    assert len(arrived) > 10
    assert set(arrived) == {"open sesame"}


def test_a_partition_stops_forged_messages_too() -> None:
    """They travel as any other."""
    cut = cl.partition("n1 | n2")
    assert traffic(cl.forge(rate=10), cut, number=50, gap=0.1).counts() == [0]


def test_cost_counts_messages_and_bytes_by_link_and_type() -> None:
    """To the byte."""
    bodies = [("vote", 1), "ping", "ping"]
    seen = traffic(
        cl.cost(a_message=1.0, a_byte=0.5), links=[("n1", "n2"), ("n1", "n3")], number=30, body=lambda n: bodies[n % 3]
    )
    figures = seen.injections[0].figures
    vote, ping = (size_bytes(body) for body in (("vote", 1), "ping"))
    assert figures["messages"] == 60 == seen.injections[0].took_effect
    assert figures["bytes"] == 20 * vote + 40 * ping
    assert figures["price"] == 60 + 0.5 * figures["bytes"]
    assert figures["by_type"]["ping"] == {"messages": 40, "bytes": 40 * ping, "price": 40 + 20 * ping}
    assert figures["by_link"]["n1>n3"]["messages"] == 30
    assert seen.counts() == [30, 30]


def test_cost_may_be_for_messages_between_zones_only() -> None:
    """As providers charge it."""

    async def serve(node: cl.Node) -> None:
        for peer in node.peers:
            node.send(peer, "hello")
        await trio.sleep_forever()

    async def main(cluster: cl.Cluster) -> Any:
        cluster.zones.update({"n1": "east", "n2": "east", "n3": "west"})
        cluster.start(serve)
        paid = cluster.inject(cl.cost(a_message=1.0, between_zones=True))
        await trio.sleep(1)
        cluster.heal(paid)
        return paid.figures["by_link"]

    assert sorted(cl.run(main)) == ["n1>n3", "n2>n3", "n3>n1", "n3>n2"]


def test_the_report_and_the_document_show_what_an_operation_costs() -> None:
    """Of a scenario, in the figures of its fault."""
    from chaoslab.plugins import registry
    from chaoslab.report.document import run_document
    from chaoslab.report.terminal import run_lines
    from chaoslab.runner import run
    from chaoslab.scenario import parse_scenario

    text = (
        '[scenario]\nduration = "5s"\n[cluster]\nprotocol = "abd"\nnodes = 3\n[workload]\nname = "register"\n'
        '[[fault]]\nkind = "cost"\na_message = 1\n'
    )
    done = run(parse_scenario(text, registry()), 1)
    (told,) = run_document(done, repeat="")["faults"]
    figures = told["figures"]
    # A quorum of three: two rounds of a message to each node and its answer, for every operation.
    assert figures["an_operation"] == pytest.approx(12, rel=0.1)
    assert figures["price"] == figures["messages"] == sum(part["messages"] for part in figures["by_type"].values())
    assert any(f"an operation {figures['an_operation']:,.6g}" in line for line in run_lines(done, repeat=""))


@pytest.mark.parametrize("wrong", [{}, {"a_message": -1.0}])
def test_a_price_is_above_zero(wrong: dict[str, float]) -> None:
    """Free transport needs no account."""
    from chaoslab.faults import Cost
    from chaoslab.parameters import build

    with pytest.raises(cl.UsageError):
        build(Cost, wrong)
