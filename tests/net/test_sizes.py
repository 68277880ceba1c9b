"""How many bytes a message has: by its content alone."""

from __future__ import annotations

import dataclasses
import enum
import functools
from typing import Any

import attrs
import pytest

from chaoslab.net.sizes import size_bytes


@attrs.frozen
class Slotted:
    number: int
    text: str


@attrs.frozen
class Remembering(Slotted):
    @functools.cached_property
    def twice(self) -> str:
        return 2 * self.text


@dataclasses.dataclass
class Data:
    text: str

    @functools.cached_property
    def twice(self) -> str:
        return 2 * self.text


class Plain:
    def __init__(self) -> None:
        self.inside = b"abc"


class Colour(enum.Enum):
    RED = "a long description of red"


@pytest.mark.parametrize(
    ("message", "size"),
    [
        (None, 1),
        (True, 1),
        (7, 8),
        (2**100, 13),
        (1.5, 8),
        ("é", 4 + 2),
        (b"abc", 4 + 3),
        (Colour.RED, 4),
        ([1, None], 4 + 8 + 1),
        ({"a": 1}, 4 + 5 + 8),
        (Slotted(1, "ab"), 4 + 8 + 6),
        (Plain(), 4 + 7),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_message_has_the_size_of_its_parts(message: Any, size: int) -> None:
    """A header of four bytes for whatever is composed, and its parts."""
    assert size_bytes(message) == size


@pytest.mark.parametrize("message", [Remembering(1, "abc"), Data("abc")])
def test_what_an_object_remembers_beside_its_fields_is_no_content(message: Any) -> None:
    """It is not sent, and the size does not depend on whether anybody has asked for it yet."""
    before = size_bytes(message)
    assert message.twice == "abcabc"
    assert size_bytes(message) == before == 4 + 4 + 3 + (8 if isinstance(message, Slotted) else 0)


def test_what_contains_itself_is_counted_once() -> None:
    """And does not go round for ever."""
    endless: list[Any] = [1]
    endless.append(endless)
    assert size_bytes(endless) == 4 + 8 + 4
