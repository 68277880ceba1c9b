"""What messages are called, and how large they are taken to be."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from chaoslab.net.naming import names_of, type_of
from chaoslab.net.sizes import size_bytes
from chaoslab.statemachine import Invocation, Request, Response


@attrs.frozen
class Vote:
    term: int


@pytest.mark.parametrize(
    ("message", "names", "type"),
    [
        (Vote(1), ("Vote",), "Vote"),
        ({"type": "vote", "term": 1}, ("dict", "vote"), "vote"),
        ({"kind": "vote"}, ("dict", "vote"), "vote"),
        (("vote", 1), ("tuple", "vote"), "vote"),
        (["vote"], ("list", "vote"), "vote"),
        ("ping", ("str", "ping"), "ping"),
        ("x" * 41, ("str",), "str"),
        (7, ("int",), "int"),
        ({}, ("dict",), "dict"),
        (Request(1, Vote(1)), ("Request", "Vote"), "Request(Vote)"),
        (Request(1, Invocation(f="read")), ("Request", "Invocation"), "Request(Invocation)"),
        (Response(1, None), ("Response", "NoneType"), "Response"),
        (Response(1, ("vote", True)), ("Response", "tuple", "vote"), "Response(vote)"),
    ],
)
def test_a_message_is_called_by_its_class_and_by_what_it_calls_itself(
    message: Any, names: tuple[str, ...], type: str
) -> None:
    """From the outside in; counted under the name that says most."""
    assert names_of(message) == names
    assert type_of(message) == type


def test_a_larger_content_is_a_larger_message() -> None:
    """Text and bytes count by their length, a structure by its parts."""
    assert size_bytes(b"x" * 1000) - size_bytes(b"") == 1000
    assert size_bytes("é") - size_bytes("") == 2
    assert size_bytes(Vote(1)) < size_bytes(Request(1, Vote(1))) < size_bytes(Request(1, [Vote(1), Vote(2)]))
