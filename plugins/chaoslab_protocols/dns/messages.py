"""The messages of a small domain name system, and of those who change it. *id* is the number of who asks."""

from __future__ import annotations

from typing import Any

import attrs

__all__ = [
    "Answer",
    "Cleanup",
    "Current",
    "Enact",
    "Enacted",
    "Inspect",
    "Notify",
    "Plan",
    "Query",
    "Record",
    "Referral",
    "Refused",
    "Transfer",
    "Zone",
]


@attrs.frozen
class Query:
    """What is the record of *name*? To the root: who knows?"""

    id: int
    name: str | None


@attrs.frozen
class Referral:
    """The servers that have authority over the zone."""

    id: int
    servers: tuple[str, ...]


@attrs.frozen
class Answer:
    """What the record says; None: there is none, or it is empty."""

    id: int
    value: Any


@attrs.frozen
class Refused:
    """The zone has expired here: the secondary has not heard from the primary for too long (RFC 1035, SOA EXPIRE)."""

    id: int


@attrs.frozen
class Record:
    """A record: the number of the plan that it was set by, and what that plan says; None once the plan is deleted."""

    version: int
    value: Any


@attrs.frozen
class Transfer:
    """From the secondary: I have *serial*. If yours is higher, send me the zone (RFC 1034, 4.3.5)."""

    id: int
    serial: int


@attrs.frozen
class Zone:
    """The zone and its serial; no records if the secondary is up to date."""

    id: int
    serial: int
    records: tuple[tuple[str | None, Record], ...] | None


@attrs.frozen
class Notify:
    """The zone has changed (RFC 1996)."""


@attrs.frozen
class Plan:
    """From the planner to enactors: the record of *name* is to be *value*. Plans are numbered."""

    name: str | None
    version: int
    value: Any


@attrs.frozen
class Inspect:
    """From an enactor: by which plan was *name* set?"""

    name: str | None


@attrs.frozen
class Current:
    """By the plan *version*; 0: by none."""

    name: str | None
    version: int


@attrs.frozen
class Enact:
    """From an enactor: set the record as *plan* says."""

    plan: Plan


@attrs.frozen
class Enacted:
    """The record of *name* was set by the plan *version*, or by a later one, and that is on the disk."""

    name: str | None
    version: int


@attrs.frozen
class Cleanup:
    """From an enactor: delete the plans for *name* older than *version*; nobody needs them."""

    name: str | None
    version: int
