"""A load balancer passes requests to servers that are well, and to no others."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Context, Invocation, Request, Response, Send
from chaoslab_systems.load_balancer import Balancer, Check, Settings, Well


class Numbers:
    """Stands in for the random choices of a node."""

    def below(self, bound: int) -> int:
        return 0


def balancer(now: list[float], **settings: Any) -> Balancer:
    """Return a balancer before the servers n2 and n3, whose clock shows what is in *now*."""
    dice: Any = Numbers()
    return Balancer(
        Context(
            name="n4",
            nodes=("n1", "n2", "n3", "n4"),
            settings=Settings(**settings),
            files={},
            wall_time=lambda: 0.0,
            monotonic_time=lambda: now[0],
            home="n4",
            random=dice,
        )
    )


def asked(effects: Any) -> str:
    """Return to whom a request was passed on."""
    [send] = [one for one in effects if isinstance(one, Send)]
    return send.to


def request(id: int) -> Request:
    return Request(id, Invocation(f="read", key="x"))


def test_servers_take_turns() -> None:
    """Each gets every second request."""
    one = balancer([0.0])
    assert [asked(one.message("c1", request(id))) for id in range(4)] == ["n2", "n3", "n2", "n3"]


def test_a_server_that_answers_no_check_is_left_out_until_it_does() -> None:
    """Its requests go to the others."""
    now = [0.0]
    one = balancer(now)
    assert {send.to for send in one.timer("check") if isinstance(send, Send) and isinstance(send.message, Check)} == {
        "n2",
        "n3",
    }
    now[0] = 1.0
    one.message("n3", Well())
    assert [asked(one.message("c1", request(id))) for id in range(3)] == ["n3", "n3", "n3"]
    one.message("n2", Well())
    assert {asked(one.message("c1", request(id))) for id in range(3, 5)} == {"n2", "n3"}


def test_without_checks_a_server_that_is_down_gets_its_turn_all_the_same() -> None:
    """Redundancy that nobody watches does not help."""
    one = balancer([100.0], health_checks=False)
    assert not any(isinstance(effect, Send) for effect in one.start())
    assert {asked(one.message("c1", request(id))) for id in range(2)} == {"n2", "n3"}


def test_an_answer_goes_to_the_client_under_the_number_that_the_client_gave() -> None:
    """The balancer's own numbers are its own; a second answer goes nowhere."""
    one = balancer([0.0])
    [passed] = [send for send in one.message("c1", request(7)) if isinstance(send, Send)]
    answer = Response(passed.message.id, 5)
    assert one.message("n2", answer) == [Send("c1", Response(7, 5))]
    assert one.message("n2", answer) is None
