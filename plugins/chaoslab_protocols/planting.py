"""How a mistake is planted: a subclass of the correct replica or client overrides a method or two, and says what for.

::

    PLANTED = Planting(protocol="abd", client=Client)

    @PLANTED.mutant("A1", "a read does not write back", source="...", scenario="abd/every_fault")
    class ReadsInOnePhase(Client): ...

The scenario named is the one meant to find it; the protocol's others may as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from chaoslab.plugins import Mutant

__all__ = ["Planting"]

T = TypeVar("T", bound=type)


class Planting:
    """The mutants of one protocol.

    Args:
        protocol: The name of the correct protocol.
        client: The class of its correct client: what derives from it is planted as a client, the rest as replicas.
    """

    def __init__(self, *, protocol: str, client: type) -> None:
        self._protocol = protocol
        self._client = client
        self._mutants: dict[str, Mutant] = {}

    def mutant(
        self,
        id: str,
        mistake: str,
        *,
        source: str,
        scenario: str,
        check: str = "linearizable",
        **more: Any,
    ) -> Callable[[T], T]:
        """Return a decorator that plants a replica or client in place of the correct one.

        Args:
            id: Unique among all mutants.
            mistake: What it does wrong, in one line.
            source: Where that is known from.
            scenario: The shipped scenario that is meant to find it.
            check: The check that must fail there.
            more: Further fields of the mutant, such as ``settings``.
        """

        def plant(code: T) -> T:
            part = "client" if issubclass(code, self._client) else "replica"
            self._mutants[id] = Mutant(
                id=id,
                mistake=mistake,
                source=source,
                protocol=self._protocol,
                scenario=scenario,
                check=check,
                **{part: code},
                **more,
            )
            return code

        return plant

    def all(self) -> tuple[Mutant, ...]:
        """Return every mutant, in the order in which they stand in the code."""
        return tuple(self._mutants.values())
