"""A server knows by its number what it has done already."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Context, Invocation, Persist, Send
from chaoslab_protocols.seeking_client import OK, ClientReply, ClientRequest
from chaoslab_systems.client_server import Client, Server, Settings


def context(name: str, **given: Any) -> Context:
    known: dict[str, Any] = {"nodes": ("n1",), "settings": None, "files": {}, "home": "n1"} | given
    return Context(name=name, wall_time=lambda: 0.0, monotonic_time=lambda: 0.0, **known)


def order(sequence: int, number: int) -> ClientRequest:
    return ClientRequest(sequence, Invocation(f="append", key="x", value=f"{number} "))


def orders(server: Server) -> Any:
    """Return what the server has of x."""
    [send] = server.carry_out("c9", ClientRequest(1, Invocation(f="get", key="x")))
    assert isinstance(send, Send)
    return send.message.answer


def test_an_order_that_is_repeated_is_answered_again_and_done_once() -> None:
    """Its client cannot know whether the request or the answer was lost."""
    server = Server(context("n1"))
    first = server.message("c1", order(1, 7))
    assert server.message("c1", order(1, 7)) == [Send("c1", ClientReply(1, OK, None))]
    assert first is not None
    assert first[-1] == Send("c1", ClientReply(1, OK, None))
    assert orders(server) == "7 "


def test_a_late_copy_of_an_earlier_order_is_not_even_answered() -> None:
    """Its client asks for something else by now."""
    server = Server(context("n1"))
    for sequence in (1, 2):
        server.message("c1", order(sequence, sequence))
    assert server.message("c1", order(1, 1)) == []
    assert orders(server) == "1 2 "


def test_numbers_are_those_of_a_client() -> None:
    """The first order of another client is another one."""
    server = Server(context("n1"))
    for client in ("c1", "c2"):
        server.message(client, order(1, 3))
    assert orders(server) == "3 3 "


def test_without_numbers_an_order_that_is_repeated_is_done_again() -> None:
    """That is all that the setting changes."""
    server = Server(context("n1", settings=Settings(request_numbers=False)))
    for _ in range(2):
        server.message("c1", order(1, 7))
    assert orders(server) == "7 7 "


def test_numbers_outlive_a_crash() -> None:
    """They are on the disk with the orders; a record that was cut short was never answered, and is gone."""
    server = Server(context("n1"))
    journal = b""
    for sequence in (1, 2):
        for effect in server.message("c1", order(sequence, sequence)) or ():
            journal += effect.data if isinstance(effect, Persist) else b""
    restarted = Server(context("n1", files={"journal": journal}))
    restarted.message("c1", order(2, 2))
    assert orders(restarted) == "1 2 "
    torn = Server(context("n1", files={"journal": journal[:-3]}))
    assert orders(torn) == "1 "
    assert len(torn.start() or ()) > 1  # the file is put in order first


def test_a_client_asks_the_one_server_again_under_the_same_number() -> None:
    """There is nobody else to ask."""
    client = Client(context("c1", nodes=("n1", "n2")))
    asked = [*(client.invoke(Invocation(f="append", key="x", value="1 ")) or ())]
    for _ in range(3):
        asked += client.timer("try") or ()
    sent = [(one.to, one.message.sequence) for one in asked if isinstance(one, Send)]
    assert sent == [("n1", 1)] * 4
