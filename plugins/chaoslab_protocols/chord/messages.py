"""What members of the ring say to each other."""

from __future__ import annotations

import attrs

__all__ = ["Find", "Found", "Notify", "Query", "State"]


@attrs.define
class Query:
    """Are you a member, and if so, whom do you know? Whoever is none does not answer."""

    number: int


@attrs.define
class State:
    """I am a member, and this is whom I know."""

    number: int
    predecessor: str | None
    successors: tuple[str, ...]


@attrs.define
class Notify:
    """I take you for my successor: perhaps I am your predecessor."""


@attrs.define
class Find:
    """Tell *origin* between which two members *identifier* lies. *hops*: how often this was passed on."""

    identifier: int
    origin: str
    number: int
    hops: int = 0


@attrs.define
class Found:
    """It lies between me and the first of my successors; with none, I am alone."""

    number: int
    successors: tuple[str, ...]
