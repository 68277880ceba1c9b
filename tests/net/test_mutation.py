"""How messages are changed and cut short on their way."""

from __future__ import annotations

import copy
import dataclasses
import enum
from typing import Any, NamedTuple

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoslab.choices import Choices
from chaoslab.net.mutation import mutated, truncated


class Color(enum.Enum):
    RED = 1
    BLUE = 2


@attrs.frozen
class Vote:
    term: int
    granted: bool
    log: tuple[str, ...] = ()


@attrs.define(slots=False)
class Loose:
    text: str


@dataclasses.dataclass(frozen=True)
class Entry:
    key: str
    value: bytes


class Point(NamedTuple):
    x: int
    y: float


def stream(seed: int) -> Any:
    return Choices(seed).stream("test")


MESSAGES = [7, -3, True, 2.5, "text", "", b"\x00\xff", Color.RED, Vote(3, True, ("a", "b")), Loose("x")]
MESSAGES += [Entry("k", b"v"), Point(1, 2.0), {"type": "vote", "terms": [1, 2]}, ["a", ("b", {"c": 1})]]


def leaves(value: Any) -> list[Any]:
    """Return the single values in *value*, in order, each with its type."""
    if isinstance(value, enum.Enum):
        return [(Color, value.value)]
    if attrs.has(type(value)):
        return [leaf for field in attrs.fields(type(value)) for leaf in leaves(getattr(value, field.name))]
    if dataclasses.is_dataclass(value):
        return [leaf for field in dataclasses.fields(value) for leaf in leaves(getattr(value, field.name))]
    if isinstance(value, dict):
        return [leaf for key, part in value.items() for leaf in [("key", key), *leaves(part)]]
    if isinstance(value, list | tuple):
        return [leaf for part in value for leaf in leaves(part)]
    return [(type(value), value)]


@pytest.mark.parametrize("message", MESSAGES, ids=repr)
def test_exactly_one_value_changes_and_keeps_its_type(message: Any) -> None:
    """Whatever the message is made of, and whatever the draw."""
    for seed in range(30):
        before, after = leaves(message), leaves(mutated(message, stream(seed)))
        assert type(mutated(message, stream(seed))) is type(message)
        assert [kind for kind, _ in after] == [kind for kind, _ in before]
        assert sum(one != other for one, other in zip(before, after, strict=True)) == 1


@pytest.mark.parametrize("message", MESSAGES, ids=repr)
def test_the_senders_own_object_stays_as_it_was(message: Any) -> None:
    """Deeply: what contains the change is a copy."""
    kept = copy.deepcopy(message)
    for seed in range(30):
        mutated(message, stream(seed))
        truncated(message, stream(seed))
        assert leaves(message) == leaves(kept)


def test_every_value_of_a_message_may_be_the_one_that_changes() -> None:
    """Over many draws none is left out, and no int always changes the same way."""
    changed = [mutated(Vote(3, True, ("a", "b")), stream(seed)) for seed in range(200)]
    assert {vote.granted for vote in changed} == {True, False}
    assert len({vote.term for vote in changed}) >= 5
    assert {0, 1} <= {at for vote in changed for at in (0, 1) if vote.log[at] != "ab"[at]}


def test_bytes_change_in_one_bit() -> None:
    """As on a bad wire."""
    for seed in range(50):
        (first, second) = mutated(b"\x00\x00", stream(seed))
        assert (first.bit_count(), second.bit_count()) in ((0, 1), (1, 0))


NOTHING = [None, (), {}, [], b"", object()]


@pytest.mark.parametrize("message", [*NOTHING, [None, ()]], ids=lambda one: type(one).__name__)
def test_a_message_without_values_stays_as_it_is(message: Any) -> None:
    """The very same object."""
    assert mutated(message, stream(1)) is message


@pytest.mark.parametrize("message", [*NOTHING, 7, Vote(3, True), Point(1, 2.0)], ids=lambda one: type(one).__name__)
def test_a_message_without_an_end_is_not_cut_short(message: Any) -> None:
    """The very same object."""
    assert truncated(message, stream(1)) is message


def test_a_message_that_contains_itself_is_changed_all_the_same() -> None:
    """Parts of parts are looked at only so deep."""
    loop: list[Any] = [1]
    loop.append(loop)
    assert mutated(loop, stream(1)) is not loop


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(json, st.integers(0, 1000))
def test_what_is_changed_is_different(message: Any, seed: int) -> None:
    """Or it is the same object, which tells that there was nothing to change."""
    changed = mutated(message, stream(seed))
    assert changed is message or leaves(changed) != leaves(message)
    changeable = [part for kind, part in leaves(message) if kind not in ("key", type(None)) and part != b""]
    assert (changed is message) == (not changeable)


@given(json, st.integers(0, 1000))
def test_what_is_cut_short_is_shorter(message: Any, seed: int) -> None:
    """And was its beginning."""
    cut = truncated(message, stream(seed))
    assert cut is message or len(repr(cut)) < len(repr(message))
    if isinstance(message, bytes | str) and message:
        assert message.startswith(cut)
        assert cut != message
