"""What master and workers say to each other."""

from __future__ import annotations

import attrs

__all__ = ["Assign", "Done", "Lost", "Ping", "Pong"]


@attrs.frozen
class Assign:
    """From the master: do this. *attempt* is a number that no other assignment has."""

    attempt: int
    job: int
    task: int


@attrs.frozen
class Done:
    """From a worker: the task comes to so many *words*."""

    attempt: int
    job: int
    task: int
    words: int


@attrs.frozen
class Ping:
    """From the master: are you there? You should be at work on *attempt* (None: on nothing)."""

    attempt: int | None


@attrs.frozen
class Pong:
    """From a worker: yes. *is_busy*: it is at work on something."""

    is_busy: bool


@attrs.frozen
class Lost:
    """From a worker: I know nothing of *attempt*."""

    attempt: int
