"""Nemesis programs: faults that belong together, made up for the scene in which they run.

A program is an attrs class whose parameters are made by ``chaoslab.parameters.parameter``. A scenario asks for it::

    [[nemesis]]
    name = "rolling-restart"
    down = "2s"

This file does not know any program: plugins bring them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol

from chaoslab.choices import Stream
from chaoslab.faults.scene import Scene
from chaoslab.nemesis.plan import FaultRequest

__all__ = ["Program"]


class Program(Protocol):
    """What a nemesis program must have. Its docstring's first line is what ``chaoslab list nemeses`` shows.

    It may also have ``check(scene)``, which raises ``UsageError`` if the scene has no place for it, when a scenario is
    read.
    """

    name: ClassVar[str]
    """Its name in scenario files."""

    def requests(self, scene: Scene, stream: Stream) -> Sequence[FaultRequest]:
        """Return the faults of one run.

        Args:
            scene: What is known of the run.
            stream: Where the program draws; the same seed gives the same requests.
        """
