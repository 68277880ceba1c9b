"""Faults for exactly the messages that match."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

import chaoslab as cl
from chaoslab.net import Match
from tests.faults.traffic import traffic


@attrs.frozen
class AppendReply:
    number: int


def kinds(number: int) -> Any:
    """Return a message that calls itself by a class, a dict, a tuple or a word, in turn."""
    plain = ({"type": "append_reply", "number": number}, ("append-reply", number), "append-reply")
    return (AppendReply(number), *plain, "heartbeat", number)[number % 6]


@pytest.mark.parametrize("name", ["append-reply", "AppendReply", "append_reply"])
def test_a_message_matches_by_its_class_or_by_what_it_calls_itself(name: str) -> None:
    """Four of these six do, however the name is written."""
    assert traffic(cl.match(cl.matching(name)), number=12, body=kinds).bodies == ["heartbeat", 5, "heartbeat", 11]


def test_what_a_request_carries_matches_too() -> None:
    """And so does what a response carries."""

    async def serve(node: cl.Node) -> None:
        while node.name == "n2":
            message = await node.recv()
            message.reply(AppendReply(message.body))

    async def main(cluster: cl.Cluster) -> list[str]:
        cluster.start(serve)
        client = cluster.node("n1")
        outcomes: list[str] = []

        async def ask(node: cl.Node) -> None:
            for number in range(4):
                try:
                    outcomes.append((await node.call("n2", number)).__class__.__name__)
                except TimeoutError:
                    outcomes.append("lost")

        with cluster.faults(cl.match(cl.matching("append-reply", from_="n2", nth=3))):
            await cluster.sleep(0.1)
            await ask(client.node)  # type: ignore[attr-defined]
        return outcomes

    assert cl.run(main) == ["AppendReply", "AppendReply", "lost", "AppendReply"]


@pytest.mark.parametrize(
    ("counted", "lost"),
    [
        ({"nth": 3}, [2]),
        ({"skip": 7}, [7, 8, 9]),
        ({"every": 3}, [2, 5, 8]),
        ({"count": 2}, [0, 1]),
        ({"skip": 1, "every": 2, "count": 3}, [2, 4, 6]),
    ],
)
def test_messages_are_counted(counted: dict[str, int], lost: list[int]) -> None:
    """From the first one on, all together."""
    seen = traffic(cl.match(Match(**counted)), number=10)
    assert sorted(set(range(10)) - {body[0] for body in seen.bodies}) == lost
    assert seen.injections[0].took_effect == len(lost)


def test_messages_match_by_sender_and_receiver() -> None:
    """Only that link is hit."""
    links = [("n1", "n2"), ("n2", "n1"), ("n1", "n3"), ("n3", "n2")]
    assert traffic(cl.match(cl.matching(from_="n1", to="n2")), links=links, number=5).counts() == [0, 5, 5, 5]
    assert traffic(cl.match(cl.matching(to="n2 n3")), links=links, number=5).counts() == [0, 5, 0, 0]


def test_what_matches_is_lost_late_or_doubled() -> None:
    """As the action says."""
    assert traffic(cl.match(cl.matching(nth=2)), number=3).counts() == [2]
    late = traffic(cl.match(cl.matching(nth=2), "delay", later=0.5), number=3)
    assert [body[0] for body in late.bodies] == [0, 2, 1]
    assert late.delays[-1] == pytest.approx(0.501)
    twice = traffic(cl.match(cl.matching(nth=2), "duplicate", later=0.5), number=3)
    assert [body[0] for body in twice.bodies] == [0, 1, 2, 1]


@pytest.mark.parametrize(
    "fault",
    [
        cl.latency(9.0, match=cl.matching("vote")),
        cl.jitter(9.0, match=cl.matching("vote")),
        cl.spike(9.0, probability=1.0, match=cl.matching("vote")),
        cl.drop(1.0, match=cl.matching("vote")),
        cl.duplicate(1.0, match=cl.matching("vote")),
        cl.reorder(1.0, match=cl.matching("vote")),
        cl.corrupt(1.0, match=cl.matching("vote")),
        cl.truncate(1.0, match=cl.matching("vote")),
        cl.hold(match=cl.matching("vote")),
        cl.clog(1.0, period=10.0, match=cl.matching("vote")),
        cl.swizzle(1.0, period=10.0, match=cl.matching("vote")),
        cl.bandwidth(1, match=cl.matching("vote")),
    ],
    ids=lambda fault: fault.kind,
)
def test_every_fault_of_messages_may_be_for_some_of_them(fault: Any) -> None:
    """The others arrive once, as they were, in order and in time."""
    seen = traffic(fault, number=100, gap=0.05, body=lambda n: ("vote", n) if n % 2 else {"number": n})
    others = [(round(at - 1.001 - 0.05 * body["number"], 6), body["number"]) for at, body in others_of(seen)]
    assert others == [(0.0, number) for number in range(0, 100, 2)]
    assert seen.injections[0].took_effect > 0


def others_of(seen: Any) -> list[tuple[float, Any]]:
    return [(at, body) for at, body in seen.arrived["n1", "n2"] if isinstance(body, dict)]


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [({}, "matches every message"), ({"nth": 2, "count": 1}, "nth is one message")],
)
def test_a_wrong_match_is_refused_in_words(wrong: dict[str, int], complaint: str) -> None:
    """Each mistake has its own sentence."""
    with pytest.raises(cl.UsageError, match=complaint):
        Match(**wrong)


def test_a_match_names_nodes_that_exist() -> None:
    """A name that is nobody's is refused, with the nearest one."""
    with pytest.raises(cl.UsageError, match="unknown node 'n9'"):
        traffic(cl.drop(1.0, match=cl.matching(from_="n9")), number=1)


def test_a_mistake_in_a_match_is_told_with_its_line() -> None:
    """The key inside the table is named."""
    from chaoslab.plugins import registry
    from chaoslab.scenario import parse_scenario

    head = '[cluster]\nprotocol = "abd"\n[workload]\nname = "register"\n[[fault]]\nkind = "match"\n'
    scenario = parse_scenario(head + 'match = { message = "Store", from = "one", nth = 3 }\n', registry())
    assert scenario.faults[0].fault.match.from_ == "one"
    for table, complaint in (
        ('{ message = "Store", from = "n7" }', r":7: fault\.match\.from: .*n7"),
        ('{ mesage = "Store" }', r":7: fault\.match\.mesage: .*did you mean 'message'"),
        ("{ nth = -1 }", r":7: fault\.match\.nth: .*not a count"),
    ):
        with pytest.raises(cl.ScenarioError, match=complaint):
            parse_scenario(f"{head}match = {table}\n", registry(), file="x.toml")


@pytest.mark.parametrize("make", [lambda: cl.match(cl.matching("vote"), "dorp"), lambda: cl.forge("replya")])
def test_a_word_that_means_nothing_is_refused(make: Any) -> None:
    """With the nearest one that does."""
    with pytest.raises(cl.UsageError, match=r"did you mean '(drop|replay)'"):
        make()
