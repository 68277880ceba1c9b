"""What members say to each other, and what they say of each other."""

from __future__ import annotations

from typing import Final, NamedTuple

import attrs

__all__ = ["ALIVE", "DEAD", "SUSPECT", "Ack", "News", "Ping", "PingReq", "Sync"]

ALIVE: Final = 0
SUSPECT: Final = 1
DEAD: Final = 2


class News(NamedTuple):
    """What somebody knows of a member.

    Of two pieces of news of one member the greater is the later: a higher incarnation, or of the same one the worse
    status (the paper's section 4.2). So everybody who has heard the same believes the same.

    Attributes:
        name: The member.
        incarnation: Which of its assertions to be alive this is about.
        status: ``ALIVE``, ``SUSPECT`` or ``DEAD``.
    """

    name: str
    incarnation: int
    status: int


@attrs.define
class Ping:
    """Are you there?"""

    number: int
    news: tuple[News, ...]


@attrs.define
class Ack:
    """I am, or the one is that you asked me to probe."""

    number: int
    news: tuple[News, ...]


@attrs.define
class PingReq:
    """Probe *target* for me; I get no answer from it."""

    number: int
    target: str
    news: tuple[News, ...]


@attrs.define
class Sync:
    """All that I know. *answer*: of one who was told the same."""

    news: tuple[News, ...]
    answer: bool
