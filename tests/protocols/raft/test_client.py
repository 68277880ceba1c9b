"""The client: finds the leader, repeats itself under one number, and says only what it knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chaoslab.statemachine import Complete, Context, Effects, Invocation, Send, SetTimer
from chaoslab_protocols.raft.client import Client
from chaoslab_protocols.raft.messages import NOT_LEADER, OK, REFUSED, UNKNOWN, ClientReply


def client(directory: Callable[[], tuple[str, ...]] = lambda: ("n1", "n2", "n3")) -> Client:
    return Client(
        Context(
            name="c1", nodes=("n1", "n2", "n3"), settings=None, files={}, home="n2",
            wall_time=lambda: 0.0, monotonic_time=lambda: 0.0, directory=directory,
        )
    )  # fmt: skip


def asked(effects: Effects) -> list[tuple[str, int]]:
    """Who was asked, and under which number."""
    return [(one.to, one.message.sequence_num) for one in effects or () if isinstance(one, Send)]


def ending(effects: Effects) -> Complete | None:
    return next((one for one in effects or () if isinstance(one, Complete)), None)


def write(one: Client, value: Any = 7) -> Effects:
    return one.invoke(Invocation(f="write", key="x", value=value))


def test_the_first_server_asked_is_the_one_it_stands_beside() -> None:
    """Until it knows better."""
    assert asked(write(client())) == [("n2", 1)]


def test_a_hint_is_followed_and_the_number_stays_the_same() -> None:
    """Thesis, sections 6.2 and 6.3; also to a server that joined later."""
    one = client()
    write(one)
    assert asked(one.message("n2", ClientReply(1, NOT_LEADER, None, "n9"))) == [("n9", 1)]
    assert asked(one.timer("try")) == [("n3", 1)]


def test_hints_to_servers_that_are_gone_leave_everybody_a_turn() -> None:
    """A server that has left may name others that have left since; whoever knows better is asked all the same."""
    one = client()
    write(one)
    met = set()
    for _ in range(3):
        met.add(one.server)
        assert asked(one.message(one.server, ClientReply(1, NOT_LEADER, None, "n9"))) == [("n9", 1)]
        one.timer("try")
    assert met == {"n1", "n2", "n3"}


def test_servers_that_nobody_spoke_of_are_found_in_the_directory() -> None:
    """Thesis, section 6.1: all servers may have been replaced while a client was cut off."""
    listed = ["n1", "n2", "n3"]
    one = client(lambda: tuple(listed))
    assert asked(write(one)) == [("n2", 1)]
    listed[:] = ["n7", "n8", "n9"]
    assert [asked(one.timer("try")) for _ in range(4)] == [[("n7", 1)], [("n8", 1)], [("n9", 1)], [("n7", 1)]]


@pytest.mark.parametrize("status", [NOT_LEADER, UNKNOWN])
def test_without_a_hint_the_next_server_is_asked_after_a_moment(status: str) -> None:
    """A cluster in the middle of an election is not flooded."""
    one = client()
    write(one)
    effects = one.message("n2", ClientReply(1, status))
    assert not asked(effects)
    assert [timer.name for timer in effects or () if isinstance(timer, SetTimer)] == ["pause"]
    assert asked(one.timer("pause")) == [("n3", 1)]


def test_hints_that_lead_nowhere_are_given_up() -> None:
    """Two servers that each take the other for the leader do not keep a client busy for ever."""
    one = client()
    write(one)
    rounds = [one.message("n2", ClientReply(1, NOT_LEADER, None, "n1")) for _ in range(10)]
    assert not all(asked(effects) for effects in rounds)


def test_the_leader_is_remembered() -> None:
    """The next request goes to whoever answered."""
    one = client()
    write(one)
    assert ending(one.message("n3", ClientReply(1, OK, None, "n3"))) == Complete("ok", node="n3")
    assert asked(write(one)) == [("n3", 2)]


def test_answers_to_earlier_requests_are_nothing() -> None:
    """They may come late, or twice."""
    one = client()
    write(one)
    one.message("n2", ClientReply(1, OK))
    write(one)
    assert one.message("n2", ClientReply(1, OK)) is None


@pytest.mark.parametrize(("f", "type"), [("write", "info"), ("read", "fail"), ("join", "info")])
def test_when_time_runs_out_nobody_knows_of_a_write(f: str, type: str) -> None:
    """A repeated request may be under way even if every server said no."""
    one = client()
    one.invoke(Invocation(f=f, key="x", value=1))
    end = ending(one.timer("timeout"))
    assert end is not None
    assert end.type == type


def test_a_refusal_is_a_failure() -> None:
    """It will never be done."""
    one = client()
    write(one)
    end = ending(one.message("n2", ClientReply(1, REFUSED, "no such operation")))
    assert end is not None
    assert (end.type, end.error) == ("fail", "no such operation")
