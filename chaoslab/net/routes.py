"""Which way messages take between two endpoints, and so how long they travel.

Rules:

1. A *route* changes the delay of the links that it concerns: from the sampler that a link would have to the one it has
   instead. Several apply in the order in which they were added, each on top of those before it.
2. A link knows its sampler; routes are asked only when they change or a link is new. Nothing is paid for a message.

This file does not know zones, nor why a way changes.
"""

from __future__ import annotations

from collections.abc import Callable

from chaoslab.net.latency import Sampler

__all__ = ["Route", "Routes"]

Route = Callable[[str, str, Sampler], Sampler]
"""From a source, a target and the sampler of the link between them to the sampler that it has instead."""


class Routes:
    """The routes of one network."""

    __slots__ = ("_routes",)

    def __init__(self) -> None:
        self._routes: list[Route] = []

    def add(self, route: Route) -> None:
        """Apply *route* on top of those that are there."""
        self._routes.append(route)

    def remove(self, route: Route) -> None:
        """Undo ``add`` for this very route; does nothing if it is not there."""
        self._routes = [other for other in self._routes if other is not route]

    def sampler(self, source: str, target: str, usual: Sampler) -> Sampler:
        """Return the sampler of the link from *source* to *target*, whose usual one is *usual*."""
        for route in self._routes:
            usual = route(source, target, usual)
        return usual

    def __bool__(self) -> bool:
        return bool(self._routes)
