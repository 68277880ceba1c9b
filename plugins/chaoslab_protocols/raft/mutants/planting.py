"""How a mistake is planted: a subclass of the correct replica or client overrides a method or two, and says what for.

The scenario named is the one meant to find it; the others of the folder may as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from chaoslab.plugins import Mutant
from chaoslab_protocols.raft.client import Client

__all__ = ["PLANTED", "planted"]

T = TypeVar("T", bound=type)

PLANTED: Final[dict[str, Mutant]] = {}
"""Every mutant that a module of this package has planted, by id."""


def planted(id: str, mistake: str, *, source: str, scenario: str, check: str = "linearizable") -> Callable[[T], T]:
    """Return a decorator that plants a replica or a client in place of the correct one."""

    def plant(code: T) -> T:
        part = "client" if issubclass(code, Client) else "replica"
        PLANTED[id] = Mutant(
            id=id, mistake=mistake, source=source, protocol="raft", scenario=f"raft/{scenario}", check=check,
            **{part: code},
        )  # fmt: skip
        return code

    return plant
