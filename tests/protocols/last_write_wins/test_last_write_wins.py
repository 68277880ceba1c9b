"""A last-write-wins store, rule by rule (Lakshman & Malik 2010, section 5; DeCandia et al. 2007, section 4.6)."""

from __future__ import annotations

import random
from typing import Any

import pytest

from chaoslab.errors import UsageError
from chaoslab.statemachine import Context, Effects, Invocation, Persist, Probe, Request, Response, Send
from chaoslab_protocols.last_write_wins.coordinator import Coordinator
from chaoslab_protocols.last_write_wins.messages import (
    Cell,
    Digest,
    Mutation,
    MutationReply,
    ReadReply,
    ReadRequest,
    Repair,
)
from chaoslab_protocols.last_write_wins.settings import QuorumSettings, Settings


class Dice:
    """Draws for a machine that is driven by hand."""

    def below(self, bound: int) -> int:
        return 0

    def pick(self, options: Any) -> Any:
        return random.Random(1).choice(options)


class Node(Coordinator):
    """The node n1 of three, with a clock that is set by hand."""

    def __init__(self, consistency: str = "quorum", **files: bytes) -> None:
        self.clock = 10.0
        super().__init__(
            Context(
                name="n1",
                nodes=("n1", "n2", "n3"),
                settings=Settings(consistency=consistency),
                files=files,
                wall_time=lambda: self.clock,
                monotonic_time=lambda: 0.0,
                home="n1",
                random=Dice(),  # type: ignore[arg-type]
            )
        )

    def asked(self, f: str, value: Any = None, number: int = 1) -> Effects:
        """Return what the node does when c1 asks for *f*."""
        return self.message("c1", Request(number, Invocation(f=f, key="x", value=value)))


def sent(effects: Effects, kind: type) -> list[Any]:
    """Return the messages of *kind* in *effects*, with whom they go to."""
    return [(one.to, one.message) for one in effects or () if isinstance(one, Send) and isinstance(one.message, kind)]


def cell(microseconds: int, value: Any, writer: str = "n2") -> Cell:
    return Cell((microseconds, writer), value)


def test_the_newest_timestamp_wins_whatever_comes_last() -> None:
    """An older cell that arrives later changes nothing, and is acknowledged all the same."""
    node = Node()
    node.message("n2", Mutation(1, "x", cell(5, "new")))
    effects = node.message("n3", Mutation(2, "x", cell(4, "old")))
    assert node.cell("x").value == "new"
    assert effects == [Probe("outdated"), Send("n3", MutationReply(2, "x", (4, "n2")))]


def test_equal_times_are_settled_by_the_writers_name() -> None:
    """So that every replica settles them alike, in whatever order they come."""
    one, other = Node(), Node()
    first, second = Mutation(1, "x", cell(5, "a", "n2")), Mutation(2, "x", cell(5, "b", "n3"))
    for node, order in ((one, (first, second)), (other, (second, first))):
        for mutation in order:
            node.message("n2", mutation)
    assert one.cell("x") == other.cell("x") == cell(5, "b", "n3")


def test_a_cell_is_on_the_disk_before_it_is_acknowledged() -> None:
    """And a restart finds it there."""
    persist, probe, answer = Node().message("n2", Mutation(1, "x", cell(5, "new"))) or ()
    assert isinstance(persist, Persist)
    assert probe == Probe("stored")
    assert isinstance(answer, Send)
    assert Node(f=persist.data).cell("x") == cell(5, "new")


@pytest.mark.parametrize(("consistency", "answers"), [("one", 0), ("quorum", 1), ("all", 2)])
def test_a_write_is_answered_when_as_many_replicas_have_it_as_the_consistency_asks_for(
    consistency: str, answers: int
) -> None:
    """The coordinator is one of them; all replicas are sent the write in any case."""
    node = Node(consistency)
    effects = node.asked("write", 7)
    mutations = sent(effects, Mutation)
    assert [to for to, _ in mutations] == ["n2", "n3"]
    mutation = mutations[0][1]
    for peer in ("n2", "n3")[:answers]:
        assert not sent(effects, Response)
        effects = node.message(peer, MutationReply(mutation.id, "x", mutation.cell.timestamp))
    assert sent(effects, Response) == [("c1", Response(1))]


def test_a_replica_that_acknowledges_twice_counts_once() -> None:
    """Duplicated messages are no quorum."""
    node = Node("all")
    mutation = sent(node.asked("write", 7), Mutation)[0][1]
    answer = MutationReply(mutation.id, "x", mutation.cell.timestamp)
    assert not sent(node.message("n2", answer), Response)
    assert not sent(node.message("n2", answer), Response)


def test_a_request_that_comes_twice_is_one_write() -> None:
    """Stamped once more, it would win against what was written since; a restart does not forget that."""
    node = Node("one")
    effects = node.asked("write", 7) or ()
    disk = next(one.data for one in effects if isinstance(one, Persist))
    assert node.asked("write", 7) is None
    assert Node("one", f=disk).asked("write", 7) is None


def test_a_coordinator_never_gives_out_a_timestamp_twice() -> None:
    """Not even if its clock goes back."""
    node = Node()
    first = node.now()
    node.clock = 3.0
    assert node.now() > first


def test_with_one_a_read_returns_what_the_coordinator_has() -> None:
    """Nobody is waited for: that is why it may be stale."""
    assert sent(Node("one").asked("read"), Response) == [("c1", Response(1))]


def test_a_read_at_a_quorum_brings_the_newest_cell_to_a_quorum_before_it_returns_it() -> None:
    """Blocking read repair: otherwise the next read could miss it."""
    node = Node()
    asked = sent(node.asked("read"), ReadRequest)
    id = asked[0][1].id
    effects = node.message("n2", ReadReply(id, cell(5, "new")))
    assert Probe("read-repair") in (effects or ())
    assert node.cell("x").value == "new"
    assert sent(effects, Response) == [("c1", Response(1, "new"))]
    assert any(isinstance(one, Persist) for one in effects or ())


def test_a_replica_that_does_not_acknowledge_is_left_a_hint_until_it_does() -> None:
    """Hinted handoff; the hint is sent as the cell that there is by then."""
    node = Node()
    mutation = sent(node.asked("write", 7), Mutation)[0][1]
    node.message("n2", MutationReply(mutation.id, "x", mutation.cell.timestamp))
    assert node.timer(f"operation {mutation.id}") == [Probe("hinted")]
    for _ in range(2):
        assert sent(node.timer("hints"), Mutation) == [("n3", Mutation(0, "x", mutation.cell))]
    node.message("n3", MutationReply(0, "x", mutation.cell.timestamp))
    assert not sent(node.timer("hints"), Mutation)


def test_a_hint_counts_for_nothing() -> None:
    """A write that too few replicas have is not answered."""
    node = Node()
    mutation = sent(node.asked("write", 7), Mutation)[0][1]
    assert not sent(node.timer(f"operation {mutation.id}"), Response)


def test_anti_entropy_sends_what_the_other_lacks_and_asks_for_what_is_lacking() -> None:
    """One digest and its answer make two replicas equal."""
    node = Node()
    node.message("n2", Mutation(1, "x", cell(5, "here")))
    effects = node.message("n2", Digest((("y", (4, "n3")),)))
    assert sent(effects, Repair) == [("n2", Repair((("x", cell(5, "here")),)))]
    assert sent(effects, Digest) == [("n2", Digest((("x", (5, "n2")),), answer=True))]
    node.message("n2", Repair((("y", cell(4, "there")),)))
    assert node.cell("y").value == "there"
    assert node.message("n2", Digest(node.timestamps())) == []


def test_where_operations_must_meet_one_is_refused() -> None:
    """The promise of ``last-write-wins-quorum`` does not hold for ONE."""
    assert QuorumSettings().consistency == "quorum"
    with pytest.raises(UsageError, match="one"):
        QuorumSettings(consistency="one")
    with pytest.raises(UsageError, match="did you mean 'quorum'"):
        Settings(consistency="quorom")
