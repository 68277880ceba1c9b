"""A causal store, rule by rule (Lloyd et al. 2011, sections 3 and 4; Terry et al. 1994, sections 3 to 5)."""

from __future__ import annotations

from typing import Any

import pytest

from chaoslab.errors import UsageError
from chaoslab.statemachine import (
    Complete,
    Context,
    Effects,
    Invocation,
    Persist,
    Request,
    Response,
    Send,
    SetTimer,
)
from chaoslab_protocols.causal.client import Client
from chaoslab_protocols.causal.messages import Digest, Found, Get, PutAfter, Replicate, Vector, Write
from chaoslab_protocols.causal.replica import Replica
from chaoslab_protocols.causal.session import Session
from chaoslab_protocols.causal.settings import Settings


class Dice:
    """Draws for a machine that is driven by hand: it never moves for no reason."""

    def chance(self, ratio: float) -> bool:
        return False


def context(name: str, **files: bytes) -> Context:
    """Return the place of the node or client *name* among three."""
    return Context(
        name=name,
        nodes=("n1", "n2", "n3"),
        settings=Settings(),
        files=files,
        wall_time=lambda: 0.0,
        monotonic_time=lambda: 0.0,
        home="n1",
        random=Dice(),  # type: ignore[arg-type]
    )


def replica(name: str = "n1", **files: bytes) -> Replica:
    return Replica(context(name, **files))


def put(number: int, key: str, value: Any, after: Vector = (0, 0, 0)) -> Request:
    return Request(number, PutAfter(key, value, after))


def sent(effects: Effects, kind: type) -> list[Any]:
    """Return the messages of *kind* in *effects*."""
    return [one.message for one in effects or () if isinstance(one, Send) and isinstance(one.message, kind)]


def disk(*all_effects: Effects) -> bytes:
    """Return what the log holds after *all_effects*."""
    return b"".join(one.data for effects in all_effects for one in effects or () if isinstance(one, Persist))


def question() -> Write:
    """The first write of n2."""
    return Write("question", 1, (1, 1), 1, 1, (0, 0, 0))


def answer() -> Write:
    """The first write of n3, by somebody who had read the question."""
    return Write("answer", 2, (2, 2), 2, 1, (0, 1, 0))


def test_a_write_is_answered_at_once_and_passed_on_later() -> None:
    """Section 4.2: local, then asynchronously to the others, with what it depends on; on the disk first."""
    effects = replica().message("c1", put(1, "x", 7)) or ()
    assert isinstance(effects[0], Persist)
    assert sent(effects, Response) == [Response(1, Found(None, (1, 0, 0)))]
    assert sent(effects, Replicate) == [Replicate((Write("x", 7, (1, 0), 0, 1, (0, 0, 0)),))] * 2


def test_a_write_is_seen_only_after_what_it_depends_on() -> None:
    """Section 4.2: dep_check; whichever of the two comes first."""
    node = replica()
    node.message("n3", Replicate((answer(),)))
    assert node.get("answer").value is None
    node.message("n2", Replicate((question(),)))
    assert (node.get("question").value, node.get("answer").value) == (1, 2)


def test_writes_of_one_replica_are_committed_in_their_order() -> None:
    """So that a number stands for all before it."""
    node = replica()
    second = Write("question", 5, (2, 1), 1, 2, (0, 0, 0))
    node.message("n2", Replicate((second,)))
    assert node.committed == (0, 0, 0)
    node.message("n2", Replicate((question(),)))
    assert node.committed == (0, 2, 0)
    assert node.get("question").value == 5


def test_of_concurrent_writes_the_same_one_wins_everywhere() -> None:
    """Section 3.3: convergent conflict handling, by Lamport time and then by replica."""
    one, other = replica(), replica()
    first, second = question(), Write("question", 9, (1, 2), 2, 1, (0, 0, 0))
    for node, order in ((one, (first, second)), (other, (second, first))):
        for write in order:
            node.message("n2", Replicate((write,)))
    assert one.get("question").value == other.get("question").value == 9


def test_an_effect_has_a_later_lamport_time_than_its_causes() -> None:
    """Section 4.1: so it wins against what its writer had read."""
    node = replica()
    node.message("n2", Replicate((Write("x", 1, (41, 1), 1, 1, (0, 0, 0)),)))
    node.message("c1", put(1, "x", 2, after=(0, 1, 0)))
    assert node.cells["x"].version == (42, 0)


def test_a_replica_that_is_behind_lets_a_reader_wait_until_it_knows_enough() -> None:
    """Terry et al., section 5: the token is a floor."""
    node = replica()
    effects = node.message("c1", Request(1, Get("question", (0, 1, 0))))
    assert sent(effects, Response) == []
    effects = node.message("n2", Replicate((question(),)))
    assert sent(effects, Response) == [Response(1, Found(1, (0, 1, 0)))]


def test_who_waits_too_long_is_refused_and_the_write_is_never_carried_out() -> None:
    """Not even if the request comes again, nor after a crash: the client has gone elsewhere with it."""
    node = replica()
    effects = node.message("c1", put(1, "x", 7, after=(0, 1, 0))) or ()
    (timer,) = (one for one in effects if isinstance(one, SetTimer))
    refused = node.timer(timer.name)
    assert [one.error for one in sent(refused, Response)] == ["n1 is behind"]
    for again in (node, replica(log=disk(refused))):
        again.message("n2", Replicate((question(),)))
        assert again.message("c1", put(1, "x", 7, after=(0, 1, 0))) is None
        assert again.get("x").value is None


def test_a_write_that_comes_twice_is_one_write() -> None:
    """Carried out again, it would win against what was written since; a restart does not forget that."""
    node = replica()
    log = disk(node.message("c1", put(1, "x", 7)))
    for again in (node, replica(log=log)):
        assert again.message("c1", put(1, "x", 7)) is None


def test_a_replica_sends_its_writes_again_until_the_others_have_them() -> None:
    """And forgets them then; it never sends those of others."""
    node = replica()
    node.message("c1", put(1, "x", 7))
    (again,) = sent(node.on_digest("n2", Digest((0, 0, 0))), Replicate)
    assert [write.value for write in again.writes] == [7]
    assert node.on_digest("n2", Digest((1, 0, 0))) is None
    assert list(node.own) == [1]
    node.on_digest("n3", Digest((1, 0, 0)))
    assert node.own == {}


def test_a_dependency_is_dropped_once_every_replica_has_it_and_not_before() -> None:
    """Section 4.3: garbage collection of dependencies."""
    node = replica()
    node.message("n2", Replicate((question(),)))
    node.on_digest("n2", Digest((0, 1, 0)))
    assert node.still_needed((0, 1, 0)) == (0, 1, 0)
    node.on_digest("n3", Digest((0, 1, 0)))
    assert node.still_needed((0, 1, 0)) == (0, 0, 0)


def test_a_restart_takes_up_what_was_committed() -> None:
    """From a log, and from the snapshot that takes its place when it has grown long."""
    node = replica()
    log = disk(node.message("c1", put(1, "x", 7)), node.message("n2", Replicate((question(),))))
    again = replica(log=log)
    assert again.snapshot() == node.snapshot()
    assert again.message("c1", put(2, "x", 8, after=(1, 1, 0)))
    assert again.committed == (2, 1, 0)


def test_a_snapshot_holds_all_that_the_log_said() -> None:
    """And the log begins anew with it."""
    node = replica()
    node.SNAPSHOT_EVERY = 1  # type: ignore[misc]
    node.message("c1", put(1, "x", 7))
    effects = node.message("c1", put(2, "y", 8)) or ()
    written = next(one.data for one in effects if type(one).__name__ == "Write")
    assert replica(log=written).snapshot() == node.snapshot()


def test_a_token_is_a_floor_for_reads_and_the_dependencies_of_writes() -> None:
    """Terry et al., table 1: each guarantee asks that one of the two sets be known."""
    session = Session(3)
    session.has_read((0, 2, 0))
    session.has_written((1, 0, 0))
    assert session.floor() == session.dependencies() == (1, 2, 0)


def test_a_client_that_is_refused_takes_its_token_along() -> None:
    """And asks the next replica; when all have refused, the operation did not happen."""
    client = Client(context("c1"))
    client.session.has_read((0, 2, 0))
    effects = client.invoke(Invocation(f="read", key="x")) or ()
    for _ in range(2):
        effects = client.message("n1", Response(client.request, error="behind")) or ()
        assert [one.body.floor for one in sent(effects, Request)] == [(0, 2, 0)]
    (completion,) = client.message("n3", Response(client.request, error="behind")) or ()
    assert isinstance(completion, Complete)
    assert completion.type == "fail"


def test_a_write_without_an_answer_may_have_happened() -> None:
    """A read without one did not; either way the client moves on."""
    client = Client(context("c1"))
    client.invoke(Invocation(f="write", key="x", value=1))
    assert client.timer("timeout") == [Complete("info", error="timed out")]
    client.invoke(Invocation(f="read", key="x"))
    assert client.timer("timeout") == [Complete("fail", error="timed out")]
    assert client.at == 2


def test_an_operation_that_the_store_does_not_know_is_refused() -> None:
    """In words."""
    effects = replica().message("c1", Request(1, Invocation(f="cas", key="x", value=[1, 2])))
    assert [one.error for one in sent(effects, Response)] == ["a causal store does not know 'cas'"]


def test_a_period_is_longer_than_nothing() -> None:
    """Or a replica would do nothing else."""
    with pytest.raises(UsageError, match="longer than nothing"):
        Settings(patience_ns=0)
