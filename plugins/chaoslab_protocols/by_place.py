"""Clusters whose nodes are machines of several kinds: which one a node is follows from its place among the nodes."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Context, Effects, Machine

__all__ = ["ByPlace"]


class ByPlace:
    """A node, whichever part it has; those who derive from it say which that is.

    Attributes:
        part: The machine that it is.
    """

    def __init__(self, context: Context) -> None:
        self.part = self.part_of(context)

    def part_of(self, context: Context) -> Machine:
        """Return the machine that the node of *context* is."""
        raise NotImplementedError

    def start(self) -> Effects:
        return self.part.start()

    def message(self, sender: str, message: Any) -> Effects:
        return self.part.message(sender, message)

    def timer(self, name: str) -> Effects:
        return self.part.timer(name)
